//! The marks inside a line of an answer: `code`, **strong**, *stressed*, ~~struck~~, links. What is not clearly a mark
//! is shown as it came. Of a line that still grows it knows which part of it is decided: that is never read again.

use std::ops::Range;
use std::sync::Arc;

use unicode_segmentation::GraphemeCursor;

use crate::app::mark::{self, Found};
use crate::app::row::{Piece, Role};
use crate::domain::text::one_line;

/// A line without its marks, and the roles of its bytes. Its text is not harmless; its pieces are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inline {
    /// What is to be read.
    pub text: String,
    /// Ranges that are not plain, in order.
    marks: Vec<Mark>,
    /// The role of all the rest.
    base: Role,
    /// Of each plain stretch: where it begins in the text, where in the line, and its bytes.
    plain: Vec<(usize, usize, usize)>,
    /// Bytes of the text that stay what they are, whatever comes.
    sure: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    range: Range<usize>,
    role: Role,
    link: Option<Arc<str>>,
}

/// How a line is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct How {
    /// The role of what has no mark.
    pub base: Role,
    /// More of it may come, so a mark without its end is one all the same.
    pub open: bool,
    /// It goes on in the middle of a word.
    pub glued: bool,
    /// Addresses are spelled out behind what leads to them: the terminal has no links.
    pub spelled: bool,
}

/// A stretch of the line, and what it is already known to be.
struct Stretch<'a> {
    text: &'a str,
    /// Where it begins in the line.
    at: usize,
    role: Role,
    link: Option<&'a Arc<str>>,
    open: bool,
    outermost: bool,
}

impl Inline {
    /// A line that has no marks.
    pub fn plain(text: &str, base: Role) -> Self {
        let plain = vec![(0, 0, text.len())];
        Self { text: text.to_owned(), marks: Vec::new(), base, plain, sure: usize::MAX }
    }

    /// Reads the marks of a line.
    pub fn read(line: &str, how: How) -> Self {
        let mut inline =
            Self { text: String::with_capacity(line.len()), base: how.base, sure: usize::MAX, ..Self::default() };
        let whole = Stretch { text: line, at: 0, role: how.base, link: None, open: how.open, outermost: true };
        inline.read_into(&whole, how);
        inline
    }

    fn read_into(&mut self, stretch: &Stretch<'_>, how: How) {
        let text = stretch.text;
        let mut at = 0;
        let mut address = None;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let next = mark::next(text, at, &mut address);
            let plain = text.get(at..next).unwrap_or(rest);
            self.push(plain, stretch, at);
            at += plain.len();
            let Some(from) = text.get(at..).filter(|from| !from.is_empty()) else { return };
            let glued = match self.text.chars().next_back() {
                Some(before) => before.is_alphanumeric(),
                None => how.glued,
            };
            let (found, size) = mark::read(from, glued, stretch.open);
            let undecided = stretch.open && from.len() <= mark::REACH && (size == from.len() || found.may_change());
            if undecided {
                self.sure = self.sure.min(self.text.len());
            }
            self.found(found, stretch, how, at);
            at += size.max(1);
        }
    }

    fn found(&mut self, found: Found<'_>, stretch: &Stretch<'_>, how: How, at: usize) {
        match found {
            Found::Sign(sign) => self.push(sign, stretch, at),
            Found::Said(text) => self.add(text, stretch.role, stretch.link),
            Found::Code(inner) => self.add(inner, Role::Code, stretch.link),
            Found::Address { shown, target } => self.add(shown, Role::Link, Some(&target)),
            Found::Stress { role, inner, from, open } => {
                // A stress inside of a stress is the outer one.
                let role = if stretch.role == Role::Plain { role } else { stretch.role };
                self.read_into(
                    &Stretch { text: inner, at: at + from, role, link: stretch.link, open, outermost: false },
                    how,
                );
            }
            Found::Link { label, from, target, open } => {
                let (target, start) = (target.as_ref(), self.text.len());
                let inner =
                    Stretch { text: label, at: at + from, role: Role::Link, link: target, open, outermost: false };
                self.read_into(&inner, how);
                let Some(target) = target else { return };
                let shown = self.text.get(start..).unwrap_or_default();
                if mark::misleads(shown, target) || how.spelled && shown != &**target {
                    self.add(&format!(" ({target})"), Role::Dim, Some(target));
                }
            }
        }
    }

    fn push(&mut self, text: &str, stretch: &Stretch<'_>, at: usize) {
        if stretch.outermost && !text.is_empty() {
            self.plain.push((self.text.len(), stretch.at + at, text.len()));
        }
        self.add(text, stretch.role, stretch.link);
    }

    fn add(&mut self, text: &str, role: Role, link: Option<&Arc<str>>) {
        let before = self.text.len();
        self.text.push_str(text);
        // Without the marks two signs may have become one cluster: it has one role, that of its beginning.
        let start = whole_from(&self.text, before);
        if let Some(last) = self.marks.last_mut().filter(|last| last.range.end == before) {
            last.range.end = start;
        }
        match self.marks.last_mut() {
            _ if role == self.base && link.is_none() || start >= self.text.len() => {}
            Some(last) if last.role == role && last.range.end == start && last.link.as_ref() == link => {
                last.range.end = self.text.len();
            }
            _ => self.marks.push(Mark { range: start..self.text.len(), role, link: link.cloned() }),
        }
    }

    /// Whether all before this place of the text stays what it is, whatever comes.
    pub const fn is_sure(&self, place: usize) -> bool {
        place <= self.sure
    }

    /// Where in the line that was read this place of the text stands, if no mark holds it and what is before it.
    pub fn settled_at(&self, place: usize) -> Option<usize> {
        let (text, line, _) = *self.plain.iter().rev().find(|(text, ..)| *text <= place)?;
        let inside = self.plain.iter().any(|(from, _, size)| *from == text && place <= text + size);
        (inside && self.is_sure(place)).then(|| line + place - text)
    }

    /// The pieces of a part of it, harmless, without the spaces at its end.
    pub fn pieces(&self, part: Range<usize>) -> Vec<Piece> {
        let kept = self.text.get(part.clone()).unwrap_or_default().trim_end();
        let end = part.start + kept.len();
        let mut pieces = Vec::new();
        let mut add = |range: Range<usize>, role, link: Option<&Arc<str>>| {
            if let Some(text) = self.text.get(range).filter(|text| !text.is_empty()) {
                pieces.push(Piece { text: one_line(text).into_owned(), role, link: link.cloned() });
            }
        };
        let mut at = part.start;
        let first = self.marks.partition_point(|mark| mark.range.end <= at);
        for mark in self.marks.get(first..).unwrap_or_default() {
            let (from, to) = (mark.range.start.max(at), mark.range.end.min(end));
            if from >= end {
                break;
            }
            if from < to {
                add(at..from, self.base, None);
                add(from..to, mark.role, mark.link.as_ref());
                at = to;
            }
        }
        add(at..end, self.base, None);
        pieces
    }
}

/// The first place at `from` or behind it that is not inside of a cluster.
fn whole_from(text: &str, from: usize) -> usize {
    if text.as_bytes().get(from).is_none_or(u8::is_ascii) {
        return from;
    }
    let mut cursor = GraphemeCursor::new(from, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(false) => cursor.next_boundary(text, 0).ok().flatten().unwrap_or(text.len()),
        _ => from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: How = How { base: Role::Plain, open: false, glued: false, spelled: false };

    fn shown(line: &str, how: How) -> String {
        let inline = Inline::read(line, how);
        inline
            .pieces(0..inline.text.len())
            .into_iter()
            .map(|piece| {
                let text = match piece.role {
                    Role::Strong => format!("<b>{}</b>", piece.text),
                    Role::Emphasis => format!("<i>{}</i>", piece.text),
                    Role::Code => format!("<c>{}</c>", piece.text),
                    Role::Struck => format!("<s>{}</s>", piece.text),
                    Role::Dim => format!("<d>{}</d>", piece.text),
                    _ => piece.text,
                };
                piece.link.map_or(text.clone(), |link| format!("<a {link}>{text}</a>"))
            })
            .collect()
    }

    #[test]
    fn marks_are_read_or_left_alone() {
        for (line, open, expected) in [
            ("plain", false, "plain"),
            ("a `b` c", false, "a <c>b</c> c"),
            ("``a`b``", false, "<c>a`b</c>"),
            ("a **b c** d", false, "a <b>b c</b> d"),
            ("a *b* d", false, "a <i>b</i> d"),
            ("a _b c_ d", false, "a <i>b c</i> d"),
            ("__init__ and a_b_c", false, "<b>init</b> and a_b_c"),
            ("a ~~b~~ ~c~", false, "a <s>b</s> ~c~"),
            ("***both***", false, "<b>both</b>"),
            ("**`code` in bold**", false, "<c>code</c><b> in bold</b>"),
            ("**a *b* c**", false, "<b>a b c</b>"),
            ("2 * 3 * 4", false, "2 * 3 * 4"),
            ("2*3*4", false, "2*3*4"),
            ("a ** b", false, "a ** b"),
            ("half **open", false, "half **open"),
            ("half **open", true, "half <b>open</b>"),
            ("half **open*", true, "half <b>open</b>"),
            ("half *open", true, "half <i>open</i>"),
            ("half `open", true, "half <c>open</c>"),
            // A sign alone at the end waits for what it is.
            ("half **", true, "half"),
            ("half **", false, "half **"),
            ("\\*not\\* snake_case", false, "*not* snake_case"),
            ("C:\\dir", false, "C:\\dir"),
            ("`**`", false, "<c>**</c>"),
            ("日本**語**", false, "日本<b>語</b>"),
            ("R&amp;D &lt;b&gt; &c", false, "R&D <b> &c"),
            ("a<br>b<i>", false, "a b<i>"),
            // What becomes one cluster without the marks between is not torn apart.
            ("`\u{1f469}`\u{200d}\u{1f469}a", false, "<c>\u{1f469}\u{200d}\u{1f469}</c>a"),
            ("e*\u{301}x* y", false, "e*\u{301}x* y"),
            ("**e**\u{301}*x*", false, "<b>e\u{301}</b><i>x</i>"),
        ] {
            assert_eq!(shown(line, How { open, ..HOW }), expected, "{line:?}");
        }
    }

    #[test]
    fn links_lead_where_they_say() {
        for (line, open, expected) in [
            ("see [the *book*](https://a.b/c \"title\").", false, "see <a https://a.b/c>the book</a>."),
            ("[a](https://x.y/z_(q)) b", false, "<a https://x.y/z_(q)>a</a> b"),
            ("https://x.y/a_b_c, and", false, "<a https://x.y/a_b_c>https://x.y/a_b_c</a>, and"),
            ("(https://x.y/a)", false, "(<a https://x.y/a>https://x.y/a</a>)"),
            ("<https://x.y>", false, "<a https://x.y>https://x.y</a>"),
            ("![a cat](https://x.y/cat.png)", false, "<a https://x.y/cat.png>a cat</a>"),
            ("[ü](https://x.y/ü)", false, "<a https://x.y/%C3%BC>ü</a>"),
            // No link: no address, a place in a list, a scheme that could do harm.
            ("a[0] = [1] [x]", false, "a[0] = [1] [x]"),
            ("[a](javascript:alert)", false, "a"),
            ("[a](https://x.y/\u{1b}]8;;)", false, "[a](<a https://x.y/>https://x.y/</a>\u{fffd}]8;;)"),
            // One address that says it is another.
            ("[bank.com](https://x.y)", false, "<a https://x.y>bank.com</a><a https://x.y><d> (https://x.y)</d></a>"),
            ("[half", true, "half"),
            ("[half](https://x", true, "half"),
            ("[1", true, "[1"),
        ] {
            assert_eq!(shown(line, How { open, ..HOW }), expected, "{line:?}");
        }
        let spelled = How { spelled: true, ..HOW };
        assert_eq!(
            shown("[a](https://x.y) https://x.y", spelled),
            "<a https://x.y>a</a><a https://x.y><d> (https://x.y)</d></a> <a https://x.y>https://x.y</a>"
        );
    }

    #[test]
    fn what_is_decided_is_known() {
        let open = How { open: true, ..HOW };
        let inline = Inline::read("plain `code` and **more", open);
        assert_eq!(inline.text, "plain code and more");
        for (place, settled) in [(0, Some(0)), (6, Some(6)), (8, None), (11, Some(13)), (15, Some(17)), (17, None)] {
            assert_eq!(inline.settled_at(place), settled, "{place}");
        }
    }
}
