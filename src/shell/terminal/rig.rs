//! All that the screen stands on: the device, the painter, stderr. Shared by the guard and the panic hook, so that
//! either can take it down, and only the first one does.
//!
//! ```text
//!            raise                      take_down (leave, drop, panic, suspend)
//!  down ------------------> up ------------------------------------------------> down
//!        settings, stderr,      order "leave" -> painter   done in time?  yes: settings, stderr
//!        order "enter"                                                    no:  drop the output, write at once, then the same
//! ```

use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::shell::painter::{Painter, Then};
use crate::shell::terminal::modes::{self, Wishes};
use crate::shell::terminal::tty::{Settings, Stderr, Tty};

/// The device, the painter, stderr.
#[derive(Debug)]
pub struct Rig {
    tty: Tty,
    painter: Painter,
    stderr: Option<Stderr>,
    /// The settings the terminal had, as long as the screen is up.
    had: watch::Sender<Option<Settings>>,
}

impl Rig {
    /// Starts the painter; nothing is changed yet.
    pub fn new(tty: Tty, stderr: Option<Stderr>) -> io::Result<Self> {
        let painter = Painter::start(tty.writer()?)?;
        Ok(Self { tty, painter, stderr, had: watch::Sender::new(None) })
    }

    /// The painter.
    pub fn painter(&self) -> &Painter {
        &self.painter
    }

    /// The device.
    pub fn tty(&self) -> &Tty {
        &self.tty
    }

    /// Whether the screen is up.
    pub fn is_up(&self) -> bool {
        self.had.borrow().is_some()
    }

    /// Takes the terminal. Does not wait for it to answer, or to read.
    pub fn raise(&self, wishes: Wishes) -> io::Result<()> {
        let had = self.tty.raw()?;
        self.had.send_replace(Some(had));
        if let Some(stderr) = &self.stderr {
            stderr.divert();
        }
        drop(self.painter.order(modes::enter(wishes), Then::Draw));
        Ok(())
    }

    /// Sets again what was set, and draws all. What the terminal had before stays known.
    pub fn reassert(&self, wishes: Wishes) -> io::Result<()> {
        self.tty.raw()?;
        drop(self.painter.order(modes::enter_again(wishes), Then::Draw));
        Ok(())
    }

    /// Gives the terminal back as it was; a second time does nothing. Waits no longer than `patience` for a terminal
    /// that does not read.
    pub fn take_down(&self, patience: Duration) {
        let Some(had) = self.had.send_replace(None) else { return };
        if self.painter.order(modes::leave(), Then::Hold).recv_timeout(patience).is_err() {
            self.tty.write_in_a_hurry(&modes::leave_in_a_hurry());
        }
        self.tty.drop_input();
        self.tty.restore(&had);
        if let Some(stderr) = &self.stderr {
            stderr.give_back();
        }
    }
}
