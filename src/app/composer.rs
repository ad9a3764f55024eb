//! The draft: what is written and not yet sent. Editing is the text area's; folding, wrapping, history and the promise
//! that no draft is ever destroyed are here. The only place that names the text area.

use std::ops::Range;

use tui_textarea::{CursorMove, TextArea};

/// Large pastes.
pub mod fold;

/// Rows.
pub mod laid;

/// Earlier prompts.
pub mod history;

/// When it is kept.
pub mod keeper;

use crate::app::action::Edit;
use crate::app::composer::fold::{Folds, is_large};
use crate::app::composer::history::History;
use crate::app::composer::keeper::Keeper;
use crate::app::composer::laid::{Laid, characters};
use crate::domain::clock::Time;

/// A fold of more bytes is not put into the draft as it is: each key would pay for it.
const UNFOLDED: usize = 200_000;

/// What came of unfolding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfolded {
    /// It is in the draft as it is.
    Done,
    /// It is too large for that.
    TooLarge,
    /// Nothing is folded.
    Nothing,
}

/// The draft, the prompts before it, and how it is laid out.
#[derive(Debug, Default)]
pub struct Composer {
    area: TextArea<'static>,
    folds: Folds,
    history: History,
    keeper: Keeper,
    laid: Laid,
    /// The width for which it is laid out as it is now.
    wrapped: Option<usize>,
    /// Whether it may differ from what was noted last.
    touched: bool,
    tokens: u64,
}

impl Composer {
    /// What is written, with what is folded in it.
    pub fn text(&self) -> String {
        self.folds.open(&self.seen())
    }

    /// What is written, as it is kept: see [`fold`].
    pub fn packed(&self) -> String {
        self.folds.pack(&self.seen())
    }

    /// What is written, each fold as its sign.
    pub fn seen(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The first line, each fold as its sign.
    pub fn first_line(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// How many lines there are, folds not counted.
    pub fn lines(&self) -> usize {
        self.area.lines().len()
    }

    /// What stands before the cursor in its line, each fold as its sign.
    pub fn before_cursor(&self) -> &str {
        let at = self.area.cursor();
        let line = self.area.lines().get(at.0).map_or("", String::as_str);
        let end = line.char_indices().nth(at.1).map_or(line.len(), |(byte, _)| byte);
        line.get(..end).unwrap_or_default()
    }

    /// Whether nothing is written, or only spaces.
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// Whether not even a space is written.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Whether anything is folded.
    pub fn has_folds(&self) -> bool {
        self.area.lines().iter().any(|line| line.contains(fold::is_sign))
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
        self.paste(letter.encode_utf8(&mut [0; 4]));
    }

    /// Writes a text, newlines and all; never sends it. A large one is folded.
    pub fn paste(&mut self, text: &str) {
        self.touch();
        // Terminals paste newlines as carriage returns.
        let text = if text.contains('\r') { &text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
        let written = self.folds.take_in(text, is_large);
        self.area.insert_str(written);
    }

    /// Replaces what is written by something that was kept, the cursor at its end.
    pub fn set(&mut self, packed: &str) {
        self.touch();
        let draft = self.folds.unpack(packed);
        self.area.clear();
        self.area.insert_str(draft);
    }

    /// Replaces what is written by its edited text, the cursor at its end. Whether that is another text.
    pub fn replace(&mut self, edited: &str) -> bool {
        let before = self.seen();
        if self.folds.open(&before) == edited {
            return false;
        }
        self.touch();
        let draft = self.folds.fold_again(edited, &before);
        self.area.clear();
        self.area.insert_str(draft);
        true
    }

    /// Writes `text` in place of the last `chars` characters before the cursor, in its line.
    pub fn complete(&mut self, chars: usize, text: &str) {
        self.touch();
        for _ in 0..chars {
            self.area.delete_char();
        }
        self.area.insert_str(text);
    }

    /// Takes the draft out as it is kept, to be sent, and remembers it.
    pub fn take(&mut self) -> String {
        let packed = self.packed();
        self.remember(&packed);
        self.touch();
        self.area = TextArea::default();
        self.folds.forget();
        packed
    }

    /// Clears the draft; it can be had back with [`Edit::Up`].
    pub fn clear(&mut self) {
        self.take();
    }

    /// Puts a prompt among the earlier ones.
    pub fn remember(&mut self, prompt: &str) {
        self.history.remember(prompt);
    }

    /// The earlier prompts, newest first, as they are kept.
    pub fn earlier(&self) -> impl Iterator<Item = &str> {
        self.history.newest()
    }

    /// Puts the text of a fold into the draft as it is: of the one at the cursor, or before it, or the first.
    pub fn unfold(&mut self) -> Unfolded {
        let cursor = self.area.cursor();
        let (line, column) = (cursor.0, cursor.1);
        let signs = |number: usize, text: &str| -> Vec<(usize, usize, char)> {
            let found = text.chars().enumerate().filter(|(_, char)| self.folds.text_of(*char).is_some());
            found.map(|(at, char)| (number, at, char)).collect()
        };
        let all: Vec<(usize, usize, char)> =
            self.area.lines().iter().enumerate().flat_map(|(number, text)| signs(number, text)).collect();
        let before = all.iter().rev().find(|(number, at, _)| (*number, *at) < (line, column));
        let under = all.iter().find(|(number, at, _)| (*number, *at) == (line, column));
        let Some((number, at, sign)) = under.or(before).or(all.first()).copied() else { return Unfolded::Nothing };
        let text = self.folds.text_of(sign).unwrap_or_default();
        if text.len() > UNFOLDED {
            return Unfolded::TooLarge;
        }
        let text = text.to_owned();
        self.touch();
        let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(small(number), small(at)));
        self.area.delete_next_char();
        self.area.insert_str(text);
        Unfolded::Done
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
            Some((line, span)) => self.place(line, span, column, by > 0),
            None => self.walk(by),
        }
    }

    /// Puts the cursor into a row of the screen, at the column or before it.
    fn place(&mut self, line: usize, span: Range<usize>, column: usize, after: bool) {
        let Some(text) = self.area.lines().get(line) else { return };
        let chars = characters(text, span, column, &self.folds, after);
        let at = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(at(line), at(chars)));
    }

    fn walk(&mut self, by: isize) {
        let (folds, lines) = (&self.folds, self.area.lines());
        let Some(shown) = self.history.walk(by, || folds.pack(&lines.join("\n"))) else { return };
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
            let at = self.area.cursor();
            self.laid = Laid::new(self.area.lines(), (at.0, at.1), &self.folds, width, self.laid.top);
            self.tokens = self.folds.tokens(&self.seen());
        }
        self.laid.rows.len()
    }

    /// Shows at most `height` rows, the cursor's among them.
    pub fn show(&mut self, height: usize) {
        self.laid.show(height);
    }

    /// Notes at `now` that the draft may have changed: if it has, it is to be kept a second later.
    pub fn note(&mut self, now: Time) {
        if std::mem::take(&mut self.touched) {
            self.keeper.note(self.seen(), now);
        }
    }

    /// When the draft is to be kept.
    pub const fn keep_at(&self) -> Option<Time> {
        self.keeper.at()
    }

    /// The draft, if it is time to keep it, or `at_once`.
    pub fn to_keep(&mut self, now: Time, at_once: bool) -> Option<String> {
        if !at_once && self.keeper.at().is_none_or(|at| at > now) {
            return None;
        }
        let draft = self.seen();
        let packed = self.folds.pack(&draft);
        self.keeper.take(draft, now, at_once).map(|before| format!("{before}{packed}"))
    }

    /// Messages that wait are kept with the draft, before it.
    pub fn also_keep(&mut self, before: String) {
        self.touched |= self.keeper.also(before);
    }

    /// Takes over what stood here when roundel ended, unless something was typed since.
    pub fn restore(&mut self, draft: &str) {
        if self.area.is_empty() {
            self.set(draft);
            self.keeper.found(self.seen());
        }
    }

    /// The draft could not be handed over: it is tried again.
    pub fn not_kept(&mut self, now: Time) {
        self.keeper.lost();
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

    fn rows(composer: &Composer) -> Vec<String> {
        composer.laid().rows.iter().map(crate::app::row::Row::text).collect()
    }

    #[test]
    fn the_cursor_goes_through_wrapped_rows() {
        let mut composer = composer("one two three\nfour", 8);
        assert_eq!(rows(&composer), ["one two ", "three", "four"]);
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
        assert_eq!(rows(&wide), ["日本語    ", "x"]);
    }

    #[test]
    fn a_large_paste_is_one_sign() {
        let log = "line of a log\n".repeat(400);
        let mut composer = composer("see ", 60);
        composer.paste(&log.replace('\n', "\r"));
        composer.type_char('!');
        composer.lay_out(60);
        assert_eq!(rows(&composer), ["see [pasted #1, 400 lines, 5.6 kB]!"]);
        assert_eq!(composer.text(), format!("see {log}!"));
        assert_eq!(composer.tokens(), crate::domain::conversation::text_tokens(&composer.text()) + 1, "about");
        // One step left of the mark, one over the paste, one Backspace for all of it; undone by one step.
        let step = |composer: &mut Composer, edit| {
            composer.edit(edit);
            composer.lay_out(60);
            composer.laid().cursor.1
        };
        assert_eq!([Edit::Left, Edit::Left, Edit::Right].map(|edit| step(&mut composer, edit)), [34, 4, 34]);
        step(&mut composer, Edit::DeleteBack);
        assert_eq!(composer.text(), "see !");
        step(&mut composer, Edit::Undo);
        assert_eq!(composer.text(), format!("see {log}!"));
        // Killed and put back.
        step(&mut composer, Edit::CutToHead);
        step(&mut composer, Edit::End);
        step(&mut composer, Edit::PutBack);
        assert_eq!(composer.text(), format!("!see {log}"));
        assert_eq!(composer.unfold(), Unfolded::Done);
        composer.lay_out(60);
        assert_eq!((composer.laid().rows.len(), composer.unfold()), (401, Unfolded::Nothing));
        step(&mut composer, Edit::Undo);
        step(&mut composer, Edit::Undo);
        assert_eq!(rows(&composer), ["!see [pasted #1, 400 lines, 5.6 kB]"]);
    }

    #[test]
    fn the_cursor_goes_past_a_label_that_is_wrapped() {
        let mut composer = composer("", 20);
        for text in ["one\n".repeat(20).as_str(), "\nend"] {
            composer.paste(text);
        }
        composer.lay_out(20);
        assert_eq!(rows(&composer), ["[pasted #1, 20 ", "lines, 80 B]", "end"]);
        let mut go = |edit| {
            composer.edit(edit);
            composer.lay_out(20);
            composer.laid().cursor
        };
        assert_eq!([Edit::Up, Edit::Down, Edit::Up, Edit::Up].map(&mut go), [(0, 0), (1, 12), (0, 0), (0, 0)]);
        assert_eq!([Edit::Down, Edit::Down].map(&mut go), [(1, 12), (2, 3)]);
    }

    #[test]
    fn a_folded_paste_is_kept_sent_and_remembered() {
        let log = "x\n".repeat(50_000);
        let mut composer = composer("see ", 40);
        composer.paste(&log);
        composer.note(Time::from_ms(0));
        let kept = composer.to_keep(Time::from_ms(1000), false).unwrap();
        let mut again = Composer::default();
        again.restore(&kept);
        again.lay_out(60);
        assert_eq!(rows(&again), ["see [pasted #1, 50000 lines, 100 kB]"]);
        again.note(Time::from_ms(0));
        assert_eq!(again.keep_at(), None, "it is kept already");
        assert_eq!(fold::whole(&again.take()), format!("see {log}"));
        again.lay_out(60);
        again.edit(Edit::Up);
        again.lay_out(60);
        assert_eq!(rows(&again), ["see [pasted #1, 50000 lines, 100 kB]"]);
        // What came back from long ago without a fold is too large for the draft, too.
        let mut old = composer_with_history(&log);
        old.lay_out(60);
        old.edit(Edit::Up);
        old.lay_out(60);
        assert_eq!((old.laid().rows.len(), old.text()), (1, log));
    }

    fn composer_with_history(prompt: &str) -> Composer {
        let mut composer = Composer::default();
        composer.remember(prompt);
        composer
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
