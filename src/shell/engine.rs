//! Puts the parts together: the data folder, the store, the roster, the simulated world, the scheduler. The dashboard
//! and `ask` start the same engine.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use crate::domain::clock::Clock;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::gateway::Settings;
use crate::providers::assemble::account::Account;
use crate::providers::assemble::{Assembly, Discover};
use crate::providers::catalogue::{self, Finder};
use crate::providers::http;
use crate::scheduler::actor::{self, Link};
use crate::scheduler::desk::Desk;
use crate::scheduler::effect::Opening;
use crate::scheduler::flight::Transport;
use crate::scheduler::kept;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::Urgent;
use crate::scheduler::link::call::Line;
use crate::scheduler::turns::Turns;
use crate::shell::endpoint::settings;
use crate::shell::finder::{Use, find};
use crate::shell::lists::Lists;
use crate::shell::sources::{Sources, gather};
use crate::shell::watcher::{Ask, watch};
use crate::shell::{log, paths};
use crate::sim::server::{Server, serve};
use crate::sim::world::World;
use crate::store::Store;
use crate::store::error::NotSaved;
use crate::store::folder::{Folder, FolderError};
use crate::store::load::Loaded;

/// Which providers a session has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Real ones if there is any key, or a provider in the config; else the simulated ones.
    #[default]
    ByKeys,
    /// Simulated ones.
    Demo,
    /// Real ones, though there is no key: an Ollama on this computer.
    Real,
}

/// What the user asked for, as meant.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Another data folder than the platform's.
    pub data_dir: Option<PathBuf>,
    /// Keep nothing.
    pub ephemeral: bool,
    /// Another config file than the platform's.
    pub config: Option<PathBuf>,
    /// Which providers.
    pub mode: Mode,
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
    /// All providers are simulated.
    pub demo: bool,
    /// No lane that trains on prompts, or might.
    pub no_training: bool,
    /// The endpoint's way to the scheduler.
    pub calls: Line,
    /// What the endpoint is opened with; Err: why it is not.
    pub endpoint: Result<Settings, String>,
    /// Whether it is open without being asked for.
    pub endpoint_on: bool,
    task: JoinHandle<Result<(), NotSaved>>,
    finder: AbortHandle,
    lock: Option<Folder>,
    simulated: Option<Server>,
}

/// The runtime of all tasks: two threads are plenty for what they do.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Starts the engine. `what`: the name under which it holds the data folder, `dashboard` or `ask`.
pub async fn start(config: &Config, what: &str) -> Result<Engine, StartError> {
    let clock = Clock::System;
    let now = clock.now();
    let sources = gather(config.config.as_deref()).map_err(StartError::Other)?;
    let demo = match config.mode {
        Mode::Demo => true,
        Mode::Real => false,
        Mode::ByKeys => !sources.assembly.real,
    };
    let Kept { lock, log, store, loaded } = keep(config, what, demo, clock)?;
    let endpoint = settings(&sources.endpoint, &sources.aliases);
    let endpoint_on = sources.endpoint.on && !demo;
    let roster = roster(sources, demo, clock).await?;
    let shapes = roster.accounts.iter().map(|account| &account.shape);
    let proxies: BTreeSet<String> = roster.lanes.iter().chain(shapes).filter_map(|one| one.proxy.clone()).collect();
    let client = http::Client::new(proxies).map_err(|error| StartError::Other(error.to_string()))?;
    let kept = kept::Kept {
        meters: loaded.meters,
        rests: loaded.rests,
        switches: loaded.switches,
        last_account: loaded.last_account,
    };
    let mut notices = roster.notices;
    if loaded.skipped > 0 {
        notices.push(format!("{} rows of the data could not be read; they are kept as they are", loaded.skipped));
    }
    let mut ledger = Ledger::new(roster.lanes, kept, now);
    ledger.remember(loaded.attempts.iter());
    let opening = Opening {
        ledger,
        turns: Turns::new(loaded.turns, loaded.attempts),
        last_attempt: loaded.last_attempt,
        draft: loaded.draft,
        saving: store.saving().borrow().clone(),
        notices,
        no_training: roster.no_training,
        avoid_training: loaded.avoid_training,
        finding: !demo && !roster.discover.is_empty(),
        // The demo shows the rotation as such: one after the other.
        strategy: if demo { Strategy::Even } else { roster.strategy },
    };
    let (actor, link) = actor::new(Desk::new(opening, now), store, Transport::Http(client.clone()), clock);
    let purpose = if demo { Use::Offer } else { Use::Join };
    let lists = Lists::new(paths::lists_folder(config.data_dir.clone()).filter(|_| !config.ephemeral));
    let rounds = if ["ask", "check"].contains(&what) { Ask::Nobody } else { Ask::Rounds };
    let (once, found) = oneshot::channel();
    let finding = find(roster.discover, client.clone(), link.clone(), purpose, once);
    let watching = watch(roster.accounts, lists, client, link.clone(), rounds, found);
    let finder = tokio::spawn(async { tokio::join!(finding, watching) }).abort_handle();
    let calls = actor.line();
    let task = tokio::spawn(actor.run());
    let folder = lock.as_ref().map(|lock| lock.path().to_owned());
    let no_training = roster.no_training;
    let simulated = roster.simulated;
    Ok(Engine { link, folder, log, demo, no_training, calls, endpoint, endpoint_on, task, finder, lock, simulated })
}

struct Kept {
    lock: Option<Folder>,
    log: Option<std::fs::File>,
    store: Store,
    loaded: Loaded,
}

/// Opens the data folder, its log file and its database; or nothing, if nothing is to be kept.
fn keep(config: &Config, what: &str, demo: bool, clock: Clock) -> Result<Kept, StartError> {
    if config.ephemeral {
        return Ok(Kept { lock: None, log: None, store: Store::ephemeral(), loaded: Loaded::default() });
    }
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let path = paths::data_folder(config.data_dir.clone(), demo)
        .ok_or_else(|| other(&"the home folder is not known: name a folder with --data-dir, or use --ephemeral"))?;
    let folder = Folder::open(&path, what, clock.now()).map_err(|error| match error {
        held @ FolderError::Held { .. } => StartError::Held(held),
        error => other(&error),
    })?;
    let log = log::start(&path)
        .map_err(|error| other(&format!("cannot write the log file in {}: {error}", path.display())))?;
    let (store, loaded) = Store::open(&folder, clock).map_err(|error| other(&error))?;
    Ok(Kept { lock: Some(folder), log: Some(log), store, loaded })
}

struct Roster {
    lanes: Vec<LaneSpec>,
    notices: Vec<String>,
    discover: Vec<Discover>,
    accounts: Vec<Account>,
    no_training: bool,
    strategy: Strategy,
    simulated: Option<Server>,
}

/// The lanes: those that the sources make, or the demo's.
async fn roster(sources: Sources, demo: bool, clock: Clock) -> Result<Roster, StartError> {
    let Assembly { lanes, notices, discover, accounts, avoid_training, strategy, .. } = sources.assembly;
    if !demo {
        let no_training = avoid_training;
        return Ok(Roster { lanes, notices, discover, accounts, no_training, strategy, simulated: None });
    }
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let world = World::demo().map_err(|error| other(&error))?;
    let server =
        serve(world, clock).await.map_err(|error| other(&format!("no port on 127.0.0.1 for the demo: {error}")))?;
    let lanes = catalogue::demo(&server.base_url).map_err(|error| other(&error))?;
    let local = discover.into_iter().filter(|one| one.finder == Finder::Ollama).collect();
    let (notices, accounts, simulated) = (Vec::new(), Vec::new(), Some(server));
    Ok(Roster { lanes, notices, discover: local, accounts, no_training: false, strategy, simulated })
}

impl Engine {
    /// Ends the engine; what runs is interrupted, what is kept is written. Err: a sentence on what is not on the disk.
    pub async fn stop(self) -> Result<(), String> {
        self.finder.abort();
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
