//! Providers, accounts and lanes as the catalogue or the config describes them. Plain data: what happens to a lane
//! (rests, switches, counts) is kept by the scheduler.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::ability::{Abilities, Ability, LONG, Wants};
use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::{Unit, Window};

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// The chat completions of `OpenAI`, streamed as server-sent events.
    Openai,
    /// Gemini's `streamGenerateContent`, as server-sent events.
    Gemini,
    /// Ollama's `/api/chat`: one JSON value a line.
    Ollama,
}

/// How a provider's limits are read from its responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Six `x-ratelimit-*` headers; requests are of the day, tokens of the minute; a reset says when the bucket is full.
    Groq,
    /// The same six names, both of the minute.
    Openai,
    /// `x-ratelimit-remaining-req-minute`: the window stands in the name.
    Mistral,
    /// No headers; limits are named in the body of a refusal.
    Gemini,
    /// No headers on answers; `X-RateLimit-Reset` of a refusal is in milliseconds since the epoch.
    Openrouter,
    /// `x-trial-endpoint-call-*`: calls of the minute; others in the words of a refusal.
    Cohere,
    /// A proxy: its own limits of the minute, and its upstream's under `llm_provider-*`.
    Litellm,
    /// No limits on one's own computer; those of the cloud are told in words.
    Ollama,
    /// No headers; neurons of the day, told in words.
    Cloudflare,
    /// No headers; string codes in the body.
    Zai,
    /// A month's credit, told by status 402.
    Huggingface,
    /// No headers; a rolling minute.
    Nvidia,
    /// `anthropic-ratelimit-*`, all of the minute; resets are instants, and say when the bucket is full.
    Anthropic,
    /// `x-ratelimit-*` without a unit, of the second.
    Together,
    /// The window stands in the name; resets are bare seconds.
    Cerebras,
    /// The six names, with `renewalperiod`; resets are bare milliseconds.
    Azure,
    /// As Azure's.
    Github,
    /// The six names without resets; limits of a team, told in words.
    Xai,
    /// No headers; an unpaid balance is told by status 402.
    Deepseek,
    /// No headers.
    Perplexity,
    /// Unknown: any name that follows the general grammar.
    Generic,
}

/// What a provider counts its limits on, where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountsOn {
    /// All that one account asks.
    Account,
    /// What one account (a project, an organization, a key) asks of one model.
    Model,
}

impl Dialect {
    /// What its limits are counted on, where neither the catalogue nor the response says. Source: the providers'
    /// documents of October 2026; of a provider that is not known the careful answer, its models may share nothing.
    pub const fn counts_on(self) -> CountsOn {
        match self {
            Self::Openrouter
            | Self::Ollama
            | Self::Cloudflare
            | Self::Huggingface
            | Self::Nvidia
            | Self::Together
            | Self::Zai
            | Self::Deepseek
            | Self::Perplexity => CountsOn::Account,
            Self::Groq
            | Self::Openai
            | Self::Mistral
            | Self::Gemini
            | Self::Cohere
            | Self::Litellm
            | Self::Anthropic
            | Self::Cerebras
            | Self::Azure
            | Self::Github
            | Self::Xai
            | Self::Generic => CountsOn::Model,
        }
    }

    /// Whether what it refuses counts as a request. Source: openrouter.ai/docs/api-reference/limits; of no other
    /// provider is it documented.
    pub const fn counts_refused(self) -> bool {
        matches!(self, Self::Openrouter)
    }
}

/// How the rotation chooses among lanes that can all answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Round-robin with weights: what would expire unused goes first, what is scarce is spread.
    #[default]
    Harvest,
    /// Plain round-robin.
    Even,
    /// Always the first that can, in the order of the roster.
    Order,
}

impl Strategy {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Harvest => "harvest",
            Self::Even => "even",
            Self::Order => "order",
        }
    }
}

/// What an answer costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Nothing, within the limits.
    Free,
    /// Money.
    Paid,
    /// Nobody said.
    Unknown,
}

impl Cost {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
            Self::Unknown => "cost unknown",
        }
    }

    /// Of two things that stand behind one name the dearer: what may cost money is not free.
    #[must_use]
    pub const fn dearer(self, other: Self) -> Self {
        match (self, other) {
            (Self::Paid, _) | (_, Self::Paid) => Self::Paid,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

/// Whether the provider trains on prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Training {
    /// It does.
    Yes,
    /// It says that it does not.
    No,
    /// Nobody said.
    Unknown,
}

/// Why a lane is listed, but off until the user switches it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standby {
    /// It costs money.
    Paid,
    /// Nobody said what it costs.
    CostUnknown,
    /// The provider lists it; nobody chose it.
    Listed,
    /// It is not on this computer, though its server is.
    Remote,
    /// The config says so.
    Config,
}

impl Standby {
    /// The reason, for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paid => "costs money",
            Self::CostUnknown => "cost unknown",
            Self::Listed => "listed only",
            Self::Remote => "runs in the cloud",
            Self::Config => "off by config",
        }
    }
}

/// A limit as it is documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitSpec {
    /// What it is counted on.
    pub pool: PoolId,
    /// What it counts.
    pub unit: Unit,
    /// When what was used comes back.
    pub window: Window,
    /// How much fits.
    pub cap: u64,
}

/// One account x one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneSpec {
    /// `account/model`.
    pub id: LaneId,
    /// The provider's name for people.
    pub provider: String,
    /// How it is spoken to.
    pub wire: Wire,
    /// How its limits are read.
    pub dialect: Dialect,
    /// Where its API begins: `https://api.groq.com/openai/v1`.
    pub base_url: String,
    /// The key, if it wants one. Not part of what is written or sent.
    #[serde(skip)]
    pub key: Option<Secret>,
    /// Further request headers: name, value.
    #[serde(skip)]
    pub headers: Vec<(String, Secret)>,
    /// The proxy to go through, instead of the environment's.
    #[serde(skip)]
    pub proxy: Option<String>,
    /// Tokens that prompt and answer may have together, if known.
    pub context: Option<u64>,
    /// What it can do beyond text, as far as is known.
    #[serde(default)]
    pub abilities: Abilities,
    /// What an answer costs.
    pub cost: Cost,
    /// Whether it trains on prompts.
    pub training: Training,
    /// The account on whose quota it draws: its own, or another one whose key is of the same project.
    pub quota_of: AccountId,
    /// Its documented limits; lanes share pools.
    pub limits: Vec<LimitSpec>,
    /// Used only when no other lane can.
    pub last_resort: bool,
    /// Why it is off until the user switches it on; None: it is on.
    pub standby: Option<Standby>,
    /// Turns that it takes in a round, against the other accounts' lanes: 1 or more.
    pub weight: u32,
    /// Requests that are kept back for the chat, of its limit on requests over the longest window; 0: none.
    #[serde(default)]
    pub keep: u64,
    /// The day of these facts, `2026-10-01`, and where they were read; empty: the user's own.
    pub as_of: String,
    /// Where these facts were read.
    pub source: String,
    /// Not a real provider: the demo's.
    pub simulated: bool,
}

impl LaneSpec {
    /// A lane of which nothing else is known: no key, no limit, cost and training unknown, on.
    pub fn new(id: LaneId, wire: Wire, dialect: Dialect, base_url: &str) -> Self {
        Self {
            provider: id.account().to_string(),
            quota_of: id.account(),
            id,
            wire,
            dialect,
            base_url: base_url.to_owned(),
            key: None,
            headers: Vec::new(),
            proxy: None,
            context: None,
            abilities: Abilities::default(),
            cost: Cost::Unknown,
            training: Training::Unknown,
            limits: Vec::new(),
            last_resort: false,
            standby: None,
            weight: 1,
            keep: 0,
            as_of: String::new(),
            source: String::new(),
            simulated: false,
        }
    }

    /// The account that it belongs to.
    pub fn account(&self) -> AccountId {
        self.id.account()
    }

    /// Why it cannot take a request that wants this; None: it may.
    pub fn lacks(&self, wants: Wants) -> Option<&'static str> {
        if wants.verbatim && self.wire != Wire::Openai {
            return Some(
                "is of another wire, which has no word for a part of the request (the address of a picture, sound, a \
                 file, several answers, ...)",
            );
        }
        if wants.long && self.context.is_none_or(|context| context < LONG) {
            return Some("is not known to have a long context window");
        }
        wants.abilities().find(|ability| !self.abilities.may(*ability)).map(Ability::lack)
    }

    /// Whether what is counted on `pool` concerns this lane: its own pool, its account's, or one that its limits name.
    pub fn draws_on(&self, pool: &PoolId) -> bool {
        pool.as_str() == self.quota_of.as_str()
            || self.limits.iter().any(|limit| limit.pool == *pool)
            || pool
                .as_str()
                .strip_prefix(self.quota_of.as_str())
                .is_some_and(|rest| rest.strip_prefix('/') == Some(self.id.model()))
    }

    /// The pool on which limits are counted that the provider tells for this model alone.
    pub fn own_pool(&self) -> PoolId {
        PoolId::from(format!("{}/{}", self.quota_of, self.id.model()).as_str())
    }

    /// The pool on which a limit is counted of which nobody says what it is counted on.
    pub fn usual_pool(&self) -> PoolId {
        match self.dialect.counts_on() {
            // What other lanes of the account share, it shares with them and not with the whole account.
            CountsOn::Account => self.account_pool(),
            CountsOn::Model => self.own_pool(),
        }
    }

    /// The pool that it shares with other lanes of its account.
    pub fn account_pool(&self) -> PoolId {
        self.shared_pool().cloned().unwrap_or_else(|| PoolId::from(self.quota_of.as_str()))
    }

    /// Whether the two draw on one quota of their account: a limit that holds for the one holds for the other.
    pub fn shares_quota_with(&self, other: &Self) -> bool {
        self.quota_of == other.quota_of && self.shared_pool() == other.shared_pool()
    }

    /// The pool, wider than its own model, that its documented limits name.
    fn shared_pool(&self) -> Option<&PoolId> {
        let own = self.own_pool();
        self.limits.iter().map(|limit| &limit.pool).find(|pool| **pool != own)
    }
}

/// A key. It has no `Display` and no `Serialize`, and its `Debug` tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps `text` as a secret.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The secret itself: for a request's header and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(id: &str, pools: &[&str]) -> LaneSpec {
        let limit = |pool: &&str| LimitSpec {
            pool: PoolId::from(*pool),
            unit: Unit::Requests,
            window: Window::Unknown,
            cap: 1,
        };
        let limits = pools.iter().map(limit).collect();
        LaneSpec { limits, ..LaneSpec::new(LaneId::from(id), Wire::Openai, Dialect::Openrouter, "") }
    }

    #[test]
    fn a_lane_draws_on_its_own_pool_and_on_those_that_it_shares() {
        let free = lane("or/a/b:free", &["or/:free"]);
        let draws = |pool: &str| free.draws_on(&PoolId::from(pool));
        assert_eq!(
            ["or", "or/:free", "or/a/b:free", "or/a", "or/x", "o", ""].map(draws),
            [true, true, true, false, false, false, false]
        );
        assert_eq!(free.usual_pool().as_str(), "or/:free");
        assert_eq!(lane("or/paid", &[]).usual_pool().as_str(), "or");
        assert!(free.shares_quota_with(&lane("or/c:free", &["or/:free"])));
        assert!(!free.shares_quota_with(&lane("or/paid", &[])));
    }

    #[test]
    fn two_keys_of_one_project_share_its_quota() {
        let one = LaneSpec { dialect: Dialect::Gemini, ..lane("gemini/flash", &[]) };
        let other = LaneSpec { dialect: Dialect::Gemini, quota_of: "gemini".into(), ..lane("gemini@b/flash", &[]) };
        assert!(other.draws_on(&one.own_pool()) && one.draws_on(&other.own_pool()));
        assert!(!lane("gemini@c/flash", &[]).draws_on(&one.own_pool()));
    }

    #[test]
    fn a_secret_tells_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("sk-canary"))), "Some([redacted])");
    }
}
