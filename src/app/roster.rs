//! The lanes and their limits as last reported, and which of them is selected.

use crate::domain::clock::Time;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Need, Standing, Target};

/// The roster as the scheduler last told it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    /// The lanes, in the order of the rotation.
    pub lanes: Vec<LaneState>,
    /// The limits.
    pub meters: Vec<Meter>,
    /// The lane that takes the next turn.
    pub next: Option<LaneId>,
}

impl Roster {
    /// Takes in what changed.
    pub fn merge(&mut self, lanes: Vec<LaneState>, meters: Vec<Meter>, next: Option<LaneId>) {
        for lane in lanes {
            match self.lanes.iter_mut().find(|known| known.spec.id == lane.spec.id) {
                Some(known) => *known = lane,
                None => self.lanes.push(lane),
            }
        }
        for meter in meters {
            let same = |known: &&mut Meter| known.pool == meter.pool && known.is_for(&meter.unit, meter.window);
            match self.meters.iter_mut().find(same) {
                Some(known) => *known = meter,
                None => self.meters.push(meter),
            }
        }
        self.next = next;
    }

    /// How a lane stands for a turn of this size.
    pub fn standing(&self, lane: &LaneState, need: Need, now: Time) -> Standing {
        lane.standing(&self.meters, need, now)
    }

    /// The accounts, in the order of their first lanes.
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = Vec::new();
        for account in self.lanes.iter().map(|lane| lane.spec.account()) {
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        }
        accounts
    }

    /// The lanes of an account.
    pub fn lanes_of<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a LaneState> {
        self.lanes.iter().filter(move |lane| lane.spec.account() == *account)
    }

    /// What can be selected, from the top: an account with one lane is that lane; one with several comes before them.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for account in self.accounts() {
            let lanes: Vec<LaneId> = self.lanes_of(&account).map(|lane| lane.spec.id.clone()).collect();
            if lanes.len() > 1 {
                targets.push(Target::Account(account));
            }
            targets.extend(lanes.into_iter().map(Target::Lane));
        }
        targets
    }

    /// What a switch of `target` is to do: what, and whether on. A lane that is off because its account is comes back
    /// with the account.
    pub fn switch(&self, target: &Target) -> Option<(Target, bool)> {
        let mut lanes = self.lanes.iter().filter(|lane| target.covers(&lane.spec.id)).peekable();
        lanes.peek()?;
        if let Some(()) = lanes.find_map(|lane| lane.off().is_none().then_some(())) {
            Some((target.clone(), false))
        } else {
            let account = self.lanes.iter().filter(|lane| target.covers(&lane.spec.id)).find_map(|lane| {
                lane.switch.as_ref().map(|switch| switch.target.clone()).filter(|off| matches!(off, Target::Account(_)))
            });
            Some((account.unwrap_or_else(|| target.clone()), true))
        }
    }

    /// For how long no lane can answer: the lane that can first, when, and why not now. None for the time: nobody knows.
    pub fn first_free(&self, need: Need, now: Time) -> Option<(&LaneState, Option<Time>, Standing)> {
        self.lanes
            .iter()
            .map(|lane| (lane, self.standing(lane, need, now)))
            .filter(|(_, standing)| matches!(standing, Standing::Resting { .. } | Standing::Spent { .. }))
            .map(|(lane, standing)| (lane, standing.until(now), standing))
            .min_by_key(|(_, until, _)| until.map_or((1, Time::default()), |until| (0, until)))
    }
}
