//! Valid refusals of every dialect with blanks in them for what changes from one to the next: models, ids, numbers. The
//! shapes are the providers', the sentences and the numbers are not.

use proptest::prelude::*;
use roundel::domain::failure::Class;
use roundel::domain::roster::Dialect;
use serde_json::{Value, json};

/// A refusal and the class that it falls into.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) class: Class,
}

/// What stands in the blanks.
#[derive(Debug, Clone)]
pub(crate) struct Fill {
    model: String,
    id: u64,
    /// A cap, what is used of it (it fits), what was asked for (it does not fit beside that).
    cap: u64,
    used: u64,
    asked: u64,
    /// Seconds, less than an hour.
    wait: u64,
}

pub(crate) fn fill() -> impl Strategy<Value = Fill> {
    let model = proptest::sample::select(
        &["m", "small-8b", "vendor/large-70b:free", "Big.Model-v2", "qx-next-80b-a3b-instruct", "m_2026-10-01"][..],
    );
    (model, any::<u64>(), 3..2_000_000u64, 1..3600u64, 0..100u64).prop_map(|(model, id, cap, wait, share)| {
        let asked = 1 + (cap - 1) * share / 100;
        Fill { model: model.to_owned(), id, cap, used: cap - asked + 1, asked, wait }
    })
}

/// The samples with usual numbers.
pub(crate) fn samples() -> Vec<Sample> {
    filled(&Fill { model: "small-8b".into(), id: 77, cap: 600, used: 580, asked: 90, wait: 7 })
}

/// The samples with these blanks filled.
pub(crate) fn filled(fill: &Fill) -> Vec<Sample> {
    let mut all = of_openai_kind(fill);
    all.extend(of_their_own_kind(fill));
    all.extend(whoever(fill));
    all
}

type Line = (&'static str, Dialect, u16, Vec<(&'static str, String)>, Value, Class);

fn made(lines: Vec<Line>) -> Vec<Sample> {
    let sample = |(name, dialect, status, headers, body, class): Line| {
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Sample { name, dialect, status, headers, body, class }
    };
    lines.into_iter().map(sample).collect()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn of_openai_kind(fill: &Fill) -> Vec<Sample> {
    let Fill { model, id, cap, used, asked, wait } = fill;
    let prose = |unit: &str| {
        format!(
            "Rate limit reached for model `{model}` in organization `org_{id:x}` on {unit}: Limit {cap}, Used {used}, \
             Requested {asked}. Please try again in {wait}s."
        )
    };
    let error = |message: String, code: &str| json!({"error": {"message": message, "type": "kind", "code": code}});
    let after = || vec![("retry-after", wait.to_string()), ("x-request-id", format!("req_{id:x}"))];
    made(vec![
        (
            "groq, minute",
            Dialect::Groq,
            429,
            after(),
            error(prose("tokens per minute (TPM)"), "rate_limit_exceeded"),
            Class::RateLimited,
        ),
        (
            "groq, day",
            Dialect::Groq,
            429,
            after(),
            error(prose("requests per day (RPD)"), "rate_limit_exceeded"),
            Class::QuotaExhausted,
        ),
        (
            "groq, too large",
            Dialect::Groq,
            413,
            after(),
            error(
                format!("Request too large for model `{model}` on (TPM): Limit {cap}, Requested {}", cap + asked),
                "x",
            ),
            Class::TooLarge,
        ),
        (
            "openai",
            Dialect::Openai,
            429,
            after(),
            error(prose("requests per min (RPM)"), "rate_limit_exceeded"),
            Class::RateLimited,
        ),
        (
            "openai, unpaid",
            Dialect::Openai,
            429,
            Vec::new(),
            json!({"error": {"message": "Nothing is left to pay with.", "type": "insufficient_quota", "code": "insufficient_quota"}}),
            Class::Payment,
        ),
        (
            "openai, gone",
            Dialect::Openai,
            404,
            Vec::new(),
            error(format!("The model `{model}` does not exist."), "model_not_found"),
            Class::Gone,
        ),
        (
            "openai, context",
            Dialect::Openai,
            400,
            Vec::new(),
            error(
                format!("This model's maximum context length is {cap} tokens; you sent {}.", cap + asked),
                "context_length_exceeded",
            ),
            Class::TooLarge,
        ),
        (
            "azure",
            Dialect::Azure,
            429,
            after(),
            error(
                format!(
                    "Rate limit of {cap} per 60s exceeded for UserByModelByMinute. Please wait {wait} seconds before retrying."
                ),
                "RateLimitReached",
            ),
            Class::RateLimited,
        ),
        (
            "litellm",
            Dialect::Litellm,
            429,
            vec![
                ("retry-after", "60".into()),
                ("rate_limit_type", "requests".into()),
                ("reset_at", "2026-11-22 12:00:40 UTC".into()),
            ],
            json!({"error": {"message": format!("Rate limit exceeded for api_key: {id:x}. Limit type: requests. Current limit: {cap}, Remaining: 0. Limit resets at: 2026-11-22 12:00:40 UTC"),
                "type": "None", "param": "None", "code": "429"}}),
            Class::RateLimited,
        ),
        (
            "litellm, budget",
            Dialect::Litellm,
            422,
            Vec::new(),
            json!({"error": {"message": format!("Budget has been exceeded! Current cost: {cap}.5, Max budget: {used}"), "type": "budget_exceeded"}}),
            Class::Payment,
        ),
    ])
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn of_their_own_kind(fill: &Fill) -> Vec<Sample> {
    let Fill { model, id, cap, wait, .. } = fill;
    let violation = |quota: &str| {
        json!([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You are beyond your quota.", "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                "quotaId": quota, "quotaDimensions": {"model": model}, "quotaValue": cap.to_string()}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{wait}s")}]}}])
    };
    let free = |word: &str| {
        json!({"error": {"message": format!("Rate limit exceeded: free-models-per-{word}."), "code": 429, "metadata": {"headers": {
            "X-RateLimit-Limit": cap.to_string(), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1795392000000"}}}, "user_id": format!("u{id}")})
    };
    let none = Vec::new;
    made(vec![
        (
            "gemini, minute",
            Dialect::Gemini,
            429,
            none(),
            violation("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
            Class::RateLimited,
        ),
        (
            "gemini, day",
            Dialect::Gemini,
            429,
            none(),
            violation("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
            Class::QuotaExhausted,
        ),
        (
            "gemini, capacity",
            Dialect::Gemini,
            503,
            none(),
            json!([{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}]),
            Class::Overloaded,
        ),
        (
            "gemini, key",
            Dialect::Gemini,
            400,
            none(),
            json!([{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}]),
            Class::Auth,
        ),
        ("openrouter, minute", Dialect::Openrouter, 429, none(), free("min"), Class::RateLimited),
        ("openrouter, day", Dialect::Openrouter, 429, none(), free("day"), Class::QuotaExhausted),
        (
            "openrouter, upstream",
            Dialect::Openrouter,
            429,
            none(),
            json!({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": format!("{model} is temporarily rate-limited upstream."), "provider_name": "Somewhere"}}}),
            Class::Overloaded,
        ),
        (
            "openrouter, unpaid",
            Dialect::Openrouter,
            402,
            none(),
            json!({"error": {"message": format!("This request requires more credits, {cap} are left."), "code": 402}}),
            Class::Payment,
        ),
        (
            "mistral",
            Dialect::Mistral,
            429,
            vec![("x-ratelimit-limit-req-minute", cap.to_string()), ("x-ratelimit-remaining-req-minute", "0".into())],
            json!({"object": "error", "message": "Rate limit exceeded", "type": "rate_limited", "code": "1300", "raw_status_code": 429}),
            Class::RateLimited,
        ),
        (
            "mistral, capacity",
            Dialect::Mistral,
            429,
            none(),
            json!({"object": "error", "message": "Service tier capacity exceeded for this model.", "code": "3505"}),
            Class::Overloaded,
        ),
        (
            "cohere, minute",
            Dialect::Cohere,
            429,
            none(),
            json!({"id": format!("{id:x}"), "message": format!("A Trial key is limited to {cap} API calls / minute.")}),
            Class::RateLimited,
        ),
        (
            "cohere, month",
            Dialect::Cohere,
            429,
            none(),
            json!({"id": format!("{id:x}"), "message": format!("A Trial key is limited to {cap} API calls / month.")}),
            Class::QuotaExhausted,
        ),
        (
            "cerebras",
            Dialect::Cerebras,
            429,
            vec![("retry-after", "58".into())],
            json!({"message": "Tokens per minute limit exceeded.", "type": "too_many_tokens_error", "param": "quota", "code": "token_quota_exceeded"}),
            Class::RateLimited,
        ),
        (
            "cerebras, queue",
            Dialect::Cerebras,
            429,
            none(),
            json!({"message": "There is high traffic.", "param": "queue", "code": "queue_exceeded"}),
            Class::Overloaded,
        ),
        (
            "nvidia",
            Dialect::Nvidia,
            429,
            none(),
            json!({"status": 429, "title": "Too Many Requests"}),
            Class::RateLimited,
        ),
        (
            "anthropic",
            Dialect::Anthropic,
            429,
            vec![("retry-after", wait.to_string())],
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": format!("You would exceed the rate limit of {cap} input tokens per minute.")}}),
            Class::RateLimited,
        ),
        (
            "anthropic, capacity",
            Dialect::Anthropic,
            529,
            none(),
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            Class::Overloaded,
        ),
        (
            "cloudflare",
            Dialect::Cloudflare,
            429,
            none(),
            json!({"errors": [{"message": "AiError: you have used up your daily free allocation of 9,000 neurons", "code": 4006}], "success": false, "result": {}}),
            Class::QuotaExhausted,
        ),
        (
            "z.ai",
            Dialect::Zai,
            429,
            none(),
            json!({"error": {"code": "1113", "message": "Recharge, please."}}),
            Class::Payment,
        ),
        ("ollama", Dialect::Ollama, 404, none(), json!({"error": format!("model '{model}' not found")}), Class::Gone),
    ])
}

fn whoever(fill: &Fill) -> Vec<Sample> {
    let Fill { model, id, cap, wait, .. } = fill;
    let none = Vec::new;
    made(vec![
        ("a key", Dialect::Generic, 401, none(), json!({"detail": "Unauthorized"}), Class::Auth),
        (
            "no limit in words",
            Dialect::Generic,
            429,
            vec![("retry-after", wait.to_string())],
            json!({"message": "Slow down.", "id": id}),
            Class::RateLimited,
        ),
        (
            "the standard",
            Dialect::Generic,
            429,
            vec![("ratelimit-policy", format!("\"day\";q={cap};w=86400")), ("ratelimit", "\"day\";r=0;t=7200".into())],
            json!({"title": "Quota exceeded"}),
            Class::QuotaExhausted,
        ),
        (
            "a fault of its own",
            Dialect::Generic,
            500,
            none(),
            json!({"error": {"message": format!("Internal error {id:x}.")}}),
            Class::Server,
        ),
        ("a gateway", Dialect::Generic, 502, none(), json!("bad gateway"), Class::Server),
        (
            "at fault",
            Dialect::Generic,
            400,
            none(),
            json!({"error": {"message": format!("temperature must be below 2 for {model}"), "param": "temperature"}}),
            Class::BadRequest,
        ),
        (
            "a field missing",
            Dialect::Mistral,
            422,
            none(),
            json!({"object": "error", "message": {"detail": [{"msg": "Field required", "loc": ["body", "messages"]}]}}),
            Class::BadRequest,
        ),
    ])
}
