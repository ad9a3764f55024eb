//! Floor 1: SQLite on a thread of its own.

/// The data folder and its lock.
pub mod folder;
