//! The rotation: which lane takes the next attempt. Pure. Round-robin account by account; inside an account the first
//! fitting lane in catalogue order; lanes of last resort only when no other fits.

use crate::domain::clock::Time;
use crate::domain::ids::{AccountId, LaneId};
use crate::domain::standing::{LaneState, Standing};

/// What the rotation says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This lane, by its place in the roster.
    Lane(usize),
    /// No lane now.
    Wait {
        /// The earliest instant at which one may fit; None: when an attempt in the air ends, or the user acts.
        until: Option<Time>,
        /// For which lane, and why it is not ready.
        on: String,
    },
    /// No lane, and waiting will not help; why, for each.
    Nobody(String),
}

/// Where the rotation stands.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The account that took the last attempt.
    pub last: Option<AccountId>,
    /// How many attempts it took in a row.
    pub run: u32,
}

/// Which lanes a turn may go to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// Lanes that it shall not go to again.
    pub tried: &'a [LaneId],
    /// The only lane that it may go to.
    pub only: Option<&'a LaneId>,
}

impl Place {
    /// An attempt went to this account.
    pub fn take(&mut self, account: AccountId) {
        self.run = if self.last.as_ref() == Some(&account) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(account);
    }
}

impl Wish<'_> {
    fn allows(&self, lane: &LaneId) -> bool {
        !self.tried.contains(lane) && self.only.is_none_or(|only| only == lane)
    }
}

/// Chooses. `standings`: how each of `lanes` stands.
pub fn choose(lanes: &[LaneState], standings: &[Standing], place: &Place, wish: Wish<'_>, now: Time) -> Choice {
    let candidates = || {
        let all = lanes.iter().zip(standings).enumerate();
        all.filter(|(_, (lane, _))| wish.allows(&lane.spec.id)).map(|(index, (lane, standing))| (index, lane, standing))
    };
    for last_resort in [false, true] {
        let fits = |account: &AccountId| {
            candidates()
                .filter(|(_, lane, _)| lane.spec.last_resort == last_resort && lane.spec.account() == *account)
                .find(|(_, _, standing)| **standing == Standing::Ready)
        };
        if let Some((index, ..)) = round(lanes, place).iter().find_map(fits) {
            return Choice::Lane(index);
        }
    }
    let waiting = candidates().filter(|(_, _, standing)| may_become_ready(standing));
    let soonest = waiting.min_by_key(|(_, _, standing)| (standing.until(now).is_none(), standing.until(now)));
    match soonest {
        Some((_, lane, standing)) => {
            Choice::Wait { until: standing.until(now), on: format!("{}: {}", lane.spec.id, standing.reason()) }
        }
        None => Choice::Nobody(reasons(lanes, standings, wish)),
    }
}

/// Why `chosen` was chosen, where that is not plain round-robin: what was passed over, and why another lane was taken
/// than the one that the screens had `shown` as next. Empty where there is nothing to say.
pub fn why(
    lanes: &[LaneState],
    standings: &[Standing],
    place: &Place,
    chosen: usize,
    shown: Option<&LaneId>,
) -> String {
    let shown = shown.filter(|shown| lanes.get(chosen).is_some_and(|lane| lane.spec.id != **shown));
    let passed = passed_over(lanes, standings, place, chosen, shown);
    let Some(shown) = shown else { return passed };
    let position = lanes.iter().position(|lane| lane.spec.id == *shown);
    let reason = match position.and_then(|at| standings.get(at)) {
        Some(Standing::Ready) | None => "its turn was taken".into(),
        Some(standing) => standing.reason(),
    };
    format!("{shown} was shown as next: {reason}. {passed}").trim_end().to_owned()
}

/// Why the accounts between the last one and that of `chosen` were passed over, and the lanes before it in its own:
/// `quick/small-8b passed over: 3 requests per min spent`. What the user switched off is no news. Empty when none was.
fn passed_over(
    lanes: &[LaneState],
    standings: &[Standing],
    place: &Place,
    chosen: usize,
    shown: Option<&LaneId>,
) -> String {
    let Some(account) = lanes.get(chosen).map(|lane| lane.spec.account()) else { return String::new() };
    let before: Vec<AccountId> = round(lanes, place).into_iter().take_while(|other| *other != account).collect();
    let passed = lanes.iter().zip(standings).enumerate().filter(|(index, (lane, standing))| {
        let other = lane.spec.account();
        let news = !matches!(standing, Standing::Ready | Standing::Off(_) | Standing::Trains);
        let told = shown == Some(&lane.spec.id);
        news && !told && (before.contains(&other) || other == account && *index < chosen)
    });
    let told = passed.map(|(_, (lane, standing))| format!("{} passed over: {}", lane.spec.id, standing.reason()));
    told.collect::<Vec<_>>().join("; ")
}

/// The accounts in their order, beginning behind the last one; with it, as long as its weight gives it another turn.
fn round(lanes: &[LaneState], place: &Place) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = Vec::new();
    for account in lanes.iter().map(|lane| lane.spec.account()) {
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    let Some(last) = place.last.as_ref().and_then(|last| accounts.iter().position(|account| account == last)) else {
        return accounts;
    };
    let weight = lanes.iter().filter(|lane| Some(lane.spec.account()) == place.last).map(|lane| lane.spec.weight).max();
    let again = weight.is_some_and(|weight| place.run < weight);
    // Behind the last one comes the first.
    let first = if again { last } else { (last + 1) % accounts.len().max(1) };
    accounts.rotate_left(first);
    accounts
}

/// By waiting: not what is off, out until the user acts, or too small.
const fn may_become_ready(standing: &Standing) -> bool {
    matches!(standing, Standing::Ready | Standing::Resting { until: Some(_), .. } | Standing::Spent { .. })
}

fn reasons(lanes: &[LaneState], standings: &[Standing], wish: Wish<'_>) -> String {
    if lanes.is_empty() {
        return "there is no lane at all".into();
    }
    let told = lanes.iter().zip(standings).filter(|(lane, _)| wish.only.is_none_or(|only| *only == lane.spec.id));
    let told = told.map(|(lane, standing)| {
        let reason = match standing {
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
        Some(only) if told.is_empty() => format!("there is no lane `{only}`"),
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

    fn spent(seconds: u64) -> Standing {
        let until = Some(NOW.plus(Duration::from_secs(seconds)));
        Standing::Spent { unit: Unit::Requests, window: Window::Fixed(Duration::from_mins(1)), cap: 3, until }
    }

    fn after(last: Option<&str>, standings: &[Standing], tried: &[&str]) -> Choice {
        let tried: Vec<LaneId> = tried.iter().map(|id| LaneId::from(*id)).collect();
        let place = Place { last: last.map(AccountId::from), run: 1 };
        choose(&lanes(), standings, &place, Wish { tried: &tried, only: None }, NOW)
    }

    #[test]
    fn account_by_account() {
        let ready = vec![Standing::Ready; 5];
        for (last, lane) in [(None, 0), (Some("a"), 2), (Some("b"), 4), (Some("c"), 0), (Some("gone"), 0)] {
            assert_eq!(after(last, &ready, &[]), Choice::Lane(lane), "{last:?}");
        }
    }

    #[test]
    fn a_weight_is_turns_in_a_row() {
        let mut lanes = lanes();
        lanes[2] = LaneState::new(LaneSpec { weight: 3, ..(*lanes[2].spec).clone() });
        let ready = vec![Standing::Ready; 5];
        let mut place = Place::default();
        let mut taken = Vec::new();
        for _ in 0..7 {
            let Choice::Lane(lane) = choose(&lanes, &ready, &place, Wish::default(), NOW) else { panic!() };
            place.take(lanes[lane].spec.account());
            taken.push(lane);
        }
        assert_eq!(taken, [0, 2, 2, 2, 4, 0, 2]);
    }

    #[test]
    fn a_pinned_turn_goes_nowhere_else() {
        let only = LaneId::from("b/1");
        let wish = Wish { tried: &[], only: Some(&only) };
        let mut standings = vec![Standing::Ready; 5];
        assert_eq!(choose(&lanes(), &standings, &Place::default(), wish, NOW), Choice::Lane(2));
        standings[2] = Standing::Off(Off::ByYou);
        let Choice::Nobody(why) = choose(&lanes(), &standings, &Place::default(), wish, NOW) else { panic!() };
        assert_eq!(why, "b/1: off by you; Space in the quota pane switches it on");
        let only = LaneId::from("x/1");
        let wish = Wish { tried: &[], only: Some(&only) };
        let nobody = choose(&lanes(), &standings, &Place::default(), wish, NOW);
        assert_eq!(nobody, Choice::Nobody("there is no lane `x/1`".into()));
    }

    #[test]
    fn inside_an_account_the_first_that_fits() {
        let mut standings = vec![Standing::Ready; 5];
        standings[0] = spent(9);
        assert_eq!(after(None, &standings, &[]), Choice::Lane(1));
        standings[1] = Standing::Off(Off::ByYou);
        assert_eq!(after(None, &standings, &[]), Choice::Lane(2));
        assert_eq!(after(None, &standings, &["b/1"]), Choice::Lane(4));
    }

    #[test]
    fn the_last_resort_comes_last() {
        let standings = [spent(9), spent(5), Standing::Off(Off::ByYou), Standing::Ready, Standing::TooLarge];
        assert_eq!(after(None, &standings, &[]), Choice::Lane(3));
    }

    #[test]
    fn waits_for_the_first_that_comes_back() {
        let resting = Standing::Resting { until: Some(NOW.plus(Duration::from_secs(4))), class: Class::RateLimited };
        let standings = [spent(9), spent(5), resting, Standing::Off(Off::ByYou), Standing::TooLarge];
        let until = Some(NOW.plus(Duration::from_secs(4)));
        assert_eq!(after(None, &standings, &[]), Choice::Wait { until, on: "b/1: resting, rate limited".into() });
        let until = Some(NOW.plus(Duration::from_secs(5)));
        assert_eq!(
            after(None, &standings, &["b/1"]),
            Choice::Wait { until, on: "a/2: 3 requests per min spent".into() }
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
