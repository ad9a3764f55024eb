//! Wire codecs, pure and in both directions: a request to a body, a stream of bytes to pieces of an answer.

use bytes::Bytes;

use crate::domain::conversation::Request;
use crate::domain::exchange::Outgoing;
use crate::domain::roster::{LaneSpec, Wire};

/// What an answer is made of.
pub mod piece;

/// Bytes to JSON values.
pub mod body;

/// The chat completions of `OpenAI`.
pub mod openai;

use crate::providers::wire::body::{Framing, Garbled, Item, Reader};
use crate::providers::wire::piece::Piece;

/// Puts a request into the wire format of a lane.
pub fn encode(lane: &LaneSpec, request: &Request) -> Outgoing {
    let (path, body) = match lane.wire {
        Wire::Openai => ("chat/completions", openai::encode(lane.id.model(), request)),
    };
    let url = format!("{}/{path}", lane.base_url.trim_end_matches('/'));
    Outgoing { url, bearer: lane.key.clone(), body: Bytes::from(body.to_string()) }
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
            Wire::Openai => Framing::Sse,
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
        };
        items.into_iter().flat_map(read).collect()
    }
}
