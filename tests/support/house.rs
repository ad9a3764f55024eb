//! The rules of the house that a machine can check: which file may name which, what stands where, how files look.
//! A pure function from the sources to what is wrong with them.

use std::collections::BTreeMap;

use crate::support::source::{Path, Token, modules, paths, reads, tokens, without_tests};

/// The floors, lowest first.
const FLOORS: [(&str, u8); 11] = [
    ("domain", 0),
    ("providers", 1),
    ("store", 1),
    ("sim", 1),
    ("scheduler", 2),
    ("app", 3),
    ("gateway", 3),
    ("view", 4),
    ("shell", 5),
    ("cli", 6),
    ("main", 6),
];

/// Those who may name less than all that lies below them.
const NARROW: [(&str, &[&[&str]]); 3] = [
    ("view", &[&["app"], &["domain"]]),
    ("app", &[&["domain"], &["scheduler", "link"]]),
    ("gateway", &[&["domain"], &["scheduler", "link"], &["providers", "wire"]]),
];

/// Words, and the only files in which they stand.
const HOMES: [(&str, &[&str]); 6] = [
    ("reqwest", &["src/providers/http.rs"]),
    ("rusqlite", &["src/store.rs", "src/store/"]),
    ("rusqlite_migration", &["src/store.rs", "src/store/"]),
    ("axum", &["src/sim/server.rs", "src/gateway.rs", "src/gateway/"]),
    ("Color", &["src/view/theme.rs"]),
    ("SystemTime", &["src/domain/clock.rs"]),
];

const CLOCK: &str = "src/domain/clock.rs";
const LINES: usize = 400;
const MAIN_LINES: usize = 60;
const NAMES: [&str; 4] = ["util.rs", "common.rs", "helpers.rs", "types.rs"];

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// A file as the rules see it.
struct Source<'a> {
    path: &'a str,
    text: &'a str,
    all: Vec<Token>,
    /// Without test modules.
    own: Vec<Token>,
    /// `src/scheduler/actor.rs` is `["scheduler", "actor"]`; `src/lib.rs` is empty.
    module: Vec<String>,
}

/// All that is wrong with these files: (`src/...` or `tests/...`, text).
pub(crate) fn faults(files: &[(String, String)]) -> Vec<Fault> {
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source::read(path, text)).collect();
    let lists: BTreeMap<Vec<String>, Vec<String>> =
        sources.iter().filter(|one| one.in_src()).map(|one| (one.module.clone(), modules(&one.all))).collect();
    let mut found = Vec::new();
    for one in &sources {
        one.everywhere(&mut found);
        if one.in_src() {
            one.looks(&mut found);
            one.words(&mut found);
            for path in paths(&one.own) {
                one.path(&path, &lists, &mut found);
            }
            one.listed(&lists, &mut found);
        }
    }
    found.sort();
    found
}

/// Names at the top of the repository that do not belong there.
pub(crate) fn strangers(names: &[String]) -> Vec<String> {
    let known = ["Cargo.toml", "Cargo.lock", "src", "assets", "tests", "README.md", "target"];
    let fits = |name: &str| known.contains(&name) || name.starts_with('.') || name.starts_with("LICENSE");
    names.iter().filter(|name| !fits(name)).cloned().collect()
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

impl<'a> Source<'a> {
    fn read(path: &'a str, text: &'a str) -> Self {
        let all = tokens(text);
        let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
        let module = if inner == "lib" { Vec::new() } else { inner.split('/').map(str::to_owned).collect() };
        Self { path, text, own: without_tests(&all), all, module }
    }

    fn in_src(&self) -> bool {
        self.path.starts_with("src/")
    }

    fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    fn fault(&self, found: &mut Vec<Fault>, rule: &'static str, line: usize, what: impl Into<String>) {
        found.push(Fault { rule, path: self.path.to_owned(), line, what: what.into() });
    }

    /// In tests too.
    fn everywhere(&self, found: &mut Vec<Fault>) {
        for (at, token) in self.all.iter().enumerate() {
            let line = token.line;
            if reads(&self.all, at, &["super", "::", "super"]) {
                self.fault(found, "super", line, "super::super");
            }
            if reads(&self.all, at, &["#", "[", "ignore"]) {
                self.fault(found, "ignored test", line, "#[ignore]");
            }
        }
        if !self.text.starts_with("//!") {
            self.fault(found, "opening", 1, "does not open with //!");
        }
        if let Some(name) = self.path.rsplit('/').next().filter(|name| NAMES.contains(name)) {
            self.fault(found, "file name", 1, name);
        }
    }

    fn looks(&self, found: &mut Vec<Fault>) {
        let before_tests = |line: &&str| !(line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test"));
        let lines = self.text.lines().take_while(before_tests).count();
        if lines > LINES {
            self.fault(found, "length", lines, format!("{lines} lines before its tests"));
        }
        if self.path == "src/main.rs" {
            let lines = self.text.lines().count();
            if lines >= MAIN_LINES {
                self.fault(found, "main", lines, format!("{lines} lines"));
            }
            for token in &self.own {
                if ["struct", "enum", "trait", "type", "union"].contains(&token.text.as_str()) {
                    self.fault(found, "main", token.line, "defines a type");
                }
            }
        }
        if self.path == "src/lib.rs" {
            self.lib(found);
        }
    }

    /// Only `pub mod name;`, each with its docs, lower floors first.
    fn lib(&self, found: &mut Vec<Fault>) {
        let (mut at, mut below) = (0, 0);
        while at < self.all.len() {
            let line = self.all[at].line;
            if !(reads(&self.all, at, &["pub", "mod"]) && reads(&self.all, at + 3, &[";"])) {
                self.fault(found, "lib", line, format!("`{}`: more than `pub mod` lines", self.all[at].text));
                return;
            }
            let name = &self.all[at + 2].text;
            match floor(name) {
                Some(floor) if floor >= below => below = floor,
                _ => self.fault(found, "lib", line, format!("{name} has no floor, or stands after a higher one")),
            }
            if !self.text.lines().nth(line.wrapping_sub(2)).is_some_and(|above| above.trim_start().starts_with("///")) {
                self.fault(found, "lib", line, format!("{name} has no docs"));
            }
            at += 4;
        }
    }

    fn words(&self, found: &mut Vec<Fault>) {
        for (at, token) in self.own.iter().enumerate() {
            let (line, word) = (token.line, token.text.as_str());
            let before =
                |n: usize| at.checked_sub(n).and_then(|at| self.own.get(at)).map_or("", |one| one.text.as_str());
            let path_follows = reads(&self.own, at + 1, &["::"]);
            let in_brackets = before(1) == "(" && reads(&self.own, at + 1, &[")"]);
            match word {
                "super" if path_follows => self.fault(found, "super", line, "super:: outside tests"),
                "crate" if !path_follows && !in_brackets => {
                    self.fault(found, "alias", line, "the crate under another name");
                }
                "roundel" if path_follows && self.top() != "main" => {
                    self.fault(found, "alias", line, "the crate by its outer name");
                }
                "ratatui" | "crossterm" if self.top() == "app" && !path_follows => {
                    self.fault(found, "home", line, format!("{word} under another name"));
                }
                "tui_textarea" if self.top() == "app" && !self.path.starts_with("src/app/composer") => {
                    self.fault(found, "home", line, "tui_textarea outside the composer");
                }
                "static" => self.fault(found, "static", line, "a static"),
                "thread_local" => self.fault(found, "static", line, "a thread's own static"),
                "unbounded_channel" => self.fault(found, "unbounded", line, word),
                "Mutex" | "RwLock" if before(1) == "<" && before(2) == "Arc" => {
                    self.fault(found, "shared state", line, format!("Arc<{word}"));
                }
                "path" if before(1) == "[" && before(2) == "#" => self.fault(found, "alias", line, "#[path]"),
                "include" if reads(&self.own, at + 1, &["!"]) => self.fault(found, "alias", line, "include!"),
                _ => {}
            }
            if let Some((_, homes)) = HOMES.iter().find(|(name, _)| *name == word)
                && !homes.iter().any(|home| self.path == *home || home.ends_with('/') && self.path.starts_with(home))
            {
                self.fault(found, "home", line, format!("{word} outside {}", homes.join(", ")));
            }
        }
    }

    fn path(&self, path: &Path, lists: &BTreeMap<Vec<String>, Vec<String>>, found: &mut Vec<Fault>) {
        let said = path.segments.join("::");
        let second = path.segments.get(1).map_or("", String::as_str);
        match path.segments.first().map_or("", String::as_str) {
            "crate" => {
                let named = &path.segments[1..];
                if let Some((rule, why)) = self.forbidden(named, lists) {
                    self.fault(found, rule, path.line, format!("{said}: {why}"));
                }
            }
            "chrono" if ["Utc", "Local", "*"].contains(&second) && self.path != CLOCK => {
                self.fault(found, "home", path.line, format!("{said} outside {CLOCK}"));
            }
            "ratatui" if self.top() == "app" && !["layout", "text"].contains(&second) => {
                self.fault(found, "home", path.line, format!("{said} in app"));
            }
            "crossterm" if self.top() == "app" && !(second == "event" && self.path.starts_with("src/app/keymap")) => {
                self.fault(found, "home", path.line, format!("{said} in app"));
            }
            _ => {}
        }
    }

    /// Why this file may not name `crate::named`.
    fn forbidden(
        &self,
        named: &[String],
        lists: &BTreeMap<Vec<String>, Vec<String>>,
    ) -> Option<(&'static str, &'static str)> {
        let Some(theirs) = named.first().and_then(|top| floor(top)) else {
            return Some(("root", "only the floors stand at the root"));
        };
        if named.first().map(String::as_str) == Some(self.top()) {
            return self.forbidden_inside(named, lists).map(|why| ("sibling", why));
        }
        if floor(self.top()).is_none_or(|ours| theirs >= ours) {
            return Some(("floor", "not below"));
        }
        let narrow = NARROW.iter().find(|(name, _)| *name == self.top()).map(|(_, may)| *may);
        let begins = |may: &&[&str]| may.iter().zip(named).filter(|(a, b)| **a == b.as_str()).count() == may.len();
        match narrow {
            Some(may) if !may.iter().any(begins) => Some(("floor", "more than it may name")),
            _ => None,
        }
    }

    fn forbidden_inside(&self, named: &[String], lists: &BTreeMap<Vec<String>, Vec<String>>) -> Option<&'static str> {
        let shared = self.module.iter().zip(named).take_while(|(ours, theirs)| ours == theirs).count();
        let (Some(ours), parent) = (self.module.get(shared), named.get(..shared)?) else {
            // Its own, or its children's.
            return None;
        };
        let place = |name: &String| lists.get(parent).and_then(|list| list.iter().position(|one| one == name));
        match named.get(shared) {
            None => Some("a child names its parent"),
            Some(theirs) if place(theirs).is_none() => Some("a child names its parent's items"),
            Some(theirs) if place(theirs) >= place(ours) => Some("does not stand above it in the parent's list"),
            Some(_) => None,
        }
    }

    /// A file that nobody declares is not compiled.
    fn listed(&self, lists: &BTreeMap<Vec<String>, Vec<String>>, found: &mut Vec<Fault>) {
        if let Some((name, parent)) = self.module.split_last()
            && self.path != "src/main.rs"
            && !lists.get(parent).is_some_and(|list| list.contains(name))
        {
            self.fault(found, "orphan", 1, "no `mod` line declares it");
        }
    }
}
