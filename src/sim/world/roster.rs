//! What a client of a world is told of it beforehand: the lanes of its providers with their documented limits, which
//! are the true ones unless the file says otherwise. Reads the world's file a second time, in the domain's words; knows
//! nothing of how the world counts.

use std::collections::BTreeMap;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::{Unit, Window};
use crate::domain::roster::{Cost, Dialect, LaneSpec, LimitSpec, Training, Wire};

#[derive(Debug, Deserialize)]
struct File {
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug, Deserialize)]
struct Provider {
    #[serde(deserialize_with = "dialect")]
    dialect: Dialect,
    models: Spanned<Vec<String>>,
    context: Option<u64>,
    #[serde(default)]
    limits: Vec<Limit>,
    documented: Option<Documented>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "`documented` is false, or a list of limits")]
enum Documented {
    All(bool),
    These(Vec<Limit>),
}

#[derive(Debug, Clone, Deserialize)]
struct Limit {
    unit: Unit,
    window: String,
    cap: u64,
    per: Per,
    #[serde(default)]
    models: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Per {
    Model,
    Account,
}

/// By the name of the world's file: who speaks a standard's headers is nobody in particular.
fn dialect<'de, D: Deserializer<'de>>(from: D) -> Result<Dialect, D::Error> {
    match String::deserialize(from)?.as_str() {
        "ietf" => Ok(Dialect::Generic),
        name => Dialect::deserialize(name.into_deserializer()),
    }
}

/// The lanes of the world in `text`, in the order of the file. Err: what is wrong, and where.
pub(crate) fn lanes(text: &str) -> Result<Vec<LaneSpec>, toml::de::Error> {
    let file: File = toml::from_str(text)?;
    let mut providers: Vec<(String, Provider)> = file.providers.into_iter().collect();
    providers.sort_by_key(|(_, provider)| provider.models.span().start);
    Ok(providers.iter().flat_map(|(name, provider)| of_provider(name, provider)).collect())
}

fn of_provider(name: &str, provider: &Provider) -> Vec<LaneSpec> {
    let account = AccountId::from(name);
    let limits = match &provider.documented {
        None | Some(Documented::All(true)) => provider.limits.as_slice(),
        Some(Documented::All(false)) => &[],
        Some(Documented::These(limits)) => limits.as_slice(),
    };
    let lane = |model: &String| {
        let id = LaneId::new(&account, model);
        let own = limits.iter().filter(|limit| limit.models.is_empty() || limit.models.contains(model));
        LaneSpec {
            limits: own.filter_map(|limit| meant(limit, &account, &id)).collect(),
            context: provider.context,
            cost: Cost::Free,
            training: Training::No,
            simulated: true,
            ..LaneSpec::new(id, Wire::Openai, provider.dialect, &format!("http://127.0.0.1:1/{name}/v1"))
        }
    };
    provider.models.as_ref().iter().map(lane).collect()
}

/// The limit in the domain's words. Models that share one limit share a pool named after the first of them.
fn meant(limit: &Limit, account: &AccountId, lane: &LaneId) -> Option<LimitSpec> {
    let window: Window = if limit.window == "day" { "1d midnight UTC" } else { &limit.window }.parse().ok()?;
    let pool = match (limit.per, limit.models.first()) {
        (Per::Model, _) => PoolId::from(lane.as_str()),
        (Per::Account, None) => PoolId::from(account.as_str()),
        (Per::Account, Some(first)) => PoolId::from(format!("{account}+{first}")),
    };
    Some(LimitSpec { pool, unit: limit.unit.clone(), window, cap: limit.cap })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = r#"
[providers.z]
dialect = "gemini"
models = ["flash", "lite", "tiny"]
limits = [
  { unit = "requests", window = "day", cap = 20, per = "model", models = ["flash"], told = false },
  { unit = "requests", window = "60s rolling", cap = 9, per = "account", models = ["lite", "tiny"], told = false },
  { unit = "tokens", window = "1d midnight America/Los_Angeles", cap = 7, per = "account", told = false },
]
[providers.a]
dialect = "groq"
models = ["m"]
limits = [{ unit = "requests", window = "day", cap = 20, per = "model", told = true }]
"#;

    fn told(text: &str) -> Vec<String> {
        let lanes = lanes(text).unwrap();
        let limits = |lane: &LaneSpec| {
            let all = lane.limits.iter().map(|one| format!("{}: {} {} {}", one.pool, one.cap, one.unit, one.window));
            all.collect::<Vec<_>>().join(", ")
        };
        lanes.iter().map(|lane| format!("{} | {}", lane.id, limits(lane))).collect()
    }

    #[test]
    fn what_stands_in_the_file_is_documented() {
        assert_eq!(
            told(WORLD),
            [
                "z/flash | z/flash: 20 requests 1d midnight UTC, z: 7 tokens 1d midnight America/Los_Angeles",
                "z/lite | z+lite: 9 requests 60000ms rolling, z: 7 tokens 1d midnight America/Los_Angeles",
                "z/tiny | z+lite: 9 requests 60000ms rolling, z: 7 tokens 1d midnight America/Los_Angeles",
                "a/m | a/m: 20 requests 1d midnight UTC",
            ]
        );
    }

    #[test]
    fn unless_it_says_otherwise() {
        let silent = WORLD.replace("models = [\"m\"]", "models = [\"m\"]\ndocumented = false");
        assert_eq!(told(&silent)[3], "a/m | ");
        let wrong = "models = [\"m\"]\ndocumented = [{ unit = \"requests\", window = \"1h bucket\", cap = 5, per = \"account\" }]";
        assert_eq!(told(&WORLD.replace("models = [\"m\"]", wrong))[3], "a/m | a: 5 requests 3600000ms bucket");
    }
}
