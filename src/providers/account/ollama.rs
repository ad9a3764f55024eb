//! What Ollama Cloud says of an account: the used share of its session, its week or its month, each from 0 to 1; null
//! is unlimited. It tells no resets, and when they are is not documented, so the windows are unknown and nothing is
//! counted down: the figure is as old as its last hearing, and says so.

use serde_json::Value;

use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::providers::account::answer::Answer;

/// Reads `limits` of `/api/usage`.
pub(in crate::providers) fn usage(limits: &Value) -> Answer {
    let known = [("session", "% of session"), ("weekly", "% of week"), ("monthly", "% of month")];
    let readings = known.into_iter().filter_map(|(name, unit)| {
        let used = limits[name]["usage"].as_f64().filter(|used| *used >= 0.0)?;
        Some(Reading {
            unit: Unit::Other(unit.into()),
            window: Window::Unknown,
            cap: Some(100),
            remaining: Some(left(used)),
            reset_after: None,
            evidence: Evidence::Reported,
        })
    });
    Answer::of(readings.collect(), Vec::new())
}

/// Whole percent that are left of a used share, rounded down.
fn left(used: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
    let left = ((1.0 - used) * 100.0 + 1e-6).floor().clamp(0.0, 100.0) as u64;
    left
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_are_whole_percent() {
        for (limits, told) in [
            (
                json!({ "session": { "usage": 0.3, "models": [] }, "weekly": { "usage": 0.071, "models": {} } }),
                vec![("% of session", 70), ("% of week", 92)],
            ),
            (json!({ "monthly": { "usage": 0.001 }, "session": { "usage": null } }), vec![("% of month", 99)]),
            (
                json!({ "session": { "usage": 0 }, "weekly": { "usage": 1.2 } }),
                vec![("% of session", 100), ("% of week", 0)],
            ),
            (json!({ "weekly": null, "daily": { "usage": 0.5 } }), vec![]),
        ] {
            let answer = usage(&limits);
            let readings = answer.limits.iter().flat_map(|one| &one.readings);
            let found: Vec<(&str, u64)> = readings.map(|one| (one.unit.as_str(), one.remaining.unwrap())).collect();
            assert_eq!(found, told, "{limits}");
        }
    }
}
