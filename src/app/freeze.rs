//! The frozen screen: chat, quota and log keep their picture while the scheduler runs on. What it tells is held back, so
//! much of it; beyond that one snapshot of all is asked for in the end.

use crate::app::held::Frozen;
use crate::app::message::Effect;
use crate::app::row::{Piece, Role};
use crate::app::state::{App, Link};
use crate::domain::clock::Time;
use crate::scheduler::link::{Command, Report};

impl App {
    /// Freezes the screen, or shows all again.
    pub(in crate::app) fn freeze(&mut self, now: Time) -> Vec<Effect> {
        if self.frozen.is_some() {
            return self.thaw(now);
        }
        self.frozen = Some(Box::new(Frozen::new(now)));
        self.say("the screen is frozen, the scheduler runs on: f shows all again", Role::Plain, now);
        Vec::new()
    }

    /// Takes in what was held back.
    pub(in crate::app) fn thaw(&mut self, now: Time) -> Vec<Effect> {
        let Some(frozen) = self.frozen.take() else { return Vec::new() };
        let mut effects: Vec<Effect> = frozen.held.into_iter().flat_map(|report| self.hear(report, now)).collect();
        self.roster.follow(None, self.config.usual, now);
        self.roster.look_ahead(true, self.config.usual, now);
        if frozen.missed {
            effects.push(Effect::Send(Command::Refresh));
        }
        effects
    }

    /// Takes in what the scheduler says, now or when the screen is not frozen any more.
    pub(in crate::app) fn hear_or_hold(&mut self, report: Report, now: Time) -> Vec<Effect> {
        if let Some(frozen) = &mut self.frozen {
            frozen.hold(report);
            return Vec::new();
        }
        let starting = self.link == Link::Starting;
        let (before, answered) = (self.before_call(now), self.call_for(&report));
        let mut effects = self.hear(report, now);
        effects.extend(self.call(before, answered, now));
        effects.extend(self.send_queued(now));
        effects.extend(self.offer_setup(starting));
        effects
    }

    /// The instant of which the picture is.
    pub(in crate::app) fn pictured(&self, now: Time) -> Time {
        self.frozen.as_ref().map_or(now, |frozen| frozen.since)
    }

    /// What the first line says of a pause or a frozen screen.
    pub(in crate::app) fn halted(&self) -> Vec<Piece> {
        let paused = self.control.paused.map(|_| Piece::new("  PAUSED by you", Role::Warn));
        let frozen = self.frozen.as_ref().map(|frozen| Piece::new(format!("  FROZEN +{}", frozen.news), Role::Warn));
        paused.into_iter().chain(frozen).collect()
    }
}
