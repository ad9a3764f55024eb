//! The terminal as a device: its settings, its size, its queues. No escape sequences here.

/// Where it is a file.
#[cfg(unix)]
pub mod unix;

/// Where it is a console. The same names as on Unix.
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
use crate::shell::terminal::tty::unix as system;
#[cfg(windows)]
use crate::shell::terminal::tty::windows as system;

/// An open terminal.
pub type Tty = system::Tty;

/// The settings it had.
pub type Settings = system::Settings;

/// The program's stderr, led into the log while the screen is up.
pub type Stderr = system::Stderr;
