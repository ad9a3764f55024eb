//! `roundel --plain`: sentences on stdout, questions on stdin.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::pty::{LONG, ROUNDEL};

struct Plain {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
    _home: tempfile::TempDir,
}

fn open() -> Plain {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(ROUNDEL)
        .arg("--plain")
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("TZ", "UTC")])
        .env("HOME", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (tell, lines) = sync_channel(1024);
    let out = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    Plain { child, lines, said: Vec::new(), _home: home }
}

impl Plain {
    fn write(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn hear(&mut self, words: &str) {
        while !self.said.last().is_some_and(|line| line.contains(words)) {
            match self.lines.recv_timeout(LONG) {
                Ok(line) => self.said.push(line),
                Err(error) => panic!("waited for {words:?} in {:#?}: {error}", self.said),
            }
        }
    }
}

#[test]
fn questions_are_lines_and_events_are_sentences() {
    let mut plain = open();
    plain.hear("7 of 7 lanes are ready; the next question goes to quick/small-8b.");
    plain.write("what is a quota?");
    plain.hear("quick/small-8b answers:");
    plain.hear("Answered by quick/small-8b in");
    plain.write("/disable steady 15m");
    plain.hear("steady/medium-24b: off");
    plain.write("/nonsense");
    plain.hear("no command is called /nonsense");
    // What is asked last is answered before the end.
    plain.write("and the log?");
    drop(plain.child.stdin.take());
    plain.hear("Answered by");
    assert_eq!(plain.child.wait().unwrap().code(), Some(0));
    plain.said.extend(plain.lines.iter());
    let all = plain.said.join("\n");
    assert!(all.contains("simulated") && !all.contains('\u{1b}'), "{all}");
}

#[test]
fn what_is_piped_in_whole_is_answered_before_the_end() {
    let mut plain = open();
    plain.write("what is a quota?");
    drop(plain.child.stdin.take());
    plain.hear("Answered by quick/small-8b in");
    assert_eq!(plain.child.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_stops_an_answer_and_then_the_program() {
    let mut plain = open();
    plain.hear("lanes are ready");
    plain.write("long");
    plain.hear("answers:");
    let pid = Pid::from_raw(plain.child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    plain.hear("Stopped; what had come is kept.");
    kill_process(pid, Signal::INT).unwrap();
    plain.hear("Ctrl+C again quits");
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(plain.child.wait().unwrap().code(), Some(0));
}
