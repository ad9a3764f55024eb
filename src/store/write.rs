//! What can be written, and what waits to be. A later write of the same thing takes the place of an earlier one that
//! still waits, so what waits grows with the number of things, not with time.

use rusqlite::{Connection, named_params};

use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::Conversation;
use crate::domain::conversation::{Turn, TurnState};
use crate::domain::hand::Hand;
use crate::domain::ids::{AccountId, AttemptId, ConversationId, LaneId, PoolId, TurnId};
use crate::domain::look::Look;
use crate::domain::quota::limit::Unit;
use crate::domain::quota::meter::Meter;
use crate::domain::share::Taken;
use crate::domain::standing::{Rest, Switch, Target};
use crate::store::column::{At, Count, Json, Ms, Word, target_columns};

/// Something to keep. It replaces what was kept under the same [`Key`].
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// A turn, with all of its answer so far.
    Turn(Box<Turn>),
    /// A log row.
    Attempt(Box<Attempt>),
    /// A conversation, without its turns.
    Conversation(Box<Conversation>),
    /// The body of a response that was no answer.
    Body(AttemptId, String),
    /// A limit with its count; what is reserved is not kept.
    Meter(Box<Meter>),
    /// A cooldown, or its end.
    Rest {
        /// What rests.
        target: Target,
        /// The cooldown; None: over.
        rest: Option<Rest>,
    },
    /// Switched off by the user, or on again.
    Switch {
        /// What.
        target: Target,
        /// What the user did; None: nothing any more.
        switch: Option<Switch>,
    },
    /// What stands in the composer; empty: nothing does.
    Draft(String),
    /// The account whose turn in the rotation it was last.
    LastAccount(AccountId),
    /// Whether the chat wants no lane that trains on prompts.
    AvoidTraining(bool),
    /// What the screen is like.
    Look(Look),
    /// What was set by hand of the rotation.
    Hand(Box<Hand>),
    /// What a client of the endpoint has had of its day.
    Share(Taken),
}

/// What a write is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Such a body: the first to go where there is no room.
    Body(AttemptId),
    /// A log row.
    Attempt(AttemptId),
    /// A turn.
    Turn(TurnId),
    /// A conversation.
    Conversation(ConversationId),
    /// A limit: its pool, its unit, its window as written.
    Meter(PoolId, Unit, String),
    /// A cooldown.
    Rest(Target),
    /// A switch.
    Switch(Target),
    /// The draft.
    Draft,
    /// The account that was last.
    LastAccount,
    /// Whether the chat wants no lane that trains on prompts.
    AvoidTraining,
    /// What the screen is like.
    Look,
    /// What was set by hand.
    Hand,
    /// A share of a day, by the client's name.
    Share(String),
}

impl Write {
    /// What it is about.
    pub fn key(&self) -> Key {
        match self {
            Self::Turn(turn) => Key::Turn(turn.id),
            Self::Attempt(attempt) => Key::Attempt(attempt.id),
            Self::Conversation(conversation) => Key::Conversation(conversation.id),
            Self::Body(attempt, _) => Key::Body(*attempt),
            Self::Meter(meter) => Key::Meter(meter.pool.clone(), meter.unit.clone(), meter.window.to_string()),
            Self::Rest { target, .. } => Key::Rest(target.clone()),
            Self::Switch { target, .. } => Key::Switch(target.clone()),
            Self::Draft(_) => Key::Draft,
            Self::LastAccount(_) => Key::LastAccount,
            Self::AvoidTraining(_) => Key::AvoidTraining,
            Self::Look(_) => Key::Look,
            Self::Hand(_) => Key::Hand,
            Self::Share(taken) => Key::Share(taken.name.clone()),
        }
    }
}

/// Writes one row, within the caller's transaction.
pub(super) fn apply(conn: &Connection, write: &Write) -> rusqlite::Result<()> {
    match write {
        Write::Turn(row) => turn(conn, row),
        Write::Attempt(row) => attempt(conn, row),
        Write::Conversation(row) => conversation(conn, row),
        Write::Body(attempt, text) => body(conn, *attempt, text),
        Write::Meter(row) => meter(conn, row),
        Write::Rest { target, rest: Some(row) } => rest(conn, target, row),
        Write::Rest { target, rest: None } => delete(conn, "DELETE FROM rests WHERE kind = ?1 AND name = ?2", target),
        Write::Switch { target, switch: Some(row) } => switch(conn, target, row),
        Write::Switch { target, switch: None } => {
            delete(conn, "DELETE FROM switches WHERE kind = ?1 AND name = ?2", target)
        }
        Write::Draft(text) => note(conn, DRAFT, text),
        Write::LastAccount(account) => note(conn, LAST_ACCOUNT, account.as_str()),
        Write::AvoidTraining(avoid) => note(conn, AVOID_TRAINING, if *avoid { "yes" } else { "no" }),
        // It always can be written so; if it could not, nothing of it would be kept.
        Write::Look(look) => note(conn, LOOK, &serde_json::to_string(look).unwrap_or_default()),
        Write::Hand(hand) => note(conn, HAND, &serde_json::to_string(hand).unwrap_or_default()),
        Write::Share(taken) => share(conn, taken),
    }
}

/// The note that keeps the draft.
pub(super) const DRAFT: &str = "draft";
/// The note that keeps the account that was last.
pub(super) const LAST_ACCOUNT: &str = "last_account";
/// The note that keeps what was set by hand.
pub(super) const HAND: &str = "hand";
pub(super) const AVOID_TRAINING: &str = "avoid_training";
/// The note that keeps what the screen is like.
pub(super) const LOOK: &str = "look";

// Not `INSERT OR REPLACE`: that is a deletion to the index of texts.
const TURN: &str = "
    INSERT INTO turns (id, asked, origin, lane, state, reason, prompt, answer, reasoning, attempts, input_tokens,
        output_tokens, first_token_ms, took_ms, simulated, conversation, replaces, unsent)
    VALUES (:id, :asked, :origin, :lane, :state, :reason, :prompt, :answer, :reasoning, :attempts, :input_tokens,
        :output_tokens, :first_token_ms, :took_ms, :simulated, :conversation, :replaces, :unsent)
    ON CONFLICT (id) DO UPDATE SET asked = excluded.asked, origin = excluded.origin, lane = excluded.lane,
        state = excluded.state, reason = excluded.reason, prompt = excluded.prompt, answer = excluded.answer,
        reasoning = excluded.reasoning, attempts = excluded.attempts, input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, first_token_ms = excluded.first_token_ms, took_ms = excluded.took_ms,
        simulated = excluded.simulated, conversation = excluded.conversation, replaces = excluded.replaces,
        unsent = excluded.unsent";

fn turn(conn: &Connection, turn: &Turn) -> rusqlite::Result<()> {
    let (state, reason) = match &turn.state {
        TurnState::Waiting { on, .. } => ("waiting", Some(on)),
        TurnState::Running => ("running", None),
        TurnState::Done => ("done", None),
        TurnState::Stopped => ("stopped", None),
        TurnState::Failed(reason) => ("failed", Some(reason)),
        TurnState::Interrupted => ("interrupted", None),
    };
    let row = named_params! {
        ":id": Count(turn.id.0),
        ":asked": At(turn.asked),
        ":origin": Word(turn.origin),
        ":lane": turn.lane.as_ref().map(LaneId::as_str),
        ":state": state,
        ":reason": reason,
        ":prompt": turn.prompt,
        ":answer": turn.answer,
        ":reasoning": turn.reasoning,
        ":attempts": Json(&turn.attempts),
        ":input_tokens": turn.usage.input.map(Count),
        ":output_tokens": turn.usage.output.map(Count),
        ":first_token_ms": turn.first_token.map(Ms),
        ":took_ms": turn.took.map(Ms),
        ":simulated": turn.simulated,
        ":conversation": Count(turn.conversation.0),
        ":replaces": turn.replaces.map(|id| Count(id.0)),
        ":unsent": turn.unsent.map(Json),
    };
    conn.prepare_cached(TURN)?.execute(row)?;
    if turn.attachments.is_empty() {
        return Ok(());
    }
    let mut known = conn.prepare_cached("SELECT 1 FROM attachments WHERE turn = ?1")?;
    if known.exists([Count(turn.id.0)])? {
        return Ok(());
    }
    conn.prepare_cached("INSERT INTO attachments (turn, files) VALUES (?1, ?2)")?
        .execute((Count(turn.id.0), Json(&turn.attachments)))
        .map(drop)
}

const CONVERSATION: &str = "
    INSERT OR REPLACE INTO conversations (id, name, began, touched, settings, deleted)
    VALUES (:id, :name, :began, :touched, :settings, :deleted)";

fn conversation(conn: &Connection, conversation: &Conversation) -> rusqlite::Result<()> {
    let row = named_params! {
        ":id": Count(conversation.id.0),
        ":name": conversation.name,
        ":began": At(conversation.began),
        ":touched": At(conversation.touched),
        ":settings": Json(&conversation.settings),
        ":deleted": conversation.deleted.map(At),
    };
    conn.prepare_cached(CONVERSATION)?.execute(row).map(drop)
}

const ATTEMPT: &str = "
    INSERT OR REPLACE INTO attempts (id, turn, number, origin, lane, started, status, outcome, class, first_token_ms,
        took_ms, input_tokens, output_tokens, headers, why, note, simulated)
    VALUES (:id, :turn, :number, :origin, :lane, :started, :status, :outcome, :class, :first_token_ms,
        :took_ms, :input_tokens, :output_tokens, :headers, :why, :note, :simulated)";

fn body(conn: &Connection, attempt: AttemptId, text: &str) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO bodies (attempt, body) VALUES (?1, ?2)";
    conn.prepare_cached(sql)?.execute((Count(attempt.0), text)).map(drop)
}

fn attempt(conn: &Connection, attempt: &Attempt) -> rusqlite::Result<()> {
    let (outcome, class) = match attempt.outcome {
        Outcome::Running => ("running", None),
        Outcome::Answered => ("answered", None),
        Outcome::Failed(class) => ("failed", Some(Word(class))),
        Outcome::Cancelled => ("cancelled", None),
        Outcome::Interrupted => ("interrupted", None),
    };
    let row = named_params! {
        ":id": Count(attempt.id.0),
        ":turn": Count(attempt.turn.0),
        ":number": attempt.number,
        ":origin": Word(attempt.origin),
        ":lane": attempt.lane.as_str(),
        ":started": At(attempt.started),
        ":status": attempt.status,
        ":outcome": outcome,
        ":class": class,
        ":first_token_ms": attempt.first_token.map(Ms),
        ":took_ms": attempt.took.map(Ms),
        ":input_tokens": attempt.usage.input.map(Count),
        ":output_tokens": attempt.usage.output.map(Count),
        ":headers": Json(&attempt.headers),
        ":why": attempt.why,
        ":note": attempt.note,
        ":simulated": attempt.simulated,
    };
    conn.prepare_cached(ATTEMPT)?.execute(row).map(drop)
}

const METER: &str = "
    INSERT OR REPLACE INTO meters (pool, unit, window, cap, tally, basis, reset, documented, guess, drift, rate)
    VALUES (:pool, :unit, :window, :cap, :tally, :basis, :reset, :documented, :guess, :drift, :rate)";

fn meter(conn: &Connection, meter: &Meter) -> rusqlite::Result<()> {
    let row = named_params! {
        ":pool": meter.pool.as_str(),
        ":unit": Word(&meter.unit),
        ":window": Word(meter.window),
        ":cap": meter.cap.map(Json),
        ":tally": Json(&meter.tally),
        ":basis": Json(meter.basis),
        ":reset": meter.reset.map(Json),
        ":documented": meter.documented.map(Count),
        ":guess": meter.guess.map(Json),
        ":drift": meter.drift.map(Json),
        ":rate": meter.rate.map(Json),
    };
    conn.prepare_cached(METER)?.execute(row).map(drop)
}

const REST: &str = "
    INSERT OR REPLACE INTO rests (kind, name, since, until, class, told, words)
    VALUES (:kind, :name, :since, :until, :class, :told, :words)";

fn rest(conn: &Connection, target: &Target, rest: &Rest) -> rusqlite::Result<()> {
    let (kind, name) = target_columns(target);
    let row = named_params! {
        ":kind": kind,
        ":name": name,
        ":since": At(rest.since),
        ":until": rest.until.map(At),
        ":class": Word(rest.class),
        ":told": rest.told,
        ":words": rest.words,
    };
    conn.prepare_cached(REST)?.execute(row).map(drop)
}

fn switch(conn: &Connection, target: &Target, switch: &Switch) -> rusqlite::Result<()> {
    let (kind, name) = target_columns(target);
    conn.prepare_cached(
        "INSERT OR REPLACE INTO switches (kind, name, state, since, until) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((kind, name, switch.on, At(switch.since), switch.until.map(At)))
    .map(drop)
}

fn delete(conn: &Connection, sql: &str, target: &Target) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute(target_columns(target)).map(drop)
}

fn share(conn: &Connection, taken: &Taken) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO shares (name, day, used) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute((&taken.name, &taken.day, Count(taken.used))).map(drop)
}

fn note(conn: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO notes (key, value) VALUES (?1, ?2)")?.execute((key, value)).map(drop)
}
