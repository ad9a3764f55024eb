//! What the dashboard costs, measured from outside on the real program in a pseudo-terminal: start to first paint, and
//! an idle minute. `cargo bench --bench dashboard`; the figures in the README come from here.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark measures the time, prints, and has nobody to report to"
)]

use std::fs;
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const STARTS: usize = 30;
const MINUTE: Duration = Duration::from_mins(1);

struct Running {
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    _master: Box<dyn MasterPty + Send>,
    started: Instant,
}

fn start(home: &std::path::Path) -> Running {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_roundel"));
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("HOME", home.to_str().unwrap())] {
        command.env(name, value);
    }
    let (to, bytes) = sync_channel(1024);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let started = Instant::now();
    let child = pair.slave.spawn_command(command).unwrap();
    std::thread::spawn(move || {
        let mut chunk = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut chunk) {
            if to.send(chunk.get(..count).unwrap_or_default().to_vec()).is_err() {
                break;
            }
        }
    });
    Running { child, bytes, _master: pair.master, started }
}

impl Running {
    /// Time from the start of the process until a frame with the word SIMULATED has come out whole.
    fn first_paint(&self) -> Duration {
        let mut seen = Vec::new();
        loop {
            seen.extend(self.bytes.recv_timeout(Duration::from_secs(20)).unwrap());
            let whole = seen.windows(8).any(|window| window == b"\x1b[?2026l");
            if whole && seen.windows(9).any(|window| window == b"SIMULATED") {
                return self.started.elapsed();
            }
        }
    }

    fn end(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// CPU seconds and voluntary switches (each is a wake-up) of all threads, and resident memory in MB.
fn cost(pid: u32) -> (f64, u64, f64) {
    let (mut cpu, mut wakes) = (0.0, 0);
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let sched = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        cpu += sched.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
        wakes += field(&fs::read_to_string(task.path().join("status")).unwrap_or_default(), "voluntary_ctxt_switches:");
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    (cpu, wakes, field(&status, "VmRSS:") as f64 / 1000.0)
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn main() {
    let home = tempfile::tempdir().unwrap();
    let mut starts: Vec<Duration> = (0..=STARTS)
        .map(|_| {
            let running = start(home.path());
            let took = running.first_paint();
            running.end();
            took
        })
        .collect();
    let first = starts.remove(0);
    starts.sort_unstable();
    let of = |share: usize| starts.get(starts.len() * share / 100).map_or(0.0, |took| took.as_secs_f64() * 1000.0);
    println!(
        "binary                  {:8.1} MB",
        fs::metadata(env!("CARGO_BIN_EXE_roundel")).unwrap().len() as f64 / 1e6
    );
    println!("start to first paint    {:8.1} ms median of {STARTS}, {:.1} ms p95", of(50), of(95));
    println!("  with an empty folder  {:8.1} ms", first.as_secs_f64() * 1000.0);

    let running = start(home.path());
    running.first_paint();
    std::thread::sleep(Duration::from_secs(2));
    let pid = running.child.process_id().unwrap();
    while running.bytes.try_recv().is_ok() {}
    let (cpu, wakes, _) = cost(pid);
    std::thread::sleep(MINUTE);
    let (cpu_then, wakes_then, memory) = cost(pid);
    let written: usize = running.bytes.try_iter().map(|chunk| chunk.len()).sum();
    println!("one idle minute: CPU    {:8.3} s", cpu_then - cpu);
    println!("  wake-ups              {:8.2} a second", (wakes_then - wakes) as f64 / MINUTE.as_secs_f64());
    println!("  bytes to the terminal {written:8}");
    println!("  resident memory       {memory:8.1} MB");
    running.end();
}
