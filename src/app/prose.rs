//! The text of a question or an answer, as wrapped rows. Light markdown: headings, lists, quotes, fenced code, the
//! marks inside a line. While an answer streams, only its last line is laid out again: what a finished line became
//! stays, so that a word more costs the same at the end of a long answer as at its beginning.
//!
//! ```text
//!  text ─┬─ finished lines ──▶ rows that stay (fixed)
//!        └─ the last line ───▶ rows that are made again with each word
//! ```

use crate::app::cells;
use crate::app::inline::Inline;
use crate::app::row::{Piece, Role, Row};
use crate::domain::text::one_line;

/// Rows of one streaming line above which its finished rows stay too.
const LONG: usize = 12;

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it was typed.
    Verbatim,
    /// As markdown.
    Markdown,
}

/// A text in rows of one width.
#[derive(Debug, Clone)]
pub struct Prose {
    reading: Reading,
    width: usize,
    rows: Vec<Row>,
    /// Rows of finished lines.
    fixed: usize,
    /// Bytes of finished lines.
    done: usize,
    fence: Option<Fence>,
    /// In the middle of a line whose first rows stay: how it goes on.
    rest_of: Option<Hang>,
}

/// What opened a block of code: the sign, how many of it, and how far in.
#[derive(Debug, Clone, Copy)]
struct Fence {
    sign: char,
    run: usize,
    indent: usize,
}

/// What stands before the rows of a line, and the role of its words.
#[derive(Debug, Clone)]
struct Hang {
    first: Vec<Piece>,
    rest: Vec<Piece>,
    base: Role,
}

impl Prose {
    /// Nothing yet, in `width` columns.
    pub const fn new(reading: Reading, width: usize) -> Self {
        let width = if width == 0 { 1 } else { width };
        Self { reading, width, rows: Vec::new(), fixed: 0, done: 0, fence: None, rest_of: None }
    }

    /// A whole text at once.
    pub fn whole(reading: Reading, width: usize, text: &str) -> Self {
        let mut prose = Self::new(reading, width);
        prose.extend(text, true);
        prose
    }

    /// Its rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Lays out what is new in `text`, of which all that was handed over before is the beginning. `over`: nothing more
    /// comes.
    pub fn extend(&mut self, text: &str, over: bool) {
        self.rows.truncate(self.fixed);
        while let Some(rest) = text.get(self.done..) {
            let Some(end) = rest.find('\n') else { break };
            let (line, _) = rest.split_at(end);
            self.line(line, false);
            self.done += end + 1;
            self.rest_of = None;
            self.fixed = self.rows.len();
        }
        let tail = text.get(self.done..).unwrap_or_default();
        // A text that ends with a newline has no row behind it; an empty one has none at all.
        if !tail.is_empty() {
            self.line(tail, !over);
            if !over {
                self.settle(tail);
            }
        }
        if over {
            while self.rows.len() > self.fixed.min(1) && self.rows.last().is_some_and(|row| row.0.is_empty()) {
                self.rows.pop();
            }
            self.fixed = self.fixed.min(self.rows.len());
        }
    }

    fn line(&mut self, line: &str, open: bool) {
        let line = one_line(line.trim_end_matches('\r'));
        if self.reading == Reading::Verbatim {
            return self.wrap(Hang::plain(), &Inline::plain(&line, Role::Plain));
        }
        if let Some(hang) = self.rest_of.clone() {
            let inline = Inline::read(&line, hang.base, open);
            return self.wrap(Hang { first: hang.rest.clone(), ..hang }, &inline);
        }
        if let Some(fence) = self.fence {
            return self.code(fence, &line, open);
        }
        let text = line.trim_start();
        let indent = cells::of(&line) - cells::of(text);
        if let Some((fence, info)) = opens_fence(text, indent) {
            if open {
                return;
            }
            self.fence = Some(fence);
            self.gap();
            if !info.is_empty() {
                self.rows.push(Row(vec![Piece::dim(format!("  {info}"))]).cut_to(self.width));
            }
        } else if text.is_empty() {
            self.gap();
        } else if is_rule(text) {
            if !open {
                self.rows.push(Row::of("─".repeat(self.width.min(24)), Role::Dim));
            }
        } else if let Some(title) = heading(text) {
            if !self.rows.is_empty() {
                self.gap();
            }
            self.wrap(Hang { base: Role::Strong, ..Hang::plain() }, &Inline::read(title, Role::Strong, open));
        } else {
            let (hang, words) = Hang::of(text, indent.min(self.width / 3));
            self.wrap(hang.clone(), &Inline::read(words, hang.base, open));
        }
    }

    /// An empty row, but not two of them, and none at the beginning.
    fn gap(&mut self) {
        if self.rows.last().is_some_and(|row| !row.0.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    fn code(&mut self, fence: Fence, line: &str, open: bool) {
        let text = line.trim();
        let run = text.len() - text.trim_start_matches(fence.sign).len();
        if run >= fence.run && run == text.len() {
            if !open {
                self.fence = None;
                self.gap();
            }
            return;
        }
        if open && !text.is_empty() && run == text.len() {
            // The beginning of the end of the block, most likely.
            return;
        }
        // Code inside of a list is as far in as its fence: that much is not code.
        let lead = line.len() - line.trim_start().len();
        let line = line.get(lead.min(fence.indent)..).unwrap_or_default();
        let inset = 2.min(self.width.saturating_sub(1));
        let mut start = 0;
        let room = self.width - inset;
        loop {
            let rest = line.get(start..).unwrap_or_default();
            let end = start + hard_cut(rest, room);
            let part = line.get(start..end).unwrap_or_default().trim_end();
            // A line that goes on is marked: it has no break there.
            let lead = if start > 0 && inset == 2 { "↳ ".to_owned() } else { " ".repeat(inset) };
            self.rows.push(Row(vec![Piece::dim(lead), Piece::new(part, Role::Code)]));
            start = end;
            if start >= line.len() {
                break;
            }
        }
    }

    fn wrap(&mut self, hang: Hang, inline: &Inline) {
        let inset: usize = hang.first.iter().map(|piece| cells::of(&piece.text)).sum();
        let mut lead = hang.first;
        for span in cells::wrap(&inline.text, self.width.saturating_sub(inset)) {
            lead.extend(inline.pieces(span));
            self.rows.push(Row(std::mem::replace(&mut lead, hang.rest.clone())));
        }
    }

    /// Lets the first rows of a very long streaming line stay, if no mark is open where they end.
    fn settle(&mut self, tail: &str) {
        if self.rows.len() < self.fixed + LONG || self.fence.is_some() {
            return;
        }
        let line = tail.trim_start();
        let indent = tail.len() - line.len();
        if opens_fence(line, indent).is_some() || tail.contains(['`', '*', '\\', '\r', '\t']) || heading(line).is_some()
        {
            return;
        }
        let (hang, words) = match (&self.rest_of, self.reading) {
            (Some(hang), _) => (hang.clone(), tail),
            (None, Reading::Verbatim) => (Hang::plain(), tail),
            (None, Reading::Markdown) => Hang::of(line, indent.min(self.width / 3)),
        };
        let inset: usize = hang.rest.iter().map(|piece| cells::of(&piece.text)).sum();
        let spans = cells::wrap(words, self.width.saturating_sub(inset));
        let keep = spans.len().saturating_sub(2);
        let Some(span) = spans.get(keep) else { return };
        self.done += tail.len() - words.len() + span.start;
        self.fixed += keep;
        self.rest_of = Some(Hang { first: hang.rest.clone(), ..hang });
    }
}

impl Hang {
    const fn plain() -> Self {
        Self { first: Vec::new(), rest: Vec::new(), base: Role::Plain }
    }

    /// What a list or a quote puts before its rows, and the words behind that.
    fn of(text: &str, indent: usize) -> (Self, &str) {
        let space = |columns: usize| Piece::plain(" ".repeat(columns));
        if let Some(words) = text.strip_prefix('>') {
            let bar = vec![space(indent), Piece::dim("▏ ")];
            return (Self { first: bar.clone(), rest: bar, base: Role::Plain }, words.trim_start());
        }
        let Some((mark, words)) = bullet(text) else {
            let lead = if indent > 0 { vec![space(indent)] } else { Vec::new() };
            return (Self { first: lead.clone(), rest: lead, base: Role::Plain }, text);
        };
        let size = cells::of(&mark);
        let first = vec![space(indent), Piece::dim(mark)];
        (Self { first, rest: vec![space(indent + size)], base: Role::Plain }, words)
    }
}

/// The mark of a list and the words behind it: `• `, `12. `.
fn bullet(text: &str) -> Option<(String, &str)> {
    if let Some(words) = text.strip_prefix(['-', '*', '+']).and_then(|rest| rest.strip_prefix(' ')) {
        return Some(("• ".into(), words.trim_start()));
    }
    let digits = text.len() - text.trim_start_matches(|char: char| char.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let words = rest.strip_prefix(['.', ')'])?.strip_prefix(' ')?;
    (1..=4).contains(&digits).then(|| (format!("{number}. "), words.trim_start()))
}

fn heading(text: &str) -> Option<&str> {
    let level = text.len() - text.trim_start_matches('#').len();
    let title = text.get(level..)?.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| title.trim().trim_end_matches('#').trim_end())
}

fn is_rule(text: &str) -> bool {
    let signs: String = text.chars().filter(|char| *char != ' ').collect();
    signs.len() >= 3 && ['-', '*', '_'].iter().any(|sign| signs.chars().all(|char| char == *sign))
}

fn opens_fence(text: &str, indent: usize) -> Option<(Fence, &str)> {
    let sign = text.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let info = text.trim_start_matches(sign);
    let run = text.len() - info.len();
    (run >= 3 && !info.contains('`')).then(|| (Fence { sign, run, indent }, info.trim()))
}

/// Bytes of `line` that fit into `width` columns, at least one cluster.
fn hard_cut(line: &str, width: usize) -> usize {
    use unicode_segmentation::UnicodeSegmentation;
    let mut columns = 0;
    for (at, cluster) in line.grapheme_indices(true) {
        columns += cells::of_cluster(cluster);
        if columns > width && at > 0 {
            return at;
        }
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(width: usize, text: &str) -> Vec<String> {
        Prose::whole(Reading::Markdown, width, text).rows().iter().map(Row::text).collect()
    }

    #[test]
    fn markdown_becomes_rows() {
        for (width, text, expected) in [
            (20, "", vec![]),
            (20, "one\n\n\n\ntwo\n\n", vec!["one", "", "two"]),
            (10, "# A heading\ntext", vec!["A heading", "text"]),
            (20, "text\n## Next", vec!["text", "", "Next"]),
            (14, "- hangs under its mark\n  - deeper", vec!["• hangs under", "  its mark", "  • deeper"]),
            (12, "10. ten words in it", vec!["10. ten", "    words in", "    it"]),
            (10, "> a quoted line", vec!["▏ a quoted", "▏ line"]),
            (
                20,
                "see\n```rust\nlet a  = 1;\n\nlet b;\n```\nend",
                vec!["see", "", "  rust", "  let a  = 1;", "  ", "  let b;", "", "end"],
            ),
            (8, "```\n0123456789\n```", vec!["  012345", "↳ 6789"]),
            (6, "```a long name\nx", vec!["  a l…", "  x"]),
            (10, "a\n---\nb", vec!["a", "──────────", "b"]),
            (10, "#no heading\n-no list", vec!["#no", "heading", "-no list"]),
            (20, "bell\x07 and \x1b[31mred", vec!["bell\u{fffd} and \u{fffd}[31mred"]),
        ] {
            assert_eq!(rows(width, text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_was_typed_stays_as_it_was() {
        let prose = Prose::whole(Reading::Verbatim, 20, "# not a heading\n\n\n- a *b*");
        let rows: Vec<String> = prose.rows().iter().map(Row::text).collect();
        assert_eq!(rows, ["# not a heading", "", "", "- a *b*"]);
    }

    #[test]
    fn a_family_that_marks_had_parted_fits() {
        for row in Prose::whole(Reading::Markdown, 10, "`👩0A A👩`\u{200d}👩a0AAAa0a 日").rows() {
            assert!(row.width() <= 10, "{row:?}");
        }
    }

    fn text() -> String {
        let long = "words that go on and on without any end ".repeat(40);
        format!(
            "# Title\n\nA **strong** word and `code`.\r\n\n- one\n- two {long}\n\n```rust\nfn main() {{}}\n```\n\n{long}\nend **of** it\n"
        )
    }

    #[test]
    fn streaming_ends_as_if_it_had_come_at_once() {
        let text = text();
        for step in [1, 3, 7, 50] {
            let mut prose = Prose::new(Reading::Markdown, 30);
            let mut end = 0;
            while end < text.len() {
                end = (end + step).min(text.len());
                prose.extend(text.get(..end).unwrap(), false);
            }
            prose.extend(&text, true);
            assert_eq!(prose.rows(), Prose::whole(Reading::Markdown, 30, &text).rows(), "{step}");
        }
    }

    #[test]
    fn a_long_line_is_not_laid_out_from_its_beginning_again() {
        let text = "word ".repeat(10_000);
        let mut prose = Prose::new(Reading::Markdown, 40);
        for end in (5..text.len()).step_by(5) {
            prose.extend(text.get(..end).unwrap(), false);
            assert!(prose.rows.len() - prose.fixed <= LONG, "{end}");
            assert!(end - prose.done < 40 * (LONG + 1));
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(128) })]
        #[test]
        fn any_text_fits_at_any_width(text in "([ -~]|[`*#>\\-\n\t日👩\u{200d}]){0,120}", width in 2..30usize, cut in 0..120usize) {
            let mut prose = Prose::new(Reading::Markdown, width);
            let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            prose.extend(text.get(..cut).unwrap(), false);
            prose.extend(&text, true);
            let whole = Prose::whole(Reading::Markdown, width, &text);
            proptest::prop_assert_eq!(prose.rows(), whole.rows());
            for row in prose.rows() {
                // A list's mark needs its own columns, however narrow it is.
                proptest::prop_assert!(row.width() <= width.max(9), "{row:?}");
            }
        }
    }
}
