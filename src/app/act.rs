//! What the actions of the keymap do.

use std::time::Duration;

use crate::app::action::{Action, Edit, Focus, Move};
use crate::app::composer::Unfolded;
use crate::app::fetch::{Fetch, Fetched};
use crate::app::find::Find;
use crate::app::keymap::{KeyEvent, Meaning, meaning};
use crate::app::message::Effect;
use crate::app::palette::Palette;
use crate::app::recall::Recall;
use crate::app::row::Role;
use crate::app::state::{App, Armed, Overlay};
use crate::domain::attempt::Attempt;
use crate::domain::clock::Time;
use crate::domain::conversation::Turn;
use crate::domain::ids::TurnId;
use crate::domain::text::one_line;
use crate::scheduler::link::{Command, Urgent};

/// Ctrl+C quits if it is pressed again within this.
const AGAIN: Duration = Duration::from_secs(1);

/// How long `q` waits for its second press while an answer is on its way.
const ASK_AGAIN: Duration = Duration::from_secs(4);

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
            Meaning::Type(letter) if matches!(self.overlay, Some(Overlay::Options(_))) => self.take_digit(letter, now),
            Meaning::Type(letter) => {
                self.write(&letter.to_string(), now);
                Vec::new()
            }
            Meaning::Nothing => Vec::new(),
        }
    }

    /// Writes into what takes letters now; a paste over a pane goes to the composer.
    pub(in crate::app) fn write(&mut self, text: &str, now: Time) {
        if self.write_aside(text) {
            return;
        }
        if self.is_filtering() {
            return self.edit_filter(|filter| filter.push_str(text), now);
        }
        if let Some(filter) = self.filter() {
            filter.extend(text.chars().filter(|char| !char.is_control()).take(1000));
            return self.filtered();
        }
        self.overlay = None;
        self.focus = Focus::Composer;
        self.completing.writing = true;
        self.composer.paste(text);
    }

    /// What is searched for in what stands over the panes.
    fn filter(&mut self) -> Option<&mut String> {
        match &mut self.overlay {
            Some(Overlay::Help(filter)) => Some(filter),
            Some(Overlay::Lanes(lanes)) => Some(&mut lanes.filter),
            Some(Overlay::Palette(palette)) => Some(&mut palette.filter),
            Some(Overlay::Recall(recall)) => Some(&mut recall.filter),
            Some(_) | None => None,
        }
    }

    /// Something else is searched for.
    fn filtered(&mut self) {
        self.overlay_top = 0;
        match &mut self.overlay {
            Some(Overlay::Lanes(lanes)) => lanes.at = 0,
            Some(Overlay::Palette(palette)) => (palette.at, palette.wrong) = (0, None),
            Some(Overlay::Recall(recall)) => {
                recall.at = 0;
                recall.search();
            }
            Some(_) | None => {}
        }
    }

    pub(in crate::app) fn act(&mut self, action: Action, armed: Armed, now: Time) -> Vec<Effect> {
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
            Action::Back => self.back(now),
            Action::Expand => self.expanded = !self.expanded,
            Action::NoTraining => return self.avoid_training(now),
            Action::Endpoint => return vec![Effect::Send(Command::SwitchEndpoint { open: None })],
            Action::Send => return self.send(armed, now),
            Action::Editor => return vec![Effect::Edit(self.composer.text())],
            Action::Edit(Edit::End) if armed == Armed::Prefix => return vec![Effect::Edit(self.composer.text())],
            Action::Prefix => self.armed = Armed::Prefix,
            Action::Recall => return self.search_prompts(),
            Action::Palette => self.open(Overlay::Palette(Palette::default())),
            Action::Take => match &self.overlay {
                Some(Overlay::Palette(_)) => return self.take_command(now),
                Some(Overlay::Recall(_)) => self.take_prompt(),
                Some(Overlay::Setup(_)) => return self.take_setup(),
                _ => return self.take_completion(now),
            },
            Action::Complete if self.overlay.is_some() => self.complete_command(),
            Action::Complete => drop(self.complete()),
            Action::Edit(edit) if self.is_filtering() => self.shorten_filter(edit, now),
            Action::Edit(edit) => self.edit(edit),
            Action::Unfold => self.unfold(now),
            Action::Move(way) => self.go(way, now),
            Action::Scroll(way) => self.transcript.go(way),
            Action::Open => {
                self.open_selected();
                return self.want_body();
            }
            Action::Fold(open) => self.fold_selected(open),
            Action::Thoughts => self.transcript.fold_thoughts(),
            Action::Again => return self.again(now),
            Action::AgainOn => self.choose_lane(true),
            Action::SendOn => self.choose_lane(false),
            Action::TakeLane => return self.take_lane(now),
            Action::EditPrompt => self.edit_prompt(now),
            Action::Raw => {
                if self.transcript.turn_raw() == Some(true) {
                    self.say("as the model wrote it; r reads it again", Role::Plain, now);
                }
            }
            Action::ToLog => self.show_in_log(now),
            Action::ToTurn => self.show_turn(now),
            Action::Talk(talk) => return self.talk(talk, now),
            Action::Log(action) => return self.act_on_log(action, now),
            Action::Look(action) => return self.act_on_look(action, now),
            Action::Switch => return self.switch(now),
            Action::Lever(lever) => return self.pull(lever, now),
            Action::Undo => return self.undo(now),
        }
        Vec::new()
    }

    pub(in crate::app) fn open(&mut self, overlay: Overlay) {
        self.overlay = Some(overlay);
        self.overlay_top = 0;
    }

    fn step(&mut self, by: usize) {
        const PANES: [Focus; 4] = [Focus::Composer, Focus::Transcript, Focus::Quota, Focus::Log];
        let at = PANES.iter().position(|focus| *focus == self.focus).unwrap_or(0);
        self.focus = PANES.get((at + by) % PANES.len()).copied().unwrap_or_default();
    }

    fn back(&mut self, now: Time) {
        if self.overlay.is_none() && self.close_menu() {
            return;
        }
        if let Some(Overlay::Shelf(list)) = &mut self.overlay
            && list.renaming.take().is_some()
        {
            return;
        }
        if let Some(Overlay::Setup(setup)) = &mut self.overlay
            && setup.back()
        {
            return;
        }
        if self.overlay.is_none() && self.focus == Focus::Transcript && !self.find.text.is_empty() {
            self.find = Find::default();
            return;
        }
        if self.overlay.take().is_none() {
            self.find = Find::default();
            if self.focus == Focus::Log && self.log.sieve().is_open() {
                self.log.clear_filter(now);
            } else if self.expanded {
                self.expanded = false;
            } else {
                self.focus = Focus::Composer;
            }
        }
    }

    fn edit(&mut self, edit: Edit) {
        if self.edit_aside(edit) {
            return;
        }
        if let Some(filter) = self.filter() {
            match edit {
                Edit::CutToHead => filter.clear(),
                Edit::DeleteWordBack => {
                    let kept = filter.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                    filter.truncate(kept);
                }
                _ => drop(filter.pop()),
            }
            return self.filtered();
        }
        if self.overlay.is_none() {
            let deletes = matches!(edit, Edit::DeleteBack | Edit::DeleteWordBack);
            self.completing.writing = deletes || self.completing.writing && matches!(edit, Edit::Left | Edit::Right);
            let pulled = edit == Edit::Up && self.composer.is_empty() && self.pull_back();
            if !pulled {
                self.composer.edit(edit);
            }
        }
    }

    /// Opens the search in the earlier prompts: in those that are known, and soon in those that are kept.
    fn search_prompts(&mut self) -> Vec<Effect> {
        let recall = Recall::new(self.composer.earlier());
        self.open(Overlay::Recall(recall));
        vec![Effect::Fetch(Fetch::Prompts)]
    }

    /// What was read is there.
    pub(in crate::app) fn fetched(&mut self, fetched: Fetched, now: Time) -> Vec<Effect> {
        match fetched {
            Fetched::Prompts(prompts) => {
                let Some(Overlay::Recall(recall)) = &mut self.overlay else { return Vec::new() };
                match prompts {
                    Ok(prompts) => recall.add(prompts.iter().map(String::as_str)),
                    Err(why) => self.say(format!("only this session's prompts: {}", one_line(&why)), Role::Warn, now),
                }
                Vec::new()
            }
            Fetched::Folder(folder, entries) => self.folder_read(folder, entries).into_iter().collect(),
            Fetched::Sizes(sizes) => {
                self.weighed(sizes);
                Vec::new()
            }
            Fetched::Files(number, files) => self.files_read(number, files, now),
        }
    }

    /// The editor is done.
    pub(in crate::app) fn edited(&mut self, edited: Result<String, String>, now: Time) {
        self.focus = Focus::Composer;
        self.overlay = None;
        self.completing.writing = false;
        match edited {
            Ok(text) if self.composer.replace(&text) => {}
            Ok(_) => self.say("the draft is as it was", Role::Dim, now),
            Err(why) => self.say(one_line(&why), Role::Warn, now),
        }
    }

    fn unfold(&mut self, now: Time) {
        match self.composer.unfold() {
            Unfolded::Done => {}
            Unfolded::TooLarge => {
                self.say("too large to be unfolded here: Ctrl+G opens it in your editor", Role::Warn, now);
            }
            Unfolded::Nothing => self.say("no paste is folded in the draft", Role::Dim, now),
        }
    }

    pub(in crate::app) fn go(&mut self, way: Move, now: Time) {
        if self.go_aside(way) {
            return;
        }
        if self.go_list(way) || self.overlay.is_none() && self.focus == Focus::Composer && self.go_menu(way) {
            return;
        }
        if let Some(Overlay::Export(at)) = &mut self.overlay {
            *at = usize::from(matches!(way, Move::Down | Move::PageDown | Move::Last));
            return;
        }
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
            Focus::Composer | Focus::Transcript => match way {
                Move::NextTurn => self.transcript.choose_next(),
                Move::PreviousTurn => self.transcript.choose_before(),
                way => self.transcript.go(way),
            },
            Focus::Log => self.log.go(way),
            Focus::Quota => {
                self.select_by(way);
                self.settle(now);
            }
        }
    }

    fn open_selected(&mut self) {
        match self.focus {
            Focus::Quota => self.open_item(),
            Focus::Log => {
                if let Some(id) = self.log.open_selected() {
                    self.open(Overlay::Attempt(id));
                }
            }
            Focus::Composer | Focus::Transcript => {}
        }
    }

    /// To the last log row of the selected turn.
    fn show_in_log(&mut self, now: Time) {
        let Some(turn) = self.transcript.selected().map(|cell| cell.turn.id) else { return };
        let Some(last) = self.log.of_turn(turn).last().map(Attempt::place) else {
            return self.say("no row of the log belongs to it", Role::Dim, now);
        };
        self.focus = Focus::Log;
        self.lay_out();
        self.log.reveal(last, now);
    }

    /// To the turn of the selected log row.
    fn show_turn(&mut self, now: Time) {
        let Some(turn) = self.meant_attempt().map(|attempt| attempt.turn) else { return };
        self.overlay = None;
        let known = self.turn(turn).is_some();
        if known {
            self.focus = Focus::Transcript;
            self.lay_out();
            self.transcript.show(turn);
        } else {
            self.say("it was not made for this chat", Role::Dim, now);
        }
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
            Armed::Quit(_) | Armed::Send(_) | Armed::Prefix | Armed::No => {
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
        let busy = self.running().is_some() || self.conversations.is_busy_elsewhere();
        if !busy || sure {
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

    /// The turn that was asked with this id, for a detail.
    pub(in crate::app) fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.transcript.cells().iter().map(|cell| &cell.turn).find(|turn| turn.id == id)
    }
}
