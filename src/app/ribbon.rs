//! The day to come in one row: a tick where a limit that was used comes back, and whose it is.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::app::due::Due;
use crate::app::roster::Roster;
use crate::app::row::{Piece, Row};
use crate::domain::clock::Time;
use crate::domain::ids::AccountId;
use crate::domain::quota::forecast::end;
use crate::domain::text::one_line;

/// The row tells of so long.
const DAY: Duration = Duration::from_hours(24);

/// What comes back sooner than this each time is no news.
const LEAST: Duration = Duration::from_hours(1);

/// Columns of the day, where there is room, and where there is little.
const COLUMNS: (usize, usize) = (48, 24);

/// The row in `width` columns; None: nothing that was used comes back within a day, or there is no room.
pub fn row(roster: &Roster, width: usize, due: &mut Due) -> Option<Row> {
    let mut resets: BTreeMap<AccountId, Time> = BTreeMap::new();
    for lane in roster.chosen().filter(|lane| lane.off().is_none()) {
        let own = roster.meters.iter().filter(|meter| lane.spec.draws_on(&meter.pool));
        let long = own.filter(|meter| meter.window.span().is_some_and(|span| span >= LEAST));
        let used = long.filter(|meter| meter.cap.is_some() && meter.used(due.now) > 0);
        let soonest = used.filter_map(|meter| end(meter, due.now)).filter(|at| at.since(due.now) <= DAY).min();
        if let Some(at) = soonest {
            let known = resets.entry(lane.spec.account()).or_insert(at);
            *known = at.min(*known);
        }
    }
    let columns = if width >= 100 { COLUMNS.0 } else { COLUMNS.1 };
    if resets.is_empty() || width < columns + 30 {
        return None;
    }
    let step = DAY / u32::try_from(columns).unwrap_or(1);
    let mut ticks = vec![false; columns];
    for at in resets.values() {
        let away = at.since(due.now);
        let place = usize::try_from(away.as_millis() / step.as_millis()).unwrap_or(0).min(columns - 1);
        due.at(at.minus(step * u32::try_from(place).unwrap_or(0)).plus(Duration::from_millis(1)));
        ticks.get_mut(place).into_iter().for_each(|tick| *tick = true);
    }
    let mut pieces = vec![Piece::dim("now ")];
    for run in ticks.chunk_by(|a, b| a == b) {
        match run.first() {
            Some(true) => pieces.push(Piece::plain("┃".repeat(run.len()))),
            _ => pieces.push(Piece::dim("─".repeat(run.len()))),
        }
    }
    pieces.push(Piece::dim(" 24 h"));
    let mut named: Vec<(Time, AccountId)> = resets.into_iter().map(|(account, at)| (at, account)).collect();
    named.sort();
    let mut row = Row(pieces);
    let count = named.len();
    for (number, (at, account)) in named.into_iter().enumerate() {
        let text = format!("  {} {}", one_line(account.as_str()), due.until(at));
        let piece = Piece::plain(text);
        let more = format!("  +{}", count - number);
        let room = width.saturating_sub(row.width());
        let last = number + 1 == count;
        if Row(vec![piece.clone()]).width() + if last { 0 } else { more.len() } > room {
            row.0.push(Piece::dim(more));
            break;
        }
        row.0.push(piece);
    }
    Some(row.cut_to(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, in_, lane, meter};
    use crate::domain::clock::Zone;
    use crate::domain::quota::limit::Unit;

    fn roster(windows: &[(&str, &str, u64)]) -> Roster {
        let lanes = windows.iter().map(|(id, ..)| lane(id)).collect();
        let meters = windows.iter().map(|(id, window, used)| {
            let mut meter = meter(id, Unit::Requests, window, 50);
            meter.count(*used, NOW);
            meter
        });
        Roster { lanes, meters: meters.collect(), ..Roster::default() }
    }

    #[test]
    fn what_was_used_comes_back_at_its_tick() {
        let roster = roster(&[
            ("a/x", "1d midnight UTC", 3),
            ("b/x", "1d midnight America/Los_Angeles", 1),
            ("c/x", "60s", 3),
            ("d/x", "1d midnight UTC", 0),
            ("e/x", "1month midnight UTC", 9),
        ]);
        let mut due = Due::new(NOW, Zone::UTC);
        let found = row(&roster, 80, &mut due).unwrap();
        assert_eq!(found.text(), "now ──────────────┃───────┃─ 24 h  a 00:00  b 08:00");
        // At 41 minutes past each hour less an hour is left.
        let next = due.next().unwrap();
        assert!(next.since(NOW) < Duration::from_hours(1), "{next:?}");
        let mut later = Due::new(next, Zone::UTC);
        assert_ne!(row(&roster, 80, &mut later), Some(found));
        assert_eq!(row(&roster, 40, &mut Due::new(NOW, Zone::UTC)), None, "no room");
        assert_eq!(row(&Roster::default(), 80, &mut Due::new(in_(1), Zone::UTC)), None);
    }

    #[test]
    fn those_who_have_no_room_are_counted() {
        let many: Vec<String> = (0..20).map(|number| format!("account-{number}/x")).collect();
        let many: Vec<(&str, &str, u64)> = many.iter().map(|id| (id.as_str(), "1d midnight UTC", 1)).collect();
        let row = row(&roster(&many), 80, &mut Due::new(NOW, Zone::UTC)).unwrap();
        assert!(row.width() <= 80 && row.text().ends_with("  +18"), "{}", row.text());
    }
}
