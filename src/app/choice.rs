//! The selected turn of the chat: what is done to one turn is done to that one. The chosen one while it is seen, else
//! one that is.

use crate::app::laid::Cell;
use crate::app::transcript::Transcript;
use crate::domain::ids::TurnId;

impl Transcript {
    /// Chooses the next turn.
    pub fn choose_next(&mut self) {
        if let Some(at) = self.selected_place() {
            self.choose(at + 1);
        }
    }

    /// Chooses the turn before, or shows the beginning of the selected one.
    pub fn choose_before(&mut self) {
        if let Some(at) = self.selected_place() {
            let head_is_seen = self.top() <= (at, 0);
            self.choose(if head_is_seen { at.saturating_sub(1) } else { at });
        }
    }

    /// The turn that is meant by what is done to one: the chosen one while it is seen, else one that is.
    pub fn selected(&self) -> Option<&Cell> {
        self.cells.get(self.selected_place()?)
    }

    fn selected_place(&self) -> Option<usize> {
        let (first, row) = self.top();
        let last = self.last_seen()?;
        let chosen = self.chosen.and_then(|turn| self.place_of(turn)).filter(|at| (first..=last).contains(at));
        let beginning = if row == 0 { first } else { (first + 1).min(last) };
        chosen.or(Some(if self.follow { last } else { beginning }))
    }

    /// Chooses a turn by its place, and shows its beginning.
    fn choose(&mut self, at: usize) {
        let at = at.min(self.cells.len().saturating_sub(1));
        self.chosen = self.cells.get(at).map(|cell| cell.turn.id);
        let seen = self.top() <= (at, 0) && self.last_seen().is_some_and(|last| at <= last);
        if !seen {
            self.lay_down((at, 0), self.height + 1);
            self.hold_or_follow((at, 0));
        }
    }

    /// Chooses a turn by its id, and shows it; false: it is not here.
    pub fn show(&mut self, turn: TurnId) -> bool {
        let place = self.place_of(turn);
        if let Some(at) = place {
            self.choose(at);
        }
        place.is_some()
    }

    /// Shows the selected answer as the model wrote it, or read as markdown again.
    pub fn turn_raw(&mut self) -> Option<bool> {
        let at = self.selected_place()?;
        self.chosen = self.cells.get(at).map(|cell| cell.turn.id);
        let cell = self.cells.get_mut(at)?;
        cell.turn_raw();
        Some(cell.is_raw())
    }
}
