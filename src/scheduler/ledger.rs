//! The ledger: lanes, limits, rests, reservations. Pure: time is an argument, nothing waits, nothing is sent. The one
//! truth that both the choice of a lane and the gauges are made from. Knows no wire and no turn.
//!
//! ```text
//!  dispatch ─▶ Hold ─▶ heard (headers) ─▶ settle (answered, failed, cancelled) ─▶ gone
//! ```

use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::failure::Failure;
use crate::domain::ids::LaneId;
use crate::domain::quota::limit::{Evidence, Figure, Reading, Unit};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::LaneSpec;
use crate::domain::standing::{LaneState, Need, Rest, Standing, Switch, Target};
use crate::scheduler::kept::Kept;
use crate::scheduler::learning;
use crate::scheduler::resting::{self, End, Reach};
use crate::scheduler::rotation::{Choice, Place, Wish, choose, why};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Lanes, limits and what is held of them.
#[derive(Debug, Default)]
pub struct Ledger {
    lanes: Vec<LaneState>,
    meters: Vec<Meter>,
    /// Failures in a row, by lane.
    broken: Vec<u32>,
    place: Place,
    changed: Changed,
    /// What an earlier run kept: for lanes that join later, too.
    kept: Kept,
}

/// What changed since it was asked last.
#[derive(Debug, Default)]
struct Changed {
    lanes: BTreeSet<usize>,
    meters: BTreeSet<usize>,
}

/// What an attempt holds until it is settled.
#[derive(Debug)]
pub struct Hold {
    lane: usize,
    need: Need,
    /// Limit, amount held, and whether the provider's headers have taken this attempt into account.
    parts: Vec<(usize, u64, bool)>,
}

/// How an attempt ended, for the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It answered, or was cut off in the middle of an answer: what was used is used.
    Used,
    /// It was refused before it answered.
    Refused,
    /// It never reached the provider.
    Unsent,
}

impl Ledger {
    /// A ledger of these lanes, with what was kept of them.
    pub fn new(specs: Vec<LaneSpec>, kept: Kept, now: Time) -> Self {
        // After a restart its turns in a row count as taken.
        let place = Place { last: kept.last_account.clone(), run: u32::MAX };
        let mut ledger = Self { place, kept, ..Self::default() };
        ledger.join(specs, now);
        ledger
    }

    /// More lanes, behind the others; what is there already under the same name stays as it is.
    pub fn join(&mut self, specs: Vec<LaneSpec>, now: Time) {
        for spec in specs {
            if self.lanes.iter().any(|lane| lane.spec.id == spec.id) {
                continue;
            }
            for limit in &spec.limits {
                if !self.meters.iter().any(|meter| meter.pool == limit.pool && meter.is_for(&limit.unit, limit.window))
                {
                    let cap = Figure::new(limit.cap, Evidence::Documented, now);
                    let meter = Meter::new(limit.pool.clone(), limit.unit.clone(), limit.window, Some(cap), now);
                    self.meters.push(meter);
                }
            }
            let known = |meter: &Meter| spec.draws_on(&meter.pool) && meter.unit == Unit::Requests;
            if !self.meters.iter().any(known) {
                self.meters.extend(learning::unknown_limit(&spec, now));
            }
            let mut lane = LaneState::new(spec);
            self.kept.give(&mut lane, &mut self.meters, now);
            self.lanes.push(lane);
            self.broken.push(0);
        }
    }

    /// The roster.
    pub fn lanes(&self) -> &[LaneState] {
        &self.lanes
    }

    /// All limits.
    pub fn meters(&self) -> &[Meter] {
        &self.meters
    }

    /// What a lane is.
    pub fn spec(&self, lane: usize) -> Option<Arc<LaneSpec>> {
        self.lanes.get(lane).map(|lane| Arc::clone(&lane.spec))
    }

    /// Forgets why a lane is out: its user wants to know whether it still is.
    pub fn try_again(&mut self, id: &LaneId) {
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| lane.spec.id == *id) {
            if lane.rest.as_ref().is_some_and(|rest| rest.until.is_none()) {
                lane.rest = None;
                self.changed.lanes.insert(index);
            }
        }
    }

    /// How each lane stands for an attempt of `need`, in the order of the roster.
    pub fn standings(&self, need: Need, now: Time) -> Vec<Standing> {
        self.lanes.iter().map(|lane| lane.standing(&self.meters, need, now)).collect()
    }

    /// The lane that takes an attempt of `need`.
    pub fn pick(&self, need: Need, wish: Wish<'_>, now: Time) -> Choice {
        choose(&self.lanes, &self.standings(need, now), &self.place, wish, now)
    }

    /// Why `chosen` was picked, where that is not plain round-robin. `shown`: the lane that the screens had as next.
    pub fn why(&self, need: Need, chosen: usize, shown: Option<&LaneId>, now: Time) -> String {
        why(&self.lanes, &self.standings(need, now), &self.place, chosen, shown)
    }

    /// The lanes and limits that changed since this was asked last.
    pub fn take_changes(&mut self) -> (Vec<LaneState>, Vec<Meter>) {
        let changed = std::mem::take(&mut self.changed);
        let lanes = changed.lanes.into_iter().filter_map(|lane| self.lanes.get(lane).cloned());
        let meters = changed.meters.into_iter().filter_map(|meter| self.meters.get(meter).cloned());
        (lanes.collect(), meters.collect())
    }

    /// Reserves what an attempt on this lane will take, and moves the rotation on behind its account.
    pub fn dispatch(&mut self, lane: usize, need: Need, now: Time) -> Option<Hold> {
        self.expire(now);
        let state = self.lanes.get_mut(lane)?;
        state.in_flight += 1;
        self.place.take(state.spec.account());
        let mut parts = Vec::new();
        for (index, meter) in self.meters.iter_mut().enumerate().filter(|(_, meter)| state.spec.draws_on(&meter.pool)) {
            let amount = need.held(&meter.unit, meter.cap.map(|cap| cap.value)).unwrap_or_default();
            meter.reserve(amount);
            parts.push((index, amount, false));
        }
        self.changed.meters.extend(parts.iter().map(|(meter, ..)| *meter));
        self.touch(lane);
        Some(Hold { lane, need, parts })
    }

    /// Takes in what the response says of the limits. What it says includes this attempt.
    pub fn heard(&mut self, hold: &mut Hold, readings: &[Reading], now: Time) {
        let Some(spec) = self.lanes.get(hold.lane).map(|lane| Arc::clone(&lane.spec)) else { return };
        for reading in readings {
            let index = match self.position(&spec, reading) {
                Some(index) => index,
                None if reading.cap.is_none() => continue,
                None => {
                    let meter = Meter::new(spec.usual_pool(), reading.unit.clone(), reading.window, None, now);
                    self.meters.push(meter);
                    self.meters.len() - 1
                }
            };
            let Some(meter) = self.meters.get_mut(index) else { continue };
            meter.observe(reading, now);
            match hold.parts.iter_mut().find(|(held, ..)| *held == index) {
                Some(part) if reading.remaining.is_some() && !part.2 => {
                    // The provider has counted the prompt; the answer is still to come, so that part stays held.
                    let answer = answer_part(&meter.unit, hold.need);
                    meter.release(part.1.saturating_sub(answer));
                    *part = (index, answer, true);
                }
                Some(_) => {}
                None => hold.parts.push((index, 0, reading.remaining.is_some())),
            }
            self.changed.meters.insert(index);
        }
    }

    /// Ends an attempt: lets go of what it held, and books what it used.
    pub fn settle(&mut self, hold: Hold, usage: Usage, settled: Settled, now: Time) {
        let Some(lane) = self.lanes.get_mut(hold.lane) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        let counts_refused = lane.spec.dialect.counts_refused();
        let used = Need {
            input: usage.input.unwrap_or(hold.need.input),
            output: usage.output.unwrap_or(if settled == Settled::Used { hold.need.output } else { 0 }),
            ..hold.need
        };
        for (index, amount, told) in hold.parts {
            let Some(meter) = self.meters.get_mut(index) else { continue };
            meter.release(amount);
            let count = match settled {
                Settled::Used if told => answer_part(&meter.unit, used),
                Settled::Used => used.of(&meter.unit),
                Settled::Refused if counts_refused && !told && meter.unit == Unit::Requests => 1,
                Settled::Refused | Settled::Unsent => 0,
            };
            meter.count(count, now);
            match settled {
                Settled::Used => meter.raise_guess(now),
                Settled::Refused if !told && count == 0 => meter.unsure += 1,
                Settled::Refused | Settled::Unsent => {}
            }
            self.changed.meters.insert(index);
        }
        if settled == Settled::Used
            && let Some(broken) = self.broken.get_mut(hold.lane)
        {
            *broken = 0;
        }
        self.touch(hold.lane);
    }

    /// Takes in a refusal: what it names of the limits, or else what it lets one guess. The attempt is still held.
    pub fn refused(&mut self, hold: &mut Hold, failure: &Failure, now: Time) {
        self.heard(hold, &failure.readings, now);
        let Some(spec) = self.lanes.get(hold.lane).map(|lane| Arc::clone(&lane.spec)) else { return };
        let Some(index) = learning::suspect(&spec, &self.meters, failure, now) else { return };
        let own = hold.parts.iter().find(|(held, ..)| *held == index).map_or(0, |(_, amount, _)| *amount);
        if let Some(meter) = self.meters.get_mut(index) {
            meter.guess_from_refusal(own, now);
            self.changed.meters.insert(index);
        }
    }

    /// Lets a lane, or those that share its quota or its account, rest as the failure demands. None: nothing rests.
    pub fn rest(&mut self, lane: usize, failure: &Failure, now: Time) -> Option<Rest> {
        let spec = Arc::clone(&self.lanes.get(lane)?.spec);
        let row = self.broken.get_mut(lane)?;
        *row = row.saturating_add(1);
        let row = *row;
        let End { at: until, told } = resting::end(failure, row, self.reopens(&spec, failure, now), now)?;
        let reach = resting::reach(&spec, failure);
        let target = match reach {
            Reach::Lane => Target::Lane(spec.id.clone()),
            Reach::Quota | Reach::Account => Target::Account(spec.account()),
        };
        let rest = Rest { target, since: now, until, class: failure.class, told, words: failure.message.clone() };
        for (index, state) in self.lanes.iter_mut().enumerate() {
            let covered = match reach {
                Reach::Lane => index == lane,
                Reach::Quota => state.spec.shares_quota_with(&spec),
                Reach::Account => state.spec.account() == spec.account(),
            };
            // A shorter rest never cuts a longer one short.
            let longer =
                state.rest.as_ref().is_none_or(|old| old.until.is_some_and(|old| until.is_none_or(|new| new > old)));
            if covered && longer {
                state.rest = Some(rest.clone());
                self.changed.lanes.insert(index);
            }
        }
        Some(rest)
    }

    /// Takes lanes out of the rotation or back in, by the user's hand. What was out until the user did something about
    /// it is in again, too. An account switched on brings back its lanes as they were before any hand; a lane that costs
    /// money, or may, wants to be switched on by itself.
    pub fn switch(&mut self, target: &Target, on: bool, now: Time) {
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| target.covers(&lane.spec.id)) {
            let own = Target::Lane(lane.spec.id.clone());
            let kept_on = lane.switch.as_ref().is_some_and(|switch| switch.on);
            let needs_hand = lane.spec.standby.is_some() && (*target == own || kept_on);
            lane.switch = (!on || needs_hand).then_some(Switch { target: own, on, since: now });
            if on && lane.rest.as_ref().is_some_and(|rest| rest.until.is_none()) {
                lane.rest = None;
            }
            self.changed.lanes.insert(index);
        }
    }

    /// Forgets the rests that are over. Whether any was.
    pub fn expire(&mut self, now: Time) -> bool {
        let mut any = false;
        for meter in &mut self.meters {
            meter.follow_clock(now);
        }
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            // A clock set back must not lengthen a rest.
            if let Some(Rest { since, until: Some(until), .. }) = &mut lane.rest
                && *since > now
            {
                *until = now.plus(until.since(*since));
                *since = now;
            }
            if lane.rest.as_ref().and_then(|rest| rest.until).is_some_and(|until| until <= now) {
                lane.rest = None;
                self.changed.lanes.insert(index);
                any = true;
            }
        }
        any
    }

    /// When the limits named as spent reopen: the latest of them.
    fn reopens(&self, spec: &LaneSpec, failure: &Failure, now: Time) -> Option<Time> {
        let spent = failure.readings.iter().filter(|reading| reading.remaining == Some(0));
        let meters =
            spent.filter_map(|reading| self.position(spec, reading)).filter_map(|index| self.meters.get(index));
        meters.filter_map(|meter| meter.full_at(now)).max()
    }

    fn position(&self, spec: &LaneSpec, reading: &Reading) -> Option<usize> {
        self.meters.iter().position(|meter| spec.draws_on(&meter.pool) && meter.is_for(&reading.unit, reading.window))
    }

    fn touch(&mut self, lane: usize) {
        self.changed.lanes.insert(lane);
    }
}

/// What of `need` falls due only when the answer has come: nothing of a limit on requests or prompts.
const fn answer_part(unit: &Unit, need: Need) -> u64 {
    match unit {
        Unit::Tokens | Unit::OutputTokens => need.output,
        Unit::Requests | Unit::InputTokens | Unit::Other(_) => 0,
    }
}
