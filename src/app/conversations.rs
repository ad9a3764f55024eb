//! The conversations as last reported, which of them is on the screen, and what is heard of the others meanwhile.

use std::collections::BTreeMap;

use crate::domain::chat::{Change, Conversation, Settings};
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Turn};
use crate::domain::ids::{ConversationId, TurnId};
use crate::scheduler::link::{Said, TURNS};

/// The conversations.
#[derive(Debug)]
pub struct Conversations {
    known: BTreeMap<ConversationId, Conversation>,
    current: ConversationId,
    /// Turns of others than the current one, as last heard.
    elsewhere: BTreeMap<TurnId, Turn>,
}

impl Default for Conversations {
    fn default() -> Self {
        Self { known: BTreeMap::new(), current: ConversationId::FIRST, elsewhere: BTreeMap::new() }
    }
}

impl Conversations {
    /// The one on the screen.
    pub const fn current(&self) -> ConversationId {
        self.current
    }

    /// What is known of one.
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.known.get(&id)
    }

    /// The name of the one on the screen; empty: it has none yet.
    pub fn name(&self) -> &str {
        self.get(self.current).map_or("", |one| &one.name)
    }

    /// How the one on the screen is asked.
    pub fn settings(&self) -> Settings {
        self.get(self.current).map(|one| one.settings.clone()).unwrap_or_default()
    }

    /// Takes in all there is, and says which turns are those of the one on the screen. At the first time that is the one
    /// that was asked last; `fresh` if there is none.
    pub fn start_over(&mut self, all: Vec<Conversation>, turns: Vec<Turn>, fresh: Option<ConversationId>) -> Vec<Turn> {
        // The one on the screen is not among the newest, perhaps; its settings hold all the same.
        let current = self.known.remove(&self.current);
        self.known = all.into_iter().map(|one| (one.id, one)).collect();
        if let Some(current) = current {
            self.known.entry(current.id).or_insert(current);
        }
        if let Some(fresh) = fresh {
            let deleted = |turn: &&Turn| self.get(turn.conversation).is_some_and(|one| one.deleted.is_some());
            let chat = turns.iter().filter(|turn| turn.origin == Origin::Chat);
            let last = chat.filter(|turn| !deleted(turn)).max_by_key(|turn| turn.id).map(|turn| turn.conversation);
            let empty = if self.known.is_empty() { ConversationId::FIRST } else { fresh };
            self.current = last.unwrap_or(empty);
        }
        // What was running elsewhere and is not told of any more is not running.
        self.elsewhere.retain(|_, turn| turn.state.is_over());
        turns.into_iter().filter_map(|turn| self.hear(turn)).collect()
    }

    /// Takes in one that began or changed.
    pub fn put(&mut self, one: Conversation) {
        self.known.insert(one.id, one);
    }

    /// Changes one here, before the scheduler has said so.
    pub fn change(&mut self, id: ConversationId, change: Change, now: Time) {
        self.known.entry(id).or_insert_with(|| Conversation::new(id, now)).change(change, now);
    }

    /// Takes in a turn, if it belongs elsewhere; else gives it back.
    pub fn hear(&mut self, turn: Turn) -> Option<Turn> {
        if turn.origin != Origin::Chat || turn.conversation == self.current {
            return Some(turn);
        }
        self.elsewhere.insert(turn.id, turn);
        while self.elsewhere.len() > 2 * TURNS {
            self.elsewhere.pop_first();
        }
        None
    }

    /// More of an answer has come elsewhere.
    pub fn say(&mut self, said: &Said) {
        let Some(turn) = self.elsewhere.get_mut(&said.turn) else { return };
        let known = if said.reasoning { &mut turn.reasoning } else { &mut turn.answer };
        if let Some(new) = known.len().checked_sub(said.from).and_then(|have| said.text.get(have..)) {
            known.push_str(new);
        }
    }

    /// Another one comes to the screen. `leaving`: the turns of the one that was there. The turns of the new one, as far as
    /// they are known.
    pub fn open(&mut self, id: ConversationId, leaving: Vec<Turn>) -> Vec<Turn> {
        self.current = id;
        let heard: Vec<Turn> = leaving.into_iter().rev().take(TURNS).collect();
        self.elsewhere.extend(heard.into_iter().map(|turn| (turn.id, turn)));
        self.elsewhere.extract_if(.., |_, turn| turn.conversation == id).map(|(_, turn)| turn).collect()
    }

    /// Whether an answer is on its way elsewhere.
    pub fn is_busy_elsewhere(&self) -> bool {
        self.elsewhere.values().any(|turn| !turn.state.is_over())
    }

    /// Those in whose name all words are found, the one touched last first, deleted ones behind the others.
    pub fn list(&self, filter: &str) -> Vec<&Conversation> {
        let filter = filter.to_lowercase();
        let found = |one: &&Conversation| {
            let name = one.name.to_lowercase();
            filter.split_whitespace().all(|word| name.contains(word))
        };
        let mut all: Vec<&Conversation> = self.known.values().filter(found).collect();
        all.sort_by_key(|one| (one.deleted.is_some(), std::cmp::Reverse(one.touched)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::TurnState;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn turn(id: u64, conversation: u64, state: TurnState) -> Turn {
        let turn = Turn::new(TurnId(id), Origin::Chat, NOW, "?".into());
        Turn { conversation: ConversationId(conversation), state, ..turn }
    }

    fn ids(turns: &[Turn]) -> Vec<u64> {
        turns.iter().map(|turn| turn.id.0).collect()
    }

    #[test]
    fn it_goes_on_where_it_was_asked_last_but_not_in_what_was_deleted() {
        let one = |id: u64| Conversation::new(ConversationId(id), NOW);
        let turns = || vec![turn(1, 1, TurnState::Done), turn(2, 2, TurnState::Done), turn(3, 1, TurnState::Done)];
        let mut all = Conversations::default();
        let own = all.start_over(vec![one(1), one(2)], turns(), Some(ConversationId(9)));
        assert_eq!((all.current(), ids(&own)), (ConversationId(1), vec![1, 3]));
        let deleted = Conversation { deleted: Some(NOW), ..one(1) };
        let own = all.start_over(vec![deleted, one(2)], turns(), Some(ConversationId(9)));
        assert_eq!((all.current(), ids(&own)), (ConversationId(2), vec![2]));
        let own = all.start_over(vec![one(1)], Vec::new(), Some(ConversationId(9)));
        assert_eq!((all.current(), own.len()), (ConversationId(9), 0));
    }

    #[test]
    fn an_answer_that_comes_elsewhere_is_whole_when_one_goes_there() {
        let mut all = Conversations::default();
        assert_eq!(all.hear(turn(1, 7, TurnState::Running)), None);
        for (from, text) in [(0, "one "), (4, "two"), (4, "two three")] {
            all.say(&Said { turn: TurnId(1), from, text: text.into(), reasoning: false });
        }
        assert!(all.is_busy_elsewhere());
        let turns = all.open(ConversationId(7), vec![turn(2, 1, TurnState::Done)]);
        assert_eq!((ids(&turns), turns[0].answer.as_str()), (vec![1], "one two three"));
        assert_eq!(ids(&all.open(ConversationId::FIRST, turns)), [2]);
    }
}
