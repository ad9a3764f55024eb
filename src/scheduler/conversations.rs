//! The conversations that there are, without their turns. Pure bookkeeping.

use std::collections::BTreeMap;

use crate::domain::chat::{Change, Conversation};
use crate::domain::clock::Time;
use crate::domain::ids::ConversationId;
use crate::scheduler::link::CONVERSATIONS;

/// All conversations.
#[derive(Debug, Default)]
pub struct Conversations(BTreeMap<ConversationId, Conversation>);

impl Conversations {
    /// Those that were kept.
    pub fn new(kept: Vec<Conversation>) -> Self {
        Self(kept.into_iter().map(|one| (one.id, one)).collect())
    }

    /// A question is asked in one; one that is not known begins. None: it is part of none.
    pub fn asked(&mut self, id: ConversationId, prompt: &str, now: Time) -> Option<&Conversation> {
        if id == ConversationId::NONE {
            return None;
        }
        let one = self.0.entry(id).or_insert_with(|| Conversation::new(id, now));
        one.asked(prompt, now);
        Some(one)
    }

    /// Changes one; one that is not known begins, unless it is to be deleted or brought back. None: there is none.
    pub fn change(&mut self, id: ConversationId, change: Change, now: Time) -> Option<&Conversation> {
        if matches!(change, Change::Delete | Change::Restore) && !self.0.contains_key(&id) || id == ConversationId::NONE
        {
            return None;
        }
        let one = self.0.entry(id).or_insert_with(|| Conversation::new(id, now));
        one.change(change, now);
        Some(one)
    }

    /// What is known of one.
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.0.get(&id)
    }

    /// Those that were touched last, in the order of their ids.
    pub fn newest(&self) -> Vec<Conversation> {
        let mut all: Vec<&Conversation> = self.0.values().collect();
        if all.len() > CONVERSATIONS {
            all.sort_by_key(|one| std::cmp::Reverse(one.touched));
            all.truncate(CONVERSATIONS);
            all.sort_by_key(|one| one.id);
        }
        all.into_iter().cloned().collect()
    }
}
