//! The catalogue as it is written: the names of a file, and nothing about what follows from them.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::domain::ability::Ability;
use crate::domain::roster::{Cost, Dialect, Training, Wire};
use crate::providers::catalogue::limit::Limit;

/// How the models of a provider are found that no file can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finder {
    /// `GET /api/tags`: what is on this computer.
    Ollama,
    /// `GET /model/info`: what the proxy offers, and its prices.
    Litellm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct File {
    #[serde(default)]
    pub(in crate::providers) provider: Vec<Provider>,
    #[serde(default)]
    pub(in crate::providers) gone: Vec<Gone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct Provider {
    #[serde(deserialize_with = "id")]
    pub(in crate::providers) id: String,
    pub(in crate::providers) name: String,
    #[serde(deserialize_with = "address")]
    pub(in crate::providers) base_url: String,
    pub(in crate::providers) wire: Wire,
    pub(in crate::providers) quota: Dialect,
    #[serde(default)]
    pub(in crate::providers) keys: Vec<String>,
    #[serde(default)]
    pub(in crate::providers) key_url: String,
    pub(in crate::providers) cost: Cost,
    pub(in crate::providers) training: Training,
    #[serde(default, deserialize_with = "day")]
    pub(in crate::providers) as_of: String,
    #[serde(default)]
    pub(in crate::providers) source: String,
    #[serde(default)]
    pub(in crate::providers) note: String,
    #[serde(default)]
    pub(in crate::providers) last_resort: bool,
    pub(in crate::providers) discover: Option<Finder>,
    #[serde(default)]
    pub(in crate::providers) limits: Vec<Limit>,
    #[serde(default)]
    pub(in crate::providers) model: Vec<Model>,
    #[serde(default)]
    pub(in crate::providers) can: Vec<Ability>,
    #[serde(default)]
    pub(in crate::providers) cannot: Vec<Ability>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct Model {
    pub(in crate::providers) id: String,
    pub(in crate::providers) context: Option<u64>,
    #[serde(default)]
    pub(in crate::providers) limits: Vec<Limit>,
    pub(in crate::providers) cost: Option<Cost>,
    pub(in crate::providers) training: Option<Training>,
    pub(in crate::providers) can: Option<Vec<Ability>>,
    pub(in crate::providers) cannot: Option<Vec<Ability>>,
    #[serde(default, deserialize_with = "day")]
    pub(in crate::providers) as_of: String,
    #[serde(default)]
    pub(in crate::providers) source: String,
}

/// What is over: a provider, or its free tier.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gone {
    /// As in account names: `cerebras`.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The environment variables in which its key used to be.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The day it ended: `2026-07-30`.
    #[serde(deserialize_with = "day")]
    pub since: String,
    /// What happened, in one sentence.
    pub why: String,
    /// Where this was read.
    pub source: String,
}

/// An id: it begins an account's name, so it has neither `/` nor `@`, nor anything that is hard to type.
fn id<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let id = String::deserialize(from)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if id.is_empty() || !id.chars().all(fits) {
        return Err(Error::custom(format!("`{id}` is no id: write small letters, digits, `-` and `_`")));
    }
    Ok(id)
}

/// A day of the calendar. As text it sorts by time.
fn day<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let day = Cow::<'de, str>::deserialize(from)?;
    let read = chrono::NaiveDate::parse_from_str(&day, "%Y-%m-%d");
    if day.len() != 10 || read.is_err() {
        return Err(Error::custom(format!("`{day}` is no day: write it as \"2026-10-31\"")));
    }
    Ok(day.into_owned())
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if !["https://", "http://", "{"].iter().any(|first| text.starts_with(first)) {
        return Err(Error::custom(
            "a base_url begins with https:// or http://, or with the {NAME} of an environment variable",
        ));
    }
    Ok(text)
}
