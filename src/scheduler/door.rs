//! The way to the scheduler: what its users hold, and what comes through.

use tokio::sync::{mpsc, oneshot};

use crate::scheduler::effect::Found;
use crate::scheduler::link::{COMMANDS, Command, REPORTS, Report, URGENT, Urgent};

/// A way to the scheduler. Cheap to clone; when the last one is gone, the scheduler ends.
#[derive(Debug, Clone)]
pub struct Link {
    door: mpsc::Sender<Door>,
    urgent: mpsc::Sender<Urgent>,
}

/// What comes through a link.
#[derive(Debug)]
pub enum Door {
    /// A command of the subscriber with this number.
    Command(u16, Command),
    /// Somebody listens; the number is the answer.
    Subscribe(mpsc::Sender<Report>, oneshot::Sender<u16>),
    /// What was found out after the start. Never leaves the process.
    Learn(Box<Found>),
}

/// Where a link leads to: the actor of this process, or who speaks for the one of another.
#[derive(Debug)]
pub struct Ends {
    /// Commands and subscribers; closed when the last link is gone.
    pub door: mpsc::Receiver<Door>,
    /// What is never refused.
    pub urgent: mpsc::Receiver<Urgent>,
}

/// A link and its other end.
pub fn link() -> (Link, Ends) {
    let (door_tx, door) = mpsc::channel(COMMANDS);
    let (urgent_tx, urgent) = mpsc::channel(URGENT);
    (Link { door: door_tx, urgent: urgent_tx }, Ends { door, urgent })
}

/// What a subscriber listens to. The first report is a snapshot.
#[derive(Debug)]
pub struct Subscription {
    /// The subscriber's number, for [`crate::scheduler::link::turn_id`].
    pub number: u16,
    /// The reports; closed when the scheduler has ended.
    pub reports: mpsc::Receiver<Report>,
}

impl Link {
    /// Subscribes. None: the scheduler has ended.
    pub async fn subscribe(&self) -> Option<Subscription> {
        let (to, reports) = mpsc::channel(REPORTS);
        let (reply, number) = oneshot::channel();
        self.door.send(Door::Subscribe(to, reply)).await.ok()?;
        Some(Subscription { number: number.await.ok()?, reports })
    }

    /// Gives a command without waiting; gives it back if the queue is full or the scheduler has ended.
    pub fn try_send(&self, from: u16, command: Command) -> Result<(), Command> {
        self.door.try_send(Door::Command(from, command)).map_err(|refused| match refused.into_inner() {
            Door::Command(_, command) => command,
            Door::Subscribe(..) | Door::Learn(_) => Command::KeepDraft(String::new()),
        })
    }

    /// Gives a command, waiting for its place. False: the scheduler has ended.
    pub async fn send(&self, from: u16, command: Command) -> bool {
        self.door.send(Door::Command(from, command)).await.is_ok()
    }

    /// Hands over what was found out after the start. In the owner's process only: keys travel with it.
    pub async fn learn(&self, found: Found) -> bool {
        self.door.send(Door::Learn(Box::new(found))).await.is_ok()
    }

    /// Gives what is never refused. False: the scheduler has ended.
    pub async fn urgent(&self, urgent: Urgent) -> bool {
        self.urgent.send(urgent).await.is_ok()
    }
}
