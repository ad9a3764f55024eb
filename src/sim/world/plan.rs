//! The world as its file describes it. Reads; simulates nothing.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::value::Datetime;

use crate::domain::clock::Time;
use crate::sim::world::demand::Demand;
use crate::sim::world::dialect::Dialect;
use crate::sim::world::limit::{Rule, Standing};
use crate::sim::world::speech::Pace;
use crate::sim::world::telling;

/// 23 November 2026, 00:00 UTC.
const MONDAY: Time = Time::from_ms(1_795_392_000_000);

/// A world that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct BadWorld {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// When a simulated day begins.
    start: Option<Spanned<Datetime>>,
    /// Hours that it lasts.
    #[serde(default = "whole_day")]
    hours: u32,
    /// Hours after its start at which the one who routes starts anew.
    #[serde(default)]
    restarts: Vec<f64>,
    #[serde(default)]
    demand: Option<Spanned<Demand>>,
    pub(crate) providers: BTreeMap<String, ProviderPlan>,
}

/// One provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderPlan {
    pub(crate) dialect: Dialect,
    pub(crate) models: Spanned<Vec<String>>,
    head_ms: u32,
    first_token_ms: u32,
    tokens_per_second: Speed,
    #[serde(default)]
    jitter: Share,
    /// Whether its headers tell the limits on streams too.
    #[serde(default = "yes")]
    pub(crate) headers_on_streams: bool,
    /// Whether what it refuses counts as a request.
    #[serde(default)]
    pub(crate) counts_failures: bool,
    #[serde(default)]
    pub(crate) faults: Faults,
    #[serde(default)]
    pub(crate) limits: Vec<Rule>,
    /// What its headers say instead of the truth.
    #[serde(default)]
    pub(crate) lies: Lies,
    /// It is down from time to time.
    #[serde(default)]
    pub(crate) flaps: Option<Flaps>,
    /// For those who ask it, see the roster.
    #[serde(default, rename = "context")]
    _context: IgnoredAny,
    #[serde(default, rename = "documented")]
    _documented: IgnoredAny,
}

/// What headers say of the limits that they tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lies {
    /// The truth.
    #[default]
    None,
    /// That nothing was used yet.
    Full,
    /// That nothing is left.
    Empty,
    /// Twice the cap, and twice what is left.
    Double,
}

impl Lies {
    /// What headers are to say of how the limits stand.
    pub(crate) fn bent(self, mut standings: Vec<Standing>) -> Vec<Standing> {
        for standing in &mut standings {
            match self {
                Self::None => {}
                Self::Full => standing.left = standing.cap,
                Self::Empty => standing.left = 0,
                Self::Double => (standing.cap, standing.left) = (standing.cap * 2, standing.left + standing.cap),
            }
        }
        standings
    }
}

/// Up for a while, down for a while, and so on since the epoch: 503 while it is down.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flaps {
    up_s: NonZeroU32,
    down_s: NonZeroU32,
}

impl Flaps {
    /// From the beginning of one cycle to the next, and how much of it is up; milliseconds.
    pub(crate) fn cycle(self) -> (i64, i64) {
        let up = i64::from(self.up_s.get()) * 1000;
        (up + i64::from(self.down_s.get()) * 1000, up)
    }

    /// Whether it is down at `now`.
    pub(crate) fn is_down(self, now: Time) -> bool {
        let (cycle, up) = self.cycle();
        now.ms().rem_euclid(cycle) >= up
    }
}

/// A simulated day of a world.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Who asks.
    pub demand: Demand,
    /// When it begins.
    pub start: Time,
    /// How long it lasts.
    pub length: Duration,
    /// The spans from its start after which the one who routes starts anew.
    pub restarts: Vec<Duration>,
}

impl Plan {
    /// Its simulated day. If the file does not say, a Monday from midnight UTC on.
    pub(crate) fn day(&self) -> Day {
        Day {
            demand: self.demand.as_ref().map(|demand| *demand.as_ref()).unwrap_or_default(),
            start: self.start.as_ref().and_then(|start| instant(start.as_ref())).unwrap_or(MONDAY),
            length: Duration::from_hours(self.hours.into()),
            restarts: self
                .restarts
                .iter()
                .filter_map(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok())
                .collect(),
        }
    }

    fn fault(&self) -> Option<(usize, &'static str)> {
        if let Some(start) = self.start.as_ref().filter(|start| instant(start.as_ref()).is_none()) {
            return Some((start.span().start, "a start has an offset: 2026-11-23T00:00:00Z"));
        }
        if let Some(demand) = &self.demand
            && let Some(fault) = demand.as_ref().fault()
        {
            return Some((demand.span().start, fault));
        }
        self.providers.values().find_map(ProviderPlan::fault)
    }
}

fn instant(written: &Datetime) -> Option<Time> {
    let read = chrono::DateTime::parse_from_rfc3339(&written.to_string()).ok()?;
    Some(Time::from_ms(read.timestamp_millis()))
}

/// How often something goes wrong, as shares of the requests that the limits let through. One throw decides, in this
/// order.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Faults {
    /// 503, its own capacity.
    pub(crate) overloaded: Share,
    /// 429, the capacity of someone behind it.
    pub(crate) busy: Share,
    /// The connection breaks in the middle of the answer.
    pub(crate) cut: Share,
    /// Nothing more comes from the middle of the answer on.
    pub(crate) stall: Share,
}

/// 0 to 1.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "f64")]
pub(crate) struct Share(pub(crate) f64);

/// Tokens a second, above 0.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Speed(f64);

impl TryFrom<f64> for Share {
    type Error = &'static str;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        (0.0..=1.0).contains(&number).then_some(Self(number)).ok_or("a share is from 0 to 1")
    }
}

impl TryFrom<f64> for Speed {
    type Error = &'static str;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        (0.1..=1e6).contains(&number).then_some(Self(number)).ok_or("a speed is from 0.1 to 1000000 tokens a second")
    }
}

impl ProviderPlan {
    /// How fast it is.
    pub(crate) fn pace(&self) -> Pace {
        Pace {
            head: Duration::from_millis(self.head_ms.into()),
            first_token: Duration::from_millis(self.first_token_ms.into()),
            gap: Duration::from_secs_f64(1.0 / self.tokens_per_second.0),
            jitter: self.jitter.0,
        }
    }

    /// Byte offset and words of what is wrong with it, if anything is.
    fn fault(&self) -> Option<(usize, &'static str)> {
        if self.models.as_ref().is_empty() {
            return Some((self.models.span().start, "a provider has at least one model"));
        }
        let mut told: Vec<&Rule> = Vec::new();
        for rule in &self.limits {
            let at = rule.told.span().start;
            if rule.models.iter().any(|model| !self.models.as_ref().contains(model)) {
                return Some((at, "a limit names a model that the provider does not have"));
            }
            if !*rule.told.as_ref() {
                continue;
            }
            told.push(rule);
            // Limits of different models never stand in the same headers.
            for model in self.models.as_ref() {
                let own = told.iter().filter(|other| other.is_for(model)).map(|other| (other.unit, other.window));
                if let Some(why) = telling::untold(self.dialect, &own.collect::<Vec<_>>()) {
                    return Some((at, why));
                }
            }
        }
        None
    }
}

/// The world in `text`.
pub(crate) fn read(text: &str) -> Result<Plan, BadWorld> {
    let plan: Plan = toml::from_str(text).map_err(|error| bad(text, &error))?;
    match plan.fault() {
        Some((offset, message)) => Err(BadWorld { line: line_of(text, offset), message: message.to_owned() }),
        None => Ok(plan),
    }
}

/// What is wrong in `text`, by its line.
pub(crate) fn bad(text: &str, error: &toml::de::Error) -> BadWorld {
    BadWorld { line: line_of(text, error.span().map_or(0, |span| span.start)), message: error.message().to_owned() }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

const fn whole_day() -> u32 {
    24
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"seed = 1
[providers.p]
dialect = "gemini"
models = ["m"]
head_ms = 100
first_token_ms = 200
tokens_per_second = 50
[[providers.p.limits]]
unit = "requests"
window = "60s fixed"
cap = 2
per = "model"
told = false
"#;

    #[test]
    fn a_wrong_world_says_where() {
        assert!(read(GOOD).is_ok());
        for (from, to, line, said) in [
            ("seed = 1", "seed = -1", 1, "invalid value"),
            ("seed = 1", "sed = 1", 1, "unknown field `sed`"),
            ("gemini", "gemni", 3, "unknown variant `gemni`"),
            ("[\"m\"]", "[]", 4, "at least one model"),
            ("head_ms = 100", "head_ms = 100\nheads = 2", 6, "unknown field `heads`"),
            ("tokens_per_second = 50", "tokens_per_second = 0", 7, "0.1 to 1000000"),
            ("tokens_per_second = 50", "tokens_per_second = 50\njitter = 1.5", 8, "from 0 to 1"),
            ("60s fixed", "a minute", 10, "`60s fixed`"),
            ("cap = 2", "cap = 0", 11, "nonzero"),
            ("per = \"model\"\n", "", 8, "missing field `per`"),
            ("told = false", "told = true", 13, "no headers"),
            ("told = false\n", "told = false\n[", 14, ""),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(said), "{error}");
        }
        let mistral = GOOD.replace("gemini", "mistral").replace("told = false", "told = true");
        assert!(read(&mistral).is_ok());
        assert_eq!(
            read(&mistral.replace("60s fixed", "60s rolling")).unwrap_err().to_string(),
            "line 13: this dialect's headers tell limits of `60s fixed` only"
        );
    }
}
