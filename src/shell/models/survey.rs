//! A provider's list beside the lanes that one has: model by model what it is here, and why. Pure.

use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::ids::LaneId;
use crate::domain::roster::{Cost, Standby};
use crate::domain::standing::{Rest, Target};
use crate::providers::assemble::Discover;
use crate::providers::assemble::account::{Account, Known};
use crate::providers::catalogue::Finder;
use crate::providers::discover::standby;
use crate::providers::models::List;
use crate::providers::models::entry::Model;
use crate::scheduler::ledger::told::is_unlisted;

/// What a model is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In the roster, and on.
    On,
    /// In the roster, and off.
    Off,
    /// In the roster, and not for this key.
    NotEntitled,
    /// In the roster, and no longer served.
    Gone,
    /// Listed, and not in the roster.
    New,
}

impl State {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::NotEntitled => "not entitled",
            Self::Gone => "gone",
            Self::New => "new",
        }
    }
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As the provider writes it.
    pub id: String,
    /// What it is here.
    pub state: State,
    /// What an answer costs.
    pub cost: Cost,
    /// Tokens that prompt and answer may have together, if told.
    pub context: Option<u64>,
    /// It answers questions in text.
    pub chat: bool,
    /// Why it is in that state; empty: that says it all.
    pub words: String,
}

/// All models of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// `groq`, `groq@work`.
    pub account: String,
    /// The provider's name for people.
    pub name: String,
    /// When its list was heard; None: never.
    pub at: Option<Time>,
    /// Now.
    pub now: Time,
    /// Models on its list.
    pub listed: usize,
    /// Why there is no newer list; None: this is the newest.
    pub fault: Option<String>,
    /// The models: those in the roster, then new ones, free ones first.
    pub rows: Vec<Row>,
}

/// Compares. `discover`: how its models are found, where no file lists them; `rests`: of its lanes, from earlier runs.
pub fn survey(
    account: &Account,
    discover: Option<&Discover>,
    list: Option<&List>,
    rests: &[Rest],
    now: Time,
) -> Survey {
    let mut rows: Vec<Row> = account.models.iter().map(|one| of_lane(account, one, list, rests)).collect();
    let dialect = account.shape.dialect;
    let known: Vec<&str> = list.map_or_else(Vec::new, |list| {
        let found = account.models.iter().filter_map(|one| list.find(dialect, &one.id));
        found.map(|model| model.id.as_str()).collect()
    });
    let is_known = |model: &&Model| known.contains(&model.id.as_str());
    let new = list.into_iter().flat_map(|list| &list.models).filter(|model| !is_known(model));
    let mut new: Vec<Row> = new.map(|model| found(account, discover, model, rests)).collect();
    new.sort_by(|one, other| (one.state, place(one.cost), &one.id).cmp(&(other.state, place(other.cost), &other.id)));
    rows.append(&mut new);
    Survey {
        account: account.id().to_string(),
        name: account.shape.provider.clone(),
        at: list.map(|list| list.at),
        now,
        listed: list.map_or(0, |list| list.models.len()),
        fault: None,
        rows,
    }
}

impl Survey {
    /// The lines of the config that would take in the free models that are new, besides those that are on: what the config
    /// names is on, and what it does not name is off. Empty: there are none.
    pub fn config(&self) -> String {
        let free = |row: &&Row| row.state == State::New && row.cost == Cost::Free && row.chat;
        if !self.rows.iter().any(|row| free(&row)) {
            return String::new();
        }
        let plain = self.account.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let name = if plain { self.account.clone() } else { format!("\"{}\"", self.account) };
        let wanted = self.rows.iter().filter(|row| row.state == State::On || free(row));
        let ids: Vec<String> = wanted.map(|row| format!("{:?}", row.id)).collect();
        format!("[providers.{name}]\nmodels = [{}]", ids.join(", "))
    }
}

const fn place(cost: Cost) -> u8 {
    match cost {
        Cost::Free => 0,
        Cost::Unknown => 1,
        Cost::Paid => 2,
    }
}

/// A model that is a lane.
fn of_lane(account: &Account, one: &Known, list: Option<&List>, rests: &[Rest]) -> Row {
    let listed = list.and_then(|list| list.find(account.shape.dialect, &one.id));
    let all: Vec<&str> = account.models.iter().filter(|one| !one.named).map(|one| one.id.as_str()).collect();
    let unlisted = list.filter(|list| list.missing(account.shape.dialect, &all).contains(&one.id.as_str()));
    // A price on the list counts over the catalogue's word, as it does for the lane.
    let priced = listed.is_some_and(|model| model.cost == Cost::Paid) && one.cost == Cost::Free && !one.named;
    let (cost, standby) =
        if priced { (Cost::Paid, one.standby.or(Some(Standby::Paid))) } else { (one.cost, one.standby) };
    let (state, words) = match (rested(account, &one.id, rests, listed.is_some()), unlisted, standby) {
        (Some(out), ..) => out,
        (None, Some(list), _) => (State::Gone, list.silence(account.id().as_str())),
        (None, None, Some(standby)) => (State::Off, standby.word().to_owned()),
        (None, None, None) => (State::On, String::new()),
    };
    let words = if words.is_empty() && list.is_some() && listed.is_none() { "not on its list".into() } else { words };
    let context = listed.and_then(|model| model.context).or(one.context);
    Row { id: one.id.clone(), state, cost, context, chat: true, words }
}

/// A model that only the list has.
fn found(account: &Account, discover: Option<&Discover>, model: &Model, rests: &[Rest]) -> Row {
    let joins = match (discover, account.finder) {
        (Some(discover), Some(Finder::Litellm)) if model.chat => Some(match standby(discover, model.cost) {
            None => (State::On, String::new()),
            Some(standby) => (State::Off, standby.word().to_owned()),
        }),
        // Which one depends on what is loaded when it is asked.
        (Some(_), Some(Finder::Ollama)) if model.chat && model.cost == Cost::Free => {
            Some((State::On, "one of these is on at a time: the one that is loaded, or the newest".to_owned()))
        }
        (Some(_), Some(Finder::Ollama)) if model.chat => Some((State::Off, Standby::Remote.word().to_owned())),
        _ => None,
    };
    let (state, words) = rested(account, &model.id, rests, true)
        .filter(|_| joins.is_some())
        .or(joins)
        .unwrap_or((State::New, String::new()));
    Row { id: model.id.clone(), state, cost: model.cost, context: model.context, chat: model.chat, words }
}

/// What earlier refusals say of it. That a list did not have it counts until a list has it again.
fn rested(account: &Account, model: &str, rests: &[Rest], listed: bool) -> Option<(State, String)> {
    let target = Target::Lane(LaneId::new(&account.id(), model));
    let rest = rests.iter().find(|rest| rest.target == target && rest.until.is_none())?;
    match rest.class {
        Class::Gone if listed && is_unlisted(rest) => None,
        Class::Gone => Some((State::Gone, rest.words.clone())),
        Class::Payment => Some((State::NotEntitled, rest.words.clone())),
        _ => None,
    }
}
