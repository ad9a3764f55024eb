//! What the dashboard reads of what is kept, by a connection that only reads. Blocks: for a thread that may.

use std::path::Path;

use crate::app::message::{Msg, Wanted};
use crate::domain::clock::Time;
use crate::domain::history::History;
use crate::domain::standing::Target;
use crate::store::Store;
use crate::store::peek::{Peek, Unreadable};

/// Reads it; where it cannot be read the message says why. `folder`: None, nothing is kept.
pub fn look(folder: Option<&Path>, wanted: Wanted) -> Msg {
    if let Wanted::Day(target, now) = wanted {
        let found = day(folder, &target, now);
        return Msg::Recalled(target, found);
    }
    match folder.map(Store::peek).transpose().map(Option::flatten) {
        Ok(Some(peek)) => read(&peek, wanted).unwrap_or_else(|error| Msg::Told(error.to_string())),
        Ok(None) => match wanted {
            Wanted::Search(words) => Msg::Found(words, Vec::new()),
            Wanted::Conversation(_) | Wanted::Day(..) => Msg::Tick,
        },
        Err(error) => Msg::Told(error.to_string()),
    }
}

fn day(folder: Option<&Path>, target: &Target, now: Time) -> Result<History, String> {
    let folder = folder.ok_or("nothing is kept: --ephemeral")?;
    match Store::peek(folder).map_err(|error| error.to_string())? {
        Some(peek) => peek.history(target, now).map_err(|error| error.to_string()),
        None => Ok(History::new(now)),
    }
}

fn read(peek: &Peek, wanted: Wanted) -> Result<Msg, Unreadable> {
    match wanted {
        Wanted::Day(..) => Ok(Msg::Tick),
        Wanted::Conversation(id) => peek.conversation(id).map(|turns| Msg::Read(id, turns)),
        Wanted::Search(text) => peek.search(&text).map(|hits| Msg::Found(text, hits)),
    }
}
