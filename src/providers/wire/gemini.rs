//! Gemini's own wire, `streamGenerateContent?alt=sse`: a request to JSON, a chunk to pieces. The end of the stream is
//! the end of the connection; what the model thinks is a part with `thought`; tokens come with every chunk, cumulated.

use serde_json::{Map, Value, json};

use crate::domain::conversation::{Format, Message, Params, Part, Request, Role, Tool, ToolChoice, Usage};
use crate::providers::wire::body::Item;
use crate::providers::wire::object::put;
use crate::providers::wire::piece::Piece;

/// Where the model stands: in the path, with or without its `models/`.
pub fn path(model: &str) -> String {
    let model = model.strip_prefix("models/").unwrap_or(model);
    format!("models/{model}:streamGenerateContent?alt=sse")
}

/// The body of a request; the model stands in the path.
pub fn encode(request: &Request) -> Value {
    let mut body = request.extra.clone();
    let (system, others): (Vec<&Message>, Vec<&Message>) =
        request.messages.iter().partition(|message| message.role == Role::System);
    let system: Vec<Value> = system.iter().flat_map(|message| parts(message, &[])).collect();
    if !system.is_empty() {
        body.insert("systemInstruction".into(), json!({ "parts": system }));
    }
    body.insert("contents".into(), contents(&others));
    let mut config = match body.remove("generationConfig") {
        Some(Value::Object(config)) => config,
        _ => Map::new(),
    };
    put_params(&mut config, &request.params);
    if !config.is_empty() {
        body.insert("generationConfig".into(), Value::Object(config));
    }
    let params = &request.params;
    if !params.tools.is_empty() {
        let declared: Vec<Value> = params.tools.iter().map(declaration).collect();
        body.insert("tools".into(), json!([{ "functionDeclarations": declared }]));
    }
    if let Some(choice) = &params.tool_choice {
        let config = match choice {
            ToolChoice::Auto => json!({ "mode": "AUTO" }),
            ToolChoice::None => json!({ "mode": "NONE" }),
            ToolChoice::Required => json!({ "mode": "ANY" }),
            ToolChoice::Tool(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
        };
        body.insert("toolConfig".into(), json!({ "functionCallingConfig": config }));
    }
    Value::Object(body)
}

fn put_params(config: &mut Map<String, Value>, params: &Params) {
    let (mime, schema) = match &params.format {
        Some(Format::Json) => (Some("application/json"), None),
        Some(Format::Schema { schema, .. }) => (Some("application/json"), Some(schema.clone())),
        None => (None, None),
    };
    let fields: [(&str, Option<Value>); 9] = [
        ("maxOutputTokens", params.max_tokens.map(Into::into)),
        ("temperature", params.temperature.map(Into::into)),
        ("topP", params.top_p.map(Into::into)),
        ("seed", params.seed.map(Into::into)),
        ("presencePenalty", params.presence_penalty.map(Into::into)),
        ("frequencyPenalty", params.frequency_penalty.map(Into::into)),
        ("stopSequences", (!params.stop.is_empty()).then(|| params.stop.clone().into())),
        ("responseMimeType", mime.map(Into::into)),
        ("responseJsonSchema", schema),
    ];
    config.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
}

fn declaration(tool: &Tool) -> Value {
    let mut declared = json!({ "name": tool.name });
    if let Some(description) = &tool.description {
        put(&mut declared, "description", description.as_str());
    }
    // The one that takes JSON Schema as it is; `parameters` knows a part of it only.
    if let Some(parameters) = &tool.parameters {
        put(&mut declared, "parametersJsonSchema", parameters.clone());
    }
    declared
}

/// Turns must alternate on this wire: neighbours of one role become one.
fn contents(messages: &[&Message]) -> Value {
    let mut contents: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let role = if message.role == Role::Assistant { "model" } else { "user" };
        let parts = parts(message, messages.get(..at).unwrap_or_default());
        match contents.last_mut() {
            Some((last, held)) if *last == role => held.extend(parts),
            _ if parts.is_empty() => {}
            _ => contents.push((role, parts)),
        }
    }
    contents.into_iter().map(|(role, parts)| json!({ "role": role, "parts": parts })).collect()
}

/// What the first call of a step carries whose signature its asker did not keep, or that another provider's model made:
/// without one Gemini 3 refuses it (ai.google.dev/gemini-api/docs/thought-signatures).
const UNSIGNED: &str = "skip_thought_signature_validator";

/// `before`: the earlier messages, where the tool stands that a result answers.
fn parts(message: &Message, before: &[&Message]) -> Vec<Value> {
    let mut unsigned = true;
    let part = |part: &Part| match part {
        Part::Text(text) => Some(json!({ "text": text })),
        // What a model thought is not sent back.
        Part::Reasoning(_) => None,
        Part::Image(url) => Some(image(url)),
        Part::ToolCall { name, arguments, signature, .. } => {
            let args: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            let mut part = json!({ "functionCall": { "name": name, "args": args } });
            if let Some(signature) = signature {
                put(&mut part, "thoughtSignature", signature.as_str());
            } else if unsigned {
                put(&mut part, "thoughtSignature", UNSIGNED);
            }
            unsigned = false;
            Some(part)
        }
        Part::ToolResult { id, content } => {
            let result: Value = serde_json::from_str(content).unwrap_or_else(|_| json!({ "result": content }));
            let result = if result.is_object() { result } else { json!({ "result": result }) };
            Some(json!({ "functionResponse": { "name": tool_name(id, before), "response": result } }))
        }
    };
    message.parts.iter().filter_map(part).collect()
}

fn tool_name(id: &str, before: &[&Message]) -> String {
    let calls = before.iter().rev().flat_map(|message| &message.parts);
    let named = calls.filter_map(|part| match part {
        Part::ToolCall { id: call, name, .. } if call == id => Some(name.clone()),
        _ => None,
    });
    named.into_iter().next().unwrap_or_else(|| id.to_owned())
}

/// `data:image/png;base64,...` goes inline, any other address as it is.
fn image(url: &str) -> Value {
    match url.strip_prefix("data:").and_then(|data| data.split_once(";base64,")) {
        Some((mime, data)) => json!({ "inlineData": { "mimeType": mime, "data": data } }),
        None => json!({ "fileData": { "fileUri": url } }),
    }
}

/// The pieces of one item.
pub fn read(item: Item) -> Vec<Piece> {
    match item {
        Item::Value(_, value) => read_chunk(&value),
        Item::Text(name, text) if name == "error" => vec![Piece::Error(text)],
        Item::Done => vec![Piece::End],
        Item::Text(..) | Item::Comment => Vec::new(),
    }
}

fn read_chunk(chunk: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Some(usage) = chunk.get("usageMetadata").filter(|usage| usage.is_object()) {
        // Hidden thoughts are not among the candidates' tokens, and cost quota all the same.
        let thoughts = usage["thoughtsTokenCount"].as_u64();
        let output = usage["candidatesTokenCount"].as_u64();
        let output = if output.is_none() && thoughts.is_none() {
            None
        } else {
            Some(output.unwrap_or(0).saturating_add(thoughts.unwrap_or(0)))
        };
        pieces.push(Piece::Usage(Usage { input: usage["promptTokenCount"].as_u64(), output }));
    }
    if let Some(candidate) = chunk.pointer("/candidates/0") {
        let parts = candidate.pointer("/content/parts").and_then(Value::as_array).into_iter().flatten();
        for (index, part) in parts.enumerate() {
            read_part(part, index as u64, &mut pieces);
        }
        if let Some(reason) = candidate["finishReason"].as_str() {
            pieces.push(Piece::Finish(reason.into()));
        }
    }
    if let Some(reason) = chunk.pointer("/promptFeedback/blockReason").and_then(Value::as_str) {
        let message = format!("the provider blocked the prompt: {reason}");
        pieces.push(Piece::Error(json!({ "error": { "code": 400, "message": message } }).to_string()));
    }
    if chunk.get("error").is_some_and(|error| !error.is_null()) {
        pieces.push(Piece::Error(chunk.to_string()));
    }
    pieces
}

fn read_part(part: &Value, index: u64, pieces: &mut Vec<Piece>) {
    if let Some(text) = part["text"].as_str().filter(|text| !text.is_empty()) {
        let thought = part["thought"].as_bool() == Some(true);
        pieces.push(if thought { Piece::Reasoning(text.into()) } else { Piece::Text(text.into()) });
    }
    if let Some(call) = part.get("functionCall").filter(|call| call.is_object()) {
        pieces.push(Piece::ToolCall {
            index,
            id: call["id"].as_str().map(Into::into),
            name: call["name"].as_str().map(Into::into),
            arguments: call.get("args").map(Value::to_string).unwrap_or_default(),
            signature: part["thoughtSignature"].as_str().map(Into::into),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_with_everything_in_it() {
        let request = Request {
            messages: vec![
                Message::text(Role::System, "be brief"),
                Message {
                    role: Role::User,
                    parts: vec![Part::Text("what?".into()), Part::Image("data:image/png;base64,QQ==".into())],
                },
                Message::text(Role::User, "and that?"),
                Message {
                    role: Role::Assistant,
                    parts: vec![
                        Part::Reasoning("hm".into()),
                        Part::ToolCall {
                            id: "c1".into(),
                            name: "look".into(),
                            arguments: "{\"at\":1}".into(),
                            signature: Some("sig".into()),
                        },
                    ],
                },
                Message { role: Role::Tool, parts: vec![Part::ToolResult { id: "c1".into(), content: "blue".into() }] },
            ],
            params: crate::domain::conversation::Params { max_tokens: Some(9), ..Default::default() },
            ..Request::default()
        };
        assert_eq!(
            encode(&request),
            json!({
                "systemInstruction": { "parts": [{ "text": "be brief" }] },
                "contents": [
                    { "role": "user", "parts": [
                        { "text": "what?" }, { "inlineData": { "mimeType": "image/png", "data": "QQ==" } }, { "text": "and that?" },
                    ] },
                    { "role": "model", "parts": [{ "functionCall": { "name": "look", "args": { "at": 1 } }, "thoughtSignature": "sig" }] },
                    { "role": "user", "parts": [{ "functionResponse": { "name": "look", "response": { "result": "blue" } } }] },
                ],
                "generationConfig": { "maxOutputTokens": 9 },
            })
        );
    }

    #[test]
    fn chunks() {
        let usage = |input, output| Piece::Usage(Usage { input, output });
        for (chunk, pieces) in [
            (
                json!({ "candidates": [{ "content": { "parts": [{ "text": "hm", "thought": true }, { "text": "so" }] } }],
                    "usageMetadata": { "promptTokenCount": 4, "candidatesTokenCount": 2, "thoughtsTokenCount": 30 } }),
                vec![usage(Some(4), Some(32)), Piece::Reasoning("hm".into()), Piece::Text("so".into())],
            ),
            (
                json!({ "candidates": [{ "content": { "parts": [{ "functionCall": { "name": "f", "args": { "a": 1 } } }] }, "finishReason": "STOP" }] }),
                vec![
                    Piece::ToolCall {
                        index: 0,
                        id: None,
                        name: Some("f".into()),
                        arguments: "{\"a\":1}".into(),
                        signature: None,
                    },
                    Piece::Finish("STOP".into()),
                ],
            ),
            (json!({ "usageMetadata": { "promptTokenCount": 4 } }), vec![usage(Some(4), None)]),
            (json!({ "candidates": [{ "finishReason": "MAX_TOKENS" }] }), vec![Piece::Finish("MAX_TOKENS".into())]),
            (json!({ "candidates": [] }), vec![]),
        ] {
            assert_eq!(read(Item::Value(String::new(), chunk.clone())), pieces, "{chunk}");
        }
        for chunk in [json!({ "error": { "code": 503 } }), json!({ "promptFeedback": { "blockReason": "SAFETY" } })] {
            let pieces = read(Item::Value(String::new(), chunk));
            assert!(matches!(pieces.as_slice(), [Piece::Error(_)]), "{pieces:?}");
        }
    }
}
