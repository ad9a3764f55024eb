//! Floor 1: SQLite on a thread of its own.
