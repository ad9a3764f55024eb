//! The last day of a lane or an account, counted by the database: a few rows come back, however many attempts there were.

use rusqlite::{Connection, Row, named_params};

use crate::domain::clock::Time;
use crate::domain::failure::Class;
use crate::domain::history::{Answer, ERRORS, History, Hour, MEASURED, Trouble, since};
use crate::domain::ids::LaneId;
use crate::domain::standing::Target;
use crate::store::column::{At, Count, Ms, Word};

/// The history of `target` up to `now`.
pub(super) fn history(conn: &Connection, target: &Target, now: Time) -> rusqlite::Result<History> {
    // All names with an account's `/` in them, and none besides, lie between that and the next character.
    let (from, to) = match target {
        Target::Lane(lane) => (lane.to_string(), format!("{lane}\0")),
        Target::Account(account) => (format!("{account}/"), format!("{account}0")),
    };
    let mut history = History::new(now);
    let params = named_params! { ":from": from, ":to": to, ":since": At(since(now)), ":now": At(now) };
    let mut hours = conn.prepare_cached(HOURLY)?;
    let mut rows = hours.query(params)?;
    while let Some(row) = rows.next()? {
        if let Some(hour) = history.hour(row.get::<_, At>("started")?.0) {
            let count = |name: &str| row.get::<_, Count>(name).map(|count| count.0);
            *hour = Hour { answered: count("answered")?, tokens: count("tokens")?, failed: count("failed")? };
        }
    }
    let most = i64::try_from(MEASURED).unwrap_or(i64::MAX);
    let params = named_params! { ":from": from, ":to": to, ":since": At(since(now)), ":now": At(now), ":most": most };
    let answers: Vec<Answer> = conn.prepare_cached(ANSWERS)?.query_map(params, answer)?.collect::<Result<_, _>>()?;
    history.measure(&answers);
    let most = i64::try_from(ERRORS).unwrap_or(i64::MAX);
    let params = named_params! { ":from": from, ":to": to, ":most": most };
    // An error that this version has no name for is left out, not all of them.
    history.errors = conn.prepare_cached(FAILED)?.query_map(params, trouble)?.filter_map(Result::ok).collect();
    let params = named_params! { ":from": from, ":to": to };
    history.last = conn.prepare_cached(LAST)?.query_row(params, |row| row.get::<_, Option<At>>(0))?.map(|at| at.0);
    Ok(history)
}

fn answer(row: &Row<'_>) -> rusqlite::Result<Answer> {
    let span = |name: &str| row.get::<_, Option<Ms>>(name).map(|span| span.map(|span| span.0));
    let output = row.get::<_, Option<Count>>("output_tokens")?.map(|count| count.0);
    Ok(Answer { first_token: span("first_token_ms")?, took: span("took_ms")?, output })
}

fn trouble(row: &Row<'_>) -> rusqlite::Result<Trouble> {
    Ok(Trouble {
        at: row.get::<_, At>("started")?.0,
        lane: LaneId::from(row.get::<_, String>("lane")?),
        status: row.get("status")?,
        class: row.get::<_, Word<Class>>("class")?.0,
        note: row.get("note")?,
    })
}

const HOURLY: &str = "
    SELECT max(started) AS started,
        sum(outcome = 'answered') AS answered,
        sum(CASE outcome WHEN 'answered'
            THEN min(ifnull(input_tokens, 0), 1000000000) + min(ifnull(output_tokens, 0), 1000000000)
            ELSE 0 END) AS tokens,
        sum(outcome = 'failed') AS failed
    FROM attempts
    WHERE lane >= :from AND lane < :to AND started > :since AND started <= :now
    GROUP BY (:now - started) / 3600000";

const ANSWERS: &str = "
    SELECT first_token_ms, took_ms, output_tokens FROM attempts
    WHERE lane >= :from AND lane < :to AND started > :since AND started <= :now AND outcome = 'answered'
    ORDER BY id DESC LIMIT :most";

const FAILED: &str = "
    SELECT started, lane, status, class, note FROM attempts
    WHERE lane >= :from AND lane < :to AND outcome = 'failed'
    ORDER BY id DESC LIMIT :most";

const LAST: &str = "SELECT max(started) FROM attempts WHERE lane >= :from AND lane < :to";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::attempt::{Attempt, Outcome};
    use crate::domain::conversation::Usage;
    use crate::store::samples::{NOON, attempt};
    use crate::store::schema;
    use crate::store::write::{Write, apply};

    #[test]
    fn the_database_counts_as_the_memory_does() {
        let temp = tempfile::tempdir().unwrap();
        let conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        let now = NOON.plus(Duration::from_hours(30));
        let outcomes = [
            Outcome::Answered,
            Outcome::Failed(Class::RateLimited),
            Outcome::Answered,
            Outcome::Cancelled,
            Outcome::Running,
            Outcome::Failed(Class::Server),
        ];
        let lanes = ["a/x", "a/y", "a/x", "ab/x", "a/x/z", "a@b/x"];
        let attempts: Vec<Attempt> = (0..200_u64)
            .map(|id| {
                let place = usize::try_from(id).unwrap();
                let outcome = outcomes[place % 7 % 6];
                let mut one = attempt(id + 1, outcome);
                (one.lane, one.started) = (lanes[place % 6].into(), NOON.plus(Duration::from_mins(id * 9)));
                (one.first_token, one.took) =
                    (Some(Duration::from_millis(50 + id)), Some(Duration::from_millis(900 + 7 * id)));
                one.usage = Usage { input: (id % 3 > 0).then_some(id), output: Some(10 + id) };
                one.note = format!("note {id}");
                one
            })
            .collect();
        for attempt in &attempts {
            apply(&conn, &Write::Attempt(Box::new(attempt.clone()))).unwrap();
        }
        for target in [
            Target::Lane("a/x".into()),
            Target::Account("a".into()),
            Target::Account("ab".into()),
            Target::Lane("a/nothing".into()),
        ] {
            let counted = history(&conn, &target, now).unwrap();
            assert_eq!(counted, History::of(&target, attempts.iter(), now), "{target:?}");
            let total = counted.total();
            assert_eq!(total.answered > 0, target != Target::Lane("a/nothing".into()), "{target:?}");
        }
        let plan: Vec<String> = conn
            .prepare(&format!("EXPLAIN QUERY PLAN {HOURLY}"))
            .unwrap()
            .query_map([(":from", "a"), (":to", "b"), (":since", "0"), (":now", "1")].as_slice(), |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(plan.iter().any(|step| step.contains("attempts_of_lane")), "{plan:?}");
    }
}
