//! What came of a simulated day: counts, waits, harvest lane by lane. Pure; prints nothing.

use std::collections::BTreeMap;
use std::time::Duration;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Questions asked.
    pub asked: u64,
    /// Those answered.
    pub answered: u64,
    /// Those of which a failure was shown to their askers.
    pub failed: u64,
    /// Of these, those that a lane would have taken within what was left of their asker's patience, as the world itself
    /// knows.
    pub avoidable: u64,
    /// Those lost in a restart.
    pub interrupted: u64,
    /// Those that still waited, and those in the air, when the day was over.
    pub open: [u64; 2],
    /// Tries on lanes.
    pub attempts: u64,
    /// Refusals with 429 because of a limit of the caller's.
    pub provoked: u64,
    /// Other refusals with 429: somebody else's capacity.
    pub busy: u64,
    /// From the question to the start of the attempt that answered, in milliseconds, of all that were answered;
    /// ascending.
    pub waits: Vec<u64>,
    /// Answers and their tokens, in the order of the lanes.
    pub lanes: Vec<Yield>,
    /// Why failures were shown, and how often; without numbers and names.
    pub reasons: BTreeMap<String, u64>,
}

/// What a lane gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Yield {
    /// Answers.
    pub answers: u64,
    /// Tokens of prompts and answers.
    pub tokens: u64,
    /// Refusals with 429 because of a limit.
    pub provoked: u64,
}

impl Outcome {
    /// The wait that this share (0 to 1) of the answers did not exceed.
    pub fn wait(&self, share: f64) -> Duration {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let place = ((self.waits.len() as f64 * share).ceil() as usize).clamp(1, self.waits.len().max(1)) - 1;
        Duration::from_millis(self.waits.get(place).copied().unwrap_or(0))
    }

    /// Refusals with 429 because of a limit, for a thousand answers.
    pub fn provoked_share(&self) -> f64 {
        self.provoked as f64 * 1000.0 / self.answered.max(1) as f64
    }

    /// Whether each question is accounted for, once.
    pub const fn is_whole(&self) -> bool {
        let [waiting, flying] = self.open;
        self.answered + self.failed + self.interrupted + waiting + flying == self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_by_hand() {
        let of = |waits: &[u64], share| Outcome { waits: waits.to_vec(), ..Outcome::default() }.wait(share).as_millis();
        for (waits, share, expected) in [
            (&[][..], 0.5, 0),
            (&[7], 0.5, 7),
            (&[1, 2, 3, 4], 0.5, 2),
            (&[1, 2, 3, 4], 0.95, 4),
            (&[1, 2, 3, 4], 1.0, 4),
        ] {
            assert_eq!(of(waits, share), expected, "{waits:?} {share}");
        }
    }
}
