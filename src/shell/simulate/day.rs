//! A simulated day: callers, a policy and a world, driven by one queue of events in virtual time. Exchanges are read by
//! the real readers. Decides nothing.
//!
//! ```text
//!  caller ─ask▶ policy ─fly▶ world ─reply▶ queue ─head, text, end▶ policy ─over▶ caller, after a pause
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::exchange::Head;
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::roster::LaneSpec;
use crate::scheduler::flight::{Event, IDLE, Reached};
use crate::shell::simulate::outcome::{Outcome, Yield};
use crate::shell::simulate::policy::{Act, Policy, patience};
use crate::sim::exchange::Ending;
use crate::sim::world::World;
use crate::sim::world::call::Call;
use crate::sim::world::demand::{Asked, Pace};
use crate::sim::world::reply::Then;

/// Who was shown a failure tries again after this, or after the usual pause if that is longer.
const AFTER_FAILURE: Duration = Duration::from_mins(1);
/// An asker waits this much longer than its patience: whoever routes may have the last word.
const GRACE: Duration = Duration::from_secs(1);
/// All callers have come by then.
const ARRIVAL: Duration = Duration::from_secs(10);

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Ask(u32),
    Head(AttemptId),
    Text(AttemptId),
    End(AttemptId),
    Patience(TurnId),
    Restart,
}

/// A question that is not over.
#[derive(Debug)]
struct Open {
    caller: u32,
    asked: Asked,
    since: Time,
    /// Its attempt in the air, and when that was sent.
    flight: Option<(AttemptId, Time)>,
}

/// An attempt in the air.
#[derive(Debug)]
struct InAir {
    turn: TurnId,
    lane: usize,
    asked: Asked,
    head: Option<Head>,
    then: Then,
    over_limit: bool,
}

/// A day in progress.
struct Course<'a> {
    world: World,
    lanes: Vec<LaneSpec>,
    pace: Pace,
    policy: &'a mut dyn Policy,
    now: Time,
    queue: BinaryHeap<Reverse<(Time, u64, Happening)>>,
    order: u64,
    turns: BTreeMap<TurnId, Open>,
    flights: BTreeMap<AttemptId, InAir>,
    /// How many questions each caller has asked.
    asked: Vec<u64>,
    outcome: Outcome,
}

/// Runs `world` for so long.
pub fn run(world: World, pace: Pace, length: Duration, policy: &mut dyn Policy) -> Outcome {
    let lanes = world.lanes().to_vec();
    let day = world.day().clone();
    let askers = day.demand.askers(pace);
    let outcome = Outcome { lanes: vec![Yield::default(); lanes.len()], ..Outcome::default() };
    let mut course = Course {
        world,
        lanes,
        pace,
        policy,
        now: day.start,
        queue: BinaryHeap::new(),
        order: 0,
        turns: BTreeMap::new(),
        flights: BTreeMap::new(),
        asked: vec![0; usize::try_from(askers).unwrap_or_default()],
        outcome,
    };
    for caller in 0..askers {
        course.at(day.start.plus(ARRIVAL * caller / askers), Happening::Ask(caller));
    }
    for restart in day.restarts {
        course.at(day.start.plus(restart), Happening::Restart);
    }
    course.until(day.start.plus(length));
    course.close()
}

impl Course<'_> {
    fn until(&mut self, end: Time) {
        loop {
            let happens = self.queue.peek().map(|Reverse((at, ..))| *at);
            let wakes = self.policy.next_wake(self.now);
            let Some(next) = happens.into_iter().chain(wakes).min().filter(|at| *at < end) else { return };
            self.now = self.now.max(next);
            if wakes.is_some_and(|at| at <= self.now) {
                self.policy.wake(self.now);
                self.carry_out();
            }
            while let Some(Reverse((at, ..))) = self.queue.peek()
                && *at <= self.now
            {
                if let Some(Reverse((_, _, happening))) = self.queue.pop() {
                    self.happen(happening);
                    self.carry_out();
                }
            }
        }
    }

    fn close(mut self) -> Outcome {
        let flying = self.turns.values().filter(|turn| turn.flight.is_some()).count() as u64;
        self.outcome.open = [self.turns.len() as u64 - flying, flying];
        self.outcome.waits.sort_unstable();
        self.outcome
    }

    fn at(&mut self, at: Time, happening: Happening) {
        self.order += 1;
        self.queue.push(Reverse((at, self.order, happening)));
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Ask(caller) => self.ask(caller),
            Happening::Head(attempt) => self.head(attempt),
            Happening::Text(attempt) => {
                let event = Event::Said { text: "…".into(), reasoning: false };
                self.policy.flown(attempt, event, self.now);
            }
            Happening::End(attempt) => self.end(attempt),
            Happening::Patience(id) => match self.turns.get(&id) {
                // In the air: let it come down. If it fails, and nothing else takes it, the asker is gone.
                Some(turn) if turn.flight.is_some() => self.at(self.now.plus(GRACE * 5), Happening::Patience(id)),
                Some(_) => self.policy.give_up(id, self.now),
                None => {}
            },
            Happening::Restart => self.restart(),
        }
    }

    fn ask(&mut self, caller: u32) {
        let Some(count) = usize::try_from(caller).ok().and_then(|place| self.asked.get_mut(place)) else { return };
        let asked = self.world.day().demand.asked(self.pace, self.world.seed(), caller, *count);
        *count += 1;
        self.outcome.asked += 1;
        let turn = TurnId(self.outcome.asked);
        self.turns.insert(turn, Open { caller, asked, since: self.now, flight: None });
        self.at(self.now.plus(patience(&asked) + GRACE), Happening::Patience(turn));
        self.policy.ask(turn, &asked, self.now);
    }

    fn carry_out(&mut self) {
        for act in self.policy.acts() {
            match act {
                Act::Fly { attempt, turn, lane } => self.fly(attempt, turn, lane),
                Act::Over { turn, failed } => self.over(turn, failed),
            }
        }
    }

    fn fly(&mut self, attempt: AttemptId, turn: TurnId, lane: usize) {
        let (Some(open), Some(spec)) = (self.turns.get_mut(&turn), self.lanes.get(lane)) else { return };
        open.flight = Some((attempt, self.now));
        self.outcome.attempts += 1;
        let asked = open.asked;
        let call = Call { model: spec.id.model(), prompt: asked.prompt, answer: asked.answer };
        let Some(reply) = self.world.call(spec.id.account().as_str(), call, self.now) else { return };
        let (head, over_limit) = (Some(reply.head), reply.over_limit);
        self.flights.insert(attempt, InAir { turn, lane, asked, head, then: reply.then, over_limit });
        self.at(self.now.plus(reply.head_after), Happening::Head(attempt));
    }

    /// The head is there, and what follows it is known.
    fn head(&mut self, attempt: AttemptId) {
        let Some(flight) = self.flights.get_mut(&attempt) else { return };
        let Some(head) = flight.head.take() else { return };
        let (now, then) = (self.now, flight.then.clone());
        if let Then::Refused(body) = then {
            let (turn, lane, over_limit) = (flight.turn, flight.lane, flight.over_limit);
            self.flights.remove(&attempt);
            self.down(turn);
            let Some(spec) = self.lanes.get(lane) else { return };
            if head.status == 429 && over_limit {
                self.outcome.provoked += 1;
                if let Some(lane) = self.outcome.lanes.get_mut(lane) {
                    lane.provoked += 1;
                }
            } else if head.status == 429 {
                self.outcome.busy += 1;
            }
            return self.policy.refused(attempt, spec, (head, &body), now);
        }
        match then {
            Then::Answered { first, rest } => self.at(now.plus(first + rest), Happening::End(attempt)),
            Then::Broken { first, half, ending } => {
                self.at(now.plus(first), Happening::Text(attempt));
                let silence = if ending == Ending::Stall { IDLE } else { Duration::ZERO };
                self.at(now.plus(first + half + silence), Happening::End(attempt));
            }
            Then::Refused(_) => {}
        }
        self.policy.flown(attempt, Event::Head(head), now);
    }

    fn end(&mut self, attempt: AttemptId) {
        let Some(flight) = self.flights.remove(&attempt) else { return };
        let InAir { turn, lane, asked, then, .. } = flight;
        let failure = match then {
            Then::Broken { ending: Ending::Cut, .. } => Some("the connection was cut".to_owned()),
            Then::Broken { .. } => Some(format!("nothing came for {} s", IDLE.as_secs())),
            _ => None,
        };
        if let Some(words) = failure {
            self.down(turn);
            let failure = Failure::new(Class::Server, words);
            return self.policy.flown(attempt, Event::Failed(failure, Reached::Provider), self.now);
        }
        if let Some(lane) = self.outcome.lanes.get_mut(lane) {
            lane.answers += 1;
            lane.tokens += asked.prompt + asked.answer;
        }
        let usage = Usage { input: Some(asked.prompt), output: Some(asked.answer) };
        self.policy.flown(attempt, Event::Usage(usage), self.now);
        self.policy.flown(attempt, Event::Answered, self.now);
    }

    /// Its attempt has come down without an answer.
    fn down(&mut self, turn: TurnId) {
        if let Some(open) = self.turns.get_mut(&turn) {
            open.flight = None;
        }
    }

    fn over(&mut self, turn: TurnId, failed: Option<String>) {
        let Some(open) = self.turns.remove(&turn) else { return };
        let mut pause = open.asked.pause;
        if let Some(why) = failed {
            self.outcome.failed += 1;
            self.outcome.avoidable += u64::from(self.is_avoidable(&open));
            *self.outcome.reasons.entry(outline(&why)).or_default() += 1;
            pause = pause.max(AFTER_FAILURE);
        } else {
            self.outcome.answered += 1;
            let sent = open.flight.map_or(open.since, |(_, sent)| sent);
            self.outcome.waits.push(u64::try_from(sent.since(open.since).as_millis()).unwrap_or(u64::MAX));
        }
        self.at(self.now.plus(pause), Happening::Ask(open.caller));
    }

    /// Whether a lane would have taken it within its asker's patience, had nobody else taken its place.
    fn is_avoidable(&self, open: &Open) -> bool {
        let left = open.since.plus(patience(&open.asked)).since(self.now);
        self.lanes.iter().any(|lane| {
            let call = Call { model: lane.id.model(), prompt: open.asked.prompt, answer: open.asked.answer };
            self.world.opens(lane.id.account().as_str(), call, self.now).is_some_and(|wait| wait <= left)
        })
    }

    fn restart(&mut self) {
        self.policy.restart(self.now);
        self.flights.clear();
        for open in std::mem::take(&mut self.turns).into_values() {
            self.outcome.interrupted += 1;
            self.at(self.now.plus(open.asked.pause), Happening::Ask(open.caller));
        }
    }
}

/// The reason of a failure without what differs from one to the next.
fn outline(why: &str) -> String {
    let head = why.split(':').next().unwrap_or_default();
    head.chars().filter(|char| !char.is_ascii_digit()).collect()
}
