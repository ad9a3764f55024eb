//! The list of models, as `OpenAI`'s API has it. Pure.

use serde_json::{Value, json};

use crate::domain::roster::{Cost, LaneSpec};
use crate::gateway::names;
use crate::scheduler::link::call::Lanes;

/// All names that can be asked for; each lane with what is known of it.
pub(in crate::gateway) fn list(aliases: &[(String, String)], lanes: &Lanes) -> Value {
    let data = names::all(aliases, lanes).into_iter().map(|name| {
        let lane = lanes.iter().find(|lane| lane.id.as_str() == name);
        model(&name, lane.map(AsRef::as_ref))
    });
    json!({ "object": "list", "data": data.collect::<Vec<_>>() })
}

/// One of them.
pub(in crate::gateway) fn one(name: &str, aliases: &[(String, String)], lanes: &Lanes) -> Option<Value> {
    names::meaning(name, aliases, lanes).ok()?;
    Some(model(name, lanes.iter().find(|lane| lane.id.as_str() == name).map(AsRef::as_ref)))
}

fn model(name: &str, lane: Option<&LaneSpec>) -> Value {
    let owner = lane.map_or_else(|| "roundel".to_owned(), |lane| lane.account().to_string());
    let mut entry = json!({ "id": name, "object": "model", "created": 0, "owned_by": owner });
    if let (Some(lane), Some(fields)) = (lane, entry.as_object_mut()) {
        fields.insert("context_length".into(), lane.context.into());
        fields.insert("free".into(), (lane.cost == Cost::Free).into());
        fields.insert("can".into(), json!(lane.abilities.can));
    }
    entry
}
