//! What is done at the setup.

use crate::app::action::{Edit, Move};
use crate::app::message::Effect;
use crate::app::offer::{Heard, Wanted};
use crate::app::setup::{Next, Setup};
use crate::app::state::{App, Overlay};

impl App {
    /// Opens the setup; what there is comes soon.
    pub(in crate::app) fn open_setup(&mut self, by_itself: bool) -> Vec<Effect> {
        self.open(Overlay::Setup(Box::new(Setup::new(by_itself))));
        vec![Effect::Setup(Wanted::Offers)]
    }

    /// A real start without any lane: the setup opens by itself, and goes when lanes come before it is used.
    pub(in crate::app) fn offer_setup(&mut self, first: bool) -> Vec<Effect> {
        let lanes = !self.roster.lanes.is_empty();
        if let Some(Overlay::Setup(setup)) = &self.overlay
            && setup.by_itself
            && lanes
        {
            self.overlay = None;
        }
        if first && !lanes && !self.simulated && self.overlay.is_none() { self.open_setup(true) } else { Vec::new() }
    }

    /// Enter in the setup.
    pub(in crate::app) fn take_setup(&mut self) -> Vec<Effect> {
        let Some(Overlay::Setup(setup)) = &mut self.overlay else { return Vec::new() };
        match setup.enter() {
            Next::Stay => Vec::new(),
            Next::Test(wanted) => vec![Effect::Setup(wanted)],
            Next::Close => {
                self.overlay = None;
                Vec::new()
            }
            Next::Begin => vec![Effect::GoReal],
        }
    }

    /// What was heard for the setup.
    pub(in crate::app) fn hear_setup(&mut self, heard: Heard) {
        if let Some(Overlay::Setup(setup)) = &mut self.overlay {
            setup.take_in(heard);
        }
    }
}

impl Setup {
    /// Changes what is typed.
    pub(in crate::app) fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::CutToHead => self.delete(true),
            Edit::DeleteBack | Edit::DeleteWordBack => self.delete(false),
            _ => {}
        }
    }

    /// Goes through the providers.
    pub(in crate::app) fn step(&mut self, way: Move) {
        self.go(match way {
            Move::Up | Move::PreviousTurn => -1,
            Move::Down | Move::NextTurn => 1,
            Move::PageUp | Move::HalfUp => -5,
            Move::PageDown | Move::HalfDown => 5,
            Move::First => isize::MIN,
            Move::Last => isize::MAX,
        });
    }
}
