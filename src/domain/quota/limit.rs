//! The words in which a limit is written: unit x window x cap, each figure with its evidence. Knows no provider.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;

/// What a limit counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Calls.
    Requests,
    /// Tokens of prompt and answer together.
    Tokens,
    /// Tokens of the prompt.
    InputTokens,
    /// Tokens of the answer.
    OutputTokens,
    /// Anything else, in the provider's word: `audio_seconds`, `neurons`.
    Other(Arc<str>),
}

impl Unit {
    /// The unit in snake case, as it is written in files.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::Other(word) => word,
        }
    }

    /// The short word for a gauge: `req`, `tok`.
    pub fn short(&self) -> &str {
        match self {
            Self::Requests => "req",
            Self::Tokens => "tok",
            Self::InputTokens => "in tok",
            Self::OutputTokens => "out tok",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for Unit {
    fn from(text: &str) -> Self {
        match text {
            "requests" => Self::Requests,
            "tokens" => Self::Tokens,
            "input_tokens" => Self::InputTokens,
            "output_tokens" => Self::OutputTokens,
            other => Self::Other(other.into()),
        }
    }
}

/// When what was used comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// All at once, at each multiple of the span on the wall clock (`60s`: at :00).
    Fixed(Duration),
    /// Each use by itself, one span after it.
    Rolling(Duration),
    /// Steadily: an empty bucket is full after one span.
    Bucket(Duration),
    /// All at once, at midnight in a zone.
    Day(chrono_tz::Tz),
    /// All at once, on the first of the month at midnight in a zone.
    Month(chrono_tz::Tz),
    /// Not known: nothing comes back until the provider says so.
    Unknown,
}

impl Window {
    /// Its length; of a day 24 hours and of a month 30 days, whatever the calendar says. None if unknown.
    pub const fn span(self) -> Option<Duration> {
        match self {
            Self::Fixed(span) | Self::Rolling(span) | Self::Bucket(span) => Some(span),
            Self::Day(_) => Some(Duration::from_hours(24)),
            Self::Month(_) => Some(Duration::from_hours(24 * 30)),
            Self::Unknown => None,
        }
    }

    /// The word for a gauge: `min`, `day`, `90 s`, `?`.
    pub fn short(self) -> String {
        match self.span().map(|span| span.as_secs()) {
            None => "?".into(),
            Some(1) => "s".into(),
            Some(60) => "min".into(),
            Some(3600) => "hour".into(),
            Some(86_400) => "day".into(),
            Some(2_592_000) => "month".into(),
            Some(secs) if secs % 86_400 == 0 => format!("{} d", secs / 86_400),
            Some(secs) if secs % 3600 == 0 => format!("{} h", secs / 3600),
            Some(secs) if secs % 60 == 0 => format!("{} min", secs / 60),
            Some(secs) => format!("{secs} s"),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(span) => write!(f, "{}ms fixed", span.as_millis()),
            Self::Rolling(span) => write!(f, "{}ms rolling", span.as_millis()),
            Self::Bucket(span) => write!(f, "{}ms bucket", span.as_millis()),
            Self::Day(zone) => write!(f, "1d midnight {zone}"),
            Self::Month(zone) => write!(f, "1month midnight {zone}"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// A window that could not be read; says what would have been right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no window: write `60s fixed`, `90s rolling`, `1m bucket`, `1d midnight America/Los_Angeles`, \
     `1month midnight UTC` or `unknown`"
)]
pub struct BadWindow(String);

impl FromStr for Window {
    type Err = BadWindow;

    fn from_str(text: &str) -> Result<Self, BadWindow> {
        let bad = || BadWindow(text.to_owned());
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["unknown"] => Ok(Self::Unknown),
            ["1d", "midnight", zone] => zone.parse().map(Self::Day).map_err(|_| bad()),
            ["1month", "midnight", zone] => zone.parse().map(Self::Month).map_err(|_| bad()),
            [span] | [span, "fixed"] => parse_span(span).map(Self::Fixed).ok_or_else(bad),
            [span, "rolling"] => parse_span(span).map(Self::Rolling).ok_or_else(bad),
            [span, "bucket"] => parse_span(span).map(Self::Bucket).ok_or_else(bad),
            _ => Err(bad()),
        }
    }
}

/// `90s`, `15m`, `2h`, `1d`, `500ms`: a whole number above zero and one unit; at most ten years.
fn parse_span(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let span = number.checked_mul(ms)?;
    (1..=315_360_000_000).contains(&span).then(|| Duration::from_millis(span))
}

macro_rules! as_text {
    ($type:ty, |$text:ident| $read:expr) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let $text = std::borrow::Cow::<str>::deserialize(from)?;
                $read.map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(Window, |text| text.parse::<Window>());
as_text!(Unit, |text| Ok::<_, BadWindow>(Unit::from(text.as_ref())));

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a figure is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The catalogue or the config says so.
    Documented,
    /// The provider said so, in a header or at a quota endpoint.
    Reported,
    /// Counted here, from the attempts made.
    Counted,
    /// The provider named it in a refusal.
    Learnt,
}

impl Evidence {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Reported => "reported",
            Self::Counted => "counted",
            Self::Learnt => "learnt",
        }
    }
}

/// One number of a quota, how it is known, and when it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure<T> {
    /// The number.
    pub value: T,
    /// How it is known.
    pub evidence: Evidence,
    /// When it was heard, or counted last.
    pub at: Time,
}

impl<T> Figure<T> {
    /// A figure.
    pub const fn new(value: T, evidence: Evidence, at: Time) -> Self {
        Self { value, evidence, at }
    }
}

/// What one response says of one limit. What it does not say is None.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What is counted.
    pub unit: Unit,
    /// The window, as far as the name or the dialect tells it.
    pub window: Window,
    /// The cap.
    pub cap: Option<u64>,
    /// What is left; may be above the cap, as sent.
    pub remaining: Option<u64>,
    /// Time until the provider's "reset": of a bucket until it is full, else until the window ends.
    pub reset_after: Option<Duration>,
    /// From a header of any response, or from the words of a refusal.
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_what_it_writes() {
        for text in ["60s", "60s fixed", "90s rolling", "1m bucket", "1d midnight America/Los_Angeles", "unknown"] {
            let window: Window = text.parse().unwrap();
            assert_eq!(window.to_string().parse::<Window>().unwrap(), window, "{text}");
        }
        assert_eq!("1m".parse::<Window>().unwrap(), Window::Fixed(Duration::from_mins(1)));
    }

    #[test]
    fn a_wrong_window_says_what_would_be_right() {
        for text in
            ["", "0s", "60", "s", "60s sliding", "1d midnight Mars/Olympus", "99999999999999999999d", "9999999d"]
        {
            let error = text.parse::<Window>().unwrap_err();
            assert!(error.to_string().contains("60s fixed"), "{text}: {error}");
        }
    }

    #[test]
    fn short_words_for_gauges() {
        let words: Vec<String> = ["60s", "90s rolling", "1d bucket", "3h", "1d midnight UTC", "unknown"]
            .map(|text| text.parse::<Window>().unwrap().short())
            .into();
        assert_eq!(words, ["min", "90 s", "day", "3 h", "day", "?"]);
    }
}
