//! Providers, accounts and lanes as the catalogue or the config describes them. Plain data: what happens to a lane
//! (rests, switches, counts) is kept by the scheduler.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::{Unit, Window};

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// The chat completions of `OpenAI`, streamed as server-sent events.
    Openai,
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
    /// Unknown: any name that follows the general grammar.
    Generic,
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
    /// Tokens that prompt and answer may have together, if known.
    pub context: Option<u64>,
    /// What an answer costs.
    pub cost: Cost,
    /// Whether it trains on prompts.
    pub training: Training,
    /// Its documented limits; lanes share pools.
    pub limits: Vec<LimitSpec>,
    /// Used only when no other lane can.
    pub last_resort: bool,
    /// Not a real provider: the demo's.
    pub simulated: bool,
}

impl LaneSpec {
    /// The account that it belongs to.
    pub fn account(&self) -> AccountId {
        self.id.account()
    }

    /// Whether what is counted on `pool` concerns this lane: its own pool, its account's, or one that its limits name.
    pub fn draws_on(&self, pool: &PoolId) -> bool {
        pool.as_str() == self.id.as_str()
            || self.id.as_str().strip_prefix(pool.as_str()).is_some_and(|rest| rest.starts_with('/'))
            || self.limits.iter().any(|limit| limit.pool == *pool)
    }

    /// The pool on which limits are counted that the provider tells for this lane alone.
    pub fn own_pool(&self) -> PoolId {
        PoolId::from(self.id.as_str())
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

    #[test]
    fn a_secret_tells_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("sk-canary"))), "Some([redacted])");
    }
}
