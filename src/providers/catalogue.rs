//! The roster, as files describe it: TOML to lanes. What changes with the market is data; this file only reads it.

use serde::Deserialize;

use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::{Unit, Window};
use crate::domain::roster::{Cost, Dialect, LaneSpec, LimitSpec, Training, Wire};

/// The demo's providers. They are simulated, and nothing else is in this file.
const DEMO: &str = include_str!("../../assets/demo.toml");

/// A file that could not be read; the message names the line and what was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCatalogue(String);

/// The demo's lanes, whose simulated providers answer at `base_url`.
pub fn demo(base_url: &str) -> Result<Vec<LaneSpec>, BadCatalogue> {
    read(&DEMO.replace("{demo}", base_url), true)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: Vec<Provider>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    id: String,
    name: String,
    base_url: String,
    wire: Wire,
    dialect: Dialect,
    cost: Cost,
    training: Training,
    #[serde(default)]
    limits: Vec<Limit>,
    model: Vec<Model>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    id: String,
    context: Option<u64>,
    #[serde(default)]
    limits: Vec<Limit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    unit: Unit,
    window: Window,
    cap: u64,
}

/// Reads a catalogue. Limits of a provider are counted on its account, those of a model on its lane.
fn read(text: &str, simulated: bool) -> Result<Vec<LaneSpec>, BadCatalogue> {
    let file: File = toml::from_str(text).map_err(|error| BadCatalogue(error.to_string()))?;
    Ok(file.provider.iter().flat_map(|provider| lanes(provider, simulated)).collect())
}

fn lanes(provider: &Provider, simulated: bool) -> impl Iterator<Item = LaneSpec> {
    let account = AccountId::from(provider.id.as_str());
    let shared = PoolId::from(account.as_str());
    provider.model.iter().map(move |model| {
        let id = LaneId::new(&account, &model.id);
        let own = PoolId::from(id.as_str());
        let on = |pool: &PoolId, limit: &Limit| LimitSpec {
            pool: pool.clone(),
            unit: limit.unit.clone(),
            window: limit.window,
            cap: limit.cap,
        };
        let limits = provider.limits.iter().map(|limit| on(&shared, limit));
        LaneSpec {
            limits: limits.chain(model.limits.iter().map(|limit| on(&own, limit))).collect(),
            provider: provider.name.clone(),
            context: model.context,
            cost: provider.cost,
            training: provider.training,
            simulated,
            ..LaneSpec::new(id, provider.wire, provider.dialect, &provider.base_url)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_can_be_read() {
        let lanes = demo("http://127.0.0.1:1").unwrap();
        assert!(lanes.iter().all(|lane| lane.simulated && lane.base_url.starts_with("http://127.0.0.1:1/")));
        let accounts: std::collections::BTreeSet<AccountId> = lanes.iter().map(LaneSpec::account).collect();
        assert!(accounts.len() >= 4 && lanes.len() > accounts.len());
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = read("[[provider]]\nid = 1\n", false).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
    }
}
