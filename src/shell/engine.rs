//! Puts the parts together: the data folder, the store, the roster, the simulated world, the scheduler, the socket for
//! others. One process per folder does so; the dashboard and `ask` start the same engine.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use crate::domain::attempt::Retention;
use crate::domain::clock::Clock;
use crate::domain::roster::{LaneSpec, Strategy};
use crate::gateway::Settings;
use crate::providers::assemble::account::Account;
use crate::providers::assemble::{Assembly, Discover};
use crate::providers::catalogue::{self, Finder};
use crate::providers::http;
use crate::scheduler::actor;
use crate::scheduler::conversations::Conversations;
use crate::scheduler::desk::Desk;
use crate::scheduler::door::Link;
use crate::scheduler::effect::Opening;
use crate::scheduler::flight::Transport;
use crate::scheduler::kept;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::Urgent;
use crate::scheduler::link::call::Line;
use crate::scheduler::turns::Turns;
use crate::shell::attach::hello::Hello;
use crate::shell::attach::witness::Witness;
use crate::shell::attach::{Listener, listen};
use crate::shell::endpoint::{First, Keeper, settings};
use crate::shell::finder::{Use, find};
use crate::shell::lists::Lists;
use crate::shell::log;
use crate::shell::sources::Sources;
use crate::shell::watcher::{Ask, watch};
use crate::sim::server::{Server, serve};
use crate::sim::world::World;
use crate::store::Store;
use crate::store::error::NotSaved;
use crate::store::folder::{Folder, FolderError};
use crate::store::load::Loaded;
use crate::store::write::Write;

/// Places for sentences about others; one that does not fit is in the log file.
const TOLD: usize = 4;

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
    /// Another process holds the data folder, and does not answer.
    #[error("{0}")]
    Held(FolderError),
    /// Another process holds the data folder, and this one cannot attach to it: a sentence says why.
    #[error("{0}")]
    Refused(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl StartError {
    /// Anything else, as a sentence.
    pub fn other(error: &dyn std::fmt::Display) -> Self {
        Self::Other(error.to_string())
    }
}

/// A running engine: what the owner of a data folder has.
#[derive(Debug)]
pub struct Engine {
    /// The way to the scheduler.
    pub link: Link,
    /// The open log file; None: nothing is kept.
    pub log: Option<std::fs::File>,
    /// What the user should know of others: that one cannot attach.
    pub told: mpsc::Receiver<String>,
    /// The endpoint's way to the scheduler.
    pub calls: Line,
    /// What the endpoint is opened with; Err: why it is not.
    pub endpoint: Result<Settings, String>,
    keeper: Option<Keeper>,
    task: JoinHandle<Result<(), NotSaved>>,
    finder: AbortHandle,
    // The socket goes before the lock.
    listener: Option<Listener>,
    lock: Option<Folder>,
    simulated: Option<Server>,
}

/// The name of a session that stays, with a screen.
pub const SCREEN: &str = "dashboard";

/// What programs have of the endpoint when the screen is left.
const LAST: Duration = Duration::from_secs(1);

/// The runtime of all tasks: two threads are plenty for what they do.
pub fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Starts the engine on a folder; None: nothing is kept. `hello`: what others hear who attach. `witness`: what this
/// process has heard of an owner before it. `lists`: where lists of models are kept.
pub async fn start(
    folder: Option<Folder>,
    lists: Option<PathBuf>,
    sources: Sources,
    hello: Hello,
    witness: Option<Witness>,
) -> Result<Engine, StartError> {
    let clock = Clock::System;
    let now = clock.now();
    let demo = hello.demo;
    let Kept { mut lock, log, mut store, mut loaded } = keep(folder, clock, sources.retention)?;
    for write in witness.into_iter().flat_map(|witness| witness.amend(&mut loaded, now)) {
        // A full queue loses nothing.
        store.write(write);
    }
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
        hand: loaded.hand,
        unsettled: loaded.unsettled,
    };
    let mut notices = roster.notices;
    if loaded.skipped > 0 {
        notices.push(format!("{} rows of the data could not be read; they are kept as they are", loaded.skipped));
    }
    let killed = !kept.unsettled.is_empty();
    let mut ledger = Ledger::new(roster.lanes, kept, now);
    if killed {
        // What has just been counted would be counted by no later start.
        for meter in ledger.meters() {
            store.write(Write::Meter(Box::new(meter.clone())));
        }
    }
    ledger.remember(loaded.attempts.iter());
    let opening = Opening {
        ledger,
        turns: Turns::new(loaded.turns, loaded.attempts),
        conversations: Conversations::new(loaded.conversations),
        last_attempt: loaded.last_attempt,
        draft: loaded.draft,
        saving: store.saving().borrow().clone(),
        notices,
        no_training: roster.no_training,
        avoid_training: loaded.avoid_training,
        look: loaded.look,
        finding: !demo && !roster.discover.is_empty(),
        // The demo shows the rotation as such: one after the other.
        strategy: if demo { Strategy::Even } else { roster.strategy },
        shares: loaded.shares,
    };
    let (actor, link) = actor::new(Desk::new(opening, now), store, Transport::Http(client.clone()), clock);
    let purpose = if demo { Use::Offer } else { Use::Join };
    let lists = Lists::new(lists);
    let rounds = if ["ask", "check"].contains(&hello.what.as_str()) { Ask::Nobody } else { Ask::Rounds };
    let (once, found) = oneshot::channel();
    let finding = find(roster.discover, client.clone(), link.clone(), purpose, once);
    let watching = watch(roster.accounts, lists, client, link.clone(), rounds, found);
    let finder = tokio::spawn(async { tokio::join!(finding, watching) }).abort_handle();
    let calls = actor.line();
    let task = tokio::spawn(actor.run());
    let first = if endpoint_on { First::Open } else { First::Closed };
    let keeper = (hello.what == SCREEN).then(|| Keeper::start(endpoint.clone(), first, calls.clone(), link.clone()));
    let (tell, told) = mpsc::channel(TOLD);
    let listener = lock.as_mut().map(|lock| listen(lock, link.clone(), hello, tell.clone())).transpose();
    if let Err(error) = &listener {
        let _ = tell.try_send(format!("no other roundel can attach to this one: {error}"));
    }
    let listener = listener.ok().flatten();
    let simulated = roster.simulated;
    Ok(Engine { link, log, told, calls, endpoint, keeper, task, finder, listener, lock, simulated })
}

struct Kept {
    lock: Option<Folder>,
    log: Option<std::fs::File>,
    store: Store,
    loaded: Loaded,
}

/// Opens the log file and the database of the data folder; or nothing, if nothing is to be kept.
fn keep(folder: Option<Folder>, clock: Clock, retention: Retention) -> Result<Kept, StartError> {
    let Some(folder) = folder else {
        return Ok(Kept { lock: None, log: None, store: Store::ephemeral(), loaded: Loaded::default() });
    };
    let log = log_file(folder.path())?;
    let (store, loaded) =
        Store::open_keeping(&folder, clock, Some(retention)).map_err(|error| StartError::other(&error))?;
    Ok(Kept { lock: Some(folder), log: Some(log), store, loaded })
}

/// Opens the log file of a data folder.
pub fn log_file(folder: &Path) -> Result<std::fs::File, StartError> {
    log::start(folder)
        .map_err(|error| StartError::Other(format!("cannot write the log file in {}: {error}", folder.display())))
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
    let other = StartError::other;
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
        if let Some(keeper) = self.keeper {
            keeper.stop(LAST).await;
        }
        self.link.urgent(Urgent::Quit).await;
        let ended = timeout(Duration::from_secs(3), self.task).await;
        if let Some(listener) = self.listener {
            listener.close().await;
        }
        drop((self.simulated, self.lock));
        match ended {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(not_saved))) => Err(not_saved.to_string()),
            Ok(Err(panicked)) => Err(format!("the scheduler broke: {panicked}")),
            Err(_) => Err("the last writes are not on the disk: it did not answer in 3 s".into()),
        }
    }
}
