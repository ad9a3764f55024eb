//! One data folder, many processes: one owns it, the others attach; and what happens when the owner goes.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use roundel::shell::attach::hello::PROTOCOL;
use rustix::process::{Pid, Signal, kill_process};
use vt100::Screen;

use crate::support::pty::{LONG, Modes, Pty, ROUNDEL};

/// A dashboard that holds the folder.
fn owner() -> Pty {
    let mut pty = Pty::run(ROUNDEL, &[], 120, 40);
    pty.wait_for_text("7 of 7 lanes ready");
    assert!(!pty.screen().contents().contains("attached"));
    pty
}

/// Another one, which is attached to it.
fn attached(owner: &Pty) -> Pty {
    let mut pty = owner.run_at_the_same_home(ROUNDEL, &[]);
    pty.wait_for_text(&format!("attached to process {}", pid(&folder(&owner.home()))));
    pty.wait_for_text("7 of 7 lanes ready");
    pty
}

fn folder(home: &Path) -> PathBuf {
    home.join(".local/share/roundel/demo")
}

/// Who holds the folder, by its own word.
fn pid(folder: &Path) -> i32 {
    let note = fs::read_to_string(folder.join("lock")).unwrap();
    let digits = |char: &char| char.is_ascii_digit();
    let number: String = note.chars().skip_while(|char| !digits(char)).take_while(digits).collect();
    number.parse().unwrap()
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// A command without a terminal, at home in `home`.
fn roundel(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ask(home: &Path, question: &str) -> Child {
    roundel(home, &["ask", question]).spawn().unwrap()
}

fn read(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn shows(text: &'static str) -> impl Fn(&Screen) -> bool {
    move |screen| screen.contents().contains(text)
}

fn quit(pty: &mut Pty) {
    pty.send("\x04");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), Modes::PLAIN);
    assert!(!pty.is_raw());
}

#[test]
fn all_screens_show_the_same() {
    let mut first = owner();
    let mut second = attached(&first);
    second.send("what is the log?\r");
    for screen in [&mut first, &mut second] {
        screen.wait_for_text("what is the log?");
        screen
            .wait_for("the answer", |screen| screen.contents().contains(" tok") && screen.contents().contains(" 200 "));
    }
    // A lane is switched off on one of them.
    first.send("\t\t");
    first.send(" ");
    for screen in [&mut first, &mut second] {
        screen.wait_for_text("off by you");
        screen.wait_for_text("5 of 7 lanes ready");
    }
    // What a script asks stands in the log of both.
    let home = first.home();
    let (code, out, err) = read(ask(&home, "what is a quota?").wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("This is `steady`"), "{out}");
    for screen in [&mut first, &mut second] {
        screen.wait_for("the row of the command", |screen| screen.contents().contains("steady/medium-24b  200"));
    }
    // Who leaves takes nothing along.
    quit(&mut second);
    first.wait_for_text("5 of 7 lanes ready");
    first.send("q");
    assert_eq!(first.wait_exit().exit_code(), 0);
    assert!(!folder(&home).join("socket").exists(), "the socket is cleared away");
}

#[test]
fn eighty_columns_say_whose_it_is() {
    let first = owner();
    let mut second = attached(&first);
    second.resize(80, 24);
    let of = format!("attached to {}", pid(&folder(&first.home())));
    second.wait_for("80x24", |screen| screen.size().1.get() == 80 && screen.contents().contains(&of));
    second.wait_for_text("SIMULATED");
}

#[test]
fn killed_in_mid_answer_the_owner_is_followed_by_another() {
    let mut first = owner();
    let mut second = attached(&first);
    first.send("long\r");
    second.wait_for("the beginning of the answer", shows("This is quick, simulated"));
    second.send("a thought worth keeping");
    second.wait_for_text("a thought worth keeping");
    let before = pid(&folder(&first.home()));
    kill(before);
    first.wait_exit();
    second.wait_for_text(&format!("took over from process {before}"));
    second.wait_for("the end of what was in flight", shows("interrupted"));
    let text = second.screen().contents();
    assert!(text.contains("This is quick, simulated") && text.contains("a thought worth keeping"), "{text}");
    assert!(!text.contains("attached"), "{text}");
    // It goes on, and others come to it: also to what was counted before.
    let mut third = attached(&second);
    third.wait_for("the draft and the log", shows("interrupted"));
    third.wait_for("what was used", shows("of 200"));
    let (code, _, err) = read(ask(&second.home(), "log").wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    second.wait_for_text("steady/medium-24b  200");
}

#[test]
fn who_quits_leaves_the_folder_to_the_others() {
    let mut first = owner();
    let mut second = attached(&first);
    let mut third = attached(&first);
    let before = pid(&folder(&first.home()));
    quit(&mut first);
    let took = format!("took over from process {before}");
    let follows = format!("process {before} has ended: attached to process");
    let mut owners = 0;
    for screen in [&mut second, &mut third] {
        screen.wait_for("the next owner", |screen| {
            screen.contents().contains(&took) || screen.contents().contains(&follows)
        });
        owners += usize::from(screen.screen().contents().contains(&took));
    }
    assert_eq!(owners, 1);
    third.send("what is the log?\r");
    second.wait_for_text("what is the log?");
}

#[test]
fn an_answer_that_had_begun_is_said_to_be_broken_off() {
    let first = owner();
    let home = first.home();
    let mut asking = ask(&home, "long");
    let mut begun = [0; 16];
    asking.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    let before = pid(&folder(&home));
    kill(before);
    let (code, _, err) = read(asking.wait_with_output().unwrap());
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains(&format!("process {before} has ended: the answer was interrupted")), "{err}");
}

#[test]
fn a_question_whose_answer_had_not_begun_is_asked_again() {
    let mut first = owner();
    // Only the lane that takes its time is left.
    first.send("\t\t");
    for down in [0, 3, 1, 1] {
        first.send("j".repeat(down));
        first.send(" ");
    }
    first.wait_for_text("1 of 7 lanes ready");
    let home = first.home();
    let mut asking = ask(&home, "log");
    first.wait_for("the question in the air", |screen| {
        screen.contents().lines().any(|row| row.matches(':').count() == 2 && row.contains("slow/huge-405b"))
    });
    let before = pid(&folder(&home));
    kill(before);
    let mut said = String::new();
    asking.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    let (code, out, _) = read(asking.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{said}");
    assert!(out.starts_with("This is `slow`"), "{out}");
    assert!(said.contains(&format!("took over from process {before}, which has ended; asking again")), "{said}");
}

#[test]
fn ten_at_once_have_one_owner_and_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let asking: Vec<Child> = (0..10).map(|number| ask(home.path(), &format!("log, {number}"))).collect();
    for (number, one) in asking.into_iter().enumerate() {
        let (code, out, err) = read(one.wait_with_output().unwrap());
        assert_eq!(code, Some(0), "{number}: {err}");
        assert!(out.starts_with("This is `"), "{number}: {out}");
    }
    let store = rusqlite(&folder(home.path()));
    for number in 0..10 {
        let prompt = format!("log, {number}");
        let answered = store.iter().filter(|(asked, state)| *asked == prompt && state == "done").count();
        assert_eq!(answered, 1, "{prompt}: {store:?}");
    }
}

/// The questions in the store, and what became of them.
fn rusqlite(folder: &Path) -> Vec<(String, String)> {
    let store = rusqlite::Connection::open(folder.join("roundel.db")).unwrap();
    let mut rows = store.prepare("SELECT prompt, state FROM turns").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Sends bytes to the owner, and what it answers until it hangs up.
fn call(socket: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // It may hang up before it has read all.
    let _ = stream.read_to_end(&mut answer);
    answer
}

fn frame(json: &str) -> Vec<u8> {
    let mut bytes = u32::try_from(json.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(json.as_bytes());
    bytes
}

#[test]
fn garbage_ends_its_connection_and_nothing_else() {
    let mut first = owner();
    let socket = folder(&first.home()).join("socket");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // One that says nothing at all, and one that stops in the middle, hold up nobody.
    let _silent = UnixStream::connect(&socket).unwrap();
    let mut half = UnixStream::connect(&socket).unwrap();
    half.write_all(&[0, 0]).unwrap();
    for garbage in
        [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], &[0xff; 64], b"\0\0\0\x04null", &frame("{\"roundel\":\"x\"}")]
    {
        assert_eq!(call(&socket, garbage), [0; 0], "{garbage:?}");
    }
    let hello = frame(&format!("{{\"roundel\":{PROTOCOL},\"pid\":1,\"what\":\"x\",\"demo\":true}}"));
    let ask = |turn: u64, from: u16| {
        let request = r#"{"messages":[],"params":{"max_tokens":null,"temperature":null}}"#;
        let ask = format!(
            r#"{{"turn":{turn},"origin":"chat","prompt":"x","request":{request},"no_training":false,"only":null}}"#
        );
        frame(&format!(r#"{{"command":[{from},{{"ask":{ask}}}]}}"#))
    };
    // Nonsense after a greeting: no number, somebody else's, a turn beyond all time, no frame.
    for after in [ask(1, 9), ask(1, 1), ask(u64::MAX, 1), frame("{\"subscribe\":1}"), frame("\"quit\""), vec![0xff; 9]]
    {
        let answer = call(&socket, &[hello.clone(), after].concat());
        assert!(String::from_utf8_lossy(&answer).contains(&format!("\"roundel\":{PROTOCOL}")), "{answer:?}");
    }
    let mut second = attached(&first);
    second.send("log\r");
    first.wait_for_text("This is quick, simulated");
}

#[test]
fn another_version_is_told_on_both_sides() {
    let mut first = owner();
    let home = first.home();
    let answer = call(&folder(&home).join("socket"), &frame(r#"{"roundel":77,"pid":4321,"what":"ask","new":{}}"#));
    assert!(
        String::from_utf8_lossy(&answer).contains(&format!("\"roundel\":{PROTOCOL}")),
        "it says what it speaks itself"
    );
    first.wait_for_text(&format!("process 4321 (ask) cannot attach: it speaks protocol 77, this one {PROTOCOL}"));
    // And the other way round: an owner that speaks another protocol.
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    let asking = ask(home.path(), "log");
    let (mut stream, _) = socket.accept().unwrap();
    stream.write_all(&frame(r#"{"roundel":9,"pid":4321}"#)).unwrap();
    let (code, _, err) = read(asking.wait_with_output().unwrap());
    assert_eq!(code, Some(3), "{err}");
    let why = format!("speaks protocol 9, this one {PROTOCOL}");
    assert!(err.contains("process 4321, which uses ") && err.contains(&why), "{err}");
    assert!(err.contains("--data-dir"), "{err}");
}

#[test]
fn who_holds_the_folder_and_does_not_answer_is_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = folder(home.path());
    fs::create_dir_all(&folder).unwrap();
    let mut lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    lock.write_all(br#"{"pid":4321,"what":"dashboard","since":0}"#).unwrap();
    // A socket that a kill has left behind.
    drop(std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap());
    let (code, _, err) = read(ask(home.path(), "log").wait_with_output().unwrap());
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("another roundel (dashboard, process 4321") && err.contains("--data-dir"), "{err}");
    // The next one to hold the folder clears it away.
    drop(lock);
    let (code, _, err) = read(ask(home.path(), "log").wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert!(!folder.join("socket").exists());
}

#[test]
fn a_path_too_long_for_a_socket_is_no_hindrance() {
    let home = tempfile::tempdir().unwrap();
    let deep = home.path().join("a-folder-with-a-name-that-goes-on-for-a-while/".repeat(4));
    let dir = deep.display().to_string();
    let temp = home.path().join("t");
    fs::create_dir(&temp).unwrap();
    let run = |question: &str| {
        let mut command = roundel(home.path(), &["--data-dir", &dir, "ask", question]);
        command.env("TMPDIR", &temp).spawn().unwrap()
    };
    let mut first = run("long");
    let mut begun = [0; 16];
    first.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    assert_eq!(fs::read_dir(&temp).unwrap().count(), 1, "the socket is elsewhere");
    let (code, out, err) = read(run("log").wait_with_output().unwrap());
    assert_eq!((code, out.contains("steady")), (Some(0), true), "{err}");
    // Killed, it leaves its socket to whoever is next.
    kill(first.id().try_into().unwrap());
    first.wait().unwrap();
    let (code, _, err) = read(run("log").wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(fs::read_dir(&temp).unwrap().count(), 0, "nothing is left");
}

#[test]
fn other_keys_are_told_and_the_owners_count() {
    let home = tempfile::tempdir().unwrap();
    let run = |key: &str| {
        let mut command = roundel(home.path(), &["ask", "log"]);
        command.env(key, "sk-canary").env("HTTPS_PROXY", "http://127.0.0.1:9").spawn().unwrap()
    };
    let folder = home.path().join(".local/share/roundel");
    let mut pty = Pty::open(100, 30);
    pty.start(ROUNDEL, &["--data-dir", folder.to_str().unwrap()], &[("OPENAI_API_KEY", "sk-canary")]);
    pty.read();
    pty.wait_for_text("no lane is on");
    let (code, _, err) = read(run("OPENAI_API_KEY").wait_with_output().unwrap());
    assert!(code == Some(1) && !err.contains("other keys") && err.contains("off, costs money"), "{err}");
    let (code, _, err) = read(run("GROQ_API_KEY").wait_with_output().unwrap());
    assert!(code == Some(1) && err.contains("has another config or other keys: the owner's count"), "{err}");
    assert!(err.contains("off, costs money") && !err.contains("canary"), "{err}");
}

#[test]
fn ephemeral_stays_alone() {
    let first = owner();
    let mut second = first.run_at_the_same_home(ROUNDEL, &["--ephemeral"]);
    second.wait_for_text("nothing is kept");
    assert!(!second.screen().contents().contains("attached"));
}
