//! Wire codecs, pure and in both directions: a request to a body, a stream of bytes to pieces of an answer.

use bytes::Bytes;

use crate::domain::conversation::Request;
use crate::domain::exchange::{KeyHeader, Outgoing};
use crate::domain::roster::{Dialect, LaneSpec, Wire};

/// What an answer is made of.
pub mod piece;

/// Bytes to JSON values.
pub mod body;

/// The chat completions of `OpenAI`.
pub mod openai;

/// Gemini's own wire.
pub mod gemini;

/// Ollama's own wire.
pub mod ollama;

/// Anthropic's own stream, read only.
pub mod anthropic;

/// Cohere's own stream, read only.
pub mod cohere;

use crate::providers::wire::body::{Framing, Garbled, Item, Reader};
use crate::providers::wire::piece::Piece;

/// Puts a request into the wire format of a lane.
pub fn encode(lane: &LaneSpec, request: &Request) -> Outgoing {
    let model = lane.id.model();
    let (path, body, header) = match lane.wire {
        Wire::Openai => {
            ("chat/completions".to_owned(), openai::encode(model, request, tells_usage(lane)), KeyHeader::Bearer)
        }
        Wire::Gemini => (gemini::path(model), gemini::encode(request), KeyHeader::Google),
        Wire::Ollama => ("api/chat".to_owned(), ollama::encode(model, request), KeyHeader::Bearer),
    };
    Outgoing {
        url: format!("{}/{path}", lane.base_url.trim_end_matches('/')),
        key: lane.key.clone().map(|key| (header, key)),
        headers: lane.headers.clone(),
        proxy: lane.proxy.clone(),
        body: Bytes::from(body.to_string()),
    }
}

/// Whether `stream_options` may be sent: Cohere's compatible endpoint is said to refuse it, and tells its usage unasked.
fn tells_usage(lane: &LaneSpec) -> bool {
    lane.dialect != Dialect::Cohere
}

/// Reads an answer as it comes.
#[derive(Debug)]
pub struct Decoder {
    wire: Wire,
    body: Reader,
}

impl Decoder {
    /// A decoder at the beginning of a body.
    pub fn new(wire: Wire) -> Self {
        let framing = match wire {
            Wire::Openai | Wire::Gemini => Framing::Sse,
            Wire::Ollama => Framing::Ndjson,
        };
        Self { wire, body: Reader::new(framing) }
    }

    /// The pieces that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, Garbled> {
        let items = self.body.push(bytes)?;
        Ok(self.read(items))
    }

    /// The pieces that the end of the body completes.
    pub fn finish(&mut self) -> Result<Vec<Piece>, Garbled> {
        let items = self.body.finish()?;
        Ok(self.read(items))
    }

    fn read(&self, items: Vec<Item>) -> Vec<Piece> {
        let read = match self.wire {
            Wire::Openai => openai::read,
            Wire::Gemini => gemini::read,
            Wire::Ollama => ollama::read,
        };
        items.into_iter().flat_map(read).collect()
    }
}
