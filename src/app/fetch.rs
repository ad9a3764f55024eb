//! What the dashboard asks to be read, off its task, and what comes back.

use crate::domain::attachment::Attachment;

/// What is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    /// The prompts that are kept, newest first, each once, at most [`PROMPTS`].
    Prompts,
    /// The entries of a folder, as it was typed; empty: the working folder.
    Folder(String),
    /// How many bytes these files have.
    Sizes(Vec<String>),
    /// The files that these paths name, for the message with this number.
    Files(u64, Vec<String>),
}

/// Prompts that are read from the store.
pub const PROMPTS: u32 = 1000;

/// Entries of a folder that are looked at.
pub const ENTRIES: usize = 1000;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Prompts, newest first. Err: why not, in words.
    Prompts(Result<Vec<String>, String>),
    /// The entries of a folder, by name; of one that cannot be read: none.
    Folder(String, Vec<Entry>),
    /// How many bytes these files have; None: there is no such file.
    Sizes(Vec<(String, Option<u64>)>),
    /// What goes along with the message with this number. Err: why it cannot, in words.
    Files(u64, Result<Vec<Attachment>, String>),
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Bytes of a file; None: it is a folder.
    pub size: Option<u64>,
}
