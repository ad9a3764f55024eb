//! Floor 3: the endpoint. Whoever speaks `OpenAI`'s chat API draws on the same roster as the dashboard, and shows up in the
//! same log. Speaks to the scheduler by its line and knows nothing else of it.

/// How it is to be.
mod settings;

/// Errors in the API's own shape.
mod error;

/// Who may ask.
mod guard;

/// Which lanes a model's name means.
mod names;

/// What is said beside an answer.
mod fields;

/// The lists of models.
mod models;

/// What is counted, for Prometheus.
mod metrics;

/// One question and its answer.
mod chat;

/// The server.
pub mod server;

pub use crate::gateway::settings::{Caller, Settings};
