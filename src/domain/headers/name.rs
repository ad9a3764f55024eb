//! The grammar of rate-limit header names: `x-ratelimit-remaining-req-minute` is (remaining, requests, a minute). The
//! words may stand in any order; each says by itself what it is. Knows no values.

use crate::domain::quota::limit::Unit;
use crate::domain::quota::told::Length;

/// Which figure a header carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The cap.
    Limit,
    /// What is left.
    Remaining,
    /// When it comes back.
    Reset,
    /// What was used.
    Used,
    /// The length of the window in seconds.
    Period,
}

/// Names that mean one thing whoever sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// `x-ratelimit-*`, `ratelimit-*`.
    Plain,
    /// `ratelimitbysize-*`: tokens, by Mistral.
    BySize,
    /// `anthropic-ratelimit-*`.
    Anthropic,
    /// `x-trial-endpoint-call-*`, by Cohere.
    Trial,
}

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The figure.
    pub kind: Kind,
    /// What is counted.
    pub unit: Unit,
    /// Whose convention holds where the name tells no window.
    pub family: Family,
    /// On what a proxy counts it: `api_key`, `team`.
    pub holder: Option<String>,
    /// The name has no word for the unit.
    pub bare: bool,
}

/// A name, in lower case and without a proxy's prefix, and the window that stands in it.
pub fn parse(name: &str) -> Option<(Name, Length)> {
    let name = name.strip_prefix("x-").unwrap_or(name);
    if let Some(found) = endpoint(name) {
        return Some(found);
    }
    let (family, rest) = if let Some(rest) = name.strip_prefix("anthropic-ratelimit") {
        (Family::Anthropic, rest)
    } else if let Some(rest) = name.strip_prefix("ratelimitbysize") {
        (Family::BySize, rest)
    } else if let Some(rest) = name.strip_prefix("tokenlimit") {
        (Family::BySize, rest)
    } else {
        (Family::Plain, name.strip_prefix("ratelimit").or_else(|| name.strip_prefix("rate-limit"))?)
    };
    let words: Vec<&str> = rest.strip_prefix('-')?.split('-').filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|word| kind(word).is_some());
    let (mut before, mut after) = match at {
        Some(at) => (words.get(..at)?.to_vec(), words.get(at + 1..)?.to_vec()),
        None => (words.clone(), Vec::new()),
    };
    let length = take_window(&mut after).or_else(|| take_window(&mut before)).unwrap_or(Length::Unknown);
    let (unit_words, holder) = if after.is_empty() { (before, None) } else { (after, Some(before.join("_"))) };
    let unit = if family == Family::BySize { Unit::Tokens } else { unit(&unit_words) };
    let kind = match at.and_then(|at| kind(words.get(at)?)) {
        Some(kind) => kind,
        // One endpoint leaves the word out: `x-ratelimit-requests`.
        None if !unit_words.is_empty() && !matches!(unit, Unit::Other(_)) => Kind::Limit,
        None => return None,
    };
    let holder = holder.filter(|holder| !holder.is_empty());
    let bare = unit_words.is_empty() && family == Family::Plain;
    Some((Name { kind, unit, family, holder, bare }, length))
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "limit" => Kind::Limit,
        "remaining" => Kind::Remaining,
        "reset" => Kind::Reset,
        "used" => Kind::Used,
        "renewalperiod" => Kind::Period,
        _ => return None,
    })
}

/// `minute`, `10-second`, `per-day` at the end of the words.
fn take_window(words: &mut Vec<&str>) -> Option<Length> {
    let mut length = match *words.last()? {
        "second" | "seconds" => Length::Seconds(1.0),
        "minute" | "minutes" => Length::Seconds(60.0),
        "hour" | "hours" => Length::Seconds(3600.0),
        "day" | "days" => Length::Seconds(86_400.0),
        "week" | "weeks" => Length::Seconds(604_800.0),
        "month" | "months" => Length::Month,
        _ => return None,
    };
    words.pop();
    if let (Some(times), Length::Seconds(seconds)) = (words.last().and_then(|word| word.parse::<u32>().ok()), length) {
        words.pop();
        length = Length::Seconds(seconds * f64::from(times));
    }
    if words.last() == Some(&"per") {
        words.pop();
    }
    Some(length)
}

/// The unit of these words; none are requests.
pub fn unit(words: &[&str]) -> Unit {
    match words {
        [] | ["req" | "request" | "requests" | "call" | "calls" | "query" | "queries"] => Unit::Requests,
        ["token" | "tokens"] => Unit::Tokens,
        ["input" | "prompt", "token" | "tokens"] => Unit::InputTokens,
        ["output" | "completion", "token" | "tokens"] => Unit::OutputTokens,
        words => Unit::from(words.join("_").as_str()),
    }
}

/// `trial-endpoint-call-remaining`, `endpoint-monthly-call-limit`.
fn endpoint(name: &str) -> Option<(Name, Length)> {
    let (_, rest) =
        name.split_once("endpoint-").filter(|(before, _)| matches!(*before, "" | "trial-" | "production-"))?;
    let mut length = Length::Unknown;
    let mut figure = None;
    for word in rest.split('-') {
        match word {
            "call" | "calls" => {}
            "monthly" => length = Length::Month,
            "daily" => length = Length::Seconds(86_400.0),
            "hourly" => length = Length::Seconds(3600.0),
            "limit" | "remaining" | "reset" => figure = kind(word),
            _ => return None,
        }
    }
    Some((Name { kind: figure?, unit: Unit::Requests, family: Family::Trial, holder: None, bare: false }, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let minute = Length::Seconds(60.0);
        for (name, said) in [
            ("x-ratelimit-limit-requests", Some((Kind::Limit, "requests", Length::Unknown, None))),
            ("x-ratelimit-remaining-req-minute", Some((Kind::Remaining, "requests", minute, None))),
            ("x-ratelimit-limit-req-10-second", Some((Kind::Limit, "requests", Length::Seconds(10.0), None))),
            ("x-ratelimit-limit-tokens-month", Some((Kind::Limit, "tokens", Length::Month, None))),
            ("x-ratelimit-reset-tokens_usage_based", Some((Kind::Reset, "tokens_usage_based", Length::Unknown, None))),
            (
                "x-ratelimit-remaining-input-characters-minute",
                Some((Kind::Remaining, "input_characters", minute, None)),
            ),
            ("anthropic-ratelimit-input-tokens-reset", Some((Kind::Reset, "input_tokens", Length::Unknown, None))),
            ("x-ratelimitbysize-limit-minute", Some((Kind::Limit, "tokens", minute, None))),
            ("ratelimitbysize-remaining", Some((Kind::Remaining, "tokens", Length::Unknown, None))),
            ("x-ratelimit-api_key-limit-tokens", Some((Kind::Limit, "tokens", Length::Unknown, Some("api_key")))),
            ("x-ratelimit-requests", Some((Kind::Limit, "requests", Length::Unknown, None))),
            ("x-ratelimit-renewalperiod-tokens", Some((Kind::Period, "tokens", Length::Unknown, None))),
            ("x-endpoint-monthly-call-limit", Some((Kind::Limit, "requests", Length::Month, None))),
            ("x-trial-endpoint-call-remaining", Some((Kind::Remaining, "requests", Length::Unknown, None))),
            ("x-ratelimit-tokens-query-cost", None),
            ("x-ratelimit-abusepenalty-active", None),
            ("x-ratelimit-type", None),
            ("x-ratelimit", None),
            ("content-length", None),
        ] {
            let found = parse(name);
            let found =
                found.as_ref().map(|(name, length)| (name.kind, name.unit.as_str(), *length, name.holder.as_deref()));
            assert_eq!(found, said, "{name}");
        }
    }
}
