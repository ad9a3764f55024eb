//! The tables, and how a connection is set up. A step that was once released is never changed: the next one is put
//! behind it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::store::error::StoreError;
use crate::store::folder;

/// All steps; their number is the version, `PRAGMA user_version`. Times and spans are milliseconds.
const STEPS: &[M<'_>] = &[
    M::up(
        "
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL DEFAULT 1,
        asked INTEGER NOT NULL,
        origin TEXT NOT NULL,
        lane TEXT,
        state TEXT NOT NULL,
        reason TEXT,
        prompt TEXT NOT NULL,
        answer TEXT NOT NULL,
        reasoning TEXT NOT NULL,
        attempts TEXT NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        first_token_ms INTEGER,
        took_ms INTEGER,
        simulated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX turns_open ON turns (id) WHERE state IN ('waiting', 'running');

    -- No foreign key: a log row may come before its turn, and outlive it.
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        turn INTEGER NOT NULL,
        number INTEGER NOT NULL,
        origin TEXT NOT NULL,
        lane TEXT NOT NULL,
        started INTEGER NOT NULL,
        status INTEGER,
        outcome TEXT NOT NULL,
        class TEXT,
        first_token_ms INTEGER,
        took_ms INTEGER,
        input_tokens INTEGER,
        output_tokens INTEGER,
        headers TEXT NOT NULL,
        why TEXT NOT NULL,
        note TEXT NOT NULL,
        simulated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX attempts_open ON attempts (id) WHERE outcome = 'running';

    CREATE TABLE meters (
        pool TEXT NOT NULL,
        unit TEXT NOT NULL,
        window TEXT NOT NULL,
        cap TEXT,
        tally TEXT NOT NULL,
        basis TEXT NOT NULL,
        reset TEXT,
        PRIMARY KEY (pool, unit, window)
    ) STRICT;

    CREATE TABLE rests (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        class TEXT NOT NULL,
        told INTEGER NOT NULL,
        words TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT;

    CREATE TABLE switches (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        state INTEGER NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT;

    CREATE TABLE notes (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;
    ",
    ),
    M::up(
        "
    ALTER TABLE meters ADD COLUMN documented INTEGER;
    ALTER TABLE meters ADD COLUMN guess TEXT;
    ALTER TABLE meters ADD COLUMN drift TEXT;
    ",
    ),
    M::up("ALTER TABLE switches ADD COLUMN until INTEGER;"),
    M::up(
        "
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        began INTEGER NOT NULL,
        touched INTEGER NOT NULL,
        settings TEXT NOT NULL,
        deleted INTEGER
    ) STRICT;
    ALTER TABLE turns ADD COLUMN replaces INTEGER;
    ALTER TABLE turns ADD COLUMN unsent TEXT;
    UPDATE turns SET conversation = 0 WHERE origin <> 'chat';
    INSERT INTO conversations
        SELECT conversation, substr(trim(substr(prompt, 1, instr(prompt || char(10), char(10)) - 1)), 1, 80),
            min(asked), (SELECT max(asked) FROM turns WHERE origin = 'chat'), '{}', NULL
        FROM turns WHERE origin = 'chat' GROUP BY conversation;
    CREATE INDEX turns_of ON turns (conversation, id);

    -- Without a copy of the texts. An answer on its way is written twice a second: it is found when it is whole.
    CREATE VIRTUAL TABLE turns_text USING fts5(prompt, answer, content='', contentless_delete=1,
        tokenize='unicode61 remove_diacritics 2');
    INSERT INTO turns_text (rowid, prompt, answer) SELECT id, prompt, answer FROM turns WHERE origin = 'chat';
    CREATE TRIGGER turns_begun AFTER INSERT ON turns
        WHEN new.origin = 'chat' AND new.state NOT IN ('waiting', 'running')
        BEGIN INSERT INTO turns_text (rowid, prompt, answer) VALUES (new.id, new.prompt, new.answer); END;
    CREATE TRIGGER turns_ended AFTER UPDATE ON turns
        WHEN new.origin = 'chat' AND new.state NOT IN ('waiting', 'running')
        BEGIN
            DELETE FROM turns_text WHERE rowid = new.id;
            INSERT INTO turns_text (rowid, prompt, answer) VALUES (new.id, new.prompt, new.answer);
        END;
    CREATE TRIGGER turns_gone AFTER DELETE ON turns WHEN old.origin = 'chat'
        BEGIN DELETE FROM turns_text WHERE rowid = old.id; END;
    ",
    ),
    M::up("ALTER TABLE meters ADD COLUMN rate TEXT;"),
    M::up("CREATE INDEX attempts_of_lane ON attempts (lane, started, outcome);"),
    M::up(
        "
    -- The order of the log on the screen, which is read page by page.
    CREATE INDEX attempts_place ON attempts (turn, number, id);
    -- What came with a failure. Beside the rows: those are read and searched by the thousand, this one by one.
    CREATE TABLE bodies (
        attempt INTEGER PRIMARY KEY,
        body TEXT NOT NULL
    ) STRICT;
    ",
    ),
    M::up(
        "
    -- Beside the turns: an answer on its way is written twice a second, its files once.
    CREATE TABLE attachments (turn INTEGER PRIMARY KEY, files TEXT NOT NULL) STRICT;
    CREATE TRIGGER attachments_gone AFTER DELETE ON turns BEGIN DELETE FROM attachments WHERE turn = old.id; END;
    ",
    ),
    M::up("CREATE TABLE shares (name TEXT PRIMARY KEY, day TEXT NOT NULL, used INTEGER NOT NULL) STRICT;"),
];

const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);

/// The latest version known here.
#[expect(clippy::cast_possible_wrap, reason = "a handful of steps")]
pub(super) const KNOWN: i64 = STEPS.len() as i64;

/// Opens the database, or makes it for this user alone (0600), and brings its tables up to date. `busy`: how long to
/// wait for another program that has it locked, here and at each write.
pub(super) fn open(path: &Path, busy: Duration) -> Result<Connection, StoreError> {
    if let Err(error) = folder::private_file(path) {
        return Err(match error.kind() {
            std::io::ErrorKind::StorageFull => StoreError::Full { path: path.to_owned() },
            _ => StoreError::Other { path: path.to_owned(), reason: folder::reason(&error) },
        });
    }
    let mut conn = connect(path, busy).map_err(|error| StoreError::of(path, &error))?;
    // Before anything is changed: not even the journal's mode in a file that a later version understands better.
    let found: i64 = conn
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| StoreError::of(path, &error))?;
    if found > KNOWN {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: KNOWN });
    }
    settle(&conn).map_err(|error| StoreError::of(path, &error))?;
    MIGRATIONS.to_latest(&mut conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => StoreError::of(path, &err),
        other => StoreError::Broken { path: path.to_owned(), reason: other.to_string() },
    })?;
    Ok(conn)
}

fn connect(path: &Path, busy: Duration) -> rusqlite::Result<Connection> {
    // Without `SQLITE_OPEN_URI`: a path is a path, whatever characters are in it.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(busy)?;
    Ok(conn)
}

/// A write-ahead log: readers do not wait for the writer, and a commit survives the end of the process (kill -9), though
/// not always that of the computer's power, for which each commit would have to wait for the disk.
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "foreign_keys", true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::{Attempt, Outcome};
    use crate::domain::chat::Conversation;
    use crate::domain::conversation::{Origin, Turn, TurnState};
    use crate::domain::hand::Hand;
    use crate::domain::ids::{AttemptId, ConversationId, TurnId};
    use crate::domain::look::Look;
    use crate::domain::quota::meter::Meter;
    use crate::domain::share::Taken;
    use crate::domain::standing::{Rest, Switch};
    use crate::store::Store;
    use crate::store::load::{Loaded, load};
    use crate::store::samples::{self, NOON};
    use crate::store::write::{Write, apply};

    /// The steps after which there are conversations, bounds of what was switched off, what goes along, ...
    const UNTIL: usize = 3;
    const CONVERSATIONS: usize = 4;
    const RATES: usize = 5;
    const BODIES: usize = 7;
    const ATTACHMENTS: usize = 8;
    const SHARES: usize = 9;

    /// Each question a second after the one before. The first one is hostile, the last one was just being answered.
    fn turns() -> Vec<Turn> {
        let mut turns = samples::turns();
        turns.insert(0, samples::turn(0, TurnState::Done));
        turns.push(samples::turn((1 << 51) + 1, TurnState::Running));
        turns.push(samples::bare_turn((1 << 51) + 2, Origin::Ask, TurnState::Done));
        for (turn, seconds) in turns.iter_mut().zip(0..) {
            turn.asked = NOON.plus(Duration::from_secs(seconds));
            turn.replaces = None;
            if turn.origin != Origin::Chat {
                turn.conversation = ConversationId(0);
            }
        }
        turns[0].prompt = "  why\u{1b}[2J two \u{202e}tides?\r\nand when".into();
        turns[0].answer = "The Moon, says an Ångström of Brittany.".into();
        turns
    }

    fn attempts() -> Vec<Attempt> {
        let running = samples::attempt(900, Outcome::Running);
        samples::attempts().into_iter().chain([Attempt { turn: TurnId((1 << 51) + 1), ..running }]).collect()
    }

    fn share() -> Taken {
        Taken { name: "editor".into(), day: "2026-11-22".into(), used: 7 }
    }

    /// One of every kind, as this version keeps it.
    fn fill(conn: &Connection) {
        let each = |write: Write| apply(conn, &write).unwrap();
        for turn in turns() {
            each(Write::Turn(Box::new(turn)));
        }
        for attempt in attempts() {
            each(Write::Attempt(Box::new(attempt)));
        }
        for one in samples::conversations() {
            each(Write::Conversation(Box::new(one)));
        }
        for meter in samples::meters() {
            each(Write::Meter(Box::new(meter)));
        }
        for rest in samples::rests() {
            each(Write::Rest { target: rest.target.clone(), rest: Some(rest) });
        }
        for switch in samples::switches() {
            each(Write::Switch { target: switch.target.clone(), switch: Some(switch) });
        }
        each(Write::Draft("a thought".into()));
        each(Write::LastAccount("groq".into()));
        each(Write::AvoidTraining(true));
        each(Write::Body(AttemptId(5), "what came".into()));
        each(Write::Share(share()));
    }

    /// A database as version `n` made it: what its tables and columns could hold of `latest`.
    fn made_by(n: usize, path: &Path, latest: &Path) {
        let mut conn = connect(path, Duration::ZERO).unwrap();
        settle(&conn).unwrap();
        MIGRATIONS.to_version(&mut conn, n).unwrap();
        conn.execute("ATTACH ?1 AS latest", [latest.to_str().unwrap()]).unwrap();
        let names = |sql: &str| -> Vec<String> {
            let mut statement = conn.prepare(sql).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        // The index of texts fills itself.
        let tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'turns_text%'";
        for table in names(tables) {
            let columns = names(&format!("SELECT name FROM pragma_table_info('{table}', 'main')"));
            // Nobody wrote it before there were several.
            let written = |column: &&String| n >= CONVERSATIONS || *column != "conversation";
            let columns: Vec<&str> = columns.iter().filter(written).map(String::as_str).collect();
            let columns = columns.join(", ");
            let sql = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM latest.{table}");
            conn.execute(&sql, []).unwrap();
        }
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(usize::try_from(version).unwrap(), n);
    }

    /// What is there after an update from version `n`.
    fn expected(n: usize) -> Loaded {
        let turn = |turn: Turn| Turn {
            conversation: if n < CONVERSATIONS { ConversationId::FIRST } else { turn.conversation },
            unsent: turn.unsent.filter(|_| n >= CONVERSATIONS),
            attachments: if n < ATTACHMENTS { Vec::new() } else { turn.attachments },
            state: if turn.state.is_over() { turn.state } else { TurnState::Interrupted },
            ..turn
        };
        let of_chat = || turns().into_iter().filter(|turn| turn.origin == Origin::Chat);
        let conversations = if n < CONVERSATIONS {
            let touched = of_chat().last().unwrap().asked;
            let turns = of_chat().count() as u64;
            let name = "why\u{fffd}[2J two \u{fffd}tides?".into();
            vec![Conversation { name, touched, turns, ..Conversation::new(ConversationId::FIRST, NOON) }]
        } else {
            let count = |id: ConversationId| of_chat().filter(|turn| turn.conversation == id).count() as u64;
            samples::conversations().into_iter().map(|one| Conversation { turns: count(one.id), ..one }).collect()
        };
        let attempts = attempts().into_iter().map(|attempt| {
            let running = attempt.outcome == Outcome::Running;
            Attempt { outcome: if running { Outcome::Interrupted } else { attempt.outcome }, ..attempt }
        });
        let meter = |meter: Meter| Meter {
            documented: meter.documented.filter(|_| n > 1),
            guess: meter.guess.filter(|_| n > 1),
            drift: meter.drift.filter(|_| n > 1),
            rate: meter.rate.filter(|_| n >= RATES),
            ..meter
        };
        let mut rests: Vec<Rest> = samples::rests();
        rests.sort_by_key(|rest| format!("{:?}", rest.target));
        let mut switches: Vec<Switch> = samples::switches();
        switches.sort_by_key(|switch| format!("{:?}", switch.target));
        for switch in &mut switches {
            switch.until = switch.until.filter(|_| n >= UNTIL);
        }
        Loaded {
            turns: of_chat().map(turn).collect(),
            conversations,
            attempts: attempts.collect(),
            meters: samples::meters().into_iter().map(meter).collect(),
            rests,
            switches,
            draft: "a thought".into(),
            last_account: Some("groq".into()),
            avoid_training: true,
            look: Look::default(),
            hand: Hand::default(),
            shares: if n < SHARES { Vec::new() } else { vec![share()] },
            last_turn: Some(TurnId((1 << 51) + 2)),
            last_attempt: Some(AttemptId(900)),
            unsettled: Vec::new(),
            skipped: 0,
        }
    }

    #[test]
    fn what_every_earlier_version_kept_is_all_there() {
        for n in 1..=STEPS.len() {
            let temp = tempfile::tempdir().unwrap();
            let (path, latest) = (temp.path().join("roundel.db"), temp.path().join("latest.db"));
            fill(&open(&latest, Duration::ZERO).unwrap());
            made_by(n, &path, &latest);
            let mut conn = open(&path, Duration::ZERO).unwrap();
            let mut loaded = load(&mut conn, NOON.plus(Duration::from_mins(1))).unwrap();
            assert_eq!(std::mem::take(&mut loaded.unsettled).len(), 1, "from {n}");
            let wanted = expected(n);
            assert_eq!(loaded.turns, wanted.turns, "from {n}");
            assert_eq!(loaded, wanted, "from {n}");
            // Also what was just being answered is found.
            let peek = Store::peek(temp.path()).unwrap().unwrap();
            let found = |text: &str| peek.search(text).unwrap().iter().map(|hit| hit.turn.0).collect::<Vec<_>>();
            assert_eq!(found("brittany angstrom"), [0], "from {n}");
            assert!(found("日本語").contains(&((1 << 51) + 1)), "from {n}");
            assert_eq!(peek.body(AttemptId(5)).unwrap().as_deref(), (n >= BODIES).then_some("what came"), "from {n}");
            let conversation = ConversationId(if n < CONVERSATIONS { 1 } else { 3 });
            let of_it = wanted.turns.iter().filter(|turn| turn.conversation == conversation).count();
            assert_eq!(peek.conversation(conversation).unwrap().len(), of_it, "from {n}");
            // It is as if it had been made by this one: what is written now is read again.
            let prompt = "neap".into();
            let next = Turn { prompt, conversation, ..samples::turn(1 << 52, TurnState::Done) };
            apply(&conn, &Write::Turn(Box::new(next.clone()))).unwrap();
            assert_eq!((found("neap"), load(&mut conn, NOON).unwrap().turns.pop()), (vec![1 << 52], Some(next)));
        }
    }

    #[test]
    fn the_steps_are_sound() {
        MIGRATIONS.validate().unwrap();
    }

    #[test]
    fn it_is_for_this_user_alone_and_survives_a_kill() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        let conn = open(&path, Duration::ZERO).unwrap();
        let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), version), ("wal", KNOWN));
        #[cfg(unix)]
        for name in ["roundel.db", "roundel.db-wal", "roundel.db-shm"] {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(temp.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", KNOWN + 1).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = open(&path, Duration::ZERO).unwrap_err();
        assert_eq!(error, StoreError::Newer { path: path.clone(), found: KNOWN + 1, known: KNOWN });
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn what_is_no_database_of_ours_is_broken_and_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        let garbage = "no database ".repeat(1000);
        std::fs::write(&path, &garbage).unwrap();
        let error = open(&path, Duration::ZERO).unwrap_err();
        assert_eq!(error, StoreError::Broken { path: path.clone(), reason: "file is not a database".into() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
        std::fs::remove_file(&path).unwrap();
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE turns (other)").unwrap();
        let error = open(&path, Duration::ZERO).unwrap_err();
        assert_eq!(error, StoreError::Broken { path, reason: "table turns already exists".into() });
    }

    #[test]
    fn a_locked_database_is_said_to_be_locked() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE").unwrap();
        assert_eq!(open(&path, Duration::from_millis(20)).unwrap_err(), StoreError::Locked { path: path.clone() });
    }

    #[test]
    fn a_path_that_cannot_be_says_why() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("missing/roundel.db");
        assert!(matches!(open(&path, Duration::ZERO).unwrap_err(), StoreError::Other { .. }));
    }
}
