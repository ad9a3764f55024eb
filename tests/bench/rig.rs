//! The real program in a pseudo-terminal, for the benches: what is on its screen, when each byte came, what it costs the
//! computer. Knows nothing of what is measured.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take.
const LONG: Duration = Duration::from_secs(30);

/// A dashboard.
pub(crate) struct Rig {
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<(Instant, Vec<u8>)>,
    keys: Box<dyn Write + Send>,
    parser: vt100::Parser,
    /// Bytes that it has written so far, and frames.
    pub(crate) bytes: usize,
    pub(crate) frames: usize,
    /// The end of what was read, in which the end of a frame may have begun.
    tail: Vec<u8>,
    _master: Box<dyn MasterPty + Send>,
}

/// What a process has cost so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    at: Instant,
    cpu: f64,
}

impl Cost {
    /// Per cent of a core since then.
    pub(crate) fn since(self, before: Self) -> f64 {
        (self.cpu - before.cpu) / self.at.duration_since(before.at).as_secs_f64() * 100.0
    }

    /// What the threads of a process have cost.
    pub(crate) fn of(pid: u32) -> Self {
        let mut cpu = 0.0;
        for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
            let sched = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            cpu += sched.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
        }
        Self { at: Instant::now(), cpu }
    }
}

/// Writes the config of a home.
pub(crate) fn configure(home: &Path, config: &str) {
    let folder = home.join(".config/roundel");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
}

impl Rig {
    /// Starts one at this home, and waits until it shows all its lanes.
    pub(crate) fn start(home: &Path, cols: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_roundel"));
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("HOME", home.to_str().unwrap())] {
            command.env(name, value);
        }
        let (to, chunks) = sync_channel(4096);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        std::thread::spawn(move || {
            let mut chunk = [0; 16 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if to.send((Instant::now(), chunk.get(..count).unwrap_or_default().to_vec())).is_err() {
                    break;
                }
            }
        });
        let parser = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let (bytes, frames, tail) = (0, 0, Vec::new());
        let mut rig = Self { child, chunks, keys, parser, bytes, frames, tail, _master: pair.master };
        rig.until("lanes ready");
        rig
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// What it has cost so far.
    pub(crate) fn cost(&self) -> Cost {
        Cost::of(self.pid())
    }

    /// Types; when that was.
    pub(crate) fn send(&mut self, keys: &[u8]) -> Instant {
        let at = Instant::now();
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
        at
    }

    fn take(&mut self, patience: Duration) -> Option<Instant> {
        let (at, chunk) = self.chunks.recv_timeout(patience).ok()?;
        self.parser.process(&chunk);
        self.bytes += chunk.len();
        self.tail.extend(&chunk);
        let end = b"\x1b[?2026l";
        self.frames += self.tail.windows(end.len()).filter(|window| window == end).count();
        let keep = self.tail.len().saturating_sub(end.len() - 1);
        self.tail.drain(..keep);
        Some(at)
    }

    /// Reads on until a row of the screen is as wanted; when its last byte came.
    pub(crate) fn row(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> Instant {
        let until = Instant::now() + LONG;
        let width = self.parser.screen().size().1.get();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Some(at) = self.take(left) else { panic!("no {what} in\n{}", self.parser.screen().contents()) };
            if self.parser.screen().rows(0, width).any(|row| wanted(&row)) {
                return at;
            }
        }
    }

    /// Reads on until this stands on the screen, if it does not yet.
    pub(crate) fn until(&mut self, text: &str) {
        if !self.parser.screen().contents().contains(text) {
            self.row(text, |row| row.contains(text));
        }
    }

    /// Reads for a while.
    pub(crate) fn read_for(&mut self, span: Duration) {
        let until = Instant::now() + span;
        while Instant::now() < until {
            self.take(until.saturating_duration_since(Instant::now()));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
