//! What is taken out of a conversation: an answer, a block of its code, all of it, into the clipboard or a file.

use std::fmt::Write;

use crate::app::message::Effect;
use crate::app::options::{FORMS, Offered, Options};
use crate::app::row::Role;
use crate::app::state::{App, Overlay};
use crate::domain::clock::{Time, Zone};
use crate::domain::code::blocks;
use crate::domain::conversation::{Turn, TurnState};

impl App {
    pub(in crate::app) fn copy_answer(&mut self, now: Time) -> Vec<Effect> {
        let answer = self.transcript.selected().map(|cell| cell.turn.answer.clone()).unwrap_or_default();
        if answer.is_empty() {
            self.say("there is no answer to copy", Role::Dim, now);
            return Vec::new();
        }
        vec![Effect::Copy(answer)]
    }

    pub(in crate::app) fn copy_all(&mut self, now: Time) -> Vec<Effect> {
        if self.transcript.cells().is_empty() {
            self.say("nothing was said yet", Role::Dim, now);
            return Vec::new();
        }
        vec![Effect::Copy(self.markdown())]
    }

    pub(in crate::app) fn copy_block(&mut self, now: Time) -> Vec<Effect> {
        let mut blocks = self.transcript.selected().map(|cell| blocks(&cell.turn.answer)).unwrap_or_default();
        match blocks.len() {
            0 => self.say("there is no code in this answer", Role::Dim, now),
            1 => return blocks.pop().map(Effect::Copy).into_iter().collect(),
            _ => self.open(Overlay::Options(Options::new(Offered::Blocks(blocks)))),
        }
        Vec::new()
    }

    /// A letter in a short list: the digit of what is taken.
    pub(in crate::app) fn take_digit(&mut self, letter: char, now: Time) -> Vec<Effect> {
        let Some(Overlay::Options(options)) = &self.overlay else { return Vec::new() };
        let digit = letter.to_digit(10).and_then(|digit| usize::try_from(digit).ok()?.checked_sub(1));
        match digit.filter(|digit| *digit < options.count()) {
            Some(at) => self.take_option(at, now),
            None => Vec::new(),
        }
    }

    pub(in crate::app) fn take_option(&mut self, at: usize, now: Time) -> Vec<Effect> {
        let Some(Overlay::Options(options)) = self.overlay.take() else { return Vec::new() };
        match options.offered {
            Offered::Blocks(blocks) => blocks.into_iter().nth(at).map(Effect::Copy).into_iter().collect(),
            Offered::Themes => self.take_theme(at, now),
            Offered::Off(target, ends) => {
                let end = ends.get(at).map(|(_, until)| *until);
                end.map_or_else(Vec::new, |until| self.off_until(target, until, now))
            }
            Offered::Test(lane, _) => self.test(lane, now),
            Offered::Export => FORMS.get(at).map_or_else(Vec::new, |(ending, _)| self.export(ending, now)),
        }
    }

    /// Saves the conversation in a form: `md`, `json`.
    pub(in crate::app) fn export(&mut self, ending: &'static str, now: Time) -> Vec<Effect> {
        if self.transcript.cells().is_empty() {
            self.say("nothing was said yet", Role::Dim, now);
            return Vec::new();
        }
        let text = if ending == "json" { self.json() } else { self.markdown() };
        let name = self.conversations.name();
        let name = if name.is_empty() { "conversation".to_owned() } else { name.to_owned() };
        vec![Effect::SaveText { name, ending, text }]
    }

    /// The conversation to be read: each question, who answered, and the answer as it was written.
    fn markdown(&self) -> String {
        let settings = self.conversations.settings();
        let mut text = format!("# {}\n", heading(self.conversations.name()));
        if settings.head().is_some() {
            let _ = write!(text, "\n## System prompt\n\n{}\n", settings.system.trim_end());
        }
        for turn in self.turns() {
            let _ = write!(text, "\n## You, {}\n\n{}\n", stamp(turn.asked, self.config.zone), turn.prompt.trim_end());
            let lane = turn.lane.as_ref().map_or("nobody", |lane| lane.as_str());
            let lane = if turn.simulated { format!("{lane} (simulated)") } else { lane.to_owned() };
            let (answer, note) = (turn.answer.trim_end(), note(turn, self.is_left_out(turn.id)));
            let _ = write!(text, "\n## {lane}\n{note}\n{answer}\n");
        }
        text
    }

    fn json(&self) -> String {
        let turns: Vec<serde_json::Value> = self
            .turns()
            .map(|turn| {
                let mut value = serde_json::to_value(turn).unwrap_or_default();
                if let Some(object) = value.as_object_mut() {
                    object.insert("left_out".into(), self.is_left_out(turn.id).into());
                    object.insert("asked_at".into(), format!("{} UTC", stamp(turn.asked, Zone::UTC)).into());
                }
                value
            })
            .collect();
        let conversation = self.conversations.get(self.conversations.current());
        let all = serde_json::json!({ "conversation": conversation, "turns": turns });
        format!("{all:#}\n")
    }

    fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.transcript.cells().iter().map(|cell| &cell.turn)
    }
}

fn heading(name: &str) -> &str {
    if name.is_empty() { "Conversation" } else { name }
}

fn stamp(at: Time, zone: Zone) -> String {
    zone.wall(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn note(turn: &Turn, left_out: bool) -> String {
    let state = match &turn.state {
        TurnState::Done => None,
        TurnState::Waiting { .. } | TurnState::Running => Some("not over yet".to_owned()),
        TurnState::Stopped => Some("stopped".to_owned()),
        TurnState::Interrupted => Some("interrupted".to_owned()),
        TurnState::Failed(why) => Some(format!("not answered: {why}")),
    };
    let left_out = left_out.then(|| "left out: another turn took its place".to_owned());
    let notes: Vec<String> = state.into_iter().chain(left_out).collect();
    if notes.is_empty() { String::new() } else { format!("\n*{}*\n", notes.join("; ")) }
}
