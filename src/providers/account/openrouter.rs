//! What `OpenRouter` says of a key. Its free models share one cap a day over all keys of the account, and draw on no
//! credit; what the key may spend concerns paid models alone, so that is told in words and has no gauge.

use chrono_tz::Tz;
use serde_json::Value;

use crate::domain::clock::Time;
use crate::domain::ids::AccountId;
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::domain::roster::LimitSpec;
use crate::providers::account::answer::Answer;
use crate::providers::account::expiry;

/// Free requests a day of who never bought credit, and of who did. It has to be 10 dollars: who bought less is told so
/// by a refusal, which then counts (openrouter.ai/docs/api-reference/limits, read 2026-11-22).
const UNPAID: u64 = 50;
const PAID: u64 = 1000;

/// A smaller share of the key's own limit than this is told.
const LOW: f64 = 0.2;

/// Reads `data` of `/key`. `known`: the limits that the catalogue and the config have for the account.
pub(in crate::providers) fn key(account: &AccountId, known: &[LimitSpec], data: &Value, now: Time) -> Answer {
    let window = Window::Day(Tz::UTC);
    let free = &data["free_model_daily_requests"];
    let (cap, used) = (free["limit"].as_u64(), free["used"].as_u64());
    let remaining = free["remaining"].as_u64().or_else(|| cap?.checked_sub(used?));
    let reading = |cap, remaining, evidence| Reading {
        unit: Unit::Requests,
        window,
        cap,
        remaining,
        reset_after: None,
        evidence,
    };
    let readings = if cap.is_some() || remaining.is_some() {
        vec![reading(cap, remaining, Evidence::Reported)]
    } else if data["is_free_tier"] == false && known.iter().any(|limit| is_unpaid(limit, window)) {
        // It does not say what is left; that credit was bought says what the cap is.
        vec![reading(Some(PAID), None, Evidence::Documented)]
    } else {
        Vec::new()
    };
    let credit = credit(account, data);
    Answer::of(readings, credit.into_iter().chain(expiry::notice(account, &data["expires_at"], now)).collect())
}

/// Whether this is the catalogue's cap for who never bought credit: a cap of the user's own stays.
fn is_unpaid(limit: &LimitSpec, window: Window) -> bool {
    limit.unit == Unit::Requests && limit.window == window && limit.cap == UNPAID
}

/// What is left of what the key may spend, where little is.
fn credit(account: &AccountId, data: &Value) -> Option<String> {
    let (limit, left) = (data["limit"].as_f64()?, data["limit_remaining"].as_f64()?);
    let left = left.max(0.0);
    (limit > 0.0 && left < limit * LOW).then(|| {
        format!(
            "{account}: {left:.2} of the {limit:.2} dollars that its key may spend are left; its free models need none"
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::headers::value::date;

    fn read(data: Value, cap: u64) -> (Vec<(Option<u64>, Option<u64>, Evidence)>, Vec<String>) {
        let known = [LimitSpec { pool: "o".into(), unit: Unit::Requests, window: Window::Day(Tz::UTC), cap }];
        let answer = key(&"o".into(), &known, &data, date("2026-11-22T10:00:00Z").unwrap());
        let readings = answer.limits.iter().inspect(|limits| assert_eq!(limits.model, None));
        let readings = readings.flat_map(|limits| &limits.readings).inspect(|one| {
            assert_eq!((&one.unit, one.window, one.reset_after), (&Unit::Requests, Window::Day(Tz::UTC), None));
        });
        (readings.map(|one| (one.cap, one.remaining, one.evidence)).collect(), answer.notices)
    }

    #[test]
    fn the_free_requests_of_the_day() {
        let told = Evidence::Reported;
        for (data, cap, readings) in [
            (
                json!({ "free_model_daily_requests": { "limit": 70, "used": 12, "remaining": 58 }, "is_free_tier": true }),
                50,
                vec![(Some(70), Some(58), told)],
            ),
            (json!({ "free_model_daily_requests": { "limit": 70, "used": 12 } }), 50, vec![(Some(70), Some(58), told)]),
            (json!({ "free_model_daily_requests": { "limit": 7, "used": 12 } }), 50, vec![(Some(7), None, told)]),
            (
                json!({ "free_model_daily_requests": { "limit": null, "remaining": 3 } }),
                50,
                vec![(None, Some(3), told)],
            ),
            (json!({ "is_free_tier": true }), 50, vec![]),
            (json!({ "is_free_tier": false }), 50, vec![(Some(1000), None, Evidence::Documented)]),
            (json!({ "is_free_tier": false }), 200, vec![]),
            (json!({ "usage": 0.5, "rate_limit": { "requests": -1 } }), 50, vec![]),
        ] {
            assert_eq!(read(data.clone(), cap), (readings, vec![]), "{data}");
        }
    }

    #[test]
    fn little_credit_and_a_near_end_are_told() {
        let (readings, notices) =
            read(json!({ "limit": 8, "limit_remaining": 0.755, "expires_at": "2026-11-23T00:00:00Z" }), 50);
        assert_eq!(readings, []);
        assert_eq!(
            notices,
            [
                "o: 0.76 of the 8.00 dollars that its key may spend are left; its free models need none",
                "o: its key ends on 2026-11-23"
            ]
        );
        for data in [json!({ "limit": 8, "limit_remaining": 5 }), json!({ "limit": null, "limit_remaining": null })] {
            assert_eq!(read(data, 50).1, Vec::<String>::new());
        }
    }
}
