//! One attempt in the air for an asker of the endpoint: what comes back goes to the asker as fast as the asker takes it,
//! and what it means to the actor. Until something of the answer is there the asker hears nothing, so that another lane
//! can still take over. Dropping it cancels it; an asker who goes drops it, too.
//!
//! ```text
//!  send ─▶ head ─▶ (200) held ─▶ begun ─▶ bytes … done ──▶ asker
//!     │       │      │ failed      │        │ broken
//!     ▼       ▼      ▼             ▼        ▼
//!   actor: head, begun, usage, answered | failed | gone
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::domain::clock::Clock;
use crate::domain::conversation::{Usage, text_tokens};
use crate::domain::exchange::{Head, Outgoing};
use crate::domain::failure::{Class, Failure};
use crate::domain::headers;
use crate::domain::ids::AttemptId;
use crate::domain::roster::LaneSpec;
use crate::providers::refusal;
use crate::providers::wire::forward;
use crate::providers::wire::outline::Outline;
use crate::providers::wire::piece::Piece;
use crate::providers::wire::relay::{Manner, Relay, Relayed};
use crate::scheduler::flight::{
    Body, Event, FIRST, Flown, LONGEST_ANSWER, Reached, Seen, Transport, believed, garbled, refusal_of, server,
};
use crate::scheduler::link::call::{Begun, Heard, Left};

/// How long an asker may leave its queue full before it counts as gone.
const STUCK: Duration = Duration::from_mins(2);
/// As much of a stream is held back until something of the answer is in it.
const HELD: usize = 64 * 1024;

/// What an attempt for an asker needs.
#[derive(Debug)]
pub struct Passage<'a> {
    /// Its id.
    pub attempt: AttemptId,
    /// On this lane.
    pub lane: &'a LaneSpec,
    /// What is asked.
    pub asked: &'a Outline,
    /// The asker.
    pub to: &'a mpsc::Sender<Heard>,
    /// What carries it.
    pub transport: &'a Transport,
    /// The time.
    pub clock: Clock,
    /// The actor.
    pub news: &'a mpsc::Sender<Flown>,
}

/// How it ended otherwise than well.
enum End {
    Failed(Failure, Reached),
    Gone,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure, Reached::Provider)
    }
}

impl Passage<'_> {
    /// Flies the attempt to its end. `begun`: what the asker is told when the answer begins.
    pub async fn fly(self, begun: Box<Begun>) {
        let said = AtomicU64::new(0);
        let last = tokio::select! {
            ended = self.answer(begun, &said) => match ended {
                Ok(()) => Event::Answered,
                Err(End::Failed(failure, reached)) => Event::Failed(failure, reached),
                Err(End::Gone) => Event::Gone,
            },
            () = self.to.closed() => Event::Gone,
        };
        if matches!(last, Event::Gone) {
            // What the provider has counted by now nobody knows better.
            let output = Some(said.load(Ordering::Relaxed));
            self.tell(Event::Usage(Usage { input: None, output })).await;
        }
        self.tell(last).await;
    }

    async fn answer(&self, mut begun: Box<Begun>, said: &AtomicU64) -> Result<(), End> {
        let out = forward(self.lane, self.asked)
            .map_err(|words| End::Failed(Failure::new(Class::BadRequest, words), Reached::Nobody))?;
        let (head, mut body) = match timeout(FIRST, self.transport.send(&out)).await {
            Ok(Ok(response)) => response,
            Ok(Err(broken)) => return Err(End::Failed(server(broken.0), Reached::Nobody)),
            Err(_) => return Err(server(format!("no answer in {} s", FIRST.as_secs())).into()),
        };
        self.correct(&mut begun, &head);
        let answered = (200..300).contains(&head.status);
        if !answered {
            self.tell(Event::Head(head.clone())).await;
            return Err(refusal_of(self.lane, &head, &mut body, &out, self.clock).await.into());
        }
        self.tell(Event::Head(head)).await;
        let manner = Manner {
            stream: self.asked.stream,
            usage: self.asked.include_usage,
            id: format!("{:x}-{}", self.clock.now().ms(), self.attempt),
            model: self.lane.id.model().to_owned(),
            created: self.clock.now().ms() / 1000,
        };
        let mut asker = Asker { to: self.to, begun: Some(begun), held: Vec::new(), size: 0 };
        let read = self.read(&mut body, &out, Relay::new(self.lane.wire, manner), &mut asker, said).await;
        if let Err(End::Failed(failure, _)) = &read
            && asker.begun.is_none()
        {
            asker.send(Heard::Broken(failure.message.clone())).await?;
        }
        read
    }

    async fn read(
        &self,
        body: &mut Body,
        out: &Outgoing,
        mut relay: Relay,
        asker: &mut Asker<'_>,
        said: &AtomicU64,
    ) -> Result<(), End> {
        let mut seen = Seen::default();
        while !seen.end {
            let bytes = match timeout(seen.patience(), body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) => break,
                // What comes behind the reason to finish is at most the usage: without it the answer is whole.
                Ok(Some(Err(_))) | Err(_) if seen.finish.is_some() && self.asked.stream => {
                    return self.whole(relay, &seen, asker).await;
                }
                Ok(Some(Err(broken))) => return Err(server(broken.0).into()),
                Err(_) => return Err(server(format!("nothing came for {} s", seen.patience().as_secs())).into()),
            };
            let relayed = relay.push(&bytes).map_err(garbled)?;
            self.hand_on(relayed, &mut seen, out, asker, said).await?;
        }
        if !seen.end {
            match relay.finish() {
                Ok(relayed) => self.hand_on(relayed, &mut seen, out, asker, said).await?,
                Err(_) if seen.finish.is_some() && self.asked.stream => {}
                Err(error) => return Err(garbled(error).into()),
            }
        }
        self.whole(relay, &seen, asker).await
    }

    async fn whole(&self, relay: Relay, seen: &Seen, asker: &mut Asker<'_>) -> Result<(), End> {
        seen.verdict()?;
        if asker.begun.is_some() && self.asked.stream {
            self.tell(Event::Begun).await;
        }
        asker.begin().await?;
        for bytes in relay.close() {
            asker.send(Heard::Bytes(bytes)).await?;
        }
        asker.send(Heard::Done).await
    }

    async fn hand_on(
        &self,
        relayed: Relayed,
        seen: &mut Seen,
        out: &Outgoing,
        asker: &mut Asker<'_>,
        said: &AtomicU64,
    ) -> Result<(), End> {
        let mut failed = None;
        let mut substance = false;
        for piece in relayed.pieces {
            let text = match &piece {
                Piece::Text(text) | Piece::Reasoning(text) => text.as_str(),
                Piece::ToolCall { arguments, .. } => {
                    // Who only calls tools has said something, too.
                    seen.said += 1;
                    arguments
                }
                _ => "",
            };
            seen.said += text.len();
            said.fetch_add(text_tokens(text), Ordering::Relaxed);
            substance |= matches!(piece, Piece::Text(_) | Piece::Reasoning(_) | Piece::ToolCall { .. });
            match piece {
                Piece::Usage(usage) => self.tell(Event::Usage(believed(usage))).await,
                Piece::Finish(reason) => seen.finish = Some(reason),
                Piece::Error(error) => {
                    let error = out.redacted(&error);
                    failed = Some(refusal::read_in_stream(self.lane.dialect, &error, self.clock.now()));
                    break;
                }
                Piece::End => seen.end = true,
                Piece::Text(_) | Piece::Reasoning(_) | Piece::ToolCall { .. } => {}
            }
        }
        if self.asked.stream && substance && asker.begun.is_some() {
            self.tell(Event::Begun).await;
            asker.begin().await?;
        }
        asker.pass(relayed.bytes).await?;
        if let Some(failure) = failed {
            return Err(failure.into());
        }
        if seen.said > LONGEST_ANSWER {
            let most = LONGEST_ANSWER >> 20;
            return Err(server(format!("the answer grew beyond {most} MiB and was ended")).into());
        }
        Ok(())
    }

    /// What the lane has left, as its own headers tell it.
    fn correct(&self, begun: &mut Begun, head: &Head) {
        if head.headers.iter().any(|(name, _)| name.contains("ratelimit")) {
            for reading in headers::readings(self.lane.dialect, head, self.clock.now()) {
                let same = |left: &&mut Left| left.unit == reading.unit && left.window.span() == reading.window.span();
                if let (Some(left), Some(remaining)) = (begun.left.iter_mut().find(same), reading.remaining) {
                    left.remaining = remaining;
                    left.cap = reading.cap.unwrap_or(left.cap);
                    left.reset = reading.reset_after.or(left.reset);
                }
            }
        }
    }

    async fn tell(&self, event: Event) {
        let _ = self.news.send(Flown { attempt: self.attempt, event }).await;
    }
}

/// The way to the asker.
struct Asker<'a> {
    to: &'a mpsc::Sender<Heard>,
    /// None: the answer has begun.
    begun: Option<Box<Begun>>,
    held: Vec<Bytes>,
    size: usize,
}

impl Asker<'_> {
    /// Tells who answers, and what was held back until now.
    async fn begin(&mut self) -> Result<(), End> {
        if let Some(begun) = self.begun.take() {
            self.send(Heard::Begun(begun)).await?;
            for bytes in std::mem::take(&mut self.held) {
                self.send(Heard::Bytes(bytes)).await?;
            }
        }
        Ok(())
    }

    async fn pass(&mut self, all: Vec<Bytes>) -> Result<(), End> {
        for bytes in all {
            if self.begun.is_none() {
                self.send(Heard::Bytes(bytes)).await?;
                continue;
            }
            self.size += bytes.len();
            if self.size > HELD {
                return Err(server("the stream says much and answers nothing".into()).into());
            }
            self.held.push(bytes);
        }
        Ok(())
    }

    async fn send(&self, heard: Heard) -> Result<(), End> {
        match timeout(STUCK, self.to.send(heard)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}
