//! Refusals: what the body and the headers of a failed response mean. The text outranks the status, for providers
//! answer 429 to a spent balance, 400 to a bad key and 413 to a limit. Never fails: what cannot be read is a class by
//! status with the provider's words, or ours.

use std::time::Duration;

use serde_json::Value;

use crate::domain::clock::Time;
use crate::domain::exchange::{Head, scrubbed};
use crate::domain::failure::{Class, Failure, Scope};
use crate::domain::headers;
use crate::domain::quota::told::{Length, Source, Told};
use crate::domain::roster::Dialect;
use crate::domain::text::{one_line, shortened};

/// Its words, in whatever shape they came.
pub mod words;

/// Sentences to words and numbers.
pub mod token;

/// Limits and waits named in sentences.
pub mod prose;

/// What Google lists.
pub mod google;

/// Sizes of requests, models and purses.
pub mod size;

/// Which class it falls into.
pub mod class;

/// What it covers.
pub mod scope;

use crate::providers::refusal::words::Words;

/// Characters of the provider's words that are kept.
const LONGEST: usize = 300;

/// A window longer than this is a quota, not a rate.
const SHORT: Duration = Duration::from_hours(1);

/// The longest wait that is believed: 32 days.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 32);

/// All that a response says of limits, and of why it refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Every limit told by headers or body.
    pub limits: Vec<Told>,
    /// The wait that was told, in seconds; None of an answer.
    pub wait: Option<f64>,
    /// What to do next; None of an answer.
    pub class: Option<Class>,
    /// What the refusal, or the limits of an answer, cover.
    pub scope: Scope,
    /// What one call may hold, in tokens.
    pub context_limit: Option<f64>,
    /// Tokens that the call asked for.
    pub requested_max_tokens: Option<f64>,
    /// Tokens that the balance still pays for.
    pub affordable_tokens: Option<f64>,
    /// The provider's own words, as they came.
    pub message: String,
}

/// What a response means. `at`: when it was sent; without it instants stay unplaced.
pub fn conclude(dialect: Dialect, head: &Head, body: &[u8], at: Option<Time>) -> Verdict {
    let in_head = headers::told(dialect, &head.headers, at);
    if (200..300).contains(&head.status) {
        let scope = if in_head.is_empty() { Scope::Unknown } else { scope::of_limits(dialect, "") };
        return Verdict {
            limits: in_head,
            wait: None,
            class: None,
            scope,
            context_limit: None,
            requested_max_tokens: None,
            affordable_tokens: None,
            message: String::new(),
        };
    }
    let words = Words::of(body);
    let google = google::limits(&words.details, &words.texts);
    let named = if google.is_empty() { prose::limits(&words.texts) } else { google };
    let told_wait = headers::wait(&head.headers, at)
        .or_else(|| headers::wait(&words.headers, at))
        .or_else(|| prose::wait(&words.texts))
        .or_else(|| google::wait(&words.details));
    let class_of =
        |limits: &[Told], others: &[Told], wait| class::class(dialect, head.status, &words, limits, others, wait);
    let in_body = headers::told(dialect, &words.headers, at);
    let spans: Vec<Told> = in_body.iter().chain(&in_head).cloned().collect();
    let mut limits = named.clone();
    if class_of(&named, &spans, told_wait) == Class::Payment && !named.iter().any(|told| told.limit == Some(0.0)) {
        limits.clear();
    }
    for told in in_body {
        join(&mut limits, told, true);
    }
    for told in in_head {
        // Where the numbers alone show the window, the words are what tells it.
        let lent = told.source == Source::Inferred && !is_of_openai(dialect);
        join(&mut limits, told, lent);
    }
    headers::sort(&mut limits);
    let reset = || {
        let spent = limits.iter().filter(|told| told.is_spent());
        spent.filter_map(|told| told.reset_after).max_by(f64::total_cmp)
    };
    let wait = told_wait.or_else(reset);
    // The windows of headers are known best when the words have been joined to them.
    let class = class_of(&named, &limits, wait);
    let (requested, affordable) = if class == Class::Payment { size::afford(&words.texts) } else { (None, None) };
    let sized = class == Class::TooLarge && named.is_empty();
    Verdict {
        wait,
        class: Some(class),
        scope: scope::of_refusal(dialect, class, &words, &limits),
        context_limit: if sized { size::context(&words.texts).or_else(|| size::context(&words.raw)) } else { None },
        requested_max_tokens: requested.filter(|_| affordable.is_some()),
        affordable_tokens: affordable,
        limits,
        message: words.message,
    }
}

/// Whether the windows of bare names are known.
const fn is_of_openai(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Openai | Dialect::Groq | Dialect::Anthropic | Dialect::Mistral | Dialect::Together)
}

/// Joins what a header tells to what the words told: of one unit and window the words give the entry whole, if they
/// give a number; to a header that tells no window they lend theirs.
fn join(limits: &mut Vec<Told>, heard: Told, lent: bool) {
    if let Some(told) = limits.iter_mut().find(|told| told.is_same_as(&heard) && told.length != Length::Unknown) {
        if lent || told.limit.is_none() {
            told.complete(&heard);
        }
        return;
    }
    let lends = |told: &&mut Told| {
        told.unit == heard.unit
            && match heard.length {
                Length::Unknown => told.limit.is_none() || heard.limit.is_none() || told.limit == heard.limit,
                _ => heard.source == Source::Inferred && told.limit.is_some() && told.limit == heard.limit,
            }
    };
    match limits.iter_mut().find(lends) {
        Some(told) => told.complete(&heard),
        None => limits.push(heard),
    }
}

/// What a failed response means, for the one who has to go on. `body`: as far as it came.
pub fn read(dialect: Dialect, head: &Head, body: &[u8], now: Time) -> Failure {
    let at = headers::sent_at(head).unwrap_or(now);
    let verdict = conclude(dialect, head, body, Some(at));
    let mut readings = headers::metered(dialect, &verdict.limits);
    let wait =
        verdict.wait.and_then(|wait| Duration::try_from_secs_f64(wait).ok()).filter(|wait| *wait <= LONGEST_WAIT);
    // The wait is the reset of the one limit that the refusal names, if its window is short: of a day's limit some
    // providers tell a wait of seconds that will not help.
    if let [only] = readings.as_mut_slice()
        && only.remaining == Some(0)
        && only.window.span().is_none_or(|span| span <= SHORT)
    {
        only.reset_after = only.reset_after.or(wait);
    }
    let message = match verdict.message.trim() {
        "" => format!("HTTP {} without a word", head.status),
        text => shortened(&one_line(text), LONGEST).into_owned(),
    };
    let class = verdict.class.unwrap_or(Class::Server);
    let body = Failure::kept(scrubbed(&String::from_utf8_lossy(body)).as_bytes());
    Failure { class, scope: verdict.scope, message, wait, readings, body }
}

/// What a provider says in mid-stream: its error as JSON text, the class from the words alone.
pub fn read_in_stream(dialect: Dialect, error: &str, now: Time) -> Failure {
    let status = serde_json::from_str::<Value>(error)
        .ok()
        .and_then(|value| {
            value.pointer("/error/code").or_else(|| value.pointer("/error/status_code")).and_then(Value::as_u64)
        })
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code))
        .unwrap_or(500);
    read(dialect, &Head { status, headers: Vec::new() }, error.as_bytes(), now)
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
        let body = r#"{"error":{"message":"Rate limit reached for model `m` in organization `o` on tokens per day (TPD): Limit 100,000, Used 96500, Requested 4200. Please try again in 9m4.25s.","type":"tokens","code":"rate_limit_exceeded"}}"#;
        let failure = refuse(Dialect::Groq, 429, &[], body);
        assert_eq!((failure.class, failure.wait), (Class::QuotaExhausted, Some(Duration::from_millis(544_250))));
        let reading = &failure.readings[0];
        assert_eq!((&reading.unit, reading.cap, reading.remaining), (&Unit::Tokens, Some(100_000), Some(3500)));
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

    #[test]
    fn what_a_refusal_covers() {
        for (dialect, status, body, scope) in [
            (Dialect::Groq, 429, r#"{"error":{"message":"slow down"}}"#, Scope::Model),
            (Dialect::Anthropic, 429, r#"{"error":{"message":"above your account's rate limit"}}"#, Scope::Account),
            (
                Dialect::Openai,
                429,
                r#"{"error":{"message":"Rate limit reached for m-4 in organization o"}}"#,
                Scope::Model,
            ),
            (Dialect::Cohere, 429, r#"{"message":"limited to 9 API calls / minute"}"#, Scope::Key),
            (Dialect::Openrouter, 429, r#"{"error":{"message":"exceeded: free-models-per-min"}}"#, Scope::Account),
            (Dialect::Generic, 429, "", Scope::Unknown),
            (Dialect::Generic, 402, "", Scope::Account),
            (
                Dialect::Gemini,
                429,
                r#"{"error":{"message":"Quota exceeded for metric: a_requests, limit: 0"}}"#,
                Scope::Model,
            ),
            (Dialect::Generic, 401, "", Scope::Key),
            (Dialect::Litellm, 401, r#"{"error":{"message":"UpException - Invalid API Key"}}"#, Scope::Unknown),
            (Dialect::Generic, 413, "", Scope::Model),
            (Dialect::Generic, 404, "", Scope::Unknown),
            (Dialect::Generic, 404, r#"{"error":"model m not found"}"#, Scope::Model),
            (Dialect::Generic, 503, r#"{"error":"The model is overloaded"}"#, Scope::Model),
            (Dialect::Generic, 500, "", Scope::Unknown),
            (Dialect::Generic, 400, "", Scope::Unknown),
        ] {
            assert_eq!(refuse(dialect, status, &[], body).scope, scope, "{status} {body}");
        }
    }

    #[test]
    fn the_words_outrank_the_headers() {
        let body = r#"{"error":{"message":"on tokens per minute (TPM): Limit 600, Used 580, Requested 90. Try again in 7s."}}"#;
        let headers = [
            ("x-ratelimit-limit-tokens", "600"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-limit-requests", "90"),
            ("x-ratelimit-remaining-requests", "8"),
        ];
        let found = refuse(Dialect::Groq, 429, &headers, body);
        let lines: Vec<_> = found.readings.iter().map(|r| (r.unit.as_str(), r.cap, r.remaining)).collect();
        assert_eq!(lines, [("requests", Some(90), Some(8)), ("tokens", Some(600), Some(20))]);
        assert_eq!(found.class, Class::RateLimited);
    }

    #[test]
    fn words_lend_their_window_to_the_numbers_beside_them() {
        let body = r#"{"error":{"message":"exceeded: free-models-per-day. Pay to unlock 900 requests per day","metadata":{"headers":
            {"X-RateLimit-Limit":"40","X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1795392000000"}}}}"#;
        let found = refuse(Dialect::Openrouter, 429, &[("date", "Sun, 22 Nov 2026 12:00:00 GMT")], body);
        assert_eq!((found.class, found.scope), (Class::QuotaExhausted, Scope::Account));
        assert_eq!(found.readings.len(), 1);
        let reading = &found.readings[0];
        assert_eq!(
            (reading.window, reading.cap, reading.remaining),
            (Window::Day(chrono_tz::Tz::UTC), Some(40), Some(0))
        );
        assert_eq!(reading.reset_after, Some(Duration::from_hours(12)));
    }

    #[test]
    fn nothing_in_the_plan_is_not_a_window() {
        let headers = [("x-ratelimit-limit-req-minute", "0"), ("x-ratelimit-remaining-req-minute", "0")];
        let found = refuse(Dialect::Mistral, 429, &headers, r#"{"message":"Rate limit exceeded"}"#);
        assert_eq!(found.class, Class::Payment);
    }

    #[test]
    fn neither_the_order_of_headers_nor_blanks_say_anything() {
        let mut headers = vec![
            ("x-ratelimit-limit-requests", "90"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "3m"),
            ("x-ratelimit-limit-tokens-minute", "700"),
            ("x-ratelimit-remaining-tokens-minute", "70"),
            ("llm_provider-x-ratelimit-reset-tokens-minute", "9"),
            ("ratelimitbysize-limit", "5"),
            ("retry-after", "4"),
        ];
        let body = serde_json::json!({"error": {"message": "Limited to 9 requests per day", "code": "x"}});
        let heads = |headers: &[(&str, &str)]| Head {
            status: 429,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let first = conclude(Dialect::Litellm, &heads(&headers), body.to_string().as_bytes(), None);
        assert_eq!(first.limits.len(), 3);
        for turn in 0..headers.len() {
            headers.rotate_left(1);
            headers.swap(0, turn);
            let spaced = serde_json::to_string_pretty(&body).unwrap();
            assert_eq!(conclude(Dialect::Litellm, &heads(&headers), spaced.as_bytes(), None), first);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(64) })]
        #[test]
        fn no_body_breaks_the_reader(body in "[\\[{\"a-zLimitused:, 0-9}\\]]{0,80}", status in 100..600u16) {
            let _ = refuse(Dialect::Groq, status, &[("retry-after", &body)], &body);
        }

        #[test]
        fn no_bytes_break_it(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), value in "\\PC{0,30}") {
            let headers = ["ratelimit", "ratelimit-policy", "ratelimit-limit", "x-ratelimit-reset", "date", "reset_at"];
            let headers = headers.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
            for dialect in [Dialect::Gemini, Dialect::Litellm, Dialect::Azure, Dialect::Generic] {
                let _ = conclude(dialect, &Head { status: 429, headers: Vec::clone(&headers) }, &body, None);
            }
        }

        #[test]
        fn no_sentence_breaks_it(text in "((limit|per|minute|daily|tokens|of|/|\\(TPM\\)|requested|used|9|10,000|~|\\.|:|usage|current|rpm|\\{|try again in) ?){0,30}") {
            let body = serde_json::json!({"error": {"message": text}}).to_string();
            let found = refuse(Dialect::Generic, 429, &[], &body);
            proptest::prop_assert!(found.wait.is_none_or(|wait| wait <= LONGEST_WAIT));
        }
    }
}
