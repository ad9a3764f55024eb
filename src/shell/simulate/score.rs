//! How good a day was: what came of it against what could have come of it, by the independent bound. Pure.

use std::time::Duration;

use crate::shell::simulate::outcome::{Outcome, Yield};
use crate::sim::world::World;
use crate::sim::world::bound::{Pool, Span};
use crate::sim::world::demand::{Pace, Sizes};

/// What a world can give at most, to a demand.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Pool by pool, with the places of its lanes in the roster.
    pub pools: Vec<(Pool, Vec<usize>)>,
    /// What the questions are like.
    pub sizes: Sizes,
    /// Questions that can be asked and answered, were there no limit.
    pub askable: u64,
}

/// A pool's harvest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Answers, or tokens.
    pub got: u64,
    /// How much there was.
    pub most: u64,
    /// Counted in tokens.
    pub of_tokens: bool,
}

impl Share {
    /// From 0 to 1; of nothing, 1.
    pub fn value(&self) -> f64 {
        if self.most == 0 { 1.0 } else { self.got as f64 / self.most as f64 }
    }
}

impl Bound {
    /// The bound of `world` for `length` from its start.
    pub fn of(world: &World, pace: Pace, length: Duration) -> Self {
        let day = world.day();
        let sizes = day.demand.sizes(pace, world.seed());
        let span = Span { from: day.start, to: day.start.plus(length) };
        let position = |name: &String| world.lanes().iter().position(|lane| lane.id.as_str() == name);
        let pools = world.pools(&sizes, span).into_iter().map(|pool| {
            let places = pool.lanes.iter().filter_map(position).collect();
            (pool, places)
        });
        Self { pools: pools.collect(), sizes, askable: world.askable(pace, length) }
    }

    /// The harvest of each pool.
    pub fn shares(&self, outcome: &Outcome) -> Vec<Share> {
        let shares = self.pools.iter().map(|(pool, places)| {
            let lanes = places.iter().filter_map(|place| outcome.lanes.get(*place));
            let sum = lanes.fold(Yield::default(), |sum, lane| Yield {
                answers: sum.answers + lane.answers,
                tokens: sum.tokens + lane.tokens,
                provoked: sum.provoked + lane.provoked,
            });
            match pool.most.tokens {
                Some(tokens) if pool.most.is_of_tokens(&self.sizes) => {
                    Share { got: sum.tokens, most: tokens.min(self.askable * self.sizes.most), of_tokens: true }
                }
                _ => {
                    let most = pool.most.answers.map_or(self.askable, |most| most.min(self.askable));
                    Share { got: sum.answers, most, of_tokens: false }
                }
            }
        });
        shares.collect()
    }

    /// What all pools can give, in answers of the mean size; more than is asked for is of no use.
    pub fn in_all(&self) -> f64 {
        self.given(&self.shares(&Outcome::default()), |share| share.most).min(self.askable as f64)
    }

    /// The harvest in all, from 0 to 1.
    pub fn share(&self, outcome: &Outcome) -> f64 {
        let shares = self.shares(outcome);
        let most = self.given(&shares, |share| share.most);
        let askable = self.askable as f64;
        match outcome.answered as f64 / askable.max(1.0) {
            asked if askable <= most => asked,
            // Of tokens there may be fewer and larger answers.
            asked => asked.max(self.given(&shares, |share| share.got) / most.max(1.0)),
        }
    }

    /// A sum over the pools, in answers of the mean size.
    fn given(&self, shares: &[Share], of: impl Fn(&Share) -> u64) -> f64 {
        let each = shares.iter().map(|share| of(share) as f64 / if share.of_tokens { self.sizes.mean } else { 1.0 });
        each.sum()
    }
}
