//! How much can still be asked: of one limit in turns of a usual size, and of all lanes together, until nothing goes. What
//! lanes share is counted once. Says nothing that is not known: what cannot be counted makes it "at least". Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::clock::Time;
use crate::domain::ids::AccountId;
use crate::domain::quota::forecast::{end, used_until};
use crate::domain::quota::limit::{Evidence, Unit, Window};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Need, Standing};

/// Windows from this length on bound a day; what is shorter comes back.
const LONG: Duration = Duration::from_hours(24);

/// What resets within this time, and is not used until then, is lost.
const SOON: Duration = Duration::from_hours(6);

/// A refill or a loss is worth a word if it is this share of what there is.
const MUCH: u64 = 10;

/// How soon a limit stops one who goes on as usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Turns of usual size that it has room for; None: it counts what nobody foresees.
    pub turns: Option<f64>,
    /// The share of it that is left, 0 to 1.
    pub share: f64,
}

impl Bound {
    /// How soon `meter` stops turns of `usual` size. None: no cap is known, or nobody counts it.
    pub fn new(meter: &Meter, usual: Need, now: Time) -> Option<Self> {
        let (cap, left) = (meter.cap?.value, meter.remaining(now).filter(|_| !is_blind(meter, now))?);
        let share = if cap == 0 { 0.0 } else { left as f64 / cap as f64 };
        let turns = match usual.of(&meter.unit) {
            _ if left == 0 => Some(0.0),
            0 => None,
            need => Some(left as f64 / need as f64),
        };
        Some(Self { turns, share })
    }

    /// Whether it stops one sooner than `other`.
    pub fn is_before(self, other: Self) -> bool {
        self.key() < other.key()
    }

    /// The same by a clear margin, a tenth of the turns or 3 points of the share: what is shown first must not flap.
    pub fn is_clearly_before(self, other: Self) -> bool {
        match (self.turns, other.turns) {
            (Some(own), Some(others)) => own < others * 0.9,
            (own, None) => own.is_some() || self.share < other.share - 0.03,
            (None, Some(_)) => false,
        }
    }

    fn key(self) -> (f64, f64) {
        (self.turns.unwrap_or(f64::INFINITY), self.share)
    }
}

/// Of a unit that is not counted here nothing is known until the provider tells.
pub fn is_blind(meter: &Meter, now: Time) -> bool {
    matches!(meter.unit, Unit::Other(_)) && meter.basis(now).evidence == Evidence::Counted
}

/// What is left of all lanes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Runway {
    /// Turns of usual size that can still be asked; None: of no lane that is known.
    pub turns: Option<u64>,
    /// There are lanes of which it is not known how much they have left.
    pub at_least: bool,
    /// Accounts that have no limit, and are used when nothing else can.
    pub unlimited: Vec<AccountId>,
    /// The next reset that adds much.
    pub refill: Option<Refill>,
    /// What will be lost, if it goes on like this.
    pub unused: Option<Unused>,
}

/// A reset, and what it adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    /// When.
    pub at: Time,
    /// Turns of usual size, over all lanes.
    pub turns: u64,
    /// The account that gains most.
    pub account: AccountId,
    /// How many other accounts gain, too.
    pub others: usize,
}

/// Requests that a reset will take away unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unused {
    /// How many.
    pub requests: u64,
    /// When.
    pub at: Time,
}

/// A lane that can be used, with the limits that bound it.
struct Usable<'a> {
    lane: &'a LaneState,
    /// Places of its limits among all, those that bound a day alone.
    long: Vec<usize>,
    /// One of them counts what nobody foresees: it may stop the lane before the others do.
    unsure: bool,
}

/// The runway of `lanes` with `meters` at `now`, in turns of `usual` size.
pub fn runway(lanes: &[LaneState], meters: &[Meter], usual: Need, now: Time) -> Runway {
    let mut found = Runway::default();
    let mut usable = Vec::new();
    let mut unlimited = BTreeSet::new();
    for lane in lanes.iter().filter(|lane| is_usable(lane, meters, usual, now)) {
        let own = || meters.iter().enumerate().filter(|(_, meter)| lane.spec.draws_on(&meter.pool));
        let capped = own().filter(|(_, meter)| meter.cap.is_some());
        let (blind, known): (Vec<_>, Vec<_>) = capped.partition(|(_, meter)| {
            usual.of(&meter.unit) == 0 && (meter.remaining(now) != Some(0) || is_blind(meter, now))
        });
        if lane.spec.last_resort && blind.is_empty() && known.is_empty() {
            unlimited.insert(lane.spec.account());
            continue;
        }
        let long: Vec<usize> = known.iter().filter(|(_, meter)| is_long(meter)).map(|(place, _)| *place).collect();
        let unsure = blind.iter().any(|(_, meter)| is_long(meter));
        found.at_least |= unsure || !long.iter().any(|place| meters.get(*place).is_some_and(has_end));
        usable.push(Usable { lane, long, unsure });
    }
    found.unlimited = unlimited.into_iter().collect();
    let room = |meter: &Meter| match (meter.remaining(now).unwrap_or(0), usual.of(&meter.unit)) {
        (left, need @ 1..) => left / need,
        (_, 0) => 0,
    };
    let left: Vec<u64> = meters.iter().map(room).collect();
    let shares = shares(&usable, left.clone());
    if usable.iter().any(Usable::is_counted) {
        found.turns = Some(sum(&shares));
    }
    found.refill = refill(&usable, meters, &left, &shares, usual, now);
    found.unused = unused(&usable, meters, now);
    found
}

impl Usable<'_> {
    fn is_counted(&self) -> bool {
        !self.long.is_empty() && !self.unsure
    }
}

/// Whether waiting is all that a lane may want.
fn is_usable(lane: &LaneState, meters: &[Meter], usual: Need, now: Time) -> bool {
    let dead = lane.rest.as_ref().is_some_and(|rest| rest.until.is_none());
    let own = meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
    let closed = |standing| matches!(standing, Standing::Off(_) | Standing::Trains | Standing::TooLarge);
    !dead && !closed(lane.stands_rested(own, usual, now))
}

fn is_long(meter: &Meter) -> bool {
    // Nothing of an unknown window comes back for all that is known.
    meter.window.span().is_none_or(|span| span >= LONG)
}

const fn has_end(meter: &Meter) -> bool {
    !matches!(meter.window, Window::Unknown)
}

/// How much each lane gets: as much as each of its limits has left, when those before it have taken theirs. Where limits
/// lie one in the other, as models in accounts, no other order makes the sum larger; where not, it is never too large.
fn shares(usable: &[Usable<'_>], mut left: Vec<u64>) -> Vec<u64> {
    let mut share = |lane: &Usable<'_>| {
        let most = lane.long.iter().filter_map(|place| left.get(*place)).min().copied();
        let most = most.filter(|_| lane.is_counted()).unwrap_or(0);
        for place in &lane.long {
            if let Some(left) = left.get_mut(*place) {
                *left -= most;
            }
        }
        most
    };
    usable.iter().map(&mut share).collect()
}

fn sum(shares: &[u64]) -> u64 {
    shares.iter().fold(0, |sum, share| sum.saturating_add(*share))
}

/// The soonest reset that adds much to what there is.
fn refill(
    usable: &[Usable<'_>],
    meters: &[Meter],
    left: &[u64],
    before: &[u64],
    usual: Need,
    now: Time,
) -> Option<Refill> {
    let places: BTreeSet<usize> = usable.iter().flat_map(|lane| lane.long.iter().copied()).collect();
    let ends: BTreeMap<usize, Time> =
        places.iter().filter_map(|place| Some((*place, end(meters.get(*place)?, now)?))).collect();
    let times: BTreeSet<Time> = ends.values().copied().collect();
    let present = sum(before);
    times.into_iter().find_map(|at| {
        let mut full = left.to_vec();
        for (place, _) in ends.iter().filter(|(_, end)| **end <= at) {
            let (Some(room), Some(meter)) = (full.get_mut(*place), meters.get(*place)) else { continue };
            let need = usual.of(&meter.unit);
            if let (Some(cap), 1..) = (meter.cap, need) {
                *room = cap.value.saturating_sub(meter.reserved) / need;
            }
        }
        let after = shares(usable, full);
        let turns = sum(&after).checked_sub(present).filter(|turns| *turns >= (present / MUCH).max(1))?;
        let mut gains: BTreeMap<AccountId, u64> = BTreeMap::new();
        for ((lane, before), after) in usable.iter().zip(before).zip(&after) {
            let gain = after.saturating_sub(*before);
            if gain > 0 {
                *gains.entry(lane.lane.spec.account()).or_default() += gain;
            }
        }
        let account = gains.iter().max_by_key(|(_, gain)| **gain).map(|(account, _)| account.clone())?;
        Some(Refill { at, turns, account, others: gains.len() - 1 })
    })
}

/// What the next resets will take away, if it goes on like this: requests of days and months that end soon.
fn unused(usable: &[Usable<'_>], meters: &[Meter], now: Time) -> Option<Unused> {
    let ends = |meter: &Meter| {
        let calendar = matches!(meter.window, Window::Day(_) | Window::Month(_));
        end(meter, now).filter(|end| calendar && meter.unit == Unit::Requests && end.since(now) <= SOON)
    };
    let of = |place: &usize| meters.get(*place);
    let times: BTreeSet<Time> = usable.iter().flat_map(|lane| &lane.long).filter_map(of).filter_map(ends).collect();
    let worth = |at: Time| {
        // Only what would have been asked with one of these requests.
        let losing: Vec<Usable<'_>> = usable
            .iter()
            .filter(|lane| lane.is_counted() && lane.long.iter().filter_map(of).any(|meter| ends(meter) == Some(at)))
            .map(|one| {
                let long = one
                    .long
                    .iter()
                    .copied()
                    .filter(|place| of(place).is_some_and(|meter| meter.unit == Unit::Requests));
                Usable { lane: one.lane, long: long.collect(), unsure: false }
            })
            .collect();
        let left = |meter: &Meter| match meter.remaining(now).unwrap_or(0) {
            left if ends(meter) == Some(at) => left.saturating_sub(whole(used_until(meter, at, now))),
            left => left,
        };
        let requests = sum(&shares(&losing, meters.iter().map(left).collect()));
        let caps = losing.iter().flat_map(|lane| &lane.long).collect::<BTreeSet<_>>().into_iter().filter_map(of);
        let caps = caps.filter_map(|meter| meter.cap).fold(0, |sum: u64, cap| sum.saturating_add(cap.value));
        (requests > 0 && requests >= caps / MUCH).then_some(Unused { requests, at })
    };
    times.into_iter().find_map(worth)
}

/// Rounded up: what is lost is never told as more than it is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and f64 to u64 saturates")]
fn whole(number: f64) -> u64 {
    number.ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::Class;
    use crate::domain::quota::limit::Figure;
    use crate::domain::roster::{Cost, Dialect, LaneSpec, Standby, Training, Wire};
    use crate::domain::standing::{Rest, Switch, Target};

    /// 2026-11-22 12:00 UTC.
    const NOON: Time = Time::from_ms(1_795_348_800_000);

    fn hours(hours: u64) -> Time {
        NOON.plus(Duration::from_hours(hours))
    }

    fn lane(id: &str) -> LaneState {
        let spec = LaneSpec::new(id.into(), Wire::Openai, Dialect::Groq, "");
        LaneState::new(LaneSpec { cost: Cost::Free, training: Training::No, ..spec })
    }

    fn meter(pool: &str, unit: &str, window: &str, cap: u64, used: u64) -> Meter {
        let cap = Some(Figure::new(cap, Evidence::Documented, NOON));
        let mut meter = Meter::new(pool.into(), unit.into(), window.parse().unwrap(), cap, NOON);
        meter.count(used, NOON);
        meter
    }

    /// `200`, `at least 200 +50@12 b`.
    fn words(lanes: &[LaneState], meters: &[Meter], usual: Need) -> String {
        let Runway { turns, at_least, unlimited, refill, unused } = runway(lanes, meters, usual, NOON);
        let turns = turns.map_or_else(|| "nothing known".to_owned(), |turns| turns.to_string());
        let after = |at: Time| at.since(NOON).as_secs() / 3600;
        let others = |others: usize| if others > 0 { format!("+{others}") } else { String::new() };
        let refill = refill
            .map(|found| format!("+{}@{} {}{}", found.turns, after(found.at), found.account, others(found.others)));
        let unused = unused.map(|found| format!("lost {}@{}", found.requests, after(found.at)));
        let unlimited = unlimited.into_iter().map(|account| format!("and {account}"));
        let first = if at_least { format!("at least {turns}") } else { turns };
        std::iter::once(first).chain(refill).chain(unused).chain(unlimited).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_can_still_be_asked() {
        let usual = Need::USUAL;
        let req = |pool: &str, window: &str, cap, used| meter(pool, "requests", window, cap, used);
        let (day, minute) = ("1d midnight UTC", "60s");
        for (what, lanes, meters, expected) in [
            ("nothing", vec![], vec![], "nothing known"),
            ("a day", vec!["a/x"], vec![req("a/x", day, 50, 20)], "30 +20@12 a"),
            (
                "a minute does not bound it",
                vec!["a/x"],
                vec![req("a/x", day, 50, 20), req("a/x", minute, 5, 5)],
                "30 +20@12 a",
            ),
            ("a minute alone", vec!["a/x"], vec![req("a/x", minute, 5, 0)], "at least nothing known"),
            (
                "a minute beside a day",
                vec!["a/x", "b/x"],
                vec![req("a/x", day, 50, 20), req("b/x", minute, 5, 0)],
                "at least 30 +20@12 a",
            ),
            ("no limit known", vec!["a/x", "b/x"], vec![req("a/x", day, 50, 50)], "at least 0 +50@12 a"),
            ("a shared pool counts once", vec!["a/x", "a/y", "a/z"], vec![req("a", day, 50, 20)], "30 +20@12 a"),
            (
                "models in an account",
                vec!["a/x", "a/y"],
                vec![req("a", day, 50, 20), req("a/x", day, 10, 0), req("a/y", day, 10, 6)],
                "14 +6@12 a",
            ),
            (
                "the account bounds them",
                vec!["a/x", "a/y"],
                vec![req("a", day, 50, 44), req("a/x", day, 10, 0), req("a/y", day, 10, 0)],
                "6 +14@12 a",
            ),
            (
                "tokens bind before requests",
                vec!["a/x"],
                vec![req("a/x", day, 50, 20), meter("a/x", "tokens", day, 10_000, 2000)],
                "20 +5@12 a",
            ),
            (
                "a day and a month",
                vec!["a/x"],
                vec![req("a/x", day, 50, 0), req("a/x", "1month midnight UTC", 1000, 990)],
                "10 +40@204 a",
            ),
            ("what rolls", vec!["a/x"], vec![req("a/x", "24h rolling", 50, 20)], "30"),
            (
                "a unit that nobody foresees",
                vec!["a/x", "b/x"],
                vec![meter("a/x", "neurons", day, 10_000, 0), req("b/x", day, 50, 0)],
                "at least 50",
            ),
            (
                "the same beside requests",
                vec!["a/x"],
                vec![meter("a/x", "neurons", day, 10_000, 0), req("a/x", day, 50, 0)],
                "at least nothing known",
            ),
            ("an unknown window", vec!["a/x"], vec![req("a/x", "unknown", 50, 0)], "at least 50"),
            (
                "two that refill at once",
                vec!["a/x", "b/x"],
                vec![req("a/x", day, 50, 40), req("b/x", day, 100, 80)],
                "30 +120@12 b+1",
            ),
            (
                "little comes first",
                vec!["a/x", "b/x"],
                vec![req("a/x", day, 1000, 1), req("b/x", "1month midnight UTC", 1000, 500)],
                "1499 +501@204 b+1",
            ),
            ("soon lost", vec!["a/x"], vec![req("a/x", "1d midnight Asia/Tokyo", 500, 90)], "410 +90@3 a lost 410@3"),
            ("nearly all used", vec!["a/x"], vec![req("a/x", "1d midnight Asia/Tokyo", 500, 490)], "10 +490@3 a"),
        ] {
            let lanes: Vec<LaneState> = lanes.into_iter().map(lane).collect();
            assert_eq!(words(&lanes, &meters, usual), expected, "{what}");
        }
    }

    #[test]
    fn only_lanes_that_may_be_used_count() {
        let meters =
            [meter("a/x", "requests", "1d midnight UTC", 50, 0), meter("b/x", "requests", "1d midnight UTC", 7, 0)];
        let no_training = Need { no_training: true, ..Need::USUAL };
        let rest = |until| {
            Some(Rest {
                target: Target::Lane("a/x".into()),
                since: NOON,
                until,
                class: Class::RateLimited,
                told: true,
                words: String::new(),
            })
        };
        let change = |change: &dyn Fn(&mut LaneState)| {
            let mut lanes = vec![lane("a/x"), lane("b/x")];
            change(&mut lanes[0]);
            lanes
        };
        let spec = |spec: LaneSpec| LaneState::new(spec);
        for (what, lanes, usual, expected) in [
            ("both", change(&|_| {}), Need::USUAL, "57"),
            ("resting for a while", change(&|lane| lane.rest = rest(Some(hours(1)))), Need::USUAL, "57"),
            ("dead", change(&|lane| lane.rest = rest(None)), Need::USUAL, "7"),
            (
                "off by hand",
                change(&|lane| {
                    let target = Target::Lane("a/x".into());
                    lane.switch = Some(Switch { target, on: false, since: NOON, until: None });
                }),
                Need::USUAL,
                "7",
            ),
            (
                "paid",
                change(&|lane| *lane = spec(LaneSpec { standby: Some(Standby::Paid), ..(*lane.spec).clone() })),
                Need::USUAL,
                "7",
            ),
            (
                "trains",
                change(&|lane| *lane = spec(LaneSpec { training: Training::Unknown, ..(*lane.spec).clone() })),
                no_training,
                "7",
            ),
            (
                "too small for a turn",
                change(&|lane| *lane = spec(LaneSpec { context: Some(10), ..(*lane.spec).clone() })),
                Need { input: 500, sure_output: 300, ..Need::USUAL },
                "7",
            ),
        ] {
            assert_eq!(words(&lanes, &meters, usual), expected, "{what}");
        }
        let mut local = lane("ollama/llama3.2");
        local = LaneState::new(LaneSpec { last_resort: true, ..(*local.spec).clone() });
        assert_eq!(words(&[lane("a/x"), local.clone()], &meters, Need::USUAL), "50 and ollama");
        assert_eq!(words(&[local], &meters, Need::USUAL), "nothing known and ollama");
    }

    #[test]
    fn what_will_be_used_is_not_lost() {
        let lanes = [lane("a/x")];
        let mut meters = [meter("a/x", "requests", "1d midnight Asia/Tokyo", 500, 0)];
        for minute in 0..120 {
            meters[0].note_use(1, NOON.minus(Duration::from_mins(120 - minute)));
        }
        let lost = runway(&lanes, &meters, Need::USUAL, NOON).unused.map(|unused| unused.requests);
        assert!(lost.is_some_and(|lost| (250..410).contains(&lost)), "{lost:?}");
    }

    #[test]
    fn what_stops_first_is_counted_in_turns() {
        let bound = |meter: Meter| Bound::new(&meter, Need::USUAL, NOON);
        let of = |unit: &str, cap, used| bound(meter("p", unit, "60s", cap, used)).unwrap();
        // Fuller, and yet it stops one sooner: 12 turns of 400 tokens against 20 requests.
        let (tokens, requests) = (of("tokens", 6000, 1200), of("requests", 40, 20));
        assert!(tokens.is_before(requests) && tokens.is_clearly_before(requests), "{tokens:?} {requests:?}");
        assert_eq!((tokens.turns, requests.turns), (Some(12.0), Some(20.0)));
        // A little sooner is not clearly.
        let near = of("requests", 40, 21);
        assert!(near.is_before(requests) && !near.is_clearly_before(requests));
        let mut none = meter("p", "requests", "60s", 1, 0);
        none.cap = None;
        assert_eq!((bound(none), bound(meter("p", "neurons", "60s", 100, 50))), (None, None));
        let mut told = meter("p", "neurons", "60s", 100, 50);
        told.basis.evidence = Evidence::Reported;
        assert!(requests.is_clearly_before(bound(told).unwrap()), "what nobody foresees comes last");
        let mut spent = meter("p", "neurons", "60s", 100, 100);
        spent.basis.evidence = Evidence::Reported;
        assert!(bound(spent).unwrap().is_clearly_before(requests));
    }
}
