//! What an earlier run kept of lanes and limits, handed to each lane as it joins.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::hand::Hand;
use crate::domain::ids::AccountId;
use crate::domain::quota::limit::Evidence;
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Need, Rest, Switch};
use crate::store::load::Unsettled;

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
    /// What the user set by hand of the rotation.
    pub hand: Hand,
    /// What was in the air when roundel was killed.
    pub unsettled: Vec<Unsettled>,
}

impl Kept {
    /// Gives a lane its switch, its rest if that is not over, and its counts. Of a documented cap the catalogue's word
    /// stands; a count of a window that the catalogue has come to know otherwise means nothing.
    pub fn give(&mut self, lane: &mut LaneState, meters: &mut Vec<Meter>, now: Time) {
        let id = &lane.spec.id;
        lane.switch = self.switches.iter().find(|one| one.target.covers(id) && !one.is_over(now)).cloned();
        lane.weight = self.hand.weights.get(&id.account()).copied();
        lane.keep = self.hand.keep(id);
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
                    if changed || meter.cap.is_none_or(|cap| cap.evidence == Evidence::Documented || cap.value == 0) {
                        meter.cap = cap;
                        meter.guess = None;
                    }
                }
                Some(_) => {}
                None => meters.push(kept),
            }
        }
        self.settle(lane, meters);
    }

    /// Counts what was sent on a lane when roundel was killed: each provider has, whether it told so or not.
    fn settle(&mut self, lane: &LaneState, meters: &mut [Meter]) {
        for sent in self.unsettled.extract_if(.., |sent| sent.lane == lane.spec.id) {
            let need = Need { input: sent.input, output: sent.output, ..Need::USUAL };
            for meter in meters.iter_mut().filter(|meter| lane.spec.draws_on(&meter.pool)) {
                // What was reported since then has it in it.
                if meter.basis.evidence != Evidence::Reported || meter.basis.at < sent.started {
                    meter.count(need.of(&meter.unit), sent.started);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quota::limit::{Figure, Unit};
    use crate::domain::roster::{Dialect, LaneSpec, LimitSpec, Wire};

    const NOON: Time = Time::from_ms(1_795_348_800_000);

    #[test]
    fn what_was_in_the_air_at_a_kill_is_counted_once_and_where_nobody_told_of_it() {
        let limit = |unit| LimitSpec { pool: "a".into(), unit, window: "60s".parse().unwrap(), cap: 1000 };
        let limits = vec![limit(Unit::Requests), limit(Unit::Tokens)];
        let spec = LaneSpec::new("a/b".into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1");
        let mut lane = LaneState::new(LaneSpec { limits, ..spec });
        let meter = |unit| Meter::new("a".into(), unit, "60s".parse().unwrap(), None, NOON);
        let mut meters = vec![meter(Unit::Requests), meter(Unit::Tokens)];
        let sent = |lane: &str| Unsettled { lane: lane.into(), started: NOON, input: 40, output: 2 };
        let mut kept = Kept { unsettled: vec![sent("a/b"), sent("c/d")], ..Kept::default() };
        kept.give(&mut lane, &mut meters, NOON);
        let used = |meters: &[Meter]| meters.iter().map(|meter| meter.used(NOON)).collect::<Vec<u64>>();
        assert_eq!(used(&meters), [1, 42]);
        kept.give(&mut lane, &mut meters, NOON);
        assert_eq!(used(&meters), [1, 42]);
        assert_eq!(kept.unsettled, [sent("c/d")]);
        // The provider has told what is left since then.
        meters[0].basis = Figure::new((), Evidence::Reported, NOON);
        kept.unsettled = vec![sent("a/b")];
        kept.give(&mut lane, &mut meters, NOON);
        assert_eq!(used(&meters), [1, 84]);
    }
}
