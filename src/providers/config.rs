//! The user's config: as written -> as meant, by a pure function. It overrides what the catalogue says and describes
//! what the catalogue does not know. Opens no file, fetches no key, and shows none.

use crate::domain::roster::{Cost, Dialect, Training, Wire};
use crate::providers::catalogue::Catalogue;
use crate::providers::catalogue::limit::Limit;
use crate::providers::mistake::{self, Mistake, Shown, hint};

/// Where a key is.
pub mod source;

/// The names of the file.
mod written;

use crate::providers::config::source::KeySource;
pub use crate::providers::config::written::Model;

/// The sample: every setting with its meaning, all of them at their defaults.
pub const EXAMPLE: &str = include_str!("../../assets/config.example.toml");

/// Where a provider without an `order` stands.
pub const MIDDLE: i64 = 100;

/// A config that could not be read; the message names the line and what was meant, and shows no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConfig(pub Mistake);

/// What the user wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// Use no provider that trains on prompts, nor one that might.
    pub avoid_training: bool,
    /// What is said of single providers, by `order`, then as in the file.
    pub blocks: Vec<Block>,
}

/// What the config says of one provider. None: what the catalogue says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The account: a provider's id (`groq`), a further account at one (`groq@work`), or a new name.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Where its API begins, without a slash at the end.
    pub base_url: Option<String>,
    /// How it is spoken to.
    pub wire: Option<Wire>,
    /// How its limits are read.
    pub dialect: Option<Dialect>,
    /// Where its key is.
    pub key: Option<KeySource>,
    /// The models to use.
    pub models: Option<Vec<Model>>,
    /// Its place among the others: the lower, the sooner.
    pub order: i64,
    /// Turns that each of its lanes takes in a round: 1 to 100.
    pub weight: Option<u32>,
    /// Limits counted on the account.
    pub limits: Option<Vec<Limit>>,
    /// Further request headers: name, and where the value is.
    pub headers: Vec<(String, KeySource)>,
    /// The proxy to go through.
    pub proxy: Option<String>,
    /// What answers cost.
    pub cost: Option<Cost>,
    /// Whether it trains on prompts.
    pub training: Option<Training>,
    /// Whether it is used: also where it costs money, or not at all.
    pub on: Option<bool>,
    /// Used only when no other can.
    pub last_resort: Option<bool>,
}

impl Config {
    /// Reads a config; what it may leave out of a provider is what `catalogue` knows. Err: its first mistake.
    pub fn read(text: &str, catalogue: &Catalogue) -> Result<Self, BadConfig> {
        let file: written::File = mistake::read(text, Shown::Harmless).map_err(BadConfig)?;
        let mut blocks: Vec<(usize, Block)> = Vec::new();
        for (id, provider) in file.providers {
            let place = id.span();
            let block = Block::meant(id.into_inner(), provider);
            if let Some(what) = block.fault(catalogue) {
                return Err(BadConfig(Mistake::at(text, Some(place), Shown::Harmless, what)));
            }
            blocks.push((place.start, block));
        }
        blocks.sort_by_key(|(place, block)| (block.order, *place));
        let blocks = blocks.into_iter().map(|(_, block)| block).collect();
        Ok(Self { avoid_training: file.training == written::Rule::Avoid, blocks })
    }

    /// What is said of an account.
    pub fn block(&self, account: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == account)
    }

    /// The accounts whose secrets stand in the config itself: others must not be able to read such a file.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        let literal = |source: &KeySource| matches!(source, KeySource::Literal(_));
        self.blocks
            .iter()
            .filter(move |block| block.key.iter().chain(block.headers.iter().map(|(_, value)| value)).any(literal))
            .map(|block| block.id.as_str())
    }
}

impl Block {
    /// What the config says of an account that it does not name: nothing.
    pub(in crate::providers) fn silent(id: &str) -> Self {
        Self::meant(id.to_owned(), written::Provider::default())
    }

    fn meant(id: String, one: written::Provider) -> Self {
        Self {
            id,
            name: one.name,
            base_url: one.base_url,
            wire: one.wire,
            dialect: one.quota,
            key: one.key,
            models: one.models,
            order: one.order.unwrap_or(MIDDLE),
            weight: one.weight,
            limits: one.limits,
            headers: one.headers.into_iter().map(|(name, value)| (name, value.0)).collect(),
            proxy: one.proxy,
            cost: one.cost,
            training: one.training,
            on: one.on,
            last_resort: one.last_resort,
        }
    }

    /// What is wrong with the block as a whole.
    fn fault(&self, catalogue: &Catalogue) -> Option<String> {
        let id = self.id.as_str();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        let (provider, further) =
            id.split_once('@').map_or((id, None), |(provider, further)| (provider, Some(further)));
        if provider.is_empty() || further == Some("") || !id.chars().all(fits) || id.matches('@').count() > 1 {
            return Some(format!("`{id}` is no name for a provider: write letters, digits, `-`, `_` and `.`"));
        }
        if catalogue.provider(id).is_some() {
            let shares = further.is_some() && self.key.is_none() && self.base_url.is_none();
            return shares
                .then(|| format!("`{id}` is a further account at `{provider}`, so it needs a `key` of its own"));
        }
        if self.base_url.is_some() {
            return None;
        }
        if let Some(gone) = catalogue.gone.iter().find(|gone| gone.id == provider) {
            return Some(format!(
                "{} (since {}). To use `{id}` all the same, give it a `base_url`",
                gone.why, gone.since
            ));
        }
        let near = hint(provider, catalogue.providers.iter().map(|one| one.id.as_str()));
        Some(format!("`{id}` is not in the catalogue, so it needs a `base_url`{near}"))
    }
}
