//! What the scheduler tells while the screen is frozen: so much of it is held back, in its order; beyond that it is known
//! that some is missing.

use std::collections::VecDeque;

use crate::domain::clock::Time;
use crate::scheduler::link::{Report, Said};

/// Reports that are held back.
const HELD: usize = 256;
/// More of one answer is not put together: 1 MB.
const LONGEST: usize = 1 << 20;

/// What is not shown yet.
#[derive(Debug)]
pub struct Frozen {
    /// Since when.
    pub since: Time,
    /// Changes that were told since then.
    pub news: u64,
    /// What is held back, oldest first.
    pub held: VecDeque<Report>,
    /// There was more than is held.
    pub missed: bool,
}

impl Frozen {
    /// From `now` on.
    pub const fn new(now: Time) -> Self {
        Self { since: now, news: 0, held: VecDeque::new(), missed: false }
    }

    /// Holds one back. Pieces of one answer are put together; a snapshot is all there is.
    pub fn hold(&mut self, report: Report) {
        match (&report, self.held.back_mut()) {
            (Report::Snapshot(_), _) => {
                // All there is: what was held is in it.
                self.held.clear();
                self.missed = false;
            }
            (Report::Said(more), Some(Report::Said(said))) if goes_on(said, more) => {
                said.text.push_str(&more.text);
                return;
            }
            _ => {}
        }
        self.news += u64::from(!matches!(report, Report::Said(_)));
        if self.held.len() >= HELD {
            self.missed = true;
        } else {
            self.held.push_back(report);
        }
    }
}

fn goes_on(said: &Said, more: &Said) -> bool {
    let end = said.from + said.text.len();
    said.turn == more.turn && said.reasoning == more.reasoning && end == more.from && said.text.len() < LONGEST
}
