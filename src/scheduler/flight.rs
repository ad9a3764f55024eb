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

use crate::domain::clock::Clock;
use crate::domain::conversation::{Request, Usage};
use crate::domain::exchange::{Broken, Head, Outgoing};
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::AttemptId;
use crate::domain::roster::LaneSpec;
use crate::providers::http;
use crate::providers::refusal;
use crate::providers::wire::body::Garbled;
use crate::providers::wire::piece::Piece;
use crate::providers::wire::{Decoder, encode};
use crate::sim::body::SimBody;
use crate::sim::transport::SimTransport;

/// How long the first byte may take: cold models take minutes.
const FIRST_BYTE: Duration = Duration::from_mins(3);
/// How long a stream may be silent between two chunks.
const IDLE: Duration = Duration::from_mins(1);
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

enum Body {
    Http(http::Body),
    Sim(SimBody),
}

impl Transport {
    async fn send(&self, out: &Outgoing) -> Result<(Head, Body), Broken> {
        match self {
            Self::Http(client) => client.send(out).await.map(|(head, body)| (head, Body::Http(body))),
            Self::Sim(sim) => sim.send(out).await.map(|(head, body)| (head, Body::Sim(body))),
        }
    }
}

impl Body {
    async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
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
    let last = match flight.answer(request, transport).await {
        Ok(()) => Event::Answered,
        Err((failure, reached)) => Event::Failed(flight.without_key(failure), reached),
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
    async fn answer(&self, request: &Request, transport: &Transport) -> Result<(), (Failure, Reached)> {
        let out = encode(self.lane, request);
        let (head, mut body) = match timeout(FIRST_BYTE, transport.send(&out)).await {
            Ok(Ok(response)) => response,
            Ok(Err(broken)) => return Err((server(broken.0), Reached::Nobody)),
            Err(_) => return Err((server(format!("no answer in {} s", FIRST_BYTE.as_secs())), Reached::Provider)),
        };
        let answered = (200..300).contains(&head.status);
        self.tell(Event::Head(head.clone())).await;
        if answered {
            self.read(&mut body).await.map_err(|failure| (failure, Reached::Provider))
        } else {
            let bytes = refusal_body(&mut body).await;
            Err((refusal::read(self.lane.dialect, &head, &bytes, self.clock.now()), Reached::Provider))
        }
    }

    async fn read(&self, body: &mut Body) -> Result<(), Failure> {
        let mut decoder = Decoder::new(self.lane.wire);
        let mut seen = Seen::default();
        loop {
            let bytes = match timeout(IDLE, body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(Some(Err(broken))) => return Err(server(broken.0)),
                Ok(None) => break,
                Err(_) => return Err(server(format!("nothing came for {} s", IDLE.as_secs()))),
            };
            let pieces = decoder.push(&bytes).map_err(garbled)?;
            if self.hand_on(pieces, &mut seen).await? {
                return seen.verdict();
            }
        }
        let pieces = decoder.finish().map_err(garbled)?;
        self.hand_on(pieces, &mut seen).await?;
        seen.verdict()
    }

    /// Hands pieces to the actor; true at the stream's own end mark.
    async fn hand_on(&self, pieces: Vec<Piece>, seen: &mut Seen) -> Result<bool, Failure> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.tell(Event::Said { text, reasoning: false }).await,
                Piece::Reasoning(text) => self.tell(Event::Said { text, reasoning: true }).await,
                Piece::Usage(usage) => self.tell(Event::Usage(usage)).await,
                // Nobody who could ask for a tool is served yet.
                Piece::ToolCall { .. } => {}
                Piece::Finish(reason) => seen.finish = Some(reason),
                Piece::Error(error) => {
                    return Err(refusal::read_in_stream(self.lane.dialect, &error, self.clock.now()));
                }
                Piece::End => {
                    seen.end = true;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Providers echo keys in their errors; none goes further than here.
    fn without_key(&self, mut failure: Failure) -> Failure {
        if let Some(key) = self.lane.key.as_ref().filter(|key| !key.expose().is_empty()) {
            failure.message = failure.message.replace(key.expose(), "[key]");
        }
        failure
    }

    async fn tell(&self, event: Event) {
        // The actor gone: so is the reason to fly on, and the task is about to be dropped with it.
        let _ = self.news.send(Flown { attempt: self.attempt, event }).await;
    }
}

/// How the stream says that it is whole: an end mark, or a reason to finish (some providers send no mark).
#[derive(Default)]
struct Seen {
    end: bool,
    finish: Option<String>,
}

impl Seen {
    fn verdict(&self) -> Result<(), Failure> {
        match &self.finish {
            Some(reason) if reason == "error" => Err(server("the provider ended the answer with an error".into())),
            None if !self.end => Err(server("the stream ended before its end".into())),
            _ => Ok(()),
        }
    }
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

fn server(message: String) -> Failure {
    Failure::new(Class::Server, message)
}

fn garbled(garbled: Garbled) -> Failure {
    server(garbled.0)
}
