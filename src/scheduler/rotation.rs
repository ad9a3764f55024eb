//! The rotation: which lane takes the next attempt. Pure. Smooth weighted round-robin over the accounts, and inside an
//! account the lane with the highest pressure; lanes of last resort only when no other fits. With equal weights this is
//! plain round-robin.
//!
//! ```text
//!  weights 2 1 1:   current 0 0 0 ─add─▶ 2 1 1 ─take the most, less the sum─▶ -2 1 1 ─▶ 0 2 2 ─▶ 0 -2 2 ─▶ ...
//! ```

use crate::domain::clock::Time;
use crate::domain::ids::LaneId;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::domain::standing::{LaneState, Standing, Target};
use crate::scheduler::link::call::{Cause, Wanted};

/// So many lanes that could not take an attempt are named.
const NAMED: usize = 12;

/// A lane, as the rotation sees it.
#[derive(Debug, Clone)]
pub struct Seat<'a> {
    /// The lane.
    pub lane: &'a LaneState,
    /// Its account's place among the accounts.
    pub account: usize,
    /// How it stands for this attempt.
    pub standing: Standing,
    /// How much its quota wants to be used: 1 is on pace.
    pub pressure: f64,
    /// Its rest is only a guess, and old enough for one real request, if another lane is there to fall back on.
    pub trial: bool,
}

/// What the rotation says.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A lane.
    Lane(Pick),
    /// No lane now.
    Wait {
        /// The earliest instant at which one may fit; None: when an attempt in the air ends, or the user acts.
        until: Option<Time>,
        /// For which lane, and why it is not ready.
        on: String,
        /// That lane.
        lane: LaneId,
        /// Another one may come back before, nobody knows when.
        unsure: bool,
    },
    /// No lane, and waiting will not help; why, for each.
    Nobody(String),
}

/// A lane that was picked.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Its place in the roster.
    pub lane: usize,
    /// The accounts that could have taken the attempt, with their weights.
    pub shares: Vec<(usize, f64)>,
}

/// Where the rotation stands.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The account that took the last attempt.
    pub last: Option<usize>,
    /// Where each account stands, by the user's hand; without one as in the roster.
    pub ranks: Vec<usize>,
    /// What each account is owed, in attempts.
    current: Vec<f64>,
}

/// Which lanes a turn may go to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// Lanes that it shall not go to again.
    pub tried: &'a [LaneId],
    /// The only lanes that it may go to.
    pub only: Option<&'a Target>,
    /// Lanes that are kept for those who have waited longer.
    pub kept: &'a [LaneId],
    /// What a call wants.
    pub wanted: Option<&'a Wanted>,
}

impl Place {
    /// The account took an attempt for which `shares` could have been taken.
    pub fn take(&mut self, account: usize, shares: &[(usize, f64)]) {
        let sum: f64 = shares.iter().map(|(_, weight)| weight).sum();
        for (one, weight) in shares {
            if self.current.len() <= *one {
                self.current.resize(one + 1, 0.0);
            }
            if let Some(current) = self.current.get_mut(*one) {
                *current += weight - if *one == account { sum } else { 0.0 };
            }
        }
        self.last = Some(account);
    }

    /// The attempt for which `shares` could have been taken came to nothing: the account is owed its turn still.
    pub fn give_back(&mut self, account: usize, shares: &[(usize, f64)]) {
        let sum: f64 = shares.iter().map(|(_, weight)| weight).sum();
        for (one, weight) in shares {
            if let Some(current) = self.current.get_mut(*one) {
                *current -= weight - if *one == account { sum } else { 0.0 };
            }
        }
    }

    /// What an account is owed once `weight` is added.
    fn owed(&self, account: usize, weight: f64) -> f64 {
        self.current.get(account).copied().unwrap_or(0.0) + weight
    }

    /// Where an account stands.
    pub fn rank(&self, account: usize) -> usize {
        self.ranks.get(account).copied().unwrap_or(account)
    }

    /// How far behind the last account this one comes, going round.
    fn behind(&self, account: usize) -> (bool, usize) {
        let rank = self.rank(account);
        (self.last.is_some_and(|last| rank <= self.rank(last)), rank)
    }
}

impl Wish<'_> {
    fn allows(&self, lane: &LaneSpec) -> bool {
        !self.tried.contains(&lane.id) && self.covers(&lane.id) && self.lack(lane).is_none()
    }

    /// Whether the lane is one of those that were named.
    fn covers(&self, lane: &LaneId) -> bool {
        self.only.is_none_or(|only| only.covers(lane)) && self.wanted.is_none_or(|wanted| wanted.route.covers(lane))
    }

    /// Why the lane cannot do what is wanted.
    fn lack(&self, lane: &LaneSpec) -> Option<&'static str> {
        self.wanted.and_then(|wanted| lane.lacks(wanted.wants))
    }
}

/// When a lane may be ready for this turn; None: nobody knows.
fn back(seat: &Seat<'_>, wish: Wish<'_>, now: Time) -> Option<Time> {
    seat.standing.until(now).filter(|_| !wish.kept.contains(&seat.lane.spec.id))
}

/// Chooses.
pub fn choose(seats: &[Seat<'_>], place: &Place, strategy: Strategy, wish: Wish<'_>, now: Time) -> Choice {
    let candidates = || seats.iter().enumerate().filter(|(_, seat)| wish.allows(&seat.lane.spec));
    for last_resort in [false, true] {
        let is_free = |seat: &Seat<'_>| !wish.kept.contains(&seat.lane.spec.id);
        let tier = || candidates().filter(|(_, seat)| seat.lane.spec.last_resort == last_resort && is_free(seat));
        let sure = tier().any(|(_, seat)| seat.standing == Standing::Ready);
        let fits = |seat: &Seat<'_>| seat.standing == Standing::Ready || sure && seat.trial;
        if let Some(pick) = among(tier().filter(|(_, seat)| fits(seat)), place, strategy) {
            return Choice::Lane(pick);
        }
    }
    let soonest = waiting(seats, wish).min_by_key(|seat| (back(seat, wish, now).is_none(), back(seat, wish, now)));
    match soonest {
        Some(seat) => {
            let until = back(seat, wish, now);
            let reason = match until {
                None if seat.standing == Standing::Ready => "kept for a question that has waited longer".into(),
                _ => seat.standing.reason(),
            };
            let unsure = waiting(seats, wish).any(|seat| back(seat, wish, now).is_none());
            let id = seat.lane.spec.id.clone();
            Choice::Wait { until, on: format!("{id}: {reason}"), lane: id, unsure }
        }
        None => Choice::Nobody(reasons(seats, wish)),
    }
}

/// The lanes that waiting may help.
pub fn waiting<'a, 'l>(seats: &'a [Seat<'l>], wish: Wish<'a>) -> impl Iterator<Item = &'a Seat<'l>> {
    seats.iter().filter(move |seat| wish.allows(&seat.lane.spec) && may_become_ready(&seat.standing))
}

fn among<'a>(fitting: impl Iterator<Item = (usize, &'a Seat<'a>)>, place: &Place, strategy: Strategy) -> Option<Pick> {
    // Of each account the best lane: its place in the roster, and the account's weight with it.
    let mut best: Vec<(usize, usize, f64)> = Vec::new();
    for (index, seat) in fitting {
        let pressure = if strategy == Strategy::Harvest { seat.pressure } else { 1.0 };
        let weight = f64::from(seat.lane.weight()) * pressure;
        match best.iter_mut().find(|(account, ..)| *account == seat.account) {
            Some((_, lane, most)) if weight > *most => (*lane, *most) = (index, weight),
            Some(_) => {}
            None => best.push((seat.account, index, weight)),
        }
    }
    let chosen = if strategy == Strategy::Order {
        best.iter().min_by_key(|(account, ..)| place.rank(*account))
    } else {
        best.iter().max_by(|(one, _, weight), (other, _, heavier)| {
            let owed = place.owed(*one, *weight).total_cmp(&place.owed(*other, *heavier));
            owed.then(place.behind(*other).cmp(&place.behind(*one)))
        })
    };
    let lane = chosen?.1;
    if strategy == Strategy::Order {
        // Nobody is owed anything.
        return Some(Pick { lane, shares: Vec::new() });
    }
    Some(Pick { lane, shares: best.into_iter().map(|(account, _, weight)| (account, weight)).collect() })
}

/// Why a lane was picked: every candidate with its weight, and what could not take it with its reason. `shown`: the lane
/// that the screens had as next. What the user switched off is no news.
pub fn why(seats: &[Seat<'_>], place: &Place, pick: &Pick, shown: Option<&LaneId>, wish: Wish<'_>) -> String {
    let Some(chosen) = seats.get(pick.lane) else { return String::new() };
    let mut parts = Vec::new();
    if let Some(shown) = shown.filter(|shown| **shown != chosen.lane.spec.id) {
        let reason = match seats.iter().find(|seat| seat.lane.spec.id == *shown).map(|seat| &seat.standing) {
            Some(Standing::Ready) | None => "its turn was taken".into(),
            Some(standing) => standing.reason(),
        };
        parts.push(format!("{shown} was shown as next: {reason}"));
    }
    let weights = pick.shares.iter().map(|(account, weight)| {
        let name = seats.iter().find(|seat| seat.account == *account).map(|seat| seat.lane.spec.account());
        let name = name.map(|name| name.to_string()).unwrap_or_default();
        // Without what this pick is about to take off.
        format!("{name} {weight} owed {:.1}", place.owed(*account, *weight))
    });
    let weights: Vec<String> = weights.collect();
    let passed = seats.iter().filter(|seat| {
        let news = !matches!(seat.standing, Standing::Ready | Standing::Off(_) | Standing::Trains);
        news && shown != Some(&seat.lane.spec.id) && wish.only.is_none() && wish.covers(&seat.lane.spec.id)
    });
    let mut passed = passed.peekable();
    parts.extend(passed.by_ref().take(NAMED).map(|seat| {
        let id = &seat.lane.spec.id;
        let refused = wish.tried.contains(id).then(|| "did not take it".to_owned());
        format!("{id}: {}", refused.unwrap_or_else(|| seat.standing.reason()))
    }));
    if passed.peek().is_some() {
        parts.push(format!("{} more could not", passed.count()));
    }
    if chosen.standing != Standing::Ready {
        parts.push("a trial: its rest was a guess".into());
    }
    // Last, so that a row in a list can do without them.
    if weights.len() > 1 {
        parts.push(format!("of {}", weights.join(", ")));
    }
    parts.join("; ")
}

/// By waiting: not what is off, out until the user acts, or too small.
const fn may_become_ready(standing: &Standing) -> bool {
    matches!(
        standing,
        Standing::Ready
            | Standing::Widening
            | Standing::Resting { until: Some(_), .. }
            | Standing::Spent { .. }
            | Standing::Kept { all: false, .. }
    )
}

/// What is to be done about it that no lane can take a call, and waiting does not help.
pub fn cause(seats: &[Seat<'_>], wish: Wish<'_>) -> Cause {
    let named = || seats.iter().filter(|seat| wish.covers(&seat.lane.spec.id) && seat.lane.off().is_none());
    let able = || named().filter(|seat| wish.lack(&seat.lane.spec).is_none());
    let small = |seat: &Seat<'_>| seat.standing == Standing::TooLarge || wish.tried.contains(&seat.lane.spec.id);
    let kept = |seat: &Seat<'_>| matches!(seat.standing, Standing::Kept { .. });
    match (named().next(), able().next()) {
        (_, Some(_)) if able().any(kept) => Cause::Busy,
        (Some(_), None) => Cause::Unable,
        (_, Some(_)) if able().all(small) => Cause::TooLarge,
        _ => Cause::Nobody,
    }
}

fn reasons(seats: &[Seat<'_>], wish: Wish<'_>) -> String {
    if seats.is_empty() {
        return "there is no lane at all".into();
    }
    let told = seats.iter().filter(|seat| wish.covers(&seat.lane.spec.id));
    let told = told.map(|Seat { lane, standing, .. }| {
        let reason = match standing {
            Standing::Off(_) if wish.wanted.is_some() => standing.reason(),
            _ if wish.lack(&lane.spec).is_some() => wish.lack(&lane.spec).unwrap_or_default().into(),
            _ if wish.tried.contains(&lane.spec.id) => "did not take it".into(),
            Standing::Off(_) if wish.only.is_some() => {
                format!("{}; Space in the quota pane switches it on", standing.reason())
            }
            // What is out waits for the user: the provider's words say for what.
            Standing::Resting { until: None, .. } => match &lane.rest {
                Some(rest) if !rest.words.is_empty() => format!("{} ({})", standing.reason(), rest.words),
                _ => standing.reason(),
            },
            standing => standing.reason(),
        };
        format!("{}: {reason}", lane.spec.id)
    });
    let told: Vec<String> = told.collect();
    match wish.only {
        Some(only) if told.is_empty() => format!("there is no lane `{}`", only.name()),
        _ => told.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::failure::Class;
    use crate::domain::quota::limit::{Unit, Window};
    use crate::domain::roster::{Dialect, LaneSpec, Wire};
    use crate::domain::standing::Off;

    const NOW: Time = Time::from_ms(1_000_000);

    fn lane(id: &str) -> LaneState {
        let spec = LaneSpec::new(LaneId::from(id), Wire::Openai, Dialect::Generic, "");
        let spec = LaneSpec { last_resort: id.starts_with("local"), ..spec };
        LaneState::new(spec)
    }

    fn lanes() -> Vec<LaneState> {
        ["a/1", "a/2", "b/1", "local/x", "c/1"].map(lane).into()
    }

    /// Seats of `lanes` with these standings, on pace.
    fn seats<'a>(lanes: &'a [LaneState], standings: &[Standing]) -> Vec<Seat<'a>> {
        let mut accounts: Vec<String> = Vec::new();
        let seat = |(lane, standing): (&'a LaneState, &Standing)| {
            let name = lane.spec.account().to_string();
            let account = accounts.iter().position(|account| *account == name).unwrap_or_else(|| {
                accounts.push(name);
                accounts.len() - 1
            });
            Seat { lane, account, standing: standing.clone(), pressure: 1.0, trial: false }
        };
        lanes.iter().zip(standings).map(seat).collect()
    }

    fn spent(seconds: u64) -> Standing {
        let until = Some(NOW.plus(Duration::from_secs(seconds)));
        Standing::Spent { unit: Unit::Requests, window: Window::Fixed(Duration::from_mins(1)), cap: 3, until }
    }

    /// What is chosen after the account of this number, each owed nothing.
    fn after(last: Option<usize>, standings: &[Standing], tried: &[&str]) -> Choice {
        let tried: Vec<LaneId> = tried.iter().map(|id| LaneId::from(*id)).collect();
        let place = Place { last, ..Place::default() };
        choose(&seats(&lanes(), standings), &place, Strategy::Harvest, Wish { tried: &tried, ..Wish::default() }, NOW)
    }

    fn lane_of(choice: &Choice) -> Option<usize> {
        match choice {
            Choice::Lane(pick) => Some(pick.lane),
            Choice::Wait { .. } | Choice::Nobody(_) => None,
        }
    }

    /// The lanes that take the next `count` attempts.
    fn round(seats: &[Seat<'_>], strategy: Strategy, count: usize) -> Vec<usize> {
        let mut place = Place::default();
        let mut next = || {
            let Choice::Lane(pick) = choose(seats, &place, strategy, Wish::default(), NOW) else { panic!() };
            place.take(seats[pick.lane].account, &pick.shares);
            pick.lane
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn account_by_account() {
        let ready = vec![Standing::Ready; 5];
        for (last, lane) in [(None, 0), (Some(0), 2), (Some(1), 4), (Some(3), 0), (Some(9), 0)] {
            assert_eq!(lane_of(&after(last, &ready, &[])), Some(lane), "{last:?}");
        }
        let lanes = lanes();
        for strategy in [Strategy::Harvest, Strategy::Even] {
            assert_eq!(round(&seats(&lanes, &ready), strategy, 7), [0, 2, 4, 0, 2, 4, 0]);
        }
        assert_eq!(round(&seats(&lanes, &ready), Strategy::Order, 3), [0, 0, 0]);
    }

    #[test]
    fn weights_are_spread_smoothly() {
        let mut lanes = lanes();
        lanes[2] = LaneState::new(LaneSpec { weight: 3, ..(*lanes[2].spec).clone() });
        let ready = vec![Standing::Ready; 5];
        assert_eq!(round(&seats(&lanes, &ready), Strategy::Even, 10), [2, 4, 2, 0, 2, 2, 4, 2, 0, 2]);
    }

    #[test]
    fn what_would_expire_goes_first_and_what_is_scarce_is_spread() {
        let lanes = lanes();
        let mut seats = seats(&lanes, &vec![Standing::Ready; 5]);
        (seats[0].pressure, seats[1].pressure, seats[2].pressure) = (0.25, 2.0, 0.25);
        let taken = round(&seats, Strategy::Harvest, 13);
        let count = |lane: usize| taken.iter().filter(|one| **one == lane).count();
        assert_eq!([0, 1, 2, 4].map(count), [0, 8, 1, 4], "{taken:?}");
    }

    #[test]
    fn a_guessed_rest_is_tried_only_beside_a_lane_that_is_ready() {
        let lanes = lanes();
        let resting = Standing::Resting { until: Some(NOW.plus(Duration::from_secs(9))), class: Class::RateLimited };
        let mut standings = vec![Standing::Off(Off::ByYou); 5];
        standings[2] = resting;
        let mut seats = seats(&lanes, &standings);
        seats[2].trial = true;
        let chosen = |seats: &[Seat<'_>]| {
            lane_of(&choose(
                seats,
                &Place { last: Some(0), ..Place::default() },
                Strategy::Harvest,
                Wish::default(),
                NOW,
            ))
        };
        assert_eq!(chosen(&seats), None);
        seats[4].standing = Standing::Ready;
        assert_eq!(chosen(&seats), Some(2));
    }

    #[test]
    fn the_candidates_are_told_with_weight_or_reason() {
        let lanes = lanes();
        let mut standings = vec![Standing::Ready; 5];
        standings[2] = spent(9);
        let seats = seats(&lanes, &standings);
        let Choice::Lane(pick) = choose(&seats, &Place::default(), Strategy::Even, Wish::default(), NOW) else {
            panic!()
        };
        assert_eq!(
            why(&seats, &Place::default(), &pick, Some(&"b/1".into()), Wish::default()),
            "b/1 was shown as next: 3 requests per min spent; of a 1 owed 1.0, c 1 owed 1.0"
        );
        assert_eq!(
            why(&seats, &Place::default(), &pick, None, Wish::default()),
            "b/1: 3 requests per min spent; of a 1 owed 1.0, c 1 owed 1.0"
        );
    }

    #[test]
    fn a_pinned_turn_goes_nowhere_else() {
        let only = Target::Lane(LaneId::from("b/1"));
        let wish = Wish { only: Some(&only), ..Wish::default() };
        let mut standings = vec![Standing::Ready; 5];
        let lanes = lanes();
        let choose = |standings: &[Standing], wish| {
            choose(&seats(&lanes, standings), &Place::default(), Strategy::Harvest, wish, NOW)
        };
        assert_eq!(lane_of(&choose(&standings, wish)), Some(2));
        standings[2] = Standing::Off(Off::ByYou);
        let Choice::Nobody(why) = choose(&standings, wish) else { panic!() };
        assert_eq!(why, "b/1: off by you; Space in the quota pane switches it on");
        let only = Target::Lane(LaneId::from("x/1"));
        let wish = Wish { only: Some(&only), ..Wish::default() };
        let nobody = choose(&standings, wish);
        assert_eq!(nobody, Choice::Nobody("there is no lane `x/1`".into()));
        // Pinned to an account it goes to any of its lanes.
        let only = Target::Account(lanes[0].spec.account());
        let wish = Wish { only: Some(&only), ..Wish::default() };
        standings[0] = spent(9);
        let account = lane_of(&choose(&standings, wish)).map(|lane| lanes[lane].spec.account());
        assert_eq!(account, Some(lanes[0].spec.account()));
        let only = Target::Account("x".into());
        let wish = Wish { only: Some(&only), ..Wish::default() };
        assert_eq!(choose(&standings, wish), Choice::Nobody("there is no lane `x/*`".into()));
    }

    #[test]
    fn inside_an_account_the_first_that_fits() {
        let mut standings = vec![Standing::Ready; 5];
        standings[0] = spent(9);
        assert_eq!(lane_of(&after(None, &standings, &[])), Some(1));
        standings[1] = Standing::Off(Off::ByYou);
        assert_eq!(lane_of(&after(None, &standings, &[])), Some(2));
        assert_eq!(lane_of(&after(None, &standings, &["b/1"])), Some(4));
    }

    #[test]
    fn the_last_resort_comes_last() {
        let standings = [spent(9), spent(5), Standing::Off(Off::ByYou), Standing::Ready, Standing::TooLarge];
        assert_eq!(lane_of(&after(None, &standings, &[])), Some(3));
    }

    #[test]
    fn waits_for_the_first_that_comes_back() {
        let resting = Standing::Resting { until: Some(NOW.plus(Duration::from_secs(4))), class: Class::RateLimited };
        let standings = [spent(9), spent(5), resting, Standing::Off(Off::ByYou), Standing::TooLarge];
        let until = Some(NOW.plus(Duration::from_secs(4)));
        assert_eq!(
            after(None, &standings, &[]),
            Choice::Wait { until, on: "b/1: resting, rate limited".into(), lane: "b/1".into(), unsure: false }
        );
        let until = Some(NOW.plus(Duration::from_secs(5)));
        assert_eq!(
            after(None, &standings, &["b/1"]),
            Choice::Wait { until, on: "a/2: 3 requests per min spent".into(), lane: "a/2".into(), unsure: false }
        );
    }

    #[test]
    fn nobody_says_why() {
        let out = Standing::Resting { until: None, class: Class::Auth };
        let standings =
            [Standing::Off(Off::ByYou), Standing::Off(Off::ByYou), out, Standing::TooLarge, Standing::Ready];
        let Choice::Nobody(why) = after(None, &standings, &["c/1"]) else { panic!() };
        assert_eq!(
            why,
            "a/1: off by you; a/2: off by you; b/1: out, bad key; local/x: the request is too large for it; c/1: did not take it"
        );
    }
}
