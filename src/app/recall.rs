//! The search in the earlier prompts: the newest first, narrowed by each letter. The draft stays as it is until one is
//! taken.

use std::collections::HashSet;

use crate::app::cells;
use crate::app::composer::fold::brief;
use crate::app::row::{Role, Row};
use crate::domain::text::one_line;

/// Bytes of a prompt that are searched.
const SEARCHED: usize = 2000;

/// Prompts that are listed.
const LISTED: usize = 200;

/// The search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recall {
    /// What is searched for.
    pub filter: String,
    /// The chosen row of those that are found.
    pub at: usize,
    prompts: Vec<Prompt>,
    found: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Prompt {
    /// As drafts are kept.
    packed: String,
    /// Its beginning on one line, and the same in small letters.
    head: String,
    small: String,
}

impl Recall {
    /// A search in these prompts, the newest first.
    pub fn new<'a>(prompts: impl Iterator<Item = &'a str>) -> Self {
        let mut recall = Self::default();
        recall.add(prompts);
        recall
    }

    /// More prompts, older than the others; those that are there already are passed over.
    pub fn add<'a>(&mut self, prompts: impl Iterator<Item = &'a str>) {
        let mut known: HashSet<String> = self.prompts.iter().map(|prompt| prompt.packed.clone()).collect();
        for packed in prompts {
            if !packed.trim().is_empty() && known.insert(packed.to_owned()) {
                let head = one_line(brief(packed, SEARCHED).trim()).into_owned();
                self.prompts.push(Prompt { packed: packed.to_owned(), small: head.to_lowercase(), head });
            }
        }
        self.search();
    }

    /// Finds anew, after the filter has changed: the prompts in which all its words are.
    pub fn search(&mut self) {
        let filter = self.filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let has_all = |prompt: &Prompt| words.iter().all(|word| prompt.small.contains(word));
        let found = self.prompts.iter().enumerate().filter(|(_, prompt)| has_all(prompt));
        self.found = found.map(|(number, _)| number).take(LISTED).collect();
    }

    /// How many are found.
    pub const fn count(&self) -> usize {
        self.found.len()
    }

    /// The chosen prompt, as drafts are kept.
    pub fn chosen(&self) -> Option<&str> {
        let number = self.found.get(self.at.min(self.found.len().saturating_sub(1)))?;
        self.prompts.get(*number).map(|prompt| prompt.packed.as_str())
    }

    /// The rows of the list, in `width` columns.
    pub fn rows(&self, width: usize) -> Vec<Row> {
        if self.found.is_empty() {
            let text = if self.prompts.is_empty() { "nothing was asked yet" } else { "no earlier prompt has that" };
            return vec![Row::of(text, Role::Dim)];
        }
        let prompts = self.found.iter().filter_map(|number| self.prompts.get(*number));
        prompts.map(|prompt| Row::of(cells::cut(&prompt.head, width), Role::Plain)).collect()
    }
}
