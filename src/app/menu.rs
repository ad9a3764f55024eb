//! What completes the word at the cursor of the draft: commands after a `/` at its beginning, files after an `@`. Pure:
//! what folders hold is asked for, and given.

use crate::app::command::fitting;
use crate::app::composer::Composer;
use crate::app::due::size;
use crate::app::fetch::{ENTRIES, Entry};
use crate::app::fuzzy::fit;
use crate::app::palette::{command, completed, of_verb};
use crate::app::roster::Roster;
use crate::app::row::{Piece, Role, Row};

/// Rows that are listed.
const LISTED: usize = 50;

/// The word that is being completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// A command, or one with its arguments: all behind the `/`.
    Command(String),
    /// A path: all behind the `@`.
    Path(String),
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Menu {
    /// What is listed.
    pub rows: Vec<Suggestion>,
    /// The chosen one.
    pub at: usize,
    /// Whether it was chosen by hand.
    pub moved: bool,
    /// Commands, or files.
    pub files: bool,
}

/// What is completed, and what is known of folders.
#[derive(Debug, Default)]
pub struct Completing {
    /// What is listed; None: nothing.
    pub menu: Option<Menu>,
    /// Whether the user is writing: what comes back whole is not completed.
    pub writing: bool,
    pub(in crate::app) word: Option<Word>,
    /// It was closed by hand, until another word is begun.
    pub(in crate::app) closed: bool,
    /// The folder that was read last.
    pub(in crate::app) folder: Option<(String, Vec<Entry>)>,
    /// The folder that is being read.
    pub(in crate::app) asked: Option<String>,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What is written in the place of the word, behind its sign.
    pub text: String,
    /// How it is listed.
    pub row: Row,
    /// Whether more is to be written behind it: a folder, a command with arguments.
    pub goes_on: bool,
}

/// The word at the cursor that can be completed.
pub fn word(composer: &Composer) -> Option<Word> {
    let before = composer.before_cursor();
    if composer.lines() == 1
        && let Some(line) = before.strip_prefix('/')
        && !line.starts_with('/')
    {
        return Some(Word::Command(line.to_owned()));
    }
    let (at, _) = before.char_indices().rev().find(|(_, char)| *char == '@')?;
    let head = before.get(..at).unwrap_or_default();
    let path = before.get(at + 1..).unwrap_or_default();
    let begins = head.is_empty() || head.ends_with(|char: char| char.is_whitespace() || char == '(');
    let open = match path.strip_prefix('"') {
        Some(quoted) => !quoted.contains('"'),
        None => !path.contains(char::is_whitespace),
    };
    (begins && open).then(|| Word::Path(path.to_owned()))
}

/// The commands, or arguments of one, that complete what is typed.
pub fn commands(typed: &str, roster: &Roster) -> Vec<Suggestion> {
    if let Some((verb, arguments)) = command(typed) {
        let of = |(text, word): (String, String)| Suggestion { text, row: Row::of(word, Role::Plain), goes_on: true };
        return completed(verb, arguments, roster).into_iter().map(of).take(LISTED).collect();
    }
    if typed.contains(char::is_whitespace) {
        return Vec::new();
    }
    let verbs = fitting(typed).into_iter();
    let of = |verb: &'static crate::app::command::Verb| {
        let end = if verb.hint.is_empty() { "" } else { " " };
        let Row(mut pieces) = of_verb(verb);
        pieces.insert(0, Piece::dim("/"));
        Suggestion { text: format!("{}{end}", verb.name), row: Row(pieces), goes_on: !verb.stands_alone() }
    };
    verbs.map(of).collect()
}

/// The folder of a path that is typed, as it is typed, and what is typed of the name in it.
pub fn split(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('"').unwrap_or(path);
    path.rfind('/').map_or(("", path), |at| path.split_at_checked(at + 1).unwrap_or((path, "")))
}

/// The entries that complete a path. Hidden ones only where a dot is typed.
pub fn files(path: &str, entries: &[Entry]) -> Vec<Suggestion> {
    let (folder, typed) = split(path);
    let shown = |entry: &&Entry| typed.starts_with('.') || !entry.name.starts_with('.');
    let mut found: Vec<(usize, &Entry)> = entries
        .iter()
        .take(ENTRIES)
        .filter(shown)
        .filter_map(|entry| fit(typed, &entry.name).map(|cost| (cost, entry)))
        .collect();
    found.sort_by(|(cost, one), (other_cost, other)| cost.cmp(other_cost).then_with(|| one.name.cmp(&other.name)));
    let of = |(_, entry): (usize, &Entry)| {
        let end = if entry.size.is_none() { "/" } else { "" };
        let whole = format!("{folder}{}{end}", entry.name);
        let spaced = whole.contains(char::is_whitespace);
        let text = match (spaced, entry.size) {
            (false, None) => whole,
            (false, Some(_)) => format!("{whole} "),
            (true, None) => format!("\"{whole}"),
            (true, Some(_)) => format!("\"{whole}\" "),
        };
        let about = entry.size.map_or_else(|| "  folder".to_owned(), |bytes| format!("  {}", size(bytes)));
        let name = crate::domain::text::one_line(&entry.name).into_owned();
        let row = Row(vec![Piece::plain(format!("{name}{end}")), Piece::dim(about)]);
        Suggestion { text, row, goes_on: entry.size.is_none() }
    };
    found.into_iter().take(LISTED).map(of).collect()
}
