//! When the draft is to be kept: a second after it changed, and once a second while it does. Compares what is seen of a
//! draft, never what is folded in it.

use std::time::Duration;

use crate::domain::clock::Time;

/// A draft is handed to the store at most this often.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// What was kept last, and when to keep it again.
#[derive(Debug, Default)]
pub struct Keeper {
    /// None: what was handed over did not arrive.
    kept: Option<State>,
    /// What is kept before the draft: messages that wait.
    before: String,
    changes: u64,
    state: State,
    at: Option<Time>,
    begun: bool,
}

/// Which messages wait, by the number of their change (0: none), and what is seen of the draft.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct State {
    before: u64,
    draft: String,
}

impl Keeper {
    /// Notes at `now` what is seen of the draft: if it has changed, it is to be kept a second later.
    pub fn note(&mut self, draft: String, now: Time) {
        self.state.draft = draft;
        if !self.has_changed() {
            self.at = None;
        } else if self.at.is_none() {
            self.at = Some(now.plus(KEEP_EVERY));
        }
    }

    fn has_changed(&self) -> bool {
        match &self.kept {
            Some(kept) => *kept != self.state,
            None => self.begun || self.state != State::default(),
        }
    }

    /// When it is to be kept.
    pub const fn at(&self) -> Option<Time> {
        self.at
    }

    /// Whether it is to be kept now, `draft` being what is seen of it; then that counts as done, and what is kept before
    /// the draft is given.
    pub fn take(&mut self, draft: String, now: Time, at_once: bool) -> Option<&str> {
        if !at_once && self.at.is_none_or(|at| at > now) {
            return None;
        }
        self.state.draft = draft;
        if !self.has_changed() {
            return None;
        }
        self.at = None;
        self.kept = Some(self.state.clone());
        self.begun = true;
        Some(&self.before)
    }

    /// This is kept before the draft from now on. Whether it is another text than it was.
    pub fn also(&mut self, before: String) -> bool {
        let changed = self.before != before;
        if changed {
            self.changes += 1;
            self.state.before = if before.is_empty() { 0 } else { self.changes };
            self.before = before;
        }
        changed
    }

    /// This stood in the store already.
    pub fn found(&mut self, draft: String) {
        self.state.draft = draft;
        self.kept = Some(self.state.clone());
    }

    /// What was handed over did not arrive.
    pub fn lost(&mut self) {
        self.kept = None;
        self.begun = true;
    }
}
