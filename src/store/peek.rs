//! A look at what is kept, while another process may own it: reads, writes nothing, makes no database, waits for nobody
//! long.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Params, Row, named_params};

use crate::domain::attempt::Attempt;
use crate::domain::clock::Time;
use crate::domain::conversation::{Origin, Turn};
use crate::domain::filter::{self, Ended};
use crate::domain::history::History;
use crate::domain::ids::AttemptId;
use crate::domain::standing::{Rest, Target};
use crate::store::clauses::Clauses;
use crate::store::column::{At, Count, Word};
use crate::store::error::why;
use crate::store::load::{self, Loaded};
use crate::store::recall;
use crate::store::schema::KNOWN;

/// How long a writer is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is kept cannot be read. Says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {}: {why}", .path.display())]
pub struct Unreadable {
    /// The database.
    pub path: PathBuf,
    /// Why, in words.
    pub why: String,
}

/// A connection that only reads.
#[derive(Debug)]
pub struct Peek {
    pub(in crate::store) conn: Connection,
    path: PathBuf,
}

/// Which attempts are meant; what is None, or empty, leaves none out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// A lane, or an account with all its lanes.
    pub lane: Option<String>,
    /// Who asked.
    pub origin: Option<Origin>,
    /// How they ended.
    pub ended: Option<Ended>,
    /// Started at this time or later.
    pub since: Option<Time>,
    /// It stands in the question, in the answer, in the lane's name, or in what came of it. Letters of ASCII are the same
    /// in both cases.
    pub text: Option<String>,
    /// All of this holds, too.
    pub terms: filter::Filter,
    /// Later than this one.
    pub after: Option<AttemptId>,
}

impl Peek {
    /// Looks into `database`. None: nothing is kept yet.
    pub(super) fn open(database: &Path) -> Result<Option<Self>, Unreadable> {
        if !database.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let unreadable = |why| Unreadable { path: database.to_owned(), why };
        let conn = Connection::open_with_flags(database, flags).map_err(|error| unreadable(why(&error)))?;
        conn.busy_timeout(PATIENCE).map_err(|error| unreadable(why(&error)))?;
        let peek = Self { conn, path: database.to_owned() };
        match peek.number("user_version")? {
            // Its owner is just making it.
            0 => Ok(None),
            found if found > KNOWN => {
                Err(unreadable(format!("it was made by a newer roundel (version {found}, this one knows {KNOWN})")))
            }
            _ => Ok(Some(peek)),
        }
    }

    /// All that a start would read, marked by nobody: what is in the air is in the air.
    pub fn all(&self) -> Result<Loaded, Unreadable> {
        if self.number("user_version")? < KNOWN {
            let why = "it was made by an older roundel: start this one once, which brings it up to date".into();
            return Err(Unreadable { path: self.path.clone(), why });
        }
        load::read(&self.conn).map_err(|error| self.unreadable(&error))
    }

    /// The newest attempts that are meant, at most so many, oldest first.
    pub fn attempts(&self, filter: &Filter, newest: u32) -> Result<Vec<Attempt>, Unreadable> {
        let (from, to) = match filter.ended {
            Some(Ended::Status(from, to)) => (Some(from), Some(to)),
            _ => (None, None),
        };
        let outcome = if let Some(Ended::As(word)) = filter.ended { Some(word) } else { None };
        let class = if let Some(Ended::Of(class)) = filter.ended { Some(Word(class)) } else { None };
        let (origin, since, after) =
            (filter.origin.map(Word), filter.since.map(At), filter.after.map(|id| Count(id.0)));
        let clauses = Clauses::new(&filter.terms);
        let params = clauses.with(named_params! {
            ":lane": filter.lane,
            ":origin": origin,
            ":from": from,
            ":to": to,
            ":outcome": outcome,
            ":class": class,
            ":since": since,
            ":text": filter.text,
            ":after": after,
            ":newest": newest,
        });
        let sql = format!("{ATTEMPTS} AND {} {NEWEST}", clauses.sql);
        load::attempts(&self.conn, &sql, params.as_slice()).map_err(|error| self.unreadable(&error))
    }

    /// The last day of a lane or an account, up to `now`.
    pub fn history(&self, target: &Target, now: Time) -> Result<History, Unreadable> {
        recall::history(&self.conn, target, now).map_err(|error| self.unreadable(&error))
    }

    /// What was asked from a script and answered, oldest first: the last question, and those that it continued, at most
    /// [`CONTINUED`] in all.
    pub fn last_asked(&self) -> Result<Vec<Turn>, Unreadable> {
        let mut turns = self.rows(ASKED, [CONTINUED], load::turn)?;
        turns.reverse();
        Ok(turns)
    }

    /// What was asked in the chat, newest first, each once, at most so many, and at most so many bytes of them.
    pub fn prompts(&self, newest: u32) -> Result<Vec<String>, Unreadable> {
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.conn.prepare(PROMPTS)?;
            let mut rows = statement.query([newest])?;
            let (mut prompts, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let prompt: String = row.get(0)?;
                bytes += prompt.len();
                if bytes > PROMPT_BYTES {
                    break;
                }
                prompts.push(prompt);
            }
            Ok(prompts)
        };
        read().map_err(|error| self.unreadable(&error))
    }

    /// A number that changes when somebody else has written.
    pub fn version(&self) -> Result<i64, Unreadable> {
        self.number("data_version")
    }

    fn number(&self, pragma: &str) -> Result<i64, Unreadable> {
        self.conn.pragma_query_value(None, pragma, |row| row.get(0)).map_err(|error| self.unreadable(&error))
    }

    /// The rows of a query; one that cannot be read is passed over.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Unreadable> {
        load::rows(&self.conn, sql, params, read, &mut 0).map_err(|error| self.unreadable(&error))
    }

    pub(in crate::store) fn unreadable(&self, error: &rusqlite::Error) -> Unreadable {
        Unreadable { path: self.path.clone(), why: why(error) }
    }
}

/// Prompts that are read at once have at most so many bytes.
const PROMPT_BYTES: usize = 16 * 1024 * 1024;

const PROMPTS: &str = "SELECT prompt FROM turns WHERE origin = 'chat' GROUP BY prompt ORDER BY max(id) DESC LIMIT ?1";

/// Questions of a script that go along with the one that continues them.
pub const CONTINUED: u32 = 200;

const ASKED: &str = "SELECT *, NULL AS attachments FROM turns WHERE origin = 'ask' AND state = 'done' AND id IN (
        SELECT later.id FROM turns AS later, (
            SELECT id, conversation FROM turns WHERE origin = 'ask' AND state = 'done' ORDER BY id DESC LIMIT 1
        ) AS last
        WHERE later.id = last.id OR last.conversation <> 0 AND later.conversation = last.conversation
    ) ORDER BY id DESC LIMIT ?1";

/// No pattern is made of a text: whatever stands in it stands for itself.
const ATTEMPTS: &str = "SELECT * FROM (
    SELECT * FROM attempts
    WHERE (:after IS NULL OR id > :after)
        AND (:since IS NULL OR started >= :since)
        AND (:lane IS NULL OR lane = :lane OR substr(lane, 1, length(:lane) + 1) = :lane || '/')
        AND (:origin IS NULL OR origin = :origin)
        AND (:from IS NULL OR status BETWEEN :from AND :to)
        AND (:outcome IS NULL OR outcome = :outcome)
        AND (:class IS NULL OR class = :class)
        AND (:text IS NULL OR instr(lower(lane || char(10) || why || char(10) || note), lower(:text)) > 0
            OR EXISTS (SELECT 1 FROM turns WHERE turns.id = attempts.turn
                AND instr(lower(prompt || char(10) || answer), lower(:text)) > 0))";

const NEWEST: &str = "ORDER BY id DESC LIMIT :newest) ORDER BY id";

/// The rests, past ones too; None: there is no database, or none that can be read.
pub(super) fn rests(database: &Path) -> Option<Vec<Rest>> {
    load::rests(&Peek::open(database).ok()??.conn).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::attempt::Outcome;
    use crate::domain::conversation::TurnState;
    use crate::domain::failure::Class;
    use crate::domain::ids::{ConversationId, TurnId};
    use crate::store::samples::{NOON, attempt, bare_turn, turn};
    use crate::store::schema;
    use crate::store::write::{Write, apply};

    fn kept(writes: &[Write]) -> (tempfile::TempDir, Peek) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        let conn = schema::open(&path, Duration::ZERO).unwrap();
        for write in writes {
            apply(&conn, write).unwrap();
        }
        let peek = Peek::open(&path).unwrap().unwrap();
        (temp, peek)
    }

    fn log(id: u64, lane: &str, outcome: Outcome) -> Attempt {
        let status = (outcome != Outcome::Running).then_some(if outcome == Outcome::Answered { 200 } else { 429 });
        let started = NOON.plus(Duration::from_secs(id));
        let (why, note) = ("quick/large rests".into(), "50%_spent".into());
        Attempt { turn: TurnId(id), lane: lane.into(), status, started, why, note, ..attempt(id, outcome) }
    }

    #[test]
    fn filters_combine_and_the_newest_come_last() {
        let limited = Outcome::Failed(Class::RateLimited);
        let rows = [
            log(1, "a/x", Outcome::Answered),
            log(2, "a/x/y", limited),
            log(3, "ab/x", limited),
            Attempt { origin: Origin::Chat, note: String::new(), ..log(4, "a/z", Outcome::Answered) },
            log(5, "b/x", Outcome::Running),
        ];
        let asked = Turn { prompt: "What is a TIDE?".into(), answer: "'); --".into(), ..turn(3, TurnState::Done) };
        let mut writes: Vec<Write> = rows.iter().map(|row| Write::Attempt(Box::new(row.clone()))).collect();
        writes.push(Write::Turn(Box::new(asked)));
        let (_temp, peek) = kept(&writes);
        let ids = |filter: &Filter, newest| -> Vec<u64> {
            peek.attempts(filter, newest).unwrap().iter().map(|row| row.id.0).collect()
        };
        let all = Filter::default();
        let lane = |lane: &str| Filter { lane: Some(lane.into()), ..all.clone() };
        let ended = |ended| Filter { ended: Some(ended), ..all.clone() };
        let text = |text: &str| Filter { text: Some(text.into()), ..all.clone() };
        for (filter, expected) in [
            (all.clone(), &[1, 2, 3, 4, 5][..]),
            (lane("a"), &[1, 2, 4]),
            (lane("a/x"), &[1, 2]),
            (lane("a/"), &[]),
            (Filter { origin: Some(Origin::Chat), ..all.clone() }, &[4]),
            (ended(Ended::Status(429, 429)), &[2, 3]),
            (ended(Ended::Status(200, 299)), &[1, 4]),
            (ended(Ended::As("running")), &[5]),
            (ended(Ended::Of(Class::RateLimited)), &[2, 3]),
            (ended(Ended::Of(Class::Gone)), &[]),
            (Filter { since: Some(NOON.plus(Duration::from_secs(4))), ..all.clone() }, &[4, 5]),
            (Filter { after: Some(AttemptId(3)), ..all.clone() }, &[4, 5]),
            (text("tide"), &[3]),
            (text("'); --"), &[3]),
            (text("50%_SPENT"), &[1, 2, 3, 5]),
            (text("50x"), &[]),
            (Filter { terms: filter::Filter::read("a/x !429", NOON).unwrap(), ..all.clone() }, &[1]),
            (Filter { text: Some("TIDE".into()), ended: Some(Ended::Status(200, 299)), ..all.clone() }, &[]),
            (Filter { origin: Some(Origin::Ask), since: Some(NOON.plus(Duration::from_secs(2))), ..lane("a") }, &[2]),
        ] {
            assert_eq!(ids(&filter, 100), expected, "{filter:?}");
        }
        assert_eq!(ids(&all, 2), [4, 5]);
        assert_eq!(peek.attempts(&lane("b"), 9).unwrap(), [rows[4].clone()]);
    }

    #[test]
    fn the_last_answered_question_of_a_script() {
        let asked = |id, state| Write::Turn(Box::new(bare_turn(id, Origin::Ask, state)));
        let (_temp, peek) = kept(&[]);
        assert_eq!(peek.last_asked(), Ok(Vec::new()));
        let chat = Write::Turn(Box::new(turn(9, TurnState::Done)));
        let (_temp, peek) =
            kept(&[asked(1, TurnState::Done), asked(2, TurnState::Done), asked(3, TurnState::Stopped), chat]);
        let ids = |peek: &Peek| peek.last_asked().unwrap().iter().map(|turn| turn.id.0).collect::<Vec<_>>();
        assert_eq!(ids(&peek), [2]);
        // A chain, and another one between.
        let of = |id: u64, conversation: u64| {
            let turn = bare_turn(id, Origin::Ask, TurnState::Done);
            Write::Turn(Box::new(Turn { conversation: ConversationId(conversation), ..turn }))
        };
        let (_temp, peek) = kept(&[of(1, 7), of(2, 8), of(3, 7), of(4, 0)]);
        assert_eq!(ids(&peek), [4], "of a time when nobody wrote down what was continued");
        let (_temp, peek) = kept(&[of(1, 7), of(2, 8), of(3, 7)]);
        assert_eq!(ids(&peek), [1, 3]);
    }

    #[test]
    fn prompts_come_once_and_newest_first() {
        let asked =
            |id: u64, prompt: &str| Write::Turn(Box::new(Turn { prompt: prompt.into(), ..turn(id, TurnState::Done) }));
        let script = Write::Turn(Box::new(bare_turn(9, Origin::Ask, TurnState::Done)));
        let (_temp, peek) = kept(&[asked(1, "one"), asked(2, "two"), asked(3, "one"), asked(4, "four"), script]);
        assert_eq!(peek.prompts(10).unwrap(), ["four", "one", "two"]);
        assert_eq!(peek.prompts(2).unwrap(), ["four", "one"]);
        let huge = "x".repeat(9 * 1024 * 1024);
        let (_temp, peek) = kept(&[asked(1, "old"), asked(2, &huge), asked(3, &format!("{huge}!")), asked(4, "new")]);
        assert_eq!(peek.prompts(10).unwrap().len(), 2);
    }

    #[test]
    fn it_sees_what_others_write_and_writes_nothing() {
        let (temp, peek) = kept(&[]);
        let before = peek.version().unwrap();
        assert_eq!(peek.version(), Ok(before));
        let conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        apply(&conn, &Write::Draft("x".into())).unwrap();
        assert_ne!(peek.version(), Ok(before));
        assert_eq!(peek.all().unwrap().draft, "x");
        assert!(apply(&peek.conn, &Write::Draft("y".into())).is_err());
    }

    #[test]
    fn what_is_not_there_or_not_ours_is_no_panic() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        assert!(Peek::open(&path).unwrap().is_none() && !path.exists());
        std::fs::write(&path, "").unwrap();
        assert!(Peek::open(&path).unwrap().is_none());
        std::fs::write(&path, "no database at all".repeat(100)).unwrap();
        let error = Peek::open(&path).unwrap_err().to_string();
        assert!(error.starts_with("cannot read /") && error.ends_with("the database is damaged"), "{error}");
        let (temp, _) = kept(&[]);
        let conn = Connection::open(temp.path().join("roundel.db")).unwrap();
        conn.pragma_update(None, "user_version", KNOWN + 1).unwrap();
        let error = Peek::open(&temp.path().join("roundel.db")).unwrap_err().to_string();
        assert!(error.contains("newer roundel"), "{error}");
        conn.pragma_update(None, "user_version", KNOWN - 1).unwrap();
        let older = Peek::open(&temp.path().join("roundel.db")).unwrap().unwrap();
        assert!(older.all().unwrap_err().to_string().contains("older roundel"));
        assert_eq!(older.attempts(&Filter::default(), 1), Ok(Vec::new()));
    }
}
