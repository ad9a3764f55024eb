//! Large pastes, folded: in the draft each stands as one character of a private range, so that cursor, deletion, undo
//! and the kill ring take it as one, and no key costs more for what is in it. Pure.
//!
//! Kept, a fold is written as its sign, its length in bytes, a colon, and its text: so it is found again.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::app::due::size;
use crate::domain::conversation::text_tokens;

/// The characters that stand for folds: private ones, of the last plane.
const SIGNS: RangeInclusive<u32> = 0x10_F000..=0x10_FFDF;

/// What is written before a fold that is kept.
const KEPT: char = '\u{10ffe0}';

/// A paste of more characters is folded, or of more lines.
const CHARS: usize = 1000;
const LINES: usize = 15;

/// What comes back whole (a prompt from long ago) may have more bytes before it is folded: it was written, not pasted.
const WRITTEN: usize = 16_000;

/// One folded text.
#[derive(Debug)]
struct Fold {
    text: String,
    /// What is seen of it.
    label: String,
    /// About how many tokens it has.
    tokens: u64,
}

/// The folds of a draft.
#[derive(Debug, Default)]
pub struct Folds {
    all: BTreeMap<char, Fold>,
    /// How many there were, in this draft and those before it: a sign is not used again soon.
    made: u32,
    /// How many there are in this draft.
    here: usize,
}

/// Whether a text is too large to be seen whole in the draft.
pub fn is_large(text: &str) -> bool {
    text.len() > 4 * CHARS
        || text.bytes().filter(|byte| *byte == b'\n').count() >= LINES
        || text.chars().nth(CHARS).is_some()
}

/// The same for what was not pasted.
pub fn is_huge(text: &str) -> bool {
    text.len() > WRITTEN
}

/// Whether a character stands for a fold.
pub fn is_sign(char: char) -> bool {
    SIGNS.contains(&u32::from(char))
}

/// Whether a text has characters in it that mean something here.
fn is_foreign(text: &str) -> bool {
    // All of them begin so in UTF-8, and nothing else does.
    text.as_bytes().contains(&0xf4) && text.chars().any(|char| is_sign(char) || char == KEPT)
}

impl Folds {
    /// The text as it stands in the draft: as it is, or as the sign of a fold if `fold` says so of it.
    pub fn take_in<'a>(&mut self, text: &'a str, fold: impl Fn(&str) -> bool) -> Cow<'a, str> {
        if !is_foreign(text) && !fold(text) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.sign_of(text).into())
    }

    /// The sign of this text, which is folded if it is not yet.
    pub fn sign_of(&mut self, text: &str) -> char {
        let same = |(_, fold): &(&char, &Fold)| fold.text.len() == text.len() && fold.text == text;
        if let Some((sign, _)) = self.all.iter().find(same) {
            return *sign;
        }
        let sign = char::from_u32(SIGNS.start() + self.made % (SIGNS.end() - SIGNS.start())).unwrap_or(KEPT);
        self.made += 1;
        self.here += 1;
        let lines = text.lines().count().max(1);
        let word = if lines == 1 { "line" } else { "lines" };
        let label = format!("[pasted #{}, {lines} {word}, {}]", self.here, size(text.len() as u64));
        self.all.insert(sign, Fold { text: text.to_owned(), label, tokens: text_tokens(text) });
        sign
    }

    /// The folded text that a character stands for.
    pub fn text_of(&self, sign: char) -> Option<&str> {
        self.all.get(&sign).map(|fold| fold.text.as_str())
    }

    /// What is seen of a character: the label of a fold, or None: itself.
    pub fn label_of(&self, char: char) -> Option<&str> {
        if is_sign(char) { self.all.get(&char).map(|fold| fold.label.as_str()) } else { None }
    }

    /// About how many tokens a draft has.
    pub fn tokens(&self, draft: &str) -> u64 {
        if self.all.is_empty() {
            return text_tokens(draft);
        }
        let folded: u64 = draft.chars().filter_map(|char| self.all.get(&char)).map(|fold| fold.tokens).sum();
        folded + text_tokens(draft)
    }

    /// The draft with each fold's text in its place.
    pub fn open(&self, draft: &str) -> String {
        let mut whole = String::with_capacity(draft.len());
        for char in draft.chars() {
            match self.all.get(&char) {
                Some(fold) => whole.push_str(&fold.text),
                None => whole.push(char),
            }
        }
        whole
    }

    /// The draft as it is kept: folds in it are found again.
    pub fn pack(&self, draft: &str) -> String {
        let mut packed = String::with_capacity(draft.len());
        for char in draft.chars() {
            match self.all.get(&char) {
                Some(fold) => {
                    let _ = write!(packed, "{KEPT}{}:{}", fold.text.len(), fold.text);
                }
                None => packed.push(char),
            }
        }
        packed
    }

    /// The draft that was kept; what is huge in it without a fold becomes one.
    pub fn unpack(&mut self, packed: &str) -> String {
        let parts = parts(packed);
        let mut draft = String::new();
        for part in parts {
            match part {
                Part::Folded(text) => draft.push(self.sign_of(text)),
                Part::Plain(text) => draft.push_str(&self.take_in(text, is_huge)),
            }
        }
        draft
    }

    /// The edited text of a draft as a draft: what was folded and is still there to the letter is folded again.
    pub fn fold_again(&mut self, edited: &str, before: &str) -> String {
        let (mut draft, mut rest) = (String::new(), edited);
        let signs: Vec<char> = before.chars().filter(|char| self.all.contains_key(char)).collect();
        for sign in signs {
            let Some((head, tail)) = self.text_of(sign).and_then(|text| rest.split_once(text)) else { continue };
            draft.push_str(&self.take_in(head, is_huge));
            draft.push(sign);
            rest = tail;
        }
        draft.push_str(&self.take_in(rest, is_huge));
        draft
    }

    /// The draft has gone, and its folds with it.
    pub fn forget(&mut self) {
        self.all.clear();
        self.here = 0;
    }
}

/// A part of what is kept.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Plain(&'a str),
    Folded(&'a str),
}

fn parts(packed: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest, mut from) = (Vec::new(), packed, 0);
    while let Some(at) = rest.get(from..).and_then(|text| text.find(KEPT)).map(|at| at + from) {
        let found = rest.get(at + KEPT.len_utf8()..).and_then(|behind| {
            let (length, behind) = behind.split_at(behind.find(':').filter(|at| *at < 12)?);
            let text = behind.get(1..)?.get(..length.parse().ok()?)?;
            Some((text, behind.get(1 + text.len()..)?))
        });
        let Some((text, behind)) = found else {
            from = at + KEPT.len_utf8();
            continue;
        };
        parts.extend(rest.get(..at).filter(|plain| !plain.is_empty()).map(Part::Plain));
        parts.push(Part::Folded(text));
        (rest, from) = (behind, 0);
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

/// What is kept of a draft as the text that it means.
pub fn whole(packed: &str) -> Cow<'_, str> {
    if !packed.contains(KEPT) {
        return Cow::Borrowed(packed);
    }
    let text = |part| match part {
        Part::Plain(text) | Part::Folded(text) => text,
    };
    Cow::Owned(parts(packed).into_iter().map(text).collect())
}

/// The beginning of what is kept of a draft, at most about `most` bytes of it, for a line that names it.
pub fn brief(packed: &str, most: usize) -> String {
    let mut brief = String::new();
    for part in parts(packed) {
        match part {
            Part::Plain(text) => {
                let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= most).last().unwrap_or(0);
                brief.push_str(if text.len() <= most { text } else { text.get(..end).unwrap_or_default() });
            }
            Part::Folded(text) => {
                let _ = write!(brief, "[pasted, {}]", size(text.len() as u64));
            }
        }
        if brief.len() >= most {
            break;
        }
    }
    brief
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_whatever_is_in_it() {
        let hostile = ["12:", "\u{10ffe0}3:abc", "\u{10ffe0}", "\u{10ffe0}99:x", "\u{10f000}", "a\u{10ffe0}1:é", ""];
        for text in hostile.iter().chain(&["plain", "日本\nb"]) {
            let mut folds = Folds::default();
            let pasted = "x\n".repeat(20) + text;
            let draft = format!("{}{}!", folds.take_in(text, is_large), folds.take_in(&pasted, is_large));
            assert_eq!(folds.open(&draft), format!("{text}{pasted}!"));
            let packed = folds.pack(&draft);
            assert_eq!(whole(&packed), format!("{text}{pasted}!"));
            let mut again = Folds::default();
            let restored = again.unpack(&packed);
            assert_eq!((again.open(&restored), again.pack(&restored)), (format!("{text}{pasted}!"), packed));
            // A prompt that nobody packed.
            let plain = again.unpack(text);
            assert!(again.open(&plain).len() <= text.len());
        }
    }

    #[test]
    fn edited_elsewhere_what_was_folded_stays_so() {
        let mut folds = Folds::default();
        let (one, two) = ("1\n".repeat(30), "2\n".repeat(30));
        let draft = format!("see {} and {}", folds.sign_of(&one), folds.sign_of(&two));
        let edited = format!("do see {one} or 2");
        let again = folds.fold_again(&edited, &draft);
        assert_eq!((again.chars().count(), folds.open(&again)), (13, edited));
    }

    #[test]
    fn a_label_says_how_large_it_is() {
        let mut folds = Folds::default();
        let sign = folds.sign_of(&"x\n".repeat(15_500));
        assert_eq!(folds.label_of(sign), Some("[pasted #1, 15500 lines, 31 kB]"));
        let sign = folds.sign_of(&"y".repeat(1200));
        assert_eq!(folds.label_of(sign), Some("[pasted #2, 1 line, 1.2 kB]"));
        assert!(is_large(&"y".repeat(1001)) && !is_large(&"y".repeat(1000)));
        assert!(is_large(&"y\n".repeat(15)) && !is_large(&"y\n".repeat(14)));
    }
}
