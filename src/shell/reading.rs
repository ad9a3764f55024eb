//! What the dashboard reads of what is kept, by a connection that only reads, and the files it saves. On a thread that
//! may block.

use std::io::Write;
use std::path::Path;

use crate::app::message::{Msg, Wanted};
use crate::domain::clock::Time;
use crate::domain::history::History;
use crate::domain::standing::Target;
use crate::shell::saved::{create, part};
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
        Ok(None) => Msg::Tick,
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

/// Saves a text in the folder of exports, and says where; an error says why it is not saved.
pub fn save(data: Option<&Path>, name: &str, ending: &str, text: &str) -> Result<String, String> {
    let data = data.ok_or("not saved: with --ephemeral no file is written; Y copies the chat")?;
    let saved = create(data, part(name).trim_matches('-'), ending).and_then(|(mut file, path)| {
        file.write_all(text.as_bytes())?;
        Ok(path)
    });
    match saved {
        Ok(path) => Ok(format!("saved: {}", path.display())),
        Err(error) => Err(format!("not saved: {error}")),
    }
}
