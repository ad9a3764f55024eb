//! A server on this computer that speaks as Ollama does: offered by the demo, used when asked for, never a paid lane.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};

use crate::support::pty::{Modes, Pty, ROUNDEL};

/// Serves until the test ends: two chat models, an embedder, one that runs elsewhere.
fn ollama() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let Ok(mut socket) = socket else { continue };
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !whole(&request) {
                match socket.read(&mut chunk) {
                    Ok(read @ 1..) => request.extend_from_slice(&chunk[..read]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&request);
            let body = if request.starts_with("GET /api/tags ") {
                concat!(
                    "{\"models\":[{\"name\":\"old:1b\",\"modified_at\":\"2026-01-01T00:00:00Z\"},",
                    "{\"name\":\"tiny:1b\",\"modified_at\":\"2026-05-01T00:00:00Z\"},",
                    "{\"name\":\"nomic-embed-text\",\"modified_at\":\"2026-06-01T00:00:00Z\"},",
                    "{\"name\":\"big-cloud\",\"modified_at\":\"2026-06-01T00:00:00Z\"}]}"
                )
            } else if request.starts_with("POST /api/chat ") && request.contains("\"tiny:1b\"") {
                concat!(
                    "{\"message\":{\"content\":\"hello from \\u001b[31mhere\"},\"done\":false}\n",
                    "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":4}\n"
                )
            } else {
                "{\"error\":\"not found\"}"
            };
            let status = if body.contains("not found") { "404 Not Found" } else { "200 OK" };
            let _ = write!(
                socket,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

#[test]
fn the_demo_offers_it_and_enter_goes_real() {
    let mut pty = Pty::open(120, 40);
    pty.read();
    pty.start(ROUNDEL, &[], &[("OLLAMA_HOST", &ollama().to_string())]);
    pty.wait_for_text("SIMULATED");
    pty.wait_for_text("Ollama answers here with tiny:1b");
    pty.send("\r");
    pty.wait_for("the real ones", |screen| {
        !screen.contents().contains("SIMULATED") && screen.contents().contains("1 of 1")
    });
    pty.send("hi\r");
    pty.wait_for_text("[31mhere");
    assert!(
        !String::from_utf8_lossy(pty.raw()).contains("\u{1b}[31mhere"),
        "no sequence of a model's reaches the terminal"
    );
    pty.wait_for_text("ollama/tiny:1b");
    pty.send("\x04");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), Modes::PLAIN);
}

#[test]
fn asked_for_by_name_it_answers_and_what_runs_elsewhere_is_off() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home.path()).env("OLLAMA_HOST", ollama().to_string()).stdin(Stdio::null());
    let asked = command.args(["--ollama", "ask", "hi"]).output().unwrap();
    let (out, err) = (String::from_utf8(asked.stdout).unwrap(), String::from_utf8(asked.stderr).unwrap());
    assert_eq!((asked.status.code(), out.as_str()), (Some(0), "hello from \u{1b}[31mhere\n"), "{err}");
    assert!(err.contains("ollama/tiny:1b") && err.contains("4 tok") && !err.contains("SIMULATED"), "{err}");
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home.path()).env("OLLAMA_HOST", ollama().to_string()).stdin(Stdio::null());
    let checked = command.args(["--ollama", "check", "ollama/big-cloud"]).output().unwrap();
    let err = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(err.contains("runs in the cloud") && err.contains("switches it on"), "{err}");
}
