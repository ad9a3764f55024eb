//! What a model thought before its answer: one line that says how much, and all of it where that is asked for. While it
//! comes, only what is new is counted and laid out.

use crate::app::prose::{Prose, Reading};
use crate::app::row::{Piece, Role, Row};

/// Columns that the unfolded text stands in.
const INSET: usize = 2;

/// The thoughts of one turn, laid out.
#[derive(Debug, Default)]
pub struct Thoughts {
    words: usize,
    /// Bytes that are counted.
    counted: usize,
    /// None: folded.
    open: Option<Prose>,
}

impl Thoughts {
    /// Lays `text` out from its beginning. `open`: to be read, not only counted. `over`: nothing more comes.
    pub fn lay_out(&mut self, text: &str, open: bool, width: usize, over: bool) {
        *self = Self::default();
        self.open = open.then(|| Prose::new(Reading::Verbatim, width.saturating_sub(INSET)));
        self.extend(text, over);
    }

    /// Takes in what is new in `text`, of which all that was handed over before is the beginning.
    pub fn extend(&mut self, text: &str, over: bool) {
        let (known, new) = text.split_at_checked(self.counted).unwrap_or(("", text));
        let goes_on = known.chars().next_back().is_some_and(|char| !char.is_whitespace())
            && new.chars().next().is_some_and(|char| !char.is_whitespace());
        self.words += new.split_whitespace().count() - usize::from(goes_on);
        self.counted = text.len();
        if let Some(prose) = &mut self.open {
            prose.extend(text, over);
        }
    }

    /// Rows that it takes; none, if nothing was thought.
    pub fn height(&self) -> usize {
        if self.words == 0 { 0 } else { 1 + self.open.as_ref().map_or(0, |prose| prose.rows().len()) }
    }

    /// Its row of that number, the first being the line that says how much it is. `ended`: the answer has begun.
    pub fn row(&self, number: usize, ended: bool) -> Row {
        let Some(number) = number.checked_sub(1) else {
            let sign = if self.open.is_some() { "▾" } else { "▸" };
            let words = if self.words == 1 { "word" } else { "words" };
            let text = if ended {
                format!("{sign} thought for {} {words}", self.words)
            } else {
                format!("{sign} thinks, {} {words} so far", self.words)
            };
            return Row::of(text, Role::Dim);
        };
        let row = self.open.as_ref().and_then(|prose| prose.rows().get(number));
        let words = row.map(Row::text).unwrap_or_default();
        Row(vec![Piece::dim(" ".repeat(INSET)), Piece::dim(words)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_however_they_come() {
        let text = "First  this,\nthen that: a word more.";
        for step in [1, 2, 5, 100] {
            let mut thoughts = Thoughts::default();
            thoughts.lay_out("", true, 20, false);
            let mut end = 0;
            while end < text.len() {
                end = (end + step).min(text.len());
                thoughts.extend(text.get(..end).unwrap(), false);
            }
            assert_eq!((thoughts.words, thoughts.height()), (7, 4), "{step}");
        }
    }

    #[test]
    fn folded_it_is_one_line() {
        let mut thoughts = Thoughts::default();
        assert_eq!(thoughts.height(), 0);
        thoughts.lay_out("a b c", false, 20, true);
        assert_eq!((thoughts.height(), thoughts.row(0, true).text().as_str()), (1, "▸ thought for 3 words"));
        assert_eq!(thoughts.row(0, false).text(), "▸ thinks, 3 words so far");
        thoughts.lay_out("a b c", true, 5, true);
        let rows: Vec<String> = (0..thoughts.height()).map(|row| thoughts.row(row, true).text()).collect();
        assert_eq!(rows, ["▾ thought for 3 words", "  a b", "  c"]);
    }
}
