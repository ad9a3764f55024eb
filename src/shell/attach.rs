//! One owner, many screens: the link between processes. The owner of the data folder listens on a Unix socket in it;
//! whoever finds the folder held speaks to the owner there, with the same commands and reports as a screen of the
//! owner's own. No key and nothing that was found with one crosses it.
//!
//! ```text
//!  screen ─▶ Link ─▶ bridge ──(socket: Up)──▶ serve ─▶ Link ─▶ actor
//!         ◀─ reports ◀─────── (Down) ◀─────── forwarders ◀─ reports
//! ```
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | frames | forwarders -> a connection's writer | 16 | the forwarder waits, its own reports pile up, the actor makes a snapshot of them | the connection ends |
//! | asked | a bridge's writer -> its reader | 16 | the writer waits | the bridge ends |

/// What crosses the socket, and how it is cut into pieces.
pub mod frame;

/// What each says first.
pub mod hello;

/// What was heard of the owner's state.
pub mod witness;

/// The owner's side of one connection.
pub mod serve;

/// The other side.
pub mod bridge;

/// What others still have in the air.
pub mod linger;

/// Where there are Unix sockets.
#[cfg(unix)]
pub mod unix;

/// Where none are used. The same names as on Unix.
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
use crate::shell::attach::unix as system;
#[cfg(windows)]
use crate::shell::attach::windows as system;

pub use system::{Line, Listener, dial, listen};
