//! A dashboard in the middle of its work, for tests: lanes of each standing, limits of each kind of window, answers
//! done, passed on, running and waiting.

use std::time::Duration;

use crate::app::message::{AppConfig, Msg};
use crate::app::state::App;
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::{Origin, Turn, TurnState, Usage};
use crate::domain::failure::Class;
use crate::domain::hand::Control;
use crate::domain::ids::{AttemptId, ConversationId, LaneId, TurnId};
use crate::domain::quota::limit::{Evidence, Figure, Reading, Unit};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{Cost, Dialect, LaneSpec, Standby, Strategy, Training, Wire};
use crate::domain::saving::Saving;
use crate::domain::standing::{LaneState, Need, Rest, Switch, Target};
use crate::scheduler::link::{Report, Snapshot};

/// 2026-11-22 09:41:02 UTC.
pub(crate) const NOW: Time = Time::from_ms(1_795_340_462_000);

pub(crate) fn ago(seconds: u64) -> Time {
    NOW.minus(Duration::from_secs(seconds))
}

pub(crate) fn in_(seconds: u64) -> Time {
    NOW.plus(Duration::from_secs(seconds))
}

pub(crate) fn config(width: u16, height: u16) -> AppConfig {
    AppConfig {
        subscriber: 1,
        zone: Zone::UTC,
        log_path: "/home/ada/.local/state/roundel/roundel.log".into(),
        data_path: "/home/ada/.local/share/roundel/demo".into(),
        kept: true,
        color: true,
        links: true,
        key_name: "GROQ_API_KEY".into(),
        usual: Need::USUAL,
        size: (width, height),
        owner: None,
        screen: crate::domain::look::Wanted::default(),
    }
}

pub(crate) fn lane(id: &str) -> LaneState {
    let spec = LaneSpec {
        provider: "Simulated".into(),
        context: Some(131_072),
        cost: Cost::Free,
        training: Training::No,
        simulated: true,
        ..LaneSpec::new(LaneId::from(id), Wire::Openai, Dialect::Groq, "http://127.0.0.1/v1")
    };
    LaneState::new(spec)
}

pub(crate) fn meter(pool: &str, unit: Unit, window: &str, cap: u64) -> Meter {
    let cap = Figure::new(cap, Evidence::Documented, ago(4000));
    Meter::new(pool.into(), unit, window.parse().unwrap(), Some(cap), ago(4000))
}

fn told(mut meter: Meter, left: u64, at: Time) -> Meter {
    let reading = Reading {
        unit: meter.unit.clone(),
        window: meter.window,
        cap: None,
        remaining: Some(left),
        reset_after: None,
        evidence: Evidence::Reported,
    };
    meter.observe(&reading, at);
    meter
}

fn counted(mut meter: Meter, used: u64, at: Time) -> Meter {
    meter.count(used, at);
    meter
}

/// Used from here in even steps up to now.
fn steadily(mut meter: Meter, uses: u64, amount: u64, step: u64) -> Meter {
    for use_ in (0..uses).rev() {
        meter.note_use(amount, ago(use_ * step));
    }
    meter
}

fn meters() -> Vec<Meter> {
    vec![
        told(meter("quick", Unit::Tokens, "60s bucket", 8000), 5100, ago(3)),
        told(meter("quick", Unit::Requests, "1d bucket", 1000), 986, ago(3)),
        counted(meter("steady", Unit::Requests, "60s", 30), 23, ago(1)),
        steadily(
            told(meter("steady/medium-14b", Unit::Tokens, "1month midnight UTC", 1_000_000), 512_000, ago(400)),
            400,
            1200,
            4500,
        ),
        meter("steady/tiny-3b", Unit::Tokens, "1month midnight UTC", 1_000_000),
        steadily(
            counted(meter("slow/large-70b", Unit::Requests, "1d midnight America/Los_Angeles", 20), 17, ago(60)),
            17,
            1,
            600,
        ),
        counted(meter("silent/free", Unit::Requests, "64s rolling", 4), 4, ago(30)),
        meter("moody/chat", Unit::Requests, "1d midnight UTC", 50),
    ]
}

pub(crate) fn lanes() -> Vec<LaneState> {
    let mut lanes: Vec<LaneState> = [
        "quick/small-8b",
        "steady/medium-14b",
        "steady/tiny-3b",
        "slow/large-70b",
        "silent/free",
        "moody/chat",
        "home/llama3.2",
    ]
    .map(lane)
    .into();
    lanes[3].in_flight = 1;
    lanes[4].rest = Some(Rest {
        target: Target::Lane("silent/free".into()),
        since: ago(30),
        until: Some(in_(34)),
        class: Class::RateLimited,
        told: true,
        words: "Rate limit reached: 4 requests per minute. Please try again in 64 s.".into(),
    });
    lanes[5].switch = Some(Switch { target: Target::Account("moody".into()), on: false, since: ago(700), until: None });
    lanes
}

pub(crate) fn turn(id: u64, prompt: &str, answer: &str, state: TurnState) -> Turn {
    Turn {
        attachments: vec![],
        id: TurnId(id),
        origin: Origin::Chat,
        asked: ago(200_u64.saturating_sub(id * 40)),
        prompt: prompt.into(),
        answer: answer.into(),
        reasoning: String::new(),
        state,
        lane: None,
        attempts: Vec::new(),
        usage: Usage::default(),
        first_token: None,
        took: None,
        simulated: true,
        conversation: ConversationId::FIRST,
        replaces: None,
        unsent: None,
    }
}

fn answered(mut turn: Turn, lane: &str, first: u64, took: u64, tokens: u64) -> Turn {
    turn.lane = Some(lane.into());
    turn.first_token = Some(Duration::from_millis(first));
    turn.took = Some(Duration::from_millis(took));
    turn.usage = Usage { input: Some(60), output: Some(tokens) };
    turn
}

pub(crate) const TIDES: &str = "The Moon pulls the near ocean **more** than the Earth, and the Earth more than the far \
    ocean. So the water bulges twice:\n\n1. the near bulge, where the Moon's pull is stronger than on the Earth as a \
    whole\n2. the far bulge, which the Earth is pulled away from\n\nAs the Earth turns, each coast passes both. In code:\n\n\
    ```rust\nfn tides(day: Day) -> usize {\n    2 // twice, about 12 h 25 min apart\n}\n```\n\nSee `tides::spring` for \
    what the Sun adds.";

pub(crate) fn turns() -> Vec<Turn> {
    let mut running = turn(
        4,
        "and on the Sun?",
        "The Sun has no ocean, but it is pulled at all the same: its plasma",
        TurnState::Running,
    );
    running.lane = Some("slow/large-70b".into());
    running.asked = ago(4);
    vec![
        answered(turn(1, "Why are there two tides a day?", TIDES, TurnState::Done), "quick/small-8b", 210, 1420, 412),
        answered(
            turn(
                2,
                "Is it the same in the Baltic?",
                "Hardly: it is too small and too closed for a tide of its own, \
                and what comes in through the Danish straits is a few centimetres.",
                TurnState::Done,
            ),
            "steady/medium-14b",
            430,
            2050,
            388,
        ),
        running,
    ]
}

pub(crate) fn attempt(id: u64, turn: u64, number: u32, lane: &str, started: Time, outcome: Outcome) -> Attempt {
    Attempt {
        id: AttemptId(id),
        turn: TurnId(turn),
        number,
        origin: Origin::Chat,
        lane: lane.into(),
        started,
        status: Some(200),
        outcome,
        first_token: None,
        took: None,
        usage: Usage::default(),
        headers: Vec::new(),
        why: String::new(),
        note: String::new(),
        simulated: true,
    }
}

pub(crate) fn attempts() -> Vec<Attempt> {
    let done = |mut attempt: Attempt, first: u64, took: u64, tokens: u64| {
        attempt.first_token = Some(Duration::from_millis(first));
        attempt.took = Some(Duration::from_millis(took));
        attempt.usage = Usage { input: Some(60), output: Some(tokens) };
        attempt.headers = [
            ("date", "Sun, 22 Nov 2026 09:38:24 GMT"),
            ("content-type", "text/event-stream"),
            ("x-ratelimit-limit-tokens", "8000"),
            ("x-ratelimit-remaining-tokens", "5100"),
            ("x-ratelimit-reset-tokens", "21.7s"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        attempt
    };
    let mut refused = attempt(2, 2, 1, "silent/free", ago(120), Outcome::Failed(Class::RateLimited));
    refused.status = Some(429);
    refused.took = Some(Duration::from_millis(90));
    refused.note = "4 requests per minute spent, rests 64 s".into();
    let mut api = done(attempt(4, 3, 1, "home/llama3.2", ago(30), Outcome::Answered), 900, 12_400, 1204);
    api.origin = Origin::Endpoint;
    api.why = "all others were resting".into();
    vec![
        done(attempt(1, 1, 1, "quick/small-8b", ago(160), Outcome::Answered), 210, 1420, 412),
        refused,
        done(attempt(3, 2, 2, "steady/medium-14b", ago(119), Outcome::Answered), 430, 2050, 388),
        api,
        attempt(5, 4, 1, "slow/large-70b", ago(4), Outcome::Running),
    ]
}

pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        at: NOW,
        simulated: true,
        lanes: lanes(),
        meters: meters(),
        next: Some("quick/small-8b".into()),
        turns: turns(),
        conversations: Vec::new(),
        log: attempts(),
        saving: Saving::Yes,
        usual: Need::USUAL,
        notices: Vec::new(),
        offer: None,
        look: crate::domain::look::Look::default(),
        endpoint: None,
        control: Control { strategy: Strategy::Even, ..Control::default() },
        draft: String::new(),
    }
}

/// The dashboard at [`NOW`].
pub(crate) fn app(width: u16, height: u16) -> App {
    app_of(snapshot(), width, height)
}

/// A dashboard that has just been opened: nothing was asked yet.
pub(crate) fn fresh(width: u16, height: u16) -> App {
    let mut lanes = lanes();
    for lane in &mut lanes {
        (lane.switch, lane.rest, lane.in_flight) = (None, None, 0);
    }
    let meters = meters().into_iter().map(|meter| Meter::new(meter.pool, meter.unit, meter.window, meter.cap, NOW));
    let snapshot = Snapshot { lanes, meters: meters.collect(), turns: Vec::new(), log: Vec::new(), ..snapshot() };
    app_of(snapshot, width, height)
}

fn real_lane(id: &str, cost: Cost, training: Training, standby: Option<Standby>) -> LaneState {
    let source = "https://example.com/limits".into();
    let spec = LaneSpec {
        context: Some(131_072),
        cost,
        training,
        standby,
        as_of: "2026-10-01".into(),
        source,
        ..LaneSpec::new(LaneId::from(id), Wire::Openai, Dialect::Openai, "https://example.com/v1")
    };
    LaneState::new(spec)
}

/// A roster of real providers: lanes that train, that cost, that are only listed, one with a bad key.
pub(crate) fn real_snapshot() -> Snapshot {
    use Cost::{Free, Paid, Unknown};
    let listed = |number: usize| {
        let id = format!("openrouter/vendor/model-{number}");
        real_lane(&id, Unknown, Training::Unknown, Some(Standby::Listed))
    };
    let mut lanes = vec![
        real_lane("gemini/gemini-3.8-flash", Free, Training::Yes, None),
        real_lane("gemini/gemini-3.8-flash-lite", Free, Training::Yes, None),
        real_lane("groq/openai/gpt-oss-120b", Free, Training::No, None),
        real_lane("mistral/mistral-medium-3.5", Free, Training::Yes, None),
        real_lane("openrouter/nvidia/nemotron-3-super-120b-a12b:free", Free, Training::Unknown, None),
    ];
    lanes.extend((1..=24).map(listed));
    lanes.extend(
        ["gpt-5.6", "gpt-5.6-mini", "gpt-5.6-nano", "o5"]
            .map(|model| real_lane(&format!("openai/{model}"), Paid, Training::No, Some(Standby::Paid))),
    );
    lanes.push(real_lane("litellm/house-model", Unknown, Training::Unknown, Some(Standby::CostUnknown)));
    lanes[3].rest = Some(bad_key("mistral"));
    let mut learnt = meter("openrouter", Unit::Requests, "1d midnight UTC", 50);
    learnt.count(41, ago(20));
    learnt.cap = Some(Figure::new(50, Evidence::Learnt, ago(4000)));
    learnt.basis = Figure::new((), Evidence::Learnt, ago(400));
    let meters = vec![
        counted(meter("gemini/gemini-3.8-flash", Unit::Requests, "1d midnight America/Los_Angeles", 250), 61, ago(20)),
        counted(meter("gemini/gemini-3.8-flash", Unit::Requests, "60s rolling", 10), 1, ago(20)),
        meter("gemini/gemini-3.8-flash-lite", Unit::Requests, "1d midnight America/Los_Angeles", 1000),
        told(meter("groq/openai/gpt-oss-120b", Unit::Tokens, "60s bucket", 8000), 5100, ago(3)),
        learnt,
    ];
    Snapshot {
        simulated: false,
        lanes,
        meters,
        next: Some("gemini/gemini-3.8-flash".into()),
        turns: Vec::new(),
        log: Vec::new(),
        ..snapshot()
    }
}

fn bad_key(account: &str) -> Rest {
    Rest {
        target: Target::Account(account.into()),
        since: ago(60),
        until: None,
        class: Class::Auth,
        told: true,
        words: "Unauthorized: no such key".into(),
    }
}

/// The same, and no lane of it can answer.
pub(crate) fn stuck_snapshot() -> Snapshot {
    let mut snapshot = real_snapshot();
    snapshot.next = None;
    for lane in &mut snapshot.lanes {
        let target = Target::Lane(lane.spec.id.clone());
        match lane.spec.account().as_str() {
            "gemini" => lane.rest = Some(bad_key("gemini")),
            "groq" => {
                let words = "Rate limit reached".into();
                let class = Class::RateLimited;
                lane.rest = Some(Rest { target, since: ago(3), until: Some(in_(34)), class, told: true, words });
            }
            "openrouter" if lane.spec.standby.is_none() => {
                lane.switch = Some(Switch { target, on: false, since: ago(700), until: None });
            }
            _ => {}
        }
    }
    snapshot.notices = vec![
        "GITHUB_TOKEN: GitHub Models has ended on 2026-07-30".into(),
        "CEREBRAS_API_KEY: the free tier has ended on 2026-08-17".into(),
    ];
    snapshot
}

/// The dashboard at [`NOW`] with this snapshot.
pub(crate) fn app_of(snapshot: Snapshot, width: u16, height: u16) -> App {
    let mut app = App::new(config(width, height));
    app.update(Msg::Report(Report::Snapshot(Box::new(snapshot))), NOW);
    app
}
