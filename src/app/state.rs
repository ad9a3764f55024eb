//! All that the dashboard remembers, and the one place that lays it out after each change.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use crate::app::action::{Border, Focus};
use crate::app::composer::Composer;
use crate::app::conversations::Conversations;
use crate::app::find::Find;
use crate::app::form::Form;
use crate::app::geometry::{Areas, Wish, areas, inside};
use crate::app::held::Frozen;
use crate::app::lanes::Lanes;
use crate::app::log::Log;
use crate::app::menu::Completing;
use crate::app::message::AppConfig;
use crate::app::options::Options;
use crate::app::palette::Palette;
use crate::app::past::Past;
use crate::app::place::Scene;
use crate::app::queue::Queue;
use crate::app::recall::Recall;
use crate::app::roster::{Item, Roster};
use crate::app::row::Role;
use crate::app::scales::{Reading, Scales};
use crate::app::setup::Setup;
use crate::app::shelf::Shelf;
use crate::app::transcript::Transcript;
use crate::domain::clock::Time;
use crate::domain::hand::Control;
use crate::domain::ids::{AccountId, AttemptId, LaneId, TurnId};
use crate::domain::look::Look;
use crate::domain::saving::Saving;
use crate::domain::standing::{LaneState, Standing, Target};
use crate::scheduler::link::{Ask, Command};

/// A notice stays this long, or until a key.
const NOTICE: Duration = Duration::from_secs(6);

/// What stands over the panes.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// The help, and what is searched for in it.
    Help(String),
    /// All that is known of a lane or an account.
    Target(Target),
    /// All that is known of an attempt.
    Attempt(AttemptId),
    /// The list of lanes, to choose one for one turn.
    Lanes(Lanes),
    /// The list of conversations.
    Shelf(Box<Shelf>),
    /// How the conversation on the screen is asked.
    Form(Box<Form>),
    /// A short list.
    Options(Options),
    /// The list of commands.
    Palette(Palette),
    /// The search in the earlier prompts.
    Recall(Recall),
    /// How the rows of the log are to be written into a file; the chosen row.
    Export(usize),
    /// Providers, and the key for one.
    Setup(Box<Setup>),
}

/// A line that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub text: String,
    /// How serious it is.
    pub role: Role,
    /// When it goes.
    pub until: Time,
}

/// What a second press of a key would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Armed {
    /// Nothing.
    #[default]
    No,
    /// Quit, until this instant.
    Quit(Time),
    /// Send as text what begins like a command, until this instant.
    Send(Time),
    /// Ctrl+X: the next key is the second half of one.
    Prefix,
}

/// How it is with the scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// It has not said anything yet.
    #[default]
    Starting,
    /// It has.
    Heard,
    /// It has ended.
    Stopped,
}

/// What the screen is like.
#[derive(Debug, Default)]
pub struct Looks {
    /// What its user chose.
    pub look: Look,
    /// What is kept of that.
    pub kept: Look,
    /// Prompts, answers, hosts and names are veiled.
    pub private: bool,
    /// The border that the mouse holds.
    pub grab: Option<Border>,
    /// The terminal has not the focus.
    pub away: bool,
}

/// The state of the dashboard.
#[derive(Debug)]
pub struct App {
    pub(in crate::app) config: AppConfig,
    pub(in crate::app) size: (u16, u16),
    pub(in crate::app) areas: Areas,
    pub(in crate::app) focus: Focus,
    pub(in crate::app) expanded: bool,
    pub(in crate::app) looks: Looks,
    pub(in crate::app) overlay: Option<Overlay>,
    pub(in crate::app) overlay_top: usize,
    pub(in crate::app) composer: Composer,
    pub(in crate::app) completing: Completing,
    /// What the files weigh that the draft names.
    pub(in crate::app) scales: Scales,
    /// The message whose files are being read.
    pub(in crate::app) reading: Option<Reading>,
    /// How many such there were.
    pub(in crate::app) readings: u64,
    pub(in crate::app) transcript: Transcript,
    pub(in crate::app) conversations: Conversations,
    /// The turn that is to be shown when it has come from the disk.
    pub(in crate::app) awaits_turn: Option<TurnId>,
    /// What is searched for in the chat.
    pub(in crate::app) find: Find,
    pub(in crate::app) roster: Roster,
    /// The last day of what has its detail open.
    pub(in crate::app) past: Past,
    pub(in crate::app) selected: Option<Item>,
    pub(in crate::app) board_top: usize,
    /// The accounts whose listed lanes are shown.
    pub(in crate::app) unfolded: BTreeSet<AccountId>,
    /// Rows that the quota pane would fill.
    board_rows: usize,
    pub(in crate::app) log: Log,
    /// What came with failed attempts; None: nothing is kept of it. The newest last, a few.
    pub(in crate::app) bodies: VecDeque<(AttemptId, Option<String>)>,
    pub(in crate::app) simulated: bool,
    pub(in crate::app) link: Link,
    pub(in crate::app) saving: Saving,
    /// What the user should know of the roster.
    pub(in crate::app) notices: Vec<String>,
    /// What a demo could do for real.
    pub(in crate::app) offer: Option<String>,
    /// Where the endpoint is; None: it is closed.
    pub(in crate::app) endpoint: Option<SocketAddr>,
    pub(in crate::app) notice: Option<Notice>,
    pub(in crate::app) broken: Vec<String>,
    pub(in crate::app) armed: Armed,
    /// What undoes the last thing that was done by hand.
    pub(in crate::app) undo: Option<Command>,
    /// How the rotation is set.
    pub(in crate::app) control: Box<Control>,
    /// The screen is frozen.
    pub(in crate::app) frozen: Option<Box<Frozen>>,
    /// The test that is on its way.
    pub(in crate::app) probe: Option<(TurnId, LaneId)>,
    pub(in crate::app) last_turn: TurnId,
    /// The turn that was asked for, and has not been heard of yet.
    pub(in crate::app) awaited: Option<TurnId>,
    /// Messages that wait until an answer is there.
    pub(in crate::app) queue: Queue,
    /// The only lane for the next turn.
    pub(in crate::app) pin: Option<LaneId>,
    /// Turns whose place others took: they are sent along no more.
    pub(in crate::app) left_out: BTreeSet<TurnId>,
    /// The draft takes the place of this turn.
    pub(in crate::app) fork: Option<TurnId>,
    /// About how many tokens go along with the next question.
    pub(in crate::app) along: u64,
    /// Turns that were asked to stop, and whose end has not been heard yet.
    pub(in crate::app) stopping: BTreeSet<TurnId>,
    /// What was asked here and is not over, so far as was heard: an owner that ends may have told nobody of it.
    pub(in crate::app) asked: Vec<Ask>,
    /// There is another owner, and this is to be said when it has told what it knows.
    pub(in crate::app) moved_to: Option<String>,
}

impl App {
    /// A dashboard that has heard nothing yet.
    pub fn new(config: AppConfig) -> Self {
        let mut app = Self {
            size: config.size,
            config,
            areas: Areas::default(),
            focus: Focus::Composer,
            expanded: false,
            looks: Looks::default(),
            overlay: None,
            overlay_top: 0,
            composer: Composer::default(),
            completing: Completing::default(),
            scales: Scales::default(),
            reading: None,
            readings: 0,
            transcript: Transcript::default(),
            conversations: Conversations::default(),
            awaits_turn: None,
            find: Find::default(),
            roster: Roster::default(),
            past: Past::default(),
            selected: None,
            board_top: 0,
            unfolded: BTreeSet::new(),
            board_rows: 0,
            log: Log::default(),
            bodies: VecDeque::new(),
            simulated: false,
            link: Link::Starting,
            saving: Saving::Yes,
            notices: Vec::new(),
            offer: None,
            endpoint: None,
            notice: None,
            broken: Vec::new(),
            armed: Armed::No,
            undo: None,
            control: Box::default(),
            frozen: None,
            probe: None,
            last_turn: TurnId(0),
            along: 0,
            awaited: None,
            queue: Queue::default(),
            pin: None,
            left_out: BTreeSet::new(),
            fork: None,
            stopping: BTreeSet::new(),
            asked: Vec::new(),
            moved_to: None,
        };
        app.log.set_stored(app.config.kept);
        app.lay_out();
        app
    }

    /// What has the keys.
    pub const fn focus(&self) -> Focus {
        self.focus
    }

    /// Where everything stands.
    pub const fn areas(&self) -> &Areas {
        &self.areas
    }

    /// The draft.
    pub const fn composer(&self) -> &Composer {
        &self.composer
    }

    /// The chat.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The request log.
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// What keys mean now.
    pub(in crate::app) const fn scene(&self) -> Scene {
        match self.overlay {
            Some(Overlay::Help(_)) => Scene::Help,
            Some(Overlay::Target(_)) => Scene::Detail,
            Some(Overlay::Attempt(_)) => Scene::Attempt,
            Some(Overlay::Lanes(_)) => Scene::Lanes,
            Some(Overlay::Shelf(_)) => Scene::Shelf,
            Some(Overlay::Form(_)) => Scene::Form,
            Some(Overlay::Options(_)) => Scene::Options,
            None if self.find.typing && matches!(self.focus, Focus::Transcript) => Scene::Find,
            Some(Overlay::Export(_)) => Scene::Export,
            None if self.is_filtering() => Scene::Filter,
            Some(Overlay::Palette(_)) => Scene::Commands,
            Some(Overlay::Recall(_)) => Scene::Earlier,
            Some(Overlay::Setup(_)) => Scene::Setup,
            None if self.completing.menu.is_some() && matches!(self.focus, Focus::Composer) => Scene::Menu,
            None => Scene::On(self.focus),
        }
    }

    /// Whether letters go into the filter of the log.
    pub(in crate::app) const fn is_filtering(&self) -> bool {
        self.overlay.is_none() && matches!(self.focus, Focus::Log) && self.log.sieve().typing
    }

    /// How many lanes can answer now.
    pub(in crate::app) fn ready(&self, now: Time) -> usize {
        let ready = |lane: &&LaneState| self.roster.standing(lane, self.config.usual, now) == Standing::Ready;
        self.roster.chosen().filter(ready).count()
    }

    /// Says something that passes.
    pub(in crate::app) fn say(&mut self, text: impl Into<String>, role: Role, now: Time) {
        self.notice = Some(Notice { text: text.into(), role, until: now.plus(NOTICE) });
    }

    /// The last turn of the chat that is on its way, and was not asked to stop.
    pub(in crate::app) fn running(&self) -> Option<TurnId> {
        self.transcript.running().find(|turn| !self.stopping.contains(turn))
    }

    /// How many lines tell what is wrong.
    fn alerts(&self) -> usize {
        self.broken.len().min(2)
            + usize::from(self.control.paused.is_some())
            + usize::from(matches!(self.saving, Saving::No { .. }))
    }

    /// Counts what the quota pane would fill, after the roster has changed or was unfolded.
    pub(in crate::app) fn count_rows(&mut self) {
        self.board_rows = self.roster.rows(&self.unfolded);
    }

    /// Rows of the log's pane that are above its own: the filter, and the heading of the columns if there is room.
    pub(in crate::app) fn log_head(&self, height: u16) -> u16 {
        u16::from(self.log.sieve().is_open() && height > 1) + u16::from(height > 4)
    }

    /// Computes the areas anew, and lays out what depends on them.
    pub(in crate::app) fn lay_out(&mut self) {
        let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let mut wish = Wish {
            focus: self.focus,
            expanded: self.expanded,
            draft: 1,
            alerts: small(self.alerts()),
            lanes: small(self.roster.chosen().count()),
            board: small(self.board_rows),
            chat: self.looks.look.chat,
            log: self.looks.look.log,
        };
        let (width, height) = self.size;
        // How high the draft is depends on how wide it may be; how wide, on nothing but the size.
        let first = areas(width, height, wish);
        wish.draft = small(self.composer.wrap(usize::from(first.composer.width)));
        self.areas = areas(width, height, wish);
        let areas = &self.areas;
        if !areas.chat.is_empty() {
            self.composer.wrap(usize::from(areas.composer.width));
            self.composer.show(usize::from(areas.composer.height));
            self.transcript.resize(areas.transcript.width, areas.transcript.height, self.config.links);
        }
        if !areas.log.is_empty() {
            let height = inside(areas.log, areas.framed()).height;
            self.log.resize(height.saturating_sub(self.log_head(height)));
        }
    }
}
