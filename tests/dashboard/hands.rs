//! Each hand on the wheel, in the real program.

use super::*;

/// Presses a key, when what it is to do has been seen before.
fn press(pty: &mut Pty, key: &str, seen: &str) {
    pty.send(key);
    pty.wait_for_text(seen);
}

fn gone(pty: &mut Pty, text: &str) {
    pty.wait_for(&format!("no more {text}"), |screen| !screen.contents().contains(text));
}

#[test]
fn order_weight_strategy_keep_back_and_off_for_a_while_hold_over_a_restart() {
    let mut pty = open(140, 45);
    pty.wait_for_text("7 of 7 lanes ready");
    press(&mut pty, "\x1b2", "▸ Quota");
    // `quick` is selected: heavier, its last three for the chat, further down.
    press(&mut pty, "+", "x2, by you");
    press(&mut pty, "b", "keep quick");
    press(&mut pty, "3\r", "x2, 3 kept, by you");
    press(&mut pty, "J", "is number 2 of the order");
    press(&mut pty, "s", "order, in your order, by you");
    // Off until its time, and undone; then for an hour, by the list's digit.
    press(&mut pty, "x", "for 15 minutes");
    press(&mut pty, "\r", "off by you, 15 m left");
    pty.send("z");
    gone(&mut pty, "off by you");
    press(&mut pty, "x", "for 1 hour");
    pty.send("2");
    pty.wait_for_text("5 of 7 lanes ready");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);

    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("order, in your order, by you");
    again.wait_for_text("x2, 3 kept, by you");
    again.wait_for_text("off by you");
    again.wait_for_text("next steady/medium-24b");
    // All of it is taken back by name.
    for (line, seen) in [
        ("/enable quick", "7 of 7 lanes ready"),
        ("/strategy reset", "strategy as the config has it"),
        ("/move reset", "the order is as the config has it"),
        ("/weight quick reset", "takes turns as the config has it"),
        ("/keep quick reset", "kept back what the config says"),
    ] {
        again.send(format!("{line}\r"));
        again.wait_for_text(seen);
    }
    gone(&mut again, ", by you");
    quit(&mut again);
}

#[test]
fn a_pause_holds_the_question_and_a_restart_ends_it() {
    let mut pty = open(140, 45);
    pty.wait_for_text("7 of 7 lanes ready");
    press(&mut pty, "\x1b2", "▸ Quota");
    press(&mut pty, "p", "PAUSED by you since");
    pty.send("i");
    pty.wait_for_text("Enter send");
    press(&mut pty, "log\r", "waits for you: the scheduler is paused");
    pty.send("\x1b2");
    pty.wait_for_text("▸ Quota");
    pty.send("p");
    gone(&mut pty, "PAUSED");
    pty.wait_for("the answer", |screen| screen.contents().lines().any(is_answer));
    press(&mut pty, "p", "PAUSED by you since");
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    let mut again = pty.run_at_the_same_home(ROUNDEL, &[]);
    again.wait_for_text("7 of 7 lanes ready");
    assert!(!again.screen().contents().contains("PAUSED"));
    quit(&mut again);
}

#[test]
fn a_frozen_screen_keeps_its_picture_while_the_answer_comes() {
    let mut pty = open(140, 45);
    pty.wait_for_text("7 of 7 lanes ready");
    press(&mut pty, "\x1b2", "▸ Quota");
    press(&mut pty, "f", "FROZEN +0");
    pty.send("i");
    pty.wait_for_text("Enter send");
    pty.send("log\r");
    pty.wait_for("news", |screen| screen.contents().contains("FROZEN +") && !screen.contents().contains("FROZEN +0"));
    assert!(pty.screen().contents().contains("no request yet"));
    press(&mut pty, "/freeze\r", "│ you");
    pty.wait_for("the answer", |screen| screen.contents().lines().any(is_answer));
    assert!(!pty.screen().contents().contains("FROZEN"));
    quit(&mut pty);
}

#[test]
fn a_lane_is_tested_after_its_cost_was_said() {
    let mut pty = open(140, 45);
    pty.wait_for_text("7 of 7 lanes ready");
    press(&mut pty, "\x1b2", "▸ Quota");
    press(&mut pty, "j", "▸  ● small-8b");
    press(&mut pty, "t", "one request of 200 left req/day");
    press(&mut pty, "\r", "● quick/small-8b has answered");
    pty.wait_for("its row", |screen| screen.contents().contains(" 200 "));
    quit_from_a_pane(&mut pty);
}

#[test]
fn the_mouse_switches_a_lane_and_takes_rows_of_lists() {
    let mut pty = open(140, 45);
    pty.wait_for_text("7 of 7 lanes ready");
    // On the sign of `quick`, the first row of the quota.
    let (row, column) = place_of(&mut pty, "● quick ");
    click(&mut pty, row, column);
    pty.wait_for_text("5 of 7 lanes ready");
    click(&mut pty, row, column);
    pty.wait_for_text("7 of 7 lanes ready");
    press(&mut pty, "x", "for 15 minutes");
    let (row, column) = place_of(&mut pty, "until I say");
    click(&mut pty, row, column);
    pty.wait_for_text("5 of 7 lanes ready");
    press(&mut pty, "\x10", "all keys and commands");
    pty.send("pause");
    gone(&mut pty, "all keys and commands");
    let (row, column) = place_of(&mut pty, "send nothing new");
    click(&mut pty, row, column);
    pty.wait_for_text("PAUSED by you since");
    quit_from_a_pane(&mut pty);
}

fn quit_from_a_pane(pty: &mut Pty) {
    pty.send("q");
    assert_eq!(pty.wait_exit().exit_code(), 0);
    assert_eq!(pty.modes(), Modes::PLAIN);
}

/// Row and column of the first place where it stands, from 1.
fn place_of(pty: &mut Pty, text: &str) -> (usize, usize) {
    pty.wait_for_text(text);
    let contents = pty.screen().contents();
    let (row, line) = contents.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
    (row + 1, line.split(text).next().unwrap().chars().count() + 1)
}

fn click(pty: &mut Pty, row: usize, column: usize) {
    pty.send(format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}
