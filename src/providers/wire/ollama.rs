//! Ollama's own wire, `/api/chat`: one JSON value a line, the last one with `done`. Images go as bare base64.

use serde_json::{Map, Value, json};

use crate::domain::conversation::{Message, Part, Request, Role, Usage};
use crate::providers::wire::body::Item;
use crate::providers::wire::piece::Piece;

/// The body that asks `model` for a streamed answer.
pub fn encode(model: &str, request: &Request) -> Value {
    let mut body = request.extra.clone();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), request.messages.iter().flat_map(encode_message).collect());
    body.insert("stream".into(), true.into());
    let mut options = match body.remove("options") {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    if let Some(most) = request.params.max_tokens {
        options.insert("num_predict".into(), most.into());
    }
    if let Some(temperature) = request.params.temperature {
        options.insert("temperature".into(), temperature.into());
    }
    if !options.is_empty() {
        body.insert("options".into(), Value::Object(options));
    }
    Value::Object(body)
}

fn encode_message(message: &Message) -> Vec<Value> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let (mut text, mut images, mut calls, mut results) = (String::new(), Vec::new(), Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::Text(more) => text.push_str(more),
            Part::Reasoning(_) => {}
            Part::Image(url) => {
                let data = url.split_once(";base64,").map_or(url.as_str(), |(_, data)| data);
                images.push(Value::from(data));
            }
            Part::ToolCall { name, arguments, .. } => {
                let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
                calls.push(json!({ "function": { "name": name, "arguments": arguments } }));
            }
            Part::ToolResult { content, .. } => results.push(json!({ "role": "tool", "content": content })),
        }
    }
    if text.is_empty() && images.is_empty() && calls.is_empty() && !results.is_empty() {
        return results;
    }
    let mut object = Map::from_iter([("role".to_owned(), role.into()), ("content".to_owned(), text.into())]);
    if !images.is_empty() {
        object.insert("images".into(), Value::Array(images));
    }
    if !calls.is_empty() {
        object.insert("tool_calls".into(), Value::Array(calls));
    }
    results.insert(0, Value::Object(object));
    results
}

/// The pieces of one item.
pub fn read(item: Item) -> Vec<Piece> {
    match item {
        Item::Value(_, value) => read_line(&value),
        Item::Done => vec![Piece::End],
        Item::Text(..) | Item::Comment => Vec::new(),
    }
}

fn read_line(line: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if line.get("error").is_some_and(|error| !error.is_null()) {
        return vec![Piece::Error(line.to_string())];
    }
    let thought = line.pointer("/message/thinking").or_else(|| line.get("thinking")).and_then(Value::as_str);
    pieces.extend(thought.filter(|text| !text.is_empty()).map(|text| Piece::Reasoning(text.into())));
    let text = line.pointer("/message/content").or_else(|| line.get("response")).and_then(Value::as_str);
    pieces.extend(text.filter(|text| !text.is_empty()).map(|text| Piece::Text(text.into())));
    let calls = line.pointer("/message/tool_calls").and_then(Value::as_array).into_iter().flatten();
    for (index, call) in calls.enumerate() {
        pieces.push(Piece::ToolCall {
            index: index as u64,
            id: call["id"].as_str().map(Into::into),
            name: call.pointer("/function/name").and_then(Value::as_str).map(Into::into),
            arguments: call.pointer("/function/arguments").map(Value::to_string).unwrap_or_default(),
        });
    }
    if line["done"].as_bool() == Some(true) {
        pieces.push(Piece::Usage(Usage {
            input: line["prompt_eval_count"].as_u64(),
            output: line["eval_count"].as_u64(),
        }));
        pieces.push(Piece::Finish(line["done_reason"].as_str().unwrap_or("stop").into()));
        pieces.push(Piece::End);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request() {
        let request = Request {
            messages: vec![
                Message {
                    role: Role::User,
                    parts: vec![Part::Text("what?".into()), Part::Image("data:image/png;base64,QQ==".into())],
                },
                Message {
                    role: Role::Assistant,
                    parts: vec![Part::ToolCall { id: "c".into(), name: "f".into(), arguments: "{\"a\":1}".into() }],
                },
                Message { role: Role::Tool, parts: vec![Part::ToolResult { id: "c".into(), content: "4".into() }] },
            ],
            params: crate::domain::conversation::Params { max_tokens: Some(9), temperature: Some(0.5) },
            ..Request::default()
        };
        assert_eq!(
            encode("m", &request),
            json!({
                "model": "m", "stream": true, "options": { "num_predict": 9, "temperature": 0.5 },
                "messages": [
                    { "role": "user", "content": "what?", "images": ["QQ=="] },
                    { "role": "assistant", "content": "", "tool_calls": [{ "function": { "name": "f", "arguments": { "a": 1 } } }] },
                    { "role": "tool", "content": "4" },
                ],
            })
        );
    }

    #[test]
    fn lines() {
        for (line, pieces) in [
            (
                json!({ "message": { "content": "so", "thinking": "hm" }, "done": false }),
                vec![Piece::Reasoning("hm".into()), Piece::Text("so".into())],
            ),
            (json!({ "response": "old" }), vec![Piece::Text("old".into())]),
            (
                json!({ "message": { "content": "", "tool_calls": [{ "function": { "name": "f", "arguments": { "a": 1 } } }] } }),
                vec![Piece::ToolCall { index: 0, id: None, name: Some("f".into()), arguments: "{\"a\":1}".into() }],
            ),
            (
                json!({ "message": { "content": "" }, "done": true, "done_reason": "length", "prompt_eval_count": 4, "eval_count": 2 }),
                vec![
                    Piece::Usage(Usage { input: Some(4), output: Some(2) }),
                    Piece::Finish("length".into()),
                    Piece::End,
                ],
            ),
            (json!({ "error": "out of memory" }), vec![Piece::Error("{\"error\":\"out of memory\"}".into())]),
            (json!({}), vec![]),
        ] {
            assert_eq!(read(Item::Value(String::new(), line.clone())), pieces, "{line}");
        }
    }
}
