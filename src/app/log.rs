//! The request log: one row for each attempt, a turn's attempts under each other, the newest at the bottom. What is
//! read is never moved by what comes.

use crate::app::action::Move;
use crate::app::cells;
use crate::app::due::{Due, count, took};
use crate::app::row::{Piece, Role, Row};
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::text::one_line;

/// Rows that are kept.
const MOST: usize = 2000;

/// The log, and what is seen of it.
#[derive(Debug, Default)]
pub struct Log {
    /// Sorted by turn, then by number.
    attempts: Vec<Attempt>,
    height: usize,
    /// The selected row; None: the newest, whichever that is.
    selected: Option<AttemptId>,
    /// The first row that is seen; None: so many that the newest is the last one.
    top: Option<AttemptId>,
}

impl Log {
    /// All rows, oldest first.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Replaces all that was known.
    pub fn replace_all(&mut self, attempts: Vec<Attempt>) {
        self.attempts = attempts;
        self.attempts.sort_by_key(key);
    }

    /// Takes in a row, new or changed.
    pub fn put(&mut self, attempt: Attempt) {
        match self.attempts.binary_search_by_key(&key(&attempt), key) {
            Ok(at) => {
                if let Some(known) = self.attempts.get_mut(at) {
                    *known = attempt;
                }
            }
            Err(at) => self.attempts.insert(at, attempt),
        }
        if self.attempts.len() > MOST {
            self.attempts.remove(0);
        }
    }

    /// The attempts of a turn.
    pub fn of_turn(&self, turn: TurnId) -> &[Attempt] {
        let from = self.attempts.partition_point(|attempt| attempt.turn < turn);
        let rest = self.attempts.get(from..).unwrap_or_default();
        let to = rest.partition_point(|attempt| attempt.turn == turn);
        rest.get(..to).unwrap_or_default()
    }

    /// The lanes that were tried for a turn before the last one, in words: `silent/free 429 → steady/big`; empty: none.
    /// `short`: only their accounts.
    pub fn hops(&self, turn: TurnId, short: bool) -> String {
        let tries = self.of_turn(turn);
        let failed = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Failed(_));
        if tries.len() < 2 || tries.iter().filter(failed).count() == 0 {
            return String::new();
        }
        let words: Vec<String> = tries
            .iter()
            .map(|attempt| {
                let lane = if short { attempt.lane.account().to_string() } else { attempt.lane.to_string() };
                match (attempt.outcome, attempt.status) {
                    (Outcome::Failed(_), Some(status)) if status >= 400 => format!("{lane} {status}"),
                    (Outcome::Failed(class), _) => format!("{lane} {}", class.word()),
                    _ => lane,
                }
            })
            .collect();
        words.join(" → ")
    }

    /// Gives it a height.
    pub fn resize(&mut self, height: u16) {
        self.height = usize::from(height.max(1));
    }

    fn place(&self, id: Option<AttemptId>) -> Option<usize> {
        let id = id?;
        self.attempts.iter().position(|attempt| attempt.id == id)
    }

    /// The selected row's number.
    pub fn selected(&self) -> Option<usize> {
        self.place(self.selected).or_else(|| self.attempts.len().checked_sub(1))
    }

    /// The selected attempt.
    pub fn selected_attempt(&self) -> Option<&Attempt> {
        self.attempts.get(self.selected()?)
    }

    fn last_top(&self) -> usize {
        self.attempts.len().saturating_sub(self.height)
    }

    /// The number of the first row that is seen.
    pub fn top(&self) -> usize {
        self.place(self.top).map_or(self.last_top(), |top| top.min(self.last_top()))
    }

    /// The rows that are seen, with their numbers.
    pub fn seen(&self) -> impl Iterator<Item = (usize, &Attempt)> {
        self.attempts.iter().enumerate().skip(self.top()).take(self.height)
    }

    /// Rows below what is seen.
    pub fn below(&self) -> usize {
        self.last_top() - self.top()
    }

    /// Selects another row.
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
        let last = self.attempts.len().saturating_sub(1);
        let number = number.min(last);
        let id = |number: usize| self.attempts.get(number).map(|attempt| attempt.id);
        let top = self.top().min(number).max((number + 1).saturating_sub(self.height));
        (self.selected, self.top) = if number == last { (None, None) } else { (id(number), id(top)) };
    }

    /// Moves what is seen, but not the selection.
    pub fn scroll(&mut self, rows: i16) {
        let to = self.top().saturating_add_signed(isize::from(rows));
        self.top = if to >= self.last_top() { None } else { self.attempts.get(to).map(|attempt| attempt.id) };
        // What is selected by being the newest stays what it is, or it would follow.
        if self.top.is_some() && self.selected.is_none() {
            self.selected = self.attempts.last().map(|attempt| attempt.id);
        }
    }
}

fn key(attempt: &Attempt) -> (TurnId, u32, AttemptId) {
    (attempt.turn, attempt.number, attempt.id)
}

/// Which columns a width has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    lane: usize,
    origin: bool,
    first: bool,
    tokens: bool,
    note: usize,
}

impl Columns {
    /// The columns for these rows in `width`.
    pub fn new(log: &Log, width: usize) -> Self {
        let widest = log.attempts.iter().map(|attempt| cells::of(attempt.lane.as_str())).max().unwrap_or(0).max(8);
        // Time, status, total, and the gaps between.
        let mut left = width.saturating_sub(8 + 2 + 2 + 3 + 2 + 7);
        let lane = widest.min(if width >= 100 { 40 } else { 18 }).min(left);
        left -= lane;
        let mut room = |columns: usize| {
            let fits = left >= columns;
            left -= if fits { columns } else { 0 };
            fits
        };
        let tokens = room(8);
        let first = room(8);
        let origin = room(7);
        let note = left.saturating_sub(2);
        Self { lane, origin, first, tokens, note: if note >= 12 { note } else { 0 } }
    }

    /// The heading of the columns.
    pub fn heading(&self) -> Row {
        let mut parts = vec![format!("{:<8}", "time")];
        if self.origin {
            parts.push(format!("{:<5}", "from"));
        }
        parts.push(format!("{:<lane$}  {:>3}", "lane", "", lane = self.lane));
        if self.first {
            parts.push(format!("{:>6}", "first"));
        }
        parts.push(format!("{:>7}", "total"));
        if self.tokens {
            parts.push(format!("{:>6}", "tokens"));
        }
        if self.note > 0 {
            parts.push("note".into());
        }
        Row::of(parts.join("  "), Role::Dim)
    }

    /// One attempt as a row of `width` columns.
    pub fn row(&self, attempt: &Attempt, width: usize, due: &mut Due) -> Row {
        let again = attempt.number > 1;
        let time = if again { format!("{:>8}", "↳") } else { due.clock(attempt.started) };
        let mut pieces = vec![Piece::dim(format!("{time}  "))];
        if self.origin {
            let origin = if again { "" } else { attempt.origin.word() };
            pieces.push(Piece::dim(format!("{origin:<5}  ")));
        }
        pieces.push(Piece::plain(pad(&cells::cut_middle(attempt.lane.as_str(), self.lane), self.lane)));
        let (status, role) = status(attempt);
        pieces.push(Piece::new(format!("  {status:>3}"), role));
        let note = note(attempt);
        let answered = matches!(attempt.outcome, Outcome::Answered | Outcome::Running);
        if !answered && self.note == 0 {
            // Where there is no column for the note, it takes the place of the numbers that are not there.
            pieces.push(Piece::plain(format!("  {note}")));
            return Row(pieces).cut_to(width);
        }
        if self.first {
            pieces.push(Piece::dim(format!("  {:>6}", attempt.first_token.map_or_else(String::new, took))));
        }
        let total = match (attempt.took, attempt.outcome) {
            (Some(span), _) => took(span),
            (None, Outcome::Running) => due.since(attempt.started),
            (None, _) => String::new(),
        };
        pieces.push(Piece::plain(format!("  {total:>7}")));
        if self.tokens {
            let tokens = attempt.usage.output.map_or_else(String::new, count);
            pieces.push(Piece::plain(format!("  {tokens:>6}")));
        }
        if self.note > 0 {
            pieces.push(Piece::dim(format!("  {note}")));
        }
        Row(pieces).cut_to(width)
    }
}

/// What became of an attempt, in one word or number, and how well that is.
pub fn status(attempt: &Attempt) -> (String, Role) {
    let number = |word: &str| attempt.status.map_or_else(|| word.to_owned(), |status| status.to_string());
    match attempt.outcome {
        Outcome::Running => (number("…"), Role::Dim),
        Outcome::Answered => (number("ok"), Role::Good),
        Outcome::Failed(_) if attempt.status == Some(429) => (number("429"), Role::Warn),
        // A stream that broke has begun with 200: that is not what became of it.
        Outcome::Failed(_) if attempt.status.is_none_or(|status| status < 400) => ("err".into(), Role::Bad),
        Outcome::Failed(_) => (number("err"), Role::Bad),
        Outcome::Cancelled => ("■".into(), Role::Dim),
        Outcome::Interrupted => ("■".into(), Role::Warn),
    }
}

fn note(attempt: &Attempt) -> String {
    let note = one_line(&attempt.note);
    let word = match attempt.outcome {
        Outcome::Running | Outcome::Answered => "",
        Outcome::Failed(class) => class.word(),
        Outcome::Cancelled => "stopped by you",
        Outcome::Interrupted => "interrupted",
    };
    match (word, note.as_ref(), attempt.why.as_str()) {
        ("", "", "") => String::new(),
        // The weights are for the detail.
        ("", "", why) => match why.rsplit_once("; of ") {
            Some((why, _)) => one_line(why).into_owned(),
            None if why.starts_with("of ") => String::new(),
            None => one_line(why).into_owned(),
        },
        (word, "", _) => word.to_owned(),
        (_, note, _) => note.to_owned(),
    }
}

/// `text`, filled up with spaces to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(cells::of(text));
    format!("{text}{}", " ".repeat(gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, attempt, attempts};
    use crate::domain::clock::Zone;
    use crate::domain::failure::Class;

    fn log(rows: u64) -> Log {
        let mut log = Log::default();
        log.resize(4);
        for id in 1..=rows {
            log.put(attempt(id, id, 1, "a/b", NOW, Outcome::Answered));
        }
        log
    }

    fn state(log: &Log) -> (usize, Option<usize>, usize) {
        (log.top(), log.selected(), log.below())
    }

    #[test]
    fn the_newest_is_followed_until_one_goes_up() {
        let mut log = log(10);
        assert_eq!(state(&log), (6, Some(9), 0));
        log.go(Move::Up);
        assert_eq!(state(&log), (6, Some(8), 0));
        let row = |id| attempt(id, id, 1, "a/b", NOW, Outcome::Answered);
        log.put(row(11));
        log.put(row(12));
        assert_eq!(state(&log), (6, Some(8), 2), "what is read stays where it is");
        log.go(Move::First);
        assert_eq!(state(&log), (0, Some(0), 8));
        log.go(Move::Last);
        log.put(row(13));
        assert_eq!(state(&log), (9, Some(12), 0));
        log.scroll(-3);
        log.put(row(14));
        assert_eq!(state(&log), (6, Some(12), 4));
        log.scroll(100);
        assert_eq!(log.below(), 0);
    }

    #[test]
    fn tries_of_one_turn_stand_together() {
        let mut log = log(3);
        log.put(attempt(9, 2, 2, "c/d", NOW, Outcome::Running));
        log.put(attempt(9, 2, 2, "c/d", NOW, Outcome::Answered));
        let ids: Vec<u64> = log.attempts().iter().map(|attempt| attempt.id.0).collect();
        assert_eq!(ids, [1, 2, 9, 3]);
        assert_eq!(log.of_turn(TurnId(2)).len(), 2);
        assert_eq!(log.of_turn(TurnId(7)), []);
    }

    #[test]
    fn the_way_of_a_turn_is_told_if_it_was_passed_on() {
        let mut log = Log::default();
        log.replace_all(attempts());
        assert_eq!(log.hops(TurnId(1), false), "");
        assert_eq!(log.hops(TurnId(2), false), "silent/free 429 → steady/medium-14b");
        assert_eq!(log.hops(TurnId(2), true), "silent 429 → steady");
        let mut broken = attempt(7, 5, 1, "a/b", NOW, Outcome::Failed(Class::Server));
        broken.status = None;
        log.put(broken);
        log.put(attempt(8, 5, 2, "c/d", NOW, Outcome::Running));
        assert_eq!(log.hops(TurnId(5), false), "a/b server error → c/d");
    }

    #[test]
    fn rows_fit_every_width() {
        let mut log = Log::default();
        log.replace_all(attempts());
        for width in 0..160 {
            let columns = Columns::new(&log, width);
            for attempt in log.attempts() {
                let row = columns.row(attempt, width, &mut Due::new(NOW, Zone::UTC));
                assert!(row.width() <= width, "{width}: {row:?}");
            }
        }
    }
}
