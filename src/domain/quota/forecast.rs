//! What becomes of a limit if it goes on being used as it is from here: empty before it comes back, or so much of it used
//! when it does. Says nothing where there is too little to say, and a range where the rate is not sure. Pure.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::quota::limit::Window;
use crate::domain::quota::meter::Meter;
use crate::domain::quota::rate::Pace;
use crate::domain::quota::tally::Tally;

/// Nobody wants to hear of what is further away.
const FARTHEST: Duration = Duration::from_hours(24 * 31);

/// What becomes of a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Forecast {
    /// Nothing will be left, before anything comes back.
    Empty {
        /// In about so long.
        about: Duration,
        /// Hardly sooner.
        soonest: Duration,
        /// Hardly later; None: it may as well last until the reset.
        latest: Option<Duration>,
    },
    /// It lasts: shares of the cap that will be used at the reset, 0 to 1.
    AtReset {
        /// Hardly less.
        least: f64,
        /// About so much.
        about: f64,
        /// Hardly more.
        most: f64,
    },
}

/// The forecast of `meter` at `now`, at the rate at which it is used from here.
pub fn forecast(meter: &Meter, now: Time) -> Option<Forecast> {
    let cap = meter.cap.filter(|cap| cap.value > 0)?.value;
    let left = meter.remaining(now).filter(|left| *left > 0 && meter.used(now) > 0)? as f64;
    let pace = pace(meter, now)?;
    let (fast, slow) = (pace.per_second + pace.spread, (pace.per_second - pace.spread).max(0.0));
    let cap = cap as f64;
    let span = meter.window.span().map(|span| span.as_secs_f64());
    match meter.window {
        Window::Rolling(_) | Window::Bucket(_) => {
            // What flows back meanwhile: of a bucket always, of a rolling window what was used in it.
            let back = if matches!(meter.window, Window::Bucket(_)) { cap } else { meter.used(now) as f64 } / span?;
            let drained = |rate: f64| after(left, rate - back);
            Some(Forecast::Empty { about: drained(pace.per_second)?, soonest: drained(fast)?, latest: drained(slow) })
        }
        Window::Fixed(_) | Window::Day(_) | Window::Month(_) | Window::Unknown => {
            let rest = end(meter, now)?.since(now);
            let before = |span: &Duration| *span < rest;
            if let Some(about) = after(left, pace.per_second).filter(before) {
                let (soonest, latest) = (after(left, fast)?, after(left, slow).filter(before));
                return Some(Forecast::Empty { about, soonest, latest });
            }
            let share = |rate: f64| ((cap - left + rate * rest.as_secs_f64()) / cap).clamp(0.0, 1.0);
            Some(Forecast::AtReset { least: share(slow), about: share(pace.per_second), most: share(fast) })
        }
    }
}

/// How much of a limit will have been used from here at `until`, at the present rate; nothing where there is none.
pub fn used_until(meter: &Meter, until: Time, now: Time) -> f64 {
    pace(meter, now).map_or(0.0, |pace| (pace.per_second + pace.spread) * until.since(now).as_secs_f64())
}

/// When all that was used comes back at once; None where it does not, or nobody knows.
pub fn end(meter: &Meter, now: Time) -> Option<Time> {
    let ends = if let Tally::Period { ends, .. } = &meter.tally { *ends } else { None };
    let told = || meter.reset.map(|reset| reset.value).filter(|_| meter.window == Window::Unknown);
    ends.or_else(told).filter(|end| *end > now)
}

fn pace(meter: &Meter, now: Time) -> Option<Pace> {
    let passed = meter.elapsed_share(now).zip(meter.window.span()).map(|(share, span)| span.mul_f64(share));
    meter.rate?.pace(meter.window, passed, now)
}

fn after(left: f64, per_second: f64) -> Option<Duration> {
    let seconds = (per_second > 0.0).then(|| left / per_second)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|span| *span <= FARTHEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::quota::limit::{Evidence, Figure, Unit};

    /// 2026-11-22 00:00 UTC.
    const MIDNIGHT: Time = Time::from_ms(1_795_305_600_000);

    fn at(seconds: u64) -> Time {
        MIDNIGHT.plus(Duration::from_secs(seconds))
    }

    /// `uses` requests, one each `step` seconds, from `from` on.
    fn meter(window: &str, cap: u64, from: u64, step: u64, uses: u64) -> Meter {
        let cap = Figure::new(cap, Evidence::Documented, MIDNIGHT);
        let mut meter = Meter::new("p".into(), Unit::Requests, window.parse().unwrap(), Some(cap), MIDNIGHT);
        for use_ in 0..uses {
            meter.count(1, at(from + use_ * step));
            meter.note_use(1, at(from + use_ * step));
        }
        meter
    }

    fn minutes(span: Duration) -> u64 {
        span.as_secs() / 60
    }

    #[test]
    fn a_day_that_will_not_last_says_when() {
        // One each 10 minutes from midnight on, at noon: 72 of 100 are used, the rest takes 4.7 h of the 12.
        let day = meter("1d midnight UTC", 100, 0, 600, 72);
        let Some(Forecast::Empty { about, soonest, latest: Some(latest) }) = forecast(&day, at(43_200)) else {
            panic!("{:?}", forecast(&day, at(43_200)))
        };
        assert!((260..300).contains(&minutes(about)), "{about:?}");
        assert!(soonest < about && about < latest, "{soonest:?} {latest:?}");
        // Seen of 160 it lasts, and nearly all is used.
        let day = meter("1d midnight UTC", 160, 0, 600, 72);
        let Some(Forecast::AtReset { least, about, most }) = forecast(&day, at(43_200)) else { panic!() };
        assert!(least < about && about < most && (0.85..0.95).contains(&about), "{least} {about} {most}");
    }

    #[test]
    fn what_flows_back_is_taken_off() {
        // A bucket of 60 a minute, 1 a second flows back.
        let slow = meter("60s bucket", 60, 0, 2, 200);
        assert_eq!(forecast(&slow, at(400)), None, "it keeps up");
        let mut fast = meter("60s bucket", 60, 0, 2, 200);
        for second in 0..40 {
            fast.count(2, at(400 + second));
            fast.note_use(20, at(400 + second));
        }
        assert!(matches!(forecast(&fast, at(440)), Some(Forecast::Empty { .. })), "{:?}", forecast(&fast, at(440)));
        let rolling = meter("60s rolling", 60, 0, 2, 200);
        assert_eq!(forecast(&rolling, at(400)), None, "it keeps up");
    }

    #[test]
    fn what_nobody_knows_says_nothing() {
        let fresh = meter("1d midnight UTC", 100, 0, 1, 0);
        assert_eq!(forecast(&fresh, at(43_200)), None, "never used");
        let minute = meter("60s", 40, 0, 2, 30);
        assert!(forecast(&minute, at(59)).is_some());
        assert_eq!(forecast(&minute, at(61)), None, "nothing of this minute is used yet");
        assert_eq!(forecast(&meter("1d midnight UTC", 100, 43_000, 60, 2), at(43_200)), None, "two uses");
        assert_eq!(forecast(&meter("1d midnight UTC", 3, 43_000, 10, 3), at(43_200)), None, "spent already");
        let mut blind = meter("1d midnight UTC", 100, 0, 600, 72);
        blind.cap = None;
        assert_eq!(forecast(&blind, at(43_200)), None, "no cap");
        assert_eq!(forecast(&meter("unknown", 100, 0, 600, 72), at(43_200)), None, "no end");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]
        #[test]
        fn it_is_never_absurd(
            window in prop::sample::select(vec!["60s", "60s rolling", "90s bucket", "1d midnight UTC", "1month midnight UTC", "24h rolling", "unknown"]),
            cap in prop_oneof![0..50u64, Just(u64::MAX)],
            uses in prop::collection::vec((0..4000u64, prop_oneof![0..40u64, Just(u64::MAX)]), 0..40),
            later in 0..200_000u64,
            back in 0..3000u64,
        ) {
            let cap = Figure::new(cap, Evidence::Documented, MIDNIGHT);
            let mut meter = Meter::new("p".into(), Unit::Tokens, window.parse().unwrap(), Some(cap), MIDNIGHT);
            let mut now = back;
            for (gap, amount) in uses {
                now += gap;
                meter.count(amount, at(now));
                meter.note_use(amount, at(now));
            }
            let seen = [at(now.saturating_sub(back)), at(now), at(now + later)];
            for now in seen {
                match forecast(&meter, now) {
                    Some(Forecast::Empty { about, soonest, latest }) => {
                        prop_assert!(soonest <= about && latest.is_none_or(|latest| about <= latest));
                        prop_assert!(end(&meter, now).is_none_or(|end| now.plus(about) <= end));
                    }
                    Some(Forecast::AtReset { least, about, most }) => {
                        prop_assert!(0.0 <= least && least <= about && about <= most && most <= 1.0);
                    }
                    None => {}
                }
                prop_assert!(used_until(&meter, at(400_000), now) >= 0.0);
            }
        }
    }
}
