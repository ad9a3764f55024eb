//! Searching in the chat: what is searched for, and the way from one place where it stands to the next.

use crate::app::laid::Line;
use crate::app::row::{Piece, Role, Row};
use crate::app::transcript::Transcript;
use crate::domain::conversation::Turn;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Find {
    /// What is searched for.
    pub text: String,
    /// Letters still go to it.
    pub typing: bool,
    /// The turns in which it stands, so many, and which of them is shown.
    pub found: Option<(usize, usize)>,
}

impl Find {
    /// What the line under the chat says.
    pub fn words(&self) -> String {
        let found = match (self.found, self.text.is_empty()) {
            (_, true) => String::new(),
            (Some((at, of)), _) => format!("  turn {at} of {of}"),
            (None, _) => "  not in this chat".to_owned(),
        };
        let keys = if self.typing { "Enter" } else { "n N, Esc" };
        format!("/{}{}{found}  {keys}", self.text, if self.typing { "▏" } else { "" })
    }
}

impl Transcript {
    /// Goes to the next row that has `text`, or to the one before; from what is seen on. At the end it begins again. The
    /// turn's number among those that have it, from 1, and how many those are. None: none has.
    pub fn seek(&mut self, text: &str, back: bool) -> Option<(usize, usize)> {
        let wanted = text.to_lowercase();
        let has = |turn: &Turn| [&turn.prompt, &turn.answer].iter().any(|text| text.to_lowercase().contains(&wanted));
        let having: Vec<usize> =
            self.cells.iter().enumerate().filter(|(_, cell)| has(&cell.turn)).map(|(at, _)| at).collect();
        if wanted.is_empty() || having.is_empty() {
            return None;
        }
        let (at, row) = self.sought.and_then(|(turn, row)| Some((self.place_of(turn)?, row))).unwrap_or_else(|| {
            // What is seen counts as well.
            let (at, row) = self.top();
            if back { (self.last_seen().unwrap_or(at), usize::MAX) } else { (at, row.saturating_sub(1)) }
        });
        let in_order: Vec<usize> = if back {
            having.iter().rev().filter(|one| **one <= at).chain(having.iter().rev()).copied().collect()
        } else {
            having.iter().filter(|one| **one >= at).chain(having.iter()).copied().collect()
        };
        let found = in_order.into_iter().enumerate().find_map(|(number, one)| {
            let rows = self.rows_with(one, &wanted);
            let first = number == 0 && one == at;
            let fits = |found: &usize| !first || if back { *found < row } else { *found > row };
            let place = if back { rows.into_iter().rev().find(fits) } else { rows.into_iter().find(fits) };
            place.map(|row| (one, row))
        });
        // It may stand in the source alone, as a mark of it: then the turn is shown.
        let (at, row) = found.or_else(|| having.first().map(|at| (*at, 0)))?;
        let turn = self.cells.get(at)?.turn.id;
        (self.sought, self.chosen) = (Some((turn, row)), Some(turn));
        self.show_row(at, row);
        Some((having.iter().position(|one| *one == at)? + 1, having.len()))
    }

    /// The rows of a turn that have it.
    fn rows_with(&mut self, at: usize, wanted: &str) -> Vec<usize> {
        self.lay_down((at, 0), 1);
        let Some(cell) = self.cells.get(at) else { return Vec::new() };
        let has = |row: &usize| match cell.line(*row) {
            Line::Prompt(row) | Line::Answer(row) => row.text().to_lowercase().contains(wanted),
            _ => false,
        };
        (0..cell.height()).filter(has).collect()
    }

    /// Shows a row of a turn, a third from the top.
    fn show_row(&mut self, at: usize, row: usize) {
        self.lay_down((at, row), self.height + 1);
        self.hold_or_follow((at, row));
        self.up(self.height / 3);
    }
}

/// The row with what is searched for marked in it.
#[must_use]
pub fn marked(row: &Row, text: &str) -> Row {
    let wanted: Vec<char> = text.to_lowercase().chars().collect();
    let mut pieces = Vec::new();
    for piece in &row.0 {
        let letters: Vec<(usize, char)> = piece.text.char_indices().collect();
        let small: Vec<char> = letters.iter().map(|(_, char)| char.to_lowercase().next().unwrap_or(*char)).collect();
        let (mut from, mut at) = (0, 0);
        let byte = |letter: usize| letters.get(letter).map_or(piece.text.len(), |(byte, _)| *byte);
        let mut cut = |from: usize, to: usize, role: Option<Role>| {
            let text = piece.text.get(byte(from)..byte(to)).unwrap_or_default();
            if !text.is_empty() {
                pieces.push(Piece { text: text.into(), role: role.unwrap_or(piece.role), link: piece.link.clone() });
            }
        };
        while !wanted.is_empty() && at + wanted.len() <= small.len() {
            if small.get(at..at + wanted.len()) == Some(&wanted[..]) {
                cut(from, at, None);
                cut(at, at + wanted.len(), Some(Role::Found));
                at += wanted.len();
                from = at;
            } else {
                at += 1;
            }
        }
        cut(from, letters.len(), None);
    }
    Row(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Time;
    use crate::domain::conversation::{Origin, TurnState};
    use crate::domain::ids::TurnId;

    fn chat() -> Transcript {
        let mut transcript = Transcript::default();
        transcript.resize(40, 10, true);
        for id in 1..=30 {
            let turn = Turn::new(TurnId(id), Origin::Chat, Time::from_ms(0), format!("question {id}"));
            let tide = if id % 10 == 0 { "The **Tide** comes in." } else { "Nothing." };
            let answer = format!("{tide}\n\n{}", "more\n\n".repeat(8));
            transcript.put(Turn { answer, state: TurnState::Done, ..turn });
        }
        transcript
    }

    fn sees(transcript: &Transcript, text: &str) -> bool {
        transcript.seen().any(|(_, line)| match line {
            Line::Prompt(row) | Line::Answer(row) => row.text().contains(text),
            _ => false,
        })
    }

    #[test]
    fn it_goes_from_one_to_the_next_and_round() {
        let mut transcript = chat();
        for (back, expected) in [(true, 3), (true, 2), (true, 1), (true, 3), (false, 1), (false, 2)] {
            assert_eq!(transcript.seek("tide", back), Some((expected, 3)));
            assert!(sees(&transcript, "The Tide comes in."));
            assert_eq!(transcript.selected().map(|cell| cell.turn.id.0), Some(10 * expected as u64));
        }
        assert_eq!(transcript.seek("moon", false), None);
        assert_eq!(transcript.seek("", false), None);
    }

    #[test]
    fn what_is_found_is_marked() {
        let row = Row(vec![Piece::plain("the Tide, the "), Piece::new("TIDES", Role::Strong)]);
        let found: Vec<(String, bool)> =
            marked(&row, "tide").0.into_iter().map(|piece| (piece.text, piece.role == Role::Found)).collect();
        let expected = [("the ", false), ("Tide", true), (", the ", false), ("TIDE", true), ("S", false)];
        assert_eq!(found, expected.map(|(text, found)| (text.to_owned(), found)));
        assert_eq!(marked(&row, "").text(), row.text());
    }
}
