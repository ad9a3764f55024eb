//! The attaching side: what is put into a link here comes out of one in the owner's process, and the owner's reports
//! arrive here as if its scheduler were this process's own.

use std::collections::{HashMap, VecDeque};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split};
use tokio::sync::{mpsc, oneshot};

use crate::scheduler::door::{Door, Ends};
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
            Down::Report(number, report, passing) => {
                let report = whole(report, passing);
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::duplex;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

    use super::*;
    use crate::domain::clock::Time;
    use crate::domain::conversation::{Origin, Request};
    use crate::domain::ids::TurnId;
    use crate::domain::quota::limit::{Unit, Window};
    use crate::domain::quota::meter::Meter;
    use crate::domain::saving::Saving;
    use crate::domain::standing::Need;
    use crate::scheduler::door::{Link, link};
    use crate::scheduler::effect::Found;
    use crate::scheduler::link::{Ask, COMMANDS, Command, Moved, REPORTS, turn_id};
    use crate::shell::attach::frame::GREETING;
    use crate::shell::attach::hello::Hello;
    use crate::shell::attach::serve::serve;

    /// A link to a scheduler that the test plays, with a socket between.
    struct Both {
        link: Link,
        scheduler: Ends,
        bridge: JoinHandle<(Over, Witness)>,
        serve: JoinHandle<io::Result<()>>,
    }

    async fn both() -> Both {
        let (near, far) = duplex(1024);
        let (owners, scheduler) = link();
        let hello = Hello::new("ask", true, 1);
        let (own, turned_away) = (hello.clone(), mpsc::channel(1).0);
        let serve = tokio::spawn(async move { serve(far, owners, &own, &turned_away).await });
        let mut near = near;
        write(&mut near, &hello, GREETING).await.unwrap();
        assert_eq!(read::<Hello>(&mut near, GREETING).await.unwrap(), Some(hello));
        let (link, ends) = link();
        Both { link, scheduler, bridge: tokio::spawn(bridge(near, ends)), serve }
    }

    impl Both {
        async fn subscriber(&mut self, number: u16) -> mpsc::Sender<Report> {
            let Some(Door::Subscribe(reports, reply)) = self.scheduler.door.recv().await else {
                panic!("no subscriber")
            };
            reply.send(number).unwrap();
            reports
        }
    }

    fn moved() -> Moved {
        let mut meter = Meter::new("a".into(), Unit::Requests, Window::Unknown, None, Time::from_ms(5));
        meter.reserve(3);
        Moved {
            at: Time::from_ms(5),
            turn: None,
            attempts: Vec::new(),
            lanes: Vec::new(),
            meters: vec![meter],
            next: None,
            usual: Need::USUAL,
        }
    }

    #[tokio::test]
    async fn what_is_put_in_here_comes_out_there() {
        let mut both = both().await;
        let near = both.link.clone();
        let subscribing = tokio::spawn(async move { near.subscribe().await });
        let reports = both.subscriber(77).await;
        let mut subscription = subscribing.await.unwrap().unwrap();
        assert_eq!(subscription.number, 77);
        // Keys stay here.
        assert!(both.link.learn(Found::default()).await);
        let turn = turn_id(Time::from_ms(5), 77, TurnId(0));
        let request = Request::default();
        let ask = Ask {
            turn,
            origin: Origin::Ask,
            prompt: "?".into(),
            request,
            no_training: false,
            only: None,
            patience: None,
            attachments: vec![],
        };
        for command in [Command::Ask(Box::new(ask)), Command::AvoidTraining(true)] {
            both.link.try_send(77, command.clone()).unwrap();
            let Some(Door::Command(77, heard)) = both.scheduler.door.recv().await else { panic!("another command") };
            assert_eq!(heard, command);
        }
        assert!(both.link.urgent(Urgent::Cancel(turn)).await);
        assert_eq!(both.scheduler.urgent.recv().await, Some(Urgent::Cancel(turn)));
        let report = Report::Moved(Box::new(moved()));
        reports.send(report.clone()).await.unwrap();
        assert_eq!(subscription.reports.recv().await, Some(report), "with what is held");
        // To quit is to leave, and takes along what was said before.
        both.link.try_send(77, Command::KeepDraft("last".into())).unwrap();
        assert!(both.link.urgent(Urgent::Quit).await);
        assert_eq!(both.bridge.await.unwrap().0, Over::Left);
        let Some(Door::Command(77, Command::KeepDraft(draft))) = both.scheduler.door.recv().await else {
            panic!("no draft")
        };
        assert_eq!(draft, "last");
        reports.closed().await;
        both.serve.await.unwrap().unwrap();
        assert!(both.scheduler.urgent.try_recv().is_err(), "the owner was not told to quit");
    }

    #[tokio::test]
    async fn an_owner_that_ends_is_heard_to_its_last_word() {
        let mut both = both().await;
        let near = both.link.clone();
        let subscribing = tokio::spawn(async move { near.subscribe().await });
        let reports = both.subscriber(1).await;
        let mut subscription = subscribing.await.unwrap().unwrap();
        for _ in 0..REPORTS / 2 {
            reports.try_send(Report::Saving(Saving::Yes)).unwrap();
        }
        reports.try_send(Report::Saving(Saving::Never)).unwrap();
        drop((both.scheduler, reports));
        let mut last = None;
        while let Some(report) = subscription.reports.recv().await {
            last = Some(report);
        }
        assert_eq!(last, Some(Report::Saving(Saving::Never)));
        assert_eq!(both.bridge.await.unwrap().0, Over::Lost);
        assert!(!both.link.urgent(Urgent::Quit).await);
    }

    #[tokio::test]
    async fn who_does_not_read_holds_up_nobody() {
        let mut both = both().await;
        let near = both.link.clone();
        let subscribing = tokio::spawn(async move { near.subscribe().await });
        let reports = both.subscriber(1).await;
        let subscription = subscribing.await.unwrap().unwrap();
        // Nobody takes the reports from the subscription: at some place there is no more room, and that is said at once.
        let full = async {
            while reports.try_send(Report::Saving(Saving::Yes)).is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), full).await.unwrap();
        // The way up is free all the same.
        for _ in 0..2 * COMMANDS {
            assert!(both.link.send(1, Command::AvoidTraining(true)).await);
            assert!(matches!(both.scheduler.door.recv().await, Some(Door::Command(1, _))));
        }
        drop(subscription);
    }
}
