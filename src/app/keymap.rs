//! Every key and what it does, in one table: the footer and the help are made of it, and a test finds two meanings of
//! one key. The only place that names the terminal's events.

use crossterm::event::KeyCode::{BackTab, Char, Delete, Down, F, Left, PageDown, PageUp, Right, Tab, Up};
use crossterm::event::KeyEventKind;

pub use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::app::action::{Action, Focus};
use crate::app::keymap::binding::{ALT, Binding, CTRL, Chord, NONE, SHIFT};
use crate::app::place::Scene;

/// One row of the table.
pub mod binding;

mod chats;
mod composer;
mod everywhere;
mod levers;
mod overlays;
mod panes;

/// The table, in the order in which footer and help show it.
pub fn keys() -> impl Iterator<Item = &'static Binding> {
    [composer::ROWS, panes::ROWS, everywhere::ROWS, levers::ROWS, chats::ROWS, overlays::ROWS].into_iter().flatten()
}

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
    if let Some(binding) = keys().find(|row| row.place.holds(scene) && row.chords.contains(&chord)) {
        return Meaning::Act(binding.action);
    }
    match (scene, chord) {
        (Scene::Menu, _) => meaning(Scene::On(Focus::Composer), key),
        (scene, (NONE, Char(letter))) if scene.takes_letters() => Meaning::Type(letter),
        _ => Meaning::Nothing,
    }
}

/// The keys that hold in this scene and stand in the footer: key and word.
pub fn footer(scene: Scene) -> impl Iterator<Item = (String, &'static str)> {
    keys()
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
    use crate::app::action::{Edit, Move};
    use crossterm::event::KeyCode::Enter;

    const SCENES: [Scene; 18] = [
        Scene::On(Focus::Composer),
        Scene::On(Focus::Transcript),
        Scene::On(Focus::Quota),
        Scene::On(Focus::Log),
        Scene::Help,
        Scene::Detail,
        Scene::Lanes,
        Scene::Shelf,
        Scene::Form,
        Scene::Find,
        Scene::Options,
        Scene::Commands,
        Scene::Earlier,
        Scene::Menu,
        Scene::Filter,
        Scene::Attempt,
        Scene::Export,
        Scene::Setup,
    ];

    #[test]
    fn one_key_has_one_meaning_in_each_scene() {
        for scene in SCENES {
            let mut seen: Vec<(Chord, Action)> = Vec::new();
            for row in keys().filter(|row| row.place.holds(scene)) {
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
        for row in keys() {
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
            (Scene::On(Focus::Composer), key(Char('q'), CTRL), Meaning::Nothing),
            (Scene::Menu, key(Char('a'), NONE), Meaning::Type('a')),
            (Scene::Menu, key(Char('a'), CTRL), Meaning::Act(Action::Edit(Edit::Head))),
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
