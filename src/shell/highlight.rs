//! What code is made of, found out by the grammars of an editor, on a thread of its own: a language is read in before
//! its first line, which takes a fifth of a second. The only place that names the grammars. Knows nothing of colours.
//!
//! ```text
//!  event loop --snippet--> [queue of 64] --> thread --parsed--> [queue of 64] --> event loop
//! ```
//!
//! A full queue: the snippet stays as it is, code without parts. The thread ends with either end of the loop's.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};
use tokio::sync::mpsc;

use crate::app::listing::Hue;
use crate::app::row::Role;
use crate::app::snippet::{Parsed, Snippet};

/// Places in either queue.
const PLACES: usize = 64;

/// Blocks that still grow of which the thread remembers how they go on.
const OPEN: usize = 32;

/// Bytes of a line that are looked into.
const LONGEST: usize = 2000;

/// The thread's handle.
#[derive(Debug)]
pub struct Highlighter {
    to: SyncSender<Snippet>,
    from: mpsc::Receiver<Parsed>,
}

impl Highlighter {
    /// Starts the thread; it reads nothing in before the first snippet.
    pub fn start() -> std::io::Result<Self> {
        let (to, snippets) = sync_channel(PLACES);
        let (answers, from) = mpsc::channel(PLACES);
        thread::Builder::new().name("highlighter".into()).spawn(move || work(&snippets, &answers))?;
        Ok(Self { to, from })
    }

    /// Hands a snippet over; what cannot be taken is answered at once.
    pub fn parse(&self, snippet: Snippet) -> Option<Parsed> {
        self.to.try_send(snippet).err().map(|refused| match refused {
            std::sync::mpsc::TrySendError::Full(snippet) | std::sync::mpsc::TrySendError::Disconnected(snippet) => {
                snippet.unknown()
            }
        })
    }

    /// The next answer; never, if the thread has ended.
    pub async fn next(&mut self) -> Parsed {
        match self.from.recv().await {
            Some(parsed) => parsed,
            None => std::future::pending().await,
        }
    }
}

fn work(snippets: &Receiver<Snippet>, answers: &mpsc::Sender<Parsed>) {
    let mut grammars = None;
    while let Ok(snippet) = snippets.recv() {
        let grammars = grammars.get_or_insert_with(Grammars::new);
        // A grammar may break on a line that nobody thought of: then the block stays as it is.
        let hues = catch_unwind(AssertUnwindSafe(|| grammars.parse(&snippet)));
        let parsed = hues.map_or_else(|_| snippet.unknown(), |hues| snippet.parsed(hues));
        if answers.blocking_send(parsed).is_err() {
            return;
        }
    }
}

/// The block that a snippet belongs to.
type Key = (u64, u32, usize);

/// All languages, and how the blocks that grow go on.
struct Grammars {
    set: SyntaxSet,
    roles: Vec<(Scope, Role)>,
    open: VecDeque<(Key, ParseState, ScopeStack)>,
}

impl Grammars {
    fn new() -> Self {
        let roles = ROLES.iter().filter_map(|(scope, role)| Some((Scope::new(scope).ok()?, *role))).collect();
        Self { set: two_face::syntax::extra_newlines(), roles, open: VecDeque::new() }
    }

    fn parse(&mut self, snippet: &Snippet) -> Vec<Vec<Hue>> {
        let key = (snippet.turn.0, snippet.epoch, snippet.block);
        let known = self.open.iter().position(|(open, ..)| *open == key).and_then(|at| self.open.remove(at));
        let begun =
            if snippet.from == 0 { self.begin(&snippet.lang) } else { known.map(|(_, state, stack)| (state, stack)) };
        let Some((mut state, mut stack)) = begun else { return vec![Vec::new(); snippet.lines.len()] };
        let hues = snippet.lines.iter().map(|line| self.line(line, &mut state, &mut stack)).collect();
        if self.open.len() >= OPEN {
            self.open.pop_front();
        }
        self.open.push_back((key, state, stack));
        hues
    }

    fn begin(&self, lang: &str) -> Option<(ParseState, ScopeStack)> {
        let lang = lang.to_ascii_lowercase();
        let name = ALIASES.iter().find(|(alias, _)| *alias == lang).map_or(lang.as_str(), |(_, name)| name);
        let syntax = self.set.find_syntax_by_token(name)?;
        Some((ParseState::new(syntax), ScopeStack::new()))
    }

    /// The parts of one line. One that cannot be parsed has none.
    fn line(&self, line: &str, state: &mut ParseState, stack: &mut ScopeStack) -> Vec<Hue> {
        if line.len() > LONGEST {
            return Vec::new();
        }
        let Ok(ops) = state.parse_line(&format!("{line}\n"), &self.set) else { return Vec::new() };
        let mut hues: Vec<Hue> = Vec::new();
        let mut at = 0;
        let mut add = |from: usize, to: usize, role: Role| {
            let to = to.min(line.len());
            match hues.last_mut() {
                _ if from >= to => {}
                Some((range, last)) if *last == role && range.end == from => range.end = to,
                _ => hues.push((from..to, role)),
            }
        };
        for (place, op) in ops {
            add(at, place, self.role(stack));
            at = place;
            if stack.apply(&op).is_err() {
                return Vec::new();
            }
        }
        add(at, line.len(), self.role(stack));
        hues
    }

    /// The innermost scope that means anything decides.
    fn role(&self, stack: &ScopeStack) -> Role {
        let meaning =
            |scope: &Scope| self.roles.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)).map(|(_, role)| *role);
        stack.scopes.iter().rev().find_map(meaning).unwrap_or(Role::Plain)
    }
}

/// What scopes mean; the first that fits.
const ROLES: &[(&str, Role)] = &[
    ("comment", Role::Dim),
    ("string", Role::Quoted),
    ("constant", Role::Constant),
    ("keyword.operator.word", Role::Keyword),
    ("keyword.operator", Role::Plain),
    ("keyword", Role::Keyword),
    ("storage.type.function", Role::Keyword),
    ("storage", Role::Keyword),
    ("variable.function", Role::Called),
    ("entity.name.function", Role::Called),
    ("support.function", Role::Called),
    ("support.macro", Role::Called),
    ("entity.name.tag", Role::Keyword),
    ("entity.other.attribute-name", Role::Called),
    ("entity.name", Role::Named),
    ("support.type", Role::Named),
    ("support.class", Role::Named),
    ("variable.language", Role::Keyword),
    ("markup.inserted", Role::Good),
    ("markup.deleted", Role::Bad),
    ("markup.heading", Role::Strong),
];

/// Names that models give to languages and the grammars do not know.
const ALIASES: &[(&str, &str)] = &[
    ("shell", "bash"),
    ("console", "bash"),
    ("terminal", "bash"),
    ("golang", "go"),
    ("node", "js"),
    ("jsonc", "json"),
    ("json5", "json"),
    ("docker", "dockerfile"),
    ("ps1", "powershell"),
    ("csharp", "cs"),
    ("c#", "cs"),
    ("c++", "cpp"),
    ("objective-c", "objc"),
    ("vue", "html"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::TurnId;

    fn snippet(lang: &str, from: usize, lines: &[&str]) -> Snippet {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Snippet { turn: TurnId(1), epoch: 0, block: 0, lang: lang.into(), from, lines }
    }

    fn words(line: &str, hues: &[Hue]) -> Vec<(String, Role)> {
        let words = hues.iter().map(|(range, role)| (line.get(range.clone()).unwrap().trim().to_owned(), *role));
        words.filter(|(word, role)| !word.is_empty() && *role != Role::Plain).collect()
    }

    #[test]
    fn code_is_told_apart_by_what_it_is() {
        let mut grammars = Grammars::new();
        let line = "fn main() { let a = \"b\"; } // c";
        let hues = grammars.parse(&snippet("rust", 0, &[line]));
        let expected = [
            ("fn", Role::Keyword),
            ("main", Role::Called),
            ("let", Role::Keyword),
            ("\"b\"", Role::Quoted),
            ("// c", Role::Dim),
        ];
        assert_eq!(words(line, &hues[0]), expected.map(|(word, role)| (word.to_owned(), role)));
        for lang in [
            "py",
            "python",
            "js",
            "ts",
            "typescript",
            "toml",
            "bash",
            "sh",
            "shell",
            "json",
            "yaml",
            "go",
            "c",
            "cpp",
            "java",
            "sql",
            "html",
            "css",
            "dockerfile",
            "Rust",
        ] {
            assert!(grammars.begin(lang).is_some(), "{lang}");
        }
        assert_eq!(grammars.parse(&snippet("no such language", 0, &["x"])), [Vec::new()]);
    }

    #[test]
    fn a_block_goes_on_where_it_was() {
        let mut grammars = Grammars::new();
        grammars.parse(&snippet("rust", 0, &["/* a comment"]));
        let line = "let it = 1; */ let b = 2;";
        let hues = grammars.parse(&snippet("rust", 1, &[line]));
        assert_eq!(words(line, &hues[0])[0], ("let it = 1; */".to_owned(), Role::Dim));
        // Of a block that nobody remembers, nothing is known.
        let other = Snippet { block: 7, ..snippet("rust", 1, &[line]) };
        assert_eq!(grammars.parse(&other), [Vec::new()]);
    }

    #[test]
    fn every_snippet_is_answered() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut highlighter = Highlighter::start().unwrap();
        assert_eq!(highlighter.parse(snippet("rust", 0, &["let a;"])), None);
        let parsed = runtime.block_on(highlighter.next());
        assert_eq!((parsed.turn, parsed.from, parsed.hues.len()), (TurnId(1), 0, 1));
    }
}
