//! Which class a refusal falls into. The text outranks the status: providers answer 429 to an empty purse, 400 to a
//! bad key and 413 to a limit.

use crate::domain::failure::Class;
use crate::domain::quota::told::{Length, Told};
use crate::domain::roster::Dialect;
use crate::providers::refusal::words::Words;

/// A wait longer than this is a quota's, not a rate's, in seconds.
const SHORT: f64 = 3600.0;

const UNPAID: &[&str] = &[
    "insufficient_quota",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "payment required",
    "payment_required",
    "payment_method_required",
    "tier_not_allowed",
    "billing_not_active",
    "billing_hard_limit",
    "billing_error",
    "budget_exceeded",
    "budget has been exceeded",
    "credit balance is too low",
    "credits are depleted",
    "requires more credits",
    "any credits",
    "all available credits",
    "monthly included credits",
    "spending limit",
    "spend_limit_exceeded",
    "credit_balance_exhausted",
    "enable billing",
    "arrears",
];

const TOO_LARGE: &[&str] = &[
    "context_length_exceeded",
    "contextwindowexceeded",
    "context_window_exceeded",
    "maximum context length",
    "maximum prompt length",
    "request too large",
    "request_too_large",
    "body too large",
    "too large for model",
    "tokens_limit_reached",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "string_above_max_length",
    "`max_new_tokens` must be",
    "maximum number of tokens allowed",
    "exceeds the context window",
    "exceed context limit",
    "exceeds the model's context",
    "payload too large",
    "entity too large",
];

const BUSY: &[&str] = &[
    "overloaded",
    "queue_exceeded",
    "high demand",
    "high traffic",
    "capacity exceeded",
    "capacity_exceeded",
    "capacity_exhausted",
    "at capacity",
    "over capacity",
    "out of capacity",
    "no capacity",
    "server busy",
    "server is busy",
    "temporarily rate-limited upstream",
];

const KEY: &[&str] = &["api key", "api_key", "apikey", "x-api-key", "api-key", "access token", "auth token"];

const WRONG: &[&str] = &[
    "invalid",
    "incorrect",
    "not valid",
    "missing",
    "expired",
    "wrong",
    "no api",
    "leaked",
    "suspended",
    "provide",
    "revoked",
    "disabled",
    "blocked",
    "malformed",
    "please use",
    "unregistered",
    "not found",
    "did not",
    "without",
];

const UNAUTHORIZED: &[&str] = &[
    "unauthorized",
    "unauthenticated",
    "authentication",
    "authorization",
    "no auth credentials",
    "permission_denied",
    "permission denied",
    "permission_error",
    "unregistered callers",
    "not authorized",
];

const GONE: &[&str] = &[
    "decommissioned",
    "model_not_found",
    "model not found",
    "model not exist",
    "no such model",
    "invalid model",
    "invalid_model",
    "unknown model",
    "unknown_model",
    "not a valid model",
    "free_variant_ended",
    "model_deprecated",
    "is not found for api version",
    "no endpoints found",
    "has been retired",
    "end of life",
];

const LIMITED: &[&str] = &[
    "rate limit",
    "rate_limit",
    "ratelimit",
    "too many requests",
    "too_many_requests",
    "quota exceeded",
    "quota_exceeded",
    "usage limit",
];

/// The class of a failed response. `named`: the limits in its words; `headers`: those of its headers; `wait` in
/// seconds.
pub fn class(
    dialect: Dialect,
    status: u16,
    words: &Words,
    named: &[Told],
    headers: &[Told],
    wait: Option<f64>,
) -> Class {
    let limited = status == 429 || words.has(LIMITED);
    let none = |told: &Told| told.limit == Some(0.0);
    if status == 402
        || words.has(UNPAID)
        || dialect == Dialect::Zai && words.has(&[" 1113", "#1113"])
        || (limited || status == 403) && (named.iter().any(none) || headers.iter().any(none))
    {
        return Class::Payment;
    }
    if is_too_large(dialect, status, words, named) {
        return Class::TooLarge;
    }
    let upstream = words.has(&["provider returned error"]);
    if upstream && status == 429 {
        return Class::Overloaded;
    }
    if !named.is_empty() && status != 401 {
        return by_window(named, wait);
    }
    let code = match dialect {
        Dialect::Mistral => words.has(&[" 3505", "#3505"]),
        Dialect::Zai => words.has(&[" 1305", "#1305", " 1312", "#1312"]),
        Dialect::Cloudflare => words.has(&["#3040"]),
        // Shared capacity: it tells neither a limit nor a window.
        Dialect::Gemini => status == 429 && words.details.is_empty() && headers.is_empty(),
        _ => false,
    };
    if code || status != 401 && words.has(BUSY) {
        return Class::Overloaded;
    }
    if status == 401 || matches!(status, 400 | 403 | 407) && is_about_key(words) {
        return Class::Auth;
    }
    if matches!(status, 404 | 410) || matches!(status, 400 | 403 | 422 | 500) && is_gone(words, upstream) {
        return Class::Gone;
    }
    match status {
        498 | 503 | 529 => Class::Overloaded,
        _ if limited => {
            let spent: Vec<Told> = headers.iter().filter(|told| told.is_spent()).cloned().collect();
            by_window(&spent, wait)
        }
        400..500 => Class::BadRequest,
        _ => Class::Server,
    }
}

fn is_too_large(dialect: Dialect, status: u16, words: &Words, named: &[Told]) -> bool {
    let above = |told: &Told| matches!((told.requested, told.limit), (Some(asked), Some(limit)) if asked > limit);
    status == 413
        || words.has(TOO_LARGE)
        || words.raw.contains("maximum context length")
        || status != 429 && words.has(&["too many tokens", "too_many_tokens"])
        || words.has(&["context length", "context window"]) && words.has(&["exceed", "too long"])
        || words.has(&["input token", "input tokens"]) && words.has(&["exceeds the maximum", "exceeds the limit"])
        || dialect == Dialect::Zai && words.has(&[" 1261", "#1261"])
        || named.iter().any(above)
}

fn is_about_key(words: &Words) -> bool {
    words.has(UNAUTHORIZED) || words.has(KEY) && words.has(WRONG)
}

fn is_gone(words: &Words, upstream: bool) -> bool {
    let raw = |needle: &&str| upstream && words.raw.contains(*needle);
    let model = words.all.find("model").and_then(|at| words.all.get(at..)).unwrap_or_default();
    // What stands behind the model is said of the model, within a sentence.
    let of_model = model.split(['\n', ',', ';']).next().unwrap_or_default();
    words.has(GONE)
        || GONE.iter().any(raw)
        || [
            "does not exist",
            "doesn't exist",
            "no longer available",
            "no longer supported",
            "is not supported",
            "has been deprecated",
            "is not available",
            "not found",
        ]
        .iter()
        .any(|said| of_model.contains(said))
}

/// By the longest of the spent windows; where none tells its length, by the wait.
fn by_window(limits: &[Told], wait: Option<f64>) -> Class {
    let any_spent = limits.iter().any(Told::is_spent);
    let mut spent = limits.iter().filter(|told| told.is_spent() || !any_spent).map(|told| told.length);
    let told = spent.clone().any(|length| length.seconds().is_some() || length.word().is_some());
    let long = if told { spent.any(Length::is_long) } else { wait.is_some_and(|wait| wait > SHORT) };
    if long { Class::QuotaExhausted } else { Class::RateLimited }
}
