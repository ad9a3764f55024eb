//! Reads a chat completions request, by itself: what roundel's own wire writes is here read by another hand. Reads only
//! what the world needs and lets the rest pass, as providers do.

use serde_json::Value;

use crate::sim::world::call::Call;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) model: String,
    /// The last thing that the user said.
    pub(crate) text: String,
    /// How many times the user has spoken.
    pub(crate) turn: usize,
    /// Whether nobody has answered yet.
    pub(crate) first: bool,
    /// A guess: four characters are a token, and each message costs four more.
    pub(crate) prompt_tokens: u64,
    pub(crate) stream: bool,
    /// Whether a stream should end with the usage.
    pub(crate) include_usage: bool,
    pub(crate) max_tokens: Option<u64>,
}

impl Question {
    /// A streamed question of which only the sizes matter.
    pub(crate) fn sized(call: Call<'_>) -> Self {
        Self {
            model: call.model.to_owned(),
            text: String::new(),
            turn: 1,
            first: true,
            prompt_tokens: call.prompt,
            stream: true,
            include_usage: true,
            max_tokens: None,
        }
    }
}

/// The question in `body`.
///
/// # Errors
/// What is wrong with it, in a sentence for the `message` of a 400.
pub(crate) fn read(body: &[u8]) -> Result<Question, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| format!("We could not parse the JSON body of your request: {error}"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let model = text("model").ok_or("you must provide a model parameter")?.to_owned();
    let messages = body.get("messages").and_then(Value::as_array).ok_or("Missing required parameter: 'messages'.")?;
    if messages.is_empty() {
        return Err("Invalid 'messages': empty array. Expected an array with minimum length 1.".into());
    }
    let spoken: Vec<(&str, String)> = messages.iter().enumerate().map(message).collect::<Result<_, _>>()?;
    let of = |wanted: &str| spoken.iter().filter(|(role, _)| *role == wanted).count();
    let characters: usize = spoken.iter().map(|(_, text)| text.chars().count().div_ceil(4) + 4).sum();
    let last = spoken.iter().rev().find(|(role, _)| *role == "user").map(|(_, text)| text.clone());
    Ok(Question {
        text: last.unwrap_or_default(),
        turn: of("user"),
        first: of("assistant") == 0,
        prompt_tokens: u64::try_from(characters).unwrap_or(u64::MAX),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        include_usage: body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false),
        max_tokens: ["max_completion_tokens", "max_tokens"].iter().find_map(|name| body.get(name)?.as_u64()),
        model,
    })
}

/// Who says what in the message at this place.
fn message((place, message): (usize, &Value)) -> Result<(&str, String), String> {
    let role = message.get("role").and_then(Value::as_str);
    let role = role.ok_or_else(|| format!("Missing required parameter: 'messages[{place}].role'."))?;
    let text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        // An assistant that only calls tools says nothing.
        Some(Value::Null) | None if role == "assistant" => String::new(),
        _ => return Err(format!("Invalid type for 'messages[{place}].content': expected a string or an array.")),
    };
    Ok((role, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_strings_and_parts() {
        let body = r#"{"model":"small-8b","stream":true,"stream_options":{"include_usage":true},"max_tokens":50,"temperature":0.2,
            "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"},{"role":"assistant","content":null},
            {"role":"user","content":[{"type":"text","text":"What is"},{"type":"image_url","image_url":{"url":"data:"}},
            {"type":"text","text":"this?"}]}]}"#;
        let expected = Question {
            model: "small-8b".into(),
            text: "What is\nthis?".into(),
            turn: 2,
            first: false,
            // 9, 2, 0 and 13 characters: 3 + 1 + 0 + 4, and four for each message.
            prompt_tokens: 24,
            stream: true,
            include_usage: true,
            max_tokens: Some(50),
        };
        assert_eq!(read(body.as_bytes()), Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, said) in [
            ("{", "We could not parse the JSON body of your request: EOF while parsing an object at line 1 column 1"),
            ("[]", "you must provide a model parameter"),
            (r#"{"model":"m"}"#, "Missing required parameter: 'messages'."),
            (
                r#"{"model":"m","messages":[]}"#,
                "Invalid 'messages': empty array. Expected an array with minimum length 1.",
            ),
            (r#"{"model":"m","messages":[{}]}"#, "Missing required parameter: 'messages[0].role'."),
            (
                r#"{"model":"m","messages":[{"role":"user","content":7}]}"#,
                "Invalid type for 'messages[0].content': expected a string or an array.",
            ),
        ] {
            assert_eq!(read(body.as_bytes()), Err(said.to_owned()), "{body}");
        }
    }
}
