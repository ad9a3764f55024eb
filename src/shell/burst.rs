//! Pastes that no terminal marks: letters that come faster than anyone types. An Enter among them is a new line, never
//! a wish to send. Pure but for the type of the events.
//!
//! An Enter ends one line of a burst if more letters are there right behind it; from then on, and for a moment longer,
//! each Enter does. A single line with its Enter behind it is sent: so other programs type (tmux, expect).

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::domain::clock::Time;

/// Two letters of a burst are no further apart.
const APART: Duration = Duration::from_millis(10);

/// So many of them are one.
const FEWEST: u32 = 3;

/// A burst is over when nothing came for so long.
const OVER: Duration = Duration::from_millis(40);

/// What was typed last.
#[derive(Debug, Default)]
pub struct Burst {
    last: Time,
    letters: u32,
    /// It has more than one line; until when.
    lines_until: Option<Time>,
}

impl Burst {
    /// The event as it is to be taken: an Enter within a burst is the key of a new line. `next`: what is there behind it
    /// already.
    pub fn take(&mut self, event: Event, next: Option<&Event>, now: Time) -> Event {
        let fast = now.since(self.last) <= APART;
        let within = self.lines_until.is_some_and(|until| now < until);
        if is_enter(&event) {
            let runs_on = fast && self.letters >= FEWEST && next.is_some_and(|next| writes(next) || is_enter(next));
            if within || runs_on {
                self.lines_until = Some(now.plus(OVER));
                self.last = now;
                return Event::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::ALT));
            }
            self.letters = 0;
        } else if writes(&event) {
            self.letters = if fast { self.letters.saturating_add(1) } else { 1 };
            self.last = now;
            self.lines_until = within.then(|| now.plus(OVER));
        } else {
            *self = Self::default();
        }
        event
    }
}

/// Whether an event is Enter, and nothing with it.
pub fn is_enter(event: &Event) -> bool {
    matches!(event, Event::Key(key)
        if key.code == KeyCode::Enter && key.modifiers.is_empty() && key.kind != KeyEventKind::Release)
}

fn writes(event: &Event) -> bool {
    matches!(event, Event::Key(KeyEvent { code: KeyCode::Char(_) | KeyCode::Tab, modifiers, kind, .. })
        if (*modifiers - KeyModifiers::SHIFT).is_empty() && *kind != KeyEventKind::Release)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of keys that come `apart` ms one after the other, `read` of them at once: `⏎` sends, `↵` is a line.
    fn taken(keys: &str, apart: i64, read: usize) -> String {
        let event = |key: char| {
            let code = if key == '\r' { KeyCode::Enter } else { KeyCode::Char(key) };
            Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
        };
        let (mut burst, mut out) = (Burst::default(), String::new());
        let keys: Vec<char> = keys.chars().collect();
        for (number, key) in keys.iter().enumerate() {
            let next = keys.get(number + 1).filter(|_| (number + 1) % read != 0).map(|key| event(*key));
            let now = Time::from_ms(1_000_000 + apart * i64::try_from(number / read).unwrap());
            match burst.take(event(*key), next.as_ref(), now) {
                Event::Key(key) if key.code == KeyCode::Enter => {
                    out.push(if key.modifiers.is_empty() { '⏎' } else { '↵' });
                }
                _ => out.push(*key),
            }
        }
        out
    }

    #[test]
    fn a_paste_is_never_sent_and_what_is_typed_is() {
        for (keys, apart, read, expected) in [
            ("one\rtwo\r", 1, 64, "one↵two↵"),
            ("one\rtwo\r\rthree", 1, 64, "one↵two↵↵three"),
            // Read in pieces: the last Enter comes a moment later.
            ("one two\rthree f\r", 5, 9, "one two↵three f↵"),
            ("one\r", 1, 64, "one⏎"),
            ("one\rtwo\r", 80, 1, "one⏎two⏎"),
            // Typed ahead while the screen was busy: a letter or two.
            ("y\rn\r", 1, 64, "y⏎n⏎"),
        ] {
            assert_eq!(taken(keys, apart, read), expected, "{keys:?}");
        }
    }
}
