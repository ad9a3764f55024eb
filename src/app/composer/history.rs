//! The prompts before the draft, as they are kept, and a walk through them: each place keeps what was edited there.

use std::collections::BTreeMap;

/// Prompts that are remembered.
const MOST: usize = 1000;

/// The prompts, oldest first.
#[derive(Debug, Default)]
pub struct History {
    earlier: Vec<String>,
    browse: Option<Browse>,
}

/// Where the walk is; the last place is the draft itself.
#[derive(Debug, Default)]
struct Browse {
    at: usize,
    edited: BTreeMap<usize, String>,
}

impl History {
    /// Puts a prompt behind the others; the walk is over.
    pub fn remember(&mut self, prompt: &str) {
        self.browse = None;
        if prompt.trim().is_empty() || self.earlier.last().is_some_and(|last| last == prompt) {
            return;
        }
        if self.earlier.len() >= MOST {
            self.earlier.remove(0);
        }
        self.earlier.push(prompt.to_owned());
    }

    /// The prompts, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &str> {
        self.earlier.iter().rev().map(String::as_str)
    }

    /// One place on, `here` being what stands at the present one. None: there is nothing that way.
    pub fn walk(&mut self, by: isize, here: impl FnOnce() -> String) -> Option<String> {
        let newest = self.earlier.len();
        let at = self.browse.as_ref().map_or(newest, |browse| browse.at);
        let to = at.checked_add_signed(by).filter(|to| *to <= newest)?;
        let browse = self.browse.get_or_insert_default();
        browse.edited.insert(at, here());
        browse.at = to;
        Some(browse.edited.get(&to).or_else(|| self.earlier.get(to)).cloned().unwrap_or_default())
    }
}
