//! `roundel serve`: the endpoint without a screen, as a service. Where it listens and which names it knows are said once;
//! then one line for each attempt, on stderr. A signal lets streams finish, for a while.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Clock;
use crate::domain::ids::AttemptId;
use crate::gateway::server::open;
use crate::scheduler::door::Subscription;
use crate::scheduler::link::Report;
use crate::shell::ask::say;
use crate::shell::endpoint::told;
use crate::shell::engine::{Config, StartError};
use crate::shell::session::start;
use crate::shell::signals::{Asked, Signals};

/// How long streams may take to finish once the end was asked for.
const GRACE: Duration = Duration::from_secs(30);

/// How long their lines may take after that.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines of attempts are kept apart by their ids, so many of them.
const REMEMBERED: usize = 1024;

/// Serves until a signal. `port`, `address`: instead of the config's. Err: a sentence, if it could not start.
pub async fn serve(config: &Config, port: Option<u16>, address: Option<IpAddr>) -> Result<(), StartError> {
    let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
    let mut signals = Signals::catch().map_err(|error| other(&error))?;
    let (session, subscription) = start(config, "serve").await?;
    let Some((calls, endpoint)) = session.engine().map(|engine| (engine.calls.clone(), engine.endpoint.clone())) else {
        let owner = session.owner.unwrap_or_default();
        let _ = session.stop().await;
        return Err(other(&format!(
            "process {owner} holds the data, and serves other programs itself while its screen is open (Alt+S there); quit \
             it first, or start this one with --data-dir <another folder>"
        )));
    };
    let mut settings = match endpoint {
        Ok(settings) => settings,
        Err(why) => {
            let _ = session.stop().await;
            return Err(StartError::Other(why));
        }
    };
    settings.port = port.unwrap_or(settings.port);
    settings.address = address.unwrap_or(settings.address);
    let aliases = settings.aliases.clone();
    let server = match open(settings, calls.clone(), Clock::System).await {
        Ok(server) => server,
        Err(error) => {
            let _ = session.stop().await;
            return Err(other(&error));
        }
    };
    if session.demo {
        say("SIMULATED: no model answers here; this is roundel's demo on simulated providers");
    }
    say(&told(&server));
    let lanes = calls.lanes();
    let mut names = vec!["auto", "harvest", "even", "auto:vision", "auto:tools", "auto:long"];
    names.extend(aliases.iter().map(|(alias, _)| alias.as_str()));
    names.extend(lanes.iter().filter(|lane| lane.standby.is_none()).map(|lane| lane.id.as_str()));
    say(&format!("models: {}", names.join(", ")));
    let mut log = Log { seen: BTreeSet::new(), from: subscription };
    loop {
        tokio::select! {
            asked = signals.next() => if asked != Asked::Continue { break },
            lives = log.next() => if !lives { break },
        }
    }
    say("ending: streams may finish; the same signal again breaks them off");
    tokio::select! {
        () = server.stop(GRACE) => {}
        () = async { while signals.next().await == Asked::Continue {} } => {}
    }
    if let Err(sentence) = session.stop().await {
        say(&sentence);
    }
    // What ended last is told, too.
    let _ = timeout(LAST_LINES, async { while log.next().await {} }).await;
    Ok(())
}

struct Log {
    seen: BTreeSet<AttemptId>,
    from: Subscription,
}

impl Log {
    /// Writes the next lines; false: the scheduler has ended.
    async fn next(&mut self) -> bool {
        match self.from.reports.recv().await {
            Some(Report::Moved(moved)) => moved.attempts.iter().for_each(|attempt| self.line(attempt)),
            Some(Report::Snapshot(snapshot)) => {
                // What was before the start is no news.
                let first = self.seen.is_empty();
                for attempt in &snapshot.log {
                    if first {
                        self.seen.insert(attempt.id);
                    } else {
                        self.line(attempt);
                    }
                }
                for notice in snapshot.notices.iter().filter(|_| first) {
                    say(notice);
                }
            }
            Some(Report::Said(_) | Report::Refused(..) | Report::Saving(_)) => {}
            None => return false,
        }
        true
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
