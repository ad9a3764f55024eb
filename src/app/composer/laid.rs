//! The draft in rows of one width, its folds as their labels. Pure.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::app::cells;
use crate::app::composer::fold::{Folds, is_sign};
use crate::app::row::{Piece, Role, Row};
use crate::domain::text::harmless;

/// How the draft stands on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Laid {
    /// Its rows, harmless.
    pub rows: Vec<Row>,
    /// The cursor's row among them, and its column.
    pub cursor: (usize, usize),
    /// The first row that is shown.
    pub top: usize,
    /// Of each row: its line, and its bytes in it as it is seen.
    pub spans: Vec<(usize, Range<usize>)>,
}

/// A line as it is seen, and where in it folds are.
fn seen(line: &str, folds: &Folds) -> Option<(String, Vec<Range<usize>>)> {
    if !line.contains(is_sign) {
        return None;
    }
    let (mut text, mut labels) = (String::new(), Vec::new());
    for char in line.chars() {
        match folds.label_of(char) {
            Some(label) => {
                labels.push(text.len()..text.len() + label.len());
                text.push_str(label);
            }
            None => text.push(char),
        }
    }
    Some((text, labels))
}

/// Bytes of a character as it is seen.
fn bytes(char: char, folds: &Folds) -> usize {
    folds.label_of(char).map_or(char.len_utf8(), str::len)
}

impl Laid {
    /// These lines in rows of `width` columns, with the cursor at `at`: line, characters before it.
    pub fn new(lines: &[String], at: (usize, usize), folds: &Folds, width: usize, top: usize) -> Self {
        let mut laid = Self { top, ..Self::default() };
        for (number, line) in lines.iter().enumerate() {
            let cursor =
                (number == at.0).then(|| line.chars().take(at.1).map(|char| bytes(char, folds)).sum::<usize>());
            let seen = seen(line, folds);
            let (line, labels) = seen.as_ref().map_or((line.as_str(), &[][..]), |(text, labels)| (text, labels));
            for span in cells::wrap(line, width) {
                if let Some(cursor) = cursor.filter(|cursor| (span.start..=span.end).contains(cursor)) {
                    let before = line.get(span.start..cursor).unwrap_or_default();
                    laid.cursor = (laid.rows.len(), cells::of(before).min(width));
                }
                laid.rows.push(pieces(line, span.clone(), labels));
                laid.spans.push((number, span));
            }
        }
        laid
    }

    /// Shows at most `height` rows, the cursor's among them.
    pub fn show(&mut self, height: usize) {
        let height = height.max(1);
        let row = self.cursor.0;
        self.top = self.top.min(self.rows.len().saturating_sub(height)).min(row);
        self.top = self.top.max((row + 1).saturating_sub(height));
    }
}

fn pieces(line: &str, span: Range<usize>, labels: &[Range<usize>]) -> Row {
    let text = |from: usize, to: usize| harmless(line.get(from..to).unwrap_or_default()).into_owned();
    let (mut row, mut at) = (Row::default(), span.start);
    for label in labels {
        let (from, to) = (label.start.clamp(at, span.end), label.end.clamp(at, span.end));
        if from < to {
            row.0.push(Piece::plain(text(at, from)));
            row.0.push(Piece::new(text(from, to), Role::Accent));
            at = to;
        }
    }
    row.0.push(Piece::plain(text(at, span.end)));
    row
}

/// How many characters of a line stand before `column` of its row `span`. Inside a fold: those before it; with `after`,
/// it too.
pub fn characters(line: &str, span: Range<usize>, column: usize, folds: &Folds, after: bool) -> usize {
    let seen = seen(line, folds);
    let shown = seen.as_ref().map_or(line, |(text, _)| text.as_str());
    let last_of_line = span.end == shown.len();
    let (mut columns, mut byte) = (0, span.start);
    let mut clusters = shown.get(span).unwrap_or_default().graphemes(true).peekable();
    while let Some(cluster) = clusters.next() {
        columns += cells::of_cluster(cluster);
        // The place behind a row's last cluster is the head of the next row, unless the line ends there.
        if columns > column || clusters.peek().is_none() && !last_of_line {
            break;
        }
        byte += cluster.len();
    }
    let mut passed = 0;
    for (number, char) in line.chars().enumerate() {
        let size = bytes(char, folds);
        if passed >= byte || passed + size > byte && !after {
            return number;
        }
        passed += size;
    }
    line.chars().count()
}
