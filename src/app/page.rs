//! A page of the log: what is wanted of the store, and what came.

use crate::domain::attempt::{Attempt, Whence};
use crate::domain::filter::Filter;

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
