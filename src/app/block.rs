//! A block of the quota pane: a lane, an account with several, or the line that stands for an account's listed lanes;
//! how it stands, in a sign and in words, and its limits.

use crate::app::due::{Due, count};
use crate::app::gauge::Limit;
use crate::app::roster::{Group, Item, Roster, is_listed};
use crate::app::steady::{Key, Steady, Whose};
use crate::domain::quota::limit::Unit;
use crate::domain::quota::meter::Meter;
use crate::domain::roster::{Cost, LaneSpec, Standby, Training};
use crate::domain::standing::{LaneState, Need, Off, Standing, Target};

/// How a lane stands, at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It can answer.
    Ready,
    /// It will be able to, by waiting.
    Resting,
    /// Off, by the user or until the user.
    Off,
    /// Only the user can change it.
    Broken,
    /// Not a lane: a line of folded ones.
    Fold,
}

/// One block.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub item: Item,
    /// How far in its name stands: lanes under their account.
    pub depth: usize,
    /// How it stands.
    pub mark: Mark,
    /// Its name.
    pub name: String,
    /// What one should know before a prompt goes there: `trains`, `paid`.
    pub terms: String,
    /// How it stands, in words.
    pub state: String,
    /// The same without the reason.
    pub brief: String,
    /// It takes the next turn.
    pub next: bool,
    /// It is off until it is switched on by itself.
    pub listed: bool,
    /// Its limits, as they come in the roster.
    pub limits: Vec<Limit>,
    /// The one of them that stops a turn of usual size first.
    pub binding: Option<usize>,
    /// The limit that stops it first, whoever shares it.
    pub first: Option<Key>,
    /// What that limit will come to, or that it is low: from the longest form to the shortest.
    pub outlook: Vec<String>,
    /// A lane without a limit that is known.
    pub unlimited: bool,
}

impl Block {
    /// The limit that stops a turn of usual size first.
    pub fn binding(&self) -> Option<&Limit> {
        self.limits.get(self.binding?)
    }

    /// Limits whose cap is known, but the binding one.
    pub fn others(&self) -> impl Iterator<Item = &Limit> {
        let other = |(number, limit): (usize, _)| (Some(number) != self.binding).then_some(limit);
        self.limits.iter().enumerate().filter_map(other)
    }

    /// The blocks of one account.
    pub fn all(
        roster: &Roster,
        group: &Group<'_>,
        unfolded: bool,
        items: Vec<Item>,
        usual: Need,
        due: &mut Due,
    ) -> Vec<Self> {
        let depth = usize::from(group.is_several());
        let block = |item: Item| match &item {
            Item::Of(Target::Account(_)) => Some(account(roster, group, item, usual, due)),
            Item::Of(Target::Lane(id)) => {
                let state = group.on.iter().chain(&group.listed).find(|lane| lane.spec.id == *id)?;
                Some(lane(roster, group, state, depth, usual, due))
            }
            Item::Listed(_) => Some(folded(group, item, unfolded)),
        };
        items.into_iter().filter_map(block).collect()
    }
}

/// What is only counted is shown where nothing better is known of the same unit, and something was used.
fn limits<'m>(meters: impl Iterator<Item = &'m Meter>, steady: &Steady, due: &mut Due) -> Vec<Limit> {
    let meters: Vec<&Meter> = meters.collect();
    let known = |unit: &Unit| meters.iter().any(|meter| meter.cap.is_some() && meter.unit == *unit);
    let worth = |meter: &&&Meter| meter.cap.is_some() || !known(&meter.unit) && meter.used(due.now) > 0;
    let shown: Vec<&&Meter> = meters.iter().filter(worth).collect();
    shown.into_iter().map(|meter| Limit::with(meter, steady, due)).collect()
}

/// The place of the limit that comes first; where none binds that is known, of one that is only counted.
fn place(limits: &[Limit], first: Option<&Key>) -> Option<usize> {
    let found = limits.iter().position(|limit| Some(&limit.key) == first);
    found.or_else(|| (!limits.is_empty()).then_some(0))
}

fn lane(roster: &Roster, group: &Group<'_>, lane: &LaneState, depth: usize, usual: Need, due: &mut Due) -> Block {
    let id = &lane.spec.id;
    let listed = is_listed(lane);
    let standing = roster.standing(lane, usual, due.now);
    let next = roster.next.as_ref() == Some(id);
    let own = || group.own(lane, &roster.meters);
    let limits = if listed { Vec::new() } else { limits(own(), &roster.steady, due) };
    let first = |whose, meters: &mut dyn Iterator<Item = &Meter>| roster.steady.first(&whose, meters, usual, due.now);
    let binding = place(&limits, first(Whose::Own(id.clone()), &mut own()).as_ref());
    let mut drawn = roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
    let first = first(Whose::All(id.clone()), &mut drawn).filter(|_| !listed);
    let (mark, state) = state_of(lane, &standing, next, due);
    let brief = state.split_once(", ").filter(|_| matches!(standing, Standing::Resting { .. }));
    let brief = brief.map_or_else(|| state.clone(), |(words, _)| words.to_owned());
    Block {
        item: Item::Of(Target::Lane(id.clone())),
        depth,
        mark,
        name: if depth > 0 { id.model().to_owned() } else { id.as_str().to_owned() },
        terms: joined(terms(&lane.spec, listed), set(group, Some(lane), depth == 0)),
        state,
        brief,
        next: next && mark == Mark::Ready,
        listed,
        unlimited: limits.is_empty() && depth == 0 && !listed,
        limits,
        binding,
        first,
        outlook: Vec::new(),
    }
}

fn joined(one: String, other: String) -> String {
    if one.is_empty() || other.is_empty() { one + &other } else { format!("{one}  {other}") }
}

/// Weight and keep-back of a lane, or of its account, where they are not as usual: `x2, 20 kept, by you`. `of_account`:
/// what its lanes have in common stands here.
fn set(group: &Group<'_>, lane: Option<&LaneState>, of_account: bool) -> String {
    let lanes = || group.on.iter().chain(&group.listed);
    let Some(first) = lane.or_else(|| lanes().next().copied()) else { return String::new() };
    let alike = lanes().all(|lane| lane.keep() == first.keep());
    let weight = Some(first.weight()).filter(|weight| of_account && *weight != 1);
    let keep = first.keep().filter(|_| alike == of_account || lane.is_some() && !alike);
    let by_you = weight.is_some() && first.weight.is_some() || keep.is_some() && first.keep.is_some();
    let words = weight.map(|weight| format!("x{weight}")).into_iter();
    let words = words.chain(keep.map(|keep| format!("{} kept", count(keep))));
    let words: Vec<String> = words.chain(by_you.then(|| "by you".to_owned())).collect();
    words.join(", ")
}

/// What one should know before a prompt goes to a lane, in a word each; nothing where it is free and trains on nothing.
fn terms(spec: &LaneSpec, listed: bool) -> String {
    if spec.simulated {
        return String::new();
    }
    let cost = match spec.cost {
        // The reason for which it is off says it already.
        _ if listed && matches!(spec.standby, Some(Standby::Paid | Standby::CostUnknown)) => None,
        Cost::Free => None,
        Cost::Paid => Some("paid"),
        Cost::Unknown => Some("cost ?"),
    };
    let training = match spec.training {
        Training::No => None,
        Training::Yes => Some("trains"),
        Training::Unknown => Some("trains ?"),
    };
    let words: Vec<&str> = cost.into_iter().chain(training).collect();
    words.join("  ")
}

/// The mark and the words of a lane.
fn state_of(lane: &LaneState, standing: &Standing, next: bool, due: &mut Due) -> (Mark, String) {
    let answers = lane.in_flight > 0;
    match standing {
        Standing::Ready if next && answers => (Mark::Ready, "answering, next".into()),
        Standing::Ready if next => (Mark::Ready, "next".into()),
        Standing::Ready if answers => (Mark::Ready, "answering".into()),
        Standing::Ready => (Mark::Ready, "ready".into()),
        Standing::Off(off) => (Mark::Off, words_of(*off, due)),
        Standing::Trains => (Mark::Off, "may train on prompts".into()),
        Standing::Resting { until: Some(until), class } => {
            (Mark::Resting, format!("resting {}, {}", due.lasting(*until), class.word()))
        }
        Standing::Resting { until: None, class } => (Mark::Broken, format!("out, {}", class.word())),
        Standing::Kept { .. } => (Mark::Resting, "kept for the chat".into()),
        Standing::Widening => (Mark::Ready, "answering, just back".into()),
        // What it takes now may be the last: then it is spent, and answers all the same.
        Standing::Spent { .. } if answers => (Mark::Resting, "answering".into()),
        Standing::Spent { until: Some(until), .. } => (Mark::Resting, format!("spent {}", due.lasting(*until))),
        Standing::Spent { until: None, .. } => (Mark::Resting, "spent".into()),
        Standing::TooLarge => (Mark::Broken, "too small for a turn".into()),
    }
}

/// `off by you, 34 m left`, `off by you, until 14:00`.
fn words_of(off: Off, due: &mut Due) -> String {
    match off {
        Off::ByYouUntil(until) => {
            let lasting = due.lasting(until);
            let left = if lasting.starts_with("until") { "" } else { " left" };
            format!("{}, {lasting}{left}", off.reason())
        }
        Off::ByYou | Off::Until(_) => off.reason(),
    }
}

fn account(roster: &Roster, group: &Group<'_>, item: Item, usual: Need, due: &mut Due) -> Block {
    let lanes = if group.on.is_empty() { &group.listed } else { &group.on };
    let standings: Vec<Standing> = lanes.iter().map(|lane| roster.standing(lane, usual, due.now)).collect();
    let ready = standings.iter().filter(|standing| **standing == Standing::Ready).count();
    let mark = if ready > 0 {
        Mark::Ready
    } else if standings.iter().all(|standing| matches!(standing, Standing::Off(_))) {
        Mark::Off
    } else if standings.iter().any(|standing| standing.until(due.now).is_some()) {
        Mark::Resting
    } else {
        Mark::Broken
    };
    let as_one = |first: &Standing| standings.iter().all(|standing| standing == first);
    let state = match standings.first() {
        Some(Standing::Off(off)) if as_one(&Standing::Off(*off)) => words_of(*off, due),
        Some(first) if mark == Mark::Broken && as_one(first) => first.reason(),
        _ if mark == Mark::Off => "off".into(),
        _ => format!("{ready} of {} ready", lanes.len()),
    };
    let limits = limits(group.shared(&roster.meters), &roster.steady, due);
    let whose = Whose::Shared(group.account.clone());
    let first = roster.steady.first(&whose, group.shared(&roster.meters), usual, due.now);
    Block {
        item,
        depth: 0,
        mark,
        name: group.account.as_str().to_owned(),
        terms: set(group, None, true),
        brief: state.clone(),
        state,
        next: false,
        listed: group.on.is_empty(),
        binding: place(&limits, first.as_ref()),
        first,
        outlook: Vec::new(),
        limits,
        unlimited: false,
    }
}

fn folded(group: &Group<'_>, item: Item, unfolded: bool) -> Block {
    let state = if unfolded { "← or Enter folds" } else { "→ or Enter unfolds" };
    Block {
        item,
        depth: 1,
        mark: Mark::Fold,
        name: format!("{} {} listed, off", if unfolded { "−" } else { "+" }, group.listed.len()),
        terms: String::new(),
        state: state.into(),
        brief: state.into(),
        next: false,
        listed: true,
        limits: Vec::new(),
        binding: None,
        first: None,
        outlook: Vec::new(),
        unlimited: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, in_, lane as some_lane};
    use crate::domain::clock::Zone;
    use crate::domain::quota::limit::Window;

    #[test]
    fn a_lane_that_is_off_for_a_while_says_for_how_long() {
        let mut due = Due::new(NOW, Zone::UTC);
        let off = |off, due: &mut Due| state_of(&some_lane("a/b"), &Standing::Off(off), false, due).1;
        assert_eq!(off(Off::ByYou, &mut due), "off by you");
        assert_eq!(
            (off(Off::ByYouUntil(in_(120)), &mut due), due.next()),
            ("off by you, 2 m left".to_owned(), Some(in_(21)))
        );
    }

    #[test]
    fn a_lane_that_answers_says_so_even_when_it_is_spent() {
        let mut lane = some_lane("a/b");
        lane.in_flight = 1;
        let spent = |until| Standing::Spent { unit: Unit::Requests, window: Window::Unknown, cap: 3, until };
        for (standing, next, expected) in [
            (Standing::Ready, false, "answering"),
            (Standing::Ready, true, "answering, next"),
            (spent(None), false, "answering"),
            (spent(Some(in_(30))), false, "answering"),
        ] {
            let (_, state) = state_of(&lane, &standing, next, &mut Due::new(NOW, Zone::UTC));
            assert_eq!(state, expected, "{standing:?}");
        }
    }

    #[test]
    fn what_is_free_and_trains_on_nothing_needs_no_word() {
        for (cost, training, expected) in [
            (Cost::Free, Training::No, ""),
            (Cost::Free, Training::Yes, "trains"),
            (Cost::Paid, Training::No, "paid"),
            (Cost::Unknown, Training::Unknown, "cost ?  trains ?"),
        ] {
            let spec = LaneSpec { cost, training, simulated: false, ..(*some_lane("a/b").spec).clone() };
            assert_eq!(terms(&spec, false), expected);
            assert_eq!(terms(&LaneSpec { simulated: true, ..spec }, false), "");
        }
        let spec = LaneSpec { cost: Cost::Paid, simulated: false, ..(*some_lane("a/b").spec).clone() };
        assert_eq!(terms(&LaneSpec { standby: Some(Standby::Paid), ..spec.clone() }, true), "");
        assert_eq!(terms(&LaneSpec { standby: Some(Standby::Listed), ..spec }, true), "paid");
    }
}
