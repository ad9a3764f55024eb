//! Lines of code on their way to be looked into, and back. What they are is found out off the dashboard's own task.

use crate::app::listing::Hue;
use crate::domain::ids::TurnId;

/// Lines of code that nobody has looked into yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The turn in whose answer they stand.
    pub turn: TurnId,
    /// Which beginning of that answer it is.
    pub epoch: u32,
    /// The number of the block in it.
    pub block: usize,
    /// The language, as the block says.
    pub lang: String,
    /// The number of the first line in the block: those before it were handed over before.
    pub from: usize,
    /// The lines.
    pub lines: Vec<String>,
}

/// What the parts of these lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// As in the snippet.
    pub turn: TurnId,
    /// As in the snippet.
    pub epoch: u32,
    /// As in the snippet.
    pub block: usize,
    /// As in the snippet.
    pub from: usize,
    /// Of each line: its parts, in order; none: nothing was found out.
    pub hues: Vec<Vec<Hue>>,
}

impl Snippet {
    /// The answer to it.
    pub fn parsed(&self, hues: Vec<Vec<Hue>>) -> Parsed {
        Parsed { turn: self.turn, epoch: self.epoch, block: self.block, from: self.from, hues }
    }

    /// The answer that nothing was found out.
    pub fn unknown(&self) -> Parsed {
        self.parsed(vec![Vec::new(); self.lines.len()])
    }
}
