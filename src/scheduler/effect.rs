//! What the desk wants done, and in which words it tells what came of an attempt.

use std::sync::Arc;

use crate::domain::clock::Time;
use crate::domain::conversation::Request;
use crate::domain::failure::Failure;
use crate::domain::ids::AttemptId;
use crate::domain::roster::LaneSpec;
use crate::domain::standing::{Rest, Target};
use crate::scheduler::link::Report;
use crate::store::write::Write;

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
    /// Drop an attempt.
    Abort(AttemptId),
    /// Tell all subscribers.
    Tell(Report),
    /// Keep this.
    Keep(Write),
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
