//! One try of a turn on one lane, as the log shows it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Usage};
use crate::domain::failure::Class;
use crate::domain::ids::{AttemptId, LaneId, TurnId};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is in the air.
    Running,
    /// It answered.
    Answered,
    /// It did not, and the class says why.
    Failed(Class),
    /// The asker stopped it.
    Cancelled,
    /// Roundel ended while it ran.
    Interrupted,
}

impl Outcome {
    /// The outcome in snake case, as it is written in files; the class of a failure is written beside it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Answered => "answered",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A row's place in the log: the attempts of a turn stand together, turns in the order in which they were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The turn.
    pub turn: TurnId,
    /// Which try of it.
    pub number: u32,
    /// The attempt.
    pub id: AttemptId,
}

/// How long rows of the log are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Older ones go.
    pub keep: Duration,
    /// Of more than these the oldest go.
    pub most: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { keep: Duration::from_hours(24 * 90), most: 200_000 }
    }
}

/// Where a page of the log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whence {
    /// With the first row.
    First,
    /// So that it ends with the last row.
    Last,
    /// So that it ends just before this place.
    Before(Place),
    /// Just behind this place.
    After(Place),
}

/// One row of the request log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id; later attempts have higher ones.
    pub id: AttemptId,
    /// The turn that it tried to answer.
    pub turn: TurnId,
    /// Which try of that turn it was, from 1.
    pub number: u32,
    /// Who asked.
    pub origin: Origin,
    /// Where it went.
    pub lane: LaneId,
    /// When it started.
    pub started: Time,
    /// The HTTP status, once it is there.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// From its start to the first token.
    pub first_token: Option<Duration>,
    /// From its start to its end.
    pub took: Option<Duration>,
    /// Tokens, as the provider counted them.
    pub usage: Usage,
    /// The response's headers as they came, oldest first; values that carry secrets or cookies are left out.
    pub headers: Vec<(String, String)>,
    /// Why this lane was chosen, where that is not plain round-robin.
    pub why: String,
    /// What came of it, in words: `3 requests per minute spent, rests 34 s`.
    pub note: String,
    /// Not a real provider: the demo's.
    pub simulated: bool,
}

impl Attempt {
    /// Its place in the log.
    pub const fn place(&self) -> Place {
        Place { turn: self.turn, number: self.number, id: self.id }
    }
}
