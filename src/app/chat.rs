//! The rows of the chat that are seen: headings with lane and numbers, question, answer, what became of it.

use crate::app::due::{Due, count, took};
use crate::app::laid::{Line, speed};
use crate::app::row::{Piece, Role, Row};
use crate::app::transcript::Transcript;
use crate::domain::conversation::{Turn, TurnState};

/// Columns from which numbers have their words beside them.
const WORDY: usize = 56;

/// What is seen of the chat, in rows of at most `width` columns.
pub fn rows(transcript: &Transcript, width: usize, due: &mut Due) -> Vec<Row> {
    transcript
        .seen()
        .map(|(cell, line)| match line {
            Line::Asked => {
                Row::spread(Row::of("you", Role::Strong), Row::of(due.short_clock(cell.turn.asked), Role::Dim), width)
            }
            Line::Answers => heading(&cell.turn, width, due),
            Line::Prompt(row) | Line::Answer(row) => row.clone(),
            Line::After(row) => {
                let mut row = row.clone();
                for piece in &mut row.0 {
                    piece.role = Role::Dim;
                }
                row
            }
            Line::Thought(number) => cell.thought(number),
            Line::Blank => Row::default(),
        })
        .collect()
}

fn heading(turn: &Turn, width: usize, due: &mut Due) -> Row {
    let lane = turn.lane.as_ref().map(|lane| Piece::new(lane.as_str(), Role::Strong));
    let (left, right) = match &turn.state {
        TurnState::Waiting { until, .. } => {
            let left = Piece::new("◐ waiting", Role::Warn);
            (left, Row::of(until.map_or_else(String::new, |until| due.lasting(until)), Role::Plain))
        }
        TurnState::Running => {
            let doing = match (turn.answer.is_empty(), turn.reasoning.is_empty()) {
                (false, _) => "",
                (true, false) => "thinking  ",
                (true, true) => "asked  ",
            };
            let left = lane.unwrap_or_else(|| Piece::new("on its way", Role::Strong));
            (left, Row::of(format!("{doing}{}", due.since(turn.asked)), Role::Dim))
        }
        TurnState::Done => (lane.unwrap_or_else(|| Piece::new("answer", Role::Strong)), numbers(turn, width)),
        TurnState::Stopped => (sign(lane, "■ stopped by you", Role::Plain), numbers(turn, width)),
        TurnState::Failed(_) => (sign(lane, "✕ not answered", Role::Bad), numbers(turn, width)),
        TurnState::Interrupted => (sign(lane, "■ interrupted", Role::Warn), numbers(turn, width)),
    };
    Row::spread(Row(vec![left]), right, width)
}

/// The lane, if there is one, and a sign that not all is as it should be.
fn sign(lane: Option<Piece>, word: &str, role: Role) -> Piece {
    match lane {
        Some(lane) => Piece::new(format!("{}  {word}", lane.text), role),
        None => Piece::new(word, role),
    }
}

fn numbers(turn: &Turn, width: usize) -> Row {
    let wordy = width >= WORDY;
    let mut parts = Vec::new();
    if let Some(first) = turn.first_token {
        parts.push(if wordy { format!("first token {}", took(first)) } else { took(first) });
    }
    parts.extend(turn.took.map(|span| if wordy { format!("total {}", took(span)) } else { took(span) }));
    parts.extend(turn.usage.output.map(|tokens| format!("{} tok", count(tokens))));
    if let (true, Some(speed)) = (width >= WORDY + 16, speed(turn)) {
        parts.push(format!("{speed} tok/s"));
    }
    Row::of(parts.join("  "), Role::Dim)
}
