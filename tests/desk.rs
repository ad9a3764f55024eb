//! The desk, told what happens and when: what it sends where, what it lets wait, what it says.

use std::time::Duration;

use roundel::domain::attempt::Outcome;
use roundel::domain::clock::Time;
use roundel::domain::conversation::{Message, Origin, Request, Role, Turn, TurnState, Usage};
use roundel::domain::exchange::Head;
use roundel::domain::failure::{Class, Failure};
use roundel::domain::ids::{AttemptId, LaneId, TurnId};
use roundel::domain::quota::limit::Unit;
use roundel::domain::roster::{Dialect, LaneSpec, LimitSpec, Standby, Training, Wire};
use roundel::domain::standing::{Off, Rest, Switch, Target};
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::{Effect, Opening};
use roundel::scheduler::flight::{Event, Flown, Reached};
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command, Report};
use roundel::store::write::Write;

mod control;

const START: Time = Time::from_ms(1_795_348_800_000);

fn at(seconds: u64) -> Time {
    START.plus(Duration::from_secs(seconds))
}

/// `a/1` with `requests` per minute, if any.
fn lane(id: &str, requests: Option<u64>) -> LaneSpec {
    let limit = |cap| LimitSpec { pool: id.into(), unit: Unit::Requests, window: "60s".parse().unwrap(), cap };
    LaneSpec {
        context: Some(1000),
        limits: requests.map(limit).into_iter().collect(),
        simulated: true,
        ..LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1")
    }
}

struct Bench {
    desk: Desk,
    flights: Vec<(AttemptId, LaneId)>,
    aborted: Vec<AttemptId>,
    turns: Vec<Turn>,
    next: Option<LaneId>,
    last: u64,
}

impl Bench {
    fn new(lanes: &[(&str, Option<u64>)]) -> Self {
        let specs = lanes.iter().map(|(id, requests)| lane(id, *requests)).collect();
        let ledger = Ledger::new(specs, Kept::default(), START);
        let desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
        let next = desk.snapshot(START).next;
        Self { desk, flights: Vec::new(), aborted: Vec::new(), turns: Vec::new(), next, last: 0 }
    }

    fn ask(&mut self, now: Time) -> TurnId {
        self.ask_of(Origin::Chat, "what?", now)
    }

    fn ask_of(&mut self, origin: Origin, prompt: &str, now: Time) -> TurnId {
        self.last += 1;
        let turn = TurnId(self.last);
        let request = Request { messages: vec![Message::text(Role::User, prompt)], ..Request::default() };
        let ask = Ask::new(turn, origin, prompt.into(), request);
        self.desk.command(1, Command::Ask(Box::new(ask)), now);
        self.look();
        turn
    }

    fn event(&mut self, attempt: AttemptId, event: Event, now: Time) {
        self.desk.flown(Flown { attempt, event }, now);
        self.look();
    }

    fn say(&mut self, attempt: AttemptId, text: &str, now: Time) {
        self.event(attempt, Event::Said { text: text.into(), reasoning: false }, now);
    }

    fn answer(&mut self, attempt: AttemptId, now: Time) {
        self.event(attempt, Event::Head(Head { status: 200, headers: Vec::new() }), now);
        self.say(attempt, "so", now);
        self.event(attempt, Event::Usage(Usage { input: Some(3), output: Some(2) }), now);
        self.event(attempt, Event::Answered, now);
    }

    fn fail(&mut self, attempt: AttemptId, class: Class, wait: Option<u64>, now: Time) {
        let failure = Failure { wait: wait.map(Duration::from_secs), ..Failure::new(class, "in its words".into()) };
        self.event(attempt, Event::Failed(failure, Reached::Provider), now);
    }

    fn wake(&mut self, now: Time) {
        self.desk.wake(now);
        self.look();
    }

    fn look(&mut self) {
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Fly { attempt, lane, .. } => self.flights.push((attempt, lane.id.clone())),
                Effect::Abort(attempt) => self.aborted.push(attempt),
                Effect::Tell(Report::Moved(moved)) => {
                    self.next = moved.next;
                    if let Some(turn) = moved.turn {
                        self.turns.retain(|old| old.id != turn.id);
                        self.turns.push(turn);
                    }
                }
                _ => {}
            }
        }
    }

    fn turn(&self, id: TurnId) -> &Turn {
        self.turns.iter().find(|turn| turn.id == id).unwrap()
    }

    fn lanes_flown(&self) -> Vec<&str> {
        self.flights.iter().map(|(_, lane)| lane.as_str()).collect()
    }

    fn last_flight(&self) -> AttemptId {
        self.flights.last().unwrap().0
    }
}

#[test]
fn each_answer_comes_from_the_next_account_and_the_one_shown_is_the_one_taken() {
    let mut bench = Bench::new(&[("a/1", None), ("a/2", None), ("b/1", None), ("c/1", None)]);
    for second in 0..5 {
        let shown = bench.next.clone();
        bench.ask(at(second));
        assert_eq!(bench.flights.last().map(|(_, lane)| lane.clone()), shown);
        bench.answer(bench.last_flight(), at(second));
    }
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1", "c/1", "a/1", "b/1"]);
}

#[test]
fn a_refusal_before_the_first_token_goes_to_the_next_lane_and_is_no_error() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    let turn = bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(7), at(1));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1"]);
    assert_eq!(bench.turn(turn).state, TurnState::Running);
    bench.answer(bench.last_flight(), at(2));
    assert_eq!((bench.turn(turn).state.clone(), bench.turn(turn).answer.as_str()), (TurnState::Done, "so"));
    let snapshot = bench.desk.snapshot(at(2));
    assert_eq!(snapshot.lanes[0].rest.as_ref().unwrap().until, Some(at(8)));
    assert_eq!(snapshot.log[0].note, "rate limited, rests 7 s (told): in its words");
    // Rested: the rotation comes back to it.
    assert_eq!(bench.next, Some("b/1".into()));
    bench.wake(at(8));
    assert_eq!(bench.next, Some("a/1".into()));
}

#[test]
fn a_request_at_fault_goes_back_to_the_asker_and_nothing_rests() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    let turn = bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::BadRequest, None, at(1));
    assert_eq!(bench.turn(turn).state, TurnState::Failed("in its words".into()));
    assert_eq!(bench.lanes_flown(), ["a/1"]);
    assert!(bench.desk.snapshot(at(1)).lanes.iter().all(|lane| lane.rest.is_none()));
}

#[test]
fn too_large_goes_to_a_lane_with_room_and_says_so_when_there_is_none() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    let turn = bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::TooLarge, None, at(1));
    bench.fail(bench.last_flight(), Class::TooLarge, None, at(2));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1"]);
    let TurnState::Failed(why) = &bench.turn(turn).state else { panic!() };
    assert_eq!(why, "no lane can answer this: a/1: did not take it; b/1: did not take it");
    let turn = bench.ask_of(Origin::Chat, &"long ".repeat(2000), at(3));
    let TurnState::Failed(why) = &bench.turn(turn).state else { panic!() };
    assert!(why.contains("too large"), "{why}");
}

#[test]
fn when_all_rest_the_request_waits_for_the_first_that_comes_back() {
    let mut bench = Bench::new(&[("a/1", Some(1)), ("b/1", None)]);
    bench.ask(at(5));
    bench.answer(bench.last_flight(), at(6));
    bench.ask(at(7));
    bench.fail(bench.last_flight(), Class::Overloaded, Some(20), at(8));
    let waiting = bench.last;
    let state = TurnState::Waiting { until: Some(at(28)), on: "b/1: resting, overloaded".into() };
    assert_eq!(bench.turn(TurnId(waiting)).state, state);
    assert_eq!(bench.desk.next_wake(at(27)), Some(at(28)));
    bench.wake(at(27));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1"]);
    bench.wake(at(28));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1", "b/1"]);
}

#[test]
fn what_came_with_a_failure_is_kept_beside_its_row() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    bench.ask(at(1));
    let attempt = bench.last_flight();
    let failure = Failure { body: Some("{}".into()), ..Failure::new(Class::Server, "no".into()) };
    bench.desk.flown(Flown { attempt, event: Event::Failed(failure, Reached::Provider) }, at(2));
    let kept: Vec<Write> = bench
        .desk
        .take_effects()
        .into_iter()
        .filter_map(|effect| if let Effect::Keep(write @ Write::Body(..)) = effect { Some(write) } else { None })
        .collect();
    assert_eq!(kept, [Write::Body(attempt, "{}".into())]);
}

#[test]
fn a_waiting_turn_goes_on_as_soon_as_anything_changes() {
    let mut bench = Bench::new(&[("a/1", Some(1))]);
    bench.ask(at(1));
    let second = bench.ask(at(2));
    assert!(matches!(bench.turn(second).state, TurnState::Waiting { until: None, .. }));
    // The first never reached the provider: its place is free again, and its lane rests for two seconds.
    let failure = Failure::new(Class::Server, "could not connect".into());
    bench.event(bench.last_flight(), Event::Failed(failure, Reached::Nobody), at(3));
    assert_eq!(bench.flights.len(), 1);
    bench.wake(at(5));
    assert_eq!(bench.flights.len(), 2);
}

#[test]
fn two_at_once_never_take_the_same_last_slot() {
    let mut bench = Bench::new(&[("a/1", Some(2)), ("b/1", Some(1))]);
    for _ in 0..5 {
        bench.ask(at(1));
    }
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1", "a/1"]);
    bench.wake(at(60));
    assert_eq!(bench.flights.len(), 3, "what is in the air holds its slot until it lands");
    for (attempt, _) in bench.flights.clone() {
        bench.answer(attempt, at(61));
    }
    // They were asked in the minute before, and take nothing of this one.
    assert_eq!(bench.lanes_flown()[3..], ["a/1", "b/1"]);
}

#[test]
fn broken_off_in_the_middle_keeps_the_text_and_is_not_sent_again() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    let turn = bench.ask(at(0));
    bench.say(bench.last_flight(), "half an ", at(1));
    bench.fail(bench.last_flight(), Class::Server, None, at(2));
    let turn = bench.turn(turn);
    assert_eq!((turn.answer.as_str(), bench.flights.len()), ("half an ", 1));
    assert_eq!(turn.state, TurnState::Failed("broke off in the middle: in its words".into()));
}

#[test]
fn server_errors_rest_two_seconds_and_double() {
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    let mut now = at(0);
    for rest in [2, 4, 8, 16, 32, 60, 60] {
        bench.fail(bench.last_flight(), Class::Server, None, now);
        let until = bench.desk.snapshot(now).lanes[0].rest.as_ref().unwrap().until.unwrap();
        assert_eq!(until.since(now), Duration::from_secs(rest));
        now = until;
        bench.wake(now);
    }
}

#[test]
fn a_bad_key_takes_the_account_out_until_the_user_does_something() {
    let mut bench = Bench::new(&[("a/1", None), ("a/2", None), ("b/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::Auth, Some(5), at(1));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1"]);
    bench.wake(at(1_000_000));
    assert!(bench.desk.snapshot(at(1_000_000)).lanes[..2].iter().all(|lane| lane.rest.is_some()));
    bench.desk.command(
        1,
        Command::Switch { target: Target::Account("a".into()), on: true, until: None },
        at(1_000_001),
    );
    assert!(bench.desk.snapshot(at(1_000_001)).lanes.iter().all(|lane| lane.rest.is_none()));
}

#[test]
fn what_is_off_is_passed_over_and_a_waiting_turn_takes_what_comes_back() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    for account in ["a", "b"] {
        bench.desk.command(
            1,
            Command::Switch { target: Target::Account(account.into()), on: false, until: None },
            at(0),
        );
    }
    let turn = bench.ask(at(1));
    let TurnState::Failed(why) = &bench.turn(turn).state else { panic!() };
    assert_eq!(why, "no lane can answer this: a/1: off by you; b/1: off by you");
    bench.desk.command(1, Command::Switch { target: Target::Lane("b/1".into()), on: true, until: None }, at(2));
    bench.ask(at(3));
    assert_eq!(bench.lanes_flown(), ["b/1"]);
}

#[test]
fn off_for_an_hour_is_on_again_by_itself_and_nothing_of_it_is_kept() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let target = Target::Lane("a/1".into());
    bench.desk.command(1, Command::Switch { target: target.clone(), on: false, until: Some(at(3600)) }, at(0));
    let turn = bench.ask(at(1));
    assert!(matches!(bench.turn(turn).state, TurnState::Failed(_)), "it is not waited for");
    assert_eq!(bench.desk.next_wake(at(3599)), Some(at(3600)));
    bench.desk.take_effects();
    bench.desk.wake(at(3600));
    let kept = bench.desk.take_effects();
    let over = |effect: &Effect| matches!(effect, Effect::Keep(Write::Switch { switch: None, .. }));
    assert!(kept.iter().any(over), "{kept:?}");
    let lane = bench.desk.snapshot(at(3600)).lanes[0].clone();
    assert_eq!((lane.off(), lane.at_once), (None, Some(1)));
    // What ended while nothing ran is not taken up again.
    let switch = Switch { target, on: false, since: at(0), until: Some(at(3600)) };
    let given = |now| {
        let kept = Kept { switches: vec![switch.clone()], ..Kept::default() };
        Ledger::new(vec![(*lane.spec).clone()], kept, now).lanes()[0].off()
    };
    assert_eq!((given(at(3599)), given(at(3600))), (Some(Off::ByYouUntil(at(3600))), None));
}

#[test]
fn stopped_at_any_time() {
    let mut bench = Bench::new(&[("a/1", Some(1))]);
    let (flying, waiting) = (bench.ask(at(0)), bench.ask(at(0)));
    bench.say(bench.last_flight(), "so fa", at(1));
    bench.desk.cancel(waiting, at(2));
    bench.desk.cancel(flying, at(2));
    bench.look();
    assert_eq!(bench.turn(waiting).state, TurnState::Stopped);
    assert_eq!((bench.turn(flying).state.clone(), bench.turn(flying).answer.as_str()), (TurnState::Stopped, "so fa"));
    assert_eq!(bench.aborted, [bench.flights[0].0]);
    let snapshot = bench.desk.snapshot(at(3));
    assert_eq!(snapshot.log[0].outcome, Outcome::Cancelled);
    assert_eq!((snapshot.lanes[0].in_flight, snapshot.meters[0].remaining(at(3))), (0, Some(0)));
}

#[test]
fn who_asked_and_went_away_is_not_answered_but_the_chat_is() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let (chat, ask) = (bench.ask(at(0)), bench.ask_of(Origin::Ask, "x", at(0)));
    bench.desk.asker_gone(1, at(1));
    bench.look();
    assert_eq!(bench.turn(ask).state, TurnState::Stopped);
    assert_eq!(bench.turn(chat).state, TurnState::Running);
}

#[test]
fn headers_put_the_gauge_right_in_the_report_of_the_log_row() {
    let mut bench = Bench::new(&[("a/1", Some(10))]);
    bench.ask(at(0));
    let headers = [("x-ratelimit-limit-req-minute", "10"), ("x-ratelimit-remaining-req-minute", "4")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    bench.desk.flown(Flown { attempt: bench.last_flight(), event: Event::Head(Head { status: 200, headers }) }, at(1));
    let moved = bench.desk.take_effects().into_iter().find_map(|effect| match effect {
        Effect::Tell(Report::Moved(moved)) => Some(moved),
        _ => None,
    });
    let moved = moved.unwrap();
    assert_eq!((moved.attempts[0].status, moved.meters[0].remaining(at(1))), (Some(200), Some(4)));
    // The answer that is then booked is not counted twice.
    bench.event(bench.last_flight(), Event::Answered, at(2));
    assert_eq!(bench.desk.snapshot(at(2)).meters[0].remaining(at(2)), Some(4));
}

#[test]
fn the_row_says_why_another_lane_was_taken_than_the_one_shown() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(30), at(1));
    bench.answer(bench.last_flight(), at(2));
    bench.ask(at(3));
    let log = bench.desk.snapshot(at(3)).log;
    assert_eq!(log[2].why, "a/1: resting, rate limited");
}

#[test]
fn quitting_marks_what_was_in_the_air() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let turn = bench.ask(at(0));
    bench.say(bench.last_flight(), "so fa", at(1));
    bench.desk.quit(at(2));
    bench.look();
    assert_eq!((bench.turn(turn).state.clone(), bench.turn(turn).answer.as_str()), (TurnState::Interrupted, "so fa"));
}

#[test]
fn what_costs_money_answers_only_when_switched_on_by_itself() {
    let mut bench = Bench::new(&[("paid/1", None)]);
    let specs = ["paid/1", "paid/2"].map(|id| LaneSpec { standby: Some(Standby::Paid), ..lane(id, None) });
    bench.desk =
        Desk::new(Opening { ledger: Ledger::new(specs.into(), Kept::default(), START), ..Opening::default() }, START);
    let turn = bench.ask(at(0));
    let TurnState::Failed(why) = &bench.turn(turn).state else { panic!() };
    assert_eq!(why, "no lane can answer this: paid/1: off, costs money; paid/2: off, costs money");
    let switch = |target, on| Command::Switch { target, on, until: None };
    // The account's switch is not enough.
    bench.desk.command(1, switch(Target::Account("paid".into()), true), at(1));
    bench.ask(at(1));
    assert!(bench.flights.is_empty());
    bench.desk.command(1, switch(Target::Lane("paid/2".into()), true), at(2));
    bench.ask(at(2));
    assert_eq!(bench.lanes_flown(), ["paid/2"]);
    // Off with the account, and not on again with it.
    bench.desk.command(1, switch(Target::Account("paid".into()), false), at(3));
    bench.desk.command(1, switch(Target::Account("paid".into()), true), at(4));
    assert!(bench.desk.snapshot(at(4)).lanes.iter().all(|lane| lane.off().is_some()));
}

#[test]
fn who_wants_no_training_gets_no_lane_that_may_train() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let trains = |id: &str, training| LaneSpec { training, ..lane(id, None) };
    let specs = vec![trains("a/1", Training::Yes), trains("b/1", Training::Unknown), trains("c/1", Training::No)];
    bench.desk = Desk::new(Opening { ledger: Ledger::new(specs, Kept::default(), START), ..Opening::default() }, START);
    for second in 0..3 {
        bench.last += 1;
        let request = Request { messages: vec![Message::text(Role::User, "x")], ..Request::default() };
        let ask = Ask { no_training: true, ..Ask::new(TurnId(bench.last), Origin::Chat, "x".into(), request) };
        bench.desk.command(1, Command::Ask(Box::new(ask)), at(second));
        bench.look();
    }
    assert_eq!(bench.lanes_flown(), ["c/1", "c/1", "c/1"]);
    // No failover passes it either.
    bench.fail(bench.last_flight(), Class::Gone, None, at(9));
    let TurnState::Failed(why) = &bench.turn(TurnId(3)).state else { panic!() };
    assert!(why.contains("a/1: may train on prompts; b/1: may train on prompts; c/1: out, model gone"), "{why}");
}

#[test]
fn a_guess_at_the_answers_size_shuts_no_lane_out() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let tokens = |cap| LimitSpec { pool: "b/1".into(), unit: Unit::Tokens, window: "60s".parse().unwrap(), cap };
    let specs = vec![lane("a/1", None), LaneSpec { limits: vec![tokens(6000)], ..lane("b/1", None) }];
    bench.desk = Desk::new(Opening { ledger: Ledger::new(specs, Kept::default(), START), ..Opening::default() }, START);
    for second in 0..6 {
        bench.ask(at(second));
        let attempt = bench.last_flight();
        bench.event(attempt, Event::Head(Head { status: 200, headers: Vec::new() }), at(second));
        bench.say(attempt, "so", at(second));
        bench.event(attempt, Event::Usage(Usage { input: Some(3), output: Some(30_000) }), at(second));
        bench.event(attempt, Event::Answered, at(second));
    }
    assert_eq!(bench.lanes_flown()[..2], ["a/1", "b/1"]);
    bench.wake(at(60));
    bench.ask(at(60));
    bench.ask(at(60));
    assert!(bench.lanes_flown()[6..].contains(&"b/1"), "{:?}", bench.lanes_flown());
}

#[test]
fn a_wait_of_nothing_does_not_come_back_as_a_storm() {
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    let mut now = at(0);
    for rest in [1, 2, 4, 8, 16, 32, 60] {
        let flights = bench.flights.len();
        bench.fail(bench.last_flight(), Class::RateLimited, Some(0), now);
        assert_eq!(bench.flights.len(), flights, "it rests");
        let until = bench.desk.snapshot(now).lanes[0].rest.as_ref().unwrap().until.unwrap();
        assert_eq!(until.since(now), Duration::from_secs(rest));
        now = until;
        bench.wake(now);
    }
}

#[test]
fn a_bad_key_is_tried_again_after_a_restart_and_a_model_that_is_gone_or_not_in_the_plan_is_not() {
    let rest = |class| Rest {
        target: Target::Lane("a/1".into()),
        since: START,
        until: None,
        class,
        told: true,
        words: String::new(),
    };
    for (class, ready) in [(Class::Auth, true), (Class::Payment, false), (Class::Gone, false)] {
        let kept = Kept { rests: vec![rest(class)], ..Kept::default() };
        let ledger = Ledger::new(vec![lane("a/1", None)], kept, START);
        assert_eq!(ledger.lanes()[0].rest.is_none(), ready, "{class:?}");
    }
}

#[test]
fn the_chat_can_be_kept_off_lanes_that_train_and_the_config_stands_above_it() {
    for config in [false, true] {
        let specs = [("a/1", Training::Yes), ("b/1", Training::No)]
            .map(|(id, training)| LaneSpec { training, ..lane(id, None) })
            .into();
        let ledger = Ledger::new(specs, Kept::default(), START);
        let mut bench = Bench::new(&[]);
        bench.desk = Desk::new(Opening { ledger, no_training: config, ..Opening::default() }, START);
        bench.desk.command(1, Command::AvoidTraining(true), at(0));
        bench.look();
        assert_eq!(bench.next, Some("b/1".into()));
        bench.desk.command(1, Command::AvoidTraining(false), at(1));
        bench.look();
        assert_eq!(bench.next, Some(if config { "b/1" } else { "a/1" }.into()));
    }
}

#[test]
fn the_row_says_why_the_lane_that_was_shown_did_not_take_it() {
    let mut bench = Bench::new(&[]);
    let roomy = LaneSpec { context: Some(100_000), ..lane("b/1", None) };
    let ledger = Ledger::new(vec![lane("a/1", None), roomy], Kept::default(), START);
    bench.desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
    assert_eq!(bench.desk.snapshot(at(0)).next, Some("a/1".into()));
    bench.ask_of(Origin::Chat, &"long ".repeat(2000), at(0));
    assert_eq!(bench.lanes_flown(), ["b/1"]);
    let why = bench.desk.snapshot(at(0)).log[0].why.clone();
    assert_eq!(why, "a/1 was shown as next: the request is too large for it");
}

#[test]
fn what_comes_back_from_a_rest_takes_one_then_two_then_four() {
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(20), at(1));
    for _ in 0..9 {
        bench.ask(at(2));
    }
    assert_eq!(bench.flights.len(), 1);
    // Ten wait; one goes, and the others are let through as it goes well.
    bench.wake(at(21));
    assert_eq!(bench.flights.len(), 2);
    assert!(bench.turns.iter().filter(|turn| matches!(turn.state, TurnState::Waiting { .. })).count() == 9);
    for (flown, expected) in [(1, 3), (2, 5), (3, 9)] {
        let attempt = bench.flights[flown].0;
        bench.event(attempt, Event::Head(Head { status: 200, headers: Vec::new() }), at(22));
        assert_eq!(bench.flights.len(), expected);
    }
}

#[test]
fn the_chat_goes_before_scripts() {
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(20), at(1));
    bench.desk.cancel(TurnId(1), at(1));
    let script = bench.ask_of(Origin::Endpoint, "x", at(2));
    let chat = bench.ask(at(3));
    bench.wake(at(21));
    assert_eq!(bench.turn(chat).state, TurnState::Running);
    assert!(matches!(bench.turn(script).state, TurnState::Waiting { .. }));
}

#[test]
fn beyond_its_patience_a_question_is_refused_at_once_and_says_who_is_back_when() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(600), at(1));
    bench.fail(bench.last_flight(), Class::QuotaExhausted, Some(4000), at(1));
    let TurnState::Failed(why) = bench.turn(TurnId(1)).state.clone() else { panic!("{:?}", bench.turn(TurnId(1))) };
    assert!(why.starts_with("no lane can answer within 3 m. a/1: resting, rate limited, back at "), "{why}");
    assert!(why.contains("(in 10 m); b/1: resting, ") && why.ends_with("(in 67 m)"), "{why}");
    // A script is less patient than a person.
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(100), at(1));
    let script = bench.ask_of(Origin::Endpoint, "x", at(2));
    assert!(matches!(bench.turn(script).state, TurnState::Failed(_)));
    assert!(matches!(bench.turn(TurnId(1)).state, TurnState::Waiting { .. }));
}

#[test]
fn patience_ends_where_nobody_knows_when() {
    let mut bench = Bench::new(&[("a/1", Some(1))]);
    bench.ask(at(1));
    let second = bench.ask(at(2));
    assert!(matches!(bench.turn(second).state, TurnState::Waiting { until: None, .. }));
    for second in 3..=183 {
        bench.wake(at(second));
    }
    assert!(matches!(bench.turn(second).state, TurnState::Failed(_)), "{:?}", bench.turn(second).state);
}

#[test]
fn a_guessed_rest_is_tried_early_beside_a_ready_lane_and_ends_when_that_goes_well() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, None, at(0));
    bench.answer(bench.last_flight(), at(1));
    bench.ask(at(10));
    bench.answer(bench.last_flight(), at(11));
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1", "b/1"], "not before half of it is over");
    bench.ask(at(16));
    assert_eq!(bench.lanes_flown().last(), Some(&"a/1"));
    bench.answer(bench.last_flight(), at(17));
    assert!(bench.desk.snapshot(at(17)).lanes[0].rest.is_none());
}

#[test]
fn what_was_in_the_air_when_a_lane_began_to_rest_lengthens_nothing() {
    let mut bench = Bench::new(&[("a/1", None)]);
    for _ in 0..4 {
        bench.ask(at(0));
    }
    for (attempt, _) in bench.flights.clone() {
        bench.fail(attempt, Class::Server, None, at(1));
    }
    assert_eq!(bench.desk.snapshot(at(1)).lanes[0].rest.as_ref().unwrap().until, Some(at(3)));
}

#[test]
fn lanes_with_room_are_kept_for_what_fits_nowhere_else() {
    let mut bench = Bench::new(&[]);
    let roomy = LaneSpec { context: Some(100_000), ..lane("b/1", None) };
    let ledger = Ledger::new(vec![lane("a/1", None), roomy], Kept::default(), START);
    bench.desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
    bench.ask_of(Origin::Chat, &"long ".repeat(2000), at(0));
    bench.answer(bench.last_flight(), at(1));
    for second in 2..11 {
        bench.ask(at(second));
        bench.answer(bench.last_flight(), at(second));
    }
    let small = &bench.lanes_flown()[1..];
    assert_eq!(small.iter().filter(|lane| **lane == "a/1").count(), 6, "two of three: {small:?}");
}

/// The limit of `a/1` after its headers said that so much is left.
fn hears(bench: &mut Bench, attempt: AttemptId, left: u64, now: Time) {
    let headers =
        [("x-ratelimit-limit-req-minute", "10".to_owned()), ("x-ratelimit-remaining-req-minute", left.to_string())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    bench.event(attempt, Event::Head(Head { status: 200, headers }), now);
}

#[test]
fn an_answer_that_was_overtaken_tells_nothing_new() {
    let mut bench = Bench::new(&[("a/1", Some(10))]);
    bench.ask(at(1));
    bench.ask(at(2));
    let [(first, _), (second, _)] = bench.flights[..] else { panic!() };
    hears(&mut bench, second, 4, at(3));
    hears(&mut bench, first, 5, at(4));
    assert_eq!(bench.desk.snapshot(at(4)).meters[0].remaining(at(4)), Some(4));
    // What comes in order counts, each time.
    bench.ask(at(5));
    let third = bench.last_flight();
    hears(&mut bench, third, 7, at(6));
    assert_eq!(bench.desk.snapshot(at(6)).meters[0].remaining(at(6)), Some(7));
}

#[test]
fn a_told_sum_takes_no_old_use_for_the_one_that_was_just_sent() {
    let mut bench = Bench::new(&[]);
    let rolling =
        LimitSpec { pool: "a/1".into(), unit: Unit::Requests, window: "60s rolling".parse().unwrap(), cap: 10 };
    let spec = LaneSpec { limits: vec![rolling], ..lane("a/1", None) };
    bench.desk =
        Desk::new(Opening { ledger: Ledger::new(vec![spec], Kept::default(), START), ..Opening::default() }, START);
    bench.ask(at(1));
    bench.answer(bench.last_flight(), at(1));
    // The first is held a moment beyond its minute; the provider has let go of it.
    let later = at(61).plus(Duration::from_millis(100));
    bench.ask(later);
    let second = bench.last_flight();
    hears(&mut bench, second, 9, later);
    bench.event(second, Event::Answered, later);
    let meters = bench.desk.snapshot(at(70)).meters;
    assert_eq!((meters[0].remaining(later), meters[0].remaining(at(70))), (Some(9), Some(9)));
}

#[test]
fn an_answer_that_ends_in_the_next_window_counts_in_the_one_in_which_it_was_asked() {
    let mut bench = Bench::new(&[("a/1", Some(10))]);
    bench.ask(at(58));
    bench.answer(bench.last_flight(), at(63));
    assert_eq!(bench.desk.snapshot(at(63)).meters[0].remaining(at(63)), Some(10));
}

#[test]
fn a_clock_set_back_is_told_to_the_screens() {
    let mut bench = Bench::new(&[("a/1", Some(10))]);
    bench.ask(at(7200));
    bench.answer(bench.last_flight(), at(7201));
    bench.desk.take_effects();
    bench.desk.wake(at(0));
    let moved = bench.desk.take_effects().into_iter().find_map(|effect| match effect {
        Effect::Tell(Report::Moved(moved)) => Some(moved.meters),
        _ => None,
    });
    let meters = moved.unwrap();
    assert_eq!((meters[0].remaining(at(0)), meters[0].remaining(at(60))), (Some(9), Some(10)));
}

#[test]
fn a_trial_passes_no_filter() {
    let trains = LaneSpec { training: Training::Yes, ..lane("a/1", None) };
    let safe = LaneSpec { training: Training::No, ..lane("b/1", None) };
    let mut bench = Bench::new(&[]);
    let ledger = Ledger::new(vec![trains, safe], Kept::default(), START);
    bench.desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, None, at(0));
    bench.answer(bench.last_flight(), at(1));
    bench.desk.command(1, Command::AvoidTraining(true), at(2));
    for second in 16..20 {
        bench.ask(at(second));
        bench.answer(bench.last_flight(), at(second));
    }
    assert_eq!(bench.lanes_flown(), ["a/1", "b/1", "b/1", "b/1", "b/1", "b/1"]);
}

#[test]
fn who_waits_is_kept_off_training_lanes_as_soon_as_it_is_wished() {
    let mut bench = Bench::new(&[]);
    let trains = LaneSpec { training: Training::Yes, ..lane("a/1", None) };
    let ledger = Ledger::new(vec![trains], Kept::default(), START);
    bench.desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(20), at(0));
    bench.desk.command(1, Command::AvoidTraining(true), at(5));
    bench.wake(at(25));
    assert_eq!(bench.lanes_flown(), ["a/1"]);
    assert!(matches!(bench.turn(TurnId(1)).state, TurnState::Failed(_)));
}

#[test]
fn patience_is_counted_over_all_tries() {
    let mut bench = Bench::new(&[("a/1", None)]);
    let turn = bench.ask_of(Origin::Endpoint, "x", at(0));
    let mut now = at(0);
    for _ in 0..200 {
        if bench.turns.iter().any(|other| other.id == turn && other.state.is_over()) {
            break;
        }
        if bench.turn(turn).state == TurnState::Running {
            let failure = Failure::new(Class::Server, "could not connect".into());
            bench.event(bench.last_flight(), Event::Failed(failure, Reached::Nobody), now);
        }
        now = now.plus(Duration::from_secs(1));
        bench.wake(now);
    }
    assert!(matches!(bench.turn(turn).state, TurnState::Failed(_)), "{:?}", bench.turn(turn).state);
    assert!(now <= at(63), "{now:?}");
}

#[test]
fn an_askers_bad_requests_lengthen_no_rest() {
    let mut bench = Bench::new(&[("a/1", None)]);
    for _ in 0..9 {
        bench.ask(at(0));
        bench.fail(bench.last_flight(), Class::BadRequest, None, at(0));
    }
    bench.ask(at(1));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(2), at(1));
    let rest = bench.desk.snapshot(at(1)).lanes[0].rest.clone().unwrap();
    assert_eq!((rest.until, rest.told), (Some(at(3)), true));
}

#[test]
fn a_silent_first_attempt_does_not_hold_up_the_others() {
    let mut bench = Bench::new(&[("a/1", None)]);
    bench.ask(at(0));
    bench.fail(bench.last_flight(), Class::RateLimited, Some(10), at(0));
    bench.ask(at(1));
    bench.wake(at(10));
    assert_eq!(bench.flights.len(), 2);
    bench.wake(at(20));
    assert_eq!(bench.flights.len(), 2);
    bench.wake(at(26));
    assert_eq!(bench.flights.len(), 3, "nothing was heard of the first for 15 s");
}
