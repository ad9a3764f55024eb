//! What an answer says of an account.

use crate::domain::quota::limit::Reading;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The limits, by what they are counted on.
    pub limits: Vec<Limits>,
    /// What the user should know, a sentence each, beginning with the account's name.
    pub notices: Vec<String>,
}

/// Limits that are counted on one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// The model; None: the whole account.
    pub model: Option<String>,
    /// The limits. What they say may be a minute old: `OpenRouter` says of its own answer that it is.
    pub readings: Vec<Reading>,
}

impl Answer {
    /// These limits of the whole account, if there are any, and these sentences.
    pub(in crate::providers) fn of(readings: Vec<Reading>, notices: Vec<String>) -> Self {
        let limits = if readings.is_empty() { Vec::new() } else { vec![Limits { model: None, readings }] };
        Self { limits, notices }
    }
}
