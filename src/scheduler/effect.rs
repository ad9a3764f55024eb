//! What the desk wants done, and in which words it tells what came of an attempt.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Request};
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::look::Look;
use crate::domain::quota::limit::Reading;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::domain::saving::Saving;
use crate::domain::share::Taken;
use crate::domain::standing::{LaneState, Rest, Target};
use crate::scheduler::conversations::Conversations;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::ledger::told::Told;
use crate::scheduler::link::Report;
use crate::scheduler::link::call::{Begun, Refused};
use crate::scheduler::turns::Turns;
use crate::store::write::Write;

/// Tries of one turn; beyond it something is wrong with all lanes.
pub const MOST_ATTEMPTS: usize = 40;

/// What a desk begins with.
#[derive(Debug, Default)]
pub struct Opening {
    /// Lanes and limits.
    pub ledger: Ledger,
    /// Turns and the log.
    pub turns: Turns,
    /// Conversations.
    pub conversations: Conversations,
    /// The highest attempt so far.
    pub last_attempt: Option<AttemptId>,
    /// What stood in the composer.
    pub draft: String,
    /// Whether it reaches the disk.
    pub saving: Saving,
    /// What the user should know of the roster.
    pub notices: Vec<String>,
    /// The config wants no lane that trains on prompts, or might.
    pub no_training: bool,
    /// The chat wants none.
    pub avoid_training: bool,
    /// What the screen is like.
    pub look: Look,
    /// Lanes are still being looked for.
    pub finding: bool,
    /// How lanes are chosen, but for the user's hand.
    pub strategy: Strategy,
    /// What clients of the endpoint have had of their days.
    pub shares: Vec<Taken>,
}

/// What was found out after the start.
#[derive(Debug, Default)]
pub struct Found {
    /// Lanes that join the roster, behind the others.
    pub lanes: Vec<LaneSpec>,
    /// What the user should know, one line each.
    pub notices: Vec<String>,
    /// What a demo could do for real.
    pub offer: Option<String>,
    /// Limits asked for, and what lists of models say of lanes.
    pub told: Vec<Told>,
    /// It is said beside the search for lanes, which may still go on.
    pub aside: bool,
    /// What became of the endpoint.
    pub endpoint: Option<Endpoint>,
}

/// What became of the endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is; None: it is closed.
    pub at: Option<SocketAddr>,
    /// What the user should know of that, in one line; stands among the notices until the next one.
    pub words: String,
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Put an attempt in the air.
    Fly {
        /// Its id.
        attempt: AttemptId,
        /// On this lane.
        lane: Arc<LaneSpec>,
        /// With this request.
        request: Arc<Request>,
    },
    /// Put an attempt for a call in the air, whose answer goes straight to its asker.
    Pass {
        /// Its id.
        attempt: AttemptId,
        /// On this lane.
        lane: Arc<LaneSpec>,
        /// The call.
        call: TurnId,
        /// What the asker is told when the answer begins.
        begun: Box<Begun>,
    },
    /// A call waits: look whether its asker does.
    Park(TurnId),
    /// Nobody answers this call.
    Refuse(TurnId, Box<Refused>),
    /// A call is over.
    Forget(TurnId),
    /// Open the endpoint, or close it; None: whichever it is not.
    SwitchEndpoint(Option<bool>),
    /// Drop an attempt.
    Abort(AttemptId),
    /// Tell all subscribers.
    Tell(Report),
    /// Keep this.
    Keep(Write),
}

/// The readings of an answer. A cap of zero beside an answer means nothing: who is not entitled gets none.
pub fn entitled(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.retain(|reading| reading.cap != Some(0));
    readings
}

/// What is kept of a lane. That its whole account is out until the user does something is not: a restart is such a
/// something, so that what is kept of a lane alone is known to be of that lane.
pub fn lane_writes(lane: &LaneState) -> [Write; 2] {
    let target = Target::Lane(lane.spec.id.clone());
    let of_account = |rest: &Rest| rest.until.is_none() && matches!(rest.target, Target::Account(_));
    let rest = lane.rest.clone().filter(|rest| !of_account(rest)).map(|rest| Rest { target: target.clone(), ..rest });
    [Write::Rest { target: target.clone(), rest }, Write::Switch { target, switch: lane.switch.clone() }]
}

/// Why a failed attempt ends its turn; None: another lane may take it. What the model had begun to say is not sent again,
/// a request at fault goes back to its asker, and a probe wants to know of this lane alone.
pub fn last_word(failure: &Failure, broken_off: bool, origin: Origin, tries: usize) -> Option<String> {
    let words = &failure.message;
    if broken_off {
        Some(format!("broke off in the middle: {words}"))
    } else if failure.class == Class::BadRequest || origin == Origin::Probe {
        Some(words.clone())
    } else if tries >= MOST_ATTEMPTS {
        Some(format!("{tries} tries failed, the last one: {words}"))
    } else {
        None
    }
}

/// What came of a failed attempt: the class, and for how long what rests.
pub fn failure_note(failure: &Failure, rest: Option<&Rest>, now: Time) -> String {
    let class = failure.class.word();
    match rest {
        None => format!("{class}: {}", failure.message),
        Some(Rest { until: None, target: Target::Account(_), .. }) => {
            format!("{class}, account out: {}", failure.message)
        }
        Some(Rest { until: None, .. }) => format!("{class}, out: {}", failure.message),
        Some(Rest { until: Some(until), told, .. }) => {
            let seconds = until.since(now).as_secs_f64().ceil();
            let source = if *told { "told" } else { "guessed" };
            format!("{class}, rests {seconds:.0} s ({source}): {}", failure.message)
        }
    }
}
