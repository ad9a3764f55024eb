//! The user's hand on the rotation, and the pause.

use roundel::domain::hand::{Hand, Setting};
use roundel::domain::roster::Strategy;

use super::*;

impl Bench {
    fn set(&mut self, setting: Setting, now: Time) -> Vec<Write> {
        self.desk.command(1, Command::Set(setting), now);
        let mut writes = Vec::new();
        for effect in self.desk.take_effects() {
            match effect {
                Effect::Keep(write) => writes.push(write),
                Effect::Fly { attempt, lane, .. } => self.flights.push((attempt, lane.id.clone())),
                _ => {}
            }
        }
        writes
    }

    fn pause(&mut self, paused: bool, now: Time) {
        self.desk.command(1, Command::Pause(paused), now);
        self.look();
    }

    /// The lanes that take the next questions, each answered at once.
    fn round(&mut self, count: usize, now: Time) -> Vec<String> {
        self.flights.clear();
        for _ in 0..count {
            self.ask(now);
            self.answer(self.last_flight(), now);
        }
        self.lanes_flown().into_iter().map(str::to_owned).collect()
    }
}

const THREE: [(&str, Option<u64>); 3] = [("a/1", None), ("b/1", None), ("c/1", None)];

#[test]
fn the_order_and_the_strategy_are_the_hands() {
    let mut bench = Bench::new(&THREE);
    assert_eq!(bench.round(2, at(0)), ["a/1", "b/1"]);
    bench.set(Setting::Order(vec!["c".into(), "b".into(), "a".into()]), at(1));
    // `c` is owed its turn; from there the other way round.
    assert_eq!(bench.round(4, at(1)), ["c/1", "b/1", "a/1", "c/1"]);
    bench.set(Setting::Strategy(Some(Strategy::Order)), at(2));
    assert_eq!(bench.round(2, at(2)), ["c/1", "c/1"]);
    let snapshot = bench.desk.snapshot(at(2));
    let lanes: Vec<&str> = snapshot.lanes.iter().map(|lane| lane.spec.id.as_str()).collect();
    assert_eq!((lanes, snapshot.control.strategy), (vec!["c/1", "b/1", "a/1"], Strategy::Order));
    // Taken back, it is as the config has it; an account that nobody ordered stands behind.
    bench.set(Setting::Strategy(None), at(3));
    bench.set(Setting::Order(vec!["c".into()]), at(3));
    let snapshot = bench.desk.snapshot(at(3));
    let order: Vec<String> = snapshot.control.order.iter().map(ToString::to_string).collect();
    assert_eq!((order.join(" "), snapshot.control.strategy), ("c a b".into(), Strategy::Harvest));
}

#[test]
fn a_weight_gives_turns_and_all_of_it_is_kept_over_a_restart() {
    let mut bench = Bench::new(&THREE);
    bench.set(Setting::Strategy(Some(Strategy::Even)), at(0));
    let writes = bench.set(Setting::Weight("b".into(), Some(2)), at(0));
    let round = bench.round(8, at(0));
    let count = |lane: &str| round.iter().filter(|one| *one == lane).count();
    assert_eq!([count("a/1"), count("b/1"), count("c/1")], [2, 4, 2]);
    let Some(Write::Hand(hand)) = writes.into_iter().find(|write| matches!(write, Write::Hand(_))) else { panic!() };
    // The next run begins with it, for lanes that join later, too.
    let kept = Kept { hand: *hand, ..Kept::default() };
    let ledger = Ledger::new(vec![lane("a/1", None)], kept, at(9));
    let mut desk = Desk::new(Opening { ledger, ..Opening::default() }, at(9));
    desk.learn(roundel::scheduler::effect::Found { lanes: vec![lane("b/1", None)], ..Default::default() }, at(9));
    let snapshot = desk.snapshot(at(9));
    assert_eq!(
        snapshot.lanes.iter().map(|lane| (lane.weight(), lane.weight)).collect::<Vec<_>>(),
        [(1, None), (2, Some(2))]
    );
    assert_eq!(snapshot.control.strategy, Strategy::Even);
    desk.command(1, Command::Set(Setting::Weight("b".into(), None)), at(10));
    assert_eq!(desk.control().hand, Hand { strategy: Some(Strategy::Even), ..Hand::default() });
}

#[test]
fn what_is_kept_back_is_the_chats_and_not_a_scripts() {
    let mut bench = Bench::new(&[("a/1", Some(3)), ("b/1", Some(1))]);
    bench.set(Setting::Keep(Target::Account("a".into()), Some(2)), at(0));
    for expected in ["a/1", "b/1"] {
        bench.ask_of(Origin::Ask, "what?", at(0));
        assert_eq!(bench.flights.last().map(|(_, lane)| lane.as_str()), Some(expected));
        bench.answer(bench.last_flight(), at(0));
    }
    // Two are left, and they are the chat's; the script waits until there is more than that.
    let script = bench.ask_of(Origin::Ask, "what?", at(1));
    let TurnState::Waiting { until: Some(until), on } = &bench.turn(script).state else { panic!() };
    assert_eq!((*until, on.as_str()), (at(60), "a/1: the last 2 are kept for the chat"));
    for _ in 0..2 {
        bench.ask(at(2));
        assert_eq!(bench.flights.last().map(|(_, lane)| lane.as_str()), Some("a/1"));
        bench.answer(bench.last_flight(), at(2));
    }
    // Given up by the hand, nothing is kept back.
    bench.flights.clear();
    bench.set(Setting::Keep(Target::Account("a".into()), Some(0)), at(61));
    bench.wake(at(61));
    assert_eq!(bench.lanes_flown().len(), 1);
}

#[test]
fn while_paused_nothing_new_leaves_and_the_chat_waits_as_long_as_it_takes() {
    let mut bench = Bench::new(&[("a/1", None), ("b/1", None)]);
    let before = bench.ask(at(0));
    bench.pause(true, at(1));
    let (chat, script) = (bench.ask(at(2)), bench.ask_of(Origin::Ask, "what?", at(2)));
    assert_eq!(bench.flights.len(), 1);
    for id in [chat, script] {
        let TurnState::Waiting { until: None, on } = &bench.turn(id).state else { panic!() };
        assert!(on.contains("paused"), "{on}");
    }
    // What is in the air runs on; what fails there is not sent on.
    bench.fail(bench.last_flight(), Class::Overloaded, None, at(3));
    assert!(bench.turn(before).state.is_new() || matches!(bench.turn(before).state, TurnState::Waiting { .. }));
    assert_eq!(bench.flights.len(), 1);
    // A script has its patience.
    bench.wake(at(600));
    let TurnState::Failed(why) = &bench.turn(script).state else { panic!() };
    assert!(why.contains("paused by its user"), "{why}");
    assert!(matches!(bench.turn(chat).state, TurnState::Waiting { .. }));
    // It is looked at seldom meanwhile.
    let next = bench.desk.next_wake(at(600)).unwrap();
    assert!(next >= at(601), "{next:?}");
    bench.pause(false, at(700));
    assert_eq!(bench.flights.len(), 3, "both questions of the chat");
    assert_eq!(bench.desk.snapshot(at(700)).control.paused, None);
}
