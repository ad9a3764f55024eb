//! Refusals: what the body and the headers of a failed response mean. The text outranks the status, for providers
//! answer 429 to a spent balance, 400 to a bad key and 413 to a limit. Never fails: what cannot be read is a class by
//! status with the provider's words, or ours.

use std::time::Duration;

use serde_json::Value;

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::failure::{Class, Failure};
use crate::domain::headers;
use crate::domain::quota::limit::{Evidence, Reading};
use crate::domain::roster::Dialect;
use crate::domain::text::{one_line, shortened};

/// Limits named in the words of a refusal.
pub mod prose;

/// Characters of the provider's words that are kept.
const LONGEST: usize = 300;

/// A window longer than this is a quota, not a rate.
const SHORT: Duration = Duration::from_hours(1);

/// What a failed response means. `body`: as far as it came.
pub fn read(dialect: Dialect, head: &Head, body: &[u8], now: Time) -> Failure {
    let words = Words::of(body);
    let mut readings = words.readings();
    for heard in headers::readings(dialect, head, now) {
        let known = |reading: &Reading| reading.unit == heard.unit && reading.window.span() == heard.window.span();
        if !readings.iter().any(known) {
            readings.push(heard);
        }
    }
    let wait = headers::told_wait(head, now).or_else(|| words.wait());
    // The wait is the reset of the one limit that the refusal names, if its window is short: of a day's limit some
    // providers tell a wait of seconds that will not help.
    if let [only] = readings.as_mut_slice()
        && only.remaining == Some(0)
        && only.window.span().is_none_or(|span| span <= SHORT)
    {
        only.reset_after = only.reset_after.or(wait);
    }
    let class = words.class(head.status, &readings, wait);
    let message = match words.message.trim() {
        "" => format!("HTTP {} without a word", head.status),
        text => shortened(&one_line(text), LONGEST).into_owned(),
    };
    Failure { class, message, wait, readings }
}

/// What a provider says in mid-stream: its error as JSON text, the class from the words alone.
pub fn read_in_stream(dialect: Dialect, error: &str, now: Time) -> Failure {
    let status = serde_json::from_str::<Value>(error)
        .ok()
        .and_then(|value| value.pointer("/error/code").and_then(Value::as_u64))
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code))
        .unwrap_or(500);
    read(dialect, &Head { status, headers: Vec::new() }, error.as_bytes(), now)
}

/// The words of a refusal, found in whatever shape they came.
struct Words {
    /// The sentence for people.
    message: String,
    /// Everything that names the error: code, type, status, reason, the sentence; in lower case.
    all: String,
    /// Google's `details`.
    details: Vec<Value>,
}

impl Words {
    fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let Ok(value) = serde_json::from_str::<Value>(&text) else {
            // HTML or plain text: a page's tags say nothing to anybody.
            let message = if text.trim_start().starts_with('<') { String::new() } else { text.into_owned() };
            let all = message.to_lowercase();
            return Self { message, all, details: Vec::new() };
        };
        let mut words = Self { message: String::new(), all: String::new(), details: Vec::new() };
        words.collect(&value, 0);
        words.all = words.all.to_lowercase();
        words
    }

    /// Walks the shapes in which errors come: an object, an array of one, a string, JSON inside a string.
    fn collect(&mut self, value: &Value, depth: u8) {
        if depth > 5 {
            return;
        }
        match value {
            Value::Array(items) => items.iter().take(4).for_each(|item| self.collect(item, depth + 1)),
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => self.collect(&inner, depth + 1),
                _ => self.add(text),
            },
            Value::Object(fields) => {
                for key in ["error", "errors", "message", "detail", "msg", "title", "x_groq"] {
                    if let Some(inner) = fields.get(key) {
                        self.collect(inner, depth + 1);
                    }
                }
                for key in ["code", "type", "status", "reason", "metadata", "raw"] {
                    match fields.get(key) {
                        Some(Value::String(text)) => self.name(text),
                        Some(named @ (Value::Number(_) | Value::Object(_))) => self.name(&named.to_string()),
                        _ => {}
                    }
                }
                if let Some(Value::Array(details)) = fields.get("details") {
                    for detail in details {
                        self.name(detail["reason"].as_str().unwrap_or_default());
                    }
                    self.details.extend(details.iter().cloned());
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        if self.message.is_empty() {
            text.clone_into(&mut self.message);
        }
        self.name(text);
    }

    fn name(&mut self, text: &str) {
        self.all.push(' ');
        self.all.push_str(text);
    }

    fn has(&self, needles: &[&str]) -> bool {
        needles.iter().any(|needle| self.all.contains(needle))
    }

    /// Limits that the refusal names: Google's violations, else prose.
    fn readings(&self) -> Vec<Reading> {
        let violations = self.details.iter().filter_map(|detail| detail["violations"].as_array()).flatten();
        let named: Vec<Reading> = violations.filter_map(prose::violation).collect();
        if named.is_empty() { prose::limits(&self.message) } else { named }
    }

    /// The wait in Google's `RetryInfo`, else in prose.
    fn wait(&self) -> Option<Duration> {
        let info = self.details.iter().find_map(|detail| detail["retryDelay"].as_str());
        info.and_then(headers::span).or_else(|| prose::wait(&self.all))
    }

    fn class(&self, status: u16, readings: &[Reading], wait: Option<Duration>) -> Class {
        let limited = status == 429 || self.has(&["rate limit", "rate_limit", "quota exceeded", "too many requests"]);
        if status == 402
            || self.has(&["insufficient_quota", "insufficient balance", "payment required", "tier_not_allowed"])
            || limited && readings.iter().any(|reading| reading.cap == Some(0))
        {
            return Class::Payment;
        }
        if status == 401
            || self.has(&[
                "api key not valid",
                "api_key_invalid",
                "invalid api key",
                "invalid_api_key",
                "incorrect api key",
            ])
            || self.has(&["unauthorized", "authentication", "missing api key", "no api key"])
        {
            return Class::Auth;
        }
        if status == 413
            || self.has(&[
                "context_length_exceeded",
                "maximum context length",
                "request too large",
                "prompt is too long",
            ])
            || self.has(&["too_many_tokens", "too many tokens", "string_above_max_length"])
        {
            return Class::TooLarge;
        }
        if matches!(status, 404 | 410)
            || self.has(&["model_not_found", "decommissioned", "invalid model", "unknown model"])
            || status == 400 && self.has(&["model"]) && self.has(&["does not exist", "is not found", "not supported"])
        {
            return Class::Gone;
        }
        let capacity = ["overloaded", "high demand", "queue_exceeded", "capacity", "provider returned error"];
        if matches!(status, 503 | 529) || matches!(status, 429 | 498 | 500) && self.has(&capacity) {
            return Class::Overloaded;
        }
        if limited {
            return rate_or_quota(readings, wait);
        }
        if (400..500).contains(&status) { Class::BadRequest } else { Class::Server }
    }
}

/// By the length of the spent window; where none is told, by the wait.
fn rate_or_quota(readings: &[Reading], wait: Option<Duration>) -> Class {
    // A limit that the refusal names is the spent one, also where a little is left that was too little.
    let spent = readings.iter().filter(|reading| reading.remaining == Some(0) || reading.evidence == Evidence::Learnt);
    let longest = spent.filter_map(|reading| reading.window.span()).max().or(wait);
    if longest.is_some_and(|span| span > SHORT) { Class::QuotaExhausted } else { Class::RateLimited }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quota::limit::{Unit, Window};

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn refuse(dialect: Dialect, status: u16, headers: &[(&str, &str)], body: &str) -> Failure {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(dialect, &Head { status, headers }, body.as_bytes(), NOW)
    }

    #[test]
    fn each_refusal_falls_into_one_class() {
        for (status, body, class) in [
            (429, r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#, Class::RateLimited),
            (429, r#"{"error":{"message":"no credit","type":"insufficient_quota"}}"#, Class::Payment),
            (402, "", Class::Payment),
            (401, r#"{"detail":"Unauthorized"}"#, Class::Auth),
            (
                400,
                r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
                Class::Auth,
            ),
            (413, r#"{"error":{"message":"Request too large","code":"rate_limit_exceeded"}}"#, Class::TooLarge),
            (400, r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#, Class::TooLarge),
            (404, r#"{"error":{"message":"no such model"}}"#, Class::Gone),
            (400, r#"{"error":{"message":"The model `m` has been decommissioned"}}"#, Class::Gone),
            (503, "<html>busy</html>", Class::Overloaded),
            (429, r#"{"error":{"message":"Provider returned error","code":429}}"#, Class::Overloaded),
            (502, "bad gateway", Class::Server),
            (400, r#"{"error":"temperature must be below 2"}"#, Class::BadRequest),
            (422, r#"{"message":{"detail":[{"msg":"field required"}]}}"#, Class::BadRequest),
        ] {
            assert_eq!(refuse(Dialect::Generic, status, &[], body).class, class, "{status} {body}");
        }
    }

    #[test]
    fn the_prose_of_a_limit() {
        let body = r#"{"error":{"message":"Rate limit reached for model `m` in organization `o` on tokens per day (TPD): Limit 200,000, Used 197494, Requested 4035. Please try again in 11m0.528s.","type":"tokens","code":"rate_limit_exceeded"}}"#;
        let failure = refuse(Dialect::Groq, 429, &[], body);
        assert_eq!((failure.class, failure.wait), (Class::QuotaExhausted, Some(Duration::from_millis(660_528))));
        let reading = &failure.readings[0];
        assert_eq!((&reading.unit, reading.cap, reading.remaining), (&Unit::Tokens, Some(200_000), Some(2506)));
    }

    #[test]
    fn a_violation_names_its_limit() {
        let body = r#"[{"error":{"code":429,"message":"You exceeded your current quota.","status":"RESOURCE_EXHAUSTED","details":[
            {"@type":"x/QuotaFailure","violations":[{"quotaMetric":"generate_content_free_tier_requests",
             "quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier","quotaValue":"20"}]},
            {"@type":"x/RetryInfo","retryDelay":"34s"}]}}]"#;
        let failure = refuse(Dialect::Gemini, 429, &[], body);
        assert_eq!(failure.class, Class::QuotaExhausted);
        assert_eq!(failure.wait, Some(Duration::from_secs(34)));
        assert_eq!(failure.readings.len(), 1);
        assert_eq!(failure.readings[0].window, Window::Day(chrono_tz::America::Los_Angeles));
        assert_eq!((failure.readings[0].cap, failure.readings[0].remaining), (Some(20), Some(0)));
    }

    #[test]
    fn words_are_harmless_and_short() {
        let body = format!(r#"{{"error":"\u001b[2J{}"}}"#, "x".repeat(5000));
        let failure = refuse(Dialect::Generic, 400, &[], &body);
        assert!(failure.message.starts_with('\u{fffd}'));
        assert_eq!(failure.message.chars().count(), LONGEST);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(64) })]
        #[test]
        fn no_body_breaks_the_reader(body in "[\\[{\"a-zLimitused:, 0-9}\\]]{0,80}", status in 100..600u16) {
            let _ = refuse(Dialect::Groq, status, &[("retry-after", &body)], &body);
        }
    }
}
