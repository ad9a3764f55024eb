//! What a refusal teaches that names no limit: which limit may be lower than was thought. Pure; meters are handed in.

use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::failure::{Class, Failure};
use crate::domain::quota::limit::{Evidence, Reading, Unit, Window};
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{Dialect, LaneSpec};
use crate::domain::standing::Need;

/// Windows up to this are short: a refusal of the class "rate limited" speaks of one of them.
const SHORT: Duration = Duration::from_hours(1);

/// The meter that a refusal without figures speaks of, by its place in `meters`: of the limits on requests whose window
/// fits the class, the one that is used up most, and at least half. None: the refusal is explained (it named a limit, or
/// one is spent as far as is known), or nothing here would explain it.
pub fn suspect(spec: &LaneSpec, meters: &[Meter], failure: &Failure, need: Need, now: Time) -> Option<usize> {
    let short = match failure.class {
        Class::RateLimited => true,
        Class::QuotaExhausted => false,
        _ => return None,
    };
    if is_explained(failure, need) {
        return None;
    }
    let own = || meters.iter().enumerate().filter(|(_, meter)| spec.draws_on(&meter.pool));
    let fits = |meter: &Meter| {
        let told = meter.cap.is_some_and(|cap| cap.evidence == Evidence::Reported) && !meter.is_distrusted(now);
        meter.unit == Unit::Requests && !told && meter.window.span().is_some_and(|span| (span <= SHORT) == short)
    };
    // Of a cap that nobody knows all of it may be used.
    let share = |meter: &Meter| match meter.cap {
        Some(cap) if cap.value > 0 => meter.used(now).saturating_add(meter.reserved) as f64 / cap.value as f64,
        Some(_) => 0.0,
        None => 1.0,
    };
    own()
        .filter(|(_, meter)| fits(meter))
        .map(|(index, meter)| (index, share(meter)))
        .filter(|(_, share)| *share >= 0.5)
        .max_by(|(_, one), (_, other)| one.total_cmp(other))
        .map(|(index, _)| index)
}

/// Whether a refusal names a limit that had no room for an attempt of `need`.
pub fn is_explained(failure: &Failure, need: Need) -> bool {
    let short =
        |reading: &Reading| reading.remaining.map_or(reading.cap.is_some(), |left| left < need.of(&reading.unit));
    failure.readings.iter().any(short)
}

/// Whether a refusal shows that what the provider told of this limit was not so.
pub fn belies(failure: &Failure, need: Need, meter: &Meter) -> bool {
    failure.class == Class::RateLimited
        && !is_explained(failure, need)
        && meter.window.span().is_some_and(|span| span <= SHORT)
        && meter.cap.is_some_and(|cap| cap.evidence == Evidence::Reported)
}

/// What is counted of a lane of which no limit is known at all: the requests of a minute. A refusal then has something
/// to be compared with. None: there are limits, or it is on the user's own computer.
pub fn unknown_limit(spec: &LaneSpec, now: Time) -> Option<Meter> {
    let counted = spec.limits.is_empty() && !spec.last_resort && spec.dialect != Dialect::Ollama;
    let minute = Window::Rolling(Duration::from_mins(1));
    counted.then(|| Meter::new(spec.usual_pool(), Unit::Requests, minute, None, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::LaneId;
    use crate::domain::quota::limit::Figure;
    use crate::domain::roster::Wire;

    const NOW: Time = Time::from_ms(1_795_348_800_000);

    fn meter(pool: &str, window: &str, cap: Option<u64>, used: u64) -> Meter {
        let cap = cap.map(|cap| Figure::new(cap, Evidence::Documented, NOW));
        let mut meter = Meter::new(pool.into(), Unit::Requests, window.parse().unwrap(), cap, NOW);
        meter.count(used, NOW);
        meter
    }

    #[test]
    fn the_fullest_limit_that_fits_the_class_is_suspect() {
        let spec = LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "");
        let meters = [
            meter("a/b", "60s", Some(30), 20),
            meter("a", "10s rolling", Some(10), 9),
            meter("a", "1d midnight UTC", Some(100), 60),
            meter("z", "60s", Some(10), 10),
        ];
        let refused = |class| Failure::new(class, "no".into());
        assert_eq!(suspect(&spec, &meters, &refused(Class::RateLimited), Need::USUAL, NOW), Some(1));
        assert_eq!(suspect(&spec, &meters, &refused(Class::QuotaExhausted), Need::USUAL, NOW), Some(2));
        assert_eq!(suspect(&spec, &meters, &refused(Class::Overloaded), Need::USUAL, NOW), None);
        let little = [meter("a/b", "60s", Some(30), 14)];
        assert_eq!(
            suspect(&spec, &little, &refused(Class::RateLimited), Need::USUAL, NOW),
            None,
            "nothing here explains it"
        );
        let unknown = [meter("a/b", "60s rolling", None, 3)];
        assert_eq!(suspect(&spec, &unknown, &refused(Class::RateLimited), Need::USUAL, NOW), Some(0));
    }

    #[test]
    fn what_names_its_limit_needs_no_guess() {
        let spec = LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "");
        let reading = Reading {
            unit: Unit::Requests,
            window: Window::Unknown,
            cap: Some(30),
            remaining: Some(0),
            reset_after: None,
            evidence: Evidence::Learnt,
        };
        let named = Failure { readings: vec![reading], ..Failure::new(Class::RateLimited, "no".into()) };
        assert_eq!(suspect(&spec, &[meter("a/b", "60s", Some(30), 20)], &named, Need::USUAL, NOW), None);
    }

    #[test]
    fn only_what_is_not_known_is_counted_for_a_guess() {
        let spec = LaneSpec::new(LaneId::from("a/b"), Wire::Openai, Dialect::Generic, "");
        assert!(unknown_limit(&spec, NOW).is_some_and(|meter| meter.cap.is_none()));
        assert!(unknown_limit(&LaneSpec { last_resort: true, ..spec }, NOW).is_none());
    }
}
