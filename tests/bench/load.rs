//! What the screen costs while it is busy: 64 lanes and 50 requests a second through the endpoint, beside the same without
//! a screen. Provider and clients are on this computer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::rig::{Cost, Rig, configure};
use crate::stub::{Manner, Stub, config};

/// For so long it is watched.
const SPAN: Duration = Duration::from_secs(20);
const RATE: u32 = 50;

/// Asks so often, for as long as it is listened to: how long each answer took.
fn clients(port: u16) -> Receiver<Duration> {
    let (to, spans) = sync_channel(100_000);
    for number in 0..2 {
        let to = to.clone();
        thread::spawn(move || {
            let mut socket = connect(port);
            let body = r#"{"model":"auto","messages":[{"role":"user","content":"How often do tides come?"}]}"#;
            let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json";
            let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let beat = Duration::from_secs(1) * 2 / RATE;
            let mut due = Instant::now() + beat / 2 * number;
            let mut buffer = [0; 16 * 1024];
            loop {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                due += beat;
                let begun = Instant::now();
                // It ends with the program that it asks.
                if socket.write_all(request.as_bytes()).is_err() {
                    return;
                }
                let Ok(read @ 1..) = socket.read(&mut buffer) else { return };
                let answer = String::from_utf8_lossy(buffer.get(..read).unwrap_or_default());
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                if !answer.contains("total_tokens") {
                    // The body came by itself.
                    assert!(socket.read(&mut buffer).unwrap() > 0);
                }
                if to.send(begun.elapsed()).is_err() {
                    return;
                }
            }
        });
    }
    spans
}

fn connect(port: u16) -> TcpStream {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(socket) => {
                socket.set_nodelay(true).unwrap();
                return socket;
            }
            Err(_) if Instant::now() < until => thread::sleep(Duration::from_millis(20)),
            Err(error) => panic!("the endpoint does not open: {error}"),
        }
    }
}

struct Server(Child);

impl Server {
    fn start(home: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_roundel"));
        command.arg("serve").env_clear().env("HOME", home).env("LANG", "C.UTF-8");
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn home(stub: &Stub) -> (tempfile::TempDir, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = tempfile::tempdir().unwrap();
    let limits = "limits = [{ unit = 'requests', window = '60s fixed', cap = 5000 }]\n[";
    configure(home.path(), &config(&stub.base, 8, 8, Some(port)).replace("]\n[", &format!("]\n{limits}")));
    (home, port)
}

fn answers(spans: &Receiver<Duration>) -> String {
    let mut all: Vec<Duration> = spans.try_iter().collect();
    all.sort_unstable();
    let of = |share: usize| all.get(all.len() * share / 100).map_or(0.0, |span| span.as_secs_f64() * 1000.0);
    format!(
        "{:5.1} answers a second, p50 {:.2} ms, p99 {:.2} ms",
        all.len() as f64 / SPAN.as_secs_f64(),
        of(50),
        of(99)
    )
}

/// Reads what a dashboard writes for a while: what that costs it.
fn watch(rig: &mut Rig, spans: &Receiver<Duration>) -> (f64, String) {
    rig.read_for(Duration::from_secs(2));
    while spans.try_recv().is_ok() {}
    let (cost, bytes, frames) = (rig.cost(), rig.bytes, rig.frames);
    rig.read_for(SPAN);
    let cost = rig.cost().since(cost);
    let per_second = |number: usize| number as f64 / SPAN.as_secs_f64();
    let drawn = format!(
        "{:4.1} frames a second, {:5.1} kB a second; {}",
        per_second(rig.frames - frames),
        per_second(rig.bytes - bytes) / 1000.0,
        answers(spans)
    );
    (cost, drawn)
}

/// Measures, and prints.
pub(crate) fn run() {
    let stub = Stub::serve(Manner { tokens: 0, gap: Duration::ZERO, refusals: (0, 0) });
    for (cols, rows) in [(120, 40), (200, 60)] {
        let (home, port) = home(&stub);
        let mut rig = Rig::start(home.path(), cols, rows);
        rig.until("64 of 64 lanes");
        let spans = clients(port);
        let (cost, drawn) = watch(&mut rig, &spans);
        println!("{cols}x{rows}: screen and endpoint in one process {cost:5.1} % of a core, {drawn}");
    }
    let (home, port) = home(&stub);
    let server = Server::start(home.path());
    let spans = clients(port);
    assert!(spans.recv().is_ok());
    thread::sleep(Duration::from_secs(2));
    while spans.try_recv().is_ok() {}
    let before = Cost::of(server.0.id());
    thread::sleep(SPAN);
    println!("endpoint alone {:5.1} % of a core, {}", Cost::of(server.0.id()).since(before), answers(&spans));
    let mut rig = Rig::start(home.path(), 120, 40);
    let before = Cost::of(server.0.id());
    let (cost, drawn) = watch(&mut rig, &spans);
    let beside = Cost::of(server.0.id()).since(before);
    println!("120x40, attached: screen {cost:5.1} % of a core, the endpoint's process {beside:5.1} %, {drawn}");
}
