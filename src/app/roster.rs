//! The lanes and their limits as last reported, and what of them can be selected.

use std::collections::BTreeSet;

use crate::app::ahead::Ahead;
use crate::app::steady::{Steady, Whose};
use crate::domain::clock::Time;
use crate::domain::ids::{AccountId, LaneId, PoolId};
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
    /// What is shown first.
    pub steady: Steady,
    /// How much can still be asked.
    pub ahead: Ahead,
}

/// Listed lanes of an account are folded into one line if they are more than this.
const FOLDED: usize = 3;

/// What can be selected in the quota pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A lane, or an account with several.
    Of(Target),
    /// The line that stands for the listed lanes of an account.
    Listed(AccountId),
}

/// An account with its lanes: those in use, then those that are only listed.
#[derive(Debug)]
pub struct Group<'a> {
    /// The account.
    pub account: AccountId,
    /// Its lanes that take part, or did until the user's hand or a rest.
    pub on: Vec<&'a LaneState>,
    /// Those that are off until they are switched on one by one.
    pub listed: Vec<&'a LaneState>,
}

/// Whether a lane is off until it is switched on by itself. What was switched off with its account is quiet again, too.
pub fn is_listed(lane: &LaneState) -> bool {
    lane.spec.standby.is_some() && lane.off().is_some()
}

impl<'a> Group<'a> {
    /// Whether it has more than one lane, and so a line of its own.
    pub const fn is_several(&self) -> bool {
        self.on.len() + self.listed.len() > 1
    }

    /// What of it can be selected, from the top.
    pub fn items(&self, unfolded: &BTreeSet<AccountId>) -> Vec<Item> {
        let lane = |lane: &&LaneState| Item::Of(Target::Lane(lane.spec.id.clone()));
        let account = self.is_several().then(|| Item::Of(Target::Account(self.account.clone())));
        let mut items: Vec<Item> = account.into_iter().chain(self.on.iter().map(lane)).collect();
        let many = self.listed.len() > FOLDED;
        if many {
            items.push(Item::Listed(self.account.clone()));
        }
        if !many || unfolded.contains(&self.account) {
            items.extend(self.listed.iter().map(lane));
        }
        items
    }

    /// The limits that concern more than one of its lanes, one in use among them.
    pub fn shared<'m>(&self, meters: &'m [Meter]) -> impl Iterator<Item = &'m Meter> + use<'_, 'm> {
        meters.iter().filter(|meter| self.is_shared(meter))
    }

    /// The limits of one of its lanes alone.
    pub fn own<'m>(&self, lane: &LaneState, meters: &'m [Meter]) -> impl Iterator<Item = &'m Meter> + use<'_, 'a, 'm> {
        let spec = lane.spec.clone();
        meters.iter().filter(move |meter| spec.draws_on(&meter.pool) && !self.is_shared(meter))
    }

    fn is_shared(&self, meter: &Meter) -> bool {
        let draws = |lane: &&&LaneState| lane.spec.draws_on(&meter.pool);
        let on = self.on.iter().filter(draws).take(2).count();
        on == 2 || on == 1 && self.listed.iter().any(|lane| draws(&lane))
    }
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

    /// Remembers what is shown first of the limits, for turns of `usual` size; `changed`: the pools that have, None: any.
    pub fn follow(&mut self, changed: Option<&[PoolId]>, usual: Need, now: Time) {
        let touched = |pool: &PoolId| changed.is_none_or(|changed| changed.contains(pool));
        let concerns =
            |lane: &LaneState| changed.is_none_or(|changed| changed.iter().any(|pool| lane.spec.draws_on(pool)));
        let mut steady = std::mem::take(&mut self.steady);
        self.meters.iter().filter(|meter| touched(&meter.pool)).for_each(|meter| steady.weigh(meter, now));
        for group in self.groups().iter().filter(|group| group.on.iter().any(|lane| concerns(lane))) {
            steady.choose(Whose::Shared(group.account.clone()), group.shared(&self.meters), usual, now);
            for lane in group.on.iter().filter(|lane| concerns(lane)) {
                let drawn = self.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
                steady.choose(Whose::All(lane.spec.id.clone()), drawn, usual, now);
                steady.choose(Whose::Own(lane.spec.id.clone()), group.own(lane, &self.meters), usual, now);
            }
        }
        self.steady = steady;
    }

    /// Looks how much can still be asked in turns of `usual` size. `changed`: something happened; else it is only later.
    pub fn look_ahead(&mut self, changed: bool, usual: Need, now: Time) {
        self.ahead.look(&self.lanes, &self.meters, usual, changed, now);
    }

    /// How a lane stands for a turn of this size.
    pub fn standing(&self, lane: &LaneState, need: Need, now: Time) -> Standing {
        lane.standing(&self.meters, need, now)
    }

    /// The accounts with their lanes, in the order of their first lanes.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for lane in &self.lanes {
            let account = lane.spec.account();
            let at = groups.iter().position(|group| group.account == account).unwrap_or_else(|| {
                groups.push(Group { account, on: Vec::new(), listed: Vec::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                if is_listed(lane) { &mut group.listed } else { &mut group.on }.push(lane);
            }
        }
        groups
    }

    /// What can be selected, from the top. `unfolded`: the accounts whose listed lanes are shown however many they are.
    pub fn items(&self, unfolded: &BTreeSet<AccountId>) -> Vec<Item> {
        self.groups().iter().flat_map(|group| group.items(unfolded)).collect()
    }

    /// Rows that the quota pane has in its fullest form.
    pub fn rows(&self, unfolded: &BTreeSet<AccountId>) -> usize {
        let rows = |group: &Group<'_>| {
            // A lane by itself says in a row of its own that no limit is known.
            let least = usize::from(!group.is_several());
            // One that binds, and one for all others.
            let rows = |limits: usize| limits.min(2);
            let own: usize = group.on.iter().map(|lane| rows(group.own(lane, &self.meters).count()).max(least)).sum();
            group.items(unfolded).len() + rows(group.shared(&self.meters).count()) + own
        };
        self.groups().iter().map(rows).sum()
    }

    /// What a switch of `target` is to do: what, and whether on. A lane that is off because its account is comes back
    /// with the account. None: there is nothing that a switch of all at once may change.
    pub fn switch(&self, target: &Target) -> Option<(Target, bool)> {
        let lanes = || self.lanes.iter().filter(|lane| target.covers(&lane.spec.id));
        let mut switched = lanes().filter(|lane| matches!(target, Target::Lane(_)) || !is_listed(lane)).peekable();
        switched.peek()?;
        if switched.any(|lane| lane.off().is_none()) {
            return Some((target.clone(), false));
        }
        let account = lanes().find_map(|lane| {
            lane.switch.as_ref().map(|switch| switch.target.clone()).filter(|off| matches!(off, Target::Account(_)))
        });
        Some((account.unwrap_or_else(|| target.clone()), true))
    }

    /// The lanes that are not only listed.
    pub fn chosen(&self) -> impl Iterator<Item = &LaneState> {
        self.lanes.iter().filter(|lane| !is_listed(lane))
    }

    /// The lane of that id.
    pub fn lane(&self, id: &LaneId) -> Option<&LaneState> {
        self.lanes.iter().find(|lane| lane.spec.id == *id)
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
