//! How far our count and the provider's are apart. Knows no meter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;

/// What the provider counts and we do not, or the other way round, within one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Counted there and not here; below zero: the other way round.
    pub by: i64,
    /// Since when it has been added up.
    pub since: Time,
    /// When the provider said so last.
    pub at: Time,
    /// All that was asked from here since the provider's word before is known: somebody else uses the same key.
    pub others: bool,
}

/// What may have been used, as far as it is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// At least: what has been settled.
    pub least: u64,
    /// At most: with what is in the air, and what was refused and may have been counted all the same.
    pub most: u64,
}

impl Span {
    /// By how much `told` lies outside.
    pub fn apart(self, told: u64) -> i64 {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        match told {
            above if above > self.most => signed(above - self.most),
            below if below < self.least => -signed(self.least - below),
            _ => 0,
        }
    }
}

impl Drift {
    /// The drift with what is `apart` now. `sure`: nothing but another user of the key can explain that more was used.
    pub fn told(old: Option<Self>, apart: i64, sure: bool, window: Duration, now: Time) -> Option<Self> {
        let running = old.filter(|old| now.since(old.since) < window && old.since <= now);
        if apart == 0 {
            return running;
        }
        let (by, since, others) = running.map_or((0, now, false), |old| (old.by, old.since, old.others));
        Some(Self { by: by.saturating_add(apart), since, at: now, others: others || sure && apart > 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_air_is_no_drift() {
        let span = Span { least: 10, most: 13 };
        assert_eq!([9, 10, 12, 13, 15].map(|told| span.apart(told)), [-1, 0, 0, 0, 2]);
    }

    #[test]
    fn it_adds_up_for_one_window() {
        let at = |seconds: i64| Time::from_ms(seconds * 1000);
        let minute = Duration::from_mins(1);
        let first = Drift::told(None, 3, false, minute, at(0));
        assert_eq!(first, Some(Drift { by: 3, since: at(0), at: at(0), others: false }));
        let second = Drift::told(first, 2, true, minute, at(20));
        assert_eq!(second, Some(Drift { by: 5, since: at(0), at: at(20), others: true }));
        assert_eq!(Drift::told(second, 0, true, minute, at(59)), second);
        assert_eq!(Drift::told(second, 0, true, minute, at(60)), None);
        assert_eq!(
            Drift::told(second, -1, true, minute, at(61)).map(|drift| (drift.by, drift.others)),
            Some((-1, false))
        );
    }
}
