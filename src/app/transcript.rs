//! The chat as rows, and the part of it that is seen. A turn is laid out when it comes into sight, once for each width;
//! of a running answer only its last line is laid out again. What is seen is held by a turn and a row in it, so new text never moves it.
//!
//! ```text
//!             scroll up                        new text
//!  following ───────────▶ held at (turn, row) ─────────▶ held at the same
//!      ▲                        │
//!      └── End, or down to the last row
//! ```

use crate::app::action::Move;
use crate::app::laid::{Cell, Form, Line};
use crate::app::snippet::{Parsed, Snippet};
use crate::domain::conversation::{Origin, Turn};
use crate::domain::ids::TurnId;
use crate::scheduler::link::Said;

/// A row of the chat: the turn's place, and the row in it.
type Place = (usize, usize);

/// The chat.
#[derive(Debug)]
pub struct Transcript {
    pub(in crate::app) cells: Vec<Cell>,
    form: Form,
    pub(in crate::app) height: usize,
    pub(in crate::app) follow: bool,
    /// The first row that is seen, when not following.
    held: (TurnId, usize),
    /// The last turn when the end was left, and its rows then.
    left: (TurnId, usize),
    /// The turn that was chosen last; it is the selected one as long as it is seen.
    pub(in crate::app) chosen: Option<TurnId>,
    /// The row that was found last.
    pub(in crate::app) sought: Option<(TurnId, usize)>,
}

impl Default for Transcript {
    fn default() -> Self {
        let form = Form { width: 1, thoughts: false, spelled: false };
        let nowhere = (TurnId(0), 0);
        Self {
            cells: Vec::new(),
            form,
            height: 1,
            follow: true,
            held: nowhere,
            left: nowhere,
            chosen: None,
            sought: None,
        }
    }
}

impl Transcript {
    /// Its turns, oldest first.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Whether it follows what comes.
    pub const fn follows(&self) -> bool {
        self.follow
    }

    /// The turns that have not ended, the newest first.
    pub fn running(&self) -> impl Iterator<Item = TurnId> {
        self.cells.iter().rev().map(|cell| &cell.turn).filter(|turn| !turn.state.is_over()).map(|turn| turn.id)
    }

    /// Nothing more comes: what has not ended has failed.
    pub fn break_off(&mut self, why: &str) {
        for cell in self.cells.iter_mut().filter(|cell| !cell.turn.state.is_over()) {
            cell.break_off(why);
        }
    }

    /// Replaces all that was known.
    pub fn replace_all(&mut self, turns: Vec<Turn>) {
        let mut turns: Vec<Turn> = turns.into_iter().filter(|turn| turn.origin == Origin::Chat).collect();
        turns.sort_by_key(|turn| turn.id);
        let mut known = std::mem::take(&mut self.cells).into_iter().peekable();
        for turn in turns {
            while known.next_if(|cell| cell.turn.id < turn.id).is_some() {}
            match known.next_if(|cell| cell.turn == turn) {
                Some(cell) => self.cells.push(cell),
                None => self.cells.push(Cell::new(turn)),
            }
        }
    }

    /// Another conversation, from its end.
    pub fn begin(&mut self, turns: Vec<Turn>) {
        self.replace_all(turns);
        (self.follow, self.chosen, self.sought) = (true, None, None);
    }

    /// Takes in what is known now, and keeps what is over.
    pub fn merge(&mut self, turns: Vec<Turn>) {
        self.cells.retain(|cell| cell.turn.state.is_over() || turns.iter().any(|turn| turn.id == cell.turn.id));
        for turn in turns {
            if self.cell_mut(turn.id).is_none_or(|cell| cell.turn != turn) {
                self.put(turn);
            }
        }
    }

    /// Takes in older turns that were read from the disk; what is known already is newer.
    pub fn fill(&mut self, mut turns: Vec<Turn>) {
        turns.retain(|turn| self.place_of(turn.id).is_none());
        if turns.is_empty() {
            return;
        }
        self.cells.extend(turns.into_iter().filter(|turn| turn.origin == Origin::Chat).map(Cell::new));
        self.cells.sort_by_key(|cell| cell.turn.id);
    }

    /// Takes in a turn, new or changed.
    pub fn put(&mut self, turn: Turn) {
        if turn.origin != Origin::Chat {
            return;
        }
        match self.cells.binary_search_by_key(&turn.id, |cell| cell.turn.id) {
            Ok(at) => {
                if let Some(cell) = self.cells.get_mut(at) {
                    cell.replace(turn);
                }
            }
            Err(at) => self.cells.insert(at, Cell::new(turn)),
        }
    }

    /// Takes in more of an answer. What is already there is passed over; what does not join on is left to the next
    /// report of the whole turn.
    pub fn say(&mut self, said: &Said) {
        let Some(cell) = self.cell_mut(said.turn) else { return };
        let known = if said.reasoning { &cell.turn.reasoning } else { &cell.turn.answer };
        let Some(new) = known.len().checked_sub(said.from).and_then(|have| said.text.get(have..)) else { return };
        if said.reasoning {
            cell.think(new);
        } else {
            cell.grow(new);
        }
    }

    /// Shows what the models thought, or folds it to a line; what is read stays where it is.
    pub fn fold_thoughts(&mut self) {
        self.form.thoughts = !self.form.thoughts;
        let form = self.form;
        if let Some(at) = self.place_of(self.held.0)
            && let Some(cell) = self.cells.get_mut(at)
        {
            let before = cell.height();
            cell.lay_out(form);
            let by = cell.height().cast_signed() - before.cast_signed();
            if self.held.1 > cell.before_thoughts() {
                self.held.1 = self.held.1.saturating_add_signed(by).max(cell.before_thoughts());
            }
        }
        self.settle();
        self.left = self.end();
    }

    /// Whether any model that can be seen of has thought.
    pub fn has_thoughts(&self) -> bool {
        self.seen().any(|(_, line)| matches!(line, Line::Thought(_)))
    }

    pub(in crate::app) fn place_of(&self, turn: TurnId) -> Option<usize> {
        self.cells.binary_search_by_key(&turn, |cell| cell.turn.id).ok()
    }

    fn cell_mut(&mut self, turn: TurnId) -> Option<&mut Cell> {
        let at = self.place_of(turn)?;
        self.cells.get_mut(at)
    }

    /// Gives it an area, and says whether the terminal has links. What is seen is laid out for it.
    pub fn resize(&mut self, width: u16, height: u16, links: bool) {
        let form = Form { width: usize::from(width.max(1)), spelled: !links, ..self.form };
        self.height = usize::from(height.max(1));
        if form == self.form {
            return self.settle();
        }
        self.form = form;
        // A new width has other rows: how far into its turn what is read stands is what stays.
        if let Some(at) = self.place_of(self.held.0)
            && let Some(cell) = self.cells.get_mut(at)
        {
            let share = self.held.1 * 1000 / cell.height().max(1);
            cell.lay_out(form);
            self.held.1 = cell.height() * share / 1000;
        }
        self.settle();
        self.left = self.end();
    }

    /// Lays out what is seen, and the end: all else is laid out when it comes into sight.
    fn settle(&mut self) {
        self.lay_up((self.cells.len(), 0), self.height + 1);
        if !self.follow {
            let at = self.cells.partition_point(|cell| cell.turn.id < self.held.0);
            self.lay_down((at, self.held.1), self.height + 1);
        }
    }

    fn lay(&mut self, at: usize) -> usize {
        let form = self.form;
        let Some(cell) = self.cells.get_mut(at) else { return 0 };
        cell.lay_out(form);
        cell.height()
    }

    /// Lays out so many rows above a place.
    fn lay_up(&mut self, from: Place, rows: usize) {
        let (mut at, mut have) = from;
        if at < self.cells.len() {
            self.lay(at);
        }
        while have < rows && at > 0 {
            at -= 1;
            have += self.lay(at);
        }
    }

    /// Lays out so many rows from a place on.
    pub(in crate::app) fn lay_down(&mut self, from: Place, rows: usize) {
        let (mut at, mut have) = (from.0, 0);
        while have < from.1 + rows && at < self.cells.len() {
            have += self.lay(at);
            at += 1;
        }
    }

    /// The last turn and its rows.
    fn end(&self) -> (TurnId, usize) {
        self.cells.last().map_or((TurnId(0), 0), |cell| (cell.turn.id, cell.height()))
    }

    /// The rows that are seen, from the top: the turn and the row in it.
    pub fn seen(&self) -> impl Iterator<Item = (&Cell, Line<'_>)> {
        let (first, row) = self.top();
        let cells = self.cells.get(first..).unwrap_or_default().iter().enumerate();
        cells
            .flat_map(move |(number, cell)| {
                (if number == 0 { row } else { 0 }..cell.height()).map(move |row| (cell, row))
            })
            .take(self.height)
            .map(|(cell, row)| (cell, cell.line(row)))
    }

    /// What lies below, when not following: rows, and whether they are new since the end was left.
    pub fn below(&self) -> Option<(usize, bool)> {
        if self.follow {
            return None;
        }
        let from = self.cells.partition_point(|cell| cell.turn.id < self.left.0);
        let since: usize = self.cells.get(from..).unwrap_or_default().iter().map(Cell::height).sum();
        let new = since.saturating_sub(self.left.1);
        let below = self.rows_below();
        if new > 0 && below > 0 { Some((new.min(below), true)) } else { (below > 0).then_some((below, false)) }
    }

    fn rows_below(&self) -> usize {
        let (first, row) = self.top();
        let rows: usize = self.cells.get(first..).unwrap_or_default().iter().map(Cell::height).sum();
        rows.saturating_sub(row + self.height + 1)
    }

    pub(in crate::app) fn top(&self) -> Place {
        let bottom = self.bottom();
        if self.follow {
            return bottom;
        }
        let held = match self.cells.binary_search_by_key(&self.held.0, |cell| cell.turn.id) {
            Ok(at) => (at, self.held.1.min(self.cells.get(at).map_or(0, Cell::height).saturating_sub(1))),
            Err(at) => (at, 0),
        };
        held.min(bottom)
    }

    /// The first row that is seen at the end, where the empty row behind the last turn is left out.
    fn bottom(&self) -> Place {
        self.up_from((self.cells.len(), 0), self.height + 1)
    }

    fn up_from(&self, from: Place, rows: usize) -> Place {
        let (mut at, mut row) = from;
        let mut left = rows;
        while left > row {
            left -= row;
            let Some(before) = at.checked_sub(1) else { return (0, 0) };
            at = before;
            row = self.cells.get(at).map_or(0, Cell::height);
        }
        (at, row - left)
    }

    fn down_from(&self, from: Place, rows: usize) -> Place {
        let (mut at, mut row) = (from.0, from.1 + rows);
        while let Some(height) = self.cells.get(at).map(Cell::height).filter(|height| row >= *height) {
            row -= height;
            at += 1;
        }
        (at, if at < self.cells.len() { row } else { 0 })
    }

    /// Goes through it by rows. Up leaves the end, if there is anything above; down to the last row follows it again.
    pub fn go(&mut self, way: Move) {
        let page = self.height.saturating_sub(1).max(1);
        match way {
            Move::Up => self.up(1),
            Move::Down => self.down(1),
            Move::PageUp => self.up(page),
            Move::PageDown => self.down(page),
            Move::HalfUp => self.up((self.height / 2).max(1)),
            Move::HalfDown => self.down((self.height / 2).max(1)),
            Move::First => self.hold((0, 0)),
            Move::Last => self.follow = true,
            Move::PreviousTurn | Move::NextTurn => {}
        }
    }

    /// The place of the last turn that is seen.
    pub(in crate::app) fn last_seen(&self) -> Option<usize> {
        let (first, row) = self.top();
        let mut rows = 0;
        let cells = self.cells.iter().enumerate().skip(first);
        let seen = cells.take_while(|(_, cell)| {
            let begins_inside = rows < row + self.height;
            rows += cell.height();
            begins_inside
        });
        seen.last().map(|(at, _)| at)
    }

    /// The code that is seen, and that nobody has looked into yet.
    pub fn ask(&mut self) -> Vec<Snippet> {
        let (first, _) = self.top();
        let Some(last) = self.last_seen() else { return Vec::new() };
        self.cells.get_mut(first..=last).unwrap_or_default().iter_mut().flat_map(Cell::ask).collect()
    }

    /// Takes in what code is.
    pub fn learn(&mut self, found: Parsed) {
        if let Some(cell) = self.cell_mut(found.turn) {
            cell.learn(found);
        }
    }

    /// Goes up by rows.
    pub fn up(&mut self, rows: usize) {
        let from = self.top();
        self.lay_up(from, rows);
        self.hold(self.up_from(from, rows));
    }

    /// Goes down by rows.
    pub fn down(&mut self, rows: usize) {
        if !self.follow {
            let from = self.top();
            self.lay_down(from, rows + self.height);
            self.hold_or_follow(self.down_from(from, rows));
        }
    }

    pub(in crate::app) fn hold_or_follow(&mut self, place: Place) {
        if place >= self.bottom() {
            self.follow = true;
        } else {
            self.hold(place);
        }
    }

    fn hold(&mut self, place: Place) {
        // All of it is seen: there is nothing to hold on to, and what comes is followed.
        if self.follow && self.bottom() == (0, 0) {
            return;
        }
        let Some(cell) = self.cells.get(place.0) else { return };
        self.held = (cell.turn.id, place.1);
        if self.follow {
            self.follow = false;
            self.left = self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Time;
    use crate::domain::conversation::TurnState;

    fn turn(id: u64, answer: &str, state: TurnState) -> Turn {
        let asked = Turn::new(TurnId(id), Origin::Chat, Time::from_ms(0), format!("question {id}"));
        Turn { answer: answer.into(), state, ..asked }
    }

    fn transcript(turns: u64) -> Transcript {
        let mut transcript = Transcript::default();
        transcript.resize(20, 6, true);
        for id in 1..=turns {
            transcript.put(turn(id, "line\nline\nline", TurnState::Done));
        }
        transcript.settle();
        transcript
    }

    fn first(transcript: &Transcript) -> (u64, String) {
        let (cell, line) = transcript.seen().next().unwrap();
        let text = match line {
            Line::Prompt(row) | Line::Answer(row) | Line::After(row) => row.text(),
            line => format!("{line:?}"),
        };
        (cell.turn.id.0, text)
    }

    fn say(transcript: &mut Transcript, id: u64, from: usize, text: &str) {
        let said = Said { turn: TurnId(id), from, text: text.into(), reasoning: false };
        transcript.say(&said);
    }

    #[test]
    fn new_text_never_moves_what_is_read() {
        let mut transcript = transcript(5);
        transcript.put(turn(6, "", TurnState::Running));
        transcript.settle();
        assert!(transcript.follows());
        transcript.go(Move::PageUp);
        assert!(!transcript.follows());
        let seen = first(&transcript);
        let mut length = 0;
        for _ in 0..40 {
            say(&mut transcript, 6, length, "more\n");
            length += 5;
            assert_eq!(first(&transcript), seen);
        }
        assert_eq!(transcript.below(), Some((40, true)));
        transcript.put(turn(7, "another", TurnState::Done));
        transcript.replace_all((1..=9).map(|id| turn(id, "line\nline\nline", TurnState::Done)).collect());
        assert_eq!((first(&transcript), transcript.follows()), (seen, false));
    }

    #[test]
    fn only_going_down_to_the_end_follows_again() {
        let mut transcript = transcript(5);
        transcript.go(Move::Up);
        transcript.go(Move::Up);
        assert_eq!((transcript.follows(), transcript.below()), (false, Some((2, false))));
        // A higher window shows the end, but nobody asked to follow it.
        transcript.resize(20, 30, true);
        assert_eq!((transcript.follows(), transcript.below()), (false, None));
        transcript.resize(20, 6, true);
        transcript.go(Move::Down);
        assert!(!transcript.follows());
        transcript.go(Move::Down);
        assert!(transcript.follows());
        transcript.go(Move::First);
        assert_eq!((first(&transcript), transcript.follows()), ((1, "Asked".into()), false));
        transcript.choose_next();
        assert_eq!(first(&transcript), (2, "Asked".into()));
        transcript.go(Move::Down);
        transcript.choose_before();
        assert_eq!(first(&transcript), (2, "Asked".into()));
        transcript.go(Move::Last);
        assert!(transcript.follows());
    }

    #[test]
    fn what_fits_is_always_followed() {
        let mut transcript = Transcript::default();
        transcript.resize(20, 50, true);
        transcript.put(turn(1, "short", TurnState::Done));
        transcript.go(Move::PageUp);
        assert!(transcript.follows());
    }

    #[test]
    fn a_new_width_keeps_the_place() {
        let mut transcript = Transcript::default();
        transcript.resize(40, 5, true);
        for id in 1..=3 {
            transcript.put(turn(id, &"some words ".repeat(60), TurnState::Done));
        }
        transcript.go(Move::First);
        transcript.choose_next();
        transcript.down(9);
        for width in [20, 80, 11, 40] {
            transcript.resize(width, 5, true);
            assert_eq!(first(&transcript).0, 2, "{width}");
        }
    }

    #[test]
    fn thoughts_are_unfolded_where_they_stand() {
        let mut transcript = transcript(2);
        let mut thinking = turn(3, "", TurnState::Running);
        thinking.reasoning = "one two".into();
        transcript.put(thinking);
        transcript.settle();
        assert!(transcript.has_thoughts());
        let said = Said { turn: TurnId(3), from: 7, text: " three".into(), reasoning: true };
        transcript.say(&said);
        say(&mut transcript, 3, 0, "a\nb\nc\nd\ne\nf\ng\nh\n");
        let cell = transcript.cells().last().unwrap();
        assert_eq!((cell.thought(0).text().as_str(), cell.height()), ("▸ thought for 3 words", 14));
        transcript.go(Move::Up);
        let seen = first(&transcript);
        for height in [15, 14] {
            transcript.fold_thoughts();
            assert_eq!((transcript.cells().last().unwrap().height(), first(&transcript)), (height, seen.clone()));
        }
    }

    #[test]
    fn deltas_join_whatever_overlaps() {
        let mut transcript = Transcript::default();
        transcript.put(turn(1, "Hello", TurnState::Running));
        say(&mut transcript, 1, 5, ", wor");
        say(&mut transcript, 1, 2, "llo, world");
        say(&mut transcript, 1, 0, "Hello");
        say(&mut transcript, 1, 99, "lost");
        assert_eq!(transcript.cells()[0].turn.answer, "Hello, world");
    }
}
