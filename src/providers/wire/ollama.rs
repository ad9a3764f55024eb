//! Ollama's own wire, `/api/chat`: one JSON value a line, the last one with `done`. Images go as bare base64.

use serde_json::{Map, Value, json};

use crate::domain::conversation::{Format, Message, Params, Part, Request, Role, ToolChoice, Usage};
use crate::providers::wire::body::Item;
use crate::providers::wire::object::put;
use crate::providers::wire::openai;
use crate::providers::wire::piece::Piece;

/// The body that asks `model` for a streamed answer.
pub fn encode(model: &str, request: &Request) -> Value {
    let mut body = request.extra.clone();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), messages(&request.messages));
    body.insert("stream".into(), true.into());
    let mut options = match body.remove("options") {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    put_options(&mut options, &request.params);
    if !options.is_empty() {
        body.insert("options".into(), Value::Object(options));
    }
    match &request.params.format {
        Some(Format::Json) => _ = body.insert("format".into(), "json".into()),
        Some(Format::Schema { schema, .. }) => _ = body.insert("format".into(), schema.clone()),
        None => {}
    }
    // The wire has no word for the choice, but who may call none needs not know of any.
    if !request.params.tools.is_empty() && request.params.tool_choice != Some(ToolChoice::None) {
        body.insert("tools".into(), openai::tools(&request.params.tools));
    }
    Value::Object(body)
}

fn put_options(options: &mut Map<String, Value>, params: &Params) {
    let fields: [(&str, Option<Value>); 7] = [
        ("num_predict", params.max_tokens.map(Into::into)),
        ("temperature", params.temperature.map(Into::into)),
        ("top_p", params.top_p.map(Into::into)),
        ("seed", params.seed.map(Into::into)),
        ("presence_penalty", params.presence_penalty.map(Into::into)),
        ("frequency_penalty", params.frequency_penalty.map(Into::into)),
        ("stop", (!params.stop.is_empty()).then(|| params.stop.clone().into())),
    ];
    options.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
}

fn messages(messages: &[Message]) -> Value {
    let encoded = messages.iter().enumerate();
    encoded.flat_map(|(at, message)| encode_message(message, messages.get(..at).unwrap_or_default())).collect()
}

/// The name of the tool that a result answers.
fn tool_name<'a>(id: &str, before: &'a [Message]) -> Option<&'a str> {
    before.iter().rev().flat_map(|message| &message.parts).find_map(|part| match part {
        Part::ToolCall { id: call, name, .. } if call == id => Some(name.as_str()),
        _ => None,
    })
}

fn encode_message(message: &Message, before: &[Message]) -> Vec<Value> {
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
            Part::ToolResult { id, content } => {
                let mut result = json!({ "role": "tool", "content": content });
                if let Some(name) = tool_name(id, before) {
                    put(&mut result, "tool_name", name);
                }
                results.push(result);
            }
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
            signature: None,
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
                    parts: vec![Part::ToolCall {
                        id: "c".into(),
                        name: "f".into(),
                        arguments: "{\"a\":1}".into(),
                        signature: None,
                    }],
                },
                Message { role: Role::Tool, parts: vec![Part::ToolResult { id: "c".into(), content: "4".into() }] },
            ],
            params: crate::domain::conversation::Params {
                max_tokens: Some(9),
                temperature: Some(0.5),
                ..Default::default()
            },
            ..Request::default()
        };
        assert_eq!(
            encode("m", &request),
            json!({
                "model": "m", "stream": true, "options": { "num_predict": 9, "temperature": 0.5 },
                "messages": [
                    { "role": "user", "content": "what?", "images": ["QQ=="] },
                    { "role": "assistant", "content": "", "tool_calls": [{ "function": { "name": "f", "arguments": { "a": 1 } } }] },
                    { "role": "tool", "content": "4", "tool_name": "f" },
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
                vec![Piece::ToolCall {
                    index: 0,
                    id: None,
                    name: Some("f".into()),
                    arguments: "{\"a\":1}".into(),
                    signature: None,
                }],
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
