//! The headers in which each dialect tells its limits. Counts nothing: it is told how they stand.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

use crate::domain::clock::Time;
use crate::sim::world::dialect::Dialect;
use crate::sim::world::limit::{Standing, Unit, Window};
use crate::sim::world::refusal::{go_duration, plural, whole_seconds};

/// The headers that tell `standings`, as they are at `now`.
pub(crate) fn headers(dialect: Dialect, standings: &[Standing], now: Time) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for standing in standings.iter().filter(|standing| standing.told) {
        one(dialect, standing, now, &mut |name: String, value: String| headers.push((name, value)));
    }
    match dialect {
        Dialect::Anthropic => headers.push(("date".into(), instant(now, "%a, %d %b %Y %H:%M:%S GMT"))),
        Dialect::Litellm => {
            headers.push(("x-litellm-model-api-base".into(), "https://api.groq.com/openai/v1".into()));
        }
        Dialect::Ietf => join(&mut headers),
        _ => {}
    }
    headers
}

/// The same on a refusal, where some tell nothing.
pub(crate) fn on_refusal(dialect: Dialect, standings: &[Standing], now: Time) -> Vec<(String, String)> {
    match dialect {
        Dialect::Cerebras | Dialect::Cohere | Dialect::Litellm => Vec::new(),
        _ => headers(dialect, standings, now),
    }
}

/// Why headers cannot tell limits of such windows beside each other; None: they can.
pub(crate) fn untold(dialect: Dialect, told: &[(Unit, Window)]) -> Option<&'static str> {
    let (last, before) = told.split_last()?;
    let apart = match dialect {
        Dialect::Gemini | Dialect::Openrouter | Dialect::Nvidia => {
            return Some("this dialect has no headers to tell a limit");
        }
        Dialect::Mistral if last.1 != Window::Fixed(60_000) => {
            return Some("this dialect's headers tell limits of `60s fixed` only");
        }
        Dialect::Cerebras if word(last.1).is_none() => {
            return Some("this dialect's headers tell limits of `60s bucket`, `1h bucket` and `1d bucket` only");
        }
        Dialect::Cohere if last.0 != Unit::Requests => {
            return Some("this dialect's headers tell limits of requests only");
        }
        Dialect::Ietf if !matches!(last.1, Window::Fixed(_)) => {
            return Some("this dialect's headers tell limits of a fixed window only");
        }
        Dialect::Cerebras | Dialect::Cohere | Dialect::Litellm | Dialect::Ietf => {
            before.iter().all(|other| other.0 != last.0 || other.1 != last.1)
        }
        _ => before.iter().all(|other| other.0 != last.0),
    };
    if apart { None } else { Some("this dialect's headers tell one limit of a unit") }
}

fn one(dialect: Dialect, standing: &Standing, now: Time, add: &mut dyn FnMut(String, String)) {
    let unit = plural(standing.unit);
    let (cap, left) = (standing.cap.to_string(), standing.left.to_string());
    match dialect {
        Dialect::Groq | Dialect::Openai => six("", standing, add),
        Dialect::Litellm if matches!(standing.window, Window::Bucket(_)) => {
            six("", standing, add);
            six("llm_provider-", standing, add);
        }
        Dialect::Litellm => add(format!("x-litellm-key-{}-limit", if unit == "tokens" { "tpm" } else { "rpm" }), cap),
        Dialect::Mistral => {
            let word = if unit == "tokens" { "tokens" } else { "req" };
            add(format!("x-ratelimit-limit-{word}-minute"), cap);
            add(format!("x-ratelimit-remaining-{word}-minute"), left);
            if standing.unit == Unit::Tokens {
                add("x-ratelimit-tokens-query-cost".into(), standing.asked.to_string());
            }
        }
        Dialect::Anthropic => {
            let reset = DateTime::from_timestamp_millis(now.plus(standing.full_after).ms()).unwrap_or_default();
            add(format!("anthropic-ratelimit-{unit}-limit"), cap);
            add(format!("anthropic-ratelimit-{unit}-remaining"), left);
            add(format!("anthropic-ratelimit-{unit}-reset"), reset.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        Dialect::Azure => {
            add(format!("x-ratelimit-limit-{unit}"), cap);
            add(format!("x-ratelimit-remaining-{unit}"), left);
            add(format!("x-ratelimit-reset-{unit}"), standing.full_after.as_millis().to_string());
            let seconds = Duration::from_millis(standing.window.span()).as_secs();
            add(format!("x-ratelimit-renewalperiod-{unit}"), seconds.to_string());
        }
        Dialect::Cerebras => {
            let word = word(standing.window).unwrap_or("minute");
            add(format!("x-ratelimit-limit-{unit}-{word}"), cap);
            add(format!("x-ratelimit-remaining-{unit}-{word}"), left);
            add(format!("x-ratelimit-reset-{unit}-{word}"), standing.full_after.as_secs_f64().to_string());
        }
        // Of the month the cap alone is told.
        Dialect::Cohere if standing.window.is_daily() => add("x-endpoint-monthly-call-limit".into(), cap),
        Dialect::Cohere => {
            add("x-trial-endpoint-call-limit".into(), cap);
            add("x-trial-endpoint-call-remaining".into(), left);
        }
        Dialect::Together => {
            let tail = if standing.unit == Unit::Tokens { "-tokens" } else { "" };
            add(format!("x-ratelimit-limit{tail}"), cap);
            add(format!("x-ratelimit-remaining{tail}"), left);
            add(format!("x-ratelimit-reset{tail}"), whole_seconds(standing.full_after).to_string());
        }
        Dialect::Ietf => {
            let seconds = Duration::from_millis(standing.window.span()).as_secs();
            let name = format!("{unit}-{seconds}");
            add("ratelimit-policy".into(), format!("\"{name}\";q={cap};w={seconds}"));
            add("ratelimit".into(), format!("\"{name}\";r={left};t={}", whole_seconds(standing.full_after)));
        }
        Dialect::Gemini | Dialect::Openrouter | Dialect::Nvidia => {}
    }
}

fn six(before: &str, standing: &Standing, add: &mut dyn FnMut(String, String)) {
    let unit = plural(standing.unit);
    add(format!("{before}x-ratelimit-limit-{unit}"), standing.cap.to_string());
    add(format!("{before}x-ratelimit-remaining-{unit}"), standing.left.to_string());
    // The time until the bucket is full, not until one more request fits.
    add(format!("{before}x-ratelimit-reset-{unit}"), go_duration(standing.full_after));
}

/// The word for a window in a header's name.
fn word(window: Window) -> Option<&'static str> {
    match window {
        Window::Bucket(60_000) => Some("minute"),
        Window::Bucket(3_600_000) => Some("hour"),
        Window::Bucket(86_400_000) => Some("day"),
        _ => None,
    }
}

/// Lists of one name in one line each.
fn join(headers: &mut Vec<(String, String)>) {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (name, value) in headers.drain(..) {
        match joined.iter_mut().find(|(other, _)| *other == name) {
            Some((_, list)) => {
                list.push_str(", ");
                list.push_str(&value);
            }
            None => joined.push((name, value)),
        }
    }
    *headers = joined;
}

fn instant(at: Time, format: &str) -> String {
    DateTime::from_timestamp_millis(at.ms()).unwrap_or_default().format(format).to_string()
}
