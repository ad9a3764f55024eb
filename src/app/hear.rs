//! What the scheduler says, taken in.

use crate::app::message::Effect;
use crate::app::row::Role;
use crate::app::state::{App, Link, Overlay};
use crate::domain::attempt::Outcome;
use crate::domain::clock::Time;
use crate::domain::conversation::Turn;
use crate::domain::ids::PoolId;
use crate::domain::text::one_line;
use crate::scheduler::link::{Moved, Report, Snapshot};

impl App {
    pub(in crate::app) fn hear(&mut self, report: Report, now: Time) -> Vec<Effect> {
        match report {
            Report::Snapshot(snapshot) => return self.start_over(*snapshot, now),
            Report::Moved(moved) => self.moved(*moved, now),
            Report::Said(said) => {
                self.conversations.say(&said);
                self.transcript.say(&said);
            }
            Report::Conversed(all) => {
                for one in all {
                    self.conversations.put(one);
                }
                self.count_along();
            }
            Report::Refused(attempt, body) => self.learn_body(attempt, Some(body)),
            Report::Controlled(control) => self.controlled(control),
            Report::Saving(saving) => self.saving = saving,
        }
        Vec::new()
    }

    fn start_over(&mut self, snapshot: Snapshot, now: Time) -> Vec<Effect> {
        let mut effects = self.settle_asked(&snapshot.turns);
        self.simulated = snapshot.simulated;
        self.roster.lanes = snapshot.lanes;
        self.roster.meters = snapshot.meters;
        self.roster.next = snapshot.next;
        self.config.usual = snapshot.usual;
        self.roster.follow(None, snapshot.usual, now);
        self.roster.look_ahead(true, snapshot.usual, now);
        self.count_rows();
        self.saving = snapshot.saving;
        self.controlled(Box::new(snapshot.control));
        self.offer = snapshot.offer;
        self.endpoint = snapshot.endpoint;
        if let Some(new) = snapshot.notices.iter().rfind(|notice| !self.notices.contains(notice)) {
            self.say(one_line(new), Role::Warn, now);
        }
        self.notices = snapshot.notices;
        self.log.replace_all(snapshot.log);
        if let Some(last) = snapshot.turns.iter().map(|turn| turn.id).max() {
            self.last_turn = self.last_turn.max(last);
        }
        let fresh = (self.link == Link::Starting).then(|| self.fresh_conversation(now));
        if self.link == Link::Starting {
            for turn in &snapshot.turns {
                self.composer.remember(&turn.prompt);
            }
            self.composer.restore(&snapshot.draft);
            (self.looks.look, self.looks.kept) = (snapshot.look, snapshot.look);
        }
        self.link = Link::Heard;
        let own = self.conversations.start_over(snapshot.conversations, snapshot.turns, fresh);
        self.transcript.merge(own);
        effects.extend(self.read_older());
        self.awaited =
            self.awaited.filter(|turn| self.asked.iter().any(|ask| ask.turn == *turn) && self.turn(*turn).is_none());
        self.count_along();
        // What a detail was about may be gone.
        if let Some(Overlay::Attempt(id)) = &self.overlay {
            let known = self.log.find(*id).is_some();
            self.overlay = self.overlay.take().filter(|_| known);
        }
        if let Some(said) = self.moved_to.take() {
            self.say(one_line(&said), Role::Warn, now);
        }
        effects
    }

    fn moved(&mut self, moved: Moved, now: Time) {
        for attempt in moved.attempts {
            if attempt.outcome != Outcome::Running {
                self.past.touch(&attempt.lane);
            }
            self.log.put(attempt);
        }
        let changed = !(moved.lanes.is_empty() && moved.meters.is_empty());
        self.config.usual = moved.usual;
        let pools: Vec<PoolId> = moved.meters.iter().map(|meter| meter.pool.clone()).collect();
        self.roster.merge(moved.lanes, moved.meters, moved.next);
        self.roster.follow(Some(&pools), self.config.usual, now);
        self.roster.look_ahead(changed, self.config.usual, now);
        if changed {
            self.count_rows();
        }
        if let Some(turn) = moved.turn {
            self.last_turn = self.last_turn.max(turn.id);
            self.tested(&turn, now);
            self.put_turn(turn);
        }
    }

    fn put_turn(&mut self, turn: Turn) {
        let over = turn.state.is_over();
        if self.awaited == Some(turn.id) {
            self.awaited = None;
        }
        if over {
            self.stopping.remove(&turn.id);
            self.asked.retain(|ask| ask.turn != turn.id);
        }
        let counts = over || turn.replaces.is_some();
        if let Some(turn) = self.conversations.hear(turn) {
            self.transcript.put(turn);
        }
        if counts {
            self.count_along();
        }
    }
}
