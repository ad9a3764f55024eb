//! Limits and waits named in the words of a refusal: `on tokens per day (TPD): Limit 200000, Used 197494`, `Please try
//! again in 11m0.5s`, and the violations that Google lists.

use std::time::Duration;

use serde_json::Value;

use crate::domain::headers;
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};

/// One of Google's quota violations. Requests of the day end at midnight in California.
pub fn violation(violation: &Value) -> Option<Reading> {
    let id = violation["quotaId"].as_str().unwrap_or_default();
    let metric = violation["quotaMetric"].as_str().unwrap_or_default();
    let unit = if id.contains("InputTokens") || metric.contains("input_token") {
        Unit::InputTokens
    } else if id.contains("Requests") || metric.contains("requests") {
        Unit::Requests
    } else {
        return None;
    };
    let window = if id.contains("PerDay") {
        Window::Day(chrono_tz::America::Los_Angeles)
    } else if id.contains("PerMinute") {
        // Nobody knows whether it is the clock's minute: a rolling one errs on the careful side.
        Window::Rolling(Duration::from_mins(1))
    } else {
        Window::Unknown
    };
    let cap = match &violation["quotaValue"] {
        Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    };
    Some(Reading { unit, window, cap, remaining: Some(0), reset_after: None, evidence: Evidence::Learnt })
}

/// `(TPM): Limit 6000, Used 5800, Requested 900`, as often as it stands there.
pub fn limits(message: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some((_, tail)) = rest.split_once('(') {
        rest = tail;
        let Some((word, after)) = tail.split_once(')') else { break };
        let Some((unit, window)) = abbreviation(word) else { continue };
        let (Some(cap), used) = (number_after(after, "Limit "), number_after(after, "Used ")) else { continue };
        let requested = number_after(after, "Requested ");
        // Larger than the whole limit: that tells nothing of what is left.
        let remaining =
            used.map(|used| cap.saturating_sub(used)).filter(|_| requested.is_none_or(|asked| asked <= cap));
        found.push(Reading { unit, window, cap: Some(cap), remaining, reset_after: None, evidence: Evidence::Learnt });
    }
    found
}

/// The wait that the words tell; `text` in lower case.
pub fn wait(text: &str) -> Option<Duration> {
    ["try again in ", "retry in ", "retry after ", "please wait "].iter().find_map(|lead| {
        let (_, tail) = text.split_once(lead)?;
        let mut words = tail.split([' ', ',', ';', '"']).filter(|word| !word.is_empty());
        let first = words.next()?.trim_end_matches('.');
        match words.next().map(|word| word.trim_end_matches('.')) {
            Some("seconds" | "second" | "secs" | "s") => headers::span(first),
            Some("minutes" | "minute" | "min") => headers::span(&format!("{first}m")),
            Some("hours" | "hour") => headers::span(&format!("{first}h")),
            // `6m 11.52s`
            Some(second) if first.ends_with(['h', 'm']) && second.ends_with('s') => {
                headers::span(&format!("{first} {second}")).or_else(|| headers::span(first))
            }
            _ => headers::span(first),
        }
    })
}

fn number_after(text: &str, lead: &str) -> Option<u64> {
    let (_, tail) = text.split_once(lead)?;
    let digits: String = tail.chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|c| *c != ',').collect();
    digits.parse().ok()
}

/// The unit and the window of `TPM` or `RPD`.
fn abbreviation(word: &str) -> Option<(Unit, Window)> {
    let minute = Window::Bucket(Duration::from_mins(1));
    let day = Window::Bucket(Duration::from_hours(24));
    Some(match word {
        "RPM" => (Unit::Requests, minute),
        "RPD" => (Unit::Requests, day),
        "TPM" => (Unit::Tokens, minute),
        "TPD" => (Unit::Tokens, day),
        "ITPM" => (Unit::InputTokens, minute),
        "OTPM" => (Unit::OutputTokens, minute),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_in_words() {
        for (text, ms) in [
            ("please try again in 7.66s. need more?", Some(7660)),
            ("try again in 6m 11.52s", Some(371_520)),
            ("try again in 11m0.528s.", Some(660_528)),
            ("please wait 52220 seconds", Some(52_220_000)),
            ("retry after 2 minutes", Some(120_000)),
            ("please retry in 48.939935699s.", Some(48_939)),
            ("try again in a while", None),
            ("try again later", None),
        ] {
            assert_eq!(wait(text).map(|wait| wait.as_millis()), ms, "{text}");
        }
    }

    #[test]
    fn a_request_above_the_whole_limit_tells_nothing_of_what_is_left() {
        let found = limits("on tokens per minute (TPM): Limit 6000, Used 10, Requested 6791, please reduce");
        assert_eq!((found[0].cap, found[0].remaining), (Some(6000), None));
        assert_eq!(limits("(hello) Limit 5 (TPM): none"), []);
    }
}
