//! The rows of the chat that are seen: headings with lane and numbers, question, answer, what became of it.

use crate::app::action::Focus;
use crate::app::cells;
use crate::app::due::{Due, count, took};
use crate::app::find::marked;
use crate::app::laid::{Line, speed};
use crate::app::log::Log;
use crate::app::row::{Piece, Role, Row};
use crate::app::state::App;
use crate::app::veil;
use crate::domain::conversation::{Turn, TurnState};

/// What is seen of the chat, in rows of at most `width` columns.
pub fn rows(app: &App, width: usize, due: &mut Due) -> Vec<Row> {
    let has_keys = app.focus == Focus::Transcript;
    let last = app.transcript.cells().last();
    let first_sent = last.and_then(|cell| cell.turn.unsent?.from);
    let sought = |row: &Row| if app.find.text.is_empty() { row.clone() } else { marked(row, &app.find.text) };
    let selected = app.transcript.selected().filter(|_| has_keys).map(|cell| cell.turn.id);
    app.transcript
        .seen()
        .map(|(cell, line)| (app.is_left_out(cell.turn.id), cell, line))
        .map(|(left_out, cell, line)| match line {
            Line::Asked => {
                let (sign, role) =
                    if selected == Some(cell.turn.id) { ("you ◂", Role::Accent) } else { ("you", Role::Strong) };
                let mut right = vec![Piece::dim(due.short_clock(cell.turn.asked))];
                if first_sent == Some(cell.turn.id) {
                    right.insert(0, Piece::new("↑ not sent along last  ", Role::Warn));
                }
                Row::spread(Row::of(sign, role), Row(right), width)
            }
            Line::Answers => {
                let last = app.transcript.cells().last().is_some_and(|last| last.turn.id == cell.turn.id);
                let again = match app.focus {
                    Focus::Transcript if selected == Some(cell.turn.id) => "a asks again",
                    Focus::Composer if last => "Alt+R asks again",
                    _ => "",
                };
                let note = match (&cell.turn.state, left_out, cell.is_raw()) {
                    (_, true, _) => "left out: not sent along",
                    (TurnState::Failed(_) | TurnState::Stopped | TurnState::Interrupted, ..) => again,
                    (_, _, true) => "as it was written",
                    _ => "",
                };
                heading(&cell.turn, note, width, due)
            }
            Line::Prompt(row) | Line::Answer(row) if app.is_private() => veil::row(row),
            // Where little may move, a line is seen when it is whole.
            Line::Answer(row) if app.is_calm() && cell.grows_at(row) => Row::default(),
            Line::Prompt(row) | Line::Answer(row) if !left_out => sought(row),
            Line::Prompt(row) | Line::Answer(row) => sought(&dim(row)),
            Line::After(row) => dim(row),
            Line::Trail => trail(&app.log, &cell.turn, width),
            Line::Thought(number) if app.is_private() => veil::row(&cell.thought(number)),
            Line::Thought(number) => cell.thought(number),
            Line::Blank => Row::default(),
        })
        .collect()
}

fn dim(row: &Row) -> Row {
    Row(row.0.iter().map(|piece| Piece { role: Role::Dim, ..piece.clone() }).collect())
}

/// Where a turn went, and what it took: `groq 429 → mistral  1.2 s, 412 tok, 38 tok/s`.
fn trail(log: &Log, turn: &Turn, width: usize) -> Row {
    let lane = turn.lane.as_ref();
    let whole = |short| match (log.hops(turn.id, short), lane) {
        (hops, Some(lane)) if hops.is_empty() => {
            if short {
                lane.account().to_string()
            } else {
                lane.to_string()
            }
        }
        (hops, _) => hops,
    };
    let took_in_all = turn.took.map(took);
    let tokens = turn.usage.output.map(|tokens| format!("{} tok", count(tokens)));
    let first = turn.first_token.map(|first| format!("first token {}", took(first)));
    let speed = speed(turn).map(|speed| format!("{speed} tok/s"));
    let join = |parts: [Option<String>; 4]| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let few = join([None, took_in_all.clone(), tokens.clone(), speed.clone()]);
    let all = join([first, took_in_all, tokens, speed]);
    // The widest form that fits; else the way is cut in its middle, and the numbers are kept.
    let gap = |way: &str, numbers: &str| if way.is_empty() || numbers.is_empty() { "" } else { "  " };
    let joined = |way: &str, numbers: &str| format!("{way}{}{numbers}", gap(way, numbers));
    let forms = [joined(&whole(false), &all), joined(&whole(false), &few), joined(&whole(true), &few)];
    let fitting = forms.into_iter().find(|form| cells::of(form) <= width);
    let cut = || joined(&cells::cut_middle(&whole(true), width.saturating_sub(cells::of(&few) + 2)), &few);
    Row::of(fitting.unwrap_or_else(cut), Role::Dim).cut_to(width)
}

fn heading(turn: &Turn, note: &str, width: usize, due: &mut Due) -> Row {
    let note = || Row::of(note, Role::Dim);
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
        TurnState::Done => (lane.unwrap_or_else(|| Piece::new("answer", Role::Strong)), note()),
        TurnState::Stopped => (sign(lane, "■ stopped by you", Role::Plain), note()),
        TurnState::Failed(_) => (sign(lane, "✕ not answered", Role::Bad), note()),
        TurnState::Interrupted => (sign(lane, "■ interrupted", Role::Warn), note()),
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
