//! Models that no file can list: what an Ollama and a LiteLLM answer when they are asked. Pure: answers in, lanes out.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::roster::{Cost, LaneSpec, Standby};
use crate::providers::assemble::Discover;

/// Lanes, and what the user should know of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// The lanes; those with a standby are listed, and off.
    pub lanes: Vec<LaneSpec>,
    /// In one line; empty: nothing.
    pub notice: String,
}

/// The lanes of an Ollama. `tags`: its `/api/tags`; `loaded`: its `/api/ps`, Null if it did not say. One chat model is
/// on: the configured (a lane already), else the loaded, else the newest that is no embedder and does not run elsewhere.
pub fn ollama(discover: &Discover, tags: &Value, loaded: &Value) -> Listed {
    let models: Vec<Model> = tags["models"].as_array().into_iter().flatten().filter_map(Model::read).collect();
    let loaded: Vec<&str> = loaded["models"].as_array().into_iter().flatten().filter_map(name).collect();
    let fit = || models.iter().filter(|model| !model.embeds && !model.remote);
    let chosen = if discover.named.is_empty() {
        let warm = fit().find(|model| loaded.contains(&model.name.as_str()));
        warm.or_else(|| fit().max_by(|a, b| a.modified.cmp(&b.modified))).map(|model| model.name.clone())
    } else {
        None
    };
    let lanes = models.iter().filter(|model| !model.embeds && !discover.named.contains(&model.name)).map(|model| {
        let standby = if model.remote {
            Some(Standby::Remote)
        } else if Some(&model.name) == chosen.as_ref() || discover.on {
            None
        } else {
            Some(Standby::Listed)
        };
        let cost = if model.remote { Cost::Unknown } else { Cost::Free };
        discover.lane(&model.name, cost, None, standby)
    });
    let lanes: Vec<LaneSpec> = lanes.collect();
    let notice = match (&chosen, discover.named.is_empty()) {
        (Some(_), _) | (_, false) => String::new(),
        _ => format!("{} answers, and has no chat model: `ollama pull llama3.2` gets one", discover.name()),
    };
    Listed { lanes, notice }
}

struct Model {
    name: String,
    modified: String,
    remote: bool,
    embeds: bool,
}

fn name(model: &Value) -> Option<&str> {
    model["name"].as_str().or_else(|| model["model"].as_str()).filter(|name| !name.is_empty())
}

impl Model {
    fn read(model: &Value) -> Option<Self> {
        let name = name(model)?;
        let family = model.pointer("/details/family").and_then(Value::as_str).unwrap_or_default();
        let remote = model["remote_host"].as_str().is_some_and(|host| !host.is_empty());
        Some(Self {
            name: name.to_owned(),
            modified: model["modified_at"].as_str().unwrap_or_default().to_owned(),
            remote: remote || name.ends_with("-cloud") || name.ends_with(":cloud"),
            embeds: name.contains("embed") || family.contains("bert"),
        })
    }
}

/// The lanes of a `LiteLLM`, from its `/model/info`: both prices 0 is free, above is paid, absent is unknown.
pub fn litellm(discover: &Discover, info: &Value) -> Listed {
    let mut models: BTreeMap<&str, (Cost, Option<u64>)> = BTreeMap::new();
    for entry in info["data"].as_array().into_iter().flatten() {
        let Some(name) = entry["model_name"].as_str().filter(|name| !name.is_empty()) else { continue };
        let info = &entry["model_info"];
        if info["mode"].as_str().is_some_and(|mode| mode != "chat" && mode != "responses") {
            continue;
        }
        let (cost, context) = (price(info), info["max_input_tokens"].as_u64());
        // Several servers stand behind one name: the dearest decides, and the smallest window.
        let known = models.entry(name).or_insert((cost, context));
        known.0 = known.0.dearer(cost);
        known.1 = known.1.into_iter().chain(context).min();
    }
    list(discover, models.into_iter().map(|(name, (cost, context))| (name.to_owned(), cost, context)).collect())
}

/// The lanes of a server that lists nothing but names, `/v1/models`.
pub fn names(discover: &Discover, models: &Value) -> Listed {
    let names = models["data"].as_array().into_iter().flatten().filter_map(|model| model["id"].as_str());
    list(discover, names.map(|name| (name.to_owned(), Cost::Unknown, None)).collect())
}

fn list(discover: &Discover, models: Vec<(String, Cost, Option<u64>)>) -> Listed {
    let lanes = models
        .into_iter()
        .filter(|(name, ..)| !discover.named.contains(name))
        .map(|(name, cost, context)| discover.lane(&name, cost, context, standby(discover, cost)));
    let lanes: Vec<LaneSpec> = lanes.collect();
    let off = lanes.iter().filter(|lane| lane.standby.is_some()).count();
    let notice = match off {
        0 => String::new(),
        1 => format!("{}: 1 model costs money, or may; Space in the quota pane turns it on", discover.name()),
        off => format!("{}: {off} models cost money, or may; Space in the quota pane turns them on", discover.name()),
    };
    Listed { lanes, notice }
}

/// Why a model of a `LiteLLM` that the config does not name is off; None: it is on.
pub fn standby(discover: &Discover, cost: Cost) -> Option<Standby> {
    match cost {
        _ if discover.on => None,
        Cost::Paid => Some(Standby::Paid),
        Cost::Unknown => Some(Standby::CostUnknown),
        Cost::Free if discover.named.is_empty() => None,
        Cost::Free => Some(Standby::Listed),
    }
}

/// What a `LiteLLM` says of a model's price: both prices 0 is free, one above is paid, anything else is unknown.
pub(in crate::providers) fn price(info: &Value) -> Cost {
    let prices = ["input_cost_per_token", "output_cost_per_token"].map(|key| info[key].as_f64());
    match prices {
        [Some(input), Some(output)] if input == 0.0 && output == 0.0 => Cost::Free,
        [input, output] if input.is_some_and(|price| price > 0.0) || output.is_some_and(|price| price > 0.0) => {
            Cost::Paid
        }
        _ => Cost::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::assemble::assemble;
    use crate::providers::catalogue::Catalogue;
    use crate::providers::config::Config;

    fn asked(account: &str) -> Discover {
        let env = |name: &str| (name == "LITELLM_BASE_URL").then(|| "http://127.0.0.1:4000".to_owned());
        let built_in = Catalogue::built_in().unwrap();
        let assembly = assemble(&built_in, &Config::default(), &env, &mut |_| Err("none".into()));
        assembly.discover.into_iter().find(|one| one.account().as_str() == account).unwrap()
    }

    fn told(listed: &Listed) -> Vec<(&str, Option<Standby>)> {
        listed.lanes.iter().map(|lane| (lane.id.model(), lane.standby)).collect()
    }

    #[test]
    fn one_local_chat_model_is_on() {
        let tags = json!({ "models": [
            { "name": "llama3.2:3b", "modified_at": "2026-01-01T00:00:00Z" },
            { "name": "qwen4:4b", "modified_at": "2026-05-01T00:00:00Z" },
            { "name": "nomic-embed-text", "modified_at": "2026-09-01T00:00:00Z" },
            { "name": "bge-m3", "modified_at": "2026-09-01T00:00:00Z", "details": { "family": "bert" } },
            { "name": "gpt-oss:120b-cloud", "modified_at": "2026-09-01T00:00:00Z" },
            { "name": "far", "modified_at": "2026-09-01T00:00:00Z", "remote_host": "https://ollama.com" },
            { "size": 3 },
        ] });
        let rest = |on: &str| {
            let local = ["llama3.2:3b", "qwen4:4b"].map(|name| (name, (name != on).then_some(Standby::Listed)));
            let remote = ["gpt-oss:120b-cloud", "far"].map(|name| (name, Some(Standby::Remote)));
            [local, remote].concat().into_iter().map(|(name, standby)| (name.to_owned(), standby)).collect::<Vec<_>>()
        };
        let owned = |listed: Listed| {
            told(&listed).into_iter().map(|(name, standby)| (name.to_owned(), standby)).collect::<Vec<_>>()
        };
        let ollama_of = |loaded: Value| owned(ollama(&asked("ollama"), &tags, &loaded));
        assert_eq!(ollama_of(Value::Null), rest("qwen4:4b"));
        assert_eq!(ollama_of(json!({ "models": [{ "name": "llama3.2:3b" }] })), rest("llama3.2:3b"));
        assert_eq!(ollama_of(json!({ "models": [{ "name": "nomic-embed-text" }] })), rest("qwen4:4b"));
        let listed = ollama(&asked("ollama"), &json!({ "models": [] }), &Value::Null);
        assert!(listed.lanes.is_empty() && listed.notice.contains("ollama pull"), "{listed:?}");
        assert!(ollama(&asked("ollama"), &tags, &Value::Null).lanes.iter().all(|lane| lane.last_resort));
    }

    #[test]
    fn prices_decide_what_is_on() {
        let model = |name: &str, input: Value, output: Value| json!({ "model_name": name, "model_info": { "input_cost_per_token": input, "output_cost_per_token": output } });
        let info = json!({ "data": [
            model("free", json!(0), json!(0.0)),
            model("paid", json!(0), json!(1e-6)),
            model("unknown", Value::Null, Value::Null),
            model("half", json!(0), Value::Null),
            model("mixed", json!(0), json!(0)),
            model("mixed", json!(1e-6), json!(0)),
            { "model_name": "voice", "model_info": { "mode": "audio_transcription" } },
        ] });
        let listed = litellm(&asked("litellm"), &info);
        assert_eq!(
            told(&listed),
            [
                ("free", None),
                ("half", Some(Standby::CostUnknown)),
                ("mixed", Some(Standby::Paid)),
                ("paid", Some(Standby::Paid)),
                ("unknown", Some(Standby::CostUnknown)),
            ]
        );
        assert_eq!(listed.notice, "LiteLLM: 4 models cost money, or may; Space in the quota pane turns them on");
    }

    #[test]
    fn whatever_it_answers_is_no_fault() {
        for answer in [json!(null), json!([]), json!({ "data": 7 }), json!({ "data": [{}, 1], "models": "x" })] {
            assert_eq!(litellm(&asked("litellm"), &answer).lanes, []);
            assert_eq!(names(&asked("litellm"), &answer).lanes, []);
            assert_eq!(ollama(&asked("ollama"), &answer, &answer).lanes, []);
        }
    }
}
