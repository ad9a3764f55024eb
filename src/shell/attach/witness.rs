//! What an attached process has heard of the owner's state: if the owner is killed, its last half second is not on the
//! disk, but known here. Who takes over puts it right before it goes on.

use std::collections::BTreeMap;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Turn, TurnState};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::LaneState;
use crate::scheduler::effect::lane_writes;
use crate::scheduler::link::{Report, Said};
use crate::store::load::Loaded;
use crate::store::write::Write;

/// Turns and attempts that are over are remembered up to this many: far more than end in the time of one commit.
const MOST: usize = 64;

/// What was heard.
#[derive(Debug, Default)]
pub struct Witness {
    turns: BTreeMap<TurnId, Turn>,
    attempts: BTreeMap<AttemptId, Attempt>,
    meters: Vec<Meter>,
    lanes: Vec<LaneState>,
}

impl Witness {
    /// Takes in a report.
    pub fn hear(&mut self, report: &Report) {
        match report {
            Report::Snapshot(snapshot) => {
                let newest = |len: usize| len.saturating_sub(MOST);
                let turns = snapshot.turns.iter().skip(newest(snapshot.turns.len()));
                self.turns = turns.map(|turn| (turn.id, turn.clone())).collect();
                let log = snapshot.log.iter().skip(newest(snapshot.log.len()));
                self.attempts = log.map(|attempt| (attempt.id, attempt.clone())).collect();
                self.meters.clone_from(&snapshot.meters);
                self.lanes.clone_from(&snapshot.lanes);
            }
            Report::Moved(moved) => {
                self.turns.extend(moved.turn.iter().map(|turn| (turn.id, turn.clone())));
                self.attempts.extend(moved.attempts.iter().map(|attempt| (attempt.id, attempt.clone())));
                for meter in &moved.meters {
                    match self.meters.iter_mut().find(|old| same(old, meter)) {
                        Some(old) => old.clone_from(meter),
                        None => self.meters.push(meter.clone()),
                    }
                }
                for lane in &moved.lanes {
                    match self.lanes.iter_mut().find(|old| old.spec.id == lane.spec.id) {
                        Some(old) => old.clone_from(lane),
                        None => self.lanes.push(lane.clone()),
                    }
                }
                self.forget();
            }
            Report::Said(said) => self.said(said),
            Report::Saving(_) => {}
        }
    }

    fn said(&mut self, said: &Said) {
        let Some(turn) = self.turns.get_mut(&said.turn) else { return };
        let text = if said.reasoning { &mut turn.reasoning } else { &mut turn.answer };
        let new = text.len().checked_sub(said.from).and_then(|known| said.text.get(known..));
        text.push_str(new.unwrap_or_default());
    }

    fn forget(&mut self) {
        while self.turns.len() > MOST
            && let Some(id) = self.turns.values().find(|turn| turn.state.is_over()).map(|turn| turn.id)
        {
            self.turns.remove(&id);
        }
        while self.attempts.len() > MOST
            && let Some(id) = self.attempts.values().find(|one| one.outcome != Outcome::Running).map(|one| one.id)
        {
            self.attempts.remove(&id);
        }
    }

    /// Puts right what was read from the disk, and says what is to be written for it. What the disk knows better stays.
    pub fn amend(mut self, loaded: &mut Loaded, now: Time) -> Vec<Write> {
        let mut writes = Vec::new();
        if self.is_no_older(loaded) {
            self.limits(loaded, now, &mut writes);
        }
        for mut turn in self.turns.into_values() {
            let running = !turn.state.is_over();
            if running {
                turn.state = TurnState::Interrupted;
            }
            let place = loaded.turns.iter_mut().find(|old| old.id == turn.id);
            match place {
                Some(old) if old.state != TurnState::Interrupted || *old == turn => continue,
                Some(old) if running && text(old) >= text(&turn) => continue,
                Some(old) => old.clone_from(&turn),
                // It is there, but not read: of others, or too long ago.
                None if loaded.last_turn.is_some_and(|last| turn.id <= last) => continue,
                None if turn.origin == Origin::Chat => loaded.turns.push(turn.clone()),
                None => {}
            }
            loaded.last_turn = loaded.last_turn.max(Some(turn.id));
            writes.push(Write::Turn(Box::new(turn)));
        }
        for mut attempt in self.attempts.into_values() {
            if attempt.outcome == Outcome::Running {
                attempt.outcome = Outcome::Interrupted;
            }
            let place = loaded.attempts.iter_mut().find(|old| old.id == attempt.id);
            match place {
                Some(old) if old.outcome != Outcome::Interrupted || *old == attempt => continue,
                Some(old) => old.clone_from(&attempt),
                None if loaded.last_attempt.is_some_and(|last| attempt.id <= last) => continue,
                None => loaded.attempts.push(attempt.clone()),
            }
            loaded.last_attempt = loaded.last_attempt.max(Some(attempt.id));
            writes.push(Write::Attempt(Box::new(attempt)));
        }
        writes
    }

    /// Whether all that is on the disk was heard before: a witness that fell behind knows less of counts than the disk.
    fn is_no_older(&self, loaded: &Loaded) -> bool {
        let newest = self.attempts.keys().next_back().copied();
        let ended = |old: &Attempt| old.outcome != Outcome::Interrupted;
        loaded.last_attempt <= newest
            && loaded
                .attempts
                .iter()
                .filter(|old| ended(old))
                .all(|old| self.attempts.get(&old.id).is_none_or(|heard| heard.outcome != Outcome::Running))
    }

    fn limits(&mut self, loaded: &mut Loaded, now: Time, writes: &mut Vec<Write>) {
        // What was held for attempts in the air is spent for all anybody knows: their requests were sent.
        for meter in &mut self.meters {
            let held = std::mem::take(&mut meter.reserved);
            if held > 0 {
                meter.count(held, now);
            }
        }
        for meter in self.meters.drain(..) {
            match loaded.meters.iter_mut().find(|old| same(old, &meter)) {
                Some(old) if *old == meter => continue,
                Some(old) => old.clone_from(&meter),
                None => loaded.meters.push(meter.clone()),
            }
            writes.push(Write::Meter(Box::new(meter)));
        }
        for write in self.lanes.iter().flat_map(lane_writes) {
            match &write {
                Write::Rest { target, rest } => {
                    if loaded.rests.iter().find(|old| old.target == *target) == rest.as_ref() {
                        continue;
                    }
                    loaded.rests.retain(|old| old.target != *target);
                    loaded.rests.extend(rest.clone());
                }
                Write::Switch { target, switch } => {
                    if loaded.switches.iter().find(|old| old.target == *target) == switch.as_ref() {
                        continue;
                    }
                    loaded.switches.retain(|old| old.target != *target);
                    loaded.switches.extend(switch.clone());
                }
                _ => {}
            }
            writes.push(write);
        }
        if let Some(last) = self.attempts.values().next_back() {
            loaded.last_account = Some(last.lane.account());
            writes.push(Write::LastAccount(last.lane.account()));
        }
    }
}

fn same(one: &Meter, other: &Meter) -> bool {
    one.pool == other.pool && one.unit == other.unit && one.window == other.window
}

const fn text(turn: &Turn) -> usize {
    turn.answer.len() + turn.reasoning.len()
}
