//! What went wrong with an attempt, named after what to do next. Knows no provider's words: those are read on the
//! floor above.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::quota::limit::Reading;

/// What a failed response means. The text of the response outranks its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A short window of the caller is spent: rest until it reopens, go to the next lane.
    RateLimited,
    /// A long window (over an hour) is spent: rest until its reset.
    QuotaExhausted,
    /// The provider's own capacity: rest this model for seconds.
    Overloaded,
    /// Not entitled or unpaid: out of the rotation; only the user can change it.
    Payment,
    /// A wrong or missing key: the account is out of the rotation.
    Auth,
    /// Can never pass on this model: a lane with more room, no waiting.
    TooLarge,
    /// The model is not there any more: the lane is out.
    Gone,
    /// The request itself is at fault: back to the asker, nothing rests.
    BadRequest,
    /// The provider broke: next lane; this one rests 2 s, doubling to 60 s.
    Server,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RateLimited,
        Self::QuotaExhausted,
        Self::Overloaded,
        Self::Payment,
        Self::Auth,
        Self::TooLarge,
        Self::Gone,
        Self::BadRequest,
        Self::Server,
    ];

    /// The class in snake case, as it is written in files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::Payment => "payment",
            Self::Auth => "auth",
            Self::TooLarge => "too_large",
            Self::Gone => "gone",
            Self::BadRequest => "bad_request",
            Self::Server => "server",
        }
    }

    /// The class in words, as it is told to people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RateLimited => "rate limited",
            Self::QuotaExhausted => "quota spent",
            Self::Overloaded => "overloaded",
            Self::Payment => "payment",
            Self::Auth => "bad key",
            Self::TooLarge => "too large",
            Self::Gone => "model gone",
            Self::BadRequest => "bad request",
            Self::Server => "server error",
        }
    }
}

/// What a refusal covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The key.
    Key,
    /// The account, with all its keys and models.
    Account,
    /// The one model.
    Model,
    /// Nobody said.
    Unknown,
}

/// Bytes that are kept of a body: 16 kB.
pub const LONGEST_BODY: usize = 16_000;

/// Why an attempt did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do next.
    pub class: Class,
    /// What it covers, as far as that is told.
    pub scope: Scope,
    /// The provider's own words, harmless and short; or ours where it said nothing.
    pub message: String,
    /// The wait that was told, if any.
    pub wait: Option<Duration>,
    /// The limits that the refusal named.
    pub readings: Vec<Reading>,
    /// The response's body, without secrets, cut to [`LONGEST_BODY`]; None: there was none.
    pub body: Option<String>,
}

impl Failure {
    /// A failure of which nothing is told but its class and a sentence.
    pub const fn new(class: Class, message: String) -> Self {
        Self { class, scope: Scope::Unknown, message, wait: None, readings: Vec::new(), body: None }
    }

    /// As much of a body as is kept; None: it is empty.
    pub fn kept(body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(body);
        let end = (0..=LONGEST_BODY.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.get(..end).filter(|kept| !kept.is_empty()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_up_to_a_bound_and_never_cut_within_a_letter() {
        assert_eq!((Failure::kept(b""), Failure::kept(b"no")), (None, Some("no".into())));
        let long = format!("x{}", "é".repeat(LONGEST_BODY));
        assert_eq!(Failure::kept(long.as_bytes()).unwrap().len(), LONGEST_BODY - 1);
    }

    #[test]
    fn a_class_is_written_by_its_key() {
        for class in Class::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.key());
        }
    }
}
