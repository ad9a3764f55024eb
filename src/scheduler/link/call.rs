//! The endpoint's way to the scheduler. A call is a question of someone outside: it is no turn of the chat, its prompt and
//! its answer are kept nowhere, and its answer goes from the attempt straight to the asker. Unlike commands and reports a
//! call carries its asker's queue, so it never leaves the process.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | calls | gateway -> actor | 64 | awaited | nobody asks any more |
//! | text | attempt -> asker | 64 | the attempt awaits, for this asker alone; after two minutes the asker counts as gone | asker gone: the attempt is dropped, its reservation released; a parked call at once |

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::ability::Wants;
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Usage};
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::quota::limit::{Unit, Window};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::domain::share::Share;
use crate::domain::standing::LaneState;
use crate::providers::wire::outline::Outline;

/// Places in the queue of calls.
pub const CALLS: usize = 64;
/// Places in an asker's queue of text.
pub const TEXT: usize = 64;

/// The lanes, in the order of the roster.
pub type Lanes = Arc<[Arc<LaneSpec>]>;

/// A question of someone outside.
#[derive(Debug)]
pub struct Call {
    /// What is asked, as it came.
    pub asked: Arc<Outline>,
    /// Who may answer, and when.
    pub wanted: Wanted,
    /// The asker; [`TEXT`] places.
    pub to: mpsc::Sender<Heard>,
}

/// Who may answer a call, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which lanes.
    pub route: Route,
    /// How they are chosen; None: as usual.
    pub strategy: Option<Strategy>,
    /// What they must be able to do.
    pub wants: Wants,
    /// How long it may wait for one, since it came.
    pub patience: Duration,
    /// Its place among those that wait: the lower, the sooner.
    pub rank: u8,
    /// What it is counted on; None: its asker may have as much as there is.
    pub share: Option<Share>,
}

/// Which lanes may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// All.
    Any,
    /// Those of an account.
    Account(AccountId),
    /// This one.
    Lane(LaneId),
}

impl Route {
    /// Whether the lane may answer.
    pub fn covers(&self, lane: &LaneId) -> bool {
        match self {
            Self::Any => true,
            Self::Account(account) => lane.as_str().split('/').next() == Some(account.as_str()),
            Self::Lane(id) => id == lane,
        }
    }
}

/// What an asker is told. The last is `Done`, `Broken` or `Refused`; an end without one is the scheduler's.
#[derive(Debug)]
pub enum Heard {
    /// It waits for a lane.
    Parked,
    /// A lane answers.
    Begun(Box<Begun>),
    /// More of the answer.
    Bytes(Bytes),
    /// That was all of it.
    Done,
    /// It broke off in the middle; why, in words.
    Broken(String),
    /// Nobody answers.
    Refused(Box<Refused>),
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The lane.
    pub lane: LaneId,
    /// Tries, this one included.
    pub attempts: u32,
    /// From the question to the start of this try.
    pub wait: Duration,
    /// Not a real provider.
    pub simulated: bool,
    /// What the lane's limits have left, this try taken off.
    pub left: Vec<Left>,
}

/// What is left of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it counts.
    pub unit: Unit,
    /// When what was used comes back.
    pub window: Window,
    /// How much fits.
    pub cap: u64,
    /// How much is left.
    pub remaining: u64,
    /// When all of it is back, if known.
    pub reset: Option<Duration>,
}

/// Why nobody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What to do about it.
    pub cause: Cause,
    /// Why, in words.
    pub words: String,
    /// When a lane comes back, if known.
    pub retry: Option<Duration>,
    /// Tries.
    pub attempts: u32,
}

/// Why nobody answers, named after what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The request is at fault.
    BadRequest,
    /// It asks for what no lane can do.
    Unable,
    /// It is larger than any lane takes.
    TooLarge,
    /// Come back later.
    Busy,
    /// Its asker has had its share of the day.
    Share,
    /// Nothing is there that could answer: the user has to act.
    Nobody,
    /// All that was tried failed.
    Failed,
}

/// What goes through a line.
#[derive(Debug)]
pub enum Told {
    /// A question.
    Call(Box<Call>),
    /// Somebody wants to see how things stand.
    Look(oneshot::Sender<Box<View>>),
}

/// How things stand: what metrics are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// When it was so.
    pub at: Time,
    /// The roster.
    pub lanes: Vec<LaneState>,
    /// All limits.
    pub meters: Vec<Meter>,
    /// What was counted since the start.
    pub counts: Vec<Count>,
    /// Time that calls have waited for a lane, all together, and how many calls have got one.
    pub waited: (Duration, u64),
    /// Questions that wait for a lane.
    pub parked: usize,
}

/// What was counted of one origin on one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Who asked.
    pub origin: Origin,
    /// Where it went.
    pub lane: LaneId,
    /// How it ended: `answered`, `cancelled`, or a failure's class.
    pub outcome: &'static str,
    /// Attempts.
    pub attempts: u64,
    /// Tokens, as the providers counted them.
    pub usage: Usage,
}

/// How often somebody wanted the endpoint opened or closed, and which of the two last; None: the one that it is not.
pub type Switched = (u64, Option<bool>);

/// A way to the scheduler for the endpoint. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Line {
    calls: mpsc::Sender<Told>,
    lanes: watch::Receiver<Lanes>,
    switched: watch::Receiver<Switched>,
}

impl Line {
    /// A line over these queues.
    pub const fn new(
        calls: mpsc::Sender<Told>,
        lanes: watch::Receiver<Lanes>,
        switched: watch::Receiver<Switched>,
    ) -> Self {
        Self { calls, lanes, switched }
    }

    /// Waits until somebody wants the endpoint opened or closed; whether it is to be open then. None: the scheduler has
    /// ended.
    pub async fn switched(&mut self, is_open: bool) -> Option<bool> {
        self.switched.changed().await.ok()?;
        let (_, open) = *self.switched.borrow_and_update();
        Some(open.unwrap_or(!is_open))
    }

    /// Asks; waits for a place. False: the scheduler has ended.
    pub async fn call(&self, call: Call) -> bool {
        self.calls.send(Told::Call(Box::new(call))).await.is_ok()
    }

    /// How things stand; None: the scheduler has ended.
    pub async fn look(&self) -> Option<Box<View>> {
        let (reply, view) = oneshot::channel();
        self.calls.send(Told::Look(reply)).await.ok()?;
        view.await.ok()
    }

    /// The lanes that there are.
    pub fn lanes(&self) -> Lanes {
        self.lanes.borrow().clone()
    }
}
