//! What keys and the mouse do.

use std::time::Duration;

use crate::app::action::{Action, Edit, Focus, Move};
use crate::app::due::Due;
use crate::app::geometry::inside;
use crate::app::keymap::{KeyEvent, Meaning, Pointer, Scene, meaning};
use crate::app::message::Effect;
use crate::app::row::Role;
use crate::app::state::{App, Armed, Overlay};
use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Origin, Request, Role as Speaker, Turn};
use crate::domain::ids::TurnId;
use crate::domain::standing::Target;
use crate::scheduler::link::{Ask, Command, Urgent, turn_id};

/// Ctrl+C quits if it is pressed again within this.
const AGAIN: Duration = Duration::from_secs(1);

/// How long `q` waits for its second press while an answer is on its way.
const ASK_AGAIN: Duration = Duration::from_secs(4);

/// Turns of the chat that go along with a question.
const TURNS_ALONG: usize = 20;

impl App {
    pub(in crate::app) fn key(&mut self, key: KeyEvent, now: Time) -> Vec<Effect> {
        let scene = self.scene();
        let wanted = meaning(scene, key);
        if wanted == Meaning::Nothing {
            return Vec::new();
        }
        self.notice = None;
        let armed = std::mem::take(&mut self.armed);
        match wanted {
            Meaning::Act(action) => self.act(action, armed, now),
            Meaning::Type(letter) => {
                self.write(&letter.to_string());
                Vec::new()
            }
            Meaning::Nothing => Vec::new(),
        }
    }

    /// Writes into what takes letters now; a paste over a pane goes to the composer.
    pub(in crate::app) fn write(&mut self, text: &str) {
        match &mut self.overlay {
            Some(Overlay::Help(filter)) => {
                filter.extend(text.chars().filter(|char| !char.is_control()));
                self.overlay_top = 0;
            }
            Some(Overlay::Target(_) | Overlay::Attempt(_)) | None => {
                self.overlay = None;
                self.focus = Focus::Composer;
                self.composer.paste(text);
            }
        }
    }

    fn act(&mut self, action: Action, armed: Armed, now: Time) -> Vec<Effect> {
        match action {
            Action::Help => self.open(Overlay::Help(String::new())),
            Action::Stop => return self.stop(armed, now),
            Action::EndOfInput if self.composer.is_empty() => return self.quit(armed, now),
            Action::EndOfInput => self.composer.edit(Edit::DeleteForward),
            Action::Quit => return self.quit(armed, now),
            Action::Repaint => return vec![Effect::Repaint],
            Action::Suspend => return vec![Effect::Suspend],
            Action::NextPane => self.step(1),
            Action::PreviousPane => self.step(3),
            Action::Focus(focus) => self.focus = focus,
            Action::Back => self.back(),
            Action::Expand => self.expanded = !self.expanded,
            Action::Send => return self.send(now),
            Action::Edit(edit) => self.edit(edit),
            Action::Move(way) => self.go(way, now),
            Action::Scroll(way) => self.transcript.go(way),
            Action::Open => self.open_selected(),
            Action::Switch => return self.switch(now),
            Action::Undo => return self.undo(now),
        }
        Vec::new()
    }

    fn open(&mut self, overlay: Overlay) {
        self.overlay = Some(overlay);
        self.overlay_top = 0;
    }

    fn step(&mut self, by: usize) {
        const PANES: [Focus; 4] = [Focus::Composer, Focus::Transcript, Focus::Quota, Focus::Log];
        let at = PANES.iter().position(|focus| *focus == self.focus).unwrap_or(0);
        self.focus = PANES.get((at + by) % PANES.len()).copied().unwrap_or_default();
    }

    fn back(&mut self) {
        if self.overlay.take().is_none() {
            if self.expanded {
                self.expanded = false;
            } else {
                self.focus = Focus::Composer;
            }
        }
    }

    fn edit(&mut self, edit: Edit) {
        match &mut self.overlay {
            Some(Overlay::Help(filter)) => {
                filter.pop();
                self.overlay_top = 0;
            }
            Some(_) => {}
            None => self.composer.edit(edit),
        }
    }

    fn go(&mut self, way: Move, now: Time) {
        if self.overlay.is_some() {
            let page = usize::from(self.areas.overlay(usize::MAX).height.saturating_sub(4).max(1));
            let top = self.overlay_top;
            self.overlay_top = match way {
                Move::Up | Move::PreviousTurn => top.saturating_sub(1),
                Move::Down | Move::NextTurn => top.saturating_add(1),
                Move::PageUp | Move::HalfUp => top.saturating_sub(page),
                Move::PageDown | Move::HalfDown => top.saturating_add(page),
                Move::First => 0,
                Move::Last => usize::MAX,
            };
            self.settle(now);
            return;
        }
        match self.focus {
            Focus::Composer | Focus::Transcript => self.transcript.go(way),
            Focus::Log => self.log.go(way),
            Focus::Quota => {
                let targets = self.roster.targets();
                let at = targets.iter().position(|target| Some(target) == self.selected.as_ref()).unwrap_or(0);
                let to = match way {
                    Move::Up | Move::PreviousTurn => at.saturating_sub(1),
                    Move::Down | Move::NextTurn => at + 1,
                    Move::PageUp | Move::HalfUp => at.saturating_sub(5),
                    Move::PageDown | Move::HalfDown => at + 5,
                    Move::First => 0,
                    Move::Last => usize::MAX,
                };
                self.selected = targets.get(to.min(targets.len().saturating_sub(1))).cloned();
                self.settle(now);
            }
        }
    }

    /// The selected lane or account; the first, if none was selected.
    pub(in crate::app) fn selected_target(&self) -> Option<Target> {
        let targets = self.roster.targets();
        let known = self.selected.clone().filter(|selected| targets.contains(selected));
        known.or_else(|| targets.into_iter().next())
    }

    fn open_selected(&mut self) {
        let overlay = match self.focus {
            Focus::Quota => self.selected_target().map(Overlay::Target),
            Focus::Log => self.log.selected_attempt().map(|attempt| Overlay::Attempt(attempt.id)),
            Focus::Composer | Focus::Transcript => None,
        };
        if let Some(overlay) = overlay {
            self.open(overlay);
        }
    }

    fn switch(&mut self, now: Time) -> Vec<Effect> {
        let target = match &self.overlay {
            Some(Overlay::Target(target)) => Some(target.clone()),
            Some(_) => None,
            None => self.selected_target(),
        };
        let Some((target, on)) = target.and_then(|target| self.roster.switch(&target)) else { return Vec::new() };
        self.undo = Some((target.clone(), !on));
        self.say(switched(&target, on), Role::Plain, now);
        vec![Effect::Send(Command::Switch { target, on })]
    }

    fn undo(&mut self, now: Time) -> Vec<Effect> {
        let Some((target, on)) = self.undo.take() else {
            self.say("nothing to undo", Role::Dim, now);
            return Vec::new();
        };
        self.undo = Some((target.clone(), !on));
        self.say(switched(&target, on), Role::Plain, now);
        vec![Effect::Send(Command::Switch { target, on })]
    }

    /// Ctrl+C: the nearest thing that can be stopped.
    fn stop(&mut self, armed: Armed, now: Time) -> Vec<Effect> {
        if let Some(turn) = self.running() {
            self.stopping.insert(turn);
            self.say("stopping; what has come is kept", Role::Plain, now);
            return vec![Effect::Urgent(Urgent::Cancel(turn))];
        }
        if !self.composer.is_empty() {
            self.composer.clear();
            self.say("draft cleared: ↑ brings it back", Role::Plain, now);
            return Vec::new();
        }
        match armed {
            Armed::Quit(until) if until >= now => self.leave(now),
            Armed::Quit(_) | Armed::No => {
                self.armed = Armed::Quit(now.plus(AGAIN));
                self.say("Ctrl+C again quits", Role::Plain, now);
                if let Some(notice) = &mut self.notice {
                    notice.until = now.plus(AGAIN);
                }
                Vec::new()
            }
        }
    }

    fn quit(&mut self, armed: Armed, now: Time) -> Vec<Effect> {
        let sure = matches!(armed, Armed::Quit(until) if until >= now);
        if self.running().is_none() || sure {
            return self.leave(now);
        }
        self.armed = Armed::Quit(now.plus(ASK_AGAIN));
        self.say("an answer is on its way: the same key again stops it and quits", Role::Warn, now);
        if let Some(notice) = &mut self.notice {
            notice.until = now.plus(ASK_AGAIN);
        }
        Vec::new()
    }

    /// The end: the draft is kept first.
    pub(in crate::app) fn leave(&mut self, now: Time) -> Vec<Effect> {
        let draft = self.composer.to_keep(now, true).map(|draft| Effect::Send(Command::KeepDraft(draft)));
        draft.into_iter().chain([Effect::Quit]).collect()
    }

    fn send(&mut self, now: Time) -> Vec<Effect> {
        if self.composer.is_blank() {
            return Vec::new();
        }
        let prompt = self.composer.take();
        let turn = turn_id(now, self.config.subscriber, self.last_turn);
        self.last_turn = turn;
        self.transcript.go(Move::Last);
        let ask = Ask { turn, origin: Origin::Chat, request: self.request(&prompt), prompt };
        let kept = self.composer.to_keep(now, true).map(|draft| Effect::Send(Command::KeepDraft(draft)));
        std::iter::once(Effect::Send(Command::Ask(Box::new(ask)))).chain(kept).collect()
    }

    /// The question, and the answered turns before it.
    fn request(&self, prompt: &str) -> Request {
        let answered = |turn: &&Turn| turn.state.is_over() && !turn.answer.is_empty();
        let turns: Vec<&Turn> =
            self.transcript.cells().iter().rev().map(|cell| &cell.turn).filter(answered).take(TURNS_ALONG).collect();
        let before = turns.into_iter().rev().flat_map(|turn| {
            [Message::text(Speaker::User, &*turn.prompt), Message::text(Speaker::Assistant, &*turn.answer)]
        });
        let messages = before.chain([Message::text(Speaker::User, prompt)]).collect();
        Request { messages, ..Request::default() }
    }

    /// What was not sent comes back.
    pub(in crate::app) fn refused(&mut self, command: Command, now: Time) {
        match command {
            Command::Ask(ask) => {
                let written = self.composer.text();
                let text = if written.trim().is_empty() { ask.prompt } else { format!("{}\n{written}", ask.prompt) };
                self.composer.set(&text);
                self.say("not sent: the scheduler is busy. Your text is back, Enter tries again", Role::Warn, now);
            }
            Command::Switch { target, on } => {
                let word = if on { "on" } else { "off" };
                self.undo = None;
                self.say(format!("{} not switched {word}: the scheduler is busy", words(&target)), Role::Warn, now);
            }
            Command::KeepDraft(_) => self.composer.not_kept(now),
        }
    }

    pub(in crate::app) fn point(&mut self, pointer: Pointer, now: Time) {
        match pointer {
            Pointer::Wheel { rows, .. } if self.overlay.is_some() => {
                self.overlay_top = self.overlay_top.saturating_add_signed(isize::from(rows));
                self.settle(now);
            }
            Pointer::Wheel { x, y, rows } => match self.areas.pane_at(x, y) {
                Some(Focus::Composer | Focus::Transcript) => {
                    let by = usize::from(rows.unsigned_abs());
                    if rows < 0 { self.transcript.up(by) } else { self.transcript.down(by) }
                }
                Some(Focus::Log) => self.log.scroll(rows),
                // The pane that has the keys shows its selection: the wheel moves that.
                Some(Focus::Quota) if self.focus == Focus::Quota => {
                    self.go(if rows < 0 { Move::Up } else { Move::Down }, now);
                }
                Some(Focus::Quota) => {
                    self.board_top = self.board_top.saturating_add_signed(isize::from(rows));
                    self.settle(now);
                }
                None => {}
            },
            Pointer::Click { x, y } => self.click(x, y, now),
        }
    }

    /// Nothing is scrolled further than there is something to see.
    fn settle(&mut self, now: Time) {
        let mut due = Due::new(now, self.config.zone);
        if let Some(panel) = self.panel(&mut due) {
            self.overlay_top = panel.top;
        } else if !self.areas.quota.is_empty() {
            self.board_top = self.quota(&mut due).top;
        }
    }

    fn click(&mut self, x: u16, y: u16, now: Time) {
        let at = ratatui::layout::Position { x, y };
        if self.overlay.is_some() {
            let panel = self.panel(&mut Due::new(now, self.config.zone));
            if panel.is_none_or(|panel| !panel.area.contains(at)) {
                self.overlay = None;
            }
            return;
        }
        let Some(focus) = self.areas.pane_at(x, y) else { return };
        if focus == Focus::Quota {
            let quota = self.quota(&mut Due::new(now, self.config.zone));
            let text = inside(self.areas.quota, self.areas.framed());
            let row = y.checked_sub(text.y).map(usize::from);
            let block = row.and_then(|row| quota.lines.get(row)).and_then(|(block, _)| quota.board.blocks.get(*block));
            if let Some(block) = block.filter(|_| text.contains(at)) {
                self.selected = Some(block.target.clone());
            }
        }
        self.focus = focus;
        if focus == Focus::Log {
            let text = inside(self.areas.log, self.areas.framed());
            let heading = u16::from(text.height > 4);
            if let Some(row) = y.checked_sub(text.y + heading).filter(|_| text.contains(at)) {
                let number = self.log.top() + usize::from(row);
                if number < self.log.attempts().len() {
                    self.log.select(number);
                }
            }
        }
    }

    /// The turn that was asked with this id, for a detail.
    pub(in crate::app) fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.transcript.cells().iter().map(|cell| &cell.turn).find(|turn| turn.id == id)
    }

    /// Whether letters are text now.
    pub const fn is_typing(&self) -> bool {
        matches!(self.scene(), Scene::On(Focus::Composer) | Scene::Help)
    }
}

fn words(target: &Target) -> String {
    match target {
        Target::Account(account) => format!("{account}, with all its lanes,"),
        Target::Lane(lane) => lane.to_string(),
    }
}

fn switched(target: &Target, on: bool) -> String {
    let what = if on { "is in the rotation again" } else { "is out of the rotation" };
    format!("{} {what}  z undo", words(target))
}
