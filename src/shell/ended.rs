//! How the dashboard ends.

use crate::shell::engine::StartError;
use crate::shell::terminal::NoScreen;

/// Why the dashboard ended otherwise than by the user's wish.
#[derive(Debug)]
pub enum Ended {
    /// There is no terminal to show it in, or none that can be set up.
    NoScreen(NoScreen),
    /// It could not start.
    NotStarted(StartError),
    /// It broke; the terminal is as it was, and this says what happened.
    Failed(String),
    /// A signal ended it; the exit code.
    Signal(u8),
}
