//! The owner's side of one connection: what comes is handed to the scheduler, what is reported goes back. A peer that
//! sends nonsense loses its connection and nothing else; one that does not read holds up nobody but itself.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::domain::ids::TurnId;
use crate::scheduler::door::{Link, Subscription};
use crate::scheduler::link::{Command, Urgent};
use crate::shell::attach::frame::{DOWN, Down, GREETING, UP, Up, read, write};
use crate::shell::attach::hello::{Hello, PROTOCOL};

/// How long a peer may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// Places in the queue of frames.
const FRAMES: usize = 16;
/// Subscribers that one connection may have.
const SUBSCRIBERS: usize = 8;
/// Turn ids are times: those beyond the year 10000 are nonsense, and would leave no room for others.
const TURN_BITS: u32 = 58;

/// What goes to the writer: a frame, or the end.
type Frame = Option<Down>;

/// Speaks with one peer until it leaves or the scheduler ends. `turned_away` hears of one that cannot attach.
pub async fn serve<S>(stream: S, link: Link, own: &Hello, turned_away: &mpsc::Sender<String>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (from, to) = split(stream);
    let (mut from, mut to) = (BufReader::new(from), BufWriter::new(to));
    let Ok(hello) = timeout(PATIENCE, read::<Hello>(&mut from, GREETING)).await else {
        return Err(io::ErrorKind::TimedOut.into());
    };
    let Some(hello) = hello? else { return Ok(()) };
    write(&mut to, own, GREETING).await?;
    to.flush().await?;
    if hello.protocol != PROTOCOL || hello.demo != own.demo {
        if let Some(sentence) = own.turned_away(&hello) {
            tracing::warn!("{sentence}");
            // Told once is enough; who has not yet read the last one will read that.
            let _ = turned_away.try_send(sentence);
        }
        return Ok(());
    }
    let (out, frames) = mpsc::channel(FRAMES);
    tokio::select! {
        ended = reading(from, link, out) => ended,
        () = writing(to, frames) => Ok(()),
    }
}

async fn reading(mut from: impl AsyncRead + Unpin, link: Link, out: mpsc::Sender<Frame>) -> io::Result<()> {
    let mut numbers = Vec::new();
    // With this the subscriptions end: the scheduler hears that the asker has gone.
    let mut forwarders = JoinSet::new();
    while let Some(up) = read::<Up>(&mut from, UP).await? {
        let taken = match up {
            Up::Subscribe if numbers.len() < SUBSCRIBERS => match link.subscribe().await {
                Some(subscription) => {
                    numbers.push(subscription.number);
                    // Its number goes before its first report.
                    let sent = out.send(Some(Down::Subscribed(subscription.number))).await.is_ok();
                    forwarders.spawn(forward(subscription, out.clone()));
                    sent
                }
                None => false,
            },
            Up::Command(number, command) if numbers.contains(&number) && sane(&command) => {
                link.send(number, command).await
            }
            Up::Cancel(turn) => link.urgent(Urgent::Cancel(turn)).await,
            Up::Subscribe | Up::Command(..) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "what no roundel asks for"));
            }
        };
        if !taken {
            // The scheduler ends: what it said last is still on its way.
            if numbers.is_empty() {
                let _ = out.send(None).await;
            }
            return std::future::pending().await;
        }
    }
    Ok(())
}

fn sane(command: &Command) -> bool {
    match command {
        Command::Ask(ask) => ask.turn > TurnId(0) && ask.turn.0 >> TURN_BITS == 0,
        Command::Switch { .. }
        | Command::AvoidTraining(_)
        | Command::Set(_)
        | Command::Pause(_)
        | Command::Refresh
        | Command::KeepDraft(_)
        | Command::KeepLook(_)
        | Command::SwitchEndpoint { .. }
        | Command::Converse(..) => true,
    }
}

async fn forward(mut subscription: Subscription, out: mpsc::Sender<Frame>) {
    while let Some(report) = subscription.reports.recv().await {
        if out.send(Some(Down::report(subscription.number, report))).await.is_err() {
            return;
        }
    }
    let _ = out.send(None).await;
}

/// Ends when the scheduler has ended and all it said is sent.
async fn writing(mut to: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Frame>) {
    while let Some(Some(down)) = frames.recv().await {
        let mut sent = write(&mut to, &down, DOWN).await;
        if frames.is_empty() && sent.is_ok() {
            sent = to.flush().await;
        }
        if sent.is_err() {
            // The peer reads no more. What it sent before it left is still taken in; the reader sees its end.
            return std::future::pending().await;
        }
    }
    let _ = to.flush().await;
    let _ = to.shutdown().await;
}
