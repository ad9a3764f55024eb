//! A terminal without a window: a pty with a vt100 screen on its other end. Either the test's own process uses it, or
//! a program runs in it, with an environment and folders of its own. Waits for events, never for a while.
//!
//! ```text
//!  test <--[queue of 256]-- reader thread <-- master == slave <-- program
//!       <------------------ waiter thread <------ exit status ----'
//! ```

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;
use tempfile::TempDir;
use tokio::time::Instant;
use vt100::{MouseProtocolEncoding, MouseProtocolMode, Screen};

/// How long anything may take before the test fails: far more than it needs on a busy computer.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// The modes a program can leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Modes {
    pub(crate) alternate_screen: bool,
    pub(crate) cursor_hidden: bool,
    pub(crate) bracketed_paste: bool,
    pub(crate) mouse: MouseProtocolMode,
    pub(crate) mouse_encoding: MouseProtocolEncoding,
}

impl Modes {
    /// As a shell wants them.
    pub(crate) const PLAIN: Self = Self {
        alternate_screen: false,
        cursor_hidden: false,
        bracketed_paste: false,
        mouse: MouseProtocolMode::None,
        mouse_encoding: MouseProtocolEncoding::Default,
    };

    /// Those of this screen.
    pub(crate) fn of(screen: &Screen) -> Self {
        Self {
            alternate_screen: screen.alternate_screen(),
            cursor_hidden: screen.hide_cursor(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode(),
            mouse_encoding: screen.mouse_protocol_encoding(),
        }
    }
}

enum Event {
    Bytes(Vec<u8>),
    /// Nothing more will be written: the slave is closed everywhere.
    End,
    Exit(ExitStatus),
}

/// The terminal, and the program in it if there is one. What still runs when it is dropped is killed.
pub(crate) struct Pty {
    master: Box<dyn MasterPty + Send>,
    /// Held open while the program runs, so that the settings it leaves can be looked at.
    slave: Option<Box<dyn SlavePty + Send>>,
    keys: Box<dyn Write + Send>,
    sender: SyncSender<Event>,
    events: Receiver<Event>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
    pid: Option<Pid>,
    exit: Option<ExitStatus>,
    settings_left: Option<String>,
    home: Rc<TempDir>,
}

impl Pty {
    /// A terminal with nothing in it, read by nobody until [`Pty::read`].
    pub(crate) fn open(cols: u16, rows: u16) -> Self {
        Self::open_at_home(cols, rows, Rc::new(tempfile::tempdir().unwrap()))
    }

    fn open_at_home(cols: u16, rows: u16, home: Rc<TempDir>) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let (sender, events) = sync_channel(256);
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            slave: Some(pair.slave),
            sender,
            events,
            parser: vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0),
            raw: Vec::new(),
            ended: false,
            pid: None,
            exit: None,
            settings_left: None,
            home,
        }
    }

    /// A new terminal with `program` in it, and reading begun.
    pub(crate) fn run(program: &str, args: &[&str], cols: u16, rows: u16) -> Self {
        let mut pty = Self::open(cols, rows);
        pty.start(program, args, &[]);
        pty.read();
        pty
    }

    /// Another terminal of the same size with `program` in it, which finds the folders of the one before.
    pub(crate) fn run_at_the_same_home(&self, program: &str, args: &[&str]) -> Self {
        let (rows, cols) = self.screen().size();
        let mut pty = Self::open_at_home(cols.get(), rows.get(), Rc::clone(&self.home));
        pty.start(program, args, &[]);
        pty.read();
        pty
    }

    /// Starts `program`. Its environment is cleared: no keys, no user's folders; `env` goes over what is set.
    pub(crate) fn start(&mut self, program: &str, args: &[&str], env: &[(&str, &str)]) {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.cwd(self.home());
        for (name, value) in [("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")]
        {
            command.env(name, value);
        }
        for (name, folder) in [
            ("HOME", ""),
            ("TMPDIR", ""),
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
        ] {
            command.env(name, self.home().join(folder));
        }
        for (name, value) in env {
            command.env(name, value);
        }
        let mut child = self.slave.as_ref().unwrap().spawn_command(command).unwrap();
        self.pid = child.process_id().and_then(|pid| Pid::from_raw(pid.try_into().unwrap()));
        let sender = self.sender.clone();
        thread::spawn(move || {
            let status = child.wait().unwrap();
            // The test may be over.
            let _ = sender.send(Event::Exit(status));
        });
    }

    /// Begins to read what is written to the terminal.
    pub(crate) fn read(&self) {
        let (mut reader, sender) = (self.master.try_clone_reader().unwrap(), self.sender.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(Event::Bytes(bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
            let _ = sender.send(Event::End);
        });
    }

    /// The folder the program lives in.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// The device, for the test's own process.
    pub(crate) fn device(&self) -> PathBuf {
        self.master.tty_name().unwrap()
    }

    /// Types.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.keys.write_all(bytes.as_ref()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Makes the window another size; the program hears of it.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        self.parser.screen_mut().set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        self.master.resize(size(cols, rows)).unwrap();
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid.unwrap(), signal).unwrap();
    }

    /// Waits until the screen is as wanted, and says what was waited for if it never is.
    pub(crate) fn wait_for(&mut self, what: &str, wanted: impl Fn(&Screen) -> bool) {
        let until = Instant::now() + LONG;
        while !wanted(self.screen()) {
            let done = self.ended && self.exit.is_some();
            assert!(!done && self.take(until), "waited for {what}; the screen shows\n{}", self.picture());
        }
    }

    /// Waits until this text stands somewhere on the screen.
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until the program has ended and all it wrote is read.
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        let until = Instant::now() + LONG;
        while self.exit.is_none() || !self.ended {
            assert!(self.take(until), "the program does not end; the screen shows\n{}", self.picture());
        }
        self.exit.clone().unwrap()
    }

    /// How many bytes are written within `span`: for showing that nothing is.
    pub(crate) fn bytes_within(&mut self, span: Duration) -> usize {
        let (until, before) = (Instant::now() + span, self.raw.len());
        while self.take(until) {}
        self.raw.len() - before
    }

    /// How many bytes are written until all who have the terminal open have closed it.
    pub(crate) fn bytes_until_closed(&mut self) -> usize {
        let (until, before) = (Instant::now() + LONG, self.raw.len());
        self.slave = None;
        while !self.ended {
            assert!(self.take(until), "the terminal stays open");
        }
        self.raw.len() - before
    }

    /// Takes the next event; false if none comes in time.
    fn take(&mut self, until: Instant) -> bool {
        match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Bytes(bytes)) => {
                self.parser.process(&bytes);
                self.raw.extend(bytes);
            }
            Ok(Event::End) => self.ended = true,
            Ok(Event::Exit(status)) => {
                self.settings_left = Some(self.settings());
                self.exit = Some(status);
                self.slave = None;
            }
            Err(_) => return false,
        }
        true
    }

    /// What the terminal shows.
    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// The modes it is in.
    pub(crate) fn modes(&self) -> Modes {
        Modes::of(self.screen())
    }

    /// All bytes written so far.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The device's settings (echo, line by line, ...), comparable; after the program's end those that it left.
    pub(crate) fn settings(&self) -> String {
        self.settings_left.clone().unwrap_or_else(|| format!("{:?}", self.master.get_termios().unwrap()))
    }

    /// Whether the program gets keys one by one.
    pub(crate) fn is_raw(&self) -> bool {
        let local = self.master.get_termios().unwrap().local_flags.bits();
        local & LocalModes::ICANON.bits() == 0
    }

    /// The screen between rules, for a failing test.
    fn picture(&self) -> String {
        let mut picture = String::new();
        for row in self.screen().rows(0, self.screen().size().1.get()) {
            let _ = writeln!(picture, "|{row}");
        }
        picture
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let (Some(pid), None) = (self.pid, &self.exit) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The program under test.
pub(crate) const ROUNDEL: &str = env!("CARGO_BIN_EXE_roundel");
