//! The attaching side: what is put into a link here comes out of one in the owner's process, and the owner's reports
//! arrive here as if its scheduler were this process's own.

use std::collections::{HashMap, VecDeque};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split};
use tokio::sync::{mpsc, oneshot};

use crate::scheduler::actor::{Door, Ends};
use crate::scheduler::link::{Report, Urgent};
use crate::shell::attach::frame::{DOWN, Down, UP, Up, read, whole, write};
use crate::shell::attach::witness::Witness;

/// Places in the queue of those who want to listen.
const ASKED: usize = 16;

/// How a line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Nobody here wants it any more.
    Left,
    /// The owner has gone.
    Lost,
    /// The owner says what cannot be understood.
    Garbled(String),
}

/// Who wants to listen: where the reports go, and where its number.
type Listener = (mpsc::Sender<Report>, oneshot::Sender<u16>);

/// Carries all that goes to and fro. When it ends, the link and the subscriptions end, too. What was heard is handed
/// on.
pub async fn bridge<S>(stream: S, ends: Ends) -> (Over, Witness)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (from, to) = split(stream);
    let (asked, asking) = mpsc::channel(ASKED);
    let written = async {
        match writing(BufWriter::new(to), ends, asked).await {
            Ok(over) => over,
            // The owner takes nothing any more; what it said before it went is still read.
            Err(_) => std::future::pending().await,
        }
    };
    let mut witness = Witness::default();
    let over = tokio::select! {
        over = reading(BufReader::new(from), asking, &mut witness) => match over {
            Ok(over) => over,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Over::Garbled(error.to_string()),
            Err(_) => Over::Lost,
        },
        over = written => over,
    };
    (over, witness)
}

async fn reading(
    mut from: impl AsyncRead + Unpin,
    mut asking: mpsc::Receiver<Listener>,
    witness: &mut Witness,
) -> io::Result<Over> {
    let mut listeners: HashMap<u16, mpsc::Sender<Report>> = HashMap::new();
    let mut waiting = VecDeque::new();
    while let Some(down) = read::<Down>(&mut from, DOWN).await? {
        match down {
            Down::Subscribed(number) => {
                while let Ok(listener) = asking.try_recv() {
                    waiting.push_back(listener);
                }
                let Some((reports, reply)) = waiting.pop_front() else {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "an answer that nobody asked for"));
                };
                listeners.insert(number, reports);
                // Who asked may have gone.
                let _ = reply.send(number);
            }
            Down::Report(number, report, held) => {
                let report = whole(report, held);
                witness.hear(&report);
                if let Some(reports) = listeners.get(&number)
                    && reports.send(report).await.is_err()
                {
                    listeners.remove(&number);
                }
            }
        }
    }
    Ok(Over::Lost)
}

async fn writing(mut to: impl AsyncWrite + Unpin, mut ends: Ends, asked: mpsc::Sender<Listener>) -> io::Result<Over> {
    loop {
        let up = tokio::select! {
            biased;
            urgent = ends.urgent.recv() => match urgent {
                Some(Urgent::Cancel(turn)) => Some(Up::Cancel(turn)),
                // To quit here is to leave: the owner goes on.
                Some(Urgent::Quit) | None => {
                    while let Ok(door) = ends.door.try_recv() {
                        if let Door::Command(number, command) = door {
                            write(&mut to, &Up::Command(number, command), UP).await?;
                        }
                    }
                    to.flush().await?;
                    to.shutdown().await?;
                    return Ok(Over::Left);
                }
            },
            Some(door) = ends.door.recv() => match door {
                Door::Command(number, command) => Some(Up::Command(number, command)),
                Door::Subscribe(reports, reply) => {
                    let heard = asked.send((reports, reply)).await.is_ok();
                    heard.then_some(Up::Subscribe)
                }
                // Keys go with it: it stays here.
                Door::Learn(_) => None,
            },
        };
        if let Some(up) = up {
            write(&mut to, &up, UP).await?;
        }
        if ends.door.is_empty() && ends.urgent.is_empty() {
            to.flush().await?;
        }
    }
}
