//! One attempt in the air: a request goes out on one lane, what comes back goes to the actor. Dropping it cancels it.
//!
//! ```text
//!  send ─▶ head ─▶ (200) text … usage … end
//!              └─▶ (else) body ─▶ failed
//! ```

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::domain::clock::{Clock, Time};
use crate::domain::conversation::{Request, Usage};
use crate::domain::exchange::{Broken, Head, Outgoing};
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::AttemptId;
use crate::domain::roster::{Dialect, LaneSpec};
use crate::providers::http;
use crate::providers::refusal;
use crate::providers::wire::body::Garbled;
use crate::providers::wire::piece::Piece;
use crate::providers::wire::{Decoder, encode};
use crate::sim::body::SimBody;
use crate::sim::transport::SimTransport;

/// How long the response may take, and then the first word: cold models take minutes, and some send their headers first.
pub const FIRST: Duration = Duration::from_mins(3);
/// How long a stream may stay open behind its reason to finish, for the usage.
const LAST_WORD: Duration = Duration::from_secs(2);
/// An answer longer than this is a fault: 4 MiB.
pub(in crate::scheduler) const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
/// How long a stream may be silent between two chunks.
pub const IDLE: Duration = Duration::from_mins(1);
/// Of a refusal's body as much is read.
const REFUSAL: usize = 64 * 1024;

/// Places in the queue from the attempts to the actor; an attempt awaits its place.
pub const FLIGHTS: usize = 64;

/// What carries an exchange.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Real HTTP.
    Http(http::Client),
    /// The simulated world without sockets, for tests under a paused clock.
    Sim(SimTransport),
}

pub(in crate::scheduler) enum Body {
    Http(http::Body),
    Sim(SimBody),
}

impl Transport {
    pub(in crate::scheduler) async fn send(&self, out: &Outgoing) -> Result<(Head, Body), Broken> {
        match self {
            Self::Http(client) => client.send(out).await.map(|(head, body)| (head, Body::Http(body))),
            Self::Sim(sim) => sim.send(out).await.map(|(head, body)| (head, Body::Sim(body))),
        }
    }
}

impl Body {
    pub(in crate::scheduler) async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        match self {
            Self::Http(body) => body.next().await,
            Self::Sim(body) => body.next().await,
        }
    }
}

/// News from an attempt.
#[derive(Debug)]
pub struct Flown {
    /// Which attempt.
    pub attempt: AttemptId,
    /// What happened.
    pub event: Event,
}

/// What happens to an attempt.
#[derive(Debug)]
pub enum Event {
    /// The response's headers are there.
    Head(Head),
    /// The model said, or thought, this.
    Said {
        /// The text.
        text: String,
        /// Thought, not said.
        reasoning: bool,
    },
    /// The provider counted.
    Usage(Usage),
    /// The answer to a call has begun: from now on it goes to its asker.
    Begun,
    /// The last news: whoever called has gone.
    Gone,
    /// The last news: all of the answer is there.
    Answered,
    /// The last news: it failed. Whether text had come before, the actor knows.
    Failed(Failure, Reached),
}

/// How far a failed attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It never reached the provider.
    Nobody,
    /// The provider answered.
    Provider,
}

/// Flies one attempt to its end. Ends early when the actor is gone.
pub async fn fly(
    attempt: AttemptId,
    lane: &LaneSpec,
    request: &Request,
    transport: &Transport,
    clock: Clock,
    news: &mpsc::Sender<Flown>,
) {
    let flight = Flight { attempt, lane, clock, news };
    let out = encode(lane, request);
    let last = match flight.answer(&out, transport).await {
        Ok(()) => Event::Answered,
        Err((failure, reached)) => Event::Failed(failure, reached),
    };
    flight.tell(last).await;
}

struct Flight<'a> {
    attempt: AttemptId,
    lane: &'a LaneSpec,
    clock: Clock,
    news: &'a mpsc::Sender<Flown>,
}

impl Flight<'_> {
    async fn answer(&self, out: &Outgoing, transport: &Transport) -> Result<(), (Failure, Reached)> {
        let (head, mut body) = match timeout(FIRST, transport.send(out)).await {
            Ok(Ok(response)) => response,
            Ok(Err(broken)) => {
                let reached = if broken.may_have_arrived() { Reached::Provider } else { Reached::Nobody };
                return Err((server(broken.0), reached));
            }
            Err(_) => return Err((server(format!("no answer in {} s", FIRST.as_secs())), Reached::Provider)),
        };
        self.tell(Event::Head(head.clone())).await;
        if (200..300).contains(&head.status) {
            self.read(&mut body, out).await.map_err(|failure| (failure, Reached::Provider))
        } else {
            Err((refusal_of(self.lane, &head, &mut body, out, self.clock).await, Reached::Provider))
        }
    }

    async fn read(&self, body: &mut Body, out: &Outgoing) -> Result<(), Failure> {
        let mut decoder = Decoder::new(self.lane.wire);
        let mut seen = Seen::default();
        loop {
            let bytes = match timeout(seen.patience(), body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) => break,
                // What comes behind the reason to finish is at most the usage: without it the answer is whole.
                Ok(Some(Err(_))) | Err(_) if seen.finish.is_some() => return seen.verdict(),
                Ok(Some(Err(broken))) => return Err(server(broken.0)),
                Err(_) => return Err(server(format!("nothing came for {} s", seen.patience().as_secs()))),
            };
            let pieces = decoder.push(&bytes).map_err(garbled)?;
            if self.hand_on(pieces, &mut seen, out).await? {
                return seen.verdict();
            }
        }
        match decoder.finish() {
            Ok(pieces) => self.hand_on(pieces, &mut seen, out).await.map(drop)?,
            Err(_) if seen.finish.is_some() => {}
            Err(error) => return Err(garbled(error)),
        }
        seen.verdict()
    }

    /// Hands pieces to the actor; true at the stream's own end mark.
    async fn hand_on(&self, pieces: Vec<Piece>, seen: &mut Seen, out: &Outgoing) -> Result<bool, Failure> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.say(text, false, seen).await?,
                Piece::Reasoning(text) => self.say(text, true, seen).await?,
                Piece::Usage(usage) => self.tell(Event::Usage(believed(usage))).await,
                // Nobody who could ask for a tool is served yet.
                Piece::ToolCall { .. } => {}
                Piece::Finish(reason) => seen.finish = Some(reason),
                Piece::Error(error) => {
                    return Err(refusal::read_in_stream(self.lane.dialect, &out.redacted(&error), self.clock.now()));
                }
                Piece::End => {
                    seen.end = true;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn say(&self, text: String, reasoning: bool, seen: &mut Seen) -> Result<(), Failure> {
        seen.said += text.len();
        self.tell(Event::Said { text, reasoning }).await;
        if seen.said > LONGEST_ANSWER {
            return Err(server(format!("the answer grew beyond {} MiB and was ended", LONGEST_ANSWER >> 20)));
        }
        Ok(())
    }

    async fn tell(&self, event: Event) {
        // The actor gone: so is the reason to fly on, and the task is about to be dropped with it.
        let _ = self.news.send(Flown { attempt: self.attempt, event }).await;
    }
}

/// How far a stream has come, and how it says that it is whole: an end mark, or a reason to finish (some providers send
/// no mark).
#[derive(Default)]
pub(in crate::scheduler) struct Seen {
    /// Bytes said and thought.
    pub(in crate::scheduler) said: usize,
    pub(in crate::scheduler) end: bool,
    pub(in crate::scheduler) finish: Option<String>,
}

impl Seen {
    /// How long the next bytes may take.
    pub(in crate::scheduler) const fn patience(&self) -> Duration {
        match (&self.finish, self.said) {
            (Some(_), _) => LAST_WORD,
            (None, 0) => FIRST,
            (None, _) => IDLE,
        }
    }

    pub(in crate::scheduler) fn verdict(&self) -> Result<(), Failure> {
        match &self.finish {
            Some(reason) if reason == "error" => Err(server("the provider ended the answer with an error".into())),
            None if !self.end => Err(server("the stream ended before its end".into())),
            None if self.said == 0 => Err(server("the answer is empty".into())),
            _ => Ok(()),
        }
    }
}

/// What a response means that is no answer. `body`: as far as it is read, without secrets.
pub fn refused(dialect: Dialect, head: &Head, body: &[u8], now: Time) -> Failure {
    with_status(refusal::read(dialect, head, body, now), head.status)
}

/// Why the provider refused.
pub(in crate::scheduler) async fn refusal_of(
    lane: &LaneSpec,
    head: &Head,
    body: &mut Body,
    out: &Outgoing,
    clock: Clock,
) -> Failure {
    let bytes = refusal_body(body).await;
    let text = out.redacted(&String::from_utf8_lossy(&bytes));
    refused(lane.dialect, head, text.as_bytes(), clock.now())
}

/// Statuses of which no text told a class, but that are never the asker's fault.
fn with_status(failure: Failure, status: u16) -> Failure {
    let class = match (failure.class, status) {
        (Class::BadRequest, 403) => Class::Auth,
        (Class::BadRequest, 408 | 409 | 425) => Class::Server,
        (class, _) => class,
    };
    Failure { class, ..failure }
}

/// Counts that no answer can have are not told.
pub(in crate::scheduler) fn believed(usage: Usage) -> Usage {
    let possible = |count: &u64| *count <= 100_000_000;
    Usage { input: usage.input.filter(possible), output: usage.output.filter(possible) }
}

async fn refusal_body(body: &mut Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < REFUSAL {
        match timeout(IDLE, body.next()).await {
            Ok(Some(Ok(chunk))) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(REFUSAL);
    bytes
}

pub(in crate::scheduler) fn server(message: String) -> Failure {
    Failure::new(Class::Server, message)
}

pub(in crate::scheduler) fn garbled(garbled: Garbled) -> Failure {
    server(garbled.0)
}
