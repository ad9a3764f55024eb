//! What Google lists in the `details` of a refusal, and in its lines `* Quota exceeded for metric: ..., limit: 20`.

use serde_json::Value;

use crate::domain::headers::value::{number, seconds};
use crate::domain::quota::limit::{Evidence, Unit};
use crate::domain::quota::told::{Length, Told};

/// The quotas that were exceeded. A violation that lacks its value finds it in the lines of the same metric, in order.
pub fn limits(details: &[Value], text: &str) -> Vec<Told> {
    let mut lines = lines(text);
    let mut found: Vec<Told> = Vec::new();
    let mut add = |told: Told| match found.iter_mut().find(|other| other.is_same_as(&told)) {
        Some(other) => other.complete(&told),
        None => found.push(told),
    };
    for violation in details.iter().filter_map(|detail| detail["violations"].as_array()).flatten() {
        let metric = text_of(violation, "quotaMetric");
        let line = lines.iter().position(|(named, _)| *named == metric).map(|at| lines.remove(at).1);
        let mut told = named(text_of(violation, "quotaId"), metric);
        told.limit = count(&violation["quotaValue"]).or(line);
        add(told);
    }
    for info in details.iter().map(|detail| &detail["metadata"]).filter(|info| info["quota_limit"].is_string()) {
        let mut told = named(text_of(info, "quota_limit"), text_of(info, "quota_metric"));
        told.limit = count(&info["quota_limit_value"]);
        add(told);
    }
    for (metric, limit) in lines {
        let mut told = named("", metric);
        told.limit = Some(limit);
        add(told);
    }
    found
}

/// The wait in `RetryInfo`, in seconds.
pub fn wait(details: &[Value]) -> Option<f64> {
    details.iter().find_map(|detail| seconds(detail["retryDelay"].as_str()?))
}

/// `GenerateRequestsPerDayPerProjectPerModel-FreeTier`, `.../generate_content_free_tier_requests`.
fn named(id: &str, metric: &str) -> Told {
    let all = format!("{id} {metric}").to_lowercase().replace(['_', ' ', '-'], "");
    let unit = if all.contains("inputtoken") {
        Some(Unit::InputTokens)
    } else if all.contains("outputtoken") {
        Some(Unit::OutputTokens)
    } else if all.contains("request") {
        Some(Unit::Requests)
    } else if all.contains("token") {
        Some(Unit::Tokens)
    } else {
        None
    };
    let windows = [("perday", 86_400.0), ("perminute", 60.0), ("perhour", 3600.0), ("persecond", 1.0)];
    let length = windows.into_iter().find(|(word, _)| all.contains(word)).map(|(_, seconds)| Length::Seconds(seconds));
    let month = if all.contains("permonth") { Length::Month } else { Length::Unknown };
    let mut told = Told::new(unit, length.unwrap_or(month), Evidence::Learnt);
    told.remaining = Some(0.0);
    told
}

fn lines(text: &str) -> Vec<(&str, f64)> {
    let line = |rest: &'_ str| -> Option<(usize, f64)> {
        let (metric, rest) = rest.split_once(',')?;
        let (_, rest) = rest.split_once("limit:").filter(|(between, _)| between.trim().is_empty())?;
        let value: &str = rest.trim_start().split([' ', '\n', '\\']).next()?;
        Some((metric.len(), number(value.trim_end_matches([',', '.']))?))
    };
    let parts = text.split("metric:").skip(1);
    parts
        .filter_map(|part| line(part).map(|(end, limit)| (part.get(..end).unwrap_or_default().trim(), limit)))
        .collect()
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn count(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| number(value.as_str()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn violations_and_lines() {
        let details = [json!({"violations": [
            {"quotaMetric": "g/free_tier_requests", "quotaId": "RequestsPerDayPerModel"},
            {"quotaMetric": "g/free_tier_requests", "quotaId": "RequestsPerMinutePerModel", "quotaValue": "7"},
            {"quotaMetric": "g/input_token_count", "quotaId": "InputTokensPerModelPerMinute"},
        ]})];
        let text = "* Quota exceeded for metric: g/free_tier_requests, limit: 30, model: m\n* Quota exceeded for metric: g/free_tier_requests, limit: 7\n* Quota exceeded for metric: g/input_token_count, limit: 900";
        let found = limits(&details, text);
        let lines: Vec<_> = found.iter().map(|t| (t.unit.clone().unwrap(), t.length.seconds(), t.limit)).collect();
        assert_eq!(
            lines,
            [
                (Unit::Requests, Some(86_400.0), Some(30.0)),
                (Unit::Requests, Some(60.0), Some(7.0)),
                (Unit::InputTokens, Some(60.0), Some(900.0)),
            ]
        );
        let found = limits(&[], "Quota exceeded for metric: g/free_tier_requests, limit: 0, model: m");
        assert_eq!((found[0].limit, found[0].length), (Some(0.0), Length::Unknown));
        assert_eq!(limits(&[], "Quota exceeded."), []);
    }
}
