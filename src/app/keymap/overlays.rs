//! What keys do in what stands over the panes.

use crossterm::event::KeyCode::{Backspace, Char, Down, End, Enter, Esc, F, Home, PageDown, PageUp, Up};

use crate::app::action::{Action, Edit, LogAction, Move};
use crate::app::keymap::binding::{Binding, CTRL, NONE, row};
use crate::app::place::Place as P;

pub(in crate::app::keymap) const ROWS: &[Binding] = &[
    row(P::Help, &[(NONE, Esc), (NONE, F(1)), (CTRL, Char('c'))], Action::Back, "close", "close it"),
    row(P::Help, &[(NONE, Down)], Action::Move(Move::Down), "scroll", "down"),
    row(P::Help, &[(NONE, Up)], Action::Move(Move::Up), "", "up"),
    row(P::Help, &[(NONE, PageDown)], Action::Move(Move::PageDown), "", "a page down"),
    row(P::Help, &[(NONE, PageUp)], Action::Move(Move::PageUp), "", "a page up"),
    row(
        P::Help,
        &[(NONE, Backspace), (CTRL, Char('h'))],
        Action::Edit(Edit::DeleteBack),
        "",
        "a letter less to search for",
    ),
    row(
        P::Detail,
        &[(NONE, Esc), (NONE, Enter), (NONE, Char('q')), (CTRL, Char('c'))],
        Action::Back,
        "close",
        "close it",
    ),
    row(P::Lanes, &[(NONE, Enter)], Action::TakeLane, "take", "this lane"),
    row(P::Lanes, &[(NONE, Esc), (CTRL, Char('c'))], Action::Back, "close", "close it"),
    row(P::Lanes, &[(NONE, Down)], Action::Move(Move::Down), "", "down"),
    row(P::Lanes, &[(NONE, Up)], Action::Move(Move::Up), "", "up"),
    row(
        P::Lanes,
        &[(NONE, Backspace), (CTRL, Char('h'))],
        Action::Edit(Edit::DeleteBack),
        "",
        "a letter less to search for",
    ),
    row(P::Lanes, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
    row(P::Filter, &[(NONE, Enter)], Action::Log(LogAction::KeepFilter), "keep", "keep it, and go through the rows"),
    row(P::Filter, &[(NONE, Esc), (CTRL, Char('c'))], Action::Back, "clear", "put it away"),
    row(P::Filter, &[(NONE, Down)], Action::Move(Move::Down), "", "down"),
    row(P::Filter, &[(NONE, Up)], Action::Move(Move::Up), "", "up"),
    row(P::Filter, &[(NONE, PageDown)], Action::Move(Move::PageDown), "", "a page down"),
    row(P::Filter, &[(NONE, PageUp)], Action::Move(Move::PageUp), "", "a page up"),
    row(P::Filter, &[(NONE, Backspace), (CTRL, Char('h'))], Action::Edit(Edit::DeleteBack), "", "a letter less"),
    row(P::Filter, &[(CTRL, Char('w'))], Action::Edit(Edit::DeleteWordBack), "", "a word less"),
    row(P::Filter, &[(CTRL, Char('u'))], Action::Edit(Edit::CutToHead), "", "empty it"),
    row(P::Filter, &[(NONE, F(1))], Action::Help, "help", "this help"),
    row(P::Filter, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
    row(P::Detail, &[(NONE, Down), (NONE, Char('j'))], Action::Move(Move::Down), "scroll", "down"),
    row(P::Detail, &[(NONE, Up), (NONE, Char('k'))], Action::Move(Move::Up), "", "up"),
    row(P::Detail, &[(NONE, PageDown), (NONE, Char('f'))], Action::Move(Move::PageDown), "", "a page down"),
    row(P::Detail, &[(NONE, PageUp), (NONE, Char('b'))], Action::Move(Move::PageUp), "", "a page up"),
    row(P::Detail, &[(NONE, Home), (NONE, Char('g'))], Action::Move(Move::First), "", "to the beginning"),
    row(P::Detail, &[(NONE, End), (NONE, Char('G'))], Action::Move(Move::Last), "", "to the end"),
    row(P::Detail, &[(NONE, Char(' '))], Action::Switch, "", "a lane: out of the rotation, or back in"),
    row(P::Detail, &[(NONE, Char('z'))], Action::Undo, "", "undo the last switch"),
    row(P::Detail, &[(NONE, Char('?')), (NONE, F(1))], Action::Help, "help", "this help"),
    row(P::Detail, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
    row(P::Help, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
];
