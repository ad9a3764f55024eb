//! Refusals of the providers that speak much like `OpenAI`, each in its own shape. Counts nothing.

use std::time::Duration;

use chrono::DateTime;
use serde_json::json;

use crate::domain::clock::Time;
use crate::sim::world::limit::{Standing, Unit};
use crate::sim::world::refusal::{Refusal, plural, refusal, whole_seconds};

/// More than the whole limit, in words that most understand.
fn too_large(limit: &Standing) -> Refusal {
    let message =
        format!("Request too large: it needs {} {}, and the limit is {}.", limit.asked, plural(limit.unit), limit.cap);
    refusal(413, &[], json!({"error": {"message": message, "type": "request_too_large", "code": "request_too_large"}}))
}

const fn seconds_of(limit: &Standing) -> u64 {
    Duration::from_millis(limit.window.span()).as_secs()
}

/// `minute`, `hour`, `day`, `month`: the nearest word there is.
fn word(limit: &Standing) -> &'static str {
    match seconds_of(limit) {
        0..60 => "second",
        60..3600 => "minute",
        3600..86_400 => "hour",
        86_400..2_000_000 => "day",
        _ => "month",
    }
}

pub(crate) fn anthropic(limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    let message = format!(
        "This request would exceed your organization's rate limit of {} {} per {}.",
        limit.cap,
        plural(limit.unit),
        word(limit)
    );
    let body = json!({"type": "error", "error": {"type": "rate_limit_error", "message": message}});
    refusal(429, &[("retry-after", whole_seconds(wait).to_string())], body)
}

pub(crate) fn azure(limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    let (span, wait_s) = (seconds_of(limit), whole_seconds(wait));
    let whose = match limit.unit {
        Unit::Requests => "UserByModelByMinute",
        Unit::Tokens => "UserByModelByMinuteTokens",
    };
    let message = format!(
        "Rate limit of {} per {span}s exceeded for {whose}. Please wait {wait_s} seconds before retrying.",
        limit.cap
    );
    let headers = [("retry-after", wait_s.to_string()), ("x-ratelimit-type", whose.to_owned())];
    refusal(429, &headers, json!({"error": {"code": "RateLimitReached", "message": message}}))
}

pub(crate) fn cerebras(limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    let (name, code) = match limit.unit {
        Unit::Requests => ("Requests", "request_quota_exceeded"),
        Unit::Tokens => ("Tokens", "token_quota_exceeded"),
    };
    let message = format!("{name} per {} limit exceeded.", word(limit));
    let body = json!({"message": message, "type": "too_many_requests_error", "param": "quota", "code": code});
    refusal(429, &[("retry-after", whole_seconds(wait).to_string())], body)
}

pub(crate) fn cohere(limit: &Standing) -> Refusal {
    let message = format!("You are using a Trial key, which is limited to {} API calls / {}.", limit.cap, word(limit));
    refusal(429, &[], json!({"id": "demo", "message": message}))
}

/// Its own limiter's, with the length of the window for a wait; else what came from behind it.
pub(crate) fn litellm(limit: &Standing, now: Time) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    if seconds_of(limit) != 60 || limit.unit == Unit::Tokens {
        let message = format!(
            "litellm.RateLimitError: RateLimitError: Rate limit reached on {} per {}: Limit {}, Used {}, Requested {}. \
             Please try again in {}s.",
            plural(limit.unit),
            word(limit),
            limit.cap,
            limit.used,
            limit.asked,
            wait.as_secs_f64()
        );
        return refusal(429, &[], json!({"error": {"message": message, "type": null, "param": null, "code": "429"}}));
    }
    let reset = DateTime::from_timestamp_millis(now.plus(wait).ms()).unwrap_or_default();
    let reset = reset.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let message = format!(
        "Rate limit exceeded for api_key: 0000. Limit type: requests. Current limit: {}, Remaining: {}. Limit resets \
         at: {reset}",
        limit.cap, limit.left
    );
    let headers = [("retry-after", "60".to_owned()), ("rate_limit_type", "requests".into()), ("reset_at", reset)];
    refusal(429, &headers, json!({"error": {"message": message, "type": "None", "param": "None", "code": "429"}}))
}

pub(crate) fn nvidia() -> Refusal {
    refusal(429, &[], json!({"status": 429, "title": "Too Many Requests"}))
}

pub(crate) fn together(limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    let message = "You have reached the rate limit of this model. Please slow down.";
    let body = json!({"error": {"message": message, "type": "rate_limit", "param": null, "code": null}});
    refusal(429, &[("retry-after", whole_seconds(wait).to_string())], body)
}

pub(crate) fn ietf(limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else { return too_large(limit) };
    let policy = format!("{}-{}", plural(limit.unit), seconds_of(limit));
    let body = json!({"type": "about:blank#quota-exceeded", "title": "Quota exceeded", "status": 429,
        "violated-policies": [policy]});
    refusal(429, &[("retry-after", whole_seconds(wait).to_string())], body)
}
