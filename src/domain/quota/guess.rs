//! A cap that nobody told: taken from a refusal that names none, and tested upward from then on. Knows no meter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;

/// A guess that is refused again waits longer for its next test, up to 2 to this power windows.
const LONGEST: u32 = 4;

/// How far a guessed cap is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// What was used when it was refused.
    pub at: u64,
    /// Refusals at this same cap after the first, one a window.
    pub confirmed: u32,
    /// When it was refused last.
    pub since: Time,
    /// From then on one attempt at a time may go beyond the cap. What answers there raises it.
    pub test_at: Time,
}

impl Guess {
    /// After a refusal at `used`, which confirms `old` or not. `span`: of the window.
    pub fn refused(old: Option<Self>, used: u64, span: Duration, now: Time) -> Self {
        let same = old.filter(|old| old.at.abs_diff(used) <= 1.max(old.at / 8));
        // What is refused in one burst is one refusal.
        if let Some(old) = same.filter(|old| now.since(old.since) < span / 2) {
            return old;
        }
        let confirmed = same.map_or(0, |old| old.confirmed.saturating_add(1));
        Self { at: used, confirmed, since: now, test_at: now.plus(span.saturating_mul(1 << confirmed.min(LONGEST))) }
    }

    /// After an answer beyond the cap: the next test may follow at once.
    #[must_use]
    pub const fn passed(used: u64, now: Time) -> Self {
        Self { at: used, confirmed: 0, since: now, test_at: now }
    }

    /// Whether it stands above a cap that is documented: one refusal below that may as well be another user of the key.
    pub const fn outweighs_documents(self) -> bool {
        self.confirmed >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_is_tested_less_often() {
        let mut now = Time::from_ms(1_000_000);
        let minute = Duration::from_mins(1);
        let mut guess = Guess::refused(None, 12, minute, now);
        let mut waits = Vec::new();
        for _ in 0..6 {
            waits.push(guess.test_at.since(now).as_secs() / 60);
            assert_eq!(Guess::refused(Some(guess), 13, minute, now), guess, "one burst");
            now = now.plus(minute);
            guess = Guess::refused(Some(guess), 13, minute, now);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 16]);
        assert_eq!(Guess::refused(Some(guess), 20, minute, now).confirmed, 0);
        assert_eq!(Guess::passed(14, now).test_at, now);
    }
}
