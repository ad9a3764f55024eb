//! What is said beside an answer: which lane gave it, after how many tries and how long a wait, and what is left of the
//! lane's binding limit, in the fields of the IETF (draft-ietf-httpapi-ratelimit-headers-10). Pure.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::scheduler::link::call::{Begun, Left};

/// The limit of which the least is left, as a share of its cap.
pub(in crate::gateway) fn binding(left: &[Left]) -> Option<&Left> {
    let share = |one: &Left| one.remaining as f64 / (one.cap.max(1)) as f64;
    left.iter().min_by(|a, b| share(a).total_cmp(&share(b)))
}

/// Puts the fields of an answer.
pub(in crate::gateway) fn put(headers: &mut HeaderMap, begun: &Begun) {
    let mut put = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-roundel-lane", begun.lane.to_string());
    put("x-roundel-attempts", begun.attempts.to_string());
    put("x-roundel-wait-ms", begun.wait.as_millis().to_string());
    if begun.simulated {
        put("x-roundel-simulated", "1".into());
    }
    if let Some(left) = binding(&begun.left) {
        let name = format!("\"{}-{}\"", left.unit.as_str().replace('"', ""), left.window.short().replace(' ', ""));
        let reset = left.reset.map(|reset| format!(";t={}", reset.as_secs() + u64::from(reset.subsec_nanos() > 0)));
        put("ratelimit", format!("{name};r={}{}", left.remaining, reset.unwrap_or_default()));
        let window = left.window.span().map(|span| format!(";w={}", span.as_secs().max(1)));
        put("ratelimit-policy", format!("{name};q={}{}", left.cap, window.unwrap_or_default()));
    }
}

/// The same as a comment in a stream that was opened before.
pub(in crate::gateway) fn comment(begun: &Begun) -> String {
    let simulated = if begun.simulated { " simulated=1" } else { "" };
    let wait = begun.wait.as_millis();
    format!(": roundel lane={} attempts={} wait={wait}ms{simulated}\n\n", begun.lane, begun.attempts)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::quota::limit::Unit;

    #[test]
    fn the_scarcest_limit_is_told() {
        let left = |unit: &str, window: &str, cap, remaining| Left {
            unit: Unit::from(unit),
            window: window.parse().unwrap(),
            cap,
            remaining,
            reset: Some(Duration::from_millis(6500)),
        };
        let begun = Begun {
            lane: "a/b".into(),
            attempts: 2,
            wait: Duration::from_millis(1500),
            simulated: true,
            left: vec![left("tokens", "60s", 8000, 7000), left("requests", "1d bucket", 10, 4)],
        };
        let mut headers = HeaderMap::new();
        put(&mut headers, &begun);
        let get = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(
            (get("ratelimit"), get("ratelimit-policy")),
            ("\"requests-day\";r=4;t=7", "\"requests-day\";q=10;w=86400")
        );
        assert_eq!((get("x-roundel-lane"), get("x-roundel-attempts"), get("x-roundel-wait-ms")), ("a/b", "2", "1500"));
        assert_eq!(comment(&begun), ": roundel lane=a/b attempts=2 wait=1500ms simulated=1\n\n");
    }
}
