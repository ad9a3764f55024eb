//! The chat completions of `OpenAI`: a request to JSON, the JSON of a chunk or of a whole answer to pieces. Knows no
//! provider's limits, and of errors only that there is one.

use serde_json::{Map, Value, json};

use crate::domain::conversation::{Format, Message, Params, Part, Request, Role, Tool, ToolChoice, Usage};
use crate::providers::wire::body::Item;
use crate::providers::wire::object::put;
use crate::providers::wire::piece::Piece;

/// The body that asks `model` for a streamed answer. `usage`: ask for its tokens, too; who does not know that refuses.
pub fn encode(model: &str, request: &Request, usage: bool) -> Value {
    let mut body = request.extra.clone();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), request.messages.iter().flat_map(encode_message).collect());
    body.insert("stream".into(), true.into());
    if usage {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    put_params(&mut body, &request.params);
    Value::Object(body)
}

fn put_params(body: &mut Map<String, Value>, params: &Params) {
    let format = params.format.as_ref().map(|format| match format {
        Format::Json => json!({ "type": "json_object" }),
        Format::Schema { name, schema, strict } => {
            let mut inner = json!({ "name": name, "schema": schema });
            if let Some(strict) = strict {
                put(&mut inner, "strict", *strict);
            }
            json!({ "type": "json_schema", "json_schema": inner })
        }
    });
    let choice = params.tool_choice.as_ref().map(|choice| match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Tool(name) => json!({ "type": "function", "function": { "name": name } }),
    });
    let fields: [(&str, Option<Value>); 10] = [
        ("max_tokens", params.max_tokens.map(Into::into)),
        ("temperature", params.temperature.map(Into::into)),
        ("top_p", params.top_p.map(Into::into)),
        ("seed", params.seed.map(Into::into)),
        ("presence_penalty", params.presence_penalty.map(Into::into)),
        ("frequency_penalty", params.frequency_penalty.map(Into::into)),
        ("stop", (!params.stop.is_empty()).then(|| params.stop.clone().into())),
        ("response_format", format),
        ("tools", (!params.tools.is_empty()).then(|| tools(&params.tools))),
        ("tool_choice", choice),
    ];
    body.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
}

/// Tools as this wire has them, and Ollama's.
pub(in crate::providers::wire) fn tools(tools: &[Tool]) -> Value {
    let tool = |tool: &Tool| {
        let mut function = Map::from_iter([("name".to_owned(), Value::from(tool.name.as_str()))]);
        let fields = [
            ("description", tool.description.as_deref().map(Into::into)),
            ("parameters", tool.parameters.clone()),
            ("strict", tool.strict.map(Into::into)),
        ];
        function.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        json!({ "type": "function", "function": function })
    };
    tools.iter().map(tool).collect()
}

/// One message; each tool result is a message of its own on this wire.
fn encode_message(message: &Message) -> Vec<Value> {
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut content: Vec<Value> = Vec::new();
    let mut calls: Vec<Value> = Vec::new();
    let mut results: Vec<Value> = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(text) => content.push(json!({ "type": "text", "text": text })),
            Part::Image(url) => content.push(json!({ "type": "image_url", "image_url": { "url": url } })),
            // What a model thought is not sent back: providers refuse or bill it.
            Part::Reasoning(_) => {}
            Part::ToolCall { id, name, arguments, .. } => calls
                .push(json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })),
            Part::ToolResult { id, content } => {
                results.push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
            }
        }
    }
    if content.is_empty() && calls.is_empty() && !results.is_empty() {
        return results;
    }
    let mut object = Map::from_iter([("role".to_owned(), Value::from(role))]);
    // One text goes as a string: the oldest form, which every provider takes.
    let content = match content.as_slice() {
        [] => Value::Null,
        [only] if only["type"] == "text" => only["text"].clone(),
        _ => Value::Array(content),
    };
    object.insert("content".into(), content);
    if !calls.is_empty() {
        object.insert("tool_calls".into(), Value::Array(calls));
    }
    results.insert(0, Value::Object(object));
    results
}

/// The pieces of one item.
pub fn read(item: Item) -> Vec<Piece> {
    match item {
        Item::Done => vec![Piece::End],
        Item::Value(name, value) if name == "error" && value.get("error").is_none() => {
            vec![Piece::Error(value.to_string())]
        }
        Item::Value(_, value) => read_chunk(&value),
        Item::Text(name, text) if name == "error" => vec![Piece::Error(text)],
        Item::Text(..) | Item::Comment => Vec::new(),
    }
}

/// A chunk of a stream, or a whole answer: `delta` or `message`.
fn read_chunk(chunk: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten().take(1) {
        let delta = ["delta", "message"].iter().find_map(|key| choice.get(key)).filter(|delta| delta.is_object());
        if let Some(delta) = delta {
            let thought = ["reasoning_content", "reasoning"]
                .iter()
                .filter_map(|key| delta[key].as_str())
                .find(|text| !text.is_empty());
            pieces.extend(thought.map(|text| Piece::Reasoning(text.into())));
            read_content(&delta["content"], &mut pieces);
            read_calls(&delta["tool_calls"], &mut pieces);
            // The form before `tool_calls`.
            if let Some(call) = delta.get("function_call").filter(|call| call.is_object()) {
                let name = call["name"].as_str().map(Into::into);
                pieces.push(Piece::ToolCall {
                    index: 0,
                    id: None,
                    name,
                    arguments: arguments(&call["arguments"]),
                    signature: None,
                });
            }
        } else if let Some(text) = choice.get("text").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            pieces.push(Piece::Text(text.into()));
        }
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            pieces.push(Piece::Finish(reason.into()));
        }
    }
    let usage = ["/usage", "/x_groq/usage"].iter().filter_map(|at| chunk.pointer(at)).find(|usage| usage.is_object());
    if let Some(usage) = usage {
        pieces.push(Piece::Usage(Usage {
            input: usage["prompt_tokens"].as_u64(),
            output: usage["completion_tokens"].as_u64(),
        }));
    }
    if ["/error", "/x_groq/error"].iter().filter_map(|at| chunk.pointer(at)).any(|error| !error.is_null()) {
        pieces.push(Piece::Error(chunk.to_string()));
    }
    pieces
}

/// A string, or an array of parts.
fn read_content(content: &Value, pieces: &mut Vec<Piece>) {
    match content {
        Value::String(text) if !text.is_empty() => pieces.push(Piece::Text(text.clone())),
        Value::Array(parts) => {
            for part in parts {
                match (part["type"].as_str(), &part["text"], &part["thinking"]) {
                    (Some("thinking"), _, Value::String(text)) => pieces.push(Piece::Reasoning(text.clone())),
                    (Some("thinking"), _, Value::Array(inner)) => {
                        let texts = inner.iter().filter_map(|part| part["text"].as_str());
                        pieces.extend(texts.map(|text| Piece::Reasoning(text.into())));
                    }
                    (_, Value::String(text), _) => pieces.push(Piece::Text(text.clone())),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Pieces of JSON as text; some send the value itself.
fn arguments(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read_calls(calls: &Value, pieces: &mut Vec<Piece>) {
    for (position, call) in calls.as_array().into_iter().flatten().enumerate() {
        pieces.push(Piece::ToolCall {
            index: call["index"].as_u64().unwrap_or(position as u64),
            id: call["id"].as_str().map(Into::into),
            name: call.pointer("/function/name").and_then(Value::as_str).map(Into::into),
            arguments: call.pointer("/function/arguments").map(arguments).unwrap_or_default(),
            signature: call.pointer("/extra_content/google/thought_signature").and_then(Value::as_str).map(Into::into),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn read_text(chunk: &str) -> Vec<Piece> {
        serde_json::from_str(chunk).map_or_else(
            |_| read(Item::Text(String::new(), chunk.into())),
            |value| read(Item::Value(String::new(), value)),
        )
    }

    #[test]
    fn chunks() {
        let usage = Piece::Usage(Usage { input: Some(4), output: Some(2) });
        for (chunk, pieces) in [
            (r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, vec![]),
            (
                r#"{"choices":[{"delta":{"content":"Tides é"},"finish_reason":null}],"usage":null}"#,
                vec![text("Tides é")],
            ),
            (
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":4,"completion_tokens":2}}}"#,
                vec![Piece::Finish("stop".into()), usage.clone()],
            ),
            (r#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":9}}"#, vec![usage]),
            (
                r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"so"}]}}]}"#,
                vec![Piece::Reasoning("hm".into()), text("so")],
            ),
            (r#"{"choices":[{"delta":{"reasoning":"hm","content":null}}]}"#, vec![Piece::Reasoning("hm".into())]),
            (r#"{"choices":[{"delta":null,"finish_reason":"length"}]}"#, vec![Piece::Finish("length".into())]),
            (r#"{"choices":[{"text":"old"}]}"#, vec![text("old")]),
            (r#"{"choices":[{"message":{"content":"whole"}}]}"#, vec![text("whole")]),
            (
                r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#,
                vec![Piece::ToolCall {
                    index: 0,
                    id: Some("c".into()),
                    name: Some("f".into()),
                    arguments: "{".into(),
                    signature: None,
                }],
            ),
            (r#"{"choices":[]}"#, vec![]),
            (r#"{"object":"ping"}"#, vec![]),
            ("not json", vec![]),
        ] {
            assert_eq!(read_text(chunk), pieces, "{chunk}");
        }
    }

    #[test]
    fn errors_in_mid_stream() {
        for item in [
            Item::Value(String::new(), json!({"error": {"message": "gone"}})),
            Item::Value(String::new(), json!({"choices": [{"delta": {}}], "x_groq": {"error": "gone"}})),
            Item::Value("error".into(), json!({"message": "gone"})),
            Item::Text("error".into(), "gone".into()),
        ] {
            let pieces = read(item.clone());
            assert!(matches!(pieces.as_slice(), [Piece::Error(words)] if words.contains("gone")), "{item:?}");
        }
    }

    #[test]
    fn a_request_keeps_what_roundel_does_not_know() {
        let request = Request {
            messages: vec![
                Message::text(Role::System, "be brief"),
                Message { role: Role::User, parts: vec![Part::Text("what?".into()), Part::Image("data:x".into())] },
                Message {
                    role: Role::Assistant,
                    parts: vec![
                        Part::Reasoning("hm".into()),
                        Part::ToolCall { id: "c".into(), name: "f".into(), arguments: "{}".into(), signature: None },
                    ],
                },
                Message { role: Role::Tool, parts: vec![Part::ToolResult { id: "c".into(), content: "4".into() }] },
            ],
            extra: Map::from_iter([("seed".to_owned(), json!(7))]),
            ..Request::default()
        };
        assert_eq!(
            encode("m", &request, true),
            json!({
                "model": "m", "seed": 7, "stream": true, "stream_options": { "include_usage": true },
                "messages": [
                    { "role": "system", "content": "be brief" },
                    { "role": "user", "content": [
                        { "type": "text", "text": "what?" }, { "type": "image_url", "image_url": { "url": "data:x" } },
                    ] },
                    { "role": "assistant", "content": null, "tool_calls": [
                        { "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } },
                    ] },
                    { "role": "tool", "tool_call_id": "c", "content": "4" },
                ],
            })
        );
    }
}
