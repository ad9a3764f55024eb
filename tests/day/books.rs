//! What happened to one limit, as plain facts: who used what, which header was written and read when. The bounds are
//! made of nothing else.

use std::time::Duration;

use roundel::domain::clock::Time;
use roundel::domain::ids::AttemptId;
use roundel::sim::world::truth::Truth;

use crate::day::bounds::Sight;
use crate::day::cases::Limit;

/// A header's whole second.
const SECOND: Duration = Duration::from_secs(1);

/// Something that the provider counted, or that we held for it.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    at: Time,
    /// Its place among all of them: several may come at one instant.
    nth: u64,
    amount: u64,
    own: Option<Attempt>,
}

/// The part of a use that is known of our own.
#[derive(Debug, Clone)]
struct Attempt {
    id: AttemptId,
    held: u64,
    answered: bool,
    /// What the provider had counted when the header was written.
    used: u64,
    read: bool,
    landed: Option<Time>,
}

impl Use {
    /// Somebody else's.
    pub(crate) const fn stranger(at: Time, amount: u64) -> Self {
        Self { at, nth: 0, amount, own: None }
    }

    /// Our own.
    pub(crate) const fn own(at: Time, id: AttemptId, amount: u64, held: u64, answered: bool, truth: Truth) -> Self {
        Self {
            at,
            nth: 0,
            amount,
            own: Some(Attempt { id, held, answered, used: truth.used, read: false, landed: None }),
        }
    }
}

/// The header that was read last.
#[derive(Debug, Clone, Copy)]
struct Heard {
    written: Time,
    nth: u64,
    /// In the words of a refusal.
    words: bool,
    read: Time,
    used: u64,
}

/// The facts of one limit.
#[derive(Debug)]
pub(crate) struct Book {
    cap: u64,
    /// The provider's window, as headers tell it.
    pub(crate) length: Option<Duration>,
    span: Duration,
    kind: Kind,
    tokens: bool,
    told: bool,
    uses: Vec<Use>,
    count: u64,
    heard: Option<Heard>,
    /// When the count last fell all at once, and from what.
    fell: Option<(Time, u64)>,
    seen: u64,
    /// The end of the period of which something is used.
    ends: Option<Time>,
    /// Headers of a rolling window that were read after something had come back which they still counted.
    late: Vec<(Time, u64)>,
    /// When the clock was last set, and whether it is wrong.
    set: Option<(Time, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bucket,
    Rolling,
    /// All back at once.
    Period,
}

impl Book {
    pub(crate) fn new(limit: &Limit) -> Self {
        let window: roundel::domain::quota::limit::Window = match limit.kept {
            "day" => "1d midnight UTC".parse().unwrap(),
            other => other.parse().unwrap(),
        };
        let kind = match limit.kept.split(' ').next_back() {
            Some("bucket") => Kind::Bucket,
            Some("rolling") => Kind::Rolling,
            _ => Kind::Period,
        };
        let span = window.span().unwrap();
        // The longest day has 25 hours, the longest month 31 days.
        let span = if span > Duration::from_hours(20) { span + span / 24 } else { span };
        Self {
            cap: limit.cap,
            length: window.span(),
            span,
            kind,
            tokens: limit.unit == "tokens",
            told: limit.told,
            uses: Vec::new(),
            count: 0,
            heard: None,
            fell: None,
            seen: 0,
            ends: None,
            late: Vec::new(),
            set: None,
        }
    }

    pub(crate) fn add(&mut self, used: Use) {
        self.count += 1;
        self.uses.push(Use { nth: self.count, ..used });
    }

    fn own(&mut self, id: AttemptId) -> Option<&mut Use> {
        self.uses.iter_mut().rev().find(|used| used.own.as_ref().is_some_and(|own| own.id == id))
    }

    /// The header of an attempt was read.
    pub(crate) fn heard(&mut self, id: AttemptId, now: Time) {
        let Some(Use { at, nth, own: Some(own), .. }) = self.own(id) else { return };
        own.read = true;
        let heard = Heard { written: *at, nth: *nth, words: !own.answered, read: now, used: own.used };
        if self.kind == Kind::Rolling {
            let back = |used: &&Use| (heard.written..=now).contains(&used.at.plus(self.span));
            let late = self.uses.iter().filter(back).map(|used| used.amount).sum();
            self.late.retain(|(read, _)| now.since(*read) <= self.span * 2);
            self.late.push((now, late));
        }
        // One that was overtaken tells nothing new.
        if self.heard.is_none_or(|last| last.nth < heard.nth) {
            self.heard = Some(heard);
        }
    }

    /// An attempt is over.
    pub(crate) fn landed(&mut self, id: AttemptId, now: Time) {
        if let Some(Use { own: Some(own), .. }) = self.own(id) {
            own.landed = Some(now);
        }
    }

    /// An attempt ended with its process: whether it was counted nobody knows.
    pub(crate) fn lost(&mut self, id: AttemptId, now: Time) {
        self.count += 1;
        let nth = self.count;
        if let Some(used) = self.own(id)
            && used.own.as_ref().is_some_and(|own| own.landed.is_none())
        {
            let held = used.own.take().map_or(0, |own| own.held);
            *used = Use { nth, ..Use::stranger(now, used.amount.max(held)) };
        }
    }

    /// The clock was set.
    pub(crate) fn clock_set(&mut self, now: Time, wrong: bool) {
        self.set = Some((now, wrong));
    }

    /// Remembers when the count falls at once.
    pub(crate) fn see(&mut self, truth: Truth, now: Time) {
        if let Some(end) = self.ends.filter(|end| *end <= now) {
            self.fell = Some((end, self.seen));
            self.ends = None;
        }
        if self.kind == Kind::Period && truth.used > 0 {
            self.ends = Some(now.plus(truth.full_after));
        }
        self.seen = truth.used;
        let horizon = now.minus(self.span * 2 + self.span / 16);
        let flies = |own: &Attempt| own.landed.is_none_or(|landed| landed > horizon);
        self.uses.retain(|used| used.at > horizon || used.own.as_ref().is_some_and(flies));
    }

    /// Whether what was used then has come back all at once.
    fn has_fallen_since(&self, at: Time, now: Time) -> bool {
        match self.kind {
            Kind::Period => self.fell.is_some_and(|(fell, _)| fell > at),
            Kind::Rolling => now.since(at) >= self.span,
            Kind::Bucket => false,
        }
    }

    /// By how much the instant of the reset may differ where the count is certain: milliseconds of a bucket, the slot of a
    /// rolling window, a header's second where a period's end was told; and the time that the header travelled.
    pub(crate) fn grain(&self, now: Time) -> Duration {
        let travelled = self.heard.filter(|heard| now.since(heard.read) <= self.span);
        let travelled = travelled.map_or(Duration::ZERO, |heard| heard.read.since(heard.written));
        travelled
            + match self.kind {
                Kind::Bucket => Duration::from_millis(3),
                Kind::Rolling => self.span / 64 + Duration::from_millis(2),
                Kind::Period if self.told => SECOND,
                Kind::Period => Duration::ZERO,
            }
    }

    /// The facts at this instant; None while the clock's jump has made the count a matter of luck: until the header
    /// after it where there is one, else for two windows, of the calendar as long as the clock is wrong.
    pub(crate) fn sight(&self, now: Time) -> Option<Sight> {
        if let Some((at, wrong)) = self.set {
            let again = self.kind == Kind::Bucket && self.heard.is_some_and(|heard| heard.written > at);
            let over = now.since(at) > self.span * 2;
            if !again && !(over && (!wrong || self.kind != Kind::Period)) {
                return None;
            }
        }
        let mut sight = Sight { cap: self.cap, ..Sight::default() };
        let written = self.heard.map_or(Time::from_ms(0), |heard| heard.written);
        let last = self.heard.map_or(0, |heard| heard.nth);
        for used in &self.uses {
            let age = now.since(used.at);
            match &used.own {
                None => {
                    sight.unheard += if used.nth > last && age <= self.span { used.amount } else { 0 };
                    let fresh = self.kind == Kind::Rolling || used.nth > last || self.told;
                    sight.others += if age <= self.span && fresh { used.amount } else { 0 };
                    sight.others_twice += used.amount;
                }
                Some(own) => {
                    let counted = last >= used.nth;
                    let flies = own.landed.is_none();
                    if self.tokens && flies {
                        sight.air += own.held.max(used.amount);
                    } else if flies && (!own.read && (!own.answered || counted) || self.has_fallen_since(used.at, now))
                    {
                        sight.air += own.held;
                    }
                    if self.tokens
                        && own.landed.is_some_and(|landed| landed > written && now.since(landed) <= self.span)
                    {
                        sight.answers += used.amount;
                    }
                    if age >= self.span && age <= self.span + self.span / 64 + Duration::from_millis(2) {
                        sight.slot += used.amount;
                    }
                }
            }
        }
        let travelled = self.heard.map_or(Duration::ZERO, |heard| heard.read.since(heard.written));
        if self.kind == Kind::Bucket {
            let back = u128::from(self.cap) * travelled.as_millis();
            sight.age = u64::try_from(back.div_ceil(self.span.as_millis())).unwrap_or(u64::MAX);
        }
        sight.words = u64::from(self.kind == Kind::Bucket && self.heard.is_some_and(|heard| heard.words));
        if let Some(heard) = self.heard.filter(|heard| now.since(heard.read) <= self.span) {
            sight.over = heard.used.saturating_sub(self.cap);
        }
        let late = self.late.iter().filter(|(read, _)| now.since(*read) <= self.span + self.span / 32);
        sight.stale = late.map(|(_, amount)| amount).sum();
        if let Some((at, from)) = self.fell {
            if now.since(at) <= SECOND + travelled {
                sight.edge = from;
            }
            let over = |heard: Heard| heard.written < at && heard.read >= at && now.since(heard.read) <= self.span;
            if self.heard.is_some_and(over) {
                sight.stale = from;
            }
        }
        Some(sight)
    }
}
