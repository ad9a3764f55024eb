//! When a key ends: worth a word only when the end is near.

use std::time::Duration;

use serde_json::Value;

use crate::domain::clock::{Time, Zone};
use crate::domain::headers::value;
use crate::domain::ids::AccountId;

/// An end nearer than this is told.
const NEAR: Duration = Duration::from_hours(24 * 14);

/// An instant as JSON writes it; without a zone it is of UTC.
pub(in crate::providers) fn instant(value: &Value) -> Option<Time> {
    let text = value.as_str()?;
    value::date(text).or_else(|| value::date(&format!("{text}Z")))
}

/// The sentence for a key that ends at `end`; None: it does not, or not soon.
pub(in crate::providers) fn notice(account: &AccountId, end: &Value, now: Time) -> Option<String> {
    let end = instant(end)?;
    let day = Zone::UTC.ymd(end);
    if end <= now {
        Some(format!("{account}: its key ended on {day}; it wants a new one"))
    } else {
        (end.since(now) < NEAR).then(|| format!("{account}: its key ends on {day}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_near_end_is_told() {
        let now = value::date("2026-11-22T10:00:00Z").unwrap();
        for (end, told) in [
            (json!(null), None),
            (json!("2027-12-31T23:59:59Z"), None),
            (json!("2026-12-01T08:00:00.123+00:00"), Some("a: its key ends on 2026-12-01")),
            (json!("2026-12-01T08:00:00"), Some("a: its key ends on 2026-12-01")),
            (json!("2026-11-20T08:00:00Z"), Some("a: its key ended on 2026-11-20; it wants a new one")),
            (json!("never"), None),
            (json!(1_795_348_800), None),
        ] {
            assert_eq!(notice(&"a".into(), &end, now).as_deref(), told, "{end}");
        }
    }
}
