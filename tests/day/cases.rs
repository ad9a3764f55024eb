//! The days: whose habits, which limits, and what each of them may be off by.

use std::fmt::Write;

use roundel::domain::roster::Dialect;

use crate::day::bounds::{self, Bound};

/// A limit, as the simulated provider keeps it and as the roster has it.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    pub(crate) unit: &'static str,
    /// The provider's window.
    pub(crate) kept: &'static str,
    /// The roster's window.
    pub(crate) listed: &'static str,
    pub(crate) cap: u64,
    pub(crate) per_model: bool,
    /// Whether headers tell what is left.
    pub(crate) told: bool,
    /// Whether the world's file says that headers tell it (of some only the cap).
    pub(crate) shown: bool,
    pub(crate) bound: Bound,
}

/// A day.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
    /// The same in the world's file.
    pub(crate) sim: &'static str,
    pub(crate) start: &'static str,
    pub(crate) hours: u64,
    /// From the request to the head, in milliseconds.
    pub(crate) head_ms: u64,
    pub(crate) further: &'static str,
    pub(crate) models: &'static [&'static str],
    pub(crate) limits: Vec<Limit>,
}

/// A Sunday in November.
const START: &str = "2026-11-22T00:00:00Z";

fn told(unit: &'static str, window: &'static str, cap: u64, bound: Bound) -> Limit {
    Limit { unit, kept: window, listed: window, cap, per_model: true, told: true, shown: true, bound }
}

fn counted(kept: &'static str, listed: &'static str, cap: u64, bound: Bound) -> Limit {
    Limit { unit: "requests", kept, listed, cap, per_model: true, told: false, shown: false, bound }
}

fn case(name: &'static str, dialect: Dialect, sim: &'static str, limits: Vec<Limit>) -> Case {
    let (start, hours, head_ms, further, models) = (START, 26, 0, "", ["m"].as_slice());
    Case { name, dialect, sim, start, hours, head_ms, further, models, limits }
}

/// Every day there is.
pub(crate) fn all() -> Vec<Case> {
    let mut all = vec![groq(), openai(), mistral(), mistral_streaming(), azure(), cerebras(), anthropic(), together()];
    all.extend([ietf(), litellm(), nvidia(), odd(), cohere(), openrouter()]);
    all.extend(gemini());
    all
}

/// One for each way of telling limits and each kind of window.
pub(crate) fn few() -> Vec<Case> {
    let mut few =
        vec![groq(), mistral(), mistral_streaming(), cerebras(), ietf(), litellm(), odd(), cohere(), openrouter()];
    few.extend(gemini().into_iter().take(1));
    few
}

pub(crate) fn groq() -> Case {
    case(
        "groq",
        Dialect::Groq,
        "groq",
        vec![told("requests", "1d bucket", 200, bounds::groq), told("tokens", "60s bucket", 6000, bounds::groq)],
    )
}

fn openai() -> Case {
    let limits =
        vec![told("requests", "60s bucket", 3, bounds::openai), told("tokens", "60s bucket", 4000, bounds::openai)];
    case("openai", Dialect::Openai, "openai", limits)
}

pub(crate) fn mistral() -> Case {
    let limits =
        vec![told("requests", "60s fixed", 4, bounds::mistral), told("tokens", "60s fixed", 3000, bounds::mistral)];
    case("mistral", Dialect::Mistral, "mistral", limits)
}

fn mistral_streaming() -> Case {
    let limit =
        Limit { told: false, bound: bounds::mistral_streaming, ..told("requests", "60s fixed", 4, bounds::mistral) };
    Case {
        further: "headers_on_streams = false",
        ..case("mistral without headers", Dialect::Mistral, "mistral", vec![limit])
    }
}

fn azure() -> Case {
    let limits =
        vec![told("requests", "60s bucket", 10, bounds::azure), told("tokens", "60s bucket", 9000, bounds::azure)];
    case("azure", Dialect::Azure, "azure", limits)
}

fn cerebras() -> Case {
    let limits = vec![
        told("requests", "60s bucket", 5, bounds::cerebras),
        told("requests", "1h bucket", 60, bounds::cerebras),
        told("requests", "1d bucket", 400, bounds::cerebras),
        told("tokens", "60s bucket", 9000, bounds::cerebras),
    ];
    case("cerebras", Dialect::Cerebras, "cerebras", limits)
}

pub(crate) fn anthropic() -> Case {
    let limits = vec![
        told("requests", "60s bucket", 8, bounds::anthropic),
        told("tokens", "60s bucket", 8000, bounds::anthropic),
    ];
    case("anthropic", Dialect::Anthropic, "anthropic", limits)
}

fn together() -> Case {
    case("together", Dialect::Together, "together", vec![told("requests", "1s bucket", 2, bounds::together)])
}

/// A provider that nobody knows, with the standard's fields: a minute and a grid of five hours.
fn ietf() -> Case {
    let limits = vec![told("requests", "60s fixed", 5, bounds::ietf), told("requests", "5h fixed", 90, bounds::ietf)];
    case("generic", Dialect::Generic, "ietf", limits)
}

fn litellm() -> Case {
    let key = Limit { shown: true, per_model: false, ..counted("60s fixed", "60s fixed", 4, bounds::litellm_key) };
    let limits = vec![
        told("requests", "1d bucket", 300, bounds::litellm_upstream),
        told("tokens", "60s bucket", 6000, bounds::litellm_upstream),
        key,
    ];
    case("litellm", Dialect::Litellm, "litellm", limits)
}

fn nvidia() -> Case {
    let limit = Limit { per_model: false, ..counted("60s rolling", "60s rolling", 5, bounds::nvidia) };
    Case { models: &["m", "n"], ..case("nvidia", Dialect::Nvidia, "nvidia", vec![limit]) }
}

/// An odd one: 90 seconds, rolling, and a grid of five hours, without headers.
pub(crate) fn odd() -> Case {
    let limits = vec![
        counted("90s rolling", "90s rolling", 4, bounds::nvidia),
        counted("5h fixed", "5h fixed", 60, bounds::gemini_day),
    ];
    case("90 s rolling, 5 h grid", Dialect::Generic, "nvidia", limits)
}

fn cohere() -> Case {
    let minute = told("requests", "60s rolling", 4, bounds::cohere_minute);
    let month = Limit {
        per_model: false,
        shown: true,
        ..counted("1month midnight UTC", "1month midnight UTC", 250, bounds::cohere_month)
    };
    // Over the end of the month.
    Case { start: "2026-11-30T12:00:00Z", ..case("cohere", Dialect::Cohere, "cohere", vec![minute, month]) }
}

pub(crate) fn openrouter() -> Case {
    let limits = vec![
        Limit { per_model: false, ..counted("60s fixed", "60s fixed", 4, bounds::openrouter) },
        Limit { per_model: false, ..counted("day", "1d midnight UTC", 50, bounds::openrouter) },
    ];
    Case {
        models: &["a:free", "b:free"],
        further: "counts_failures = true\nfaults = { overloaded = 0.1, busy = 0.1 }",
        ..case("openrouter", Dialect::Openrouter, "openrouter", limits)
    }
}

/// A plain day, the one that has 25 hours, and the one that has 23.
pub(crate) fn gemini() -> Vec<Case> {
    let limits = || {
        vec![
            counted("60s rolling", "60s rolling", 5, bounds::gemini_minute),
            counted("1d midnight America/Los_Angeles", "1d midnight America/Los_Angeles", 60, bounds::gemini_day),
        ]
    };
    let days =
        [("gemini", START), ("gemini, 25 hours", "2026-11-01T06:00:00Z"), ("gemini, 23 hours", "2027-03-14T07:00:00Z")];
    let day = |(name, start)| Case {
        start,
        hours: 30,
        models: &["x", "y"],
        ..case(name, Dialect::Gemini, "gemini", limits())
    };
    days.into_iter().map(day).collect()
}

impl Case {
    /// The world's file.
    pub(crate) fn world(&self, seed: u64) -> String {
        let models: Vec<String> = self.models.iter().map(|model| format!("\"{model}\"")).collect();
        let mut text = format!(
            "seed = {seed}\n[providers.p]\ndialect = \"{}\"\nmodels = [{}]\nhead_ms = {}\nfirst_token_ms = {}\n\
             tokens_per_second = 40\njitter = 0.3\n{}\n",
            self.sim,
            models.join(", "),
            self.head_ms,
            self.head_ms + 300,
            self.further
        );
        for limit in &self.limits {
            let per = if limit.per_model { "model" } else { "account" };
            let _ = write!(
                text,
                "[[providers.p.limits]]\nunit = \"{}\"\nwindow = \"{}\"\ncap = {}\nper = \"{per}\"\ntold = {}\n",
                limit.unit, limit.kept, limit.cap, limit.shown
            );
        }
        text
    }

    /// The same with headers that are on their way for so long.
    pub(crate) fn far(self, head_ms: u64) -> Self {
        Self { head_ms, ..self }
    }
}
