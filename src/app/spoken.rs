//! The same events as sentences, for who hears the screen or logs it: what has changed since they were told last. Holds
//! nothing back for a picture, and says nothing twice.

use std::collections::BTreeMap;

use crate::app::due::{Due, took};
use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
use crate::app::message::{Effect, Msg};
use crate::app::roster::is_listed;
use crate::app::state::{App, Link};
use crate::domain::attempt::Outcome;
use crate::domain::clock::Time;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::ids::{AttemptId, LaneId, TurnId};
use crate::domain::quota::meter::Meter;
use crate::domain::standing::Standing;
use crate::domain::text::{harmless, one_line};

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// A sentence, on a line of its own.
    Line(String),
    /// More of an answer; may have newlines.
    Text(String),
}

/// A limit is spoken of when it sinks to these shares, in percent.
const BANDS: [u8; 3] = [20, 5, 0];

/// Only limits whose window is as long: the others come and go.
const LONG: u64 = 3600;

/// What was said already.
#[derive(Debug, Default)]
pub struct Spoken {
    begun: bool,
    lanes: BTreeMap<LaneId, Standing>,
    bands: BTreeMap<String, usize>,
    /// Turns that are older were there before.
    since: Option<TurnId>,
    turns: BTreeMap<TurnId, Heard>,
    notice: String,
    broken: usize,
}

/// What was said of a turn.
#[derive(Debug, Default)]
struct Heard {
    bytes: usize,
    lane: Option<LaneId>,
    tried: Option<AttemptId>,
    waits: Option<String>,
    over: bool,
}

impl App {
    /// What is to be said now.
    pub fn speak(&self, spoken: &mut Spoken, now: Time) -> Vec<Out> {
        let mut out = Vec::new();
        if self.link == Link::Starting {
            return out;
        }
        let mut due = Due::new(now, self.config.zone).calm(true);
        self.speak_of_turns(spoken, &mut out);
        self.speak_of_lanes(spoken, &mut due, &mut out);
        self.speak_of_limits(spoken, &mut due, &mut out);
        if !spoken.begun {
            spoken.begun = true;
            if self.simulated {
                out.push(line("The providers are simulated, and no model answers."));
            }
            out.push(line(&self.beginning(now)));
        }
        for what in self.broken.iter().skip(std::mem::replace(&mut spoken.broken, self.broken.len())) {
            out.push(line(what));
        }
        let notice = self.notice.as_ref().map_or_else(String::new, |notice| notice.text.clone());
        if notice != spoken.notice {
            spoken.notice.clone_from(&notice);
            out.extend((!notice.is_empty()).then(|| line(&notice)));
        }
        out
    }

    /// Sends a line as if it were written; what stands in the composer stays there.
    pub fn send_line(&mut self, line: &str, now: Time) -> Vec<Effect> {
        let draft = self.composer.packed();
        self.composer.set(line);
        let effects = self.update(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), now);
        self.composer.set(&draft);
        effects
    }

    /// Whether the scheduler has told what there is.
    pub fn has_heard(&self) -> bool {
        self.link == Link::Heard
    }

    /// Whether an answer is on its way, or a message waits for one.
    pub fn is_at_work(&self) -> bool {
        !self.asked.is_empty() || self.is_busy() || !self.queue.is_empty() || self.reading.is_some()
    }

    /// The rows of what is open over the panes, which closes with Esc.
    pub fn opened(&self, now: Time) -> Vec<String> {
        let panel = self.screen(now).panel;
        panel.map_or_else(Vec::new, |panel| {
            panel.rows.iter().map(|row| one_line(row.text().trim_end()).into_owned()).collect()
        })
    }

    fn beginning(&self, now: Time) -> String {
        let (ready, lanes) = (self.ready(now), self.roster.chosen().count());
        match &self.roster.next {
            Some(next) => format!("{ready} of {lanes} lanes are ready; the next question goes to {next}."),
            None if self.roster.lanes.is_empty() => {
                "No provider is set up: `roundel providers` says where keys are had.".into()
            }
            None => format!("None of {lanes} lanes can answer now."),
        }
    }

    fn speak_of_turns(&self, spoken: &mut Spoken, out: &mut Vec<Out>) {
        if !spoken.begun {
            spoken.since = Some(self.last_turn);
        }
        for cell in self.transcript.cells().iter().filter(|cell| Some(cell.turn.id) > spoken.since) {
            let turn = &cell.turn;
            let heard = spoken.turns.entry(turn.id).or_default();
            if heard.over {
                continue;
            }
            let tried = heard.tried;
            for attempt in self.log.of_turn(turn.id).iter().filter(|one| tried.is_none_or(|tried| one.id > tried)) {
                if matches!(attempt.outcome, Outcome::Answered | Outcome::Running) {
                    break;
                }
                heard.tried = Some(attempt.id);
                out.push(line(&format!("{} did not answer: {}.", attempt.lane, attempt.note.trim_end_matches('.'))));
            }
            if let TurnState::Waiting { until, on } = &turn.state {
                let when = until.map_or_else(String::new, |until| format!(", until {}", self.config.zone.hm(until)));
                let waits = format!("Waits for {on}{when}.");
                if heard.waits.as_ref() != Some(&waits) {
                    out.push(line(&waits));
                    heard.waits = Some(waits);
                }
            }
            // An answer that began anew.
            if heard.bytes > turn.answer.len() {
                heard.bytes = 0;
            }
            let more = turn.answer.get(heard.bytes..).unwrap_or_default();
            if !more.is_empty() {
                if heard.lane != turn.lane {
                    heard.lane.clone_from(&turn.lane);
                    out.extend(turn.lane.as_ref().map(|lane| line(&format!("{lane} answers:"))));
                }
                heard.bytes = turn.answer.len();
                out.push(Out::Text(harmless(more).into_owned()));
            }
            if turn.state.is_over() {
                heard.over = true;
                out.push(line(&ending(turn)));
            }
        }
    }

    fn speak_of_lanes(&self, spoken: &mut Spoken, due: &mut Due, out: &mut Vec<Out>) {
        for lane in self.roster.lanes.iter().filter(|lane| !is_listed(lane)) {
            let standing = self.roster.standing(lane, self.config.usual, due.now);
            let id = &lane.spec.id;
            let before = spoken.lanes.insert(id.clone(), standing.clone());
            let Some(before) = before.filter(|before| spoken.begun && !same(before, &standing)) else { continue };
            let words = match &standing {
                Standing::Ready if before == Standing::Ready => continue,
                Standing::Ready => format!("{id} is ready again."),
                other => {
                    let until = other.until(due.now).map(|until| format!(", ready {}", due.when(until)));
                    format!("{id}: {}{}.", other.reason(), until.unwrap_or_default())
                }
            };
            out.push(line(&words));
        }
    }

    fn speak_of_limits(&self, spoken: &mut Spoken, due: &mut Due, out: &mut Vec<Out>) {
        for meter in &self.roster.meters {
            let Some(share) = share(meter, due.now) else { continue };
            let band = BANDS.iter().filter(|band| share <= u64::from(**band)).count();
            let window = meter.window.short();
            let what = format!("{} {} {window}", meter.pool, meter.unit.short());
            let before = spoken.bands.insert(what, band);
            let Some(before) = before.filter(|before| spoken.begun && *before != band) else { continue };
            let unit = meter.unit.as_str().replace('_', " ");
            if band > before {
                let full = meter.full_at(due.now).map(|at| format!(", resets {}", due.when(at)));
                let full = full.unwrap_or_default();
                out.push(line(&format!("{} has {share} percent of its {unit} a {window} left{full}.", meter.pool)));
            } else if band == 0 {
                out.push(line(&format!("{} has {share} percent of its {unit} a {window} again.", meter.pool)));
            }
        }
    }
}

/// What is left, in percent, of a limit whose window is long.
fn share(meter: &Meter, now: Time) -> Option<u64> {
    let cap = meter.cap.map(|cap| cap.value).filter(|cap| *cap > 0)?;
    let long = meter.window.span().is_none_or(|span| span.as_secs() >= LONG);
    long.then(|| meter.remaining(now)).flatten().map(|left| left.min(cap) * 100 / cap)
}

/// Whether nothing is to be said of the step between: of the same kind, whatever its time.
fn same(before: &Standing, after: &Standing) -> bool {
    std::mem::discriminant(before) == std::mem::discriminant(after)
}

fn ending(turn: &Turn) -> String {
    let lane = turn.lane.as_ref().map_or_else(String::new, |lane| format!(" by {lane}"));
    match &turn.state {
        TurnState::Failed(why) => format!("Not answered: {why}"),
        TurnState::Stopped => "Stopped; what had come is kept.".into(),
        TurnState::Interrupted => "Interrupted; what had come is kept.".into(),
        TurnState::Done | TurnState::Running | TurnState::Waiting { .. } => {
            let time = turn.took.map(|span| format!(" in {}", took(span))).unwrap_or_default();
            let tokens = turn.usage.output.map(|tokens| format!(", {tokens} tokens")).unwrap_or_default();
            format!("Answered{lane}{time}{tokens}.")
        }
    }
}

fn line(text: &str) -> Out {
    Out::Line(one_line(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, app_of, lane, meter, real_snapshot, turn};
    use crate::domain::quota::limit::Unit;
    use crate::domain::standing::{Need, Target};
    use crate::scheduler::link::{Moved, Report, Snapshot};

    #[test]
    fn what_changes_is_said_once() {
        let limit = |used| {
            let mut meter = meter("quick", Unit::Requests, "1d midnight UTC", 100);
            meter.count(used, NOW);
            meter
        };
        let first = lane("quick/small-8b");
        let all = Snapshot {
            lanes: vec![first.clone()],
            meters: vec![limit(10)],
            next: Some("quick/small-8b".into()),
            turns: vec![],
            log: vec![],
            ..real_snapshot()
        };
        let mut app = app_of(all, 100, 40);
        let mut spoken = Spoken::default();
        let mut say = |app: &mut App, turn: Option<Turn>, lanes: Vec<_>, meters: Vec<_>| {
            let moved = Moved { at: NOW, turn, attempts: vec![], lanes, meters, next: None, usual: Need::USUAL };
            app.update(Msg::Report(Report::Moved(Box::new(moved))), NOW);
            let said = app.speak(&mut spoken, NOW);
            assert_eq!(app.speak(&mut spoken, NOW), [], "nothing twice");
            said
        };
        let begun = say(&mut app, None, vec![], vec![]);
        assert!(matches!(begun.as_slice(), [Out::Line(_)]), "{begun:?}");
        let half = turn(1 << 40, "q", "Two\n\u{1b}[2Jtides", TurnState::Running);
        let said = say(&mut app, Some(half.clone()), vec![], vec![]);
        assert_eq!(said.last(), Some(&Out::Text("Two\n\u{fffd}[2Jtides".into())));
        let done = Turn { state: TurnState::Done, answer: format!("{} a day.", half.answer), ..half };
        let said = say(&mut app, Some(done), vec![], vec![]);
        assert_eq!(said.first(), Some(&Out::Text(" a day.".into())));
        assert!(matches!(said.last(), Some(Out::Line(end)) if end.starts_with("Answered")), "{said:?}");
        let said = say(&mut app, None, vec![], vec![limit(82)]);
        assert_eq!(said, [line("quick has 18 percent of its requests a day left, resets at 00:00.")]);
        assert_eq!(say(&mut app, None, vec![], vec![limit(83)]), []);
        let target = Target::Lane("quick/small-8b".into());
        let mut off = first;
        off.switch_to(false, &target, None, NOW);
        let said = say(&mut app, None, vec![off.clone()], vec![]);
        assert_eq!(said, [line("quick/small-8b: off by you.")]);
        off.switch_to(true, &target, None, NOW);
        assert_eq!(say(&mut app, None, vec![off], vec![]), [line("quick/small-8b is ready again.")]);
    }
}
