//! An account as one has to know it to ask its provider for what costs nothing: its models, its limits, its key. Holds
//! the key, asks nobody.

use crate::domain::ids::AccountId;
use crate::domain::roster::{Cost, LaneSpec, Standby};
use crate::providers::catalogue::Finder;

/// One credential at a provider, and the models that are lanes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The provider's id in the catalogue or the config, without `@work`.
    pub provider: String,
    /// What all its lanes have in common: address, key, headers, proxy, limits. Its model is empty.
    pub shape: LaneSpec,
    /// How its models are found, if no file lists them.
    pub finder: Option<Finder>,
    /// Its models, in the order of the rotation.
    pub models: Vec<Known>,
}

/// A model that is a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As the provider writes it.
    pub id: String,
    /// What an answer costs, as far as the catalogue and the config know.
    pub cost: Cost,
    /// Tokens that prompt and answer may have together, if known.
    pub context: Option<u64>,
    /// Why it is off; None: it is on.
    pub standby: Option<Standby>,
    /// The config names it: its user wants it, whatever a list says.
    pub named: bool,
}

impl Account {
    /// Its name: `groq`, `groq@work`.
    pub fn id(&self) -> AccountId {
        self.shape.account()
    }
}

impl Known {
    /// A lane's model; `named`: the models that the config names.
    pub(in crate::providers) fn of(lane: &LaneSpec, named: &[String]) -> Self {
        let id = lane.id.model().to_owned();
        let named = named.contains(&id);
        Self { id, cost: lane.cost, context: lane.context, standby: lane.standby, named }
    }
}
