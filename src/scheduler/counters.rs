//! What was counted since the start: attempts and tokens by origin, lane and outcome. Pure; nothing of it is kept.

use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::conversation::Usage;
use crate::scheduler::link::call::Count;

/// The counters.
#[derive(Debug, Default)]
pub struct Counters {
    counts: Vec<Count>,
    waited: Duration,
    calls: u64,
}

impl Counters {
    /// An attempt has ended.
    pub fn ended(&mut self, attempt: &Attempt) {
        let outcome = match attempt.outcome {
            Outcome::Running => return,
            Outcome::Answered => "answered",
            Outcome::Failed(class) => class.word(),
            Outcome::Cancelled => "cancelled",
            Outcome::Interrupted => "interrupted",
        };
        let same = |one: &Count| one.outcome == outcome && one.origin == attempt.origin && one.lane == attempt.lane;
        let at = self.counts.iter().position(same).unwrap_or_else(|| {
            let (origin, lane, usage) = (attempt.origin, attempt.lane.clone(), Usage::default());
            self.counts.push(Count { origin, lane, outcome, attempts: 0, usage });
            self.counts.len() - 1
        });
        let Some(count) = self.counts.get_mut(at) else { return };
        count.attempts += 1;
        let add =
            |sum: Option<u64>, more: Option<u64>| more.map_or(sum, |more| Some(sum.unwrap_or(0).saturating_add(more)));
        count.usage.input = add(count.usage.input, attempt.usage.input);
        count.usage.output = add(count.usage.output, attempt.usage.output);
    }

    /// A call has got a lane after this long.
    pub fn waited(&mut self, wait: Duration) {
        self.waited = self.waited.saturating_add(wait);
        self.calls += 1;
    }

    /// What was counted.
    pub fn counts(&self) -> Vec<Count> {
        self.counts.clone()
    }

    /// The waits of all calls together, and how many calls there were.
    pub const fn waits(&self) -> (Duration, u64) {
        (self.waited, self.calls)
    }
}
