//! What scripts and status bars call: `ask` with its options, `status`, `log`, `disable`, `enable`, `env`; with an owner
//! of the folder and without.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use serde_json::{Value, json};

use crate::support::pty::{LONG, Pty, ROUNDEL};

/// A command without a terminal, at home in `home`.
fn roundel(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(ROUNDEL);
    command.env_clear().env("HOME", home).env("LANG", "C.UTF-8").env("TZ", "UTC").args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn read(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn run(home: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    read(roundel(home, args).output().unwrap())
}

/// What a command prints that has to end well.
fn good(home: &Path, args: &[&str]) -> String {
    let (code, out, err) = run(home, args);
    assert_eq!(code, Some(0), "{args:?}: {err}");
    out
}

fn object(home: &Path, args: &[&str]) -> Value {
    let out = good(home, args);
    assert_eq!(out.lines().count(), 1, "{out}");
    serde_json::from_str(&out).unwrap()
}

/// A program that goes on, and its lines as they come.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(home: &Path, args: &[&str]) -> Self {
        let mut child = roundel(home, args).spawn().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = sync_channel(64);
        thread::spawn(move || from.lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).unwrap()
    }

    fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn folder(home: &Path) -> PathBuf {
    home.join(".local/share/roundel/demo")
}

fn lane<'a>(status: &'a Value, lane: &str) -> &'a Value {
    status["lanes"].as_array().unwrap().iter().find(|one| one["lane"] == lane).unwrap()
}

#[test]
fn ask_goes_where_it_is_sent_and_nowhere_else() {
    let home = home();
    let home = home.path();
    assert!(good(home, &["ask", "-m", "steady/medium-24b", "log"]).starts_with("This is `steady`"));
    assert!(good(home, &["ask", "-m", "quick/*", "log"]).starts_with("This is `quick`"));
    assert!(good(home, &["ask", "--model", "quick", "log"]).starts_with("This is `quick`"));
    assert!(good(home, &["ask", "-m", "auto", "log"]).starts_with("This is `"));
    for (name, said) in [("quik", "did you mean `quick`?"), ("small-8b", "did you mean `quick/small-8b`?")] {
        let (code, out, err) = run(home, &["ask", "-m", name, "log"]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(&format!("there is no lane or account `{name}`; {said}")), "{err}");
    }
    // A lane that is off answers nobody, and says so.
    good(home, &["disable", "steady"]);
    let (code, _, err) = run(home, &["ask", "-m", "steady/*", "log"]);
    assert!(code == Some(1) && err.contains("steady/medium-24b: off by you"), "{err}");
}

#[test]
fn ask_waits_no_longer_than_it_is_told() {
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    // It takes one a minute, which nobody documents.
    let ask = ["ask", "-m", "silent/flash", "--patience", "0", "log"];
    good(&owner.home(), &ask);
    let (code, out, err) = run(&owner.home(), &ask);
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("no lane can answer within 0 s. silent/flash: "), "{err}");
}

#[test]
fn ask_tells_all_of_it_as_one_object() {
    let home = home();
    let answer = object(home.path(), &["ask", "--json", "-s", "Be brief.", "log"]);
    assert_eq!(
        (&answer["state"], &answer["lane"], &answer["error"]),
        (&json!("answered"), &json!("quick/small-8b"), &Value::Null)
    );
    assert!(answer["answer"].as_str().unwrap().starts_with("This is `quick`"));
    assert!(answer["tokens"]["output"].as_u64().unwrap() > 10 && answer["times"]["took_s"].as_f64().unwrap() > 0.0);
    let attempt = &answer["attempts"][0];
    assert_eq!(
        (&attempt["status"], &attempt["outcome"], &attempt["number"]),
        (&json!(200), &json!("answered"), &json!(1))
    );
    // What failed is an object, too.
    good(home.path(), &["disable", "quick/small-8b"]);
    let (code, out, err) = run(home.path(), &["ask", "--json", "-m", "quick/small-8b", "log"]);
    let failed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &failed["state"], &failed["attempts"]), (Some(1), &json!("failed"), &json!([])), "{err}");
    assert!(failed["error"].as_str().unwrap().contains("off by you"), "{out}");
}

#[test]
fn ask_prints_the_first_block_of_code_alone() {
    let home = home();
    let (code, out, err) = run(home.path(), &["ask", "-x", "show me some code"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("/// The first") && out.ends_with("}\n") && !out.contains("```"), "{out}");
    let (code, out, err) = run(home.path(), &["ask", "-x", "log"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("no block of code"), "{err}");
    assert_eq!(run(home.path(), &["ask", "-x", "--json", "log"]).0, Some(2));
}

#[test]
fn ask_continues_what_a_script_asked_last() {
    let home = home();
    let home = home.path();
    let (code, out, err) = run(home, &["ask", "-c", "and then?"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("nothing to continue"), "{err}");
    let first = object(home, &["ask", "--json", "-m", "quick/small-8b", "what is the log?"]);
    let (code, out, err) = run(home, &["ask", "-c", "--json", "-m", "quick/small-8b", "what is the log?"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("roundel: continues ") && err.contains(" quick/small-8b: what is the log?"), "{err}");
    let second: Value = serde_json::from_str(&out).unwrap();
    let input = |answer: &Value| answer["tokens"]["input"].as_u64().unwrap();
    assert!(input(&second) > 2 * input(&first), "the earlier question and its answer go along: {first} {second}");
    // And what that one continued, not only the last.
    let third = object(home, &["ask", "-c", "--json", "-m", "quick/small-8b", "what is the log?"]);
    assert!(input(&third) > input(&second) + input(&first), "{first} {second} {third}");
    // A question of another script begins anew.
    let other = object(home, &["ask", "--json", "-m", "quick/large-70b", "what is the log?"]);
    assert!(input(&other) < input(&second));
    // Beside an owner what has just been answered is known before it is on the disk.
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    let home = owner.home();
    good(&home, &["ask", "what is a quota?"]);
    let (code, _, err) = run(&home, &["ask", "-c", "log"]);
    assert!(code == Some(0) && err.contains(": what is a quota?"), "{err}");
}

#[test]
fn a_silent_pipe_holds_nothing_up_unless_it_is_asked_for() {
    let home = home();
    let mut silent = roundel(home.path(), &["ask", "log"]).stdin(Stdio::piped()).spawn().unwrap();
    let open = silent.stdin.take().unwrap();
    let (code, out, err) = read(silent.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("This is `") && err.contains("nothing was piped in within 3 s"), "{err}");
    drop(open);
    // A pipe that is closed, and a file, cost no time and no word.
    let (_, _, err) = run(home.path(), &["ask", "log"]);
    assert!(!err.contains("piped in"), "{err}");
    let mut asked = roundel(home.path(), &["ask", "-", "what", "is"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = asked.stdin.take().unwrap();
    stdin.write_all(b"the log?\n").unwrap();
    drop(stdin);
    let (code, _, err) = read(asked.wait_with_output().unwrap());
    assert!(code == Some(0) && !err.contains("piped in"), "{err}");
    let rows = good(home.path(), &["log", "--text", "what is\n\nthe log?", "--json"]);
    assert_eq!(rows.lines().count(), 1, "the words, and behind them what was piped in: {rows}");
}

#[test]
fn who_reads_no_further_ends_it() {
    let home = home();
    for args in
        [&["ask", "long"][..], &["status"], &["log", "--csv"], &["status", "--watch"], &["log", "--follow", "--csv"]]
    {
        let mut child = roundel(home.path(), args).spawn().unwrap();
        let mut begun = [0; 10];
        child.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
        drop(child.stdout.take());
        if args.contains(&"--watch") || args.contains(&"--follow") {
            // They write again when there is something to tell.
            good(home.path(), &["ask", "-m", "quick/small-8b", "log"]);
            good(home.path(), &["disable", "slow"]);
        }
        let code = child.wait().unwrap().code();
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(code, Some(if args[0] == "ask" { 130 } else { 0 }), "{args:?}: {err}");
        assert!(!err.contains("panicked"), "{args:?}: {err}");
    }
}

#[test]
fn status_without_an_owner_says_as_of_when_and_makes_nothing() {
    let home = home();
    let home = home.path();
    let (code, out, err) = run(home, &["status"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("SIMULATED: 7 of 7 lanes ready; next is quick/small-8b\n"), "{out}");
    assert!(out.contains("3 of 3 req/min documented") && out.contains("no roundel runs"), "{out}");
    assert_eq!(good(home, &["status", "--line"]), "SIM 7/7 ready, next quick/small-8b 3/3 req/min\n");
    assert_eq!(fs::read_dir(home).unwrap().count(), 0, "nothing is made");
    good(home, &["ask", "log"]);
    good(home, &["disable", "steady", "flaky/small:free"]);
    let out = good(home, &["status"]);
    assert!(out.contains("\nas of ") && out.contains("counted") && out.contains("off by you"), "{out}");
    let line = good(home, &["status", "--line"]);
    assert!(line.starts_with("SIM 5/7 ready, next ") && line.contains(", as of ") && line.len() < 61, "{line}");
    let status = object(home, &["status", "--json"]);
    assert_eq!((&status["live"], &status["owner"], &status["ready"]), (&json!(false), &Value::Null, &json!(5)));
    assert!(status["as_of"].as_str().unwrap().ends_with('Z'));
    let off = lane(&status, "steady/medium-24b");
    assert_eq!(
        (&off["state"], &off["reason"], &off["switch"]["on"]),
        (&json!("off"), &json!("off by you"), &json!(false))
    );
    let limits = lane(&status, "quick/small-8b")["limits"].as_array().unwrap();
    let day =
        limits.iter().find(|limit| limit["window"].as_str().unwrap().starts_with("86400000ms")).unwrap_or(&limits[1]);
    assert_eq!((&day["cap"]["evidence"], &day["remaining"]["value"]), (&json!("reported"), &json!(199)), "{day}");
    for limit in limits {
        for figure in ["cap", "used", "remaining"] {
            assert!(limit[figure]["age_s"].is_number() && limit[figure]["evidence"].is_string(), "{limit}");
        }
    }
}

#[test]
fn status_beside_an_owner_is_what_the_owner_has() {
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    let home = owner.home();
    let status = object(&home, &["status", "--json"]);
    assert_eq!((&status["live"], &status["as_of"]), (&json!(true), &Value::Null));
    let note: Value = serde_json::from_str(&fs::read_to_string(folder(&home).join("lock")).unwrap()).unwrap();
    assert_eq!(status["owner"], note["pid"]);
    assert!(good(&home, &["status"]).contains(&format!("told by process {}", note["pid"])));
    owner.send("long\r");
    owner.wait_for_text("quick/small-8b");
    // In the air now, and on no disk yet.
    let status = Running::start(&home, &["status", "--watch", "--json"]);
    loop {
        let now: Value = serde_json::from_str(&status.line()).unwrap();
        if lane(&now, "quick/small-8b")["in_flight"] == 0 {
            break;
        }
        assert_eq!(now["live"], json!(true));
    }
    drop(status);
    let watch = Running::start(&home, &["status", "--watch"]);
    let line = watch.line();
    assert!(
        line.starts_with("SIM 7/7 ready, next ") && line.chars().count() < 60 && !line.contains('\u{1b}'),
        "{line}"
    );
    good(&home, &["disable", "flaky"]);
    watch.line_with("SIM 5/7 ready");
    // The owner goes: it is told from what it has left behind.
    owner.send("\x04");
    owner.wait_exit();
    watch.line_with(", as of ");
}

#[test]
fn the_log_is_filtered_and_written_in_three_ways() {
    let (code, out, err) = run(home().path(), &["log"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", "roundel: nothing was asked yet\n"));
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    let home = &owner.home();
    for (lane, question) in [
        ("quick/small-8b", "what is the log?"),
        ("quick/large-70b", "a tide, \"please\""),
        ("silent/flash", "what is a quota?"),
    ] {
        good(home, &["ask", "-m", lane, question]);
    }
    // `silent` takes one a minute.
    let (code, ..) = run(home, &["ask", "-m", "silent/flash", "--patience", "0", "what is a quota?"]);
    assert_eq!(code, Some(1));
    good(home, &["check", "quick/small-8b"]);
    let lanes = |args: &[&str]| -> Vec<String> {
        let out = good(home, &[&["log", "--json"], args].concat());
        out.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["lane"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = ["quick/small-8b", "quick/large-70b", "silent/flash", "silent/flash", "quick/small-8b"];
    // The owner has it on the disk within a second.
    let follow = Running::start(home, &["log", "--follow", "--csv"]);
    follow.line_with(",probe,");
    assert_eq!(lanes(&[]), all);
    for (args, expected) in [
        (&["-n", "2"][..], &all[3..]),
        (&["--lane", "quick"], &[all[0], all[1], all[4]]),
        (&["--lane", "quick/*", "-n", "1"], &[all[4]]),
        (&["--lane", "quick/large-70b"], &[all[1]]),
        (&["--lane", "nobody"], &[]),
        (&["--origin", "probe"], &[all[4]]),
        (&["--origin", "ask", "--lane", "quick"], &all[..2]),
        (&["--origin", "endpoint"], &[]),
        (&["--status", "429"], &[all[3]]),
        (&["--status", "4xx", "--lane", "quick"], &[]),
        (&["--status", "failed"], &[all[3]]),
        (&["--status", "rate-limited"], &[all[3]]),
        (&["--status", "answered", "--lane", "silent/flash"], &[all[2]]),
        (&["--since", "1h", "--text", "QUOTA?"], &all[2..4]),
        (&["--text", "TIDE, \"please"], &[all[1]]),
        (&["--text", "100%"], &[]),
        (&["--since", "1h30m"], &all[..]),
    ] {
        assert_eq!(lanes(args), expected, "{args:?}");
    }
    for args in
        [&["--status", "9xx"][..], &["--since", "yesterday"], &["--origin", "me"], &["--json", "--csv"], &["-n", "0"]]
    {
        let (code, out, _) = run(home, &[&["log"], args].concat());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}");
    }
    let csv = good(home, &["log", "--csv", "-n", "1", "--status", "429"]);
    let mut rows = csv.lines();
    let (names, row) = (rows.next().unwrap(), rows.next().unwrap());
    assert!(
        names.starts_with("id,turn,number,origin,lane,started,status,") && row.contains(",ask,silent/flash,2"),
        "{csv}"
    );
    let words = good(home, &["log", "-n", "1", "--status", "429"]);
    let fields: Vec<&str> = words.trim_end().split('\t').collect();
    assert_eq!((fields.len(), &fields[1..4]), (8, &["ask", "silent/flash", "429"][..]), "{words}");
    assert!(!words.contains('\u{1b}'));
}

#[test]
fn the_log_is_followed_beside_an_owner_and_from_the_very_first_attempt() {
    let home = home();
    let home = home.path();
    // Before there is anything.
    let first = Running::start(home, &["log", "--follow", "--csv", "--lane", "quick"]);
    assert!(first.line().starts_with("id,"));
    good(home, &["ask", "-m", "steady/medium-24b", "log"]);
    good(home, &["ask", "-m", "quick/small-8b", "log"]);
    let row = first.line();
    assert!(row.contains(",quick/small-8b,") && row.contains(",answered,"), "{row}");
    // While a dashboard writes.
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    let follow = Running::start(&owner.home(), &["log", "--follow", "--json", "-n", "1"]);
    owner.send("what is the log?\r");
    let row: Value = serde_json::from_str(&follow.line()).unwrap();
    assert_eq!((&row["origin"], &row["outcome"], &row["number"]), (&json!("chat"), &json!("answered"), &json!(1)));
    good(&owner.home(), &["ask", "what is a quota?"]);
    let row: Value = serde_json::from_str(&follow.line()).unwrap();
    assert_eq!((&row["origin"], &row["outcome"]), (&json!("ask"), &json!("answered")));
}

#[test]
fn lanes_are_switched_without_an_owner() {
    let home = home();
    let home = home.path();
    let (code, out, err) = run(home, &["disable", "quik"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("did you mean `quick`?"), "{err}");
    assert_eq!(fs::read_dir(home).unwrap().count(), 0, "nothing is made for a name that means nothing");
    assert_eq!(
        good(home, &["disable", "quick", "slow/huge-405b"]),
        "quick/*: 2 lanes off until switched on\nslow/huge-405b: 1 lane off until switched on\n"
    );
    let out = good(home, &["disable", "steady", "--for", "30m"]);
    assert_eq!(out, "steady/*: 1 lane off for 30 m\n");
    let status = object(home, &["status", "--json"]);
    let steady = lane(&status, "steady/medium-24b");
    assert!(steady["switch"]["until"].is_string() && steady["wait_s"].as_f64().unwrap() > 1700.0, "{steady}");
    assert_eq!(
        (&lane(&status, "quick/large-70b")["state"], &lane(&status, "quick/large-70b")["until"]),
        (&json!("off"), &Value::Null)
    );
    assert!(good(home, &["status"]).contains("off by you, 30 m"));
    assert!(good(home, &["ask", "log"]).starts_with("This is `silent`"));
    assert_eq!(good(home, &["enable", "quick/*"]), "quick/*: 2 lanes on\n");
    assert_eq!(object(home, &["status", "--json"])["ready"], json!(5));
    // A name that means nothing changes nothing, whatever stands beside it.
    assert_eq!(run(home, &["enable", "slow", "nobody"]).0, Some(2));
    assert_eq!(object(home, &["status", "--json"])["ready"], json!(5));
    assert_eq!(run(home, &["disable"]).0, Some(2));
    assert_eq!(run(home, &["disable", "quick", "--for", "soon"]).0, Some(2));
    let (code, _, err) = run(home, &["disable", "quick", "--ephemeral"]);
    assert!(code == Some(2) && err.contains("--ephemeral"), "{err}");
}

#[test]
fn lanes_are_switched_through_the_owner() {
    let mut owner = Pty::run(ROUNDEL, &[], 120, 40);
    owner.wait_for_text("7 of 7 lanes ready");
    let home = owner.home();
    assert_eq!(good(&home, &["disable", "quick", "--for", "20m"]), "quick/*: 2 lanes off for 20 m\n");
    owner.wait_for_text("off by you, 20 m");
    owner.wait_for_text("5 of 7 lanes ready");
    let (code, _, err) = run(&home, &["disable", "quik"]);
    assert!(code == Some(2) && err.contains("did you mean `quick`?"), "{err}");
    assert_eq!(good(&home, &["enable", "quick/large-70b"]), "quick/large-70b: 1 lane on\n");
    owner.wait_for_text("6 of 7 lanes ready");
    // What is off for a second is back by itself, and nobody has to look.
    good(&home, &["disable", "flaky", "--for", "1s"]);
    let watch = Running::start(&home, &["status", "--watch"]);
    watch.line_with("SIM 6/7 ready");
    owner.wait_for_text("6 of 7 lanes ready");
}

#[test]
fn paid_lanes_want_their_own_name() {
    let home = home();
    let run = |args: &[&str]| {
        let mut command = roundel(home.path(), args);
        let (code, out, err) = read(command.env("OPENAI_API_KEY", "sk-canary").output().unwrap());
        assert!(code == Some(0) && !out.contains("canary"), "{err}");
        out
    };
    let out = run(&["enable", "openai"]);
    assert!(out.contains("wants to be switched on by its own name: openai/") && out.contains("costs money"), "{out}");
    let listed = run(&["status"]);
    assert!(listed.contains("listed, off until they are switched on: openai "), "{listed}");
    let status: Value = serde_json::from_str(&run(&["status", "--json"])).unwrap();
    assert_eq!((&status["simulated"], &status["of"], &status["next"]), (&json!(false), &json!(0), &Value::Null));
    let first = status["lanes"][0]["lane"].as_str().unwrap().to_owned();
    assert_eq!(run(&["enable", &first]), format!("{first}: 1 lane on\n"));
    let status: Value = serde_json::from_str(&run(&["status", "--json"])).unwrap();
    assert_eq!((&status["of"], &status["next"]), (&json!(1), &json!(first)));
}

#[test]
fn who_cannot_attach_says_so_and_exits_with_3() {
    let home = home();
    let folder = folder(home.path());
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    for args in [&["disable", "quick"][..], &["status"]] {
        let child = roundel(home.path(), args).spawn().unwrap();
        let (mut stream, _) = socket.accept().unwrap();
        let hello = br#"{"roundel":99,"pid":4321}"#;
        stream.write_all(&u32::try_from(hello.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(hello).unwrap();
        let (code, out, err) = read(child.wait_with_output().unwrap());
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        assert!(err.contains("process 4321") && err.contains("protocol 99"), "{err}");
    }
    // An owner that hangs does not hang who only looks.
    let (code, out, _) = run(home.path(), &["status", "--line"]);
    assert_eq!((code, out.as_str()), (Some(0), "SIM 7/7 ready, next quick/small-8b 3/3 req/min\n"));
}

#[test]
fn env_is_read_by_a_shell() {
    let home = home();
    let line = format!("eval \"$('{ROUNDEL}' env)\"; printf '%s %s' \"$OPENAI_BASE_URL\" \"$OPENAI_API_KEY\"");
    let mut shell = Command::new("/bin/sh");
    let (code, out, err) = read(shell.env_clear().env("HOME", home.path()).args(["-c", &line]).output().unwrap());
    assert_eq!((code, out.as_str()), (Some(0), "http://127.0.0.1:4114/v1 roundel"), "{err}");
    assert!(good(home.path(), &["env", "--shell", "fish"]).starts_with("set -gx OPENAI_BASE_URL "));
    assert!(good(home.path(), &["env", "--shell", "powershell"]).starts_with("$Env:OPENAI_BASE_URL = "));
}
