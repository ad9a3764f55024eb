//! One row of the table.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::app::action::Action;
use crate::app::place::Place;

/// A key with its modifiers.
pub type Chord = (KeyModifiers, KeyCode);

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub place: Place,
    /// Which keys; the first one is shown in the footer.
    pub chords: &'static [Chord],
    /// What they do.
    pub action: Action,
    /// The footer's word for it; empty: not in the footer.
    pub brief: &'static str,
    /// The help's words for it.
    pub says: &'static str,
}

pub(in crate::app::keymap) const NONE: KeyModifiers = KeyModifiers::NONE;
pub(in crate::app::keymap) const CTRL: KeyModifiers = KeyModifiers::CONTROL;
pub(in crate::app::keymap) const ALT: KeyModifiers = KeyModifiers::ALT;
pub(in crate::app::keymap) const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

/// A row of the table.
pub(in crate::app::keymap) const fn row(
    place: Place,
    chords: &'static [Chord],
    action: Action,
    brief: &'static str,
    says: &'static str,
) -> Binding {
    Binding { place, chords, action, brief, says }
}
