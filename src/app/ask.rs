//! Asking: what is sent with a question, and what comes back if it could not be sent.

use crate::app::action::Move;
use crate::app::message::Effect;
use crate::app::queue::Queued;
use crate::app::row::Role;
use crate::app::state::App;
use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Origin, Request, Role as Speaker, Turn};
use crate::domain::ids::LaneId;
use crate::domain::standing::Target;
use crate::scheduler::link::{Ask, Command, turn_id};

/// Turns of the chat that go along with a question.
const TURNS_ALONG: usize = 20;

impl App {
    pub(in crate::app) fn send(&mut self, now: Time) -> Vec<Effect> {
        if self.composer.is_blank() {
            if !self.queue.is_empty() {
                return if self.is_busy() { Vec::new() } else { self.send_next(now) };
            }
            return self.offer.iter().map(|_| Effect::GoReal).collect();
        }
        let (prompt, only) = (self.composer.take(), self.pin.take());
        if let Some(fork) = self.fork.take() {
            self.leave_out_from(fork);
        }
        self.queue.push(Queued { prompt, only });
        self.composer.also_keep(self.queue.text());
        if self.is_busy() {
            self.say("queued: it goes when the answer is there; ↑ brings it back", Role::Plain, now);
            return self.keep_draft(now);
        }
        self.send_next(now)
    }

    /// The first message that waits goes.
    fn send_next(&mut self, now: Time) -> Vec<Effect> {
        let Some(queued) = self.queue.take_next() else { return Vec::new() };
        self.ask(queued.prompt, queued.only, now)
    }

    /// Asks, with all that goes along.
    pub(in crate::app) fn ask(&mut self, prompt: String, only: Option<LaneId>, now: Time) -> Vec<Effect> {
        let turn = turn_id(now, self.config.subscriber, self.last_turn);
        self.last_turn = turn;
        self.awaited = Some(turn);
        self.transcript.go(Move::Last);
        let ask = Ask {
            turn,
            origin: Origin::Chat,
            request: self.request(&prompt),
            prompt,
            no_training: false,
            only: only.map(Target::Lane),
            patience: None,
        };
        self.asked.push(ask.clone());
        self.composer.also_keep(self.queue.text());
        let kept = self.keep_draft(now);
        std::iter::once(Effect::Send(Command::Ask(Box::new(ask)))).chain(kept).collect()
    }

    fn keep_draft(&mut self, now: Time) -> Vec<Effect> {
        let kept = self.composer.to_keep(now, true);
        kept.map(|draft| Effect::Send(Command::KeepDraft(draft))).into_iter().collect()
    }

    /// Keeps the chat off lanes that train on prompts, or lets it go anywhere again.
    pub(in crate::app) fn avoid_training(&mut self, now: Time) -> Vec<Effect> {
        let avoid = !self.config.usual.no_training;
        let text = if avoid { "no prompt goes where it may be trained on" } else { "prompts may go to any lane again" };
        self.say(text, Role::Plain, now);
        vec![Effect::Send(Command::AvoidTraining(avoid))]
    }

    /// The question, and the answered turns before it.
    pub(in crate::app) fn request(&self, prompt: &str) -> Request {
        let answered = |turn: &&Turn| turn.state.is_over() && !turn.answer.is_empty() && !self.is_left_out(turn.id);
        let turns: Vec<&Turn> =
            self.transcript.cells().iter().rev().map(|cell| &cell.turn).filter(answered).take(TURNS_ALONG).collect();
        let before = turns.into_iter().rev().flat_map(|turn| {
            [Message::text(Speaker::User, &*turn.prompt), Message::text(Speaker::Assistant, &*turn.answer)]
        });
        let messages = before.chain([Message::text(Speaker::User, prompt)]).collect();
        Request { messages, ..Request::default() }
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
            Command::Ask(ask) => {
                self.asked.retain(|one| one.turn != ask.turn);
                self.awaited = None;
                let written = self.composer.text();
                let text = if written.trim().is_empty() { ask.prompt } else { format!("{}\n{written}", ask.prompt) };
                self.composer.set(&text);
                self.say("not sent: the scheduler is busy. Your text is back, Enter tries again", Role::Warn, now);
            }
            Command::Switch { target, on, .. } => {
                let word = if on { "on" } else { "off" };
                self.undo = None;
                self.say(format!("{} not switched {word}: the scheduler is busy", words(&target)), Role::Warn, now);
            }
            Command::SwitchEndpoint { .. } | Command::AvoidTraining(_) => {
                self.say("not switched: the scheduler is busy", Role::Warn, now);
            }
            Command::KeepDraft(_) => self.composer.not_kept(now),
        }
    }
}

/// A target in a sentence.
pub(in crate::app) fn words(target: &Target) -> String {
    match target {
        Target::Account(account) => format!("{account}, with all its lanes,"),
        Target::Lane(lane) => lane.to_string(),
    }
}
