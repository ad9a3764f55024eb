//! A table of an answer, once it is whole: columns as wide as they must be, narrowed where they do not fit, and each row
//! a record of its own where even that leaves too little.

use crate::app::cells;
use crate::app::inline::{How, Inline};
use crate::app::row::{Piece, Role, Row};
use crate::domain::text::one_line;

/// Columns that a narrowed column has at least, if it wants so many.
const LEAST: usize = 8;

/// What stands between two columns.
const GAP: &str = " │ ";

/// Rows that are kept of one table.
const MOST: usize = 1000;

/// To which side a column leans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Middle,
    Right,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// What stands before its rows.
    pub lead: Vec<Piece>,
    /// Whether its rows begin with a bar.
    pub barred: bool,
    sides: Vec<Side>,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The table that these two lines begin; None: they do not.
    pub fn begin(head: &str, rule: &str, lead: Vec<Piece>) -> Option<Self> {
        let (cells, sides) = (split(head), split(rule));
        let sides: Option<Vec<Side>> = sides.iter().map(|cell| side(cell)).collect();
        let sides = sides.filter(|sides| sides.len() == cells.len() && rule.contains('|'))?;
        let barred = head.trim_start().starts_with('|');
        Some(Self { lead, barred, sides, head: cells, rows: Vec::new() })
    }

    /// Whether a line may be the second one of a table, or the beginning of that.
    pub fn may_begin(rule: &str) -> bool {
        rule.chars().all(|sign| matches!(sign, '|' | '-' | ':' | ' ' | '\t' | '>'))
    }

    /// One more row.
    pub fn push(&mut self, line: &str) {
        if self.rows.len() < MOST {
            self.rows.push(split(line));
        }
    }

    /// What is said of it while it is not whole.
    pub fn so_far(&self) -> Row {
        let rows = match self.rows.len() {
            0 => "a table".to_owned(),
            1 => "a table, 1 row so far".to_owned(),
            rows => format!("a table, {rows} rows so far"),
        };
        Row([self.lead.as_slice(), &[Piece::dim(rows)]].concat())
    }

    /// Its rows in `width` columns.
    pub fn lay_out(&self, width: usize, how: How) -> Vec<Row> {
        let before: usize = self.lead.iter().map(|piece| cells::of(&piece.text)).sum();
        let width = width.saturating_sub(before).max(1);
        let head = How { base: Role::Strong, ..how };
        let read = |row: &[String], how| -> Vec<Inline> {
            (0..self.head.len()).map(|at| Inline::read(row.get(at).map_or("", String::as_str), how)).collect()
        };
        let mut rows = vec![read(&self.head, head)];
        rows.extend(self.rows.iter().map(|row| read(row, how)));
        let shown = match self.columns(&rows, width) {
            Some(widths) => self.as_columns(&rows, &widths),
            None => Self::as_records(&rows, width),
        };
        shown.into_iter().map(|row| Row([self.lead.clone(), row.0].concat())).collect()
    }

    /// The widths of the columns; None: too many for `width`.
    fn columns(&self, rows: &[Vec<Inline>], width: usize) -> Option<Vec<usize>> {
        let mut wanted = vec![1; self.head.len()];
        for row in rows {
            for (cell, wanted) in row.iter().zip(&mut wanted) {
                *wanted = (*wanted).max(cells::of(cell.text.trim_end()));
            }
        }
        let room = width.checked_sub(cells::of(GAP) * self.head.len().saturating_sub(1))?;
        if wanted.iter().sum::<usize>() <= room {
            return Some(wanted);
        }
        // The widest give first, until it fits.
        let least: Vec<usize> = wanted.iter().map(|wanted| *wanted.min(&LEAST)).collect();
        if least.iter().sum::<usize>() > room {
            return None;
        }
        let fits = |most: usize| wanted.iter().map(|wanted| *wanted.min(&most)).sum::<usize>() <= room;
        let most = (LEAST..room).rev().find(|most| fits(*most)).unwrap_or(LEAST);
        let mut widths: Vec<usize> = wanted.iter().map(|wanted| *wanted.min(&most)).collect();
        let mut spare = room.saturating_sub(widths.iter().sum());
        for (width, wanted) in widths.iter_mut().zip(&wanted) {
            let more = spare.min(wanted - *width);
            *width += more;
            spare -= more;
        }
        Some(widths)
    }

    fn as_columns(&self, rows: &[Vec<Inline>], widths: &[usize]) -> Vec<Row> {
        let mut shown = Vec::new();
        // Rows of which one takes several lines are told apart by an empty one.
        let tall =
            |row: &Vec<Inline>| row.iter().zip(widths).any(|(cell, width)| cells::wrap(&cell.text, *width).len() > 1);
        let airy = rows.iter().skip(1).any(tall);
        for (number, row) in rows.iter().enumerate() {
            if number == 1 {
                let line: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                shown.push(Row::of(line.join("─┼─"), Role::Dim));
            } else if airy && number > 1 {
                shown.push(Row::of(
                    widths.iter().map(|width| " ".repeat(*width)).collect::<Vec<_>>().join(GAP),
                    Role::Dim,
                ));
            }
            let parts: Vec<Vec<Vec<Piece>>> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| {
                    cells::wrap(&cell.text, *width).into_iter().map(|span| cell.pieces(span)).collect()
                })
                .collect();
            let height = parts.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut pieces = Vec::new();
                for (column, (part, width)) in parts.iter().zip(widths).enumerate() {
                    if column > 0 {
                        pieces.push(Piece::dim(GAP));
                    }
                    let side = self.sides.get(column).copied().unwrap_or(Side::Left);
                    let cell = Row(part.get(line).cloned().unwrap_or_default()).cut_to(*width);
                    pieces.extend(leaning(cell, *width, side));
                }
                shown.push(Row(pieces));
            }
        }
        shown
    }

    /// Each row under the next, its cells behind the names of their columns.
    fn as_records(rows: &[Vec<Inline>], width: usize) -> Vec<Row> {
        let Some((head, rows)) = rows.split_first() else { return Vec::new() };
        let mut shown = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                shown.push(Row::of("─".repeat(width.min(8)), Role::Dim));
            }
            for (name, cell) in head.iter().zip(row).filter(|(_, cell)| !cell.text.trim().is_empty()) {
                let name = cells::cut(name.text.trim(), width);
                let inset = 2.min(width.saturating_sub(1));
                let on_one = cells::of(&name) + 2 + cells::of(cell.text.trim_end()) <= width;
                let mut lead = vec![Piece::new(one_line(&name), Role::Strong)];
                if on_one {
                    lead.push(Piece::plain("  "));
                } else {
                    shown.push(Row(std::mem::take(&mut lead)));
                    lead = vec![Piece::plain(" ".repeat(inset))];
                }
                let room = if on_one { width } else { width - inset };
                for span in cells::wrap(&cell.text, room) {
                    lead.extend(cell.pieces(span));
                    shown.push(Row(std::mem::replace(&mut lead, vec![Piece::plain(" ".repeat(inset))])));
                }
            }
        }
        shown
    }
}

/// The pieces of a cell, filled up to `width` columns.
fn leaning(cell: Row, width: usize, side: Side) -> Vec<Piece> {
    let room = width.saturating_sub(cell.width());
    let before = match side {
        Side::Left => 0,
        Side::Middle => room / 2,
        Side::Right => room,
    };
    let space = |columns: usize| (columns > 0).then(|| Piece::plain(" ".repeat(columns)));
    space(before).into_iter().chain(cell.0).chain(space(room - before)).collect()
}

/// The cells of a line. A bar behind a backslash is none, nor is one inside of code.
fn split(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let (mut escaped, mut code) = (false, false);
    let paired = line.matches('`').count().is_multiple_of(2);
    for sign in line.chars() {
        let bar = sign == '|' && !escaped && !code;
        if bar {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            if sign == '|' && escaped {
                cell.pop();
            }
            cell.push(sign);
        }
        code ^= sign == '`' && !escaped && paired;
        escaped = sign == '\\' && !escaped;
    }
    if cells.len() > 1 && cells.last().is_some_and(|last| last.trim().is_empty()) {
        cells.pop();
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn side(cell: &str) -> Option<Side> {
    let dashes = cell.trim_start_matches(':').trim_end_matches(':');
    let ruled = !dashes.is_empty() && dashes.chars().all(|sign| sign == '-');
    ruled.then_some(match (cell.starts_with(':'), cell.ends_with(':')) {
        (true, true) => Side::Middle,
        (false, true) => Side::Right,
        _ => Side::Left,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: How = How { base: Role::Plain, open: false, glued: false, spelled: false };

    fn table() -> Table {
        let mut table = Table::begin("| Name | Tokens | Note |", "|:--|--:|:-:|", Vec::new()).unwrap();
        table.push("| groq | 8000 | **fast** and `a|b` |");
        table.push("| 日本 | 12 | x \\| y |");
        table.push("| short |");
        table
    }

    fn shown(width: usize) -> Vec<String> {
        table().lay_out(width, HOW).iter().map(Row::text).collect()
    }

    #[test]
    fn a_table_fits_its_columns() {
        assert_eq!(
            shown(40),
            [
                "Name  │ Tokens │     Note    ",
                "──────┼────────┼─────────────",
                "groq  │   8000 │ fast and a|b",
                "日本  │     12 │    x | y    ",
                "short │        │             ",
            ]
        );
    }

    #[test]
    fn a_wide_one_is_narrowed_then_turned() {
        assert_eq!(
            shown(26),
            [
                "Name  │ Tokens │   Note   ",
                "──────┼────────┼──────────",
                "groq  │   8000 │ fast and ",
                "      │        │    a|b   ",
                "      │        │          ",
                "日本  │     12 │   x | y  ",
                "      │        │          ",
                "short │        │          ",
            ]
        );
        assert_eq!(
            shown(18),
            [
                "Name  groq",
                "Tokens  8000",
                "Note  fast and a|b",
                "────────",
                "Name  日本",
                "Tokens  12",
                "Note  x | y",
                "────────",
                "Name  short"
            ]
        );
        assert_eq!(shown(10)[3..6], ["Note", "  fast and", "  a|b"].map(str::to_owned));
    }

    #[test]
    fn two_lines_make_a_table_or_not() {
        for (head, rule, expected) in [
            ("| a | b |", "|---|---|", true),
            ("a | b", "--- | ---", true),
            ("a | b", "---", false),
            ("a | b", "| x | y |", false),
            ("| a |", "|---|", true),
        ] {
            assert_eq!(Table::begin(head, rule, Vec::new()).is_some(), expected, "{head} {rule}");
        }
    }

    #[test]
    fn it_fits_every_width() {
        for width in 1..50 {
            for row in table().lay_out(width, HOW) {
                assert!(row.width() <= width.max(4), "{width}: {row:?}");
            }
        }
    }
}
