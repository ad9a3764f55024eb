//! Conversations in the real program, as a user has them: several of them, found again, renamed, deleted and brought
//! back, asked in their own way, taken out as files; what a kill leaves; two screens on the same ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::pty::{Pty, ROUNDEL};

const ESC: &str = "\x1b";
const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";
const DELETE: &str = "\x1b[3~";
const F2: &str = "\x1bOQ";
const LIST: &str = "\x1b4";
const NEW: &str = "\x0e";
const SETTINGS: &str = "\x1bo";
const END: &str = "\x1b[F";
/// The footer while one types.
const COMPOSER: &str = "Enter send  ";

fn open() -> Pty {
    let mut pty = Pty::run(ROUNDEL, &[], 160, 50);
    pty.wait_for_text("7 of 7 lanes ready");
    pty
}

fn again(pty: &Pty) -> Pty {
    let mut pty = pty.run_at_the_same_home(ROUNDEL, &[]);
    pty.wait_for_text("7 of 7 lanes");
    pty
}

/// At most the last second is lost.
fn killed(mut pty: Pty) -> Pty {
    pty.bytes_within(Duration::from_millis(1500));
    pty.signal(Signal::KILL);
    pty.wait_exit();
    again(&pty)
}

/// Asks in the conversation on the screen, and waits until the answer has ended.
fn ask(pty: &mut Pty, question: &str) {
    // A burst of keys with Enter at its end is a paste.
    pty.send(question);
    pty.wait_for_text(&format!("› {question}"));
    pty.send(ENTER);
    pty.wait_for(&format!("the answer to {question:?}"), |screen| {
        let text = screen.contents();
        let behind = text.split_once(&format!("│ {question}")).map_or("", |(_, behind)| behind);
        behind.lines().any(is_provenance) && !text.contains("answering")
    });
}

/// The line under an answer that is whole: `... 76 tok ...`.
fn is_provenance(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).any(|pair| pair[0].parse::<u64>().is_ok() && pair[1].starts_with("tok"))
}

/// Opens the list of conversations.
fn list(pty: &mut Pty) {
    pty.send(LIST);
    pty.wait_for_text("a new conversation");
}

/// Goes to the one that is found by this.
fn go_to(pty: &mut Pty, name: &str) {
    list(pty);
    pty.send(name);
    pty.wait_for("the one that is found", |screen| !screen.contents().contains("a new conversation"));
    pty.send(ENTER);
    pty.wait_for("the list closed", |screen| screen.contents().contains(COMPOSER));
}

/// A new, empty conversation.
fn begin(pty: &mut Pty, gone: &str) {
    pty.send(NEW);
    pty.wait_for("an empty chat", |screen| !screen.contents().contains(&format!("│ {gone}")));
}

/// The files that were saved, with this ending.
fn exports(home: &Path, ending: &str) -> Vec<PathBuf> {
    let folder = home.join(".local/share/roundel/demo/exports");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

fn private(path: &Path) -> String {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    fs::read_to_string(path).unwrap()
}

#[test]
fn one_is_found_again_renamed_deleted_and_brought_back() {
    let mut pty = open();
    ask(&mut pty, "what is the log?");
    begin(&mut pty, "what is the log?");
    ask(&mut pty, "which keys are there?");
    assert!(!pty.screen().contents().contains("Every attempt is a row"), "one conversation at a time");
    go_to(&mut pty, "is the log");
    pty.wait_for_text("Every attempt is a row");
    assert!(!pty.screen().contents().contains("begins a new line, Tab"));
    go_to(&mut pty, "which keys");
    pty.wait_for_text("The footer always shows the keys");

    // A word of an old answer.
    list(&mut pty);
    pty.send("exactl");
    pty.wait_for("what is found", |screen| screen.contents().contains("⌕ "));
    pty.send(ENTER);
    pty.wait_for("the turn", |screen| {
        let text = screen.contents();
        text.contains("Every attempt is a row") && !text.contains("─ Conversations ─")
    });

    list(&mut pty);
    pty.send(END);
    pty.wait_for_text("▸• what is the log?");
    pty.send(F2);
    pty.wait_for_text("› what is the log?");
    pty.send(" for tides");
    pty.wait_for_text("› what is the log? for tides");
    pty.send(ENTER);
    pty.wait_for_text("Chat  what is the log? for tides");
    // Renaming is over, the list is still there.
    pty.wait_for_text("type to search");
    pty.send(DELETE);
    pty.wait_for_text("deleted: Del brings it back");
    pty.wait_for("an empty chat", |screen| !screen.contents().contains("Every attempt is a row"));

    let mut pty = killed(pty);
    pty.wait_for_text("The footer always shows the keys");
    list(&mut pty);
    pty.wait_for_text("✕ what is the log? for tides");
    pty.send("exactl");
    pty.wait_for_text("nothing of that was said");
    pty.send("\x7f".repeat(6));
    pty.wait_for_text("a new conversation");
    pty.send(END);
    pty.wait_for_text("▸✕ what is the log? for tides");
    pty.send(DELETE);
    pty.wait_for("it is back", |screen| !screen.contents().contains("deleted: Del"));
    pty.send(ESC);
    pty.wait_for_text(COMPOSER);

    let mut pty = killed(pty);
    go_to(&mut pty, "for tides");
    pty.wait_for_text("Every attempt is a row");
}

#[test]
fn an_answer_that_runs_elsewhere_is_whole_when_one_comes_back_and_after_a_kill() {
    let mut pty = open();
    pty.send("long");
    pty.wait_for_text("› long");
    pty.send(ENTER);
    pty.wait_for_text("asked for a long one");
    begin(&mut pty, "long");
    ask(&mut pty, "what is the log?");
    // It ends where nobody sees it but the log.
    pty.wait_for("both rows", |screen| screen.contents().matches("  200   ").count() == 2);
    pty.wait_for("the end of both", |screen| !screen.contents().contains("answering"));
    go_to(&mut pty, "long");
    pty.wait_for_text("the next question goes to the next provider.");
    pty.send("\t");
    pty.send("y");
    pty.wait_for_text("copied.txt");
    let copied = pty.home().join(".local/share/roundel/demo/exports/copied.txt");
    let whole = fs::read_to_string(&copied).unwrap();
    assert!(whole.starts_with("This is `") && whole.contains("## When it is done"), "{whole}");

    // Once more, and killed while it is not on the screen.
    pty.send(ESC);
    pty.wait_for_text(COMPOSER);
    pty.send("long, again");
    pty.wait_for_text("› long, again");
    pty.send(ENTER);
    pty.wait_for("a second answer", |screen| screen.contents().contains("│ long, again"));
    pty.wait_for("its beginning", |screen| {
        screen.contents().split_once("│ long, again").is_some_and(|(_, text)| text.contains("so here is how"))
    });
    go_to(&mut pty, "is the log");
    pty.wait_for_text("Every attempt is a row");
    let mut pty = killed(pty);
    // It begins where it was asked last.
    pty.wait_for_text("interrupted");
    pty.wait_for_text("│ long, again");
    go_to(&mut pty, "is the log");
    pty.wait_for_text("Every attempt is a row");
    go_to(&mut pty, "long");
    pty.send("\t");
    pty.send("K");
    pty.send("y");
    pty.wait_for_text("copied.txt");
    assert_eq!(fs::read_to_string(copied).unwrap(), whole);
}

#[test]
fn what_is_taken_out_is_there_and_private_and_says_by_which_way() {
    let mut pty = open();
    ask(&mut pty, "show me code");
    pty.send("\t");
    pty.wait_for("the chat's keys", |screen| !screen.contents().contains(COMPOSER));
    pty.send("X");
    pty.wait_for_text("Save the conversation as");
    pty.send(ENTER);
    pty.wait_for_text(".md");
    pty.send("X");
    pty.wait_for_text("Save the conversation as");
    pty.send("2");
    pty.wait_for_text(".json");
    let home = pty.home();
    let text = private(&exports(&home, "md")[0]);
    assert!(text.starts_with("# show me code\n\n## You, 20") && text.contains("\n## quick/small-8b (simulated)\n"));
    assert!(text.contains("\n```rust\n/// The first ready lane after `last`, going round once.\n"), "{text}");
    let value: Value = serde_json::from_str(&private(&exports(&home, "json")[0])).unwrap();
    assert_eq!(value["conversation"]["name"], "show me code");
    assert_eq!((&value["turns"][0]["prompt"], &value["turns"][0]["simulated"]), (&"show me code".into(), &true.into()));
    assert!(text.contains(value["turns"][0]["answer"].as_str().unwrap()));
    // Into the clipboard: by the terminal, which may not take it, so it is in a file as well.
    for (key, part) in [("y", "Here is a round-robin"), ("c", "fn next(lanes"), ("Y", "# show me code")] {
        let before = pty.raw().len();
        pty.send(key);
        pty.wait_for_text(
            "sent to the terminal (OSC 52); if it did not arrive: ~/.local/share/roundel/demo/exports/copied",
        );
        let copied = private(&home.join(".local/share/roundel/demo/exports/copied.txt"));
        assert!(copied.contains(part), "{copied}");
        assert!(pty.raw()[before..].windows(7).any(|bytes| bytes == b"\x1b]52;c;"), "{key}");
        // Another message takes its place.
        pty.send("n");
        pty.wait_for_text("/ searches in this chat");
    }
}

#[test]
fn how_it_is_asked_is_its_own_and_survives() {
    let mut pty = open();
    ask(&mut pty, "what is the log?");
    pty.send(SETTINGS);
    pty.wait_for_text("This conversation");
    pty.send("Be brief.");
    pty.send(DOWN);
    pty.wait_for_text("temperature     ▏");
    pty.send("9");
    pty.wait_for_text("temperature     9▏");
    pty.send(ENTER);
    pty.wait_for_text("a temperature is a number from 0 to 2");
    pty.send("\x7f0.5");
    pty.wait_for_text("temperature     0.5▏");
    pty.send(DOWN);
    pty.wait_for_text("max tokens      ▏");
    pty.send("23");
    pty.wait_for_text("max tokens      23▏");
    pty.send(ENTER);
    pty.wait_for_text("system, temp 0.5, max 23 tok");
    begin(&mut pty, "what is the log?");
    pty.wait_for("its own settings", |screen| !screen.contents().contains("temp 0.5"));
    ask(&mut pty, "what are keys?");
    assert!(pty.screen().contents().contains("The footer always shows the keys"));

    let mut pty = killed(pty);
    go_to(&mut pty, "is the log");
    pty.wait_for_text("system, temp 0.5, max 23 tok");
    ask(&mut pty, "and the rotation?");
    pty.wait_for_text(" 23 tok, ");
    pty.send(SETTINGS);
    pty.wait_for_text("system prompt   Be brief.▏");
}

#[test]
fn a_word_is_searched_in_the_chat() {
    let mut pty = open();
    ask(&mut pty, "what is the log?");
    ask(&mut pty, "what are keys?");
    pty.send("\t");
    pty.wait_for("the chat's keys", |screen| !screen.contents().contains(COMPOSER));
    pty.send("/");
    pty.wait_for_text("─ /▏");
    pty.send("attempt");
    pty.wait_for_text("/attempt▏  turn 1 of 1");
    pty.send("s");
    pty.wait_for_text("/attempts▏  not in this chat");
    pty.send("\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7fthe");
    pty.wait_for_text("/the▏  turn 2 of 2");
    pty.send(ENTER);
    pty.wait_for_text("/the  turn 2 of 2  n N, Esc");
    pty.send("N");
    pty.wait_for_text("turn ");
    pty.send(ESC);
    pty.wait_for("no search", |screen| !screen.contents().contains("n N, Esc"));
    pty.send(ESC);
    pty.wait_for_text("› Ask something");
}

#[test]
fn two_screens_look_at_what_each_wants() {
    let mut first = open();
    ask(&mut first, "what is the log?");
    let mut second = again(&first);
    second.wait_for_text("attached to process");
    second.wait_for_text("Every attempt is a row");
    begin(&mut second, "what is the log?");
    second.send("long");
    second.wait_for_text("› long");
    second.send(ENTER);
    second.wait_for_text("asked for a long one");
    // The other one sees it run, and stays where it is; it asks there meanwhile.
    ask(&mut first, "what are keys?");
    assert!(!first.screen().contents().contains("asked for a long one"));
    assert!(!second.screen().contents().contains("The footer always shows"));
    // Into the middle of the answer: both look at the same.
    go_to(&mut first, "long");
    for screen in [&mut first, &mut second] {
        screen.wait_for_text("the next question goes to the next provider.");
    }
    ask(&mut first, "what is a quota?");
    second.wait_for_text("│ what is a quota?");
    second.wait_for_text("Each bar in the quota pane is one limit");
    // What one renames is renamed for the other.
    second.send("\x1bo");
    second.wait_for_text("This conversation");
    second.send("\x1b[A");
    second.wait_for_text("name            long▏");
    second.send("er");
    second.wait_for_text("name            longer▏");
    second.send(ENTER);
    for screen in [&mut first, &mut second] {
        screen.wait_for_text("Chat  longer");
    }
    // And what one deletes while the other looks at it comes back when that one asks on.
    go_to(&mut second, "is the log");
    second.wait_for_text("The footer always shows");
    list(&mut second);
    second.send("longer");
    second.wait_for_text("▸  longer");
    second.send(DELETE);
    second.wait_for_text("deleted: Del brings it back");
    second.send(ESC);
    second.wait_for_text(COMPOSER);
    ask(&mut first, "and errors?");
    list(&mut second);
    second.wait_for("it is back", |screen| {
        let text = screen.contents();
        text.contains("  longer") && !text.contains("deleted: Del")
    });
}
