//! `roundel disable` and `roundel enable`: lanes taken out of the rotation, or back in, as Space does it in the dashboard.
//! Through the owner of the folder, if there is one; else the folder is held for a moment and the switch is written.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::app::due::Due;
use crate::domain::clock::{Clock, Time, Zone};
use crate::domain::ids::LaneId;
use crate::domain::roster::{Cost, LaneSpec};
use crate::domain::standing::{LaneState, Off, Target};
use crate::scheduler::effect::lane_writes;
use crate::scheduler::ledger::Ledger;
use crate::scheduler::link::{Command, Report};
use crate::shell::attach::hello::NoLine;
use crate::shell::engine::Config;
use crate::shell::names;
use crate::shell::status::picture::kept_of;
use crate::shell::visit::{NotDone, Place, Visit};
use crate::store::Store;
use crate::store::folder::{Folder, FolderError};
use crate::store::load::Loaded;
use crate::store::write::Write;

/// How long a folder may be held by a process that does not answer; and how long an owner, or the disk, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(80);
/// How long lanes may still be looked for before a name is one that nobody has.
const FINDING: Duration = Duration::from_millis(1500);

/// What is to be switched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Lanes or accounts.
    pub names: Vec<String>,
    /// In, or out.
    pub on: bool,
    /// Out for so long; None: until it is switched on.
    pub span: Option<Duration>,
}

/// Switches. The sentences that say what came of it.
pub async fn switch(config: &Config, wanted: &Wanted) -> Result<Vec<String>, NotDone> {
    let place = Place::find(config)?;
    let now = Clock::System.now();
    let until = wanted.span.map(|span| now.plus(span));
    if matches!(Store::peek(&place.folder), Ok(None)) {
        // Nothing is made for a name that means nothing.
        let known = lanes(&place, &Loaded::default(), &wanted.names)?;
        targets(&wanted.names, known.iter().map(|lane| &lane.id))?;
    }
    let give_up = Instant::now() + PATIENCE;
    let switched = loop {
        let held = match Folder::open(&place.folder, "switch", now) {
            Ok(folder) => break alone(&place, folder, wanted, until, now).await?,
            Err(held @ FolderError::Held { .. }) => held,
            Err(error) => return Err(NotDone::failed(&error)),
        };
        match place.visit("switch").await {
            Ok(visit) => break through(visit, wanted, until).await?,
            Err(NoLine::Refused(sentence)) => return Err(NotDone::Held(sentence)),
            Err(NoLine::NotYet) if Instant::now() < give_up => sleep(AGAIN).await,
            Err(NoLine::NotYet | NoLine::Never) => return Err(NotDone::Held(held.to_string())),
        }
    };
    Ok(switched.iter().map(|(target, lanes)| told(target, lanes, now)).collect())
}

/// What was switched, and its lanes as they are now.
type Switched = (Target, Vec<LaneState>);

fn targets<'a>(names: &[String], lanes: impl Iterator<Item = &'a LaneId> + Clone) -> Result<Vec<Target>, NotDone> {
    names.iter().map(|name| names::target(name, lanes.clone()).map_err(NotDone::Usage)).collect()
}

/// Through the owner.
async fn through(mut visit: Visit, wanted: &Wanted, until: Option<Time>) -> Result<Vec<Switched>, NotDone> {
    let gone = || NotDone::Failed(format!("process {}, which held the data folder, has ended: try again", visit.owner));
    let reports = &mut visit.subscription.reports;
    let mut found: Option<Result<Vec<Target>, NotDone>> = None;
    while !matches!(found, Some(Ok(_))) {
        // Some lanes are found a moment after the start.
        let report = match timeout(FINDING, reports.recv()).await {
            Ok(report) => report.ok_or_else(gone)?,
            Err(_) => break,
        };
        if let Report::Snapshot(snapshot) = report {
            let finding = !snapshot.simulated;
            found = Some(targets(&wanted.names, snapshot.lanes.iter().map(|lane| &lane.spec.id)));
            if !finding {
                break;
            }
        }
    }
    let mut switched = Vec::new();
    for target in found.unwrap_or_else(|| Err(gone()))? {
        let command = Command::Switch { target: target.clone(), on: wanted.on, until };
        if !visit.link.send(visit.subscription.number, command).await {
            return Err(gone());
        }
        let heard = async {
            loop {
                let lanes = match reports.recv().await? {
                    Report::Moved(moved) => moved.lanes,
                    Report::Snapshot(snapshot) => snapshot.lanes,
                    Report::Said(_)
                    | Report::Saving(_)
                    | Report::Conversed(_)
                    | Report::Controlled(_)
                    | Report::Refused(..) => Vec::new(),
                };
                let own = lanes.into_iter().filter(|lane| target.covers(&lane.spec.id));
                let own: Vec<LaneState> = own.collect();
                if !own.is_empty() && own.iter().all(|lane| is_switched(lane, wanted.on, until)) {
                    return Some(own);
                }
            }
        };
        let heard = timeout(PATIENCE, heard).await;
        let lanes = heard.map_err(|_| NotDone::Failed(format!("process {} does not answer", visit.owner)))?;
        switched.push((target.clone(), lanes.ok_or_else(gone)?));
    }
    Ok(switched)
}

/// Whether the user's hand is on it as it should be.
fn is_switched(lane: &LaneState, on: bool, until: Option<Time>) -> bool {
    match &lane.switch {
        Some(switch) => switch.on == on && switch.until == until,
        None => on,
    }
}

/// Without an owner: the books are opened as at a start, changed, and closed.
async fn alone(
    place: &Place,
    mut folder: Folder,
    wanted: &Wanted,
    until: Option<Time>,
    now: Time,
) -> Result<Vec<Switched>, NotDone> {
    if let Some(socket) = folder.left_behind().map(ToOwned::to_owned) {
        // Whoever listens next has to find what an owner that was killed has left.
        let _ = folder.listens_at(&socket);
    }
    let (mut store, loaded) = Store::open(&folder, Clock::System).map_err(|error| NotDone::failed(&error))?;
    let killed = !loaded.unsettled.is_empty();
    let mut ledger = Ledger::new(lanes(place, &loaded, &wanted.names)?, kept_of(&loaded), now);
    let targets = targets(&wanted.names, ledger.lanes().iter().map(|lane| &lane.spec.id));
    // What was in the air at a kill is counted now, since no later start will see it.
    let counted = ledger.meters().iter().filter(|_| killed).cloned().map(Box::new).map(Write::Meter);
    let mut writes: Vec<Write> = counted.collect();
    for target in targets.as_deref().unwrap_or_default() {
        ledger.switch(target, wanted.on, until, now);
    }
    writes.extend(ledger.take_changes().0.iter().flat_map(lane_writes));
    for write in writes {
        // A full queue loses nothing.
        store.write(write);
    }
    store.close(PATIENCE).await.map_err(|error| NotDone::failed(&error))?;
    let covered = |target: Target| {
        let own = ledger.lanes().iter().filter(|lane| target.covers(&lane.spec.id)).cloned().collect();
        (target, own)
    };
    Ok(targets?.into_iter().map(covered).collect())
}

/// The lanes that are known without asking anybody. Those of an account that tells its models only when it is asked are
/// known by the log, or by their name.
fn lanes(place: &Place, loaded: &Loaded, names: &[String]) -> Result<Vec<LaneSpec>, NotDone> {
    let mut lanes = place.lanes()?;
    let logged = loaded.attempts.iter().map(|attempt| attempt.lane.clone());
    let meant =
        names.iter().filter(|name| name.contains('/') && !name.ends_with("/*")).map(|name| LaneId::from(name.as_str()));
    for id in logged.chain(meant) {
        let asked =
            place.sources.assembly.discover.iter().filter(|_| !place.demo).find(|one| one.account() == id.account());
        if let Some(asked) = asked
            && lanes.iter().all(|lane| lane.id != id)
        {
            lanes.push(asked.lane(id.model(), Cost::Unknown, None, None));
        }
    }
    Ok(lanes)
}

/// `groq/*: 3 lanes off until 14:00`.
fn told(target: &Target, lanes: &[LaneState], now: Time) -> String {
    let mut due = Due::new(now, Zone::Local);
    let (off, on): (Vec<&LaneState>, Vec<&LaneState>) = lanes.iter().partition(|lane| lane.off().is_some());
    let by_you = |lane: &&&LaneState| matches!(lane.off(), Some(Off::ByYou | Off::ByYouUntil(_)));
    let until = off.iter().find_map(|lane| lane.switch.as_ref()?.until);
    let mut parts = Vec::new();
    if !on.is_empty() {
        parts.push(format!("{} on", count(on.len())));
    }
    let switched = off.iter().filter(by_you).count();
    if switched > 0 {
        let until = until.map_or_else(
            || "until switched on".to_owned(),
            |until| match due.when(until) {
                when if when.starts_with("in ") => when.replacen("in ", "for ", 1),
                when => format!("until {}", when.trim_start_matches("at ").trim_start_matches("on ")),
            },
        );
        parts.push(format!("{} off {until}", count(switched)));
    }
    let listed: Vec<String> = off
        .iter()
        .filter(|lane| !by_you(lane))
        .map(|lane| format!("{} ({})", lane.spec.id, lane.off().map(Off::reason).unwrap_or_default()))
        .collect();
    if !listed.is_empty() {
        parts.push(format!("wants to be switched on by its own name: {}", listed.join(", ")));
    }
    format!("{}: {}", target.name(), parts.join("; "))
}

fn count(lanes: usize) -> String {
    if lanes == 1 { "1 lane".into() } else { format!("{lanes} lanes") }
}
