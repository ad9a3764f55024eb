//! What the screen costs those who do not look at it: nothing is drawn when nothing changes, and a terminal that nobody
//! reads holds nobody up.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tokio::time::Instant;

use crate::support::pty::{LONG, Pty, ROUNDEL};
use crate::support::stub::{Manner, Stub, config};

const MANNER: Manner = Manner { tokens: 50, gap: Duration::ZERO, refusals: (0, 0) };

/// A terminal at a home with this config.
fn home(config: &str) -> Pty {
    let pty = Pty::open(120, 40);
    let folder = pty.home().join(".config/roundel");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), config).unwrap();
    pty
}

/// A port that nobody has.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for the endpoint: nothing is to be read of the screen.
fn connect(port: u16) -> TcpStream {
    let until = Instant::now() + LONG;
    loop {
        if let Ok(socket) = TcpStream::connect(("127.0.0.1", port)) {
            socket.set_read_timeout(Some(LONG)).unwrap();
            return socket;
        }
        assert!(Instant::now() < until, "the endpoint does not open");
        std::thread::yield_now();
    }
}

/// Asks, and reads the whole answer.
fn ask(port: u16, number: usize, stream: bool) -> String {
    let mut socket = connect(port);
    let body =
        format!(r#"{{"model":"auto","stream":{stream},"messages":[{{"role":"user","content":"number {number}"}}]}}"#);
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close";
    write!(socket, "{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_terminal_that_nobody_reads_changes_nothing_for_the_endpoint() {
    let (stub, port) = (Stub::serve(MANNER), port());
    let mut pty = home(&config(&stub.base, 4, 2, Some(port)));
    pty.start(ROUNDEL, &[], &[]);
    for number in 0..120 {
        // A whole new screen each time: far more than the device takes.
        let narrower = u16::try_from(number % 2).unwrap();
        pty.resize(200 - narrower, 60);
        let answer = ask(port, number, number % 3 == 0);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-roundel-lane: p"), "{answer}");
        assert!(answer.contains(if number % 3 == 0 { "[DONE]" } else { "Twice a day." }), "{answer}");
    }
    assert_eq!(stub.said(), 40 * MANNER.tokens, "each answer was asked for once");
    pty.resize(160, 50);
    // Keys that were pressed meanwhile are not lost either.
    pty.send("typed blindly");
    let answer = ask(port, 120, false);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Who looks at last sees what is, and nothing of what was.
    pty.read();
    pty.wait_for_text("› typed blindly");
    pty.wait_for_text("8 of 8 lanes ready");
    pty.wait_for("the rows of the log", |screen| screen.contents().matches("  api  ").count() > 5);
    pty.bytes_within(Duration::from_millis(300));
    let seen = pty.screen().contents();
    let before = pty.raw().len();
    pty.send("\x0c");
    pty.wait_for("all of it once more", |screen| screen.contents() == seen);
    pty.bytes_within(Duration::from_millis(300));
    assert!(pty.raw().len() > before + 2000, "it was painted again");
    assert_eq!(pty.screen().contents(), seen);
}

#[test]
fn a_key_in_the_same_instant_as_a_new_size_is_seen() {
    let mut pty = Pty::run(ROUNDEL, &[], 120, 40);
    pty.wait_for_text("7 of 7 lanes ready");
    for number in 1..=50 {
        pty.resize(120 - number % 2, 40);
        pty.send("x");
        let typed = format!("› {} ", "x".repeat(number.into()));
        pty.wait_for(&typed, |screen| screen.contents().contains(&typed));
    }
}

#[test]
fn a_countdown_is_drawn_once_a_second_and_then_nothing() {
    let stub = Stub::serve(Manner { refusals: (1, 4), ..MANNER });
    // Other countdowns than that of the rest are soon over.
    let limits = "limits = [{ unit = 'requests', window = '5s fixed', cap = 1000 }]\n[endpoint]";
    let mut pty = home(&config(&stub.base, 1, 1, None).replace("[endpoint]", limits));
    pty.start(ROUNDEL, &[], &[]);
    pty.read();
    pty.wait_for_text("1 of 1 lanes ready");
    pty.send("why?");
    pty.wait_for_text("› why?");
    pty.send("\r");
    pty.wait_for_text("resting");
    let before = pty.raw().len();
    pty.wait_for("the answer", |screen| screen.contents().contains(" 429 ") && screen.contents().contains(" 6 tok"));
    let drawn = pty.raw()[before..].windows(8).filter(|bytes| bytes == b"\x1b[?2026l").count();
    // Four seconds and the answer's own, which comes at once.
    assert!((3..=12).contains(&drawn), "{drawn} frames");
    pty.wait_for("no lane at rest", |screen| !screen.contents().contains("resting"));
    // What was used counts no more after five.
    pty.bytes_within(Duration::from_secs(8));
    assert_eq!(pty.bytes_within(Duration::from_secs(10)), 0, "{}", pty.screen().contents());
}
