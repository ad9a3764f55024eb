//! A limit with its count: what is left, when there will be room, and how each number is known. The same value feeds
//! the choice of a lane and the gauge on the screen, so they cannot disagree.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::ids::PoolId;
use crate::domain::quota::drift::{Drift, Span};
use crate::domain::quota::guess::Guess;
use crate::domain::quota::limit::{Evidence, Figure, Reading, Unit, Window};
use crate::domain::quota::rate::Rate;
use crate::domain::quota::tally::Tally;

/// How long a zero of an unknown window keeps its lane out if no reset was told. It stops the traffic that would bring
/// its own correction, so it has to end by itself.
const TRIAL: Duration = Duration::from_mins(30);

/// So long a provider is distrusted that refused what by its own word had room.
const DISTRUST: Duration = Duration::from_hours(1);

/// So near to the end or the beginning of a period two clocks may not agree which one it is.
const EDGE: Duration = Duration::from_secs(5);

/// One limit of one pool, and what is used of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    /// What it is counted on.
    pub pool: PoolId,
    /// What it counts.
    pub unit: Unit,
    /// When what was used comes back.
    pub window: Window,
    /// How much fits; None: not known, and then there is nothing to draw a bar of.
    pub cap: Option<Figure<u64>>,
    /// What was used.
    pub tally: Tally,
    /// Held by attempts in the air. Never kept over a restart.
    #[serde(skip)]
    pub reserved: u64,
    /// How the used figure is known, and since when.
    pub basis: Figure<()>,
    /// The provider's own reset, for a window whose end cannot be computed.
    pub reset: Option<Figure<Time>>,
    /// The cap of the catalogue or the config, whatever stands above it now.
    #[serde(default)]
    pub documented: Option<u64>,
    /// The cap was not told, but guessed at a refusal.
    #[serde(default)]
    pub guess: Option<Guess>,
    /// How far the provider's count was from ours, in the last window.
    #[serde(default)]
    pub drift: Option<Drift>,
    /// How fast it is used from here; None: it was not of late.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// When the provider refused what by its own word had room: for a while it is believed only where it tells of more
    /// use than was counted here.
    #[serde(skip)]
    pub distrusted: Option<Time>,
    /// Refused since the provider's last word: it may have counted them.
    #[serde(skip)]
    pub unsure: u64,
}

/// Whether an amount fits now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It does.
    Now,
    /// It will at this instant, if nothing else is used until then.
    At(Time),
    /// Nobody knows when.
    Unknown,
    /// It is more than the whole limit.
    Never,
}

impl Meter {
    /// A meter at zero.
    pub fn new(pool: PoolId, unit: Unit, window: Window, cap: Option<Figure<u64>>, now: Time) -> Self {
        Self {
            pool,
            unit,
            window,
            cap,
            tally: Tally::new(window, now),
            reserved: 0,
            basis: Figure::new((), Evidence::Counted, now),
            reset: None,
            documented: cap.filter(|cap| cap.evidence == Evidence::Documented).map(|cap| cap.value),
            guess: None,
            drift: None,
            rate: None,
            distrusted: None,
            unsure: 0,
        }
    }

    /// Whether this is the meter that a reading of `unit` and `window` speaks of: same unit, windows of equal length.
    pub fn is_for(&self, unit: &Unit, window: Window) -> bool {
        self.unit == *unit && self.window.span() == window.span()
    }

    /// Used at `now`, without what is reserved; may be above the cap when another program uses the same key.
    pub fn used(&self, now: Time) -> u64 {
        self.tally.used(self.window, self.cap_value(), now)
    }

    /// What is left at `now` for one more attempt, reservations taken off; None without a known cap.
    pub fn remaining(&self, now: Time) -> Option<u64> {
        Some(self.cap_value()?.saturating_sub(self.used(now)).saturating_sub(self.reserved))
    }

    /// Whether `amount` fits at `now`, and if not, when.
    pub fn room(&self, amount: u64, now: Time) -> Room {
        let Some(cap) = self.cap_value() else { return Room::Now };
        if amount > cap {
            return Room::Never;
        }
        if self.remaining(now).is_some_and(|left| amount <= left) || self.tests_guess(now) {
            return Room::Now;
        }
        let Some(target) = cap.checked_sub(amount.saturating_add(self.reserved)) else {
            // Attempts in the air hold it: look again when one of them ends.
            return Room::Unknown;
        };
        if self.window == Window::Unknown {
            return self.unknown_room(now);
        }
        match self.tally.sinks_to(self.window, Some(cap), target, now) {
            Some(at) if at > now => Room::At(at),
            Some(_) => Room::Now,
            None => self.reset.filter(|reset| reset.value > now).map_or(Room::Unknown, |reset| Room::At(reset.value)),
        }
    }

    /// Of a window that nobody knows: at the reset that was told, else after a while one real trial, for a gate that stops
    /// the traffic also stops the header that would lift it.
    fn unknown_room(&self, now: Time) -> Room {
        let told = self.reset.map(|reset| reset.value).filter(|at| *at > self.basis.at);
        let at = told.unwrap_or_else(|| self.basis.at.plus(TRIAL));
        // A clock set back must not lengthen the wait.
        let open = at <= now || self.basis.at > now;
        match (open, told) {
            // What is in the air is the trial.
            (_, None) if self.reserved > 0 => Room::Unknown,
            (true, _) => Room::Now,
            (false, _) => Room::At(at),
        }
    }

    /// Whether one attempt may go beyond a cap that is only guessed.
    fn tests_guess(&self, now: Time) -> bool {
        self.reserved == 0 && self.is_guessed() && self.guess.is_some_and(|guess| guess.test_at <= now)
    }

    /// When nothing is used any more, if nothing is added. None when full, or not known.
    pub fn full_at(&self, now: Time) -> Option<Time> {
        if self.used(now) == 0 {
            return None;
        }
        let told = self.reset.map(|reset| reset.value);
        self.tally.sinks_to(self.window, self.cap_value(), 0, now).or(told).filter(|at| *at > now)
    }

    /// The share of the window that has passed, 0 to 1; None where the window has no beginning (rolling, bucket).
    pub fn elapsed_share(&self, now: Time) -> Option<f64> {
        let Tally::Period { ends: Some(ends), .. } = &self.tally else { return None };
        let span = self.window.span()?;
        let left = ends.since(now).as_secs_f64();
        (*ends > now).then(|| (1.0 - left / span.as_secs_f64()).clamp(0.0, 1.0))
    }

    /// Holds `amount` for an attempt that is about to start.
    pub const fn reserve(&mut self, amount: u64) {
        self.reserved = self.reserved.saturating_add(amount);
    }

    /// Lets go of what was held.
    pub const fn release(&mut self, amount: u64) {
        self.reserved = self.reserved.saturating_sub(amount);
    }

    /// Counts `amount` as used at `now`.
    pub fn count(&mut self, amount: u64, now: Time) {
        self.count_sent(amount, now, now);
    }

    /// Counts `amount` of an attempt that left at `sent` and whose end is known `now`: providers count what comes in.
    pub fn count_sent(&mut self, amount: u64, sent: Time, now: Time) {
        self.roll(now);
        // Of an unknown window nothing would ever come back: only what the provider tells is known.
        if self.window == Window::Unknown {
            if self.basis.evidence == Evidence::Counted {
                return;
            }
            // The trial went well: the zero was wrong, or is over.
            if self.remaining(now) == Some(0) && self.unknown_room(now) == Room::Now && amount > 0 {
                self.tally = Tally::new(self.window, now);
                self.basis = Figure::new((), Evidence::Counted, now);
                return;
            }
        }
        self.tally.count(self.window, self.cap_value(), amount, sent, now);
        if self.basis.evidence == Evidence::Counted {
            self.basis.at = now;
        }
    }

    /// An attempt from here has used `amount` in all, as is known at `now`: for the rate alone.
    pub fn note_use(&mut self, amount: u64, now: Time) {
        if amount > 0 {
            self.rate = Some(Rate::after(self.rate, amount, self.window, now));
        }
    }

    /// Takes in what the provider said at `now`.
    pub fn observe(&mut self, reading: &Reading, now: Time) {
        self.roll(now);
        if let Some(cap) = reading.cap {
            self.cap = Some(Figure::new(cap, reading.evidence, now));
            self.guess = None;
        }
        let ends = reading.reset_after.map(|after| now.plus(after));
        if let (Some(left), Some(cap)) = (reading.remaining, self.cap_value()) {
            let mut used = cap.saturating_sub(left);
            if self.is_distrusted(now) {
                used = used.max(self.used(now));
            }
            self.note_drift(used, now);
            self.tally.correct(self.window, Some(cap), used, ends, now);
            self.unsure = 0;
            self.basis = Figure::new((), reading.evidence, now);
        }
        if let Some(ends) = ends {
            self.reset = Some(Figure::new(ends, reading.evidence, now));
        }
    }

    /// A refusal that names no limit, though this one had room: what was used until then is taken for the cap; at once
    /// where none is documented, else when it has come three times. `own`: what the refused attempt itself holds of it.
    pub fn guess_from_refusal(&mut self, own: u64, now: Time) {
        let Some(span) = self.window.span() else { return };
        let used = self.used(now).saturating_add(self.reserved.saturating_sub(own));
        if used == 0 {
            return;
        }
        let guess = Guess::refused(self.guess, used, span, now);
        self.guess = Some(guess);
        if self.is_guessed() || self.documented.is_none() || guess.outweighs_documents() {
            self.cap = Some(Figure::new(used, Evidence::Learnt, now));
        }
    }

    /// Whether the provider's word on what is left counts only against itself.
    pub fn is_distrusted(&self, now: Time) -> bool {
        self.distrusted.is_some_and(|since| now.since(since) < DISTRUST)
    }

    /// Whether the cap is only guessed.
    pub fn is_guessed(&self) -> bool {
        self.guess.is_some() && self.cap.is_some_and(|cap| cap.evidence == Evidence::Learnt)
    }

    /// An attempt was answered: if that was beyond a guessed cap, it is higher.
    pub fn raise_guess(&mut self, now: Time) {
        let (Some(guess), used) = (self.guess, self.used(now)) else { return };
        if used > guess.at && !self.is_guessed() {
            self.guess = None;
        } else if used > guess.at {
            let documented = self.documented.filter(|documented| used >= *documented);
            let evidence = if documented.is_some() { Evidence::Documented } else { Evidence::Learnt };
            self.cap = Some(Figure::new(documented.unwrap_or(used), evidence, now));
            self.guess = documented.is_none().then_some(Guess::passed(used, now));
        }
    }

    /// How far the provider's count was from ours, within the last window.
    pub fn drift(&self, now: Time) -> Option<Drift> {
        self.drift.filter(|drift| now.since(drift.since) < self.window.span().unwrap_or(TRIAL))
    }

    fn note_drift(&mut self, told: u64, now: Time) {
        // Tokens are estimated until an answer tells them: what is apart there says nothing.
        if self.unit != Unit::Requests {
            return;
        }
        let used = self.used(now);
        // Windows that come back bit by bit are rounded on both sides.
        let slack = if matches!(self.tally, Tally::Period { .. }) { 0 } else { 1 + used / 32 };
        let span = Span {
            least: used.saturating_sub(slack),
            most: used.saturating_add(self.reserved).saturating_add(self.unsure).saturating_add(slack),
        };
        let window = self.window.span().unwrap_or(TRIAL);
        // At the edge of a period nobody knows whose clock is right.
        let exact = !self.is_at_edge(now);
        let known = self.basis.evidence != Evidence::Counted;
        self.drift = Drift::told(self.drift, span.apart(told), exact && known, window, now);
    }

    fn is_at_edge(&self, now: Time) -> bool {
        let Tally::Period { ends: Some(ends), .. } = &self.tally else { return false };
        let left = ends.since(now);
        let passed = self.window.span().unwrap_or_default().saturating_sub(left);
        left < EDGE || passed < EDGE
    }

    /// How the used figure is known: counted again once the window that was reported on is over.
    pub fn basis(&self, now: Time) -> Figure<()> {
        let over = match self.window.span() {
            Some(span) => now.since(self.basis.at) >= span || self.used(now) == 0 && now > self.basis.at,
            None => false,
        };
        if over { Figure::new((), Evidence::Counted, self.basis.at) } else { self.basis }
    }

    /// Puts right what a clock set back has put too far ahead: nothing comes back later than a whole window from now, and
    /// a reset that was told before is as far away as it was then. Whether anything had to be.
    pub fn follow_clock(&mut self, now: Time) -> bool {
        let before = self.reset;
        self.basis.at = self.basis.at.min(now);
        if let Some(rate) = &mut self.rate {
            rate.follow_clock(now);
        }
        if let Some(reset) = self.reset.as_mut().filter(|reset| reset.at > now) {
            *reset = Figure::new(now.plus(reset.value.since(reset.at)), reset.evidence, now);
        }
        let told = before.zip(self.reset).map(|(before, reset)| (before.value, reset.value));
        self.tally.follow_clock(self.window, told, now) || before != self.reset
    }

    fn roll(&mut self, now: Time) {
        self.basis = self.basis(now);
        if self.reset.is_some_and(|reset| reset.value <= now) {
            self.reset = None;
            if self.window == Window::Unknown {
                self.tally = Tally::new(self.window, now);
            }
        }
    }

    fn cap_value(&self) -> Option<u64> {
        self.cap.map(|cap| cap.value)
    }
}

/// An age as it is shown, and the step after which it is another one: minutes up to five, then five of them, from an
/// hour on hours, so that a quiet screen stays quiet. None below a minute.
pub const fn age_step(age: Duration) -> (Option<Duration>, Duration) {
    let secs = age.as_secs();
    let step = match secs {
        0..300 => 60,
        300..3600 => 300,
        _ => 3600,
    };
    let shown = secs - secs % step;
    (if shown == 0 { None } else { Some(Duration::from_secs(shown)) }, Duration::from_secs(shown + step))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Time = Time::from_ms(1_795_348_800_000);

    fn meter(window: &str, cap: u64) -> Meter {
        let cap = Figure::new(cap, Evidence::Documented, START);
        Meter::new("p".into(), Unit::Requests, window.parse().unwrap(), Some(cap), START)
    }

    fn at(seconds: u64) -> Time {
        START.plus(Duration::from_secs(seconds))
    }

    fn said(remaining: u64, reset: Option<u64>) -> Reading {
        Reading {
            unit: Unit::Requests,
            window: Window::Unknown,
            cap: None,
            remaining: Some(remaining),
            reset_after: reset.map(Duration::from_secs),
            evidence: Evidence::Reported,
        }
    }

    #[test]
    fn a_fixed_minute_comes_back_at_once() {
        let mut meter = meter("60s", 3);
        for second in [10, 20, 30] {
            assert_eq!(meter.room(1, at(second)), Room::Now);
            meter.count(1, at(second));
        }
        assert_eq!(meter.remaining(at(59)), Some(0));
        assert_eq!(meter.room(1, at(59)), Room::At(at(60)));
        assert_eq!(meter.remaining(at(60)), Some(3));
    }

    #[test]
    fn what_was_sent_before_the_end_of_a_window_counts_in_it() {
        for window in ["60s", "1d midnight UTC", "1month midnight UTC"] {
            let mut fixed = meter(window, 3);
            let Tally::Period { ends: Some(end), .. } = fixed.tally else { panic!() };
            let second = Duration::from_secs(1);
            fixed.count_sent(1, end.minus(second), end.plus(second));
            assert_eq!(fixed.used(end.plus(second)), 0, "{window}");
            fixed.count_sent(1, end.plus(second), end.plus(second * 2));
            fixed.count_sent(1, end.minus(second), end.plus(second * 3));
            assert_eq!(fixed.used(end.plus(second * 3)), 1, "{window}");
            // A clock set back: it is now, then.
            fixed.count_sent(1, end.plus(second * 90), end.plus(second * 4));
            assert_eq!(fixed.used(end.plus(second * 4)), 2, "{window}");
        }
        // A grid that the provider told.
        let mut told = meter("60s", 3);
        told.observe(&said(3, Some(25)), at(10));
        told.count_sent(1, at(34), at(36));
        assert_eq!(told.used(at(36)), 0);
        let mut rolling = meter("64s rolling", 3);
        rolling.count_sent(1, at(8), at(30));
        rolling.count_sent(1, at(4), at(31));
        assert_eq!((rolling.remaining(at(68)), rolling.remaining(at(69))), (Some(1), Some(2)));
        assert_eq!((rolling.remaining(at(72)), rolling.remaining(at(73))), (Some(2), Some(3)));
    }

    #[test]
    fn a_rolling_window_gives_back_each_use_by_itself() {
        let mut meter = meter("64s rolling", 3);
        for second in [0, 10, 20] {
            meter.count(1, at(second));
        }
        let back = |second| at(second).plus(Duration::from_millis(250));
        assert_eq!(meter.room(1, at(30)), Room::At(back(64)));
        assert_eq!(meter.remaining(at(65)), Some(1));
        assert_eq!(meter.room(2, at(65)), Room::At(back(74)));
    }

    #[test]
    fn a_bucket_refills_steadily() {
        let mut meter = meter("60s bucket", 60);
        meter.count(60, at(0));
        assert_eq!(meter.remaining(at(10)), Some(10));
        assert_eq!(meter.room(15, at(10)), Room::At(at(15).plus(Duration::from_millis(1))));
        assert_eq!(meter.full_at(at(10)), Some(at(60).plus(Duration::from_millis(1))));
    }

    #[test]
    fn more_than_the_whole_limit_never_fits() {
        assert_eq!(meter("60s", 3).room(4, at(0)), Room::Never);
        let mut unknown = meter("60s", 3);
        unknown.cap = None;
        assert_eq!((unknown.room(4, at(0)), unknown.remaining(at(0))), (Room::Now, None));
    }

    #[test]
    fn what_is_reserved_is_not_there_for_others() {
        let mut meter = meter("60s", 2);
        meter.reserve(1);
        assert_eq!(meter.remaining(at(1)), Some(1));
        meter.reserve(1);
        assert_eq!(meter.room(1, at(1)), Room::Unknown);
        meter.release(1);
        assert_eq!(meter.room(1, at(1)), Room::Now);
    }

    #[test]
    fn the_provider_puts_the_count_right_both_ways() {
        for window in ["60s", "60s rolling", "60s bucket"] {
            let mut meter = meter(window, 10);
            meter.count(2, at(1));
            meter.observe(&said(3, None), at(2));
            assert_eq!((meter.used(at(2)), meter.basis(at(2)).evidence), (7, Evidence::Reported), "{window}");
            meter.observe(&said(9, None), at(3));
            assert_eq!(meter.used(at(3)), 1, "{window}");
            assert_eq!(meter.used(at(200)), 0, "{window}");
            assert_eq!(meter.basis(at(200)).evidence, Evidence::Counted, "{window}");
        }
    }

    #[test]
    fn a_told_reset_ends_a_period() {
        let mut meter = meter("60s", 10);
        meter.observe(&said(0, Some(25)), at(10));
        assert_eq!(meter.room(1, at(10)), Room::At(at(35)));
        assert_eq!(meter.remaining(at(35)), Some(10));
    }

    #[test]
    fn a_told_reset_brings_back_what_others_used_in_a_rolling_window() {
        let mut meter = meter("64s rolling", 10);
        meter.count(4, at(0));
        meter.observe(&said(0, Some(25)), at(10));
        assert_eq!((meter.room(1, at(10)), meter.remaining(at(35))), (Room::At(at(35)), Some(6)));
        assert_eq!(meter.remaining(at(65)), Some(10));
    }

    #[test]
    fn an_unknown_window_opens_when_the_provider_says_so_or_for_a_trial() {
        let mut meter = meter("unknown", 5);
        meter.count(5, at(0));
        assert_eq!(
            (meter.used(at(0)), meter.room(1, at(500))),
            (0, Room::Now),
            "of what nobody told nothing is counted"
        );
        meter.observe(&said(0, Some(30)), at(500));
        assert_eq!(meter.room(1, at(500)), Room::At(at(530)));
        assert_eq!(meter.room(1, at(530)), Room::Now);
        meter.observe(&said(0, None), at(600));
        assert_eq!(meter.room(1, at(600)), Room::At(at(2400)));
        assert_eq!(meter.room(1, at(2400)), Room::Now);
        // One trial, not two.
        meter.reserve(1);
        assert_eq!(meter.room(1, at(2400)), Room::Unknown);
        meter.release(1);
        meter.count(1, at(2401));
        assert_eq!((meter.remaining(at(2401)), meter.basis(at(2401)).evidence), (Some(5), Evidence::Counted));
    }

    #[test]
    fn a_refusal_without_words_teaches_a_cap_that_is_tested_upward() {
        let mut meter = meter("60s", 30);
        for minute in [0, 1] {
            meter.count(12, at(minute * 60 + 10));
            meter.guess_from_refusal(0, at(minute * 60 + 10));
            meter.guess_from_refusal(0, at(minute * 60 + 11));
            assert_eq!(meter.cap.map(|cap| cap.value), Some(30), "it may be another user of the key");
        }
        meter.count(12, at(130));
        meter.reserve(1);
        meter.guess_from_refusal(1, at(130));
        meter.release(1);
        assert_eq!(
            (meter.cap.map(|cap| (cap.value, cap.evidence)), meter.documented),
            (Some((12, Evidence::Learnt)), Some(30))
        );
        assert_eq!(meter.room(1, at(131)), Room::At(at(180)));
        // The next window has the guessed cap; beyond it one at a time, once four windows have passed.
        meter.count(12, at(181));
        assert_eq!(meter.room(1, at(181)), Room::At(at(240)));
        meter.tally = Tally::new(meter.window, at(420));
        meter.count(12, at(425));
        assert_eq!(meter.room(1, at(425)), Room::Now);
        meter.reserve(1);
        assert_eq!(meter.room(1, at(425)), Room::At(at(480)));
        meter.release(1);
        meter.count(1, at(426));
        meter.raise_guess(at(426));
        assert_eq!((meter.cap.map(|cap| cap.value), meter.room(1, at(426))), (Some(13), Room::Now));
        meter.count(20, at(427));
        meter.raise_guess(at(427));
        assert_eq!(
            (meter.cap.map(|cap| (cap.value, cap.evidence)), meter.guess),
            (Some((30, Evidence::Documented)), None)
        );
    }

    #[test]
    fn what_is_told_stands_above_a_guess() {
        let mut meter = meter("60s", 30);
        for minute in 0..3 {
            meter.count(12, at(minute * 60 + 10));
            meter.guess_from_refusal(0, at(minute * 60 + 10));
        }
        assert!(meter.is_guessed());
        meter.observe(&Reading { cap: Some(20), ..said(5, None) }, at(131));
        assert_eq!((meter.cap.map(|cap| cap.value), meter.guess), (Some(20), None));
    }

    #[test]
    fn drift_names_another_user_only_when_nothing_else_explains_it() {
        let mut meter = meter("1d midnight UTC", 100);
        meter.count(3, at(10));
        meter.observe(&said(90, None), at(20));
        let drift = |meter: &Meter, second| meter.drift(at(second)).map(|drift| (drift.by, drift.others));
        assert_eq!(drift(&meter, 20), Some((7, false)), "nobody knows what was before");
        meter.reserve(2);
        meter.unsure = 1;
        meter.observe(&said(87, None), at(30));
        assert_eq!(drift(&meter, 30), Some((7, false)), "what is in the air, or was refused, may have been counted");
        meter.release(2);
        meter.observe(&said(80, None), at(40));
        assert_eq!(drift(&meter, 40), Some((14, true)));
        assert_eq!(drift(&meter, 100_000), None);
    }

    #[test]
    fn a_clock_set_back_locks_nothing() {
        for window in ["60s", "60s rolling", "60s bucket", "1d midnight UTC"] {
            let mut meter = meter(window, 5);
            meter.count(5, at(1_000_000));
            meter.count(1, at(0));
            assert!(meter.remaining(at(2_000_000)) == Some(5), "{window}");
        }
    }

    #[test]
    fn the_reset_of_a_bucket_tells_what_its_count_rounds_away() {
        // 200 a day, one every 432 s: "full in 464 s" is one and a bit, so 32 s later there is one more.
        let mut bucket = meter("1d bucket", 200);
        bucket.observe(&said(198, Some(464)), at(0));
        assert_eq!(bucket.remaining(at(0)), Some(198));
        assert_eq!((bucket.remaining(at(31)), bucket.remaining(at(32))), (Some(198), Some(199)));
        // What does not fit the count says nothing of it: the whole number stands.
        for reset in [None, Some(0), Some(20), Some(432), Some(2000)] {
            bucket.observe(&said(198, reset), at(0));
            assert_eq!((bucket.remaining(at(0)), bucket.remaining(at(431))), (Some(198), Some(198)), "{reset:?}");
            assert_eq!(bucket.remaining(at(432)), Some(199), "{reset:?}");
        }
    }

    #[test]
    fn a_clock_set_back_opens_within_a_window() {
        for window in ["60s", "60s rolling", "60s bucket", "1d midnight UTC", "1month midnight America/Los_Angeles"] {
            let mut meter = meter(window, 5);
            let span = meter.window.span().unwrap();
            let later = START.plus(span * 40);
            meter.count(5, later);
            assert!(!meter.follow_clock(later), "{window}");
            assert!(meter.follow_clock(START), "{window}");
            assert!(!meter.follow_clock(START), "{window}");
            assert_eq!((meter.used(START), meter.used(START.plus(span * 2))), (5, 0), "{window}");
            assert!(meter.full_at(START).is_some_and(|at| at <= START.plus(span + span / 20)), "{window}");
        }
        // A reset that was told is as far away as it was then, and the clock's own minute has no say in it.
        let mut told = meter("60s", 5);
        told.observe(&said(0, Some(25)), at(70));
        assert!(!told.follow_clock(at(80)));
        assert!(told.follow_clock(at(10)));
        assert_eq!((told.used(at(34)), told.used(at(35))), (5, 0));
    }

    #[test]
    fn ages_step() {
        for (age, shown, next) in [
            (0, None, 60),
            (59, None, 60),
            (60, Some(60), 120),
            (299, Some(240), 300),
            (300, Some(300), 600),
            (3599, Some(3300), 3600),
            (3600, Some(3600), 7200),
            (7300, Some(7200), 10_800),
        ] {
            let expected = (shown.map(Duration::from_secs), Duration::from_secs(next));
            assert_eq!(age_step(Duration::from_secs(age)), expected, "{age}");
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Count(u64),
        Reserve(u64),
        Release(u64),
        Say(u64, Option<u64>),
        Move(i64),
        Refuse,
        Answer,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..200u64).prop_map(Step::Count),
            (0..200u64).prop_map(Step::Reserve),
            (0..200u64).prop_map(Step::Release),
            (0..200u64, proptest::option::of(0..100_000u64)).prop_map(|(left, reset)| Step::Say(left, reset)),
            (-5_000..200_000i64).prop_map(Step::Move),
            (-90_000_000..90_000_000i64).prop_map(Step::Move),
            Just(Step::Refuse),
            Just(Step::Answer),
        ];
        proptest::collection::vec(step, 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn never_above_the_cap_and_never_back_in_the_past(steps in steps(), kind in 0..9usize, cap in 0..150u64) {
            let window = [
                "60s",
                "17s",
                "5h",
                "90s rolling",
                "60s bucket",
                "1d midnight America/Los_Angeles",
                "1d midnight UTC",
                "1month midnight UTC",
                "unknown",
            ][kind];
            let mut meter = meter(window, cap);
            let mut now = START;
            for step in steps {
                match step {
                    Step::Count(amount) => meter.count(amount, now),
                    Step::Reserve(amount) => meter.reserve(amount),
                    Step::Release(amount) => meter.release(amount),
                    Step::Say(left, reset) => meter.observe(&said(left, reset), now),
                    Step::Move(ms) => {
                        now = Time::from_ms(now.ms() + ms);
                        meter.follow_clock(now);
                    }
                    Step::Refuse => meter.guess_from_refusal(0, now),
                    Step::Answer => meter.raise_guess(now),
                }
                prop_assert!(meter.remaining(now).unwrap() <= meter.cap.unwrap().value);
                if let Some(span) = meter.window.span() {
                    // Nothing waits longer than its window; a day of 25 hours and a month of 31 days are the longest.
                    let longest = now.plus(span + span / 16 + Duration::from_hours(2)).max(now.plus(Duration::from_secs(100_000)));
                    let late = |at: Time| at <= longest;
                    prop_assert!(meter.full_at(now).is_none_or(late), "{:?} {now:?}", meter);
                }
                prop_assert!(meter.full_at(now).is_none_or(|at| at > now));
                if let Room::At(at) = meter.room(1, now) {
                    prop_assert!(at > now);
                    prop_assert_eq!(meter.room(1, at), Room::Now);
                }
                let kept: Meter = serde_json::from_str(&serde_json::to_string(&meter).unwrap()).unwrap();
                prop_assert_eq!(kept.used(now), meter.used(now));
            }
        }
    }
}
