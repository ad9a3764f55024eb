//! What a decision costs: to choose a lane, reserve on it and settle, at 8, 64 and 512 lanes of four limits each, in the
//! ledger alone and through the desk with all that it tells and keeps. `cargo bench --bench decide`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark measures the time, prints, and has nobody to report to"
)]

use std::time::{Duration, Instant};

use roundel::domain::clock::Time;
use roundel::domain::conversation::{Message, Origin, Request, Role, Usage};
use roundel::domain::exchange::Head;
use roundel::domain::ids::TurnId;
use roundel::domain::quota::limit::Unit;
use roundel::domain::roster::{Dialect, LaneSpec, LimitSpec, Wire};
use roundel::domain::standing::Need;
use roundel::scheduler::books::Settled;
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::{Effect, Opening};
use roundel::scheduler::flight::{Event, Flown};
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command};
use roundel::scheduler::rotation::{Choice, Wish};

const START: Time = Time::from_ms(1_795_348_800_000);

/// Decisions to take the average of: fewer where each is dear.
const fn rounds(count: usize) -> u64 {
    let rounds = 100_000 / count as u64;
    if rounds < 2000 { rounds } else { 2000 }
}

/// Accounts of four lanes each; the limits of the day and the minute, of requests and tokens.
fn lanes(count: usize) -> Vec<LaneSpec> {
    let lane = |place: usize| {
        let id = format!("account{}/maker/model-{place}", place / 4);
        let limit = |unit, window: &str, cap| LimitSpec {
            pool: id.as_str().into(),
            unit,
            window: window.parse().unwrap(),
            cap,
        };
        let limits = vec![
            limit(Unit::Requests, "60s rolling", 30),
            limit(Unit::Requests, "1d midnight America/Los_Angeles", 1_000_000),
            limit(Unit::Tokens, "60s bucket", 800_000),
            limit(Unit::Tokens, "1d rolling", 2_000_000_000),
        ];
        LaneSpec { limits, ..LaneSpec::new(id.as_str().into(), Wire::Openai, Dialect::Groq, "http://127.0.0.1:1") }
    };
    (0..count).map(lane).collect()
}

/// Time goes on so that about half of the lanes are spent.
fn at(round: u64, count: usize) -> Time {
    START.plus(Duration::from_secs(round * 4 / count as u64))
}

fn in_the_ledger(count: usize) -> Duration {
    let mut ledger = Ledger::new(lanes(count), Kept::default(), START);
    let usage = Usage { input: Some(500), output: Some(250) };
    let began = Instant::now();
    for round in 0..rounds(count) {
        let now = at(round, count);
        let Choice::Lane(pick) = ledger.pick(Need::USUAL, Wish::default(), now) else { panic!("no lane") };
        let hold = ledger.dispatch(&pick, Need::USUAL, now).unwrap();
        ledger.settle(hold, usage, Settled::Used, now);
        ledger.take_changes();
    }
    began.elapsed()
}

fn through_the_desk(count: usize) -> Duration {
    let ledger = Ledger::new(lanes(count), Kept::default(), START);
    let mut desk = Desk::new(Opening { ledger, ..Opening::default() }, START);
    let usage = Usage { input: Some(500), output: Some(250) };
    let request = Request { messages: vec![Message::text(Role::User, "x".repeat(2000))], ..Request::default() };
    let began = Instant::now();
    for round in 0..rounds(count) {
        let now = at(round, count);
        let (turn, request) = (TurnId(round + 1), request.clone());
        let origin = Origin::Endpoint;
        let ask = Ask {
            turn,
            origin,
            prompt: String::new(),
            request,
            no_training: false,
            only: None,
            patience: None,
            attachments: vec![],
        };
        desk.command(1, Command::Ask(Box::new(ask)), now);
        let flies = desk.take_effects().into_iter().find_map(|effect| match effect {
            Effect::Fly { attempt, .. } => Some(attempt),
            _ => None,
        });
        let Some(attempt) = flies else { panic!("no lane") };
        for event in [Event::Head(Head { status: 200, headers: Vec::new() }), Event::Usage(usage), Event::Answered] {
            desk.flown(Flown { attempt, event }, now);
        }
        desk.take_effects();
        desk.next_wake(now);
    }
    began.elapsed()
}

fn main() {
    println!("microseconds a decision     ledger    whole turn at the desk");
    for count in [8, 64, 512] {
        let of = |spent: Duration| spent.as_secs_f64() * 1e6 / rounds(count) as f64;
        println!(
            "{count:5} lanes            {:10.1}    {:22.1}",
            of(in_the_ledger(count)),
            of(through_the_desk(count))
        );
    }
}
