//! The list of lanes from which one is chosen for one turn.

use crate::app::cells;
use crate::app::due::Due;
use crate::app::log::pad;
use crate::app::roster::Roster;
use crate::app::row::{Piece, Role, Row};
use crate::domain::ids::{LaneId, TurnId};
use crate::domain::standing::{LaneState, Need, Standing};

/// The list, what is searched for in it, and what the choice is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lanes {
    /// What is searched for.
    pub filter: String,
    /// The chosen row of those that are found.
    pub at: usize,
    /// The turn that is to be asked again; None: the choice is for the next one.
    pub again: Option<TurnId>,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Whichever comes next in the rotation.
    Any,
    /// This one alone.
    Only(LaneId),
}

impl Lanes {
    /// What can be chosen, from the top: the lanes in which all words are found that are searched for.
    pub fn choices(&self, roster: &Roster) -> Vec<Choice> {
        let filter = self.filter.to_lowercase();
        let found = |lane: &&LaneState| {
            let id = lane.spec.id.as_str().to_lowercase();
            filter.split_whitespace().all(|word| id.contains(word)) && lane.off().is_none()
        };
        let any = filter.is_empty().then_some(Choice::Any);
        any.into_iter()
            .chain(roster.lanes.iter().filter(found).map(|lane| Choice::Only(lane.spec.id.clone())))
            .collect()
    }

    /// What is chosen.
    pub fn chosen(&self, roster: &Roster) -> Option<Choice> {
        let choices = self.choices(roster);
        choices.get(self.at.min(choices.len().saturating_sub(1))).cloned()
    }

    /// The rows of the list in `width` columns.
    pub fn rows(&self, roster: &Roster, need: Need, width: usize, due: &mut Due) -> Vec<Row> {
        let choices = self.choices(roster);
        let name = |choice: &Choice| match choice {
            Choice::Any => "any lane".to_owned(),
            Choice::Only(lane) => lane.to_string(),
        };
        let widest = choices.iter().map(|choice| cells::of(&name(choice))).max().unwrap_or(0).min(width / 2);
        let row = |choice: &Choice| {
            let (sign, role, words) = match choice {
                Choice::Any => ("○", Role::Dim, "as the rotation goes".to_owned()),
                Choice::Only(lane) => match roster.lane(lane).map(|lane| roster.standing(lane, need, due.now)) {
                    Some(Standing::Ready) => ("●", Role::Good, "ready".to_owned()),
                    Some(standing) => {
                        let until = standing.until(due.now).map(|until| format!(", ready {}", due.when(until)));
                        ("◐", Role::Warn, format!("{}{}", standing.reason(), until.unwrap_or_default()))
                    }
                    None => ("✕", Role::Bad, String::new()),
                },
            };
            let name = pad(&cells::cut_middle(&name(choice), widest), widest);
            Row(vec![Piece::new(format!("{sign} "), role), Piece::plain(name), Piece::dim(format!("  {words}"))])
        };
        let rows: Vec<Row> = choices.iter().map(row).collect();
        if rows.is_empty() { vec![Row::of("no lane that is on is called so", Role::Dim)] } else { rows }
    }
}
