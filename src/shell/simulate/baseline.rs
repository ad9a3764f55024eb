//! The policies that are in use elsewhere, to compare with: a fallback chain, blind round-robin, a flat cooldown,
//! obedience to Retry-After. Small and pure; each hears status and headers, knows no limit, and has the same patience,
//! timeouts and number of tries as the desk.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::roster::LaneSpec;
use crate::scheduler::effect::MOST_ATTEMPTS;
use crate::scheduler::flight::Event;
use crate::shell::simulate::policy::{Act, Policy, patience};
use crate::sim::world::demand::Asked;

/// What a flat cooldown is elsewhere, more often than not.
const FLAT: Duration = Duration::from_mins(1);
/// The first wait after all lanes have failed, and the longest: it doubles in between.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(16));

/// What it does about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Each question begins at the first lane, and goes down the list.
    Fallback,
    /// Each attempt goes to the next lane, whatever was heard of it.
    Blind,
    /// The same, over lanes that were not refused with 429 in the last minute.
    Cooldown,
    /// The same, over lanes of which no Retry-After says that they rest.
    RetryAfter,
}

/// One of them at work.
#[derive(Debug)]
pub struct Baseline {
    habit: Habit,
    /// Until when each lane rests.
    rests: Vec<Time>,
    /// The lane that is next.
    next: usize,
    turns: BTreeMap<TurnId, Waiting>,
    flights: BTreeMap<AttemptId, (TurnId, usize, Option<Head>)>,
    last: u64,
    acts: Vec<Act>,
}

/// A question that is not over.
#[derive(Debug)]
struct Waiting {
    until: Time,
    tries: usize,
    /// Lanes that failed since the last wait.
    failed: Vec<usize>,
    /// Lanes that can never take it.
    never: Vec<usize>,
    /// When it is tried again; None: it is in the air.
    again: Option<Time>,
    backoff: Duration,
    said: bool,
}

impl Baseline {
    /// At work on so many lanes.
    pub fn new(habit: Habit, lanes: usize) -> Self {
        Self {
            habit,
            rests: vec![Time::from_ms(i64::MIN); lanes],
            next: 0,
            turns: BTreeMap::new(),
            flights: BTreeMap::new(),
            last: 0,
            acts: Vec::new(),
        }
    }

    fn place(&mut self, id: TurnId, now: Time) {
        let (lanes, next) = (self.rests.len(), self.next);
        let Some(turn) = self.turns.get_mut(&id) else { return };
        let all = (0..lanes).map(|step| if self.habit == Habit::Fallback { step } else { (next + step) % lanes });
        let open: Vec<usize> = all.filter(|lane| !turn.failed.contains(lane) && !turn.never.contains(lane)).collect();
        let rests = &self.rests;
        let awake = open.iter().copied().find(|lane| rests.get(*lane).is_none_or(|until| *until <= now));
        if turn.never.len() >= lanes || turn.tries >= MOST_ATTEMPTS {
            self.over(id, Some(format!("{} tries failed", self.tries(id))));
        } else if let Some(lane) = awake {
            turn.tries += 1;
            turn.again = None;
            self.next = (lane + 1) % lanes;
            self.last += 1;
            let attempt = AttemptId(self.last);
            self.flights.insert(attempt, (id, lane, None));
            self.acts.push(Act::Fly { attempt, turn: id, lane });
        } else {
            let never = &turn.never;
            let awakes = rests.iter().enumerate().filter(|(lane, _)| !never.contains(lane)).map(|(_, until)| *until);
            // All have failed: after a while from the first one on. All rest: until the first one does not.
            let again = if open.is_empty() { now.plus(turn.backoff) } else { awakes.min().unwrap_or(now) };
            turn.backoff = (turn.backoff * 2).min(BACKOFF.1);
            turn.failed.clear();
            turn.again = Some(again.max(now.plus(Duration::from_millis(1))));
            if again > turn.until {
                self.over(id, Some("no lane within its patience".into()));
            }
        }
    }

    fn tries(&self, id: TurnId) -> usize {
        self.turns.get(&id).map_or(0, |turn| turn.tries)
    }

    fn over(&mut self, turn: TurnId, failed: Option<String>) {
        if self.turns.remove(&turn).is_some() {
            self.acts.push(Act::Over { turn, failed });
        }
    }

    fn failed(&mut self, turn: TurnId, lane: usize, head: Option<&Head>, now: Time) {
        let status = head.map_or(0, |head| head.status);
        let told = head.and_then(|head| Duration::try_from_secs_f64(head.get("retry-after")?.parse().ok()?).ok());
        let rest = match self.habit {
            Habit::Cooldown if status == 429 => Some(FLAT),
            Habit::RetryAfter => told,
            _ => None,
        };
        if let (Some(rest), Some(until)) = (rest, self.rests.get_mut(lane)) {
            *until = now.plus(rest);
        }
        let Some(waiting) = self.turns.get_mut(&turn) else { return };
        if waiting.said {
            return self.over(turn, Some("broke off in the middle".into()));
        }
        let never = (400..500).contains(&status) && status != 429;
        if never {
            waiting.never.push(lane);
        } else {
            waiting.failed.push(lane);
        }
        self.place(turn, now);
    }
}

impl Policy for Baseline {
    fn ask(&mut self, turn: TurnId, asked: &Asked, now: Time) {
        let until = now.plus(patience(asked));
        let (failed, never) = (Vec::new(), Vec::new());
        let backoff = BACKOFF.0;
        self.turns.insert(turn, Waiting { until, tries: 0, failed, never, again: None, backoff, said: false });
        self.place(turn, now);
    }

    fn flown(&mut self, attempt: AttemptId, event: Event, now: Time) {
        let Some((turn, _, head)) = self.flights.get_mut(&attempt) else { return };
        match event {
            Event::Head(first) => *head = Some(first),
            Event::Said { .. } => {
                if let Some(turn) = self.turns.get_mut(turn) {
                    turn.said = true;
                }
            }
            Event::Usage(_) | Event::Begun | Event::Gone => {}
            Event::Answered => {
                let turn = *turn;
                self.flights.remove(&attempt);
                self.over(turn, None);
            }
            Event::Failed(..) => {
                if let Some((turn, lane, head)) = self.flights.remove(&attempt) {
                    self.failed(turn, lane, head.as_ref(), now);
                }
            }
        }
    }

    fn refused(&mut self, attempt: AttemptId, _lane: &LaneSpec, (head, _): (Head, &[u8]), now: Time) {
        if let Some((turn, lane, _)) = self.flights.remove(&attempt) {
            self.failed(turn, lane, Some(&head), now);
        }
    }

    fn give_up(&mut self, turn: TurnId, _now: Time) {
        self.over(turn, Some("gave up waiting".into()));
    }

    fn wake(&mut self, now: Time) {
        let due = self.turns.iter().filter(|(_, turn)| turn.again.is_some_and(|again| again <= now));
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.place(id, now);
        }
    }

    fn next_wake(&self, _now: Time) -> Option<Time> {
        self.turns.values().filter_map(|turn| turn.again).min()
    }

    fn restart(&mut self, _now: Time) {
        let last = self.last;
        *self = Self { last, ..Self::new(self.habit, self.rests.len()) };
    }

    fn acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }
}
