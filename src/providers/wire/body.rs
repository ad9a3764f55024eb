//! Bytes of an answer to JSON values: server-sent events, JSON line by line, or one JSON body where a stream was due.
//! What the body begins with outranks its label. Bounded in what it holds.

use serde_json::Value;

use crate::providers::sse;

/// The largest body that is read where a stream was due, and the longest line: 8 MiB.
const LARGEST: usize = 8 * 1024 * 1024;

/// Lines that do not parse by themselves before a body is taken for one JSON text over several lines.
const PATIENCE: u32 = 32;

/// One item of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A JSON value; the name of its event, if it had one.
    Value(String, Value),
    /// An event whose data is no JSON.
    Text(String, String),
    /// `[DONE]`.
    Done,
    /// A comment line.
    Comment,
}

/// The stream could not be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Garbled(pub String);

/// How the items of a wire are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON value a line.
    Ndjson,
}

/// Reads a body.
#[derive(Debug)]
pub struct Reader {
    framing: Framing,
    mode: Mode,
}

#[derive(Debug, Default)]
enum Mode {
    #[default]
    Unknown,
    Stream(sse::Parser),
    Lines {
        held: Vec<u8>,
        failed: u32,
    },
    Whole(Vec<u8>),
}

impl Reader {
    /// At the beginning of a body.
    pub fn new(framing: Framing) -> Self {
        Self { framing, mode: Mode::Unknown }
    }

    /// Whether the body turned out to be one JSON text where a stream was due.
    pub const fn is_whole(&self) -> bool {
        matches!(self.mode, Mode::Whole(_))
    }

    /// The items that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Item>, Garbled> {
        if matches!(self.mode, Mode::Unknown) {
            match (bytes.iter().find(|byte| !byte.is_ascii_whitespace()), self.framing) {
                (None, _) => return Ok(Vec::new()),
                (Some(b'{'), Framing::Ndjson) => self.mode = Mode::Lines { held: Vec::new(), failed: 0 },
                (Some(b'{' | b'['), _) => self.mode = Mode::Whole(Vec::new()),
                (Some(_), _) => self.mode = Mode::Stream(sse::Parser::default()),
            }
        }
        match &mut self.mode {
            Mode::Unknown => Ok(Vec::new()),
            Mode::Whole(body) => hold(body, bytes).map(|()| Vec::new()),
            Mode::Stream(parser) => {
                let events = parser.push(bytes).map_err(|error| Garbled(error.to_string()))?;
                Ok(events.into_iter().map(item).collect())
            }
            Mode::Lines { held, failed } => {
                let mut items = Vec::new();
                for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                    hold(held, part)?;
                    if part.ends_with(b"\n") && *failed < PATIENCE {
                        match serde_json::from_slice(held) {
                            Ok(value) => {
                                items.push(Item::Value(String::new(), value));
                                held.clear();
                            }
                            Err(_) if held.iter().all(u8::is_ascii_whitespace) => held.clear(),
                            Err(_) => *failed += 1,
                        }
                    }
                }
                Ok(items)
            }
        }
    }

    /// The items that the end of the body completes.
    pub fn finish(&mut self) -> Result<Vec<Item>, Garbled> {
        match std::mem::take(&mut self.mode) {
            Mode::Unknown => Err(Garbled("the answer is empty".into())),
            Mode::Stream(mut parser) => Ok(parser.finish().into_iter().map(item).collect()),
            Mode::Lines { held, .. } => {
                let values = serde_json::Deserializer::from_slice(&held).into_iter::<Value>();
                values
                    .map(|value| value.map(|value| Item::Value(String::new(), value)))
                    .collect::<Result<_, _>>()
                    .map_err(|_| Garbled("the last line of the answer is cut off".into()))
            }
            Mode::Whole(body) => {
                let value = serde_json::from_slice(&body)
                    .map_err(|_| Garbled("the answer is neither a stream nor whole JSON".into()))?;
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                let items = values.into_iter().map(|value| Item::Value(String::new(), value));
                Ok(items.chain([Item::Done]).collect())
            }
        }
    }
}

fn hold(held: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Garbled> {
    if held.len() + bytes.len() > LARGEST {
        return Err(Garbled("the answer, or a line of it, is larger than 8 MiB".into()));
    }
    held.extend_from_slice(bytes);
    Ok(())
}

fn item(event: sse::Event) -> Item {
    match event {
        sse::Event::Comment(_) => Item::Comment,
        sse::Event::Message { data, .. } if data.trim() == "[DONE]" => Item::Done,
        sse::Event::Message { name, data } => match serde_json::from_str(&data) {
            Ok(value) => Item::Value(name, value),
            Err(_) => Item::Text(name, data),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(framing: Framing, body: &str) -> Result<Vec<Item>, Garbled> {
        let cut = |size: usize| {
            let mut reader = Reader::new(framing);
            let mut items = Vec::new();
            for chunk in body.as_bytes().chunks(size.max(1)) {
                items.extend(reader.push(chunk)?);
            }
            items.extend(reader.finish()?);
            Ok(items)
        };
        let whole = cut(body.len());
        for size in 1..9 {
            assert_eq!(cut(size), whole, "cut into {size}");
        }
        whole
    }

    fn value(value: Value) -> Item {
        Item::Value(String::new(), value)
    }

    #[test]
    fn line_by_line() {
        let items = read(Framing::Ndjson, "\n{\"a\":1}\r\n\n{\"b\":\"é\"}\n{\"c\":3}").unwrap();
        assert_eq!(items, [value(json!({"a": 1})), value(json!({"b": "é"})), value(json!({"c": 3}))]);
        assert_eq!(read(Framing::Ndjson, "{\n  \"error\": \"no\"\n}").unwrap(), [value(json!({"error": "no"}))]);
        assert!(read(Framing::Ndjson, "{\"a\":1}\n{\"b\":").is_err());
    }

    #[test]
    fn json_where_a_stream_was_due() {
        assert_eq!(
            read(Framing::Sse, " [{\"a\":1},\n{\"b\":2}]").unwrap(),
            [value(json!({"a": 1})), value(json!({"b": 2})), Item::Done]
        );
        assert!(read(Framing::Sse, "{\"a\"").is_err());
        assert!(read(Framing::Sse, "").is_err());
    }

    #[test]
    fn events() {
        let items = read(Framing::Sse, ": c\n\nevent: x\ndata: {\"a\":1}\n\ndata: no\n\ndata: [DONE]\n\n").unwrap();
        let expected = [
            Item::Comment,
            Item::Value("x".into(), json!({"a": 1})),
            Item::Text(String::new(), "no".into()),
            Item::Done,
        ];
        assert_eq!(items, expected);
    }
}
