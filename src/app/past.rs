//! The last day of the lane or the account whose detail is open: when it is to be read, and its rows.

use std::time::Duration;

use crate::app::cells;
use crate::app::due::{Due, count, took};
use crate::app::row::{Piece, Role, Row};
use crate::domain::clock::Time;
use crate::domain::history::{HOURS, History, Hour, Trouble};
use crate::domain::ids::LaneId;
use crate::domain::standing::Target;
use crate::domain::text::one_line;

/// After something has happened it is read again, but not sooner than this after the last time.
const PAUSE: Duration = Duration::from_secs(5);

/// After this it is read again whether anything has happened or not: hours pass.
const LASTS: Duration = Duration::from_mins(10);

/// What was read, and what is to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// Whose it is, and when it was asked for.
    asked: Option<(Target, Time)>,
    found: Option<Result<History, String>>,
    /// Something has happened since.
    stale: bool,
}

impl Past {
    /// What is to be read now that the detail of `open` is open: nothing most of the time.
    pub fn wants(&mut self, open: Option<&Target>, now: Time) -> Option<Target> {
        let Some(open) = open else {
            *self = Self::default();
            return None;
        };
        // What ended just before it was opened may not be on the disk yet: once it is read twice.
        let first = self.asked.as_ref().is_none_or(|(target, _)| target != open);
        match &self.asked {
            Some((target, at)) if target == open => {
                let wait = if self.stale { PAUSE } else { LASTS };
                // A clock set back makes it new, too.
                if now.since(*at) < wait && *at <= now {
                    return None;
                }
            }
            _ => self.found = None,
        }
        self.asked = Some((open.clone(), now));
        self.stale = first;
        Some(open.clone())
    }

    /// Takes in what was read, if it is still wanted.
    pub fn learn(&mut self, target: &Target, found: Result<History, String>) {
        if self.asked.as_ref().is_some_and(|(asked, _)| asked == target) {
            self.found = Some(found);
        }
    }

    /// An attempt of `lane` has ended.
    pub fn touch(&mut self, lane: &LaneId) {
        self.stale |= self.asked.as_ref().is_some_and(|(asked, _)| asked.covers(lane));
    }

    /// Names when it is to be read again.
    pub fn due(&self, due: &mut Due) {
        if let Some((_, at)) = &self.asked {
            due.at(at.plus(if self.stale { PAUSE } else { LASTS }));
        }
    }

    /// What was read: None: not yet.
    pub const fn found(&self) -> Option<&Result<History, String>> {
        self.found.as_ref()
    }
}

/// The rows of a history, `name` columns of names before it, in `width` columns.
pub fn rows(history: &History, name: usize, width: usize, due: &Due) -> Vec<Row> {
    let mut rows = Vec::new();
    let total = history.total();
    let line = |name_: &str, text: Vec<Piece>| {
        let lead = Piece::dim(format!("{name_}{}", " ".repeat(name.saturating_sub(cells::of(name_)))));
        Row(std::iter::once(lead).chain(text).collect())
    };
    if total == Hour::default() {
        rows.push(Row::of("nothing was asked", Role::Dim));
    } else {
        // Two columns an hour, where there is room for them and the sum.
        let wide = if width >= name + 2 * HOURS + 20 { 2 } else { 1 };
        for (word, unit, role, of) in [
            ("requests", "answered", Role::Good, (|hour: &Hour| hour.answered) as fn(&Hour) -> u64),
            ("tokens", "in and out", Role::Plain, |hour: &Hour| hour.tokens),
            ("errors", "failed", Role::Bad, |hour: &Hour| hour.failed),
        ] {
            let values: Vec<u64> = history.hours.iter().map(of).collect();
            let mut pieces = sparkline(&values, wide, role);
            pieces.push(Piece::plain(format!("  {} {unit}", count(of(&total)))));
            rows.push(line(word, pieces));
        }
        let (from, to) = ("24 h ago", "now");
        let gap = (HOURS * wide).saturating_sub(from.len() + to.len());
        rows.push(line("", vec![Piece::dim(format!("{from}{}{to}", " ".repeat(gap)))]));
    }
    if let Some(found) = history.first_token {
        let text = format!("p50 {}, p95 {}", took(found.p50), took(found.p95));
        rows.push(line("first token", vec![Piece::plain(text)]));
    }
    if let Some(found) = history.speed {
        let text = format!("p50 {} tok/s, p95 {} tok/s", found.p50, found.p95);
        rows.push(line("speed", vec![Piece::plain(text)]));
    }
    let last = history.last.map_or_else(|| "never, as far as is kept".to_owned(), |at| stamp(at, history.until, due));
    rows.push(line("last used", vec![Piece::plain(last)]));
    rows
}

/// An error: when, what, and the words. `named`: with its lane, where there may be several.
pub fn error(trouble: &Trouble, history: &History, named: bool, due: &Due) -> (String, String) {
    let status = trouble.status.map_or_else(String::new, |status| format!("{status} "));
    let words = if trouble.note.is_empty() { String::new() } else { format!(": {}", one_line(&trouble.note)) };
    let lane = if named { format!(", {}", one_line(trouble.lane.as_str())) } else { String::new() };
    (stamp(trouble.at, history.until, due), format!("{status}{}{lane}{words}", trouble.class.word()))
}

/// `09:41:02`, with the date if it is longer ago than these hours.
fn stamp(at: Time, until: Time, due: &Due) -> String {
    if until.since(at) < Duration::from_hours(HOURS as u64) { due.clock(at) } else { due.date(at) }
}

/// One sign a value, `wide` columns each: a dim `·` for nothing, else a height against the highest, in `role`.
fn sparkline(values: &[u64], wide: usize, role: Role) -> Vec<Piece> {
    const HEIGHTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let height = |value: &u64| {
        let eighth = usize::try_from((u128::from(*value) * 8).div_ceil(u128::from(most))).unwrap_or(8);
        let sign = eighth.checked_sub(1).and_then(|eighth| HEIGHTS.get(eighth)).copied().unwrap_or("·");
        sign.repeat(wide)
    };
    let runs = values.chunk_by(|a, b| (*a == 0) == (*b == 0));
    runs.map(|run| {
        let role = if run.first() == Some(&0) { Role::Dim } else { role };
        Piece::new(run.iter().map(height).collect::<String>(), role)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, attempts, in_};
    use crate::domain::clock::Zone;

    #[test]
    fn a_sparkline_tells_nothing_from_almost_nothing() {
        let line = |values: &[u64], wide| Row(sparkline(values, wide, Role::Good));
        assert_eq!(line(&[0, 1, 50, 100, u64::MAX], 1).text(), "·▁▁▁█");
        assert_eq!(line(&[0, 4, 8], 2).text(), "··▄▄██");
        assert_eq!(line(&[0, 0], 1), Row::of("··", Role::Dim));
    }

    #[test]
    fn it_is_read_when_it_opens_and_again_after_a_while() {
        let mut past = Past::default();
        let target = Target::Lane("quick/small-8b".into());
        let open = Some(&target);
        assert_eq!(past.wants(open, NOW), Some(target.clone()));
        assert_eq!(past.wants(open, in_(1)), None);
        assert_eq!(past.wants(open, in_(6)), Some(target.clone()), "what was not on the disk yet");
        past.touch(&"silent/free".into());
        assert_eq!(past.wants(open, in_(12)), None, "another lane");
        past.touch(&"quick/small-8b".into());
        assert_eq!([past.wants(open, in_(10)), past.wants(open, in_(12))], [None, Some(target.clone())]);
        let history = History::of(&target, attempts().iter(), NOW);
        past.learn(&Target::Account("quick".into()), Ok(history.clone()));
        assert_eq!(past.found(), None, "of another");
        past.learn(&target, Ok(history.clone()));
        assert_eq!(past.found(), Some(&Ok(history)));
        assert_eq!(past.wants(open, in_(700)), Some(target), "hours pass");
        assert_eq!((past.wants(None, in_(701)), past.found()), (None, None));
    }

    #[test]
    fn rows_fit_and_hold_nothing_raw() {
        let target = Target::Lane("silent/free".into());
        let mut all = attempts();
        all[1].note = "go\u{1b}[2J away\nnow".into();
        let history = History::of(&target, all.iter(), NOW);
        let due = Due::new(NOW, Zone::UTC);
        for width in [30, 60, 100] {
            let rows = rows(&history, 14, width, &due);
            assert!(rows.iter().all(|row| !row.text().contains(char::is_control)), "{width}");
        }
        let (when, what) = error(&history.errors[0], &history, true, &due);
        assert_eq!(when, "09:39:02");
        assert_eq!(what, "429 rate limited, silent/free: go\u{fffd}[2J away now");
    }
}
