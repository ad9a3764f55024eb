//! The user's config: as written -> as meant, by a pure function. It overrides what the catalogue says and describes
//! what the catalogue does not know. Opens no file, fetches no key, and shows none.

use crate::domain::attempt::Retention;
use crate::domain::look::Wanted;
use crate::domain::roster::{Cost, Dialect, Strategy, Training, Wire};
use crate::providers::catalogue::Catalogue;
use crate::providers::catalogue::limit::Limit;
use crate::providers::mistake::{self, Mistake, Shown, hint};

/// Where a key is.
pub mod source;

/// The endpoint.
pub mod endpoint;

/// The names of the file.
mod written;

use crate::providers::config::endpoint::{Endpoint, alias_fault};
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
    /// How lanes are chosen.
    pub strategy: Strategy,
    /// What is said of single providers, by `order`, then as in the file.
    pub blocks: Vec<Block>,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Names for lanes, at the endpoint: name, and what it stands for.
    pub aliases: Vec<(String, String)>,
    /// How long rows of the log are kept.
    pub retention: Retention,
    /// What the screen is like.
    pub screen: Wanted,
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
    /// Requests of each of its lanes that are kept back for the chat.
    pub keep: Option<u64>,
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
    /// The account on whose quota it draws: both keys are of one project.
    pub quota_of: Option<String>,
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
        let mut aliases = Vec::new();
        for (name, target) in file.aliases {
            if let Some((place, what)) = alias_fault(&name, &target) {
                return Err(BadConfig(Mistake::at(text, Some(place), Shown::Harmless, what)));
            }
            aliases.push((name.into_inner(), target.into_inner()));
        }
        let (avoid_training, endpoint) = (file.training == written::Rule::Avoid, file.endpoint.meant());
        let usual = Retention::default();
        let retention =
            Retention { keep: file.log.keep.unwrap_or(usual.keep), most: file.log.max_rows.unwrap_or(usual.most) };
        let (strategy, screen) = (file.strategy, file.screen);
        Ok(Self { avoid_training, strategy, blocks, endpoint, aliases, retention, screen })
    }

    /// What is said of an account.
    pub fn block(&self, account: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == account)
    }

    /// The accounts whose secrets stand in the config itself: others must not be able to read such a file.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        let literal = |source: &KeySource| matches!(source, KeySource::Literal(_));
        let callers = self.endpoint.callers.iter().filter(move |one| literal(&one.token)).map(|one| one.name.as_str());
        self.blocks
            .iter()
            .filter(move |block| block.key.iter().chain(block.headers.iter().map(|(_, value)| value)).any(literal))
            .map(|block| block.id.as_str())
            .chain(callers)
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
            keep: one.keep,
            limits: one.limits,
            headers: one.headers.into_iter().map(|(name, value)| (name, value.0)).collect(),
            proxy: one.proxy,
            cost: one.cost,
            training: one.training,
            on: one.on,
            last_resort: one.last_resort,
            quota_of: one.quota_of,
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
            return Some(format!("{} To use `{id}` all the same, give it a `base_url`", gone.why));
        }
        let near = hint(provider, catalogue.providers.iter().map(|one| one.id.as_str()));
        Some(format!("`{id}` is not in the catalogue, so it needs a `base_url`{near}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, BadConfig> {
        Config::read(text, &Catalogue::built_in().unwrap())
    }

    #[test]
    fn the_example_is_the_default() {
        assert_eq!(read(EXAMPLE), Ok(Config::default()));
        assert_eq!(read(""), Ok(Config::default()));
    }

    /// The lines of the example that hold a setting behind their `#`, each with the table that it stands in.
    fn settings() -> Vec<(String, String)> {
        let (mut table, mut all) = (String::new(), Vec::new());
        for line in EXAMPLE.lines() {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            if bare.starts_with('[') && bare.ends_with(']') {
                bare.clone_into(&mut table);
            } else if bare.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')) {
                all.push((table.clone(), bare.to_owned()));
            }
        }
        all
    }

    #[test]
    fn each_setting_of_the_example_is_one() {
        let written = settings();
        for (table, line) in &written {
            let base = if table == "[providers.mine]" && !line.starts_with("base_url") {
                "base_url = \"http://localhost\"\n"
            } else if table == "[[endpoint.tokens]]" {
                match line.split(' ').next() {
                    Some("name") => "key = \"x\"\n",
                    Some("key") => "name = \"x\"\n",
                    _ => "key = \"x\"\nname = \"x\"\n",
                }
            } else {
                ""
            };
            let text = format!("{table}\n{base}{line}\n");
            read(&text).unwrap_or_else(|error| panic!("{line}\n{error}"));
        }
        let whole = |line: &str| match line.strip_prefix("# ") {
            Some(bare) if written.iter().any(|(_, one)| one == bare) || bare.starts_with('[') => bare.to_owned(),
            _ => line.to_owned(),
        };
        let text: Vec<String> = EXAMPLE.lines().map(whole).collect();
        let config = read(&text.join("\n")).unwrap();
        let names: Vec<&str> = config.blocks.iter().map(|block| block.id.as_str()).collect();
        assert_eq!(names, ["groq", "groq@work", "mine"]);
    }

    #[test]
    fn the_log_has_its_bounds() {
        let retention = read("[log]\nkeep = \"36h\"\nmax_rows = 5000\n").unwrap().retention;
        assert_eq!(retention, Retention { keep: std::time::Duration::from_hours(36), most: 5000 });
        for (line, says) in
            [("keep = \"5m\"", "from 1h to 3650d"), ("max_rows = 10", "from 1000"), ("rows = 1", "max_rows")]
        {
            let error = read(&format!("[log]\n{line}\n")).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("line 2"), "{error}");
        }
    }

    #[test]
    fn the_example_leaves_nothing_out() {
        for table in ["[providers.groq]", "[log]", "[screen]", "[endpoint]", "[[endpoint.tokens]]"] {
            let error = read(&format!("{table}\n\"?\" = 1\n")).unwrap_err().0.what;
            let known = error.rsplit(": ").next().unwrap();
            let names: Vec<String> =
                settings().iter().map(|(_, line)| line.split(' ').next().unwrap().to_owned()).collect();
            for name in known.split(", ").filter(|name| *name != "tokens") {
                assert!(names.iter().any(|one| one == name), "{name}");
            }
        }
    }

    #[test]
    fn the_screen_is_read() {
        use crate::domain::look::{Motion, Notify, Theme};
        let screen = read("[screen]\ntheme = 'high-contrast'\nmotion = 'reduced'\nnotify = 'osc9'\n").unwrap().screen;
        let expected = Wanted { theme: Theme::HighContrast, motion: Motion::Reduced, notify: Notify::Osc9 };
        assert_eq!(screen, expected);
        let error = read("[screen]\ntheme = 'drak'\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("dark"), "{error}");
    }

    #[test]
    fn the_endpoint_and_the_aliases_are_read() {
        let config = read(
            "[endpoint]\non = false\naddress = '0.0.0.0'\nport = 80\ntoken = 'env:T'\norigins = ['https://a.b']\n\
             [[endpoint.tokens]]\nname = 'editor'\nkey = 'k-1'\nrequests_per_day = 5\npriority = 'low'\n\
             [aliases]\nfast = 'groq/openai/gpt-oss-20b'\neyes = 'auto:vision'\n",
        )
        .unwrap();
        let endpoint = &config.endpoint;
        assert_eq!((endpoint.on, endpoint.port, endpoint.address.to_string()), (false, 80, "0.0.0.0".into()));
        let names: Vec<&str> = endpoint.callers.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names, endpoint.callers[1].requests_per_day), (vec!["token", "editor"], Some(5)));
        assert_eq!(config.aliases.len(), 2);
        assert_eq!(config.literals().collect::<Vec<_>>(), ["editor"]);
        for (text, said) in [
            ("[endpoint]\nport = 0\n", "line 2: a port is a number from 1 to 65535"),
            ("[endpoint]\naddress = 'here'\n", "line 2: an address is one of this computer"),
            ("[endpoint]\norigins = ['*']\n", "line 2: an origin is a scheme and a host"),
            ("[endpoint]\ntokn = 'x'\n", "unknown key `tokn`; did you mean `token`?"),
            ("[aliases]\nauto = 'groq/x'\n", "line 2: `auto` cannot be an alias"),
            ("[aliases]\na = 'auto'\nfast = 'gpt'\n", "line 3: `gpt` is no lane: write one"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_block_is_read() {
        let config = read(
            "training = 'avoid'\nstrategy = 'even'\n[providers.mine]\nname = 'Mine'\nbase_url = 'https://a/v1/'\nwire = 'ollama'\n\
             quota = 'nvidia'\nkey = 'cmd:pass show a'\nmodels = ['x', { id = 'y/z', context = 5, cost = 'paid', on = true }]\n\
             order = -1\nweight = 100\nkeep = 20\nlimits = [{ unit = 'neurons', window = '90s rolling', cap = 7 }]\n\
             headers = { X-A = 'two words', X-B = 'env:B' }\nproxy = 'socks5://a:1'\ncost = 'free'\ntraining = 'no'\n\
             on = true\nlast_resort = true\nquota_of = 'groq@b'\n",
        )
        .unwrap();
        let model = |id: &str| Model {
            id: id.into(),
            context: None,
            limits: None,
            cost: None,
            on: None,
            can: None,
            cannot: None,
        };
        let block = Block {
            id: "mine".into(),
            name: Some("Mine".into()),
            base_url: Some("https://a/v1".into()),
            wire: Some(Wire::Ollama),
            dialect: Some(Dialect::Nvidia),
            key: Some(KeySource::Command("pass show a".into())),
            models: Some(vec![
                model("x"),
                Model { context: Some(5), cost: Some(Cost::Paid), on: Some(true), ..model("y/z") },
            ]),
            order: -1,
            weight: Some(100),
            keep: Some(20),
            limits: Some(vec![Limit {
                unit: "neurons".into(),
                window: "90s rolling".parse().unwrap(),
                cap: 7,
                ending: None,
            }]),
            headers: vec![
                ("X-A".into(), KeySource::Literal(crate::domain::roster::Secret::new("two words"))),
                ("X-B".into(), KeySource::Env("B".into())),
            ],
            proxy: Some("socks5://a:1".into()),
            cost: Some(Cost::Free),
            training: Some(Training::No),
            on: Some(true),
            last_resort: Some(true),
            quota_of: Some("groq@b".into()),
        };
        let standard = Config::default();
        assert_eq!(config, Config { avoid_training: true, strategy: Strategy::Even, blocks: vec![block], ..standard });
        assert_eq!(config.literals().collect::<Vec<_>>(), ["mine"]);
    }

    #[test]
    fn blocks_stand_by_order_and_then_as_written() {
        let text = "[providers.openai]\n[providers.mistral]\norder = 3\n[providers.groq]\n[providers.gemini]\norder = 200\n\
                    [providers.cohere]\norder = 2\n";
        let config = read(text).unwrap();
        let names: Vec<&str> = config.blocks.iter().map(|block| block.id.as_str()).collect();
        assert_eq!(names, ["cohere", "mistral", "openai", "groq", "gemini"]);
        assert_eq!(config.literals().count(), 0);
    }

    #[test]
    fn what_is_wrong_with_the_whole_is_said_in_one_line() {
        for (text, message) in [
            ("tranning = 'avoid'", "line 1: unknown key `tranning`; did you mean `training`?"),
            ("training = 'avoidd'", "line 1: `avoidd` is not known here; did you mean `avoid`?"),
            ("training = true", "line 1: expected a word in quotes"),
            (
                "key = 'sk-canary'",
                "line 1: unknown key `key`; known here: training, strategy, providers, endpoint, aliases, log, screen",
            ),
            ("[provider.groq]", "line 1: unknown key `provider`; did you mean `providers`?"),
            (
                "[providers.grok]",
                "line 1: `grok` is not in the catalogue, so it needs a `base_url`; did you mean `groq`?",
            ),
            ("[providers.mine]", "line 1: `mine` is not in the catalogue, so it needs a `base_url`"),
            (
                "[providers.cerebras]",
                "line 1: Cerebras ended its free tier; keys that never paid are answered with 402. To use `cerebras` all \
                 the same, give it a `base_url`",
            ),
            (
                "[providers.'groq@work']",
                "line 1: `groq@work` is a further account at `groq`, so it needs a `key` of its own",
            ),
            (
                "[providers.'my server']",
                "line 1: `my server` is no name for a provider: write letters, digits, `-`, `_` and `.`",
            ),
            ("[providers.groq]\n[providers.groq]", "line 2: this stands here twice"),
            ("[providers.groq", "line 1: unclosed table, expected `]`"),
            ("sk-canary-0123456789-abcdef = 1", "line 1: this is no key of a setting"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert_eq!(error.lines().next(), Some(message));
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_wrong_line_is_shown_with_a_caret_and_what_was_meant_and_never_with_a_key() {
        for (line, what, shown, caret) in [
            ("wieght = 2", "unknown key `wieght`; did you mean `weight`?", "wieght = *", "^^^^^^"),
            ("kye = 'sk-canary'", "unknown key `kye`; did you mean `key`?", "kye = ***********", "^^^"),
            ("key = sk-canary", "string values must be quoted", "key = *********", "      ^^^^^^^^^"),
            ("key = 'sk-canary", "invalid literal string, expected `'`", "key = **********", "                ^"),
            ("key = 5", "expected text in quotes, found a whole number", "key = *", "      ^"),
            (
                "key = 'sk canary'",
                "this is no key: it has a space or a line break inside",
                "key = ***********",
                "      ^^^^^^^^^^^",
            ),
            (
                "key = '$CANARY'",
                "this looks like the name of an environment variable; write `env:NAME`",
                "key = *********",
                "      ^^^^^^^^^",
            ),
            (
                "headers = 'sk-canary'",
                "expected a table, found text in quotes",
                "headers = ***********",
                "          ^^^^^^^^^^^",
            ),
            (
                "headers = { A = ['sk-canary'] }",
                "expected text in quotes, found a list",
                "headers = { A = [***********] }",
                "                ^^^^^^^^^^^^^",
            ),
            ("weight = 0", "a weight is a whole number from 1 to 100", "weight = 0", "         ^"),
            (
                "keep = -1",
                "a whole number of requests from 0 to 1000000, kept back for the chat",
                "keep = -1",
                "       ^^",
            ),
            ("weight = '2'", "expected a whole number, found text in quotes", "weight = '2'", "         ^^^"),
            ("order = 1.5", "expected a whole number, found a number with a fraction", "order = 1.5", "        ^^^"),
            ("wire = 'opnai'", "`opnai` is not known here; did you mean `openai`?", "wire = 'opnai'", "       ^^^^^^^"),
            (
                "quota = 'soap'",
                "`soap` is not known here; write one of: groq, openai, mistral, gemini, openrouter, cohere, litellm, \
                 ollama, cloudflare, zai, huggingface, nvidia, anthropic, together, cerebras, azure, github, xai, deepseek, perplexity, generic",
                "quota = 'soap'",
                "        ^^^^^^",
            ),
            ("on = 'yes'", "expected true or false, found text in quotes", "on = 'yes'", "     ^^^^^"),
            (
                "base_url = 'a.b'",
                "a base_url begins with https:// or http://, such as https://api.groq.com/openai/v1",
                "base_url = *****",
                "           ^^^^^",
            ),
            (
                "proxy = 'a:1'",
                "a proxy begins with http://, https:// or socks5://, such as http://127.0.0.1:3128",
                "proxy = *****",
                "        ^^^^^",
            ),
            ("models = 'a'", "expected a list, found text in quotes", "models = 'a'", "         ^^^"),
            (
                "models = ['a', 5]",
                "expected a model's id in quotes, or a table such as { id = \"...\", context = 8192 }, found a whole number",
                "models = ['a', 5]",
                "               ^",
            ),
            (
                "models = [{ id = 'a', contex = 5 }]",
                "unknown key `contex`; did you mean `context`?",
                "models = [{ id = 'a', contex = * }]",
                "                      ^^^^^^",
            ),
            ("models = [{ on = true }]", "`id` is missing", "models = [{ on = true }]", "          ^^^^^^^^^^^^^"),
            ("models = ['a b']", "a model's id has no spaces in it", "models = ['a b']", "          ^^^^^"),
            (
                "limits = [{ unit = 'request', window = '60s', cap = 1 }]",
                "`request` is no unit; did you mean `requests`?",
                "limits = [{ unit = 'request', window = '60s', cap = 1 }]",
                "                   ^^^^^^^^^",
            ),
            (
                "limits = [{ unit = 'tokens', window = '60s slide', cap = 1 }]",
                "`60s slide` is no window: write `60s fixed`, `90s rolling`, `1m bucket`, `1d midnight \
                 America/Los_Angeles`, `1month midnight UTC` or `unknown`",
                "limits = [{ unit = 'tokens', window = '60s slide', cap = 1 }]",
                "                                      ^^^^^^^^^^^",
            ),
            (
                "limits = [{ unit = 'tokens', window = '60s', cap = 0 }]",
                "a cap is 1 or more; to use a model no more, write `on = false`",
                "limits = [{ unit = 'tokens', window = '60s', cap = 0 }]",
                "                                                   ^",
            ),
        ] {
            let expected = format!("line 2: {what}\n  |\n2 | {shown}\n  | {caret}");
            assert_eq!(read(&format!("[providers.groq]\n{line}\n")).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn no_slip_of_a_finger_shows_a_key() {
        let text = "training = 'avoid'\n[providers.groq]\nkey = 'sk-canary-0123456789' # was sk-canary-0\nmodels = [\n  'a',\n]\n\
                    headers = { A = \"sk-canary-1\", \"X-B\" = 'Bearer sk-canary-2' }\n[providers.mine]\n\
                    base_url = 'http://a/sk-canary-3'\nproxy = 'http://me:sk-canary-4@a'\n[providers.mine.headers]\n\
                    C = 'sk-canary-5'\n";
        let catalogue = Catalogue::built_in().unwrap();
        assert!(Config::read(text, &catalogue).is_ok());
        let mut wrong = 0;
        for (at, char) in text.char_indices() {
            let (before, after) = (text.get(..at).unwrap(), text.get(at + char.len_utf8()..).unwrap());
            for slip in ["", "'", "\"", "=", "[", "{", "\n", "x", "\u{1b}"] {
                for slipped in [format!("{before}{slip}{after}"), format!("{before}{slip}{char}{after}")] {
                    if let Err(error) = Config::read(&slipped, &catalogue) {
                        let words = error.to_string();
                        assert!(!words.contains("canary-") && !words.contains('\u{1b}'), "{slipped}\n\n{words}");
                        wrong += 1;
                    }
                }
            }
        }
        assert!(wrong > 1000);
    }
}
