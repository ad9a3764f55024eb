//! The dashboard's event loop: input, reports, signals and time go in, commands and frames come out. Everything that
//! waits is drained, then one frame is painted. What happens is decided in `app`, what it looks like in `view`.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};

use crate::app::message::{AppConfig, Effect, Msg};
use crate::app::snippet::Parsed;
use crate::app::state::App;
use crate::domain::clock::{Clock, Time, Zone};
use crate::domain::standing::Need;
use crate::scheduler::door::Subscription;
use crate::scheduler::link::{Command, Report};
use crate::shell::deeds::{self, Places};
use crate::shell::engine::{Config, Mode, SCREEN, StartError, runtime};
use crate::shell::errands::{Came, Errands};
use crate::shell::highlight::Highlighter;
use crate::shell::log;
use crate::shell::painter::Then;
use crate::shell::painter::canvas::Frame;
use crate::shell::session::{News, Session, start};
use crate::shell::signals::{Asked, Signals};
use crate::shell::terminal::modes::{Wishes, has_links};
use crate::shell::terminal::{NoScreen, Terminal, check};
use crate::view;

/// The variable of the key that is quickest to get.
const FIRST_KEY: &str = "GROQ_API_KEY";

/// What waits is drained up to this many before a frame is painted: a steady stream must not starve the screen.
const DRAIN: usize = 64;

/// What comes in by itself is painted at most this often: an answer streams in forty frames a second.
const FRAME: Duration = Duration::from_millis(25);

/// Why the dashboard ended otherwise than by the user's wish.
#[derive(Debug)]
pub enum Ended {
    /// There is no terminal to show it in, or none that can be set up.
    NoScreen(NoScreen),
    /// It could not start.
    NotStarted(StartError),
    /// It broke; the terminal is as it was, and this says what happened.
    Failed(String),
    /// A signal ended it; the exit code.
    Signal(u8),
}

/// Opens the dashboard and stays in it until it is left.
pub fn dashboard(config: &Config) -> Result<(), Ended> {
    check().map_err(Ended::NoScreen)?;
    let runtime = runtime().map_err(|error| Ended::Failed(format!("cannot start: {error}")))?;
    let mut config = config.clone();
    let ended = loop {
        match runtime.block_on(session(&config)) {
            Ok(Next::Real) => config.mode = Mode::Real,
            Ok(Next::Leave) => break Ok(()),
            Err(ended) => break Err(ended),
        }
    };
    // Whatever still hangs (a disk that does not answer) is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

/// What comes after a session.
enum Next {
    /// Nothing.
    Leave,
    /// The offer was taken up: the demo is left, and real providers come.
    Real,
}

async fn session(config: &Config) -> Result<Next, Ended> {
    let failed = |error: io::Error| Ended::Failed(error.to_string());
    let mut signals = Signals::catch().map_err(failed)?;
    let (mut session, subscription) = start(config, SCREEN).await.map_err(Ended::NotStarted)?;
    let mut terminal = Terminal::enter(Wishes::default(), session.log.take()).map_err(Ended::NoScreen)?;
    let mut screen = Screen {
        app: App::new(app_config(&session, &subscription, &terminal)),
        session,
        number: subscription.number,
        size: terminal.size(),
        next: None,
        highlighter: Highlighter::start().map_err(failed)?,
        errands: Errands::default(),
        config: config.config.clone(),
        painted: Clock::System.now(),
        typed: true,
    };
    let ended = screen.run(&mut terminal, &mut signals, subscription).await;
    terminal.leave();
    let stopped = screen.session.stop().await;
    let next = ended?;
    stopped.map_err(Ended::Failed).map(|()| next)
}

fn app_config(session: &Session, subscription: &Subscription, terminal: &Terminal) -> AppConfig {
    let folder = session.folder.as_ref();
    let nowhere = || "nowhere: --ephemeral".to_owned();
    let size = terminal.size();
    AppConfig {
        subscriber: subscription.number,
        zone: Zone::Local,
        data_path: folder.map_or_else(nowhere, |path| path.display().to_string()),
        log_path: folder.map_or_else(nowhere, |path| log::path(path).display().to_string()),
        kept: folder.is_some(),
        links: has_links(|name| std::env::var(name).ok()),
        color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        key_name: FIRST_KEY.into(),
        usual: Need { no_training: session.no_training, ..Need::USUAL },
        size: (size.width, size.height),
        owner: session.owner,
    }
}

const fn resized(size: Size) -> Msg {
    Msg::Resize(size.width, size.height)
}

/// What the loop was waiting for.
enum Happened {
    Asked(Asked),
    /// None: the terminal has gone.
    Event(Option<Event>),
    /// None: the scheduler has ended.
    Report(Option<Report>),
    News(News),
    Panicked(String),
    Parsed(Parsed),
    Came(Came),
    Due,
}

/// What the loop goes on with.
enum Step {
    On,
    Leave(Next),
}

struct Screen {
    app: App,
    session: Session,
    /// The subscriber's number.
    number: u16,
    size: Size,
    /// When what is painted changes by time alone, or is to be painted at last.
    next: Option<Time>,
    highlighter: Highlighter,
    errands: Errands,
    /// The config that the user named.
    config: Option<PathBuf>,
    /// When a frame was painted last.
    painted: Time,
    /// Whether the user did something since: that is shown at once.
    typed: bool,
}

impl Screen {
    async fn run(
        &mut self,
        terminal: &mut Terminal,
        signals: &mut Signals,
        mut from: Subscription,
    ) -> Result<Next, Ended> {
        let mut events = EventStream::new();
        let mut scheduler_lives = true;
        loop {
            let now = Clock::System.now();
            let due = self.next.map(|at| at.since(now));
            let happened = {
                tokio::select! {
                    biased;
                    asked = signals.next() => Happened::Asked(asked),
                    event = events.next() => Happened::Event(event.and_then(Result::ok)),
                    report = from.reports.recv(), if scheduler_lives => Happened::Report(report),
                    news = self.session.news() => Happened::News(news),
                    trouble = terminal.trouble() => trouble.map_or(Happened::Event(None), Happened::Panicked),
                    parsed = self.highlighter.next() => Happened::Parsed(parsed),
                    came = self.errands.next() => Happened::Came(came),
                    () = after(due) => Happened::Due,
                }
            };
            let step = match happened {
                Happened::Asked(Asked::Continue) => {
                    terminal.continued().map_err(|error| Ended::Failed(error.to_string()))?;
                    Step::On
                }
                Happened::Asked(Asked::Interrupt) => self.take(Msg::Interrupted, terminal).await?,
                Happened::Asked(asked) => return Err(Ended::Signal(asked.exit_code().unwrap_or(1))),
                Happened::Event(Some(event)) => self.take_event(event, terminal).await?,
                Happened::Event(None) => return Err(Ended::Signal(Asked::HangUp.exit_code().unwrap_or(1))),
                Happened::Report(Some(report)) => self.take(Msg::Report(report), terminal).await?,
                Happened::Report(None) => {
                    scheduler_lives = false;
                    let before = self.session.owner;
                    let moving = self.session.recover();
                    let stopped = Msg::SchedulerStopped("the scheduler has stopped".into());
                    let msg = before.filter(|_| moving).map_or(stopped, Msg::OwnerLost);
                    self.take(msg, terminal).await?
                }
                Happened::News(News::Said(sentence)) => self.take(Msg::Told(sentence), terminal).await?,
                Happened::News(News::Lost(error)) => {
                    self.take(Msg::SchedulerStopped(error.to_string()), terminal).await?
                }
                Happened::News(News::Back(subscription, said)) => {
                    from = subscription;
                    scheduler_lives = true;
                    self.number = from.number;
                    let owner = self.session.owner;
                    self.take(Msg::OwnerFound { subscriber: self.number, owner, said }, terminal).await?
                }
                Happened::Panicked(panic) => self.take(Msg::Panicked(panic), terminal).await?,
                Happened::Parsed(parsed) => self.take(Msg::Parsed(parsed), terminal).await?,
                Happened::Came(Came { msg, bytes }) => {
                    if let Some(bytes) = bytes {
                        drop(terminal.painter().order(bytes, Then::Same));
                    }
                    self.typed = true;
                    self.take(msg, terminal).await?
                }
                Happened::Due => self.take(Msg::Tick, terminal).await?,
            };
            if let Step::Leave(next) = step {
                return Ok(next);
            }
            if let Step::Leave(next) = self.drain(&mut events, &mut from, terminal).await? {
                return Ok(next);
            }
            // What only comes in is shown so often and no more; what the user does, at once.
            let (now, soon) = (Clock::System.now(), self.painted.plus(FRAME));
            if self.typed || now >= soon || now < self.painted {
                self.paint(terminal).await?;
            } else {
                self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
            }
        }
    }

    /// Takes in what else has arrived.
    async fn drain(
        &mut self,
        events: &mut EventStream,
        from: &mut Subscription,
        terminal: &mut Terminal,
    ) -> Result<Step, Ended> {
        for _ in 0..DRAIN {
            let step = if let Some(event) = waiting(events).await {
                self.take_event(event, terminal).await?
            } else if let Ok(report) = from.reports.try_recv() {
                self.take(Msg::Report(report), terminal).await?
            } else {
                return Ok(Step::On);
            };
            if matches!(step, Step::Leave(_)) {
                return Ok(step);
            }
        }
        Ok(Step::On)
    }

    async fn take_event(&mut self, event: Event, terminal: &mut Terminal) -> Result<Step, Ended> {
        self.typed = true;
        let msg = match event {
            Event::Key(key) => Msg::Key(key),
            Event::Mouse(mouse) => Msg::Mouse(mouse),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(..) => resized(terminal.size()),
            Event::FocusGained | Event::FocusLost => return Ok(Step::On),
        };
        self.take(msg, terminal).await
    }

    async fn take(&mut self, msg: Msg, terminal: &mut Terminal) -> Result<Step, Ended> {
        let mut effects = VecDeque::from(self.app.update(msg, Clock::System.now()));
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send(mut command) => {
                    // What this process was told to avoid it avoids wherever the scheduler is.
                    if let Command::Ask(ask) = &mut command {
                        ask.no_training |= self.session.no_training;
                    }
                    if let Err(refused) = self.session.link.try_send(self.number, command) {
                        effects.extend(self.app.update(Msg::Refused(refused), Clock::System.now()));
                    }
                }
                Effect::Parse(snippet) => {
                    if let Some(parsed) = self.highlighter.parse(snippet) {
                        effects.extend(self.app.update(Msg::Parsed(parsed), Clock::System.now()));
                    }
                }
                errand @ (Effect::ReadLog(_)
                | Effect::ReadBody(_)
                | Effect::Save(_)
                | Effect::Export(..)
                | Effect::CopyCurl(_)
                | Effect::Copy(_)) => {
                    let places = Places { data: self.session.folder.clone(), config: self.config.clone() };
                    let refused = deeds::refused(&errand);
                    if !self.errands.run(move || deeds::carry_out(errand, &places)) {
                        effects.extend(self.app.update(refused, Clock::System.now()));
                    }
                }
                Effect::Urgent(urgent) => drop(self.session.link.urgent(urgent).await),
                Effect::Suspend => terminal.suspend().map_err(|error| Ended::Failed(error.to_string()))?,
                Effect::Repaint => terminal.painter().repaint(),
                Effect::Quit => return Ok(Step::Leave(Next::Leave)),
                Effect::GoReal => return Ok(Step::Leave(Next::Real)),
            }
        }
        Ok(Step::On)
    }

    async fn paint(&mut self, terminal: &mut Terminal) -> Result<(), Ended> {
        // A resize event can get lost: the size is compared before each frame.
        let size = terminal.size();
        if size != self.size {
            self.size = size;
            self.take(resized(size), terminal).await?;
        }
        let mut buffer = Buffer::empty(Rect::from((Position::ORIGIN, size)));
        let now = Clock::System.now();
        let drawn = view::frame(&mut buffer, &self.app, now);
        (self.next, self.painted, self.typed) = (drawn.next, now, false);
        terminal.painter().paint(Frame { buffer, cursor: drawn.cursor, links: drawn.links });
        Ok(())
    }
}

/// The event that has already arrived. The stream is asked with this task's own waker: it keeps the one that it is
/// asked with last, and wakes nobody if that is a dummy's.
async fn waiting(events: &mut EventStream) -> Option<Event> {
    let event = poll_fn(|context| match events.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(event),
        Poll::Pending => Poll::Ready(None),
    });
    event.await.and_then(Result::ok)
}

async fn after(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}
