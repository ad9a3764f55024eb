//! What has been counted in a window, by kind of window. Each kind has its own memory: a sum with an end, a list of
//! uses, a level. Knows no cap but the one it is handed.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::{Time, next_midnight, next_month};
use crate::domain::quota::limit::Window;

/// So many uses of a rolling window are kept each by itself. What is more falls into slots of a 64th of the span, and
/// counts until the end of its slot.
const MOST: usize = 256;
const SLOTS: u32 = 64;

/// The provider counts when a request arrives, and that is later than it left: so much later it comes back, at most.
const TRAVEL: Duration = Duration::from_millis(250);

/// What has been used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tally {
    /// A sum that falls to zero when its period ends.
    Period {
        /// Used in this period.
        used: u64,
        /// Its end; None: not known.
        ends: Option<Time>,
    },
    /// Uses, each with the instant at which it comes back.
    Uses(VecDeque<Use>),
    /// A level that sinks steadily.
    Level {
        /// Used at `at`.
        used: f64,
        /// When that was so.
        at: Time,
    },
}

/// One slot of a rolling window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When it comes back.
    pub back: Time,
    /// How much.
    pub amount: u64,
}

impl Tally {
    /// Nothing used.
    pub fn new(window: Window, now: Time) -> Self {
        match window {
            Window::Rolling(_) => Self::Uses(VecDeque::new()),
            Window::Bucket(_) => Self::Level { used: 0.0, at: now },
            Window::Fixed(_) | Window::Day(_) | Window::Month(_) | Window::Unknown => {
                Self::Period { used: 0, ends: boundary(window, now) }
            }
        }
    }

    /// What is used at `now`; of a level rounded up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, and f64 to u64 saturates"
    )]
    pub fn used(&self, window: Window, cap: Option<u64>, now: Time) -> u64 {
        match self {
            Self::Period { used, ends } => {
                if ended(*ends, window, now) {
                    0
                } else {
                    *used
                }
            }
            Self::Uses(uses) => {
                uses.iter().filter(|slot| slot.back > now).fold(0, |sum, slot| sum.saturating_add(slot.amount))
            }
            Self::Level { .. } => (self.level(window, cap, now) - 1e-9).ceil().max(0.0) as u64,
        }
    }

    /// Adds `amount`, which was sent at `sent` and is known at `now`: it counts in the window in which it was sent. Of a
    /// level, which never goes below zero, at `now`: the careful side.
    pub fn count(&mut self, window: Window, cap: Option<u64>, amount: u64, sent: Time, now: Time) {
        let level = self.level(window, cap, now);
        // A clock set back must not put it into a window to come.
        let sent = sent.min(now);
        match self {
            Self::Period { used, ends } => {
                let mut before = false;
                if ended(*ends, window, now) {
                    before = ends.is_some_and(|end| sent < end && end <= now);
                    *used = 0;
                    *ends = boundary(window, now);
                }
                let clock = boundary(window, now);
                before |= if *ends == clock {
                    boundary(window, sent) != clock
                } else {
                    ends.zip(window.span()).is_some_and(|(end, span)| sent < end.minus(span))
                };
                if !before {
                    *used = used.saturating_add(amount);
                }
            }
            Self::Uses(uses) => {
                uses.retain(|slot| slot.back > now);
                let span = window.span().unwrap_or_default();
                let mut back = sent.plus(span + TRAVEL.min(span / SLOTS));
                if uses.len() >= MOST {
                    let width = i64::try_from((span / SLOTS).as_millis()).unwrap_or(i64::MAX).max(1);
                    back = Time::from_ms(back.ms().div_euclid(width).saturating_add(1).saturating_mul(width));
                }
                if amount == 0 || back <= now {
                    return;
                }
                let place = uses.partition_point(|slot| slot.back < back);
                match uses.get_mut(place) {
                    Some(slot) if slot.back == back => slot.amount = slot.amount.saturating_add(amount),
                    _ => uses.insert(place, Use { back, amount }),
                }
            }
            Self::Level { used, at } => {
                *used = level + amount as f64;
                *at = now;
            }
        }
    }

    /// Puts right what is used, as the provider said at `now`. `ends`: when the period ends, if it said so.
    pub fn correct(&mut self, window: Window, cap: Option<u64>, to: u64, ends: Option<Time>, now: Time) {
        let counted = self.used(window, cap, now);
        match self {
            Self::Period { used, ends: end } => {
                if ended(*end, window, now) {
                    *end = boundary(window, now);
                }
                *used = to;
                if ends.is_some() {
                    *end = ends;
                }
            }
            Self::Uses(uses) => {
                uses.retain(|slot| slot.back > now);
                // Too many: what was counted first goes first. Too few: somebody else used it, we know not when.
                let mut surplus = counted.saturating_sub(to);
                while surplus > 0 {
                    let Some(first) = uses.front_mut() else { break };
                    let gone = first.amount.min(surplus);
                    first.amount -= gone;
                    surplus -= gone;
                    if first.amount == 0 {
                        uses.pop_front();
                    }
                }
                let missing = to.saturating_sub(counted);
                match ends.filter(|ends| *ends > now) {
                    Some(back) if missing > 0 => {
                        uses.push_back(Use { back, amount: missing });
                        uses.make_contiguous().sort_by_key(|slot| slot.back);
                    }
                    _ => self.count(window, cap, missing, now, now),
                }
            }
            Self::Level { used, at } => {
                *used = fraction(window, cap, to, ends, now).unwrap_or(to as f64);
                *at = now;
            }
        }
    }

    /// Puts right what a clock set back has put too far ahead. `told`: a reset as it was told, and where it is now.
    /// Whether anything had to be.
    pub fn follow_clock(&mut self, window: Window, told: Option<(Time, Time)>, now: Time) -> bool {
        match self {
            Self::Period { ends: Some(end), .. } => {
                let right = match (told, window) {
                    (Some((before, reset)), _) if before == *end => reset,
                    // A grid of the provider's own may lie across the clock's, but is no wider.
                    (_, Window::Fixed(span)) if end.since(now) <= span => *end,
                    // As near as the shortest day or month: no need to ask the calendar.
                    (_, Window::Day(_)) if end.since(now) <= Duration::from_hours(23) => *end,
                    (_, Window::Month(_)) if end.since(now) <= Duration::from_hours(24 * 28 - 1) => *end,
                    _ => boundary(window, now).map_or(*end, |clock| clock.min(*end)),
                };
                std::mem::replace(end, right) != right
            }
            Self::Period { ends: None, .. } => false,
            Self::Uses(uses) => {
                let Some(span) = window.span() else { return false };
                let latest = now.plus(span + span / 32);
                let mut late = false;
                for slot in uses.iter_mut().filter(|slot| slot.back > latest) {
                    slot.back = latest;
                    late = true;
                }
                late
            }
            Self::Level { at, .. } => {
                let ahead = *at > now;
                *at = now.min(*at);
                ahead
            }
        }
    }

    /// When `used` will have sunk to `target` or less, if nothing more is used. None: not known.
    pub fn sinks_to(&self, window: Window, cap: Option<u64>, target: u64, now: Time) -> Option<Time> {
        if self.used(window, cap, now) <= target {
            return Some(now);
        }
        match self {
            Self::Period { ends, .. } => *ends,
            Self::Uses(uses) => {
                let mut left = self.used(window, cap, now);
                uses.iter().filter(|slot| slot.back > now).find_map(|slot| {
                    left -= slot.amount;
                    (left <= target).then_some(slot.back)
                })
            }
            Self::Level { .. } => {
                let (span, cap) = (window.span()?, cap.filter(|cap| *cap > 0)?);
                // A clock set back: nothing comes back before the instant of which the level is known.
                let now = now.max(self.known_at().unwrap_or(now));
                let surplus = self.level(window, Some(cap), now) - target as f64;
                let wait = span.as_secs_f64() * surplus / cap as f64;
                // One millisecond more than computed: at that instant it must be true.
                Duration::try_from_secs_f64(wait).ok().map(|wait| now.plus(wait + Duration::from_millis(1)))
            }
        }
    }

    const fn known_at(&self) -> Option<Time> {
        match self {
            Self::Level { at, .. } => Some(*at),
            Self::Period { .. } | Self::Uses(_) => None,
        }
    }

    fn level(&self, window: Window, cap: Option<u64>, now: Time) -> f64 {
        let Self::Level { used, at } = self else { return 0.0 };
        let (Some(span), Some(cap)) = (window.span(), cap) else { return *used };
        let back = cap as f64 * now.since(*at).as_secs_f64() / span.as_secs_f64();
        (used - back).max(0.0)
    }
}

/// The level of a bucket of which whole numbers tell that it is `to`: a bucket that is full again at `ends` shows the
/// fraction that was rounded away. None where the two do not speak of the same level.
fn fraction(window: Window, cap: Option<u64>, to: u64, ends: Option<Time>, now: Time) -> Option<f64> {
    let left = ends?.since(now).as_secs_f64();
    let level = left * cap? as f64 / window.span()?.as_secs_f64();
    let told = to as f64;
    // A little above is the rounding of the span.
    (level > told - 1.0 && level < told + 1.0).then(|| level.min(told))
}

/// When the period that holds `now` ends.
fn boundary(window: Window, now: Time) -> Option<Time> {
    match window {
        Window::Fixed(span) => {
            let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX).max(1);
            Some(Time::from_ms(now.ms().div_euclid(span).saturating_add(1).saturating_mul(span)))
        }
        Window::Day(zone) => Some(next_midnight(zone, now)),
        Window::Month(zone) => Some(next_month(zone, now)),
        Window::Rolling(_) | Window::Bucket(_) | Window::Unknown => None,
    }
}

/// Over, also when a clock set back puts the end further away than a whole window.
fn ended(ends: Option<Time>, window: Window, now: Time) -> bool {
    ends.is_some_and(|ends| {
        let longest = window.span().map(|span| span + Duration::from_hours(48));
        now >= ends || longest.is_some_and(|longest| ends.since(now) > longest)
    })
}
