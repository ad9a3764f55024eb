//! What a line of markdown is, and what stands before its rows: quotes, lists in lists, headings. Reads one line at a
//! time and remembers in which lists it stands.

use crate::app::cells;
use crate::app::row::{Piece, Role};

/// The signs of lists in lists.
const BULLETS: [&str; 3] = ["• ", "◦ ", "▪ "];

/// What stands before the rows of a line, and the role of its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lead {
    /// Before the first row.
    pub first: Vec<Piece>,
    /// Before all others.
    pub rest: Vec<Piece>,
    /// The role of its words.
    pub base: Role,
}

impl Lead {
    /// Columns that it takes.
    pub fn width(&self) -> usize {
        self.first.iter().map(|piece| cells::of(&piece.text)).sum()
    }

    /// What goes on where a first row stood.
    #[must_use]
    pub fn going_on(&self) -> Self {
        Self { first: self.rest.clone(), ..self.clone() }
    }
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Nothing.
    Empty,
    /// A line across.
    Rule,
    /// A heading.
    Heading(&'a str),
    /// The beginning of a block of code, and its language.
    Fence(Fence, &'a str),
    /// Words.
    Words(&'a str),
}

/// What opened a block of code: the sign, how many of it, and how far in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    sign: char,
    run: usize,
    indent: usize,
    quotes: usize,
}

/// A list that the lines stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    /// The column of its marks.
    at: usize,
    /// The column in which its words are shown.
    shown: usize,
}

/// The lists and quotes that the lines stand in.
#[derive(Debug, Clone, Default)]
pub struct Place {
    quotes: usize,
    levels: Vec<Level>,
}

impl Place {
    /// Reads a line of a text in `width` columns.
    pub fn read<'a>(&mut self, line: &'a str, width: usize) -> (Lead, Kind<'a>) {
        let (quotes, text) = unquoted(line, usize::MAX);
        if quotes != self.quotes {
            (self.quotes, self.levels) = (quotes, Vec::new());
        }
        let bars = vec![Piece::dim("▏ ".repeat(quotes)); quotes.min(1)];
        let words = text.trim_start_matches([' ', '\t']);
        let indent = columns(text, words);
        let mut lead = Lead { first: bars.clone(), rest: bars, base: Role::Plain };
        if words.trim_end().is_empty() {
            return (lead, Kind::Empty);
        }
        if is_rule(words) {
            self.levels.clear();
            return (lead, Kind::Rule);
        }
        if let Some(title) = heading(words) {
            self.levels.clear();
            lead.base = Role::Strong;
            return (lead, Kind::Heading(title));
        }
        let mark = bullet(words);
        let deeper = usize::from(mark.is_some());
        self.levels.retain(|level| level.at + deeper < indent);
        let left = width.saturating_sub(2 * quotes);
        let shown = match self.levels.last() {
            Some(level) => level.shown,
            None if mark.is_some() && indent < 4 => 0,
            // A poem keeps its shape.
            None => indent.min(left / 3),
        };
        indent_by(&mut lead, shown);
        if let Some((fence, info)) = opens_fence(words, indent, quotes) {
            return (lead, Kind::Fence(fence, info));
        }
        let Some((mark, words)) = mark else { return (lead, Kind::Words(words)) };
        let mark = match mark {
            Some(number) => number,
            None => BULLETS.get(self.levels.len().min(2)).copied().unwrap_or_default().to_owned(),
        };
        let size = cells::of(&mark);
        self.levels.push(Level { at: indent, shown: (shown + size).min(left / 2) });
        lead.first.push(Piece::dim(mark));
        lead.rest.push(Piece::plain(" ".repeat(size)));
        match heading(words) {
            Some(title) => (Lead { base: Role::Strong, ..lead }, Kind::Words(title)),
            None => (lead, Kind::Words(words)),
        }
    }
}

fn indent_by(lead: &mut Lead, columns: usize) {
    if columns > 0 {
        lead.first.push(Piece::plain(" ".repeat(columns)));
        lead.rest.push(Piece::plain(" ".repeat(columns)));
    }
}

/// Columns of what stands before `words` in `text`.
fn columns(text: &str, words: &str) -> usize {
    cells::of(text.get(..text.len() - words.len()).unwrap_or_default())
}

/// How many quotes a line stands in, at most so many, and what stands in them.
fn unquoted(line: &str, most: usize) -> (usize, &str) {
    let (mut text, mut quotes) = (line, 0);
    while quotes < most.min(8)
        && let Some(inner) = text.trim_start_matches(' ').strip_prefix('>')
    {
        (text, quotes) = (inner.strip_prefix(' ').unwrap_or(inner), quotes + 1);
    }
    (quotes, text)
}

/// What stands in the quotes of a line.
pub fn inside_quotes(line: &str) -> &str {
    unquoted(line, usize::MAX).1
}

/// The mark of a list and the words behind it; without a mark of its own, a bullet.
fn bullet(text: &str) -> Option<(Option<String>, &str)> {
    if let Some(words) = text.strip_prefix(['-', '*', '+', '•']).and_then(|rest| rest.strip_prefix([' ', '\t'])) {
        return Some((None, words.trim_start()));
    }
    let digits = text.len() - text.trim_start_matches(|char: char| char.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let words = rest.strip_prefix(['.', ')'])?.strip_prefix([' ', '\t'])?;
    (1..=4).contains(&digits).then(|| (Some(format!("{number}. ")), words.trim_start()))
}

fn heading(text: &str) -> Option<&str> {
    let level = text.len() - text.trim_start_matches('#').len();
    let title = text.get(level..)?.strip_prefix([' ', '\t'])?;
    (1..=6).contains(&level).then(|| title.trim().trim_end_matches('#').trim_end())
}

fn is_rule(text: &str) -> bool {
    let signs = || text.chars().filter(|char| !char.is_whitespace());
    ['-', '*', '_'].iter().any(|sign| signs().take(3).count() == 3 && signs().all(|char| char == *sign))
}

fn opens_fence(text: &str, indent: usize, quotes: usize) -> Option<(Fence, &str)> {
    let sign = text.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let info = text.trim_start_matches(sign);
    let run = text.len() - info.len();
    (run >= 3 && !info.contains('`')).then(|| (Fence { sign, run, indent, quotes }, info.trim()))
}

impl Fence {
    /// Whether this line ends the block.
    pub fn closes(&self, line: &str) -> bool {
        let (text, run) = self.run(line);
        run >= self.run && run == text.len()
    }

    /// Whether this may be the beginning of the line that ends it.
    pub fn may_close(&self, line: &str) -> bool {
        let (text, run) = self.run(line);
        run == text.len()
    }

    fn run<'a>(&self, line: &'a str) -> (&'a str, usize) {
        let text = unquoted(line, self.quotes).1.trim();
        (text, text.len() - text.trim_start_matches(self.sign).len())
    }

    /// Bytes at the head of a line that are not code: the quotes it stands in, and as much room as the fence has.
    pub fn before(&self, line: &str) -> usize {
        let text = unquoted(line, self.quotes).1;
        let room = text.len() - text.trim_start_matches(' ').len();
        line.len() - text.len() + room.min(self.indent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_in_lists_however_they_are_indented() {
        for (lines, expected) in [
            (vec!["- a", "  - b", "    - c", "- d"], vec!["• |", "  ◦ |", "    ▪ |", "• |"]),
            (vec!["1. a", "    - b", "    text", "2. c"], vec!["1. |", "   ◦ |", "   |", "2. |"]),
            (vec!["- a", " - b"], vec!["• |", "• |"]),
            (vec!["1. a", "  - b", "text"], vec!["1. |", "   ◦ |", "|"]),
            (vec!["- a", "", "  more", "", "end"], vec!["• |", "-", "  |", "-", "|"]),
            (vec!["> - a", ">   - b", "> > c"], vec!["▏ • |", "▏   ◦ |", "▏ ▏ |"]),
        ] {
            let mut place = Place::default();
            let shown: Vec<String> = lines
                .iter()
                .map(|line| match place.read(line, 60) {
                    (lead, Kind::Words(_)) => lead.first.iter().map(|piece| piece.text.as_str()).chain(["|"]).collect(),
                    _ => "-".into(),
                })
                .collect();
            assert_eq!(shown, expected, "{lines:?}");
        }
    }
}
