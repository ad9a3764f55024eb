//! What is shown first of several limits, and which of them are called low: both stay as they are until something has
//! clearly changed, so that the screen does not flap around a threshold. Remembers; decides purely.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::Unit;
use crate::domain::quota::meter::Meter;
use crate::domain::runway::Bound;
use crate::domain::standing::Need;

/// A smaller share than this is low.
pub const LOW: f64 = 0.2;

/// What was low is not low any more only when it is so much more.
const MARGIN: f64 = 0.03;

/// Which limit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pool: PoolId,
    unit: Unit,
    span: Option<Duration>,
}

impl Key {
    /// That of `meter`.
    pub fn of(meter: &Meter) -> Self {
        Self { pool: meter.pool.clone(), unit: meter.unit.clone(), span: meter.window.span() }
    }
}

/// Of whose limits one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Of all that a lane draws on.
    All(LaneId),
    /// Of those that a lane has for itself.
    Own(LaneId),
    /// Of those that the lanes of an account share.
    Shared(AccountId),
}

/// What was shown last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steady {
    first: BTreeMap<Whose, Key>,
    low: BTreeSet<Key>,
}

impl Steady {
    /// The limit that stops turns of `usual` size first; the one that was shown first stays so until another does
    /// clearly sooner.
    pub fn first<'m>(
        &self,
        whose: &Whose,
        meters: impl Iterator<Item = &'m Meter>,
        usual: Need,
        now: Time,
    ) -> Option<Key> {
        let bounds: Vec<(Key, Bound)> =
            meters.filter_map(|meter| Some((Key::of(meter), Bound::new(meter, usual, now)?))).collect();
        let before = |best: (Key, Bound), other: (Key, Bound)| if other.1.is_before(best.1) { other } else { best };
        let shown = self.first.get(whose);
        let held = bounds.iter().find(|(key, _)| Some(key) == shown).cloned();
        let best = bounds.into_iter().reduce(before)?;
        Some(held.filter(|held| !best.1.is_clearly_before(held.1)).unwrap_or(best).0)
    }

    /// Whether a limit is low of which the share `left` is left.
    pub fn is_low(&self, key: &Key, left: f64) -> bool {
        left < if self.low.contains(key) { LOW + MARGIN } else { LOW }
    }

    /// Remembers which of `meters` is shown first.
    pub fn choose<'m>(&mut self, whose: Whose, meters: impl Iterator<Item = &'m Meter>, usual: Need, now: Time) {
        match self.first(&whose, meters, usual, now) {
            Some(key) => self.first.insert(whose, key),
            None => self.first.remove(&whose),
        };
    }

    /// Remembers whether it is low.
    pub fn weigh(&mut self, meter: &Meter, now: Time) {
        let key = Key::of(meter);
        let share = Bound::new(meter, Need::USUAL, now).map_or(1.0, |bound| bound.share);
        if self.is_low(&key, share) {
            self.low.insert(key);
        } else {
            self.low.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, meter};

    fn left(unit: Unit, cap: u64, left: u64) -> Meter {
        let mut meter = meter("a", unit, "1d midnight UTC", cap);
        meter.count(cap - left, NOW);
        meter
    }

    #[test]
    fn another_limit_comes_first_only_by_a_clear_margin() {
        let mut steady = Steady::default();
        let whose = Whose::All("a/b".into());
        let mut shown = Vec::new();
        for tokens in [8000, 8400, 7700, 7300, 7100, 7900, 8800, 8900, 8100, 0] {
            // 20 requests, against turns of 400 tokens.
            let meters = [left(Unit::Requests, 40, 20), left(Unit::Tokens, 10_000, tokens)];
            let first = steady.first(&whose, meters.iter(), Need::USUAL, NOW);
            assert_eq!(first, steady.first(&whose, meters.iter(), Need::USUAL, NOW));
            steady.choose(whose.clone(), meters.iter(), Need::USUAL, NOW);
            shown.push(first.map(|key| key.unit.short().to_owned()).unwrap());
        }
        assert_eq!(shown, ["req", "req", "req", "req", "tok", "tok", "tok", "req", "req", "tok"]);
        assert_eq!(steady.first(&whose, [].into_iter(), Need::USUAL, NOW), None);
    }

    #[test]
    fn low_stays_low_until_there_is_clearly_more() {
        let mut steady = Steady::default();
        let mut said = Vec::new();
        for share in [21, 20, 19, 20, 22, 23, 22, 20, 19, 30] {
            let meter = left(Unit::Requests, 100, share);
            steady.weigh(&meter, NOW);
            said.push(steady.is_low(&Key::of(&meter), share as f64 / 100.0));
        }
        assert_eq!(said, [false, false, true, true, true, false, false, false, true, false]);
    }
}
