//! An answer on its way to its asker, who speaks the `OpenAI` wire: passed on as it came from a lane of the same wire,
//! made anew from another one's, and read on the side. Pure: bytes in, bytes and pieces out.
//!
//! ```text
//!  lane ─ bytes ─▶ same wire, streamed:  whole events, as they came (less a usage that nobody asked for) ─▶ asker
//!                  same wire, in one:    all of it, once it is all there
//!                  another wire:         pieces ─▶ chunks, or one JSON
//!             └──▶ pieces: text, usage, errors ─▶ whoever keeps the log
//! ```

use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::domain::roster::Wire;
use crate::providers::wire::answering::Answering;
use crate::providers::wire::body::Garbled;
use crate::providers::wire::decoder::Decoder;
use crate::providers::wire::piece::Piece;

/// What ends a stream on this wire.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// The most that is held of an event, or of an answer in one: 8 MiB.
const LARGEST: usize = 8 * 1024 * 1024;

/// How the asker wants it.
#[derive(Debug, Clone)]
pub struct Manner {
    /// As a stream.
    pub stream: bool,
    /// With the usage at the end of the stream.
    pub usage: bool,
    /// The answer's id, where it is made here.
    pub id: String,
    /// The model's name, where it is made here.
    pub model: String,
    /// In seconds since 1970.
    pub created: i64,
}

/// The relay.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what the asker wants, and how far it is: each by itself")]
pub struct Relay {
    decoder: Decoder,
    stream: bool,
    usage: bool,
    /// It goes on as it came.
    verbatim: bool,
    begun: bool,
    made: Answering,
    /// An answer in one, so far.
    raw: Vec<Bytes>,
    /// Of an event, or of an answer in one, so many bytes.
    size: usize,
    /// The beginning of an event.
    held: BytesMut,
    done: bool,
}

/// What some bytes completed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Relayed {
    /// For the asker.
    pub bytes: Vec<Bytes>,
    /// For the log.
    pub pieces: Vec<Piece>,
}

impl Relay {
    /// A relay at the beginning of a body.
    pub fn new(wire: Wire, manner: Manner) -> Self {
        Self {
            decoder: Decoder::new(wire),
            stream: manner.stream,
            usage: manner.usage,
            verbatim: wire == Wire::Openai,
            begun: false,
            made: Answering::new(manner.id, &manner.model, manner.created),
            raw: Vec::new(),
            size: 0,
            held: BytesMut::new(),
            done: false,
        }
    }

    /// What `bytes` complete. Behind an error nothing is passed on.
    pub fn push(&mut self, bytes: &Bytes) -> Result<Relayed, Garbled> {
        if !self.begun {
            let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
                return Ok(Relayed::default());
            };
            self.begun = true;
            // One JSON where a stream was due, or the other way round: it is made anew.
            self.verbatim &= self.stream != matches!(first, b'{' | b'[');
        }
        match (self.verbatim, self.stream) {
            (true, true) => self.events(bytes),
            (verbatim, stream) => {
                let pieces = self.decoder.push(bytes)?;
                if verbatim {
                    self.size += bytes.len();
                    if self.size > LARGEST {
                        return Err(Garbled("the answer is larger than 8 MiB".into()));
                    }
                    self.raw.push(bytes.clone());
                }
                let bytes = if stream { self.chunks(&pieces) } else { Vec::new() };
                if !stream && !verbatim {
                    for piece in &pieces {
                        self.made.keep(piece.clone());
                    }
                }
                Ok(Relayed { bytes, pieces })
            }
        }
    }

    /// What the end of the body completes.
    pub fn finish(&mut self) -> Result<Relayed, Garbled> {
        let mut relayed = Relayed::default();
        if self.verbatim && self.stream && !self.held.is_empty() {
            // Proxies cut the last blank line off.
            self.held.extend_from_slice(b"\n\n");
            let rest = self.held.split().freeze();
            relayed = self.events(&rest)?;
        }
        let pieces = self.decoder.finish()?;
        if !self.verbatim && self.stream {
            relayed.bytes.extend(self.chunks(&pieces));
        } else if !self.verbatim {
            for piece in &pieces {
                self.made.keep(piece.clone());
            }
        }
        relayed.pieces.extend(pieces);
        Ok(relayed)
    }

    /// The last bytes of an answer that is whole.
    pub fn close(self) -> Vec<Bytes> {
        let Self { verbatim, stream, usage, done, raw, mut made, .. } = self;
        match (verbatim, stream) {
            (true, true) if done => Vec::new(),
            (true, true) => vec![Bytes::from_static(DONE)],
            (true, false) => raw,
            (false, true) => {
                let last = made.last(usage);
                last.iter().map(event).chain([Bytes::from_static(DONE)]).collect()
            }
            (false, false) => vec![Bytes::from(made.whole().to_string())],
        }
    }

    fn chunks(&mut self, pieces: &[Piece]) -> Vec<Bytes> {
        let before_error = pieces.iter().take_while(|piece| !matches!(piece, Piece::Error(_)));
        before_error.filter_map(|piece| self.made.chunk(piece)).map(|chunk| event(&chunk)).collect()
    }

    /// Whole events, neighbours together.
    fn events(&mut self, bytes: &Bytes) -> Result<Relayed, Garbled> {
        let all = if self.held.is_empty() {
            bytes.clone()
        } else {
            self.held.extend_from_slice(bytes);
            self.held.split().freeze()
        };
        let mut relayed = Relayed::default();
        // What is passed on, from where, and how far it was read.
        let (mut from, mut at) = (0, 0);
        while let Some(length) = all.get(at..).and_then(event_end) {
            let end = at + length;
            let event = all.get(at..end).unwrap_or_default();
            let pieces = self.decoder.push(event)?;
            let unasked = !self.usage && matches!(pieces.as_slice(), [Piece::Usage(_)]) && has_no_choices(event);
            let failed = pieces.iter().any(|piece| matches!(piece, Piece::Error(_)));
            if unasked || failed {
                relayed.bytes.extend((at > from).then(|| all.slice(from..at)));
                from = end;
            }
            self.done |= pieces.contains(&Piece::End);
            relayed.pieces.extend(pieces);
            at = end;
            if failed || self.done {
                break;
            }
        }
        relayed.bytes.extend((at > from).then(|| all.slice(from..at)));
        self.held.extend_from_slice(all.get(at..).unwrap_or_default());
        if self.held.len() > LARGEST {
            return Err(Garbled("a single event of the stream is larger than 8 MiB".into()));
        }
        Ok(relayed)
    }
}

fn event(chunk: &Value) -> Bytes {
    Bytes::from(format!("data: {chunk}\n\n"))
}

/// Where the first event ends, its blank line included.
fn event_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'\n')? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// Whether a chunk says `"choices": []`.
fn has_no_choices(event: &[u8]) -> bool {
    let Some(at) = event.windows(9).position(|window| window == b"\"choices\"") else { return false };
    let mut rest = event.iter().skip(at + 9).filter(|byte| !byte.is_ascii_whitespace());
    [b':', b'[', b']'].iter().all(|wanted| rest.next() == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::Usage;

    fn manner(stream: bool, usage: bool) -> Manner {
        Manner { stream, usage, id: "7".into(), model: "m".into(), created: 100 }
    }

    /// What the asker gets of `body`, cut into pieces of `size`, and what the log gets.
    fn relayed(wire: Wire, manner: Manner, body: &str, size: usize) -> (String, Vec<Piece>) {
        let mut relay = Relay::new(wire, manner);
        let (mut out, mut pieces) = (Vec::new(), Vec::new());
        let mut take = |relayed: Relayed| {
            for bytes in relayed.bytes {
                out.extend_from_slice(&bytes);
            }
            pieces.extend(relayed.pieces);
        };
        for chunk in body.as_bytes().chunks(size) {
            take(relay.push(&Bytes::copy_from_slice(chunk)).unwrap());
        }
        take(relay.finish().unwrap());
        for bytes in relay.close() {
            out.extend_from_slice(&bytes);
        }
        (String::from_utf8(out).unwrap(), pieces)
    }

    const STREAM: &str = concat!(
        ": note\r\n\r\n",
        "data: {\"id\":\"x\",\"choices\":[{\"delta\":{\"content\":\"Tides é\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\" : [ ],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );

    #[test]
    fn a_stream_goes_on_as_it_came_less_a_usage_that_nobody_asked_for() {
        let usage = Piece::Usage(Usage { input: Some(3), output: Some(2) });
        let pieces = [Piece::Text("Tides é".into()), Piece::Finish("stop".into()), usage, Piece::End];
        let without = STREAM
            .lines()
            .filter(|line| !line.contains("usage"))
            .collect::<Vec<_>>()
            .join("\n")
            .replace("\n\n\ndata: [DONE]", "\n\ndata: [DONE]");
        for size in [1, 7, 64, 4096] {
            let (out, read) = relayed(Wire::Openai, manner(true, true), STREAM, size);
            assert_eq!((out.as_str(), read.as_slice()), (STREAM, pieces.as_slice()), "{size}");
            let (out, read) = relayed(Wire::Openai, manner(true, false), STREAM, size);
            assert_eq!(out.replace('\r', "").trim_end(), without.trim_end(), "{size}");
            assert_eq!(read, pieces, "{size}");
        }
    }

    #[test]
    fn a_stream_without_its_end_mark_or_last_blank_line_gets_them() {
        let cut = STREAM.split("data: [DONE]").next().unwrap();
        assert_eq!(relayed(Wire::Openai, manner(true, true), cut, 9).0, STREAM);
        assert_eq!(relayed(Wire::Openai, manner(true, true), cut.trim_end(), 9).0, STREAM);
    }

    #[test]
    fn nothing_is_passed_on_behind_an_error() {
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"gone sk-1\"}}\n\ndata: {}\n\n";
        let mut relay = Relay::new(Wire::Openai, manner(true, true));
        let relayed = relay.push(&Bytes::from(body)).unwrap();
        assert_eq!(relayed.bytes.concat(), body.split("data: {\"error").next().unwrap().as_bytes());
        assert!(matches!(relayed.pieces.as_slice(), [Piece::Text(_), Piece::Error(_)]));
    }

    #[test]
    fn an_answer_in_one_goes_on_byte_for_byte() {
        let body = " {\"choices\":[{\"message\":{\"content\":\"so\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1},\"odd\":1.0}\n";
        for size in [1, 4096] {
            let (out, pieces) = relayed(Wire::Openai, manner(false, false), body, size);
            assert_eq!(out.trim(), body.trim());
            assert_eq!(pieces.first(), Some(&Piece::Text("so".into())));
        }
    }

    #[test]
    fn other_wires_and_other_forms_are_made_anew() {
        let gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"so\"}]},\"finishReason\":\"MAX_TOKENS\"}],\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":2}}\r\n\r\n";
        let ollama = "{\"message\":{\"content\":\"so\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":3,\"eval_count\":2}\n";
        let whole = "{\"choices\":[{\"message\":{\"content\":\"so\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";
        let streamed = "data: {\"choices\":[{\"delta\":{\"content\":\"so\"},\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        for (wire, body) in [(Wire::Gemini, gemini), (Wire::Ollama, ollama), (Wire::Openai, whole)] {
            let (out, _) = relayed(wire, manner(true, true), body, 11);
            let chunks: Vec<Value> = out
                .split("\n\n")
                .filter_map(|event| serde_json::from_str(event.strip_prefix("data: ")?).ok())
                .collect();
            let at = |chunk: usize, path: &str| chunks[chunk].pointer(path).cloned().unwrap_or_default();
            assert_eq!(at(0, "/choices/0/delta/content"), "so", "{out}");
            assert_eq!(at(1, "/choices/0/finish_reason"), "length", "{out}");
            assert_eq!(at(2, "/usage/total_tokens"), 5, "{out}");
            assert!(out.ends_with("data: [DONE]\n\n"));
        }
        for (wire, body) in [(Wire::Gemini, gemini), (Wire::Ollama, ollama), (Wire::Openai, streamed)] {
            let (out, _) = relayed(wire, manner(false, false), body, 11);
            let value: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(value["choices"][0]["message"]["content"], "so");
            assert_eq!(
                (&value["choices"][0]["finish_reason"], &value["usage"]["total_tokens"]),
                (&"length".into(), &5.into())
            );
        }
    }
}
