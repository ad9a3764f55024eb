//! Wire codecs, pure and in both directions: a request to a body, a stream of bytes to pieces of an answer.

use bytes::Bytes;

use crate::domain::conversation::Request;
use crate::domain::exchange::{KeyHeader, Outgoing};
use crate::domain::roster::{Dialect, LaneSpec, Wire};

/// What an answer is made of.
pub mod piece;

/// Bytes to JSON values.
pub mod body;

/// Fields of JSON objects.
mod object;

/// The chat completions of `OpenAI`.
pub mod openai;

/// A request of an asker of this wire, as it came.
pub mod outline;

/// The same, read whole.
pub mod asking;

/// Answers for askers of this wire.
pub mod answering;

/// Gemini's own wire.
pub mod gemini;

/// Ollama's own wire.
pub mod ollama;

/// A stream of bytes to pieces, on each wire.
pub mod decoder;

/// An answer on its way to its asker.
pub mod relay;

/// Anthropic's own stream, read only.
pub mod anthropic;

/// Cohere's own stream, read only.
pub mod cohere;

pub use crate::providers::wire::decoder::Decoder;
use crate::providers::wire::outline::Outline;

/// Puts a request into the wire format of a lane.
pub fn encode(lane: &LaneSpec, request: &Request) -> Outgoing {
    let model = lane.id.model();
    let body = match lane.wire {
        Wire::Openai => openai::encode(model, request, tells_usage(lane)),
        Wire::Gemini => gemini::encode(request),
        Wire::Ollama => ollama::encode(model, request),
    };
    addressed(lane, Bytes::from(body.to_string()))
}

/// Puts an asker's request into the wire format of a lane: as it came where that is the same wire, but for the model.
/// Err: what is wrong with it.
pub fn forward(lane: &LaneSpec, asked: &Outline) -> Result<Outgoing, String> {
    if lane.wire == Wire::Openai {
        return Ok(addressed(lane, asked.for_model(lane.id.model(), tells_usage(lane))));
    }
    // What this wire has no word for means nothing, or something else, on another one.
    let request = Request { extra: serde_json::Map::new(), ..asking::read(asked.body())? };
    Ok(encode(lane, &request))
}

fn addressed(lane: &LaneSpec, body: Bytes) -> Outgoing {
    let (path, header) = match lane.wire {
        Wire::Openai => ("chat/completions".to_owned(), KeyHeader::Bearer),
        Wire::Gemini => (gemini::path(lane.id.model()), KeyHeader::Google),
        Wire::Ollama => ("api/chat".to_owned(), KeyHeader::Bearer),
    };
    Outgoing {
        url: format!("{}/{path}", lane.base_url.trim_end_matches('/')),
        key: lane.key.clone().map(|key| (header, key)),
        headers: lane.headers.clone(),
        proxy: lane.proxy.clone(),
        body,
    }
}

/// Whether `stream_options` may be sent: Cohere's compatible endpoint is said to refuse it, and tells its usage unasked.
fn tells_usage(lane: &LaneSpec) -> bool {
    lane.dialect != Dialect::Cohere
}
