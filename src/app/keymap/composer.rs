//! What keys do while typing.

use crossterm::event::KeyCode::{Backspace, Char, Delete, Down, End, Enter, Home, Left, PageDown, PageUp, Right, Up};

use crate::app::action::{Action, Edit, Move};
use crate::app::keymap::binding::{ALT, Binding, CTRL, NONE, SHIFT, row};
use crate::app::place::Place as P;

pub(in crate::app::keymap) const ROWS: &[Binding] = &[
    row(P::Composer, &[(NONE, Enter)], Action::Send, "send", "send the draft"),
    row(
        P::Composer,
        &[(ALT, Enter), (CTRL, Char('j')), (SHIFT, Enter)],
        Action::Edit(Edit::NewLine),
        "new line",
        "a new line (Shift+Enter where the terminal tells it apart)",
    ),
    row(P::Composer, &[(ALT, Char('r'))], Action::Again, "again", "ask the last question again"),
    row(P::Composer, &[(ALT, Char('p'))], Action::SendOn, "", "choose the lane for this one turn"),
    row(P::Composer, &[(NONE, PageUp)], Action::Scroll(Move::PageUp), "", "scroll the chat a page up"),
    row(P::Composer, &[(NONE, PageDown)], Action::Scroll(Move::PageDown), "", "scroll the chat a page down"),
    row(P::Composer, &[(SHIFT, Up)], Action::Scroll(Move::Up), "", "the chat a row up"),
    row(P::Composer, &[(SHIFT, Down)], Action::Scroll(Move::Down), "", "the chat a row down"),
    row(P::Composer, &[(CTRL, Home)], Action::Scroll(Move::First), "", "to the beginning of the chat"),
    row(P::Composer, &[(CTRL, End)], Action::Scroll(Move::Last), "", "to the end of the chat, and follow it"),
    row(P::Composer, &[(NONE, Up)], Action::Edit(Edit::Up), "", "a row up; on the first, an earlier prompt"),
    row(P::Composer, &[(NONE, Down)], Action::Edit(Edit::Down), "", "a row down; on the last, a later prompt"),
    row(P::Composer, &[(NONE, Left), (CTRL, Char('b'))], Action::Edit(Edit::Left), "", "left"),
    row(P::Composer, &[(NONE, Right), (CTRL, Char('f'))], Action::Edit(Edit::Right), "", "right"),
    row(P::Composer, &[(CTRL, Left), (ALT, Left), (ALT, Char('b'))], Action::Edit(Edit::WordLeft), "", "a word left"),
    row(
        P::Composer,
        &[(CTRL, Right), (ALT, Right), (ALT, Char('f'))],
        Action::Edit(Edit::WordRight),
        "",
        "a word right",
    ),
    row(P::Composer, &[(CTRL, Char('a')), (NONE, Home)], Action::Edit(Edit::Head), "", "to the head of the line"),
    row(P::Composer, &[(CTRL, Char('e')), (NONE, End)], Action::Edit(Edit::End), "", "to the end of the line"),
    row(
        P::Composer,
        &[(NONE, Backspace), (SHIFT, Backspace), (CTRL, Char('h'))],
        Action::Edit(Edit::DeleteBack),
        "",
        "delete back",
    ),
    row(P::Composer, &[(NONE, Delete)], Action::Edit(Edit::DeleteForward), "", "delete forward"),
    row(
        P::Composer,
        &[(CTRL, Char('w')), (ALT, Backspace), (CTRL, Backspace)],
        Action::Edit(Edit::DeleteWordBack),
        "",
        "delete the word before",
    ),
    row(P::Composer, &[(ALT, Char('d')), (CTRL, Delete)], Action::Edit(Edit::DeleteWord), "", "delete the word behind"),
    row(P::Composer, &[(CTRL, Char('u'))], Action::Edit(Edit::CutToHead), "", "cut to the head of the line"),
    row(P::Composer, &[(CTRL, Char('k'))], Action::Edit(Edit::CutToEnd), "", "cut to the end of the line"),
    row(P::Composer, &[(CTRL, Char('y'))], Action::Edit(Edit::PutBack), "", "put back what was cut"),
    row(P::Composer, &[(CTRL, Char('_')), (CTRL, Char('7'))], Action::Edit(Edit::Undo), "", "undo"),
    row(P::Composer, &[(ALT, Char('z'))], Action::Edit(Edit::Redo), "", "redo"),
    row(P::Composer, &[(CTRL, Char('r'))], Action::Recall, "", "search the earlier prompts"),
    row(P::Composer, &[(CTRL, Char('g'))], Action::Editor, "", "write the draft in $EDITOR (also Ctrl+X Ctrl+E)"),
    row(P::Composer, &[(CTRL, Char('x'))], Action::Prefix, "", "with Ctrl+E behind it: write the draft in $EDITOR"),
    row(P::Composer, &[(CTRL, Char('o'))], Action::Unfold, "unfold", "put a folded paste into the draft as it is"),
    row(P::Composer, &[(CTRL, Char('d'))], Action::EndOfInput, "", "delete forward; with nothing written, quit"),
];
