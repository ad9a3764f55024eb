//! The only reader of the time. Everything else takes the time as an argument, so that a virtual clock can run a
//! simulated day in a second. Knows nothing of quota, of providers, of the screen.

use std::time::Duration;

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// An instant of the wall clock: milliseconds since 1970-01-01 UTC. It survives a restart and a laptop's sleep, which
/// a monotonic instant does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct Time(i64);

impl Time {
    /// The instant this many milliseconds after the epoch (negative: before).
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// `span` later; saturates at the end of time.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// `span` earlier; saturates at the beginning of time.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long it is since `earlier`; zero if `earlier` is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's wall clock.
    System,
    /// A clock that starts at `origin` and moves with tokio's (which tests can pause).
    Virtual {
        /// What the clock shows at `start`.
        origin: Time,
        /// The runtime's instant at which it shows it.
        start: tokio::time::Instant,
    },
}

impl Clock {
    /// A virtual clock that shows `origin` now.
    pub fn virtual_at(origin: Time) -> Self {
        Self::Virtual { origin, start: tokio::time::Instant::now() }
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(self) -> Time {
        match self {
            Self::System => Time(Utc::now().timestamp_millis()),
            Self::Virtual { origin, start } => origin.plus(start.elapsed()),
        }
    }
}

/// A zone in which a time is shown, or in which a provider's day begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// The zone of this computer (`TZ`, `/etc/localtime`).
    Local,
    /// A named zone, `America/Los_Angeles`.
    Named(chrono_tz::Tz),
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Named(chrono_tz::Tz::UTC);

    /// What a clock on the wall shows there.
    pub fn wall(self, time: Time) -> NaiveDateTime {
        let utc = DateTime::<Utc>::from_timestamp_millis(time.0).unwrap_or_default();
        match self {
            Self::Local => utc.with_timezone(&chrono::Local).naive_local(),
            Self::Named(zone) => utc.with_timezone(&zone).naive_local(),
        }
    }

    /// The first midnight there after `now`.
    pub fn next_midnight(self, now: Time) -> Time {
        let today = self.wall(now).date();
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today).and_time(NaiveTime::MIN);
        match self {
            Self::Local => midnight_of(chrono::Local, tomorrow, now),
            Self::Named(zone) => midnight_of(zone, tomorrow, now),
        }
    }

    /// `2026-11-22`.
    pub fn ymd(self, time: Time) -> String {
        self.wall(time).format("%Y-%m-%d").to_string()
    }

    /// `09:41`.
    pub fn hm(self, time: Time) -> String {
        self.wall(time).format("%H:%M").to_string()
    }

    /// The next instant after `now` at which clocks show this hour and minute; where a daylight-saving change skips it, an
    /// hour from it at most.
    pub fn next(self, hour: u32, minute: u32, now: Time) -> Time {
        let of_day = |time: Time| i64::from(self.wall(time).time().num_seconds_from_midnight());
        let wanted = i64::from(hour % 24) * 3600 + i64::from(minute % 60) * 60;
        let ahead = |time: Time| (wanted - of_day(time)).rem_euclid(86_400).unsigned_abs();
        let span = match ahead(now) {
            0 => 86_400,
            span => span,
        };
        let found = now.plus(Duration::from_secs(span));
        match ahead(found) {
            0 => found,
            late @ 1..43_200 => found.plus(Duration::from_secs(late)),
            early => found.minus(Duration::from_secs(86_400 - early)),
        }
    }

    /// `09:41:02`.
    pub fn hms(self, time: Time) -> String {
        self.wall(time).format("%H:%M:%S").to_string()
    }
}

/// The first midnight of `zone` after `now`. Where a daylight-saving change skips midnight, the first instant after
/// the gap.
pub fn next_midnight(zone: chrono_tz::Tz, now: Time) -> Time {
    Zone::Named(zone).next_midnight(now)
}

/// The first instant of the next calendar month in `zone`.
pub fn next_month(zone: chrono_tz::Tz, now: Time) -> Time {
    let today = Zone::Named(zone).wall(now).date();
    let first = today.with_day(1).unwrap_or(today);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    midnight_of(zone, next.and_time(NaiveTime::MIN), now)
}

fn midnight_of(zone: impl TimeZone, wall: NaiveDateTime, now: Time) -> Time {
    let mut at = wall;
    for _ in 0..24 {
        match zone.from_local_datetime(&at) {
            LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => return Time(found.timestamp_millis()),
            LocalResult::None => at += chrono::TimeDelta::minutes(15),
        }
    }
    now.plus(Duration::from_hours(24))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    #[test]
    fn midnight_in_los_angeles_moves_with_daylight_saving() {
        let zone = chrono_tz::America::Los_Angeles;
        for (now, midnight) in [
            ("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z"),
            ("2026-12-01T12:00:00Z", "2026-12-02T08:00:00Z"),
            // The clocks go back on 1 November: that day has 25 hours.
            ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            // And forward on 8 March: 23 hours.
            ("2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
        ] {
            assert_eq!(next_midnight(zone, at(now)), at(midnight), "{now}");
        }
    }

    #[test]
    fn an_hour_of_the_day_is_today_or_tomorrow() {
        let berlin = Zone::Named(chrono_tz::Europe::Berlin);
        for (now, hour, minute, expected) in [
            ("2026-11-22T08:41:02Z", 10, 0, "2026-11-22T09:00:00Z"),
            ("2026-11-22T09:00:02Z", 9, 30, "2026-11-23T08:30:00Z"),
            // The clocks go back on 25 October.
            ("2026-10-24T20:00:00Z", 8, 0, "2026-10-25T07:00:00Z"),
            ("2026-03-28T20:00:00Z", 8, 0, "2026-03-29T06:00:00Z"),
        ] {
            assert_eq!(berlin.next(hour, minute, at(now)), at(expected), "{now}");
        }
    }

    #[test]
    fn the_month_ends_at_midnight_of_its_zone() {
        assert_eq!(next_month(chrono_tz::Tz::UTC, at("2026-12-31T23:59:59Z")), at("2027-01-01T00:00:00Z"));
        assert_eq!(next_month(chrono_tz::Tz::UTC, at("2026-11-22T00:00:00Z")), at("2026-12-01T00:00:00Z"));
    }

    #[test]
    fn spans_never_go_below_zero() {
        assert_eq!(Time(5).since(Time(9)), Duration::ZERO);
        assert_eq!(Time(9).since(Time(5)), Duration::from_millis(4));
        assert_eq!(Time(i64::MAX).plus(Duration::from_secs(1)), Time(i64::MAX));
    }
}
