//! What is done with conversations: begun, opened, renamed, deleted, asked differently.

use crate::app::message::{Effect, Wanted};
use crate::app::row::Role;
use crate::app::state::{App, Link};
use crate::domain::chat::Change;
use crate::domain::clock::Time;
use crate::domain::conversation::Turn;
use crate::domain::ids::ConversationId;
use crate::scheduler::link::{Command, turn_id};

impl App {
    /// An id that no other conversation has.
    pub(in crate::app) fn fresh_conversation(&self, now: Time) -> ConversationId {
        ConversationId(turn_id(now, self.config.subscriber, self.last_turn).0)
    }

    /// Asks for the turns of the conversation that are on the disk alone.
    pub(in crate::app) fn read_older(&self) -> Option<Effect> {
        let id = self.conversations.current();
        let known = self.conversations.get(id)?;
        (known.turns > self.transcript.cells().len() as u64).then_some(Effect::Look(Wanted::Conversation(id)))
    }

    /// Takes in what was on the disk.
    pub(in crate::app) fn read(&mut self, id: ConversationId, turns: Vec<Turn>) {
        if id == self.conversations.current() {
            self.transcript.fill(turns);
            self.count_along();
        }
    }

    /// Another conversation comes to the screen. None: it cannot, and that is said.
    pub(in crate::app) fn open_conversation(&mut self, id: ConversationId, now: Time) -> Option<Vec<Effect>> {
        if !self.queue.is_empty() {
            self.say("a message waits here to be sent: ↑ brings it back first", Role::Warn, now);
            return None;
        }
        let leaving = self.transcript.cells().iter().map(|cell| cell.turn.clone()).collect();
        self.fork = None;
        let turns = self.conversations.open(id, leaving);
        self.transcript.begin(turns);
        self.count_along();
        Some(self.read_older().into_iter().collect())
    }

    /// Begins a new one.
    pub(in crate::app) fn new_conversation(&mut self, now: Time) -> Vec<Effect> {
        if self.transcript.cells().is_empty() && self.conversations.name().is_empty() {
            self.say("this conversation is new already", Role::Dim, now);
            return Vec::new();
        }
        let before = self.conversations.name().to_owned();
        let id = self.fresh_conversation(now);
        let opened = self.open_conversation(id, now);
        if opened.is_some() && !before.is_empty() {
            self.say(format!("a new conversation; Ctrl+O goes back to \"{before}\""), Role::Plain, now);
        }
        opened.unwrap_or_default()
    }

    /// Changes a conversation, here and at the scheduler.
    pub(in crate::app) fn change_conversation(&mut self, id: ConversationId, change: Change, now: Time) -> Vec<Effect> {
        if self.link == Link::Stopped {
            self.say("not changed: the scheduler has stopped", Role::Warn, now);
            return Vec::new();
        }
        self.conversations.change(id, change.clone(), now);
        self.count_along();
        vec![Effect::Send(Command::Converse(id, change))]
    }
}
