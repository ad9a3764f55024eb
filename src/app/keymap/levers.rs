//! What keys do with the rotation: off for a while, kept back, order, weight, strategy, pause; and the frozen screen.

use crossterm::event::KeyCode::{Char, Down, Up};

use crate::app::action::{Action, Lever};
use crate::app::keymap::binding::{Binding, NONE, SHIFT, row};
use crate::app::place::Place as P;

pub(in crate::app::keymap) const ROWS: &[Binding] = &[
    row(
        P::Quota,
        &[(NONE, Char('x'))],
        Action::Lever(Lever::Off),
        "off for",
        "off for 15 m, 1 h, until its reset, until you say",
    ),
    row(P::Quota, &[(NONE, Char('b'))], Action::Lever(Lever::Keep), "", "keep its last requests back for the chat"),
    row(
        P::Quota,
        &[(NONE, Char('J')), (SHIFT, Down)],
        Action::Lever(Lever::Down),
        "",
        "the account further down in the order",
    ),
    row(
        P::Quota,
        &[(NONE, Char('K')), (SHIFT, Up)],
        Action::Lever(Lever::Up),
        "",
        "the account further up in the order",
    ),
    row(
        P::Quota,
        &[(NONE, Char('+')), (NONE, Char('='))],
        Action::Lever(Lever::Heavier),
        "",
        "one turn more for the account in each round, at most 9",
    ),
    row(P::Quota, &[(NONE, Char('-'))], Action::Lever(Lever::Lighter), "", "one turn less in each round"),
    row(
        P::Quota,
        &[(NONE, Char('s'))],
        Action::Lever(Lever::Strategy),
        "strategy",
        "the next strategy: harvest, even, order; kept over a restart",
    ),
    row(
        P::Quota,
        &[(NONE, Char('t'))],
        Action::Lever(Lever::Test),
        "test",
        "ask it one tiny question; the cost is said first",
    ),
    row(
        P::Panes,
        &[(NONE, Char('p'))],
        Action::Lever(Lever::Pause),
        "pause",
        "pause the scheduler, or go on: nothing new is sent; a restart goes on, too",
    ),
    row(
        P::Panes,
        &[(NONE, Char('f'))],
        Action::Lever(Lever::Freeze),
        "freeze",
        "freeze the screen while the scheduler runs on, or show all again",
    ),
];
