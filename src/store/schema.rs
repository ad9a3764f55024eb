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
