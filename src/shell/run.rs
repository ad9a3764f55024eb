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

use crate::app::message::{Effect, Msg};
use crate::app::snippet::Parsed;
use crate::app::state::App;
use crate::domain::clock::{Clock, Time};
use crate::domain::look::Notify;
use crate::scheduler::door::Subscription;
use crate::scheduler::link::{Command, Report};
use crate::shell::burst::{Burst, is_enter};
use crate::shell::deeds::{self, Places};
use crate::shell::ended::Ended;
use crate::shell::engine::{Config, Mode, SCREEN, runtime};
use crate::shell::errands::{Came, Errands};
use crate::shell::highlight::Highlighter;
use crate::shell::painter::Then;
use crate::shell::painter::canvas::Frame;
use crate::shell::pause::after;
use crate::shell::session::{News, Session, start};
use crate::shell::signals::{Asked, Signals};
use crate::shell::surroundings::app_config;
use crate::shell::terminal::modes::{Wishes, call};
use crate::shell::terminal::{Terminal, check};
use crate::shell::work::Work;
use crate::view;

/// What waits is drained up to this many before a frame is painted: a steady stream must not starve the screen.
const DRAIN: usize = 64;

/// What comes in by itself is painted at most this often: an answer streams in forty frames a second.
const FRAME: Duration = Duration::from_millis(25);

/// The same where little may move.
const CALM: Duration = Duration::from_secs(1);

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
pub(in crate::shell) enum Next {
    /// Nothing.
    Leave,
    /// The offer was taken up: the demo is left, and real providers come.
    Real,
}

async fn session(config: &Config) -> Result<Next, Ended> {
    let failed = |error: io::Error| Ended::Failed(error.to_string());
    let mut signals = Signals::catch().map_err(failed)?;
    let (mut session, subscription) = start(config, SCREEN).await.map_err(Ended::NotStarted)?;
    let wishes = Wishes { focus: session.screen.notify != Notify::Off, ..Wishes::default() };
    let mut terminal = Terminal::enter(wishes, session.log.take()).map_err(Ended::NoScreen)?;
    let mut screen = Screen {
        app: App::new(app_config(&session, &subscription, (terminal.size().width, terminal.size().height))),
        session,
        number: subscription.number,
        size: terminal.size(),
        next: None,
        highlighter: Highlighter::start().map_err(failed)?,
        errands: Errands::default(),
        edits: None,
        burst: Burst::default(),
        config: config.config.clone(),
        painted: Clock::System.now(),
        typed: true,
        work: Work::default(),
    };
    if std::env::var_os("ACCESSIBLE").is_some_and(|value| !value.is_empty()) {
        let hint = Msg::Told("for a screen reader: `roundel --plain` says all this in sentences".into());
        screen.app.update(hint, Clock::System.now());
    }
    let ended = screen.run(&mut terminal, &mut signals, subscription).await;
    terminal.leave();
    let stopped = screen.session.stop().await;
    let next = ended?;
    stopped.map_err(Ended::Failed).map(|()| next)
}

const fn resized(size: Size) -> Msg {
    Msg::Resize(size.width, size.height)
}

/// What the loop was waiting for.
pub(in crate::shell) enum Happened {
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

/// What is heard of the scheduler.
pub(in crate::shell) struct Hearing {
    pub(in crate::shell) from: Subscription,
    /// It has not ended.
    pub(in crate::shell) lives: bool,
}

/// What the loop goes on with.
pub(in crate::shell) enum Step {
    On,
    Leave(Next),
}

pub(in crate::shell) struct Screen {
    app: App,
    pub(in crate::shell) session: Session,
    /// The subscriber's number.
    number: u16,
    size: Size,
    /// When what is painted changes by time alone, or is to be painted at last.
    next: Option<Time>,
    pub(in crate::shell) highlighter: Highlighter,
    pub(in crate::shell) errands: Errands,
    /// The draft that the user's editor is to be opened with.
    edits: Option<String>,
    burst: Burst,
    /// The config that the user named.
    config: Option<PathBuf>,
    /// When a frame was painted last.
    painted: Time,
    /// Whether the user did something since: that is shown at once.
    pub(in crate::shell) typed: bool,
    /// What was written of late.
    work: Work,
}

impl Screen {
    async fn run(&mut self, terminal: &mut Terminal, signals: &mut Signals, from: Subscription) -> Result<Next, Ended> {
        let mut events = EventStream::new();
        let mut hearing = Hearing { from, lives: true };
        loop {
            let now = Clock::System.now();
            let due = self.next.map(|at| at.since(now));
            let happened = {
                tokio::select! {
                    biased;
                    asked = signals.next() => Happened::Asked(asked),
                    event = events.next() => Happened::Event(event.and_then(Result::ok)),
                    report = hearing.from.reports.recv(), if hearing.lives => Happened::Report(report),
                    news = self.session.news() => Happened::News(news),
                    trouble = terminal.trouble() => trouble.map_or(Happened::Event(None), Happened::Panicked),
                    parsed = self.highlighter.next() => Happened::Parsed(parsed),
                    came = self.errands.next() => Happened::Came(came),
                    () = after(due) => Happened::Due,
                }
            };
            let step = match happened {
                Happened::Event(Some(event)) => self.take_events(event, &mut events, terminal).await?,
                happened => self.take_in(happened, &mut hearing, terminal).await?,
            };
            if let Step::Leave(next) = step {
                return Ok(next);
            }
            if let Step::Leave(next) = self.drain(&mut events, &mut hearing.from, terminal).await? {
                return Ok(next);
            }
            if let Some(draft) = self.edits.take() {
                // Its reader would take the editor's keys.
                drop(events);
                let step = self.edit(draft, terminal, signals, &mut hearing).await?;
                events = EventStream::new();
                if let Step::Leave(next) = step {
                    return Ok(next);
                }
            }
            // What only comes in is shown so often and no more; what the user does, at once.
            let (now, soon) = (Clock::System.now(), self.painted.plus(if self.app.is_calm() { CALM } else { FRAME }));
            if self.typed || now >= soon || now < self.painted {
                self.paint(terminal).await?;
            } else {
                self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
            }
        }
    }

    /// Takes in what is no event of the terminal.
    pub(in crate::shell) async fn take_in(
        &mut self,
        happened: Happened,
        hearing: &mut Hearing,
        terminal: &mut Terminal,
    ) -> Result<Step, Ended> {
        let msg = match happened {
            Happened::Asked(Asked::Continue) => {
                terminal.continued().map_err(|error| Ended::Failed(error.to_string()))?;
                return Ok(Step::On);
            }
            Happened::Asked(Asked::Interrupt) => Msg::Interrupted,
            Happened::Asked(asked) => return Err(Ended::Signal(asked.exit_code().unwrap_or(1))),
            Happened::Event(_) => return Err(Ended::Signal(Asked::HangUp.exit_code().unwrap_or(1))),
            Happened::Report(Some(report)) => Msg::Report(report),
            Happened::Report(None) => {
                hearing.lives = false;
                let before = self.session.owner;
                let moving = self.session.recover();
                let stopped = Msg::SchedulerStopped("the scheduler has stopped".into());
                before.filter(|_| moving).map_or(stopped, Msg::OwnerLost)
            }
            Happened::News(News::Said(sentence)) => Msg::Told(sentence),
            Happened::News(News::Lost(error)) => Msg::SchedulerStopped(error.to_string()),
            Happened::News(News::Back(subscription, said)) => {
                *hearing = Hearing { from: subscription, lives: true };
                self.number = hearing.from.number;
                Msg::OwnerFound { subscriber: self.number, owner: self.session.owner, said }
            }
            Happened::Panicked(panic) => Msg::Panicked(panic),
            Happened::Parsed(parsed) => Msg::Parsed(parsed),
            Happened::Came(Came { msg, bytes }) => {
                if let Some(bytes) = bytes {
                    drop(terminal.painter().order(bytes, Then::Same));
                }
                self.typed = true;
                msg
            }
            Happened::Due => Msg::Tick,
        };
        self.take(msg, terminal).await
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
                self.take_events(event, events, terminal).await?
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

    /// Takes in an event, and what was looked at behind it to know what it is.
    async fn take_events(
        &mut self,
        mut event: Event,
        events: &mut EventStream,
        terminal: &mut Terminal,
    ) -> Result<Step, Ended> {
        loop {
            let next = if is_enter(&event) { waiting(events).await } else { None };
            let event_as_meant = self.burst.take(event, next.as_ref(), Clock::System.now());
            let step = self.take_event(event_as_meant, terminal).await?;
            match (step, next) {
                (Step::On, Some(next)) => event = next,
                (step, _) => return Ok(step),
            }
        }
    }

    async fn take_event(&mut self, event: Event, terminal: &mut Terminal) -> Result<Step, Ended> {
        self.typed = true;
        let msg = match event {
            Event::Key(key) => Msg::Key(key),
            Event::Mouse(mouse) => Msg::Mouse(mouse),
            Event::Paste(text) => Msg::Paste(text),
            Event::Resize(..) => {
                terminal.wake_reader();
                resized(terminal.size())
            }
            // Nothing is seen of it.
            Event::FocusGained => Msg::Focused(true),
            Event::FocusLost => Msg::Focused(false),
        };
        self.take(msg, terminal).await
    }

    pub(in crate::shell) async fn take(&mut self, msg: Msg, terminal: &mut Terminal) -> Result<Step, Ended> {
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
                errand @ (Effect::Look(_)
                | Effect::Fetch(_)
                | Effect::SaveText { .. }
                | Effect::ReadLog(_)
                | Effect::ReadBody(_)
                | Effect::Save(_)
                | Effect::Export(..)
                | Effect::CopyCurl(_)
                | Effect::Setup(_)
                | Effect::Copy(_)) => {
                    let (data, config) = (self.session.folder.clone(), self.config.clone());
                    let places = Places { data, config, keys: self.session.keys_go() };
                    let refused = deeds::refused(&errand);
                    if !self.errands.run(move || deeds::carry_out(errand, &places)) {
                        effects.extend(self.app.update(refused, Clock::System.now()));
                    }
                }
                Effect::Edit(draft) => self.edits = Some(draft),
                Effect::Urgent(urgent) => drop(self.session.link.urgent(urgent).await),
                Effect::Suspend => terminal.suspend().map_err(|error| Ended::Failed(error.to_string()))?,
                Effect::Notify(sentence) => {
                    let bytes = call(self.session.screen.notify, &sentence);
                    drop(terminal.painter().order(bytes, Then::Same));
                }
                Effect::Count => {
                    let said = self.work.said(Clock::System.now(), terminal.painter().tally());
                    effects.extend(self.app.update(Msg::Done(said), Clock::System.now()));
                }
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
        self.work.note(now, terminal.painter().tally());
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
