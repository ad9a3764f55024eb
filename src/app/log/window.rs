//! The rows of the log that are held, what is seen of them, and which one is selected. A place is remembered by what
//! stands there and never by a number: what comes above or below moves nothing that is read.
//!
//! ```text
//!   the store   │ … before │ rows, at most 2,000 ─────────────────────── │ after … │ the newest
//!                                 top ▸ ─ seen ─ selected                   (none while the end is held)
//! ```

use crate::app::action::Move;
use crate::domain::attempt::{Attempt, Place};

/// Rows that are held.
pub const MOST: usize = 2000;

/// The window.
#[derive(Debug, Default)]
pub struct Window {
    /// In the order of the log.
    rows: Vec<Attempt>,
    /// There may be rows before the first one.
    pub before: bool,
    /// There are rows behind the last one.
    pub after: bool,
    /// Rows that came since the end was left.
    pub new: u64,
    height: usize,
    /// The selected row; None: the newest, whichever that is.
    selected: Option<Place>,
    /// The first row that is seen; None: so many that the newest is the last one.
    top: Option<Place>,
}

impl Window {
    /// All rows that are held, oldest first.
    pub fn rows(&self) -> &[Attempt] {
        &self.rows
    }

    /// Gives it a height.
    pub fn resize(&mut self, height: u16) {
        self.height = usize::from(height.max(1));
    }

    /// Rows that are seen at once, at most.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Whether the newest row is followed.
    pub const fn follows(&self) -> bool {
        self.selected.is_none() && self.top.is_none() && !self.after
    }

    /// Other rows altogether, and the end of them is followed.
    pub fn begin(&mut self, rows: Vec<Attempt>, before: bool) {
        let height = self.height;
        *self = Self { rows, before, height, ..Self::default() };
        self.trim_head();
    }

    /// Other rows altogether, and the first of them is selected.
    pub fn begin_at_first(&mut self, rows: Vec<Attempt>, after: bool) {
        self.begin(rows, false);
        self.after = after;
        self.select(0);
    }

    /// What stands at a place, or behind it.
    fn at(&self, place: Option<Place>) -> Option<usize> {
        let place = place?;
        let at = self.rows.partition_point(|row| row.place() < place);
        Some(at.min(self.rows.len().checked_sub(1)?))
    }

    /// The row of this place, if it is held.
    pub fn find(&self, place: Place) -> Result<usize, usize> {
        self.rows.binary_search_by_key(&place, Attempt::place)
    }

    /// Takes in a row, new or changed. True: it is a new one.
    pub fn put(&mut self, row: Attempt) -> bool {
        let place = row.place();
        let at = match self.find(place) {
            Ok(at) => {
                if let Some(known) = self.rows.get_mut(at) {
                    *known = row;
                }
                return false;
            }
            Err(at) => at,
        };
        if at == 0 && self.before {
            return true;
        }
        let follows = self.follows();
        self.new += u64::from(!follows);
        if at == self.rows.len() && self.after {
            return true;
        }
        // A late try of an earlier turn comes between what is seen: the selected row stays where the eye has it.
        let (top, selected) = (self.top(), self.at(self.selected));
        if self.top.is_some() && selected.is_some_and(|selected| (top + 1..=selected).contains(&at)) {
            self.top = self.rows.get(top + 1).map(Attempt::place);
        }
        self.rows.insert(at, row);
        if self.rows.len() > MOST {
            if follows || self.top() > MOST / 2 { self.trim_head() } else { self.trim_tail() }
        }
        true
    }

    /// Takes a row out that is meant no longer.
    pub fn remove(&mut self, place: Place) {
        if let Ok(at) = self.find(place) {
            self.rows.remove(at);
        }
    }

    /// Older rows. `more`: and there may be still older ones.
    pub fn prepend(&mut self, mut older: Vec<Attempt>, more: bool) {
        if let Some(first) = self.rows.first().map(Attempt::place) {
            older.retain(|row| row.place() < first);
        }
        // The rows that are seen stay.
        if self.top.is_none() && !self.follows() {
            self.top = self.rows.get(self.top()).map(Attempt::place);
        }
        older.append(&mut self.rows);
        self.rows = older;
        self.before = more;
        self.trim_tail();
    }

    /// Newer rows. `more`: and there are still newer ones.
    pub fn append(&mut self, mut newer: Vec<Attempt>, more: bool) {
        if let Some(last) = self.rows.last().map(Attempt::place) {
            newer.retain(|row| row.place() > last);
        }
        self.rows.append(&mut newer);
        self.after = more;
        self.trim_head();
    }

    fn trim_head(&mut self) {
        let over = self.rows.len().saturating_sub(MOST);
        if over > 0 {
            self.rows.drain(..over);
            self.before = true;
        }
    }

    fn trim_tail(&mut self) {
        if self.rows.len() > MOST {
            // What is selected by being the newest stays what it is.
            self.hold_selected();
            self.rows.truncate(MOST);
            self.after = true;
        }
    }

    fn hold_selected(&mut self) {
        if self.selected.is_none() {
            self.selected = self.rows.last().map(Attempt::place);
        }
    }

    /// The selected row's number.
    pub fn selected(&self) -> Option<usize> {
        self.at(self.selected).or_else(|| self.rows.len().checked_sub(1))
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<&Attempt> {
        self.rows.get(self.selected()?)
    }

    fn last_top(&self) -> usize {
        self.rows.len().saturating_sub(self.height)
    }

    /// The number of the first row that is seen.
    pub fn top(&self) -> usize {
        self.at(self.top).map_or(self.last_top(), |top| top.min(self.last_top()))
    }

    /// The rows that are seen, with their numbers.
    pub fn seen(&self) -> impl Iterator<Item = (usize, &Attempt)> {
        self.rows.iter().enumerate().skip(self.top()).take(self.height)
    }

    /// Held rows below what is seen.
    pub fn below(&self) -> usize {
        self.last_top() - self.top()
    }

    /// Selects another row of those that are held.
    pub fn go(&mut self, way: Move) {
        let page = self.height.saturating_sub(1).max(1);
        let Some(at) = self.selected() else { return };
        let to = match way {
            Move::Up | Move::PreviousTurn => at.saturating_sub(1),
            Move::Down | Move::NextTurn => at + 1,
            Move::PageUp => at.saturating_sub(page),
            Move::PageDown => at + page,
            Move::HalfUp => at.saturating_sub(page.div_ceil(2)),
            Move::HalfDown => at + page.div_ceil(2),
            Move::First => 0,
            Move::Last => usize::MAX,
        };
        self.select(to);
    }

    /// Selects the row of that number, and shows it. The last one means: always the newest.
    pub fn select(&mut self, number: usize) {
        let last = self.rows.len().saturating_sub(1);
        let number = number.min(last);
        let place = |number: usize| self.rows.get(number).map(Attempt::place);
        let top = self.top().min(number).max((number + 1).saturating_sub(self.height));
        let end = number == last && !self.after;
        (self.selected, self.top) = if end { (None, None) } else { (place(number), place(top)) };
        if end {
            self.new = 0;
        }
    }

    /// Moves what is seen, but not the selection.
    pub fn scroll(&mut self, rows: i16) {
        let to = self.top().saturating_add_signed(isize::from(rows));
        let end = to >= self.last_top() && !self.after;
        self.top = if end { None } else { self.rows.get(to.min(self.last_top())).map(Attempt::place) };
        if self.top.is_some() {
            // What is selected by being the newest stays what it is, or it would follow.
            self.hold_selected();
        } else {
            self.new = 0;
        }
    }
}
