//! Catalogue, config and keys -> the lanes of this session, what is missing for the rest, and what has still to be asked
//! over the network. Pure: the environment and the fetching of keys are arguments. No message shows a key.

use crate::domain::ids::{AccountId, LaneId};
use crate::domain::roster::{Cost, LaneSpec, Secret, Standby};
use crate::providers::catalogue::{Catalogue, Finder, Gone, ProviderSpec};
use crate::providers::config::source::{BadKey, KeySource, clean, value};
use crate::providers::config::{Block, Config};

/// `OLLAMA_HOST`.
mod host;

/// A provider's models, after the config.
mod lanes;

use crate::providers::assemble::lanes::{described, models, new_provider, shape};

/// What a session begins with.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    /// There is a key, of whichever provider, or the config names a provider of its own: no demo.
    pub real: bool,
    /// The lanes, in the order of the rotation.
    pub lanes: Vec<LaneSpec>,
    /// The accounts that can be used.
    pub found: Vec<Found>,
    /// The providers that cannot, and what each of them wants.
    pub missing: Vec<Missing>,
    /// Keys that no longer help.
    pub gone: Vec<GoneKey>,
    /// What the user should hear, a sentence each.
    pub notices: Vec<String>,
    /// What is to be asked for its models.
    pub discover: Vec<Discover>,
    /// Use no lane that trains on prompts, nor one that might.
    pub avoid_training: bool,
}

/// An account that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// `groq`, `groq@work`.
    pub account: AccountId,
    /// The provider's name for people.
    pub name: String,
    /// Where its key was: a variable's name, `the file ~/.key`; None: it wants none.
    pub key_from: Option<String>,
    /// Lanes that are on.
    pub on: usize,
    /// Lanes that are listed, and off.
    pub off: usize,
}

/// A provider that cannot be used yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The environment variables of which one has to hold its key; empty: its key is there.
    pub keys: Vec<String>,
    /// Environment variables that have to be set besides.
    pub besides: Vec<String>,
    /// The page where a key is had.
    pub key_url: String,
}

/// A key of something that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneKey {
    /// The environment variable that holds it.
    pub variable: String,
    /// What is over, since when, and why.
    pub what: Gone,
}

/// A server to ask for its models.
#[derive(Debug, Clone, PartialEq)]
pub struct Discover {
    /// How it is asked.
    pub finder: Finder,
    /// Models that the config names: they are lanes already, and when there are any, others found are listed only.
    pub named: Vec<String>,
    /// The config says `on = true`: what costs money, or might, is on as well.
    pub on: bool,
    template: LaneSpec,
}

impl Discover {
    /// The account of its lanes.
    pub fn account(&self) -> AccountId {
        self.template.account()
    }

    /// The server's name for people.
    pub fn name(&self) -> &str {
        &self.template.provider
    }

    /// Where its API begins, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.template.base_url
    }

    /// Its key, if it wants one.
    pub const fn key(&self) -> Option<&Secret> {
        self.template.key.as_ref()
    }

    /// Further request headers.
    pub fn headers(&self) -> &[(String, Secret)] {
        &self.template.headers
    }

    /// The proxy to go through.
    pub fn proxy(&self) -> Option<&str> {
        self.template.proxy.as_deref()
    }

    /// The lane of a model that was found, with all that the catalogue and the config say of the account.
    pub fn lane(&self, model: &str, cost: Cost, context: Option<u64>, standby: Option<Standby>) -> LaneSpec {
        let id = LaneId::new(&self.account(), model);
        LaneSpec { id, context, cost, standby, ..self.template.clone() }
    }
}

/// Puts a session together. `env` reads an environment variable; `keys` fetches what `file:` and `cmd:` name, and is
/// asked for nothing else. Err of `keys`: why not, in words, without the key.
pub fn assemble(
    catalogue: &Catalogue,
    config: &Config,
    env: &dyn Fn(&str) -> Option<String>,
    keys: &mut dyn FnMut(&KeySource) -> Result<Secret, String>,
) -> Assembly {
    let gone: Vec<GoneKey> = catalogue
        .gone
        .iter()
        .filter_map(|gone| {
            let variable = gone.keys.iter().find(|name| set(env, name))?.clone();
            Some(GoneKey { variable, what: gone.clone() })
        })
        .collect();
    let mut work = Work { env, keys, out: Assembly::default() };
    work.out.real = is_real(catalogue, config, env);
    work.out.avoid_training = config.avoid_training;
    work.out.gone = gone;
    for (provider, block) in accounts(catalogue, config) {
        work.account(&provider, &block);
    }
    work.out
}

/// Whether this is a session with real providers: decided from keys and config alone, before anything is asked.
fn is_real(catalogue: &Catalogue, config: &Config, env: &dyn Fn(&str) -> Option<String>) -> bool {
    let keys = catalogue.providers.iter().flat_map(|provider| &provider.keys);
    let addresses = catalogue.providers.iter().filter(|provider| provider.base_url.starts_with('{'));
    let mut names = keys.chain(catalogue.gone.iter().flat_map(|gone| &gone.keys)).map(String::as_str);
    names.any(|name| set(env, name))
        || addresses.flat_map(ProviderSpec::wanted).any(|name| set(env, name))
        || config.blocks.iter().any(|block| block.key.is_some() || block.base_url.is_some())
}

/// Every account with what the config says of it, in the order of the rotation: by `order`, then as in the config, then
/// as in the catalogue.
fn accounts(catalogue: &Catalogue, config: &Config) -> Vec<(ProviderSpec, Block)> {
    let described = config.blocks.iter().map(|block| {
        let provider = catalogue.provider(&block.id).cloned().unwrap_or_else(|| new_provider(block));
        (provider, block.clone())
    });
    let rest = catalogue.providers.iter().filter(|provider| config.block(&provider.id).is_none());
    let mut all: Vec<_> = described.chain(rest.map(|one| (one.clone(), Block::silent(&one.id)))).collect();
    all.sort_by_key(|(_, block)| block.order);
    all
}

/// Whether a variable is set to something.
fn set(env: &dyn Fn(&str) -> Option<String>, name: &str) -> bool {
    env(name).is_some_and(|text| clean(&text) != Err(BadKey::Empty))
}

/// An assembly in the making.
struct Work<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    keys: &'a mut dyn FnMut(&KeySource) -> Result<Secret, String>,
    out: Assembly,
}

/// Why there is no key.
enum NoKey {
    /// None is wanted.
    NotWanted,
    /// None is there.
    Missing,
}

impl Work<'_> {
    fn account(&mut self, provider: &ProviderSpec, block: &Block) {
        let (address, besides) = self.address(provider, block);
        let key = self.key(provider, block);
        let (key, key_from) = match key {
            Ok((key, from)) => (Some(key), Some(from)),
            Err(NoKey::NotWanted) => (None, None),
            // Who runs a proxy without keys sets its address only.
            Err(NoKey::Missing) if provider.discover.is_some() && besides.is_empty() => (None, None),
            Err(NoKey::Missing) => return self.missing(provider, provider.keys.clone(), besides),
        };
        if !besides.is_empty() {
            let keys = if key.is_none() { provider.keys.clone() } else { Vec::new() };
            return self.missing(provider, keys, besides);
        }
        let described = described(provider, block, address);
        let shape =
            LaneSpec { key, headers: self.headers(block), proxy: block.proxy.clone(), ..shape(&described, block) };
        let models = models(&described, block);
        if models.is_empty() && described.discover.is_none() {
            self.out.notices.push(format!("{} names no models, so nothing can be asked there: add `models`", block.id));
        }
        let account = AccountId::from(block.id.as_str());
        let before = self.out.lanes.len();
        for (model, standby) in models {
            if standby.is_none() && model.cost == Cost::Paid {
                self.out.notices.push(format!("{account}/{} costs money; the config switched it on", model.id));
            }
            let spec = described.lane(&account, &model);
            self.out.lanes.push(LaneSpec {
                key: shape.key.clone(),
                headers: shape.headers.clone(),
                proxy: shape.proxy.clone(),
                weight: shape.weight,
                standby,
                ..spec
            });
        }
        let made = self.out.lanes.get(before..).unwrap_or_default();
        let on = made.iter().filter(|lane| lane.standby.is_none()).count();
        let off = made.len() - on;
        let asked = described.discover.filter(|_| block.on != Some(false));
        // A local server is found only when it answers.
        if key_from.is_some() || described.discover != Some(Finder::Ollama) || !made.is_empty() {
            self.out.found.push(Found { account, name: described.name.clone(), key_from, on, off });
        }
        if let Some(finder) = asked {
            let named = block.models.iter().flatten().map(|model| model.id.clone()).collect();
            self.out.discover.push(Discover { finder, named, on: block.on == Some(true), template: shape });
        }
    }

    fn missing(&mut self, provider: &ProviderSpec, keys: Vec<String>, besides: Vec<String>) {
        let (id, name, key_url) = (provider.id.clone(), provider.name.clone(), provider.key_url.clone());
        self.out.missing.push(Missing { id, name, keys, besides, key_url });
    }

    /// Where its API begins, and the variables that are missing for it.
    fn address(&mut self, provider: &ProviderSpec, block: &Block) -> (String, Vec<String>) {
        if let Some(base_url) = &block.base_url {
            return (base_url.clone(), Vec::new());
        }
        if provider.discover == Some(Finder::Ollama) {
            let told = (self.env)("OLLAMA_HOST").filter(|text| !text.trim().is_empty());
            if let Some(found) = told.as_deref().map(host::address) {
                if let Some(address) = found {
                    return (address, Vec::new());
                }
                self.out.notices.push("OLLAMA_HOST is no address; write it as 127.0.0.1:11434".into());
            }
        }
        let (mut address, mut besides) = (provider.base_url.clone(), Vec::new());
        for name in provider.wanted() {
            match (self.env)(name).map(|text| clean(&text)) {
                Some(Ok(text)) => {
                    address = address.replace(&format!("{{{name}}}"), text.expose().trim_end_matches('/'));
                }
                Some(Err(bad)) if bad != BadKey::Empty => {
                    self.out.notices.push(format!("{name} is not used: {bad}"));
                    besides.push(name.to_owned());
                }
                _ => besides.push(name.to_owned()),
            }
        }
        (address, besides)
    }

    /// Its key, and where it was.
    fn key(&mut self, provider: &ProviderSpec, block: &Block) -> Result<(Secret, String), NoKey> {
        if let Some(source) = &block.key {
            return match self.fetch(source, clean) {
                Ok(key) => Ok((key, source.words())),
                Err(why) => {
                    self.out.notices.push(format!("the key of {}: {why}", block.id));
                    Err(NoKey::Missing)
                }
            };
        }
        if provider.keys.is_empty() {
            return Err(NoKey::NotWanted);
        }
        let Some(name) = provider.keys.iter().find(|name| set(self.env, name)) else { return Err(NoKey::Missing) };
        match (self.env)(name).as_deref().map(clean) {
            Some(Ok(key)) => Ok((key, name.clone())),
            Some(Err(bad)) => {
                self.out.notices.push(format!("{name} is not used: {bad}"));
                Err(NoKey::Missing)
            }
            None => Err(NoKey::Missing),
        }
    }

    fn headers(&mut self, block: &Block) -> Vec<(String, Secret)> {
        let mut all = Vec::new();
        for (name, source) in &block.headers {
            match self.fetch(source, value) {
                Ok(secret) => all.push((name.clone(), secret)),
                Err(why) => self.out.notices.push(format!("the header {name} of {}: {why}", block.id)),
            }
        }
        all
    }

    fn fetch(&mut self, source: &KeySource, check: fn(&str) -> Result<Secret, BadKey>) -> Result<Secret, String> {
        let secret = match source {
            KeySource::Env(name) => Secret::new(&(self.env)(name).ok_or_else(|| format!("{name} is not set"))?),
            KeySource::File(_) | KeySource::Command(_) => (self.keys)(source)?,
            KeySource::Literal(secret) => secret.clone(),
        };
        check(secret.expose()).map_err(|bad| format!("{} is not used: {bad}", source.words()))
    }
}
