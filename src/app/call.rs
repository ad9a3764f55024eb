//! When the user is called, who looks elsewhere: only if the config wants it, and the terminal has not the focus.

use std::time::Duration;

use crate::app::message::Effect;
use crate::app::state::{App, Link};
use crate::domain::clock::Time;
use crate::domain::look::Notify;
use crate::domain::standing::LaneState;
use crate::domain::text::{one_line, shortened};
use crate::scheduler::link::Report;

/// An answer that took longer is waited for elsewhere.
const LONG: Duration = Duration::from_secs(10);

/// The longest sentence, in characters.
const MOST: usize = 200;

/// How it was before a report.
#[derive(Debug)]
pub(in crate::app) struct Before {
    ready: usize,
    out: Vec<bool>,
}

impl App {
    /// How it is now, if a call could come of what is told next.
    pub(in crate::app) fn before_call(&self, now: Time) -> Option<Before> {
        let wanted = self.config.screen.notify != Notify::Off && self.looks.away && self.link == Link::Heard;
        wanted.then(|| Before { ready: self.ready(now), out: self.roster.lanes.iter().map(is_out).collect() })
    }

    /// The sentence of a call, if this report is worth one.
    pub(in crate::app) fn call_for(&self, report: &Report) -> Option<String> {
        let Report::Moved(moved) = report else { return None };
        let turn = moved.turn.as_ref().filter(|turn| turn.state.is_over())?;
        let waited = self.running() == Some(turn.id) && turn.took.is_some_and(|took| took > LONG);
        let lane = turn.lane.as_ref().map_or_else(String::new, |lane| format!(" of {lane}"));
        waited.then(|| format!("the answer{lane} is there"))
    }

    /// Calls, if something has come to pass since.
    pub(in crate::app) fn call(&self, before: Option<Before>, answered: Option<String>, now: Time) -> Option<Effect> {
        let before = before?;
        let lanes = self.roster.lanes.iter().enumerate();
        let out = lanes.filter(|(at, lane)| is_out(lane) && before.out.get(*at) == Some(&false)).map(|(_, lane)| lane);
        let fell = out.map(|lane| format!("{} is out", lane.spec.id)).next();
        let rest = (before.ready > 0 && self.ready(now) == 0).then(|| "no lane can answer now".to_owned());
        let words = rest.or(answered).or(fell)?;
        Some(Effect::Notify(shortened(&one_line(&format!("roundel: {words}")), MOST).into_owned()))
    }
}

/// It rests until somebody does something.
fn is_out(lane: &LaneState) -> bool {
    lane.off().is_none() && lane.rest.as_ref().is_some_and(|rest| rest.until.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, app, config, real_snapshot, turn};
    use crate::app::message::{AppConfig, Msg};
    use crate::domain::conversation::{Turn, TurnState};
    use crate::domain::look::Wanted;
    use crate::domain::standing::Need;
    use crate::scheduler::link::Moved;

    fn moved(turn: Turn, next: Option<&str>) -> Msg {
        let next = next.map(Into::into);
        let moved = Moved {
            at: NOW,
            turn: Some(turn),
            attempts: vec![],
            lanes: vec![],
            meters: vec![],
            next,
            usual: Need::USUAL,
        };
        Msg::Report(Report::Moved(Box::new(moved)))
    }

    fn called(notify: Notify, away: bool, took: u64) -> Vec<Effect> {
        let screen = Wanted { notify, ..Wanted::default() };
        let mut app = App::new(AppConfig { screen, ..config(120, 40) });
        app.update(Msg::Report(Report::Snapshot(Box::new(real_snapshot()))), NOW);
        app.update(Msg::Focused(!away), NOW);
        let running = turn(90, "q", "", TurnState::Running);
        app.update(moved(running.clone(), Some("a/b")), NOW);
        let took = Some(Duration::from_secs(took));
        let done = Turn { state: TurnState::Done, took, lane: Some("a/\u{1b}]b".into()), ..running };
        let effects = app.update(moved(done, Some("a/b")), NOW);
        effects.into_iter().filter(|effect| matches!(effect, Effect::Notify(_))).collect()
    }

    #[test]
    fn only_who_asked_and_looks_elsewhere_is_called() {
        let call = vec![Effect::Notify("roundel: the answer of a/\u{fffd}]b is there".into())];
        assert_eq!(called(Notify::Bell, true, 11), call);
        assert_eq!(called(Notify::Bell, true, 9), []);
        assert_eq!(called(Notify::Bell, false, 11), []);
        assert_eq!(called(Notify::Off, true, 11), []);
        assert!(app(80, 24).before_call(NOW).is_none());
    }
}
