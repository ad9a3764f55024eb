//! The log page by page, for screens that cannot hold all of it. A page is found by the place of its neighbour, never by
//! a number of rows passed over: the hundred thousandth row is read as quickly as the tenth.

use crate::domain::attempt::{Attempt, Whence};
use crate::domain::filter::Filter;
use crate::domain::ids::AttemptId;
use crate::store::clauses::Clauses;
use crate::store::column::Count;
use crate::store::load;
use crate::store::peek::{Peek, Unreadable};

use rusqlite::OptionalExtension;

impl Peek {
    /// At most `most` rows that are meant, in the order of the log.
    pub fn page(&self, filter: &Filter, whence: Whence, most: u32) -> Result<Vec<Attempt>, Unreadable> {
        let clauses = Clauses::new(filter);
        let (beyond, way) = match whence {
            Whence::First => ("", "ASC"),
            Whence::Last => ("", "DESC"),
            Whence::Before(_) => ("AND (turn, number, id) < (:turn, :number, :id)", "DESC"),
            Whence::After(_) => ("AND (turn, number, id) > (:turn, :number, :id)", "ASC"),
        };
        let sql = format!(
            "SELECT * FROM attempts WHERE {} {beyond} ORDER BY turn {way}, number {way}, id {way} LIMIT :most",
            clauses.sql
        );
        let mut params = clauses.with(&[(":most", &most)]);
        let (turn, number, id);
        if let Whence::Before(place) | Whence::After(place) = whence {
            (turn, number, id) = (Count(place.turn.0), place.number, Count(place.id.0));
            params.extend([(":turn", &turn as &dyn rusqlite::ToSql), (":number", &number), (":id", &id)]);
        }
        let mut rows = load::attempts(&self.conn, &sql, params.as_slice()).map_err(|error| self.unreadable(&error))?;
        if way == "DESC" {
            rows.reverse();
        }
        Ok(rows)
    }

    /// How many rows are meant, and how many there are.
    pub fn count(&self, filter: &Filter) -> Result<(u64, u64), Unreadable> {
        let clauses = Clauses::new(filter);
        let meant = if filter.is_empty() { "count(*)" } else { &format!("total({})", clauses.sql) };
        let sql = format!("SELECT CAST({meant} AS INTEGER), count(*) FROM attempts");
        let counts = self.conn.query_row(&sql, clauses.with(&[]).as_slice(), |row| {
            Ok((row.get::<_, Count>(0)?.0, row.get::<_, Count>(1)?.0))
        });
        counts.map_err(|error| self.unreadable(&error))
    }

    /// The body of a response that was no answer, as far as it is kept; None: it is not.
    pub fn body(&self, attempt: AttemptId) -> Result<Option<String>, Unreadable> {
        let sql = "SELECT body FROM bodies WHERE attempt = ?1";
        let body = self.conn.query_row(sql, [Count(attempt.0)], |row| row.get(0)).optional();
        body.map_err(|error| self.unreadable(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::attempt::Outcome;
    use crate::domain::conversation::Origin;
    use crate::domain::failure::Class;
    use crate::domain::ids::TurnId;
    use crate::store::samples::{NOON, attempt};
    use crate::store::schema;
    use crate::store::write::{Write, apply};

    /// Each kind of row a few times, the second tries with later ids than the next turn's first.
    fn rows() -> Vec<Attempt> {
        let outcomes = [
            (Outcome::Answered, Some(200), "a note of 50%_x"),
            (Outcome::Failed(Class::RateLimited), Some(429), "Rests 34 s: \"Slow DOWN\""),
            (Outcome::Failed(Class::Auth), Some(401), "bad key: é"),
            (Outcome::Failed(Class::Server), None, "could not connect"),
            (Outcome::Cancelled, Some(200), ""),
            (Outcome::Running, None, ""),
        ];
        let lanes = ["groq/openai/gpt-oss-120b", "Mistral/m", "home/llama3.2:free"];
        let origins = [Origin::Chat, Origin::Ask, Origin::Endpoint, Origin::Probe];
        let row = |id: u64| {
            let at = usize::try_from(id).unwrap();
            let (outcome, status, note) = outcomes[at % outcomes.len()];
            Attempt {
                turn: TurnId(if id.is_multiple_of(5) { id - 3 } else { id }),
                number: 1 + u32::from(id.is_multiple_of(5)),
                lane: lanes[at % lanes.len()].into(),
                origin: origins[at % origins.len()],
                started: NOON.plus(Duration::from_secs(id)),
                status,
                note: note.into(),
                ..attempt(id, outcome)
            }
        };
        let mut rows: Vec<Attempt> = (1..=60).map(row).collect();
        rows.sort_by_key(Attempt::place);
        rows
    }

    fn kept(rows: &[Attempt]) -> (tempfile::TempDir, Peek) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("roundel.db");
        let conn = schema::open(&path, Duration::ZERO).unwrap();
        for row in rows.iter().rev() {
            apply(&conn, &Write::Attempt(Box::new(row.clone()))).unwrap();
        }
        let peek = Peek::open(&path).unwrap().unwrap();
        (temp, peek)
    }

    #[test]
    fn the_store_and_the_screen_mean_the_same_rows() {
        let rows = rows();
        let (_temp, peek) = kept(&rows);
        let now = NOON.plus(Duration::from_mins(1));
        for text in [
            "",
            "groq",
            "!groq",
            "GROQ !429",
            "50%_x",
            "%",
            "_x",
            "é",
            "\"slow down\"",
            "rate_limited",
            "rate limited",
            "lane:m",
            "!lane:llama",
            "origin:api",
            "api",
            "!endpoint",
            "status:4xx",
            "!status:4xx",
            "status:failed",
            "!status:running",
            "class:auth",
            "!class:rate_limited",
            "since:30s",
            "!since:30s",
            "401",
            "nothing such",
            "status:200 origin:chat !cancelled since:50s",
            "'; DROP TABLE attempts; --",
            ":term0",
            "could !connect",
        ] {
            let filter = Filter::read(text, now).unwrap();
            let expected: Vec<Attempt> = rows.iter().filter(|row| filter.holds(row)).cloned().collect();
            assert_eq!(peek.page(&filter, Whence::First, 100).unwrap(), expected, "{text}");
            assert_eq!(peek.count(&filter).unwrap(), (expected.len() as u64, 60), "{text}");
        }
    }

    #[test]
    fn pages_meet_without_a_gap_in_both_directions() {
        let rows = rows();
        let (_temp, peek) = kept(&rows);
        let filter = Filter::read("!groq", NOON).unwrap();
        let meant: Vec<Attempt> = rows.iter().filter(|row| filter.holds(row)).cloned().collect();
        let (mut down, mut whence) = (Vec::new(), Whence::First);
        while let page @ [.., last] = peek.page(&filter, whence, 7).unwrap().as_slice() {
            whence = Whence::After(last.place());
            down.extend_from_slice(page);
        }
        let (mut up, mut whence) = (Vec::new(), Whence::Last);
        while let page @ [first, ..] = peek.page(&filter, whence, 7).unwrap().as_slice() {
            whence = Whence::Before(first.place());
            up = [page, &up].concat();
        }
        assert_eq!((&down, &up), (&meant, &meant));
    }

    #[test]
    fn a_page_is_found_by_the_index() {
        let (_temp, peek) = kept(&[]);
        let plan: String = peek
            .conn
            .query_row(
                "EXPLAIN QUERY PLAN SELECT * FROM attempts WHERE 1 AND (turn, number, id) < (7, 1, 9)
                ORDER BY turn DESC, number DESC, id DESC LIMIT 500",
                [],
                |row| row.get("detail"),
            )
            .unwrap();
        assert!(plan.starts_with("SEARCH attempts USING INDEX attempts_place"), "{plan}");
    }
}
