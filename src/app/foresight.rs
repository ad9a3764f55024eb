//! A forecast in words: `empty in 35 to 60 m`, `about 85 % used at reset`. Rounded as roughly as it is known.

use std::time::Duration;

use crate::app::due::Due;
use crate::domain::quota::forecast::{Forecast, end, forecast};
use crate::domain::quota::meter::Meter;

/// What becomes of a limit, at the rate at which it is used from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foresight {
    /// `empty in 35 to 60 m`, `about 85 % used at reset`.
    pub words: String,
    /// `empty in 42 m`, `85 % at reset`.
    pub brief: String,
    /// It will be empty before anything comes back.
    pub empty: bool,
}

/// A forecast is made anew after a twentieth of the window, within these bounds.
const STEPS: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));

/// A range that is narrower than this, in shares of the cap, is told as one.
const NARROW: f64 = 0.1;

impl Foresight {
    /// The forecast of `meter`; None: there is too little to say. It is made anew at each use, and in steps of the window
    /// after the last, so that a quiet screen stays quiet.
    pub fn new(meter: &Meter, due: &mut Due) -> Option<Self> {
        // What is full says nothing, however fast it was used before.
        let rate = meter.rate.filter(|rate| rate.lives(meter.window, due.now) && meter.used(due.now) > 0)?;
        let step = (meter.window.span().unwrap_or_default() / 20).clamp(STEPS.0, STEPS.1);
        let steps = due.now.since(rate.last()).as_millis() / step.as_millis();
        let at = rate.last().plus(step * u32::try_from(steps).unwrap_or(u32::MAX));
        due.slowly_at(at.plus(step));
        let over = end(meter, at).is_some_and(|end| end <= due.now);
        forecast(meter, at).filter(|_| !over).map(Self::of)
    }

    fn of(found: Forecast) -> Self {
        match found {
            Forecast::Empty { about, soonest, latest } => {
                let (from, unit) = rounded(soonest);
                let words = match latest.map(rounded) {
                    None => format!("empty in {from} {unit} or later"),
                    Some(to) if to == (from, unit) => format!("empty in {from} {unit}"),
                    Some((to, same)) if same == unit => format!("empty in {from} to {to} {unit}"),
                    Some((to, other)) => format!("empty in {from} {unit} to {to} {other}"),
                };
                let (number, unit) = rounded(about);
                Self { words, brief: format!("empty in {number} {unit}"), empty: true }
            }
            Forecast::AtReset { least, about, most } => {
                let words = if most - least < NARROW {
                    format!("about {} % used at reset", percent(about))
                } else {
                    format!("{} to {} % used at reset", percent(least), percent(most))
                };
                Self { words, brief: format!("{} % at reset", percent(about)), empty: false }
            }
        }
    }
}

/// Seconds in tens below 100, minutes in ones up to ten and in fives above, hours from 100 minutes on, days from 48 hours.
const fn rounded(span: Duration) -> (u64, &'static str) {
    let secs = span.as_secs();
    match secs {
        0..10 => (10, "s"),
        10..100 => (secs / 10 * 10, "s"),
        100..600 => (secs / 60, "m"),
        600..6000 => (secs / 300 * 5, "m"),
        6000..172_800 => ((secs + 1800) / 3600, "h"),
        _ => ((secs + 43_200) / 86_400, "d"),
    }
}

/// In steps of 5.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn percent(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 20.0).round() as u64 * 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_rough_as_what_is_known() {
        let m = Duration::from_mins;
        let empty = |about, soonest, latest| Foresight::of(Forecast::Empty { about, soonest, latest });
        for (soonest, latest, words) in [
            (m(38), Some(m(61)), "empty in 35 to 60 m"),
            (m(42), Some(m(44)), "empty in 40 m"),
            (m(50), Some(m(200)), "empty in 50 m to 3 h"),
            (m(50), None, "empty in 50 m or later"),
            (Duration::from_secs(4), Some(Duration::from_secs(47)), "empty in 10 to 40 s"),
            (m(60 * 60), Some(m(60 * 24 * 7)), "empty in 3 to 7 d"),
        ] {
            let found = empty(m(42), soonest, latest);
            assert_eq!((found.words.as_str(), found.brief.as_str()), (words, "empty in 40 m"));
        }
        let at_reset = |least, about, most| Foresight::of(Forecast::AtReset { least, about, most });
        assert_eq!(at_reset(0.83, 0.86, 0.9).words, "about 85 % used at reset");
        assert_eq!(at_reset(0.6, 0.86, 1.0).words, "60 to 100 % used at reset");
        assert_eq!(at_reset(0.6, 0.86, 1.0).brief, "85 % at reset");
    }
}
