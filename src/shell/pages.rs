//! What the dashboard reads of the log beyond what it holds: by a connection of its own, which reads and nothing else,
//! whoever owns the store.

use std::path::Path;

use crate::app::message::Msg;
use crate::app::page::{Page, Wanted};
use crate::store::Store;
use crate::store::peek::Unreadable;

/// Reads a page. Blocks. `data`: the data folder.
pub fn page(data: Option<&Path>, wanted: Wanted) -> Msg {
    let number = wanted.number;
    read(data, wanted).map_or_else(|error| Msg::LogUnread(number, error.to_string()), Msg::LogRead)
}

fn read(data: Option<&Path>, wanted: Wanted) -> Result<Page, Unreadable> {
    let none = Page { number: wanted.number, rows: Vec::new(), counts: wanted.count.then_some((0, 0)) };
    let Some(peek) = data.map(Store::peek).transpose()?.flatten() else { return Ok(none) };
    let rows = peek.page(&wanted.filter, wanted.whence, wanted.most)?;
    let counts = wanted.count.then(|| peek.count(&wanted.filter)).transpose()?;
    Ok(Page { rows, counts, ..none })
}
