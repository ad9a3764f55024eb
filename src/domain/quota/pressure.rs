//! How much a limit wants to be used: the share that is left over the share of its window that is left. Pure.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::quota::limit::Window;
use crate::domain::quota::meter::Meter;

/// Below this nothing is held back further, above that nothing hurried more.
const BOUNDS: (f64, f64) = (0.125, 4.0);

/// Windows up to this press nobody.
const SHORT: Duration = Duration::from_hours(1);

/// Pressure is told in such steps, so that the next lane does not change with every second that passes.
const STEPS: f64 = 8.0;

/// 1: used up just when its window ends, at this pace. More: some of it would expire unused. Less: it is scarce. What
/// comes back bit by bit is on pace when half of it is left: a full bucket wastes what flows in. None: no cap is known.
pub fn pressure(meter: &Meter, now: Time) -> Option<f64> {
    let cap = meter.cap.filter(|cap| cap.value > 0)?;
    let left = meter.remaining(now)? as f64 / cap.value as f64;
    let time_left = match meter.window {
        Window::Rolling(_) | Window::Bucket(_) => 0.5,
        Window::Fixed(_) | Window::Day(_) | Window::Month(_) => 1.0 - meter.elapsed_share(now).unwrap_or(0.0),
        Window::Unknown => return Some(1.0),
    };
    let pressure = left / time_left.max(0.01);
    // What a minute leaves unused is no loss that one would run for; that it is short of room counts all the same.
    let short = meter.window.span().is_some_and(|span| span <= SHORT);
    Some(if short { pressure.min(1.0) } else { pressure })
}

/// The pressure of a lane: that of its scarcest limit, bounded and in steps; 1 where no limit is known.
pub fn of_lane<'a>(meters: impl Iterator<Item = &'a Meter>, now: Time) -> f64 {
    let least = meters.filter_map(|meter| pressure(meter, now)).reduce(f64::min).unwrap_or(1.0);
    (least * STEPS).round().clamp(BOUNDS.0 * STEPS, BOUNDS.1 * STEPS) / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quota::limit::{Evidence, Figure, Unit};

    /// 2026-11-22 12:00 UTC.
    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn meter(window: &str, cap: u64, used: u64) -> Meter {
        let cap = Figure::new(cap, Evidence::Documented, NOON);
        let mut meter = Meter::new("p".into(), Unit::Requests, window.parse().unwrap(), Some(cap), NOON);
        meter.count(used, NOON);
        meter
    }

    #[test]
    fn what_would_expire_unused_presses() {
        let at = |hours| NOON.plus(Duration::from_hours(hours));
        for (window, used, hours, expected) in [
            ("1d midnight UTC", 0, 0, 2.0),
            ("1d midnight UTC", 10, 0, 1.0),
            ("1d midnight UTC", 10, 6, 2.0),
            ("1d midnight UTC", 18, 0, 0.25),
            ("1d midnight UTC", 20, 11, 0.125),
            ("1d midnight UTC", 10, 11, 4.0),
            ("24h rolling", 0, 0, 2.0),
            ("24h rolling", 15, 0, 0.5),
            ("1d bucket", 10, 0, 1.0),
            ("unknown", 0, 0, 1.0),
            ("60s rolling", 0, 0, 1.0),
            ("60s rolling", 15, 0, 0.5),
        ] {
            let meter = meter(window, 20, used);
            assert_eq!(of_lane(std::iter::once(&meter), at(hours)), expected, "{window} {used} {hours}");
        }
    }

    #[test]
    fn the_scarcest_limit_speaks_for_the_lane() {
        let meters = [meter("1d midnight UTC", 20, 18), meter("60s rolling", 30, 0)];
        assert_eq!(of_lane(meters.iter(), NOON), 0.25);
        assert_eq!(of_lane([].iter(), NOON), 1.0);
    }
}
