//! What the desk wants done, gathered until it is asked for. Pure.

use crate::domain::clock::Time;
use crate::scheduler::effect::Effect;
use crate::scheduler::link::{Report, Said};
use crate::scheduler::unsaid::Unsaid;
use crate::store::write::Write;

/// Effects, and text that is told when it is due.
#[derive(Debug)]
pub struct Outbox {
    effects: Vec<Effect>,
    unsaid: Unsaid,
}

impl Outbox {
    /// Nothing yet.
    pub fn new(now: Time) -> Self {
        Self { effects: Vec::new(), unsaid: Unsaid::new(now) }
    }

    /// What is to be done since this was asked last.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Something else that is to be done.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Keep this.
    pub fn keep(&mut self, write: Write) {
        self.effects.push(Effect::Keep(write));
    }

    /// Tell all subscribers.
    pub fn tell(&mut self, report: Report) {
        self.effects.push(Effect::Tell(report));
    }

    /// Text for the screens, in its own time.
    pub fn say(&mut self, said: Said, now: Time) {
        self.unsaid.add(said);
        self.flush(now);
    }

    /// When text is due; None: none waits.
    pub fn due(&self) -> Option<Time> {
        self.unsaid.due()
    }

    /// Tells the text that is due.
    pub fn flush(&mut self, now: Time) {
        let due = self.unsaid.take_due(now);
        self.effects.extend(due.into_iter().map(Report::Said).map(Effect::Tell));
    }

    /// Tells all text.
    pub fn flush_now(&mut self, now: Time) {
        let all = self.unsaid.take(now);
        self.effects.extend(all.into_iter().map(Report::Said).map(Effect::Tell));
    }
}
