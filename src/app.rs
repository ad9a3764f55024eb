//! Floor 3: the dashboard's state, pure. `update` takes a message and the time, and says what is to be done; `screen`
//! says what is to be seen. Knows no colour, no terminal, no clock and no task.
//!
//! ```text
//!  Msg ──update──▶ App ──screen──▶ Screen (rows with roles)
//!        │          └──next_change──▶ when it looks different by time alone
//!        └──▶ Vec<Effect>
//! ```

mod act;
/// The quota pane.
pub mod board;
/// Columns of texts, and where they are cut.
pub mod cells;
/// The rows of the chat.
pub mod chat;
/// The draft.
pub mod composer;
/// All that is known of one thing.
pub mod detail;
/// Numbers and times in few columns, and when they change.
pub mod due;
/// Where everything stands.
pub mod geometry;
mod hear;
/// The help.
pub mod help;
/// Marks inside a line.
pub mod inline;
/// Every key.
pub mod keymap;
/// The request log.
pub mod log;
/// What is told, and what is to be done.
pub mod message;
/// Texts as wrapped rows.
pub mod prose;
/// Lanes and limits as last reported.
pub mod roster;
/// Rows and the roles of their pieces.
pub mod row;
/// All that is seen.
pub mod screen;
/// All that is remembered.
pub mod state;
/// Header, footer, and the lines between.
pub mod status;
/// The chat, and what is seen of it.
pub mod transcript;

use crate::app::keymap::pointer;
use crate::domain::clock::Time;
use crate::scheduler::link::Command;

pub use crate::app::message::{AppConfig, Effect, Msg};
pub use crate::app::screen::Screen;
pub use crate::app::state::App;

impl App {
    /// Takes in what happened at `now`, and says what is to be done.
    pub fn update(&mut self, msg: Msg, now: Time) -> Vec<Effect> {
        let mut effects = match msg {
            Msg::Key(key) => self.key(key, now),
            Msg::Paste(text) => {
                self.write(&text);
                Vec::new()
            }
            Msg::Mouse(mouse) => {
                if let Some(pointer) = pointer(mouse) {
                    self.point(pointer, now);
                }
                Vec::new()
            }
            Msg::Resize(width, height) => {
                self.size = (width, height);
                Vec::new()
            }
            Msg::Report(report) => {
                self.hear(report);
                Vec::new()
            }
            Msg::Tick => Vec::new(),
            Msg::SchedulerStopped => {
                self.broke("the scheduler has stopped: nothing can be sent; quit and start again".into());
                Vec::new()
            }
            Msg::Refused(command) => {
                self.refused(command, now);
                Vec::new()
            }
            Msg::Panicked(what) => {
                self.broke(format!("a part of roundel broke: {what}"));
                Vec::new()
            }
            Msg::Interrupted => self.leave(now),
        };
        if self.notice.as_ref().is_some_and(|notice| notice.until <= now) {
            self.notice = None;
        }
        self.composer.note(now);
        effects.extend(self.composer.to_keep(now, false).map(Command::KeepDraft).map(Effect::Send));
        self.lay_out();
        effects
    }

    /// The next instant at which something is to be drawn or kept by time alone: then `update` wants a [`Msg::Tick`].
    /// None: nothing changes until something happens.
    pub fn next_change(&self, now: Time) -> Option<Time> {
        let seen = self.screen(now).due.next();
        let notice = self.notice.as_ref().map(|notice| notice.until.max(now));
        [seen, notice, self.composer.keep_at()].into_iter().flatten().min()
    }

    fn broke(&mut self, what: String) {
        if self.broken.last() != Some(&what) {
            self.broken.push(what);
        }
    }
}
