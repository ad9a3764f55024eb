"""Drives the endpoint with OpenAI's own Python client: what users point at it.

Usage: openai_client.py ROUNDEL. Starts `ROUNDEL serve` over an upstream of its own that echoes what it was asked, so
that nothing leaves this computer. Needs the package `openai`. Exits with 0 when everything holds.
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import openai

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}}


class Upstream(http.server.BaseHTTPRequestHandler):
    """Says back what it was asked: the text, the tools and the pictures that came."""

    protocol_version = "HTTP/1.1"
    hung_up = threading.Event()

    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        content = asked["messages"][-1]["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        text = "".join(part.get("text", "") for part in parts)
        pictures = sum(part["type"] == "image_url" for part in parts)
        if text == "fail":
            return self.whole(400, {"error": {"message": "no such field", "type": "invalid_request_error"}})
        message = {"role": "assistant", "content": f"{text} pictures={pictures} seed={asked.get('seed')}"}
        reason = "stop"
        if asked.get("tools"):
            call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}}
            message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        if not asked.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.whole(200, {"id": "x", "object": "chat.completion", "created": 1, "model": asked["model"],
                                    "choices": [choice], "usage": usage})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            words = ["forever "] * 100_000 if text == "endless" else (message["content"] or "").split(" ")
            for word in words:
                self.event({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
                if text == "endless":
                    time.sleep(0.01)
            if message.get("tool_calls"):
                call = {**message["tool_calls"][0], "index": 0}
                self.event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}]})
            self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
            if (asked.get("stream_options") or {}).get("include_usage"):
                self.event({"choices": [], "usage": usage})
            self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            Upstream.hung_up.set()

    def event(self, data):
        chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", **data}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def whole(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def asked(text, *parts):
    return [{"role": "user", "content": [{"type": "text", "text": text}, *parts] if parts else text}]


def chat(client):
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=asked("hello"), seed=7)
    answer = raw.parse()
    assert answer.choices[0].message.content == "hello pictures=0 seed=7", answer
    assert (answer.choices[0].finish_reason, answer.usage.total_tokens) == ("stop", 5), answer
    assert raw.headers["x-roundel-lane"] == "mine/m", raw.headers


def stream(client):
    chunks = list(client.chat.completions.create(model="fast", messages=asked("a b"), stream=True))
    assert all(chunk.choices for chunk in chunks), "a usage that nobody asked for"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "abpictures=0seed=None", chunks
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="auto", messages=asked("a"), stream=True, stream_options=options))
    assert chunks[-1].usage.completion_tokens == 2, chunks[-1]


def tools(client):
    answer = client.chat.completions.create(model="auto:tools", messages=asked("look"), tools=[TOOL])
    call = answer.choices[0].message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("look", {"at": 1}), answer
    with client.chat.completions.stream(model="auto", messages=asked("look"), tools=[TOOL]) as events:
        final = events.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.name == "look", final
    back = [*asked("look"), answer.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "blue"}]
    answer = client.chat.completions.create(model="auto", messages=back)
    assert answer.choices[0].message.content.startswith("blue "), answer


def images(client):
    answer = client.chat.completions.create(model="auto:vision", messages=asked("what", PICTURE))
    assert "pictures=1" in answer.choices[0].message.content, answer


def errors(client):
    for model, text, kind, said in [
        ("auto", "fail", openai.BadRequestError, "no such field"),
        ("nobody", "x", openai.NotFoundError, "there is no model `nobody`"),
        ("auto:long", "x", openai.BadRequestError, "long context"),
    ]:
        try:
            client.chat.completions.create(model=model, messages=asked(text))
        except kind as error:
            assert said in error.message, error
        else:
            raise AssertionError(f"{model} {text} is no error")
    try:
        client.with_options(api_key="sk-wrong").models.list()
    except openai.AuthenticationError:
        pass
    else:
        raise AssertionError("a wrong token is no error")
    assert "mine/m" in [model.id for model in client.models.list()]
    assert client.models.retrieve("fast").id == "fast"


def cancel(client):
    with client.chat.completions.create(model="auto", messages=asked("endless"), stream=True) as answer:
        next(iter(answer))
    assert Upstream.hung_up.wait(20), "the upstream was not cancelled"


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        config = os.path.join(home, "config.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                f'[providers.mine]\nbase_url = "http://127.0.0.1:{server.server_port}/v1"\nkey = "sk-upstream"\n'
                'models = [{ id = "m", can = ["vision"] }]\n[endpoint]\ntoken = "sk-mine"\n[aliases]\nfast = "mine/m"\n'
            )
        command = [sys.argv[1], "--config", config, "--data-dir", os.path.join(home, "data"), "serve", "--port", "4714"]
        env = {"HOME": home, "PATH": os.environ["PATH"]}
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
        try:
            address = next(line for line in running.stderr if "ask at " in line).split("ask at ")[1].split()[0]
            client = openai.OpenAI(base_url=address, api_key="sk-mine", max_retries=0, timeout=30)
            for step in (chat, stream, tools, images, errors, cancel):
                step(client)
                print(f"{step.__name__}: ok", flush=True)
            running.send_signal(signal.SIGTERM)
            _, log = running.communicate(timeout=40)
            assert running.returncode == 0, running.returncode
            assert "outcome=answered" in log and "outcome=cancelled" in log, log
            assert "sk-mine" not in log and "sk-upstream" not in log and "endless" not in log, log
            print("ended on SIGTERM, with 0: ok")
        finally:
            running.kill()


if __name__ == "__main__":
    main()
