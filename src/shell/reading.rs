//! What the dashboard reads of what is kept, on a thread that may block: by a connection that only reads.

use std::path::Path;

use crate::app::message::{Msg, Wanted};
use crate::store::Store;
use crate::store::peek::{Peek, Unreadable};

/// Reads it; where it cannot be read the message says why.
pub fn look(folder: &Path, wanted: Wanted) -> Msg {
    match Store::peek(folder) {
        Ok(Some(peek)) => read(&peek, wanted).unwrap_or_else(|error| Msg::Told(error.to_string())),
        Ok(None) => Msg::Tick,
        Err(error) => Msg::Told(error.to_string()),
    }
}

fn read(peek: &Peek, wanted: Wanted) -> Result<Msg, Unreadable> {
    match wanted {
        Wanted::Conversation(id) => peek.conversation(id).map(|turns| Msg::Read(id, turns)),
        Wanted::Search(text) => peek.search(&text).map(|hits| Msg::Found(text, hits)),
    }
}
