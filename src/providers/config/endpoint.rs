//! What the config says of the endpoint, and the names it gives to lanes there. As written -> as meant; opens nothing,
//! shows no token.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::providers::config::source::KeySource;
use crate::providers::mistake::hint;

/// Where the endpoint is, unless the config says otherwise.
pub const PORT: u16 = 4114;

/// What stands for itself as a model's name, so that no alias may be called so.
pub const NAMES: [&str; 7] = ["auto", "harvest", "even", "order", "auto:vision", "auto:tools", "auto:long"];

/// The endpoint, as the user wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is open while the dashboard runs.
    pub on: bool,
    /// Where it listens.
    pub address: IpAddr,
    /// On which port; the next free one where it is taken.
    pub port: u16,
    /// Web pages that may use it: `https://chat.example.com`.
    pub origins: Vec<String>,
    /// Who may use it; nobody named: everyone on this computer.
    pub callers: Vec<Caller>,
}

/// Someone who may use the endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its name, for the log.
    pub name: String,
    /// Where its token is.
    pub token: KeySource,
    /// Requests that it may make between two midnights of the user's zone.
    pub requests_per_day: Option<u64>,
    /// Who is served first of those that wait.
    pub priority: Priority,
}

/// Who is served first of those that wait for a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before the others.
    High,
    /// In the order in which they came.
    #[default]
    Normal,
    /// Behind the others.
    Low,
}

impl Default for Endpoint {
    fn default() -> Self {
        let (origins, callers) = (Vec::new(), Vec::new());
        Self { on: true, address: IpAddr::from([127, 0, 0, 1]), port: PORT, origins, callers }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(in crate::providers) struct Written {
    on: Option<bool>,
    #[serde(default, deserialize_with = "address")]
    address: Option<IpAddr>,
    #[serde(default, deserialize_with = "port")]
    port: Option<u16>,
    #[serde(default, deserialize_with = "key")]
    token: Option<KeySource>,
    #[serde(default, deserialize_with = "origins")]
    origins: Vec<String>,
    #[serde(default)]
    tokens: Vec<WrittenCaller>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCaller {
    name: String,
    #[serde(deserialize_with = "must_key")]
    key: KeySource,
    requests_per_day: Option<u64>,
    #[serde(default)]
    priority: Priority,
}

impl Written {
    pub(in crate::providers) fn meant(self) -> Endpoint {
        let standard = Endpoint::default();
        let one = self.token.map(|token| Caller {
            name: "token".into(),
            token,
            requests_per_day: None,
            priority: Priority::Normal,
        });
        let callers = self.tokens.into_iter().map(|one| Caller {
            name: one.name,
            token: one.key,
            requests_per_day: one.requests_per_day,
            priority: one.priority,
        });
        Endpoint {
            on: self.on.unwrap_or(standard.on),
            address: self.address.unwrap_or(standard.address),
            port: self.port.unwrap_or(standard.port),
            origins: self.origins,
            callers: one.into_iter().chain(callers).collect(),
        }
    }
}

/// What is wrong with an alias, and at which of the two.
pub(in crate::providers) fn alias_fault(
    name: &Spanned<String>,
    target: &Spanned<String>,
) -> Option<(std::ops::Range<usize>, String)> {
    let (alias, lane) = (name.get_ref().as_str(), target.get_ref().as_str());
    let plain = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if !plain(alias) || alias.contains('/') || NAMES.contains(&alias) {
        let what = format!("`{alias}` cannot be an alias: write a word of its own, without `/` or spaces");
        return Some((name.span(), what));
    }
    let known = NAMES.contains(&lane)
        || plain(lane) && lane.split_once('/').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    (!known).then(|| {
        let near = hint(lane, NAMES);
        (target.span(), format!("`{lane}` is no lane: write one (`groq/openai/gpt-oss-20b`), `groq/*` or `auto`{near}"))
    })
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    let text = if text == "localhost" { "127.0.0.1" } else { &text };
    text.parse().map(Some).map_err(|_| Error::custom("an address is one of this computer, such as \"127.0.0.1\""))
}

fn port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    match u16::try_from(i64::deserialize(from)?) {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(Error::custom("a port is a number from 1 to 65535")),
    }
}

fn origins<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(from)?;
    let fits = |one: &String| {
        let host = one.strip_prefix("https://").or_else(|| one.strip_prefix("http://"));
        host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
    };
    if !all.iter().all(fits) {
        return Err(Error::custom("an origin is a scheme and a host, such as \"https://chat.example.com\""));
    }
    Ok(all)
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Option<KeySource>, D::Error> {
    must_key(from).map(Some)
}

fn must_key<'de, D: Deserializer<'de>>(from: D) -> Result<KeySource, D::Error> {
    KeySource::read(&Cow::<'de, str>::deserialize(from)?).map_err(Error::custom)
}
