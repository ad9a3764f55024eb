//! Floor 1: all that knows a provider's JSON. Wire codecs are pure, in both directions; one file opens connections.

/// Bytes to server-sent events.
pub mod sse;

/// Requests to bodies, streams to pieces.
pub mod wire;

/// Refusals: what the body and the headers of a failed response mean.
pub mod refusal;

/// The HTTP client.
pub mod http;

/// What is wrong in a file of settings.
pub mod mistake;

/// The providers, as files describe them.
pub mod catalogue;

/// The user's config.
pub mod config;

/// Catalogue, config and keys to lanes.
pub mod assemble;

/// Models that no file can list.
pub mod discover;

/// What an account may use, asked without using any of it.
pub mod account;

/// Lists of models.
pub mod models;

/// Recorded exchanges, read as live ones are.
pub mod inspect;
