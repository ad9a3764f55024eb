//! The books: all meters, what attempts hold of them, and what they used. Pure. Knows no rotation and no rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::clock::Time;
use crate::domain::conversation::Usage;
use crate::domain::failure::Failure;
use crate::domain::quota::limit::{Evidence, Figure, Reading, Unit, Window};
use crate::domain::quota::meter::{Meter, Room};
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
    /// Attempts so far.
    sent: u64,
    /// Of each meter the attempt that left last of those whose answers told of it.
    newest: BTreeMap<usize, u64>,
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
    /// When the attempt left, and as which.
    sent: Time,
    nth: u64,
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
    pub fn hold(&mut self, places: &[usize], need: Need, now: Time) -> Held {
        let mut parts = Vec::with_capacity(places.len());
        for index in places {
            let Some(meter) = self.meters.get_mut(*index) else { continue };
            let amount = need.held(&meter.unit, meter.cap.map(|cap| cap.value)).unwrap_or_default();
            meter.reserve(amount);
            self.changed.insert(*index);
            parts.push(Part { meter: *index, amount, told: false });
        }
        self.sent += 1;
        Held { need, sent: now, nth: self.sent, parts }
    }

    /// Takes in what a response says of the limits. What an answer says includes this attempt; a refusal (`answers` is
    /// false) was not counted. Whether a meter was opened for it.
    pub fn heard(&mut self, spec: &LaneSpec, held: &mut Held, readings: &[Reading], answers: bool, now: Time) -> bool {
        let before = self.meters.len();
        // Who is not entitled has no limit that could be spent: the lane is out, not its meter at nothing for ever.
        for reading in readings.iter().filter(|reading| reading.cap != Some(0)) {
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
            let told = reading.remaining.is_some();
            let newest = self.newest.entry(index).or_default();
            // The answer to a later attempt was here before, and told of this one, too.
            let overtaken = told && *newest > held.nth;
            let answer = answer_part(&meter.unit, held.need);
            let first = match held.parts.iter_mut().find(|part| part.meter == index) {
                Some(part) if told && !part.told => {
                    // The provider has counted the prompt; the answer is still to come, so that part stays held.
                    meter.release(part.amount.saturating_sub(answer));
                    (part.amount, part.told) = (answer.min(part.amount), true);
                    true
                }
                Some(_) => false,
                None => {
                    held.parts.push(Part { meter: index, amount: 0, told });
                    told
                }
            };
            if !overtaken {
                if told {
                    *newest = held.nth;
                }
                if answers && first {
                    // Its own part stands where it was sent before the sum is put right: else the sum would take an
                    // older use, about to come back, for this one.
                    meter.count_sent(held.need.of(&meter.unit).saturating_sub(answer), held.sent, now);
                }
                meter.observe(reading, now);
            }
            self.changed.insert(index);
        }
        self.meters.len() > before
    }

    /// Takes in a refusal: what it names of the limits, or else what it lets one guess. Whether a meter was opened.
    pub fn refused(&mut self, spec: &LaneSpec, held: &mut Held, failure: &Failure, now: Time) -> bool {
        for part in &held.parts {
            if let Some(meter) = self.meters.get_mut(part.meter)
                && learning::belies(failure, held.need, meter)
            {
                meter.distrusted = Some(now);
            }
        }
        let opened = self.heard(spec, held, &failure.readings, false, now);
        if let Some(index) = learning::suspect(spec, &self.meters, failure, held.need, now)
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
            meter.count_sent(count, held.sent, now);
            match settled {
                Settled::Used => {
                    meter.note_use(used.of(&meter.unit), now);
                    meter.raise_guess(now);
                }
                Settled::Refused if !told && count == 0 => meter.unsure += 1,
                Settled::Refused | Settled::Unsent => {}
            }
            self.changed.insert(index);
        }
    }

    /// When the limits that a refusal names as spent reopen: the latest of them. What comes back bit by bit is not spent
    /// until all of it is back: there the wait that was told counts, if there is one.
    pub fn reopens(&self, spec: &LaneSpec, failure: &Failure, now: Time) -> Option<Time> {
        let spent = failure.readings.iter().filter(|reading| reading.remaining == Some(0));
        let meters =
            spent.filter_map(|reading| self.position(spec, reading)).filter_map(|index| self.meters.get(index));
        let opens = |meter: &Meter| match (meter.window, meter.room(1, now)) {
            (Window::Bucket(_) | Window::Rolling(_), _) if failure.wait.is_some() => None,
            (Window::Bucket(_) | Window::Rolling(_), Room::At(at)) => Some(at),
            (Window::Bucket(_) | Window::Rolling(_), _) => None,
            _ => meter.full_at(now),
        };
        meters.filter_map(opens).max()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roster::{Dialect, LimitSpec, Wire};

    #[test]
    fn what_an_answer_used_is_noted_once_and_as_a_whole() {
        let now = Time::from_ms(1_795_348_800_000);
        let limit = |unit, cap| LimitSpec { pool: "a".into(), unit, window: "1d midnight UTC".parse().unwrap(), cap };
        let spec = LaneSpec {
            limits: vec![limit(Unit::Requests, 50), limit(Unit::Tokens, 90_000)],
            ..LaneSpec::new("a/x".into(), Wire::Openai, Dialect::Groq, "")
        };
        let mut books = Books::default();
        books.open(&spec, now);
        let usage = Usage { input: Some(70), output: Some(30) };
        let mut rates = Vec::new();
        for settled in [Settled::Refused, Settled::Unsent, Settled::Used, Settled::Used] {
            let mut held = books.hold(&[0, 1], Need::USUAL, now);
            let told = Reading {
                unit: Unit::Tokens,
                window: "1d midnight UTC".parse().unwrap(),
                cap: None,
                remaining: Some(80_000),
                reset_after: None,
                evidence: Evidence::Reported,
            };
            // What the provider has told of it already is used all the same.
            books.heard(&spec, &mut held, &[told], settled == Settled::Used, now);
            books.settle(held, usage, settled, false, now);
            rates.push(books.meters.iter().map(|meter| meter.rate).collect::<Vec<_>>());
        }
        let noted = |unit: u64, times| {
            use crate::domain::quota::rate::Rate;
            (0..times).fold(None, |rate, _| Some(Rate::after(rate, unit, "1d midnight UTC".parse().unwrap(), now)))
        };
        assert_eq!(rates, [0, 0, 1, 2].map(|times| vec![noted(1, times), noted(100, times)]));
    }
}
