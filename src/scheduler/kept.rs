//! What an earlier run kept of lanes and limits, handed to each lane as it joins.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::ids::AccountId;
use crate::domain::quota::limit::Evidence;
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Rest, Switch};

/// How long a model stays out that the account may not use.
const UNENTITLED: Duration = Duration::from_hours(24);

/// What an earlier run kept.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Counts, and caps that were learnt.
    pub meters: Vec<Meter>,
    /// Rests.
    pub rests: Vec<Rest>,
    /// What the user did with the switches.
    pub switches: Vec<Switch>,
    /// The account that took the last attempt.
    pub last_account: Option<AccountId>,
}

impl Kept {
    /// Gives a lane its switch, its rest if that is not over, and its counts. Of a documented cap the catalogue's word
    /// stands; a count of a window that the catalogue has come to know otherwise means nothing.
    pub fn give(&mut self, lane: &mut LaneState, meters: &mut Vec<Meter>, now: Time) {
        let id = &lane.spec.id;
        lane.switch = self.switches.iter().find(|switch| switch.target.covers(id)).cloned();
        // A bad key or an unpaid account is tried once more after a restart: the user may have mended it. Gone is gone,
        // and a model that is not in the plan is not tried again on the same day.
        let endless = |rest: &Rest| match rest.class {
            Class::Gone => true,
            Class::Payment => now.since(rest.since) < UNENTITLED,
            _ => false,
        };
        let running = |rest: &&Rest| rest.until.map_or_else(|| endless(rest), |until| until > now);
        lane.rest = self.rests.iter().filter(running).find(|rest| rest.target.covers(id)).cloned();
        lane.at_once = lane.rest.as_ref().and(Some(1));
        let (own, others) =
            std::mem::take(&mut self.meters).into_iter().partition(|meter| lane.spec.draws_on(&meter.pool));
        self.meters = others;
        let own: Vec<Meter> = own;
        for kept in own {
            let known =
                meters.iter_mut().find(|meter| meter.pool == kept.pool && meter.is_for(&kept.unit, kept.window));
            match known {
                Some(meter) if meter.window == kept.window => {
                    let (cap, documented) = (meter.cap, meter.documented);
                    let changed = kept.documented.is_some() && kept.documented != documented;
                    *meter = kept;
                    meter.documented = documented;
                    // What was learnt stands above what is documented, until that is written anew.
                    if changed || meter.cap.is_none_or(|cap| cap.evidence == Evidence::Documented) {
                        meter.cap = cap;
                        meter.guess = None;
                    }
                }
                Some(_) => {}
                None => meters.push(kept),
            }
        }
    }
}
