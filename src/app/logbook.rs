//! What is done with the log, and with one row of it.

use crate::app::action::{Edit, LogAction};
use crate::app::cells;
use crate::app::message::Effect;
use crate::app::row::{Piece, Role, Row};
use crate::app::state::{App, Overlay};
use crate::domain::attempt::Attempt;
use crate::domain::clock::Time;

impl App {
    /// The attempt that a key means: the one whose detail is open, else the selected one.
    pub(in crate::app) fn meant_attempt(&self) -> Option<&Attempt> {
        match &self.overlay {
            Some(Overlay::Attempt(id)) => self.log.find(*id),
            _ => self.log.selected_attempt(),
        }
    }

    pub(in crate::app) fn act_on_log(&mut self, action: LogAction, _now: Time) -> Vec<Effect> {
        match action {
            LogAction::Filter => self.log.type_filter(),
            LogAction::KeepFilter => self.log.keep_filter(),
        }
        Vec::new()
    }

    /// Changes the filter as it is typed.
    pub(in crate::app) fn edit_filter(&mut self, edit: impl FnOnce(&mut String), now: Time) {
        let mut text = self.log.sieve().text().to_owned();
        edit(&mut text);
        self.log.set_filter(text, now);
    }

    /// Takes something out of the filter.
    pub(in crate::app) fn shorten_filter(&mut self, edit: Edit, now: Time) {
        self.edit_filter(
            |text| match edit {
                Edit::DeleteBack => drop(text.pop()),
                Edit::DeleteWordBack => {
                    let words = text.trim_end();
                    let keep = words.rfind(char::is_whitespace).map_or(0, |space| space + 1);
                    text.truncate(keep);
                }
                Edit::CutToHead => text.clear(),
                _ => {}
            },
            now,
        );
    }

    /// The filter, with what is wrong with it, or how much is meant.
    pub(in crate::app) fn filter_row(&self, width: usize) -> Row {
        let sieve = self.log.sieve();
        let role = if sieve.typing { Role::Accent } else { Role::Dim };
        let hint = "words !word lane:groq status:4xx class:rate_limited origin:api since:1h";
        let text = if sieve.text().is_empty() {
            Piece::dim(cells::cut(hint, width.saturating_sub(4)))
        } else {
            Piece::plain(sieve.text())
        };
        let left = Row(vec![Piece::new("/ ", role), text]);
        let right = match (&sieve.bad, sieve.counts) {
            (Some(bad), _) => {
                // What was typed last stays to be seen.
                let room = width.saturating_sub(left.width().min(width / 2) + 2);
                Row::of(cells::cut(bad, room), Role::Bad)
            }
            (None, Some((meant, all))) if !sieve.filter.is_empty() => {
                Row::of(format!("{} of {}", grouped(meant), grouped(all)), Role::Dim)
            }
            (None, None) if !sieve.filter.is_empty() => Row::of("searching", Role::Dim),
            (None, _) => Row::default(),
        };
        Row::spread(left, right, width)
    }

    /// What the line under the log says of what is not seen.
    pub(in crate::app) fn log_below(&self) -> Option<String> {
        let window = self.log.window();
        let more = match (window.below(), window.after) {
            (_, true) => "more".to_owned(),
            (0, false) if window.new == 0 => return None,
            (0, false) => String::new(),
            (below, false) => format!("{} more", grouped(below as u64)),
        };
        let new = if window.new > 0 { format!("+{} new", grouped(window.new)) } else { String::new() };
        let words: Vec<&str> = [more.as_str(), new.as_str(), "G"].into_iter().filter(|word| !word.is_empty()).collect();
        Some(format!("↓ {}", words.join(", ")))
    }

    /// That the memory has all there is, once one has come to its beginning.
    pub(in crate::app) fn log_all(&self) -> Option<String> {
        let at_first = self.log.window().top() == 0 && self.log.in_memory() > self.log.window().height();
        let only = self.log.is_all() && at_first;
        only.then(|| format!("--ephemeral: only the last {} rows", grouped(self.log.in_memory() as u64)))
    }
}

/// `3,204`.
pub(in crate::app) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
