//! What a provider answers to a request of which only the sizes matter: the head as it would be sent, and of the body
//! what comes when. For simulated days, in which nobody reads the words. Counts nothing.

use std::time::Duration;

use bytes::Bytes;

use crate::domain::exchange::Head;
use crate::sim::exchange::Ending;
use crate::sim::world::dice::Dice;
use crate::sim::world::speech::Pace;

/// A response, planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// From the request to the head.
    pub head_after: Duration,
    /// Status and headers.
    pub head: Head,
    /// What follows.
    pub then: Then,
    /// Whether a limit of the caller's was in the way.
    pub over_limit: bool,
}

/// What follows a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// At once, the body of a refusal.
    Refused(Bytes),
    /// A whole answer.
    Answered {
        /// From the head to the first word.
        first: Duration,
        /// From the first word to the last, and the usage.
        rest: Duration,
    },
    /// Half an answer.
    Broken {
        /// From the head to the first word.
        first: Duration,
        /// From the first word to the middle of the answer.
        half: Duration,
        /// What comes then: a cut, or silence.
        ending: Ending,
    },
}

impl Reply {
    /// A refusal.
    pub(crate) fn refused(head_after: Duration, head: Head, body: Bytes, over_limit: bool) -> Self {
        Self { head_after, head, then: Then::Refused(body), over_limit }
    }

    /// An answer of `tokens`, which breaks off in its middle with `ending` unless that is clean.
    pub(crate) fn answered(head: Head, pace: Pace, tokens: u64, ending: Ending, dice: &mut Dice) -> Self {
        let head_after = dice.around(pace.head, pace.jitter);
        let first = dice.around(pace.first_token, pace.jitter).saturating_sub(head_after);
        let words = u32::try_from(tokens.saturating_sub(1)).unwrap_or(u32::MAX);
        let rest = dice.around(pace.gap.saturating_mul(words), pace.jitter);
        let then = match ending {
            Ending::Clean => Then::Answered { first, rest },
            Ending::Cut | Ending::Stall => Then::Broken { first, half: rest / 2, ending },
        };
        Self { head_after, head, then, over_limit: false }
    }

    /// The least time that an answer of `tokens` can take, from the request to its last word.
    pub(crate) fn least(pace: Pace, tokens: u64) -> Duration {
        let words = u32::try_from(tokens.saturating_sub(1)).unwrap_or(u32::MAX);
        // A millisecond for each of three numbers that are cut to whole ones.
        let span = pace.first_token + pace.gap.saturating_mul(words);
        span.mul_f64(1.0 - pace.jitter).saturating_sub(Duration::from_millis(3))
    }
}
