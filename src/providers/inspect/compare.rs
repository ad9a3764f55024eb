//! A reading against what a recording says that it means, value by value. What the reading knows beyond that is no
//! fault, except limits where none are told.

use serde_json::Value;

/// Keys that say how others may be compared.
const HELPERS: [&str; 2] = ["class_alt", "retry_after_alt_s"];

/// What differs, a line each: the key, what was read, what is meant.
pub fn differences(read: &Value, meaning: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, meant) in meaning.as_object().into_iter().flatten().filter(|(key, _)| !HELPERS.contains(&key.as_str())) {
        let got = &read[key.as_str()];
        let same = match key.as_str() {
            "limits" => {
                limits(got, meant, &mut found);
                true
            }
            "retry_after_s" => {
                same(key, got, meant) || meaning.get("retry_after_alt_s").is_some_and(|alt| same(key, got, alt))
            }
            "class" => got == meant || meaning["class_alt"].as_array().is_some_and(|others| others.contains(got)),
            "scope" => meant.is_null() || meant == "unknown" || got == meant,
            "tool_calls" => calls(got, meant),
            _ => same(key, got, meant),
        };
        if !same {
            found.push(format!("{key}: read {got}, meant {meant}"));
        }
    }
    found
}

fn limits(got: &Value, meant: &Value, found: &mut Vec<String>) {
    let (got, meant) = (got.as_array().map_or(&[][..], Vec::as_slice), meant.as_array().map_or(&[][..], Vec::as_slice));
    if meant.is_empty() && !got.is_empty() {
        found.push(format!("limits: read {}, meant none", Value::from(got.to_vec())));
    }
    for limit in meant {
        let fits = |one: &&Value| {
            limit
                .as_object()
                .into_iter()
                .flatten()
                .all(|(key, meant)| meant.is_null() || same(key, &one[key.as_str()], meant))
        };
        if !got.iter().any(|one| fits(&one)) {
            found.push(format!("limits: read {}, meant {limit}", Value::from(got.to_vec())));
        }
    }
}

fn calls(got: &Value, meant: &Value) -> bool {
    let (Some(got), Some(meant)) = (got.as_array(), meant.as_array()) else { return got == meant };
    let arguments = |one: &Value, other: &Value| {
        let parse = |value: &Value| value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        match (parse(one), parse(other)) {
            (Some(one), Some(other)) => same("", &one, &other),
            _ => one == other,
        }
    };
    got.len() == meant.len()
        && got
            .iter()
            .zip(meant)
            .all(|(got, meant)| got["name"] == meant["name"] && arguments(&got["arguments"], &meant["arguments"]))
}

/// Numbers by value, spans (`..._s`) within 1 ms and 0.1 %, objects by the keys that are meant.
fn same(key: &str, got: &Value, meant: &Value) -> bool {
    match (got, meant) {
        (Value::Number(got), Value::Number(meant)) => {
            let (Some(got), Some(meant)) = (got.as_f64(), meant.as_f64()) else { return false };
            let slack = if key.ends_with("_s") && !key.ends_with("_unix_s") {
                0.001 + meant.abs() * 0.001
            } else {
                meant.abs() * 1e-12
            };
            (got - meant).abs() <= slack
        }
        (Value::Array(got), Value::Array(meant)) => {
            got.len() == meant.len() && got.iter().zip(meant).all(|(got, meant)| same("", got, meant))
        }
        (Value::Object(got), Value::Object(meant)) => {
            meant.iter().all(|(key, meant)| got.get(key).map_or(meant.is_null(), |got| same("", got, meant)))
        }
        _ => got == meant,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_and_what_does_not() {
        let limit = json!([{"unit": "requests", "window_s": 60, "limit": 5, "remaining": 0, "reset_after_s": 9.0}]);
        for (read, meaning, lines) in [
            (
                json!({"limits": limit}),
                json!({"limits": [{"unit": "requests", "window_s": 60.0, "limit": 5, "reset_after_s": null}]}),
                0,
            ),
            (
                json!({"limits": limit}),
                json!({"limits": [{"unit": "requests", "window_s": 60, "reset_after_s": 9.009}]}),
                0,
            ),
            (
                json!({"limits": limit}),
                json!({"limits": [{"unit": "requests", "window_s": 60, "reset_after_s": 9.2}]}),
                1,
            ),
            (json!({"limits": limit}), json!({"limits": []}), 1),
            (json!({"limits": []}), json!({"limits": [{"unit": "tokens"}]}), 1),
            (json!({"class": "payment"}), json!({"class": "gone", "class_alt": ["payment"]}), 0),
            (json!({"class": "payment"}), json!({"class": "gone"}), 1),
            (json!({"class": "payment"}), json!({"class": null}), 1),
            (json!({"retry_after_s": 48}), json!({"retry_after_s": 48.9, "retry_after_alt_s": 48}), 0),
            (json!({"retry_after_s": 1}), json!({"retry_after_s": null}), 1),
            (json!({"scope": "key"}), json!({"scope": "unknown"}), 0),
            (
                json!({"tool_calls": [{"name": "f", "arguments": "{\"a\": 1}"}]}),
                json!({"tool_calls": [{"name": "f", "arguments": "{\"a\":1}"}]}),
                0,
            ),
            (json!({"usage": {"a": 1, "b": 2}}), json!({"usage": {"a": 1.0}}), 0),
            (json!({"text": "a"}), json!({"text": "b"}), 1),
        ] {
            assert_eq!(differences(&read, &meaning).len(), lines, "{read} {meaning}");
        }
    }
}
