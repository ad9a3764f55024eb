//! What the shell is told at the end.

use crate::shell::ask::say;
use crate::shell::engine::StartError;
use crate::shell::visit::NotDone;

/// Something went wrong, and a sentence on stderr said what.
pub(in crate::cli) const FAILED: u8 = 1;
/// Called in a way that cannot work: wrong arguments, a name that nothing has, no terminal.
pub(in crate::cli) const USAGE: u8 = 2;
/// Another process holds the data folder.
pub(in crate::cli) const HELD: u8 = 3;
/// Stopped by Ctrl+C.
pub(in crate::cli) const STOPPED: u8 = 130;

/// Says it, and how it ends.
pub(in crate::cli) fn told(sentence: &str, code: u8) -> u8 {
    say(sentence);
    code
}

/// Why a session did not begin.
pub(in crate::cli) fn not_started(error: &StartError) -> u8 {
    let code = if matches!(error, StartError::Held(_) | StartError::Refused(_)) { HELD } else { FAILED };
    told(&error.to_string(), code)
}

/// Why it is not done.
pub(in crate::cli) fn not_done(error: &NotDone) -> u8 {
    let code = match error {
        NotDone::Usage(_) => USAGE,
        NotDone::Held(_) => HELD,
        NotDone::Failed(_) => FAILED,
    };
    told(&error.to_string(), code)
}
