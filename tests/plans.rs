//! Random days at the desk: questions, answers, refusals, cancellations, lost connections, in any order. With honest
//! providers no plan goes over a limit, every question ends within its patience, and nothing is lost or ends twice.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use roundel::domain::clock::Time;
use roundel::domain::conversation::{Message, Origin, Request, Role, TurnState, Usage};
use roundel::domain::exchange::Head;
use roundel::domain::failure::{Class, Failure};
use roundel::domain::ids::{AttemptId, LaneId, TurnId};
use roundel::domain::quota::limit::Unit;
use roundel::domain::roster::{self, Dialect, LaneSpec, LimitSpec, Wire};
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::{Effect, Opening};
use roundel::scheduler::flight::{Event, Flown, Reached};
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command, Report};

/// 2026-11-22 12:00 UTC.
const START: Time = Time::from_ms(1_795_348_800_000);

/// Of each lane: its requests, per fixed minute or per rolling ten seconds.
const LANES: [(&str, &str, u64); 4] =
    [("a/1", "60s", 3), ("a/2", "10s rolling", 2), ("b/1", "60s", 5), ("c/1", "10s rolling", 1)];

#[derive(Debug, Clone)]
enum Step {
    Ask(Origin),
    /// The attempt in the air of this number, modulo how many there are, goes on.
    Head(usize),
    Said(usize),
    Answered(usize),
    Failed(usize, Class, Option<u64>, bool),
    Cancel(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let class = prop_oneof![
        Just(Class::Server),
        Just(Class::Overloaded),
        Just(Class::RateLimited),
        Just(Class::TooLarge),
        Just(Class::BadRequest)
    ];
    prop_oneof![
        4 => prop_oneof![Just(Origin::Chat), Just(Origin::Ask), Just(Origin::Endpoint)].prop_map(Step::Ask),
        2 => (0..8usize).prop_map(Step::Head),
        1 => (0..8usize).prop_map(Step::Said),
        4 => (0..8usize).prop_map(Step::Answered),
        2 => (0..8usize, class, proptest::option::of(0..40u64), any::<bool>())
            .prop_map(|(which, class, wait, reached)| Step::Failed(which, class, wait, reached)),
        1 => (0..8usize).prop_map(Step::Cancel),
        3 => (1..9_000u64).prop_map(Step::Wait),
    ]
}

struct Plan {
    desk: Desk,
    now: Time,
    air: Vec<(AttemptId, TurnId)>,
    asked: BTreeMap<TurnId, (Time, Origin)>,
    ended: BTreeMap<TurnId, u32>,
    /// When attempts left, by lane.
    sent: BTreeMap<LaneId, Vec<Time>>,
    of: BTreeMap<AttemptId, TurnId>,
}

impl Plan {
    fn new(strategy: roster::Strategy) -> Self {
        let lane = |(id, window, cap): (&str, &str, u64)| {
            let limit = LimitSpec { pool: id.into(), unit: Unit::Requests, window: window.parse().unwrap(), cap };
            let spec = LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1");
            LaneSpec { limits: vec![limit], ..spec }
        };
        let ledger = Ledger::new(LANES.map(lane).into(), Kept::default(), START);
        Self {
            desk: Desk::new(Opening { ledger, strategy, ..Opening::default() }, START),
            now: START,
            air: Vec::new(),
            asked: BTreeMap::new(),
            ended: BTreeMap::new(),
            sent: BTreeMap::new(),
            of: BTreeMap::new(),
        }
    }

    fn look(&mut self) {
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Tell(Report::Moved(moved)) => {
                    self.of.extend(moved.attempts.iter().map(|attempt| (attempt.id, attempt.turn)));
                    if let Some(turn) = moved.turn.filter(|turn| turn.state.is_over()) {
                        *self.ended.entry(turn.id).or_default() += 1;
                        self.air.retain(|(_, id)| *id != turn.id);
                    }
                }
                Effect::Fly { attempt, lane, .. } => {
                    self.air.push((attempt, self.of[&attempt]));
                    self.sent.entry(lane.id.clone()).or_default().push(self.now);
                }
                Effect::Abort(attempt) => self.air.retain(|(id, _)| *id != attempt),
                Effect::Tell(_) | Effect::Keep(_) => {}
                other => panic!("no call was made: {other:?}"),
            }
        }
    }

    fn fly(&mut self, which: usize, event: Event, lands: bool) {
        if self.air.is_empty() {
            return;
        }
        let at = which % self.air.len();
        let (attempt, _) = self.air[at];
        if lands {
            self.air.remove(at);
        }
        self.desk.flown(Flown { attempt, event }, self.now);
        self.look();
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask(origin) => {
                let turn = TurnId(self.asked.len() as u64 + 1);
                self.asked.insert(turn, (self.now, origin));
                let request = Request { messages: vec![Message::text(Role::User, "x")], ..Request::default() };
                let prompt = "x".into();
                let ask = Ask {
                    turn,
                    origin,
                    prompt,
                    request,
                    no_training: false,
                    only: None,
                    patience: None,
                    attachments: vec![],
                };
                self.desk.command(1, Command::Ask(Box::new(ask)), self.now);
                self.look();
            }
            Step::Head(which) => self.fly(which, Event::Head(Head { status: 200, headers: Vec::new() }), false),
            Step::Said(which) => self.fly(which, Event::Said { text: "so".into(), reasoning: false }, false),
            Step::Answered(which) => {
                self.fly(which, Event::Usage(Usage { input: Some(3), output: Some(2) }), false);
                self.fly(which, Event::Answered, true);
            }
            Step::Failed(which, class, wait, reached) => {
                let reached = if reached { Reached::Provider } else { Reached::Nobody };
                let failure =
                    Failure { wait: wait.map(Duration::from_secs), ..Failure::new(class, "in its words".into()) };
                self.fly(which, Event::Failed(failure, reached), true);
            }
            Step::Cancel(which) => {
                let open: Vec<TurnId> =
                    self.asked.keys().filter(|turn| !self.ended.contains_key(turn)).copied().collect();
                if let Some(turn) = open.get(which % open.len().max(1)) {
                    self.desk.cancel(*turn, self.now);
                    self.look();
                }
            }
            Step::Wait(ms) => self.until(self.now.plus(Duration::from_millis(ms))),
        }
    }

    /// Time goes on, with each wake-up that the desk asked for.
    fn until(&mut self, then: Time) {
        while let Some(wake) = self.desk.next_wake(self.now).filter(|wake| *wake <= then) {
            self.now = wake;
            self.desk.wake(wake);
            self.look();
        }
        self.now = then;
    }
}

/// The most attempts that left within one window, as a provider counts them.
fn most(window: &str, sent: &[Time]) -> usize {
    let count = |one: &Time| match window {
        "60s" => sent.iter().filter(|other| other.ms() / 60_000 == one.ms() / 60_000).count(),
        _ => sent.iter().filter(|other| *other >= one && other.since(*one) < Duration::from_secs(10)).count(),
    };
    sent.iter().map(count).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn no_plan_goes_over_a_limit_and_nothing_is_lost(steps in proptest::collection::vec(step(), 1..120), kind in 0..3usize) {
        let mut plan = Plan::new([roster::Strategy::Harvest, roster::Strategy::Even, roster::Strategy::Order][kind]);
        let refused = steps.iter().any(|step| matches!(step, Step::Failed(..)));
        for step in steps {
            plan.take(step);
        }
        // What is in the air answers, and time goes on: then nothing is open any more.
        for _ in 0..400 {
            while !plan.air.is_empty() {
                plan.take(Step::Answered(0));
            }
            plan.until(plan.now.plus(Duration::from_secs(1)));
        }
        for (turn, (asked, _)) in &plan.asked {
            prop_assert_eq!(plan.ended.get(turn), Some(&1), "{} asked at {:?} ends once", turn, asked);
        }
        let snapshot = plan.desk.snapshot(plan.now);
        prop_assert!(snapshot.lanes.iter().all(|lane| lane.in_flight == 0));
        prop_assert!(snapshot.meters.iter().all(|meter| meter.reserved == 0));
        // What was refused may not have been counted, and is sent again: of plans without refusals the provider counts all.
        if !refused {
            for (id, window, cap) in LANES {
                let sent = plan.sent.get(&LaneId::from(id)).cloned().unwrap_or_default();
                prop_assert!(most(window, &sent) as u64 <= cap, "{id}: {} in {window}", most(window, &sent));
            }
        }
    }

    #[test]
    fn every_question_is_answered_or_refused_within_its_patience(asks in 1..60usize, gap in 0..3_000u64) {
        let mut plan = Plan::new(roster::Strategy::Harvest);
        for ask in 0..asks {
            plan.take(Step::Ask([Origin::Chat, Origin::Endpoint][ask % 2]));
            plan.take(Step::Wait(gap + 1));
            // Each answer takes as long as it takes for the next to be asked.
            while plan.air.len() > 2 {
                plan.take(Step::Answered(0));
            }
        }
        let mut waited: BTreeMap<TurnId, Time> = BTreeMap::new();
        for _ in 0..200 {
            for (turn, (asked, origin)) in &plan.asked {
                let flying = plan.air.iter().any(|(_, id)| id == turn);
                let patience = Duration::from_secs(if *origin == Origin::Endpoint { 62 } else { 182 });
                if !flying && !plan.ended.contains_key(turn) {
                    waited.insert(*turn, plan.now);
                    prop_assert!(plan.now.since(*asked) <= patience, "{turn} waits since {asked:?} at {:?}", plan.now);
                }
            }
            while !plan.air.is_empty() {
                plan.take(Step::Answered(0));
            }
            plan.until(plan.now.plus(Duration::from_secs(1)));
        }
        prop_assert!(plan.asked.keys().all(|turn| plan.ended.contains_key(turn)));
        let states: Vec<TurnState> = plan.desk.snapshot(plan.now).turns.into_iter().map(|turn| turn.state).collect();
        prop_assert!(states.iter().all(|state| matches!(state, TurnState::Done | TurnState::Failed(_))), "{states:?}");
    }
}
