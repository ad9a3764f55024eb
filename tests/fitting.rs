//! Conversations that no lane takes whole: what is sent of them, and what is said about it.

use std::sync::Arc;
use std::time::Duration;

use roundel::domain::chat::{Change, Settings};
use roundel::domain::clock::Time;
use roundel::domain::conversation::{Message, Origin, Part, Request, Role, Turn, TurnState, Unsent, Usage};
use roundel::domain::failure::{Class, Failure};
use roundel::domain::ids::{AttemptId, ConversationId, LaneId, TurnId};
use roundel::domain::quota::limit::Unit;
use roundel::domain::roster::{Dialect, LaneSpec, LimitSpec, Training, Wire};
use roundel::scheduler::desk::Desk;
use roundel::scheduler::effect::{Effect, Opening};
use roundel::scheduler::flight::{Event, Flown, Reached};
use roundel::scheduler::kept::Kept;
use roundel::scheduler::ledger::Ledger;
use roundel::scheduler::link::{Ask, Command, Report};

const START: Time = Time::from_ms(1_795_348_800_000);

/// A lane with a context window, and a limit of tokens per minute or per day.
fn lane(id: &str, context: Option<u64>, tokens: Option<(&str, u64)>) -> LaneSpec {
    let limit = |(window, cap): (&str, u64)| LimitSpec {
        pool: id.into(),
        unit: Unit::Tokens,
        window: window.parse().unwrap(),
        cap,
    };
    LaneSpec {
        context,
        limits: tokens.map(limit).into_iter().collect(),
        ..LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1")
    }
}

fn desk(lanes: Vec<LaneSpec>) -> Desk {
    Desk::new(Opening { ledger: Ledger::new(lanes, Kept::default(), START), ..Opening::default() }, START)
}

/// A system prompt, and `turns` answered turns of about 200 tokens each before the question.
fn ask(turns: u64, origin: Origin) -> Ask {
    let pair = |n: u64| {
        let question = Message::text(Role::User, format!("question {n} {}", "x".repeat(380)));
        [question, Message::text(Role::Assistant, "y".repeat(370))]
    };
    let head = [Message::text(Role::System, "be brief")];
    let last = [Message::text(Role::User, "and last?")];
    let messages = head.into_iter().chain((1..=turns).flat_map(pair)).chain(last).collect();
    let request = Request { messages, ..Request::default() };
    let along = (1..=turns).map(TurnId).collect();
    let conversation = ConversationId(5);
    Ask { along, conversation, ..Ask::new(TurnId(100), origin, "and last?".into(), request) }
}

type Flight = (AttemptId, LaneId, Arc<Request>);

fn look(desk: &mut Desk) -> (Vec<Flight>, Option<Turn>) {
    let (mut flights, mut turn) = (Vec::new(), None);
    for effect in desk.take_effects() {
        match effect {
            Effect::Fly { attempt, lane, request } => flights.push((attempt, lane.id.clone(), request)),
            Effect::Tell(Report::Moved(moved)) => turn = moved.turn.or(turn),
            _ => {}
        }
    }
    (flights, turn)
}

fn asked(desk: &mut Desk, ask: Ask) -> (Vec<Flight>, Option<Turn>) {
    desk.command(1, Command::Ask(Box::new(ask)), START);
    look(desk)
}

fn questions(request: &Request) -> usize {
    request.messages.iter().filter(|message| message.role == Role::User).count()
}

#[test]
fn it_goes_whole_where_it_fits() {
    let mut desk = desk(vec![lane("small/1", Some(1000), None), lane("large/1", Some(100_000), None)]);
    let (flights, turn) = asked(&mut desk, ask(20, Origin::Chat));
    assert_eq!((flights[0].1.as_str(), questions(&flights[0].2)), ("large/1", 21));
    assert_eq!(turn.unwrap().unsent, None);
}

#[test]
fn where_none_takes_it_whole_the_oldest_turns_stay_behind_and_that_is_said() {
    let mut desk = desk(vec![lane("small/1", Some(1000), None), lane("medium/1", Some(2000), None)]);
    let (flights, turn) = asked(&mut desk, ask(20, Origin::Chat));
    let (_, lane, request) = &flights[0];
    assert_eq!(lane.as_str(), "medium/1", "the most of it");
    assert!(request.estimated_tokens() <= 1700, "{}", request.estimated_tokens());
    let kept = questions(request) as u64 - 1;
    let unsent = Unsent { turns: 20 - kept, from: Some(TurnId(21 - kept)) };
    assert_eq!(turn.unwrap().unsent, Some(unsent));
    assert_eq!(request.messages[0], Message::text(Role::System, "be brief"));
    assert!(matches!(&request.messages[1].parts[..], [Part::Text(mark), _] if mark.contains("left out here")));
    assert_eq!(request.messages.last(), Some(&Message::text(Role::User, "and last?")));
}

#[test]
fn a_limit_of_tokens_cuts_to_half_of_it_so_that_the_next_question_need_not_wait() {
    let mut desk = desk(vec![lane("a/1", None, Some(("60s", 3000)))]);
    let (flights, _) = asked(&mut desk, ask(20, Origin::Chat));
    let tokens = flights[0].2.estimated_tokens();
    assert!((1000..=1500).contains(&tokens), "{tokens}");
}

#[test]
fn what_a_provider_finds_too_large_all_the_same_is_cut_further_and_ends() {
    let mut desk = desk(vec![lane("a/1", Some(4000), None)]);
    let (mut flights, _) = asked(&mut desk, ask(10, Origin::Chat));
    let mut sizes = Vec::new();
    while let Some((attempt, _, request)) = flights.pop() {
        sizes.push(request.estimated_tokens());
        let failure = Failure::new(Class::TooLarge, "maximum context length".into());
        desk.flown(Flown { attempt, event: Event::Failed(failure, Reached::Provider) }, START);
        flights = look(&mut desk).0;
    }
    assert!(sizes.windows(2).all(|pair| pair[1] <= pair[0] / 2) && sizes.len() > 2, "{sizes:?}");
    let snapshot = desk.snapshot(START);
    let TurnState::Failed(why) = &snapshot.turns[0].state else { panic!("{:?}", snapshot.turns) };
    assert!(why.contains("a/1: did not take it"), "{why}");
}

#[test]
fn a_question_that_is_too_long_by_itself_is_refused_and_says_why() {
    let mut desk = desk(vec![lane("a/1", Some(1000), None)]);
    let request = Request { messages: vec![Message::text(Role::User, "x".repeat(8000))], ..Request::default() };
    let ask = Ask::new(TurnId(1), Origin::Chat, "x".into(), request);
    let (flights, turn) = asked(&mut desk, ask);
    assert!(flights.is_empty());
    assert!(matches!(turn.unwrap().state, TurnState::Failed(why) if why.contains("too large for it")));
}

#[test]
fn it_waits_for_a_lane_that_takes_it_whole_in_time_and_is_cut_where_none_will() {
    for (window, waits) in [("60s", true), ("24h", false)] {
        let lanes = vec![lane("large/1", None, Some((window, 9000))), lane("small/1", Some(1000), None)];
        let mut desk = desk(lanes);
        // What is spent of the large one.
        let filler = Ask { turn: TurnId(1), ..ask(30, Origin::Chat) };
        let (flights, _) = asked(&mut desk, filler);
        assert_eq!(flights[0].1.as_str(), "large/1");
        for event in [
            Event::Said { text: "so".into(), reasoning: false },
            Event::Usage(Usage { input: Some(6200), output: Some(10) }),
            Event::Answered,
        ] {
            desk.flown(Flown { attempt: flights[0].0, event }, START);
        }
        look(&mut desk);
        let (flights, turn) = asked(&mut desk, ask(20, Origin::Chat));
        let waiting = matches!(turn.unwrap().state, TurnState::Waiting { .. });
        assert_eq!((waiting, flights.is_empty()), (waits, waits), "{window}");
        assert!(flights.iter().all(|(_, _, request)| questions(request) < 21));
    }
}

#[test]
fn conversations_are_told_named_and_kept() {
    let mut desk = desk(vec![lane("a/1", None, None)]);
    asked(&mut desk, ask(0, Origin::Chat));
    let later = START.plus(Duration::from_secs(1));
    desk.command(1, Command::Converse(ConversationId(5), roundel::domain::chat::Change::Rename("tides".into())), later);
    desk.command(1, Command::Converse(ConversationId(6), roundel::domain::chat::Change::Delete), later);
    let snapshot = desk.snapshot(later);
    let told: Vec<(u64, &str, u64)> =
        snapshot.conversations.iter().map(|one| (one.id.0, one.name.as_str(), one.turns)).collect();
    assert_eq!(told, [(5, "tides", 1)]);
    assert_eq!(snapshot.turns[0].conversation, ConversationId(5));
}

#[test]
fn no_training_in_a_conversation_reaches_the_question_that_waits() {
    let trains = |id: &str| LaneSpec { training: Training::Yes, ..lane(id, None, Some(("60s", 400))) };
    let mut desk = desk(vec![trains("a/1")]);
    let filler = Ask { turn: TurnId(1), ..ask(1, Origin::Chat) };
    let (flights, _) = asked(&mut desk, filler);
    for event in [Event::Usage(Usage { input: Some(390), output: Some(10) }), Event::Answered] {
        desk.flown(Flown { attempt: flights[0].0, event }, START);
    }
    let (flights, _) = asked(&mut desk, ask(1, Origin::Chat));
    assert!(flights.is_empty(), "it waits");
    let settings = Settings { no_training: true, ..Settings::default() };
    desk.command(1, Command::Converse(ConversationId(5), Change::Set(Box::new(settings))), START);
    look(&mut desk);
    desk.wake(START.plus(Duration::from_secs(61)));
    assert!(look(&mut desk).0.is_empty(), "not to a lane that trains");
}
