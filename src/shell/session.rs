//! A program's time with a scheduler: its own, if it holds the data folder, or that of the process that does. If that
//! one ends, another takes over, and what is said here goes on.
//!
//! ```text
//!  start ─▶ the lock? ──yes─▶ owner ─────────────────────▶ stop
//!            ▲  └─no─▶ a line? ──yes─▶ attached ─▶ stop (the owner goes on)
//!            │ 100 ms     └─no─┐          │ the owner has gone: recover
//!            └─────────────────┴──────────┘
//! ```

use std::path::PathBuf;
use std::time::Duration;

use tokio::signal;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::domain::clock::Clock;
use crate::domain::look::Wanted;
use crate::scheduler::door::{Link, Subscription, link};
use crate::scheduler::link::Urgent;
use crate::shell::attach::bridge::{Over, bridge};
use crate::shell::attach::hello::{Hello, NoLine, digest};
use crate::shell::attach::linger::others;
use crate::shell::attach::witness::Witness;
use crate::shell::attach::{Line, dial};
use crate::shell::engine::{self, Config, Engine, Mode, SCREEN, StartError, log_file};
use crate::shell::sources::{Sources, gather};
use crate::shell::{log, paths};
use crate::store::folder::{Folder, FolderError};

/// How long a folder may be held by a process that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a command that holds the folder serves others after its own work.
const LINGER: Duration = Duration::from_mins(2);
/// By so much others are behind a screen when an owner has gone.
const AFTER_YOU: Duration = Duration::from_millis(60);
/// For so long it does that without a word; and an owner that hangs up sooner, and is still there, does it on purpose.
const SHORT: Duration = Duration::from_secs(1);

/// A session.
#[derive(Debug)]
pub struct Session {
    /// The way to the scheduler, wherever it is.
    pub link: Link,
    /// The data folder; None: nothing is kept.
    pub folder: Option<PathBuf>,
    /// The open log file; None: nothing is kept.
    pub log: Option<std::fs::File>,
    /// All providers are simulated.
    pub demo: bool,
    /// The config wants no lane that trains on prompts, or might.
    pub no_training: bool,
    /// What the config wants of the screen.
    pub screen: Wanted,
    /// The process whose scheduler it is; None: this one's.
    pub owner: Option<u32>,
    /// What the user should hear of that.
    said: Option<String>,
    part: Part,
}

/// What becomes of a key that is typed in, and good.
#[derive(Debug, Clone)]
pub enum NewKey {
    /// Its lanes join this scheduler.
    Roster(Link),
    /// The dashboard begins again with it.
    Beginning,
    /// The process that holds the folder has to.
    Owner(u32),
    /// Nothing is kept at all.
    Nowhere,
}

/// A session, and what it hears.
type Open = (Session, Subscription);

#[derive(Debug)]
enum Part {
    /// This process holds the folder.
    Owner(Box<Engine>),
    /// Another one does.
    Attached(Box<Attached>),
    /// That one has gone, and it is not known yet who is the next.
    Moving(JoinHandle<Result<Open, StartError>>),
    /// There is none.
    Over,
}

#[derive(Debug)]
struct Attached {
    bridge: JoinHandle<(Over, Witness)>,
    owner: u32,
    since: Instant,
    plan: Plan,
}

/// What there is to hear beside the reports.
#[derive(Debug)]
pub enum News {
    /// A sentence for the user.
    Said(String),
    /// There is an owner again, and this is what it did.
    Back(Subscription, String),
    /// There is none, and there will be none.
    Lost(StartError),
}

/// Begins a session. `what`: the name under which others hear of it, [`SCREEN`] or a command's.
pub async fn start(config: &Config, what: &str) -> Result<Open, StartError> {
    Plan::new(config, what)?.enter().await
}

/// All that is needed to hold the folder, now or when its owner has gone.
#[derive(Debug)]
struct Plan {
    sources: Sources,
    /// None: nothing is kept, and nobody attached to.
    path: Option<PathBuf>,
    /// Where lists of models are kept, if anything is.
    lists: Option<PathBuf>,
    hello: Hello,
    /// Nothing was written to the log file yet.
    fresh: bool,
    /// What was heard of an owner that has gone.
    witness: Option<Witness>,
}

impl Plan {
    fn new(config: &Config, what: &str) -> Result<Self, StartError> {
        let sources = gather(config.config.as_deref()).map_err(StartError::Other)?;
        let demo = match config.mode {
            Mode::Demo => true,
            Mode::Real => false,
            Mode::ByKeys => !sources.assembly.real,
        };
        let path = match (config.ephemeral, paths::data_folder(config.data_dir.clone(), demo)) {
            (true, _) => None,
            (false, Some(path)) => Some(path),
            (false, None) => {
                let why = "the home folder is not known: name a folder with --data-dir, or use --ephemeral";
                return Err(StartError::other(&why));
            }
        };
        // The demo's lanes are the same everywhere.
        let digest = if demo { 0 } else { digest(&sources.assembly.lanes, sources.assembly.avoid_training) };
        let lists = paths::lists_folder(config.data_dir.clone()).filter(|_| !config.ephemeral);
        Ok(Self { sources, path, lists, hello: Hello::new(what, demo, digest), fresh: true, witness: None })
    }

    async fn enter(mut self) -> Result<Open, StartError> {
        loop {
            let mut session = self.begin().await?;
            if let Some(subscription) = session.link.subscribe().await {
                return Ok((session, subscription));
            }
            match std::mem::replace(&mut session.part, Part::Over) {
                // The owner has gone in this very moment.
                Part::Attached(attached) => self = attached.plan,
                Part::Owner(_) | Part::Moving(_) | Part::Over => {
                    return Err(StartError::other(&"the scheduler ended at once"));
                }
            }
        }
    }

    /// Holds the folder, or attaches to who does.
    async fn begin(self) -> Result<Session, StartError> {
        let Some(path) = self.path.clone() else { return self.own(None).await };
        let until = Instant::now() + PATIENCE;
        loop {
            let held = match Folder::open(&path, &self.hello.what, Clock::System.now()) {
                Ok(folder) => return self.own(Some(folder)).await,
                Err(held @ FolderError::Held { .. }) => held,
                Err(error) => return Err(StartError::other(&error)),
            };
            match dial(&path, &self.hello).await {
                Ok(line) => return self.attach(line),
                Err(NoLine::Refused(sentence)) => return Err(StartError::Refused(sentence)),
                Err(NoLine::NotYet) if Instant::now() < until => {}
                Err(NoLine::NotYet | NoLine::Never) => return Err(StartError::Held(held)),
            }
            // Not all of them at the same instants.
            sleep(Duration::from_millis(80 + u64::from(self.hello.pid % 41))).await;
        }
    }

    async fn own(self, folder: Option<Folder>) -> Result<Session, StartError> {
        let (demo, no_training) = (self.hello.demo, self.sources.assembly.avoid_training);
        if let Some(folder) = folder.as_ref().filter(|_| self.fresh) {
            log::turn_over(folder.path()).map_err(|error| StartError::other(&error))?;
        }
        let screen = self.sources.screen;
        let mut engine = engine::start(folder, self.lists, self.sources, self.hello, self.witness).await?;
        let (link, log) = (engine.link.clone(), engine.log.take());
        let part = Part::Owner(Box::new(engine));
        Ok(Session { link, folder: self.path, log, demo, no_training, screen, owner: None, said: None, part })
    }

    fn attach(mut self, open: Line) -> Result<Session, StartError> {
        let Line { stream, owner: holder } = open;
        let log = self.path.as_deref().map(log_file).transpose()?;
        self.witness = None;
        let (link, far) = link();
        let owner = holder.pid;
        let said = self.hello.difference(&holder);
        let (folder, demo, no_training) = (self.path.clone(), self.hello.demo, self.sources.assembly.avoid_training);
        let screen = self.sources.screen;
        let bridge = tokio::spawn(bridge(stream, far));
        let part = Part::Attached(Box::new(Attached { bridge, owner, since: Instant::now(), plan: self }));
        Ok(Session { link, folder, log, demo, no_training, screen, owner: Some(owner), said, part })
    }
}

impl Attached {
    /// Goes after the folder.
    async fn recover(self) -> Result<(Session, Subscription), StartError> {
        let Self { mut bridge, owner: before, since, mut plan } = self;
        match timeout(PATIENCE, &mut bridge).await {
            Ok(Ok((Over::Garbled(what), _))) => {
                return Err(StartError::Refused(format!("process {before} says what this one cannot read: {what}")));
            }
            Ok(Ok((_, witness))) => plan.witness = Some(witness),
            Ok(Err(_)) => {}
            Err(_) => bridge.abort(),
        }
        let short = since.elapsed() < SHORT;
        plan.fresh = false;
        // A screen stays, a command goes: it takes the folder only if no screen does.
        if plan.hello.what != SCREEN {
            sleep(AFTER_YOU).await;
        }
        let (mut session, subscription) = plan.enter().await?;
        session.said = Some(match session.owner {
            None => format!("took over from process {before}, which has ended"),
            Some(same) if same == before && short => {
                return Err(StartError::Refused(format!("process {before} hangs up on this one: see the log file")));
            }
            Some(same) if same == before => format!("attached to process {same} again"),
            Some(new) => format!("process {before} has ended: attached to process {new}"),
        });
        Ok((session, subscription))
    }
}

impl Session {
    /// The reports have ended: the owner has gone, and this process looks for the next, or is it. What comes of it is
    /// [`News`]. False: it was this process's own scheduler, and nobody goes on.
    pub fn recover(&mut self) -> bool {
        match std::mem::replace(&mut self.part, Part::Over) {
            Part::Attached(attached) => {
                self.part = Part::Moving(tokio::spawn(attached.recover()));
                true
            }
            part => {
                self.part = part;
                false
            }
        }
    }

    /// What there is to hear beside the reports; waits for ever where there will be nothing. May be dropped half-way.
    pub async fn news(&mut self) -> News {
        if let Some(said) = self.said.take() {
            return News::Said(said);
        }
        match &mut self.part {
            Part::Owner(engine) => match engine.told.recv().await {
                Some(said) => News::Said(said),
                None => std::future::pending().await,
            },
            Part::Moving(moving) => {
                let found = moving.await;
                self.part = Part::Over;
                match found {
                    Ok(Ok((session, subscription))) => {
                        *self = session;
                        News::Back(subscription, self.said.take().unwrap_or_default())
                    }
                    Ok(Err(error)) => News::Lost(error),
                    Err(broken) => News::Lost(StartError::Other(format!("taking over broke: {broken}"))),
                }
            }
            Part::Attached(_) | Part::Over => std::future::pending().await,
        }
    }

    /// What becomes of a key that is typed in.
    pub fn keys_go(&self) -> NewKey {
        match self.owner {
            _ if self.folder.is_none() => NewKey::Nowhere,
            _ if self.demo => NewKey::Beginning,
            Some(owner) => NewKey::Owner(owner),
            None => NewKey::Roster(self.link.clone()),
        }
    }

    /// What holds the folder here; None: another process does.
    pub fn engine(&self) -> Option<&Engine> {
        match &self.part {
            Part::Owner(engine) => Some(engine),
            Part::Attached(_) | Part::Moving(_) | Part::Over => None,
        }
    }

    /// Ends the session; an owner's after the answers that others get through it. What the user should know of that wait
    /// goes to `say`; Ctrl+C ends it.
    pub async fn finish(self, say: fn(&str)) -> Result<(), String> {
        if let (Part::Owner(_), Some(mut others)) = (&self.part, others(&self.link).await) {
            let waited = async {
                others.over(SHORT).await;
                if others.count() > 0 {
                    say("others get answers through this process: it ends when they have them, or with Ctrl+C");
                    others.over(LINGER).await;
                }
            };
            tokio::select! {
                () = waited => {}
                _ = signal::ctrl_c() => {}
            }
        }
        self.stop().await
    }

    /// Ends the session. The owner's: what runs is interrupted, what is kept is written; Err: a sentence on what is not
    /// on the disk. Another's: its owner goes on.
    pub async fn stop(self) -> Result<(), String> {
        match self.part {
            Part::Owner(engine) => engine.stop().await,
            Part::Attached(attached) => {
                self.link.urgent(Urgent::Quit).await;
                let _ = timeout(SHORT, attached.bridge).await;
                Ok(())
            }
            Part::Moving(moving) => match timeout(SHORT, moving).await {
                Ok(Ok(Ok((session, _)))) => Box::pin(session.stop()).await,
                _ => Ok(()),
            },
            Part::Over => Ok(()),
        }
    }
}
