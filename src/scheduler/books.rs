//! The books: all meters, what attempts hold of them, and what they used. Pure. Knows no rotation and no rest.

use std::collections::BTreeSet;

use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::failure::Failure;
use crate::domain::quota::limit::{Evidence, Figure, Reading, Unit};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::LaneSpec;
use crate::domain::standing::Need;
use crate::scheduler::learning;
use crate::scheduler::link::call::Left;

/// All meters.
#[derive(Debug, Default)]
pub struct Books {
    /// The meters; one that is there never moves.
    pub meters: Vec<Meter>,
    /// Those that changed since they were told.
    pub changed: BTreeSet<usize>,
}

/// What an attempt holds of one meter.
#[derive(Debug, Clone, Copy)]
struct Part {
    meter: usize,
    amount: u64,
    /// The provider's headers have taken this attempt into account.
    told: bool,
}

/// What an attempt holds of all of them.
#[derive(Debug)]
pub struct Held {
    need: Need,
    parts: Vec<Part>,
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

impl Books {
    /// Meters for a lane's documented limits; for one of which nothing is known a count of its requests.
    pub fn open(&mut self, spec: &LaneSpec, now: Time) {
        for limit in &spec.limits {
            if !self.meters.iter().any(|meter| meter.pool == limit.pool && meter.is_for(&limit.unit, limit.window)) {
                let cap = Figure::new(limit.cap, Evidence::Documented, now);
                let meter = Meter::new(limit.pool.clone(), limit.unit.clone(), limit.window, Some(cap), now);
                self.meters.push(meter);
            }
        }
        let known = |meter: &Meter| spec.draws_on(&meter.pool) && meter.unit == Unit::Requests;
        if !self.meters.iter().any(known) {
            self.meters.extend(learning::unknown_limit(spec, now));
        }
    }

    /// The places of the meters that a lane draws on.
    pub fn drawn_by(&self, spec: &LaneSpec) -> Vec<usize> {
        let own = self.meters.iter().enumerate().filter(|(_, meter)| spec.draws_on(&meter.pool));
        own.map(|(index, _)| index).collect()
    }

    /// The meters at these places.
    pub fn at<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = &'a Meter> {
        places.iter().filter_map(|index| self.meters.get(*index))
    }

    /// What the limits at these places have left, of which a cap is known.
    pub fn left(&self, places: &[usize], now: Time) -> Vec<Left> {
        let left = |meter: &Meter| {
            let (cap, remaining) = (meter.cap?.value, meter.remaining(now)?);
            let reset = meter.full_at(now).map(|at| at.since(now));
            Some(Left { unit: meter.unit.clone(), window: meter.window, cap, remaining, reset })
        };
        self.at(places).filter_map(left).collect()
    }

    /// Reserves what an attempt will take.
    pub fn hold(&mut self, places: &[usize], need: Need) -> Held {
        let mut parts = Vec::with_capacity(places.len());
        for index in places {
            let Some(meter) = self.meters.get_mut(*index) else { continue };
            let amount = need.held(&meter.unit, meter.cap.map(|cap| cap.value)).unwrap_or_default();
            meter.reserve(amount);
            self.changed.insert(*index);
            parts.push(Part { meter: *index, amount, told: false });
        }
        Held { need, parts }
    }

    /// Takes in what a response says of the limits; it includes this attempt. Whether a meter was opened for it.
    pub fn heard(&mut self, spec: &LaneSpec, held: &mut Held, readings: &[Reading], now: Time) -> bool {
        let before = self.meters.len();
        for reading in readings {
            let index = match self.position(spec, reading) {
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
            let told = reading.remaining.is_some();
            match held.parts.iter_mut().find(|part| part.meter == index) {
                Some(part) if told && !part.told => {
                    // The provider has counted the prompt; the answer is still to come, so that part stays held.
                    let answer = answer_part(&meter.unit, held.need);
                    meter.release(part.amount.saturating_sub(answer));
                    (part.amount, part.told) = (answer.min(part.amount), true);
                }
                Some(_) => {}
                None => held.parts.push(Part { meter: index, amount: 0, told }),
            }
            self.changed.insert(index);
        }
        self.meters.len() > before
    }

    /// Takes in a refusal: what it names of the limits, or else what it lets one guess. Whether a meter was opened.
    pub fn refused(&mut self, spec: &LaneSpec, held: &mut Held, failure: &Failure, now: Time) -> bool {
        let opened = self.heard(spec, held, &failure.readings, now);
        if let Some(index) = learning::suspect(spec, &self.meters, failure, now)
            && let Some(meter) = self.meters.get_mut(index)
        {
            let own = held.parts.iter().find(|part| part.meter == index).map_or(0, |part| part.amount);
            meter.guess_from_refusal(own, now);
            self.changed.insert(index);
        }
        opened
    }

    /// Lets go of what an attempt held, and books what it used. `counts_refused`: the provider counts what it refuses.
    pub fn settle(&mut self, held: Held, usage: Usage, settled: Settled, counts_refused: bool, now: Time) {
        let used = Need {
            input: usage.input.unwrap_or(held.need.input),
            output: usage.output.unwrap_or(if settled == Settled::Used { held.need.output } else { 0 }),
            ..held.need
        };
        for Part { meter: index, amount, told } in held.parts {
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
            self.changed.insert(index);
        }
    }

    /// When the limits that a refusal names as spent reopen: the latest of them.
    pub fn reopens(&self, spec: &LaneSpec, failure: &Failure, now: Time) -> Option<Time> {
        let spent = failure.readings.iter().filter(|reading| reading.remaining == Some(0));
        let meters =
            spent.filter_map(|reading| self.position(spec, reading)).filter_map(|index| self.meters.get(index));
        meters.filter_map(|meter| meter.full_at(now)).max()
    }

    fn position(&self, spec: &LaneSpec, reading: &Reading) -> Option<usize> {
        self.meters.iter().position(|meter| spec.draws_on(&meter.pool) && meter.is_for(&reading.unit, reading.window))
    }
}

/// What of `need` falls due only when the answer has come: nothing of a limit on requests or prompts.
const fn answer_part(unit: &Unit, need: Need) -> u64 {
    match unit {
        Unit::Tokens | Unit::OutputTokens => need.output,
        Unit::Requests | Unit::InputTokens | Unit::Other(_) => 0,
    }
}
