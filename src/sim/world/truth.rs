//! How a limit stands in truth, whatever was told of it: what a gauge is compared with.

use std::time::Duration;

use crate::sim::world::limit::Standing;

/// How one limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// How much fits.
    pub cap: u64,
    /// What is used; may be above the cap.
    pub used: u64,
    /// What is left.
    pub left: u64,
    /// When nothing is used any more, from now; zero when nothing is.
    pub full_after: Duration,
}

impl From<Standing> for Truth {
    fn from(Standing { cap, used, left, full_after, .. }: Standing) -> Self {
        Self { cap, used, left, full_after }
    }
}
