//! The terminal on Unix. Where the system tells the device's name it is opened anew, because flags are shared by all
//! who have inherited a file: setting ours to non-blocking would set the parent shell's.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use ratatui::layout::Size;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetwinsize, tcsetattr, ttyname};

/// The settings a terminal had.
pub type Settings = Termios;

/// An open terminal.
#[derive(Debug)]
pub struct Tty {
    input: OwnedFd,
    output: OwnedFd,
    /// The same device, never blocking. `None`: its name is not known.
    hurry: Option<OwnedFd>,
}

impl Tty {
    /// The one on stdin and stdout.
    pub fn stdio() -> io::Result<Self> {
        let input = io::stdin().as_fd().try_clone_to_owned()?;
        let inherited = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(match ttyname(&inherited, Vec::new()).and_then(|name| Self::outputs(name.as_c_str())) {
            Ok((output, hurry)) => Self { input, output, hurry: Some(hurry) },
            Err(_) => Self { input, output: inherited, hurry: None },
        })
    }

    /// The one at this path, in both directions.
    pub fn at(path: &Path) -> io::Result<Self> {
        let input = open(path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let (output, hurry) = Self::outputs(path)?;
        Ok(Self { input, output, hurry: Some(hurry) })
    }

    fn outputs<P: rustix::path::Arg + Copy>(path: P) -> rustix::io::Result<(OwnedFd, OwnedFd)> {
        let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok((open(path, flags, Mode::empty())?, open(path, flags | OFlags::NONBLOCK, Mode::empty())?))
    }

    /// A writer to it.
    pub fn writer(&self) -> io::Result<File> {
        Ok(File::from(self.output.try_clone()?))
    }

    /// Keys one by one, without echo, without signals. Tells the settings it had.
    pub fn raw(&self) -> io::Result<Settings> {
        let had = tcgetattr(&self.input)?;
        let mut raw = had.clone();
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        Ok(had)
    }

    /// Gives it back the settings it had. Does not wait for output.
    pub fn restore(&self, had: &Settings) {
        // Nothing to be done about a terminal that is gone.
        let _ = tcsetattr(&self.input, OptionalActions::Now, had);
    }

    /// Wakes whoever waits for keys, if there are any. Who is told of them only as they come (an edge), and was busy with
    /// a new size just then, would not look before the next key.
    pub fn wake_reader(&self) {
        // Setting what is set already wakes readers: the settings may have made the input ready.
        if let Ok(now) = tcgetattr(&self.input) {
            let _ = tcsetattr(&self.input, OptionalActions::Now, &now);
        }
    }

    /// Drops what was typed and not yet read: after leaving, mouse reports would go to the shell.
    pub fn drop_input(&self) {
        let _ = tcflush(&self.input, QueueSelector::IFlush);
    }

    /// Drops the output that nobody reads, and writes these bytes if that is possible at once.
    pub fn write_in_a_hurry(&self, bytes: &[u8]) {
        let _ = tcflush(&self.output, QueueSelector::OFlush);
        if let Some(Ok(hurry)) = self.hurry.as_ref().map(OwnedFd::try_clone) {
            drop(File::from(hurry).write_all(bytes));
        }
    }

    /// Columns and rows, as of now; `None`: it does not tell.
    pub fn size(&self) -> Option<Size> {
        let size = tcgetwinsize(&self.output).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some(Size { width: size.ws_col, height: size.ws_row })
    }

    /// Stops the program as Ctrl+Z does elsewhere: with its whole process group, so that a parent that waits for it
    /// (a wrapper script) stops too. Returns when it is continued, or at once where nobody could continue it.
    pub fn stop_program() -> io::Result<()> {
        Ok(kill_current_process_group(Signal::TSTP)?)
    }
}

/// The program's stderr, led into the log while the screen is up.
#[derive(Debug)]
pub struct Stderr {
    own: OwnedFd,
    log: File,
}

impl Stderr {
    /// `None` if it is no terminal: what the user has led elsewhere stays there. Without a log, what is said is lost.
    pub fn aside(log: Option<File>) -> io::Result<Option<Self>> {
        if !io::stderr().is_terminal() {
            return Ok(None);
        }
        let log = match log {
            Some(log) => log,
            None => OpenOptions::new().write(true).open("/dev/null")?,
        };
        Ok(Some(Self { own: io::stderr().as_fd().try_clone_to_owned()?, log }))
    }

    /// From now on into the log.
    pub fn divert(&self) {
        let _ = rustix::stdio::dup2_stderr(&self.log);
    }

    /// From now on to the terminal again.
    pub fn give_back(&self) {
        let _ = rustix::stdio::dup2_stderr(&self.own);
    }
}
