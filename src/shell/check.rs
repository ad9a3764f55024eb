//! `roundel check`: one small question to each chosen lane, after saying what it costs; then what is wrong, and how to
//! mend it.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::signal;
use tokio::time::timeout;

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::clock::Clock;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::failure::Class;
use crate::domain::ids::{LaneId, TurnId};
use crate::domain::roster::Cost;
use crate::domain::standing::{LaneState, Off, Target};
use crate::domain::text::one_line;
use crate::scheduler::door::Subscription;
use crate::scheduler::link::{Ask, Command, PROBE_TOKENS, Report, Snapshot, Urgent, turn_id};
use crate::shell::ask::say;
use crate::shell::engine::{Config, StartError};
use crate::shell::session::{Session, start};

/// How long one lane may take: cold models take minutes.
const PATIENCE: Duration = Duration::from_mins(3);

/// Checks the lanes of these names (accounts or lanes; none: all that are on). True: all of them answered.
pub async fn check(config: &Config, names: &[String]) -> Result<bool, StartError> {
    let (session, subscription) = start(config, "check").await?;
    let answered = run(&session, subscription, names).await;
    if let Err(sentence) = session.finish(say).await {
        say(&sentence);
    }
    Ok(answered)
}

async fn run(session: &Session, mut subscription: Subscription, names: &[String]) -> bool {
    if session.demo {
        say("SIMULATED: these are the demo's providers; set a provider's key for real ones");
    }
    let Some(snapshot) = roster(&mut subscription).await else { return false };
    for notice in &snapshot.notices {
        say(notice);
    }
    let Some(lanes) = chosen(&snapshot, names) else { return false };
    if lanes.is_empty() {
        say("no lane is on: `roundel providers` says what each provider wants");
        return false;
    }
    print(&format!("One request to each, at most {PROBE_TOKENS} tokens of answer:"));
    for lane in &lanes {
        let cost = if lane.spec.cost == Cost::Free { "free" } else { "MAY COST MONEY" };
        print(&format!("  {}  ({cost})", lane.spec.id));
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() && !agreed() {
        return false;
    }
    let mut all = true;
    let mut last = TurnId(0);
    for lane in lanes {
        last = turn_id(Clock::System.now(), subscription.number, last);
        let (good, verdict) = match timeout(PATIENCE, one(session, &mut subscription, last, &lane)).await {
            Ok(Some(verdict)) => verdict,
            Ok(None) => {
                let owner = session.owner.filter(|_| subscription.reports.is_closed());
                let gone = |owner| format!("process {owner}, which held the data folder, has ended: check again");
                say(&owner.map_or_else(|| "stopped".to_owned(), gone));
                return false;
            }
            Err(_) => {
                session.link.urgent(Urgent::Cancel(last)).await;
                (false, format!("no answer in {} s", PATIENCE.as_secs()))
            }
        };
        // A probe that would wait is not wanted later.
        session.link.urgent(Urgent::Cancel(last)).await;
        all &= good;
        print(&format!("{} {:<40} {}", if good { "ok  " } else { "FAIL" }, lane.spec.id.as_str(), one_line(&verdict)));
    }
    all
}

/// The roster, when all lanes have been found.
async fn roster(subscription: &mut Subscription) -> Option<Box<Snapshot>> {
    let mut last = None;
    // The finder's word comes as a second snapshot; who has no finder is quick.
    while let Ok(report) = timeout(Duration::from_millis(1500), subscription.reports.recv()).await {
        match report? {
            Report::Snapshot(snapshot) if last.is_some() => return Some(snapshot),
            Report::Snapshot(snapshot) => last = Some(snapshot),
            Report::Moved(_)
            | Report::Said(_)
            | Report::Saving(_)
            | Report::Conversed(_)
            | Report::Controlled(_)
            | Report::Refused(..) => {}
        }
    }
    last
}

/// The lanes that are meant; None: a name fits none, or one that is off, and that was said.
fn chosen(snapshot: &Snapshot, names: &[String]) -> Option<Vec<LaneState>> {
    if names.is_empty() {
        return Some(snapshot.lanes.iter().filter(|lane| lane.off().is_none()).cloned().collect());
    }
    let mut lanes = Vec::new();
    for name in names {
        let target = match name.split_once('/') {
            Some(_) => Target::Lane(LaneId::from(name.as_str())),
            None => Target::Account(name.as_str().into()),
        };
        let covered: Vec<&LaneState> = snapshot.lanes.iter().filter(|lane| target.covers(&lane.spec.id)).collect();
        let on: Vec<&LaneState> = covered.iter().copied().filter(|lane| lane.off().is_none()).collect();
        match (covered.first(), on.is_empty()) {
            (None, _) => {
                say(&format!("there is no lane or account `{name}`; `roundel providers` lists them"));
                return None;
            }
            (Some(first), true) => {
                let reason = first.off().map(Off::reason).unwrap_or_default();
                say(&format!(
                    "{name} is {reason}: Space in the dashboard's quota pane switches it on, or `on = true` in the config"
                ));
                return None;
            }
            (Some(_), false) => {
                let new =
                    on.into_iter().filter(|lane| !lanes.iter().any(|one: &LaneState| one.spec.id == lane.spec.id));
                let new: Vec<LaneState> = new.cloned().collect();
                lanes.extend(new);
            }
        }
    }
    Some(lanes)
}

/// Asks one lane. None: stopped.
async fn one(session: &Session, from: &mut Subscription, turn: TurnId, lane: &LaneState) -> Option<(bool, String)> {
    let probe = Ask::probe(turn, lane.spec.id.clone());
    let ask = Ask { no_training: session.no_training, patience: None, ..probe };
    if !session.link.send(from.number, Command::Ask(Box::new(ask))).await {
        return None;
    }
    let mut row: Option<Attempt> = None;
    loop {
        let report = tokio::select! {
            report = from.reports.recv() => report?,
            _ = signal::ctrl_c() => {
                session.link.urgent(Urgent::Cancel(turn)).await;
                return None;
            }
        };
        let told = match report {
            Report::Moved(moved) => {
                row = moved.attempts.into_iter().rfind(|attempt| attempt.turn == turn).or(row);
                moved.turn
            }
            Report::Snapshot(snapshot) => snapshot.turns.into_iter().find(|one| one.id == turn),
            Report::Said(_)
            | Report::Saving(_)
            | Report::Conversed(_)
            | Report::Controlled(_)
            | Report::Refused(..) => None,
        };
        if let Some(verdict) = told.filter(|one| one.id == turn).and_then(|one| verdict(&one, row.as_ref(), lane)) {
            return Some(verdict);
        }
    }
}

fn verdict(turn: &Turn, row: Option<&Attempt>, lane: &LaneState) -> Option<(bool, String)> {
    match &turn.state {
        TurnState::Done => {
            let seconds = turn.took.unwrap_or_default().as_secs_f64();
            Some((true, format!("{seconds:.1} s, said: {}", turn.answer.trim())))
        }
        TurnState::Failed(words) => {
            let class = row.and_then(|row| match row.outcome {
                Outcome::Failed(class) => Some(class),
                _ => None,
            });
            let mend = class.map(|class| mend(class, lane)).unwrap_or_default();
            Some((false, format!("{words}{mend}")))
        }
        TurnState::Waiting { on, .. } if !on.is_empty() => Some((false, format!("not now: {on}"))),
        TurnState::Stopped | TurnState::Interrupted => Some((false, "stopped".into())),
        TurnState::Waiting { .. } | TurnState::Running => None,
    }
}

/// What to do about it.
fn mend(class: Class, lane: &LaneState) -> String {
    let account = lane.spec.account();
    match class {
        Class::Auth => format!(
            "; the key of {account} is refused: `roundel providers` says where it comes from and where a new one is had"
        ),
        Class::Payment => {
            format!("; {account} wants money, or does not serve this model for free: leave it off, or pay there")
        }
        Class::Gone => "; the model is not served there any more: name another in the config".into(),
        Class::RateLimited | Class::QuotaExhausted => {
            "; its limit is spent: the lane rests and comes back by itself".into()
        }
        Class::Overloaded | Class::Server => "; the provider's own trouble: try again later".into(),
        Class::TooLarge | Class::BadRequest => String::new(),
    }
}

fn agreed() -> bool {
    let mut out = io::stdout().lock();
    let _ = write!(out, "Enter goes on, anything else stops: ").and_then(|()| out.flush());
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok_and(|read| read > 0) && answer.trim().is_empty()
}

fn print(line: &str) {
    // Nobody there to read it is no reason to stop.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
