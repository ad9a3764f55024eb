//! Floor 1: SQLite on a thread of its own.

/// Values for the tests.
#[cfg(test)]
mod samples;

/// What can go wrong, and the way on.
pub mod error;

/// The data folder and its lock.
pub mod folder;

/// How values stand in columns.
mod column;

/// The tables.
mod schema;

/// What can be written, and what waits to be.
pub mod write;

/// What is read at the start.
pub mod load;
