//! `roundel --plain`: the dashboard's events as sentences on stdout, for screen readers, pipes and logs. No colour, no
//! cursor. Each line of stdin is a question, or a command after `/`. The same state as the screen's, said instead of
//! painted.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | lines | reader thread -> loop | 16 | the reader waits | the end of the input |

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::keymap::{KeyCode, KeyEvent, KeyModifiers};
use crate::app::message::{AppConfig, Effect, Msg};
use crate::app::spoken::{Out, Spoken};
use crate::app::state::App;
use crate::domain::clock::{Clock, Time};
use crate::domain::look::{Motion, Wanted};
use crate::domain::text::harmless;
use crate::scheduler::link::Command;
use crate::shell::ask::out::put;
use crate::shell::deeds::{self, Places};
use crate::shell::engine::{Config, SCREEN, StartError};
use crate::shell::errands::Errands;
use crate::shell::pause::after;
use crate::shell::session::{News, Session, start};
use crate::shell::signals::{Asked, Signals};
use crate::shell::surroundings::app_config;

/// Lines that wait.
const LINES: usize = 16;

/// What is laid out for nobody to see: high enough for lists to be whole.
const SIZE: (u16, u16) = (100, 60);

/// Speaks until the input ends. The exit code.
pub async fn plain(config: &Config) -> Result<u8, StartError> {
    let mut signals = Signals::catch().map_err(|error| StartError::other(&error))?;
    let (session, mut from) = start(config, SCREEN).await?;
    let found = app_config(&session, &from, SIZE);
    // Nobody hears a countdown by the second.
    let screen = Wanted { motion: Motion::Reduced, ..Wanted::default() };
    let app = App::new(AppConfig { links: false, color: false, screen, ..found });
    let (number, config) = (from.number, config.config.clone());
    let mut speaker = Speaker {
        app,
        session,
        number,
        config,
        errands: Errands::default(),
        spoken: Spoken::default(),
        in_line: false,
    };
    let mut input = lines();
    let (mut open, mut lives) = (true, true);
    let code = loop {
        let now = Clock::System.now();
        // The end of the input is that of the session, once all is answered.
        if !open && !speaker.app.is_at_work() {
            break 0;
        }
        let due = speaker.app.next_change(now).map(|at| at.since(now).max(Duration::from_millis(50)));
        let mut effects = Vec::new();
        tokio::select! {
            asked = signals.next() => match asked {
                // As on the screen: first the answer, then, twice, the program.
                Asked::Interrupt => effects = speaker.take(key(KeyModifiers::CONTROL, KeyCode::Char('c')), now),
                Asked::Continue => {}
                asked => break asked.exit_code().unwrap_or(1),
            },
            report = from.reports.recv(), if lives => if let Some(report) = report {
                effects = speaker.take(Msg::Report(report), now);
            } else {
                    lives = false;
                    let before = speaker.session.owner;
                    let moving = speaker.session.recover();
                    let stopped = Msg::SchedulerStopped("the scheduler has stopped".into());
                    effects = speaker.take(before.filter(|_| moving).map_or(stopped, Msg::OwnerLost), now);
                    if !moving {
                        speaker.say(now).map_err(|error| StartError::other(&error))?;
                        break 1;
                    }
            },
            news = speaker.session.news() => match news {
                News::Said(sentence) => effects = speaker.take(Msg::Told(sentence), now),
                News::Lost(error) => return Err(error),
                News::Back(subscription, said) => {
                    (from, lives) = (subscription, true);
                    speaker.number = from.number;
                    let owner = speaker.session.owner;
                    effects = speaker.take(Msg::OwnerFound { subscriber: from.number, owner, said }, now);
                }
            },
            came = speaker.errands.next() => effects = speaker.take(came.msg, now),
            line = input.recv(), if open && speaker.app.has_heard() => match line {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => effects = speaker.app.send_line(&line, now),
                None => open = false,
            },
            () = after(due) => effects = speaker.take(Msg::Tick, now),
        }
        if speaker.carry_out(effects, now).await || speaker.say(now).is_err() {
            break 0;
        }
    };
    match speaker.session.stop().await {
        Ok(()) => Ok(code),
        Err(sentence) => Err(StartError::Other(sentence)),
    }
}

const fn key(modifiers: KeyModifiers, code: KeyCode) -> Msg {
    Msg::Key(KeyEvent::new(code, modifiers))
}

struct Speaker {
    app: App,
    session: Session,
    number: u16,
    config: Option<PathBuf>,
    errands: Errands,
    spoken: Spoken,
    /// A line of an answer has not ended yet.
    in_line: bool,
}

impl Speaker {
    fn take(&mut self, msg: Msg, now: Time) -> Vec<Effect> {
        self.app.update(msg, now)
    }

    /// True: it is to end.
    async fn carry_out(&mut self, effects: Vec<Effect>, now: Time) -> bool {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Send(mut command) => {
                    if let Command::Ask(ask) = &mut command {
                        ask.no_training |= self.session.no_training;
                    }
                    if let Err(refused) = self.session.link.try_send(self.number, command) {
                        effects.extend(self.app.update(Msg::Refused(refused), now));
                    }
                }
                Effect::Urgent(urgent) => drop(self.session.link.urgent(urgent).await),
                errand @ (Effect::Look(_) | Effect::Fetch(_) | Effect::SaveText { .. } | Effect::Export(..)) => {
                    let keys = self.session.keys_go();
                    let places = Places { data: self.session.folder.clone(), config: self.config.clone(), keys };
                    let refused = deeds::refused(&errand);
                    if !self.errands.run(move || deeds::carry_out(errand, &places)) {
                        effects.extend(self.app.update(refused, now));
                    }
                }
                Effect::Quit => return true,
                // Of the screen alone.
                Effect::Parse(_)
                | Effect::ReadLog(_)
                | Effect::ReadBody(_)
                | Effect::Save(_)
                | Effect::CopyCurl(_)
                | Effect::Copy(_)
                | Effect::Edit(_)
                | Effect::Setup(_)
                | Effect::Notify(_)
                | Effect::Count
                | Effect::GoReal
                | Effect::Suspend
                | Effect::Repaint => {}
            }
        }
        false
    }

    /// What there is to say is said. Err: nobody hears it.
    fn say(&mut self, now: Time) -> io::Result<()> {
        let out = self.app.speak(&mut self.spoken, now);
        for one in out {
            self.put(one)?;
        }
        let opened = self.app.opened(now);
        if !opened.is_empty() {
            for row in opened.into_iter().filter(|row| !row.is_empty()) {
                self.put(Out::Line(row))?;
            }
            while !self.app.opened(now).is_empty() {
                self.app.update(key(KeyModifiers::NONE, KeyCode::Esc), now);
            }
        }
        Ok(())
    }

    fn put(&mut self, out: Out) -> io::Result<()> {
        match out {
            Out::Line(line) => {
                let before = if std::mem::take(&mut self.in_line) { "\n" } else { "" };
                put(&format!("{before}{}\n", harmless(&line)))
            }
            Out::Text(text) => {
                self.in_line = !text.ends_with('\n');
                put(&text)
            }
        }
    }
}

/// The lines of stdin, read by a thread of their own: it ends with the input, or with the program.
fn lines() -> mpsc::Receiver<String> {
    let (tell, lines) = mpsc::channel(LINES);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
