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
            Report::Saving(_) | Report::Conversed(_) | Report::Controlled(_) | Report::Refused(..) => {}
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
        loaded.unsettled.clear();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::Usage;
    use crate::domain::failure::Class;
    use crate::domain::ids::LaneId;
    use crate::domain::quota::limit::Unit;
    use crate::domain::roster::{Dialect, LaneSpec, Wire};
    use crate::domain::standing::{Need, Rest, Target};
    use crate::scheduler::link::Moved;

    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn turn(id: u64, answer: &str, state: TurnState) -> Turn {
        Turn { answer: answer.into(), state, ..Turn::new(TurnId(id), Origin::Chat, NOON, "why?".into()) }
    }

    fn attempt(id: u64, outcome: Outcome) -> Attempt {
        Attempt {
            id: AttemptId(id),
            turn: TurnId(id),
            number: 1,
            origin: Origin::Chat,
            lane: LaneId::from("a/b"),
            started: NOON,
            status: None,
            outcome,
            first_token: None,
            took: None,
            usage: Usage::default(),
            headers: Vec::new(),
            why: String::new(),
            note: String::new(),
            simulated: false,
        }
    }

    fn meter(used: u64, held: u64) -> Meter {
        let mut meter = Meter::new("a".into(), Unit::Requests, "60s".parse().unwrap(), None, NOON);
        meter.count(used, NOON);
        meter.reserve(held);
        meter
    }

    fn moved(turn: Turn, attempt: Attempt, meters: Vec<Meter>) -> Report {
        let spec = LaneSpec::new(attempt.lane.clone(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1");
        let mut lane = LaneState::new(spec);
        let target = Target::Lane(attempt.lane.clone());
        let words = String::new();
        lane.rest = Some(Rest { target, since: NOON, until: None, class: Class::Gone, told: true, words });
        Report::Moved(Box::new(Moved {
            at: NOON,
            turn: Some(turn),
            attempts: vec![attempt],
            lanes: vec![lane],
            meters,
            next: None,
            usual: Need::USUAL,
        }))
    }

    fn said(turn: u64, from: usize, text: &str) -> Report {
        Report::Said(Said { turn: TurnId(turn), from, text: text.into(), reasoning: false })
    }

    #[test]
    fn what_was_heard_and_not_written_is_put_right() {
        let mut witness = Witness::default();
        witness.hear(&moved(turn(1, "done", TurnState::Done), attempt(1, Outcome::Answered), vec![meter(1, 0)]));
        witness.hear(&moved(turn(2, "", TurnState::Running), attempt(2, Outcome::Running), vec![meter(1, 1)]));
        witness.hear(&said(2, 0, "half an "));
        witness.hear(&said(2, 4, " an answer"));
        let interrupted = turn(2, "half", TurnState::Interrupted);
        let mut loaded = Loaded {
            turns: vec![turn(1, "do", TurnState::Interrupted), interrupted],
            attempts: vec![attempt(1, Outcome::Interrupted)],
            meters: vec![meter(0, 0)],
            last_turn: Some(TurnId(2)),
            last_attempt: Some(AttemptId(1)),
            ..Loaded::default()
        };
        let writes = witness.amend(&mut loaded, NOON);
        assert_eq!(loaded.turns, [turn(1, "done", TurnState::Done), turn(2, "half an answer", TurnState::Interrupted)]);
        assert_eq!(loaded.attempts, [attempt(1, Outcome::Answered), attempt(2, Outcome::Interrupted)]);
        assert_eq!(loaded.meters, [meter(2, 0)], "what was in the air is counted");
        assert_eq!(loaded.rests.len(), 1);
        assert_eq!((loaded.last_attempt, loaded.last_account), (Some(AttemptId(2)), Some("a".into())));
        // A limit, a rest, an account, two turns, two rows.
        assert_eq!(writes.len(), 7, "{writes:?}");
    }

    #[test]
    fn what_the_disk_knows_better_stays() {
        let mut witness = Witness::default();
        witness.hear(&moved(turn(1, "ha", TurnState::Running), attempt(1, Outcome::Running), vec![meter(0, 1)]));
        let loaded = Loaded {
            turns: vec![turn(1, "half", TurnState::Done)],
            attempts: vec![attempt(1, Outcome::Answered)],
            meters: vec![meter(5, 0)],
            last_turn: Some(TurnId(1)),
            last_attempt: Some(AttemptId(1)),
            ..Loaded::default()
        };
        let mut amended = loaded.clone();
        assert_eq!(witness.amend(&mut amended, NOON), []);
        assert_eq!(amended, loaded);
    }

    #[test]
    fn it_does_not_grow() {
        let mut witness = Witness::default();
        for id in 1..500 {
            witness.hear(&moved(turn(id, "", TurnState::Done), attempt(id, Outcome::Answered), Vec::new()));
        }
        assert_eq!((witness.turns.len(), witness.attempts.len()), (MOST, MOST));
        assert!(witness.turns.contains_key(&TurnId(499)));
    }
}
