//! Puts the parts together: the data folder, the store, the roster, the simulated world, the scheduler. The dashboard
//! and `ask` start the same engine.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::domain::clock::Clock;
use crate::providers::{catalogue, http};
use crate::scheduler::actor::{self, Link};
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::Opening;
use crate::scheduler::flight::Transport;
use crate::scheduler::kept::Kept;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::Urgent;
use crate::scheduler::turns::Turns;
use crate::shell::{log, paths};
use crate::sim::server::{Server, serve};
use crate::sim::world::World;
use crate::store::Store;
use crate::store::error::NotSaved;
use crate::store::folder::{Folder, FolderError};
use crate::store::load::Loaded;

/// What the user asked for, as meant.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Another data folder than the platform's.
    pub data_dir: Option<PathBuf>,
    /// Keep nothing.
    pub ephemeral: bool,
}

/// Why roundel cannot start; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process holds the data folder.
    #[error("{0}")]
    Held(FolderError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    /// The way to the scheduler.
    pub link: Link,
    /// The data folder; None: nothing is kept.
    pub folder: Option<PathBuf>,
    /// The open log file; None: nothing is kept.
    pub log: Option<std::fs::File>,
    /// Rows of the store that could not be read, in words; empty: none.
    pub notice: String,
    task: JoinHandle<Result<(), NotSaved>>,
    lock: Option<Folder>,
    simulated: Option<Server>,
}

/// The runtime of all tasks: two threads are plenty for what they do.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Starts the engine. `what`: the name under which it holds the data folder, `dashboard` or `ask`.
pub async fn start(config: &Config, what: &str) -> Result<Engine, StartError> {
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let clock = Clock::System;
    let now = clock.now();
    let (lock, log, store, loaded) = if config.ephemeral {
        (None, None, Store::ephemeral(), Loaded::default())
    } else {
        let path = paths::data_folder(config.data_dir.clone(), true)
            .ok_or_else(|| other(&"the home folder is not known: name a folder with --data-dir, or use --ephemeral"))?;
        let folder = Folder::open(&path, what, now).map_err(|error| match error {
            held @ FolderError::Held { .. } => StartError::Held(held),
            error => StartError::Other(error.to_string()),
        })?;
        let log = log::start(&path)
            .map_err(|error| other(&format!("cannot write the log file in {}: {error}", path.display())))?;
        let (store, loaded) = Store::open(&folder, clock).map_err(|error| other(&error))?;
        (Some(folder), Some(log), store, loaded)
    };
    let world = World::demo().map_err(|error| other(&error))?;
    let server =
        serve(world, clock).await.map_err(|error| other(&format!("no port on 127.0.0.1 for the demo: {error}")))?;
    let specs = catalogue::demo(&server.base_url).map_err(|error| other(&error))?;
    let client = http::Client::new([]).map_err(|error| other(&error))?;
    let kept = Kept {
        meters: loaded.meters,
        rests: loaded.rests,
        switches: loaded.switches,
        last_account: loaded.last_account,
    };
    let ledger = Ledger::new(specs, kept, now);
    let turns = Turns::new(loaded.turns, loaded.attempts);
    let saving = store.saving().borrow().clone();
    let opening =
        Opening { ledger, turns, last_attempt: loaded.last_attempt, draft: loaded.draft, saving, ..Opening::default() };
    let desk = Desk::new(opening, now);
    let (actor, link) = actor::new(desk, store, Transport::Http(client), clock);
    let notice = match loaded.skipped {
        0 => String::new(),
        count => format!("{count} rows of the data could not be read; they are kept as they are"),
    };
    let task = tokio::spawn(actor.run());
    let folder = lock.as_ref().map(|lock| lock.path().to_owned());
    Ok(Engine { link, folder, log, notice, task, lock, simulated: Some(server) })
}

impl Engine {
    /// Ends the engine; what runs is interrupted, what is kept is written. Err: a sentence on what is not on the disk.
    pub async fn stop(self) -> Result<(), String> {
        self.link.urgent(Urgent::Quit).await;
        let ended = timeout(Duration::from_secs(3), self.task).await;
        drop((self.simulated, self.lock));
        match ended {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(not_saved))) => Err(not_saved.to_string()),
            Ok(Err(panicked)) => Err(format!("the scheduler broke: {panicked}")),
            Err(_) => Err("the last writes are not on the disk: it did not answer in 3 s".into()),
        }
    }
}
