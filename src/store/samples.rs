//! Values for the tests: one of every kind that can be kept. Knows no database.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::attachment::Attachment;
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::{Conversation, Settings};
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Turn, TurnState, Unsent, Usage};
use crate::domain::failure::Class;
use crate::domain::hand::Hand;
use crate::domain::ids::{AccountId, AttemptId, ConversationId, LaneId, TurnId};
use crate::domain::quota::drift::Drift;
use crate::domain::quota::guess::Guess;
use crate::domain::quota::limit::{Evidence, Figure, Window};
use crate::domain::quota::meter::Meter;
use crate::domain::quota::tally::{Tally, Use};
use crate::domain::roster::Strategy;
use crate::domain::standing::{Rest, Switch, Target};

/// A day at noon.
pub(super) const NOON: Time = Time::from_ms(1_795_348_800_000);

/// What was set by hand.
pub(super) fn hand() -> Hand {
    Hand {
        strategy: Some(Strategy::Order),
        order: vec!["groq@work".into(), "gemini".into()],
        weights: [("gemini".into(), 3)].into(),
        keeps: vec![(account(), 20), (lane(), 0)],
    }
}

/// A turn of the chat.
pub(super) fn turn(id: u64, state: TurnState) -> Turn {
    Turn {
        id: TurnId(id),
        origin: Origin::Chat,
        asked: NOON,
        prompt: "why?\n'); DROP TABLE turns; --".into(),
        attachments: vec![Attachment::of("src/a b.rs", b"fn main() {}\n".to_vec()).unwrap()],
        answer: "日本語 \u{1b}[31m \0 🦀".into(),
        reasoning: "hm".into(),
        state,
        lane: Some(LaneId::from("groq@work/openai/gpt-oss-120b")),
        attempts: vec![AttemptId(1), AttemptId(2)],
        usage: Usage { input: Some(12), output: Some(3456) },
        first_token: Some(Duration::from_millis(321)),
        took: Some(Duration::from_millis(4321)),
        simulated: true,
        conversation: ConversationId(3),
        replaces: Some(TurnId(1)),
        unsent: Some(Unsent { turns: 4, from: None }),
    }
}

/// Conversations of which [`turns`] are a part, and others.
pub(super) fn conversations() -> Vec<Conversation> {
    let all = turns();
    let count = |id: u64| all.iter().filter(|turn| turn.conversation.0 == id).count() as u64;
    let one = |id: u64, name: &str| Conversation {
        name: name.into(),
        turns: count(id),
        ..Conversation::new(ConversationId(id), NOON)
    };
    let settings =
        Settings { system: "Be \"brief\".".into(), temperature: Some(0.7), max_tokens: Some(500), no_training: true };
    vec![one(2, ""), Conversation { settings, ..one(3, "tides") }, Conversation { deleted: Some(NOON), ..one(4, "x") }]
}

/// A turn of which nothing is known yet.
pub(super) fn bare_turn(id: u64, origin: Origin, state: TurnState) -> Turn {
    Turn { state, ..Turn::new(TurnId(id), origin, NOON, String::new()) }
}

/// A log row.
pub(super) fn attempt(id: u64, outcome: Outcome) -> Attempt {
    Attempt {
        id: AttemptId(id),
        turn: TurnId(7),
        number: 2,
        origin: Origin::Ask,
        lane: LaneId::from("quick/small"),
        started: NOON,
        status: Some(429),
        outcome,
        first_token: None,
        took: Some(Duration::from_millis(34)),
        usage: Usage { input: None, output: Some(0) },
        headers: vec![("retry-after".into(), "34".into()), ("x-a".into(), "\u{fffd}\"'".into())],
        why: "quick/large rests".into(),
        note: "3 requests per minute spent, rests 34 s".into(),
        simulated: false,
    }
}

/// A limit of each kind of window and tally, by pool, unit and window.
pub(super) fn meters() -> Vec<Meter> {
    let cap = Some(Figure::new(1000, Evidence::Reported, NOON));
    let meter = |pool: &str, unit: &str, window: Window, cap| Meter::new(pool.into(), unit.into(), window, cap, NOON);
    let span = Duration::from_mins(1);
    let mut bucket = meter("a", "neurons", Window::Bucket(span), cap);
    bucket.tally = Tally::Level { used: 12.625, at: NOON };
    let mut told = meter("a", "requests", Window::Unknown, None);
    told.basis = Figure::new((), Evidence::Learnt, NOON);
    told.reset = Some(Figure::new(NOON.plus(span), Evidence::Learnt, NOON));
    told.documented = Some(30);
    told.guess = Some(Guess { at: 7, confirmed: 2, since: NOON, test_at: NOON.plus(span) });
    told.drift = Some(Drift { by: -3, since: NOON, at: NOON.plus(span), others: true });
    told.note_use(7, NOON);
    told.note_use(1, NOON.plus(span));
    let mut rolling = meter("a/m", "tokens", Window::Rolling(span), cap);
    rolling.tally =
        Tally::Uses(VecDeque::from([Use { back: NOON, amount: 3 }, Use { back: NOON.plus(span), amount: 9 }]));
    vec![
        bucket,
        told,
        meter("a/m", "input_tokens", Window::Fixed(span), cap),
        meter("a/m", "output_tokens", Window::Month(chrono_tz::Tz::UTC), cap),
        meter("a/m", "tokens", Window::Day(chrono_tz::America::Los_Angeles), cap),
        rolling,
    ]
}

/// An account.
pub(super) fn account() -> Target {
    Target::Account(AccountId::from("groq"))
}

/// A lane.
pub(super) fn lane() -> Target {
    Target::Lane(LaneId::from("quick/small"))
}

/// An account and a lane, at rest.
pub(super) fn rests() -> Vec<Rest> {
    let rest = Rest {
        target: account(),
        since: NOON,
        until: None,
        class: Class::Auth,
        told: false,
        words: "invalid key".into(),
    };
    let until = Some(NOON.plus(Duration::from_secs(34)));
    vec![
        rest.clone(),
        Rest { target: lane(), until, class: Class::RateLimited, told: true, words: String::new(), ..rest },
    ]
}

/// A log row of each outcome that can be loaded.
pub(super) fn attempts() -> Vec<Attempt> {
    let classes = [
        Class::RateLimited,
        Class::QuotaExhausted,
        Class::Overloaded,
        Class::Payment,
        Class::Auth,
        Class::TooLarge,
        Class::Gone,
        Class::BadRequest,
        Class::Server,
    ];
    let outcomes = [Outcome::Answered, Outcome::Cancelled, Outcome::Interrupted];
    let outcomes = outcomes.into_iter().chain(classes.map(Outcome::Failed));
    let blank = Attempt { status: None, took: None, headers: Vec::new(), ..attempt(1, Outcome::Cancelled) };
    let mut attempts = vec![blank];
    attempts.extend((2..).zip(outcomes).map(|(id, outcome)| attempt(id, outcome)));
    attempts
}

/// A turn of each state that can be loaded.
pub(super) fn turns() -> Vec<Turn> {
    vec![
        turn(1, TurnState::Done),
        turn(2, TurnState::Stopped),
        turn(3, TurnState::Failed("it broke".into())),
        turn(4, TurnState::Interrupted),
        bare_turn(5, Origin::Chat, TurnState::Done),
        bare_turn(6, Origin::Chat, TurnState::Failed(String::new())),
        bare_turn(1 << 51, Origin::Chat, TurnState::Done),
    ]
}

/// An account switched off and a lane switched on.
pub(super) fn switches() -> Vec<Switch> {
    vec![
        Switch { target: account(), on: false, since: NOON, until: Some(NOON.plus(Duration::from_hours(2))) },
        Switch { target: lane(), on: true, since: Time::from_ms(-1), until: None },
    ]
}
