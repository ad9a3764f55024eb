//! Every key and what it does, in one table: the footer and the help are made of it, and a test finds two meanings of
//! one key. The only place that names the terminal's events.

use crossterm::event::KeyEventKind;

pub use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::action::{Action, Edit, Focus, Move};
use crate::app::place::{Place, Scene};

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

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

const fn row(
    place: Place,
    chords: &'static [Chord],
    action: Action,
    brief: &'static str,
    says: &'static str,
) -> Binding {
    Binding { place, chords, action, brief, says }
}

use KeyCode::{
    BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up,
};
use Place as P;

/// The table, in the order in which footer and help show it.
pub const KEYS: &[Binding] = &[
    row(P::Composer, &[(NONE, Enter)], Action::Send, "send", "send the draft"),
    row(
        P::Composer,
        &[(ALT, Enter), (CTRL, Char('j')), (SHIFT, Enter)],
        Action::Edit(Edit::NewLine),
        "new line",
        "a new line (Shift+Enter where the terminal tells it apart)",
    ),
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
    row(P::Panes, &[(NONE, Char('?'))], Action::Help, "help", "this help"),
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
    row(P::Composer, &[(ALT, Char('r'))], Action::Again, "again", "ask the last question again"),
    row(P::Composer, &[(ALT, Char('p'))], Action::SendOn, "", "choose the lane for this one turn"),
    row(P::Composer, &[(NONE, PageUp)], Action::Scroll(Move::PageUp), "scroll", "the chat a page up"),
    row(P::Composer, &[(NONE, PageDown)], Action::Scroll(Move::PageDown), "", "the chat a page down"),
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
    row(P::Composer, &[(CTRL, Char('r'))], Action::Edit(Edit::Redo), "", "redo"),
    row(P::Composer, &[(CTRL, Char('d'))], Action::EndOfInput, "", "delete forward; with nothing written, quit"),
    row(
        P::Everywhere,
        &[(CTRL, Char('c'))],
        Action::Stop,
        "",
        "stop the answer; else clear the draft (Up brings it back); else, twice, quit",
    ),
    row(P::Everywhere, &[(CTRL, Char('l'))], Action::Repaint, "", "paint the screen again"),
    row(P::Everywhere, &[(CTRL, Char('z'))], Action::Suspend, "", "back to the shell; fg returns"),
    row(P::Everywhere, &[(NONE, F(1))], Action::Help, "help", "this help"),
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

/// What a key event asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// An action of the table.
    Act(Action),
    /// A letter to write.
    Type(char),
    /// Nothing.
    Nothing,
}

/// What the key means in this scene. The release of a key means nothing.
pub fn meaning(scene: Scene, key: KeyEvent) -> Meaning {
    if key.kind == KeyEventKind::Release {
        return Meaning::Nothing;
    }
    let chord = chord(key);
    if let Some(binding) = KEYS.iter().find(|row| row.place.holds(scene) && row.chords.contains(&chord)) {
        return Meaning::Act(binding.action);
    }
    match (scene, chord) {
        (Scene::On(Focus::Composer) | Scene::Help | Scene::Lanes, (NONE, Char(letter))) => Meaning::Type(letter),
        _ => Meaning::Nothing,
    }
}

/// The keys that hold in this scene and stand in the footer: key and word.
pub fn footer(scene: Scene) -> impl Iterator<Item = (String, &'static str)> {
    KEYS.iter()
        .filter(move |row| row.place.holds(scene) && !row.brief.is_empty())
        // In a pane `?` is the shorter way to the help.
        .filter(move |row| !matches!(row.chords, [(_, F(1))]) || matches!(scene, Scene::On(Focus::Composer)))
        .filter_map(|row| row.chords.first().map(|chord| (name(*chord), row.brief)))
}

/// A key as people write it: `Alt+Enter`, `Ctrl+C`, `?`.
pub fn name((modifiers, code): Chord) -> String {
    let mut name = String::new();
    for (modifier, word) in [(CTRL, "Ctrl+"), (ALT, "Alt+"), (SHIFT, "Shift+")] {
        if modifiers.contains(modifier) {
            name.push_str(word);
        }
    }
    match code {
        Char(' ') => name.push_str("Space"),
        Char(letter) if modifiers.intersects(CTRL | ALT) => name.extend(letter.to_uppercase()),
        Char(letter) => name.push(letter),
        F(number) => name.extend([String::from("F"), number.to_string()]),
        BackTab => name.push_str("Tab"),
        Up => name.push('↑'),
        Down => name.push('↓'),
        Left => name.push('←'),
        Right => name.push('→'),
        PageUp => name.push_str("PgUp"),
        PageDown => name.push_str("PgDn"),
        Delete => name.push_str("Del"),
        code => name.extend([format!("{code:?}")]),
    }
    name
}

fn chord(key: KeyEvent) -> Chord {
    let modifiers = key.modifiers & (CTRL | ALT | SHIFT);
    match key.code {
        // A capital letter has its Shift in itself.
        Char(letter) if !modifiers.intersects(CTRL | ALT) => (NONE, Char(letter)),
        Char(letter) => (modifiers - SHIFT, Char(letter.to_ascii_lowercase())),
        BackTab => (SHIFT, BackTab),
        Tab if modifiers == SHIFT => (SHIFT, BackTab),
        code => (modifiers, code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENES: [Scene; 7] = [
        Scene::On(Focus::Composer),
        Scene::On(Focus::Transcript),
        Scene::On(Focus::Quota),
        Scene::On(Focus::Log),
        Scene::Help,
        Scene::Detail,
        Scene::Lanes,
    ];

    #[test]
    fn one_key_has_one_meaning_in_each_scene() {
        for scene in SCENES {
            let mut seen: Vec<(Chord, Action)> = Vec::new();
            for row in KEYS.iter().filter(|row| row.place.holds(scene)) {
                for chord in row.chords {
                    let other = seen.iter().find(|(known, _)| known == chord);
                    assert!(other.is_none(), "{} in {scene:?}: {:?} and {other:?}", name(*chord), row.action);
                    seen.push((*chord, row.action));
                }
            }
        }
    }

    #[test]
    fn every_key_of_the_table_reaches_its_action() {
        for row in KEYS {
            for scene in SCENES.into_iter().filter(|scene| row.place.holds(*scene)) {
                for (modifiers, code) in row.chords {
                    let key = KeyEvent::new(*code, *modifiers);
                    assert_eq!(meaning(scene, key), Meaning::Act(row.action), "{}", name((*modifiers, *code)));
                }
            }
        }
    }

    #[test]
    fn letters_are_text_where_text_is_written() {
        let key = |code, modifiers| KeyEvent::new(code, modifiers);
        for (scene, event, expected) in [
            (Scene::On(Focus::Composer), key(Char('q'), NONE), Meaning::Type('q')),
            (Scene::On(Focus::Composer), key(Char('?'), SHIFT), Meaning::Type('?')),
            (Scene::On(Focus::Composer), key(Char('Ä'), SHIFT), Meaning::Type('Ä')),
            (Scene::On(Focus::Quota), key(Char('q'), NONE), Meaning::Act(Action::Quit)),
            (Scene::On(Focus::Quota), key(Char('?'), SHIFT), Meaning::Act(Action::Help)),
            (Scene::On(Focus::Log), key(Char('G'), SHIFT), Meaning::Act(Action::Move(Move::Last))),
            (Scene::On(Focus::Log), key(BackTab, SHIFT), Meaning::Act(Action::PreviousPane)),
            (Scene::Help, key(Char('q'), NONE), Meaning::Type('q')),
            (Scene::On(Focus::Composer), key(Char('x'), CTRL), Meaning::Nothing),
        ] {
            assert_eq!(meaning(scene, event), expected, "{event:?}");
        }
        let release = KeyEvent { kind: KeyEventKind::Release, ..key(Char('q'), NONE) };
        assert_eq!(meaning(Scene::On(Focus::Composer), release), Meaning::Nothing);
    }

    #[test]
    fn keys_are_named_as_people_write_them() {
        let names: Vec<String> =
            [(ALT, Enter), (CTRL, Char('c')), (SHIFT, BackTab), (NONE, Char(' ')), (NONE, F(1)), (SHIFT, Up)]
                .map(name)
                .into();
        assert_eq!(names, ["Alt+Enter", "Ctrl+C", "Shift+Tab", "Space", "F1", "Shift+↑"]);
    }
}
