//! Messages that wait until the answer before them is there. They go one by one, or are pulled back.

use std::collections::VecDeque;

use crate::app::cells;
use crate::app::composer::fold::brief;
use crate::domain::attachment::Attachment;
use crate::domain::ids::{LaneId, TurnId};
use crate::domain::text::one_line;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// What is asked, as drafts are kept: see [`crate::app::composer::fold`].
    pub draft: String,
    /// The files that go along.
    pub attachments: Vec<Attachment>,
    /// The only lane that it shall go to.
    pub only: Option<LaneId>,
    /// It takes the place of this turn and of all later ones.
    pub replaces: Option<TurnId>,
}

/// All that wait, the next one first.
#[derive(Debug, Default)]
pub struct Queue(VecDeque<Queued>);

impl Queue {
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One more, behind the others.
    pub fn push(&mut self, queued: Queued) {
        self.0.push_back(queued);
    }

    /// The next one goes.
    pub fn take_next(&mut self) -> Option<Queued> {
        self.0.pop_front()
    }

    /// The one that came last is had back.
    pub fn pull_back(&mut self) -> Option<Queued> {
        self.0.pop_back()
    }

    /// All that is written in them, so that it can be kept with the draft.
    pub fn text(&self) -> String {
        self.0.iter().fold(String::new(), |text, queued| text + &queued.draft + "\n\n")
    }

    /// What is said of them in a line of `width` columns. `held`: they do not go by themselves.
    pub fn line(&self, held: bool, width: usize) -> Option<String> {
        let last = self.0.back()?;
        let (what, key) = if held { ("held", "Enter sends, ↑ edits") } else { ("queued", "↑ edits") };
        let count = match self.0.len() {
            1 => format!("{what}: "),
            more => format!("{more} {what}: … "),
        };
        let room = width.saturating_sub(cells::of(&count) + cells::of(key) + 2).max(4);
        Some(format!("{count}{}  {key}", cells::cut(&one_line(&brief(&last.draft, room * 4)), room)))
    }
}
