//! How much was written to the terminal of late: the proof that nothing is while nothing changes. Knows no terminal.

use std::collections::VecDeque;
use std::time::Duration;

use crate::app::due::size;
use crate::domain::clock::Time;
use crate::shell::painter::Tally;

/// Of so much it is told.
const SPAN: Duration = Duration::from_mins(1);

/// What had been written when, at most one entry a second.
#[derive(Debug, Default)]
pub struct Work(VecDeque<(Time, Tally)>);

impl Work {
    /// A frame is given to the painter, and so much had been written before it.
    pub fn note(&mut self, now: Time, tally: Tally) {
        if self.0.back().is_none_or(|(last, _)| now.since(*last) >= Duration::from_secs(1)) {
            self.0.push_back((now, tally));
        }
        // The last one that is older than the span stays: what was written since is what is asked for.
        while self.0.get(1).is_some_and(|(at, _)| now.since(*at) >= SPAN) {
            self.0.pop_front();
        }
    }

    /// What was written within the last minute, or since the start, for the user.
    pub fn said(&mut self, now: Time, tally: Tally) -> String {
        self.note(now, tally);
        let (since, before) = self.0.front().copied().unwrap_or((now, tally));
        let (draws, bytes) = (tally.draws.saturating_sub(before.draws), tally.bytes.saturating_sub(before.bytes));
        let span = now.since(since).min(SPAN).as_secs();
        format!("in the last {span} s: {draws} {}, {}", if draws == 1 { "draw" } else { "draws" }, size(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_minute_has_no_draws() {
        let at = |seconds| Time::from_ms(1_795_338_000_000).plus(Duration::from_secs(seconds));
        let tally = |draws, bytes| Tally { draws, bytes };
        let mut work = Work::default();
        work.note(at(0), tally(0, 0));
        work.note(at(5), tally(3, 3000));
        assert_eq!(work.said(at(10), tally(4, 4200)), "in the last 10 s: 4 draws, 4.2 kB");
        assert_eq!(work.said(at(100), tally(5, 4300)), "in the last 60 s: 1 draw, 100 B");
        assert_eq!(work.said(at(170), tally(5, 4300)), "in the last 60 s: 0 draws, 0 B");
        assert!(work.0.len() < 4);
    }
}
