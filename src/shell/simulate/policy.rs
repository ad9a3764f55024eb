//! What a simulated day asks of whoever routes its questions: pure, told what happens and when. Knows no policy.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::exchange::Head;
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::roster::LaneSpec;
use crate::scheduler::flight::Event;
use crate::sim::world::demand::Asked;

/// How long a person waits for a lane, and how long a program.
const PATIENCE: [Duration; 2] = [Duration::from_mins(3), Duration::from_mins(1)];

/// How long the asker of a question waits for a lane.
pub const fn patience(asked: &Asked) -> Duration {
    let [person, program] = PATIENCE;
    if asked.person { person } else { program }
}

/// Who routes.
pub trait Policy {
    /// A question comes in.
    fn ask(&mut self, turn: TurnId, asked: &Asked, now: Time);

    /// News from an attempt.
    fn flown(&mut self, attempt: AttemptId, event: Event, now: Time);

    /// An attempt on this lane was refused; its head is told here, too.
    fn refused(&mut self, attempt: AttemptId, lane: &LaneSpec, refusal: (Head, &[u8]), now: Time);

    /// Its asker waits no longer.
    fn give_up(&mut self, turn: TurnId, now: Time);

    /// Time has passed.
    fn wake(&mut self, now: Time);

    /// When [`Policy::wake`] is due; None: not before something happens.
    fn next_wake(&self, now: Time) -> Option<Time>;

    /// The program starts anew, with no more than it keeps on the disk. What it was asked is lost.
    fn restart(&mut self, now: Time);

    /// What is to be done since this was asked last, in this order.
    fn acts(&mut self) -> Vec<Act>;
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Put an attempt in the air.
    Fly {
        /// Its id, never used before.
        attempt: AttemptId,
        /// For this question.
        turn: TurnId,
        /// On this lane, by its place in the roster.
        lane: usize,
    },
    /// A question is over.
    Over {
        /// Which.
        turn: TurnId,
        /// Why it was not answered; None: it was.
        failed: Option<String>,
    },
}
