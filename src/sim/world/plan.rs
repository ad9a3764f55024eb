//! The world as its file describes it. Reads; simulates nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::sim::world::dialect::Dialect;
use crate::sim::world::limit::Rule;
use crate::sim::world::speech::Pace;
use crate::sim::world::telling;

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
        let mut told = Vec::new();
        for rule in self.limits.iter().filter(|rule| *rule.told.as_ref()) {
            told.push((rule.unit, rule.window));
            if let Some(why) = telling::untold(self.dialect, &told) {
                return Some((rule.told.span().start, why));
            }
        }
        None
    }
}

/// The world in `text`.
pub(crate) fn read(text: &str) -> Result<Plan, BadWorld> {
    let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let plan: Plan = toml::from_str(text).map_err(|error| BadWorld {
        line: line_of(error.span().map_or(0, |span| span.start)),
        message: error.message().to_owned(),
    })?;
    match plan.providers.values().find_map(ProviderPlan::fault) {
        Some((offset, message)) => Err(BadWorld { line: line_of(offset), message: message.to_owned() }),
        None => Ok(plan),
    }
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
