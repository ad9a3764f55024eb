//! The endpoint over real sockets, with the real scheduler behind it and upstreams that answer from a script.

use std::time::Duration;

use roundel::domain::ability::{Abilities, Ability};
use roundel::domain::attempt::Outcome;
use roundel::domain::clock::Clock;
use roundel::domain::conversation::Origin;
use roundel::domain::quota::limit::Unit;
use roundel::domain::roster::{Dialect, LaneSpec, LimitSpec, Secret, Wire};
use roundel::gateway::server::{NotOpened, Server, open};
use roundel::gateway::{Caller, Settings};
use roundel::providers::http::Client;
use roundel::scheduler::actor;
use roundel::scheduler::desk::Desk;
use roundel::scheduler::door::Link;
use roundel::scheduler::effect::Opening;
use roundel::scheduler::flight::Transport;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Report, Snapshot};
use roundel::store::Store;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod bounds;
mod control;

use crate::support::upstream::{Act, Seen, Upstream, response, stream_head};

/// How long anything may take before a test fails.
const LONG: Duration = Duration::from_secs(20);

struct House {
    server: Server,
    link: Link,
}

fn settings() -> Settings {
    Settings {
        port: 0,
        further: 0,
        hold: Duration::from_millis(100),
        keep_alive: Duration::from_millis(20),
        ..Settings::default()
    }
}

fn lane(id: &str, wire: Wire, base: &str) -> LaneSpec {
    LaneSpec { key: Some(Secret::new("sk-upstream")), ..LaneSpec::new(id.into(), wire, Dialect::Generic, base) }
}

fn openai(id: &str, upstream: &Upstream) -> LaneSpec {
    lane(id, Wire::Openai, &upstream.base)
}

async fn house(lanes: Vec<LaneSpec>, settings: Settings) -> House {
    let now = Clock::System.now();
    let ledger = Ledger::new(lanes, Kept::default(), now);
    let desk = Desk::new(Opening { ledger, ..Opening::default() }, now);
    let transport = Transport::Http(Client::new([]).unwrap());
    let (actor, link) = actor::new(desk, Store::ephemeral(), transport, Clock::System);
    let calls = actor.line();
    tokio::spawn(actor.run());
    House { server: open(settings, calls).await.unwrap(), link }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    fn message(&self) -> String {
        let json = self.json();
        assert!(json["error"]["type"].is_string(), "{json}");
        json["error"]["message"].as_str().unwrap().to_owned()
    }
}

impl House {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address).await.unwrap()
    }

    /// Sends a request and leaves the connection open.
    async fn begin(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        let mut socket = self.connect().await;
        let host = if headers.to_lowercase().contains("host: ") { "" } else { "host: 127.0.0.1\r\n" };
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {length}\r\n\r\n");
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(body.as_bytes()).await;
        socket
    }

    async fn ask(&self, line: &str, headers: &str, body: &str) -> Answer {
        read(self.begin(line, headers, body).await).await
    }

    async fn chat(&self, headers: &str, body: &Value) -> Answer {
        self.ask("POST /v1/chat/completions", headers, &body.to_string()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "", "").await
    }

    async fn snapshot(&self) -> Box<Snapshot> {
        let mut subscription = self.link.subscribe().await.unwrap();
        match subscription.reports.recv().await.unwrap() {
            Report::Snapshot(snapshot) => snapshot,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until a snapshot is as wanted.
    async fn until(&self, wanted: impl Fn(&Snapshot) -> bool) -> Box<Snapshot> {
        let look = async {
            let mut subscription = self.link.subscribe().await.unwrap();
            loop {
                subscription.reports.recv().await.unwrap();
                let snapshot = self.snapshot().await;
                if wanted(&snapshot) {
                    return snapshot;
                }
            }
        };
        tokio::time::timeout(LONG, look).await.expect("it never came so far")
    }
}

async fn read(mut socket: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    tokio::time::timeout(LONG, socket.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap_or_default();
    parse(&String::from_utf8_lossy(&bytes))
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = if head.contains("transfer-encoding: chunked") { dechunked(body) } else { body.to_owned() };
    Answer { status, head: head.to_owned(), body }
}

fn dechunked(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 {
            break;
        }
        out.push_str(rest.get(..size).unwrap_or(rest));
        body = rest.get(size + 2..).unwrap_or("");
    }
    out
}

fn hello(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }] })
}

fn streamed(model: &str) -> Value {
    json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": "hello" }] })
}

const WHOLE: &str = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"so"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"odd":1.50}"#;

fn chunk(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn stream(texts: &[&str]) -> Vec<Act> {
    let body: String = texts.iter().map(|text| chunk(text)).chain([FINISH.into(), USAGE.into(), DONE.into()]).collect();
    vec![stream_head("text/event-stream"), Act::Send(body.into_bytes()), Act::Close]
}

#[tokio::test]
async fn an_answer_comes_as_it_came_and_says_where_from() {
    let limits =
        "x-ratelimit-limit-requests: 10\r\nx-ratelimit-remaining-requests: 4\r\nx-ratelimit-reset-requests: 7s\r\n";
    let mut upstream = Upstream::serve(vec![response("200 OK", limits, WHOLE), response("200 OK", "", WHOLE)]).await;
    let limit = LimitSpec { pool: "a/m".into(), unit: Unit::Requests, window: "60s".parse().unwrap(), cap: 9 };
    let spec = LaneSpec { dialect: Dialect::Openai, limits: vec![limit], ..openai("a/m", &upstream) };
    let house = house(vec![spec], settings()).await;
    let mut body = hello("auto");
    body["top_k"] = json!(7);
    body["temperature"] = json!(0.10);
    let answer = house.chat("", &body).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, WHOLE), "{}", answer.head);
    assert_eq!(answer.header("x-roundel-lane"), Some("a/m"));
    assert_eq!((answer.header("x-roundel-attempts"), answer.header("x-roundel-wait-ms")), (Some("1"), Some("0")));
    assert_eq!(answer.header("ratelimit"), Some("\"requests-min\";r=4;t=7"));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"requests-min\";q=10;w=60"));
    assert_eq!(answer.header("x-roundel-simulated"), None);
    let sent = upstream.asked().await;
    assert_eq!((&sent["model"], &sent["top_k"], &sent["temperature"]), (&json!("m"), &json!(7), &json!(0.1)));
    // Without /v1, as many clients have it.
    let answer = house.ask("POST /chat/completions", "", &hello("a/m").to_string()).await;
    assert_eq!(answer.status, 200);
    let snapshot =
        house.until(|snapshot| snapshot.log.iter().filter(|row| row.outcome == Outcome::Answered).count() == 2).await;
    let row = &snapshot.log[0];
    assert_eq!((row.origin, row.status, row.usage.output), (Origin::Endpoint, Some(200), Some(2)));
    assert_eq!(snapshot.turns, [], "no prompt and no answer is kept");
}

#[tokio::test]
async fn a_stream_is_passed_on_byte_for_byte_less_the_usage_that_nobody_asked_for() {
    let mut upstream = Upstream::serve(vec![stream(&["Ti", "des"]), stream(&["Ti", "des"])]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let answer = house.chat("", &streamed("auto")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(answer.body, [&chunk("Ti"), &chunk("des"), FINISH, DONE].concat());
    assert_eq!(answer.header("x-roundel-lane"), Some("a/m"));
    assert_eq!(upstream.asked().await["stream_options"], json!({ "include_usage": true }));
    let mut body = streamed("auto");
    body["stream_options"] = json!({ "include_usage": true });
    assert_eq!(house.chat("", &body).await.body, [&chunk("Ti"), &chunk("des"), FINISH, USAGE, DONE].concat());
    let snapshot = house.until(|snapshot| snapshot.log.iter().all(|row| row.outcome == Outcome::Answered)).await;
    assert!(snapshot.log.iter().all(|row| row.usage.input == Some(3) && row.first_token.is_some()));
}

#[tokio::test]
async fn what_fails_before_the_first_byte_is_taken_over_silently() {
    let in_stream = format!(": hello\n\ndata: {}\n\n", json!({ "error": { "message": "overloaded", "code": 503 } }));
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let failing = Upstream::serve(vec![
        vec![stream_head("text/event-stream"), Act::Send([in_stream.as_str(), role].concat().into_bytes()), Act::Close],
        vec![stream_head("text/event-stream"), Act::Send(role.as_bytes().to_vec()), Act::Close],
        response("429 Too Many Requests", "retry-after: 30\r\n", "{\"error\":{\"message\":\"slow down\"}}"),
    ])
    .await;
    let good = Upstream::serve(vec![stream(&["so"])]).await;
    let lanes = vec![openai("a/1", &failing), openai("b/1", &failing), openai("c/1", &failing), openai("d/1", &good)];
    let house = house(lanes, settings()).await;
    let answer = house.chat("", &streamed("auto")).await;
    assert_eq!((answer.status, answer.header("x-roundel-attempts")), (200, Some("4")), "{}", answer.body);
    assert_eq!(answer.header("x-roundel-lane"), Some("d/1"));
    assert_eq!(answer.body, [&chunk("so"), FINISH, DONE].concat());
}

#[tokio::test]
async fn what_breaks_off_in_the_middle_is_an_error_event_and_the_end_mark() {
    let upstream = Upstream::serve(vec![vec![
        stream_head("text/event-stream"),
        Act::Send(chunk("Ti").into_bytes()),
        Act::Send(b"data: {\"error\":{\"message\":\"gone sk-upstream\"}}\n\n".to_vec()),
        Act::Close,
    ]])
    .await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let answer = house.chat("", &streamed("auto")).await;
    let rest = answer.body.strip_prefix(&chunk("Ti")).unwrap();
    assert!(rest.starts_with("data: {\"error\":{") && rest.contains("broke off in the middle: gone [key]"), "{rest}");
    assert!(rest.ends_with(DONE) && !answer.body.contains("sk-upstream"));
}

fn spent(id: &str, upstream: &Upstream) -> LaneSpec {
    let limit = LimitSpec { pool: id.into(), unit: Unit::Requests, window: "1h rolling".parse().unwrap(), cap: 1 };
    LaneSpec { limits: vec![limit], ..openai(id, upstream) }
}

#[tokio::test]
async fn when_none_can_answer_in_time_the_refusal_says_when_to_come_back() {
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    let house = house(vec![spent("a/m", &upstream)], settings()).await;
    assert_eq!(house.chat("", &hello("auto")).await.status, 200);
    for body in [hello("auto"), streamed("auto")] {
        let answer = house.chat("", &body).await;
        assert_eq!(answer.status, 429);
        let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((3500..=3700).contains(&retry), "{retry}");
        assert!(answer.message().contains("a/m: 1 requests per hour spent, back at"), "{}", answer.body);
    }
}

/// Waits a second after its first refusal.
async fn rested(script: Vec<Vec<Act>>) -> Upstream {
    let refusal = response("429 Too Many Requests", "retry-after: 1\r\n", "{\"error\":{\"message\":\"slow down\"}}");
    Upstream::serve([vec![refusal], script].concat()).await
}

#[tokio::test]
async fn a_stream_that_waits_long_is_opened_and_kept_alive() {
    let upstream = rested(vec![stream(&["so"])]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let answer = house.chat("", &streamed("auto")).await;
    assert_eq!((answer.status, answer.header("x-roundel-lane")), (200, None));
    assert!(answer.body.starts_with(": roundel waits for a lane\n\n: roundel waits"), "{}", answer.body);
    let told = answer.body.find(": roundel lane=a/m attempts=2 wait=").unwrap();
    assert!(told < answer.body.find("data: ").unwrap());
    assert!(answer.body.ends_with(&[&chunk("so"), FINISH, DONE].concat()), "{}", answer.body);
}

#[tokio::test]
async fn who_does_not_want_to_be_held_is_refused_at_once() {
    let refusal = response("429 Too Many Requests", "retry-after: 30\r\n", "{\"error\":{\"message\":\"slow down\"}}");
    let upstream = Upstream::serve(vec![refusal]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let answer = house.chat("x-roundel-hold: 0\r\n", &streamed("auto")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("30")), "{}", answer.body);
}

#[tokio::test]
async fn a_refusal_in_an_opened_stream_is_an_error_event_and_the_end_mark() {
    let refusal = response("400 Bad Request", "", "{\"error\":{\"message\":\"no such field\"}}");
    let upstream = rested(vec![refusal]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let answer = house.chat("", &streamed("auto")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("data: {\"error\":{") && answer.body.contains("no such field"), "{}", answer.body);
    assert!(answer.body.ends_with(DONE));
}

#[tokio::test]
async fn a_client_that_goes_while_it_waits_frees_its_place() {
    let upstream = rested(vec![]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let socket = house.begin("POST /v1/chat/completions", "", &hello("auto").to_string()).await;
    house.until(|snapshot| snapshot.lanes[0].rest.is_some()).await;
    assert!(house.get("/metrics").await.body.contains("roundel_parked 1\n"));
    drop(socket);
    let gone = async { while !house.get("/metrics").await.body.contains("roundel_parked 0\n") {} };
    tokio::time::timeout(LONG, gone).await.expect("it still waits");
}

#[tokio::test]
async fn a_client_that_goes_in_mid_stream_cancels_the_upstream() {
    let acts = vec![stream_head("text/event-stream"), Act::Send(chunk("Ti").into_bytes()), Act::Hang];
    let mut upstream = Upstream::serve(vec![acts]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let mut socket = house.begin("POST /v1/chat/completions", "", &streamed("auto").to_string()).await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"Ti\"}}]}\n\n\r\n") {
        seen.push(socket.read_u8().await.unwrap());
    }
    drop(socket);
    assert!(matches!(upstream.seen().await, Seen::Asked(..)));
    assert_eq!(upstream.seen().await, Seen::HungUp);
    let snapshot = house.until(|snapshot| snapshot.log.iter().any(|row| row.outcome == Outcome::Cancelled)).await;
    assert_eq!(snapshot.lanes[0].in_flight, 0);
    assert!(snapshot.meters.iter().all(|meter| meter.reserved == 0));
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_nobody_else() {
    let long = "x".repeat(60_000);
    let mut acts = vec![stream_head("text/event-stream")];
    acts.extend((0..400).map(|_| Act::Send(chunk(&long).into_bytes())));
    acts.push(Act::Close);
    let upstream = Upstream::serve(vec![acts, stream(&["so"])]).await;
    let house = house(vec![openai("a/m", &upstream), openai("a/2", &upstream)], settings()).await;
    let slow = house.begin("POST /v1/chat/completions", "", &streamed("a/m").to_string()).await;
    house
        .until(|snapshot| snapshot.lanes[0].in_flight == 1 && snapshot.log.iter().any(|row| row.first_token.is_some()))
        .await;
    let answer = house.chat("", &streamed("a/2")).await;
    assert_eq!(answer.body, [&chunk("so"), FINISH, DONE].concat());
    assert_eq!(house.snapshot().await.lanes[0].in_flight, 1, "the slow one is still being served");
    drop(slow);
    house.until(|snapshot| snapshot.lanes[0].in_flight == 0).await;
}

#[tokio::test]
async fn strangers_are_refused_before_anything_is_read() {
    let callers =
        vec![Caller { name: "one".into(), token: Secret::new("sk-canary"), requests_per_day: Some(1), rank: 1 }];
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    let guarded = house(vec![openai("a/m", &upstream)], Settings { callers, ..settings() }).await;
    let token = "authorization: Bearer sk-canary\r\n";
    for (headers, status) in [
        ("", 401),
        ("authorization: Bearer sk-wrong\r\n", 401),
        ("authorization: Bearer sk-canary\r\nhost: evil.example\r\n", 403),
        ("authorization: Bearer sk-canary\r\norigin: https://evil.example\r\n", 403),
        ("authorization: Bearer sk-canary\r\norigin: null\r\n", 403),
        (token, 200),
        (token, 429),
    ] {
        let answer = guarded.chat(headers, &hello("auto")).await;
        assert_eq!(answer.status, status, "{headers} {}", answer.body);
        assert!(!answer.body.contains("canary") && !answer.head.contains("access-control"), "{headers}");
    }
    let answer = guarded.ask("OPTIONS /v1/chat/completions", "origin: https://evil.example\r\n", "").await;
    assert_eq!(answer.status, 403);
    let settings = Settings { address: "0.0.0.0".parse().unwrap(), ..settings() };
    let desk = Desk::new(Opening::default(), Clock::System.now());
    let (actor, _link) = actor::new(desk, Store::ephemeral(), Transport::Http(Client::new([]).unwrap()), Clock::System);
    let error = open(settings, actor.line()).await.unwrap_err();
    assert!(matches!(error, NotOpened::Unguarded(_)) && error.to_string().contains("token = "), "{error}");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_shape_of_the_api() {
    let upstream = Upstream::serve(vec![]).await;
    let house =
        house(vec![openai("groq/openai/gpt-oss-20b", &upstream)], Settings { largest: 2000, ..settings() }).await;
    let large = hello("auto").to_string().replace("hello", &"x".repeat(3000));
    for (line, body, status, said) in [
        ("POST /v1/chat/completions", "{\"model\":", 400, "the body is no JSON"),
        ("POST /v1/chat/completions", "{}", 400, "name a `model`"),
        ("POST /v1/chat/completions", large.as_str(), 413, "2000 bytes"),
        ("GET /v1/chat/completions", "", 405, "is asked with POST"),
        ("POST /v1/embeddings", "{}", 404, "here are POST /v1/chat/completions"),
        ("GET /", "", 404, "here are POST"),
        ("GET /v1/models/nobody", "", 404, "there is no model `nobody`"),
    ] {
        let answer = house.ask(line, "", body).await;
        assert_eq!(answer.status, status, "{line} {}", answer.body);
        assert!(answer.message().contains(said), "{line} {}", answer.body);
    }
    let answer = house.chat("", &hello("gpt-oss-20")).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (404, Some("model_not_found")));
    assert!(answer.message().contains("near it: `groq/openai/gpt-oss-20b`"), "{}", answer.body);
    let mut seeing = hello("auto");
    seeing["messages"][0]["content"] =
        json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,QQ==" } }]);
    let answer = house.chat("", &seeing).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (400, Some("unsupported")));
    assert!(answer.message().contains("is not known to see images"), "{}", answer.body);
    let mut huge = hello("groq/openai/gpt-oss-20b");
    huge["model"] = json!("auto:long");
    assert!(house.chat("", &huge).await.message().contains("long context window"));
    let head = "x-long: ".to_owned() + &"x".repeat(200_000) + "\r\n";
    assert_eq!(house.ask("GET /v1/models", &head, "").await.status, 431);
}

#[tokio::test]
async fn what_there_is_can_be_listed_and_counted() {
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    let aliases = vec![("fast".to_owned(), "a/x/m".to_owned())];
    let house = house(vec![spent("a/x/m", &upstream)], Settings { aliases, ..settings() }).await;
    let list = house.get("/v1/models").await.json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    for id in ["auto", "harvest", "auto:vision", "fast", "a/*", "a/x/m"] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    assert_eq!(house.get("/v1/models/a/x/m").await.json()["owned_by"], "a");
    assert_eq!(house.get("/healthz").await.json(), json!({ "status": "ok" }));
    assert_eq!(house.chat("", &hello("fast")).await.header("x-roundel-lane"), Some("a/x/m"));
    let metrics = house.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "roundel_attempts_total{origin=\"api\",lane=\"a/x/m\",status=\"answered\"} 1\n",
        "roundel_tokens_total{origin=\"api\",lane=\"a/x/m\",kind=\"output\"} 2\n",
        "roundel_wait_seconds_count 1\n",
        "roundel_limit_remaining{pool=\"a/x/m\",unit=\"requests\",window=\"hour\"} 0\n",
        "roundel_parked 0\n",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
}

fn everything(stream: bool) -> Value {
    json!({
        "model": "auto", "stream": stream, "max_tokens": 50, "temperature": 0.5, "stop": ["END"], "seed": 7,
        "stream_options": { "include_usage": true },
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" } } },
        "tools": [{ "type": "function", "function": { "name": "look", "description": "looks", "parameters": { "type": "object" } } }],
        "tool_choice": "required",
        "messages": [
            { "role": "system", "content": "be brief" },
            { "role": "user", "content": [{ "type": "text", "text": "what?" }, { "type": "image_url", "image_url": { "url": "data:image/png;base64,QQ==" } }] },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "c1", "type": "function", "function": { "name": "look", "arguments": "{\"at\":1}" } }] },
            { "role": "tool", "tool_call_id": "c1", "content": "blue" },
        ],
    })
}

/// What the three wires answer to it: thought, text, a call, usage, a reason.
fn answers() -> [(Wire, Vec<Act>); 3] {
    let sse = |body: &str| vec![stream_head("text/event-stream"), Act::Send(body.as_bytes().to_vec()), Act::Close];
    let openai = [
        "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
        &chunk("so"),
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"at\\\":2}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
        USAGE,
        DONE,
    ];
    let gemini = json!({
        "candidates": [{ "content": { "parts": [{ "text": "hm", "thought": true }, { "text": "so" }, { "functionCall": { "name": "look", "args": { "at": 2 } }, "thoughtSignature": "sig" }] }, "finishReason": "STOP" }],
        "usageMetadata": { "promptTokenCount": 3, "candidatesTokenCount": 2 },
    });
    let ollama = [
        json!({ "message": { "content": "so", "thinking": "hm", "tool_calls": [{ "function": { "name": "look", "arguments": { "at": 2 } } }] }, "done": false }),
        json!({ "message": { "content": "" }, "done": true, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2 }),
    ];
    [
        (Wire::Openai, sse(&openai.concat())),
        (Wire::Gemini, sse(&format!("data: {gemini}\r\n\r\n"))),
        (Wire::Ollama, sse(&format!("{}\n{}\n", ollama[0], ollama[1]))),
    ]
}

#[tokio::test]
async fn tools_images_usage_and_thoughts_survive_all_three_wires() {
    for (wire, acts) in answers() {
        let mut upstream = Upstream::serve(vec![acts.clone(), acts]).await;
        let abilities = Abilities { can: vec![Ability::Vision], cannot: Vec::new() };
        let house = house(vec![LaneSpec { abilities, ..lane("a/m", wire, &upstream.base) }], settings()).await;
        let answer = house.chat("", &everything(true)).await;
        assert_eq!(answer.status, 200, "{wire:?} {}", answer.body);
        let chunks: Vec<Value> = answer
            .body
            .split("\n\n")
            .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
            .collect();
        let all = |path: &str| {
            chunks
                .iter()
                .filter_map(|chunk| chunk.pointer(path))
                .filter(|one| !one.is_null())
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(all("/choices/0/delta/reasoning_content"), ["hm"], "{wire:?}");
        assert_eq!(all("/choices/0/delta/content"), ["so"], "{wire:?}");
        assert_eq!(all("/choices/0/delta/tool_calls/0/function/name"), ["look"], "{wire:?}");
        assert_eq!(all("/choices/0/delta/tool_calls/0/function/arguments"), ["{\"at\":2}"], "{wire:?}");
        assert_eq!(all("/choices/0/finish_reason"), ["tool_calls"], "{wire:?}");
        assert_eq!(all("/usage/completion_tokens"), [2], "{wire:?}");
        assert!(answer.body.ends_with(DONE), "{wire:?}");
        let sent = upstream.asked().await;
        match wire {
            Wire::Openai => {
                let mut same = everything(true);
                same["model"] = json!("m");
                assert_eq!(sent, same);
            }
            Wire::Gemini => {
                assert_eq!(sent["contents"][0]["parts"][1]["inlineData"]["data"], "QQ==");
                assert_eq!(sent["contents"][1]["parts"][0]["functionCall"]["args"]["at"], 1);
                assert_eq!(sent["contents"][1]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator");
                assert_eq!(sent["contents"][2]["parts"][0]["functionResponse"]["response"]["result"], "blue");
                assert_eq!(sent["tools"][0]["functionDeclarations"][0]["name"], "look");
                assert_eq!(sent["toolConfig"]["functionCallingConfig"]["mode"], "ANY");
                assert_eq!(sent["generationConfig"]["responseJsonSchema"]["type"], "object");
                assert_eq!(sent["generationConfig"]["stopSequences"], json!(["END"]));
                assert_eq!(all("/choices/0/delta/tool_calls/0/extra_content/google/thought_signature"), ["sig"]);
            }
            Wire::Ollama => {
                assert_eq!(sent["messages"][1]["images"], json!(["QQ=="]));
                assert_eq!(sent["messages"][3]["tool_name"], "look");
                assert_eq!(sent["tools"][0]["function"]["name"], "look");
                assert_eq!((&sent["format"]["type"], &sent["options"]["num_predict"]), (&json!("object"), &json!(50)));
            }
        }
        let answer = house.chat("", &everything(false)).await.json();
        let message = &answer["choices"][0]["message"];
        assert_eq!(
            (&message["content"], &message["reasoning_content"]),
            (&json!("so"), &json!("hm")),
            "{wire:?} {answer}"
        );
        assert_eq!(message["tool_calls"][0]["function"]["arguments"], "{\"at\":2}", "{wire:?}");
        assert_eq!(
            (&answer["usage"]["total_tokens"], &answer["choices"][0]["finish_reason"]),
            (&json!(5), &json!("tool_calls"))
        );
    }
}

#[tokio::test]
async fn the_address_of_a_picture_goes_only_where_it_can_be_sent_and_is_never_fetched() {
    let seeing =
        |spec: LaneSpec| LaneSpec { abilities: Abilities { can: vec![Ability::Vision], cannot: Vec::new() }, ..spec };
    let mut upstream = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    // The picture would be fetched from here.
    let mut elsewhere = Upstream::serve(vec![response("200 OK", "", "")]).await;
    let others = || {
        [(Wire::Gemini, "g/m"), (Wire::Ollama, "o/m")].map(|(wire, id)| seeing(lane(id, wire, "http://127.0.0.1:9")))
    };
    let mut body = hello("auto");
    let url = format!("{}/cat.png", elsewhere.base);
    body["messages"][0]["content"] = json!([{ "type": "image_url", "image_url": { "url": url } }]);
    let both = house(others().into_iter().chain([seeing(openai("a/m", &upstream))]).collect(), settings()).await;
    let answer = both.chat("", &body).await;
    assert_eq!((answer.status, answer.header("x-roundel-lane")), (200, Some("a/m")), "{}", answer.body);
    assert_eq!(answer.header("x-roundel-attempts"), Some("1"), "the others were not even tried");
    assert_eq!(upstream.asked().await["messages"][0]["content"][0]["image_url"]["url"], json!(url));
    let none = house(others().into(), settings()).await;
    let answer = none.chat("", &body).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (400, Some("unsupported")));
    assert!(answer.message().contains("g/m: is of another wire, which has no word"), "{}", answer.body);
    assert!(answer.message().contains("the address of a picture"), "{}", answer.body);
    assert_eq!(none.snapshot().await.log, []);
    drop((both, none));
    assert!(elsewhere.is_quiet(), "nobody here fetches what strangers name");
}

#[tokio::test]
async fn a_strategy_as_a_models_name_chooses_the_lane() {
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE); 6]).await;
    let house = house(vec![openai("a/m", &upstream), openai("b/m", &upstream)], settings()).await;
    for (model, expected) in [("order", ["a/m", "a/m", "a/m"]), ("even", ["b/m", "a/m", "b/m"])] {
        for lane in expected {
            let answer = house.chat("", &hello(model)).await;
            assert_eq!((answer.status, answer.header("x-roundel-lane")), (200, Some(lane)), "{model}");
        }
    }
}

#[tokio::test]
async fn a_lane_that_turns_out_to_lack_something_is_passed_over() {
    let refusal = response("400 Bad Request", "", "{\"error\":\"m does not support tools\"}");
    let lacking = Upstream::serve(vec![refusal.clone(), refusal]).await;
    let good = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    let house = house(vec![openai("a/m", &lacking), openai("b/m", &good)], settings()).await;
    let mut body = hello("auto");
    body["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    let answer = house.chat("", &body).await;
    assert_eq!((answer.status, answer.header("x-roundel-lane")), (200, Some("b/m")), "{}", answer.body);
    body["model"] = json!("a/m");
    let answer = house.chat("", &body).await;
    assert_eq!((answer.status, answer.message().as_str()), (400, "m does not support tools"));
}

#[tokio::test]
async fn stopping_lets_streams_finish() {
    let acts = vec![
        stream_head("text/event-stream"),
        Act::Send(chunk("Ti").into_bytes()),
        Act::Gate,
        Act::Send([&chunk("des"), FINISH, DONE].concat().into_bytes()),
        Act::Close,
    ];
    let upstream = Upstream::serve(vec![acts]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    let mut socket = house.begin("POST /v1/chat/completions", "", &streamed("auto").to_string()).await;
    let mut seen = Vec::new();
    while !seen.ends_with(b"Ti\"}}]}\n\n\r\n") {
        seen.push(socket.read_u8().await.unwrap());
    }
    let address = house.server.address;
    let stopping = tokio::spawn(house.server.stop(LONG));
    // Nobody new is taken; who is there goes on.
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, closed).await.expect("still open");
    upstream.open_gate();
    let rest = read(socket).await;
    assert!(rest.head.contains("des") || rest.body.contains("des"), "{} {}", rest.head, rest.body);
    tokio::time::timeout(LONG, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_not_the_end() {
    let upstream = Upstream::serve(vec![]).await;
    let first = house(vec![openai("a/m", &upstream)], settings()).await;
    let port = first.server.address.port();
    let Some(next) = port.checked_add(1) else { return };
    let second = house(vec![openai("a/m", &upstream)], Settings { port, further: 10, ..settings() }).await;
    assert!(second.server.moved && second.server.address.port() >= next);
    let desk = Desk::new(Opening::default(), Clock::System.now());
    let (actor, _link) = actor::new(desk, Store::ephemeral(), Transport::Http(Client::new([]).unwrap()), Clock::System);
    let error = open(Settings { port, further: 0, ..settings() }, actor.line()).await.unwrap_err();
    assert!(matches!(error, NotOpened::NoPort { .. }), "{error}");
}
