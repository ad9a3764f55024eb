//! The desk: where questions come in, go to a lane, wait, come back. Pure: it is told what happens and when, and says
//! what is to be done as effects. The actor carries them out.
//!
//! ```text
//!             ┌── no lane now ──▶ waiting ──(a lane reopens)──┐
//!  ask ─▶ place ──▶ in the air ──▶ answered                   │
//!           ▲           ├── failed before the first token ────┤
//!           └───────────┼─────────────────────────────────────┘
//!                       └── failed later, refused for good, stopped ─▶ over
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::Conversation;
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::{Origin, Turn, TurnState, text_tokens};
use crate::domain::failure::{Class, Failure};
use crate::domain::headers;
use crate::domain::ids::{LaneId, TurnId};
use crate::domain::look::Look;
use crate::domain::roster::Strategy;
use crate::domain::saving::Saving;
use crate::domain::share::Shares;
use crate::domain::standing::Need;
use crate::scheduler::books::Settled;
use crate::scheduler::calls::Calls;
use crate::scheduler::conversations::Conversations;
use crate::scheduler::counters::Counters;
use crate::scheduler::effect::{Effect, Endpoint, Opening, entitled, failure_note, lane_writes, last_word};
use crate::scheduler::flight::{Event, Flown, Reached};
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::{Command, Moved, Report};
use crate::scheduler::outbox::Outbox;
use crate::scheduler::turns::Turns;
use crate::store::write::Write;

/// The time is read again at least this often while something waits: a laptop's sleep moves no timer.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The desk.
#[derive(Debug)]
pub struct Desk {
    pub(in crate::scheduler) ledger: Ledger,
    pub(in crate::scheduler) turns: Turns,
    pub(in crate::scheduler) conversations: Conversations,
    pub(in crate::scheduler) simulated: bool,
    pub(in crate::scheduler) saving: Saving,
    pub(in crate::scheduler) draft: String,
    pub(in crate::scheduler) last_attempt: u64,
    pub(in crate::scheduler) usual: Need,
    /// The config says so: no lane that trains, whatever the chat wants.
    no_training: bool,
    /// How lanes are chosen, but for the user's hand.
    pub(in crate::scheduler) configured: Strategy,
    /// Since when nothing new is sent.
    pub(in crate::scheduler) paused: Option<Time>,
    /// The lane that the screens were told would be next.
    pub(in crate::scheduler) announced: Option<LaneId>,
    pub(in crate::scheduler) notices: Vec<String>,
    pub(in crate::scheduler) offer: Option<String>,
    pub(in crate::scheduler) look: Look,
    pub(in crate::scheduler) endpoint: Endpoint,
    pub(in crate::scheduler) shares: Shares,
    /// Lanes are still being looked for: who finds none waits for that.
    pub(in crate::scheduler) finding: bool,
    pub(in crate::scheduler) outbox: Outbox,
    pub(in crate::scheduler) calls: Calls,
    pub(in crate::scheduler) last_call: TurnId,
    pub(in crate::scheduler) counters: Counters,
}

impl Desk {
    /// A desk with its books.
    pub fn new(opening: Opening, now: Time) -> Self {
        let mut desk = Self {
            simulated: opening.ledger.lanes().iter().any(|lane| lane.spec.simulated),
            ledger: opening.ledger,
            turns: opening.turns,
            conversations: opening.conversations,
            saving: opening.saving,
            draft: opening.draft,
            last_attempt: opening.last_attempt.map_or(0, |id| id.0),
            usual: Need { no_training: opening.no_training || opening.avoid_training, ..Need::USUAL },
            no_training: opening.no_training,
            configured: opening.strategy,
            paused: None,
            announced: None,
            notices: opening.notices,
            finding: opening.finding,
            offer: None,
            look: opening.look,
            endpoint: Endpoint::default(),
            shares: Shares::new(opening.shares, Zone::Local),
            outbox: Outbox::new(now),
            calls: Calls::default(),
            last_call: TurnId(0),
            counters: Counters::default(),
        };
        desk.follow_strategy();
        desk.announced = desk.ledger.next(desk.usual, now);
        desk
    }

    /// What is to be done since this was asked last.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        self.outbox.take()
    }

    /// Carries out a command of the subscriber with this number.
    pub fn command(&mut self, from: u16, command: Command, now: Time) {
        match command {
            Command::Ask(ask) => self.ask(*ask, from, now),
            Command::Switch { target, on, until } => {
                self.ledger.switch(&target, on, until, now);
                self.tell_ledger(None, Vec::new(), now);
                self.replan(now);
            }
            Command::AvoidTraining(avoid) => {
                self.usual.no_training = avoid || self.no_training;
                self.turns.avoid_training(avoid);
                self.calls.avoid_training(avoid);
                self.outbox.keep(Write::AvoidTraining(avoid));
                self.tell_ledger(None, Vec::new(), now);
            }
            Command::Converse(id, change) => {
                if let Some(changed) = self.conversations.change(id, change, now).cloned() {
                    self.turns.avoid_training_in(id, changed.settings.no_training);
                    self.tell_conversation(changed);
                }
            }
            Command::SwitchEndpoint { open } => self.outbox.push(Effect::SwitchEndpoint(open)),
            Command::KeepLook(look) => {
                self.look = look;
                self.outbox.keep(Write::Look(look));
            }
            Command::Set(setting) => self.set(setting, now),
            Command::Pause(paused) => self.pause(paused, now),
            // Whoever passes it on owes a snapshot.
            Command::Refresh => {}
            Command::KeepDraft(draft) => {
                self.draft.clone_from(&draft);
                self.outbox.keep(Write::Draft(draft));
            }
        }
    }

    pub(in crate::scheduler) fn tell_conversation(&mut self, changed: Conversation) {
        self.outbox.keep(Write::Conversation(Box::new(changed.clone())));
        self.outbox.tell(Report::Conversed(vec![changed]));
    }

    /// Stops a turn; what has come is kept.
    pub fn cancel(&mut self, id: TurnId, now: Time) {
        self.end_early(id, Outcome::Cancelled, &TurnState::Stopped, now);
        self.replan(now);
    }

    /// The subscriber is gone: what it asked for itself is dropped. A chat turn runs on, it belongs to the transcript.
    pub fn asker_gone(&mut self, asker: u16, now: Time) {
        for id in self.turns.of_asker(asker) {
            if self.turns.work(id).is_some_and(|work| work.turn.origin != Origin::Chat) {
                self.cancel(id, now);
            }
        }
    }

    /// Ends everything: what is in the air is interrupted.
    pub fn quit(&mut self, now: Time) {
        for id in self.turns.open_ids() {
            self.end_early(id, Outcome::Interrupted, &TurnState::Interrupted, now);
        }
        self.quit_calls(now);
    }

    /// What happens reaches the disk, or does not.
    pub fn saving(&mut self, saving: Saving) {
        if self.saving != saving {
            self.saving.clone_from(&saving);
            self.outbox.tell(Report::Saving(saving));
        }
    }

    /// News from an attempt.
    pub fn flown(&mut self, flown: Flown, now: Time) {
        if let Some(id) = self.calls.of_attempt(flown.attempt) {
            return self.call_flown(id, flown, now);
        }
        let Some(work) = self.turns.of_attempt(flown.attempt) else { return };
        let id = work.turn.id;
        let Some(lane) = work.live.as_ref().map(|live| live.lane) else { return };
        let Some(spec) = self.ledger.lanes().get(lane).map(|lane| Arc::clone(&lane.spec)) else { return };
        match flown.event {
            Event::Head(head) => {
                if (200..300).contains(&head.status)
                    && let Some(live) = &mut work.live
                {
                    let readings = entitled(headers::readings(spec.dialect, &head, now));
                    self.ledger.heard(&mut live.hold, &readings, now);
                    self.ledger.answers(&live.hold);
                }
                work.head(head);
                self.tell_work(id, true, now);
                self.replan(now);
            }
            Event::Said { text, reasoning } => {
                let (said, first) = work.said(text, reasoning, now);
                if first {
                    self.tell_work(id, true, now);
                }
                self.outbox.say(said, now);
            }
            Event::Usage(usage) => {
                if let Some(live) = &mut work.live {
                    live.attempt.usage = usage;
                }
            }
            Event::Answered => {
                let row = self.land(id, Outcome::Answered, String::new(), Settled::Used, now);
                self.close(id, TurnState::Done, row, now);
                self.replan(now);
            }
            Event::Failed(failure, reached) => self.failed(id, &failure, reached, now),
            Event::Begun | Event::Gone => {}
        }
    }

    /// Looks at what time has changed: rests that are over, turns that can go on, text to be told and kept.
    pub fn wake(&mut self, now: Time) {
        self.outbox.flush(now);
        self.flush_calls(now);
        for turn in self.turns.due_on_disk(now) {
            self.outbox.keep(Write::Turn(Box::new(turn)));
        }
        let expired = self.ledger.expire(now);
        self.replan(now);
        if expired || self.announced != self.ledger.next(self.usual, now) {
            self.tell_ledger(None, Vec::new(), now);
        }
    }

    /// When [`Desk::wake`] is due; None: only when something happens.
    pub fn next_wake(&self, now: Time) -> Option<Time> {
        let text = self.outbox.due();
        let write = self.turns.next_on_disk(now);
        let rows = self.calls.due();
        // What the lanes say is looked at again when the rows are told, at the latest.
        let lanes = if rows.is_none() { self.ledger.next_change(self.usual, now) } else { None };
        let waits = !self.turns.waiting().is_empty() || self.calls.parked() > 0;
        let look = waits.then(|| now.plus(LOOK_AGAIN));
        let waits = self.turns.waits(now).chain(self.calls.waits(now));
        let at = lanes.into_iter().chain(text).chain(write).chain(look).chain(rows).chain(waits).min();
        // Never sooner than a millisecond from now: an instant that is past has been dealt with.
        at.map(|at| at.max(now.plus(Duration::from_millis(1))).min(now.plus(Duration::from_mins(1))))
    }

    fn failed(&mut self, id: TurnId, failure: &Failure, reached: Reached, now: Time) {
        let Some(work) = self.turns.work(id) else { return };
        let Some(live) = &mut work.live else { return };
        self.ledger.refused(&mut live.hold, failure, now);
        let rest = self.ledger.rest(&live.hold, failure, now);
        let (broken_off, tries, origin) = (work.has_text(), work.turn.attempts.len(), work.turn.origin);
        if failure.class == Class::TooLarge {
            work.too_large.extend(work.turn.lane.clone().map(|lane| (lane, work.sent)));
        }
        let settled = match reached {
            _ if broken_off => Settled::Used,
            Reached::Nobody => Settled::Unsent,
            Reached::Provider => Settled::Refused,
        };
        let note = failure_note(failure, rest.as_ref(), now);
        let row = self.land(id, Outcome::Failed(failure.class), note, settled, now);
        self.keep_body(row.first(), failure);
        let over = last_word(failure, broken_off, origin, tries);
        if let Some(why) = over {
            self.close(id, TurnState::Failed(why), row, now);
        } else {
            let turn = self.turns.work(id).map(|work| work.turn.clone());
            self.tell_ledger(turn, row, now);
            self.place(id, now);
        }
        self.replan(now);
    }

    /// Keeps what came with a failure, beside its row. Not of the endpoint: a provider may quote the question there, and of
    /// what others ask nothing is kept.
    pub(in crate::scheduler) fn keep_body(&mut self, row: Option<&Attempt>, failure: &Failure) {
        let own = |row: &&Attempt| row.origin != Origin::Endpoint;
        if let (Some(row), Some(body)) = (row.filter(own), &failure.body) {
            self.outbox.keep(Write::Body(row.id, body.clone()));
        }
    }

    fn end_early(&mut self, id: TurnId, outcome: Outcome, state: &TurnState, now: Time) {
        let Some(work) = self.turns.work(id) else { return };
        if let Some(live) = &mut work.live {
            let said = text_tokens(&work.turn.answer) + text_tokens(&work.turn.reasoning);
            live.attempt.usage.output = live.attempt.usage.output.or(Some(said));
            self.outbox.push(Effect::Abort(live.attempt.id));
        }
        let row = self.land(id, outcome, String::new(), Settled::Used, now);
        self.close(id, state.clone(), row, now);
    }

    /// Takes an attempt out of the air: settles its hold, writes its row, and hands it on to be told.
    fn land(&mut self, id: TurnId, outcome: Outcome, note: String, settled: Settled, now: Time) -> Vec<Attempt> {
        self.outbox.flush_now(now);
        let Some(live) = self.turns.work(id).and_then(|work| work.land(outcome, note, now)) else { return Vec::new() };
        let usage = live.attempt.usage;
        if outcome == Outcome::Answered {
            self.usual = self.usual.following(usage);
        }
        self.ledger.settle(live.hold, usage, settled, now);
        self.counters.ended(&live.attempt);
        self.turns.record(live.attempt.clone());
        self.outbox.keep(Write::Attempt(Box::new(live.attempt.clone())));
        vec![live.attempt]
    }

    /// Ends a turn, and says so together with the row of its last attempt.
    pub(in crate::scheduler) fn close(&mut self, id: TurnId, state: TurnState, row: Vec<Attempt>, now: Time) {
        let Some(turn) = self.turns.close(id, state) else { return };
        self.outbox.keep(Write::Turn(Box::new(turn.clone())));
        self.tell_ledger(Some(turn), row, now);
    }

    /// Reports a turn and, if asked for, its attempt in the air, with what changed in the ledger.
    pub(in crate::scheduler) fn tell_work(&mut self, id: TurnId, with_attempt: bool, now: Time) {
        let Some(work) = self.turns.work(id) else { return };
        let turn = work.turn.clone();
        let attempt = work.live.as_ref().filter(|_| with_attempt).map(|live| live.attempt.clone());
        if let Some(attempt) = &attempt {
            self.turns.record(attempt.clone());
            self.outbox.keep(Write::Attempt(Box::new(attempt.clone())));
        }
        self.outbox.keep(Write::Turn(Box::new(turn.clone())));
        self.outbox.flush_now(now);
        self.tell_ledger(Some(turn), attempt.into_iter().collect(), now);
    }

    pub(in crate::scheduler) fn tell_ledger(&mut self, turn: Option<Turn>, attempts: Vec<Attempt>, now: Time) {
        let (lanes, meters) = self.ledger.take_changes();
        let writes = lanes.iter().flat_map(lane_writes).chain(meters.iter().cloned().map(Box::new).map(Write::Meter));
        for write in writes {
            self.outbox.keep(write);
        }
        self.announced = self.ledger.next(self.usual, now);
        let next = self.announced.clone();
        let moved = Moved { at: now, turn, attempts, lanes, meters, next, usual: self.usual };
        self.outbox.tell(Report::Moved(Box::new(moved)));
    }
}
