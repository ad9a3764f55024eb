//! Numbers and times in few columns, and when what they show changes. Whatever is drawn from the time goes through a
//! `Due`, so the instant of the next change is known, and a screen on which nothing counts is never drawn again.

use std::time::Duration;

use crate::domain::clock::{Time, Zone};
use crate::domain::quota::meter::age_step;

/// The time, and the earliest later instant at which something that was written with it looks different.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// The time.
    pub now: Time,
    zone: Zone,
    next: Option<Time>,
    /// Nothing counts faster than by the minute.
    calm: bool,
}

impl Due {
    /// Nothing written yet.
    pub const fn new(now: Time, zone: Zone) -> Self {
        Self { now, zone, next: None, calm: false }
    }

    /// The same; `calm`: nothing in it counts faster than by the minute.
    #[must_use]
    pub const fn calm(self, calm: bool) -> Self {
        Self { calm, ..self }
    }

    /// A time that has passed: the time of this day, else its day.
    pub fn day(&self, at: Time) -> String {
        let today = self.zone.ymd(self.now);
        let day = self.zone.ymd(at);
        if day == today { self.zone.hm(at) } else { day }
    }

    /// The next change; None: nothing changes by time alone.
    pub const fn next(&self) -> Option<Time> {
        self.next
    }

    /// Something changes at `at`; nothing is drawn twice in a second for that.
    pub fn at(&mut self, at: Time) {
        if at > self.now {
            let at = at.max(self.now.plus(Duration::from_millis(20)));
            self.next = Some(self.next.map_or(at, |next| next.min(at)));
        }
    }

    /// As [`Due::at`], for what would change many times a second: once a second is enough.
    pub fn slowly_at(&mut self, at: Time) {
        if at > self.now {
            self.at(at.max(self.now.plus(Duration::from_secs(1))));
        }
    }

    /// Time until `at`: `34 s` and `12 m` count down, an hour and more is the time of day, `08:00`, a day and more has
    /// its date.
    pub fn until(&mut self, at: Time) -> String {
        let left = at.since(self.now);
        // Rounded up: at `1 s` there is still something to wait for.
        let secs = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        let (words, unit) = match secs {
            0 => return "now".into(),
            1..=60 if self.calm => {
                self.at(at);
                return "<1 m".into();
            }
            61..100 if self.calm => {
                self.at(at.minus(Duration::from_mins(1)));
                return "2 m".into();
            }
            1..100 => (format!("{secs} s"), Duration::from_secs(1)),
            100..3600 => (format!("{} m", secs.div_ceil(60)), Duration::from_mins(1)),
            3600..86_400 => {
                self.at(at.minus(Duration::from_secs(3599)));
                return self.zone.hm(at);
            }
            _ => {
                self.at(at.minus(Duration::from_secs(86_399)));
                return self.zone.wall(at).format("%-d %b").to_string();
            }
        };
        // The words change when what is left has sunk to one unit less, and minutes turn into seconds.
        let units = left.as_nanos().div_ceil(unit.as_nanos()).saturating_sub(1);
        let next = unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX));
        let next = if secs >= 100 && !self.calm { next.max(Duration::from_secs(99)) } else { next };
        self.at(at.minus(next));
        words
    }

    /// [`Due::until`] in a sentence: `in 34 s`, `at 08:00`, `on 1 Dec`.
    pub fn when(&mut self, at: Time) -> String {
        let words = self.until(at);
        match at.since(self.now).as_secs() {
            0 if words == "now" => words,
            0..3600 if !words.contains(':') => format!("in {words}"),
            0..86_400 => format!("at {words}"),
            _ => format!("on {words}"),
        }
    }

    /// [`Due::until`] behind what lasts so long: `34 s`, `until 08:00`.
    pub fn lasting(&mut self, at: Time) -> String {
        let words = self.until(at);
        let counts = at.since(self.now).as_secs() < 3600 && !words.contains(':');
        if counts { words } else { format!("until {words}") }
    }

    /// Time since `at`: `3 s`, `2 m 5 s`.
    pub fn since(&mut self, at: Time) -> String {
        let secs = self.now.since(at).as_secs();
        if self.calm {
            self.at(at.plus(Duration::from_mins(secs / 60 + 1)));
            return if secs < 60 { "<1 m".into() } else { format!("{} m", secs / 60) };
        }
        self.at(at.plus(Duration::from_secs(secs + 1)));
        if secs < 60 { format!("{secs} s") } else { format!("{} m {:02} s", secs / 60, secs % 60) }
    }

    /// How old what was heard at `at` is, in steps; None: it is fresh.
    pub fn age(&mut self, at: Time) -> Option<String> {
        let (shown, next) = age_step(self.now.since(at));
        self.at(at.plus(next));
        shown.map(|age| match age.as_secs() {
            secs @ 0..3600 => format!("{} m", secs / 60),
            secs @ 3600..172_800 => format!("{} h", secs / 3600),
            secs => format!("{} d", secs / 86_400),
        })
    }

    /// `09:41:02`.
    pub fn clock(&self, at: Time) -> String {
        self.zone.hms(at)
    }

    /// `21 Nov 09:41`.
    pub fn date(&self, at: Time) -> String {
        self.zone.wall(at).format("%-d %b %H:%M").to_string()
    }

    /// `09:41`.
    pub fn short_clock(&self, at: Time) -> String {
        self.zone.hm(at)
    }
}

/// A count in at most five columns: `987`, `5.1k`, `128k`, `1.5M`.
pub fn count(number: u64) -> String {
    // Rounded down: what is left is never shown as more than it is.
    let scaled = |unit: u64, letter: char| match number / unit {
        whole @ 0..100 => match (number % unit) * 10 / unit {
            0 => format!("{whole}{letter}"),
            tenth => format!("{whole}.{tenth}{letter}"),
        },
        whole => format!("{whole}{letter}"),
    };
    match number {
        0..1000 => number.to_string(),
        1000..1_000_000 => scaled(1000, 'k'),
        1_000_000..1_000_000_000 => scaled(1_000_000, 'M'),
        _ => scaled(1_000_000_000, 'G'),
    }
}

/// Bytes in few columns: `987 B`, `4.1 kB`, `31 kB`, `5 MB`.
pub fn size(bytes: u64) -> String {
    let short = count(bytes);
    match short.strip_suffix(|letter: char| letter.is_ascii_alphabetic()) {
        Some(number) => format!("{number} {}B", short.trim_start_matches(|char: char| !char.is_ascii_alphabetic())),
        None => format!("{short} B"),
    }
}

/// How long something took: `0.2 s`, `12.4 s`, `2 m 05 s`.
pub fn took(span: Duration) -> String {
    let tenths = (span.as_millis() + 50) / 100;
    match tenths {
        0..1000 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} m {:02} s", tenths / 600, tenths / 10 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_795_338_000_000);

    fn until(ms: u64) -> (String, Option<u128>) {
        let mut due = Due::new(NOW, Zone::UTC);
        let words = due.until(NOW.plus(Duration::from_millis(ms)));
        (words, due.next().map(|next| next.since(NOW).as_millis()))
    }

    #[test]
    fn a_countdown_knows_its_next_step() {
        for (ms, words, next) in [
            (0, "now", None),
            (400, "1 s", Some(400)),
            (1000, "1 s", Some(1000)),
            (33_300, "34 s", Some(300)),
            (34_000, "34 s", Some(1000)),
            (100_000, "2 m", Some(1000)),
            (125_000, "3 m", Some(5000)),
            (3_599_000, "60 m", Some(59_000)),
            (3_600_000, "10:00", Some(1000)),
            (86_400_000, "23 Nov", Some(1000)),
        ] {
            assert_eq!(until(ms), (words.to_owned(), next), "{ms}");
        }
    }

    #[test]
    fn nothing_counts_by_the_second_where_little_may_move() {
        for seconds in 1..7200 {
            let mut due = Due::new(NOW, Zone::UTC).calm(true);
            let at = NOW.plus(Duration::from_secs(seconds));
            let words = due.until(at);
            // Whatever it says holds until it says something else.
            let next = due.next().unwrap();
            let just_before = next.minus(Duration::from_millis(1));
            let mut later = Due::new(just_before, Zone::UTC).calm(true);
            assert!(just_before <= NOW || later.until(at) == words, "{seconds}: {words}");
            assert!(!words.ends_with(" s"), "{words}");
            let mut next_due = Due::new(next, Zone::UTC).calm(true);
            next_due.until(at);
            let step = next_due.next().map_or(Duration::from_mins(1), |after| after.since(next));
            assert!(step >= Duration::from_secs(59), "{seconds}: {step:?}");
        }
        let mut due = Due::new(NOW, Zone::UTC).calm(true);
        assert_eq!(due.since(NOW.minus(Duration::from_secs(125))), "2 m");
        assert_eq!(due.next(), Some(NOW.plus(Duration::from_secs(55))));
    }

    #[test]
    fn a_time_stands_in_a_sentence() {
        for (ms, when, lasting) in [
            (0, "now", "now"),
            (34_000, "in 34 s", "34 s"),
            (3_599_500, "at 09:59", "until 09:59"),
            (3_600_000, "at 10:00", "until 10:00"),
            (86_400_000, "on 23 Nov", "until 23 Nov"),
        ] {
            let at = NOW.plus(Duration::from_millis(ms));
            let mut due = Due::new(NOW, Zone::UTC);
            assert_eq!((due.when(at), due.lasting(at)), (when.to_owned(), lasting.to_owned()), "{ms}");
        }
    }

    #[test]
    fn ages_and_elapsed_times_know_theirs() {
        let mut due = Due::new(NOW, Zone::UTC);
        assert_eq!(due.since(NOW.minus(Duration::from_millis(3400))), "3 s");
        assert_eq!(due.next(), Some(NOW.plus(Duration::from_millis(600))));
        for (secs, words, next) in [
            (30, None, 30),
            (60, Some("1 m"), 60),
            (4000, Some("1 h"), 3200),
            (900, Some("15 m"), 300),
            (200_000, Some("2 d"), 1600),
        ] {
            let mut due = Due::new(NOW, Zone::UTC);
            assert_eq!(due.age(NOW.minus(Duration::from_secs(secs))).as_deref(), words, "{secs}");
            assert_eq!(due.next(), Some(NOW.plus(Duration::from_secs(next))), "{secs}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> =
            [0, 999, 1000, 5123, 8000, 99_999, 128_000, 1_500_000, 3_000_000_000].map(count).into();
        assert_eq!(shown, ["0", "999", "1k", "5.1k", "8k", "99.9k", "128k", "1.5M", "3G"]);
        let spans = [40, 240, 12_400, 125_000].map(|ms| took(Duration::from_millis(ms)));
        assert_eq!(spans, ["0.0 s", "0.2 s", "12.4 s", "2 m 05 s"]);
    }
}
