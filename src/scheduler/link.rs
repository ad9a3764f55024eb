//! What may be said between the scheduler and those who use it: the dashboard, `ask`, the endpoint. Commands are
//! imperative, reports are in the past tense; both are plain values without senders, so that they can cross a socket.
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | commands | screens, ask -> actor | 64 | screens: `try_send`, and say so; ask awaits | last sender gone = shut down |
//! | urgent | the same | 16 | awaited: never refused | the same |
//! | reports | actor -> each subscriber | 256 | the actor never awaits: the backlog is replaced by one fresh Snapshot | subscriber dropped |

use std::net::SocketAddr;
use std::time::Duration;

/// The endpoint's way to the scheduler.
pub mod call;

use serde::{Deserialize, Serialize};

use crate::domain::attachment::Attachment;
use crate::domain::attempt::Attempt;
use crate::domain::chat::{Change, Conversation};
use crate::domain::clock::Time;
use crate::domain::conversation::{Message, Origin, Params, Request, Role, Turn};
use crate::domain::hand::{Control, Setting};
use crate::domain::ids::{AttemptId, ConversationId, LaneId, TurnId};
use crate::domain::look::Look;
use crate::domain::quota::meter::Meter;
use crate::domain::saving::Saving;
use crate::domain::standing::{LaneState, Need, Target};

/// Places in the queue of commands.
pub const COMMANDS: usize = 64;
/// Places in the queue of what is never refused.
pub const URGENT: usize = 16;
/// Places in each subscriber's queue of reports.
pub const REPORTS: usize = 256;

/// The most tokens that the answer to a probe may have.
pub const PROBE_TOKENS: u64 = 16;

/// What the scheduler is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Answer this.
    Ask(Box<Ask>),
    /// Take lanes out of the rotation, or back in. Kept over a restart.
    Switch {
        /// What.
        target: Target,
        /// In, or out.
        on: bool,
        /// Out until then; None: until it is switched on.
        #[serde(default)]
        until: Option<Time>,
    },
    /// The chat wants no lane that trains on prompts, or might; or takes any again. The config's word stands above it.
    AvoidTraining(bool),
    /// Open the endpoint, or close it.
    SwitchEndpoint {
        /// Which of the two; None: the one that it is not.
        #[serde(default)]
        open: Option<bool>,
    },
    /// Keep what the screen is like.
    KeepLook(Look),
    /// Set something of the rotation by hand. Kept over a restart.
    Set(Setting),
    /// Send nothing new, or go on. A restart goes on.
    Pause(bool),
    /// Tell all there is again, in one snapshot.
    Refresh,
    /// Keep what stands in the composer; empty: nothing does.
    KeepDraft(String),
    /// Change a conversation; one that is not known begins, unless it is to be deleted.
    Converse(ConversationId, Change),
}

/// What has a queue of its own, so that it is never refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgent {
    /// Stop this turn; what has come is kept.
    Cancel(TurnId),
    /// End: stop what runs, save, go.
    Quit,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// The id that its asker gave it, see [`turn_id`].
    pub turn: TurnId,
    /// Who asks.
    pub origin: Origin,
    /// The question as typed, for the transcript.
    pub prompt: String,
    /// The files that go along, for the transcript and later turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// All that is sent.
    pub request: Request,
    /// Only on lanes that do not train on prompts.
    pub no_training: bool,
    /// Only on this lane, or on those of this account.
    pub only: Option<Target>,
    /// How long it may wait for a lane; None: as long as is usual for its origin.
    pub patience: Option<Duration>,
    /// Where it is asked; one that is not known begins.
    pub conversation: ConversationId,
    /// The turns that go along, two messages each, oldest first.
    pub along: Vec<TurnId>,
    /// It takes the place of this turn and of all later ones.
    pub replaces: Option<TurnId>,
}

impl Ask {
    /// The smallest question, to find out whether a lane answers: of at most 16 tokens of answer, and not kept waiting.
    pub fn probe(turn: TurnId, lane: LaneId) -> Self {
        const QUESTION: &str = "Answer with the one word: ready";
        let params = Params { max_tokens: Some(PROBE_TOKENS), ..Params::default() };
        let request = Request { messages: vec![Message::text(Role::User, QUESTION)], params, ..Request::default() };
        let only = Some(Target::Lane(lane));
        Self { only, patience: Some(Duration::ZERO), ..Self::new(turn, Origin::Probe, QUESTION.into(), request) }
    }

    /// A question that may go to any lane, and is no part of a conversation.
    pub const fn new(turn: TurnId, origin: Origin, prompt: String, request: Request) -> Self {
        Self {
            turn,
            origin,
            prompt,
            request,
            no_training: false,
            only: None,
            patience: None,
            conversation: ConversationId::NONE,
            along: Vec::new(),
            replaces: None,
            attachments: Vec::new(),
        }
    }
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// All there is, on subscribing and after a backlog; replaces what was known.
    Snapshot(Box<Snapshot>),
    /// Something changed; what is here replaces what was known under the same id.
    Moved(Box<Moved>),
    /// Conversations began or changed.
    Conversed(Vec<Conversation>),
    /// An answer went on.
    Said(Said),
    /// The body of a response that was no answer, where nothing is kept: nobody could read it later.
    Refused(AttemptId, String),
    /// The rotation was set by hand, or paused.
    Controlled(Box<Control>),
    /// What happens reaches the disk, or does not.
    Saving(Saving),
}

/// All there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was so.
    pub at: Time,
    /// Whether the lanes are simulated.
    pub simulated: bool,
    /// The roster, in the order of the rotation.
    pub lanes: Vec<LaneState>,
    /// All limits, in the order of the roster.
    pub meters: Vec<Meter>,
    /// The lane that takes the next turn of usual size; None: no lane can now.
    pub next: Option<LaneId>,
    /// What a turn of usual size takes.
    pub usual: Need,
    /// The chat's turns, oldest first, and those of others that run; bounded by [`TURNS`].
    pub turns: Vec<Turn>,
    /// The conversations that were touched last, in the order of their ids; bounded by [`CONVERSATIONS`].
    pub conversations: Vec<Conversation>,
    /// The log, oldest first; bounded by [`ATTEMPTS`].
    pub log: Vec<Attempt>,
    /// Whether it reaches the disk.
    pub saving: Saving,
    /// What stood in the composer.
    pub draft: String,
    /// What the user should know of the roster: keys that are dead, lanes that wait to be switched on. One line each.
    pub notices: Vec<String>,
    /// What a demo could do for real, in one line; the user takes it up or leaves it. None: nothing was found.
    pub offer: Option<String>,
    /// Where the endpoint is; None: it is closed.
    #[serde(default)]
    pub endpoint: Option<SocketAddr>,
    /// What the screen is like.
    #[serde(default)]
    pub look: Look,
    /// How the rotation is set.
    #[serde(default)]
    pub control: Control,
}

/// Turns in a snapshot.
pub const TURNS: usize = 200;
/// Conversations in a snapshot.
pub const CONVERSATIONS: usize = 500;
/// Log rows in a snapshot.
pub const ATTEMPTS: usize = 500;

/// What changed at once: a log row and its gauges come in one report, so they cannot disagree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// When.
    pub at: Time,
    /// The turn, with all of its answer so far.
    pub turn: Option<Turn>,
    /// Log rows, new or changed.
    pub attempts: Vec<Attempt>,
    /// Lanes that changed.
    pub lanes: Vec<LaneState>,
    /// Limits that changed, or are new.
    pub meters: Vec<Meter>,
    /// The lane that takes the next turn of usual size; None: no lane can now.
    pub next: Option<LaneId>,
    /// What a turn of usual size takes.
    pub usual: Need,
}

/// More of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The turn.
    pub turn: TurnId,
    /// Bytes of the answer (of the reasoning, if it is that) that come before this text.
    pub from: usize,
    /// What came.
    pub text: String,
    /// The model thinks; it is not yet the answer.
    pub reasoning: bool,
}

/// A turn id that no other asker makes: the time, the subscriber's number (0 to 1023) in the low bits, and always above
/// `last`.
pub fn turn_id(now: Time, subscriber: u16, last: TurnId) -> TurnId {
    let stamp = u64::try_from(now.ms()).unwrap_or(0).max((last.0 >> 10) + 1);
    TurnId((stamp << 10) | u64::from(subscriber & 1023))
}
