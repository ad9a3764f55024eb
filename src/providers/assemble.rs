//! Catalogue, config and keys -> the lanes of this session, what is missing for the rest, and what has still to be asked
//! over the network. Pure: the environment and the fetching of keys are arguments. No message shows a key.

use crate::domain::ids::{AccountId, LaneId};
use crate::domain::roster::{Cost, LaneSpec, Secret, Standby, Strategy};
use crate::providers::catalogue::{Catalogue, Finder, Gone, ProviderSpec};
use crate::providers::config::source::{BadKey, KeySource, clean, value};
use crate::providers::config::{Block, Config};

/// An account, for whoever asks what costs nothing.
pub mod account;

/// `OLLAMA_HOST`.
mod host;

/// A provider's models, after the config.
mod lanes;

use crate::providers::assemble::account::{Account, Known};
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
    /// The accounts that can be used, with what it takes to ask them for what costs nothing.
    pub accounts: Vec<Account>,
    /// Use no lane that trains on prompts, nor one that might.
    pub avoid_training: bool,
    /// How lanes are chosen.
    pub strategy: Strategy,
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

    /// What all its lanes have in common.
    pub const fn shape(&self) -> &LaneSpec {
        &self.template
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
    work.out.strategy = config.strategy;
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
    /// There is one that cannot be used; the user was told.
    Bad,
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
            Err(NoKey::Missing | NoKey::Bad) => return self.missing(provider, provider.keys.clone(), besides),
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
            let cost = match model.cost {
                Cost::Free => None,
                Cost::Paid => Some("costs money"),
                // A server of one's own need not say what it costs.
                Cost::Unknown => Some("may cost money").filter(|_| !described.source.is_empty()),
            };
            if let Some(cost) = cost.filter(|_| standby.is_none()) {
                self.out.notices.push(format!("{account}/{} {cost}; the config switched it on", model.id));
            }
            let spec = described.lane(&account, &model);
            self.out.lanes.push(LaneSpec {
                key: shape.key.clone(),
                headers: shape.headers.clone(),
                proxy: shape.proxy.clone(),
                weight: shape.weight,
                keep: shape.keep,
                standby,
                ..spec
            });
        }
        let made = self.out.lanes.get(before..).unwrap_or_default();
        let on = made.iter().filter(|lane| lane.standby.is_none()).count();
        let off = made.len() - on;
        let named: Vec<String> = block.models.iter().flatten().map(|model| model.id.clone()).collect();
        let models = made.iter().map(|lane| Known::of(lane, &named)).collect();
        let finder = described.discover;
        self.out.accounts.push(Account { provider: provider.id.clone(), shape: shape.clone(), finder, models });
        let asked = described.discover.filter(|_| block.on != Some(false));
        // A local server is found only when it answers.
        if key_from.is_some() || described.discover != Some(Finder::Ollama) || !made.is_empty() {
            self.out.found.push(Found { account, name: described.name.clone(), key_from, on, off });
        }
        if let Some(finder) = asked {
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
                    Err(NoKey::Bad)
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
                Err(NoKey::Bad)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::{Dialect, Training, Wire};

    const NONE: [(&str, &str); 0] = [];

    /// An assembly from these variables, this config, and these files and commands.
    fn made_with(vars: &[(&str, &str)], config: &str, fetched: &[(&str, Result<&str, &str>)]) -> Assembly {
        let catalogue = Catalogue::built_in().unwrap();
        let config = Config::read(config, &catalogue).unwrap_or_else(|error| panic!("{error}"));
        let env = |name: &str| vars.iter().find(|(one, _)| *one == name).map(|(_, text)| (*text).to_owned());
        let mut keys = |source: &KeySource| {
            let words = source.words();
            let found = fetched.iter().find(|(one, _)| *one == words).unwrap_or_else(|| panic!("asked for {words}"));
            found.1.map(Secret::new).map_err(str::to_owned)
        };
        assemble(&catalogue, &config, &env, &mut keys)
    }

    fn made(vars: &[(&str, &str)], config: &str) -> Assembly {
        made_with(vars, config, &[])
    }

    /// The lanes of an account, as `model` or `model: why it is off`.
    fn lanes(assembly: &Assembly, account: &str) -> Vec<String> {
        let lanes = assembly.lanes.iter().filter(|lane| lane.account().as_str() == account);
        let word = |off: Standby| format!(": {}", off.word());
        lanes.map(|lane| format!("{}{}", lane.id.model(), lane.standby.map(word).unwrap_or_default())).collect()
    }

    fn accounts_of(assembly: &Assembly) -> Vec<String> {
        let mut all: Vec<String> = assembly.lanes.iter().map(|lane| lane.account().to_string()).collect();
        all.dedup();
        all
    }

    #[test]
    fn nothing_is_the_demo_and_a_question_to_a_local_ollama() {
        let nothing = made(&NONE, "");
        assert!(!nothing.real && nothing.lanes.is_empty() && nothing.found.is_empty() && nothing.notices.is_empty());
        let asked: Vec<(Finder, &str)> = nothing.discover.iter().map(|one| (one.finder, one.base_url())).collect();
        assert_eq!(asked, [(Finder::Ollama, "http://127.0.0.1:11434")]);
        assert_eq!(nothing.missing.len(), Catalogue::built_in().unwrap().providers.len() - 1);
        let litellm = nothing.missing.iter().find(|one| one.id == "litellm").unwrap();
        assert_eq!(
            (&litellm.keys, &litellm.besides),
            (&vec!["LITELLM_API_KEY".to_owned()], &vec!["LITELLM_BASE_URL".to_owned()])
        );
        let cloudflare = nothing.missing.iter().find(|one| one.id == "cloudflare").unwrap();
        assert_eq!(cloudflare.keys, ["CLOUDFLARE_API_TOKEN"]);
        assert_eq!(cloudflare.besides, ["CLOUDFLARE_ACCOUNT_ID"]);
    }

    #[test]
    fn what_makes_a_session_real() {
        for (vars, config, real) in [
            (vec![("GROQ_API_KEY", "k")], "", true),
            (vec![("GROQ_API_KEY", "")], "", false),
            (vec![("GROQ_API_KEY", " \"\"\n")], "", false),
            (vec![("GROQ_API_KEY", "two words")], "", true),
            (vec![("OPENAI_API_KEY", "k")], "", true),
            (vec![("CEREBRAS_API_KEY", "k")], "", true),
            (vec![("LITELLM_BASE_URL", "http://a")], "", true),
            (vec![("CLOUDFLARE_ACCOUNT_ID", "a")], "", false),
            (vec![("OLLAMA_HOST", "a")], "", false),
            (vec![("SOME_API_KEY", "k")], "", false),
            (vec![], "training = 'avoid'", false),
            (vec![], "[providers.groq]\nweight = 2", false),
            (vec![], "[providers.groq]\nkey = 'env:NOT_SET'", true),
            (vec![], "[providers.mine]\nbase_url = 'http://a'", true),
        ] {
            assert_eq!(made(&vars, config).real, real, "{vars:?} {config}");
        }
    }

    #[test]
    fn one_key_is_one_account() {
        let groq = made(&[("GROQ_API_KEY", " gsk-canary\n")], "");
        assert_eq!(lanes(&groq, "groq"), ["openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b"]);
        assert_eq!(accounts_of(&groq), ["groq"]);
        let lane = &groq.lanes[0];
        assert_eq!(lane.key, Some(Secret::new("gsk-canary")));
        assert_eq!((lane.cost, lane.training, lane.weight), (Cost::Free, Training::No, 1));
        assert_eq!((lane.base_url.as_str(), lane.as_of.as_str()), ("https://api.groq.com/openai/v1", "2026-10-01"));
        assert!(!lane.simulated && !lane.last_resort && lane.limits.len() == 4 && !lane.source.is_empty());
        let found =
            Found { account: "groq".into(), name: "Groq".into(), key_from: Some("GROQ_API_KEY".into()), on: 3, off: 0 };
        assert_eq!(groq.found, [found]);
        assert!(!format!("{groq:?}").contains("canary"));
    }

    #[test]
    fn the_first_variable_that_is_set_counts() {
        for (vars, key, from) in [
            (vec![("GEMINI_API_KEY", "a"), ("GOOGLE_API_KEY", "b")], "a", "GEMINI_API_KEY"),
            (vec![("GOOGLE_API_KEY", "b")], "b", "GOOGLE_API_KEY"),
            (vec![("GEMINI_API_KEY", " "), ("GOOGLE_API_KEY", "'b'")], "b", "GOOGLE_API_KEY"),
        ] {
            let gemini = made(&vars, "");
            assert!(gemini.lanes.iter().all(|lane| lane.key == Some(Secret::new(key))));
            assert_eq!(gemini.found[0].key_from.as_deref(), Some(from));
        }
    }

    #[test]
    fn nothing_costs_money_unawares() {
        let openai = made(&[("OPENAI_API_KEY", "k")], "");
        assert!(openai.real);
        assert_eq!(lanes(&openai, "openai"), ["gpt-5.4-mini: costs money", "gpt-4.1-mini: costs money"]);
        let hugging = made(&[("HF_TOKEN", "k")], "");
        assert!(hugging.lanes.iter().all(|lane| lane.standby == Some(Standby::CostUnknown)));
        assert_eq!((hugging.found[0].on, hugging.found[0].off), (0, 2));
    }

    #[test]
    fn what_the_config_switches() {
        let keys = [("OPENAI_API_KEY", "k"), ("GROQ_API_KEY", "k")];
        for (config, account, expected) in [
            (
                "[providers.openai]\nweight = 1",
                "openai",
                vec!["gpt-5.4-mini: costs money", "gpt-4.1-mini: costs money"],
            ),
            ("[providers.openai]\non = true", "openai", vec!["gpt-5.4-mini", "gpt-4.1-mini"]),
            (
                "[providers.openai]\nmodels = ['gpt-5.4-mini', 'new']",
                "openai",
                vec!["gpt-5.4-mini", "new", "gpt-4.1-mini: listed only"],
            ),
            (
                "[providers.openai]\ncost = 'paid'\nmodels = ['new']",
                "openai",
                vec!["new: costs money", "gpt-5.4-mini: listed only", "gpt-4.1-mini: listed only"],
            ),
            (
                "[providers.openai]\ncost = 'paid'\non = true\nmodels = ['new']",
                "openai",
                vec!["new", "gpt-5.4-mini: listed only", "gpt-4.1-mini: listed only"],
            ),
            (
                "[providers.openai]\nmodels = [{ id = 'a', cost = 'paid' }, { id = 'b', cost = 'paid', on = true }, { id = 'c', on = false }]",
                "openai",
                vec![
                    "a: costs money",
                    "b",
                    "c: off by config",
                    "gpt-5.4-mini: listed only",
                    "gpt-4.1-mini: listed only",
                ],
            ),
            (
                "[providers.groq]\nmodels = ['openai/gpt-oss-20b', 'openai/gpt-oss-20b']",
                "groq",
                vec!["openai/gpt-oss-20b", "openai/gpt-oss-120b: listed only", "qwen/qwen3.8-27b: listed only"],
            ),
            (
                "[providers.groq]\non = false\nmodels = [{ id = 'openai/gpt-oss-20b', on = true }]",
                "groq",
                vec![
                    "openai/gpt-oss-20b: off by config",
                    "openai/gpt-oss-120b: off by config",
                    "qwen/qwen3.8-27b: off by config",
                ],
            ),
            (
                "[providers.groq]\ncost = 'paid'",
                "groq",
                vec![
                    "openai/gpt-oss-120b: costs money",
                    "openai/gpt-oss-20b: costs money",
                    "qwen/qwen3.8-27b: costs money",
                ],
            ),
        ] {
            assert_eq!(lanes(&made(&keys, config), account), expected, "{config}");
        }
        let told = made(&keys, "[providers.openai]\nmodels = ['gpt-5.4-mini']").notices;
        assert_eq!(told, ["openai/gpt-5.4-mini costs money; the config switched it on"]);
    }

    #[test]
    fn a_model_that_nobody_lists_is_not_called_free() {
        let keys = [("OPENROUTER_API_KEY", "k"), ("GROQ_API_KEY", "k")];
        let config = "[providers.openrouter]\nmodels = ['a/b', 'a/b:free', { id = 'c', cost = 'free' }]\n\
                      [providers.groq]\ncost = 'free'\nmodels = ['new']\n";
        let made = made(&keys, config);
        let costs: Vec<Cost> = made.lanes.iter().filter(|lane| lane.standby.is_none()).map(|lane| lane.cost).collect();
        assert_eq!(costs, [Cost::Unknown, Cost::Free, Cost::Free, Cost::Free]);
        assert_eq!(made.notices, ["openrouter/a/b may cost money; the config switched it on"]);
    }

    #[test]
    fn a_dead_key_is_told_why() {
        let dead = made(&[("CEREBRAS_API_KEY", "k"), ("SAMBANOVA_API_KEY", "")], "");
        assert!(dead.real && dead.lanes.is_empty() && dead.found.is_empty());
        let told: Vec<_> = dead.gone.iter().map(|one| (one.variable.as_str(), one.what.since.as_str())).collect();
        assert_eq!(told, [("CEREBRAS_API_KEY", "2026-08-17")]);
        assert!(dead.gone[0].what.why.contains("402"));
    }

    #[test]
    fn a_wrong_key_is_named_by_its_variable_and_never_shown() {
        let keys = [("GROQ_API_KEY", "sk canary"), ("MISTRAL_API_KEY", "sk\u{1b}canary"), ("COHERE_API_KEY", "k")];
        let wrong = made(&keys, "[providers.cohere]\nkey = 'env:GROQ_API_KEY'");
        assert_eq!(
            wrong.notices,
            [
                "the key of cohere: GROQ_API_KEY is not used: it has a space or a line break inside",
                "GROQ_API_KEY is not used: it has a space or a line break inside",
                "MISTRAL_API_KEY is not used: it has a character that no key has (a control character, or one beyond ASCII)",
            ]
        );
        assert!(wrong.real && wrong.lanes.is_empty() && !format!("{wrong:?}").contains("canary"));
        let groq = wrong.missing.iter().find(|one| one.id == "groq").unwrap();
        assert_eq!(
            (groq.keys.as_slice(), groq.key_url.as_str()),
            (["GROQ_API_KEY".to_owned()].as_slice(), "https://console.groq.com/keys")
        );
    }

    #[test]
    fn keys_and_headers_are_fetched_where_they_are() {
        let config = "[providers.groq]\nkey = 'file:~/k'\nheaders = { X-A = 'cmd:a b', X-B = 'lit eral', X-C = 'env:C' }\n\
                      [providers.mistral]\nkey = 'cmd:pass m'\n[providers.cohere]\nkey = 'env:MY'\n\
                      [providers.zai]\nkey = 'literal-key'\n[providers.nvidia]\nkey = 'file:/none'\n";
        let fetched = [
            ("the file ~/k", Ok("k1\n")),
            ("the command `a b`", Ok("two words\n")),
            ("the command `pass m`", Ok("k2")),
            ("the file /none", Err("/none is not there")),
        ];
        let made = made_with(&[("MY", "k3"), ("NVIDIA_API_KEY", "k4")], config, &fetched);
        let key = |account: &str| {
            let lane = made.lanes.iter().find(|lane| lane.account().as_str() == account).unwrap();
            lane.key.as_ref().unwrap().expose().to_owned()
        };
        assert_eq!(["groq", "mistral", "cohere", "zai"].map(key), ["k1", "k2", "k3", "literal-key"]);
        let headers: Vec<_> =
            made.lanes[0].headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(headers, [("X-A", "two words"), ("X-B", "lit eral")]);
        assert_eq!(made.notices, ["the header X-C of groq: C is not set", "the key of nvidia: /none is not there"]);
        assert_eq!(accounts_of(&made), ["groq", "mistral", "cohere", "zai"]);
        let from: Vec<_> = made.found.iter().filter_map(|one| one.key_from.as_deref()).collect();
        assert_eq!(from, ["the file ~/k", "the command `pass m`", "MY", "the config"]);
    }

    #[test]
    fn the_order_of_the_rotation() {
        let keys = [("GEMINI_API_KEY", "k"), ("GROQ_API_KEY", "k"), ("MISTRAL_API_KEY", "k"), ("ZAI_API_KEY", "k")];
        for (config, order) in [
            ("", ["gemini", "groq", "mistral", "zai"]),
            ("[providers.zai]\nweight = 3", ["zai", "gemini", "groq", "mistral"]),
            ("[providers.zai]\norder = 100\n[providers.groq]\n", ["zai", "groq", "gemini", "mistral"]),
            ("[providers.zai]\norder = 2\n[providers.groq]\norder = 1", ["groq", "zai", "gemini", "mistral"]),
            ("[providers.gemini]\norder = 101", ["groq", "mistral", "zai", "gemini"]),
        ] {
            assert_eq!(accounts_of(&made(&keys, config)), order, "{config}");
        }
    }

    #[test]
    fn a_further_account_counts_for_itself() {
        let config = "[providers.'groq@work']\nkey = 'k2'\nlimits = [{ unit = 'requests', window = '1d', cap = 9 }]\n\
                      models = [{ id = 'openai/gpt-oss-20b', context = 5, limits = [] }]";
        let both = made(&[("GROQ_API_KEY", "k1")], config);
        assert_eq!(accounts_of(&both), ["groq@work", "groq"]);
        let lane = &both.lanes[0];
        assert_eq!((lane.id.as_str(), lane.context), ("groq@work/openai/gpt-oss-20b", Some(5)));
        assert_eq!(lane.base_url, "https://api.groq.com/openai/v1");
        let pools: Vec<(&str, u64)> = lane.limits.iter().map(|one| (one.pool.as_str(), one.cap)).collect();
        assert_eq!(pools, [("groq@work", 9)]);
    }

    #[test]
    fn a_provider_of_ones_own() {
        let config = "[providers.mine]\nname = 'Mine'\nbase_url = 'http://box:8000/v1'\nmodels = ['m', { id = 'n', cost = 'free' }]\n\
                      weight = 7\nproxy = 'http://p:1'\ntraining = 'no'\nlast_resort = true\n[providers.empty]\n\
                      base_url = 'http://box'\n";
        let made = made(&NONE, config);
        assert_eq!(lanes(&made, "mine"), ["m", "n"]);
        let lane = &made.lanes[0];
        assert_eq!((lane.provider.as_str(), lane.wire, lane.dialect), ("Mine", Wire::Openai, Dialect::Generic));
        assert_eq!((lane.key.clone(), lane.cost, lane.training), (None, Cost::Unknown, Training::No));
        assert_eq!((lane.weight, lane.proxy.as_deref(), lane.last_resort), (7, Some("http://p:1"), true));
        assert_eq!((lane.as_of.as_str(), lane.source.as_str()), ("", ""));
        assert_eq!(made.lanes[1].cost, Cost::Free);
        assert_eq!(made.notices, ["empty names no models, so nothing can be asked there: add `models`"]);
    }

    #[test]
    fn an_address_may_need_a_variable() {
        let whole = made(&[("CLOUDFLARE_API_TOKEN", "k"), ("CLOUDFLARE_ACCOUNT_ID", " abc\n")], "");
        assert_eq!(whole.lanes[0].base_url, "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1");
        let half = made(&[("CLOUDFLARE_API_TOKEN", "k")], "");
        assert!(half.real && half.lanes.is_empty());
        let missing = half.missing.iter().find(|one| one.id == "cloudflare").unwrap();
        assert_eq!(
            (missing.keys.len(), missing.besides.as_slice()),
            (0, ["CLOUDFLARE_ACCOUNT_ID".to_owned()].as_slice())
        );
        let wrong = made(&[("CLOUDFLARE_API_TOKEN", "k"), ("CLOUDFLARE_ACCOUNT_ID", "a b")], "");
        assert_eq!(wrong.notices, ["CLOUDFLARE_ACCOUNT_ID is not used: it has a space or a line break inside"]);
    }

    #[test]
    fn what_is_asked_over_the_network() {
        for (vars, config, expected) in [
            (vec![], "", vec!["ollama http://127.0.0.1:11434 -"]),
            (vec![("OLLAMA_HOST", "0.0.0.0:9")], "", vec!["ollama http://127.0.0.1:9 -"]),
            (vec![("OLLAMA_HOST", "a b")], "", vec!["ollama http://127.0.0.1:11434 -"]),
            (vec![], "[providers.ollama]\non = false", vec![]),
            (
                vec![("OLLAMA_HOST", "x")],
                "[providers.ollama]\nbase_url = 'http://box:1/'\nmodels = ['m']",
                vec!["ollama http://box:1 -"],
            ),
            (
                vec![("LITELLM_BASE_URL", "http://a:4000/"), ("LITELLM_API_KEY", "k")],
                "[providers.ollama]\non = false",
                vec!["litellm http://a:4000 k"],
            ),
            (
                vec![("LITELLM_BASE_URL", "http://a:4000")],
                "[providers.ollama]\non = false",
                vec!["litellm http://a:4000 -"],
            ),
            (vec![("LITELLM_API_KEY", "k")], "[providers.ollama]\non = false", vec![]),
            (
                vec![("LITELLM_BASE_URL", "http://a:4000"), ("LITELLM_API_KEY", "two words")],
                "[providers.ollama]\non = false",
                vec![],
            ),
        ] {
            let made = made(&vars, config);
            let words = made.discover.iter().map(|one| {
                let key = one.key().map_or("-", Secret::expose);
                format!("{} {} {key}", one.account(), one.base_url())
            });
            assert_eq!(words.collect::<Vec<_>>(), expected, "{vars:?} {config}");
        }
    }

    #[test]
    fn what_is_found_becomes_a_lane() {
        let config = "[providers.ollama]\nmodels = ['qwen3:4b']\nheaders = { X-A = 'b' }\n";
        let ollama = made(&NONE, config);
        assert_eq!(lanes(&ollama, "ollama"), ["qwen3:4b"]);
        assert!(ollama.lanes[0].last_resort && ollama.discover[0].named == ["qwen3:4b"]);
        let found = ollama.discover[0].lane("llama/x:1", Cost::Free, Some(4096), Some(Standby::Listed));
        assert_eq!(found.id.as_str(), "ollama/llama/x:1");
        assert_eq!((found.wire, found.context, found.standby), (Wire::Ollama, Some(4096), Some(Standby::Listed)));
        assert_eq!((found.training, found.last_resort, found.headers.len()), (Training::No, true, 1));
        let slots = made(&NONE, "[providers.ollama]\nweight = 2");
        let found = slots.discover[0].lane("m", Cost::Free, None, None);
        assert_eq!((found.last_resort, found.weight), (false, 2), "a weight gives it turns of its own");
    }

    #[test]
    fn training_is_avoided_on_request() {
        assert!(!made(&NONE, "").avoid_training);
        assert!(made(&NONE, "training = 'avoid'").avoid_training);
    }
}
