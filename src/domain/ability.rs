//! What a request asks of a lane beyond text, and what is known of a lane in that respect. Pure values.

use serde::{Deserialize, Serialize};

/// Tokens from which on a context window counts as long.
pub const LONG: u64 = 128_000;

/// What a model can do beyond answering text with text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// It calls tools.
    Tools,
    /// It sees images.
    Vision,
    /// It answers in JSON, after a schema if one is given.
    Json,
}

impl Ability {
    /// Why a lane without it cannot take a request.
    pub const fn lack(self) -> &'static str {
        match self {
            Self::Tools => "cannot call tools",
            Self::Vision => "is not known to see images",
            Self::Json => "cannot promise JSON",
        }
    }
}

/// What is known of a lane. What stands in neither list is not known: then tools and JSON are tried, for most models
/// have them and a refusal costs nothing, and images are not, for a model without eyes answers as if none were there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abilities {
    /// It can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub can: Vec<Ability>,
    /// It cannot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<Ability>,
}

impl Abilities {
    /// Whether a request that needs it may go there.
    pub fn may(&self, ability: Ability) -> bool {
        self.can.contains(&ability) || ability != Ability::Vision && !self.cannot.contains(&ability)
    }

    /// Whether nothing is known of it.
    pub fn is_unknown(&self, ability: Ability) -> bool {
        !self.can.contains(&ability) && !self.cannot.contains(&ability)
    }
}

/// What a request asks of a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a filter of its own")]
pub struct Wants {
    /// Tools.
    pub tools: bool,
    /// Eyes.
    pub vision: bool,
    /// JSON.
    pub json: bool,
    /// A long context window.
    pub long: bool,
    /// The request has parts that only a lane of the same wire can be sent.
    pub verbatim: bool,
}

impl Wants {
    /// The abilities among them.
    pub fn abilities(self) -> impl Iterator<Item = Ability> {
        let all = [(self.tools, Ability::Tools), (self.vision, Ability::Vision), (self.json, Ability::Json)];
        all.into_iter().filter_map(|(wanted, ability)| wanted.then_some(ability))
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            tools: self.tools || other.tools,
            vision: self.vision || other.vision,
            json: self.json || other.json,
            long: self.long || other.long,
            verbatim: self.verbatim || other.verbatim,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_is_tried_but_for_images() {
        let unknown = Abilities::default();
        assert!(unknown.may(Ability::Tools) && unknown.may(Ability::Json) && !unknown.may(Ability::Vision));
        let known = Abilities { can: vec![Ability::Vision], cannot: vec![Ability::Tools] };
        assert!(known.may(Ability::Vision) && !known.may(Ability::Tools) && known.is_unknown(Ability::Json));
    }
}
