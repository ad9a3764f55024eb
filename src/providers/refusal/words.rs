//! The words of a refusal, in whatever shape they came: an object, an array of one, a string, JSON inside a string,
//! a page. Judges nothing.

use serde_json::Value;

/// Bytes of sentences that are read; no provider says as much.
const MOST: usize = 16 * 1024;

/// How deep errors stand in errors.
const DEEPEST: u8 = 6;

/// The words of a refusal.
#[derive(Debug, Default)]
pub struct Words {
    /// The first sentence for people.
    pub message: String,
    /// All sentences, the outermost first.
    pub texts: String,
    /// Everything that names the error: codes, types, states, reasons, sentences; in lower case.
    pub all: String,
    /// Google's `details`.
    pub details: Vec<Value>,
    /// What a router's upstream said, in lower case.
    pub raw: String,
    /// Headers that stand in the body, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Words {
    /// The words of a body.
    pub fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut words = Self::default();
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => words.collect(&value, 0),
            // A page's tags say nothing to anybody.
            Err(_) if text.trim_start().starts_with('<') => {}
            Err(_) => words.collect(&Value::String(text.into_owned()), 0),
        }
        words.all = words.all.to_lowercase();
        words.raw = words.raw.to_lowercase();
        words
    }

    /// Whether any of these stands in the words; in lower case.
    pub fn has(&self, needles: &[&str]) -> bool {
        needles.iter().any(|needle| self.all.contains(needle))
    }

    fn collect(&mut self, value: &Value, depth: u8) {
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::Array(items) => items.iter().take(4).for_each(|item| self.collect(item, depth + 1)),
            Value::String(text) => self.sentence(text, depth),
            Value::Object(fields) => {
                for key in ["error", "errors", "message", "detail", "msg", "title", "x_groq", "availability"] {
                    if let Some(inner) = fields.get(key) {
                        self.collect(inner, depth + 1);
                    }
                }
                for key in ["code", "type", "error_type", "status", "reason"] {
                    match fields.get(key) {
                        Some(Value::String(text)) => self.name(text),
                        Some(number @ Value::Number(_)) => self.name(&format!("#{number}")),
                        _ => {}
                    }
                }
                if let Some(Value::Array(details)) = fields.get("details") {
                    for detail in details {
                        self.name(detail["reason"].as_str().unwrap_or_default());
                    }
                    self.details.extend(details.iter().take(32).cloned());
                }
                if let Some(Value::Object(metadata)) = fields.get("metadata") {
                    for key in ["error_type", "limit_source"] {
                        self.name(metadata.get(key).and_then(Value::as_str).unwrap_or_default());
                    }
                    if let Some(raw) = metadata.get("raw") {
                        self.raw.push_str(&raw.as_str().map_or_else(|| raw.to_string(), str::to_owned));
                    }
                    if let Some(Value::Object(headers)) = metadata.get("headers") {
                        self.headers.extend(headers.iter().filter_map(header));
                    }
                }
            }
            _ => {}
        }
    }

    /// A sentence; if JSON stands in it, that is read, too.
    fn sentence(&mut self, text: &str, depth: u8) {
        let inner = text.find(['{', '[']).and_then(|at| text.get(at..)).and_then(embedded);
        match inner {
            Some((inner, is_all)) if is_all && text.trim_start().starts_with(['{', '[']) => {
                self.collect(&inner, depth + 1);
            }
            Some((inner, _)) => {
                self.add(text);
                self.collect(&inner, depth + 1);
            }
            None => self.add(text),
        }
    }

    fn add(&mut self, text: &str) {
        if self.message.is_empty() {
            text.clone_into(&mut self.message);
        }
        if self.texts.len() + text.len() <= MOST {
            self.texts.push_str(text);
            self.texts.push('\n');
        }
        self.name(text);
    }

    fn name(&mut self, text: &str) {
        if self.all.len() + text.len() <= 2 * MOST {
            self.all.push(' ');
            self.all.push_str(text);
        }
    }
}

/// The JSON object or array at the beginning of a text, and whether the text ends with it. Proxies print their
/// upstream's error as Python does: `b'{...}'`.
fn embedded(text: &str) -> Option<(Value, bool)> {
    let first = |text: &str| {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let value = values.next()?.ok().filter(|value| value.is_object() || value.is_array())?;
        let rest = text.get(values.byte_offset()..).unwrap_or_default();
        Some((value, rest.trim().is_empty()))
    };
    first(text).or_else(|| if text.contains("\\n") { first(&text.replace("\\n", " ")) } else { None })
}

fn header((name, value): (&String, &Value)) -> Option<(String, String)> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some((name.to_lowercase(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (body, message, named) in [
            (r#"{"error":{"message":"No room","code":"full"}}"#, "No room", "full"),
            (r#"[{"error":{"message":"No room","status":"FULL"}}]"#, "No room", "full"),
            (r#"{"error":"No room"}"#, "No room", "no room"),
            (r#""No room""#, "No room", "no room"),
            (r#"{"detail":"No room"}"#, "No room", "no room"),
            (r#"{"errors":[{"message":"No room","code":17}]}"#, "No room", "#17"),
            (r#"{"status":429,"title":"No room"}"#, "No room", "#429"),
            (r#"{"message":{"detail":[{"msg":"No room"}]}}"#, "No room", "no room"),
            (r#"{"error":{"message":"{\"error\":{\"message\":\"No room\",\"status\":\"X\"}}"}}"#, "No room", " x"),
            (
                r#"{"error":{"message":"Up: b'{\"error\": {\"message\": \"No room\"}}'"}}"#,
                "Up: b'{\"error\": {\"message\": \"No room\"}}'",
                "no room",
            ),
            ("no json", "no json", "no json"),
            ("<html>busy</html>", "", ""),
            ("", "", ""),
        ] {
            let words = Words::of(body.as_bytes());
            assert_eq!(words.message, message, "{body}");
            assert!(words.all.contains(named), "{body}: {}", words.all);
        }
    }

    #[test]
    fn headers_in_a_body_and_older_errors() {
        let words = Words::of(br#"{"error":{"message":"Outer","metadata":{"headers":{"X-Left":"1","X-Of":2},"previous_errors":[{"message":"Inner"}],"raw":"Upstream"}}}"#);
        assert_eq!(words.headers.len(), 2);
        assert!(!words.all.contains("inner") && !words.all.contains("upstream"));
        assert_eq!(words.raw, "upstream");
    }
}
