//! Recorded exchanges: as JSON objects, or as raw HTTP the way `curl -i` prints it.

use serde_json::Value;

use crate::domain::exchange::Head;

/// What part of an exchange is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The headers of an answer or of a refusal.
    Headers,
    /// A refusal with its body.
    Error,
    /// The body of an answer that came in pieces.
    Stream,
    /// A list of models.
    Models,
}

impl Kind {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Error => "error",
            Self::Stream => "stream",
            Self::Models => "models",
        }
    }
}

/// A recorded exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// Who answered, as the catalogue names it.
    pub provider: String,
    /// What is recorded.
    pub kind: Kind,
    /// Status and headers.
    pub head: Head,
    /// The body, as far as it was kept.
    pub body: String,
    /// What it should mean, if the recording says so.
    pub meaning: Option<Value>,
}

/// A text that is no recorded exchange; says what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// The exchanges in a text. `provider`: who answered, over what the text says; raw HTTP needs it.
pub fn read(text: &str, provider: Option<&str>) -> Result<Vec<Exchange>, Unreadable> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with("HTTP/") {
        return raw(text, provider.unwrap_or("")).map(|one| vec![one]);
    }
    let mut found = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let value = value.map_err(|error| {
            Unreadable(format!("neither a recorded exchange in JSON nor HTTP as `curl -i` prints it: {error}"))
        })?;
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values {
            found.push(recorded(&value, provider)?);
        }
    }
    if found.is_empty() { Err(Unreadable("there is nothing in it".into())) } else { Ok(found) }
}

fn recorded(value: &Value, provider: Option<&str>) -> Result<Exchange, Unreadable> {
    let fields = value.as_object().ok_or_else(|| Unreadable("a recorded exchange is a JSON object".into()))?;
    if !fields.contains_key("headers") && !fields.contains_key("body") && !fields.contains_key("status") {
        return Err(Unreadable("no status, no headers, no body: this is no recorded exchange".into()));
    }
    let status = fields.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = match fields.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let head = Head { status: status.unwrap_or(200), headers: headers(fields.get("headers").unwrap_or(&Value::Null)) };
    let kind = match fields.get("kind").and_then(Value::as_str) {
        Some("headers") => Kind::Headers,
        Some("error") => Kind::Error,
        Some("stream") => Kind::Stream,
        Some("models") => Kind::Models,
        Some(other) => {
            return Err(Unreadable(format!("kind `{other}` is none of headers, error, stream, models")));
        }
        None => guess(&head, &body),
    };
    let own = fields.get("provider").and_then(Value::as_str).unwrap_or_default();
    Ok(Exchange {
        provider: provider.unwrap_or(own).to_owned(),
        kind,
        head,
        body,
        meaning: fields.get("meaning").filter(|meaning| meaning.is_object()).cloned(),
    })
}

/// Ordered pairs, or an object.
fn headers(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(pairs) => {
            pairs.iter().filter_map(|pair| Some((pair.get(0)?.as_str()?.to_lowercase(), text(pair.get(1)?)))).collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
        _ => Vec::new(),
    }
}

/// The last response of those that `curl -i` prints: before it may stand a proxy's, a redirect, a `100 Continue`.
fn raw(text: &str, provider: &str) -> Result<Exchange, Unreadable> {
    let mut rest = text;
    loop {
        let (block, body) = cut(rest);
        let mut lines = block.lines();
        let status = lines.next().and_then(|line| line.split_whitespace().nth(1)).and_then(|word| word.parse().ok());
        let status: u16 = status.ok_or_else(|| Unreadable("the first line has no status".into()))?;
        if body.starts_with("HTTP/") {
            rest = body;
            continue;
        }
        let pair = |line: &str| {
            line.split_once(':').map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
        };
        let head = Head { status, headers: lines.filter_map(pair).collect() };
        let kind = guess(&head, body);
        return Ok(Exchange { provider: provider.to_owned(), kind, head, body: body.to_owned(), meaning: None });
    }
}

/// Headers and body, set apart by the first empty line.
fn cut(text: &str) -> (&str, &str) {
    let ends = ["\r\n\r\n", "\n\n"].iter().filter_map(|end| text.find(end).map(|at| (at, end.len())));
    ends.min().and_then(|(at, len)| Some((text.get(..at)?, text.get(at + len..)?))).unwrap_or((text, ""))
}

fn guess(head: &Head, body: &str) -> Kind {
    if !(200..300).contains(&head.status) {
        return Kind::Error;
    }
    let kind = head.get("content-type").unwrap_or_default();
    let begin = body.trim_start();
    if kind.contains("event-stream")
        || kind.contains("ndjson")
        || ["data:", "event:", ":"].iter().any(|mark| begin.starts_with(mark))
    {
        return if begin.is_empty() { Kind::Headers } else { Kind::Stream };
    }
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(fields))
            if fields.get("data").or_else(|| fields.get("models")).is_some_and(Value::is_array) =>
        {
            Kind::Models
        }
        Err(_) if begin.starts_with('{') => Kind::Stream,
        _ => Kind::Headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_prints() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/2 429 \r\nRetry-After: 7\r\nx-a: b: c\r\n\r\n{\"error\":\"slow\"}\n\nmore";
        let one = read(text, Some("groq")).unwrap().remove(0);
        assert_eq!((one.head.status, one.kind, one.provider.as_str()), (429, Kind::Error, "groq"));
        assert_eq!(one.head.get("x-a"), Some("b: c"));
        assert_eq!(one.body, "{\"error\":\"slow\"}\n\nmore");
        let stream = read("HTTP/1.1 200 OK\nContent-Type: text/event-stream\n\ndata: [DONE]\n\n", None).unwrap();
        assert_eq!(stream[0].kind, Kind::Stream);
        assert_eq!(read("HTTP/1.1 200 OK\n\n{\"data\":[]}", None).unwrap()[0].kind, Kind::Models);
        assert_eq!(read("HTTP/1.1 200 OK\n\n{\"a\":1}\n{\"a\":2}", None).unwrap()[0].kind, Kind::Stream);
    }

    #[test]
    fn what_is_no_recording() {
        for text in ["", "hello", "{}", "[7]", "HTTP/1.1", "{\"body\":\"\",\"kind\":\"odd\"}", "{\"body\":"] {
            assert!(read(text, None).is_err(), "{text}");
        }
        let one = read(r#"{"provider":"a","headers":{"X-A":1},"status":404}"#, Some("b")).unwrap().remove(0);
        assert_eq!((one.provider.as_str(), one.kind, one.head.get("x-a")), ("b", Kind::Error, Some("1")));
    }
}
