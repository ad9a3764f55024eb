//! What a recorded stream says, whoever sent it.

use serde_json::{Value, json};

use crate::providers::wire::body::{Framing, Item, Reader};
use crate::providers::wire::piece::Piece;
use crate::providers::wire::{anthropic, cohere, gemini, ollama, openai};

/// How a stream is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    Openai,
    Anthropic,
    Gemini,
    Cohere,
    Ollama,
}

impl Speech {
    const fn word(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Cohere => "cohere-v2",
            Self::Ollama => "ollama",
        }
    }

    /// What an event shows by its shape.
    fn of(event: &Value) -> Option<Self> {
        let has = |key: &str| event.get(key).is_some();
        let kind = event["type"].as_str().unwrap_or_default();
        if has("choices") || has("x_groq") {
            Some(Self::Openai)
        } else if has("candidates") || has("usageMetadata") || has("promptFeedback") {
            Some(Self::Gemini)
        } else if ["message_", "content_block_", "ping", "completion"].iter().any(|lead| kind.starts_with(lead))
            || has("completion")
        {
            Some(Self::Anthropic)
        } else if ["message-", "content-", "tool-", "citation-"].iter().any(|lead| kind.starts_with(lead)) {
            Some(Self::Cohere)
        } else if has("done") || has("response") || has("message") && has("created_at") {
            Some(Self::Ollama)
        } else {
            None
        }
    }

    fn read(self, item: Item) -> Vec<Piece> {
        match self {
            Self::Openai => openai::read(item),
            Self::Anthropic => anthropic::read(item),
            Self::Gemini => gemini::read(item),
            Self::Cohere => cohere::read(item),
            Self::Ollama => ollama::read(item),
        }
    }

    fn usage(self, event: &Value) -> Value {
        match self {
            Self::Openai => event["usage"].clone(),
            Self::Anthropic => event.pointer("/message/usage").unwrap_or(&event["usage"]).clone(),
            Self::Gemini => event["usageMetadata"].clone(),
            Self::Cohere => event.pointer("/delta/usage").cloned().unwrap_or_default(),
            Self::Ollama if event.get("eval_count").is_some() || event.get("prompt_eval_count").is_some() => {
                json!({ "prompt_eval_count": event["prompt_eval_count"], "eval_count": event["eval_count"] })
            }
            Self::Ollama => Value::Null,
        }
    }

    fn is_end(self, event: &Value) -> bool {
        match self {
            Self::Openai | Self::Gemini => false,
            Self::Anthropic => event["type"] == "message_stop",
            Self::Cohere => event["type"] == "message-end",
            Self::Ollama => event["done"] == true,
        }
    }

    /// Why the model stopped, in the provider's word.
    fn finish(self, event: &Value) -> Option<&str> {
        let at = match self {
            Self::Openai => "/choices/0/finish_reason",
            Self::Anthropic => "/delta/stop_reason",
            Self::Gemini => "/candidates/0/finishReason",
            Self::Cohere => "/delta/finish_reason",
            Self::Ollama => "/done_reason",
        };
        let old = if self == Self::Anthropic { event.get("stop_reason") } else { None };
        event.pointer(at).or(old).and_then(Value::as_str)
    }
}

/// What is gathered of a call.
struct Call {
    index: u64,
    id: Option<String>,
    name: String,
    arguments: String,
}

/// What a stream says, in the words of a recording's meaning. `provider` helps where no event shows how it is spoken.
pub fn read(provider: &str, body: &str) -> Value {
    let framing = match body.trim_start().chars().next() {
        Some('{') => Some(Framing::Ndjson),
        Some('[') | None => None,
        Some(_) => Some(Framing::Sse),
    };
    let mut reader = Reader::new(framing.unwrap_or(Framing::Sse));
    let mut items = reader.push(body.as_bytes()).unwrap_or_default();
    let whole = reader.is_whole();
    items.extend(reader.finish().unwrap_or_default().into_iter().filter(|item| !(whole && *item == Item::Done)));
    let events: Vec<&Value> =
        items.iter().filter_map(|item| if let Item::Value(_, value) = item { Some(value) } else { None }).collect();
    let speech = events.iter().find_map(|event| Speech::of(event)).unwrap_or(match (framing, provider) {
        (Some(Framing::Ndjson), _) => Speech::Ollama,
        (_, "anthropic") => Speech::Anthropic,
        (_, "gemini") => Speech::Gemini,
        (_, "cohere") => Speech::Cohere,
        _ => Speech::Openai,
    });
    let last =
        |find: &dyn Fn(&Value) -> Value| events.iter().rev().map(|event| find(event)).find(|value| !value.is_null());
    let groq = |event: &Value| event.pointer("/x_groq/usage").cloned().unwrap_or_default();
    let usage = last(&|event| speech.usage(event)).or_else(|| last(&groq));
    let finish = last(&|event| speech.finish(event).map_or(Value::Null, Value::from));
    let empty = events.iter().filter(|event| event["choices"].as_array().is_some_and(Vec::is_empty)).count();
    let done = items.contains(&Item::Done) || events.iter().any(|event| speech.is_end(event));
    let comments = items.iter().filter(|item| **item == Item::Comment).count();
    let count = events.len();
    let error = items.iter().rev().find_map(error);
    let streamed = events.iter().any(|event| event.pointer("/choices/0/delta").is_some_and(Value::is_object));
    let said = Said::of(speech, items, streamed);
    json!({
        "text": said.text,
        "reasoning": Some(&said.reasoning).filter(|text| !text.is_empty()),
        "tool_calls": said.calls(),
        "finish_reason": finish,
        "usage": usage,
        "error": error,
        "done_marker": done,
        "data_events": count,
        "comments": comments,
        "empty_choices": empty,
        "framing": match framing { Some(Framing::Sse) => Some("sse"), Some(Framing::Ndjson) => Some("ndjson"), None => None },
        "dialect": speech.word(),
    })
}

#[derive(Default)]
struct Said {
    text: String,
    reasoning: String,
    calls: Vec<Call>,
}

impl Said {
    /// `streamed`: deltas were sent, so a whole message only repeats them.
    fn of(speech: Speech, items: Vec<Item>, streamed: bool) -> Self {
        let mut said = Self::default();
        // Calls of these come whole, and their indices begin anew with each event.
        let whole = matches!(speech, Speech::Gemini | Speech::Ollama);
        for mut item in items {
            if let Item::Value(_, value) = &mut item
                && streamed
                && let Some(choice) = value.pointer_mut("/choices/0").and_then(Value::as_object_mut)
            {
                choice.remove("message");
            }
            for piece in speech.read(item) {
                match piece {
                    Piece::Text(text) => said.text.push_str(&text),
                    Piece::Reasoning(text) => said.reasoning.push_str(&text),
                    Piece::ToolCall { index, id, name, arguments, .. } => said.call(index, id, name, &arguments, whole),
                    Piece::Usage(_) | Piece::Finish(_) | Piece::Error(_) | Piece::End => {}
                }
            }
        }
        said
    }

    fn call(&mut self, index: u64, id: Option<String>, name: Option<String>, arguments: &str, whole: bool) {
        let id = id.filter(|id| !id.is_empty());
        let name = name.filter(|name| !name.is_empty());
        // Some number all their calls 0: another id with a name is another call.
        let is_other = |call: &Call| name.is_some() && id.is_some() && call.id.is_some() && call.id != id;
        match self.calls.iter_mut().rev().find(|call| call.index == index) {
            Some(call) if !whole && !is_other(call) => {
                call.arguments.push_str(arguments);
                call.id = call.id.take().or(id);
                if let Some(name) = name
                    && call.name.is_empty()
                {
                    call.name = name;
                }
            }
            _ => self.calls.push(Call { index, id, name: name.unwrap_or_default(), arguments: arguments.to_owned() }),
        }
    }

    fn calls(&self) -> Value {
        if self.calls.is_empty() {
            return Value::Null;
        }
        self.calls.iter().map(|call| json!({ "name": call.name, "arguments": call.arguments })).collect()
    }
}

/// The error that an item carries, as it was sent.
fn error(item: &Item) -> Option<Value> {
    match item {
        Item::Value(name, value) => ["/error", "/x_groq/error", "/choices/0/error", "/delta/error"]
            .iter()
            .filter_map(|at| value.pointer(at))
            .find(|error| !error.is_null())
            .cloned()
            .or_else(|| (name == "error").then(|| value.clone())),
        Item::Text(name, text) if name == "error" => Some(text.clone().into()),
        Item::Text(..) | Item::Done | Item::Comment => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_is_spoken() {
        for (body, speech, framing, text) in [
            ("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "openai", "sse", "a"),
            (
                "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"a\"}}\n\n",
                "anthropic",
                "sse",
                "a",
            ),
            ("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\r\n\r\n", "gemini", "sse", "a"),
            (
                "data: {\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{\"text\":\"a\"}}}}\n\n",
                "cohere-v2",
                "sse",
                "a",
            ),
            ("{\"response\":\"a\",\"done\":false}\n{\"done\":true}\n", "ollama", "ndjson", "a"),
        ] {
            let found = read("", body);
            assert_eq!(
                (&found["dialect"], &found["framing"], &found["text"]),
                (&speech.into(), &framing.into(), &text.into())
            );
        }
    }

    #[test]
    fn the_last_word_counts() {
        let body = ": hold\n\ndata: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"},\"finish_reason\":null}],\"usage\":null}\n\n\
            data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n\
            data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]},\"finish_reason\":\"tool_calls\"}],\"x_groq\":{\"usage\":{\"n\":1}}}\n\n\
            data: {\"choices\":[],\"usage\":{\"n\":2}}\n\ndata: [DONE]\n\n";
        let found = read("", body);
        assert_eq!(found["tool_calls"], json!([{"name": "f", "arguments": "{}"}]));
        assert_eq!(found["usage"], json!({"n": 2}));
        assert_eq!(
            (&found["comments"], &found["data_events"], &found["empty_choices"]),
            (&1.into(), &4.into(), &1.into())
        );
        assert_eq!((&found["done_marker"], &found["finish_reason"]), (&true.into(), &"tool_calls".into()));
        assert_eq!((&found["reasoning"], &found["text"]), (&"hm".into(), &"".into()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(64) })]
        #[test]
        fn no_stream_breaks_it(text in "((data: |event: error|: )?[\\{\"}a-z:,\\[\\]0-9]{0,12}\n){0,12}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = (read("", &text), read("cohere", &String::from_utf8_lossy(&bytes)));
        }

        #[test]
        fn no_event_breaks_it(key in "choices|delta|message|candidates|usage|error|type|done|completion|content_block", value in "null|7|\"x\"|\\[\\]|\\[7\\]|\\{\\}|\\[\\{\"delta\":7\\}\\]") {
            let _ = (read("", &format!("data: {{\"{key}\":{value}}}\n\n")), read("", &format!("{{\"{key}\":{value}}}\n")));
        }
    }

    #[test]
    fn errors_and_broken_ends() {
        let found = read("", "{\"response\":\"a\",\"done\":false}\n{\"error\":\"fell\"}\n{\"resp");
        assert_eq!((&found["error"], &found["done_marker"]), (&"fell".into(), &false.into()));
        let found = read("", "event: error\ndata: {\"message\":\"fell\"}\n\n");
        assert_eq!(found["error"], json!({"message": "fell"}));
        assert_eq!(read("", "")["data_events"], 0);
    }
}
