//! Pieces of an answer to the JSON of a chat completion, whole or chunk by chunk: for askers of the `OpenAI` wire whose
//! answer came on another one. Pure.

use serde_json::{Map, Value, json};

use crate::domain::conversation::Usage;
use crate::providers::wire::object::put;
use crate::providers::wire::piece::Piece;

/// An answer on its way to its asker.
#[derive(Debug, Clone)]
pub struct Answering {
    id: String,
    model: String,
    /// In seconds since 1970.
    created: i64,
    text: String,
    reasoning: String,
    calls: Vec<Value>,
    finish: Option<String>,
    usage: Usage,
    /// The first chunk names the role.
    begun: bool,
    /// Calls begun so far.
    count: u64,
}

impl Answering {
    /// An answer that is about to come. `created`: seconds since 1970.
    pub fn new(id: String, model: &str, created: i64) -> Self {
        Self {
            id,
            model: model.to_owned(),
            created,
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            finish: None,
            usage: Usage::default(),
            begun: false,
            count: 0,
        }
    }

    /// The chunk of a piece; None: it has none of its own.
    pub fn chunk(&mut self, piece: &Piece) -> Option<Value> {
        let delta = match piece {
            Piece::Text(text) => json!({ "content": text }),
            Piece::Reasoning(text) => json!({ "reasoning_content": text }),
            Piece::ToolCall { id, name, arguments, signature, .. } => {
                // Who sends whole calls numbers each message's from nothing: a name begins another call.
                self.count += u64::from(name.is_some() || self.count == 0);
                let index = self.count - 1;
                let mut call = self.call(id.as_deref(), name.as_deref(), arguments, signature.as_deref());
                call.insert("index".into(), index.into());
                json!({ "tool_calls": [call] })
            }
            Piece::Usage(usage) => {
                self.usage = *usage;
                return None;
            }
            Piece::Finish(reason) => {
                self.finish = Some(self.reason(reason));
                return None;
            }
            Piece::Error(_) | Piece::End => return None,
        };
        Some(self.frame(delta, None))
    }

    /// The last chunks: the reason to finish, and the usage if it was asked for.
    pub fn last(&mut self, usage: bool) -> Vec<Value> {
        let finish = self.finish.clone().unwrap_or_else(|| self.reason("stop"));
        let mut chunks = vec![self.frame(json!({}), Some(&finish))];
        if usage {
            let mut chunk = self.head("chat.completion.chunk");
            chunk.insert("choices".into(), json!([]));
            chunk.insert("usage".into(), counted(self.usage));
            chunks.push(Value::Object(chunk));
        }
        chunks
    }

    /// Keeps a piece for the whole answer.
    pub fn keep(&mut self, piece: Piece) {
        match piece {
            Piece::Text(text) => self.text.push_str(&text),
            Piece::Reasoning(text) => self.reasoning.push_str(&text),
            Piece::ToolCall { id, name, arguments, signature, .. } => {
                if name.is_some() || self.calls.is_empty() {
                    self.count += 1;
                    let call = self.call(id.as_deref(), name.as_deref(), &arguments, signature.as_deref());
                    self.calls.push(Value::Object(call));
                } else if let Some(Value::String(so_far)) =
                    self.calls.last_mut().and_then(|call| call.pointer_mut("/function/arguments"))
                {
                    so_far.push_str(&arguments);
                }
            }
            Piece::Usage(usage) => self.usage = usage,
            Piece::Finish(reason) => self.finish = Some(self.reason(&reason)),
            Piece::Error(_) | Piece::End => {}
        }
    }

    /// The whole answer.
    pub fn whole(self) -> Value {
        let finish = self.finish.clone().unwrap_or_else(|| self.reason("stop"));
        let mut whole = self.head("chat.completion");
        let content = if self.text.is_empty() && !self.calls.is_empty() { Value::Null } else { self.text.into() };
        let mut message = json!({ "role": "assistant", "content": content });
        if !self.reasoning.is_empty() {
            put(&mut message, "reasoning_content", self.reasoning);
        }
        if !self.calls.is_empty() {
            put(&mut message, "tool_calls", self.calls);
        }
        whole.insert("choices".into(), json!([{ "index": 0, "message": message, "finish_reason": finish }]));
        whole.insert("usage".into(), counted(self.usage));
        Value::Object(whole)
    }

    fn call(
        &self,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
        signature: Option<&str>,
    ) -> Map<String, Value> {
        let mut call = Map::new();
        let mut function = json!({ "arguments": arguments });
        if let Some(name) = name {
            let id =
                id.filter(|id| !id.is_empty()).map_or_else(|| format!("call_{}_{}", self.id, self.count), Into::into);
            call.insert("id".into(), id.into());
            call.insert("type".into(), "function".into());
            put(&mut function, "name", name);
        }
        call.insert("function".into(), function);
        if let Some(signature) = signature {
            // As Google's own endpoint of this wire has it.
            call.insert("extra_content".into(), json!({ "google": { "thought_signature": signature } }));
        }
        call
    }

    fn frame(&mut self, mut delta: Value, finish: Option<&str>) -> Value {
        if !self.begun {
            self.begun = true;
            put(&mut delta, "role", "assistant");
        }
        let mut chunk = self.head("chat.completion.chunk");
        chunk.insert("choices".into(), json!([{ "index": 0, "delta": delta, "finish_reason": finish }]));
        Value::Object(chunk)
    }

    fn head(&self, object: &str) -> Map<String, Value> {
        let fields: [(&str, Value); 4] = [
            ("id", format!("chatcmpl-{}", self.id).into()),
            ("object", object.into()),
            ("created", self.created.into()),
            ("model", self.model.as_str().into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// A reason to finish in this wire's words. Source: the providers' documents of 2026.
    fn reason(&self, reason: &str) -> String {
        let word = match reason {
            "MAX_TOKENS" | "length" | "max_tokens" => "length",
            "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY"
            | "content_filter" => "content_filter",
            _ if self.count > 0 => "tool_calls",
            _ => "stop",
        };
        word.to_owned()
    }
}

fn counted(usage: Usage) -> Value {
    let (input, output) = (usage.input.unwrap_or(0), usage.output.unwrap_or(0));
    json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input.saturating_add(output) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces() -> Vec<Piece> {
        let call = |name: &str| Piece::ToolCall {
            index: 0,
            id: None,
            name: Some(name.into()),
            arguments: "{\"a\":1}".into(),
            signature: Some("sig".into()),
        };
        vec![
            Piece::Reasoning("hm".into()),
            Piece::Text("so".into()),
            call("f"),
            call("g"),
            Piece::Usage(Usage { input: Some(4), output: Some(2) }),
            Piece::Finish("STOP".into()),
            Piece::End,
        ]
    }

    #[test]
    fn a_whole_answer_with_everything_in_it() {
        let mut answer = Answering::new("7".into(), "m", 100);
        for piece in pieces() {
            answer.keep(piece);
        }
        let call = |name: &str, at: u8| {
            json!({ "id": format!("call_7_{at}"), "type": "function", "function": { "name": name, "arguments": "{\"a\":1}" },
                "extra_content": { "google": { "thought_signature": "sig" } } })
        };
        assert_eq!(
            answer.whole(),
            json!({
                "id": "chatcmpl-7", "object": "chat.completion", "created": 100, "model": "m",
                "choices": [{ "index": 0, "finish_reason": "tool_calls", "message": {
                    "role": "assistant", "content": "so", "reasoning_content": "hm", "tool_calls": [call("f", 1), call("g", 2)],
                } }],
                "usage": { "prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6 },
            })
        );
    }

    #[test]
    fn the_same_chunk_by_chunk() {
        let mut answer = Answering::new("7".into(), "m", 100);
        let mut chunks: Vec<Value> = pieces().iter().filter_map(|piece| answer.chunk(piece)).collect();
        chunks.extend(answer.last(true));
        let deltas: Vec<Value> = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].clone()).collect();
        assert_eq!(deltas[0], json!({ "role": "assistant", "reasoning_content": "hm" }));
        assert_eq!(deltas[1], json!({ "content": "so" }));
        assert_eq!(
            (&deltas[2]["tool_calls"][0]["index"], &deltas[3]["tool_calls"][0]["index"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(chunks[4]["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(chunks[5]["usage"]["total_tokens"], 6);
        assert_eq!(chunks[5]["choices"], json!([]));
        assert_eq!(answer.last(false).len(), 1);
    }

    #[test]
    fn reasons_to_finish_in_one_language() {
        let of = |word: &str| Answering::new(String::new(), "m", 0).reason(word);
        assert_eq!(
            ["STOP", "MAX_TOKENS", "SAFETY", "length", "load"].map(of),
            ["stop", "length", "content_filter", "length", "stop"]
        );
    }
}
