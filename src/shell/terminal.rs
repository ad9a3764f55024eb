//! The guard of the terminal: takes it for the dashboard, and gives it back on quit, error, panic and signal. Knows
//! nothing of what is shown.
//!
//! The event loop runs on the thread that called `Terminal::enter` and does there:
//! paint the newest frame; `suspend` on Ctrl+Z; `continued` after SIGCONT; `leave` (or drop) at the end.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ratatui::layout::Size;
use tokio::sync::mpsc;

/// Escape sequences.
pub mod modes;

/// The device.
pub mod tty;

/// Device, painter and stderr together.
pub mod rig;

/// The panic hook.
pub mod panics;

use crate::shell::painter::{Painter, Then};
use crate::shell::terminal::modes::Wishes;
use crate::shell::terminal::rig::Rig;
use crate::shell::terminal::tty::{Stderr, Tty};

/// How long a terminal that does not read may hold up the end.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// What is assumed where the terminal does not tell its size.
const UNKNOWN_SIZE: Size = Size { width: 80, height: 24 };

/// Why there is no dashboard.
#[derive(Debug, thiserror::Error)]
pub enum NoScreen {
    /// Stdin or stdout is something else: a usage error.
    #[error("roundel's dashboard needs a terminal; use `roundel ask` in scripts")]
    NotATerminal,
    /// The terminal refused its settings.
    #[error("the terminal cannot be set up for the dashboard: {0}")]
    Refused(#[from] io::Error),
}

impl NoScreen {
    /// With which code the program exits.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotATerminal => 2,
            Self::Refused(_) => 1,
        }
    }
}

/// Whether stdin and stdout are terminals. To be asked before anything else is started.
pub fn check() -> Result<(), NoScreen> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() { Ok(()) } else { Err(NoScreen::NotATerminal) }
}

/// The terminal, taken. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    rig: Arc<Rig>,
    wishes: Wishes,
    panics: Option<mpsc::Receiver<String>>,
}

impl Terminal {
    /// Takes the terminal on stdin and stdout. While it is taken, stderr goes to `log` (without one: nowhere), unless
    /// the user has led it elsewhere. A panic hook is put before the present one, see [`Terminal::catch_panics`]:
    /// install others first.
    pub fn enter(wishes: Wishes, log: Option<File>) -> Result<Self, NoScreen> {
        check()?;
        let mut terminal = Self::enter_on(Tty::stdio()?, Stderr::aside(log)?, wishes)?;
        // The terminal is raw already; crossterm reads Ctrl+J as Enter unless it has been told so by itself.
        drop(crossterm::terminal::enable_raw_mode());
        terminal.catch_panics();
        Ok(terminal)
    }

    /// Takes this terminal, without a panic hook.
    pub fn enter_on(tty: Tty, stderr: Option<Stderr>, wishes: Wishes) -> Result<Self, NoScreen> {
        let terminal = Self { rig: Arc::new(Rig::new(tty, stderr)?), wishes, panics: None };
        terminal.rig.raise(wishes)?;
        Ok(terminal)
    }

    /// Puts a panic hook before the present one. The calling thread is the one whose panic gives the terminal back.
    pub fn catch_panics(&mut self) {
        self.panics = Some(panics::hook(&self.rig, thread::current().id(), PATIENCE));
    }

    /// Where frames go.
    pub fn painter(&self) -> &Painter {
        self.rig.painter()
    }

    /// Columns and rows as of now. To be compared before each frame: a resize event can get lost.
    pub fn size(&self) -> Size {
        self.rig.tty().size().unwrap_or(UNKNOWN_SIZE)
    }

    /// The next panic on another thread or in a task, in one line. Safe to be dropped half-way.
    pub async fn panicked(&mut self) -> String {
        if let Some(panics) = &mut self.panics
            && let Some(report) = panics.recv().await
        {
            return report;
        }
        // No hook, or another one in its place: nothing will ever come.
        std::future::pending().await
    }

    /// What goes wrong next: a panic elsewhere, in one line; None: the terminal has gone. Safe to be dropped half-way.
    pub async fn trouble(&mut self) -> Option<String> {
        let rig = Arc::clone(&self.rig);
        tokio::select! {
            panic = self.panicked() => Some(panic),
            () = rig.painter().gone() => None,
        }
    }

    /// Takes the mouse, or gives it back to the terminal's own selection.
    pub fn set_mouse(&mut self, on: bool) {
        self.wishes.mouse = on;
        if self.rig.is_up() {
            drop(self.painter().order(modes::mouse(on), Then::Same));
        }
    }

    /// To be called at each new size: crossterm forgets keys that came in the same instant until the next one comes.
    pub fn wake_reader(&self) {
        if self.rig.is_up() {
            self.rig.tty().wake_reader();
        }
    }

    /// Gives the terminal back for a while, to another program. What is painted meanwhile waits.
    pub fn lend(&mut self) {
        self.rig.take_down(PATIENCE);
    }

    /// Takes it again after [`Terminal::lend`], and draws all.
    pub fn take_back(&mut self) -> io::Result<()> {
        if self.rig.is_up() { Ok(()) } else { self.rig.raise(self.wishes) }
    }

    /// Gives the terminal back, stops the program until it is continued, takes it again and draws all.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.rig.take_down(PATIENCE);
        let stopped = Tty::stop_program();
        self.rig.raise(self.wishes)?;
        stopped
    }

    /// The program was stopped from outside and goes on: whoever had the terminal meanwhile may have changed it. Also
    /// comes after [`Terminal::suspend`], and then only draws once more.
    pub fn continued(&mut self) -> io::Result<()> {
        if self.rig.is_up() { self.rig.reassert(self.wishes) } else { Ok(()) }
    }

    /// Gives the terminal back as it was, within [`PATIENCE`]. A second time does nothing.
    pub fn leave(&mut self) {
        self.rig.take_down(PATIENCE);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave();
    }
}
