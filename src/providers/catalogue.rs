//! The catalogue: what is known of each provider, with its date and source. What changes with the market is data in
//! `assets/providers.toml`; this file only reads it. As written -> as meant, by pure functions; knows no keys.

use crate::domain::ability::Abilities;
use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::roster::{Cost, Dialect, LaneSpec, LimitSpec, Training, Wire};
use crate::providers::mistake::{self, Mistake, Shown};

/// A limit as files write it.
pub mod limit;

/// The names of a file.
mod written;

use crate::providers::catalogue::limit::Limit;
pub use crate::providers::catalogue::written::{Finder, Gone};

/// The real ones.
const BUILT_IN: &str = include_str!("../../assets/providers.toml");

/// The demo's providers. They are simulated, and nothing else is in this file.
const DEMO: &str = include_str!("../../assets/demo.toml");

/// A file that could not be read; the message names the line and what was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCatalogue(pub Mistake);

/// All that is known of providers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// Those that serve, in the order of the file.
    pub providers: Vec<ProviderSpec>,
    /// Those that served, and no longer do.
    pub gone: Vec<Gone>,
}

/// A provider as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSpec {
    /// As in account names: `groq`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Where its API begins. `{NAME}` stands for the environment variable NAME.
    pub base_url: String,
    /// How it is spoken to.
    pub wire: Wire,
    /// How its limits are read.
    pub dialect: Dialect,
    /// The environment variables that may hold its key; the first that is set counts.
    pub keys: Vec<String>,
    /// The page where a key is had; empty: it wants none.
    pub key_url: String,
    /// What its models cost, unless they say otherwise.
    pub cost: Cost,
    /// Whether it trains on the prompts of those who do not pay.
    pub training: Training,
    /// The day of these facts; empty: unknown, older than any.
    pub as_of: String,
    /// Where they were read.
    pub source: String,
    /// What else one should know; empty: nothing.
    pub note: String,
    /// Used only when no other can.
    pub last_resort: bool,
    /// The account on whose quota it draws, if that is another one: the config says so.
    pub quota_of: Option<AccountId>,
    /// How its models are found, if no file can list them.
    pub discover: Option<Finder>,
    /// Limits counted on the account.
    pub limits: Vec<Limit>,
    /// What its models can do beyond text, unless they say otherwise.
    pub abilities: Abilities,
    /// Its chat models.
    pub models: Vec<ModelSpec>,
}

/// A model, with what it does not say itself taken from its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// As the provider writes it.
    pub id: String,
    /// Tokens that prompt and answer may have together, if known.
    pub context: Option<u64>,
    /// What it can do beyond text.
    pub abilities: Abilities,
    /// Limits counted on the lane.
    pub limits: Vec<Limit>,
    /// What an answer costs.
    pub cost: Cost,
    /// Whether prompts are trained on.
    pub training: Training,
    /// The day of these facts.
    pub as_of: String,
    /// Where they were read.
    pub source: String,
}

/// The demo's lanes, whose simulated providers answer at `base_url`.
pub fn demo(base_url: &str) -> Result<Vec<LaneSpec>, BadCatalogue> {
    let catalogue = Catalogue::read(&DEMO.replace("{demo}", base_url))?;
    let lanes = catalogue.providers.iter().flat_map(|provider| {
        let account = AccountId::from(provider.id.as_str());
        provider.models.iter().map(move |model| LaneSpec { simulated: true, ..provider.lane(&account, model) })
    });
    Ok(lanes.collect())
}

impl Catalogue {
    /// The one that came with the program.
    pub fn built_in() -> Result<Self, BadCatalogue> {
        Self::read(BUILT_IN)
    }

    /// Reads a catalogue. Err: its first mistake.
    pub fn read(text: &str) -> Result<Self, BadCatalogue> {
        let file: written::File = mistake::read(text, Shown::All).map_err(BadCatalogue)?;
        let providers = file.provider.into_iter().map(ProviderSpec::from).collect();
        // An id that stands there twice is an entry and a later one of the same.
        Ok(Self::default().overlaid(Self { providers, gone: file.gone }))
    }

    /// Puts `other` over this one: entry by entry the later day counts, `other` on the same day. That a provider is
    /// gone counts over what was known of it before that day, and what is known after it over that it is gone.
    #[must_use]
    pub fn overlaid(mut self, other: Self) -> Self {
        for one in other.providers {
            self.gone.retain(|gone| gone.id != one.id || gone.since >= one.as_of);
            match self.providers.iter_mut().find(|old| old.id == one.id) {
                Some(old) if old.as_of <= one.as_of => *old = one,
                Some(_) => {}
                None if self.gone.iter().any(|gone| gone.id == one.id) => {}
                None => self.providers.push(one),
            }
        }
        for one in other.gone {
            if self.providers.iter().any(|provider| provider.id == one.id && provider.as_of > one.since) {
                continue;
            }
            self.providers.retain(|provider| provider.id != one.id);
            match self.gone.iter_mut().find(|old| old.id == one.id) {
                Some(old) if old.since <= one.since => *old = one,
                Some(_) => {}
                None => self.gone.push(one),
            }
        }
        self
    }

    /// The provider of this id; of an account such as `groq@work`, that before the `@`.
    pub fn provider(&self, account: &str) -> Option<&ProviderSpec> {
        let id = account.split('@').next()?;
        self.providers.iter().find(|provider| provider.id == id)
    }
}

impl ProviderSpec {
    /// The environment variables that its base URL names.
    pub fn wanted(&self) -> impl Iterator<Item = &str> {
        self.base_url.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
    }

    /// A lane of one of its models: on, without a key.
    pub fn lane(&self, account: &AccountId, model: &ModelSpec) -> LaneSpec {
        let id = LaneId::new(account, &model.id);
        let quota_of = self.quota_of.clone().unwrap_or_else(|| account.clone());
        let (shared, own) =
            (PoolId::from(quota_of.as_str()), PoolId::from(format!("{quota_of}/{}", model.id).as_str()));
        let limits = self.limits.iter().filter(|limit| limit.holds_for(&model.id)).map(|limit| limit.on(&shared));
        let limits: Vec<LimitSpec> = limits.chain(model.limits.iter().map(|limit| limit.on(&own))).collect();
        LaneSpec {
            limits,
            quota_of,
            provider: self.name.clone(),
            context: model.context,
            abilities: model.abilities.clone(),
            cost: model.cost,
            training: model.training,
            last_resort: self.last_resort,
            as_of: model.as_of.clone(),
            source: model.source.clone(),
            ..LaneSpec::new(id, self.wire, self.dialect, &self.base_url)
        }
    }

    /// A model of which only the name is known. Where the catalogue lists models, nobody knows what another one costs.
    pub fn unlisted(&self, model: &str) -> ModelSpec {
        let cost = match self.dialect {
            Dialect::Openrouter if model.ends_with(":free") => Cost::Free,
            _ if self.models.is_empty() || self.cost == Cost::Paid => self.cost,
            _ => Cost::Unknown,
        };
        ModelSpec {
            id: model.to_owned(),
            context: None,
            abilities: self.abilities.clone(),
            limits: Vec::new(),
            cost,
            training: self.training,
            as_of: self.as_of.clone(),
            source: self.source.clone(),
        }
    }
}

impl From<written::Provider> for ProviderSpec {
    fn from(one: written::Provider) -> Self {
        let or = |own: String, other: &str| if own.is_empty() { other.to_owned() } else { own };
        let mut models: Vec<ModelSpec> = Vec::new();
        for model in one.model {
            // Of two that have one name the first counts: they would be one lane.
            if models.iter().all(|known| known.id != model.id) {
                models.push(ModelSpec {
                    id: model.id,
                    context: model.context,
                    abilities: Abilities {
                        can: model.can.unwrap_or_else(|| one.can.clone()),
                        cannot: model.cannot.unwrap_or_else(|| one.cannot.clone()),
                    },
                    limits: model.limits,
                    cost: model.cost.unwrap_or(one.cost),
                    training: model.training.unwrap_or(one.training),
                    as_of: or(model.as_of, &one.as_of),
                    source: or(model.source, &one.source),
                });
            }
        }
        Self {
            models,
            id: one.id,
            name: one.name,
            base_url: one.base_url.trim_end_matches('/').to_owned(),
            wire: one.wire,
            dialect: one.quota,
            keys: one.keys,
            key_url: one.key_url,
            cost: one.cost,
            training: one.training,
            as_of: one.as_of,
            source: one.source,
            note: one.note,
            last_resort: one.last_resort,
            quota_of: None,
            discover: one.discover,
            abilities: Abilities { can: one.can, cannot: one.cannot },
            limits: one.limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_demo_can_be_read() {
        let lanes = demo("http://127.0.0.1:1").unwrap();
        assert!(lanes.iter().all(|lane| lane.simulated && lane.base_url.starts_with("http://127.0.0.1:1/")));
        let accounts: BTreeSet<AccountId> = lanes.iter().map(LaneSpec::account).collect();
        assert!(accounts.len() >= 4 && lanes.len() > accounts.len());
    }

    #[test]
    fn each_entry_is_complete() {
        let catalogue = Catalogue::built_in().unwrap();
        let ids: Vec<&str> = catalogue.providers.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "gemini",
                "groq",
                "openrouter",
                "mistral",
                "nvidia",
                "cloudflare",
                "cohere",
                "zai",
                "ollama-cloud",
                "huggingface",
                "openai",
                "litellm",
                "ollama"
            ]
        );
        for one in &catalogue.providers {
            let id = &one.id;
            assert!(!one.name.is_empty() && !one.as_of.is_empty() && !one.source.is_empty(), "{id}");
            assert!(one.key_url.starts_with("https://") || one.keys.is_empty(), "{id}");
            assert!(one.keys.iter().all(|key| key.chars().all(|c| c.is_ascii_uppercase() || c == '_')), "{id}");
            assert!(one.base_url.starts_with("http") || one.base_url.starts_with('{'), "{id}");
            assert_eq!(one.models.is_empty(), one.discover.is_some(), "{id}");
            let models: BTreeSet<&str> = one.models.iter().map(|model| model.id.as_str()).collect();
            assert_eq!(models.len(), one.models.len(), "{id}: a model stands there twice");
            for model in &one.models {
                assert!(model.context.is_some_and(|tokens| tokens >= 8192), "{id}/{}", model.id);
                assert!(!model.as_of.is_empty() && !model.source.is_empty(), "{id}/{}", model.id);
            }
        }
        let names: BTreeSet<&str> = catalogue.gone.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(names, ["cerebras", "github-models", "sambanova"].into());
        for one in &catalogue.gone {
            assert!(!one.keys.is_empty() && !one.source.is_empty() && one.why.ends_with('.'), "{}", one.id);
        }
    }

    #[test]
    fn no_source_is_private() {
        for text in [BUILT_IN, DEMO, crate::providers::config::EXAMPLE] {
            assert!(!text.contains("[id") && !text.contains("(id "));
        }
    }

    /// The windows of a model's limits, as units and words for a gauge.
    fn limits(catalogue: &Catalogue, provider: &str, model: &str) -> Vec<String> {
        let provider = catalogue.provider(provider).unwrap();
        let model = provider.models.iter().find(|one| one.id == model).unwrap();
        let lane = provider.lane(&AccountId::from(provider.id.as_str()), model);
        lane.limits.iter().map(|one| format!("{}: {} {} / {}", one.pool, one.cap, one.unit, one.window)).collect()
    }

    #[test]
    fn limits_are_counted_where_the_provider_counts_them() {
        let catalogue = Catalogue::built_in().unwrap();
        for (provider, model, expected) in [
            (
                "gemini",
                "gemini-3.8-flash",
                vec![
                    "gemini/gemini-3.8-flash: 5 requests / 60000ms rolling",
                    "gemini/gemini-3.8-flash: 20 requests / 1d midnight America/Los_Angeles",
                    "gemini/gemini-3.8-flash: 250000 input_tokens / 60000ms rolling",
                ],
            ),
            (
                "groq",
                "openai/gpt-oss-120b",
                vec![
                    "groq/openai/gpt-oss-120b: 30 requests / 60000ms rolling",
                    "groq/openai/gpt-oss-120b: 1000 requests / 86400000ms bucket",
                    "groq/openai/gpt-oss-120b: 8000 tokens / 60000ms bucket",
                    "groq/openai/gpt-oss-120b: 200000 tokens / 86400000ms rolling",
                ],
            ),
            (
                "openrouter",
                "qwen/qwen3.8-27b:free",
                vec![
                    "openrouter/:free: 20 requests / 60000ms rolling",
                    "openrouter/:free: 50 requests / 1d midnight UTC",
                ],
            ),
            (
                "cohere",
                "command-a-03-2025",
                vec![
                    "cohere: 1000 requests / 1month midnight UTC",
                    "cohere/command-a-03-2025: 20 requests / 60000ms rolling",
                ],
            ),
            (
                "cloudflare",
                "@cf/openai/gpt-oss-120b",
                vec!["cloudflare: 10000 neurons / 1d midnight UTC", "cloudflare: 300 requests / 60000ms rolling"],
            ),
        ] {
            assert_eq!(limits(&catalogue, provider, model), expected);
        }
    }

    /// A catalogue of entries `(id, as_of)` and of ends `(id, since)`.
    fn made(entries: &[(&str, &str)], ends: &[(&str, &str)], name: &str) -> Catalogue {
        let provider = |(id, as_of): &(&str, &str)| {
            let when = if as_of.is_empty() { String::new() } else { format!("as_of = '{as_of}'\n") };
            format!(
                "[[provider]]\nid = '{id}'\nname = '{name}'\nbase_url = 'https://a/'\nwire = 'openai'\n\
                 quota = 'generic'\ncost = 'free'\ntraining = 'no'\n{when}"
            )
        };
        let end = |(id, since): &(&str, &str)| {
            format!("[[gone]]\nid = '{id}'\nname = '{name}'\nsince = '{since}'\nwhy = 'w'\nsource = 's'\n")
        };
        let text: Vec<String> = entries.iter().map(provider).chain(ends.iter().map(end)).collect();
        Catalogue::read(&text.concat()).unwrap()
    }

    #[test]
    fn the_later_day_wins_entry_by_entry() {
        for (old, new, expected) in [
            ((vec![("a", "2026-01-02")], vec![]), (vec![("a", "2026-01-01")], vec![]), "a=old"),
            ((vec![("a", "2026-01-02")], vec![]), (vec![("a", "2026-01-02")], vec![]), "a=new"),
            ((vec![("a", "2026-01-02")], vec![]), (vec![("a", "2026-01-03")], vec![]), "a=new"),
            ((vec![("a", "2026-01-02")], vec![]), (vec![("a", "")], vec![]), "a=old"),
            ((vec![("a", "")], vec![]), (vec![("b", "")], vec![]), "a=old b=new"),
            ((vec![("a", "2026-01-02")], vec![]), (vec![], vec![("a", "2026-01-03")]), "a gone new"),
            ((vec![("a", "2026-01-02")], vec![]), (vec![], vec![("a", "2026-01-01")]), "a=old"),
            ((vec![], vec![("a", "2026-01-02")]), (vec![("a", "2026-01-01")], vec![]), "a gone old"),
            ((vec![], vec![("a", "2026-01-02")]), (vec![("a", "2026-01-03")], vec![]), "a=new"),
            ((vec![], vec![("a", "2026-01-02")]), (vec![], vec![("a", "2026-01-01")]), "a gone old"),
        ] {
            let under = made(&old.0, &old.1, "old");
            let over = under.overlaid(made(&new.0, &new.1, "new"));
            let providers = over.providers.iter().map(|one| format!("{}={}", one.id, one.name));
            let words: Vec<String> =
                providers.chain(over.gone.iter().map(|one| format!("{} gone {}", one.id, one.name))).collect();
            assert_eq!(words.join(" "), expected);
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        let entry = "[[provider]]\nid = 'a'\nname = 'A'\nbase_url = 'https://a'\nwire = 'openai'\nquota = 'generic'\n\
                     cost = 'free'\ntraining = 'no'\n";
        for (wrong, message) in [
            (
                "colour = 1",
                "line 9: unknown key `colour`; known here: id, name, base_url, wire, quota, keys, key_url, cost, \
                 training, as_of, source, note, last_resort, discover, limits, model, can, cannot\n  |\n9 | colour = 1\n  | ^^^^^^",
            ),
            (
                "base-url = 'x'",
                "line 9: unknown key `base-url`; did you mean `base_url`?\n  |\n9 | base-url = 'x'\n  | ^^^^^^^^",
            ),
            (
                "as_of = '31.10.2026'",
                "line 9: `31.10.2026` is no day: write it as \"2026-10-31\"\n  |\n9 | as_of = '31.10.2026'\n  |         \
                 ^^^^^^^^^^^^",
            ),
            (
                "[[provider]]\nid = 'b'\nname = 'B'\nbase_url = 'b.example'",
                "line 12: a base_url begins with https:// or http://, or with the {NAME} of an environment variable\n   |\n\
                 12 | base_url = 'b.example'\n   |            ^^^^^^^^^^^",
            ),
            (
                "discover = 'olama'",
                "line 9: `olama` is not known here; did you mean `ollama`?\n  |\n9 | discover = 'olama'\n  |            \
                 ^^^^^^^",
            ),
            (
                "\n[[provider.model]]\ncontext = 5",
                "line 10: `id` is missing\n   |\n10 | [[provider.model]]\n   | ^^^^^^^^^^^^^^^^^^",
            ),
            (
                "\n[[gone]]\nid = 'A B'",
                "line 11: `A B` is no id: write small letters, digits, `-` and `_`\n   |\n11 | id = 'A B'\n   |      ^^^^^",
            ),
        ] {
            assert_eq!(Catalogue::read(&format!("{entry}{wrong}\n")).unwrap_err().to_string(), message);
        }
    }
}
