//! The list of conversations: those whose names have what is typed, and below them the turns in which it is found.

use crate::app::cells;
use crate::app::conversations::Conversations;
use crate::app::due::Due;
use crate::app::row::{Piece, Role, Row};
use crate::domain::chat::{Conversation, Hit};
use crate::domain::ids::{ConversationId, TurnId};
use crate::domain::text::one_line;

/// The list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf {
    /// What is searched for.
    pub filter: String,
    /// The chosen row of those that are found, unless what was chosen stands elsewhere by now.
    at: usize,
    /// What was chosen: others may come before it while the list is open.
    meant: Option<Target>,
    /// What the conversation that is being renamed shall be called.
    pub renaming: Option<(ConversationId, String)>,
    /// The words that are being looked for on the disk.
    asked: Option<String>,
    /// The words for which something was found, and what.
    found: (String, Vec<Hit>),
}

/// A conversation, and the turn in it.
type Target = (ConversationId, Option<TurnId>);

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry<'a> {
    /// A new conversation.
    New,
    /// This one.
    Old(&'a Conversation),
    /// The turn that was found.
    Turn(&'a Hit),
}

impl Entry<'_> {
    /// The conversation, and the turn in it.
    pub const fn target(&self) -> Option<Target> {
        match self {
            Self::New => None,
            Self::Old(one) => Some((one.id, None)),
            Self::Turn(hit) => Some((hit.conversation.id, Some(hit.turn))),
        }
    }
}

impl Shelf {
    /// What takes letters: the new name, or the search.
    pub fn text(&self) -> &str {
        self.renaming.as_ref().map_or(&self.filter, |(_, name)| name)
    }

    /// Writes into it.
    pub fn write(&mut self, text: &str) {
        let letters = text.chars().filter(|char| !char.is_control());
        if let Some((_, name)) = &mut self.renaming {
            name.extend(letters);
        } else {
            self.filter.extend(letters);
            (self.at, self.meant) = (0, None);
        }
    }

    /// Takes back a letter.
    pub fn delete(&mut self) {
        if let Some((_, name)) = &mut self.renaming {
            name.pop();
        } else {
            self.filter.pop();
            (self.at, self.meant) = (0, None);
        }
    }

    /// The words to look for on the disk now: one search at a time. None: nothing new, or one is on its way.
    pub fn search(&mut self) -> Option<String> {
        let wanted = self.filter.trim();
        if self.asked.is_some() || wanted.chars().count() < 2 || wanted == self.found.0 {
            return None;
        }
        self.asked = Some(wanted.to_owned());
        self.asked.clone()
    }

    /// Nothing comes: the search is over.
    pub fn give_up(&mut self) {
        if let Some(words) = self.asked.take() {
            self.found = (words, Vec::new());
        }
    }

    /// Takes in what was found.
    pub fn take_in(&mut self, words: String, hits: Vec<Hit>) {
        self.asked = None;
        self.found = (words, hits);
    }

    /// What can be chosen, from the top.
    pub fn entries<'a>(&'a self, all: &'a Conversations) -> Vec<Entry<'a>> {
        let new = self.filter.trim().is_empty().then_some(Entry::New);
        // What was found for fewer letters stands until the next answer.
        let hits = self.found.1.iter().filter(|_| !self.filter.trim().is_empty());
        new.into_iter().chain(all.list(&self.filter).into_iter().map(Entry::Old)).chain(hits.map(Entry::Turn)).collect()
    }

    /// What is chosen.
    pub fn chosen<'a>(&'a self, all: &'a Conversations) -> Option<Entry<'a>> {
        self.entries(all).get(self.place(all)).copied()
    }

    /// The row of what is chosen.
    pub fn place(&self, all: &Conversations) -> usize {
        let entries = self.entries(all);
        let meant = self.meant.and_then(|meant| entries.iter().position(|entry| entry.target() == Some(meant)));
        meant.unwrap_or(self.at).min(entries.len().saturating_sub(1))
    }

    /// Chooses a row, the last one if there are fewer.
    pub fn choose(&mut self, row: usize, all: &Conversations) {
        let entries = self.entries(all);
        let at = row.min(entries.len().saturating_sub(1));
        let meant = entries.get(at).and_then(Entry::target);
        (self.at, self.meant) = (at, meant);
    }

    /// The rows of the list in `width` columns.
    pub fn rows(&self, all: &Conversations, width: usize, due: &mut Due) -> Vec<Row> {
        let entries = self.entries(all);
        if entries.is_empty() {
            let searching = self.asked.is_some();
            return vec![Row::of(if searching { "looking …" } else { "nothing of that was said" }, Role::Dim)];
        }
        entries.into_iter().map(|entry| row(entry, all.current(), width, due)).collect()
    }
}

fn row(entry: Entry<'_>, current: ConversationId, width: usize, due: &mut Due) -> Row {
    let (left, right) = match entry {
        Entry::New => (vec![Piece::new("+ ", Role::Accent), Piece::plain("a new conversation")], String::new()),
        Entry::Old(one) => {
            let (sign, role, name) = match (one.id == current, one.deleted) {
                (_, Some(_)) => ("✕ ", Role::Dim, Role::Dim),
                (true, None) => ("• ", Role::Accent, Role::Strong),
                (false, None) => ("  ", Role::Dim, Role::Plain),
            };
            let words = if one.name.is_empty() { "(no name yet)".into() } else { one_line(&one.name) };
            let turns = match one.turns {
                1 => "1 turn".to_owned(),
                turns => format!("{turns} turns"),
            };
            let about = match one.deleted {
                Some(_) => "deleted: Del brings it back".to_owned(),
                None => format!("{turns}  {}", due.day(one.touched)),
            };
            (vec![Piece::new(sign, role), Piece::new(words, name)], about)
        }
        Entry::Turn(hit) => {
            let name = cells::cut(&one_line(&hit.conversation.name), width / 3);
            (vec![Piece::dim("  ⌕ "), Piece::plain(one_line(&hit.around))], format!("{name}  {}", due.day(hit.asked)))
        }
    };
    Row::spread(Row(left), Row::of(right, Role::Dim), width)
}
