//! What scripts read as JSON: times are RFC 3339 in UTC, spans are seconds.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::Usage;

/// `2026-11-22T09:41:02.123Z`.
pub fn stamp(at: Time) -> String {
    Zone::UTC.wall(at).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A span in seconds, to the millisecond.
pub fn seconds(span: Duration) -> f64 {
    span.as_millis() as f64 / 1000.0
}

/// The tokens that a provider counted.
pub fn tokens(usage: Usage) -> Value {
    json!({ "input": usage.input, "output": usage.output })
}

/// An attempt, with all that the log knows of it.
pub fn attempt(attempt: &Attempt) -> Value {
    let class = if let Outcome::Failed(class) = attempt.outcome { json!(class) } else { Value::Null };
    json!({
        "id": attempt.id.0,
        "turn": attempt.turn.0,
        "number": attempt.number,
        "origin": attempt.origin.word(),
        "lane": attempt.lane,
        "started": stamp(attempt.started),
        "status": attempt.status,
        "outcome": attempt.outcome.key(),
        "class": class,
        "first_token_s": attempt.first_token.map(seconds),
        "took_s": attempt.took.map(seconds),
        "tokens": tokens(attempt.usage),
        "why": attempt.why,
        "note": attempt.note,
        "headers": attempt.headers,
        "simulated": attempt.simulated,
    })
}
