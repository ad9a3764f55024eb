//! The list of commands: every command, and every action of the keymap that makes sense by name. A command with its
//! arguments is written as on a command line.

use crate::app::action::Action;
use crate::app::cells;
use crate::app::command::{Verb, best, fitting, key_of, rows};
use crate::app::place::Place;
use crate::app::roster::Roster;
use crate::app::row::{Piece, Role, Row};

/// The list, what is typed in it, and what is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Palette {
    /// What is typed: a search, or a command with its arguments.
    pub filter: String,
    /// The chosen row.
    pub at: usize,
    /// Why the last line was not done.
    pub wrong: Option<String>,
}

/// What a row of the list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A command.
    Verb(&'static Verb),
    /// The command line as it is typed.
    Line(&'static Verb, String),
    /// The command line with this in the place of its last word.
    Completed(String),
    /// What a key does at its place.
    Act(Action, Place, &'static str, String),
}

/// A command and its arguments, if `line` begins with the name of one; `number` words of arguments are whole.
pub fn command(line: &str) -> Option<(&'static Verb, &str)> {
    let (name, arguments) = line.trim_start().split_once(char::is_whitespace)?;
    Verb::named(name).filter(|verb| !verb.hint.is_empty()).map(|verb| (verb, arguments.trim_start()))
}

/// The lines that come of completing the last word of a command's arguments, each with that word.
pub fn completed(verb: &Verb, arguments: &str, roster: &Roster) -> Vec<(String, String)> {
    let at = arguments.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (whole, typed) = arguments.split_at_checked(at).unwrap_or((arguments, ""));
    let number = whole.split_whitespace().count();
    let words = verb.completions(number, typed, roster).into_iter().filter(|word| word != typed);
    words.map(|word| (format!("{} {whole}{word} ", verb.name), word)).collect()
}

impl Palette {
    /// What can be chosen, from the top.
    pub fn choices(&self, roster: &Roster) -> Vec<Choice> {
        if let Some((verb, arguments)) = command(&self.filter) {
            let line = Choice::Line(verb, arguments.trim_end().to_owned());
            let more = completed(verb, arguments, roster).into_iter().map(|(line, _)| Choice::Completed(line));
            return std::iter::once(line).chain(more).collect();
        }
        let verbs = fitting(&self.filter).into_iter().map(Choice::Verb);
        let acts = rows().map(|row| Choice::Act(row.action, row.place, row.says, key_of(row)));
        let mut seen: Vec<Action> = Vec::new();
        let acts = acts.filter(|choice| match choice {
            Choice::Act(action, ..) if seen.contains(action) => false,
            Choice::Act(action, ..) => {
                seen.push(*action);
                true
            }
            _ => false,
        });
        let says = |choice: &Choice| match choice {
            Choice::Act(_, _, says, _) => *says,
            _ => "",
        };
        let acts = best(&self.filter, acts.collect(), |choice| match choice {
            Choice::Act(_, _, says, _) => says,
            _ => "",
        });
        let mut all: Vec<Choice> = verbs.chain(acts).collect();
        // A command whose name does not fit goes behind what a key says of itself.
        let name_fits = |choice: &Choice| match choice {
            Choice::Verb(verb) => crate::app::fuzzy::fit(&self.filter, verb.name),
            choice => crate::app::fuzzy::fit(&self.filter, says(choice)).map(|cost| cost + 5),
        };
        if !self.filter.trim().is_empty() {
            all.sort_by_key(|choice| name_fits(choice).unwrap_or(usize::MAX));
        }
        all
    }

    /// What is chosen.
    pub fn chosen(&self, roster: &Roster) -> Option<Choice> {
        let choices = self.choices(roster);
        choices.get(self.at.min(choices.len().saturating_sub(1))).cloned()
    }

    /// The rows of the list in `width` columns.
    pub fn rows(&self, roster: &Roster, width: usize) -> Vec<Row> {
        let rows: Vec<Row> = self.choices(roster).iter().map(|choice| row(choice, width)).collect();
        let wrong = self.wrong.iter().map(|wrong| Row::of(format!("✕ {wrong}"), Role::Bad));
        if rows.is_empty() {
            vec![Row::of("nothing is called so", Role::Dim)]
        } else {
            rows.into_iter().chain(wrong).collect()
        }
    }
}

fn row(choice: &Choice, width: usize) -> Row {
    let (left, key) = match choice {
        Choice::Verb(verb) => (of_verb(verb), verb.key()),
        Choice::Line(verb, arguments) => {
            let hint = if arguments.is_empty() { verb.hint } else { "" };
            let line = vec![Piece::new(format!("{} {arguments}", verb.name), Role::Strong), Piece::dim(hint)];
            (Row(line.into_iter().chain([Piece::dim(format!("  {}", verb.says))]).collect()), "Enter".to_owned())
        }
        Choice::Completed(line) => (Row::of(line.trim_end(), Role::Plain), String::new()),
        Choice::Act(_, place, says, key) => {
            let place = match place {
                Place::Everywhere | Place::Composer | Place::Panes => String::new(),
                place => format!("  {}", place.title().to_lowercase()),
            };
            (Row(vec![Piece::plain(*says), Piece::dim(place)]), key.clone())
        }
    };
    Row::spread(left.cut_to(width.saturating_sub(cells::of(&key) + 1)), Row::of(key, Role::Accent), width)
}

/// A command with its arguments, and what it says.
pub fn of_verb(verb: &Verb) -> Row {
    let hint = if verb.hint.is_empty() { String::new() } else { format!(" {}", verb.hint) };
    Row(vec![Piece::new(verb.name, Role::Strong), Piece::dim(hint), Piece::dim(format!("  {}", verb.says))])
}
