//! What the ledger tells of the lanes beside the choice itself: why one was picked, who comes back when, what is left.
//! Reads; changes nothing.

use crate::domain::clock::Time;
use crate::domain::ids::LaneId;
use crate::domain::standing::Need;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::call::{Cause, Left};
use crate::scheduler::rotation::{Choice, Wish, cause, choose, waiting, why};

impl Ledger {
    /// The lane that takes an attempt of `need`, and why. `shown`: the lane that the screens had as next.
    pub fn pick_and_why(&self, need: Need, shown: Option<&LaneId>, wish: Wish<'_>, now: Time) -> (Choice, String) {
        let strategy = self.strategy_of(wish);
        let seats = self.seats_for(need, strategy, now);
        let choice = choose(&seats, &self.place, strategy, wish, now);
        let why = match &choice {
            Choice::Lane(pick) => why(&seats, &self.place, pick, shown, wish),
            Choice::Wait { .. } | Choice::Nobody(_) => String::new(),
        };
        (choice, why)
    }

    /// Who may come back when, soonest first: the lanes that waiting may help, each with its reason.
    pub fn comebacks(&self, need: Need, wish: Wish<'_>, now: Time) -> Vec<(LaneId, String, Option<Time>)> {
        let mut all: Vec<(LaneId, String, Option<Time>)> = waiting(&self.seats(need, now), wish)
            .map(|seat| (seat.lane.spec.id.clone(), seat.standing.reason(), seat.standing.until(now)))
            .collect();
        all.sort_by_key(|(_, _, until)| (until.is_none(), *until));
        all
    }

    /// To how many tokens of prompt a conversation may be cut that no lane takes whole, the largest number first.
    pub fn rooms(&self, need: Need, wish: Wish<'_>, now: Time) -> Vec<u64> {
        let lanes = self.lanes().iter().zip(&self.sides).filter(|(lane, _)| {
            let only = wish.only.is_none_or(|only| only.covers(&lane.spec.id));
            only && lane.off().is_none() && !lane.stands(std::iter::empty(), Need { input: 0, ..need }, now).is_out()
        });
        let rooms = lanes.filter_map(|(lane, side)| lane.room(self.books.at(&side.draws), need));
        // What is left of a limit may be less than all of it.
        let mut rooms: Vec<u64> = rooms.flat_map(|room| (0..6).map(move |halved| room >> halved)).collect();
        rooms.sort_unstable_by(|one, other| other.cmp(one));
        rooms.dedup();
        rooms
    }

    /// What is to be done about it that none can, and waiting does not help.
    pub fn cause(&self, need: Need, wish: Wish<'_>, now: Time) -> Cause {
        cause(&self.seats(need, now), wish)
    }

    /// What the limits of a lane have left.
    pub fn left(&self, lane: usize, now: Time) -> Vec<Left> {
        self.sides.get(lane).map(|side| self.books.left(&side.draws, now)).unwrap_or_default()
    }
}
