//! What is left of the terminal when the program is ended from outside, whatever stands on the screen.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use crate::support::pty::{Modes, Pty, ROUNDEL};

const SIGNALS: [(Signal, u32); 2] = [(Signal::TERM, 143), (Signal::HUP, 129)];

fn ends(mut pty: Pty, (signal, code): (Signal, u32), before: &str, what: &str) {
    pty.signal(signal);
    assert_eq!(pty.wait_exit().exit_code(), code, "{what}");
    assert_eq!(pty.modes(), Modes::PLAIN, "{what}");
    assert!(!pty.is_raw(), "{what}");
    assert_eq!(pty.settings(), before, "{what}");
}

#[test]
fn it_is_as_it_was_whatever_stands_over_the_panes() {
    // What is pressed, and what is seen then.
    let states = [
        ("the palette", vec![("\x10", "Commands")]),
        ("the help", vec![("\x1bOP", "Help")]),
        ("the conversations", vec![("\x1b4", "Conversations")]),
        ("the form", vec![("\x1bo", "This conversation")]),
        ("the earlier prompts", vec![("\x12", "Earlier prompts")]),
        ("a search in the chat", vec![("\t", "▸ Chat"), ("/", "/▏")]),
        ("a filter of the log", vec![("\x1b3", "▸ Log"), ("/", "words")]),
        ("a completion", vec![("/", "/again")]),
        ("a draft with a paste", vec![("\x1b[200~one\rtwo\x1b[201~", "two")]),
    ];
    for signal in SIGNALS {
        for (what, keys) in &states {
            let mut pty = Pty::open(120, 40);
            let before = pty.settings();
            pty.start(ROUNDEL, &[], &[]);
            pty.read();
            pty.wait_for_text("7 of 7 lanes ready");
            for (key, seen) in keys {
                pty.send(key);
                pty.wait_for_text(seen);
            }
            ends(pty, signal, &before, what);
        }
    }
}

#[test]
fn it_is_as_it_was_while_the_editor_has_it() {
    for signal in SIGNALS {
        let mut pty = Pty::open(120, 40);
        let before = pty.settings();
        let editor = pty.home().join("editor");
        // It has gone when its terminal has.
        fs::write(&editor, "#!/bin/sh\necho 'in the editor'\nread line\n").unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        pty.start(ROUNDEL, &[], &[("EDITOR", editor.to_str().unwrap())]);
        pty.read();
        pty.wait_for_text("7 of 7 lanes ready");
        pty.send("a draft worth keeping");
        pty.wait_for_text("worth keeping");
        pty.send("\x07");
        pty.wait_for_text("in the editor");
        ends(pty, signal, &before, "the editor");
    }
}
