//! A page of the log: what is wanted of the store, and what came.

use crate::domain::attempt::{Attempt, Whence};
use crate::domain::conversation::Request;
use crate::domain::filter::Filter;
use crate::domain::roster::{Dialect, LaneSpec};

/// Rows of a page.
pub const PAGE: usize = 500;

/// A page that is wanted from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Comes back with the page.
    pub number: u64,
    /// Which rows.
    pub filter: Filter,
    /// Where it begins.
    pub whence: Whence,
    /// At most so many rows.
    pub most: u32,
    /// Whether to count how many are meant.
    pub count: bool,
}

/// A page of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// That of [`Wanted`].
    pub number: u64,
    /// In the order of the log.
    pub rows: Vec<Attempt>,
    /// How many rows are meant, and how many there are, if that was wanted.
    pub counts: Option<(u64, u64)>,
}

/// How rows are written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Comma-separated values, with a line of names first.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// An attempt that is to be written down as a recorded exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The attempt.
    pub attempt: Attempt,
    /// How its lane's limits are read; None: the lane is not there any more.
    pub dialect: Option<Dialect>,
    /// The response's body, if it is at hand.
    pub body: Option<String>,
}

/// A request that is to be written as a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// The lane; its key is not needed.
    pub lane: LaneSpec,
    /// What is asked.
    pub request: Request,
}
