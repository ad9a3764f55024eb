//! What the dashboard is told, and what it wants done: the two ends of `update`.

use crate::app::fetch::{Fetch, Fetched};
use crate::app::keymap::{KeyEvent, MouseEvent};
use crate::app::offer::{self, Heard};
use crate::app::page::{self, Form, Page, Recording, Repeat};
use crate::app::snippet::{Parsed, Snippet};
use crate::domain::chat::Hit;
use crate::domain::clock::{Time, Zone};
use crate::domain::conversation::Turn;
use crate::domain::filter::Filter;
use crate::domain::history::History;
use crate::domain::ids::{AttemptId, ConversationId};
use crate::domain::look;
use crate::domain::standing::{Need, Target};
use crate::scheduler::link::{Command, Report, Urgent};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has another size: columns and rows.
    Resize(u16, u16),
    /// The scheduler says something.
    Report(Report),
    /// The instant came that `next_change` named.
    Tick,
    /// The scheduler has ended, and nobody asked it to; why nobody goes on in its place.
    SchedulerStopped(String),
    /// The process whose scheduler it was has ended. Another one's will be found, or this one's begins.
    OwnerLost(u32),
    /// It was. Its snapshot comes next.
    OwnerFound {
        /// The screen's new number.
        subscriber: u16,
        /// The process; None: this one.
        owner: Option<u32>,
        /// What happened, for the user.
        said: String,
    },
    /// A sentence for the user: something to know, or something that went wrong.
    Told(String),
    /// What was asked for is done, and how.
    Done(String),
    /// The queue was full: this was not sent.
    Refused(Command),
    /// A task broke; what it said.
    Panicked(String),
    /// Older turns of a conversation, oldest first.
    Read(ConversationId, Vec<Turn>),
    /// What was found of these words in all conversations, the best first.
    Found(String, Vec<Hit>),
    /// What lines of code are, which [`Effect::Parse`] asked for.
    Parsed(Parsed),
    /// The last day of a lane or an account, or why it cannot be read.
    Recalled(Target, Result<History, String>),
    /// A page of the log, which [`Effect::ReadLog`] asked for.
    LogRead(Page),
    /// The page of that number could not be read; why.
    LogUnread(u64, String),
    /// What [`Effect::Fetch`] asked for.
    Fetched(Fetched),
    /// The draft, as [`Effect::Edit`] has left it. Err: why it is as it was, in words.
    Edited(Result<String, String>),
    /// What came with a failed attempt, which [`Effect::ReadBody`] asked for; None: nothing is kept of it.
    Body(AttemptId, Option<String>),
    /// The terminal has the focus, or has not.
    Focused(bool),
    /// What [`Effect::Setup`] asked for.
    Setup(Heard),
    /// SIGINT from outside.
    Interrupted,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send it to the scheduler; if its queue is full, answer with [`Msg::Refused`].
    Send(Command),
    /// Send it on the queue that never refuses.
    Urgent(Urgent),
    /// Find out what these lines of code are, off this task, and answer with [`Msg::Parsed`].
    Parse(Snippet),
    /// Read this from the disk, off this task, and answer with the message for it; nothing is read where nothing is kept.
    Look(Wanted),
    /// Write this into a file of this name and ending, off this task, and answer with [`Msg::Done`] or [`Msg::Told`].
    SaveText {
        /// What the file is called, without its ending.
        name: String,
        /// `md`, `json`.
        ending: &'static str,
        /// What stands in it.
        text: String,
    },
    /// Read a page of the log from the store, off this task, and answer with [`Msg::LogRead`] or [`Msg::LogUnread`].
    ReadLog(page::Wanted),
    /// Read from the store what came with a failed attempt, off this task, and answer with [`Msg::Body`].
    ReadBody(AttemptId),
    /// Write an attempt into a file that `roundel inspect` reads, off this task, and answer with [`Msg::Done`] or
    /// [`Msg::Told`].
    Save(Box<Recording>),
    /// Copy a request as a curl command, as [`Effect::Copy`] does; in place of the key stands its variable's name.
    CopyCurl(Box<Repeat>),
    /// Write all rows of the log that are meant into a file, off this task, and answer with [`Msg::Done`] or
    /// [`Msg::Told`].
    Export(Filter, Form),
    /// Put this text into the clipboard, off this task, and answer with [`Msg::Done`] or [`Msg::Told`].
    Copy(String),
    /// Read something, off this task, and answer with [`Msg::Fetched`].
    Fetch(Fetch),
    /// Give the terminal to the user's editor with this draft in it, and answer with [`Msg::Edited`].
    Edit(String),
    /// Find out what there is for the setup, or test a key, off this task, and answer with [`Msg::Setup`].
    Setup(offer::Wanted),
    /// Call the user, who looks elsewhere, with this sentence.
    Notify(String),
    /// Say how much was written to the terminal in the last minute, with [`Msg::Done`].
    Count,
    /// Start again with the real providers: the user has taken up the offer.
    GoReal,
    /// Give the terminal back and stop, as Ctrl+Z does.
    Suspend,
    /// Paint everything again.
    Repaint,
    /// End the program. What was to be kept has been sent before.
    Quit,
}

/// What is to be read from the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The turns of this conversation.
    Conversation(ConversationId),
    /// The turns of all conversations in which these words are found.
    Search(String),
    /// The last day of a lane or an account, up to this instant.
    Day(Target, Time),
}

/// What does not change while the dashboard runs.
#[derive(Debug, Clone, PartialEq)]
pub struct AppConfig {
    /// The number of this screen among those who ask the scheduler, 0 to 1023.
    pub subscriber: u16,
    /// The zone in which times are shown.
    pub zone: Zone,
    /// Where the program's own log is written.
    pub log_path: String,
    /// The folder with all that is kept.
    pub data_path: String,
    /// Whether anything is kept: older rows of the log can be read, and files be written.
    pub kept: bool,
    /// Whether there may be colours (`NO_COLOR`).
    pub color: bool,
    /// Whether the terminal has links (OSC 8); else addresses are spelled out.
    pub links: bool,
    /// The variable that a first real key is put into: `GROQ_API_KEY`.
    pub key_name: String,
    /// A turn of usual size, as the scheduler thinks of it: a lane is ready if it can take that.
    pub usual: Need,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The process whose scheduler it is; None: this one's.
    pub owner: Option<u32>,
    /// What the config wants of the screen.
    pub screen: look::Wanted,
}
