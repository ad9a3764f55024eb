//! What effects of the dashboard do to files and to the clipboard. Blocks: each is an errand, and comes back as a
//! message.

use std::path::{Path, PathBuf};

use crate::app::message::{Effect, Msg};
use crate::domain::clock::Clock;
use crate::shell::curl::{curl, key_name};
use crate::shell::errands::Came;
use crate::shell::session::NewKey;
use crate::shell::{chores, clipboard, pages, reading, saved, setup, takeout};
use crate::store::Store;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The data folder; None: nothing is kept.
    pub data: Option<PathBuf>,
    /// The config that the user named.
    pub config: Option<PathBuf>,
    /// What becomes of a new key.
    pub keys: NewKey,
}

/// What is answered where an errand cannot even begin.
pub fn refused(effect: &Effect) -> Msg {
    let why = "too much else is being done";
    match effect {
        Effect::Fetch(fetch) => Msg::Fetched(chores::refused(fetch.clone())),
        Effect::Setup(wanted) => setup::refused(wanted),
        Effect::ReadLog(wanted) => Msg::LogUnread(wanted.number, why.into()),
        _ => Msg::Told(format!("not done: {why}; try again")),
    }
}

/// Does it; an effect that is none of these does nothing.
pub fn carry_out(effect: Effect, places: &Places) -> Came {
    let (data, now) = (places.data.as_deref(), Clock::System.now());
    match effect {
        Effect::Look(wanted) => reading::look(data, wanted).into(),
        Effect::Fetch(fetch) => Msg::Fetched(chores::read(data, fetch)).into(),
        Effect::SaveText { name, ending, text } => with(data, |data| {
            let path = saved::text(data, &name, ending, &text).map_err(|error| error.to_string())?;
            Ok(format!("saved {}", saved::shown(&path)))
        }),
        Effect::Setup(wanted) => setup::carry_out(wanted, places.config.as_deref(), &places.keys).into(),
        Effect::ReadLog(wanted) => pages::page(data, wanted).into(),
        Effect::ReadBody(attempt) => {
            let kept = data.and_then(|data| Store::peek(data).ok().flatten());
            Msg::Body(attempt, kept.and_then(|peek| peek.body(attempt).ok().flatten())).into()
        }
        Effect::Save(recording) => with(data, |data| {
            let path = takeout::save(data, &recording, now).map_err(|error| error.to_string())?;
            Ok(format!("saved {}", saved::shown(&path)))
        }),
        Effect::Export(filter, form) => with(data, |data| {
            let (rows, path) = takeout::export(data, &filter, form, now).map_err(|error| error.to_string())?;
            Ok(format!("{rows} {} in {}", if rows == 1 { "row" } else { "rows" }, saved::shown(&path)))
        }),
        Effect::CopyCurl(repeat) => {
            let key = key_name(places.config.as_deref(), &repeat.lane);
            copied(&curl(&repeat, key.as_deref()), data)
        }
        Effect::Copy(text) => copied(&text, data),
        _ => Msg::Tick.into(),
    }
}

fn with(data: Option<&Path>, deed: impl FnOnce(&Path) -> Result<String, String>) -> Came {
    let said = data.map_or_else(|| Err("--ephemeral writes no file: start without it".into()), deed);
    said.map_or_else(Msg::Told, Msg::Done).into()
}

fn copied(text: &str, data: Option<&Path>) -> Came {
    let copied = clipboard::copy(text, data, |name| std::env::var(name).ok());
    Came { msg: copied.said.map_or_else(Msg::Told, Msg::Done), bytes: copied.sequence }
}
