//! What waits to be written: a later write of the same thing takes the place of an earlier one, so what waits grows with
//! the number of things, not with time; and its number is bounded.

use std::collections::BTreeMap;

use crate::domain::attempt::Outcome;
use crate::domain::ids::{AttemptId, TurnId};
use crate::store::write::{Key, Write};

/// Rows that may wait. What is beyond it is lost, the oldest finished log rows first, and that is said.
const MOST: usize = 20_000;

/// What waits to be written, at most one write of each key, in a bounded number.
#[derive(Debug)]
pub(super) struct Pending {
    rows: BTreeMap<Key, Write>,
    most: usize,
    lost: u64,
}

impl Default for Pending {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), most: MOST, lost: 0 }
    }
}

impl Pending {
    /// Puts `write` in the place of what waits under the same key.
    pub(super) fn put(&mut self, write: Write) {
        self.rows.insert(write.key(), write);
        while self.rows.len() > self.most {
            let victim = self.victim();
            if victim.is_none_or(|key| self.rows.remove(&key).is_none()) {
                break;
            }
            self.lost += 1;
        }
    }

    /// Takes out the first.
    pub(super) fn pop(&mut self) -> Option<Write> {
        self.rows.pop_first().map(|(_, write)| write)
    }

    /// Forgets everything: it is written.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.lost = 0;
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Rows that could not be kept since the last [`Pending::clear`].
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// All that waits.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Write> {
        self.rows.values()
    }

    /// `why`, with what it has cost so far.
    pub(super) fn with_losses(&self, why: &str) -> String {
        match self.lost {
            0 => why.to_owned(),
            1 => format!("{why}; 1 row could not be kept"),
            lost => format!("{why}; {lost} rows could not be kept"),
        }
    }

    /// Who goes first: the oldest body, the oldest finished log row, then the oldest finished turn, then whatever is
    /// oldest.
    fn victim(&self) -> Option<Key> {
        const LAST: u64 = u64::MAX;
        let body = || self.rows.range(..=Key::Body(AttemptId(LAST))).next();
        let over = |write: &Write| match write {
            Write::Attempt(attempt) => attempt.outcome != Outcome::Running,
            Write::Turn(turn) => turn.state.is_over(),
            _ => false,
        };
        // Only what is of the kind is looked through, and of that few are not over.
        let attempts = || self.rows.range(Key::Attempt(AttemptId(0))..=Key::Attempt(AttemptId(LAST)));
        let turns = || self.rows.range(Key::Turn(TurnId(0))..=Key::Turn(TurnId(LAST)));
        body()
            .or_else(|| attempts().find(|(_, write)| over(write)))
            .or_else(|| turns().find(|(_, write)| over(write)))
            .or_else(|| self.rows.first_key_value())
            .map(|(key, _)| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::TurnState;
    use crate::domain::standing::Switch;
    use crate::store::samples::{NOON, attempt, lane, turn};

    fn log(id: u64, outcome: Outcome) -> Write {
        Write::Attempt(Box::new(attempt(id, outcome)))
    }

    #[test]
    fn a_later_write_takes_the_place_of_an_earlier_one() {
        let switch = Switch { target: lane(), on: false, since: NOON, until: None };
        let mut pending = Pending::default();
        for write in [
            Write::Draft("a".into()),
            Write::Switch { target: lane(), switch: Some(switch) },
            log(1, Outcome::Running),
            Write::Draft(String::new()),
            Write::Switch { target: lane(), switch: None },
            log(1, Outcome::Answered),
        ] {
            pending.put(write);
        }
        let left: Vec<Write> = std::iter::from_fn(|| pending.pop()).collect();
        let expected =
            [log(1, Outcome::Answered), Write::Switch { target: lane(), switch: None }, Write::Draft(String::new())];
        assert_eq!(left, expected);
    }

    #[test]
    fn beyond_its_bound_the_oldest_finished_rows_go_first() {
        let mut pending = Pending { most: 4, ..Pending::default() };
        let done = |id| Write::Turn(Box::new(turn(id, TurnState::Done)));
        let running = Write::Turn(Box::new(turn(8, TurnState::Running)));
        let draft = Write::Draft("kept".into());
        for write in [log(1, Outcome::Running), log(2, Outcome::Answered), log(3, Outcome::Answered), draft.clone()] {
            pending.put(write);
        }
        assert_eq!(pending.with_losses("full"), "full");
        pending.put(done(9));
        assert_eq!(pending.with_losses("full"), "full; 1 row could not be kept");
        pending.put(running.clone());
        pending.put(done(10));
        assert_eq!(pending.with_losses("full"), "full; 3 rows could not be kept");
        let left: Vec<Write> = pending.rows().cloned().collect();
        assert_eq!(left, [log(1, Outcome::Running), running, done(10), draft]);
        pending.clear();
        assert_eq!((pending.lost(), pending.is_empty()), (0, true));
    }
}
