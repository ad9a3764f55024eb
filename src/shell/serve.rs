//! `roundel serve`: the endpoint without a screen, as a service. Where it listens and which names it knows are said once;
//! then one line for each attempt, on stderr. Where another process holds the data that one serves, and this one goes on
//! when it ends. A signal lets streams finish, for a while.
//!
//! ```text
//!  start ─▶ owner: opens ─────────────────────────────────▶ signal: streams finish ─▶ end
//!     └───▶ attached: asks the owner to open ──(signal: leaves)─────────────────────▶ end
//!                ▲        │ the owner ends: takes over ─▶ owner, or attached to the next one
//!                └────────┘
//! ```

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::ids::AttemptId;
use crate::domain::text::one_line;
use crate::gateway::server::open;
use crate::scheduler::door::Subscription;
use crate::scheduler::link::{Command, Report, Snapshot};
use crate::shell::ask::say;
use crate::shell::endpoint::{First, Keeper};
use crate::shell::engine::{Config, StartError};
use crate::shell::session::{News, Session, start};
use crate::shell::signals::{Asked, Signals};

/// How long streams may take to finish once the end was asked for.
const GRACE: Duration = Duration::from_secs(30);

/// How long their lines may take after that.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines of attempts are kept apart by their ids, so many of them.
const REMEMBERED: usize = 1024;

/// Serves until a signal. `port`, `address`: instead of the config's. Err: a sentence, if it could not start, or cannot
/// go on.
pub async fn serve(config: &Config, port: Option<u16>, address: Option<IpAddr>) -> Result<(), StartError> {
    let mut signals = Signals::catch().map_err(|error| StartError::other(&error))?;
    let (session, subscription) = start(config, "serve").await?;
    if session.demo {
        say("SIMULATED: no model answers here; this is roundel's demo on simulated providers");
    }
    let mut service = Service { session, keeper: None, port, address };
    let mut log = Log::new(subscription);
    let ended = service.run(&mut log, &mut signals).await;
    let Service { session, keeper, .. } = service;
    if let Some(keeper) = keeper.filter(|_| ended.is_ok()) {
        say("ending: streams may finish; the same signal again breaks them off");
        tokio::select! {
            () = keeper.stop(GRACE) => {}
            () = async { while signals.next().await == Asked::Continue {} } => {}
        }
    }
    if let Err(sentence) = session.stop().await {
        say(&sentence);
    }
    // What ended last is told, too.
    let _ = timeout(LAST_LINES, async { while !matches!(log.next().await, Heard::End) {} }).await;
    ended
}

struct Service {
    session: Session,
    /// Of the endpoint of this process; None: another one has it.
    keeper: Option<Keeper>,
    /// Instead of the config's.
    port: Option<u16>,
    address: Option<IpAddr>,
}

impl Service {
    async fn run(&mut self, log: &mut Log, signals: &mut Signals) -> Result<(), StartError> {
        self.begin().await?;
        let mut lives = true;
        loop {
            tokio::select! {
                asked = signals.next() => if asked != Asked::Continue { return Ok(()) },
                heard = log.next(), if lives => match heard {
                    Heard::First { open } if self.keeper.is_none() && !open => {
                        let wanted = Command::SwitchEndpoint { open: Some(true) };
                        self.session.link.send(log.from.number, wanted).await;
                    }
                    Heard::First { .. } | Heard::More => {}
                    Heard::End => {
                        lives = false;
                        // The end of its own scheduler is that of this process.
                        if !self.session.recover() {
                            return Ok(());
                        }
                    }
                },
                news = self.session.news() => match news {
                    News::Said(sentence) => say(&sentence),
                    News::Lost(error) => return Err(error),
                    News::Back(subscription, sentence) => {
                        say(&sentence);
                        log.follow(subscription);
                        lives = true;
                        self.begin().await?;
                    }
                },
            }
        }
    }

    /// Opens the endpoint, if this process holds the data.
    async fn begin(&mut self) -> Result<(), StartError> {
        let Some(engine) = self.session.engine() else {
            let owner = self.session.owner.unwrap_or_default();
            say(&format!("process {owner} holds the data: it is to serve, and this one goes on when it ends"));
            if self.port.is_some() || self.address.is_some() {
                say("what is said here of port and address counts from then on");
            }
            return Ok(());
        };
        let mut settings = engine.endpoint.clone().map_err(StartError::Other)?;
        settings.port = self.port.unwrap_or(settings.port);
        settings.address = self.address.unwrap_or(settings.address);
        let calls = engine.calls.clone();
        let opened = open(settings.clone(), calls.clone()).await;
        let server = opened.map_err(|error| StartError::other(&error))?;
        let lanes = calls.lanes();
        let mut names = vec!["auto", "harvest", "even", "auto:vision", "auto:tools", "auto:long"];
        names.extend(settings.aliases.iter().map(|(alias, _)| alias.as_str()));
        names.extend(lanes.iter().filter(|lane| lane.standby.is_none()).map(|lane| lane.id.as_str()));
        // Some lanes are found a moment later.
        say(&format!("models: {}; GET /v1/models lists all that there are", names.join(", ")));
        self.keeper = Some(Keeper::start(Ok(settings), First::Here(server), calls, engine.link.clone()));
        Ok(())
    }
}

/// What came.
enum Heard {
    /// The first word of an owner, and whether its endpoint is open.
    First { open: bool },
    /// More.
    More,
    /// The scheduler has ended.
    End,
}

struct Log {
    seen: BTreeSet<AttemptId>,
    notices: Vec<String>,
    from: Subscription,
    /// Nothing was heard of this owner yet; and of none before it.
    first: bool,
    fresh: bool,
}

impl Log {
    fn new(from: Subscription) -> Self {
        Self { seen: BTreeSet::new(), notices: Vec::new(), from, first: true, fresh: true }
    }

    /// Another owner goes on.
    fn follow(&mut self, from: Subscription) {
        (self.from, self.first) = (from, true);
    }

    /// Writes the next lines. May be dropped half-way.
    async fn next(&mut self) -> Heard {
        match self.from.reports.recv().await {
            Some(Report::Moved(moved)) => moved.attempts.iter().for_each(|attempt| self.line(attempt)),
            Some(Report::Snapshot(snapshot)) => {
                self.snapshot(&snapshot);
                if std::mem::take(&mut self.first) {
                    return Heard::First { open: snapshot.endpoint.is_some() };
                }
            }
            Some(
                Report::Said(_)
                | Report::Saving(_)
                | Report::Conversed(_)
                | Report::Controlled(_)
                | Report::Refused(..),
            ) => {}
            None => return Heard::End,
        }
        Heard::More
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        // What was before the start is no news.
        let fresh = std::mem::take(&mut self.fresh);
        for attempt in &snapshot.log {
            if !fresh {
                self.line(attempt);
            } else if attempt.outcome != Outcome::Running {
                self.seen.insert(attempt.id);
            }
        }
        for notice in snapshot.notices.iter().filter(|notice| !self.notices.contains(notice)) {
            say(&one_line(notice));
        }
        self.notices.clone_from(&snapshot.notices);
    }

    fn line(&mut self, attempt: &Attempt) {
        if attempt.outcome == Outcome::Running || !self.seen.insert(attempt.id) {
            return;
        }
        while self.seen.len() > REMEMBERED {
            self.seen.pop_first();
        }
        say(&line(attempt));
    }
}

/// `lane=groq/x try=1 status=200 outcome=answered ms=812 in=12 out=40`; of what was asked, nothing.
fn line(attempt: &Attempt) -> String {
    let outcome = match attempt.outcome {
        Outcome::Running => "running".into(),
        Outcome::Answered => "answered".into(),
        Outcome::Failed(class) => class.word().replace(' ', "_"),
        Outcome::Cancelled => "cancelled".into(),
        Outcome::Interrupted => "interrupted".into(),
    };
    let number = |name: &str, value: Option<u64>| value.map(|value| format!(" {name}={value}")).unwrap_or_default();
    let ms = |span: Option<Duration>| span.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    let note = if attempt.note.is_empty() { String::new() } else { format!(" note={:?}", attempt.note) };
    format!(
        "origin={} lane={} try={}{} outcome={outcome}{}{}{}{}{note}",
        attempt.origin.word(),
        attempt.lane,
        attempt.number,
        number("status", attempt.status.map(u64::from)),
        number("first_ms", ms(attempt.first_token)),
        number("ms", ms(attempt.took)),
        number("in", attempt.usage.input),
        number("out", attempt.usage.output),
    )
}
