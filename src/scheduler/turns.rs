//! The book of turns and attempts: what is asked, what is in the air, what is over. Pure bookkeeping: it chooses no
//! lane and counts no quota.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Request, Turn, TurnState, Unsent, Usage};
use crate::domain::exchange::Head;
use crate::domain::ids::{AttemptId, ConversationId, LaneId, TurnId};
use crate::domain::roster::LaneSpec;
use crate::domain::standing::{Need, Target};
use crate::scheduler::ledger::Hold;
use crate::scheduler::link::{ATTEMPTS, Ask, Said, TURNS};
use crate::scheduler::patience;

/// A question that would go on so shortly before its patience ends has no time to lose.
const LEEWAY: Duration = Duration::from_secs(5);

/// Text in the air goes to the store this often: with the store's own quarter of a second, a kill costs less than one.
const WRITE_EVERY: Duration = Duration::from_millis(500);

/// A turn that is not over.
#[derive(Debug)]
pub struct Work {
    /// What the screen sees of it.
    pub turn: Turn,
    /// What is sent.
    pub request: Arc<Request>,
    /// Whose it is: the subscriber's number.
    pub asker: u16,
    /// What an attempt will take.
    pub need: Need,
    /// The turns that go along, oldest first.
    along: Vec<TurnId>,
    /// Tokens of what was sent last, estimated.
    pub sent: u64,
    /// Lanes that would not take so many tokens.
    pub too_large: Vec<(LaneId, u64)>,
    /// The only lanes that it may go to.
    pub only: Option<Target>,
    /// How long it may wait for a lane, in all.
    pub patience: Duration,
    /// Since when it waits, and for how long it has waited before.
    pub since: Time,
    waited: Duration,
    /// The lane that it waits for.
    pub awaits: Option<LaneId>,
    /// Its attempt in the air.
    pub live: Option<Live>,
    /// When its text was written last, and how many bytes it had.
    written: Option<(Time, usize)>,
}

/// What is sent of a question, and what it takes.
#[derive(Debug)]
pub struct Outgoing {
    /// What is sent.
    pub request: Arc<Request>,
    /// What an attempt will take.
    pub need: Need,
    /// What is not; None: it is whole.
    pub unsent: Option<Unsent>,
}

/// An attempt in the air.
#[derive(Debug)]
pub struct Live {
    /// Which.
    pub attempt: Attempt,
    /// What it holds.
    pub hold: Hold,
    /// The lane's place in the roster.
    pub lane: usize,
}

impl Work {
    /// A turn that has just been asked.
    pub fn new(ask: Ask, asker: u16, need: Need, now: Time) -> Self {
        let turn = Turn::new(ask.turn, ask.origin, now, ask.prompt);
        let (conversation, replaces, attachments) = (ask.conversation, ask.replaces, ask.attachments);
        let turn = Turn { attachments, conversation, replaces, ..turn };
        Self {
            turn,
            request: Arc::new(ask.request),
            asker,
            need,
            along: ask.along,
            sent: 0,
            too_large: Vec::new(),
            only: ask.only,
            patience: ask.patience.unwrap_or(patience::usual(ask.origin)),
            since: now,
            waited: Duration::ZERO,
            awaits: None,
            live: None,
            written: None,
        }
    }

    /// The lanes to which so many tokens shall not go: they would not take as many, or not even half as many more.
    pub fn not_for(&self, tokens: u64) -> Vec<LaneId> {
        let refused = self.too_large.iter().filter(|(_, refused)| tokens > refused / 2);
        refused.map(|(lane, _)| lane.clone()).collect()
    }

    /// All of it.
    pub fn whole(&self) -> Outgoing {
        Outgoing { request: Arc::clone(&self.request), need: self.need, unsent: None }
    }

    /// Without its oldest turns, so that the prompt has at most so many tokens. None: it cannot be cut to that.
    pub fn cut_to(&self, tokens: u64) -> Option<Outgoing> {
        let (request, dropped) = self.request.without_oldest(tokens).filter(|_| !self.along.is_empty())?;
        let need = Need { input: request.estimated_tokens(), ..self.need };
        let unsent = Unsent { turns: dropped as u64, from: self.along.get(dropped).copied() };
        Some(Outgoing { request: Arc::new(request), need, unsent: Some(unsent) })
    }

    /// Puts an attempt in the air.
    pub fn start(&mut self, id: AttemptId, spec: &LaneSpec, lane: usize, hold: Hold, why: String, now: Time) {
        self.waited += now.since(self.since);
        self.turn.attempts.push(id);
        self.turn.state = TurnState::Running;
        self.turn.lane = Some(spec.id.clone());
        self.turn.simulated = spec.simulated;
        let number = u32::try_from(self.turn.attempts.len()).unwrap_or(u32::MAX);
        let attempt = begun(id, self.turn.id, number, self.turn.origin, spec, why, now);
        self.live = Some(Live { attempt, hold, lane });
    }

    /// The response's beginning.
    pub fn head(&mut self, head: Head) {
        let Some(live) = &mut self.live else { return };
        live.attempt.status = Some(head.status);
        live.attempt.headers = head.headers;
    }

    /// When its patience ends. A clock set back lengthens nothing.
    pub fn deadline(&self, now: Time) -> Time {
        self.since.min(now).plus(self.patience.saturating_sub(self.waited) + patience::GRACE)
    }

    /// More text. What the screens are to be told, and whether it is the first.
    pub fn said(&mut self, text: String, reasoning: bool, now: Time) -> (Said, bool) {
        let first = match &mut self.live {
            Some(live) if live.attempt.first_token.is_none() => {
                live.attempt.first_token = Some(now.since(live.attempt.started));
                true
            }
            _ => false,
        };
        let kept = if reasoning { &mut self.turn.reasoning } else { &mut self.turn.answer };
        let from = kept.len();
        kept.push_str(&text);
        (Said { turn: self.turn.id, from, text, reasoning }, first)
    }

    /// The attempt in the air is over.
    pub fn land(&mut self, outcome: Outcome, note: String, now: Time) -> Option<Live> {
        let mut live = self.live.take()?;
        self.since = now;
        live.attempt.outcome = outcome;
        live.attempt.took = Some(now.since(live.attempt.started));
        live.attempt.note = note;
        self.turn.first_token = live.attempt.first_token;
        self.turn.took = live.attempt.took;
        self.turn.usage = live.attempt.usage;
        Some(live)
    }

    /// Whether the model has said or thought anything.
    pub const fn has_text(&self) -> bool {
        self.text_len() > 0
    }

    const fn text_len(&self) -> usize {
        self.turn.answer.len() + self.turn.reasoning.len()
    }

    /// When its text is to go to the disk; None: all of it is there.
    fn on_disk_at(&self, now: Time) -> Option<Time> {
        match self.written {
            Some((_, len)) if len == self.text_len() => None,
            // Long answers less often: each time all of it is written. A clock set back holds nothing up.
            Some((at, len)) => Some(at.min(now).plus(WRITE_EVERY * (1 + u32::try_from(len >> 18).unwrap_or(u32::MAX)))),
            None if self.has_text() => Some(now),
            None => None,
        }
    }
}

/// The row of an attempt that starts. `number`: which try of its turn it is, from 1.
pub fn begun(
    id: AttemptId,
    turn: TurnId,
    number: u32,
    origin: Origin,
    spec: &LaneSpec,
    why: String,
    now: Time,
) -> Attempt {
    Attempt {
        id,
        turn,
        number,
        origin,
        lane: spec.id.clone(),
        started: now,
        status: None,
        outcome: Outcome::Running,
        first_token: None,
        took: None,
        usage: Usage::default(),
        headers: Vec::new(),
        why,
        note: String::new(),
        simulated: spec.simulated,
    }
}

/// All turns, and the log.
#[derive(Debug, Default)]
pub struct Turns {
    works: BTreeMap<TurnId, Work>,
    over: VecDeque<Turn>,
    log: VecDeque<Attempt>,
}

impl Turns {
    /// With what was kept, oldest first.
    pub fn new(over: Vec<Turn>, log: Vec<Attempt>) -> Self {
        Self { works: BTreeMap::new(), over: over.into(), log: log.into() }
    }

    /// Whether a turn of this id was asked already.
    pub fn knows(&self, id: TurnId) -> bool {
        self.works.contains_key(&id) || self.over.iter().rev().any(|turn| turn.id == id)
    }

    /// A turn that is not over.
    pub fn work(&mut self, id: TurnId) -> Option<&mut Work> {
        self.works.get_mut(&id)
    }

    /// The turn of an attempt in the air.
    pub fn of_attempt(&mut self, id: AttemptId) -> Option<&mut Work> {
        self.works.values_mut().find(|work| work.live.as_ref().is_some_and(|live| live.attempt.id == id))
    }

    /// `avoid`: no turn goes where it may be trained on from now on, whatever it was asked with.
    pub fn avoid_training(&mut self, avoid: bool) {
        for work in self.works.values_mut() {
            work.need.no_training |= avoid;
        }
    }

    /// The same, for the turns of one conversation.
    pub fn avoid_training_in(&mut self, id: ConversationId, avoid: bool) {
        for work in self.works.values_mut().filter(|work| work.turn.conversation == id) {
            work.need.no_training |= avoid;
        }
    }

    /// Takes a new turn in.
    pub fn open(&mut self, work: Work) {
        self.works.insert(work.turn.id, work);
    }

    /// Ends a turn.
    pub fn close(&mut self, id: TurnId, state: TurnState) -> Option<Turn> {
        let mut work = self.works.remove(&id)?;
        work.turn.state = state;
        self.over.push_back(work.turn.clone());
        while self.over.len() > TURNS {
            self.over.pop_front();
        }
        Some(work.turn)
    }

    /// Turns that are not over, oldest first.
    pub fn open_ids(&self) -> Vec<TurnId> {
        self.works.keys().copied().collect()
    }

    /// Turns that wait for a lane: the person chatting first, then the oldest.
    pub fn waiting(&self) -> Vec<TurnId> {
        let mut waiting: Vec<&Work> = self.works.values().filter(|work| work.live.is_none()).collect();
        waiting.sort_by_key(|work| (work.turn.origin != Origin::Chat, work.turn.id));
        waiting.into_iter().map(|work| work.turn.id).collect()
    }

    /// The lanes that are kept from the turn `id`: those for which turns wait that go before it, and have waited for half
    /// of their patience, or would just do within it. Else small questions could pass by a large one for as long as they come.
    pub fn kept_from(&self, id: TurnId, now: Time) -> Vec<LaneId> {
        let rank = |work: &Work| (work.turn.origin != Origin::Chat, work.turn.id);
        let Some(own) = self.works.get(&id).map(rank) else { return Vec::new() };
        let before = self.works.values().filter(|work| work.live.is_none() && rank(work) < own);
        let presses = |work: &&Work| match work.turn.state {
            // As things are it would just do.
            TurnState::Waiting { until: Some(until), .. } => until.plus(LEEWAY) >= work.deadline(now),
            _ => false,
        };
        let long = before.filter(|work| now.since(work.since) >= work.patience / 2 || presses(work));
        long.filter_map(|work| work.awaits.clone()).collect()
    }

    /// The known instants at which a waiting turn may go on, or its patience ends.
    pub fn waits(&self, now: Time) -> impl Iterator<Item = Time> {
        self.works.values().filter_map(move |work| match work.turn.state {
            TurnState::Waiting { until, .. } => Some(until.unwrap_or(work.deadline(now)).min(work.deadline(now))),
            _ => None,
        })
    }

    /// Turns of one asker that are not over.
    pub fn of_asker(&self, asker: u16) -> Vec<TurnId> {
        self.works.values().filter(|work| work.asker == asker).map(|work| work.turn.id).collect()
    }

    /// Turns with text that is to go to the disk now; they count as written.
    pub fn due_on_disk(&mut self, now: Time) -> Vec<Turn> {
        let due = self.works.values_mut().filter(|work| work.on_disk_at(now).is_some_and(|at| at <= now));
        let due = due.map(|work| {
            work.written = Some((now, work.text_len()));
            work.turn.clone()
        });
        due.collect()
    }

    /// When text is to go to the disk next.
    pub fn next_on_disk(&self, now: Time) -> Option<Time> {
        self.works.values().filter_map(|work| work.on_disk_at(now)).min()
    }

    /// Puts a row into the log, or in place of its earlier state.
    pub fn record(&mut self, attempt: Attempt) {
        let is_new = self.log.back().is_none_or(|last| last.id < attempt.id);
        if !is_new && let Some(row) = self.log.iter_mut().rev().find(|row| row.id == attempt.id) {
            *row = attempt;
            return;
        }
        self.log.push_back(attempt);
        while self.log.len() > ATTEMPTS {
            self.log.pop_front();
        }
    }

    /// All turns there are, oldest first.
    pub fn all(&self) -> Vec<Turn> {
        let mut all: Vec<Turn> = self.over.iter().chain(self.works.values().map(|work| &work.turn)).cloned().collect();
        all.sort_by_key(|turn| turn.id);
        all
    }

    /// The log, oldest first.
    pub fn log(&self) -> Vec<Attempt> {
        self.log.iter().cloned().collect()
    }
}
