//! The filter of the log as it is typed: its text, what it means, what is wrong with it, and how much is meant.

use crate::domain::clock::Time;
use crate::domain::filter::Filter;

/// The longest filter that can be typed, in characters.
const LONGEST: usize = 500;

/// The filter line.
#[derive(Debug, Default)]
pub struct Sieve {
    /// As typed.
    text: String,
    /// As meant; of a text that means nothing, none.
    pub filter: Filter,
    /// What is wrong with it.
    pub bad: Option<String>,
    /// Letters go into it.
    pub typing: bool,
    /// How many rows are meant, and how many there are; None: not known yet.
    pub counts: Option<(u64, u64)>,
}

impl Sieve {
    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the line is to be seen.
    pub const fn is_open(&self) -> bool {
        self.typing || !self.text.is_empty()
    }

    /// Another text. True: it means other rows than before.
    pub fn set(&mut self, text: String, now: Time) -> bool {
        self.text = text.chars().filter(|char| !char.is_control()).take(LONGEST).collect();
        let (filter, bad) = match Filter::read(&self.text, now) {
            Ok(filter) => (filter, None),
            Err(bad) => (Filter::default(), Some(bad.0)),
        };
        self.bad = bad;
        let other = filter != self.filter;
        if other {
            self.filter = filter;
            self.counts = None;
        }
        other
    }

    /// Counts a row that is new, or that was changed: whether it was meant before (None: it was not there), and is now.
    pub fn count(&mut self, before: Option<bool>, now: bool) {
        let Some((meant, all)) = &mut self.counts else { return };
        *all += u64::from(before.is_none());
        *meant = (*meant + u64::from(now)).saturating_sub(u64::from(before == Some(true)));
    }
}
