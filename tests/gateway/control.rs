//! What the user keeps back for the chat, and the pause.

use roundel::domain::conversation::{Message, Request, Role, TurnState};
use roundel::domain::ids::TurnId;
use roundel::scheduler::link::{Ask, Command};

use super::*;

impl House {
    /// Tells the scheduler something, as a screen does.
    async fn tell(&self, command: Command) {
        let subscription = self.link.subscribe().await.unwrap();
        assert!(self.link.send(subscription.number, command).await);
    }
}

#[tokio::test]
async fn what_is_kept_back_is_refused_with_words_and_the_chat_still_gets_it() {
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE), stream(&["so"])]).await;
    let limit = LimitSpec { pool: "a/m".into(), unit: Unit::Requests, window: "1h rolling".parse().unwrap(), cap: 3 };
    let lane = LaneSpec { limits: vec![limit], keep: 2, ..openai("a/m", &upstream) };
    let house = house(vec![lane], settings()).await;
    assert_eq!(house.chat("", &hello("auto")).await.status, 200);
    let answer = house.chat("", &hello("auto")).await;
    assert_eq!(answer.status, 429);
    assert!(answer.message().contains("a/m: the last 2 are kept for the chat, back at"), "{}", answer.body);
    let retry: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3500..=3700).contains(&retry), "{retry}");
    let request = Request { messages: vec![Message::text(Role::User, "and?")], ..Request::default() };
    house.tell(Command::Ask(Box::new(Ask::new(TurnId(7), Origin::Chat, "and?".into(), request)))).await;
    house.until(|snapshot| snapshot.turns.iter().any(|turn| turn.state == TurnState::Done)).await;
}

#[tokio::test]
async fn all_of_it_kept_back_is_a_refusal_too() {
    let upstream = Upstream::serve(vec![]).await;
    let limit = LimitSpec { pool: "a/m".into(), unit: Unit::Requests, window: "1h rolling".parse().unwrap(), cap: 3 };
    let lane = LaneSpec { limits: vec![limit], keep: 20, ..openai("a/m", &upstream) };
    let house = house(vec![lane], settings()).await;
    let answer = house.chat("", &hello("auto")).await;
    assert_eq!(answer.status, 429);
    assert!(answer.message().contains("all of it is kept for the chat"), "{}", answer.body);
}

#[tokio::test]
async fn a_pause_parks_for_a_while_and_then_says_so() {
    let upstream = Upstream::serve(vec![response("200 OK", "", WHOLE)]).await;
    let house = house(vec![openai("a/m", &upstream)], settings()).await;
    house.tell(Command::Pause(true)).await;
    house.until(|snapshot| snapshot.control.paused.is_some()).await;
    let answer = house.chat("x-roundel-patience: 0\r\n", &hello("auto")).await;
    assert_eq!(answer.status, 429);
    assert!(answer.message().contains("the scheduler is paused by its user"), "{}", answer.body);
    // Who has more patience is answered when it goes on.
    let body = hello("auto").to_string();
    let waiting = house.begin("POST /v1/chat/completions", "", &body).await;
    while !house.get("/metrics").await.body.contains("roundel_parked 1") {}
    house.tell(Command::Pause(false)).await;
    assert_eq!(read(waiting).await.status, 200);
}
