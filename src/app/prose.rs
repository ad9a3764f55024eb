//! The text of a question or an answer, as wrapped rows. While an answer streams, only its last line is laid out again:
//! what a finished line became stays, so that a word more costs the same at the end of a long answer as at its
//! beginning. A table is held back until it is whole; of a very long line the rows that are decided stay too.
//!
//! ```text
//!  text ─┬─ finished lines ──▶ rows that stay (fixed)
//!        └─ the last line ───▶ rows that are made again with each word
//! ```

use std::ops::Range;

use crate::app::cells;
use crate::app::inline::{How, Inline};
use crate::app::lead::{Fence, Kind, Lead, Place, inside_quotes};
use crate::app::listing::{self, Hue, Listing};
use crate::app::mark::REACH;
use crate::app::row::{Piece, Role, Row};
use crate::app::table::Table;
use crate::domain::text::one_line;

/// Rows of one streaming line above which its finished rows stay too.
const LONG: usize = 12;

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it was typed.
    Verbatim,
    /// As markdown. `spelled`: addresses are spelled out, the terminal has no links.
    Markdown {
        /// Whether they are.
        spelled: bool,
    },
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
    place: Place,
    block: Block,
    /// In the middle of a line whose first rows stay: how it goes on.
    goes_on: Option<(Lead, bool)>,
    listings: Vec<Listing>,
    /// The first blocks of code, about which nothing is to be asked any more.
    settled: usize,
    /// What was known of its blocks of code when it was laid out before.
    known: Vec<Option<Listing>>,
}

/// What a line may belong to with those before it.
#[derive(Debug, Clone)]
enum Block {
    /// Nothing.
    Text,
    /// A line with a bar in it: the head of a table, if the next one says so.
    Head(String),
    Table(Table),
    Code(Fence),
}

impl Prose {
    /// Nothing yet, in `width` columns.
    pub fn new(reading: Reading, width: usize) -> Self {
        Self {
            reading,
            width: width.max(1),
            rows: Vec::new(),
            fixed: 0,
            done: 0,
            place: Place::default(),
            block: Block::Text,
            goes_on: None,
            listings: Vec::new(),
            settled: 0,
            known: Vec::new(),
        }
    }

    /// A whole text at once.
    pub fn whole(reading: Reading, width: usize, text: &str) -> Self {
        let mut prose = Self::new(reading, width);
        prose.extend(text, true);
        prose
    }

    /// The same text, to be laid out again; what its code was found to be is kept.
    #[must_use]
    pub fn again(self, reading: Reading, width: usize) -> Self {
        let listings = self.listings.into_iter().map(Some);
        // Those that it did not come to again since the last time.
        let later = self.known.into_iter().skip(listings.len());
        Self { known: listings.chain(later).collect(), ..Self::new(reading, width) }
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
            self.finish(text, self.done..self.done + end);
            self.done += end + 1;
            self.fixed = self.rows.len();
        }
        // A text that ends with a newline has no row behind it; an empty one has none at all.
        if over {
            if self.done < text.len() {
                self.finish(text, self.done..text.len());
                self.done = text.len();
            }
            self.flush();
            while self.rows.len() > 1 && self.rows.last().is_some_and(|row| row.0.is_empty()) {
                self.rows.pop();
            }
            self.fixed = self.rows.len();
        } else {
            self.tail(text.get(self.done..).unwrap_or_default());
        }
    }

    /// A line that is whole.
    fn finish(&mut self, text: &str, at: Range<usize>) {
        let raw = text.get(at.clone()).unwrap_or_default();
        let line = raw.trim_end_matches('\r');
        if let Some((lead, glued)) = self.goes_on.take() {
            if let Block::Code(_) = self.block {
                // Its beginning was too long to be looked into, so is the rest.
                let inset = self.listings.last().map_or(2, |listing| listing.inset);
                self.rows.extend(listing::rows(line, &[], inset, self.width, true).0);
                return;
            }
            self.words(&lead, line, None, glued);
            return;
        }
        match &mut self.block {
            Block::Code(fence) if fence.closes(line) => {
                self.block = Block::Text;
                self.gap();
            }
            Block::Code(fence) => {
                let code = at.start + fence.before(line)..at.start + line.len();
                self.code_line(text, code);
            }
            Block::Table(table) if line.contains('|') => table.push(line),
            Block::Head(head) => {
                let lead = self.place.clone().read(head, self.width).0;
                if let Some(table) = Table::begin(inside_quotes(head), inside_quotes(line), lead.first) {
                    self.block = Block::Table(table);
                } else {
                    self.flush();
                    self.line(line, false);
                }
            }
            Block::Table(_) => {
                self.flush();
                self.line(line, false);
            }
            Block::Text => self.line(line, false),
        }
    }

    /// What was held back, whatever it is, is shown.
    fn flush(&mut self) {
        match std::mem::replace(&mut self.block, Block::Text) {
            Block::Head(head) => {
                let (lead, kind) = self.place.read(&head, self.width);
                if let Kind::Words(words) = kind {
                    self.words(&lead, words, None, false);
                }
            }
            Block::Table(table) => self.rows.extend(table.lay_out(self.width, self.how(Role::Plain, false, false))),
            code @ Block::Code(_) => self.block = code,
            Block::Text => {}
        }
        self.fixed = self.rows.len();
    }

    /// The line that still grows.
    fn tail(&mut self, line: &str) {
        let settled = match &self.block {
            Block::Head(_) => !Table::may_begin(line),
            Block::Table(table) => {
                let first = inside_quotes(line).trim_start().chars().next();
                table.barred && first.is_some_and(|first| first != '|')
            }
            Block::Text | Block::Code(_) => false,
        };
        if settled {
            self.flush();
        }
        match &self.block {
            Block::Head(head) => {
                let (lead, _) = self.place.clone().read(head, self.width);
                self.rows.push(Row([lead.first, vec![Piece::dim("a table")]].concat()));
            }
            Block::Table(table) => self.rows.push(table.so_far().cut_to(self.width)),
            Block::Code(fence) => self.code_tail(*fence, line),
            Block::Text if line.is_empty() => {}
            Block::Text => match self.goes_on.clone() {
                Some((lead, glued)) => self.words(&lead, line, Some(self.done), glued),
                None => self.line(line, true),
            },
        }
    }

    fn line(&mut self, line: &str, open: bool) {
        if self.reading == Reading::Verbatim {
            return self.words(&Lead::default(), line, open.then_some(self.done), false);
        }
        let mut place = self.place.clone();
        let (lead, kind) = place.read(line, self.width);
        let may_head = |words: &str| words.contains('|') && line.len() <= REACH;
        match kind {
            // It is not known yet what it is.
            Kind::Empty | Kind::Rule | Kind::Fence(..) if open => return,
            Kind::Words(words) if open && words.trim_end().chars().all(|sign| "-*+#>`~_=".contains(sign)) => return,
            Kind::Empty => self.gap(),
            Kind::Rule => self.rows.push(Row::of("─".repeat(self.width.min(24)), Role::Dim)),
            Kind::Fence(fence, info) => self.begin_code(fence, info, lead.width()),
            Kind::Heading(title) => {
                self.gap();
                self.words(&lead, title, open.then_some(usize::MAX), false);
            }
            Kind::Words(words) if may_head(words) && !open => {
                // Where it stands is read again when it is known what it is.
                self.block = Block::Head(line.to_owned());
                return;
            }
            Kind::Words(words) if may_head(words) && words.starts_with('|') => {
                self.rows.push(Row([lead.first, vec![Piece::dim("a table")]].concat()));
            }
            Kind::Words(words) => {
                let at = line.len().checked_sub(words.len()).filter(|at| line.get(*at..) == Some(words));
                let at = at.filter(|_| !may_head(words)).map_or(usize::MAX, |at| self.done + at);
                self.words(&lead, words, open.then_some(at), false);
            }
        }
        if !open || self.goes_on.is_some() {
            self.place = place;
        }
    }

    fn begin_code(&mut self, fence: Fence, info: &str, before: usize) {
        self.block = Block::Code(fence);
        self.gap();
        let inset = (before + 2).min(self.width / 2);
        if !info.is_empty() {
            let info = one_line(info);
            self.rows.push(Row(vec![Piece::dim(format!("{}{info}", " ".repeat(inset)))]).cut_to(self.width));
        }
        let known = self.known.get_mut(self.listings.len()).and_then(Option::take);
        let lang = info.split([' ', ',', '{', ':']).next().unwrap_or_default();
        self.listings.push(Listing::new(lang, inset, known));
    }

    fn code_line(&mut self, text: &str, at: Range<usize>) {
        let Some(listing) = self.listings.last_mut() else { return };
        let line = text.get(at.clone()).unwrap_or_default();
        let (rows, _) = listing::rows(line, listing.next_hues(), listing.inset, self.width, false);
        listing.push(self.rows.len(), at);
        self.rows.extend(rows);
    }

    /// The line of code that still grows.
    fn code_tail(&mut self, fence: Fence, line: &str) {
        let goes_on = self.goes_on.is_some();
        if line.is_empty() || !goes_on && !line.trim().is_empty() && fence.may_close(line) {
            return;
        }
        let before = if goes_on { 0 } else { fence.before(line) };
        let Some(listing) = self.listings.last() else { return };
        let code = line.get(before..).unwrap_or_default();
        let (rows, starts) = listing::rows(code, &[], listing.inset, self.width, goes_on);
        if rows.len() > LONG
            && let Some(start) = rows.len().checked_sub(3).and_then(|keep| starts.get(keep))
        {
            self.fixed = self.rows.len() + rows.len() - 2;
            self.done += before + start;
            self.goes_on = Some((Lead::default(), false));
        }
        self.rows.extend(rows);
    }

    /// The blocks of code with lines that nobody has looked into yet: the block, its language, the first of the lines,
    /// and the lines.
    pub fn ask(&mut self, text: &str) -> Vec<(usize, String, usize, Vec<String>)> {
        let mut asked = Vec::new();
        // Blocks that are over and asked about are passed over for good.
        let over = self.listings.len().saturating_sub(1);
        while self.settled < over && self.listings.get(self.settled).is_some_and(Listing::is_settled) {
            self.settled += 1;
        }
        for (number, listing) in self.listings.iter_mut().enumerate().skip(self.settled) {
            if let Some((from, lines)) = listing.ask() {
                let lines = lines.into_iter().map(|line| text.get(line).unwrap_or_default().to_owned());
                asked.push((number, listing.lang.clone(), from, lines.collect()));
            }
        }
        asked
    }

    /// What the parts of a block's lines from `from` on are.
    pub fn learn(&mut self, text: &str, number: usize, from: usize, hues: Vec<Vec<Hue>>) {
        let Some(listing) = self.listings.get_mut(number) else { return };
        for line in listing.learn(from, hues) {
            let Some((row, at, hues)) = listing.line(line) else { continue };
            let code = text.get(at).unwrap_or_default();
            let (rows, _) = listing::rows(code, hues, listing.inset, self.width, false);
            for (place, row) in self.rows.iter_mut().skip(row).zip(rows) {
                *place = row;
            }
        }
    }

    const fn how(&self, base: Role, open: bool, glued: bool) -> How {
        How { base, open, glued, spelled: matches!(self.reading, Reading::Markdown { spelled: true }) }
    }

    /// An empty row, but not two of them, and none at the beginning.
    fn gap(&mut self) {
        if self.rows.last().is_some_and(|row| !row.0.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    /// Words behind a lead. `open`: the line still grows, and they begin there in the text; then the rows of a long
    /// one that are decided stay.
    fn words(&mut self, lead: &Lead, words: &str, open: Option<usize>, glued: bool) {
        let inline = match self.reading {
            Reading::Verbatim => Inline::plain(words, Role::Plain),
            Reading::Markdown { .. } => Inline::read(words, self.how(lead.base, open.is_some(), glued)),
        };
        let spans = cells::wrap(&inline.text, self.width.saturating_sub(lead.width()));
        let before = self.rows.len();
        let mut head = lead.first.clone();
        for span in &spans {
            head.extend(inline.pieces(span.clone()));
            self.rows.push(Row(std::mem::replace(&mut head, lead.rest.clone())));
        }
        let Some(start) = open.filter(|start| *start != usize::MAX && spans.len() >= LONG) else { return };
        // Where a row ends hangs on what comes next: that too must be decided.
        let decided = |at: usize| {
            let (span, next) = (spans.get(at)?, spans.get(at + 1)?);
            inline.is_sure(next.start).then(|| Some((at, inline.settled_at(span.start)?)))?
        };
        let Some((keep, place)) = (1..spans.len() - 2).rev().find_map(decided) else { return };
        let last = words.get(..place).and_then(|before| before.chars().next_back());
        self.done = start + place;
        self.fixed = before + keep;
        self.goes_on = Some((lead.going_on(), last.is_some_and(char::is_alphanumeric)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKDOWN: Reading = Reading::Markdown { spelled: false };

    fn rows(width: usize, text: &str) -> Vec<String> {
        Prose::whole(MARKDOWN, width, text).rows().iter().map(Row::text).collect()
    }

    #[test]
    fn markdown_becomes_rows() {
        for (width, text, expected) in [
            (20, "", vec![]),
            (20, "one\n\n\n\ntwo\n\n", vec!["one", "", "two"]),
            (10, "# A heading\ntext", vec!["A heading", "text"]),
            (20, "text\n## Next", vec!["text", "", "Next"]),
            (14, "- hangs under its mark\n  - deeper", vec!["• hangs under", "  its mark", "  ◦ deeper"]),
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
        for row in Prose::whole(MARKDOWN, 10, "`👩0A A👩`\u{200d}👩a0AAAa0a 日").rows() {
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
            let mut prose = Prose::new(MARKDOWN, 30);
            let mut end = 0;
            while end < text.len() {
                end = (end + step).min(text.len());
                prose.extend(text.get(..end).unwrap(), false);
            }
            prose.extend(&text, true);
            assert_eq!(prose.rows(), Prose::whole(MARKDOWN, 30, &text).rows(), "{step}");
        }
    }

    #[test]
    fn nothing_is_ever_shown_half_read() {
        let text = "# Title\n\nA **strong word** and `code` and ~~struck~~ *here*.\n\n| a | b |\n|---|--:|\n| 1 | **2** |\n\nSee [the long \
                    book](https://a.b/c_d) and https://x.y/z.\n\n```rust\nlet a;\n```\n\n---\n\n1. one\n   - two\n\n> said\n";
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let mut prose = Prose::new(MARKDOWN, 40);
            prose.extend(text.get(..end).unwrap(), false);
            let shown: Vec<String> = prose.rows().iter().map(Row::text).collect();
            for mark in ["**", "`", "~", "](", "|", "---", "# "] {
                assert!(!shown.iter().any(|row| row.contains(mark)), "{mark} in {shown:#?}");
            }
        }
    }

    #[test]
    fn what_is_finished_never_moves() {
        let (text, mut before) = (text(), Vec::new());
        let mut prose = Prose::new(MARKDOWN, 30);
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            prose.extend(text.get(..end).unwrap(), false);
            assert_eq!(before, prose.rows[..before.len()]);
            before = prose.rows[..prose.fixed].to_vec();
        }
    }

    #[test]
    fn colours_of_code_outlive_a_new_width() {
        let text = "```rust\nlet a = 1;\nlet b = 2;\n```\nend";
        let mut prose = Prose::new(MARKDOWN, 30);
        prose.extend(text, true);
        let lines = vec!["let a = 1;".to_owned(), "let b = 2;".to_owned()];
        assert_eq!(prose.ask(text), [(0, "rust".to_owned(), 0, lines)]);
        assert_eq!(prose.ask(text), [], "once");
        prose.learn(text, 0, 0, vec![vec![(0..3, Role::Keyword)]; 2]);
        let keywords = |prose: &Prose| {
            prose.rows().iter().flat_map(|row| &row.0).filter(|piece| piece.role == Role::Keyword).count()
        };
        assert_eq!(keywords(&prose), 2);
        let mut narrow = prose.again(MARKDOWN, 9);
        narrow.extend(text, true);
        assert_eq!((keywords(&narrow), narrow.ask(text)), (2, vec![]));
        let rows: Vec<String> = narrow.rows().iter().map(Row::text).collect();
        assert_eq!(rows, ["  rust", "  let a =", "↳  1;", "  let b =", "↳  2;", "", "end"]);
    }

    #[test]
    fn a_long_line_is_not_laid_out_from_its_beginning_again() {
        let text = "word ".repeat(10_000);
        let mut prose = Prose::new(MARKDOWN, 40);
        for end in (5..text.len()).step_by(5) {
            prose.extend(text.get(..end).unwrap(), false);
            assert!(prose.rows.len() - prose.fixed <= LONG, "{end}");
            assert!(end - prose.done < 40 * (LONG + 1));
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(128) })]
        #[test]
        fn any_text_fits_at_any_width(text in "([ -~]|[`*_~#>|\\[\\]()\\-\n\t日👩\u{200d}]){0,120}", width in 2..30usize, cut in 0..120usize) {
            let mut prose = Prose::new(MARKDOWN, width);
            let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            prose.extend(text.get(..cut).unwrap(), false);
            prose.extend(&text, true);
            let whole = Prose::whole(MARKDOWN, width, &text);
            proptest::prop_assert_eq!(prose.rows(), whole.rows());
            for row in prose.rows() {
                // A list's mark needs its own columns, however narrow it is.
                proptest::prop_assert!(row.width() <= width.max(9), "{row:?}");
            }
        }
    }
}
