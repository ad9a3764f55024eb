//! The simulation beside the truth: one world with windows of seconds, once simulated, once over loopback sockets with
//! the real task, the real client and the world behind a server. They should agree: `cargo bench --bench wire`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and has nobody to report to")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use roundel::domain::clock::Clock;
use roundel::domain::conversation::{Message, Origin, Request, Role, TurnState};
use roundel::domain::ids::TurnId;
use roundel::domain::roster::LaneSpec;
use roundel::providers::http::Client;
use roundel::scheduler::actor;
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::Opening;
use roundel::scheduler::flight::Transport;
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command, Report, Urgent};
use roundel::shell::simulate::{Name, run};
use roundel::sim::server::serve;
use roundel::sim::world::World;
use roundel::sim::world::demand::Pace;
use roundel::store::Store;

const LENGTH: Duration = Duration::from_secs(24);
const CALLERS: u64 = 12;

const WORLD: &str = r#"
seed = 7

[demand]
callers = 12
prompt_tokens = 20
answer_tokens = 30

[providers.fixed]
dialect = "mistral"
models = ["m"]
head_ms = 20
first_token_ms = 20
tokens_per_second = 20000
headers_on_streams = false
limits = [{ unit = "requests", window = "2s fixed", cap = 10, per = "model", told = false }]

[providers.rolling]
dialect = "nvidia"
models = ["m"]
head_ms = 20
first_token_ms = 20
tokens_per_second = 20000
limits = [{ unit = "requests", window = "3s rolling", cap = 6, per = "model", told = false }]

[providers.bucket]
dialect = "groq"
models = ["m"]
head_ms = 20
first_token_ms = 20
tokens_per_second = 20000
limits = [{ unit = "requests", window = "4s bucket", cap = 8, per = "model", told = false }]
"#;

/// Answers, refusals by a limit, failures shown; by lane the answers.
#[derive(Debug, Default)]
struct Seen {
    answered: u64,
    provoked: u64,
    failed: u64,
    lanes: BTreeMap<String, u64>,
}

fn simulated(world: &World) -> Seen {
    let outcome = run(Name::Harvest, world.clone(), Pace::Saturating, LENGTH);
    let names = world.lanes().iter().map(|lane| lane.id.to_string());
    Seen {
        answered: outcome.answered,
        provoked: outcome.provoked,
        failed: outcome.failed,
        lanes: names.zip(outcome.lanes.iter().map(|lane| lane.answers)).collect(),
    }
}

async fn over_the_wire(world: World) -> Seen {
    let clock = Clock::System;
    let specs = world.lanes().to_vec();
    let server = serve(world, clock).await.unwrap();
    let moved = |spec: LaneSpec| {
        let base_url = format!("{}/{}/v1", server.base_url, spec.account());
        LaneSpec { base_url, ..spec }
    };
    let now = clock.now();
    let ledger = Ledger::new(specs.into_iter().map(moved).collect(), Kept::default(), now);
    let desk = Desk::new(Opening { ledger, ..Opening::default() }, now);
    let client = Client::new(BTreeSet::new()).unwrap();
    let (actor, link) = actor::new(desk, Store::ephemeral(), Transport::Http(client), clock);
    let task = tokio::spawn(actor.run());
    let mut subscription = link.subscribe().await.unwrap();
    let mut asked = 0;
    let mut next = || {
        asked += 1;
        let turn = TurnId(asked);
        let request = Request { messages: vec![Message::text(Role::User, "hello")], ..Request::default() };
        let (origin, prompt) = (Origin::Endpoint, String::new());
        Command::Ask(Box::new(Ask::new(turn, origin, prompt, request)))
    };
    for _ in 0..CALLERS {
        link.send(subscription.number, next()).await;
    }
    let (mut seen, mut over, mut rows) = (Seen::default(), BTreeSet::new(), BTreeSet::new());
    let end = Instant::now() + LENGTH;
    while let Ok(Some(report)) = timeout_at(end, subscription.reports.recv()).await {
        let (turns, attempts) = match report {
            Report::Moved(moved) => (moved.turn.into_iter().collect::<Vec<_>>(), moved.attempts),
            Report::Snapshot(snapshot) => (snapshot.turns, snapshot.log),
            Report::Said(_)
            | Report::Saving(_)
            | Report::Conversed(_)
            | Report::Controlled(_)
            | Report::Refused(..) => continue,
        };
        for attempt in attempts.into_iter().filter(|attempt| attempt.status == Some(429)) {
            seen.provoked += u64::from(rows.insert(attempt.id));
        }
        for turn in turns.into_iter().filter(|turn| turn.state.is_over()) {
            if over.insert(turn.id) {
                match turn.state {
                    TurnState::Done => {
                        seen.answered += 1;
                        *seen.lanes.entry(turn.lane.unwrap().to_string()).or_default() += 1;
                    }
                    _ => seen.failed += 1,
                }
                link.send(subscription.number, next()).await;
            }
        }
    }
    link.urgent(Urgent::Quit).await;
    task.await.unwrap().unwrap();
    seen
}

fn main() {
    let world = World::from_toml(WORLD).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let simulated = simulated(&world);
    let real = runtime.block_on(over_the_wire(world.clone()));
    println!("{} callers, {} s                 simulated    over the wire", CALLERS, LENGTH.as_secs());
    println!("answers                        {:9}    {:13}", simulated.answered, real.answered);
    for (lane, answers) in &simulated.lanes {
        println!("  of {lane:26}{answers:9}    {:13}", real.lanes.get(lane).copied().unwrap_or_default());
    }
    println!("429s provoked                  {:9}    {:13}", simulated.provoked, real.provoked);
    println!("failures shown                 {:9}    {:13}", simulated.failed, real.failed);
}
