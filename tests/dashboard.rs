//! The real program in a pseudo-terminal, as a user has it: what is typed, what is seen, what is left behind.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::pty::{Modes, Pty, ROUNDEL};

mod hands;

fn open(cols: u16, rows: u16) -> Pty {
    let mut pty = Pty::run(ROUNDEL, &[], cols, rows);
    pty.wait_for_text("SIMULATED");
    pty
}

/// Asks, and waits until the answer is whole: as many answers as there are tell their tokens.
fn ask(pty: &mut Pty, question: &str, lane: &str, answers: usize) {
    pty.send(format!("{question}\r"));
    pty.wait_for(&format!("answer {answers}, by {lane}"), |screen| {
        let text = screen.contents();
        let rows = text.lines().filter(|line| is_answer(line)).count();
        rows >= answers && text.contains(lane) && !text.contains("answering")
    });
}

/// A row of the log that tells the tokens of a whole answer: `200 0.2 s 1.5 s 76`.
fn is_answer(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let Some(status) = words.iter().position(|word| *word == "200") else { return false };
    words[status..].windows(3).any(|next| next[0] == "s" && next[1].parse::<u64>().is_ok() && next[2] != "s")
}

fn quit(pty: &mut Pty) {
    // An empty composer: Ctrl+D.
    pty.send("\x04");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), Modes::PLAIN);
    assert!(!pty.is_raw());
}

#[test]
fn a_first_session() {
    let mut pty = open(120, 40);
    pty.wait_for_text("7 of 7 lanes ready");
    ask(&mut pty, "what is a quota?", "quick/small-8b", 1);
    pty.wait_for_text("goes to steady/medium-24b");
    ask(&mut pty, "and the log?", "steady/medium-24b", 2);
    pty.wait_for("both rows in the log", |screen| screen.contents().matches(" 200 ").count() >= 2);

    // The quota pane: the first account, off.
    pty.send("\t\t");
    pty.send(" ");
    pty.wait_for_text("off by you");
    pty.wait_for_text("5 of 7 lanes ready");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), Modes::PLAIN);
    assert!(!pty.is_raw());

    // It holds over a restart, and so does the chat.
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("5 of 7 lanes ready");
    again.wait_for_text("off by you");
    again.wait_for_text("and the log?");
    quit(&mut again);
}

#[test]
fn the_rotation_goes_round_a_spent_limit() {
    let mut pty = open(140, 50);
    pty.wait_for_text("7 of 7 lanes ready");
    // Only `quick` and `silent` are left.
    pty.send("\t\t");
    for down in [3, 2, 3] {
        pty.send("j".repeat(down));
        pty.send(" ");
    }
    pty.wait_for_text("3 of 7 lanes ready");
    // A frame may be read in two halves: only when the footer has followed too, Esc is not glued to what comes next.
    pty.wait_for("another pane's keys", |screen| !screen.contents().contains("Enter send"));
    pty.send("\x1b");
    pty.wait_for_text("Enter send");
    ask(&mut pty, "log", "quick/small-8b", 1);
    ask(&mut pty, "log", "silent/flash", 2);
    ask(&mut pty, "log", "quick/small-8b", 3);
    // `silent` takes one a minute, which nobody documents: it refuses, and the next lane answers.
    ask(&mut pty, "log", "quick/small-8b", 4);
    pty.wait_for("the refusal, in the log", |screen| screen.contents().contains(" 429 "));
    pty.wait_for("the rest, in the gauge", |screen| screen.contents().contains("resting"));
    assert!(!pty.screen().contents().contains("no lane can answer"));
    quit(&mut pty);
}

#[test]
fn killed_in_mid_answer_the_answer_so_far_is_there_at_the_next_start() {
    let mut pty = open(100, 30);
    pty.send("long\r");
    pty.wait_for_text("● quick");
    pty.wait_for("the beginning of the answer", |screen| screen.contents().contains("This is quick, simulated"));
    // At most the last second is lost.
    pty.bytes_within(Duration::from_secs(1));
    pty.signal(Signal::KILL);
    pty.wait_exit();
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("interrupted");
    again.wait_for_text("This is quick, simulated");
    quit(&mut again);
}

#[test]
fn left_alone_it_writes_nothing() {
    let mut pty = open(120, 40);
    pty.wait_for_text("7 of 7 lanes ready");
    pty.bytes_within(Duration::from_secs(1));
    assert_eq!(pty.bytes_within(Duration::from_secs(4)), 0);
    quit(&mut pty);
}

#[test]
fn signals_end_it_with_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut pty = open(100, 30);
        pty.send("long\r");
        pty.wait_for_text("quick/small-8b");
        pty.signal(signal);
        assert_eq!(pty.wait_exit().exit_code(), code);
        assert_eq!(pty.modes(), Modes::PLAIN);
        assert!(!pty.is_raw());
    }
}

#[test]
fn ctrl_c_never_destroys_a_draft() {
    let mut pty = open(100, 30);
    pty.send("a thought worth keeping");
    pty.wait_for_text("a thought worth keeping");
    pty.send("\x03");
    pty.wait_for("an empty composer", |screen| !screen.contents().contains("a thought worth keeping"));
    pty.send("\x1b[A");
    pty.wait_for_text("a thought worth keeping");
    // Killed in mid-thought: it is there again.
    pty.send(", and more");
    pty.wait_for_text("keeping, and more");
    pty.bytes_within(Duration::from_secs(2));
    pty.signal(Signal::KILL);
    pty.wait_exit();
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("keeping, and more");
}

#[test]
fn a_paste_is_not_sent_and_does_no_harm() {
    let mut pty = open(100, 30);
    pty.send("\x1b[200~one\rtwo \x1b[31m\x07three\x1b[201~");
    pty.wait_for_text("three");
    assert!(pty.screen().contents().contains("one"));
    assert!(!pty.screen().contents().contains("first token"));
    assert!(!pty.raw().contains(&7), "no bell rings");
}

#[test]
fn ctrl_j_is_a_new_line() {
    let mut pty = open(100, 30);
    pty.send("one");
    pty.wait_for_text("› one");
    pty.send("\n");
    pty.send("two");
    pty.wait_for_text("two");
    assert!(pty.screen().contents().contains("› one"), "{}", pty.screen().contents());
}

#[test]
fn a_paste_that_no_terminal_marks_is_not_sent_either() {
    let mut pty = open(100, 30);
    pty.send("first line\rsecond line\r");
    pty.wait_for_text("second line");
    pty.bytes_within(Duration::from_millis(300));
    assert!(!pty.screen().contents().contains(" you "), "{}", pty.screen().contents());
    pty.send("\r");
    pty.wait_for_text("200");
}

#[test]
fn a_large_paste_is_folded_and_found_again_after_a_kill() {
    let mut pty = open(100, 30);
    pty.send("see \x1b[200~");
    for _ in 0..100 {
        pty.send("x".repeat(999) + "\r");
    }
    pty.send("\x1b[201~!");
    pty.wait_for_text("see [pasted #1, 100 lines, 100 kB]!");
    pty.bytes_within(Duration::from_secs(2));
    pty.signal(Signal::KILL);
    pty.wait_exit();
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("see [pasted #1, 100 lines, 100 kB]!");
    again.send("\x7f\x7f");
    again.wait_for("one Backspace for all of it", |screen| !screen.contents().contains("pasted"));
}

/// The dashboard with this script as the editor.
fn with_editor(script: &str) -> Pty {
    let mut pty = Pty::open(120, 40);
    let path = pty.home().join("editor");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    pty.start(ROUNDEL, &[], &[("EDITOR", &format!("{} -w", path.display()))]);
    pty.read();
    pty.wait_for_text("SIMULATED");
    pty
}

#[test]
fn the_editor_has_the_terminal_and_the_answer_goes_on_meanwhile() {
    let mut pty = with_editor(
        "test \"$1\" = -w || exit 9\nstty -a | head -1\necho 'in the editor'\nread line\nprintf '%s' \"$line\" >> \"$2\"",
    );
    pty.send("log\r");
    pty.wait_for_text("│ you");
    pty.send("a draft, ");
    pty.wait_for_text("a draft, ");
    pty.send("\x07");
    pty.wait_for_text("in the editor");
    assert_eq!(pty.modes(), Modes::PLAIN);
    assert!(!pty.is_raw());
    // Ctrl+C there is the editor's, or nobody's: the dashboard lives.
    pty.bytes_within(Duration::from_secs(2));
    pty.send("and more\r");
    pty.wait_for_text("a draft, and more");
    assert!(pty.is_raw() && pty.modes() != Modes::PLAIN);
    pty.wait_for("the answer that came meanwhile", |screen| screen.contents().lines().any(is_answer));
    let left = pty.home().join(".local/share/roundel/demo/tmp");
    assert_eq!(fs::read_dir(left).unwrap().count(), 0, "the draft's file is gone");
    pty.send("\x03");
    pty.wait_for("an empty composer", |screen| !screen.contents().contains("a draft, and more"));
    quit(&mut pty);
}

#[test]
fn an_editor_that_fails_loses_nothing() {
    for (script, why) in [("exit 3", "ended with 3"), ("kill -9 $$", "killed"), ("printf '\\377' > \"$2\"", "UTF-8")] {
        let mut pty = with_editor(script);
        pty.send("a draft worth keeping");
        pty.wait_for_text("a draft worth keeping");
        pty.send("\x18\x05");
        pty.wait_for_text(why);
        pty.wait_for_text("a draft worth keeping");
        pty.send("\x03");
        pty.wait_for("an empty composer", |screen| !screen.contents().contains("worth keeping"));
        quit(&mut pty);
    }
}

#[test]
fn a_command_by_name() {
    let mut pty = open(120, 40);
    pty.wait_for_text("7 of 7 lanes ready");
    pty.send("/disable quick 15m\r");
    pty.wait_for_text("5 of 7 lanes ready");
    pty.send("\x10enable quick\r");
    pty.wait_for_text("7 of 7 lanes ready");
    quit(&mut pty);
}

#[test]
fn a_prompt_of_another_day_is_found() {
    let mut pty = open(120, 40);
    ask(&mut pty, "log", "quick/small-8b", 1);
    quit(&mut pty);
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("SIMULATED");
    again.send("\x12lo");
    again.wait_for_text("Earlier prompts");
    again.send("\r");
    again.wait_for_text("› log");
    again.send("\x03");
    again.wait_for("an empty composer", |screen| !screen.contents().contains("› log"));
    quit(&mut again);
}

#[test]
fn a_file_is_named_completed_and_goes_along() {
    let mut pty = open(120, 40);
    fs::write(pty.home().join("tides of the sea.txt"), "low and high\n").unwrap();
    pty.send("log @ti");
    pty.wait_for_text("tides of the sea.txt  13 B");
    pty.send("\t");
    pty.wait_for_text("@\"tides of the sea.txt\"");
    pty.send("\r");
    pty.wait_for_text("@ tides of the sea.txt  13 B");
    pty.wait_for("its answer", |screen| screen.contents().lines().any(is_answer));
    quit(&mut pty);
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("@ tides of the sea.txt  13 B");
    // A picture, and nobody in the demo sees.
    fs::write(again.home().join("moon.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    again.send("@moon.png \r");
    again.wait_for_text("not sent: @moon.png is a picture");
    again.wait_for_text("› @moon.png");
}

#[test]
fn any_size_will_do() {
    let mut pty = open(200, 60);
    for (cols, rows) in [(80, 24), (60, 20), (40, 10), (39, 9), (10, 3), (1, 1), (140, 45)] {
        pty.resize(cols, rows);
        if cols >= 40 {
            pty.wait_for(&format!("{cols}x{rows}"), |screen| {
                u16::from(screen.size().1) == cols && screen.contents().contains("SIMULATED")
            });
        } else {
            pty.bytes_within(Duration::from_millis(200));
        }
    }
    quit(&mut pty);
}

#[test]
fn ephemeral_keeps_nothing() {
    let mut pty = Pty::run(ROUNDEL, &["--ephemeral"], 120, 40);
    pty.wait_for_text("SIMULATED");
    ask(&mut pty, "log", "quick/small-8b", 1);
    quit(&mut pty);
    let kept: Vec<_> = fs::read_dir(pty.home()).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    assert!(kept.iter().all(|path| !path.join("roundel").exists()), "{kept:?}");
}
