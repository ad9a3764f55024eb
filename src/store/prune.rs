//! What becomes of old log rows. A few are deleted at a time, in a transaction of its own, while nothing waits to be
//! written. Turns of the chat are never touched.

use rusqlite::{Connection, TransactionBehavior, named_params};

use crate::domain::attempt::Retention;
use crate::domain::clock::Time;
use crate::store::column::At;

/// Rows that go in one transaction.
pub(super) const STEP: i64 = 500;

/// The oldest rows, as far as they are too old, or too many. What is in the air stays.
const ROWS: &str = "DELETE FROM attempts WHERE id IN (
    SELECT id FROM (SELECT id, started, row_number() OVER (ORDER BY id) AS place
        FROM (SELECT id, started FROM attempts WHERE outcome <> 'running' ORDER BY id LIMIT :step))
    WHERE started < :before OR place <= :over)";

/// What came with rows that are gone.
const BODIES: &str = "DELETE FROM bodies WHERE attempt < coalesce((SELECT min(id) FROM attempts), 9223372036854775807)";

/// Deletes some rows. True: there may be more to delete.
pub(super) fn step(conn: &mut Connection, retention: Retention, now: Time) -> rusqlite::Result<bool> {
    let before = now.minus(retention.keep);
    let rows: i64 = conn.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0))?;
    let over = rows.saturating_sub(i64::try_from(retention.most).unwrap_or(i64::MAX)).max(0);
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let params = named_params! { ":step": STEP, ":before": At(before), ":over": over };
    let deleted = tx.execute(ROWS, params)?;
    if deleted > 0 {
        tx.execute(BODIES, [])?;
    }
    tx.commit()?;
    Ok(i64::try_from(deleted).is_ok_and(|deleted| deleted >= STEP))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::attempt::{Attempt, Outcome};
    use crate::domain::conversation::TurnState;
    use crate::domain::ids::AttemptId;
    use crate::store::samples::{NOON, attempt, turn};
    use crate::store::schema;
    use crate::store::write::{Write, apply};

    #[test]
    fn the_oldest_go_in_small_steps_and_the_chat_stays() {
        let temp = tempfile::tempdir().unwrap();
        let mut conn = schema::open(&temp.path().join("roundel.db"), Duration::ZERO).unwrap();
        let tx = conn.transaction().unwrap();
        for id in 1..=2000_u64 {
            let outcome = if id == 3 { Outcome::Running } else { Outcome::Answered };
            let row = Attempt { started: NOON.plus(Duration::from_secs(id)), ..attempt(id, outcome) };
            apply(&tx, &Write::Attempt(Box::new(row))).unwrap();
            if id.is_multiple_of(100) {
                apply(&tx, &Write::Body(AttemptId(id), "no".into())).unwrap();
            }
        }
        apply(&tx, &Write::Turn(Box::new(turn(1, TurnState::Done)))).unwrap();
        tx.commit().unwrap();
        let count = |conn: &Connection| -> (i64, i64) {
            let one = |sql: &str| conn.query_row(sql, [], |row| row.get(0)).unwrap();
            (one("SELECT count(*) FROM attempts"), one("SELECT count(*) FROM bodies"))
        };
        // All are young enough, 800 may stay: but for the one in the air the oldest go, 500 at a time.
        let many = Retention { keep: Duration::from_hours(1), most: 800 };
        let now = NOON.plus(Duration::from_secs(2000));
        let mut steps = 0;
        while count(&conn).0 > 800 {
            step(&mut conn, many, now).unwrap();
            steps += 1;
        }
        assert!((3..=4).contains(&steps), "{steps}");
        assert!(!step(&mut conn, many, now).unwrap());
        let kept: i64 =
            conn.query_row("SELECT count(*) FROM attempts WHERE id = 3 OR id > 1201", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 800);
        // A hundred seconds may stay.
        let young = Retention { keep: Duration::from_secs(100), most: 10_000 };
        while step(&mut conn, young, now).unwrap() {}
        step(&mut conn, young, now).unwrap();
        assert_eq!(count(&conn).0, 102);
        let turns: i64 = conn.query_row("SELECT count(*) FROM turns", [], |row| row.get(0)).unwrap();
        assert_eq!(turns, 1);
    }
}
