//! How many columns of a terminal a text takes, and where it is cut: by grapheme cluster, never inside one. Knows
//! nothing of what the text says.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::text::harmless;

/// Columns of one grapheme cluster as it is drawn, that is, made harmless: a tab takes four.
pub fn of_cluster(cluster: &str) -> usize {
    if cluster.len() == 1 && cluster.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return 1;
    }
    let drawn = harmless(cluster);
    // As ratatui counts what it draws: one more for each halfwidth sound mark. A test in `view` compares.
    drawn.width() + drawn.chars().filter(|char| matches!(char, '\u{ff9e}' | '\u{ff9f}')).count()
}

/// Columns of `text`.
pub fn of(text: &str) -> usize {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.len();
    }
    text.graphemes(true).map(of_cluster).sum()
}

/// `text` in at most `width` columns, with an ellipsis where something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if of(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut columns = 0;
    for cluster in text.graphemes(true) {
        columns += of_cluster(cluster);
        if columns >= width {
            break;
        }
        kept.push_str(cluster);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// `text` cut in its middle to at most `width` columns: both ends of a name tell it from its neighbours.
pub fn cut_middle(text: &str, width: usize) -> String {
    if of(text) <= width {
        return text.to_owned();
    }
    let (head, tail) = (width / 2, width.saturating_sub(width / 2 + 1));
    let mut end = String::new();
    let mut columns = 0;
    for cluster in text.graphemes(true).rev() {
        columns += of_cluster(cluster);
        if columns > tail {
            break;
        }
        end.insert_str(0, cluster);
    }
    format!("{}{end}", cut(text, head + 1))
}

/// Where the rows of one line without newlines begin and end, in bytes. Together they are the whole line. It is broken
/// after spaces, beside wide characters, and inside a word only if the word is longer than a row. Spaces at the end of
/// a row hang over its edge. At least one row, if only an empty one.
pub fn wrap(line: &str, width: usize) -> Vec<Range<usize>> {
    let width = width.max(1);
    if line.len() <= width && line.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return std::iter::once(0..line.len()).collect();
    }
    let mut rows = Vec::new();
    // The row's beginning; its columns so far; the last place where it may be broken, and the columns up to there.
    let (mut start, mut columns, mut gap, mut gap_columns) = (0, 0, 0, 0);
    let mut after_wide = false;
    for (at, cluster) in line.grapheme_indices(true) {
        let size = of_cluster(cluster);
        if cluster == " " || cluster == "\t" {
            columns += size;
            (gap, gap_columns) = (at + cluster.len(), columns);
            after_wide = false;
            continue;
        }
        if size > 1 || after_wide {
            (gap, gap_columns) = (at, columns);
        }
        after_wide = size > 1;
        while columns + size > width && at > start {
            if gap > start {
                rows.push(start..gap);
                start = gap;
                columns -= gap_columns;
            } else {
                rows.push(start..at);
                start = at;
                columns = 0;
            }
            gap_columns = 0;
        }
        columns += size;
    }
    rows.push(start..line.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(line: &str, width: usize) -> Vec<&str> {
        wrap(line, width).into_iter().map(|range| line.get(range).unwrap()).collect()
    }

    #[test]
    fn lines_break_between_words() {
        for (line, width, expected) in [
            ("", 5, vec![""]),
            ("abc", 5, vec!["abc"]),
            ("exact", 5, vec!["exact"]),
            ("exact word", 5, vec!["exact ", "word"]),
            ("two words fit", 9, vec!["two words ", "fit"]),
            ("unbreakable", 4, vec!["unbr", "eaka", "ble"]),
            ("a unbreakable", 4, vec!["a ", "unbr", "eaka", "ble"]),
            ("  indented text", 8, vec!["  ", "indented ", "text"]),
            ("spaces      hang", 7, vec!["spaces      ", "hang"]),
            ("日本語です", 4, vec!["日本", "語で", "す"]),
            ("日本語です", 5, vec!["日本", "語で", "す"]),
            ("ab日本", 3, vec!["ab", "日", "本"]),
            ("日本word", 6, vec!["日本", "word"]),
            // A family is one cluster of two columns, whatever it is made of.
            ("👩‍👧👩‍👧👩‍👧", 4, vec!["👩‍👧👩‍👧", "👩‍👧"]),
            ("e\u{301}e\u{301}e\u{301}", 2, vec!["e\u{301}e\u{301}", "e\u{301}"]),
            ("日", 1, vec!["日"]),
            ("日本", 1, vec!["日", "本"]),
            ("x", 0, vec!["x"]),
        ] {
            assert_eq!(rows(line, width), expected, "{line:?} at {width}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(256) })]
        #[test]
        fn nothing_is_lost_and_nothing_sticks_out(line in "[a-c \u{4e00}\u{1f469}\u{200d}\u{1f467}e\u{301}]{0,40}", width in 2..12usize) {
            let rows = rows(&line, width);
            proptest::prop_assert_eq!(rows.concat(), line.as_str());
            for row in rows {
                let row = row.trim_end();
                proptest::prop_assert!(of(row) <= width || row.graphemes(true).count() == 1, "{row:?}");
            }
        }
    }

    #[test]
    fn texts_are_cut_to_fit() {
        assert_eq!(cut("quick/small", 11), "quick/small");
        assert_eq!(cut("quick/small", 6), "quick…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut_middle("openrouter/nvidia/nemotron:free", 15), "openrou…on:free");
    }
}
