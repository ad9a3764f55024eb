//! The terminal's guard on a real device: what it takes it gives back, whatever happens in between.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Style;
use roundel::shell::painter::canvas::Frame;
use roundel::shell::terminal::modes::Wishes;
use roundel::shell::terminal::tty::Tty;
use roundel::shell::terminal::{PATIENCE, Terminal};
use rustix::process::Signal;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::time::Instant;
use vt100::{MouseProtocolEncoding, MouseProtocolMode};

use crate::support::pty::{LONG, Modes, Pty, ROUNDEL};

const TAKEN: Modes = Modes {
    alternate_screen: true,
    cursor_hidden: true,
    bracketed_paste: true,
    mouse: MouseProtocolMode::ButtonMotion,
    mouse_encoding: MouseProtocolEncoding::Sgr,
};

fn enter(pty: &Pty) -> Terminal {
    Terminal::enter_on(Tty::at(&pty.device()).unwrap(), None, Wishes::default()).unwrap()
}

fn frame(text: &str) -> Frame {
    Frame { buffer: Buffer::with_lines([text]), ..Frame::default() }
}

fn taken(pty: &mut Pty) {
    pty.wait_for("the dashboard's modes", |screen| Modes::of(screen) == TAKEN);
}

fn given_back(pty: &mut Pty) {
    pty.wait_for("a shell's modes", |screen| Modes::of(screen) == Modes::PLAIN);
}

#[test]
fn what_is_taken_is_given_back() {
    let mut pty = Pty::open(80, 24);
    pty.read();
    let before = pty.settings();
    let mut terminal = enter(&pty);
    assert_eq!(terminal.size(), Size::new(80, 24));
    terminal.painter().paint(frame("hello"));
    pty.wait_for_text("hello");
    assert!(pty.is_raw());
    assert_eq!(pty.modes(), TAKEN);
    terminal.painter().paint(Frame { cursor: Some(Position::new(2, 0)), ..frame("hello") });
    pty.wait_for("the cursor", |screen| !screen.hide_cursor() && screen.cursor_position() == (0, 2));
    terminal.leave();
    given_back(&mut pty);
    assert_eq!(pty.settings(), before);
    terminal.painter().paint(frame("late"));
    terminal.leave();
    drop(terminal);
    assert_eq!(pty.bytes_until_closed(), 0, "leaving twice, or painting after it, writes nothing");
}

#[test]
fn the_size_is_the_devices() {
    let mut pty = Pty::open(80, 24);
    let terminal = enter(&pty);
    pty.resize(132, 43);
    assert_eq!(terminal.size(), Size::new(132, 43));
}

#[test]
fn the_mouse_can_be_given_back_and_taken_again() {
    let mut pty = Pty::open(80, 24);
    pty.read();
    let mut terminal = enter(&pty);
    taken(&mut pty);
    terminal.set_mouse(false);
    pty.wait_for("no mouse", |screen| screen.mouse_protocol_mode() == MouseProtocolMode::None);
    terminal.set_mouse(true);
    taken(&mut pty);
}

#[test]
fn a_stopped_program_takes_the_terminal_again() {
    let mut pty = Pty::open(80, 24);
    pty.read();
    let device = File::options().read(true).write(true).open(pty.device()).unwrap();
    let (before, plain) = (pty.settings(), tcgetattr(&device).unwrap());
    let mut terminal = enter(&pty);
    terminal.painter().paint(frame("hello"));
    pty.wait_for_text("hello");
    // What a shell does that has stopped a program: its own settings.
    tcsetattr(&device, OptionalActions::Now, &plain).unwrap();
    assert!(!pty.is_raw());
    assert!(terminal.painter().finish(LONG));
    let drawn = terminal.painter().tally().draws;
    terminal.continued().unwrap();
    assert!(terminal.painter().finish(LONG));
    assert!(pty.is_raw());
    assert_eq!(terminal.painter().tally().draws, drawn + 1, "all is drawn again");
    terminal.leave();
    given_back(&mut pty);
    assert_eq!(pty.settings(), before);
}

#[test]
fn a_terminal_that_nobody_reads_does_not_hold_up_the_end() {
    let mut pty = Pty::open(200, 60);
    let before = pty.settings();
    let mut terminal = enter(&pty);
    for n in 0..50 {
        // No two neighbours are alike: far more than the device takes.
        let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
        for (at, cell) in buffer.content.iter_mut().enumerate() {
            cell.set_char(char::from(b'a' + u8::try_from((at + n) % 26).unwrap()));
            cell.set_style(if at % 2 == 0 { Style::new().bold() } else { Style::new().italic() });
        }
        terminal.painter().paint(Frame { buffer, ..Frame::default() });
    }
    assert!(!terminal.painter().finish(Duration::from_millis(20)), "the painter is stuck");
    let begun = Instant::now();
    terminal.leave();
    assert!(begun.elapsed() < PATIENCE * 4, "{:?}", begun.elapsed());
    assert_eq!(pty.settings(), before);
    // Whoever looks at last finds the modes as they were.
    pty.read();
    given_back(&mut pty);
}

#[test]
fn a_terminal_that_is_gone_is_noticed() {
    let pty = Pty::open(80, 24);
    let mut terminal = enter(&pty);
    assert!(terminal.painter().finish(LONG));
    drop(pty);
    terminal.painter().paint(frame("hello"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(terminal.trouble()), None);
    terminal.leave();
}

/// One test, because the hook is the process's.
#[test]
fn a_panic_elsewhere_leaves_the_screen_and_one_in_the_event_loop_gives_it_back() {
    let mut pty = Pty::open(80, 24);
    pty.read();
    let before = pty.settings();
    let (seen, go_on) = sync_channel::<()>(1);
    let event_loop = {
        let terminal = enter(&pty);
        taken(&mut pty);
        thread::spawn(move || {
            // Not dropped while the thread unwinds: what gives the terminal back is the hook.
            let mut terminal = ManuallyDrop::new(terminal);
            terminal.catch_panics();
            let worker = thread::Builder::new().name("worker".into()).spawn(|| panic!("a task's")).unwrap();
            assert!(worker.join().is_err());
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let report = runtime.block_on(terminal.trouble()).unwrap();
            terminal.painter().paint(frame(&report));
            go_on.recv().unwrap();
            panic!("the event loop's");
        })
    };
    pty.wait_for_text("worker panicked at tests/terminal.rs:");
    assert!(pty.screen().contents().contains(": a task's"));
    assert_eq!(pty.modes(), TAKEN);
    seen.send(()).unwrap();
    assert!(event_loop.join().is_err());
    given_back(&mut pty);
    assert_eq!(pty.settings(), before);
}

#[test]
fn the_program_says_its_version_without_touching_the_terminal() {
    let mut pty = Pty::run(ROUNDEL, &["--version"], 80, 24);
    let before = pty.settings();
    assert!(pty.wait_exit().success());
    assert_eq!((pty.modes(), pty.settings()), (Modes::PLAIN, before));
    assert!(!pty.raw().contains(&b'\x1b'));
}

/// The harness itself.
#[test]
fn a_program_in_the_pty_is_typed_to_resized_and_killed() {
    let script = "printf ready; read a; echo \"<$a$CARGO_MANIFEST_DIR>\"; pwd; read b; stty size; read c";
    let mut pty = Pty::run("/bin/sh", &["-c", script], 200, 24);
    pty.wait_for_text("ready");
    assert!(!pty.is_raw());
    assert_eq!(pty.bytes_within(Duration::from_millis(5)), 0);
    pty.send("hello\n");
    pty.wait_for_text("<hello>");
    pty.wait_for_text(pty.home().canonicalize().unwrap().to_str().unwrap());
    pty.resize(100, 30);
    pty.send("\n");
    pty.wait_for_text("30 100");
    pty.signal(Signal::KILL);
    assert_eq!(pty.wait_exit().signal(), Some("Killed"));
    let mut next = pty.run_at_the_same_home("/bin/sh", &["-c", "stty -echo; exit 3"]);
    assert_eq!(next.home(), pty.home());
    assert_eq!(next.wait_exit().exit_code(), 3);
    assert_ne!(next.settings(), Pty::open(80, 24).settings());
}
