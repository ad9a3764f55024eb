//! One turn of the chat, laid out in rows of one width. What changes with the time (a countdown, what has passed) is
//! not in its rows: those are headings, made when they are drawn.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use crate::app::due::size;
use crate::app::prose::{Prose, Reading};
use crate::app::row::Row;
use crate::app::snippet::{Parsed, Snippet};
use crate::app::thoughts::Thoughts;
use crate::domain::conversation::{Message, Request, Turn, TurnState, text_tokens};
use crate::domain::text::one_line;

/// How turns are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Columns.
    pub width: usize,
    /// Whether what the models thought is shown.
    pub thoughts: bool,
    /// Whether addresses are spelled out: the terminal has no links.
    pub spelled: bool,
}

/// One turn, laid out as soon as that is wanted.
#[derive(Debug)]
pub struct Cell {
    /// The turn.
    pub turn: Turn,
    prompt: Prose,
    answer: Prose,
    thoughts: Thoughts,
    /// How it was laid out; None: not yet, or not as it should be now.
    form: Option<Form>,
    /// Whether the answer is shown as the model wrote it.
    raw: bool,
    /// Counts answers that were begun anew: what was found out about an earlier one does not hold.
    epoch: u32,
    /// What became of it.
    after: Vec<Row>,
    /// Tokens of question and answer, estimated, once it is over.
    tokens: Option<u64>,
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
    /// Where it went, and what it took.
    Trail,
    /// An empty row.
    Blank,
}

impl Cell {
    /// A turn, not laid out yet.
    pub fn new(turn: Turn) -> Self {
        Self {
            turn,
            prompt: Prose::new(Reading::Verbatim, 1),
            answer: Prose::new(Reading::Verbatim, 1),
            thoughts: Thoughts::default(),
            form: None,
            raw: false,
            epoch: 0,
            after: Vec::new(),
            tokens: None,
        }
    }

    /// About how many tokens it takes to send it along. Counted once.
    pub fn tokens(&mut self) -> u64 {
        let (turn, known) = (&self.turn, self.tokens.filter(|_| self.turn.state.is_over()));
        *self.tokens.insert(known.unwrap_or_else(|| question_tokens(turn) + 4 + text_tokens(&turn.answer)))
    }

    /// Lays it out in this form, unless it is already.
    pub fn lay_out(&mut self, form: Form) {
        let Some(before) = self.form.replace(form).filter(|before| before.width == form.width) else {
            return self.lay_out_anew(form);
        };
        if before.thoughts != form.thoughts {
            let over = self.turn.state.is_over();
            self.thoughts.lay_out(&self.turn.reasoning, form.thoughts, form.width, over);
        }
    }

    fn lay_out_anew(&mut self, form: Form) {
        self.prompt = Prose::whole(Reading::Verbatim, form.width, &asked(&self.turn));
        let over = self.turn.state.is_over();
        let reading = if self.raw { Reading::Verbatim } else { Reading::Markdown { spelled: form.spelled } };
        let before = std::mem::replace(&mut self.answer, Prose::new(reading, 1));
        self.answer = before.again(reading, form.width);
        self.answer.extend(&self.turn.answer, over);
        self.thoughts.lay_out(&self.turn.reasoning, form.thoughts, form.width, over);
        self.conclude(form.width);
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
        let unsent = self.turn.unsent.map(|unsent| match unsent.turns {
            1 => "the oldest turn was not sent along: it did not fit".to_owned(),
            turns => format!("the {turns} oldest turns were not sent along: they did not fit"),
        });
        let words = [words, unsent.unwrap_or_default()].into_iter().filter(|words| !words.is_empty());
        let words = words.collect::<Vec<_>>().join("; ");
        self.after = Prose::whole(Reading::Verbatim, width, &words).rows().to_vec();
    }

    /// Puts a newer state of the turn into its place; what was laid out and still stands, stays.
    pub fn replace(&mut self, turn: Turn) {
        let goes_on = !self.turn.state.is_over()
            && turn.prompt == self.turn.prompt
            && turn.answer.starts_with(&self.turn.answer)
            && turn.reasoning.starts_with(&self.turn.reasoning);
        self.turn = turn;
        self.tokens = None;
        let Some(form) = self.form else { return };
        let over = self.turn.state.is_over();
        if goes_on {
            self.answer.extend(&self.turn.answer, over);
            self.thoughts.extend(&self.turn.reasoning, over);
            self.conclude(form.width);
        } else {
            self.epoch += 1;
            self.answer = Prose::new(Reading::Verbatim, 1);
            self.lay_out_anew(form);
        }
    }

    /// More of its answer has come.
    pub fn grow(&mut self, new: &str) {
        self.turn.answer.push_str(new);
        if self.form.is_some() {
            self.answer.extend(&self.turn.answer, false);
        }
    }

    /// More of its thoughts has come.
    pub fn think(&mut self, new: &str) {
        self.turn.reasoning.push_str(new);
        if self.form.is_some() {
            self.thoughts.extend(&self.turn.reasoning, false);
        }
    }

    /// Nothing more comes, and this is why.
    pub fn break_off(&mut self, why: &str) {
        self.turn.state = TurnState::Failed(why.to_owned());
        if let Some(form) = self.form {
            self.answer.extend(&self.turn.answer, true);
            self.conclude(form.width);
        }
    }

    /// Shows the answer as the model wrote it, or read as markdown again.
    pub fn turn_raw(&mut self) {
        self.raw = !self.raw;
        if let Some(form) = self.form {
            self.lay_out_anew(form);
        }
    }

    /// Whether the answer is shown as the model wrote it.
    pub const fn is_raw(&self) -> bool {
        self.raw
    }

    /// The row behind which its thoughts stand.
    pub fn before_thoughts(&self) -> usize {
        // Two headings, and an empty row.
        3 + self.prompt.rows().len()
    }

    /// Asks what its code is, as far as nobody was asked yet.
    pub fn ask(&mut self) -> Vec<Snippet> {
        let (turn, epoch) = (self.turn.id, self.epoch);
        let asked = self.answer.ask(&self.turn.answer).into_iter();
        asked.map(|(block, lang, from, lines)| Snippet { turn, epoch, block, lang, from, lines }).collect()
    }

    /// Takes in what its code is.
    pub fn learn(&mut self, found: Parsed) {
        if found.epoch == self.epoch {
            self.answer.learn(&self.turn.answer, found.block, found.from, found.hues);
        }
    }

    /// A row of its thoughts.
    pub fn thought(&self, number: usize) -> Row {
        self.thoughts.row(number, self.turn.state.is_over() || !self.turn.answer.is_empty())
    }

    /// Whether its last row tells where it went and what it took.
    fn has_trail(&self) -> bool {
        let tried = self.turn.lane.is_some() || !self.turn.attempts.is_empty();
        self.turn.state.is_over() && tried || self.turn.attempts.len() > 1
    }

    /// Rows of it; about how many, if it was not laid out yet.
    pub fn height(&self) -> usize {
        let Some(form) = self.form else { return self.guessed_height() };
        debug_assert!(form.width > 0, "a form has columns");
        let answer = self.answer.rows().len() + self.after.len() + usize::from(self.has_trail());
        // Both headings, and the empty rows behind question and answer.
        4 + self.prompt.rows().len() + self.thoughts.height() + answer
    }

    fn guessed_height(&self) -> usize {
        let of = |text: &str| text.len() / 60 + text.len().min(1);
        5 + of(&asked(&self.turn)) + of(&self.turn.answer)
    }

    /// Whether this is the last row of an answer on its way: more may come into it.
    pub fn grows_at(&self, row: &Row) -> bool {
        !self.turn.state.is_over() && self.answer.rows().last().is_some_and(|last| std::ptr::eq(last, row))
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
        at -= self.answer.rows().len();
        match self.after.get(at) {
            Some(row) => Line::After(row),
            None if at == self.after.len() && self.has_trail() => Line::Trail,
            None => Line::Blank,
        }
    }
}

/// About how many tokens the question has, with its files.
fn question_tokens(turn: &Turn) -> u64 {
    let messages = vec![Message::question(&turn.prompt, &turn.attachments)];
    Request { messages, ..Request::default() }.estimated_tokens()
}

/// Tokens a second of an answer; None where it is not known, or too short to say.
pub fn speed(turn: &Turn) -> Option<u64> {
    let (tokens, took) = (turn.usage.output?, turn.took?);
    let span = took.saturating_sub(turn.first_token.unwrap_or_default());
    (span >= Duration::from_millis(100)).then(|| u128::from(tokens) * 1000 / span.as_millis())?.try_into().ok()
}

/// A longer question is shown by its beginning.
const LONG: usize = 64 * 1024;

/// What is shown of that.
const SHOWN: usize = 2000;

/// The question as it is shown, and the files that went along.
fn asked(turn: &Turn) -> Cow<'_, str> {
    let prompt = &turn.prompt;
    if prompt.len() <= LONG && turn.attachments.is_empty() {
        return Cow::Borrowed(prompt);
    }
    let mut text = if prompt.len() > LONG {
        let head = prompt.char_indices().map(|(at, _)| at).take_while(|at| *at <= SHOWN).last().unwrap_or(0);
        format!("{}…\n… {} in all", prompt.get(..head).unwrap_or_default(), size(prompt.len() as u64))
    } else {
        prompt.clone()
    };
    for file in &turn.attachments {
        let _ = write!(text, "\n@ {}  {}", one_line(&file.name), size(file.size));
    }
    Cow::Owned(text)
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
            let mut cell = Cell::new(turn(1, "q", answer, state));
            cell.lay_out(Form { width: 60, thoughts: false, spelled: false });
            assert_eq!(cell.after.iter().map(Row::text).collect::<Vec<_>>(), words);
        }
    }
}
