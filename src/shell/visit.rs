//! For commands that look at a session without having one: where it is, a line to its owner if there is one, and what
//! went wrong, as an exit code.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use crate::domain::roster::LaneSpec;
use crate::providers::catalogue;
use crate::scheduler::door::{Link, Subscription, link};
use crate::shell::ask::out::put;
use crate::shell::attach::bridge::bridge;
use crate::shell::attach::dial;
use crate::shell::attach::hello::{Hello, NoLine};
use crate::shell::engine::{Config, Mode};
use crate::shell::paths;
use crate::shell::sources::{Sources, glance};

/// An owner that does not answer by then is not asked: who only looks does not wait.
const QUICK: Duration = Duration::from_millis(300);

/// Where the demo's lanes would answer; nobody asks them there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Why it is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// It was called in a way that cannot work.
    #[error("{0}")]
    Usage(String),
    /// Another process holds the data folder, and cannot be attached to.
    #[error("{0}")]
    Held(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl NotDone {
    /// Anything else, as a sentence.
    pub fn failed(error: &dyn std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Prints it. False: nobody reads it any more, which is no fault.
pub fn print(text: &str) -> Result<bool, NotDone> {
    match put(text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(NotDone::Failed(format!("cannot write: {error}"))),
    }
}

/// Where a session is, or would be.
#[derive(Debug)]
pub struct Place {
    /// What it is made from; without keys.
    pub sources: Sources,
    /// All providers are simulated.
    pub demo: bool,
    /// The data folder.
    pub folder: PathBuf,
}

impl Place {
    /// Finds it; opens no connection, starts no program.
    pub fn find(config: &Config) -> Result<Self, NotDone> {
        if config.ephemeral {
            return Err(NotDone::Usage(
                "with --ephemeral nothing is kept, so there is nothing to see: leave it out".into(),
            ));
        }
        let sources = glance(config.config.as_deref()).map_err(NotDone::Failed)?;
        let demo = match config.mode {
            Mode::Demo => true,
            Mode::Real => false,
            Mode::ByKeys => !sources.assembly.real,
        };
        let folder = paths::data_folder(config.data_dir.clone(), demo)
            .ok_or_else(|| NotDone::Failed("the home folder is not known: name a folder with --data-dir".into()))?;
        Ok(Self { sources, demo, folder })
    }

    /// The lanes that it has from the start; none of them can be asked.
    pub fn lanes(&self) -> Result<Vec<LaneSpec>, NotDone> {
        if self.demo {
            return catalogue::demo(NOWHERE).map_err(|error| NotDone::failed(&error));
        }
        Ok(self.sources.assembly.lanes.clone())
    }

    /// Calls its owner, for a moment. `what`: the name of the caller.
    pub async fn visit(&self, what: &str) -> Result<Visit, NoLine> {
        timeout(QUICK, visit(&self.folder, &Hello::new(what, self.demo, 0))).await.unwrap_or(Err(NoLine::NotYet))
    }
}

/// A line to the owner, for as long as this lives.
#[derive(Debug)]
pub struct Visit {
    /// The way to its scheduler.
    pub link: Link,
    /// What it reports; a snapshot first.
    pub subscription: Subscription,
    /// The process.
    pub owner: u32,
}

async fn visit(folder: &Path, own: &Hello) -> Result<Visit, NoLine> {
    let open = dial(folder, own).await?;
    let (link, far) = link();
    // It ends with the link.
    tokio::spawn(bridge(open.stream, far));
    let subscription = link.subscribe().await.ok_or(NoLine::NotYet)?;
    Ok(Visit { link, subscription, owner: open.owner.pid })
}
