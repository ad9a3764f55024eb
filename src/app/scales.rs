//! Files that go along with a message: one whose files are being read, and what those of the draft weigh. Pure.

use std::collections::BTreeMap;

use crate::app::queue::Queued;

/// A message whose files are being read.
#[derive(Debug)]
pub struct Reading {
    /// Its number, which the answer has.
    pub number: u64,
    /// The message.
    pub queued: Queued,
}

/// What the files weigh that the draft names.
#[derive(Debug, Default)]
pub struct Scales {
    /// Bytes of each file that was asked for; None: there is no such file, or nobody has said yet.
    pub(in crate::app) known: BTreeMap<String, Option<u64>>,
    /// About how many tokens they add to the draft.
    pub tokens: u64,
}

impl Scales {
    /// These files are named: those of which nothing was asked yet, and what all weigh as far as it is known.
    pub fn weigh(&mut self, names: Vec<String>) -> Vec<String> {
        self.known.retain(|name, _| names.contains(name));
        let tokens = |name: &String| self.known.get(name).copied().flatten().map_or(0, |bytes| tokens(name, bytes));
        self.tokens = names.iter().map(tokens).sum();
        let new: Vec<String> = names.into_iter().filter(|name| !self.known.contains_key(name)).collect();
        self.known.extend(new.iter().map(|name| (name.clone(), None)));
        new
    }
}

/// About how many tokens a file takes.
fn tokens(name: &str, bytes: u64) -> u64 {
    let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    // As requests are estimated: a picture, or letters.
    if ["png", "jpg", "jpeg", "gif", "webp"].contains(&ending.as_str()) { 85 } else { bytes.div_ceil(4) }
}
