//! The marks inside a line of an answer: `code`, **strong**, *stressed*. What is not clearly a mark is shown as it came.

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

use crate::app::row::{Piece, Role};

/// A line without its marks, and the roles of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inline {
    /// What is to be read.
    pub text: String,
    /// Ranges that are not plain, in order.
    marks: Vec<(Range<usize>, Role)>,
    /// The role of all the rest.
    base: Role,
}

impl Inline {
    /// A line that has no marks.
    pub fn plain(text: &str, base: Role) -> Self {
        Self { text: text.to_owned(), marks: Vec::new(), base }
    }

    /// Reads the marks of a line. `open`: more of it may come, so a mark without its end is one all the same.
    pub fn read(line: &str, base: Role, open: bool) -> Self {
        let mut inline = Self { text: String::with_capacity(line.len()), marks: Vec::new(), base };
        inline.read_into(line, base, open);
        inline
    }

    fn read_into(&mut self, line: &str, base: Role, open: bool) {
        let mut rest = line;
        while let Some(at) = rest.find(['`', '*', '\\']) {
            let (before, from) = rest.split_at(at);
            self.push(before, base);
            let glued = self.text.chars().next_back().is_some_and(char::is_alphanumeric);
            match mark(from, glued, open) {
                Some((Role::Code, inner, after)) => {
                    self.push(inner, Role::Code);
                    rest = after;
                }
                Some((role, inner, after)) => {
                    // Code inside of stressed words stays code; a stress inside a stress is the outer one.
                    let stress = if base == Role::Plain { role } else { base };
                    self.read_into(inner, stress, open && after.is_empty());
                    rest = after;
                }
                None => {
                    let escaped = from.strip_prefix('\\').filter(|next| next.starts_with(['*', '`', '_', '\\']));
                    let shown = escaped.unwrap_or(from);
                    let width = match shown.chars().next() {
                        // A run of the same sign is one thing.
                        Some(sign) if escaped.is_none() => shown.len() - shown.trim_start_matches(sign).len(),
                        Some(sign) => sign.len_utf8(),
                        None => 0,
                    };
                    let (sign, after) = shown.split_at(width);
                    self.push(sign, base);
                    rest = after;
                }
            }
        }
        self.push(rest, base);
    }

    fn push(&mut self, text: &str, role: Role) {
        let before = self.text.len();
        self.text.push_str(text);
        // Without the marks two signs may have become one cluster: it has one role, that of its beginning.
        let start = whole_from(&self.text, before);
        if let Some((range, _)) = self.marks.last_mut().filter(|(range, _)| range.end == before) {
            range.end = start;
        }
        let text = self.text.get(start..).unwrap_or_default();
        match self.marks.last_mut() {
            _ if role == self.base || text.is_empty() => {}
            Some((range, last)) if *last == role && range.end == start => range.end = self.text.len(),
            _ => self.marks.push((start..self.text.len(), role)),
        }
    }

    /// The pieces of a part of it, without the spaces at its end.
    pub fn pieces(&self, part: Range<usize>) -> Vec<Piece> {
        let kept = self.text.get(part.clone()).unwrap_or_default().trim_end();
        let end = part.start + kept.len();
        let mut pieces = Vec::new();
        let mut add = |range: Range<usize>, role| {
            if let Some(text) = self.text.get(range).filter(|text| !text.is_empty()) {
                pieces.push(Piece::new(text, role));
            }
        };
        let mut at = part.start;
        for (range, role) in &self.marks {
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                add(at..from, self.base);
                add(from..to, *role);
                at = to;
            }
        }
        add(at..end, self.base);
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

/// The mark at the beginning of `text`: its role, what it encloses, what comes behind it.
fn mark(text: &str, glued: bool, open: bool) -> Option<(Role, &str, &str)> {
    let sign = text.chars().next()?;
    let run = text.len() - text.trim_start_matches(sign).len();
    let (fence, inside) = text.split_at(run);
    let role = match (sign, run) {
        ('`', _) => Role::Code,
        ('*', 1) => Role::Emphasis,
        ('*', 2 | 3) => Role::Strong,
        _ => return None,
    };
    let spaced = inside.starts_with(char::is_whitespace);
    if sign == '*' && (spaced || run == 1 && glued) {
        return None;
    }
    let mut from = 0;
    while let Some(found) = inside.get(from..).and_then(|tail| tail.find(fence)) {
        let at = from + found;
        let (inner, tail) = inside.split_at(at);
        let length = tail.len() - tail.trim_start_matches(sign).len();
        let after = tail.get(run..).unwrap_or_default();
        let closes = match sign {
            '`' => length == run,
            _ => {
                length >= run && (run > 1 || length != 2) && !inner.ends_with(char::is_whitespace) && !inner.is_empty()
            }
        };
        if closes {
            let inner = if sign == '`' && inner.trim() != inner && inner.len() > 2 { inner.trim() } else { inner };
            return Some((role, inner, after));
        }
        from = at + length.max(1);
    }
    // A single star may be a product; the others are marks whose end has not come yet.
    let comes = open && !inside.is_empty() && (sign == '`' || run > 1);
    comes.then(|| (role, inside.trim_end_matches(sign), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, open: bool) -> String {
        let inline = Inline::read(line, Role::Plain, open);
        inline
            .pieces(0..inline.text.len())
            .into_iter()
            .map(|piece| match piece.role {
                Role::Strong => format!("<b>{}</b>", piece.text),
                Role::Emphasis => format!("<i>{}</i>", piece.text),
                Role::Code => format!("<c>{}</c>", piece.text),
                _ => piece.text,
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
            ("***both***", false, "<b>both</b>"),
            ("**`code` in bold**", false, "<c>code</c><b> in bold</b>"),
            ("**a *b* c**", false, "<b>a b c</b>"),
            ("2 * 3 * 4", false, "2 * 3 * 4"),
            ("2*3*4", false, "2*3*4"),
            ("a ** b", false, "a ** b"),
            ("half **open", false, "half **open"),
            ("half **open", true, "half <b>open</b>"),
            ("half **open*", true, "half <b>open</b>"),
            ("half `open", true, "half <c>open</c>"),
            ("half **", true, "half **"),
            ("\\*not\\* snake_case", false, "*not* snake_case"),
            ("C:\\dir", false, "C:\\dir"),
            ("`**`", false, "<c>**</c>"),
            ("日本**語**", false, "日本<b>語</b>"),
            // What becomes one cluster without the marks between is not torn apart.
            ("`\u{1f469}`\u{200d}\u{1f469}a", false, "<c>\u{1f469}\u{200d}\u{1f469}</c>a"),
            ("e*\u{301}x* y", false, "e*\u{301}x* y"),
            ("**e**\u{301}*x*", false, "<b>e\u{301}</b><i>x</i>"),
        ] {
            assert_eq!(shown(line, open), expected, "{line:?}");
        }
    }
}
