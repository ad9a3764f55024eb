//! The last day of a lane or an account, as its attempts tell it: hour by hour, how fast it answered, what went wrong.
//! Pure; the same from rows on the disk and from rows in memory.

use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::ids::LaneId;
use crate::domain::standing::Target;

/// Hours that are told of.
pub const HOURS: usize = 24;

/// Errors that are told of, at most.
pub const ERRORS: usize = 5;

/// Answers that are measured, at most: the newest.
pub const MEASURED: usize = 2000;

/// No answer has more tokens: a provider that tells of more is not believed.
const MOST_TOKENS: u64 = 1_000_000_000;

/// Below this an answer is too short to tell a speed.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a lane did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Up to when.
    pub until: Time,
    /// Whole hours before that, the oldest first: [`HOURS`] of them.
    pub hours: Vec<Hour>,
    /// When it was asked last, also before these hours.
    pub last: Option<Time>,
    /// From the start of an attempt to the first token, in these hours.
    pub first_token: Option<Quantiles<Duration>>,
    /// Tokens a second of an answer, in these hours.
    pub speed: Option<Quantiles<u64>>,
    /// The last errors, the newest first; at most [`ERRORS`].
    pub errors: Vec<Trouble>,
}

/// One hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Attempts that were answered.
    pub answered: u64,
    /// Tokens of their prompts and answers, as far as they were told.
    pub tokens: u64,
    /// Attempts that failed: refused, broken off, not reached.
    pub failed: u64,
}

/// The middle, and what 19 of 20 keep within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles<T> {
    /// Half are at most this.
    pub p50: T,
    /// 95 % are at most this.
    pub p95: T,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// When it started.
    pub at: Time,
    /// The lane.
    pub lane: LaneId,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// Why.
    pub class: Class,
    /// What came of it, in words.
    pub note: String,
}

/// An answer, as far as it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// From its start to the first token.
    pub first_token: Option<Duration>,
    /// From its start to its end.
    pub took: Option<Duration>,
    /// Tokens of the answer.
    pub output: Option<u64>,
}

impl History {
    /// One in which nothing happened.
    pub fn new(until: Time) -> Self {
        Self {
            until,
            hours: vec![Hour::default(); HOURS],
            last: None,
            first_token: None,
            speed: None,
            errors: Vec::new(),
        }
    }

    /// Where it begins.
    pub fn since(&self) -> Time {
        since(self.until)
    }

    /// That of `target`, from `attempts`, oldest first, at `now`.
    pub fn of<'a>(target: &Target, attempts: impl DoubleEndedIterator<Item = &'a Attempt>, now: Time) -> Self {
        let mut history = Self::new(now);
        let mut answers = Vec::new();
        for attempt in attempts.rev().filter(|attempt| target.covers(&attempt.lane)) {
            history.last = history.last.max(Some(attempt.started));
            if let Outcome::Failed(class) = attempt.outcome
                && history.errors.len() < ERRORS
            {
                let (at, lane, note) = (attempt.started, attempt.lane.clone(), attempt.note.clone());
                history.errors.push(Trouble { at, lane, status: attempt.status, class, note });
            }
            let Some(hour) = history.hour(attempt.started) else { continue };
            match attempt.outcome {
                Outcome::Answered => {
                    hour.answered += 1;
                    let told = |tokens: Option<u64>| tokens.unwrap_or(0).min(MOST_TOKENS);
                    hour.tokens += told(attempt.usage.input) + told(attempt.usage.output);
                    if answers.len() < MEASURED {
                        let (first_token, took) = (attempt.first_token, attempt.took);
                        answers.push(Answer { first_token, took, output: attempt.usage.output });
                    }
                }
                Outcome::Failed(_) => hour.failed += 1,
                Outcome::Running | Outcome::Cancelled | Outcome::Interrupted => {}
            }
        }
        history.measure(&answers);
        history
    }

    /// The hour in which `at` lies, if it is one of these.
    pub fn hour(&mut self, at: Time) -> Option<&mut Hour> {
        let back = usize::try_from(self.until.since(at).as_millis() / HOUR_MS).ok()?;
        let place = HOURS.checked_sub(back + 1).filter(|_| at <= self.until)?;
        self.hours.get_mut(place)
    }

    /// Takes in how fast the answers of these hours came.
    pub fn measure(&mut self, answers: &[Answer]) {
        self.first_token = quantiles(answers.iter().filter_map(|answer| answer.first_token).collect());
        self.speed = quantiles(answers.iter().filter_map(Answer::speed).collect());
    }

    /// All hours together.
    pub fn total(&self) -> Hour {
        self.hours.iter().fold(Hour::default(), |sum, hour| Hour {
            answered: sum.answered.saturating_add(hour.answered),
            tokens: sum.tokens.saturating_add(hour.tokens),
            failed: sum.failed.saturating_add(hour.failed),
        })
    }
}

const HOUR_MS: u128 = 3_600_000;

/// Where the hours up to `until` begin.
pub fn since(until: Time) -> Time {
    until.minus(Duration::from_hours(HOURS as u64))
}

impl Answer {
    fn speed(&self) -> Option<u64> {
        let span = self.took?.checked_sub(self.first_token.unwrap_or_default())?;
        let tokens = u128::from(self.output?);
        (span >= SHORTEST).then(|| tokens * 1000 / span.as_millis())?.try_into().ok()
    }
}

fn quantiles<T: Ord + Copy>(mut values: Vec<T>) -> Option<Quantiles<T>> {
    values.sort_unstable();
    // The nearest rank: the first value that is not below so many of all.
    let at = |percent: usize| values.get((values.len() * percent).div_ceil(100).checked_sub(1)?).copied();
    Some(Quantiles { p50: at(50)?, p95: at(95)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let of = |values: Vec<u64>| quantiles(values).map(|found| (found.p50, found.p95));
        assert_eq!(of(vec![]), None);
        assert_eq!(of(vec![7]), Some((7, 7)));
        assert_eq!(of((1..=20).rev().collect()), Some((10, 19)));
        assert_eq!(of((1..=100).collect()), Some((50, 95)));
    }

    #[test]
    fn hours_end_now() {
        let now = Time::from_ms(1_795_348_800_000);
        let mut history = History::new(now);
        for (ms, hour) in [
            (0, Some(23)),
            (3_599_999, Some(23)),
            (3_600_000, Some(22)),
            (86_399_999, Some(0)),
            (86_400_000, None),
            (u64::MAX, None),
        ] {
            let at = now.minus(Duration::from_millis(ms));
            if let Some(found) = history.hour(at) {
                found.answered += 1;
            }
            let found = history.hours.iter().position(|hour| hour.answered > 0);
            assert_eq!(found, hour, "{ms}");
            history = History::new(now);
        }
        assert_eq!(history.hour(now.plus(Duration::from_millis(1))), None, "a clock set back");
    }

    #[test]
    fn a_speed_needs_an_answer_that_lasts() {
        let ms = Duration::from_millis;
        let speed = |first: u64, took: u64| {
            Answer { first_token: Some(ms(first)), took: Some(ms(took)), output: Some(100) }.speed()
        };
        assert_eq!([speed(200, 1200), speed(200, 250), speed(900, 200)], [Some(100), None, None]);
    }
}
