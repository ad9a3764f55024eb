//! What has been counted in a window, by kind of window. Each kind has its own memory: a sum with an end, a list of
//! uses, a level. Knows no cap but the one it is handed.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::clock::{Time, next_midnight, next_month};
use crate::domain::quota::limit::Window;

/// Uses of a rolling window are kept in this many slots of a span; a use counts until the end of its slot, so the
/// count errs by at most a 64th of the span, on the careful side.
const SLOTS: u32 = 64;

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

    /// Adds `amount` at `now`.
    pub fn count(&mut self, window: Window, cap: Option<u64>, amount: u64, now: Time) {
        let level = self.level(window, cap, now);
        match self {
            Self::Period { used, ends } => {
                if ended(*ends, window, now) {
                    *used = 0;
                    *ends = boundary(window, now);
                }
                *used = used.saturating_add(amount);
            }
            Self::Uses(uses) => {
                uses.retain(|slot| slot.back > now);
                if amount == 0 {
                    return;
                }
                let span = window.span().unwrap_or_default();
                let width = i64::try_from((span / SLOTS).as_millis()).unwrap_or(i64::MAX).max(1);
                // A clock set back must not mix the order: a use never comes back before the one counted earlier.
                let newest = uses.back().map_or(now, |slot| slot.back);
                let exact = now.plus(span).ms();
                let back = Time::from_ms(exact.div_euclid(width).saturating_add(1).saturating_mul(width).max(exact));
                match uses.back_mut() {
                    Some(slot) if back <= newest => slot.amount = slot.amount.saturating_add(amount),
                    _ => uses.push_back(Use { back, amount }),
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
                    _ => self.count(window, cap, missing, now),
                }
            }
            Self::Level { used, at } => {
                *used = to as f64;
                *at = now;
            }
        }
    }

    /// Puts right what a clock set back has put too far ahead: nothing comes back later than a whole window from `now`.
    pub fn follow_clock(&mut self, window: Window, now: Time) {
        let Some(span) = window.span() else { return };
        match self {
            Self::Period { ends, .. } => {
                // A day may have 25 hours, a month 31 days.
                let longest = match window {
                    Window::Day(_) => span + Duration::from_hours(1),
                    Window::Month(_) => span + Duration::from_hours(25),
                    // A provider may tell an end a little later than its window is long.
                    _ => span * 2,
                };
                if ends.is_some_and(|ends| ends.since(now) > longest) {
                    *ends = boundary(window, now);
                }
            }
            Self::Uses(uses) => {
                let latest = now.plus(span + span / 32);
                for slot in uses.iter_mut().filter(|slot| slot.back > latest) {
                    slot.back = latest;
                }
            }
            Self::Level { at, .. } => *at = (*at).min(now),
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
