//! A response with the times at which its pieces come: what the world answers, and what a test's script is made of.
//! Plays nothing, knows no limits.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::domain::exchange::Head;

/// A whole response, planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// From the request to the head.
    pub head_after: Duration,
    /// Status and headers.
    pub head: Head,
    /// The body, piece by piece.
    pub frames: Vec<Frame>,
    /// What comes after the last piece.
    pub ending: Ending,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// From the piece before it (the first: from the head) to this one.
    pub after: Duration,
    /// What comes.
    pub bytes: Bytes,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    Clean,
    /// The connection breaks.
    Cut,
    /// It doesn't: nothing more ever comes.
    Stall,
}

impl Exchange {
    /// A JSON response that comes at once and in one piece.
    pub fn whole(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let frames = vec![Frame { after: Duration::ZERO, bytes: body.into() }];
        Self { head_after: Duration::ZERO, head: Head { status, headers }, frames, ending: Ending::Clean }
    }

    /// A streamed 200 in `OpenAI`'s wire that says `text`, one word each `gap`, the usage in a chunk of its own.
    pub fn spoken(text: &str, gap: Duration) -> Self {
        let mut frames = vec![event(Duration::ZERO, &chunk(&json!({"role": "assistant", "content": ""}), None))];
        let words: Vec<&str> = pieces(text);
        frames.extend(words.iter().map(|word| event(gap, &chunk(&json!({"content": word}), None))));
        frames.push(event(Duration::ZERO, &chunk(&json!({}), Some("stop"))));
        let tokens = words.len();
        let usage = json!({"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": tokens + 7});
        frames.push(event(Duration::ZERO, &json!({"choices": [], "usage": usage})));
        frames.push(done());
        let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
        Self { head_after: Duration::ZERO, head: Head { status: 200, headers }, frames, ending: Ending::Clean }
    }

    /// The same with one more header; `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a head that comes later.
    #[must_use]
    pub const fn head_after(mut self, wait: Duration) -> Self {
        self.head_after = wait;
        self
    }

    /// The same, ending after its first `frames` pieces, in this way.
    #[must_use]
    pub fn ending(mut self, frames: usize, ending: Ending) -> Self {
        self.frames.truncate(frames);
        self.ending = ending;
        self
    }

    /// The whole body in one piece.
    pub fn body(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|frame| frame.bytes.iter().copied()).collect()
    }

    /// From the request to the last piece.
    pub fn length(&self) -> Duration {
        self.head_after + self.frames.iter().map(|frame| frame.after).sum::<Duration>()
    }
}

/// A server-sent event with `data` in it.
pub(crate) fn event(after: Duration, data: &Value) -> Frame {
    Frame { after, bytes: Bytes::from(format!("data: {data}\n\n")) }
}

/// The event that ends a stream.
pub(crate) fn done() -> Frame {
    Frame { after: Duration::ZERO, bytes: Bytes::from_static(b"data: [DONE]\n\n") }
}

/// `text` in words, each with the space before it: what this world takes for tokens.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut in_word) = (0, false);
    for (at, char) in text.char_indices() {
        if char.is_whitespace() && in_word {
            found.extend(text.get(start..at));
            start = at;
        }
        in_word = !char.is_whitespace();
    }
    found.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    found
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_space_before_them() {
        assert_eq!(pieces("a bc\n\n- d "), ["a", " bc", "\n\n-", " d", " "]);
        assert_eq!(pieces(""), [""; 0]);
        assert_eq!(pieces("  ä"), ["  ä"]);
    }

    #[test]
    fn a_spoken_exchange_is_a_whole_stream() {
        let exchange = Exchange::spoken("Two words", Duration::from_millis(50));
        let body = String::from_utf8(exchange.body()).unwrap();
        let events: Vec<&str> =
            body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
        assert_eq!(
            events,
            [
                r#"{"choices":[{"delta":{"content":"","role":"assistant"},"finish_reason":null,"index":0}],"object":"chat.completion.chunk"}"#,
                r#"{"choices":[{"delta":{"content":"Two"},"finish_reason":null,"index":0}],"object":"chat.completion.chunk"}"#,
                r#"{"choices":[{"delta":{"content":" words"},"finish_reason":null,"index":0}],"object":"chat.completion.chunk"}"#,
                r#"{"choices":[{"delta":{},"finish_reason":"stop","index":0}],"object":"chat.completion.chunk"}"#,
                r#"{"choices":[],"usage":{"completion_tokens":2,"prompt_tokens":7,"total_tokens":9}}"#,
                "[DONE]",
            ]
        );
        assert_eq!(exchange.length(), Duration::from_millis(100));
    }
}
