//! Text to the clipboard, and the truth of how far it got. A program of this computer's display says whether it took
//! the text; a terminal (OSC 52) never says, so beside that the text is in a file, whose path is told.
//!
//! ```text
//!  text ─▶ a display of this computer? ──▶ wl-copy, xclip, xsel, pbcopy ──took it──▶ "copied (wl-copy)"
//!                 │ none, or it did not                      
//!                 └──▶ exports/copied.txt, and to the terminal unless it is too long
//! ```

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::shell::saved;

/// A longer text is not sent to the terminal: many take 100,000 bytes of base64 at most.
const LONGEST: usize = 74_000;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The file with what was copied last.
const FILE: &str = "copied.txt";

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// A sentence for the user; Err: it is nowhere.
    pub said: Result<String, String>,
    /// What is to be written to the terminal.
    pub sequence: Option<Vec<u8>>,
}

/// Copies. Blocks for at most some seconds. `data`: the data folder; None: no file is written. `variable`: the
/// environment.
pub fn copy(text: &str, data: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Copied {
    for words in programs(&variable) {
        if hand_over(words, text) {
            let said = Ok(format!("copied ({})", words.first().copied().unwrap_or_default()));
            return Copied { said, sequence: None };
        }
    }
    let file = data.map(|data| saved::replace(data, FILE, text.as_bytes()).map(|path| saved::shown(&path)));
    let sequence = (text.len() <= LONGEST).then(|| osc52(text, variable("TMUX").is_some()));
    let said = match (&sequence, file) {
        (Some(_), Some(Ok(path))) => Ok(format!("sent to the terminal (OSC 52); if it did not arrive: {path}")),
        (Some(_), None) => Ok("sent to the terminal (OSC 52), which never says whether it took it".into()),
        (Some(_), Some(Err(error))) => {
            Ok(format!("sent to the terminal (OSC 52), which never says whether it took it; no file: {error}"))
        }
        (None, Some(Ok(path))) => Ok(format!("too long for the terminal's clipboard: it is in {path}")),
        (None, None) => Err("not copied: too long for the terminal's clipboard, and --ephemeral writes no file".into()),
        (None, Some(Err(error))) => Err(format!("not copied: too long for the terminal's clipboard; no file: {error}")),
    };
    Copied { said, sequence }
}

/// The programs for the display at which the user sits. Over SSH that is another computer's.
fn programs(variable: &impl Fn(&str) -> Option<String>) -> Vec<&'static [&'static str]> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return Vec::new();
    }
    let mut programs: Vec<&'static [&'static str]> = Vec::new();
    if cfg!(target_os = "macos") {
        programs.push(&["pbcopy"]);
    }
    if is_set("WAYLAND_DISPLAY") {
        programs.push(&["wl-copy"]);
    }
    if is_set("DISPLAY") {
        programs.extend([&["xclip", "-selection", "clipboard"][..], &["xsel", "--clipboard", "--input"]]);
    }
    programs
}

/// Hands `text` to a program; true: it says that it took it.
fn hand_over(words: &[&str], text: &str) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    #[cfg(unix)]
    let pid = rustix::process::Pid::from_child(&child);
    let (done, ended) = sync_channel(1);
    let text = text.to_owned();
    let helper = std::thread::Builder::new().name("clipboard".into()).spawn(move || {
        let written = child.stdin.take().is_some_and(|mut input| input.write_all(text.as_bytes()).is_ok());
        let took = child.wait().is_ok_and(|status| status.success());
        // Who waited may have lost patience.
        let _ = done.try_send(written && took);
    });
    let took = helper.is_ok().then(|| ended.recv_timeout(PATIENCE).ok()).flatten();
    #[cfg(unix)]
    if took.is_none() {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    took == Some(true)
}

/// The sequence that puts `text` into the terminal's clipboard. Inside tmux both ways: tmux's own, and the terminal's
/// around it, wrapped; it depends on its settings which of them it lets pass.
fn osc52(text: &str, tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    if !tmux {
        return plain.into_bytes();
    }
    let wrapped = format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b"));
    [plain, wrapped].concat().into_bytes()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let letter = LETTERS.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let coded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(coded, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn a_terminal_gets_it_and_a_file_beside_it() {
        let temp = tempfile::tempdir().unwrap();
        let copied = copy("it's\nme", Some(temp.path()), bare);
        assert_eq!(copied.sequence.unwrap(), b"\x1b]52;c;aXQncwptZQ==\x07");
        let path = temp.path().join("exports/copied.txt");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "it's\nme");
        let said = copied.said.unwrap();
        assert_eq!(said, format!("sent to the terminal (OSC 52); if it did not arrive: {}", path.display()));
        let tmux = copy("x", None, |name| (name == "TMUX").then(|| "/tmp/tmux,1,0".into()));
        assert_eq!(tmux.sequence.unwrap(), b"\x1b]52;c;eA==\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\");
    }

    #[test]
    fn what_is_too_long_is_in_the_file_alone_or_nowhere() {
        let temp = tempfile::tempdir().unwrap();
        let long = "x".repeat(LONGEST + 1);
        let copied = copy(&long, Some(temp.path()), bare);
        assert!(copied.sequence.is_none() && copied.said.unwrap().contains("copied.txt"));
        let copied = copy(&long, None, bare);
        assert!(copied.sequence.is_none() && copied.said.is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_believed_only_if_it_took_all() {
        assert!(hand_over(&["cat"], "x"));
        assert!(!hand_over(&["false"], "x"));
        assert!(!hand_over(&["no-such-program-anywhere"], "x"));
    }

    #[test]
    fn over_ssh_the_display_is_another_computers() {
        let here = |name: &str| (name == "DISPLAY").then(|| ":0".to_owned());
        let there = |name: &str| ["DISPLAY", "SSH_TTY"].contains(&name).then(|| ":0".to_owned());
        let names = |programs: Vec<&'static [&'static str]>| programs.iter().map(|one| one[0]).collect::<Vec<_>>();
        assert!(names(programs(&here)).contains(&"xclip"));
        assert!(programs(&there).is_empty());
    }
}
