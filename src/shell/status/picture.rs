//! How things stand: as the owner reports it, or as a start would find it on the disk.

use crate::app::roster::Roster;
use crate::domain::clock::Time;
use crate::domain::hand::Control;
use crate::domain::roster::Strategy;
use crate::domain::standing::{LaneState, Need, Standing};
use crate::scheduler::kept::Kept;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::{Report, Snapshot};
use crate::shell::visit::{NotDone, Place};
use crate::store::load::Loaded;

/// How things stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Lanes and limits.
    pub roster: Roster,
    /// What a turn of usual size takes.
    pub usual: Need,
    /// All providers are simulated.
    pub simulated: bool,
    /// The process that holds the folder; None: nobody does, and this is what was kept.
    pub owner: Option<u32>,
    /// When something was kept last that is in here; None: nothing yet, or there is an owner.
    pub as_of: Option<Time>,
    /// How the rotation is set.
    pub control: Control,
    /// Accounts whose lanes are known only while roundel runs.
    pub unknown: Vec<String>,
}

impl Picture {
    /// As its owner has it.
    pub fn live(snapshot: Snapshot, owner: u32) -> Self {
        let roster =
            Roster { lanes: snapshot.lanes, meters: snapshot.meters, next: snapshot.next, ..Roster::default() };
        let (usual, simulated, control) = (snapshot.usual, snapshot.simulated, snapshot.control);
        Self { roster, usual, simulated, owner: Some(owner), as_of: None, control, unknown: Vec::new() }
    }

    /// As it was kept: the same that a start would make of it.
    pub fn kept(place: &Place, loaded: Loaded, now: Time) -> Result<Self, NotDone> {
        let assembly = &place.sources.assembly;
        let no_training = loaded.avoid_training || !place.demo && assembly.avoid_training;
        let usual = Need { no_training, ..Need::USUAL };
        let as_of = newest(&loaded);
        let mut ledger = Ledger::new(place.lanes()?, kept_of(&loaded), now);
        let configured = if place.demo { Strategy::Even } else { assembly.strategy };
        ledger.set_strategy(loaded.hand.strategy.unwrap_or(configured));
        ledger.remember(loaded.attempts.iter());
        let next = ledger.next(usual, now);
        let roster = Roster { lanes: ledger.in_order(), meters: ledger.meters().to_vec(), next, ..Roster::default() };
        let discover = assembly.discover.iter().filter(|_| !place.demo);
        let unknown = discover.map(|one| one.account().to_string()).collect();
        let control = Control { hand: loaded.hand, strategy: ledger.strategy(), order: ledger.order(), paused: None };
        Ok(Self { roster, usual, simulated: place.demo, owner: None, as_of, control, unknown })
    }

    /// Takes in a report. Whether it changed anything.
    pub fn hear(&mut self, report: Report) -> bool {
        match report {
            Report::Snapshot(snapshot) => {
                let owner = self.owner.unwrap_or_default();
                *self = Self::live(*snapshot, owner);
                true
            }
            Report::Moved(moved) => {
                self.usual = moved.usual;
                self.roster.merge(moved.lanes, moved.meters, moved.next);
                true
            }
            Report::Controlled(control) => {
                self.control = *control;
                true
            }
            Report::Said(_) | Report::Saving(_) | Report::Conversed(_) | Report::Refused(..) => false,
        }
    }

    /// How a lane stands for a turn of usual size.
    pub fn standing(&self, lane: &LaneState, now: Time) -> Standing {
        self.roster.standing(lane, self.usual, now)
    }

    /// How many lanes can answer, of how many that are not only listed.
    pub fn ready(&self, now: Time) -> (usize, usize) {
        let chosen = || self.roster.chosen();
        (chosen().filter(|lane| self.standing(lane, now) == Standing::Ready).count(), chosen().count())
    }
}

/// What a ledger begins with.
pub fn kept_of(loaded: &Loaded) -> Kept {
    Kept {
        meters: loaded.meters.clone(),
        rests: loaded.rests.clone(),
        switches: loaded.switches.clone(),
        last_account: loaded.last_account.clone(),
        hand: loaded.hand.clone(),
        unsettled: loaded.unsettled.clone(),
    }
}

fn newest(loaded: &Loaded) -> Option<Time> {
    let attempts = loaded.attempts.iter().map(|one| one.started.plus(one.took.unwrap_or_default()));
    let meters = loaded.meters.iter().map(|meter| meter.basis.at);
    let rests = loaded.rests.iter().map(|rest| rest.since);
    attempts.chain(meters).chain(rests).chain(loaded.switches.iter().map(|switch| switch.since)).max()
}
