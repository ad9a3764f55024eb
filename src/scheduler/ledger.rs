//! The ledger: lanes, limits, rests, reservations. Pure: time is an argument, nothing waits, nothing is sent. The one
//! truth that both the choice of a lane and the gauges are made from. Knows no wire and no turn.
//!
//! ```text
//!  dispatch ─▶ Hold ─▶ heard (headers) ─▶ settle (answered, failed, cancelled) ─▶ gone
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::failure::Failure;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::quota::limit::Reading;
use crate::domain::quota::meter::Meter;
use crate::domain::quota::pressure;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::domain::standing::{LaneState, Need, Rest, Standing, Target};
use crate::scheduler::books::{Books, Held, Settled};
use crate::scheduler::kept::Kept;
use crate::scheduler::ledger::told::{Told, take_in};
use crate::scheduler::resting::{self, End, Reach};
use crate::scheduler::rotation::{Choice, Pick, Place, Seat, Wish, choose};
use crate::scheduler::side::Side;

/// What was heard beside the answers.
pub mod told;

/// So long lanes with room are kept for large attempts after one was seen.
const LARGE: Duration = Duration::from_mins(15);
/// By so much the pressure of such a lane counts less.
const KEPT_BACK: f64 = 0.5;
/// Whoever of them says nothing for so long does not hold up the next.
const SILENT: Duration = Duration::from_secs(15);
/// A lane that has come back from a rest doubles up to so many at once; then it takes any number.
const WIDEST: u32 = 16;

/// Lanes, limits and what is held of them.
#[derive(Debug, Default)]
pub struct Ledger {
    pub(in crate::scheduler) lanes: Vec<LaneState>,
    pub(in crate::scheduler) books: Books,
    /// What is kept beside each lane.
    pub(in crate::scheduler) sides: Vec<Side>,
    /// Accounts, in the order of the roster.
    pub(in crate::scheduler) accounts: Vec<AccountId>,
    pub(in crate::scheduler) strategy: Strategy,
    /// The largest attempt of late that did not fit everywhere, and when: lanes with room are kept for the next.
    large: Option<(u64, Time)>,
    pub(in crate::scheduler) place: Place,
    /// Lanes that changed since they were told.
    pub(in crate::scheduler) changed: BTreeSet<usize>,
    /// What an earlier run kept: for lanes that join later, too.
    pub(in crate::scheduler) kept: Kept,
}

/// What an attempt holds until it is settled.
#[derive(Debug)]
pub struct Hold {
    lane: usize,
    shares: Vec<(usize, f64)>,
    since: Time,
    held: Held,
}

impl Ledger {
    /// A ledger of these lanes, with what was kept of them.
    pub fn new(specs: Vec<LaneSpec>, kept: Kept, now: Time) -> Self {
        let mut ledger = Self { kept, ..Self::default() };
        ledger.join(specs, now);
        let last = ledger.kept.last_account.as_ref();
        ledger.place.last = last.and_then(|last| ledger.accounts.iter().position(|account| account == last));
        ledger
    }

    /// Another way of choosing.
    pub const fn set_strategy(&mut self, strategy: Strategy) {
        self.strategy = strategy;
    }

    /// Answers that an earlier run had: how long they were is how long the next ones will be.
    pub fn remember<'a>(&mut self, log: impl Iterator<Item = &'a Attempt>) {
        for attempt in log.filter(|attempt| attempt.outcome == Outcome::Answered) {
            let found = self.lanes.iter_mut().zip(&mut self.sides).find(|(lane, _)| lane.spec.id == attempt.lane);
            if let (Some((lane, side)), Some(tokens)) = (found, attempt.usage.output) {
                side.outputs.add(tokens);
                lane.longest = side.outputs.most();
            }
        }
    }

    /// More lanes, behind the others; what is there already under the same name stays as it is.
    pub fn join(&mut self, specs: Vec<LaneSpec>, now: Time) {
        for spec in specs {
            if self.lanes.iter().any(|lane| lane.spec.id == spec.id) {
                continue;
            }
            self.books.open(&spec, now);
            let mut lane = LaneState::new(spec);
            self.kept.give(&mut lane, &mut self.books.meters, now);
            let account = lane.spec.account();
            let known = self.accounts.iter().position(|known| *known == account);
            let place = known.unwrap_or_else(|| {
                self.accounts.push(account);
                self.accounts.len() - 1
            });
            self.lanes.push(lane);
            self.sides.push(Side { account: place, ..Side::default() });
        }
        self.arrange();
        self.draw();
    }

    /// Which lanes draw on which meters: looked up at each choice, worked out when one of either joins.
    fn draw(&mut self) {
        for (lane, side) in self.lanes.iter().zip(&mut self.sides) {
            side.draws = self.books.drawn_by(&lane.spec);
        }
    }

    /// The roster.
    pub fn lanes(&self) -> &[LaneState] {
        &self.lanes
    }

    /// All limits.
    pub fn meters(&self) -> &[Meter] {
        &self.books.meters
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
                self.changed.insert(index);
            }
        }
    }

    /// How each lane stands for an attempt of `need`, in the order of the roster.
    pub fn standings(&self, need: Need, now: Time) -> Vec<Standing> {
        self.seats(need, now).into_iter().map(|seat| seat.standing).collect()
    }

    pub(in crate::scheduler) fn seats(&self, need: Need, now: Time) -> Vec<Seat<'_>> {
        self.seats_for(need, self.strategy, now)
    }

    pub(in crate::scheduler) fn seats_for(&self, need: Need, strategy: Strategy, now: Time) -> Vec<Seat<'_>> {
        let mut seats: Vec<Seat<'_>> = Vec::with_capacity(self.lanes.len());
        for (lane, side) in self.lanes.iter().zip(&self.sides) {
            let standing = lane.stands(self.books.at(&side.draws), need, now);
            // But for its guessed rest nothing may be in the way.
            let rested = || lane.stands_rested(self.books.at(&side.draws), need, now);
            let trial = resting::is_due_for_trial(lane, now) && rested() == Standing::Ready;
            seats.push(Seat { lane, account: side.account, standing, pressure: 1.0, trial });
        }
        if strategy == Strategy::Harvest {
            self.press(&mut seats, need, now);
        }
        seats
    }

    /// Gives each seat that may be chosen its pressure.
    fn press(&self, seats: &mut [Seat<'_>], need: Need, now: Time) {
        let large =
            self.large.filter(|(size, at)| *size > need.total() && now.since(*at) < LARGE).map(|(size, _)| size);
        let mut roomy = Vec::new();
        for (index, (seat, side)) in seats.iter_mut().zip(&self.sides).enumerate() {
            if seat.standing != Standing::Ready && !seat.trial {
                continue;
            }
            seat.pressure = pressure::of_lane(self.books.at(&side.draws), now);
            if large.is_some_and(|size| seat.lane.takes(self.books.at(&side.draws), size)) {
                roomy.push(index);
            }
        }
        // Where only some have room for the large ones, the small ones leave it to them.
        for index in roomy {
            if let Some(seat) = seats.get_mut(index) {
                seat.pressure *= KEPT_BACK;
            }
        }
    }

    /// How a lane is chosen for this wish: as a call asks, else as usual.
    pub(in crate::scheduler) fn strategy_of(&self, wish: Wish<'_>) -> Strategy {
        wish.wanted.and_then(|wanted| wanted.strategy).unwrap_or(self.strategy)
    }

    /// The lane that takes an attempt of `need`.
    pub fn pick(&self, need: Need, wish: Wish<'_>, now: Time) -> Choice {
        let strategy = self.strategy_of(wish);
        choose(&self.seats_for(need, strategy, now), &self.place, strategy, wish, now)
    }

    /// The lane that would take the next attempt of `need`; None: none can now.
    pub fn next(&self, need: Need, now: Time) -> Option<LaneId> {
        let Choice::Lane(pick) = self.pick(need, Wish::default(), now) else { return None };
        self.lanes.get(pick.lane).map(|lane| lane.spec.id.clone())
    }

    /// The next known instant at which a rest ends, or a limit has room for an attempt of `need` again.
    pub fn next_change(&self, need: Need, now: Time) -> Option<Time> {
        let rests = self.lanes.iter().filter_map(|lane| lane.rest.as_ref()?.until);
        let reopen = self.seats(need, now).into_iter().filter_map(|seat| seat.standing.until(now));
        rests.chain(reopen).filter(|at| *at > now).min()
    }

    /// The lanes and limits that changed since this was asked last.
    pub fn take_changes(&mut self) -> (Vec<LaneState>, Vec<Meter>) {
        let lanes = std::mem::take(&mut self.changed).into_iter().filter_map(|lane| self.lanes.get(lane).cloned());
        let meters = std::mem::take(&mut self.books.changed);
        let meters = meters.into_iter().filter_map(|meter| self.books.meters.get(meter).cloned());
        (lanes.collect(), meters.collect())
    }

    /// Reserves what an attempt on this lane will take, and moves the rotation on behind its account.
    pub fn dispatch(&mut self, pick: &Pick, need: Need, now: Time) -> Option<Hold> {
        self.expire(now);
        let (state, side) = (self.lanes.get_mut(pick.lane)?, self.sides.get(pick.lane)?);
        state.in_flight += 1;
        self.place.take(side.account, &pick.shares);
        let need = need.with_output(state.longest);
        let held = self.books.hold(&side.draws, need, now);
        let total = need.total();
        let is_small = |(lane, side): (&LaneState, &Side)| {
            lane.off().is_none() && !lane.spec.last_resort && !lane.takes(self.books.at(&side.draws), total)
        };
        if self.lanes.iter().zip(&self.sides).any(is_small) {
            // It did not fit everywhere.
            self.large = Some((total, now));
        }
        if let Some(side) = self.sides.get_mut(pick.lane) {
            side.sent = Some(now);
        }
        self.changed.insert(pick.lane);
        Some(Hold { lane: pick.lane, shares: pick.shares.clone(), since: now, held })
    }

    /// What is spent now comes back all at once, and perhaps not when it was thought to: then one goes first.
    pub fn narrow_spent(&mut self, need: Need, now: Time) {
        let standings = self.standings(need, now);
        for (index, (lane, standing)) in self.lanes.iter_mut().zip(standings).enumerate() {
            if matches!(standing, Standing::Spent { until: Some(_), .. }) && lane.at_once.is_none() {
                lane.at_once = Some(1);
                self.changed.insert(index);
            }
        }
    }

    /// A lane has begun to answer: a rest that was only a guess is over, and it may have twice as many attempts at once
    /// as before, soon any number.
    pub fn answers(&mut self, hold: &Hold) {
        let Some(state) = self.lanes.get_mut(hold.lane) else { return };
        if state.rest.as_ref().is_some_and(|rest| !rest.told && rest.until.is_some() && rest.since < hold.since) {
            state.rest = None;
            self.changed.insert(hold.lane);
        }
        if let Some(most) = state.at_once {
            state.at_once = Some(most.saturating_mul(2)).filter(|most| *most <= WIDEST);
            self.changed.insert(hold.lane);
        }
    }

    /// Takes in what an answer says of the limits. What it says includes this attempt.
    pub fn heard(&mut self, hold: &mut Hold, readings: &[Reading], now: Time) {
        let Some(spec) = self.lanes.get(hold.lane).map(|lane| Arc::clone(&lane.spec)) else { return };
        if self.books.heard(&spec, &mut hold.held, readings, true, now) {
            self.draw();
        }
    }

    /// Ends an attempt: lets go of what it held, and books what it used.
    pub fn settle(&mut self, hold: Hold, usage: Usage, settled: Settled, now: Time) {
        let Some(lane) = self.lanes.get_mut(hold.lane) else { return };
        lane.in_flight = lane.in_flight.saturating_sub(1);
        let counts_refused = lane.spec.dialect.counts_refused();
        self.books.settle(hold.held, usage, settled, counts_refused, now);
        if let Some(side) = self.sides.get_mut(hold.lane) {
            if settled == Settled::Used {
                side.row = 0;
                if let Some(tokens) = usage.output {
                    side.outputs.add(tokens);
                    lane.longest = side.outputs.most();
                }
            } else {
                self.place.give_back(side.account, &hold.shares);
            }
        }
        self.changed.insert(hold.lane);
    }

    /// Takes in a refusal: what it names of the limits, or else what it lets one guess. The attempt is still held.
    pub fn refused(&mut self, hold: &mut Hold, failure: &Failure, now: Time) {
        let Some(spec) = self.lanes.get(hold.lane).map(|lane| Arc::clone(&lane.spec)) else { return };
        if self.books.refused(&spec, &mut hold.held, failure, now) {
            self.draw();
        }
    }

    /// Lets a lane, or those that share its quota or its account, rest as the failure demands. None: nothing rests.
    pub fn rest(&mut self, hold: &Hold, failure: &Failure, now: Time) -> Option<Rest> {
        let lane = hold.lane;
        let state = self.lanes.get(lane)?;
        let spec = Arc::clone(&state.spec);
        // What was already in the air when the lane began to rest says nothing new.
        let known = state.rest.as_ref().is_some_and(|rest| rest.since >= hold.since && rest.class == failure.class);
        if known && failure.wait.is_none() {
            return state.rest.clone();
        }
        let row = self.sides.get(lane)?.row.saturating_add(u32::from(!known)).max(1);
        let reopens = self.books.reopens(&spec, failure, now);
        let End { at: until, told } = resting::end(failure, row, reopens, now)?;
        self.sides.get_mut(lane)?.row = row;
        let (reach, shut) = (resting::reach(&spec, failure), resting::host_is_shut(&self.lanes, &spec, failure, now));
        let target = match reach {
            Reach::Lane => Target::Lane(spec.id.clone()),
            Reach::Quota | Reach::Account => Target::Account(spec.account()),
        };
        let rest = Rest { target, since: now, until, class: failure.class, told, words: failure.message.clone() };
        for (index, state) in self.lanes.iter_mut().enumerate() {
            let covered = match reach {
                _ if shut && state.spec.base_url == spec.base_url => true,
                Reach::Lane => index == lane,
                Reach::Quota => state.spec.shares_quota_with(&spec),
                Reach::Account => state.spec.account() == spec.account(),
            };
            // A shorter rest never cuts a longer one short.
            let longer =
                state.rest.as_ref().is_none_or(|old| old.until.is_some_and(|old| until.is_none_or(|new| new > old)));
            if covered && longer {
                state.rest = Some(rest.clone());
                state.at_once = Some(1);
                self.changed.insert(index);
            }
        }
        Some(rest)
    }

    /// Takes in what was heard beside the answers: limits asked for, lists of models.
    pub fn told(&mut self, all: &[Told], now: Time) {
        for told in all {
            let changed = take_in(told, &mut self.lanes, &mut self.books.meters, now);
            self.changed.extend(changed.lanes);
            self.books.changed.extend(changed.meters);
        }
        self.draw();
    }

    /// Takes lanes out of the rotation or back in, by the user's hand. What was out until the user did something about
    /// it is in again, too. An account switched on brings back its lanes as they were before any hand; a lane that costs
    /// money, or may, wants to be switched on by itself.
    pub fn switch(&mut self, target: &Target, on: bool, until: Option<Time>, now: Time) {
        for (index, lane) in self.lanes.iter_mut().enumerate().filter(|(_, lane)| target.covers(&lane.spec.id)) {
            lane.switch_to(on, target, until, now);
            self.changed.insert(index);
        }
    }

    /// Forgets the rests that are over, and puts right what a clock set back has put too far ahead. Whether there was any.
    pub fn expire(&mut self, now: Time) -> bool {
        let mut any = false;
        for (index, meter) in self.books.meters.iter_mut().enumerate() {
            if meter.follow_clock(now) {
                self.books.changed.insert(index);
                any = true;
            }
        }
        for (index, (lane, side)) in self.lanes.iter_mut().zip(&self.sides).enumerate() {
            let silent = side.sent.is_some_and(|sent| now.since(sent) >= SILENT);
            if lane.expire(now) || silent && lane.lets_one_more() {
                self.changed.insert(index);
                any = true;
            }
        }
        any
    }
}
