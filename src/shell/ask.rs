//! `roundel ask`: one question, its answer on stdout as it comes, everything else on stderr.

use std::io::{self, IsTerminal, Read, Write};

use tokio::signal;

use crate::domain::clock::Clock;
use crate::domain::conversation::{Message, Origin, Request, Role, Turn, TurnState};
use crate::domain::ids::TurnId;
use crate::domain::text::harmless;
use crate::scheduler::actor::Subscription;
use crate::scheduler::link::{Ask, Command, Report, Urgent, turn_id};
use crate::shell::engine::{Config, StartError};
use crate::shell::session::{News, Session, start};

/// Of stdin as much is read: 1 MiB.
const LARGEST: u64 = 1024 * 1024;

/// How it ended, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The answer is on stdout.
    Answered,
    /// It could not be answered, or broke off.
    Failed,
    /// Ctrl+C, or the reader of stdout went away.
    Stopped,
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

/// The question: the words of the command line, and behind them what is piped in.
pub fn question(words: &[String]) -> Result<String, NoQuestion> {
    let mut question = words.join(" ");
    let mut stdin = io::stdin();
    if !stdin.is_terminal() {
        let mut piped = Vec::new();
        // What cannot be read was not piped.
        let _ = (&mut stdin).take(LARGEST + 1).read_to_end(&mut piped);
        if piped.len() as u64 > LARGEST {
            return Err(NoQuestion::TooLong);
        }
        let piped = String::from_utf8_lossy(&piped);
        if !piped.trim().is_empty() {
            question = format!("{question}\n\n{}", piped.trim_end());
        }
    }
    if question.trim().is_empty() { Err(NoQuestion::Empty) } else { Ok(question.trim().to_owned()) }
}

/// Asks; once more, if the process that was to answer ended before it began to.
pub async fn ask(config: &Config, question: String) -> Result<Ended, StartError> {
    let (mut session, mut subscription) = start(config, "ask").await?;
    if session.demo {
        say("SIMULATED: no model answers here; this is roundel's demo on simulated providers");
    }
    let ended = loop {
        let begun = match converse(&mut session, &mut subscription, question.clone()).await {
            Heard::Over(ended) => break ended,
            Heard::CtrlC => {
                say("stopped");
                // Who wants it to end wants it now, whatever others have in the air.
                let _ = session.stop().await.map_err(|sentence| say(&sentence));
                return Ok(Ended::Stopped);
            }
            Heard::Lost { begun } => begun,
        };
        let owner = session.owner.map_or_else(|| "the scheduler".to_owned(), |owner| format!("process {owner}"));
        if begun || !session.recover() {
            say(&format!("{owner} has ended: the answer was interrupted"));
            break Ended::Failed;
        }
        match session.news().await {
            News::Back(again, said) => {
                say(&format!("{said}; asking again"));
                subscription = again;
            }
            News::Lost(error) => return Err(error),
            News::Said(_) => break Ended::Failed,
        }
    };
    if let Err(sentence) = session.finish(say).await {
        say(&sentence);
    }
    Ok(ended)
}

/// How a conversation ended.
enum Heard {
    Over(Ended),
    CtrlC,
    /// Its scheduler has ended; whether some of the answer is on stdout.
    Lost {
        begun: bool,
    },
}

async fn converse(session: &mut Session, subscription: &mut Subscription, prompt: String) -> Heard {
    let turn = turn_id(Clock::System.now(), subscription.number, TurnId(0));
    let request = Request { messages: vec![Message::text(Role::User, prompt.clone())], ..Request::default() };
    let ask = Ask {
        turn,
        origin: Origin::Ask,
        prompt,
        request,
        no_training: session.no_training,
        only: None,
        patience: None,
    };
    if !session.link.send(subscription.number, Command::Ask(Box::new(ask))).await {
        return Heard::Lost { begun: false };
    }
    let mut printer = Printer { turn, printed: 0, raw: !io::stdout().is_terminal(), waiting: String::new() };
    loop {
        let report = tokio::select! {
            biased;
            _ = signal::ctrl_c() => {
                session.link.urgent(Urgent::Cancel(turn)).await;
                return Heard::CtrlC;
            }
            report = subscription.reports.recv() => report,
            News::Said(sentence) = session.news() => {
                say(&sentence);
                continue;
            }
        };
        match report.map(|report| printer.report(report)) {
            Some(Ok(None)) => {}
            Some(Ok(Some(heard))) => return heard,
            Some(Err(error)) => {
                session.link.urgent(Urgent::Cancel(turn)).await;
                // Who reads no further has what they want.
                if error.kind() == io::ErrorKind::BrokenPipe {
                    return Heard::Over(Ended::Stopped);
                }
                say(&format!("the answer cannot be written: {error}"));
                return Heard::Over(Ended::Failed);
            }
            None => return Heard::Lost { begun: printer.printed > 0 },
        }
    }
}

struct Printer {
    turn: TurnId,
    /// Bytes of the answer that are on stdout.
    printed: usize,
    /// Stdout is no terminal: the answer goes out as it came.
    raw: bool,
    waiting: String,
}

impl Printer {
    /// Prints what is new; Some: it is over.
    fn report(&mut self, report: Report) -> io::Result<Option<Heard>> {
        match report {
            Report::Said(said) if said.turn == self.turn && !said.reasoning => {
                let new = self.printed.checked_sub(said.from).and_then(|known| said.text.get(known..));
                self.print(new.unwrap_or_default())?;
                Ok(None)
            }
            Report::Snapshot(snapshot) => match snapshot.turns.into_iter().find(|turn| turn.id == self.turn) {
                Some(turn) => self.turn(&turn),
                None => Ok(None),
            },
            Report::Moved(moved) => match moved.turn.filter(|turn| turn.id == self.turn) {
                Some(turn) => self.turn(&turn),
                None => Ok(None),
            },
            Report::Said(_) | Report::Saving(_) => Ok(None),
        }
    }

    fn turn(&mut self, turn: &Turn) -> io::Result<Option<Heard>> {
        self.print(turn.answer.get(self.printed..).unwrap_or_default())?;
        if let TurnState::Waiting { on, until } = &turn.state
            && !on.is_empty()
            && *on != self.waiting
        {
            self.waiting.clone_from(on);
            let wait = until.map(|until| until.since(Clock::System.now()).as_secs_f64().ceil());
            say(&format!("waiting for {on}{}", wait.map_or(String::new(), |wait| format!(", {wait:.0} s"))));
        }
        if !turn.state.is_over() {
            return Ok(None);
        }
        if self.printed > 0 && !turn.answer.ends_with('\n') {
            write("\n")?;
        }
        Ok(Some(match &turn.state {
            TurnState::Done => {
                say(&provenance(turn));
                Heard::Over(Ended::Answered)
            }
            TurnState::Failed(why) => {
                say(why);
                Heard::Over(Ended::Failed)
            }
            TurnState::Interrupted => Heard::Lost { begun: self.printed > 0 },
            TurnState::Stopped | TurnState::Waiting { .. } | TurnState::Running => Heard::Over(Ended::Stopped),
        }))
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.printed += text.len();
        if self.raw { write(text) } else { write(&harmless(text)) }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// `quick/small-8b  0.2 s  1.4 s  41 tok`.
fn provenance(turn: &Turn) -> String {
    let seconds = |span: Option<std::time::Duration>| span.map(|span| format!("  {:.1} s", span.as_secs_f64()));
    let lane = turn.lane.as_ref().map(ToString::to_string).unwrap_or_default();
    let tokens = turn.usage.output.map(|tokens| format!("  {tokens} tok"));
    [Some(lane), seconds(turn.first_token), seconds(turn.took), tokens].into_iter().flatten().collect()
}

/// A sentence on stderr, over several lines if it has them. Nobody there to read it is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "roundel: {}", harmless(line));
}
