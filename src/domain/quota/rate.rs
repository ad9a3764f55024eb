//! How fast a limit is used from here: two weighted sums that fade with time, so that what was done of late counts most.
//! Each use costs the same few operations, however many came before. Knows no meter.
//!
//! ```text
//!  uses      │   ││ │      │ │││        sum     = Σ amount  x e^(-age / fade)
//!  weight  ____...---'''''''''''' now    squares = Σ amount² x e^(-2 age / fade)
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::Time;
use crate::domain::quota::limit::Window;

/// Uses below this number tell no rate.
const LEAST_USES: u32 = 3;

/// The share of the window over which nothing must have been asked, or something was: below it there is too little to say.
const LEAST_SEEN: f64 = 0.1;

/// After so many times the fade without a use nothing is left of the rate.
const FORGOTTEN: u32 = 5;

/// A fade is not shorter than this: a burst within a minute is no habit.
const SHORTEST: Duration = Duration::from_mins(5);

/// The fade where the window is not known.
const OF_UNKNOWN: Duration = Duration::from_mins(30);

/// What was used from here of late, per limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Amounts, faded, as of `at`.
    sum: f64,
    /// Their squares, faded twice as fast: how uneven they are.
    squares: f64,
    /// Uses since `since`.
    uses: u32,
    /// When the first of them was.
    since: Time,
    /// When the last of them was.
    at: Time,
}

/// A rate, and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Units a second; above zero.
    pub per_second: f64,
    /// Its standard deviation, units a second; zero or above.
    pub spread: f64,
}

/// The time in which a use fades to about a third: a tenth of the window.
pub fn fade(window: Window) -> Duration {
    window.span().map_or(OF_UNKNOWN, |span| (span / 10).max(SHORTEST))
}

impl Rate {
    /// The rate after one more use of `amount`; `old`: before it.
    #[must_use]
    pub fn after(old: Option<Self>, amount: u64, window: Window, now: Time) -> Self {
        let fade = fade(window);
        let first = Self { sum: 0.0, squares: 0.0, uses: 0, since: now, at: now };
        let old = old.filter(|old| old.is_sound() && old.lives(window, now)).unwrap_or(first);
        let weight = old.weight(fade, now);
        let amount = amount as f64;
        Self {
            sum: old.sum * weight + amount,
            squares: old.squares * weight * weight + amount * amount,
            uses: old.uses.saturating_add(1),
            since: old.since.min(now),
            at: now,
        }
    }

    /// The pace at `now`. `passed`: how much of the window has, where it has a beginning. None: too little to say.
    pub fn pace(&self, window: Window, passed: Option<Duration>, now: Time) -> Option<Pace> {
        let fade = fade(window);
        if !self.is_sound() || self.uses < LEAST_USES || !self.lives(window, now) {
            return None;
        }
        // What was not asked from here before the first use is known, too: it was nothing.
        let seen = now.since(self.since).max(passed.unwrap_or_default());
        let least = window.span().unwrap_or(fade).mul_f64(LEAST_SEEN);
        if seen.is_zero() || seen < least {
            return None;
        }
        let weight = self.weight(fade, now);
        // So much of the fading weight lies within what was seen.
        let weighed = fade.as_secs_f64() * -(-seen.as_secs_f64() / fade.as_secs_f64()).exp_m1();
        let pace = Pace { per_second: self.sum * weight / weighed, spread: self.squares.sqrt() * weight / weighed };
        (pace.per_second > 0.0 && pace.per_second.is_finite() && pace.spread.is_finite()).then_some(pace)
    }

    /// Whether anything is left of it at `now`.
    pub fn lives(&self, window: Window, now: Time) -> bool {
        now.since(self.at) <= fade(window) * FORGOTTEN
    }

    /// When the last use was.
    pub const fn last(&self) -> Time {
        self.at
    }

    /// A clock set back: nothing was used later than now.
    pub fn follow_clock(&mut self, now: Time) {
        self.at = self.at.min(now);
        self.since = self.since.min(now);
    }

    fn weight(&self, fade: Duration, now: Time) -> f64 {
        (-now.since(self.at).as_secs_f64() / fade.as_secs_f64()).exp()
    }

    /// Whether it can have been made by [`Rate::after`]: it is read from a disk, too.
    fn is_sound(&self) -> bool {
        [self.sum, self.squares].into_iter().all(|sum| sum.is_finite() && sum >= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_ms(1_795_305_600_000);

    fn at(seconds: u64) -> Time {
        START.plus(Duration::from_secs(seconds))
    }

    fn used(window: Window, uses: impl IntoIterator<Item = (u64, u64)>) -> Option<Rate> {
        uses.into_iter().fold(None, |rate, (second, amount)| Some(Rate::after(rate, amount, window, at(second))))
    }

    #[test]
    fn an_even_use_has_its_rate() {
        let day: Window = "1d midnight UTC".parse().unwrap();
        let rate = used(day, (0..600).map(|use_| (use_ * 60, 2))).unwrap();
        let pace = rate.pace(day, None, at(36_000)).unwrap();
        assert!((pace.per_second * 60.0 - 2.0).abs() < 0.05, "{pace:?}");
        assert!(pace.spread < pace.per_second / 10.0, "{pace:?}");
        // A few large ones are less sure than many small ones.
        let rough = used(day, (0..4).map(|use_| (use_ * 9000, 300))).unwrap().pace(day, None, at(36_000)).unwrap();
        assert!(rough.spread > rough.per_second / 3.0, "{rough:?}");
    }

    #[test]
    fn too_little_says_nothing() {
        let day: Window = "1d midnight UTC".parse().unwrap();
        let few = used(day, [(0, 1), (10_000, 1)]).unwrap();
        assert_eq!(few.pace(day, None, at(20_000)), None, "two uses");
        let three = used(day, [(0, 1), (10, 1), (20, 1)]).unwrap();
        assert_eq!(three.pace(day, None, at(8639)), None, "less than a tenth of the day");
        assert!(three.pace(day, None, at(8640)).is_some());
        assert!(three.pace(day, Some(Duration::from_hours(9)), at(30)).is_some(), "the day is old, and was quiet");
        assert_eq!(three.pace(day, None, at(20 + 5 * 8640 + 1)), None, "long ago");
        assert_eq!(Rate::after(Some(three), 1, day, at(80_000)).uses, 1, "it begins anew");
    }

    #[test]
    fn it_fades_with_the_time_and_not_with_looks() {
        let minute: Window = "60s".parse().unwrap();
        let rate = used(minute, (0..30).map(|use_| (use_ * 20, 1))).unwrap();
        let paces = [600, 700, 900, 1200].map(|second| rate.pace(minute, None, at(second)).unwrap().per_second);
        assert!(paces.is_sorted_by(|a, b| a > b), "{paces:?}");
        assert_eq!(rate.pace(minute, None, at(900)), rate.pace(minute, None, at(900)));
        let mut back = rate;
        back.follow_clock(at(100));
        assert!(back.pace(minute, None, at(120)).is_some_and(|pace| pace.per_second.is_finite()));
    }
}
