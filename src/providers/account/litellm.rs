//! What a `LiteLLM` says of a key and of its models. All that goes through the key draws on its budget, so that is a
//! gauge, in cents; a limit of the minute is of the wall clock's minute, as its limiter counts.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use serde_json::Value;

use crate::domain::clock::Time;
use crate::domain::ids::AccountId;
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::providers::account::answer::{Answer, Limits};
use crate::providers::account::expiry;

const MINUTE: Window = Window::Fixed(Duration::from_mins(1));
const HOUR: Window = Window::Fixed(Duration::from_hours(1));
const WEEK: Window = Window::Fixed(Duration::from_hours(24 * 7));

/// Reads `info` of `/key/info`.
pub(in crate::providers) fn key(account: &AccountId, info: &Value, now: Time) -> Answer {
    // What the key does not say itself, a budget that it was given may.
    let field =
        |name: &str| Some(&info[name]).filter(|own| !own.is_null()).unwrap_or(&info["litellm_budget_table"][name]);
    let minute = [("rpm_limit", Unit::Requests), ("tpm_limit", Unit::Tokens)];
    let readings = minute.into_iter().filter_map(|(name, unit)| limit(unit, field(name).as_u64()?));
    let budget = budget(field("max_budget"), &info["spend"], field("budget_duration"), field("budget_reset_at"), now);
    let mut notices = Vec::new();
    if info["blocked"] == true {
        notices.push(format!("{account}: its key is blocked; who runs the proxy can say why"));
    } else if budget.as_ref().is_some_and(|budget| budget.remaining == Some(0)) {
        notices.push(format!("{account}: the budget of its key is spent"));
    }
    notices.extend(expiry::notice(account, &info["expires"], now));
    Answer::of(readings.chain(budget).collect(), notices)
}

/// Reads `/model/info`: the limits of the minute of each model. Several servers stand behind one name, and their limits
/// add up; where one has none, nothing is known of the sum.
pub(in crate::providers) fn models(value: &Value) -> Answer {
    let mut models: BTreeMap<&str, [Option<u64>; 2]> = BTreeMap::new();
    for entry in value["data"].as_array().into_iter().flatten() {
        let Some(name) = entry["model_name"].as_str().filter(|name| !name.is_empty()) else { continue };
        let own = ["rpm", "tpm"].map(|key| entry["litellm_params"][key].as_u64().or(entry["model_info"][key].as_u64()));
        let sum = models.entry(name).or_insert([Some(0), Some(0)]);
        for (sum, own) in sum.iter_mut().zip(own) {
            *sum = sum.zip(own).map(|(sum, own)| sum.saturating_add(own));
        }
    }
    let limits = models.into_iter().filter_map(|(name, [requests, tokens])| {
        let all = [(Unit::Requests, requests), (Unit::Tokens, tokens)];
        let readings: Vec<Reading> = all.into_iter().filter_map(|(unit, cap)| limit(unit, cap?)).collect();
        (!readings.is_empty()).then(|| Limits { model: Some(name.to_owned()), readings })
    });
    Answer { limits: limits.collect(), notices: Vec::new() }
}

/// A cap of the minute. One of 0 would shut the lane for good on the word of a table; a refusal says it better.
fn limit(unit: Unit, cap: u64) -> Option<Reading> {
    let evidence = Evidence::Reported;
    (cap > 0).then_some(Reading { unit, window: MINUTE, cap: Some(cap), remaining: None, reset_after: None, evidence })
}

/// The budget as a limit in cents, rounded against the one who spends. Its resets fall on the clock's hour, on midnight,
/// on Monday and on the first of the month; the told instant goes over that.
fn budget(max: &Value, spend: &Value, every: &Value, reset: &Value, now: Time) -> Option<Reading> {
    let (max, spend) = (cents(max.as_f64()?)?, spend.as_f64().filter(|spend| *spend >= 0.0)?);
    let window = match every.as_str().unwrap_or_default() {
        "1h" => HOUR,
        "1d" | "24h" => Window::Day(Tz::UTC),
        "7d" => WEEK,
        "30d" | "1mo" => Window::Month(Tz::UTC),
        _ => Window::Unknown,
    };
    let left = max.saturating_sub(cents_up(spend));
    Some(Reading {
        unit: Unit::Other("cents".into()),
        window,
        cap: Some(max),
        remaining: Some(left),
        reset_after: expiry::instant(reset).filter(|at| *at > now).map(|at| at.since(now)),
        evidence: Evidence::Reported,
    })
}

/// Whole cents; None: none of them, or more than any budget.
fn cents(dollars: f64) -> Option<u64> {
    let cents = (dollars * 100.0 + 1e-6).floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1e12")]
    (1.0..1e12).contains(&cents).then_some(cents as u64)
}

fn cents_up(dollars: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and f64 to u64 saturates"
    )]
    let cents = (dollars * 100.0 - 1e-6).ceil().max(0.0) as u64;
    cents
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::headers::value::date;

    /// `8 requests / 60000ms fixed`, with what is left and the seconds to the reset where they are told.
    fn words(readings: &[Reading]) -> Vec<String> {
        let word = |one: &Reading| {
            assert_eq!(one.evidence, Evidence::Reported);
            let left = one.remaining.map(|left| format!(", {left} left")).unwrap_or_default();
            let reset = one.reset_after.map(|after| format!(", {} s", after.as_secs())).unwrap_or_default();
            format!("{} {} / {}{left}{reset}", one.cap.unwrap(), one.unit, one.window)
        };
        readings.iter().map(word).collect()
    }

    #[test]
    fn what_a_key_may_do() {
        for (info, limits, notices) in [
            (
                json!({ "rpm_limit": 8, "tpm_limit": 900, "spend": 0.0, "max_budget": null, "expires": null }),
                vec!["8 requests / 60000ms fixed", "900 tokens / 60000ms fixed"],
                vec![],
            ),
            (
                json!({ "spend": 1.234, "max_budget": 3.5, "budget_duration": "30d",
                        "budget_reset_at": "2026-11-22T10:01:00Z" }),
                vec!["350 cents / 1month midnight UTC, 226 left, 60 s"],
                vec![],
            ),
            (
                json!({ "spend": 9, "max_budget": 3.5, "expires": "2026-11-30T00:00:00+00:00" }),
                vec!["350 cents / unknown, 0 left"],
                vec!["l: the budget of its key is spent", "l: its key ends on 2026-11-30"],
            ),
            (
                json!({ "spend": 0, "rpm_limit": null,
                        "litellm_budget_table": { "max_budget": 0.29, "rpm_limit": 4, "budget_duration": "1d" } }),
                vec!["4 requests / 60000ms fixed", "29 cents / 1d midnight UTC, 29 left"],
                vec![],
            ),
            (
                json!({ "spend": 0, "rpm_limit": 0, "max_budget": 0.0005, "blocked": true }),
                vec![],
                vec!["l: its key is blocked; who runs the proxy can say why"],
            ),
        ] {
            let answer = key(&"l".into(), &info, date("2026-11-22T10:00:00Z").unwrap());
            let readings: Vec<Reading> = answer.limits.iter().flat_map(|one| one.readings.clone()).collect();
            assert_eq!(words(&readings), limits, "{info}");
            assert_eq!(answer.notices, notices, "{info}");
        }
    }

    #[test]
    fn the_limits_of_servers_behind_one_name_add_up() {
        let model = |name: &str, params: Value| json!({ "model_name": name, "litellm_params": params });
        let value = json!({ "data": [
            model("two", json!({ "rpm": 3, "tpm": 100 })),
            model("two", json!({ "rpm": 4 })),
            model("none", json!({})),
            { "model_name": "info", "litellm_params": {}, "model_info": { "rpm": 2, "tpm": 50 } },
            { "litellm_params": { "rpm": 1 } },
        ] });
        let told: Vec<(String, Vec<String>)> =
            models(&value).limits.into_iter().map(|one| (one.model.unwrap(), words(&one.readings))).collect();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                ("info".to_owned(), words(&["2 requests / 60000ms fixed", "50 tokens / 60000ms fixed"])),
                ("two".to_owned(), words(&["7 requests / 60000ms fixed"])),
            ]
        );
    }
}
