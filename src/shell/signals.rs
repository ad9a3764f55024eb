//! What the system asks of the program, as one stream for the event loop's `select!`. Sizes come with the keys;
//! Ctrl+C and Ctrl+Z are keys, because the terminal is raw.

use std::io;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// End: someone wants it so (SIGTERM).
    Terminate,
    /// End: the terminal has gone (SIGHUP).
    HangUp,
    /// End: SIGINT, or Ctrl+C where it is no key.
    Interrupt,
    /// Stopped, and now going on (SIGCONT): the terminal may have changed.
    Continue,
}

impl Asked {
    /// With which code a program exits that ends for this; `None`: it does not.
    pub fn exit_code(self) -> Option<u8> {
        match self {
            Self::HangUp => Some(129),
            Self::Interrupt => Some(130),
            Self::Terminate => Some(143),
            Self::Continue => None,
        }
    }
}

/// The signals, caught from now on.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    go_on: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Catches them. To be called inside the runtime, before the terminal is taken.
    pub fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next one. Safe to be dropped half-way.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            Some(()) = self.terminate.recv() => Asked::Terminate,
            Some(()) = self.hang_up.recv() => Asked::HangUp,
            Some(()) = self.interrupt.recv() => Asked::Interrupt,
            Some(()) = self.go_on.recv() => Asked::Continue,
            else => std::future::pending().await,
        }
    }
}

/// The signals, caught from now on.
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    /// Catches them. To be called inside the runtime, before the terminal is taken.
    pub fn catch() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// The next one. Safe to be dropped half-way.
    pub async fn next(&mut self) -> Asked {
        match self.interrupt.recv().await {
            Some(()) => Asked::Interrupt,
            None => std::future::pending().await,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[test]
    fn each_signal_is_told_by_its_name() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut signals = Signals::catch().unwrap();
            for (signal, asked, code) in [
                (Signal::CONT, Asked::Continue, None),
                (Signal::TERM, Asked::Terminate, Some(143)),
                (Signal::HUP, Asked::HangUp, Some(129)),
                (Signal::INT, Asked::Interrupt, Some(130)),
            ] {
                kill_process(getpid(), signal).unwrap();
                assert_eq!(signals.next().await, asked);
                assert_eq!(asked.exit_code(), code);
            }
        });
    }
}
