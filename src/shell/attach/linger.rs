//! A command that holds the folder ends later than its own work, where others' answers come through it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::conversation::Turn;
use crate::domain::ids::TurnId;
use crate::scheduler::door::{Link, Subscription};
use crate::scheduler::link::Report;

/// Turns that are not over.
#[derive(Debug)]
pub struct Others {
    subscription: Subscription,
    open: BTreeSet<TurnId>,
}

/// Looks once. None: nothing is on its way.
pub async fn others(link: &Link) -> Option<Others> {
    let mut others = Others { subscription: link.subscribe().await?, open: BTreeSet::new() };
    others.hear().await;
    (!others.open.is_empty()).then_some(others)
}

impl Others {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// Waits until all of them are over, at most for `patience`.
    pub async fn over(&mut self, patience: Duration) {
        let over = async { while !self.open.is_empty() && self.hear().await {} };
        // Then it ends all the same: an answer that waits for tomorrow's quota holds up no script.
        let _ = tokio::time::timeout(patience, over).await;
    }

    /// Takes in one report; false: no more will come.
    async fn hear(&mut self) -> bool {
        match self.subscription.reports.recv().await {
            Some(Report::Snapshot(snapshot)) => {
                self.open.clear();
                snapshot.turns.iter().for_each(|turn| self.turn(turn));
            }
            Some(Report::Moved(moved)) => moved.turn.iter().for_each(|turn| self.turn(turn)),
            Some(
                Report::Said(_)
                | Report::Saving(_)
                | Report::Conversed(_)
                | Report::Controlled(_)
                | Report::Refused(..),
            ) => {}
            None => return false,
        }
        true
    }

    fn turn(&mut self, turn: &Turn) {
        if turn.state.is_over() {
            self.open.remove(&turn.id);
        } else {
            self.open.insert(turn.id);
        }
    }
}
