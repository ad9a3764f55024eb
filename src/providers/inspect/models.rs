//! A list of models, in the shapes in which providers send them.

use serde_json::{Value, json};

/// The ids as sent, their number, and where the next page begins.
pub fn read(body: &str) -> Value {
    let value: &Value = &serde_json::from_str(body).unwrap_or_default();
    let (list, keys): (_, &[&str]) = if let Some(list) = value["data"].as_array() {
        (Some(list), &["id", "name", "model_name", "model"])
    } else if let Some(list) = value["models"].as_array().or_else(|| value["result"].as_array()) {
        (Some(list), &["name", "id", "model", "slug"])
    } else {
        (value.as_array(), &["id", "name"])
    };
    let id = |model: &Value| {
        let named = || keys.iter().find_map(|key| model[*key].as_str());
        model.as_str().or_else(named).map(str::to_owned)
    };
    let ids: Vec<String> = list.into_iter().flatten().filter_map(id).collect();
    let next = match value["nextPageToken"].as_str().filter(|token| !token.is_empty()) {
        Some(token) => Some(token),
        None if value["has_more"] == true => value["last_id"].as_str(),
        None => None,
    };
    json!({ "count": ids.len(), "next_page": next, "ids": ids })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for (body, found) in [
            (r#"{"data":[{"id":"a"},{"id":"b"}]}"#, json!({"ids": ["a", "b"], "count": 2, "next_page": null})),
            (
                r#"{"models":[{"name":"models/a"}],"nextPageToken":"t"}"#,
                json!({"ids": ["models/a"], "count": 1, "next_page": "t"}),
            ),
            (
                r#"{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}"#,
                json!({"ids": ["a"], "count": 1, "next_page": "a"}),
            ),
            (
                r#"{"data":[{"id":"a"}],"has_more":false,"last_id":"a"}"#,
                json!({"ids": ["a"], "count": 1, "next_page": null}),
            ),
            (r#"[{"id":"a"}]"#, json!({"ids": ["a"], "count": 1, "next_page": null})),
            ("no", json!({"ids": [], "count": 0, "next_page": null})),
        ] {
            assert_eq!(read(body), found, "{body}");
        }
    }
}
