//! `roundel serve` beside dashboards: who opens the endpoint, who closes it, and who goes on when the holder of the data
//! ends. Real programs, real sockets on this computer.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::Instant;

use crate::support::pty::{LONG, Pty, ROUNDEL};

const ALT_S: &str = "\x1bs";

/// A terminal at a home whose config has this endpoint.
fn home(endpoint: &str) -> Pty {
    let pty = Pty::open(120, 40);
    let folder = pty.home().join(".config/roundel");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), format!("[endpoint]\n{endpoint}\n")).unwrap();
    pty
}

fn dashboard(pty: &mut Pty) {
    pty.start(ROUNDEL, &[], &[]);
    pty.read();
    pty.wait_for_text("7 of 7 lanes ready");
}

/// A port that nobody has.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `roundel serve`, and what it says.
struct Serve {
    child: Child,
    lines: Receiver<String>,
}

/// A command without a terminal, at home in `home`.
fn roundel(home: &Path) -> Command {
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").env("TZ", "UTC");
    for (name, folder) in [("XDG_CONFIG_HOME", ".config"), ("XDG_DATA_HOME", ".local/share")] {
        command.env(name, home.join(folder));
    }
    command
}

impl Serve {
    fn start(home: &Path, args: &[&str]) -> Self {
        let mut command = roundel(home);
        command.arg("serve").args(args);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let from = BufReader::new(child.stderr.take().unwrap());
        let (to, lines) = sync_channel(256);
        thread::spawn(move || from.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        Self { child, lines }
    }

    fn line_with(&self, text: &str) -> String {
        let mut heard = Vec::new();
        loop {
            let line = self.lines.recv_timeout(LONG).unwrap_or_else(|_| panic!("{text:?} is not in {heard:#?}"));
            if line.contains(text) {
                return line;
            }
            heard.push(line);
        }
    }

    /// Asks it to end; its exit code, and what it still said.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, self.lines.iter().collect())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the endpoint answers; None: there is none.
fn get(port: u16, path: &str) -> Option<String> {
    ask(port, &format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"))
}

fn chat(port: u16, headers: &str) -> String {
    let body = r#"{"model":"auto","messages":[{"role":"user","content":"log"}]}"#;
    let length = body.len();
    let head = format!("host: 127.0.0.1\r\n{headers}connection: close\r\ncontent-length: {length}");
    ask(port, &format!("POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n\r\n{body}")).unwrap()
}

fn ask(port: u16, request: &str) -> Option<String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(LONG)).unwrap();
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn is_alive(port: u16) -> bool {
    get(port, "/healthz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\"ok\"}"))
}

#[test]
fn serve_beside_a_dashboard_has_it_open_and_goes_on_when_it_is_left() {
    let port = port();
    let mut pty = home(&format!("port = {port}"));
    dashboard(&mut pty);
    assert!(!is_alive(port), "in the demo only a key or `serve` opens it");
    let serve = Serve::start(&pty.home(), &[]);
    serve.line_with("holds the data: it is to serve, and this one goes on when it ends");
    let address = format!("http://127.0.0.1:{port}/v1");
    serve.line_with(&address);
    assert!(is_alive(port));
    pty.wait_for_text(&format!(":{port}"));
    // What goes through it is told here as there.
    pty.send("log\r");
    serve.line_with("origin=chat lane=quick/small-8b try=1 status=200 outcome=answered");
    pty.wait_for_text("first token");
    pty.send("\x04");
    pty.wait_exit();
    serve.line_with("took over from process");
    serve.line_with(&address);
    assert!(is_alive(port), "the dashboard is closed, the endpoint is not");
    let (code, said) = serve.end();
    assert_eq!(code, Some(0), "{said:#?}");
    assert!(!is_alive(port));
}

#[test]
fn two_services_follow_each_other() {
    let port = port();
    let pty = home(&format!("port = {port}"));
    let first = Serve::start(&pty.home(), &[]);
    first.line_with(&format!(":{port}/v1"));
    let own = format!("{}", self::port());
    let second = Serve::start(&pty.home(), &["--port", &own]);
    second.line_with("holds the data");
    second.line_with("counts from then on");
    second.line_with(&format!(":{port}/v1"));
    // Killed, not asked.
    kill_process(Pid::from_child(&first.child), Signal::KILL).unwrap();
    second.line_with("took over from process");
    second.line_with(&format!("http://127.0.0.1:{own}/v1"));
    assert!(is_alive(own.parse().unwrap()) && !is_alive(port));
    assert_eq!(second.end().0, Some(0));
}

#[test]
fn a_key_in_an_attached_dashboard_closes_and_opens_the_endpoint_of_a_service() {
    let port = port();
    let mut pty = home(&format!("port = {port}"));
    let serve = Serve::start(&pty.home(), &[]);
    serve.line_with(&format!("http://127.0.0.1:{port}/v1"));
    dashboard(&mut pty);
    let shown = format!(":{port}");
    pty.wait_for_text(&shown);
    assert!(is_alive(port));
    for _ in 0..2 {
        pty.send(ALT_S);
        serve.line_with("the endpoint is closed; Alt+S opens it");
        pty.wait_for("an endpoint that is closed", |screen| !screen.contents().contains(&shown));
        pty.wait_for_text("the endpoint is closed; Alt+S opens it");
        assert!(!is_alive(port));
        pty.send(ALT_S);
        serve.line_with(&format!("http://127.0.0.1:{port}/v1"));
        pty.wait_for_text(&shown);
        assert!(is_alive(port));
    }
    let (code, said) = serve.end();
    assert_eq!(code, Some(0), "{said:#?}");
}

#[test]
fn what_a_token_has_had_of_its_day_outlives_a_kill() {
    let port = port();
    let token = "authorization: Bearer sk-canary\r\n";
    let tokens = "[[endpoint.tokens]]\nname = \"editor\"\nkey = \"file:~/token\"\nrequests_per_day = 2";
    let pty = home(&format!("port = {port}\n{tokens}"));
    let home = pty.home();
    fs::write(home.join("token"), "sk-canary\n").unwrap();
    fs::set_permissions(home.join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    let serve = Serve::start(&home, &[]);
    serve.line_with(&format!(":{port}/v1"));
    assert!(chat(port, "").starts_with("HTTP/1.1 401 "));
    for _ in 0..2 {
        let answer = chat(port, token);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("x-roundel-simulated: 1"), "{answer}");
    }
    // What is on the disk is known to whoever looks.
    let kept = || {
        let output =
            roundel(&home).args(["log", "--json", "--origin", "api", "--status", "answered"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().count()
    };
    let until = Instant::now() + LONG;
    while kept() < 2 {
        assert!(Instant::now() < until, "it never reached the disk");
    }
    kill_process(Pid::from_child(&serve.child), Signal::KILL).unwrap();
    drop(serve);
    let serve = Serve::start(&home, &[]);
    serve.line_with(&format!(":{port}/v1"));
    let answer = chat(port, token);
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("token_quota"), "{answer}");
    assert!(answer.contains("the token `editor` has made its 2 requests of today; more at midnight"), "{answer}");
    let retry = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
    assert!((1..=90_000).contains(&retry.parse::<u64>().unwrap()), "{retry}");
    assert!(!answer.contains("canary"));
}
