//! One answer on its way to stdout: as it comes, its first block of code alone, or as one JSON object at its end.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use serde_json::{Value, json};

use crate::domain::attempt::Attempt;
use crate::domain::clock::Clock;
use crate::domain::code::FirstBlock;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::ids::{AttemptId, TurnId};
use crate::domain::text::harmless;
use crate::scheduler::link::Report;
use crate::shell::ask::out::{put, say};
use crate::shell::json;

/// What is shown of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// All of it, as it comes.
    #[default]
    Text,
    /// Its first fenced block.
    Code,
    /// One object, when it is over.
    Json,
}

/// How it ended, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The answer is on stdout.
    Answered,
    /// It could not be answered, or broke off.
    Failed,
    /// It was asked in a way that cannot work.
    Unusable,
    /// Ctrl+C, or the reader of stdout went away.
    Stopped,
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// With this.
    Over(Ended),
    /// With Ctrl+C.
    CtrlC,
    /// Its scheduler has ended.
    Lost {
        /// Some of the answer is on stdout.
        begun: bool,
    },
}

/// The answer to one turn.
#[derive(Debug)]
pub struct Printer {
    turn: TurnId,
    show: Show,
    /// Bytes of the answer that were looked at.
    seen: usize,
    /// Some of it is on stdout.
    begun: bool,
    /// Stdout is no terminal: the answer goes out as it came.
    raw: bool,
    waiting: String,
    block: FirstBlock,
    attempts: BTreeMap<AttemptId, Attempt>,
    last: Option<Turn>,
}

impl Printer {
    /// Nothing of it has come.
    pub fn new(turn: TurnId, show: Show) -> Self {
        Self {
            turn,
            show,
            seen: 0,
            begun: false,
            raw: !io::stdout().is_terminal(),
            waiting: String::new(),
            block: FirstBlock::default(),
            attempts: BTreeMap::new(),
            last: None,
        }
    }

    /// Whether some of it is on stdout.
    pub const fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes in a report and prints what is new; Some: it is over.
    pub fn report(&mut self, report: Report) -> io::Result<Option<Heard>> {
        let turn = match report {
            Report::Said(said) if said.turn == self.turn && !said.reasoning => {
                let new = self.seen.checked_sub(said.from).and_then(|known| said.text.get(known..));
                self.print(new.unwrap_or_default())?;
                return Ok(None);
            }
            Report::Snapshot(snapshot) => {
                self.keep(snapshot.log);
                snapshot.turns.into_iter().find(|turn| turn.id == self.turn)
            }
            Report::Moved(moved) => {
                self.keep(moved.attempts);
                moved.turn.filter(|turn| turn.id == self.turn)
            }
            Report::Said(_)
            | Report::Saving(_)
            | Report::Conversed(_)
            | Report::Controlled(_)
            | Report::Refused(..) => None,
        };
        match turn {
            Some(turn) => self.turn(turn),
            None => Ok(None),
        }
    }

    fn keep(&mut self, attempts: Vec<Attempt>) {
        let own = attempts.into_iter().filter(|attempt| attempt.turn == self.turn);
        self.attempts.extend(own.map(|attempt| (attempt.id, attempt)));
    }

    fn turn(&mut self, turn: Turn) -> io::Result<Option<Heard>> {
        self.print(turn.answer.get(self.seen..).unwrap_or_default())?;
        if let TurnState::Waiting { on, until } = &turn.state
            && !on.is_empty()
            && *on != self.waiting
        {
            self.waiting.clone_from(on);
            let wait = until.map(|until| until.since(Clock::System.now()).as_secs_f64().ceil());
            say(&format!("waiting for {on}{}", wait.map_or(String::new(), |wait| format!(", {wait:.0} s"))));
        }
        let heard = if turn.state.is_over() { Some(self.over(&turn)?) } else { None };
        self.last = Some(turn);
        Ok(heard)
    }

    fn over(&mut self, turn: &Turn) -> io::Result<Heard> {
        match self.show {
            Show::Text if self.begun && !turn.answer.ends_with('\n') => put("\n")?,
            Show::Code => {
                let rest = self.block.end();
                self.put(&rest)?;
            }
            Show::Text | Show::Json => {}
        }
        if let Some(unsent) = turn.unsent {
            let turns = if unsent.turns == 1 { "question" } else { "questions" };
            say(&format!("the {} oldest {turns} did not fit and were not sent along", unsent.turns));
        }
        Ok(match &turn.state {
            TurnState::Done => {
                say(&provenance(turn));
                if self.show == Show::Code && !self.block.is_found() {
                    say("there is no block of code in the answer");
                    return Ok(Heard::Over(Ended::Failed));
                }
                Heard::Over(Ended::Answered)
            }
            TurnState::Failed(why) => {
                say(why);
                Heard::Over(Ended::Failed)
            }
            TurnState::Interrupted => Heard::Lost { begun: self.begun },
            TurnState::Stopped | TurnState::Waiting { .. } | TurnState::Running => Heard::Over(Ended::Stopped),
        })
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        self.seen += text.len();
        match self.show {
            Show::Text => self.put(text),
            Show::Code => {
                let code = self.block.more(text);
                self.put(&code)
            }
            Show::Json => Ok(()),
        }
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        self.begun = true;
        if self.raw { put(text) } else { put(&harmless(text)) }
    }

    /// What came of it, on one line, if that is what is shown.
    pub fn object(&self) -> Option<String> {
        let turn = self.last.as_ref().filter(|_| self.show == Show::Json)?;
        let attempts: Vec<Value> = self.attempts.values().map(json::attempt).collect();
        let (state, error) = match &turn.state {
            TurnState::Done => ("answered", None),
            TurnState::Failed(why) => ("failed", Some(why)),
            TurnState::Interrupted => ("interrupted", None),
            TurnState::Stopped | TurnState::Waiting { .. } | TurnState::Running => ("stopped", None),
        };
        let answered = self.attempts.values().next_back().filter(|_| turn.state == TurnState::Done);
        let object = json!({
            "state": state,
            "answer": turn.answer,
            "reasoning": turn.reasoning,
            "error": error,
            "lane": turn.lane,
            "simulated": turn.simulated,
            "tokens": json::tokens(turn.usage),
            "times": {
                "asked": json::stamp(turn.asked),
                "waited_s": answered.map(|attempt| json::seconds(attempt.started.since(turn.asked))),
                "first_token_s": turn.first_token.map(json::seconds),
                "took_s": turn.took.map(json::seconds),
            },
            "attempts": attempts,
        });
        Some(format!("{object}\n"))
    }
}

/// `quick/small-8b  0.2 s  1.4 s  41 tok`.
fn provenance(turn: &Turn) -> String {
    let seconds = |span: Option<std::time::Duration>| span.map(|span| format!("  {:.1} s", span.as_secs_f64()));
    let lane = turn.lane.as_ref().map(ToString::to_string).unwrap_or_default();
    let tokens = turn.usage.output.map(|tokens| format!("  {tokens} tok"));
    [Some(lane), seconds(turn.first_token), seconds(turn.took), tokens].into_iter().flatten().collect()
}
