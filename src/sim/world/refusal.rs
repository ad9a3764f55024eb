//! Refusals because of a limit, in each dialect's words. Counts nothing: it is told how the limit stands.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::clock::Time;
use crate::sim::world::limit::{Standing, Unit};

/// A response that is no answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

/// `requests per minute (RPM)`: the only two spans that providers have words for.
fn name(limit: &Standing, minute: &str) -> String {
    let (unit, letter) = match limit.unit {
        Unit::Requests => ("requests", 'R'),
        Unit::Tokens => ("tokens", 'T'),
    };
    if limit.window.is_daily() {
        format!("{unit} per day ({letter}PD)")
    } else {
        format!("{unit} per {minute} ({letter}PM)")
    }
}

/// `requests`, `tokens`.
pub(crate) const fn plural(unit: Unit) -> &'static str {
    match unit {
        Unit::Requests => "requests",
        Unit::Tokens => "tokens",
    }
}

/// A span as Go prints it: `26ms`, `7.66s`, `1m26.4s`, `1h0m0s`.
pub(crate) fn go_duration(span: Duration) -> String {
    let ms = span.as_millis();
    if ms > 0 && ms < 1000 {
        return format!("{ms}ms");
    }
    let seconds = format!("{}.{:03}", ms / 1000 % 60, ms % 1000);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
    match (ms / 3_600_000, ms / 60_000 % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Seconds, a begun one counted whole.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

pub(crate) fn refusal(status: u16, headers: &[(&str, String)], body: Value) -> Refusal {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Refusal { status, headers, body }
}

pub(crate) fn groq(model: &str, limit: &Standing) -> Refusal {
    let whom = format!("for model `{model}` in organization `org_demo` service tier `on_demand`");
    let name = name(limit, "minute");
    let Standing { cap, used, asked, .. } = limit;
    let body = |message: String| json!({"error": {"message": message, "type": plural(limit.unit), "code": "rate_limit_exceeded"}});
    let Some(wait) = limit.wait else {
        let message = format!(
            "Request too large {whom} on {name}: Limit {cap}, Requested {asked}, please reduce your message size and \
             try again."
        );
        // It tells a wait, although waiting never helps.
        return refusal(413, &[("retry-after", "9".into())], body(message));
    };
    let message = format!(
        "Rate limit reached {whom} on {name}: Limit {cap}, Used {used}, Requested {asked}. Please try again in {}.",
        go_duration(wait)
    );
    refusal(429, &[("retry-after", whole_seconds(wait).to_string())], body(message))
}

pub(crate) fn openai(model: &str, limit: &Standing) -> Refusal {
    let whom = format!("for {model} in organization org-demo on {}", name(limit, "min"));
    let Standing { cap, used, asked, .. } = limit;
    let body = |message: String| json!({"error": {"message": message, "type": plural(limit.unit), "param": null, "code": "rate_limit_exceeded"}});
    let Some(wait) = limit.wait else {
        let message = format!(
            "Request too large {whom}: Limit {cap}, Requested {asked}. The input or output tokens must be reduced in \
             order to run successfully."
        );
        return refusal(429, &[], body(message));
    };
    let message = format!(
        "Rate limit reached {whom}: Limit {cap}, Used {used}, Requested {asked}. Please try again in {}.",
        go_duration(wait)
    );
    let headers = [("retry-after", whole_seconds(wait).to_string()), ("retry-after-ms", wait.as_millis().to_string())];
    refusal(429, &headers, body(message))
}

pub(crate) fn mistral() -> Refusal {
    let body = json!({"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "param": null,
        "code": "1300", "raw_status_code": 429});
    refusal(429, &[], body)
}

pub(crate) fn gemini(model: &str, limit: &Standing) -> Refusal {
    let Some(wait) = limit.wait else {
        let message = format!("The input token count exceeds the maximum number of tokens allowed {}.", limit.cap);
        let error = json!({"code": 400, "message": message, "status": "INVALID_ARGUMENT"});
        return refusal(400, &[], json!([{"error": error}]));
    };
    let (metric, counted) = match limit.unit {
        Unit::Requests => ("generate_content_free_tier_requests", "Requests"),
        Unit::Tokens => ("generate_content_free_tier_input_token_count", "ContentInputTokens"),
    };
    let metric = format!("generativelanguage.googleapis.com/{metric}");
    let id = match (limit.unit, limit.window.is_daily()) {
        (Unit::Requests, false) => format!("Generate{counted}PerMinutePerProjectPerModel-FreeTier"),
        (Unit::Requests, true) => format!("Generate{counted}PerDayPerProjectPerModel-FreeTier"),
        (Unit::Tokens, false) => format!("Generate{counted}PerModelPerMinute-FreeTier"),
        (Unit::Tokens, true) => format!("Generate{counted}PerModelPerDay-FreeTier"),
    };
    let message = format!(
        "You exceeded your current quota, please check your plan and billing details. \n* Quota exceeded for metric: \
         {metric}, limit: {}, model: {model}\nPlease retry in {}s.",
        limit.cap,
        wait.as_secs_f64()
    );
    let violation = json!({"quotaMetric": metric, "quotaId": id,
        "quotaDimensions": {"model": model, "location": "global"}, "quotaValue": limit.cap.to_string()});
    let details = json!([
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{}s", whole_seconds(wait))},
    ]);
    let error = json!({"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details});
    refusal(429, &[], json!([{"error": error}]))
}

pub(crate) fn openrouter(limit: &Standing, now: Time) -> Refusal {
    let Some(wait) = limit.wait else {
        let message = format!(
            "This endpoint's maximum context length is {} tokens. However, you requested about {} tokens.",
            limit.cap, limit.asked
        );
        return refusal(400, &[], json!({"error": {"message": message, "code": 400}}));
    };
    let (name, source) =
        if limit.window.is_daily() { ("day", "openrouter_free_tier_daily") } else { ("min", "openrouter_free_tier") };
    let cap = limit.cap.to_string();
    let left = limit.left.to_string();
    let reset = now.plus(wait).ms().to_string();
    let metadata = json!({"limit_source": source, "headers":
        {"X-RateLimit-Limit": cap, "X-RateLimit-Remaining": left, "X-RateLimit-Reset": reset}});
    let message = format!("Rate limit exceeded: free-models-per-{name}.");
    let body = json!({"error": {"message": message, "code": 429, "metadata": metadata}, "user_id": "user_demo"});
    let headers = [("x-ratelimit-limit", cap), ("x-ratelimit-remaining", left), ("x-ratelimit-reset", reset)];
    refusal(429, &headers, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::world::limit::Window;

    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn standing(unit: Unit, window: &str, wait_ms: Option<u64>) -> Standing {
        Standing {
            unit,
            window: Window::try_from(window.to_owned()).unwrap(),
            cap: 6000,
            used: 5034,
            left: 966,
            asked: 1443,
            wait: wait_ms.map(Duration::from_millis),
            full_after: Duration::ZERO,
            told: true,
        }
    }

    fn message(refusal: &Refusal) -> &str {
        refusal
            .body
            .pointer("/error/message")
            .or_else(|| refusal.body.pointer("/0/error/message"))
            .unwrap()
            .as_str()
            .unwrap()
    }

    #[test]
    fn spans_as_go_prints_them() {
        for (ms, text) in [
            (0, "0s"),
            (26, "26ms"),
            (1000, "1s"),
            (7660, "7.66s"),
            (20_000, "20s"),
            (86_400, "1m26.4s"),
            (60_000, "1m0s"),
            (3_600_000, "1h0m0s"),
            (5_025_600, "1h23m45.6s"),
        ] {
            assert_eq!(go_duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn groq_says_it_in_prose() {
        let refusal = groq("small-8b", &standing(Unit::Tokens, "60s bucket", Some(4770)));
        assert_eq!(
            refusal,
            Refusal {
                status: 429,
                headers: vec![("retry-after".into(), "5".into())],
                body: json!({"error": {
                    "message": "Rate limit reached for model `small-8b` in organization `org_demo` service tier \
                        `on_demand` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try \
                        again in 4.77s.",
                    "type": "tokens", "code": "rate_limit_exceeded"}}),
            }
        );
        let day = groq("small-8b", &standing(Unit::Requests, "1d bucket", Some(660_528)));
        assert!(message(&day).contains("on requests per day (RPD): Limit 6000"), "{day:?}");
        assert!(message(&day).ends_with("Please try again in 11m0.528s."), "{day:?}");

        let large = groq("small-8b", &standing(Unit::Tokens, "60s bucket", None));
        assert_eq!(large.status, 413);
        assert!(message(&large).contains("(TPM): Limit 6000, Requested 1443, please reduce"), "{large:?}");
    }

    #[test]
    fn openai_tells_the_wait_three_times() {
        let refusal = openai("huge-405b", &standing(Unit::Requests, "60s bucket", Some(19_001)));
        assert_eq!(
            refusal.headers,
            [("retry-after".to_owned(), "20".to_owned()), ("retry-after-ms".to_owned(), "19001".to_owned())]
        );
        assert_eq!(
            message(&refusal),
            "Rate limit reached for huge-405b in organization org-demo on requests per min (RPM): Limit 6000, Used \
             5034, Requested 1443. Please try again in 19.001s."
        );
    }

    #[test]
    fn gemini_names_the_quota_in_its_details() {
        let refusal = gemini("flash", &standing(Unit::Requests, "60s rolling", Some(33_250)));
        let error = &refusal.body[0]["error"];
        assert_eq!((refusal.status, &error["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
        assert_eq!(
            error["details"],
            json!([
                {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
                    "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                    "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
                    "quotaDimensions": {"model": "flash", "location": "global"},
                    "quotaValue": "6000"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"},
            ])
        );
        assert!(message(&refusal).ends_with("limit: 6000, model: flash\nPlease retry in 33.25s."), "{refusal:?}");
        assert_eq!(refusal.headers, []);
        assert_eq!(gemini("flash", &standing(Unit::Tokens, "60s rolling", None)).status, 400);
    }

    #[test]
    fn openrouter_tells_an_instant() {
        let refusal = openrouter(&standing(Unit::Requests, "60s fixed", Some(25_000)), NOON);
        let headers = [
            ("x-ratelimit-limit".to_owned(), "6000".to_owned()),
            ("x-ratelimit-remaining".to_owned(), "966".to_owned()),
            ("x-ratelimit-reset".to_owned(), "1795348825000".to_owned()),
        ];
        assert_eq!(refusal.headers, headers);
        assert_eq!(refusal.body["error"]["metadata"]["headers"]["X-RateLimit-Reset"], "1795348825000");
        assert_eq!(message(&refusal), "Rate limit exceeded: free-models-per-min.");
    }
}
