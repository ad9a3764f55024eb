//! Periods of a calendar: days and months as they are lived in a zone, so that a day of a daylight-saving change has 23
//! or 25 hours. On purpose not the domain's arithmetic. Counts nothing.

use std::time::Duration;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::domain::clock::{Time, Zone};

const HOUR: Duration = Duration::from_hours(1);

/// What recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// From midnight to midnight.
    Day(Tz),
    /// From the first to the first.
    Month(Tz),
}

impl Calendar {
    /// The calendar in `1d midnight America/Los_Angeles` or `1month midnight UTC`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (kind, zone) = text.split_once(" midnight ")?;
        let zone = zone.parse().ok()?;
        match kind {
            "1d" => Some(Self::Day(zone)),
            "1month" => Some(Self::Month(zone)),
            _ => None,
        }
    }

    /// When the period that holds `now` began, and when it ends.
    pub(crate) fn bounds(self, now: Time) -> (Time, Time) {
        let (zone, first, next) = match self {
            Self::Day(zone) => {
                let today = Zone::Named(zone).wall(now).date();
                (zone, today, today.checked_add_days(Days::new(1)))
            }
            Self::Month(zone) => {
                let today = Zone::Named(zone).wall(now).date();
                let first = today.with_day(1).unwrap_or(today);
                (zone, first, first.checked_add_months(Months::new(1)))
            }
        };
        let began = begins(zone, first).unwrap_or(now);
        (began, next.and_then(|next| begins(zone, next)).unwrap_or(now.plus(HOUR * 24)))
    }
}

/// The first instant of `date` in `zone`: where midnight is skipped, one of the hours after it.
fn begins(zone: Tz, date: NaiveDate) -> Option<Time> {
    let midnight = date.and_time(NaiveTime::MIN);
    let mut hours = (0..4).map(|hours| midnight + chrono::TimeDelta::hours(hours));
    let found = hours.find_map(|wall| zone.from_local_datetime(&wall).earliest());
    found.map(|instant| Time::from_ms(instant.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::from_ms(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    #[test]
    fn days_and_months_by_hand() {
        for (calendar, now, began, ends) in [
            ("1d midnight UTC", "2026-11-22T12:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"),
            // 25 hours, and 23.
            ("1d midnight America/Los_Angeles", "2026-11-01T20:00:00Z", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            ("1d midnight America/Los_Angeles", "2026-03-08T20:00:00Z", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
            ("1month midnight UTC", "2026-11-22T12:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ] {
            let calendar = Calendar::read(calendar).unwrap();
            assert_eq!(calendar.bounds(at(now)), (at(began), at(ends)), "{calendar:?}");
        }
        for text in ["1d midnight Mars", "2d midnight UTC", "1d noon UTC"] {
            assert_eq!(Calendar::read(text), None, "{text}");
        }
    }
}
