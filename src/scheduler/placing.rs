//! How a question gets to a lane, waits for one, or is told that none will come.

use crate::domain::ability::Wants;
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::{Origin, TurnState};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::standing::{Need, Target};
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::Effect;
use crate::scheduler::link::Ask;
use crate::scheduler::link::call::{Route, Wanted};
use crate::scheduler::patience;
use crate::scheduler::rotation::{Choice, Wish};
use crate::scheduler::turns::Work;
use crate::store::write::Write;

impl Desk {
    pub(in crate::scheduler) fn ask(&mut self, ask: Ask, asker: u16, now: Time) {
        if self.turns.knows(ask.turn) {
            return;
        }
        let most = ask.request.params.max_tokens;
        let (output, sure_output) = (most.unwrap_or(self.usual.output), most.unwrap_or(0));
        let kept_off = self.conversations.get(ask.conversation).is_some_and(|one| one.settings.no_training);
        let no_training = self.usual.no_training || ask.no_training || kept_off;
        let need = Need {
            input: ask.request.estimated_tokens(),
            output,
            sure_output,
            no_training,
            others: !origin_is_users(ask.origin),
        };
        let (id, origin) = (ask.turn, ask.origin);
        if let (Origin::Probe, Some(Target::Lane(only))) = (origin, &ask.only) {
            self.ledger.try_again(only);
        }
        if origin == Origin::Chat
            && let Some(changed) = self.conversations.asked(ask.conversation, &ask.prompt, now).cloned()
        {
            self.tell_conversation(changed);
        }
        let work = Work::new(ask, asker, need, now);
        self.outbox.keep(Write::Turn(Box::new(work.turn.clone())));
        self.turns.open(work);
        self.place(id, now);
    }

    /// Sends a turn to a lane, or lets it wait, or ends it.
    pub(in crate::scheduler) fn place(&mut self, id: TurnId, now: Time) {
        self.ledger.expire(now);
        if self.paused.is_some() {
            return self.hold_turn(id, now);
        }
        let kept = self.turns.kept_from(id, now);
        let Some(work) = self.turns.work(id) else { return };
        let tried = work.not_for(u64::MAX);
        let sees = work.request.has_images().then(|| Wanted {
            route: Route::Any,
            strategy: None,
            wants: Wants { vision: true, ..Wants::default() },
            patience: work.patience,
            rank: 0,
            share: None,
        });
        let wish = Wish { tried: &tried, only: work.only.as_ref(), kept: &kept, wanted: sees.as_ref() };
        let shown = self.announced.as_ref().filter(|_| work.only.is_none());
        let mut outgoing = work.whole();
        let (mut choice, mut why) = self.ledger.pick_and_why(outgoing.need, shown, wish, now);
        let hopes = |choice: &Choice| has_hope(choice, work.deadline(now), now);
        if !(hopes(&choice) || self.finding && work.turn.state.is_new()) {
            for room in self.ledger.rooms(outgoing.need, wish, now) {
                let Some(cut) = work.cut_to(room) else { continue };
                let tried = work.not_for(cut.need.input);
                let (other, because) = self.ledger.pick_and_why(cut.need, None, Wish { tried: &tried, ..wish }, now);
                if hopes(&other) {
                    (outgoing, choice, why) = (cut, other, because);
                    break;
                }
            }
        }
        match choice {
            Choice::Lane(pick) => {
                let Some(spec) = self.ledger.spec(pick.lane) else { return };
                let Some(hold) = self.ledger.dispatch(&pick, outgoing.need, now) else { return };
                self.last_attempt += 1;
                let attempt = AttemptId(self.last_attempt);
                work.start(attempt, &spec, pick.lane, hold, why, now);
                work.sent = outgoing.need.input;
                work.turn.unsent = outgoing.unsent;
                let request = outgoing.request;
                self.outbox.keep(Write::LastAccount(spec.account()));
                self.tell_work(id, true, now);
                self.outbox.push(Effect::Fly { attempt, lane: spec, request });
            }
            Choice::Wait { until, on, lane, unsure } => {
                if !has_hope(
                    &Choice::Wait { until, on: String::new(), lane: lane.clone(), unsure },
                    work.deadline(now),
                    now,
                ) {
                    let comebacks = self.ledger.comebacks(work.need, wish, now);
                    let why = patience::refusal(&comebacks, work.patience, Zone::Local, now);
                    return self.close(id, TurnState::Failed(why), Vec::new(), now);
                }
                work.awaits = Some(lane);
                let state = TurnState::Waiting { until, on };
                if work.turn.state == state {
                    return;
                }
                let (is_new, need) = (!matches!(work.turn.state, TurnState::Waiting { .. }), work.need);
                work.turn.state = state;
                work.turn.lane = None;
                if is_new {
                    self.ledger.narrow_spent(need, now);
                }
                if is_new && self.turns.waiting().len() > patience::WAITING {
                    return self.close(id, TurnState::Failed(patience::TOO_MANY.into()), Vec::new(), now);
                }
                self.tell_work(id, false, now);
            }
            Choice::Nobody(_) if self.finding && work.turn.state.is_new() => {}
            Choice::Nobody(why) => {
                self.close(id, TurnState::Failed(format!("no lane can answer this: {why}")), Vec::new(), now);
            }
        }
    }

    /// Lets everything that waits look for a lane again.
    pub(in crate::scheduler) fn replan(&mut self, now: Time) {
        for id in self.turns.waiting() {
            self.place(id, now);
        }
        self.replan_calls(now);
    }
}

/// Whether the person at the dashboard asks by hand: what is kept back is for them.
const fn origin_is_users(origin: Origin) -> bool {
    matches!(origin, Origin::Chat | Origin::Probe)
}

/// Whether a lane will take it in time. Beyond its patience nothing is waited for; nor is there a lane in time if the
/// first comes back later.
fn has_hope(choice: &Choice, deadline: Time, now: Time) -> bool {
    match choice {
        Choice::Lane(_) => true,
        Choice::Wait { until, unsure, .. } => {
            deadline > now && (*unsure || until.is_none_or(|until| until <= deadline))
        }
        Choice::Nobody(_) => false,
    }
}
