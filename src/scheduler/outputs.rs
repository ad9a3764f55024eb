//! How long a lane's answers are: what is held back for one before it has come. Pure.

use std::collections::VecDeque;

/// So many answers back.
const LAST: usize = 64;

/// Fewer than this say nothing.
const ENOUGH: usize = 8;

/// What no model answers at once is not believed.
const LONGEST: u64 = 32_768;

/// The lengths of a lane's last answers, in tokens.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    last: VecDeque<u64>,
    most: Option<u64>,
}

impl Outputs {
    /// An answer of this many tokens has come.
    pub fn add(&mut self, tokens: u64) {
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(tokens.min(LONGEST));
        let mut sorted: Vec<u64> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let at = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
        self.most = sorted.get(at).copied().filter(|_| sorted.len() >= ENOUGH);
    }

    /// The length that 19 of 20 answers keep within; None: too few have come.
    pub const fn most(&self) -> Option<u64> {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nineteen_of_twenty_keep_within_it() {
        let mut outputs = Outputs::default();
        for tokens in 1..=7 {
            outputs.add(tokens);
        }
        assert_eq!(outputs.most(), None);
        for tokens in 8..=100 {
            outputs.add(tokens);
        }
        // Of 37 to 100, the 61st.
        assert_eq!(outputs.most(), Some(97));
        for _ in 0..64 {
            outputs.add(1_000_000);
        }
        assert_eq!(outputs.most(), Some(32_768));
    }
}
