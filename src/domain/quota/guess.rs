//! A cap that nobody told: taken from a refusal that names none, and tested upward from then on. Knows no meter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;

/// A guess that is refused again waits longer for its next test, up to 2 to this power windows.
const LONGEST: u32 = 4;

/// How far a guessed cap is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// Refusals at this same cap after the first.
    pub confirmed: u32,
    /// From then on one attempt at a time may go beyond the cap. What answers there raises it.
    pub test_at: Time,
}

impl Guess {
    /// After a refusal at a cap that `old` guessed, or at another one than it did. `span`: of the window.
    pub fn refused(old: Option<Self>, same_cap: bool, span: Duration, now: Time) -> Self {
        let confirmed = old.filter(|_| same_cap).map_or(0, |old| old.confirmed.saturating_add(1));
        Self { confirmed, test_at: now.plus(span.saturating_mul(1 << confirmed.min(LONGEST))) }
    }

    /// After an answer beyond the cap: the next test may follow at once.
    #[must_use]
    pub const fn passed(now: Time) -> Self {
        Self { confirmed: 0, test_at: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_is_tested_less_often() {
        let now = Time::from_ms(1_000_000);
        let minute = Duration::from_mins(1);
        let mut guess = Guess::refused(None, true, minute, now);
        let mut waits = Vec::new();
        for _ in 0..6 {
            waits.push(guess.test_at.since(now).as_secs() / 60);
            guess = Guess::refused(Some(guess), true, minute, now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 16]);
        assert_eq!(Guess::refused(Some(guess), false, minute, now).confirmed, 0);
        assert_eq!(Guess::passed(now).test_at, now);
    }
}
