//! One turn of the chat, laid out in rows of one width. What changes with the time (a countdown, what has passed) is
//! not in its rows: those are headings, made when they are drawn.

use std::time::Duration;

use crate::app::prose::{Prose, Reading};
use crate::app::row::Row;
use crate::app::thoughts::Thoughts;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::text::one_line;

/// One turn, laid out.
#[derive(Debug)]
pub struct Cell {
    /// The turn.
    pub turn: Turn,
    prompt: Prose,
    answer: Prose,
    thoughts: Thoughts,
    /// Whether its thoughts are shown.
    open: bool,
    /// What became of it, and the lanes that were tried before, in words.
    after: Vec<Row>,
    hops: String,
}

/// A row of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Who asked, and when.
    Asked,
    /// A row of the question.
    Prompt(&'a Row),
    /// Who answers, and its numbers.
    Answers,
    /// A row of what the model thought, by its number.
    Thought(usize),
    /// A row of the answer.
    Answer(&'a Row),
    /// What became of it.
    After(&'a Row),
    /// An empty row.
    Blank,
}

impl Cell {
    /// Lays out a turn.
    pub fn new(turn: Turn, width: usize, open: bool) -> Self {
        let mut cell = Self {
            turn,
            prompt: Prose::new(Reading::Verbatim, width),
            answer: Prose::new(Reading::Markdown, width),
            thoughts: Thoughts::default(),
            open,
            after: Vec::new(),
            hops: String::new(),
        };
        cell.lay_out(width);
        cell
    }

    /// Lays it out again, from its beginning.
    pub fn lay_out(&mut self, width: usize) {
        self.prompt = Prose::whole(Reading::Verbatim, width, &self.turn.prompt);
        self.answer = Prose::whole(Reading::Markdown, width, "");
        let over = self.turn.state.is_over();
        self.answer.extend(&self.turn.answer, over);
        self.thoughts.lay_out(&self.turn.reasoning, self.open, width, over);
        self.conclude(width);
    }

    fn conclude(&mut self, width: usize) {
        let kept = if self.turn.answer.is_empty() { "" } else { "what had come is kept" };
        let words = match &self.turn.state {
            TurnState::Waiting { on, .. } => format!("waits for {}", one_line(on)),
            TurnState::Running | TurnState::Done => String::new(),
            TurnState::Stopped => kept.to_owned(),
            TurnState::Failed(why) => one_line(why).into_owned(),
            TurnState::Interrupted => {
                ["roundel ended while it ran", kept].join(if kept.is_empty() { "" } else { "; " })
            }
        };
        self.after.clear();
        for text in [words.as_str(), self.hops.as_str()] {
            self.after.extend(Prose::whole(Reading::Verbatim, width, text).rows().iter().cloned());
        }
    }

    /// Puts a newer state of the turn into its place; what was laid out and still stands, stays.
    pub fn replace(&mut self, turn: Turn, width: usize) {
        let goes_on = !self.turn.state.is_over()
            && !turn.state.is_over()
            && turn.prompt == self.turn.prompt
            && turn.answer.starts_with(&self.turn.answer)
            && turn.reasoning.starts_with(&self.turn.reasoning);
        self.turn = turn;
        if goes_on {
            self.answer.extend(&self.turn.answer, false);
            self.thoughts.extend(&self.turn.reasoning, false);
            self.conclude(width);
        } else {
            self.lay_out(width);
        }
    }

    /// More of its answer has come.
    pub fn grow(&mut self, new: &str) {
        self.turn.answer.push_str(new);
        self.answer.extend(&self.turn.answer, false);
    }

    /// More of its thoughts has come.
    pub fn think(&mut self, new: &str) {
        self.turn.reasoning.push_str(new);
        self.thoughts.extend(&self.turn.reasoning, false);
    }

    /// Shows its thoughts or folds them. The row from which on all others move, and by how many.
    pub fn fold(&mut self, open: bool, width: usize) -> (usize, isize) {
        self.open = open;
        let before = self.height();
        if !self.turn.reasoning.is_empty() {
            self.thoughts.lay_out(&self.turn.reasoning, open, width, self.turn.state.is_over());
        }
        // Two headings, an empty row, and the line that says how much it is.
        (4 + self.prompt.rows().len(), self.height().cast_signed() - before.cast_signed())
    }

    /// A row of its thoughts.
    pub fn thought(&self, number: usize) -> Row {
        self.thoughts.row(number, self.turn.state.is_over() || !self.turn.answer.is_empty())
    }

    /// Says which lanes were tried.
    pub fn put_hops(&mut self, hops: String, width: usize) {
        if self.hops != hops {
            self.hops = hops;
            self.conclude(width);
        }
    }

    /// Rows of it.
    pub fn height(&self) -> usize {
        let answer = self.answer.rows().len() + self.after.len();
        // Both headings, and the empty rows behind question and answer.
        4 + self.prompt.rows().len() + self.thoughts.height() + answer
    }

    /// Its row of that number.
    pub fn line(&self, number: usize) -> Line<'_> {
        let Some(mut at) = number.checked_sub(1) else { return Line::Asked };
        if let Some(row) = self.prompt.rows().get(at) {
            return Line::Prompt(row);
        }
        at -= self.prompt.rows().len();
        match at {
            0 => return Line::Blank,
            1 => return Line::Answers,
            _ => at -= 2,
        }
        if at < self.thoughts.height() {
            return Line::Thought(at);
        }
        at -= self.thoughts.height();
        if let Some(row) = self.answer.rows().get(at) {
            return Line::Answer(row);
        }
        self.after.get(at - self.answer.rows().len()).map_or(Line::Blank, Line::After)
    }
}

/// Tokens a second of an answer; None where it is not known, or too short to say.
pub fn speed(turn: &Turn) -> Option<u64> {
    let (tokens, took) = (turn.usage.output?, turn.took?);
    let span = took.saturating_sub(turn.first_token.unwrap_or_default());
    (span >= Duration::from_millis(100)).then(|| u128::from(tokens) * 1000 / span.as_millis())?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::turn;

    #[test]
    fn an_end_is_told_in_words() {
        for (state, answer, words) in [
            (TurnState::Stopped, "", vec![]),
            (TurnState::Stopped, "some", vec!["what had come is kept"]),
            (TurnState::Failed("the model is gone".into()), "", vec!["the model is gone"]),
            (
                TurnState::Waiting { until: None, on: "quick/a, 3 req spent".into() },
                "",
                vec!["waits for quick/a, 3 req spent"],
            ),
            (TurnState::Interrupted, "some", vec!["roundel ended while it ran; what had come is kept"]),
            (TurnState::Done, "fine", vec![]),
        ] {
            let cell = Cell::new(turn(1, "q", answer, state), 60, false);
            assert_eq!(cell.after.iter().map(Row::text).collect::<Vec<_>>(), words);
        }
    }
}
