//! What keys do everywhere.

use crossterm::event::KeyCode::{BackTab, Char, F, Tab};

use crate::app::action::{Action, Focus, LookAction};
use crate::app::keymap::binding::{ALT, Binding, CTRL, NONE, SHIFT, row};
use crate::app::place::Place as P;

pub(in crate::app::keymap) const ROWS: &[Binding] = &[
    row(P::Everywhere, &[(NONE, Tab)], Action::NextPane, "pane", "the next pane"),
    row(P::Everywhere, &[(SHIFT, BackTab)], Action::PreviousPane, "", "the pane before"),
    row(P::Everywhere, &[(ALT, Char('1'))], Action::Focus(Focus::Transcript), "", "the chat"),
    row(P::Everywhere, &[(ALT, Char('2'))], Action::Focus(Focus::Quota), "", "the quota"),
    row(P::Everywhere, &[(ALT, Char('3'))], Action::Focus(Focus::Log), "", "the log"),
    row(
        P::Everywhere,
        &[(ALT, Char('t'))],
        Action::NoTraining,
        "",
        "keep the chat off providers that train on prompts, or not",
    ),
    row(P::Everywhere, &[(ALT, Char('s'))], Action::Endpoint, "", "open the endpoint for other programs, or close it"),
    row(P::Everywhere, &[(ALT, Char('e'))], Action::Expand, "", "the focused pane on the whole screen, or not"),
    row(
        P::Everywhere,
        &[(CTRL, Char('c'))],
        Action::Stop,
        "",
        "stop the answer; else clear the draft (Up brings it back); else, twice, quit",
    ),
    row(P::Everywhere, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
    row(P::Everywhere, &[(CTRL, Char('z'))], Action::Suspend, "", "back to the shell; fg returns"),
    row(P::Everywhere, &[(CTRL, Char('p'))], Action::Palette, "commands", "all commands, by name"),
    row(
        P::Everywhere,
        &[(NONE, F(12))],
        Action::Look(LookAction::Count),
        "",
        "how much was drawn and written in the last minute",
    ),
    row(P::Everywhere, &[(NONE, F(1))], Action::Help, "help", "this help"),
];
