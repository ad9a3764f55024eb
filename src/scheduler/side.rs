//! What the ledger keeps of a lane that no screen needs. Plain data.

use crate::domain::clock::Time;
use crate::scheduler::outputs::Outputs;

/// What is kept beside a lane.
#[derive(Debug, Default)]
pub struct Side {
    /// Its account's place among the accounts.
    pub account: usize,
    /// The meters that it draws on.
    pub draws: Vec<usize>,
    /// Failures in a row.
    pub row: u32,
    /// How long its answers are.
    pub outputs: Outputs,
    /// When an attempt left for it last.
    pub sent: Option<Time>,
}
