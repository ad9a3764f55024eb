//! The book of calls: what the endpoint asks that is not over, and the log rows that nobody was told of yet. Pure
//! bookkeeping: it chooses no lane and counts no quota. Rows are told together, at most thirty times a second: a burst of
//! calls costs the screens and the disk one report.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::clock::Time;
use crate::domain::ids::{AttemptId, LaneId, TurnId};
use crate::domain::standing::Need;
use crate::scheduler::link::call::Wanted;
use crate::scheduler::patience;
use crate::scheduler::turns::Live;

/// The least time between two tellings.
const EVERY: Duration = Duration::from_millis(33);

/// A call that is not over.
#[derive(Debug)]
pub struct Errand {
    /// Who may answer, and when.
    pub wanted: Wanted,
    /// What an attempt will take.
    pub need: Need,
    /// When it came.
    pub asked: Time,
    /// Lanes that shall not be tried again.
    pub tried: Vec<LaneId>,
    /// What was wrong with the request, in the words of a lane that perhaps only cannot do it.
    pub fault: Option<String>,
    /// Tries so far.
    pub tries: u32,
    /// Its attempt in the air.
    pub live: Option<Live>,
    /// It waits, and the instant at which a lane may take it, if known.
    pub parked: Option<Option<Time>>,
}

impl Errand {
    /// A call that has just come.
    pub const fn new(wanted: Wanted, need: Need, now: Time) -> Self {
        Self { wanted, need, asked: now, tried: Vec::new(), fault: None, tries: 0, live: None, parked: None }
    }

    /// When its patience ends. A clock set back lengthens nothing.
    pub fn deadline(&self, now: Time) -> Time {
        self.asked.min(now).plus(self.wanted.patience + patience::GRACE)
    }
}

/// All calls that are not over.
#[derive(Debug, Default)]
pub struct Calls {
    open: HashMap<TurnId, Errand>,
    flights: HashMap<AttemptId, TurnId>,
    /// Those that wait, in the order in which they are served.
    parked: BTreeSet<(u8, TurnId)>,
    rows: BTreeMap<AttemptId, Attempt>,
    told: Option<Time>,
}

impl Calls {
    /// Takes a new call in.
    pub fn open(&mut self, id: TurnId, errand: Errand) {
        self.open.insert(id, errand);
    }

    /// A call that is not over.
    pub fn get(&mut self, id: TurnId) -> Option<&mut Errand> {
        self.open.get_mut(&id)
    }

    /// `avoid`: no call goes where it may be trained on from now on.
    pub fn avoid_training(&mut self, avoid: bool) {
        for errand in self.open.values_mut() {
            errand.need.no_training |= avoid;
        }
    }

    /// Whether there is a call of this id.
    pub fn knows(&self, id: TurnId) -> bool {
        self.open.contains_key(&id)
    }

    /// The call of an attempt in the air.
    pub fn of_attempt(&self, id: AttemptId) -> Option<TurnId> {
        self.flights.get(&id).copied()
    }

    /// Puts an attempt of a call in the air.
    pub fn fly(&mut self, id: TurnId, live: Live) {
        self.unpark(id);
        self.flights.insert(live.attempt.id, id);
        if let Some(errand) = self.open.get_mut(&id) {
            errand.live = Some(live);
        }
    }

    /// Takes the attempt of a call out of the air.
    pub fn land(&mut self, id: TurnId) -> Option<Live> {
        let live = self.open.get_mut(&id)?.live.take()?;
        self.flights.remove(&live.attempt.id);
        Some(live)
    }

    /// Lets a call wait; true: it did not before.
    pub fn park(&mut self, id: TurnId, until: Option<Time>) -> bool {
        let Some(errand) = self.open.get_mut(&id) else { return false };
        let is_new = errand.parked.is_none();
        errand.parked = Some(until);
        self.parked.insert((errand.wanted.rank, id));
        is_new
    }

    fn unpark(&mut self, id: TurnId) {
        if let Some(errand) = self.open.get_mut(&id).filter(|errand| errand.parked.is_some()) {
            errand.parked = None;
            self.parked.remove(&(errand.wanted.rank, id));
        }
    }

    /// Ends a call.
    pub fn close(&mut self, id: TurnId) -> Option<Errand> {
        self.unpark(id);
        self.open.remove(&id)
    }

    /// Those that wait, in the order in which they are served.
    pub fn waiting(&self) -> Vec<TurnId> {
        self.parked.iter().map(|(_, id)| *id).collect()
    }

    /// How many wait.
    pub fn parked(&self) -> usize {
        self.parked.len()
    }

    /// All that are not over.
    pub fn ids(&self) -> Vec<TurnId> {
        self.open.keys().copied().collect()
    }

    /// The known instants at which one that waits may go on, or its patience ends.
    pub fn waits(&self, now: Time) -> Option<Time> {
        let parked = self.parked.iter().filter_map(|(_, id)| self.open.get(id));
        parked.map(|one| one.parked.flatten().unwrap_or(one.deadline(now)).min(one.deadline(now))).min()
    }

    /// A row that is new or has changed.
    pub fn record(&mut self, attempt: Attempt) {
        self.rows.insert(attempt.id, attempt);
    }

    /// When rows are to be told; None: none waits.
    pub fn due(&self) -> Option<Time> {
        (!self.rows.is_empty()).then(|| self.told.map_or(Time::from_ms(0), |told| told.plus(EVERY)))
    }

    /// Whether rows are to be told at `now`. A clock set back holds nothing up.
    pub fn is_due(&self, now: Time) -> bool {
        self.due().is_some_and(|due| due <= now || self.told.is_some_and(|told| told > now))
    }

    /// The rows to be told.
    pub fn take(&mut self, now: Time) -> Vec<Attempt> {
        if !self.rows.is_empty() {
            self.told = Some(now);
        }
        std::mem::take(&mut self.rows).into_values().collect()
    }
}
