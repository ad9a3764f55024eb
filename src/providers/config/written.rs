//! The config as it is written: the names of the file, each checked by itself so that a mistake has its line. Nothing
//! about what follows from them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::domain::ability::Ability;
use crate::domain::look;
use crate::domain::roster::{Cost, Dialect, Strategy, Training, Wire};
use crate::domain::span::span;
use crate::providers::catalogue::limit::Limit;
use crate::providers::config::endpoint;
use crate::providers::config::source::KeySource;

/// What becomes of providers that train on prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::providers) enum Rule {
    Avoid,
    #[default]
    Allow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct File {
    #[serde(default)]
    pub(in crate::providers) training: Rule,
    #[serde(default)]
    pub(in crate::providers) strategy: Strategy,
    #[serde(default)]
    pub(in crate::providers) providers: BTreeMap<Spanned<String>, Provider>,
    #[serde(default)]
    pub(in crate::providers) endpoint: endpoint::Written,
    #[serde(default)]
    pub(in crate::providers) aliases: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(in crate::providers) log: Log,
    #[serde(default)]
    pub(in crate::providers) screen: look::Wanted,
}

/// How long rows of the log are kept.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct Log {
    #[serde(default, deserialize_with = "keep")]
    pub(in crate::providers) keep: Option<Duration>,
    #[serde(default, deserialize_with = "rows")]
    pub(in crate::providers) max_rows: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct Provider {
    pub(in crate::providers) name: Option<String>,
    #[serde(default, deserialize_with = "address")]
    pub(in crate::providers) base_url: Option<String>,
    pub(in crate::providers) wire: Option<Wire>,
    pub(in crate::providers) quota: Option<Dialect>,
    #[serde(default, deserialize_with = "key")]
    pub(in crate::providers) key: Option<KeySource>,
    pub(in crate::providers) models: Option<Vec<Model>>,
    #[serde(default)]
    pub(in crate::providers) order: Option<i64>,
    #[serde(default, deserialize_with = "weight")]
    pub(in crate::providers) weight: Option<u32>,
    #[serde(default, deserialize_with = "keep_back")]
    pub(in crate::providers) keep: Option<u64>,
    pub(in crate::providers) limits: Option<Vec<Limit>>,
    #[serde(default)]
    pub(in crate::providers) headers: BTreeMap<String, HeaderValue>,
    #[serde(default, deserialize_with = "proxy")]
    pub(in crate::providers) proxy: Option<String>,
    pub(in crate::providers) cost: Option<Cost>,
    pub(in crate::providers) training: Option<Training>,
    pub(in crate::providers) on: Option<bool>,
    pub(in crate::providers) last_resort: Option<bool>,
    #[serde(default, deserialize_with = "account")]
    pub(in crate::providers) quota_of: Option<String>,
}

/// A model that the config names: `"gpt-oss:20b"`, or a table with more about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// As the provider writes it.
    pub id: String,
    /// Tokens that prompt and answer may have together.
    pub context: Option<u64>,
    /// Limits counted on the lane; None: those of the catalogue.
    pub limits: Option<Vec<Limit>>,
    /// What an answer costs.
    pub cost: Option<Cost>,
    /// Whether it is used.
    pub on: Option<bool>,
    /// What it can do beyond text.
    pub can: Option<Vec<Ability>>,
    /// What it cannot.
    pub cannot: Option<Vec<Ability>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    id: String,
    #[serde(default, deserialize_with = "context")]
    context: Option<u64>,
    limits: Option<Vec<Limit>>,
    cost: Option<Cost>,
    on: Option<bool>,
    can: Option<Vec<Ability>>,
    cannot: Option<Vec<Ability>>,
}

impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Model;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a model's id in quotes, or a table such as { id = \"...\", context = 8192 }")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Model, E> {
                let id = named(id)?;
                Ok(Model { id, context: None, limits: None, cost: None, on: None, can: None, cannot: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Model, A::Error> {
                let Table { id, context, limits, cost, on, can, cannot } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Model { id: named(&id)?, context, limits, cost, on, can, cannot })
            }
        }

        from.deserialize_any(Either)
    }
}

/// The value of a header, or where it is.
pub(in crate::providers) struct HeaderValue(pub(in crate::providers) KeySource);

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        KeySource::header(&text).map(Self).map_err(Error::custom)
    }
}

fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let name = Cow::<'de, str>::deserialize(from)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        return Err(Error::custom("the name of an account, such as \"gemini\" or \"groq@work\""));
    }
    Ok(Some(name.into_owned()))
}

fn named<E: Error>(id: &str) -> Result<String, E> {
    match id {
        "" => Err(E::custom("a model without a name")),
        id if id.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err(E::custom("a model's id has no spaces in it"))
        }
        id => Ok(id.to_owned()),
    }
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<KeySource>, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    KeySource::read(&text).map(Some).map_err(Error::custom)
}

fn weight<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    match u32::try_from(i64::deserialize(from)?) {
        Ok(weight) if (1..=100).contains(&weight) => Ok(Some(weight)),
        _ => Err(Error::custom("a weight is a whole number from 1 to 100")),
    }
}

fn keep_back<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match i64::deserialize(from)? {
        keep @ 0..=1_000_000 => Ok(Some(keep.unsigned_abs())),
        _ => Err(Error::custom("a whole number of requests from 0 to 1000000, kept back for the chat")),
    }
}

fn keep<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    match span(&text) {
        Ok(span) if span >= Duration::from_hours(1) => Ok(Some(span)),
        _ => Err(Error::custom("a span from 1h to 3650d, such as \"90d\" or \"36h\"")),
    }
}

fn rows<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match i64::deserialize(from)? {
        rows @ 1000..=10_000_000 => Ok(Some(rows.unsigned_abs())),
        _ => Err(Error::custom("a whole number of rows from 1000 to 10000000")),
    }
}

fn context<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    match i64::deserialize(from)? {
        context if context > 0 => Ok(Some(context.unsigned_abs())),
        _ => Err(Error::custom("a context window has 1 token or more")),
    }
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    let bare = text.trim().trim_end_matches('/');
    let host = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://"));
    if host.is_none_or(str::is_empty) || bare.chars().any(char::is_whitespace) {
        return Err(Error::custom(
            "a base_url begins with https:// or http://, such as https://api.groq.com/openai/v1",
        ));
    }
    if bare.split_once("://").and_then(|(_, rest)| rest.split('/').next()).is_some_and(|host| host.contains('@')) {
        return Err(Error::custom(
            "no name and password in a base_url: it is shown and logged; write them as a header of the provider",
        ));
    }
    Ok(Some(bare.to_owned()))
}

fn proxy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    let known = ["http://", "https://", "socks5://", "socks5h://"];
    if !known.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty())) {
        return Err(Error::custom("a proxy begins with http://, https:// or socks5://, such as http://127.0.0.1:3128"));
    }
    Ok(Some(text.into_owned()))
}
