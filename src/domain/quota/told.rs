//! What one response says of one limit, in full and as it was said. Meters take the careful part of it, a
//! `Reading`; people who look into a recorded exchange get all. Knows no provider's names for things.

use std::time::Duration;

use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};

/// The longest reset that a meter believes: 32 days, a month and a bit.
const LONGEST: f64 = 86_400.0 * 32.0;

/// A count above this means "no limit": 9007199254740991 and 9223372036854775807 are what programs print for it.
const ENDLESS: f64 = 9e15;

/// How long a window is, as far as it was told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// A fixed length in seconds.
    Seconds(f64),
    /// A calendar month.
    Month,
    /// What the provider calls a session.
    Session,
    /// Nobody said.
    Unknown,
}

impl Length {
    /// Its seconds, where its length is fixed.
    pub const fn seconds(self) -> Option<f64> {
        match self {
            Self::Seconds(seconds) => Some(seconds),
            Self::Month | Self::Session | Self::Unknown => None,
        }
    }

    /// The word for one without a fixed length.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Month => Some("month"),
            Self::Session => Some("session"),
            Self::Seconds(_) | Self::Unknown => None,
        }
    }

    /// Whether it is known, and longer than an hour.
    pub fn is_long(self) -> bool {
        match self {
            Self::Seconds(seconds) => seconds > 3600.0,
            Self::Month | Self::Session => true,
            Self::Unknown => false,
        }
    }
}

/// Where the length of a window came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The response says it.
    Said,
    /// The provider is known for it, or the numbers show it.
    Inferred,
}

/// A limit as a response tells it. Counts are as sent: what is left may be above the limit, or below zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What is counted; None if the response leaves it out.
    pub unit: Option<Unit>,
    /// The window.
    pub length: Length,
    /// How its length is known.
    pub source: Source,
    /// The cap.
    pub limit: Option<f64>,
    /// What is left.
    pub remaining: Option<f64>,
    /// Seconds until the reset, from a header or a field that tells it.
    pub reset_after: Option<f64>,
    /// The instant of the reset as it was sent, where it was one.
    pub reset_at: Option<String>,
    /// The same in seconds since the epoch, where it was sent as a number.
    pub reset_epoch: Option<f64>,
    /// What was used, where that is told.
    pub used: Option<f64>,
    /// What this one request asked for, where that is told.
    pub requested: Option<f64>,
    /// The name of the policy, where there is one.
    pub policy: Option<String>,
    /// What it covers, in the provider's word.
    pub applies_to: Option<String>,
    /// From a header, or from the words of a refusal.
    pub evidence: Evidence,
}

impl Told {
    /// A limit of which nothing else is told.
    pub const fn new(unit: Option<Unit>, length: Length, evidence: Evidence) -> Self {
        Self {
            unit,
            length,
            source: Source::Said,
            limit: None,
            remaining: None,
            reset_after: None,
            reset_at: None,
            reset_epoch: None,
            used: None,
            requested: None,
            policy: None,
            applies_to: None,
            evidence,
        }
    }

    /// Whether it says anything at all.
    pub const fn has_figure(&self) -> bool {
        self.limit.is_some() || self.remaining.is_some() || self.reset_after.is_some() || self.reset_at.is_some()
    }

    /// Whether it says that nothing is left.
    pub fn is_spent(&self) -> bool {
        self.remaining.is_some_and(|left| left <= 0.0)
    }

    /// Whether both speak of one unit and one window.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.unit == other.unit && self.length == other.length
    }

    /// Takes over what `other` knows and this one does not.
    pub fn complete(&mut self, other: &Self) {
        self.limit = self.limit.or(other.limit);
        self.remaining = self.remaining.or(other.remaining);
        if self.reset_after.is_none() && self.reset_at.is_none() {
            self.reset_after = other.reset_after;
            self.reset_at.clone_from(&other.reset_at);
            self.reset_epoch = other.reset_epoch;
        }
        self.used = self.used.or(other.used);
        self.requested = self.requested.or(other.requested);
        self.policy = self.policy.take().or_else(|| other.policy.clone());
        self.applies_to = self.applies_to.take().or_else(|| other.applies_to.clone());
    }

    /// What a meter may take from it, with `window` as the dialect has it for this length. None without a unit.
    pub fn reading(&self, window: Window) -> Option<Reading> {
        let reset = self.reset_after.filter(|after| (0.0..=LONGEST).contains(after));
        let reading = Reading {
            unit: self.unit.clone()?,
            window,
            cap: self.limit.and_then(count),
            remaining: self.remaining.and_then(count),
            reset_after: reset.and_then(|after| Duration::try_from_secs_f64(after).ok()),
            evidence: self.evidence,
        };
        (reading.cap.is_some() || reading.remaining.is_some() || reading.reset_after.is_some()).then_some(reading)
    }
}

/// Whether this number, printed as a limit, is one.
pub fn is_finite_limit(number: f64) -> bool {
    number.is_finite() && (0.0..ENDLESS).contains(&number)
}

/// A count for a meter: below zero is none.
fn count(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 to u64 saturates at both ends")]
    (number.is_finite() && number < ENDLESS).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_takes_the_careful_part() {
        let mut told = Told::new(Some(Unit::Requests), Length::Seconds(60.0), Evidence::Reported);
        assert_eq!(told.reading(Window::Unknown), None);
        told.limit = Some(9.0);
        told.remaining = Some(-2.0);
        told.reset_after = Some(1e9);
        let reading = told.reading(Window::Unknown).unwrap();
        assert_eq!((reading.cap, reading.remaining, reading.reset_after), (Some(9), Some(0), None));
        told.limit = Some(f64::INFINITY);
        assert_eq!(told.reading(Window::Unknown).unwrap().cap, None);
        told.unit = None;
        assert_eq!(told.reading(Window::Unknown), None);
    }

    #[test]
    fn an_entry_completes_another() {
        let mut told = Told::new(Some(Unit::Tokens), Length::Month, Evidence::Learnt);
        let mut other = told.clone();
        told.limit = Some(5.0);
        (other.limit, other.remaining, other.reset_after) = (Some(7.0), Some(0.0), Some(3.0));
        told.complete(&other);
        assert_eq!((told.limit, told.remaining, told.reset_after), (Some(5.0), Some(0.0), Some(3.0)));
        assert!(told.is_same_as(&other) && told.is_spent() && told.length.is_long());
    }
}
