//! Rate-limit headers, by dialect. A name means what its provider means by it: the same `x-ratelimit-limit-requests`
//! is of the day at Groq and of the minute at OpenAI. What cannot be read is left out: no header is ever an error.
//! Knows no bodies.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::domain::roster::Dialect;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The longest wait or reset that is believed: 32 days, a month and a bit.
const LONGEST: Duration = Duration::from_hours(24 * 32);

/// Every limit that the headers tell, one entry per unit and window, in the order in which they came.
pub fn readings(dialect: Dialect, head: &Head, now: Time) -> Vec<Reading> {
    let mut found: Vec<Reading> = Vec::new();
    for (name, value) in &head.headers {
        let Some((kind, unit, suffix)) = split(name) else { continue };
        let window = suffix.unwrap_or_else(|| convention(dialect, &unit));
        let slot = if let Some(at) = found.iter().position(|reading| reading.unit == unit && reading.window == window) {
            at
        } else {
            found.push(Reading {
                unit,
                window,
                cap: None,
                remaining: None,
                reset_after: None,
                evidence: Evidence::Reported,
            });
            found.len() - 1
        };
        let Some(reading) = found.get_mut(slot) else { continue };
        match kind {
            Kind::Limit => reading.cap = reading.cap.or_else(|| number(value)),
            Kind::Remaining => reading.remaining = reading.remaining.or_else(|| number(value)),
            Kind::Reset => reading.reset_after = reading.reset_after.or_else(|| instant(value, now)),
        }
    }
    found.retain(|reading| reading.cap.is_some() || reading.remaining.is_some() || reading.reset_after.is_some());
    found
}

/// The wait that the headers tell: `retry-after-ms`, else `retry-after` in seconds or as an HTTP date.
pub fn told_wait(head: &Head, now: Time) -> Option<Duration> {
    let ms = head.get("retry-after-ms").and_then(|value| value.trim().parse::<f64>().ok());
    if let Some(wait) = ms.and_then(|ms| seconds(ms / 1000.0)) {
        return Some(wait);
    }
    let value = head.get("retry-after")?.trim();
    span(value).or_else(|| date(value).map(|at| at.since(now)))
}

/// A span as providers write it: `2m59.56s`, `26ms`, `1h23m45.6s`, `6m 11.52s`, or bare seconds. At most 32 days.
pub fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Ok(bare) = text.parse::<f64>() {
        return seconds(bare);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let factor = match unit {
            "d" => 86_400.0,
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * factor;
        rest = tail.trim_start();
    }
    (!text.is_empty()).then_some(total).and_then(seconds)
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Limit,
    Remaining,
    Reset,
}

/// `x-ratelimit-remaining-req-minute` -> (remaining, requests, a minute). The words may stand in any order.
fn split(name: &str) -> Option<(Kind, Unit, Option<Window>)> {
    let name = name.strip_prefix("x-").unwrap_or(name);
    let (mut kind, mut window) = (None, None);
    let mut unit: Vec<&str> = Vec::new();
    let mut words = name.split('-').peekable();
    if !words.peek()?.starts_with("ratelimit") {
        return None;
    }
    if words.next()? == "ratelimitbysize" {
        unit.push("tokens");
    }
    for word in words {
        match word {
            "limit" => kind = Some(Kind::Limit),
            "remaining" => kind = Some(Kind::Remaining),
            "reset" => kind = Some(Kind::Reset),
            "second" => window = Some(Window::Fixed(Duration::from_secs(1))),
            "minute" => window = Some(Window::Fixed(MINUTE)),
            "hour" => window = Some(Window::Fixed(Duration::from_hours(1))),
            "day" => window = Some(Window::Day(chrono_tz::Tz::UTC)),
            "month" => window = Some(Window::Month(chrono_tz::Tz::UTC)),
            "req" => unit.push("requests"),
            word => unit.push(word),
        }
    }
    let unit = if unit.is_empty() { Unit::Requests } else { Unit::from(unit.join("_").as_str()) };
    Some((kind?, unit, window))
}

/// The window of a name that does not tell it.
fn convention(dialect: Dialect, unit: &Unit) -> Window {
    match (dialect, unit) {
        (Dialect::Groq, Unit::Requests) => Window::Bucket(DAY),
        (Dialect::Groq, Unit::Tokens) | (Dialect::Openai, Unit::Requests | Unit::Tokens) => Window::Bucket(MINUTE),
        (Dialect::Mistral, Unit::Requests | Unit::Tokens) => Window::Fixed(MINUTE),
        _ => Window::Unknown,
    }
}

/// A count as it is sent: `200,000`, `12.0`. A negative one is none left; `-1`, empty or a word is not known.
fn number(text: &str) -> Option<u64> {
    let text = text.trim().replace(',', "");
    if text == "-1" {
        return None;
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 to u64 saturates at both ends")]
    Some(number as u64)
}

/// When a reset is: a span, an epoch in seconds (from 1e9) or milliseconds (from 1e11), or a date; as time from `now`.
fn instant(value: &str, now: Time) -> Option<Duration> {
    let value = value.trim();
    if let Ok(number) = value.parse::<i64>() {
        if number >= 100_000_000_000 {
            return Some(Time::from_ms(number).since(now)).filter(|wait| *wait <= LONGEST);
        }
        if number >= 1_000_000_000 {
            return Some(Time::from_ms(number.saturating_mul(1000)).since(now)).filter(|wait| *wait <= LONGEST);
        }
    }
    span(value).or_else(|| date(value).map(|at| at.since(now)).filter(|wait| *wait <= LONGEST))
}

/// An HTTP date (IMF-fixdate) or RFC 3339.
fn date(value: &str) -> Option<Time> {
    let parsed =
        chrono::DateTime::parse_from_rfc2822(value).or_else(|_| chrono::DateTime::parse_from_rfc3339(value)).ok()?;
    Some(Time::from_ms(parsed.timestamp_millis()))
}

fn seconds(number: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(number).ok().filter(|span| *span <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn head(headers: &[(&str, &str)]) -> Head {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Head { status: 200, headers }
    }

    fn reading(unit: Unit, window: &str, cap: Option<u64>, remaining: Option<u64>, reset_ms: Option<u64>) -> Reading {
        Reading {
            unit,
            window: window.parse().unwrap(),
            cap,
            remaining,
            reset_after: reset_ms.map(Duration::from_millis),
            evidence: Evidence::Reported,
        }
    }

    #[test]
    fn one_name_two_meanings() {
        let head = head(&[
            ("x-ratelimit-limit-requests", "1000"),
            ("x-ratelimit-remaining-requests", "998"),
            ("x-ratelimit-reset-requests", "2m52.8s"),
            ("x-ratelimit-limit-tokens", "8000"),
            ("x-ratelimit-remaining-tokens", "7990"),
            ("x-ratelimit-reset-tokens", "75ms"),
        ]);
        assert_eq!(
            readings(Dialect::Groq, &head, NOW),
            [
                reading(Unit::Requests, "1d bucket", Some(1000), Some(998), Some(172_800)),
                reading(Unit::Tokens, "1m bucket", Some(8000), Some(7990), Some(75)),
            ]
        );
        let windows: Vec<Window> = readings(Dialect::Openai, &head, NOW).into_iter().map(|r| r.window).collect();
        assert_eq!(windows, [Window::Bucket(MINUTE); 2]);
        let windows: Vec<Window> = readings(Dialect::Generic, &head, NOW).into_iter().map(|r| r.window).collect();
        assert_eq!(windows, [Window::Unknown; 2]);
    }

    #[test]
    fn the_window_in_the_name_wins() {
        let head = head(&[
            ("x-ratelimit-limit-req-minute", "50"),
            ("x-ratelimit-remaining-req-minute", "49"),
            ("x-ratelimit-remaining-tokens-minute", "49,000"),
        ]);
        assert_eq!(
            readings(Dialect::Mistral, &head, NOW),
            [
                reading(Unit::Requests, "60s", Some(50), Some(49), None),
                reading(Unit::Tokens, "60s", None, Some(49_000), None),
            ]
        );
    }

    #[test]
    fn resets_in_every_form() {
        let in_a_minute = (NOW.ms() + 60_000).to_string();
        for (value, ms) in [
            ("60", Some(60_000)),
            (in_a_minute.as_str(), Some(60_000)),
            ("1795348860", Some(60_000)),
            ("2026-11-22T12:01:00Z", None),
            ("17.399999999s", Some(17_399)),
            ("1h23m45.6s", Some(5_025_600)),
            ("6m 11.52s", Some(371_520)),
            ("soon", None),
            ("", None),
            ("1e300", None),
            ("-5", None),
        ] {
            let found = readings(Dialect::Openrouter, &head(&[("x-ratelimit-reset", value)]), NOW);
            let reset = found.first().and_then(|reading| reading.reset_after).map(|span| span.as_millis());
            if value.starts_with("2026") {
                assert!(reset.is_some(), "{value}");
            } else {
                assert_eq!(reset, ms, "{value}");
            }
        }
    }

    #[test]
    fn counts_in_every_form() {
        for (value, count) in [
            ("12", Some(12)),
            ("200,000", Some(200_000)),
            ("3.7", Some(3)),
            ("-1", None),
            ("-4", Some(0)),
            ("None", None),
            ("", None),
            ("NaN", None),
        ] {
            assert_eq!(number(value), count, "{value}");
        }
    }

    #[test]
    fn the_wait_that_was_told() {
        for (headers, wait) in [
            (&[("retry-after", "7")][..], Some(7000)),
            (&[("retry-after", "0.5")], Some(500)),
            (&[("retry-after", "9"), ("retry-after-ms", "250")], Some(250)),
            (&[("retry-after", "Sun, 22 Nov 2026 12:00:30 GMT")], Some(30_000)),
            (&[("retry-after", "later")], None),
            (&[], None),
        ] {
            let now = date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
            assert_eq!(told_wait(&head(headers), now).map(|wait| wait.as_millis()), wait, "{headers:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(64) })]
        #[test]
        fn no_header_breaks_the_reader(name in "(x-)?ratelimit(-[a-z]{0,9}){0,4}", value in "\\PC{0,20}") {
            let head = head(&[(&name, &value), ("retry-after", &value)]);
            let _ = (readings(Dialect::Groq, &head, NOW), told_wait(&head, NOW));
        }
    }
}
