//! A stream of bytes to the pieces of an answer, whatever the wire. Pure.

use crate::domain::roster::Wire;
use crate::providers::wire::body::{Framing, Garbled, Item, Reader};
use crate::providers::wire::piece::Piece;
use crate::providers::wire::{gemini, ollama, openai};

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

    /// Whether the body turned out to be one JSON text where a stream was due.
    pub const fn is_whole(&self) -> bool {
        self.body.is_whole()
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
