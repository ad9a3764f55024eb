//! Names of things, as types, so that a lane is never taken for an account. Pure values.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

name! {
    /// One credential at a provider: `groq`, or `groq@work` where there are several.
    AccountId
}

name! {
    /// One account x one model: `groq/openai/gpt-oss-120b`. Up to the first `/` the account, the rest the model.
    LaneId
}

name! {
    /// What a limit is counted on: an account (`groq`), one of its models (`groq/openai/gpt-oss-120b`), a host.
    PoolId
}

number! {
    /// One question and its answer.
    TurnId
}

number! {
    /// Turns of the chat that follow on one another.
    ConversationId
}

impl ConversationId {
    /// No conversation: what a script asked.
    pub const NONE: Self = Self(0);
    /// Where the turns are that were asked before there were several.
    pub const FIRST: Self = Self(1);
}

number! {
    /// One HTTP try of a turn on one lane.
    AttemptId
}

impl LaneId {
    /// The lane of this account and model.
    pub fn new(account: &AccountId, model: &str) -> Self {
        Self::from(format!("{account}/{model}"))
    }

    /// The account: what stands before the first `/`.
    pub fn account(&self) -> AccountId {
        AccountId::from(self.split().0)
    }

    /// The model id as the provider writes it: all behind the first `/`.
    pub fn model(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.as_str().split_once('/').unwrap_or((self.as_str(), ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_keeps_its_own_slashes() {
        let lane = LaneId::from("groq@work/openai/gpt-oss-120b");
        assert_eq!(lane.account(), AccountId::from("groq@work"));
        assert_eq!(lane.model(), "openai/gpt-oss-120b");
        assert_eq!(LaneId::new(&lane.account(), lane.model()), lane);
    }
}
