//! Asking: what is sent with a question, and what comes back if it could not be sent.

use std::collections::BTreeSet;

use crate::app::action::Move;
use crate::app::composer::fold::whole;
use crate::app::held::Frozen;
use crate::app::message::Effect;
use crate::app::queue::Queued;
use crate::app::row::Role;
use crate::app::state::{App, Armed};
use crate::domain::attachment::{ALONG, Attachment, named};
use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Origin, Request, Role as Speaker, Turn};
use crate::domain::ids::{LaneId, TurnId};
use crate::domain::standing::Target;
use crate::scheduler::link::{Ask, Command, turn_id};

impl App {
    pub(in crate::app) fn send(&mut self, armed: Armed, now: Time) -> Vec<Effect> {
        if let Some(effects) = self.slash(armed, now) {
            return effects;
        }
        if self.composer.is_blank() {
            if !self.queue.is_empty() {
                return if self.is_busy() { Vec::new() } else { self.send_next(now) };
            }
            return self.offer.iter().map(|_| Effect::GoReal).collect();
        }
        if self.reading.is_some() {
            self.say("a moment: the files of the message before are being read", Role::Plain, now);
            return Vec::new();
        }
        let names = named(&self.composer.seen());
        let (draft, only, replaces) = (self.composer.take(), self.pin.take(), self.fork.take());
        let queued = Queued { draft, only, replaces, attachments: Vec::new() };
        if names.is_empty() { self.post(queued, now) } else { self.read_files(queued, names, now) }
    }

    /// A message goes, or waits until the answer before it is there.
    pub(in crate::app) fn post(&mut self, queued: Queued, now: Time) -> Vec<Effect> {
        self.queue.push(queued);
        self.keep_waiting();
        if self.is_busy() {
            self.say("queued: it goes when the answer is there; ↑ brings it back", Role::Plain, now);
            return self.keep_draft(now);
        }
        self.send_next(now)
    }

    /// What waits is kept with the draft.
    pub(in crate::app) fn keep_waiting(&mut self) {
        let reading = self.reading.as_ref().map_or_else(String::new, |reading| reading.queued.draft.clone() + "\n\n");
        self.composer.also_keep(self.queue.text() + &reading);
    }

    /// The first message that waits goes.
    fn send_next(&mut self, now: Time) -> Vec<Effect> {
        let Some(queued) = self.queue.take_next() else { return Vec::new() };
        self.ask_queued(queued, now)
    }

    /// A message that waited goes.
    pub(in crate::app) fn ask_queued(&mut self, queued: Queued, now: Time) -> Vec<Effect> {
        let text = whole(&queued.draft);
        // A text that would be a command begins with a second sign.
        let prompt = if text.starts_with("//") { text.get(1..).unwrap_or_default() } else { &*text };
        self.ask(prompt.to_owned(), queued.attachments, queued.only, queued.replaces, now)
    }

    /// Asks, with all that goes along.
    pub(in crate::app) fn ask(
        &mut self,
        prompt: String,
        attachments: Vec<Attachment>,
        only: Option<LaneId>,
        replaces: Option<TurnId>,
        now: Time,
    ) -> Vec<Effect> {
        if let Some(from) = replaces {
            self.leave_out_from(from);
        }
        let turn = turn_id(now, self.config.subscriber, self.last_turn);
        self.last_turn = turn;
        self.awaited = Some(turn);
        self.transcript.go(Move::Last);
        let (request, along) = self.request(&prompt, &attachments);
        let ask = Ask {
            no_training: self.conversations.settings().no_training,
            only: only.map(Target::Lane),
            conversation: self.conversations.current(),
            along,
            replaces,
            attachments,
            ..Ask::new(turn, Origin::Chat, prompt, request)
        };
        self.asked.push(ask.clone());
        self.keep_waiting();
        let kept = self.keep_draft(now);
        std::iter::once(Effect::Send(Command::Ask(Box::new(ask)))).chain(kept).collect()
    }

    pub(in crate::app) fn keep_draft(&mut self, now: Time) -> Vec<Effect> {
        let kept = self.composer.to_keep(now, true);
        kept.map(|draft| Effect::Send(Command::KeepDraft(draft))).into_iter().collect()
    }

    /// Keeps the chat off lanes that train on prompts, or lets it go anywhere again.
    pub(in crate::app) fn avoid_training(&mut self, now: Time) -> Vec<Effect> {
        let avoid = !self.config.usual.no_training;
        let text = if avoid {
            "no prompt goes where it may be trained on"
        } else {
            "prompts may go to any lane again that the config allows"
        };
        self.say(text, Role::Plain, now);
        vec![Effect::Send(Command::AvoidTraining(avoid))]
    }

    /// Whether a turn goes along with the next question.
    pub(in crate::app) fn goes_along(&self, turn: &Turn) -> bool {
        turn.state.is_over() && !turn.answer.is_empty() && !self.is_left_out(turn.id)
    }

    /// The question with its files, the answered turns before it, and which those are.
    fn request(&self, prompt: &str, attachments: &[Attachment]) -> (Request, Vec<TurnId>) {
        let turns = self.transcript.cells().iter().map(|cell| &cell.turn);
        let along: Vec<&Turn> = turns.filter(|turn| self.goes_along(turn)).collect();
        (self.request_with(&along, prompt, attachments), along.iter().map(|turn| turn.id).collect())
    }

    /// The question with its files, as the conversation is set, behind these turns.
    pub(in crate::app) fn request_with(&self, along: &[&Turn], prompt: &str, attachments: &[Attachment]) -> Request {
        // The newest pictures go along, as far as any provider takes them.
        let mut room = ALONG.saturating_sub(weight(attachments));
        let mut seen = BTreeSet::new();
        for turn in along.iter().rev() {
            let weight = weight(&turn.attachments);
            if weight > room {
                break;
            }
            room -= weight;
            seen.insert(turn.id);
        }
        let before = along.iter().flat_map(|turn| {
            let files = turn.attachments.iter().filter(|file| !file.is_image() || seen.contains(&turn.id));
            let files: Vec<Attachment> = files.cloned().collect();
            [Message::question(&turn.prompt, &files), Message::text(Speaker::Assistant, &*turn.answer)]
        });
        let settings = self.conversations.settings();
        let messages =
            settings.head().into_iter().chain(before).chain([Message::question(prompt, attachments)]).collect();
        Request { messages, params: settings.params(), ..Request::default() }
    }

    /// Another process's scheduler goes on, or this one's. What it knows comes in its snapshot.
    pub(in crate::app) fn owner_found(&mut self, subscriber: u16, owner: Option<u32>, said: String, now: Time) {
        self.config.subscriber = subscriber;
        self.config.owner = owner;
        self.moved_to = Some(said);
        // The last second's typing may have gone with the old one.
        if !self.composer.is_empty() {
            self.composer.not_kept(now);
        }
    }

    /// What was asked and is over is forgotten; what a new owner has never heard of is asked again.
    pub(in crate::app) fn settle_asked(&mut self, turns: &[Turn]) -> Vec<Effect> {
        let known = |ask: &Ask| turns.iter().find(|turn| turn.id == ask.turn);
        self.asked.retain(|ask| known(ask).is_none_or(|turn| !turn.state.is_over()));
        let new_owner = self.moved_to.is_some();
        let unknown = self.asked.iter().filter(|ask| new_owner && known(ask).is_none());
        unknown.map(|ask| Effect::Send(Command::Ask(Box::new(ask.clone())))).collect()
    }

    /// What was not sent comes back.
    pub(in crate::app) fn refused(&mut self, command: Command, now: Time) {
        match command {
            Command::Ask(ask) if ask.origin == Origin::Probe => {
                self.probe = None;
                self.say("not tested: the scheduler is busy", Role::Warn, now);
            }
            Command::Ask(ask) => {
                self.asked.retain(|one| one.turn != ask.turn);
                self.awaited = None;
                let written = self.composer.packed();
                let text = if written.trim().is_empty() { ask.prompt } else { format!("{}\n{written}", ask.prompt) };
                self.composer.set(&text);
                self.pin = match ask.only {
                    Some(Target::Lane(lane)) => Some(lane),
                    Some(Target::Account(_)) | None => None,
                };
                self.fork = ask.replaces;
                self.count_along();
                self.say("not sent: the scheduler is busy. Your text is back, Enter tries again", Role::Warn, now);
            }
            Command::Switch { target, on, .. } => {
                let word = if on { "on" } else { "off" };
                self.undo = None;
                self.say(format!("{} not switched {word}: the scheduler is busy", words(&target)), Role::Warn, now);
            }
            Command::Set(_) => {
                if let Some(Command::Set(back)) = self.undo.take() {
                    self.show_set(&back);
                }
                self.say("not set: the scheduler is busy. Try again", Role::Warn, now);
            }
            Command::Refresh => {
                self.frozen = Some(Box::new(Frozen { missed: true, ..Frozen::new(now) }));
                self.say("not all can be shown yet: the scheduler is busy. f tries again", Role::Warn, now);
            }
            Command::SwitchEndpoint { .. } | Command::AvoidTraining(_) => {
                self.say("not switched: the scheduler is busy", Role::Warn, now);
            }
            Command::KeepLook(_) => self.say("not kept: the scheduler is busy", Role::Warn, now),
            Command::KeepDraft(_) => self.composer.not_kept(now),
            Command::Pause(_) | Command::Converse(..) => {
                self.say("not changed: the scheduler is busy. Try again", Role::Warn, now);
            }
        }
    }
}

/// Bytes of the pictures.
fn weight(files: &[Attachment]) -> u64 {
    files.iter().filter(|file| file.is_image()).map(|file| file.size).sum()
}

/// A target in a sentence.
pub(in crate::app) fn words(target: &Target) -> String {
    match target {
        Target::Account(account) => format!("{account}, with all its lanes,"),
        Target::Lane(lane) => lane.to_string(),
    }
}
