//! A chat completions request as JSON to the request that every wire is made from: for lanes that do not speak the wire
//! in which it came. Pure; what is wrong is said in a sentence.

use serde_json::{Map, Value};

use crate::domain::conversation::{Format, Message, Params, Part, Request, Role, Tool, ToolChoice};

/// Reads a request. What no wire but its own has a word for is kept in `extra`.
pub fn read(body: &[u8]) -> Result<Request, String> {
    let mut body: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| format!("the body is no JSON object: {error}"))?;
    let messages = match body.remove("messages") {
        Some(Value::Array(messages)) => messages.iter().enumerate().map(message).collect::<Result<_, _>>()?,
        _ => return Err("`messages` is a list".into()),
    };
    let params = params(&mut body)?;
    for ours in ["model", "stream", "stream_options"] {
        body.remove(ours);
    }
    Ok(Request { messages, params, extra: body })
}

fn params(body: &mut Map<String, Value>) -> Result<Params, String> {
    let mut take = |name: &str| body.remove(name).filter(|value| !value.is_null());
    let most = [take("max_completion_tokens"), take("max_tokens")];
    Ok(Params {
        max_tokens: most.iter().flatten().find_map(Value::as_u64),
        temperature: take("temperature").and_then(|value| value.as_f64()),
        top_p: take("top_p").and_then(|value| value.as_f64()),
        stop: match take("stop") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(Into::into).collect(),
            _ => Vec::new(),
        },
        seed: take("seed").and_then(|value| value.as_i64()),
        presence_penalty: take("presence_penalty").and_then(|value| value.as_f64()),
        frequency_penalty: take("frequency_penalty").and_then(|value| value.as_f64()),
        format: take("response_format").and_then(|value| format(&value)),
        tools: match take("tools") {
            Some(Value::Array(all)) => all.iter().map(tool).collect::<Result<_, _>>()?,
            _ => Vec::new(),
        },
        tool_choice: take("tool_choice").and_then(|value| choice(&value)),
    })
}

fn format(value: &Value) -> Option<Format> {
    match value["type"].as_str()? {
        "json_object" => Some(Format::Json),
        "json_schema" => {
            let inner = &value["json_schema"];
            Some(Format::Schema {
                name: inner["name"].as_str().unwrap_or("answer").into(),
                schema: inner["schema"].clone(),
                strict: inner["strict"].as_bool(),
            })
        }
        _ => None,
    }
}

fn tool(value: &Value) -> Result<Tool, String> {
    let function = &value["function"];
    let Some(name) = function["name"].as_str() else {
        return Err("a tool is {\"type\": \"function\", \"function\": {\"name\": ...}}".into());
    };
    Ok(Tool {
        name: name.into(),
        description: function["description"].as_str().map(Into::into),
        parameters: Some(function["parameters"].clone()).filter(|value| !value.is_null()),
        strict: function["strict"].as_bool(),
    })
}

fn choice(value: &Value) -> Option<ToolChoice> {
    match value.as_str() {
        Some("auto") => Some(ToolChoice::Auto),
        Some("none") => Some(ToolChoice::None),
        Some("required") => Some(ToolChoice::Required),
        Some(_) => None,
        None => value.pointer("/function/name")?.as_str().map(|name| ToolChoice::Tool(name.into())),
    }
}

fn message((at, value): (usize, &Value)) -> Result<Message, String> {
    let role = match value["role"].as_str() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool" | "function") => Role::Tool,
        _ => return Err(format!("`messages[{at}].role` is system, user, assistant or tool")),
    };
    if role == Role::Tool {
        let id = value["tool_call_id"].as_str().or_else(|| value["name"].as_str()).unwrap_or_default();
        let content = texts(&value["content"]);
        return Ok(Message { role, parts: vec![Part::ToolResult { id: id.into(), content }] });
    }
    let mut parts = Vec::new();
    match &value["content"] {
        Value::String(text) => parts.push(Part::Text(text.clone())),
        Value::Array(all) => {
            for one in all {
                let image = one.pointer("/image_url/url").or_else(|| one.get("image_url")).and_then(Value::as_str);
                parts.extend(match (one["type"].as_str(), &one["text"], image) {
                    (Some("image_url"), _, Some(url)) => Some(Part::Image(url.into())),
                    (_, Value::String(text), _) => Some(Part::Text(text.clone())),
                    _ => None,
                });
            }
        }
        _ => {}
    }
    for call in value["tool_calls"].as_array().into_iter().flatten() {
        let text = |path: &str| call.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        parts.push(Part::ToolCall {
            id: text("/id"),
            name: text("/function/name"),
            arguments: text("/function/arguments"),
            signature: Some(text("/extra_content/google/thought_signature")).filter(|text| !text.is_empty()),
        });
    }
    Ok(Message { role, parts })
}

/// A text, or the texts of a list of parts.
fn texts(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::wire::openai;

    /// What is read and written again is what came, but for the order of fields.
    #[test]
    fn what_it_reads_the_same_wire_writes() {
        let body = json!({
            "model": "m", "stream": true, "top_k": 5, "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["a", "b"], "seed": 7,
            "presence_penalty": 0.1, "frequency_penalty": 0.2,
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" }, "strict": true } },
            "tools": [{ "type": "function", "function": { "name": "f", "description": "d", "parameters": { "type": "object" }, "strict": true } }],
            "tool_choice": { "type": "function", "function": { "name": "f" } },
            "messages": [
                { "role": "system", "content": "be brief" },
                { "role": "user", "content": [{ "type": "text", "text": "what?" }, { "type": "image_url", "image_url": { "url": "data:x" } }] },
                { "role": "assistant", "content": null, "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
                { "role": "tool", "tool_call_id": "c", "content": "4" },
            ],
        });
        let request = read(body.to_string().as_bytes()).unwrap();
        assert_eq!(openai::encode("m", &request, false), body);
    }

    #[test]
    fn other_forms_of_the_same() {
        let body = json!({ "stop": "x", "tool_choice": "required", "max_completion_tokens": 5, "response_format": { "type": "json_object" },
            "messages": [{ "role": "developer", "content": [{ "type": "text", "text": "a" }] }, { "role": "tool", "tool_call_id": "c", "content": [{ "type": "text", "text": "4" }] }] });
        let request = read(body.to_string().as_bytes()).unwrap();
        let params = Params {
            stop: vec!["x".into()],
            tool_choice: Some(ToolChoice::Required),
            max_tokens: Some(5),
            format: Some(Format::Json),
            ..Params::default()
        };
        assert_eq!(request.params, params);
        assert_eq!(request.messages[0], Message::text(Role::System, "a"));
        assert_eq!(request.messages[1].parts, [Part::ToolResult { id: "c".into(), content: "4".into() }]);
        for (body, said) in [
            (json!({}), "`messages` is a list"),
            (json!({ "messages": [{ "role": "king" }] }), "`messages[0].role` is"),
            (json!({ "messages": [], "tools": [{}] }), "a tool is {"),
        ] {
            assert!(read(body.to_string().as_bytes()).unwrap_err().contains(said), "{body}");
        }
    }
}
