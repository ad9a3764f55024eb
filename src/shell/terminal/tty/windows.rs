//! The terminal on Windows: crossterm keeps the console's settings, and there is nothing to stop or to lead aside.

use std::fs::File;
use std::io;

use ratatui::layout::Size;

/// The settings the console had: crossterm keeps them.
pub type Settings = ();

/// The console.
#[derive(Debug)]
pub struct Tty;

impl Tty {
    /// The one on stdin and stdout.
    pub fn stdio() -> io::Result<Self> {
        Ok(Self)
    }

    /// A writer to it.
    pub fn writer(&self) -> io::Result<io::Stdout> {
        Ok(io::stdout())
    }

    /// Keys one by one, without echo, without signals.
    pub fn raw(&self) -> io::Result<Settings> {
        crossterm::terminal::enable_raw_mode()
    }

    /// Gives it back the settings it had.
    pub fn restore(&self, (): &Settings) {
        drop(crossterm::terminal::disable_raw_mode());
    }

    /// Nobody sleeps here.
    pub fn wake_reader(&self) {}

    /// Nothing is left over here.
    pub fn drop_input(&self) {}

    /// A console always reads.
    pub fn write_in_a_hurry(&self, _bytes: &[u8]) {}

    /// Columns and rows, as of now; `None`: it does not tell.
    pub fn size(&self) -> Option<Size> {
        crossterm::terminal::size().ok().map(|(width, height)| Size { width, height })
    }

    /// Programs are not stopped here.
    pub fn stop_program() -> io::Result<()> {
        Ok(())
    }
}

/// The program's stderr: it stays where it is.
#[derive(Debug)]
pub struct Stderr;

impl Stderr {
    /// Never led aside.
    pub fn aside(_log: Option<File>) -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Does nothing.
    pub fn divert(&self) {}

    /// Does nothing.
    pub fn give_back(&self) {}
}
