//! What becomes of a provider's models once the config has had its say: which are lanes, and why some of them are off.

use crate::domain::ability::Abilities;
use crate::domain::ids::AccountId;
use crate::domain::roster::{Cost, Dialect, LaneSpec, Standby, Training, Wire};
use crate::providers::catalogue::{ModelSpec, ProviderSpec};
use crate::providers::config::{Block, Model};

/// A provider of which only the config knows.
pub(in crate::providers) fn new_provider(block: &Block) -> ProviderSpec {
    ProviderSpec {
        id: block.id.clone(),
        name: block.id.clone(),
        base_url: String::new(),
        wire: Wire::Openai,
        dialect: Dialect::Generic,
        keys: Vec::new(),
        key_url: String::new(),
        cost: Cost::Unknown,
        training: Training::Unknown,
        as_of: String::new(),
        source: String::new(),
        note: String::new(),
        last_resort: false,
        quota_of: None,
        discover: None,
        abilities: Abilities::default(),
        limits: Vec::new(),
        models: Vec::new(),
    }
}

/// The provider as the config wants it.
pub(in crate::providers) fn described(provider: &ProviderSpec, block: &Block, address: String) -> ProviderSpec {
    let mut one = provider.clone();
    one.base_url = address;
    one.name = block.name.clone().unwrap_or(one.name);
    one.wire = block.wire.unwrap_or(one.wire);
    one.dialect = block.dialect.unwrap_or(one.dialect);
    one.limits = block.limits.clone().unwrap_or(one.limits);
    one.cost = block.cost.unwrap_or(one.cost);
    one.training = block.training.unwrap_or(one.training);
    // A weight gives it turns of its own.
    one.quota_of = block.quota_of.clone().map(AccountId::from).or(one.quota_of);
    one.last_resort = block.last_resort.unwrap_or(one.last_resort && block.weight.is_none());
    for model in &mut one.models {
        model.cost = block.cost.unwrap_or(model.cost);
        model.training = block.training.unwrap_or(model.training);
    }
    one
}

/// What all lanes of an account have in common.
pub(in crate::providers) fn shape(provider: &ProviderSpec, block: &Block) -> LaneSpec {
    let account = AccountId::from(block.id.as_str());
    let (weight, keep) = (block.weight.unwrap_or(1), block.keep.unwrap_or(0));
    LaneSpec { weight, keep, ..provider.lane(&account, &provider.unlisted("")) }
}

/// The models of an account, and why each of them is off.
pub(in crate::providers) fn models(provider: &ProviderSpec, block: &Block) -> Vec<(ModelSpec, Option<Standby>)> {
    let named = block.models.as_deref();
    let named_before = |at: usize, id: &str| named.unwrap_or_default().iter().take(at).any(|model| model.id == id);
    let once = named.unwrap_or_default().iter().enumerate().filter(|(at, model)| !named_before(*at, &model.id));
    let chosen = once.map(|(_, model)| {
        let listed = provider.models.iter().find(|one| one.id == model.id);
        let unlisted = || {
            let spec = provider.unlisted(&model.id);
            ModelSpec { cost: block.cost.unwrap_or(spec.cost), ..spec }
        };
        let mut spec = listed.cloned().unwrap_or_else(unlisted);
        spec.context = model.context.or(spec.context);
        spec.abilities.can = model.can.clone().unwrap_or(spec.abilities.can);
        spec.abilities.cannot = model.cannot.clone().unwrap_or(spec.abilities.cannot);
        spec.limits = model.limits.clone().unwrap_or(spec.limits);
        spec.cost = model.cost.unwrap_or(spec.cost);
        (spec, chosen_off(model, block))
    });
    let rest = provider.models.iter().filter(|one| !named.unwrap_or_default().iter().any(|model| model.id == one.id));
    let rest = rest.map(|one| {
        let off = match (block.on, one.cost) {
            (Some(false), _) => Some(Standby::Config),
            _ if named.is_some() => Some(Standby::Listed),
            (Some(true), _) | (None, Cost::Free) => None,
            (None, Cost::Paid) => Some(Standby::Paid),
            (None, Cost::Unknown) => Some(Standby::CostUnknown),
        };
        (one.clone(), off)
    });
    chosen.chain(rest).collect()
}

/// A model that the config names is on, unless it says that it is off, or that it is paid and not that it is on.
fn chosen_off(model: &Model, block: &Block) -> Option<Standby> {
    match (block.on, model.on) {
        (Some(false), _) | (_, Some(false)) => Some(Standby::Config),
        (None, None) if model.cost.or(block.cost) == Some(Cost::Paid) => Some(Standby::Paid),
        _ => None,
    }
}
