//! `roundel ask`: one question, its answer on stdout as it comes, everything else on stderr.

use std::io;
use std::time::Duration;

use tokio::signal;
use tokio::time::timeout;

use crate::domain::clock::{Clock, Zone};
use crate::domain::conversation::{Message, Origin, Request, Role, Turn, TurnState};
use crate::domain::ids::{ConversationId, TurnId};
use crate::domain::standing::Target;
use crate::domain::text::{one_line, shortened};
use crate::scheduler::door::Subscription;
use crate::scheduler::link::{Ask, Command, Report, Snapshot, Urgent, turn_id};
use crate::shell::engine::{Config, StartError};
use crate::shell::names;
use crate::shell::piped::{self, PATIENCE, Piped};
use crate::shell::session::{News, Session, start};
use crate::store::Store;

/// Where words go.
pub mod out;

/// An answer on its way out.
pub mod answer;

use crate::shell::ask::answer::{Heard, Printer};
use crate::shell::ask::out::put;

pub use crate::shell::ask::answer::{Ended, Show};
pub use crate::shell::ask::out::say;

/// How long lanes may still be looked for before a name is one that nobody has.
const FINDING: Duration = Duration::from_millis(1500);

/// The name that means all lanes.
const AUTO: &str = "auto";

/// What is wanted beside an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this lane, or this account's; None: whichever the rotation takes.
    pub model: Option<String>,
    /// Instructions before the question.
    pub system: Option<String>,
    /// The last question of a script and its answer go along.
    pub continued: bool,
    /// What is shown.
    pub show: Show,
    /// How long it may wait for a lane.
    pub patience: Option<Duration>,
}

/// Why there is no question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoQuestion {
    /// Nothing was asked.
    #[error("nothing to ask: write the question behind `roundel ask`, or pipe it in")]
    Empty,
    /// More was piped in than any model reads.
    #[error("more than 1 MiB is piped in: no model reads that; pipe in less")]
    TooLong,
}

/// The question: the words of the command line, and behind them what is piped in. Without words, or with `-` among them,
/// that is read to its end; beside words it is left out if nothing comes within [`PATIENCE`].
pub fn question(words: &[String]) -> Result<String, NoQuestion> {
    let must = words.iter().any(|word| word == "-");
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "-").collect();
    let words = words.join(" ");
    let words = words.trim();
    // Without words a terminal is no question: nobody would know what is waited for.
    let alone = words.is_empty() && !io::IsTerminal::is_terminal(&io::stdin());
    let question = match piped::read(must || alone) {
        Piped::Text(piped) if piped.trim().is_empty() => words.to_owned(),
        Piped::Text(piped) => format!("{words}\n\n{piped}").trim_start().to_owned(),
        Piped::Silent => {
            say(&format!(
                "nothing was piped in within {} s: asking without it (`-` waits for it, `</dev/null` says that there is none)",
                PATIENCE.as_secs()
            ));
            words.to_owned()
        }
        Piped::TooLong => return Err(NoQuestion::TooLong),
    };
    if question.is_empty() { Err(NoQuestion::Empty) } else { Ok(question) }
}

/// What is asked, with all that goes along.
struct Question {
    prompt: String,
    request: Request,
    only: Option<Target>,
    wanted: Wanted,
    /// What it continues; None: nothing.
    conversation: Option<ConversationId>,
    /// The questions that go along.
    along: Vec<TurnId>,
}

/// Asks; once more, if the process that was to answer ended before it began to.
pub async fn ask(config: &Config, prompt: String, wanted: Wanted) -> Result<Ended, StartError> {
    let (mut session, mut subscription) = start(config, "ask").await?;
    if session.demo {
        say("SIMULATED: no model answers here; this is roundel's demo on simulated providers");
    }
    let ended = match prepared(&session, &mut subscription, prompt, wanted).await {
        Ok(question) => asked(&mut session, subscription, &question).await?,
        Err((sentence, ended)) => {
            say(&sentence);
            Some(ended)
        }
    };
    let Some(ended) = ended else {
        say("stopped");
        // Who wants it to end wants it now, whatever others have in the air.
        let _ = session.stop().await.map_err(|sentence| say(&sentence));
        return Ok(Ended::Stopped);
    };
    if let Err(sentence) = session.finish(say).await {
        say(&sentence);
    }
    Ok(ended)
}

/// None: Ctrl+C.
async fn asked(
    session: &mut Session,
    mut subscription: Subscription,
    question: &Question,
) -> Result<Option<Ended>, StartError> {
    loop {
        let (heard, printer) = converse(session, &mut subscription, question).await;
        let begun = match heard {
            Heard::CtrlC => return Ok(None),
            Heard::Over(ended) => return Ok(Some(finished(&printer, ended))),
            Heard::Lost { begun } => begun,
        };
        let owner = session.owner.map_or_else(|| "the scheduler".to_owned(), |owner| format!("process {owner}"));
        if begun || !session.recover() {
            say(&format!("{owner} has ended: the answer was interrupted"));
            return Ok(Some(finished(&printer, Ended::Failed)));
        }
        match session.news().await {
            News::Back(again, said) => {
                say(&format!("{said}; asking again"));
                subscription = again;
            }
            News::Lost(error) => return Err(error),
            News::Said(_) => return Ok(Some(Ended::Failed)),
        }
    }
}

/// The object, where it is wanted, is the last thing that is said.
fn finished(printer: &Printer, ended: Ended) -> Ended {
    match printer.object().map(|object| put(&object)) {
        Some(Err(error)) => unwritten(&error),
        Some(Ok(())) | None => ended,
    }
}

/// Who reads no further has what they want.
fn unwritten(error: &io::Error) -> Ended {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ended::Stopped;
    }
    say(&format!("the answer cannot be written: {error}"));
    Ended::Failed
}

/// Finds what the names mean, and what is continued. Err: a sentence, and how that ends.
async fn prepared(
    session: &Session,
    subscription: &mut Subscription,
    prompt: String,
    wanted: Wanted,
) -> Result<Question, (String, Ended)> {
    let named = wanted.model.as_deref().filter(|name| *name != AUTO);
    let mut only = None;
    let mut earlier: Vec<Turn> = Vec::new();
    if named.is_some() || wanted.continued {
        let Some(mut snapshot) = snapshot(subscription).await else {
            return Err(("the scheduler ended at once".into(), Ended::Failed));
        };
        if wanted.continued {
            earlier = last_asked(session, &snapshot).map_err(|sentence| (sentence, Ended::Failed))?;
            earlier.last().into_iter().for_each(|last| say(&continues(last, earlier.len())));
        }
        if let Some(name) = named {
            let found = |snapshot: &Snapshot| names::target(name, snapshot.lanes.iter().map(|lane| &lane.spec.id));
            let mut target = found(&snapshot);
            // Some lanes are found a moment after the start; the demo has all of them at once.
            while target.is_err() && !session.demo {
                let Ok(Some(later)) = timeout(FINDING, self::snapshot(subscription)).await else { break };
                snapshot = later;
                target = found(&snapshot);
            }
            only = Some(target.map_err(|sentence| (sentence, Ended::Unusable))?);
        }
    }
    let mut messages: Vec<Message> =
        wanted.system.iter().map(|system| Message::text(Role::System, system.clone())).collect();
    for turn in &earlier {
        messages.push(Message::text(Role::User, &*turn.prompt));
        messages.push(Message::text(Role::Assistant, &*turn.answer));
    }
    messages.push(Message::text(Role::User, prompt.clone()));
    let conversation = earlier.last().map(|turn| turn.conversation).filter(|id| *id != ConversationId::NONE);
    let along = earlier.iter().map(|turn| turn.id).collect();
    Ok(Question { prompt, request: Request { messages, ..Request::default() }, only, wanted, conversation, along })
}

/// The next snapshot; None: there will be none.
async fn snapshot(subscription: &mut Subscription) -> Option<Box<Snapshot>> {
    loop {
        if let Report::Snapshot(snapshot) = subscription.reports.recv().await? {
            return Some(snapshot);
        }
    }
}

/// The last question that was asked from a script and answered, with those that it continued, oldest first. What has just
/// been answered is on its way to the disk: then the owner knows it.
fn last_asked(session: &Session, snapshot: &Snapshot) -> Result<Vec<Turn>, String> {
    let answered = |turn: &&Turn| turn.origin == Origin::Ask && turn.state == TurnState::Done;
    let heard = snapshot.turns.iter().rfind(answered);
    let peek = session.folder.as_deref().map(Store::peek).transpose().map_err(|error| error.to_string())?;
    let kept = match peek.flatten() {
        Some(peek) => peek.last_asked().map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    let newer = heard.filter(|heard| kept.last().is_none_or(|kept| kept.id < heard.id));
    let mut turns = match newer {
        Some(heard) => {
            let own =
                |turn: &&Turn| turn.conversation == heard.conversation && heard.conversation != ConversationId::NONE;
            let of_it = snapshot.turns.iter().filter(answered).filter(own).cloned();
            let mut turns: Vec<Turn> = kept.iter().filter(own).cloned().chain(of_it).collect();
            turns.push(heard.clone());
            turns
        }
        None => kept,
    };
    turns.sort_by_key(|turn| turn.id);
    turns.dedup_by_key(|turn| turn.id);
    if turns.is_empty() {
        return Err("there is nothing to continue: no question was answered to a script yet".into());
    }
    Ok(turns)
}

/// `continues 09:41 quick/small-8b: what is a tide?`, and how many questions go along, if more than one does.
fn continues(turn: &Turn, along: usize) -> String {
    let lane = turn.lane.as_ref().map(ToString::to_string).unwrap_or_default();
    let prompt = one_line(&turn.prompt).into_owned();
    let all = if along > 1 { format!(" ({along} questions go along)") } else { String::new() };
    format!("continues {} {lane}: {}{all}", Zone::Local.hm(turn.asked), shortened(&prompt, 60))
}

async fn converse(session: &mut Session, subscription: &mut Subscription, question: &Question) -> (Heard, Printer) {
    let turn = turn_id(Clock::System.now(), subscription.number, TurnId(0));
    let mut printer = Printer::new(turn, question.wanted.show);
    let ask = Ask {
        no_training: session.no_training,
        only: question.only.clone(),
        patience: question.wanted.patience,
        conversation: question.conversation.unwrap_or(ConversationId(turn.0)),
        along: question.along.clone(),
        ..Ask::new(turn, Origin::Ask, question.prompt.clone(), question.request.clone())
    };
    if !session.link.send(subscription.number, Command::Ask(Box::new(ask))).await {
        return (Heard::Lost { begun: false }, printer);
    }
    loop {
        let report = tokio::select! {
            biased;
            _ = signal::ctrl_c() => {
                session.link.urgent(Urgent::Cancel(turn)).await;
                return (Heard::CtrlC, printer);
            }
            report = subscription.reports.recv() => report,
            News::Said(sentence) = session.news() => {
                say(&sentence);
                continue;
            }
        };
        match report.map(|report| printer.report(report)) {
            Some(Ok(None)) => {}
            Some(Ok(Some(heard))) => return (heard, printer),
            Some(Err(error)) => {
                session.link.urgent(Urgent::Cancel(turn)).await;
                return (Heard::Over(unwritten(&error)), printer);
            }
            None => return (Heard::Lost { begun: printer.has_begun() }, printer),
        }
    }
}
