//! What was heard of accounts and lanes beside the answers: limits asked for, lists of models. Pure: lanes and meters
//! in, which of them changed out.

use std::sync::Arc;

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::ids::{AccountId, LaneId, PoolId};
use crate::domain::quota::limit::{Evidence, Reading};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{Cost, LaneSpec, Standby};
use crate::domain::standing::{LaneState, Rest, Target};

/// So far behind a quota endpoint may be.
const LAG: Duration = Duration::from_secs(90);

/// Something heard of an account or of one of its lanes.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Limits. What they say of what is left counts over our own count.
    Limits {
        /// Of this account.
        account: AccountId,
        /// Of this lane alone; None: counted on the account.
        lane: Option<LaneId>,
        /// The limits. A documented cap goes only over a documented one.
        readings: Vec<Reading>,
    },
    /// The provider's list has the lane's model no more; in words, `not in groq's list of 2026-11-22`.
    Unlisted(LaneId, String),
    /// The provider's list has the lane's model: it is in again if only a list had put it out.
    Listed(LaneId),
    /// The provider's list has a price for the lane's model.
    Costs(LaneId),
}

/// What changed: places in the lists of lanes and of meters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::scheduler) struct Changed {
    pub(in crate::scheduler) lanes: Vec<usize>,
    pub(in crate::scheduler) meters: Vec<usize>,
}

/// Takes one thing in. What concerns no lane that there is changes nothing.
pub(in crate::scheduler) fn take_in(
    told: &Told,
    lanes: &mut [LaneState],
    meters: &mut Vec<Meter>,
    now: Time,
) -> Changed {
    match told {
        Told::Limits { account, lane, readings } => {
            let pool = if let Some(lane) = lane {
                lanes.iter().find(|one| one.spec.id == *lane).map(|one| one.spec.own_pool())
            } else {
                // Where some of an account's lanes share a limit, it is that one which is told.
                let own = lanes.iter().filter(|one| one.spec.account() == *account);
                own.map(|one| one.spec.account_pool()).max_by_key(|pool| pool.as_str().len())
            };
            let Some(pool) = pool else { return Changed::default() };
            let changed = readings.iter().filter_map(|reading| observe(&pool, reading, meters, now)).collect();
            Changed { meters: changed, ..Changed::default() }
        }
        Told::Unlisted(id, words) => on(id, lanes, |lane| {
            let rest = Rest {
                target: Target::Lane(id.clone()),
                since: now,
                until: None,
                class: Class::Gone,
                told: false,
                words: words.clone(),
            };
            // What else keeps it out for good says more, and a list lifts only what a list has put out.
            let out = lane.rest.as_ref().is_some_and(|old| old.until.is_none());
            if !out {
                lane.rest = Some(rest);
            }
            !out
        }),
        Told::Listed(id) => on(id, lanes, |lane| {
            let out = lane.rest.as_ref().is_some_and(is_unlisted);
            if out {
                lane.rest = None;
            }
            out
        }),
        Told::Costs(id) => on(id, lanes, |lane| {
            let thought_free = lane.spec.cost == Cost::Free;
            if thought_free {
                let standby = lane.spec.standby.or(Some(Standby::Paid));
                lane.spec = Arc::new(LaneSpec { cost: Cost::Paid, standby, ..LaneSpec::clone(&lane.spec) });
                // Who switched it on did so while it was free.
                lane.switch.take_if(|switch| switch.on);
            }
            thought_free
        }),
    }
}

/// Whether it was a list that put the lane out, by its silence; a refusal says so itself.
pub fn is_unlisted(rest: &Rest) -> bool {
    rest.class == Class::Gone && rest.until.is_none() && !rest.told
}

fn on(id: &LaneId, lanes: &mut [LaneState], change: impl Fn(&mut LaneState) -> bool) -> Changed {
    let found = lanes.iter_mut().enumerate().filter(|(_, lane)| lane.spec.id == *id);
    let lanes = found.filter_map(|(index, lane)| change(lane).then_some(index)).collect();
    Changed { lanes, ..Changed::default() }
}

/// Puts a reading on the pool's own meter; one with a cap makes the meter where there is none.
fn observe(pool: &PoolId, reading: &Reading, meters: &mut Vec<Meter>, now: Time) -> Option<usize> {
    // A cap of 0 that no answer came with would shut the pool for good.
    if reading.cap == Some(0) {
        return None;
    }
    let known = meters.iter().position(|meter| meter.pool == *pool && meter.is_for(&reading.unit, reading.window));
    let index = match known {
        Some(index) => index,
        None if reading.cap.is_none() => return None,
        None => {
            meters.push(Meter::new(pool.clone(), reading.unit.clone(), reading.window, None, now));
            meters.len() - 1
        }
    };
    let meter = meters.get_mut(index)?;
    let weak = reading.evidence == Evidence::Documented;
    if weak && meter.cap.is_some_and(|cap| cap.evidence != Evidence::Documented) {
        return None;
    }
    // What it says of use may be a minute old, and knows or knows not of what is in the air: it is believed where it
    // tells of more than that, or where nothing was asked for a while.
    let mut reading = reading.clone();
    if let (Some(left), Some(cap)) = (reading.remaining, reading.cap.or(meter.cap.map(|cap| cap.value))) {
        let (told, used) = (cap.saturating_sub(left), meter.used(now));
        let quiet = meter.reserved == 0 && now.since(meter.basis.at) >= LAG;
        let right = if quiet { told } else { told.saturating_sub(meter.reserved).max(used) };
        reading.remaining = Some(cap.saturating_sub(right));
    }
    meter.observe(&reading, now);
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quota::limit::{Figure, Unit, Window};
    use crate::domain::roster::{Dialect, Wire};

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn lanes() -> Vec<LaneState> {
        ["a/1", "a/2", "b/1"]
            .map(|id| {
                let spec = LaneSpec::new(id.into(), Wire::Openai, Dialect::Generic, "http://127.0.0.1:1");
                LaneState::new(LaneSpec { cost: Cost::Free, ..spec })
            })
            .into()
    }

    fn meter(pool: &str, evidence: Evidence) -> Meter {
        let window = "1d midnight UTC".parse().unwrap();
        Meter::new(pool.into(), Unit::Requests, window, Some(Figure::new(50, evidence, NOW)), NOW)
    }

    fn limits(lane: Option<&str>, cap: Option<u64>, remaining: Option<u64>, evidence: Evidence) -> Told {
        let window: Window = "1d midnight UTC".parse().unwrap();
        let readings = vec![Reading { unit: Unit::Requests, window, cap, remaining, reset_after: None, evidence }];
        Told::Limits {
            account: lane.map_or("a".into(), |lane| LaneId::from(lane).account()),
            lane: lane.map(Into::into),
            readings,
        }
    }

    /// The meters after that, as `pool cap used evidence`.
    fn after(meters: Vec<Meter>, told: &Told) -> Vec<(String, Option<u64>, u64)> {
        let mut meters = meters;
        let before = meters.clone();
        let changed = take_in(told, &mut lanes(), &mut meters, NOW);
        let differ = meters.iter().enumerate().filter(|(at, meter)| before.get(*at) != Some(meter)).map(|(at, _)| at);
        assert!(differ.into_iter().all(|at| changed.meters.contains(&at)), "{changed:?}");
        meters.iter().map(|one| (one.pool.to_string(), one.cap.map(|cap| cap.value), one.used(NOW))).collect()
    }

    #[test]
    fn limits_go_to_the_pool_on_which_they_are_counted() {
        use Evidence::{Documented, Learnt, Reported};
        let row = |pool: &str, cap, used| (pool.to_owned(), Some(cap), used);
        for (meters, told, expected) in [
            (vec![], limits(None, Some(70), Some(58), Reported), vec![row("a", 70, 12)]),
            (vec![meter("a", Documented)], limits(None, Some(70), Some(58), Reported), vec![row("a", 70, 12)]),
            (vec![meter("a", Learnt)], limits(None, None, Some(40), Reported), vec![row("a", 50, 10)]),
            (vec![], limits(None, None, Some(40), Reported), vec![]),
            (vec![], limits(None, Some(0), Some(0), Reported), vec![]),
            (vec![meter("a", Documented)], limits(None, Some(1000), None, Documented), vec![row("a", 1000, 0)]),
            (vec![meter("a", Learnt)], limits(None, Some(1000), None, Documented), vec![row("a", 50, 0)]),
            (
                vec![meter("a", Reported)],
                limits(Some("a/2"), Some(6), None, Reported),
                vec![row("a", 50, 0), row("a/2", 6, 0)],
            ),
            (vec![], limits(Some("a/3"), Some(6), None, Reported), vec![]),
        ] {
            assert_eq!(after(meters, &told), expected, "{told:?}");
        }
    }

    #[test]
    fn a_list_puts_out_and_takes_back_only_what_a_list_put_out() {
        let (mut lanes, mut meters) = (lanes(), Vec::new());
        let mut tell = |lanes: &mut Vec<LaneState>, told: Told| take_in(&told, lanes, &mut meters, NOW).lanes;
        let unlisted = |id: &str| Told::Unlisted(id.into(), "not in a's list of 2026-11-22".into());
        assert_eq!(tell(&mut lanes, Told::Listed("a/1".into())), [0; 0]);
        assert_eq!(tell(&mut lanes, unlisted("a/1")), [0]);
        assert_eq!(tell(&mut lanes, unlisted("a/1")), [0; 0], "it is told once");
        let rest = lanes[0].rest.clone().unwrap();
        assert_eq!((rest.class, rest.until, rest.words.as_str()), (Class::Gone, None, "not in a's list of 2026-11-22"));
        assert_eq!(tell(&mut lanes, Told::Listed("a/1".into())), [0]);
        assert_eq!(lanes[0].rest, None);
        lanes[1].rest = Some(Rest { told: true, ..rest.clone() });
        assert_eq!(tell(&mut lanes, Told::Listed("a/2".into())), [0; 0], "its own refusal says more than a list");
        assert_eq!(tell(&mut lanes, unlisted("c/1")), [0; 0]);
        lanes[2].rest = Some(Rest { until: Some(NOW.plus(std::time::Duration::from_secs(5))), ..rest });
        assert_eq!(tell(&mut lanes, unlisted("b/1")), [2], "a short rest is no reason to try it later");
    }

    #[test]
    fn what_costs_is_off_until_somebody_wants_it() {
        let (mut lanes, mut meters) = (lanes(), Vec::new());
        let told = Told::Costs("a/2".into());
        assert_eq!(take_in(&told, &mut lanes, &mut meters, NOW).lanes, [1]);
        assert_eq!((lanes[1].spec.cost, lanes[1].spec.standby), (Cost::Paid, Some(Standby::Paid)));
        assert_eq!(take_in(&told, &mut lanes, &mut meters, NOW), Changed::default());
    }
}
