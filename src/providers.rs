//! Floor 1: all that knows a provider's JSON. Wire codecs are pure, in both directions; one file opens connections.

/// Bytes to server-sent events.
pub mod sse;

/// Requests to bodies, streams to pieces.
pub mod wire;

/// Refusals: what the body and the headers of a failed response mean.
pub mod refusal;

/// The HTTP client.
pub mod http;

/// The roster, as files describe it.
pub mod catalogue;
