//! A block of code in an answer: its lines, and what each part of them is, as far as that was found out. It is found
//! out elsewhere, for it takes time: until then code is code.

use std::ops::Range;

use crate::app::cells;
use crate::app::row::{Piece, Role, Row};
use crate::domain::text::one_line;

/// Lines, and bytes, of one block that are looked into.
const MOST: (usize, usize) = (3000, 128 * 1024);

/// What a part of a line is: its bytes, and their role.
pub type Hue = (Range<usize>, Role);

/// A block of code.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The language, as its fence says.
    pub lang: String,
    /// Columns before its rows.
    pub inset: usize,
    /// Its finished lines: the first row of each, and its bytes in the answer.
    lines: Vec<(usize, Range<usize>)>,
    /// Of the first lines: what their parts are.
    hues: Vec<Vec<Hue>>,
    /// Lines about which was asked.
    asked: usize,
}

impl Listing {
    /// A block that begins. `known`: what its lines were when it was laid out before.
    pub fn new(lang: &str, inset: usize, known: Option<Self>) -> Self {
        let known = known.filter(|known| known.lang == lang).unwrap_or_default();
        Self { lang: lang.to_owned(), inset, lines: Vec::new(), asked: known.hues.len(), hues: known.hues }
    }

    /// One more finished line, whose first row is `row`.
    pub fn push(&mut self, row: usize, text: Range<usize>) {
        self.lines.push((row, text));
    }

    /// What the parts of the next line are, if that is known.
    pub fn next_hues(&self) -> &[Hue] {
        self.hues.get(self.lines.len()).map_or(&[], Vec::as_slice)
    }

    /// The lines about which nobody was asked yet: the number of the first one, and their bytes in the answer. None
    /// while an answer to an earlier question is on its way.
    pub fn ask(&mut self) -> Option<(usize, Vec<Range<usize>>)> {
        let from = self.asked;
        if self.is_settled() || from > self.hues.len() {
            return None;
        }
        self.asked = self.lines.len();
        let lines = self.lines.get(from..)?.iter().map(|(_, text)| text.clone());
        Some((from, lines.collect()))
    }

    /// Whether nothing is to be asked about it, unless more lines come.
    pub fn is_settled(&self) -> bool {
        let bytes =
            self.lines.last().map_or(0, |(_, last)| last.end) - self.lines.first().map_or(0, |(_, first)| first.start);
        let looked_into = !self.lang.is_empty() && self.lines.len() <= MOST.0 && bytes <= MOST.1;
        !looked_into || self.asked >= self.lines.len()
    }

    /// Takes in what the parts of the lines from `from` on are: the lines whose rows change.
    pub fn learn(&mut self, from: usize, hues: Vec<Vec<Hue>>) -> Range<usize> {
        if from != self.hues.len() {
            return 0..0;
        }
        self.hues.extend(hues);
        from..self.hues.len().min(self.lines.len())
    }

    /// A finished line: its first row, its bytes in the answer, and what its parts are.
    pub fn line(&self, number: usize) -> Option<(usize, Range<usize>, &[Hue])> {
        let (row, text) = self.lines.get(number)?;
        Some((*row, text.clone(), self.hues.get(number).map_or(&[], Vec::as_slice)))
    }
}

/// The rows of a line of code, and of each but the first its first byte. `goes_on`: its beginning stands above.
pub fn rows(line: &str, hues: &[Hue], inset: usize, width: usize, goes_on: bool) -> (Vec<Row>, Vec<usize>) {
    let inset = inset.min(width.saturating_sub(1));
    let (mut rows, mut starts, mut start) = (Vec::new(), Vec::new(), 0);
    loop {
        let end = start + hard_cut(line.get(start..).unwrap_or_default(), width - inset);
        // A line that goes on is marked: it has no break there.
        let lead = if (start > 0 || goes_on) && inset >= 2 {
            format!("{}↳ ", " ".repeat(inset - 2))
        } else {
            " ".repeat(inset)
        };
        let mut pieces = vec![Piece::dim(lead)];
        let kept = line.get(start..end).unwrap_or_default().trim_end().len();
        color(line, start..start + kept, hues, &mut pieces);
        rows.push(Row(pieces));
        start = end;
        if start >= line.len() {
            return (rows, starts);
        }
        starts.push(start);
    }
}

fn color(line: &str, part: Range<usize>, hues: &[Hue], pieces: &mut Vec<Piece>) {
    let mut add = |range: Range<usize>, role| {
        if let Some(text) = line.get(range).filter(|text| !text.is_empty()) {
            pieces.push(Piece::new(one_line(text), role));
        }
    };
    if hues.is_empty() {
        return add(part, Role::Code);
    }
    let mut at = part.start;
    for (range, role) in hues {
        let (from, to) = (range.start.max(at), range.end.min(part.end));
        if from < to {
            add(at..from, Role::Plain);
            add(from..to, *role);
            at = to;
        }
    }
    add(at..part.end, Role::Plain);
}

/// Bytes of `line` that fit into `width` columns, at least one cluster.
fn hard_cut(line: &str, width: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    if line.len() <= width && line.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return line.len();
    }
    let mut columns = 0;
    for (at, cluster) in line.grapheme_indices(true) {
        columns += cells::of_cluster(cluster);
        if columns > width && at > 0 {
            return at;
        }
    }
    line.len()
}
