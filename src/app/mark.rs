//! One mark of a line at a time: where the next one may begin, what it is, and what it encloses. Looks ahead only so
//! far, so that a long line with a lonely sign in it is not searched to its end again and again.

use std::sync::Arc;

use crate::app::row::Role;

/// How far behind its beginning the end of a mark is looked for, in bytes.
pub const REACH: usize = 1024;

/// The same, of code and of stressed words: shorter, for their signs are many.
const STRESSED: usize = 512;

/// The longest address that is taken for one.
const LONGEST: usize = 1024;

/// What a mark is.
#[derive(Debug)]
pub enum Found<'a> {
    /// No mark: the sign itself.
    Sign(&'a str),
    /// What stands for a sign.
    Said(&'a str),
    /// Code.
    Code(&'a str),
    /// Stressed or struck words, which may have marks in them.
    Stress {
        /// How.
        role: Role,
        /// The words.
        inner: &'a str,
        /// Bytes before them.
        from: usize,
        /// Their end has not come yet.
        open: bool,
    },
    /// An address that stands in the line as it is.
    Address {
        /// As it stands there.
        shown: &'a str,
        /// Where it leads.
        target: Arc<str>,
    },
    /// Words that lead elsewhere.
    Link {
        /// The words.
        label: &'a str,
        /// Bytes before them.
        from: usize,
        /// Where they lead, if one may go there.
        target: Option<Arc<str>>,
        /// Their end has not come yet.
        open: bool,
    },
}

impl Found<'_> {
    /// Whether it may turn out to be something else when more of the line has come.
    pub const fn may_change(&self) -> bool {
        match self {
            Self::Sign(_) => true,
            Self::Said(_) | Self::Code(_) | Self::Address { .. } => false,
            Self::Stress { open, .. } | Self::Link { open, .. } => *open,
        }
    }
}

/// Where in `text`, at `from` or behind it, a mark may begin. `address`: where the next address begins, once searched.
pub fn next(text: &str, from: usize, address: &mut Option<usize>) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let sign = rest.find(['`', '*', '_', '~', '[', '!', '\\', '<', '&']).map_or(text.len(), |at| from + at);
    if address.is_none_or(|at| at < from) {
        *address = Some(rest.find("http").map_or(text.len(), |at| from + at));
    }
    sign.min(address.unwrap_or(sign))
}

/// The mark at the beginning of `text`, and its bytes. `glued`: a letter stands before it. `open`: more may come.
pub fn read(text: &str, glued: bool, open: bool) -> (Found<'_>, usize) {
    let found = match text.as_bytes().first() {
        Some(b'`') => code(text, open),
        Some(b'*' | b'_' | b'~') => stress(text, glued, open),
        Some(b'[') => link(text, open),
        Some(b'!') => image(text, open),
        Some(b'<') => in_angles(text),
        Some(b'&') => entity(text),
        Some(b'\\') => escaped(text, open),
        Some(b'h') if !glued => bare(text),
        _ => None,
    };
    found.unwrap_or_else(|| {
        let (sign, _) = run(text);
        (Found::Sign(sign), sign.len())
    })
}

/// A run of one sign, and what comes behind it.
fn run(text: &str) -> (&str, &str) {
    let Some(sign) = text.chars().next() else { return ("", "") };
    let one = matches!(sign, 'h' | '[' | '!' | '<' | '&' | '\\');
    let size = if one { sign.len_utf8() } else { text.len() - text.trim_start_matches(sign).len() };
    text.split_at(size)
}

/// As much of the text as is looked through.
fn near(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

fn code(text: &str, open: bool) -> Option<(Found<'_>, usize)> {
    let (fence, inside) = run(text);
    let inside = near(inside, STRESSED);
    if let Some((inner, _)) = closed_by(inside, fence, |_, length, _| length == fence.len()) {
        let size = 2 * fence.len() + inner.len();
        let spaced = inner.len() > 2 && inner.starts_with(' ') && inner.ends_with(' ');
        let inner = if spaced { inner.get(1..inner.len() - 1).unwrap_or(inner) } else { inner };
        return Some((Found::Code(inner), size));
    }
    let ends = text.len() <= STRESSED;
    (open && ends).then(|| (Found::Code(inside.trim_end_matches('`')), text.len()))
}

fn stress(text: &str, glued: bool, open: bool) -> Option<(Found<'_>, usize)> {
    let (fence, inside) = run(text);
    let (sign, inside) = (fence.chars().next()?, near(inside, STRESSED));
    // Alone at the end, it waits for what it is.
    if open && fence.len() == text.len() {
        return Some((Found::Said(""), text.len()));
    }
    let role = match (sign, fence.len()) {
        ('*' | '_', 1) => Role::Emphasis,
        ('*' | '_', 2 | 3) => Role::Strong,
        ('~', 2) => Role::Struck,
        _ => return None,
    };
    if inside.starts_with(char::is_whitespace) || glued && (sign == '_' || fence.len() == 1) {
        return None;
    }
    let end = |inner: &str, length: usize, after: &str| {
        let word_goes_on = sign == '_' && after.starts_with(char::is_alphanumeric);
        let fits = length >= fence.len() && (fence.len() > 1 || length != 2);
        fits && !word_goes_on && !inner.is_empty() && !inner.ends_with(char::is_whitespace)
    };
    if let Some((inner, _)) = closed_by(inside, fence, end) {
        return Some((Found::Stress { role, inner, from: fence.len(), open: false }, 2 * fence.len() + inner.len()));
    }
    // A single sign may be a product; the others are marks whose end has not come yet.
    let likely = fence.len() > 1 || inside.starts_with(char::is_alphanumeric);
    let comes = open && likely && text.len() <= STRESSED;
    let inner = inside.trim_end_matches(sign);
    comes.then_some((Found::Stress { role, inner, from: fence.len(), open: true }, text.len()))
}

/// What stands before the run of signs that closes a mark. `closes` is asked with what is before the run, the run's
/// length, and what is behind it.
fn closed_by<'a>(
    inside: &'a str,
    fence: &str,
    closes: impl Fn(&str, usize, &str) -> bool,
) -> Option<(&'a str, &'a str)> {
    let sign = fence.chars().next()?;
    let mut from = 0;
    while let Some(found) = inside.get(from..).and_then(|tail| tail.find(fence)) {
        let at = from + found;
        let (inner, tail) = inside.split_at(at);
        let length = tail.len() - tail.trim_start_matches(sign).len();
        if closes(inner, length, tail.get(length..).unwrap_or_default()) {
            return Some((inner, tail));
        }
        from = at + length.max(1);
    }
    None
}

fn link(text: &str, open: bool) -> Option<(Found<'_>, usize)> {
    let near = near(text, REACH);
    let mut depth = 0;
    let end = near.char_indices().find_map(|(at, sign)| {
        match sign {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    });
    let likely = |label: &str| {
        label.len() > 3 && label.starts_with(char::is_alphabetic) || label.is_empty() && near.len() == text.len()
    };
    let comes = |label| (Found::Link { label, from: 1, target: None, open: true }, text.len());
    let Some(end) = end else {
        let label = near.get(1..)?;
        return (open && near.len() == text.len() && likely(label)).then(|| comes(label));
    };
    let (label, behind) = (near.get(1..end)?, near.get(end + 1..)?);
    if open && behind.is_empty() && near.len() == text.len() && likely(label) && !label.is_empty() {
        return Some(comes(label));
    }
    let inside = behind.strip_prefix('(')?;
    let Some(close) = closing(inside) else {
        let clean = !inside.chars().any(char::is_control);
        return (open && near.len() == text.len() && clean).then(|| comes(label));
    };
    let address = inside.get(..close)?;
    let address = address.split_once([' ', '\t']).map_or(address, |(address, _)| address);
    if address.is_empty() || address.chars().any(char::is_control) {
        return None;
    }
    let target = target(address.trim_start_matches('<').trim_end_matches('>'));
    Some((Found::Link { label, from: 1, target, open: false }, end + 1 + 1 + close + 1))
}

/// Where the round bracket closes that was opened before `inside`.
fn closing(inside: &str) -> Option<usize> {
    let mut depth = 1;
    inside.char_indices().find_map(|(at, sign)| {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

fn image(text: &str, open: bool) -> Option<(Found<'_>, usize)> {
    match link(text.strip_prefix('!').filter(|rest| rest.starts_with('['))?, open)? {
        (Found::Link { label, from, target, open }, size) => {
            let label = if label.is_empty() { "image" } else { label };
            Some((Found::Link { label, from: from + 1, target, open }, size + 1))
        }
        _ => None,
    }
}

fn in_angles(text: &str) -> Option<(Found<'_>, usize)> {
    let end = near(text, REACH).find('>')?;
    let inner = text.get(1..end)?;
    if matches!(inner.trim_end_matches([' ', '/']), "br" | "BR") {
        return Some((Found::Said(" "), end + 1));
    }
    let target = target(inner)?;
    Some((Found::Address { shown: inner, target }, end + 1))
}

fn entity(text: &str) -> Option<(Found<'_>, usize)> {
    const KNOWN: [(&str, &str); 6] =
        [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}")];
    KNOWN.iter().find(|(name, _)| text.starts_with(name)).map(|(name, sign)| (Found::Said(sign), name.len()))
}

fn escaped(text: &str, open: bool) -> Option<(Found<'_>, usize)> {
    if open && text.len() == 1 {
        return Some((Found::Said(""), 1));
    }
    let sign = text.get(1..).filter(|rest| rest.starts_with(|sign: char| sign.is_ascii_punctuation()))?;
    Some((Found::Said(sign.get(..1)?), 2))
}

/// An address that stands in the text as it is.
fn bare(text: &str) -> Option<(Found<'_>, usize)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    let stop = |sign: char| sign.is_whitespace() || sign.is_control() || matches!(sign, '<' | '>' | '`' | '"' | '|');
    let mut shown = text.get(..text.find(stop).unwrap_or(text.len()))?;
    loop {
        let unpaired = shown.ends_with(')') && shown.matches(')').count() > shown.matches('(').count();
        let trimmed = shown.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', ']']);
        let trimmed = if unpaired { trimmed.strip_suffix(')').unwrap_or(trimmed) } else { trimmed };
        if trimmed.len() == shown.len() {
            break;
        }
        shown = trimmed;
    }
    let target = target(shown).filter(|_| shown.len() > scheme.len())?;
    Some((Found::Address { shown, target }, shown.len()))
}

/// An address that one may go to, in printable ASCII.
fn target(address: &str) -> Option<Arc<str>> {
    let known = ["https://", "http://", "mailto:"].into_iter().any(|scheme| address.starts_with(scheme));
    if !known || address.len() > LONGEST || address.chars().any(|sign| sign.is_control() || sign == ' ') {
        return None;
    }
    let mut clean = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() {
            clean.push(char::from(byte));
        } else {
            clean.extend(format!("%{byte:02X}").chars());
        }
    }
    Some(clean.into())
}

/// Whether words that look like an address lead to another.
pub fn misleads(shown: &str, target: &str) -> bool {
    let host = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default().trim_start_matches("www.").to_ascii_lowercase()
    };
    let (says, is) = (host(shown), host(target));
    let looks_like_one = says.contains('.') && !says.contains(' ') && !says.ends_with('.');
    looks_like_one && says != is
}
