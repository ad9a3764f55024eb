//! Shares of a day: how many requests a client of the endpoint may make between two midnights of the user's zone, and how
//! many it has made. Counted by the user's own day, whatever day a provider has.

use std::collections::BTreeMap;

use crate::domain::clock::{Time, Zone};

/// What a client may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The client's name in the config.
    pub name: String,
    /// Requests between two midnights.
    pub per_day: u64,
}

/// What a client has had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The client's name in the config.
    pub name: String,
    /// The day, `2026-11-22`.
    pub day: String,
    /// Requests of that day.
    pub used: u64,
}

/// What all clients have had.
#[derive(Debug)]
pub struct Shares {
    taken: BTreeMap<String, Taken>,
    zone: Zone,
}

impl Shares {
    /// Goes on from what was kept.
    pub fn new(kept: Vec<Taken>, zone: Zone) -> Self {
        Self { taken: kept.into_iter().map(|one| (one.name.clone(), one)).collect(), zone }
    }

    /// Takes one request of a share; what is to be kept of that. Err: it is used up, and there is more from then on.
    pub fn take(&mut self, share: &Share, now: Time) -> Result<Taken, Time> {
        let today = self.zone.ymd(now);
        let fresh = || Taken { name: share.name.clone(), day: today.clone(), used: 0 };
        let taken = self.taken.entry(share.name.clone()).or_insert_with(fresh);
        // A clock set back gives nothing a second time.
        if taken.day < today {
            *taken = fresh();
        }
        if taken.used >= share.per_day {
            return Err(self.zone.next_midnight(now));
        }
        taken.used += 1;
        Ok(taken.clone())
    }

    /// A request that no lane was asked for is given back; what is to be kept of that.
    pub fn give_back(&mut self, share: &Share) -> Option<Taken> {
        let taken = self.taken.get_mut(&share.name)?;
        taken.used = taken.used.saturating_sub(1);
        Some(taken.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_share_lasts_until_midnight_where_the_user_is() {
        // 2026-11-22 12:00 UTC: 13:00 in Berlin.
        let (noon, hours) = (Time::from_ms(1_795_348_800_000), |hours| Duration::from_hours(hours));
        let share = Share { name: "editor".into(), per_day: 2 };
        let zone = Zone::Named(chrono_tz::Europe::Berlin);
        let mut shares = Shares::new(Vec::new(), zone);
        assert_eq!(shares.take(&share, noon).map(|taken| taken.used), Ok(1));
        let kept = shares.take(&share, noon.plus(hours(10))).unwrap();
        assert_eq!(kept, Taken { name: "editor".into(), day: "2026-11-22".into(), used: 2 });
        assert_eq!(shares.take(&share, noon), Err(noon.plus(hours(11))));
        assert_eq!(shares.give_back(&share).map(|taken| taken.used), Some(1));
        assert_eq!(shares.take(&share, noon).map(|taken| taken.used), Ok(2));
        // Another has its own; a restart begins nothing anew, nor does a clock set back.
        assert!(shares.take(&Share { name: "agent".into(), per_day: 1 }, noon).is_ok());
        let mut shares = Shares::new(vec![kept], zone);
        assert!(shares.take(&share, noon).is_err() && shares.take(&share, noon.minus(hours(24))).is_err());
        assert_eq!(shares.take(&share, noon.plus(hours(11))).map(|taken| taken.used), Ok(1));
        // A smaller share counts at once, a larger one, too.
        assert!(shares.take(&Share { per_day: 1, ..share.clone() }, noon.plus(hours(11))).is_err());
        assert!(shares.take(&share, noon.plus(hours(11))).is_ok());
    }
}
