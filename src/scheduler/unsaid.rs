//! Text on its way to the screens: gathered, and told at most thirty times a second. Pure.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::scheduler::link::Said;

/// The least time between two tellings.
const EVERY: Duration = Duration::from_millis(33);

/// Text that the screens have not been told.
#[derive(Debug)]
pub struct Unsaid {
    waiting: Vec<Said>,
    told: Time,
}

impl Unsaid {
    /// Nothing waits, and the first text may go at once.
    pub fn new(now: Time) -> Self {
        Self { waiting: Vec::new(), told: now.minus(EVERY) }
    }

    /// Takes text in.
    pub fn add(&mut self, said: Said) {
        match self.waiting.iter_mut().find(|old| old.turn == said.turn && old.reasoning == said.reasoning) {
            Some(old) => old.text.push_str(&said.text),
            None => self.waiting.push(said),
        }
    }

    /// When what waits is due; None: nothing waits.
    pub fn due(&self) -> Option<Time> {
        (!self.waiting.is_empty()).then(|| self.told.plus(EVERY))
    }

    /// What is due at `now`.
    pub fn take_due(&mut self, now: Time) -> Vec<Said> {
        // A clock set back holds nothing up.
        if now >= self.told.plus(EVERY) || now < self.told { self.take(now) } else { Vec::new() }
    }

    /// All that waits.
    pub fn take(&mut self, now: Time) -> Vec<Said> {
        if !self.waiting.is_empty() {
            self.told = now;
        }
        std::mem::take(&mut self.waiting)
    }
}
