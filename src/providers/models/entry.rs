//! One entry of a list, in the shapes in which providers send them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::roster::{Cost, Dialect, LaneSpec};
use crate::providers::discover;

/// A model as its provider lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its id, as it is asked for.
    pub id: String,
    /// Its other ids.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What the list says that an answer costs; most lists say nothing.
    pub cost: Cost,
    /// Tokens that prompt and answer may have together, or the prompt alone; None: not told.
    pub context: Option<u64>,
    /// It answers questions in text, as far as the list or its name tells.
    pub chat: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self { id: String::new(), aliases: Vec::new(), cost: Cost::Unknown, context: None, chat: true }
    }
}

impl Model {
    /// Takes in another of the same id, which stands behind the same name: the dearer decides, and the smaller window.
    pub(in crate::providers) fn join(&mut self, other: &Self) {
        self.cost = self.cost.dearer(other.cost);
        self.context = self.context.into_iter().chain(other.context).min();
        self.chat |= other.chat;
    }
}

/// Reads an entry. None: it names no model, or one that is no longer served.
pub(in crate::providers) fn read(shape: &LaneSpec, entry: &Value) -> Option<Model> {
    if entry["active"] == false {
        return None;
    }
    let keys: &[&str] = match shape.dialect {
        // Its ids are numbers of its own.
        Dialect::Cloudflare => &["name"],
        _ => &["model_name", "id", "name", "model"],
    };
    let id = entry.as_str().or_else(|| keys.iter().find_map(|key| entry[*key].as_str()))?;
    let id = if shape.dialect == Dialect::Gemini { id.trim_start_matches("models/") } else { id };
    let aliases = entry["aliases"].as_array().into_iter().flatten().chain([&entry["canonical_slug"]]);
    let aliases = aliases.filter_map(Value::as_str).filter(|alias| *alias != id);
    (!id.is_empty()).then(|| Model {
        id: id.to_owned(),
        aliases: aliases.map(str::to_owned).collect(),
        cost: cost(shape, entry, id),
        context: context(entry),
        chat: is_chat(entry).unwrap_or_else(|| !NO_CHAT.iter().any(|word| id.to_lowercase().contains(word))),
    })
}

/// Parts of the names of models that answer no questions.
const NO_CHAT: [&str; 9] =
    ["embed", "rerank", "whisper", "transcribe", "tts", "moderation", "dall-e", "bge-", "prompt-guard"];

fn is_chat(entry: &Value) -> Option<bool> {
    let has = |list: &Value, word: &str| Some(list.as_array()?.iter().any(|one| one == word));
    let mode = entry["model_info"]["mode"].as_str().or_else(|| entry["mode"].as_str());
    has(&entry["supportedGenerationMethods"], "generateContent")
        .filter(|can| !can)
        .or_else(|| entry["capabilities"]["completion_chat"].as_bool())
        .or_else(|| has(&entry["architecture"]["output_modalities"], "text"))
        .or_else(|| has(&entry["endpoints"], "chat"))
        .or_else(|| Some(entry["task"]["name"].as_str()? == "Text Generation"))
        .or_else(|| Some(["chat", "responses", "completion"].contains(&mode?)))
}

fn context(entry: &Value) -> Option<u64> {
    const KEYS: [&str; 7] = [
        "context_length",
        "max_context_length",
        "context_window",
        "inputTokenLimit",
        "max_input_tokens",
        "max_model_len",
        "max_context",
    ];
    let of = |value: &Value| KEYS.iter().find_map(|key| tokens(&value[*key]));
    let property = || {
        let all = entry["properties"].as_array()?;
        tokens(&all.iter().find(|one| one["property_id"] == "context_window")?["value"])
    };
    of(entry).or_else(|| of(&entry["model_info"])).or_else(|| of(&entry["top_provider"])).or_else(property)
}

/// A number of tokens, as a number or in quotes; 0 tells nothing.
fn tokens(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 1e12")]
    let whole = |number: f64| (1.0..1e12).contains(&number).then_some(number as u64);
    whole(value.as_f64().or_else(|| value.as_str()?.parse().ok())?)
}

fn cost(shape: &LaneSpec, entry: &Value, id: &str) -> Cost {
    match shape.dialect {
        Dialect::Litellm => discover::price(&entry["model_info"]),
        // What runs here costs nothing; what only looks so may.
        Dialect::Ollama if shape.key.is_none() => {
            let remote = entry["remote_host"].as_str().is_some_and(|host| !host.is_empty()) || id.ends_with("cloud");
            if remote { Cost::Unknown } else { Cost::Free }
        }
        Dialect::Openrouter => priced(&entry["pricing"]),
        _ => Cost::Unknown,
    }
}

/// Prices in quotes, by what is counted: all of them 0 is free; one below 0 says that another model is chosen.
fn priced(pricing: &Value) -> Cost {
    let Some(prices) = pricing.as_object() else { return Cost::Unknown };
    let amount = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let of = |key: &str| prices.get(key).and_then(amount);
    let (Some(prompt), Some(completion)) = (of("prompt"), of("completion")) else { return Cost::Unknown };
    let all: Vec<f64> = prices.values().filter_map(amount).collect();
    if all.iter().any(|price| *price < 0.0) {
        Cost::Unknown
    } else if prompt == 0.0 && completion == 0.0 && all.iter().all(|price| *price == 0.0) {
        Cost::Free
    } else {
        Cost::Paid
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::roster::{Secret, Wire};

    fn of(dialect: Dialect, entry: &Value) -> Option<Model> {
        let key = (dialect != Dialect::Ollama).then(|| Secret::new("sk-canary"));
        read(&LaneSpec { key, ..LaneSpec::new("a/".into(), Wire::Openai, dialect, "x") }, entry)
    }

    fn model(id: &str, cost: Cost, context: Option<u64>, chat: bool) -> Option<Model> {
        Some(Model { id: id.into(), aliases: Vec::new(), cost, context, chat })
    }

    #[test]
    fn each_provider_has_its_own_shape() {
        use Cost::{Free, Paid, Unknown};
        use Dialect::{Cloudflare, Cohere, Gemini, Generic, Groq, Litellm, Mistral, Ollama, Openrouter};
        let pricing =
            |prompt: &str, completion: &str| json!({ "prompt": prompt, "completion": completion, "request": "0" });
        for (dialect, entry, expected) in [
            (
                Groq,
                json!({ "id": "m/a", "active": true, "context_window": 4096 }),
                model("m/a", Unknown, Some(4096), true),
            ),
            (Groq, json!({ "id": "m/a", "active": false }), None),
            (Groq, json!({ "id": "whisper-9" }), model("whisper-9", Unknown, None, false)),
            (
                Gemini,
                json!({ "name": "models/g-9", "inputTokenLimit": 500, "supportedGenerationMethods": ["generateContent"] }),
                model("g-9", Unknown, Some(500), true),
            ),
            (
                Gemini,
                json!({ "name": "models/vectors-9", "supportedGenerationMethods": ["embedContent"] }),
                model("vectors-9", Unknown, None, false),
            ),
            (
                Openrouter,
                json!({ "id": "a/b:free", "pricing": pricing("0", "0"), "context_length": 900 }),
                model("a/b:free", Free, Some(900), true),
            ),
            (
                Openrouter,
                json!({ "id": "a/b", "pricing": pricing("0", "0.0000004"), "architecture": { "output_modalities": ["image"] } }),
                model("a/b", Paid, None, false),
            ),
            (Openrouter, json!({ "id": "auto", "pricing": pricing("-1", "-1") }), model("auto", Unknown, None, true)),
            (
                Mistral,
                json!({ "id": "m-9", "max_context_length": 32, "capabilities": { "completion_chat": false } }),
                model("m-9", Unknown, Some(32), false),
            ),
            (
                Cohere,
                json!({ "name": "c-9", "endpoints": ["embed"], "context_length": 7.0 }),
                model("c-9", Unknown, Some(7), false),
            ),
            (
                Cloudflare,
                json!({ "id": "0a1b", "name": "@cf/m/a", "task": { "name": "Text Generation" },
                        "properties": [{ "property_id": "context_window", "value": "24000" }] }),
                model("@cf/m/a", Unknown, Some(24000), true),
            ),
            (
                Cloudflare,
                json!({ "id": "0a1b", "name": "@cf/m/v", "task": { "name": "Text Embeddings" } }),
                model("@cf/m/v", Unknown, None, false),
            ),
            (
                Litellm,
                json!({ "model_name": "l", "model_info": { "id": "9f", "mode": "chat", "max_input_tokens": 80,
                        "input_cost_per_token": 0, "output_cost_per_token": 0 } }),
                model("l", Free, Some(80), true),
            ),
            (Litellm, json!({ "id": "l", "object": "model" }), model("l", Unknown, None, true)),
            (Ollama, json!({ "name": "q:1b", "model": "q:1b" }), model("q:1b", Free, None, true)),
            (Ollama, json!({ "name": "q:1b-cloud" }), model("q:1b-cloud", Unknown, None, true)),
            (Generic, json!("plain"), model("plain", Unknown, None, true)),
            (Generic, json!({ "object": "model" }), None),
            (Generic, json!(7), None),
        ] {
            assert_eq!(of(dialect, &entry), expected, "{entry}");
        }
    }

    #[test]
    fn other_names_are_kept() {
        let entry = json!({ "id": "m-latest", "aliases": ["m-2612", "m-latest", 5], "canonical_slug": "m-slug" });
        assert_eq!(of(Dialect::Mistral, &entry).unwrap().aliases, ["m-2612", "m-slug"]);
    }

    #[test]
    fn of_two_behind_one_name_the_dearer_counts() {
        let mut one = model("m", Cost::Free, Some(9), false).unwrap();
        one.join(&model("m", Cost::Paid, Some(5), true).unwrap());
        assert_eq!(Some(one), model("m", Cost::Paid, Some(5), true));
    }
}
