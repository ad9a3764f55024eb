//! How much can still be asked, for the first line: worked out after what happened, but not more often than it can be
//! read, and told in the longest form that fits.

use std::time::Duration;

use crate::app::due::{Due, count};
use crate::app::row::{Piece, Role, Row};
use crate::domain::clock::Time;
use crate::domain::quota::forecast::end;
use crate::domain::quota::meter::Meter;
use crate::domain::runway::{Refill, Runway, Unused, runway};
use crate::domain::standing::{LaneState, Need};

/// Under load it is worked out anew after this.
const PAUSE: Duration = Duration::from_secs(1);

/// And as long as anything is used, by time alone, after this.
const PATIENCE: Duration = Duration::from_mins(5);

/// What lies ahead.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ahead {
    runway: Runway,
    /// When it was worked out.
    at: Time,
    /// Something has happened since.
    stale: bool,
    /// When it changes by time alone.
    next: Option<Time>,
}

impl Ahead {
    /// Looks ahead, unless that was done a moment ago. `changed`: something happened; else it is only later.
    pub fn look(&mut self, lanes: &[LaneState], meters: &[Meter], usual: Need, changed: bool, now: Time) {
        let due = self.stale && now.since(self.at) >= PAUSE || self.next.is_some_and(|next| next <= now);
        // A clock set back makes it new, too.
        let soon = now.since(self.at) < PAUSE && self.at <= now && self.at != Time::default();
        if changed && soon {
            self.stale = true;
        } else if changed || due {
            let used = || meters.iter().filter(|meter| meter.cap.is_some() && meter.used(now) > 0);
            let ends = used().filter_map(|meter| end(meter, now)).min();
            let later = used().next().map(|_| now.plus(PATIENCE));
            let next = later.map(|later| ends.map_or(later, |ends| ends.min(later)));
            *self = Self { runway: runway(lanes, meters, usual, now), at: now, stale: false, next };
        }
    }

    /// It in words, from the longest form to the shortest; nothing where nothing is known.
    pub fn forms(&self, due: &mut Due) -> Vec<Row> {
        if self.stale {
            due.at(self.at.plus(PAUSE));
        }
        if let Some(next) = self.next {
            due.slowly_at(next);
        }
        let Runway { turns, at_least, unlimited, refill, unused } = &self.runway;
        let local = match unlimited.as_slice() {
            [] => None,
            [one] => Some(format!("{one}, no limit")),
            [one, others @ ..] => Some(format!("{one} and {} more, no limit", others.len())),
        };
        let refill = refill.as_ref().map(|refill| told(refill, due));
        let unused = unused.map(|unused| lost(unused, due));
        // Where something is not known, `at least 0` would say nothing.
        let Some(turns) = turns.filter(|turns| *turns > 0 || !at_least) else {
            return [Some(join(&[refill.clone(), local.clone()])), local.map(|local| Row::of(local, Role::Dim))]
                .into_iter()
                .flatten()
                .filter(|row| row.width() > 0)
                .collect();
        };
        let (about, sign, number) =
            (if *at_least { "at least" } else { "about" }, if *at_least { "≥" } else { "~" }, grouped(turns));
        let role = if turns == 0 { Role::Warn } else { Role::Plain };
        let (about, sign) = if turns == 0 { ("", "") } else { (about, sign) };
        let line = |head: String, rest: &[Option<String>]| {
            let mut row = Row::of(head.trim_start().to_owned(), role);
            for part in rest.iter().flatten() {
                row.0.push(Piece::dim(format!("; {part}")));
            }
            row
        };
        let fullest = || format!("{about} {number} more turns like yours");
        let left = || format!("{about} {number} turns left");
        let short = || format!("{sign}{number} turns left");
        let plus = local.map(|local| format!("plus {local}"));
        let mut forms = vec![
            line(fullest(), &[refill.clone(), unused.clone(), plus.clone()]),
            line(fullest(), &[refill.clone(), unused]),
            line(fullest(), &[refill.clone(), plus]),
            line(fullest(), std::slice::from_ref(&refill)),
            line(left(), std::slice::from_ref(&refill)),
            line(short(), &[refill]),
            line(left(), &[]),
            line(short(), &[]),
            line(format!("{sign}{number} turns"), &[]),
        ];
        forms.sort_by_key(|form| std::cmp::Reverse(form.width()));
        forms
    }
}

/// `+1,500 at 09:00 (gemini)`.
fn told(refill: &Refill, due: &mut Due) -> String {
    let others = if refill.others > 0 { format!(" and {} more", refill.others) } else { String::new() };
    format!("+{} {} ({}{others})", grouped(refill.turns), due.when(refill.at), refill.account)
}

/// `410 requests expire unused in 3 h`.
fn lost(unused: Unused, due: &mut Due) -> String {
    let hours = unused.at.since(due.now).as_secs() / 3600;
    let when = if hours >= 2 {
        due.at(unused.at.minus(Duration::from_hours(hours)).plus(Duration::from_millis(1)));
        format!("in {hours} h")
    } else {
        due.when(unused.at)
    };
    let (number, verb) = (grouped(unused.requests), if unused.requests == 1 { " expires" } else { "s expire" });
    format!("{number} request{verb} unused {when}")
}

fn join(parts: &[Option<String>]) -> Row {
    let parts: Vec<&str> = parts.iter().flatten().map(String::as_str).collect();
    Row::of(parts.join("; "), Role::Dim)
}

/// `1,500`; from 100,000 on as short as [`count`] has it.
fn grouped(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        1000..100_000 => format!("{},{:03}", number / 1000, number % 1000),
        _ => count(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixture::{NOW, in_, lane, meter};
    use crate::domain::clock::Zone;
    use crate::domain::quota::limit::Unit;

    fn forms(runway: Runway) -> Vec<String> {
        let ahead = Ahead { runway, at: NOW, ..Ahead::default() };
        ahead.forms(&mut Due::new(NOW, Zone::UTC)).iter().map(Row::text).collect()
    }

    #[test]
    fn it_is_told_as_fully_as_there_is_room() {
        let refill = Refill { at: in_(3 * 3600 + 20 * 60), turns: 1500, account: "gemini".into(), others: 0 };
        let unused = Unused { requests: 410, at: in_(3 * 3600 + 20 * 60) };
        let all = Runway {
            turns: Some(212),
            at_least: false,
            unlimited: vec!["ollama".into()],
            refill: Some(refill.clone()),
            unused: Some(unused),
        };
        assert_eq!(
            forms(all.clone()),
            [
                "about 212 more turns like yours; +1,500 at 13:01 (gemini); 410 requests expire unused in 3 h; plus ollama, no limit",
                "about 212 more turns like yours; +1,500 at 13:01 (gemini); 410 requests expire unused in 3 h",
                "about 212 more turns like yours; +1,500 at 13:01 (gemini); plus ollama, no limit",
                "about 212 more turns like yours; +1,500 at 13:01 (gemini)",
                "about 212 turns left; +1,500 at 13:01 (gemini)",
                "~212 turns left; +1,500 at 13:01 (gemini)",
                "about 212 turns left",
                "~212 turns left",
                "~212 turns",
            ]
        );
        let shortest = |runway| forms(runway).pop();
        assert_eq!(shortest(Runway { at_least: true, ..all.clone() }), Some("≥212 turns".into()));
        assert_eq!(shortest(Runway { turns: Some(0), ..all.clone() }), Some("0 turns".into()));
        let unsure = Runway { turns: Some(0), at_least: true, ..all.clone() };
        assert_eq!(forms(unsure), ["+1,500 at 13:01 (gemini); ollama, no limit", "ollama, no limit"]);
        assert_eq!(forms(Runway { turns: None, refill: None, ..all }), ["ollama, no limit", "ollama, no limit"]);
        assert_eq!(forms(Runway { at_least: true, ..Runway::default() }), [""; 0]);
        assert_eq!([999, 1500, 99_999, 128_000].map(grouped), ["999", "1,500", "99,999", "128k"]);
    }

    #[test]
    fn a_burst_is_looked_at_once_and_then_again() {
        let lanes = [lane("a/b")];
        let mut meters = [meter("a/b", Unit::Requests, "1d midnight UTC", 500)];
        let mut ahead = Ahead::default();
        let later = |ms| NOW.plus(Duration::from_millis(ms));
        let mut seen = Vec::new();
        for (ms, changed) in [(0, true), (20, true), (900, true), (1001, false), (1100, true), (60_000, false)] {
            meters[0].count(1, later(ms));
            ahead.look(&lanes, &meters, Need::USUAL, changed, later(ms));
            seen.push(ahead.runway.turns.unwrap());
        }
        assert_eq!(seen, [499, 499, 499, 496, 496, 494]);
        // Nothing happens any more: the next day is named.
        let mut due = Due::new(later(60_000), Zone::UTC);
        ahead.forms(&mut due);
        assert_eq!(due.next(), Some(later(60_000).plus(PATIENCE)));
        ahead.look(&lanes, &meters, Need::USUAL, false, in_(86_400));
        assert_eq!((ahead.runway.turns, ahead.next), (Some(500), None));
    }
}
