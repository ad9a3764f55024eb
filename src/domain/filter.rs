//! Which rows of the log are meant: `groq !answered status:4xx since:1h`. Pure: the text as it is written to what is
//! meant, and whether a row is so. The store says the same in its own words.

use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::conversation::Origin;
use crate::domain::failure::Class;
use crate::domain::span::span;

/// Rows of which all terms hold; without any, all rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The terms, as they were written.
    pub terms: Vec<Term>,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// It must not hold.
    pub not: bool,
    /// What it says.
    pub test: Test,
}

/// What a term says. Texts are in lower case, as far as ASCII goes, and so is what they are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// This stands in the lane, the origin, the status, the outcome, the class, or the note.
    Word(String),
    /// This stands in the lane's name.
    Lane(String),
    /// Who asked.
    Origin(Origin),
    /// How it ended.
    Ended(Ended),
    /// It started at this time or later.
    Since(Time),
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an HTTP status from the first to the second.
    Status(u16, u16),
    /// In this way: `answered`, `failed`, `cancelled`, `interrupted`, or `running`.
    As(&'static str),
    /// Failed for this reason.
    Of(Class),
}

/// What is wrong with a filter, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFilter(pub String);

/// All ways to end, as they are written.
const OUTCOMES: [&str; 5] = ["answered", "failed", "cancelled", "interrupted", "running"];

/// Whether a name is that of a class, and of which.
fn class(name: &str) -> Option<Class> {
    let plain = name.replace(['-', ' '], "_");
    Class::ALL.into_iter().find(|class| class.key() == plain || class.word().replace(' ', "_") == plain)
}

impl Ended {
    /// Reads `429`, `4xx`, `failed`, `rate_limited`. Err: what would be right.
    pub fn read(text: &str) -> Result<Self, BadFilter> {
        let lower = text.to_lowercase();
        let hundred = lower.strip_suffix("xx").and_then(|hundred| hundred.parse::<u16>().ok());
        if let Some(hundred) = hundred.filter(|hundred| (1..=5).contains(hundred)) {
            return Ok(Self::Status(hundred * 100, hundred * 100 + 99));
        }
        if let Some(status) = lower.parse().ok().filter(|status| (100..=599).contains(status)) {
            return Ok(Self::Status(status, status));
        }
        let outcome = OUTCOMES.iter().find(|outcome| **outcome == lower).map(|outcome| Self::As(outcome));
        outcome.or_else(|| class(&lower).map(Self::Of)).ok_or_else(|| {
            let classes = classes();
            BadFilter(format!("write a status (429, 4xx), or one of {}, {classes}", OUTCOMES.join(", ")))
        })
    }

    fn holds(self, attempt: &Attempt) -> bool {
        match self {
            Self::Status(from, to) => attempt.status.is_some_and(|status| (from..=to).contains(&status)),
            Self::As(word) => attempt.outcome.key() == word,
            Self::Of(class) => attempt.outcome == Outcome::Failed(class),
        }
    }
}

fn classes() -> String {
    Class::ALL.map(|class| class.word().replace(' ', "-")).join(", ")
}

impl Filter {
    /// Reads a filter: words, `!` before what must not be, `lane:`, `origin:`, `status:`, `class:`, `since:`; a text with
    /// spaces stands in quotes. `now`: what `since:` counts back from. Err: what is wrong.
    pub fn read(text: &str, now: Time) -> Result<Self, BadFilter> {
        Self::of_words(&words(text), now)
    }

    /// Reads a filter that is cut into words already.
    pub fn of_words(words: &[String], now: Time) -> Result<Self, BadFilter> {
        let terms = words.iter().map(|word| Term::read(word, now)).collect::<Result<_, _>>()?;
        Ok(Self { terms })
    }

    /// Whether it leaves nothing out.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether this row is meant.
    pub fn holds(&self, attempt: &Attempt) -> bool {
        self.terms.iter().all(|term| term.test.holds(attempt) != term.not)
    }
}

/// Cut at the spaces that stand in no quotes; the quotes go.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for char in text.chars() {
        match char {
            '"' => quoted = !quoted,
            char if char.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            char => word.push(char),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

impl Term {
    fn read(word: &str, now: Time) -> Result<Self, BadFilter> {
        let (not, bare) = word.strip_prefix('!').map_or((false, word), |bare| (true, bare));
        if bare.is_empty() {
            return Err(BadFilter("`!` wants a word behind it, such as !answered".into()));
        }
        let test = match bare.split_once(':') {
            Some((key, value)) => Test::keyed(&key.to_ascii_lowercase(), value, now)?,
            None => None,
        };
        Ok(Self { not, test: test.unwrap_or_else(|| Test::Word(bare.to_ascii_lowercase())) })
    }
}

impl Test {
    /// None: the word before the colon is no key, so the whole of it is a word (models have colons in their names).
    fn keyed(key: &str, value: &str, now: Time) -> Result<Option<Self>, BadFilter> {
        let bad = |words: String| BadFilter(format!("`{}` {words}", short(value)));
        let test = match key {
            "lane" if value.is_empty() => return Err(bad("is no part of a lane's name: write lane:groq".into())),
            "lane" => Self::Lane(value.to_ascii_lowercase()),
            "origin" | "from" => match value.to_ascii_lowercase().as_str() {
                "chat" => Self::Origin(Origin::Chat),
                "ask" => Self::Origin(Origin::Ask),
                "api" | "endpoint" => Self::Origin(Origin::Endpoint),
                "probe" => Self::Origin(Origin::Probe),
                _ => return Err(bad("is no origin: write chat, ask, api or probe".into())),
            },
            "status" | "outcome" => {
                let what = "is no status: write 429, 4xx, answered, failed, cancelled, interrupted or running";
                Self::Ended(Ended::read(value).map_err(|_| bad(what.into()))?)
            }
            "class" => match class(&value.to_ascii_lowercase()) {
                Some(class) => Self::Ended(Ended::Of(class)),
                None => return Err(bad(format!("is no class: write one of {}", classes()))),
            },
            "since" => {
                let span: Duration = span(value).map_err(|why| bad(format!("is no span: {why}")))?;
                Self::Since(now.minus(span))
            }
            _ => return Ok(None),
        };
        Ok(Some(test))
    }

    fn holds(&self, attempt: &Attempt) -> bool {
        match self {
            Self::Word(word) => searched(attempt).contains(word.as_str()),
            Self::Lane(part) => attempt.lane.as_str().to_ascii_lowercase().contains(part.as_str()),
            Self::Origin(origin) => attempt.origin == *origin,
            Self::Ended(ended) => ended.holds(attempt),
            Self::Since(time) => attempt.started >= *time,
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

/// All that words are looked for in, each on a line of its own.
fn searched(attempt: &Attempt) -> String {
    let class = if let Outcome::Failed(class) = attempt.outcome { class.key() } else { "" };
    let status = attempt.status.map(|status| status.to_string()).unwrap_or_default();
    let origin = if attempt.origin == Origin::Endpoint { "endpoint api" } else { attempt.origin.word() };
    let text =
        [attempt.lane.as_str(), origin, attempt.outcome.key(), class, &class.replace('_', " "), &status, &attempt.note];
    text.join("\n").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn read(text: &str) -> Filter {
        Filter::read(text, NOW).unwrap()
    }

    fn term(not: bool, test: Test) -> Term {
        Term { not, test }
    }

    #[test]
    fn a_filter_is_read_word_by_word() {
        for (text, expected) in [
            ("", vec![]),
            ("  Groq !RESTS ", vec![term(false, Test::Word("groq".into())), term(true, Test::Word("rests".into()))]),
            ("\"req per min\"", vec![term(false, Test::Word("req per min".into()))]),
            ("\"not closed", vec![term(false, Test::Word("not closed".into()))]),
            ("status:4XX", vec![term(false, Test::Ended(Ended::Status(400, 499)))]),
            ("!status:429", vec![term(true, Test::Ended(Ended::Status(429, 429)))]),
            ("outcome:failed", vec![term(false, Test::Ended(Ended::As("failed")))]),
            ("class:rate_limited", vec![term(false, Test::Ended(Ended::Of(Class::RateLimited)))]),
            ("class:quota-spent", vec![term(false, Test::Ended(Ended::Of(Class::QuotaExhausted)))]),
            ("class:gone", vec![term(false, Test::Ended(Ended::Of(Class::Gone)))]),
            ("lane:Groq", vec![term(false, Test::Lane("groq".into()))]),
            ("origin:api", vec![term(false, Test::Origin(Origin::Endpoint))]),
            ("since:1h", vec![term(false, Test::Since(NOW.minus(Duration::from_hours(1))))]),
            ("llama3.2:free", vec![term(false, Test::Word("llama3.2:free".into()))]),
        ] {
            assert_eq!(read(text).terms, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_says_what_would_be_right() {
        for (text, says) in [
            ("!", "`!` wants a word"),
            ("status:", "write 429, 4xx"),
            ("status:odd", "`odd` is no status"),
            ("origin:me", "chat, ask, api or probe"),
            ("class:odd", "rate-limited"),
            ("since:2", "1h30m"),
            ("lane:", "lane:groq"),
        ] {
            let why = Filter::read(text, NOW).unwrap_err().to_string();
            assert!(why.contains(says), "{text}: {why}");
        }
    }

    #[test]
    fn an_end_is_a_status_an_outcome_or_a_cause() {
        for (text, expected) in [
            ("429", Ended::Status(429, 429)),
            ("4xx", Ended::Status(400, 499)),
            ("Failed", Ended::As("failed")),
            ("rate-limited", Ended::Of(Class::RateLimited)),
            ("quota_spent", Ended::Of(Class::QuotaExhausted)),
        ] {
            assert_eq!(Ended::read(text), Ok(expected), "{text}");
        }
        for text in ["", "4", "9xx", "1000", "xx", "odd"] {
            assert!(Ended::read(text).is_err_and(|why| why.0.contains("rate-limited")), "{text}");
        }
    }
}
