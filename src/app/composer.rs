//! The draft: what is written and not yet sent. Editing is the text area's; wrapping, history and the promise that no
//! draft is ever destroyed are here. The only place that names the text area.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

use crate::app::action::Edit;
use crate::app::cells;
use crate::domain::clock::Time;
use crate::domain::conversation::text_tokens;
use crate::domain::text::harmless;

/// A draft is handed to the store at most this often.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// The draft, the prompts before it, and how it is laid out.
#[derive(Debug, Default)]
pub struct Composer {
    area: TextArea<'static>,
    earlier: Vec<String>,
    browse: Option<Browse>,
    kept: String,
    /// What is kept before the draft: messages that wait.
    before: String,
    keep_at: Option<Time>,
    laid: Laid,
    /// The width for which it is laid out as it is now.
    wrapped: Option<usize>,
    /// Whether it may differ from what was noted last.
    touched: bool,
    tokens: u64,
}

/// A walk through earlier prompts; each place keeps what was edited there, the last one is the draft itself.
#[derive(Debug, Default)]
struct Browse {
    at: usize,
    edited: BTreeMap<usize, String>,
}

/// How the draft stands on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Laid {
    /// Its rows, harmless.
    pub rows: Vec<String>,
    /// The cursor's row among them, and its column.
    pub cursor: (usize, usize),
    /// The first row that is shown.
    pub top: usize,
    /// Of each row: its line, and its bytes in it.
    spans: Vec<(usize, Range<usize>)>,
}

impl Composer {
    /// What is written.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether nothing is written, or only spaces.
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// Whether not even a space is written.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// How it was laid out last.
    pub const fn laid(&self) -> &Laid {
        &self.laid
    }

    /// About how many tokens it has, as it was laid out last.
    pub const fn tokens(&self) -> u64 {
        self.tokens
    }

    const fn touch(&mut self) {
        self.wrapped = None;
        self.touched = true;
    }

    /// Writes a letter.
    pub fn type_char(&mut self, letter: char) {
        self.touch();
        self.area.insert_char(letter);
    }

    /// Writes a text, newlines and all; never sends it.
    pub fn paste(&mut self, text: &str) {
        self.touch();
        // Terminals paste newlines as carriage returns.
        self.area.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
    }

    /// Replaces what is written, the cursor at its end.
    pub fn set(&mut self, text: &str) {
        self.touch();
        self.area.clear();
        self.area.insert_str(text);
    }

    /// Takes the draft out, to be sent, and remembers it.
    pub fn take(&mut self) -> String {
        let text = self.text();
        self.remember(&text);
        self.browse = None;
        self.touch();
        self.area = TextArea::default();
        text
    }

    /// Clears the draft; it can be had back with [`Edit::Up`].
    pub fn clear(&mut self) {
        self.take();
    }

    /// Puts a prompt among the earlier ones.
    pub fn remember(&mut self, prompt: &str) {
        if !prompt.trim().is_empty() && self.earlier.last().is_none_or(|last| last != prompt) {
            self.earlier.push(prompt.to_owned());
        }
    }

    /// Does one edit.
    pub fn edit(&mut self, edit: Edit) {
        self.touch();
        match edit {
            Edit::NewLine => self.area.insert_newline(),
            Edit::Left => self.area.move_cursor(CursorMove::Back),
            Edit::Right => self.area.move_cursor(CursorMove::Forward),
            Edit::Up => self.vertical(-1),
            Edit::Down => self.vertical(1),
            Edit::WordLeft => self.area.move_cursor(CursorMove::WordBack),
            Edit::WordRight => self.area.move_cursor(CursorMove::WordForward),
            Edit::Head => self.area.move_cursor(CursorMove::Head),
            Edit::End => self.area.move_cursor(CursorMove::End),
            Edit::DeleteBack => drop(self.area.delete_char()),
            Edit::DeleteForward => drop(self.area.delete_next_char()),
            Edit::DeleteWordBack => drop(self.area.delete_word()),
            Edit::DeleteWord => drop(self.area.delete_next_word()),
            Edit::CutToHead => drop(self.area.delete_line_by_head()),
            Edit::CutToEnd => drop(self.area.delete_line_by_end()),
            Edit::PutBack => drop(self.area.paste()),
            Edit::Undo => drop(self.area.undo()),
            Edit::Redo => drop(self.area.redo()),
        }
    }

    /// One row up or down; at the first or last row, through the earlier prompts.
    fn vertical(&mut self, by: isize) {
        let (row, column) = self.laid.cursor;
        match row.checked_add_signed(by).and_then(|row| self.laid.spans.get(row).cloned()) {
            Some((line, span)) => self.place(line, span, column),
            None => self.walk(by),
        }
    }

    /// Puts the cursor into a row of the screen, at the column or before it.
    fn place(&mut self, line: usize, span: Range<usize>, column: usize) {
        let Some(text) = self.area.lines().get(line) else { return };
        let last_of_line = span.end == text.len();
        let mut columns = 0;
        let mut chars = text.get(..span.start).map_or(0, |before| before.chars().count());
        let mut clusters = text.get(span).unwrap_or_default().graphemes(true).peekable();
        while let Some(cluster) = clusters.next() {
            columns += cells::of_cluster(cluster);
            // The place behind a row's last cluster is the head of the next row, unless the line ends there.
            if columns > column || clusters.peek().is_none() && !last_of_line {
                break;
            }
            chars += cluster.chars().count();
        }
        let at = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(at(line), at(chars)));
    }

    fn walk(&mut self, by: isize) {
        let newest = self.earlier.len();
        let at = self.browse.as_ref().map_or(newest, |browse| browse.at);
        let Some(to) = at.checked_add_signed(by).filter(|to| *to <= newest) else { return };
        let text = self.text();
        let browse = self.browse.get_or_insert_default();
        browse.edited.insert(at, text);
        browse.at = to;
        let shown = browse.edited.get(&to).or_else(|| self.earlier.get(to)).cloned().unwrap_or_default();
        self.set(&shown);
        if by < 0 {
            // So that the next Up goes on to the prompt before.
            self.area.move_cursor(CursorMove::Jump(0, u16::MAX));
        }
    }

    /// Wraps the draft in rows of `width` columns, unless it is already; says how many. The last column is the cursor's.
    pub fn wrap(&mut self, width: usize) -> usize {
        let width = width.saturating_sub(1).max(1);
        if self.wrapped != Some(width) {
            self.wrapped = Some(width);
            self.laid = self.wrap_anew(width);
            self.tokens = text_tokens(&self.text());
        }
        self.laid.rows.len()
    }

    fn wrap_anew(&self, width: usize) -> Laid {
        let at = self.area.cursor();
        let mut laid = Laid { top: self.laid.top, ..Laid::default() };
        for (number, line) in self.area.lines().iter().enumerate() {
            let cursor = (number == at.0).then(|| line.char_indices().nth(at.1).map_or(line.len(), |(byte, _)| byte));
            for span in cells::wrap(line, width) {
                if let Some(cursor) = cursor.filter(|cursor| (span.start..=span.end).contains(cursor)) {
                    let before = line.get(span.start..cursor).unwrap_or_default();
                    laid.cursor = (laid.rows.len(), cells::of(before).min(width));
                }
                laid.rows.push(harmless(line.get(span.clone()).unwrap_or_default()).into_owned());
                laid.spans.push((number, span));
            }
        }
        laid
    }

    /// Shows at most `height` rows, the cursor's among them.
    pub fn show(&mut self, height: usize) {
        let height = height.max(1);
        let row = self.laid.cursor.0;
        let laid = &mut self.laid;
        laid.top = laid.top.min(laid.rows.len().saturating_sub(height)).min(row);
        laid.top = laid.top.max((row + 1).saturating_sub(height));
    }

    /// Notes at `now` that the draft may have changed: if it has, it is to be kept a second later.
    pub fn note(&mut self, now: Time) {
        if !std::mem::take(&mut self.touched) {
            return;
        }
        if self.all() == self.kept {
            self.keep_at = None;
        } else if self.keep_at.is_none() {
            self.keep_at = Some(now.plus(KEEP_EVERY));
        }
    }

    /// When the draft is to be kept.
    pub const fn keep_at(&self) -> Option<Time> {
        self.keep_at
    }

    /// The draft, if it is time to keep it, or `at_once`.
    pub fn to_keep(&mut self, now: Time, at_once: bool) -> Option<String> {
        if !at_once && self.keep_at.is_none_or(|at| at > now) {
            return None;
        }
        let text = self.all();
        if text == self.kept {
            return None;
        }
        self.keep_at = None;
        self.kept.clone_from(&text);
        Some(text)
    }

    /// Messages that wait are kept with the draft, before it.
    pub fn also_keep(&mut self, before: String) {
        self.touched |= self.before != before;
        self.before = before;
    }

    fn all(&self) -> String {
        format!("{}{}", self.before, self.text())
    }

    /// Takes over what stood here when roundel ended, unless something was typed since.
    pub fn restore(&mut self, draft: &str) {
        if self.area.is_empty() {
            self.set(draft);
            draft.clone_into(&mut self.kept);
        }
    }

    /// The draft could not be handed over: it is tried again.
    pub fn not_kept(&mut self, now: Time) {
        self.kept.push('\u{0}');
        self.touched = true;
        self.note(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Composer {
        fn lay_out(&mut self, width: usize) {
            self.wrap(width);
            self.show(3);
        }
    }

    fn composer(text: &str, width: usize) -> Composer {
        let mut composer = Composer::default();
        composer.set(text);
        composer.lay_out(width);
        composer
    }

    fn at(composer: &mut Composer, edit: Edit) -> (String, (usize, usize)) {
        composer.edit(edit);
        composer.lay_out(8);
        (composer.text(), composer.laid().cursor)
    }

    #[test]
    fn the_cursor_goes_through_wrapped_rows() {
        let mut composer = composer("one two three\nfour", 8);
        assert_eq!(composer.laid().rows, ["one two ", "three", "four"]);
        assert_eq!(composer.laid().cursor, (2, 4));
        for (edit, cursor) in [
            (Edit::Up, (1, 4)),
            (Edit::Up, (0, 4)),
            (Edit::Down, (1, 4)),
            (Edit::End, (1, 5)),
            (Edit::Up, (0, 5)),
            (Edit::Down, (1, 5)),
            (Edit::Down, (2, 4)),
        ] {
            assert_eq!(at(&mut composer, edit).1, cursor, "{edit:?}");
        }
    }

    #[test]
    fn a_row_that_is_exactly_full_keeps_its_cursor() {
        let full = composer("1234567", 8);
        assert_eq!((full.laid().rows.len(), full.laid().cursor), (1, (0, 7)));
        let wide = composer("日本語\tx", 8);
        assert_eq!(wide.laid().rows, ["日本語    ", "x"]);
    }

    #[test]
    fn history_keeps_every_edit() {
        let mut composer = composer("", 8);
        composer.remember("first");
        composer.remember("second");
        composer.remember("second");
        composer.set("draft");
        composer.lay_out(8);
        assert_eq!(at(&mut composer, Edit::Up).0, "second");
        composer.type_char('!');
        assert_eq!(at(&mut composer, Edit::Up).0, "first");
        assert_eq!(at(&mut composer, Edit::Up).0, "first");
        assert_eq!(at(&mut composer, Edit::Down).0, "second!");
        assert_eq!(at(&mut composer, Edit::Down).0, "draft");
        composer.clear();
        composer.lay_out(8);
        assert_eq!(at(&mut composer, Edit::Up).0, "draft");
    }

    #[test]
    fn a_draft_is_kept_once_a_second() {
        let at = |ms: i64| Time::from_ms(1_000_000 + ms);
        let mut composer = composer("", 8);
        composer.type_char('a');
        composer.note(at(0));
        assert_eq!((composer.keep_at(), composer.to_keep(at(999), false)), (Some(at(1000)), None));
        composer.type_char('b');
        composer.note(at(500));
        assert_eq!(composer.to_keep(at(1000), false), Some("ab".into()));
        composer.note(at(1000));
        assert_eq!(composer.keep_at(), None);
        composer.not_kept(at(1000));
        assert_eq!(composer.keep_at(), Some(at(2000)));
    }

    #[test]
    fn only_what_is_shown_scrolls() {
        let composer = composer("1\n2\n3\n4\n5", 8);
        assert_eq!((composer.laid().rows.len(), composer.laid().top), (5, 2));
    }
}
