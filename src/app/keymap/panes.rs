//! What keys do in the panes.

use crossterm::event::KeyCode::{Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Up};

use crate::app::action::{Action, Focus, LogAction, Move};
use crate::app::keymap::binding::{Binding, CTRL, NONE, SHIFT, row};
use crate::app::place::Place as P;

pub(in crate::app::keymap) const ROWS: &[Binding] = &[
    row(P::Quota, &[(NONE, Char(' '))], Action::Switch, "off/on", "out of the rotation, or back in"),
    row(P::Quota, &[(NONE, Enter)], Action::Open, "detail", "every figure, and how it is known"),
    row(P::Quota, &[(NONE, Char('z'))], Action::Undo, "undo", "undo the last switch"),
    row(P::Quota, &[(NONE, Right)], Action::Fold(true), "", "show the lanes of an account that are only listed"),
    row(P::Quota, &[(NONE, Left)], Action::Fold(false), "", "hide them again"),
    row(P::Transcript, &[(NONE, Char(' '))], Action::Thoughts, "thoughts", "show what the models thought, or hide it"),
    row(P::Transcript, &[(NONE, Enter)], Action::ToLog, "its log row", "to the log row of the selected turn"),
    row(
        P::Transcript,
        &[(NONE, Char('r'))],
        Action::Raw,
        "raw",
        "the selected answer as it was written, or read again",
    ),
    row(
        P::Log,
        &[(NONE, Char('/'))],
        Action::Log(LogAction::Filter),
        "filter",
        "filter: words, !word, lane:groq, origin:api, status:4xx, class:rate_limited, since:1h",
    ),
    row(P::Log, &[(NONE, Enter)], Action::Open, "detail", "the attempt, with its headers as they came"),
    row(P::Log, &[(NONE, Char('t'))], Action::ToTurn, "its turn", "to the turn of the chat that it was made for"),
    row(P::Log, &[(NONE, Char('w'))], Action::Open, "why", "why that lane took it: each candidate's weight or reason"),
    row(
        P::Transcript,
        &[(NONE, Char('a'))],
        Action::Again,
        "again",
        "ask it again; what it takes the place of is sent no more",
    ),
    row(P::Transcript, &[(NONE, Char('A'))], Action::AgainOn, "", "ask it again, on a lane that you choose"),
    row(
        P::Transcript,
        &[(NONE, Char('E'))],
        Action::EditPrompt,
        "edit",
        "write its question anew, and go on from there",
    ),
    row(P::Panes, &[(NONE, Char('j')), (NONE, Down)], Action::Move(Move::Down), "", "down"),
    row(P::Panes, &[(NONE, Char('k')), (NONE, Up)], Action::Move(Move::Up), "", "up"),
    row(
        P::Transcript,
        &[(NONE, Char('J')), (SHIFT, Down)],
        Action::Move(Move::NextTurn),
        "next turn",
        "to the next turn",
    ),
    row(
        P::Transcript,
        &[(NONE, Char('K')), (SHIFT, Up)],
        Action::Move(Move::PreviousTurn),
        "turn before",
        "to the turn before",
    ),
    row(
        P::Panes,
        &[(NONE, PageDown), (NONE, Char('f')), (CTRL, Char('f'))],
        Action::Move(Move::PageDown),
        "",
        "a page down",
    ),
    row(P::Panes, &[(NONE, PageUp), (NONE, Char('b')), (CTRL, Char('b'))], Action::Move(Move::PageUp), "", "a page up"),
    row(P::Panes, &[(NONE, Char('d')), (CTRL, Char('d'))], Action::Move(Move::HalfDown), "", "half a page down"),
    row(P::Panes, &[(NONE, Char('u')), (CTRL, Char('u'))], Action::Move(Move::HalfUp), "", "half a page up"),
    row(P::Panes, &[(NONE, Char('g')), (NONE, Home)], Action::Move(Move::First), "", "to the beginning"),
    row(P::Panes, &[(NONE, Char('G')), (NONE, End)], Action::Move(Move::Last), "", "to the end, and follow it"),
    row(P::Panes, &[(NONE, Char('e'))], Action::Expand, "expand", "this pane on the whole screen, or not"),
    row(P::Panes, &[(NONE, Char('i'))], Action::Focus(Focus::Composer), "", "type"),
    row(P::Panes, &[(NONE, Char('1'))], Action::Focus(Focus::Transcript), "", "the chat"),
    row(P::Panes, &[(NONE, Char('2'))], Action::Focus(Focus::Quota), "", "the quota"),
    row(P::Panes, &[(NONE, Char('3'))], Action::Focus(Focus::Log), "", "the log"),
    row(P::Panes, &[(NONE, Esc)], Action::Back, "type", "back: from the whole screen, then to the composer"),
    row(P::Panes, &[(NONE, Char('q'))], Action::Quit, "quit", "quit; asks if an answer is on its way"),
    row(P::Panes, &[(NONE, Char(':'))], Action::Palette, "", "a command, by name"),
    row(P::Panes, &[(NONE, Char('?'))], Action::Help, "help", "this help"),
];
