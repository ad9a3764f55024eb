//! What is read at the start. What was in flight when roundel ended is marked as interrupted, here and on the disk. A
//! row that cannot be read is passed over and counted: it stays where it is, for a version that can.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior};

use crate::domain::attachment::Attachment;
use crate::domain::attempt::{Attempt, Outcome};
use crate::domain::chat::{Conversation, name_of};
use crate::domain::clock::Time;
use crate::domain::conversation::{Turn, TurnState, Usage, text_tokens};
use crate::domain::hand::Hand;
use crate::domain::ids::{AccountId, AttemptId, ConversationId, LaneId, PoolId, TurnId};
use crate::domain::look::Look;
use crate::domain::quota::meter::Meter;
use crate::domain::share::Taken;
use crate::domain::standing::{Rest, Switch, Target};
use crate::store::column::{self, At, Count, Json, Ms, Word};
use crate::store::write::{AVOID_TRAINING, DRAFT, HAND, LAST_ACCOUNT, LOOK};

/// Turns that are read.
pub const TURNS: u32 = 200;
/// Log rows that are read.
pub const ATTEMPTS: u32 = 500;

/// What was kept; empty at the first start, and without a store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// The newest turns of the chat, oldest first, at most [`TURNS`]; none is in flight.
    pub turns: Vec<Turn>,
    /// All conversations, in the order of their ids.
    pub conversations: Vec<Conversation>,
    /// The newest log rows, oldest first, at most [`ATTEMPTS`]; none is in flight.
    pub attempts: Vec<Attempt>,
    /// All limits, by pool, unit and window.
    pub meters: Vec<Meter>,
    /// All cooldowns, past ones too.
    pub rests: Vec<Rest>,
    /// What the user switched off.
    pub switches: Vec<Switch>,
    /// What stood in the composer.
    pub draft: String,
    /// The account whose turn in the rotation it was last.
    pub last_account: Option<AccountId>,
    /// Whether the chat wants no lane that trains on prompts.
    pub avoid_training: bool,
    /// What the screen is like.
    pub look: Look,
    /// What was set by hand of the rotation.
    pub hand: Hand,
    /// What clients of the endpoint have had of their days.
    pub shares: Vec<Taken>,
    /// The highest turn id there is, read or not.
    pub last_turn: Option<TurnId>,
    /// The highest attempt id there is, read or not.
    pub last_attempt: Option<AttemptId>,
    /// What was in the air when roundel was killed: sent, and counted nowhere.
    pub unsettled: Vec<Unsettled>,
    /// Rows that could not be read.
    pub skipped: u32,
}

/// An attempt of which nobody knows what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// Where it went.
    pub lane: LaneId,
    /// When.
    pub started: Time,
    /// Tokens of the question, estimated, without what went along.
    pub input: u64,
    /// Tokens of what had come, estimated.
    pub output: u64,
}

/// Marks what was in flight, then reads.
pub(super) fn load(conn: &mut Connection, now: Time) -> rusqlite::Result<Loaded> {
    // At once a writer: a database that cannot be written to shows it here and not in the middle of an answer.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut lost = 0;
    let unsettled = rows(&tx, UNSETTLED, [], unsettled, &mut lost)?;
    tx.execute_batch(
        "UPDATE turns SET state = 'interrupted', reason = NULL WHERE state IN ('waiting', 'running');
         UPDATE attempts SET outcome = 'interrupted' WHERE outcome = 'running';",
    )?;
    tx.execute_batch(PRUNE)?;
    for sql in [
        "DELETE FROM turns WHERE conversation IN (SELECT id FROM conversations WHERE deleted < ?1)",
        "DELETE FROM conversations WHERE deleted < ?1",
    ] {
        tx.execute(sql, [At(now.minus(DELETED))])?;
    }
    let loaded = read(&tx)?;
    tx.commit()?;
    Ok(Loaded { unsettled, skipped: loaded.skipped + lost, ..loaded })
}

/// For so long what was deleted can be brought back.
pub const DELETED: Duration = Duration::from_hours(30 * 24);

/// Deleted or not; the number of their turns is counted.
const CONVERSATIONS: &str =
    "SELECT *, (SELECT count(*) FROM turns WHERE turns.conversation = conversations.id) AS turns
    FROM conversations ORDER BY id";

/// A turn is written before its attempt; if it is not there all the same, nothing is known of its tokens.
const UNSETTLED: &str = "SELECT lane, started, coalesce(prompt, '') AS prompt,
        coalesce(answer, '') || coalesce(reasoning, '') AS said
    FROM attempts LEFT JOIN (SELECT id AS asked_as, prompt, answer, reasoning FROM turns) ON asked_as = turn
    WHERE outcome = 'running' ORDER BY id";

/// What others asked is in the log; the transcript is of the chat alone.
const CHAT: &str = "SELECT *, (SELECT files FROM attachments WHERE turn = turns.id) AS attachments
    FROM turns WHERE origin = 'chat' ORDER BY id DESC LIMIT ?1";

/// Of what others asked, the newest 2,000 turns are kept. The log has its own bounds, see `prune`.
const PRUNE: &str = "DELETE FROM turns WHERE origin <> 'chat'
        AND id NOT IN (SELECT id FROM turns WHERE origin <> 'chat' ORDER BY id DESC LIMIT 2000);";

const RESTS: &str = "SELECT * FROM rests ORDER BY kind, name";

/// The rests alone.
pub(super) fn rests(conn: &Connection) -> rusqlite::Result<Vec<Rest>> {
    rows(conn, RESTS, [], rest, &mut 0)
}

/// The attempts of a query.
pub(super) fn attempts(conn: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Attempt>> {
    rows(conn, sql, params, attempt, &mut 0)
}

/// All of it, as it stands.
pub(super) fn read(conn: &Connection) -> rusqlite::Result<Loaded> {
    let mut skipped = 0;
    let lost = &mut skipped;
    let mut turns = rows(conn, CHAT, [TURNS], turn, lost)?;
    turns.reverse();
    let mut attempts = rows(conn, "SELECT * FROM attempts ORDER BY id DESC LIMIT ?1", [ATTEMPTS], attempt, lost)?;
    attempts.reverse();
    Ok(Loaded {
        turns,
        conversations: rows(conn, CONVERSATIONS, [], conversation, lost)?,
        attempts,
        meters: rows(conn, "SELECT * FROM meters ORDER BY pool, unit, window", [], meter, lost)?,
        rests: rows(conn, RESTS, [], rest, lost)?,
        switches: rows(conn, "SELECT * FROM switches ORDER BY kind, name", [], switch, lost)?,
        draft: note(conn, DRAFT, lost)?.unwrap_or_default(),
        last_account: note(conn, LAST_ACCOUNT, lost)?.map(AccountId::from),
        avoid_training: note(conn, AVOID_TRAINING, lost)?.as_deref() == Some("yes"),
        look: note(conn, LOOK, lost)?.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        hand: hand(note(conn, HAND, lost)?, lost),
        shares: rows(conn, "SELECT * FROM shares ORDER BY name", [], share, lost)?,
        last_turn: highest(conn, "SELECT max(id) FROM turns")?.map(TurnId),
        last_attempt: highest(conn, "SELECT max(id) FROM attempts")?.map(AttemptId),
        unsettled: Vec::new(),
        skipped,
    })
}

pub(super) fn rows<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    skipped: &mut u32,
) -> rusqlite::Result<Vec<T>> {
    let mut statement = conn.prepare(sql)?;
    let mut found = statement.query(params)?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.extend(readable(read(row), skipped)?);
    }
    Ok(all)
}

/// None, and one more skipped, where the row is at fault; an error where the database is.
fn readable<T>(row: rusqlite::Result<T>, skipped: &mut u32) -> rusqlite::Result<Option<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    match row {
        Ok(row) => Ok(Some(row)),
        Err(
            error
            @ (FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)),
        ) => {
            tracing::warn!(%error, "a row of the database cannot be read");
            *skipped += 1;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What was set by hand, as it was written.
fn hand(written: Option<String>, skipped: &mut u32) -> Hand {
    let Some(written) = written else { return Hand::default() };
    serde_json::from_str(&written).unwrap_or_else(|error| {
        tracing::warn!(%error, "what was set by hand cannot be read");
        *skipped += 1;
        Hand::default()
    })
}

/// A turn that is over.
pub(super) fn turn(row: &Row<'_>) -> rusqlite::Result<Turn> {
    let state: String = row.get("state")?;
    Ok(Turn {
        id: TurnId(row.get::<_, Count>("id")?.0),
        origin: row.get::<_, Word<_>>("origin")?.0,
        asked: row.get::<_, At>("asked")?.0,
        prompt: row.get("prompt")?,
        attachments: attachments(row)?,
        answer: row.get("answer")?,
        reasoning: row.get("reasoning")?,
        state: match state.as_str() {
            "done" => TurnState::Done,
            "stopped" => TurnState::Stopped,
            "failed" => TurnState::Failed(row.get("reason")?),
            "interrupted" => TurnState::Interrupted,
            _ => return Err(unknown(state)),
        },
        lane: row.get::<_, Option<String>>("lane")?.map(LaneId::from),
        attempts: row.get::<_, Json<_>>("attempts")?.0,
        usage: usage(row)?,
        first_token: row.get::<_, Option<Ms>>("first_token_ms")?.map(|ms| ms.0),
        took: row.get::<_, Option<Ms>>("took_ms")?.map(|ms| ms.0),
        simulated: row.get("simulated")?,
        conversation: ConversationId(row.get::<_, Count>("conversation")?.0),
        replaces: row.get::<_, Option<Count>>("replaces")?.map(|id| TurnId(id.0)),
        unsent: row.get::<_, Option<Json<_>>>("unsent")?.map(|json| json.0),
    })
}

/// A conversation; its columns, and `turns`. What an update named has the first line as it was typed.
pub(super) fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(row.get::<_, Count>("id")?.0),
        name: name_of(&row.get::<_, String>("name")?),
        began: row.get::<_, At>("began")?.0,
        touched: row.get::<_, At>("touched")?.0,
        turns: row.get::<_, Count>("turns")?.0,
        settings: row.get::<_, Json<_>>("settings")?.0,
        deleted: row.get::<_, Option<At>>("deleted")?.map(|at| at.0),
    })
}

/// Beside the turn; most have none.
fn attachments(row: &Row<'_>) -> rusqlite::Result<Vec<Attachment>> {
    Ok(row.get::<_, Option<Json<_>>>("attachments")?.map(|files| files.0).unwrap_or_default())
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let outcome: String = row.get("outcome")?;
    Ok(Attempt {
        id: AttemptId(row.get::<_, Count>("id")?.0),
        turn: TurnId(row.get::<_, Count>("turn")?.0),
        number: row.get("number")?,
        origin: row.get::<_, Word<_>>("origin")?.0,
        lane: LaneId::from(row.get::<_, String>("lane")?),
        started: row.get::<_, At>("started")?.0,
        status: row.get("status")?,
        outcome: match outcome.as_str() {
            "running" => Outcome::Running,
            "answered" => Outcome::Answered,
            "failed" => Outcome::Failed(row.get::<_, Word<_>>("class")?.0),
            "cancelled" => Outcome::Cancelled,
            "interrupted" => Outcome::Interrupted,
            _ => return Err(unknown(outcome)),
        },
        first_token: row.get::<_, Option<Ms>>("first_token_ms")?.map(|ms| ms.0),
        took: row.get::<_, Option<Ms>>("took_ms")?.map(|ms| ms.0),
        usage: usage(row)?,
        headers: row.get::<_, Json<_>>("headers")?.0,
        why: row.get("why")?,
        note: row.get("note")?,
        simulated: row.get("simulated")?,
    })
}

fn unsettled(row: &Row<'_>) -> rusqlite::Result<Unsettled> {
    Ok(Unsettled {
        lane: LaneId::from(row.get::<_, String>("lane")?),
        started: row.get::<_, At>("started")?.0,
        input: text_tokens(&row.get::<_, String>("prompt")?),
        output: text_tokens(&row.get::<_, String>("said")?),
    })
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input: row.get::<_, Option<Count>>("input_tokens")?.map(|count| count.0),
        output: row.get::<_, Option<Count>>("output_tokens")?.map(|count| count.0),
    })
}

fn meter(row: &Row<'_>) -> rusqlite::Result<Meter> {
    Ok(Meter {
        pool: PoolId::from(row.get::<_, String>("pool")?),
        unit: row.get::<_, Word<_>>("unit")?.0,
        window: row.get::<_, Word<_>>("window")?.0,
        cap: row.get::<_, Option<Json<_>>>("cap")?.map(|json| json.0),
        tally: row.get::<_, Json<_>>("tally")?.0,
        reserved: 0,
        basis: row.get::<_, Json<_>>("basis")?.0,
        reset: row.get::<_, Option<Json<_>>>("reset")?.map(|json| json.0),
        documented: row.get::<_, Option<Count>>("documented")?.map(|count| count.0),
        guess: row.get::<_, Option<Json<_>>>("guess")?.map(|json| json.0),
        drift: row.get::<_, Option<Json<_>>>("drift")?.map(|json| json.0),
        rate: row.get::<_, Option<Json<_>>>("rate")?.map(|json| json.0),
        distrusted: None,
        unsure: 0,
    })
}

fn rest(row: &Row<'_>) -> rusqlite::Result<Rest> {
    Ok(Rest {
        target: target(row)?,
        since: row.get::<_, At>("since")?.0,
        until: row.get::<_, Option<At>>("until")?.map(|at| at.0),
        class: row.get::<_, Word<_>>("class")?.0,
        told: row.get("told")?,
        words: row.get("words")?,
    })
}

fn switch(row: &Row<'_>) -> rusqlite::Result<Switch> {
    Ok(Switch {
        target: target(row)?,
        on: row.get("state")?,
        since: row.get::<_, At>("since")?.0,
        until: row.get::<_, Option<At>>("until")?.map(|at| at.0),
    })
}

fn target(row: &Row<'_>) -> rusqlite::Result<Target> {
    let kind: String = row.get("kind")?;
    column::target(&kind, row.get("name")?).ok_or_else(|| unknown(kind))
}

fn share(row: &Row<'_>) -> rusqlite::Result<Taken> {
    Ok(Taken { name: row.get("name")?, day: row.get("day")?, used: row.get::<_, Count>("used")?.0 })
}

fn note(conn: &Connection, key: &str, skipped: &mut u32) -> rusqlite::Result<Option<String>> {
    let value = conn.query_row("SELECT value FROM notes WHERE key = ?1", [key], |row| row.get(0)).optional();
    readable(value, skipped).map(Option::flatten)
}

fn highest(conn: &Connection, sql: &str) -> rusqlite::Result<Option<u64>> {
    let highest: Option<i64> = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(highest.and_then(|id| u64::try_from(id).ok()))
}

/// A word that this version does not know.
fn unknown(word: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, format!("`{word}` is unknown").into())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::conversation::Origin;
    use crate::store::pending::Pending;
    use crate::store::samples::{self, NOON, account, attempt, bare_turn, lane, turn};
    use crate::store::schema;
    use crate::store::write::{Write, apply};

    /// What is loaded after one of everything was written.
    pub(crate) fn everything() -> Loaded {
        let (turns, attempts) = (samples::turns(), samples::attempts());
        Loaded {
            last_turn: turns.last().map(|turn| turn.id),
            last_attempt: attempts.last().map(|attempt| attempt.id),
            turns,
            conversations: samples::conversations(),
            attempts,
            meters: samples::meters(),
            rests: samples::rests(),
            switches: samples::switches(),
            draft: "half a sent".into(),
            last_account: Some(AccountId::from("groq@work")),
            avoid_training: true,
            look: Look { chat: Some(40), ..Look::default() },
            hand: samples::hand(),
            shares: vec![Taken { name: "editor".into(), day: "2026-11-22".into(), used: 7 }],
            unsettled: Vec::new(),
            skipped: 0,
        }
    }

    /// The writes that bring `loaded` about.
    pub(crate) fn writes(loaded: &Loaded) -> Vec<Write> {
        let mut all: Vec<Write> = Vec::new();
        all.extend(loaded.turns.iter().map(|turn| Write::Turn(Box::new(turn.clone()))));
        all.extend(loaded.conversations.iter().map(|one| Write::Conversation(Box::new(one.clone()))));
        all.extend(loaded.attempts.iter().map(|attempt| Write::Attempt(Box::new(attempt.clone()))));
        all.extend(loaded.meters.iter().map(|meter| Write::Meter(Box::new(meter.clone()))));
        all.extend(
            loaded.rests.iter().map(|rest| Write::Rest { target: rest.target.clone(), rest: Some(rest.clone()) }),
        );
        all.extend(
            loaded
                .switches
                .iter()
                .map(|switch| Write::Switch { target: switch.target.clone(), switch: Some(switch.clone()) }),
        );
        all.push(Write::Draft(loaded.draft.clone()));
        all.extend(loaded.last_account.clone().map(Write::LastAccount));
        all.push(Write::AvoidTraining(loaded.avoid_training));
        all.push(Write::Look(loaded.look));
        all.push(Write::Hand(Box::new(loaded.hand.clone())));
        all.extend(loaded.shares.iter().cloned().map(Write::Share));
        all
    }

    fn database() -> (tempfile::TempDir, Connection) {
        let temp = tempfile::tempdir().unwrap();
        let conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        (temp, conn)
    }

    fn write_all(conn: &Connection, writes: &[Write]) {
        for write in writes {
            apply(conn, write).unwrap();
        }
    }

    fn loaded_after(writes: &[Write]) -> Loaded {
        let (_temp, mut conn) = database();
        write_all(&conn, writes);
        load(&mut conn, NOON).unwrap()
    }

    #[test]
    fn a_new_database_is_empty() {
        assert_eq!(loaded_after(&[]), Loaded::default());
    }

    #[test]
    pub(crate) fn everything_comes_back_as_it_was() {
        let expected = everything();
        assert_eq!(loaded_after(&writes(&expected)), expected);
    }

    #[test]
    fn a_hand_that_cannot_be_read_is_none_and_is_counted() {
        let (_temp, mut conn) = database();
        conn.execute("INSERT INTO notes (key, value) VALUES (?1, '{\"strategy\": 7}')", [HAND]).unwrap();
        let loaded = load(&mut conn, NOON).unwrap();
        assert_eq!((loaded.hand, loaded.skipped), (Hand::default(), 1));
    }

    #[test]
    fn what_others_asked_is_no_part_of_the_transcript() {
        let asked = bare_turn(7, Origin::Ask, TurnState::Done);
        let loaded = loaded_after(&[Write::Turn(Box::new(asked))]);
        assert_eq!((loaded.turns, loaded.last_turn), (Vec::new(), Some(TurnId(7))));
    }

    #[test]
    pub(crate) fn everything_has_a_key_of_its_own() {
        let all = writes(&everything());
        let mut pending = Pending::default();
        for write in all.clone() {
            pending.put(write);
        }
        assert_eq!(pending.len(), all.len());
    }

    #[test]
    fn a_later_row_replaces_an_earlier_one_and_an_end_removes_it() {
        let expected = everything();
        let mut all = writes(&expected);
        all.extend(writes(&expected));
        for target in [account(), lane()] {
            all.push(Write::Rest { target: target.clone(), rest: None });
            all.push(Write::Switch { target, switch: None });
        }
        all.push(Write::Turn(Box::new(bare_turn(1, Origin::Chat, TurnState::Stopped))));
        all.push(Write::Draft(String::new()));
        let mut turns = expected.turns.clone();
        // A turn's files never change: they are written once.
        let attachments = turns[0].attachments.clone();
        turns[0] = Turn { attachments, ..bare_turn(1, Origin::Chat, TurnState::Stopped) };
        let mut conversations = expected.conversations.clone();
        conversations[1].turns -= 1;
        let (rests, switches, draft) = (Vec::new(), Vec::new(), String::new());
        let expected = Loaded { turns, conversations, rests, switches, draft, ..expected };
        assert_eq!(loaded_after(&all), expected);
    }

    #[test]
    fn the_newest_are_read_oldest_first() {
        let (_temp, mut conn) = database();
        conn.execute_batch("BEGIN").unwrap();
        for id in (1..=600).rev() {
            apply(&conn, &Write::Attempt(Box::new(attempt(id, Outcome::Answered)))).unwrap();
            apply(&conn, &Write::Turn(Box::new(turn(id, TurnState::Done)))).unwrap();
        }
        conn.execute_batch("COMMIT").unwrap();
        let loaded = load(&mut conn, NOON).unwrap();
        let turns: Vec<u64> = loaded.turns.iter().map(|turn| turn.id.0).collect();
        let attempts: Vec<u64> = loaded.attempts.iter().map(|attempt| attempt.id.0).collect();
        assert_eq!((turns, attempts), ((401..=600).collect(), (101..=600).collect()));
        assert_eq!((loaded.last_turn, loaded.last_attempt), (Some(TurnId(600)), Some(AttemptId(600))));
    }

    #[test]
    fn what_was_in_flight_is_interrupted_for_good() {
        let (_temp, mut conn) = database();
        let waiting = TurnState::Waiting { until: None, on: "quick/small, 3 requests per minute spent".into() };
        let in_flight = [
            Write::Turn(Box::new(turn(1, waiting))),
            Write::Turn(Box::new(turn(2, TurnState::Running))),
            Write::Turn(Box::new(turn(3, TurnState::Done))),
            Write::Attempt(Box::new(Attempt { turn: TurnId(2), ..attempt(1, Outcome::Running) })),
            Write::Attempt(Box::new(attempt(2, Outcome::Answered))),
        ];
        write_all(&conn, &in_flight);
        let mut loaded = load(&mut conn, NOON).unwrap();
        let sent = turn(2, TurnState::Running);
        let (input, output) = (text_tokens(&sent.prompt), text_tokens(&(sent.answer + &sent.reasoning)));
        let unsettled = Unsettled { lane: attempt(1, Outcome::Running).lane, started: samples::NOON, input, output };
        assert_eq!(std::mem::take(&mut loaded.unsettled), [unsettled], "and the next start knows nothing of it");
        let interrupted = |id| turn(id, TurnState::Interrupted);
        assert_eq!(loaded.turns, [interrupted(1), interrupted(2), turn(3, TurnState::Done)]);
        let first = Attempt { turn: TurnId(2), ..attempt(1, Outcome::Interrupted) };
        assert_eq!(loaded.attempts, [first, attempt(2, Outcome::Answered)]);
        let states: String = conn
            .query_row("SELECT group_concat(state || ifnull(reason, '')) FROM turns", [], |row| row.get(0))
            .unwrap();
        assert_eq!(states, "interrupted,interrupted,done");
        assert_eq!(load(&mut conn, NOON).unwrap(), loaded);
    }

    #[test]
    fn a_row_that_cannot_be_read_is_counted_and_kept() {
        let all = everything();
        for (spoil, table) in [
            ("UPDATE turns SET attempts = '[1,' WHERE id = 2", "turns"),
            ("UPDATE turns SET state = 'dreaming' WHERE id = 2", "turns"),
            ("UPDATE turns SET state = 'failed' WHERE id = 2", "turns"),
            ("UPDATE turns SET state = 'moon' WHERE id = 2", "turns"),
            ("UPDATE turns SET took_ms = -1 WHERE id = 2", "turns"),
            ("UPDATE turns SET answer = CAST(x'ff' AS TEXT) WHERE id = 2", "turns"),
            ("UPDATE attempts SET headers = '{}' WHERE id = 2", "attempts"),
            ("UPDATE attempts SET outcome = 'failed', class = 'tired' WHERE id = 2", "attempts"),
            ("UPDATE attempts SET status = 70000 WHERE id = 2", "attempts"),
            ("UPDATE meters SET window = 'sliding' WHERE unit = 'neurons'", "meters"),
            ("UPDATE meters SET tally = 'null' WHERE unit = 'neurons'", "meters"),
            ("UPDATE rests SET kind = 'provider' WHERE kind = 'lane'", "rests"),
            ("UPDATE switches SET kind = 'provider' WHERE kind = 'lane'", "switches"),
            ("UPDATE notes SET value = CAST(x'ff' AS TEXT) WHERE key = 'draft'", "notes"),
        ] {
            let (_temp, mut conn) = database();
            write_all(&conn, &writes(&all));
            let count = format!("SELECT count(*) FROM {table}");
            let before: u32 = conn.query_row(&count, [], |row| row.get(0)).unwrap();
            assert_eq!(conn.execute(spoil, []).unwrap(), 1, "{spoil}");
            let mut expected = all.clone();
            expected.skipped = 1;
            match table {
                "turns" => drop(expected.turns.remove(1)),
                "attempts" => drop(expected.attempts.remove(1)),
                "meters" => drop(expected.meters.remove(0)),
                "rests" => drop(expected.rests.pop()),
                "switches" => drop(expected.switches.pop()),
                _ => expected.draft.clear(),
            }
            assert_eq!(load(&mut conn, NOON).unwrap(), expected, "{spoil}");
            let after: u32 = conn.query_row(&count, [], |row| row.get(0)).unwrap();
            assert_eq!(after, before, "{spoil}");
        }
    }
}
