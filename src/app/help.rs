//! The help: the table of keys, the places of the files, and what the signs mean. What is typed searches in it.

use crate::app::keymap::{KEYS, Place, name};
use crate::app::log::pad;
use crate::app::message::AppConfig;
use crate::app::row::{Piece, Role, Row};

const SIGNS: &[(&str, &str)] = &[
    ("● ◐ ○ ✕", "a lane: ready, resting or spent, off by you, out"),
    ("███▌", "what is left of a limit: it drains and refills"),
    ("┃", "the pace: as much of the window is still to come"),
    ("● ◐ ◌ ·", "a figure: reported by the provider, counted here, learnt from a refusal, only documented"),
    ("21 s", "behind a figure: the time until the limit is full again"),
];

/// The rows of the help in which `filter` is found, or whose heading has it.
pub fn rows(config: &AppConfig, filter: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in [
        Place::Composer,
        Place::Everywhere,
        Place::Panes,
        Place::Transcript,
        Place::Quota,
        Place::Log,
        Place::Detail,
        Place::Help,
    ] {
        let keys = KEYS.iter().filter(|row| row.place == place).map(|row| {
            let names: Vec<String> = row.chords.iter().map(|chord| name(*chord)).collect();
            (names.join(" "), row.says.to_owned())
        });
        section(&mut rows, place.title(), keys, filter);
    }
    let signs = SIGNS.iter().map(|(sign, says)| ((*sign).to_owned(), (*says).to_owned()));
    section(&mut rows, "Signs", signs, filter);
    let files = [("log", &config.log_path), ("data", &config.data_path)];
    section(&mut rows, "Files", files.map(|(name, path)| (name.to_owned(), path.clone())).into_iter(), filter);
    if rows.is_empty() {
        rows.push(Row::of("nothing of that is here", Role::Dim));
    }
    rows
}

fn section(rows: &mut Vec<Row>, title: &str, lines: impl Iterator<Item = (String, String)>, filter: &str) {
    let wanted = filter.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let found: Vec<(String, String)> = lines.filter(|(key, says)| has(title) || has(key) || has(says)).collect();
    if found.is_empty() {
        return;
    }
    if !rows.is_empty() {
        rows.push(Row::default());
    }
    rows.push(Row::of(title, Role::Strong));
    for (key, says) in found {
        rows.push(Row(vec![Piece::new(pad(&key, 30), Role::Accent), Piece::plain(says)]));
    }
}
