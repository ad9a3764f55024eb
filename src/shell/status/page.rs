//! How things stand, in words: a page for people, one short line for status bars. Plain text: no colours, no escapes.

use std::collections::BTreeMap;

use crate::app::cells;
use crate::app::due::Due;
use crate::app::gauge::{Limit, word_of};
use crate::app::roster::is_listed;
use crate::app::steady::{Key, Whose};
use crate::domain::clock::{Time, Zone};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::{LaneState, Off, Standing};
use crate::domain::text::one_line;
use crate::shell::status::picture::Picture;

/// The line has fewer columns than this.
const LINE: usize = 60;

/// A page: a line in all, a line for each lane, and where it comes from.
pub fn words(picture: &Picture, due: &mut Due) -> String {
    let mut page = vec![head(picture, due)];
    let chosen: Vec<&LaneState> = picture.roster.chosen().collect();
    let lanes: Vec<[String; 3]> = chosen
        .into_iter()
        .map(|lane| [lane.spec.id.to_string(), state(picture, lane, due), limits(picture, lane, due)])
        .collect();
    let width = |column: usize| lanes.iter().filter_map(|row| Some(cells::of(row.get(column)?))).max().unwrap_or(0);
    let widths = [width(0), width(1)];
    for [name, state, limits] in &lanes {
        let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(cells::of(text)) + 2);
        let [first, second] = widths;
        let row = format!("{name}{}{state}{}{limits}", pad(name, first), pad(state, second));
        page.push(row.trim_end().to_owned());
    }
    page.extend(listed(picture));
    page.extend(picture.unknown.iter().map(|account| format!("{account}: its lanes are known while roundel runs")));
    page.push(source(picture, due));
    page.push(String::new());
    page.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

/// One short line: how many can answer, who is next and what that one has left; or who is back first.
pub fn line(picture: &Picture, due: &mut Due) -> String {
    let (ready, all) = picture.ready(due.now);
    let simulated = if picture.simulated { "SIM " } else { "" };
    // What nobody looks after is said to be old.
    let tail = match (picture.owner, picture.as_of) {
        (None, Some(at)) => format!(", {}", as_of(at, due)),
        (Some(_), _) | (None, None) => String::new(),
    };
    let paused = if picture.control.paused.is_some() { "PAUSED " } else { "" };
    let fixed = format!("{simulated}{paused}{ready}/{all} ready");
    let room = (LINE - 1).saturating_sub(cells::of(&fixed) + cells::of(&tail));
    let rest = match (&picture.roster.next, picture.roster.first_free(picture.usual, due.now)) {
        (Some(next), _) => {
            let binding = binding(picture, next.as_str(), due);
            let binding = binding
                .map_or_else(String::new, |limit| format!(" {} {}", limit.figure.replace(" of ", "/"), limit.label));
            let left = room.saturating_sub(cells::of(", next ") + cells::of(&binding));
            // A name that is cut to a few letters says less than the figure behind it.
            if left >= 8.min(cells::of(next.as_str())) {
                format!(", next {}{binding}", cells::cut_middle(next.as_str(), left))
            } else {
                format!(", next {}", cells::cut_middle(next.as_str(), room.saturating_sub(7)))
            }
        }
        (None, Some((lane, Some(until), _))) => {
            let when = due.when(until);
            let left = room.saturating_sub(3 + cells::of(&when));
            format!(", {} {when}", cells::cut_middle(lane.spec.id.as_str(), left))
        }
        (None, _) => cells::cut(", no lane can answer", room),
    };
    one_line(&format!("{fixed}{rest}{tail}")).into_owned()
}

fn head(picture: &Picture, due: &mut Due) -> String {
    let (ready, all) = picture.ready(due.now);
    let simulated = if picture.simulated { "SIMULATED: " } else { "" };
    let next = match (&picture.roster.next, picture.roster.first_free(picture.usual, due.now)) {
        (Some(next), _) => format!("next is {next}"),
        (None, Some((lane, Some(until), _))) => format!("{} is back first, {}", lane.spec.id, due.when(until)),
        (None, _) if picture.roster.lanes.is_empty() => "`roundel providers` says where keys are had".into(),
        (None, _) => "no lane can answer".into(),
    };
    let training = if picture.usual.no_training { "; no training" } else { "" };
    let paused = if picture.control.paused.is_some() { "PAUSED at the dashboard, nothing new is sent: " } else { "" };
    format!("{simulated}{paused}{ready} of {all} lanes ready; {next}{training}")
}

/// `ready`, `resting 34 s, rate limited`, `off by you, until 14:00`.
fn state(picture: &Picture, lane: &LaneState, due: &mut Due) -> String {
    let standing = picture.standing(lane, due.now);
    match &standing {
        Standing::Ready if lane.in_flight > 0 => "answering".into(),
        Standing::Resting { until: Some(until), class } => format!("resting {}, {}", due.lasting(*until), class.word()),
        Standing::Resting { until: None, .. } => {
            let words = lane.rest.as_ref().map(|rest| rest.words.as_str()).filter(|words| !words.is_empty());
            format!("{}{}", standing.reason(), words.map_or_else(String::new, |words| format!(" ({words})")))
        }
        Standing::Spent { until: Some(until), .. } => format!("spent {}", due.lasting(*until)),
        Standing::Off(off @ Off::ByYouUntil(until)) => format!("{}, {}", off.reason(), due.lasting(*until)),
        _ => standing.reason(),
    }
}

/// `29 of 30 req/min reported, 34 s; 199 of 200 req/day counted`.
fn limits(picture: &Picture, lane: &LaneState, due: &mut Due) -> String {
    let told: Vec<String> = own(picture, lane, due.now).map(|meter| figure(meter, due)).collect();
    if told.is_empty() { "no limit known".into() } else { told.join("; ") }
}

/// The limits that a lane draws on; what is only counted where there is no better.
fn own<'p>(picture: &'p Picture, lane: &'p LaneState, now: Time) -> impl Iterator<Item = &'p Meter> {
    let drawn = picture.roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
    drawn.filter(move |meter| meter.cap.is_some() || meter.used(now) > 0)
}

fn figure(meter: &Meter, due: &mut Due) -> String {
    let Limit { figure, label, evidence, others, time, age, .. } = Limit::new(meter, due);
    let age = if age.is_empty() { String::new() } else { format!(" {age} ago") };
    let full = if time.is_empty() { String::new() } else { format!(", full {}", full(meter, due, &time)) };
    let others = if others { ", others use it" } else { "" };
    format!("{figure} {label} {}{age}{full}{others}", word_of(evidence))
}

fn full(meter: &Meter, due: &mut Due, time: &str) -> String {
    meter.full_at(due.now).map_or_else(|| time.to_owned(), |at| due.when(at))
}

fn binding(picture: &Picture, lane: &str, due: &mut Due) -> Option<Limit> {
    let lane = picture.roster.lanes.iter().find(|state| state.spec.id.as_str() == lane)?;
    let whose = Whose::All(lane.spec.id.clone());
    let first = picture.roster.steady.first(&whose, own(picture, lane, due.now), picture.usual, due.now)?;
    own(picture, lane, due.now).find(|meter| Key::of(meter) == first).map(|meter| Limit::new(meter, due))
}

/// `listed, off until they are switched on: groq 3, openrouter 12`.
fn listed(picture: &Picture) -> Option<String> {
    let mut accounts: BTreeMap<String, usize> = BTreeMap::new();
    for lane in picture.roster.lanes.iter().filter(|lane| is_listed(lane)) {
        *accounts.entry(lane.spec.account().to_string()).or_default() += 1;
    }
    let told: Vec<String> = accounts.iter().map(|(account, count)| format!("{account} {count}")).collect();
    (!told.is_empty()).then(|| format!("listed, off until they are switched on: {}", told.join(", ")))
}

fn source(picture: &Picture, due: &Due) -> String {
    match (picture.owner, picture.as_of) {
        (Some(owner), _) => format!("told by process {owner}, which holds the data"),
        (None, Some(at)) => format!("{}: no roundel runs", as_of(at, due)),
        (None, None) => "nothing was asked yet, and no roundel runs".into(),
    }
}

/// `as of 09:41`, with the date if it is older than a day.
fn as_of(at: Time, due: &Due) -> String {
    let zone = Zone::Local;
    match due.now.since(at).as_secs() {
        0..72_000 => format!("as of {}", zone.hm(at)),
        _ => format!("as of {}", zone.ymd(at)),
    }
}
