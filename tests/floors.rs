//! The house's floors, proven on every run over the sources as they are; and that each rule catches what it is for.

use std::fs;
use std::path::Path;

use crate::support::house::{faults, strangers};

fn sources(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(root, &path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(root, &root.join("src"), &mut files);
    sources(root, &root.join("tests"), &mut files);
    assert!(files.iter().any(|(path, _)| path == "src/lib.rs"));
    let found = faults(&files);
    let lines: Vec<String> = found.iter().map(|f| format!("{}:{}: {}: {}", f.path, f.line, f.rule, f.what)).collect();
    assert!(found.is_empty(), "{} faults\n{}", found.len(), lines.join("\n"));
}

#[test]
fn the_top_of_the_repository_is_fixed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: Vec<String> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(strangers(&names), Vec::<String>::new());
    assert_eq!(
        strangers(&["build.rs".into(), "LICENSE-MIT".into(), ".ci".into(), "docs".into()]),
        ["build.rs", "docs"]
    );
}

/// A small house in which nothing is wrong.
fn sound() -> Vec<(String, String)> {
    [
        ("src/lib.rs", "//! The crate.\n\n/// Pure.\npub mod domain;\n\n/// Wires.\npub mod providers;\n\n/// The actor.\npub mod scheduler;\n\n/// State.\npub mod app;\n\n/// Paint.\npub mod view;\n\n/// Terminal.\npub mod shell;\n"),
        ("src/main.rs", "//! The program.\nfn main() { roundel::shell::run() }\n"),
        ("src/domain.rs", "//! Pure.\npub mod clock;\npub mod ids;\n"),
        ("src/domain/clock.rs", "//! Time.\nuse chrono::{Local, Utc};\nuse std::time::SystemTime;\n"),
        ("src/domain/ids.rs", "//! Ids. crate::shell in words is nothing.\nuse crate::domain::clock::Time;\nconst A: &str = \"crate::shell\";\n"),
        ("src/providers.rs", "//! Wires.\npub mod wire;\npub mod http;\n"),
        ("src/providers/wire.rs", "//! Pure.\n"),
        ("src/providers/http.rs", "//! Transport.\nuse reqwest::Client;\nuse crate::providers::wire::Request;\n"),
        ("src/scheduler.rs", "//! The actor.\npub mod link;\npub mod policy;\npub mod actor;\nuse crate::scheduler::actor::Actor;\n"),
        ("src/scheduler/link.rs", "//! The link.\nuse crate::domain::{clock::Time, ids::{self, LaneId}};\n"),
        ("src/scheduler/policy.rs", "//! Policy.\nuse crate::scheduler::link::Command;\n#[cfg(test)]\npub(super) mod tests { use super::*; }\n"),
        ("src/scheduler/actor.rs", "//! The actor.\npub mod tick;\nfn f<'a>(_: &'static str, c: char) -> bool { c == '\\'' || c == '{' }\nuse crate::scheduler::{link, policy::Policy};\n#[cfg(test)]\nmod tests { use super::*; use crate::shell::Anything; static X: u8 = 0; }\n"),
        ("src/scheduler/actor/tick.rs", "//! A tick.\nuse crate::scheduler::policy::Policy;\npub(in crate::scheduler) struct Tick;\n"),
        ("src/app.rs", "//! State.\npub mod composer;\npub mod keymap;\nuse crate::{domain::ids, scheduler::link::{Command, Report}};\nuse ratatui::{layout::Rect, text::Line};\n"),
        ("src/app/composer.rs", "//! The composer.\nuse tui_textarea::TextArea;\n"),
        ("src/app/keymap.rs", "//! Keys.\nuse crossterm::event::KeyCode;\n"),
        ("src/view.rs", "//! Paint.\npub mod theme;\nuse crate::app::App;\n"),
        ("src/view/theme.rs", "//! Colours.\nuse ratatui::style::Color;\n"),
        ("src/shell.rs", "//! Terminal.\npub(crate) fn run() { crate::view::draw(&crate::app::App::<u8>::new()) }\n"),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .to_vec()
}

/// The sound house with these lines added to the end of one file (a new one opens properly).
fn with(path: &str, lines: &str) -> Vec<(String, String)> {
    let mut files = sound();
    match files.iter_mut().find(|(name, _)| name == path) {
        Some((_, text)) => text.push_str(lines),
        None => files.push((path.to_owned(), lines.to_owned())),
    }
    files
}

#[test]
fn a_sound_house_has_no_faults() {
    assert_eq!(faults(&sound()), []);
}

#[test]
fn each_planted_fault_is_caught_by_its_name() {
    let long = format!("{}{}", "\n".repeat(399), "fn last() {}\n");
    let kept_long = format!("{}#[cfg(test)]\nmod tests {{}}\n{}", "\n".repeat(390), "\n".repeat(100));
    let long_main = "\n".repeat(60);
    for (rule, path, lines) in [
        ("floor", "src/domain/ids.rs", "fn f() {\n    let _ = crate::shell::run();\n}\n"),
        ("floor", "src/domain/ids.rs", "use crate::{\n    domain::clock,\n    shell::{\n        run,\n    },\n};\n"),
        ("floor", "src/domain/ids.rs", "fn f() -> <crate::app::App as Trait>::Out {}\n"),
        ("floor", "src/domain/ids.rs", "macro_rules! m { () => { $crate::view::draw() } }\n"),
        ("floor", "src/domain/ids.rs", "fn f() { let s = r#\"a \" b\"#; crate::app::go(s) }\n"),
        ("floor", "src/domain/ids.rs", "#[cfg(not(test))]\nmod hidden { use crate::app::App; }\n"),
        ("floor", "src/app.rs", "use crate::scheduler::actor::Actor;\n"),
        ("floor", "src/app.rs", "use crate::scheduler;\n"),
        ("floor", "src/app.rs", "use crate::scheduler::*;\n"),
        ("floor", "src/app.rs", "use crate::providers::wire::Request;\n"),
        ("floor", "src/view.rs", "use crate::scheduler::link::Report;\n"),
        ("floor", "src/providers/wire.rs", "use crate::store::Store;\n"),
        ("root", "src/scheduler/actor.rs", "use crate::Thing;\n"),
        ("root", "src/scheduler/actor.rs", "use crate::*;\n"),
        ("root", "src/scheduler/actor.rs", "use crate::{self as c};\n"),
        ("alias", "src/domain/ids.rs", "use crate as c;\n"),
        ("alias", "src/domain/ids.rs", "fn f() { roundel::shell::run() }\n"),
        ("alias", "src/domain/ids.rs", "include!(\"../shell.rs\");\n"),
        ("sibling", "src/scheduler/policy.rs", "use crate::scheduler::actor::Actor;\n"),
        ("sibling", "src/scheduler/policy.rs", "use crate::scheduler::Thing;\n"),
        ("sibling", "src/scheduler/policy.rs", "use crate::scheduler;\n"),
        ("sibling", "src/scheduler/actor/tick.rs", "use crate::scheduler::actor::Actor;\n"),
        ("sibling", "src/scheduler/link.rs", "use crate::scheduler::actor::tick::Tick;\n"),
        ("super", "src/scheduler/actor/tick.rs", "fn f() { super::go() }\n"),
        ("super", "src/scheduler/actor/tick.rs", "#[cfg(test)]\nmod tests { use super::super::policy; }\n"),
        ("lib", "src/lib.rs", "pub use domain::ids::LaneId;\n"),
        ("lib", "src/lib.rs", "/// Twice.\npub mod domain;\n"),
        ("lib", "src/lib.rs", "\npub mod cli;\n"),
        ("home", "src/providers/wire.rs", "fn f(_: reqwest::Error) {}\n"),
        ("home", "src/scheduler/actor.rs", "use rusqlite::Connection;\n"),
        ("home", "src/shell.rs", "use axum::Router;\n"),
        ("home", "src/view.rs", "use ratatui::style::Color;\n"),
        ("home", "src/scheduler/policy.rs", "use chrono::{DateTime, Utc};\n"),
        ("home", "src/scheduler/policy.rs", "fn f() { chrono::Local::now(); }\n"),
        ("home", "src/scheduler/policy.rs", "use ::chrono::Utc;\n"),
        ("home", "src/scheduler/policy.rs", "use std::time::SystemTime;\n"),
        ("home", "src/app.rs", "use ratatui::widgets::Block;\n"),
        ("home", "src/app.rs", "use ratatui as r;\n"),
        ("home", "src/app.rs", "use tui_textarea::TextArea;\n"),
        ("home", "src/app.rs", "use crossterm::event::KeyCode;\n"),
        ("home", "src/app/keymap.rs", "use crossterm::terminal::size;\n"),
        ("opening", "src/domain/ids/lane.rs", "pub struct LaneId;\n"),
        ("length", "src/domain/ids.rs", &long),
        ("main", "src/main.rs", "struct Options;\n"),
        ("main", "src/main.rs", &long_main),
        ("ignored test", "tests/all.rs", "//! Tests.\n#[test]\n#[ignore = \"slow\"]\nfn f() {}\n"),
        ("shared state", "src/shell.rs", "fn f(_: Arc<Mutex<u8>>) {}\n"),
        ("static", "src/shell.rs", "static mut COUNT: u8 = 0;\n"),
        ("unbounded", "src/shell.rs", "fn f() { unbounded_channel(); }\n"),
        ("file name", "src/domain/util.rs", "//! Odds and ends.\n"),
        ("orphan", "src/domain/lost.rs", "//! Nobody declares it.\n"),
    ] {
        let found = faults(&with(path, lines));
        assert!(found.iter().any(|fault| fault.rule == rule && fault.path == path), "{rule} {path} {lines}: {found:?}");
        let beside = |name: &str| ["orphan", "lib"].contains(&name) && path != "src/domain/ids.rs";
        assert!(found.iter().all(|fault| fault.rule == rule || beside(fault.rule)), "{lines}: {found:?}");
    }
    assert_eq!(faults(&with("src/domain/ids.rs", &kept_long)), [], "tests are not counted");
}
