//! The desk as a policy of a simulated day: the very code that routes. What it wants kept is dropped, what it tells the
//! screens is read for its ends and dropped.

use std::collections::{BTreeMap, HashMap};

use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Origin, Request, Role, TurnState};
use crate::domain::exchange::Head;
use crate::domain::hand::Hand;
use crate::domain::ids::{AttemptId, LaneId, TurnId};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::domain::standing::{Rest, Target};
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::{Effect, Opening};
use crate::scheduler::flight::{Event, Flown, Reached, refused};
use crate::scheduler::kept::Kept;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::{Ask, Command, Moved, Report};
use crate::scheduler::turns::Turns;
use crate::shell::simulate::policy::{Act, Policy};
use crate::sim::world::demand::Asked;

/// All callers are one subscriber.
const ASKER: u16 = 1;

/// The desk, and what it said that nobody has asked for yet.
#[derive(Debug)]
pub struct Roundel {
    desk: Desk,
    specs: Vec<LaneSpec>,
    strategy: Strategy,
    places: HashMap<LaneId, usize>,
    /// Whose the attempts are that were just told of.
    turns: BTreeMap<AttemptId, TurnId>,
    acts: Vec<Act>,
}

impl Roundel {
    /// A desk that knows these lanes and nothing else.
    pub fn new(specs: &[LaneSpec], strategy: Strategy, now: Time) -> Self {
        let ledger = Ledger::new(specs.to_vec(), Kept::default(), now);
        Self {
            desk: Desk::new(Opening { ledger, strategy, ..Opening::default() }, now),
            specs: specs.to_vec(),
            strategy,
            places: specs.iter().enumerate().map(|(place, spec)| (spec.id.clone(), place)).collect(),
            turns: BTreeMap::new(),
            acts: Vec::new(),
        }
    }

    fn look(&mut self) {
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Fly { attempt, lane, .. } => {
                    let turn = self.turns.remove(&attempt);
                    if let (Some(turn), Some(lane)) = (turn, self.places.get(&lane.id)) {
                        self.acts.push(Act::Fly { attempt, turn, lane: *lane });
                    }
                }
                Effect::Tell(Report::Moved(moved)) => self.moved(*moved),
                // Nobody calls here, and there is no endpoint.
                Effect::Tell(_)
                | Effect::Keep(_)
                | Effect::Abort(_)
                | Effect::Pass { .. }
                | Effect::Park(_)
                | Effect::Refuse(..)
                | Effect::Forget(_)
                | Effect::SwitchEndpoint(_) => {}
            }
        }
    }

    fn moved(&mut self, moved: Moved) {
        // The row of an attempt is told before it flies.
        let begun = moved.attempts.iter().filter(|attempt| attempt.took.is_none() && attempt.status.is_none());
        self.turns.extend(begun.map(|attempt| (attempt.id, attempt.turn)));
        let Some(turn) = moved.turn.filter(|turn| turn.state.is_over()) else { return };
        let failed = match turn.state {
            TurnState::Done => None,
            TurnState::Failed(why) => Some(why),
            _ => Some("gave up waiting".into()),
        };
        self.acts.push(Act::Over { turn: turn.id, failed });
    }
}

impl Policy for Roundel {
    fn ask(&mut self, turn: TurnId, asked: &Asked, now: Time) {
        // A message costs four tokens, and four characters are one.
        let text = "x".repeat(usize::try_from(asked.estimate.saturating_sub(4) * 4).unwrap_or_default());
        let origin = if asked.person { Origin::Chat } else { Origin::Endpoint };
        let request = Request { messages: vec![Message::text(Role::User, text)], ..Request::default() };
        let ask = Ask::new(turn, origin, String::new(), request);
        self.desk.command(ASKER, Command::Ask(Box::new(ask)), now);
        self.look();
    }

    fn flown(&mut self, attempt: AttemptId, event: Event, now: Time) {
        self.desk.flown(Flown { attempt, event }, now);
        self.look();
    }

    fn refused(&mut self, attempt: AttemptId, lane: &LaneSpec, (head, body): (Head, &[u8]), now: Time) {
        let failure = refused(lane.dialect, &head, body, now);
        self.flown(attempt, Event::Head(head), now);
        self.flown(attempt, Event::Failed(failure, Reached::Provider), now);
    }

    fn give_up(&mut self, turn: TurnId, now: Time) {
        self.desk.cancel(turn, now);
        self.look();
    }

    fn wake(&mut self, now: Time) {
        self.desk.wake(now);
        self.look();
    }

    fn next_wake(&self, now: Time) -> Option<Time> {
        self.desk.next_wake(now)
    }

    fn restart(&mut self, now: Time) {
        let snapshot = self.desk.snapshot(now);
        let rests = snapshot.lanes.iter().filter_map(|lane| {
            let rest = lane.rest.clone()?;
            Some(Rest { target: Target::Lane(lane.spec.id.clone()), ..rest })
        });
        let last = snapshot.log.last();
        let kept = Kept {
            meters: snapshot.meters.into_iter().map(|meter| Meter { reserved: 0, ..meter }).collect(),
            rests: rests.collect(),
            switches: Vec::new(),
            hand: Hand::default(),
            last_account: last.map(|attempt| attempt.lane.account()),
            unsettled: Vec::new(),
        };
        let last_attempt = last.map(|attempt| attempt.id);
        let ledger = Ledger::new(self.specs.clone(), kept, now);
        let turns = Turns::new(snapshot.turns.into_iter().filter(|turn| turn.state.is_over()).collect(), snapshot.log);
        let strategy = self.strategy;
        self.desk = Desk::new(Opening { ledger, turns, last_attempt, strategy, ..Opening::default() }, now);
        self.turns.clear();
    }

    fn acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }
}
