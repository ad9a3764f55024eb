//! What the user's hand has set of the rotation: how lanes are chosen, in which order, with which weight, and what is
//! kept back for the chat. It outranks the config, holds over a restart, and can be taken back. Pure values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::roster::Strategy;
use crate::domain::standing::Target;

/// The heaviest that a hand makes an account; the lightest is 1.
pub const HEAVIEST: u32 = 9;

/// All that was set by hand. Nothing: as the config has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hand {
    /// How lanes are chosen.
    pub strategy: Option<Strategy>,
    /// The accounts in their order; those that are not in it come behind, as in the roster.
    pub order: Vec<AccountId>,
    /// Turns in a round, 1 to [`HEAVIEST`].
    pub weights: BTreeMap<AccountId, u32>,
    /// Requests that are kept back for the chat; 0: none, whatever the config says.
    pub keeps: Vec<(Target, u64)>,
}

/// One thing that is set by hand; None, or an empty order: as the config has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// How lanes are chosen.
    Strategy(Option<Strategy>),
    /// The order of the accounts.
    Order(Vec<AccountId>),
    /// Turns of an account in a round.
    Weight(AccountId, Option<u32>),
    /// The last requests of a lane, or of each lane of an account, that only the chat may take.
    Keep(Target, Option<u64>),
}

/// How the scheduler is set, as it tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// What was set by hand.
    pub hand: Hand,
    /// How lanes are chosen, by hand or by the config.
    pub strategy: Strategy,
    /// The accounts, in the order in which they stand.
    pub order: Vec<AccountId>,
    /// Since when nothing new is sent, by the user's hand; None: it is sent. A restart ends it.
    pub paused: Option<Time>,
}

impl Hand {
    /// Sets one thing.
    pub fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Strategy(strategy) => self.strategy = strategy,
            Setting::Order(order) => self.order = order,
            Setting::Weight(account, None) => drop(self.weights.remove(&account)),
            Setting::Weight(account, Some(weight)) => drop(self.weights.insert(account, weight.clamp(1, HEAVIEST))),
            Setting::Keep(target, requests) => {
                self.keeps.retain(|(known, _)| *known != target);
                self.keeps.extend(requests.map(|requests| (target, requests)));
            }
        }
    }

    /// What undoes `setting`, asked before it is set.
    #[must_use]
    pub fn undoing(&self, setting: &Setting) -> Setting {
        match setting {
            Setting::Strategy(_) => Setting::Strategy(self.strategy),
            Setting::Order(_) => Setting::Order(self.order.clone()),
            Setting::Weight(account, _) => Setting::Weight(account.clone(), self.weights.get(account).copied()),
            Setting::Keep(target, _) => {
                let known = self.keeps.iter().find(|(known, _)| known == target);
                Setting::Keep(target.clone(), known.map(|(_, requests)| *requests))
            }
        }
    }

    /// What is kept back of a lane, by its own name or its account's. None: nothing was set.
    pub fn keep(&self, lane: &LaneId) -> Option<u64> {
        let of = |own: bool| {
            let fits = |target: &Target| matches!(target, Target::Lane(_)) == own && target.covers(lane);
            self.keeps.iter().find(|(target, _)| fits(target)).map(|(_, requests)| *requests)
        };
        of(true).or_else(|| of(false))
    }

    /// The place of an account in the order that was set.
    pub fn place(&self, account: &AccountId) -> Option<usize> {
        self.order.iter().position(|known| known == account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_set_undone_and_taken_back() {
        let account = || Target::Account("a".into());
        for (first, second) in [
            (Setting::Strategy(Some(Strategy::Order)), Setting::Strategy(Some(Strategy::Even))),
            (Setting::Order(vec!["b".into(), "a".into()]), Setting::Order(vec!["a".into(), "b".into()])),
            (Setting::Weight("a".into(), Some(2)), Setting::Weight("a".into(), Some(3))),
            (Setting::Keep(account(), Some(20)), Setting::Keep(account(), Some(0))),
        ] {
            let mut hand = Hand::default();
            let back = hand.undoing(&first);
            hand.set(first);
            let one = hand.clone();
            let undo = hand.undoing(&second);
            hand.set(second);
            assert_ne!(hand, one);
            hand.set(undo);
            assert_eq!(hand, one);
            hand.set(back);
            assert_eq!(hand, Hand::default());
        }
        let mut hand = Hand::default();
        hand.set(Setting::Weight("a".into(), Some(70)));
        assert_eq!(hand.weights.get(&AccountId::from("a")), Some(&HEAVIEST));
    }

    #[test]
    fn what_is_kept_of_a_lane_by_its_own_name_stands_above_its_accounts() {
        let mut hand = Hand::default();
        hand.set(Setting::Keep(Target::Lane("a/x".into()), Some(3)));
        hand.set(Setting::Keep(Target::Account("a".into()), Some(20)));
        let keep = |lane: &str| hand.keep(&lane.into());
        assert_eq!([keep("a/x"), keep("a/y"), keep("b/x")], [Some(3), Some(20), None]);
        let kept: Hand = serde_json::from_str(&serde_json::to_string(&hand).unwrap()).unwrap();
        assert_eq!(kept, hand);
    }
}
