//! The columns of the log, as many as there is room for, and a row in them.

use crate::app::cells;
use crate::app::due::{Due, count, took};
use crate::app::row::{Piece, Role, Row};
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::ids::LaneId;
use crate::domain::text::one_line;

/// Which columns a width has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each column is there or not")]
pub struct Columns {
    lane: usize,
    origin: bool,
    first: bool,
    /// Tokens of the question.
    input: bool,
    /// Tokens of the answer.
    output: bool,
    rate: bool,
    note: usize,
}

impl Columns {
    /// The columns for these rows in `width`. What there is no room for goes in this order: the speed, the tokens of the
    /// question, who asked, the time to the first token, the tokens of the answer.
    pub fn new(rows: &[Attempt], width: usize) -> Self {
        let widest = rows.iter().map(|attempt| cells::of(attempt.lane.as_str())).max().unwrap_or(0).max(8);
        // Time, status, total, and the gaps between.
        let mut left = width.saturating_sub(8 + 2 + 2 + 3 + 2 + 7);
        let lane = widest.min(if width >= 100 { 40 } else { 18 }).min(left);
        left -= lane;
        let mut room = |columns: usize| {
            let fits = left >= columns;
            left -= if fits { columns } else { 0 };
            fits
        };
        let output = room(7);
        let first = room(8);
        let origin = room(7);
        let input = room(7);
        let rate = room(7);
        let note = left.saturating_sub(2);
        Self { lane, origin, first, input, output, rate, note: if note >= 12 { note } else { 0 } }
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
        for (shown, name) in [(self.input, "in"), (self.output, "out"), (self.rate, "tok/s")] {
            if shown {
                parts.push(format!("{name:>5}"));
            }
        }
        if self.note > 0 {
            parts.push("note".into());
        }
        Row::of(parts.join("  "), Role::Dim)
    }

    /// One attempt as a row of `width` columns. `next`: the lane that took the turn after it.
    pub fn row(&self, attempt: &Attempt, next: Option<&LaneId>, width: usize, due: &mut Due) -> Row {
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
        // Where it is narrow, the row below tells where it went.
        let note = note(attempt, next.filter(|_| self.note > 0));
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
        let tokens = |tokens: Option<u64>| tokens.map_or_else(String::new, count);
        let numbers = [
            (self.input, tokens(attempt.usage.input)),
            (self.output, tokens(attempt.usage.output)),
            (self.rate, tokens(rate(attempt))),
        ];
        for (_, number) in numbers.into_iter().filter(|(shown, _)| *shown) {
            pieces.push(Piece::plain(format!("  {number:>5}")));
        }
        if self.note > 0 {
            pieces.push(Piece::dim(format!("  {note}")));
        }
        Row(pieces).cut_to(width)
    }
}

/// Tokens a second, from the first token on; None: it is not known, or too quick to tell.
pub fn rate(attempt: &Attempt) -> Option<u64> {
    let span = attempt.took?.saturating_sub(attempt.first_token.unwrap_or_default());
    let tokens = attempt.usage.output?;
    (span.as_millis() >= 100).then(|| u64::try_from(u128::from(tokens) * 1000 / span.as_millis()).unwrap_or(u64::MAX))
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

fn note(attempt: &Attempt, next: Option<&LaneId>) -> String {
    let note = one_line(&attempt.note);
    let word = match attempt.outcome {
        Outcome::Running | Outcome::Answered => "",
        Outcome::Failed(class) => class.word(),
        Outcome::Cancelled => "stopped by you",
        Outcome::Interrupted => "interrupted",
    };
    let words = match (word, note.as_ref(), attempt.why.as_str()) {
        ("", "", "") => String::new(),
        // The weights are for the detail.
        ("", "", why) => match why.rsplit_once("; of ") {
            Some((why, _)) => one_line(why).into_owned(),
            None if why.starts_with("of ") => String::new(),
            None => one_line(why).into_owned(),
        },
        (word, "", _) => word.to_owned(),
        (_, note, _) => note.to_owned(),
    };
    match next {
        Some(lane) if matches!(attempt.outcome, Outcome::Failed(_)) => {
            // Within one account the model tells where it went.
            let same = lane.account() == attempt.lane.account();
            let to = if same { lane.model().to_owned() } else { lane.account().to_string() };
            format!("→ {to}: {words}")
        }
        _ => words,
    }
}

/// `text`, filled up with spaces to `width` columns.
pub fn pad(text: &str, width: usize) -> String {
    let gap = width.saturating_sub(cells::of(text));
    format!("{text}{}", " ".repeat(gap))
}
