//! Which lanes a model's name means: all of them, a strategy, an ability, an account, one lane, or an alias for one of
//! these. Pure.

use crate::domain::ability::Wants;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::roster::{LaneSpec, Strategy};
use crate::scheduler::link::call::{Lanes, Route};

/// The names that are always there.
pub(in crate::gateway) const NAMES: [&str; 7] =
    ["auto", "harvest", "even", "order", "auto:vision", "auto:tools", "auto:long"];

/// So many near names are told.
const NEAR: usize = 5;

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway) struct Meaning {
    pub(in crate::gateway) route: Route,
    pub(in crate::gateway) strategy: Option<Strategy>,
    pub(in crate::gateway) wants: Wants,
}

/// What `name` means. Err: a sentence with the names that are near.
pub(in crate::gateway) fn meaning(name: &str, aliases: &[(String, String)], lanes: &Lanes) -> Result<Meaning, String> {
    let target = aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, target)| target.as_str());
    let any = Meaning { route: Route::Any, strategy: None, wants: Wants::default() };
    let with = |strategy| Meaning { strategy: Some(strategy), ..any.clone() };
    let found = match target {
        "auto" => any,
        "harvest" => with(Strategy::Harvest),
        "even" => with(Strategy::Even),
        "order" => with(Strategy::Order),
        "auto:vision" => Meaning { wants: Wants { vision: true, ..Wants::default() }, ..any },
        "auto:tools" => Meaning { wants: Wants { tools: true, ..Wants::default() }, ..any },
        "auto:long" => Meaning { wants: Wants { long: true, ..Wants::default() }, ..any },
        other => match route(other, lanes) {
            Some(route) => Meaning { route, ..any },
            None => return Err(unknown(name, aliases, lanes)),
        },
    };
    Ok(found)
}

fn route(name: &str, lanes: &Lanes) -> Option<Route> {
    if let Some(account) = name.strip_suffix("/*") {
        let account = AccountId::from(account);
        return lanes.iter().any(|lane| lane.account() == account).then_some(Route::Account(account));
    }
    let lane = lanes.iter().find(|lane| lane.id.as_str() == name).map(|lane| lane.id.clone());
    // A model's own name, if one lane alone has it.
    let by_model = || {
        let mut named = lanes.iter().filter(|lane| lane.id.model() == name);
        named.next().filter(|_| named.next().is_none()).map(|lane| lane.id.clone())
    };
    lane.or_else(by_model).map(Route::Lane)
}

/// All names that mean something, the general ones first.
pub(in crate::gateway) fn all(aliases: &[(String, String)], lanes: &Lanes) -> Vec<String> {
    let mut names: Vec<String> = NAMES.map(String::from).into();
    names.extend(aliases.iter().map(|(alias, _)| alias.clone()));
    let on = |lane: &&std::sync::Arc<LaneSpec>| lane.standby.is_none();
    for lane in lanes.iter().filter(on) {
        let account = format!("{}/*", lane.account());
        if !names.contains(&account) {
            names.push(account);
        }
    }
    names.extend(lanes.iter().filter(on).map(|lane| lane.id.to_string()));
    names
}

fn unknown(name: &str, aliases: &[(String, String)], lanes: &Lanes) -> String {
    let mut near: Vec<(usize, String)> = all(aliases, lanes).into_iter().map(|one| (apart(name, &one), one)).collect();
    near.sort();
    let near: Vec<String> = near.into_iter().take(NEAR).map(|(_, one)| format!("`{one}`")).collect();
    let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    format!(
        "there is no model `{shown}`; near it: {}. GET /v1/models lists all, `auto` takes whichever can answer",
        near.join(", ")
    )
}

/// How far two names are from each other: what they share counts more than what they lack.
fn apart(one: &str, other: &str) -> usize {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let model = other.split_once('/').map_or(other.as_str(), |(_, model)| model);
    if model == one || LaneId::from(one.as_str()).model() == model && !model.is_empty() {
        return 0;
    }
    let pairs = |text: &str| text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (ours, theirs) = (pairs(&one), pairs(&other));
    let shared = ours.iter().filter(|pair| theirs.contains(pair)).count();
    // Twice the share of pairs in common, in thousandths, taken from a thousand.
    1000 - (2000 * shared / (ours.len() + theirs.len()).max(1)).min(999)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::roster::{Dialect, Wire};

    fn lanes() -> Lanes {
        let lane = |id: &str| Arc::new(LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, ""));
        ["groq/openai/gpt-oss-20b", "groq/openai/gpt-oss-120b", "or/openai/gpt-oss-120b", "gemini/flash"]
            .map(lane)
            .into()
    }

    #[test]
    fn names() {
        let aliases =
            [("fast".to_owned(), "groq/openai/gpt-oss-20b".to_owned()), ("eyes".into(), "auto:vision".into())];
        let route = |name: &str| meaning(name, &aliases, &lanes()).map(|found| found.route);
        let lane = |id: &str| Ok(Route::Lane(id.into()));
        assert_eq!(route("auto"), Ok(Route::Any));
        assert_eq!(route("groq/*"), Ok(Route::Account("groq".into())));
        assert_eq!(route("gemini/flash"), lane("gemini/flash"));
        assert_eq!(route("fast"), lane("groq/openai/gpt-oss-20b"));
        assert_eq!(route("flash"), lane("gemini/flash"));
        assert!(route("openai/gpt-oss-120b").is_err(), "two lanes have it");
        assert_eq!(meaning("even", &aliases, &lanes()).unwrap().strategy, Some(Strategy::Even));
        assert!(meaning("eyes", &aliases, &lanes()).unwrap().wants.vision);
        assert!(meaning("auto:long", &aliases, &lanes()).unwrap().wants.long);
    }

    #[test]
    fn an_unknown_name_gets_the_near_ones() {
        let error = meaning("gpt-oss-120", &[], &lanes()).unwrap_err();
        assert!(error.starts_with("there is no model `gpt-oss-120`; near it: `or/openai/gpt-oss-120b`"), "{error}");
        let error = meaning("nobody/*", &[], &lanes()).unwrap_err();
        assert!(error.contains("GET /v1/models"), "{error}");
        assert!(all(&[], &lanes()).contains(&"groq/*".to_owned()));
    }
}
