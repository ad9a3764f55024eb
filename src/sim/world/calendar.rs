//! Days and months as a calendar hangs on a wall: two instants belong together when their date says so. Naive, like the
//! limits that stand on it: the end of a period is looked for step by step.

use chrono::{DateTime, Datelike};
use chrono_tz::Tz;

use crate::domain::clock::Time;

/// A page of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// One day.
    Day,
    /// One month.
    Month,
}

/// The steps of the search, in milliseconds: a day, an hour, a quarter of one.
const STEPS: [i64; 3] = [86_400_000, 3_600_000, QUARTER];

/// A page begins at a full quarter of an hour, wherever on earth.
const QUARTER: i64 = 900_000;

impl Page {
    /// The first instant of the page of `now` in `zone`.
    pub(crate) fn begin(self, zone: Tz, now: Time) -> Time {
        Time::from_ms(self.edge(zone, now, -1).div_euclid(QUARTER) * QUARTER)
    }

    /// Milliseconds from `now` to the first instant of the next page.
    pub(crate) fn left(self, zone: Tz, now: Time) -> u64 {
        let end = self.edge(zone, now, 1).div_euclid(QUARTER) * QUARTER + QUARTER;
        u64::try_from(end - now.ms()).unwrap_or(0)
    }

    /// An instant of the same page less than a quarter of an hour from its end; `way` is -1 for its beginning.
    fn edge(self, zone: Tz, now: Time, way: i64) -> i64 {
        let page = self.number(zone, now);
        let mut last = now.ms();
        for step in STEPS {
            // No page is longer than a month and a day.
            for _ in 0..32 {
                let next = last + way * step;
                if self.number(zone, Time::from_ms(next)) != page {
                    break;
                }
                last = next;
            }
        }
        last
    }

    fn number(self, zone: Tz, at: Time) -> (i32, u32) {
        let day = DateTime::from_timestamp_millis(at.ms()).unwrap_or_default().with_timezone(&zone).date_naive();
        match self {
            Self::Day => (day.year(), day.ordinal()),
            Self::Month => (day.year(), day.month()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::from_ms(DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    #[test]
    fn pages_end_where_the_wall_says_so() {
        let angeles = chrono_tz::America::Los_Angeles;
        for (page, zone, now, end) in [
            (Page::Day, Tz::UTC, "2026-11-22T12:00:00.001Z", "2026-11-23T00:00:00Z"),
            (Page::Day, Tz::UTC, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            (Page::Day, Tz::UTC, "2026-11-22T23:59:59.999Z", "2026-11-23T00:00:00Z"),
            (Page::Day, angeles, "2026-11-22T12:00:00Z", "2026-11-23T08:00:00Z"),
            // 25 hours, and 23.
            (Page::Day, angeles, "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            (Page::Day, angeles, "2027-03-14T08:00:00Z", "2027-03-15T07:00:00Z"),
            (Page::Month, Tz::UTC, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            (Page::Month, Tz::UTC, "2027-02-28T23:59:00Z", "2027-03-01T00:00:00Z"),
            (Page::Month, angeles, "2026-11-02T00:00:00Z", "2026-12-01T08:00:00Z"),
        ] {
            assert!(page.begin(zone, at(now)) <= at(now));
            assert_eq!(page.begin(zone, at(end)), at(end), "{page:?} {zone} {now}");
            let left = i64::try_from(page.left(zone, at(now))).unwrap();
            assert_eq!(Time::from_ms(at(now).ms() + left), at(end), "{page:?} {zone} {now}");
        }
    }
}
