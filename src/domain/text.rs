//! Text from strangers (models, providers, headers, pastes) made harmless for a terminal. Knows nothing of where the
//! text comes from, nor where it goes.

use std::borrow::Cow;

/// What stands for a character that must not reach a terminal.
const STAND_IN: char = '\u{fffd}';

/// The variation selector that turns a sign into an emoji; terminals disagree on the width of what it makes.
const VS16: char = '\u{fe0f}';

/// `text` with nothing in it that a terminal could take for a command: control characters (newline kept, tab widened to
/// four spaces), the C1 range, characters that turn the direction of reading, and emoji selectors, on whose width
/// terminals disagree. Zero-cost where there is nothing to do.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(needs_care) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => clean.push('\n'),
            '\t' => clean.push_str("    "),
            VS16 => {}
            char if needs_care(char) => clean.push(STAND_IN),
            char => clean.push(char),
        }
    }
    Cow::Owned(clean)
}

/// [`harmless`], and on one line: newlines become spaces.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match harmless(text) {
        clean if clean.contains('\n') => Cow::Owned(clean.replace('\n', " ")),
        clean => clean,
    }
}

/// `text` cut to at most `most` characters, with an ellipsis where something was cut.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.char_indices().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

fn needs_care(char: char) -> bool {
    match char {
        '\n' => false,
        // Bidirectional marks, embeddings, overrides, isolates.
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Line and paragraph separators, byte order mark, invisible tag letters.
        | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | VS16 => true,
        char => char.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_sequence_survives() {
        for (text, clean) in [
            ("plain", "plain"),
            ("a\nb", "a\nb"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("\x1b[31mred\x1b[0m", "\u{fffd}[31mred\u{fffd}[0m"),
            ("\u{9b}2J\u{7f}\0", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("a\tb", "a    b"),
            ("right\u{202e}left", "right\u{fffd}left"),
            ("⚠\u{fe0f} hot", "⚠ hot"),
            ("naïve 日本 👩‍👧", "naïve 日本 👩‍👧"),
        ] {
            assert_eq!(harmless(text), clean, "{text:?}");
        }
        assert_eq!(one_line("a\nb\x07"), "a b\u{fffd}");
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shortened("日本語", 3), "日本語");
        assert_eq!(shortened("日本語!", 3), "日本…");
        assert_eq!(shortened("abc", 0), "…");
    }
}
