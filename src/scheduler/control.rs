//! The user's hand on the rotation: how lanes are chosen, in which order, with which weight, what is kept back for the
//! chat; and the pause, in which nothing new is sent. Pure.
//!
//! ```text
//!  paused:  chat ──▶ waits until it goes on        ask, endpoint ──▶ wait within their patience ──▶ told why
//!           what is in the air runs on
//! ```

use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, TurnState};
use crate::domain::hand::{Control, Setting};
use crate::domain::ids::{AccountId, TurnId};
use crate::domain::roster::Strategy;
use crate::domain::standing::LaneState;
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::Effect;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::Report;
use crate::scheduler::link::call::Cause;
use crate::scheduler::patience;
use crate::store::write::Write;

/// What a turn waits for that is held by the pause.
const PAUSED: &str = "you: the scheduler is paused";
/// What others are told.
const TOLD: &str = "the scheduler is paused by its user; `p` in a pane of the dashboard goes on";

impl Ledger {
    /// Sets one thing by hand.
    pub fn set(&mut self, setting: Setting) {
        self.kept.hand.set(setting);
        let hand = &self.kept.hand;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let set = (hand.weights.get(&lane.spec.account()).copied(), hand.keep(&lane.spec.id));
            if set != (lane.weight, lane.keep) {
                (lane.weight, lane.keep) = set;
                self.changed.insert(index);
            }
        }
        self.arrange();
    }

    /// Gives each account its place: by the hand's order, then as in the roster.
    pub(in crate::scheduler) fn arrange(&mut self) {
        let hand = &self.kept.hand;
        let place = |account: &AccountId| hand.place(account).unwrap_or(usize::MAX);
        let mut order: Vec<usize> = (0..self.accounts.len()).collect();
        order.sort_by_key(|index| self.accounts.get(*index).map(place));
        let mut ranks = vec![0; order.len()];
        for (rank, index) in order.into_iter().enumerate() {
            if let Some(place) = ranks.get_mut(index) {
                *place = rank;
            }
        }
        self.place.ranks = ranks;
    }

    /// How lanes are chosen.
    pub const fn strategy(&self) -> Strategy {
        self.strategy
    }

    /// The accounts, in the order in which they stand.
    pub fn order(&self) -> Vec<AccountId> {
        let mut all: Vec<(usize, &AccountId)> = self.accounts.iter().enumerate().collect();
        all.sort_by_key(|(index, _)| self.place.rank(*index));
        all.into_iter().map(|(_, account)| account.clone()).collect()
    }

    /// The roster, in the order in which its accounts stand.
    pub fn in_order(&self) -> Vec<LaneState> {
        let mut all: Vec<(usize, &LaneState)> =
            self.sides.iter().map(|side| self.place.rank(side.account)).zip(&self.lanes).collect();
        all.sort_by_key(|(rank, _)| *rank);
        all.into_iter().map(|(_, lane)| lane.clone()).collect()
    }
}

impl Desk {
    /// How the rotation is set.
    pub fn control(&self) -> Control {
        Control {
            hand: self.ledger.kept.hand.clone(),
            strategy: self.ledger.strategy,
            order: self.ledger.order(),
            paused: self.paused,
        }
    }

    /// Chooses as the hand says, else as the config.
    pub(in crate::scheduler) fn follow_strategy(&mut self) {
        let strategy = self.ledger.kept.hand.strategy.unwrap_or(self.configured);
        self.ledger.set_strategy(strategy);
    }

    pub(in crate::scheduler) fn set(&mut self, setting: Setting, now: Time) {
        self.ledger.set(setting);
        self.follow_strategy();
        self.outbox.keep(Write::Hand(Box::new(self.ledger.kept.hand.clone())));
        self.outbox.tell(Report::Controlled(Box::new(self.control())));
        self.tell_ledger(None, Vec::new(), now);
        self.replan(now);
    }

    pub(in crate::scheduler) fn pause(&mut self, paused: bool, now: Time) {
        if self.paused.is_some() == paused {
            return;
        }
        self.paused = paused.then_some(now);
        self.outbox.tell(Report::Controlled(Box::new(self.control())));
        self.replan(now);
    }

    /// A turn that would go on while nothing is sent. The chat's patience begins when it goes on; others have their own.
    pub(in crate::scheduler) fn hold_turn(&mut self, id: TurnId, now: Time) {
        let waiting = self.turns.waiting().len();
        let Some(work) = self.turns.work(id) else { return };
        work.awaits = None;
        if work.turn.origin == Origin::Chat {
            work.since = now;
        }
        let is_new = !matches!(work.turn.state, TurnState::Waiting { .. });
        let why = if work.deadline(now) <= now {
            Some(TOLD)
        } else if is_new && waiting > patience::WAITING {
            Some(patience::TOO_MANY)
        } else {
            None
        };
        if let Some(why) = why {
            return self.close(id, TurnState::Failed(why.into()), Vec::new(), now);
        }
        let on = if work.turn.origin == Origin::Chat { PAUSED } else { TOLD };
        let state = TurnState::Waiting { until: None, on: on.into() };
        if work.turn.state != state {
            work.turn.state = state;
            work.turn.lane = None;
            self.tell_work(id, false, now);
        }
    }

    /// The same for a call of the endpoint.
    pub(in crate::scheduler) fn hold_call(&mut self, id: TurnId, now: Time) {
        let parked = self.calls.parked();
        let Some(errand) = self.calls.get(id) else { return };
        if errand.deadline(now) <= now {
            return self.refuse(id, Cause::Busy, TOLD.into(), None);
        }
        if errand.parked.is_none() && parked >= patience::WAITING {
            return self.refuse(id, Cause::Busy, patience::TOO_MANY.into(), None);
        }
        if self.calls.park(id, None) {
            self.outbox.push(Effect::Park(id));
        }
    }
}
