//! The desk for what the endpoint asks: the same books, the same rotation, the same log rows, but no turn and no text.
//! Pure, as the desk is.
//!
//! ```text
//!             ┌── no lane now ──▶ parked ──(a lane reopens)──┐
//!  call ▶ place ─▶ in the air ──▶ answered                   │
//!           ▲           ├── failed before it began ──────────┤
//!           └───────────┼────────────────────────────────────┘
//!                       └── broken off, asker gone ─▶ over      out of patience, unable ─▶ refused
//! ```

use std::time::Duration;

use crate::domain::ability::Ability;
use crate::domain::attempt::Outcome;
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::Origin;
use crate::domain::failure::{Class, Failure};
use crate::domain::headers;
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::roster::LaneSpec;
use crate::domain::standing::Need;
use crate::providers::wire::outline::Outline;
use crate::scheduler::books::Settled;
use crate::scheduler::calls::Errand;
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::{Effect, MOST_ATTEMPTS, entitled, failure_note};
use crate::scheduler::flight::{Event, Flown, Reached};
use crate::scheduler::link::call::{Begun, Cause, Refused, View, Wanted};
use crate::scheduler::link::turn_id;
use crate::scheduler::patience;
use crate::scheduler::rotation::{Choice, Wish};
use crate::scheduler::turns::{Live, begun};
use crate::store::write::Write;

impl Desk {
    /// The id under which a call is about to be asked.
    pub fn next_call(&mut self, now: Time) -> TurnId {
        loop {
            self.last_call = turn_id(now, 0, self.last_call);
            if !self.turns.knows(self.last_call) {
                return self.last_call;
            }
        }
    }

    /// Somebody asks at the endpoint.
    pub fn call(&mut self, id: TurnId, asked: &Outline, wanted: Wanted, now: Time) {
        let need = Need {
            input: asked.input,
            output: asked.max_tokens.unwrap_or(self.usual.output),
            sure_output: asked.max_tokens.unwrap_or(0),
            no_training: self.usual.no_training,
            others: true,
        };
        let wanted = Wanted { wants: wanted.wants.and(asked.wants), ..wanted };
        let taken = wanted.share.as_ref().map(|share| self.shares.take(share, now));
        let name = wanted.share.clone();
        self.calls.open(id, Errand::new(wanted, need, now));
        match (taken, name) {
            (Some(Err(until)), Some(share)) => {
                let (name, most) = (share.name, share.per_day);
                let words = format!("the token `{name}` has made its {most} requests of today; more at midnight");
                self.refuse(id, Cause::Share, words, Some(until.since(now)));
            }
            (taken, _) => {
                if let Some(Ok(taken)) = taken {
                    self.outbox.keep(Write::Share(taken));
                }
                self.place_call(id, now);
            }
        }
        self.flush_calls(now);
    }

    /// The asker of a call that waits has gone.
    pub fn caller_gone(&mut self, id: TurnId, now: Time) {
        // An attempt in the air looks after its asker by itself.
        if self.calls.get(id).is_some_and(|errand| errand.live.is_none()) {
            let _ = self.calls.close(id);
            self.outbox.push(Effect::Forget(id));
            self.replan(now);
        }
    }

    /// How things stand.
    pub fn view(&self, now: Time) -> View {
        View {
            at: now,
            lanes: self.ledger.lanes().to_vec(),
            meters: self.ledger.meters().to_vec(),
            counts: self.counters.counts(),
            waited: self.counters.waits(),
            parked: self.calls.parked() + self.turns.waiting().len(),
        }
    }

    /// News from an attempt of a call.
    pub(in crate::scheduler) fn call_flown(&mut self, id: TurnId, flown: Flown, now: Time) {
        let Some(live) = self.calls.get(id).and_then(|errand| errand.live.as_mut()) else { return };
        match flown.event {
            Event::Head(head) => {
                let Some(spec) = self.ledger.spec(live.lane) else { return };
                if (200..300).contains(&head.status) {
                    let told = entitled(headers::readings(spec.dialect, &head, now));
                    self.ledger.heard(&mut live.hold, &told, now);
                    self.ledger.answers(&live.hold);
                }
                live.attempt.status = Some(head.status);
                live.attempt.headers = head.headers;
                self.replan(now);
            }
            Event::Begun => {
                live.attempt.first_token = Some(now.since(live.attempt.started));
                let row = live.attempt.clone();
                self.calls.record(row);
            }
            Event::Usage(usage) => {
                let input = usage.input.or(live.attempt.usage.input);
                live.attempt.usage.output = usage.output.or(live.attempt.usage.output);
                live.attempt.usage.input = input;
            }
            Event::Answered => {
                // An answer in one has its first token with its last.
                live.attempt.first_token.get_or_insert(now.since(live.attempt.started));
                self.end_call(id, Outcome::Answered, now);
            }
            Event::Gone => self.end_call(id, Outcome::Cancelled, now),
            Event::Failed(failure, reached) => self.call_failed(id, &failure, reached, now),
            Event::Said { .. } => {}
        }
        self.flush_calls(now);
    }

    /// Lets the calls that wait look for a lane again.
    pub(in crate::scheduler) fn replan_calls(&mut self, now: Time) {
        for id in self.calls.waiting() {
            self.place_call(id, now);
        }
    }

    /// Ends all calls: what is in the air is interrupted.
    pub(in crate::scheduler) fn quit_calls(&mut self, now: Time) {
        for id in self.calls.ids() {
            if let Some(live) = self.calls.get(id).and_then(|errand| errand.live.as_ref()) {
                self.outbox.push(Effect::Abort(live.attempt.id));
            }
            self.land_call(id, Outcome::Interrupted, String::new(), Settled::Used, now);
            self.refuse(id, Cause::Nobody, "roundel is ending".into(), None);
        }
        self.tell_calls(now);
    }

    /// Tells the rows that are due.
    pub(in crate::scheduler) fn flush_calls(&mut self, now: Time) {
        if self.calls.is_due(now) {
            self.tell_calls(now);
        }
    }

    fn tell_calls(&mut self, now: Time) {
        let rows = self.calls.take(now);
        if rows.is_empty() {
            return;
        }
        if let Some(last) = rows.last() {
            self.outbox.keep(Write::LastAccount(last.lane.account()));
        }
        for row in &rows {
            self.turns.record(row.clone());
            self.outbox.keep(Write::Attempt(Box::new(row.clone())));
        }
        self.tell_ledger(None, rows, now);
    }

    /// Sends a call to a lane, or lets it wait, or refuses it.
    fn place_call(&mut self, id: TurnId, now: Time) {
        self.ledger.expire(now);
        if self.paused.is_some() {
            return self.hold_call(id, now);
        }
        let Some(errand) = self.calls.get(id) else { return };
        let wish = Wish { tried: &errand.tried, wanted: Some(&errand.wanted), ..Wish::default() };
        let (need, tries) = (errand.need, errand.tries);
        let (choice, why) = self.ledger.pick_and_why(need, None, wish, now);
        match choice {
            Choice::Lane(pick) => {
                let Some(spec) = self.ledger.spec(pick.lane) else { return };
                let Some(hold) = self.ledger.dispatch(&pick, need, now) else { return };
                errand.tries += 1;
                let (number, wait) = (errand.tries, now.since(errand.asked));
                if number == 1 {
                    self.counters.waited(wait);
                }
                self.last_attempt += 1;
                let attempt = AttemptId(self.last_attempt);
                let row = begun(attempt, id, number, Origin::Endpoint, &spec, why, now);
                let answer = Begun {
                    lane: spec.id.clone(),
                    attempts: number,
                    wait,
                    simulated: spec.simulated,
                    left: self.ledger.left(pick.lane, now),
                };
                self.calls.record(row.clone());
                self.calls.fly(id, Live { attempt: row, hold, lane: pick.lane });
                self.outbox.push(Effect::Pass { attempt, lane: spec, call: id, begun: Box::new(answer) });
            }
            Choice::Wait { until, unsure, .. } => {
                let (deadline, patience) = (errand.deadline(now), errand.wanted.patience);
                let full = errand.parked.is_none() && self.calls.parked() >= patience::WAITING;
                if deadline <= now || !unsure && until.is_some_and(|until| until > deadline) || full {
                    let Some(errand) = self.calls.get(id) else { return };
                    let wish = Wish { tried: &errand.tried, wanted: Some(&errand.wanted), ..Wish::default() };
                    let comebacks = self.ledger.comebacks(need, wish, now);
                    let first = comebacks.iter().find_map(|(_, _, until)| *until);
                    let retry = first.map(|until| until.since(now).max(Duration::from_secs(1)));
                    let words = if full {
                        patience::TOO_MANY.into()
                    } else {
                        patience::refusal(&comebacks, patience, Zone::Local, now)
                    };
                    return self.refuse(id, Cause::Busy, words, retry);
                }
                self.park(id, until, need, now);
            }
            Choice::Nobody(_) if self.finding && tries == 0 && errand.deadline(now) > now => {
                self.park(id, None, need, now);
            }
            Choice::Nobody(why) => {
                if let Some(fault) = errand.fault.take() {
                    return self.refuse(id, Cause::BadRequest, fault, None);
                }
                let cause = self.ledger.cause(need, wish, now);
                self.refuse(id, cause, format!("no lane can answer this: {why}"), None);
            }
        }
    }

    fn park(&mut self, id: TurnId, until: Option<Time>, need: Need, now: Time) {
        if self.calls.park(id, until) {
            self.ledger.narrow_spent(need, now);
            self.outbox.push(Effect::Park(id));
        }
    }

    pub(in crate::scheduler) fn refuse(&mut self, id: TurnId, cause: Cause, words: String, retry: Option<Duration>) {
        let Some(errand) = self.calls.close(id) else { return };
        // Who asked nobody has had nothing of the day.
        let unasked = errand.wanted.share.as_ref().filter(|_| errand.tries == 0 && cause != Cause::Share);
        if let Some(taken) = unasked.and_then(|share| self.shares.give_back(share)) {
            self.outbox.keep(Write::Share(taken));
        }
        let refused = Refused { cause, words, retry, attempts: errand.tries };
        self.outbox.push(Effect::Refuse(id, Box::new(refused)));
        self.outbox.push(Effect::Forget(id));
    }

    fn end_call(&mut self, id: TurnId, outcome: Outcome, now: Time) {
        self.land_call(id, outcome, String::new(), Settled::Used, now);
        let _ = self.calls.close(id);
        self.outbox.push(Effect::Forget(id));
        self.replan(now);
    }

    fn call_failed(&mut self, id: TurnId, failure: &Failure, reached: Reached, now: Time) {
        let Some(errand) = self.calls.get(id) else { return };
        let Some(live) = &mut errand.live else { return };
        let Some(spec) = self.ledger.spec(live.lane) else { return };
        let broken_off = live.attempt.first_token.is_some();
        self.ledger.refused(&mut live.hold, failure, now);
        let rest = self.ledger.rest(&live.hold, failure, now);
        let perhaps_unable = failure.class == Class::BadRequest && may_lack(&spec, &errand.wanted, &failure.message);
        if failure.class == Class::TooLarge || perhaps_unable {
            errand.tried.push(spec.id.clone());
        }
        if perhaps_unable {
            errand.fault = Some(failure.message.clone());
        }
        let tries = usize::try_from(errand.tries).unwrap_or(usize::MAX);
        let settled = match reached {
            _ if broken_off => Settled::Used,
            Reached::Nobody => Settled::Unsent,
            Reached::Provider => Settled::Refused,
        };
        let note = failure_note(failure, rest.as_ref(), now);
        let row = self.calls.get(id).and_then(|errand| errand.live.as_ref()).map(|live| live.attempt.clone());
        self.keep_body(row.as_ref(), failure);
        self.land_call(id, Outcome::Failed(failure.class), note, settled, now);
        if broken_off {
            // The asker was told by the attempt itself.
            let _ = self.calls.close(id);
            self.outbox.push(Effect::Forget(id));
        } else if failure.class == Class::BadRequest && !perhaps_unable {
            self.refuse(id, Cause::BadRequest, failure.message.clone(), None);
        } else if tries >= MOST_ATTEMPTS {
            let words = format!("{tries} tries failed, the last one: {}", failure.message);
            self.refuse(id, Cause::Failed, words, None);
        } else {
            self.place_call(id, now);
        }
        self.replan(now);
    }

    fn land_call(&mut self, id: TurnId, outcome: Outcome, note: String, settled: Settled, now: Time) {
        let Some(Live { mut attempt, hold, .. }) = self.calls.land(id) else { return };
        attempt.outcome = outcome;
        attempt.took = Some(now.since(attempt.started));
        attempt.note = note;
        if outcome == Outcome::Answered {
            self.usual = self.usual.following(attempt.usage);
        }
        self.ledger.settle(hold, attempt.usage, settled, now);
        self.counters.ended(&attempt);
        self.calls.record(attempt);
    }
}

/// Whether a refusal may mean that this lane lacks what nobody knew it to have: another one may not.
fn may_lack(lane: &LaneSpec, wanted: &Wanted, words: &str) -> bool {
    let words = words.to_lowercase();
    wanted.wants.abilities().any(|ability| {
        let named: &[&str] = match ability {
            Ability::Tools => &["tool", "function"],
            Ability::Vision => &["image", "vision", "multimodal", "content type"],
            Ability::Json => &["json", "response_format", "schema", "grammar"],
        };
        lane.abilities.is_unknown(ability) && named.iter().any(|word| words.contains(word))
    })
}
