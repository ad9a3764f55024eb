//! Without Unix sockets nobody attaches: a second process says who holds the folder, and ends.

use std::io;
use std::path::Path;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::scheduler::door::Link;
use crate::shell::attach::hello::{Hello, NoLine};
use crate::store::folder::Folder;

/// An open line to the owner. There is none.
#[derive(Debug)]
pub struct Line {
    /// What goes to and fro.
    pub stream: DuplexStream,
    /// Who the owner is.
    pub owner: Hello,
}

/// Finds nobody.
pub async fn dial(_folder: &Path, _own: &Hello) -> Result<Line, NoLine> {
    Err(NoLine::Never)
}

/// Nobody listens.
#[derive(Debug)]
pub struct Listener;

/// Does nothing.
pub fn listen(_: &mut Folder, _: Link, _: Hello, _: mpsc::Sender<String>) -> io::Result<Listener> {
    Ok(Listener)
}

impl Listener {
    /// Does nothing.
    pub async fn close(self) {}
}
