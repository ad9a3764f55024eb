//! The help: the table of keys, the places of the files, and what the signs mean. What is typed searches in it.

use crate::app::cells;
use crate::app::command::VERBS;
use crate::app::keymap::{keys, name};
use crate::app::log::pad;
use crate::app::message::AppConfig;
use crate::app::place::Place;
use crate::app::row::{Piece, Role, Row};
use crate::domain::text::one_line;

/// What the signs of evidence mean: sign, word, and more words.
pub const EVIDENCE: [(&str, &str, &str); 4] = [
    ("●", "reported", "the provider said so"),
    ("◐", "counted", "counted here"),
    ("◌", "learnt", "learnt from a refusal"),
    ("·", "documented", "nothing is used: only what is documented"),
];

const SIGNS: &[(&str, &str)] = &[
    ("→ ↳", "in the log: where a turn went on to, and its next try"),
    ("● ◐ ○ ✕", "a lane: ready, resting or spent, off, out until you do something"),
    ("███▍──", "what is left of the limit that stops you first: it drains and refills"),
    ("▂ ▆", "what is left of the other limits"),
    ("┃", "the pace: as much of the window is still to come"),
    ("212 turns left", "in the first line: questions and answers of your usual size, over all lanes that may be used"),
    ("21 s", "at the end of a limit: the time until it is full again"),
    ("trains, paid", "of a lane: its provider trains on prompts, an answer costs money; ?: nobody said"),
];

/// The rows of the help in which `filter` is found, or whose heading has it.
pub fn rows(config: &AppConfig, notices: &[String], filter: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let known = notices.iter().map(|notice| ("!".to_owned(), one_line(notice).into_owned(), ""));
    section(&mut rows, "To know", known, filter);
    for place in [
        Place::Composer,
        Place::Everywhere,
        Place::Panes,
        Place::Transcript,
        Place::Quota,
        Place::Log,
        Place::Filter,
        Place::Detail,
        Place::Attempt,
        Place::Menu,
        Place::Earlier,
        Place::Commands,
        Place::Export,
        Place::Lanes,
        Place::Shelf,
        Place::Form,
        Place::Find,
        Place::Options,
        Place::Help,
    ] {
        let lines = keys().filter(|row| row.place == place).map(|row| {
            let names: Vec<String> = row.chords.iter().map(|chord| name(*chord)).collect();
            (names.join(" "), row.says.to_owned(), row.brief)
        });
        section(&mut rows, place.title(), lines, filter);
    }
    let verbs = VERBS.iter().map(|verb| {
        let name = format!("/{} {}", verb.name, verb.hint);
        (name.trim_end().to_owned(), verb.says.to_owned(), "")
    });
    section(&mut rows, "Commands, also with : in a pane", verbs, filter);
    let signs = SIGNS.iter().map(|(sign, says)| ((*sign).to_owned(), (*says).to_owned(), ""));
    section(&mut rows, "Signs", signs, filter);
    let evidence = EVIDENCE.iter().map(|(sign, word, says)| ((*sign).to_owned(), format!("{word}: {says}"), ""));
    section(&mut rows, "How a figure is known", evidence, filter);
    let files = [("log", &config.log_path), ("data", &config.data_path)];
    section(&mut rows, "Files", files.map(|(name, path)| (name.to_owned(), path.clone(), "")).into_iter(), filter);
    if rows.is_empty() {
        rows.push(Row::of("nothing of that is here", Role::Dim));
    }
    rows
}

fn section(
    rows: &mut Vec<Row>,
    title: &str,
    lines: impl Iterator<Item = (String, String, &'static str)>,
    filter: &str,
) {
    // Each word that is searched for stands somewhere in the line, its heading, or the footer's word for it.
    let wanted = filter.to_lowercase();
    let found: Vec<(String, String)> = lines
        .filter(|(key, says, brief)| {
            let text = format!("{title} {key} {says} {brief}").to_lowercase();
            wanted.split_whitespace().all(|word| text.contains(word))
        })
        .map(|(key, says, _)| (key, says))
        .collect();
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

/// A row of a name and its words, folded: the words under each other.
pub fn fold(row: Row, width: usize) -> Vec<Row> {
    let [name, words] = row.0.as_slice() else {
        let (text, role) = (row.text(), row.0.first().map_or(Role::Plain, |piece| piece.role));
        let spans = cells::wrap(&text, width);
        return spans.into_iter().map(|span| Row::of(text.get(span).unwrap_or_default().trim_end(), role)).collect();
    };
    let lead = cells::of(&name.text).min(width / 2);
    let short = cells::cut(name.text.trim_end(), lead.saturating_sub(1));
    let mut first = Some(Piece::new(pad(&short, lead), name.role));
    cells::wrap(&words.text, width - lead)
        .into_iter()
        .map(|span| {
            let part = words.text.get(span).unwrap_or_default().trim_end();
            let lead = first.take().unwrap_or_else(|| Piece::plain(" ".repeat(lead)));
            Row(vec![lead, Piece::new(part, words.role)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::config;

    #[test]
    fn what_the_footer_says_is_found() {
        let found = |filter: &str| {
            rows(&config(80, 24), &["a key is dead".into()], filter).iter().map(Row::text).collect::<Vec<_>>()
        };
        assert!(found("page up").iter().any(|row| row.contains("the chat a page up")));
        assert!(found("UNDO hand").iter().any(|row| row.contains("undo the last thing done by hand")));
        assert!(found("dead").concat().contains("a key is dead"));
        assert_eq!(found("no such thing"), ["nothing of that is here"]);
    }
}
