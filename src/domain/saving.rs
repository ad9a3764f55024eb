//! Whether what happens reaches the disk, as the screen says it.

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;

/// Whether what happens reaches the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// Within a second.
    Yes,
    /// Not now; it is kept in memory and tried again.
    No {
        /// Since when.
        since: Time,
        /// Why, in words that say what to do: `the disk is full`.
        why: String,
    },
    /// Not at all, as the user asked (`--ephemeral`).
    #[default]
    Never,
}
