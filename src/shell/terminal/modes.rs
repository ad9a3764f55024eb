//! The terminal's modes as bytes: what is switched on for the screen, and off after it. Pure.
//!
//! The mouse reports buttons and the wheel, in SGR coordinates, and motion only while a button is down, for borders that
//! are dragged: moving it makes no events, and text is selected with Shift held. Of the kitty keyboard flags only the disambiguation of escape codes is asked for, without
//! first asking whether the terminal knows it: those that don't know it ignore it, and waiting for an answer costs up
//! to two seconds where none comes.

use crate::domain::look::Notify;
use crate::domain::text::one_line;

/// What the user may switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// The mouse is ours; if not, the terminal selects text with it.
    pub mouse: bool,
    /// The terminal tells whether it has the focus.
    pub focus: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { mouse: true, focus: false }
    }
}

const ENTER: &str = concat!(
    "\x1b[?1049h", // the other screen
    "\x1b[?25l",   // no cursor until a frame places it
    "\x1b[?2004h", // pasted text is marked
    "\x1b[>1u",    // kitty keyboard: disambiguate escape codes (pushed on the other screen's own stack)
);

const LEAVE: &str = concat!(
    "\x1b[?2026l", // a frame that was cut off held the picture back
    "\x1b[0m",
    "\x1b[<1u", // kitty keyboard: pop, while still on the other screen
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l",
    "\x1b[?1004l\x1b[?2004l",
    "\x1b[?1049l",
    "\x1b[?25h",
);

const MOUSE_ON: &str = "\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1002l\x1b[?1006l";

/// Whether the terminal is known to have links (OSC 8), by its environment. Most others pass over them, but some show
/// the bytes.
pub fn has_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    const PROGRAMS: [&str; 8] = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "mintty", "rio"];
    const TERMS: [&str; 7] = ["kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "tmux"];
    let says = |name: &str, known: &[&str]| {
        variable(name).is_some_and(|value| known.iter().any(|known| value.contains(known)))
    };
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    says("TERM_PROGRAM", &PROGRAMS)
        || says("TERM", &TERMS)
        || vte.is_some_and(|version| version >= 5000)
        || ["WT_SESSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "DOMTERM"].iter().any(|name| variable(name).is_some())
}

/// Takes the screen.
pub fn enter(wishes: Wishes) -> Vec<u8> {
    let mut bytes = ENTER.as_bytes().to_vec();
    if wishes.mouse {
        bytes.extend_from_slice(MOUSE_ON.as_bytes());
    }
    if wishes.focus {
        bytes.extend_from_slice(b"\x1b[?1004h");
    }
    bytes
}

/// The same where it may be taken already: what was pushed does not pile up.
pub fn enter_again(wishes: Wishes) -> Vec<u8> {
    [b"\x1b[<1u".as_slice(), &enter(wishes)].concat()
}

/// Gives it back: the reverse of [`enter`], and all that others are known to leave behind.
pub fn leave() -> Vec<u8> {
    LEAVE.as_bytes().to_vec()
}

/// The same, when a sequence may have been cut off before it: CAN ends that one.
pub fn leave_in_a_hurry() -> Vec<u8> {
    [b"\x18", LEAVE.as_bytes()].concat()
}

/// Calls the user: with the bell, with a sentence (OSC 9), or both. The sentence is cut to one harmless line.
pub fn call(how: Notify, sentence: &str) -> Vec<u8> {
    let text = one_line(sentence).replace('\u{fffd}', "");
    let said = format!("\x1b]9;{text}\x1b\\");
    match how {
        Notify::Off => Vec::new(),
        Notify::Bell => b"\x07".to_vec(),
        Notify::Osc9 => said.into_bytes(),
        Notify::Both => [said.as_bytes(), b"\x07"].concat(),
    }
}

/// Takes the mouse, or gives it back.
pub fn mouse(on: bool) -> Vec<u8> {
    if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use vt100::{MouseProtocolEncoding, MouseProtocolMode};

    use super::*;

    fn modes(screen: &vt100::Screen) -> (bool, bool, bool, MouseProtocolMode, MouseProtocolEncoding) {
        (
            screen.alternate_screen(),
            screen.hide_cursor(),
            screen.bracketed_paste(),
            screen.mouse_protocol_mode(),
            screen.mouse_protocol_encoding(),
        )
    }

    fn terminal() -> vt100::Parser {
        vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0)
    }

    #[test]
    fn leaving_restores_what_entering_changed() {
        let mut terminal = terminal();
        terminal.process(b"$ roundel\r\n");
        let before = (modes(terminal.screen()), terminal.screen().contents(), terminal.screen().cursor_position());
        terminal.process(&enter(Wishes::default()));
        assert_eq!(
            modes(terminal.screen()),
            (true, true, true, MouseProtocolMode::ButtonMotion, MouseProtocolEncoding::Sgr)
        );
        terminal.process(b"\x1b[?2026h\x1b[1;31mhalf a fra");
        terminal.process(&leave());
        let after = (modes(terminal.screen()), terminal.screen().contents(), terminal.screen().cursor_position());
        assert_eq!(after, before);
        assert_eq!(terminal.screen().fgcolor(), vt100::Color::Default);
    }

    #[test]
    fn every_private_mode_that_is_set_is_reset() {
        let (set, reset) = (
            String::from_utf8(enter(Wishes { mouse: true, focus: true })).unwrap(),
            String::from_utf8(leave()).unwrap(),
        );
        for sequence in set.split('\x1b').filter(|sequence| sequence.starts_with("[?")) {
            let reversed = match sequence.strip_suffix('h') {
                Some(mode) => format!("{mode}l"),
                None => sequence.replace('l', "h"),
            };
            assert!(reset.split('\x1b').any(|other| other == reversed), "{sequence}");
        }
        assert!(set.contains("[>1u") && reset.contains("[<1u"));
    }

    #[test]
    fn the_mouse_can_be_given_back_alone() {
        let mut terminal = terminal();
        terminal.process(&enter(Wishes { mouse: false, focus: false }));
        assert_eq!(terminal.screen().mouse_protocol_mode(), MouseProtocolMode::None);
        terminal.process(&mouse(true));
        assert_eq!(terminal.screen().mouse_protocol_mode(), MouseProtocolMode::ButtonMotion);
        terminal.process(&mouse(false));
        assert_eq!(terminal.screen().mouse_protocol_mode(), MouseProtocolMode::None);
        assert_eq!(terminal.screen().mouse_protocol_encoding(), MouseProtocolEncoding::Default);
    }

    #[test]
    fn a_call_is_a_bell_or_one_harmless_sentence() {
        let told = |how| String::from_utf8(call(how, "the answer\x1b]0;x\x07 of\na/b")).unwrap();
        let sentence = "\x1b]9;the answer]0;x of a/b\x1b\\";
        assert_eq!(
            [Notify::Off, Notify::Bell, Notify::Osc9, Notify::Both].map(told),
            [String::new(), "\x07".into(), sentence.into(), format!("{sentence}\x07")]
        );
    }

    #[test]
    fn a_cut_off_sequence_swallows_nothing() {
        let mut terminal = terminal();
        terminal.process(&enter(Wishes::default()));
        terminal.process(b"\x1b[38;5;1");
        terminal.process(&leave_in_a_hurry());
        assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor());
    }

    #[test]
    fn links_are_for_terminals_that_are_known_to_have_them() {
        for (name, value, expected) in [
            ("TERM", "xterm-256color", false),
            ("TERM", "linux", false),
            ("TERM_PROGRAM", "Apple_Terminal", false),
            ("VTE_VERSION", "4601", false),
            ("VTE_VERSION", "7600", true),
            ("TERM", "xterm-kitty", true),
            ("TERM_PROGRAM", "WezTerm", true),
            ("WT_SESSION", "x", true),
        ] {
            let variable = |asked: &str| (asked == name).then(|| value.to_owned());
            assert_eq!(has_links(variable), expected, "{name}={value}");
        }
    }
}
