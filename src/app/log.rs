//! The request log: one row for each attempt, a turn's attempts under each other, the newest at the bottom. What is
//! read is never moved by what comes. Older rows are read from the store, a page at a time, as one comes near them.
//!
//! ```text
//!  reports ─put─▶ tail (the newest 2,000) ─▶ window (those that are meant; at most 2,000) ─▶ what is seen
//!                                              ▲ page                │ near its edge, or another filter
//!  the store ◀── Effect::ReadLog(Wanted) ──────┴──── one at a time ◀─┘
//! ```

/// The rows that are held.
pub mod window;

/// The filter line.
pub mod sieve;

/// The columns.
pub mod columns;

use crate::app::action::Move;
use crate::app::log::sieve::Sieve;
use crate::app::log::window::{MOST, Window};
use crate::domain::attempt::{Attempt, Outcome, Place, Whence};
use crate::domain::clock::Time;
use crate::domain::ids::{AttemptId, LaneId, TurnId};
use crate::scheduler::link::ATTEMPTS;

pub use crate::app::log::columns::{Columns, pad, status};

/// The log, and what is seen of it.
#[derive(Debug, Default)]
pub struct Log {
    /// The newest rows, whatever is filtered, in the order of the log.
    pub(in crate::app) tail: Vec<Attempt>,
    pub(in crate::app) window: Window,
    pub(in crate::app) sieve: Sieve,
    /// There is a store to read older rows from.
    pub(in crate::app) stored: bool,
    /// What was asked for and has not come; None in it: what comes is not wanted any more.
    pub(in crate::app) asked: Option<(u64, Option<Whence>)>,
    /// A page that is wanted whatever is held: the first or the last.
    pub(in crate::app) jump: Option<Whence>,
    /// The store could not be read: it is not asked again until the user does something.
    pub(in crate::app) stuck: bool,
    pub(in crate::app) number: u64,
    /// The row whose detail is open, wherever the window goes.
    opened: Option<Attempt>,
}

impl Log {
    /// Whether there is a store to read older rows from.
    pub fn set_stored(&mut self, stored: bool) {
        self.stored = stored;
    }

    /// The rows that are held of those that are meant, oldest first.
    pub fn attempts(&self) -> &[Attempt] {
        self.window.rows()
    }

    /// The rows that are held, what is seen of them, what is selected.
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// The filter line.
    pub const fn sieve(&self) -> &Sieve {
        &self.sieve
    }

    /// Whether all that there is is in memory, and older rows are gone.
    pub const fn is_all(&self) -> bool {
        !self.stored
    }

    /// Rows in memory.
    pub fn in_memory(&self) -> usize {
        self.tail.len()
    }

    /// The newest rows anew: what was known of them is replaced. What is read stays where it is.
    pub fn replace_all(&mut self, mut newest: Vec<Attempt>) {
        newest.sort_by_key(Attempt::place);
        let whole = newest.len() < ATTEMPTS;
        if let Some(opened) = &mut self.opened
            && let Some(row) = newest.iter().find(|row| row.id == opened.id)
        {
            opened.clone_from(row);
        }
        if self.window.follows() || self.window.rows().is_empty() {
            self.tail = newest;
            self.begin_at_end(!whole);
            return;
        }
        let first = newest.first().map(Attempt::place);
        let gap = self.window.rows().last().map(Attempt::place) < first && self.stored && !whole;
        self.window.after |= gap;
        for row in newest.clone() {
            self.show(row);
        }
        self.tail = newest;
    }

    /// Takes in a row, new or changed.
    pub fn put(&mut self, attempt: Attempt) {
        if let Some(opened) = self.opened.as_mut().filter(|opened| opened.id == attempt.id) {
            opened.clone_from(&attempt);
        }
        let holds = self.sieve.filter.holds(&attempt);
        let before = match self.tail.binary_search_by_key(&attempt.place(), Attempt::place) {
            Ok(at) => self.tail.get_mut(at).map(|known| {
                let before = self.sieve.filter.holds(known);
                known.clone_from(&attempt);
                before
            }),
            Err(at) => {
                self.tail.insert(at, attempt.clone());
                None
            }
        };
        self.sieve.count(before, holds);
        if self.tail.len() > MOST {
            self.tail.remove(0);
        }
        self.show(attempt);
    }

    fn show(&mut self, attempt: Attempt) {
        if self.sieve.filter.holds(&attempt) {
            self.window.put(attempt);
        } else {
            self.window.remove(attempt.place());
        }
        // Without a store what is let go of is gone.
        self.window.before &= self.stored;
    }

    /// The window begins anew with what the memory has, at its end. `more`: the store may have more than that.
    fn begin_at_end(&mut self, more: bool) {
        let rows = self.tail.iter().filter(|row| self.sieve.filter.holds(row)).cloned().collect();
        self.window.begin(rows, more && self.stored);
        self.jump = None;
        self.forget_asked();
    }

    /// What is under way is not wanted any more.
    fn forget_asked(&mut self) {
        if let Some((_, whence)) = &mut self.asked {
            *whence = None;
        }
    }

    /// The attempts of a turn, of the newest ones.
    pub fn of_turn(&self, turn: TurnId) -> &[Attempt] {
        let from = self.tail.partition_point(|attempt| attempt.turn < turn);
        let rest = self.tail.get(from..).unwrap_or_default();
        let to = rest.partition_point(|attempt| attempt.turn == turn);
        rest.get(..to).unwrap_or_default()
    }

    /// The lane that took a turn after this attempt of it.
    pub fn next_of(&self, attempt: &Attempt) -> Option<&LaneId> {
        let after = |rows: &[Attempt]| rows.partition_point(|row| row.place() <= attempt.place());
        let next = |rows: &'_ [Attempt]| {
            let row = rows.get(after(rows)).filter(|row| row.turn == attempt.turn);
            row.map(Attempt::place)
        };
        let rows = if next(self.window.rows()).is_some() { self.window.rows() } else { &self.tail };
        rows.get(after(rows)).filter(|row| row.turn == attempt.turn).map(|row| &row.lane)
    }

    /// The lanes that were tried for a turn before the last one, in words: `silent/free 429 → steady/big`; empty: none.
    /// `short`: only their accounts.
    pub fn hops(&self, turn: TurnId, short: bool) -> String {
        let tries = self.of_turn(turn);
        let failed = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Failed(_));
        if tries.len() < 2 || tries.iter().filter(failed).count() == 0 {
            return String::new();
        }
        let words: Vec<String> = tries
            .iter()
            .map(|attempt| {
                let lane = if short { attempt.lane.account().to_string() } else { attempt.lane.to_string() };
                match (attempt.outcome, attempt.status) {
                    (Outcome::Failed(_), Some(status)) if status >= 400 => format!("{lane} {status}"),
                    (Outcome::Failed(class), _) => format!("{lane} {}", class.word()),
                    _ => lane,
                }
            })
            .collect();
        words.join(" → ")
    }

    /// Gives it a height.
    pub fn resize(&mut self, height: u16) {
        self.window.resize(height);
    }

    /// The selected attempt.
    pub fn selected_attempt(&self) -> Option<&Attempt> {
        self.window.selected_row()
    }

    /// Selects another row.
    pub fn go(&mut self, way: Move) {
        self.stay();
        match way {
            Move::First if self.window.before => self.jump = Some(Whence::First),
            Move::Last if self.window.after && self.sieve.filter.is_empty() => self.begin_at_end(true),
            Move::Last if self.window.after => self.jump = Some(Whence::Last),
            _ => self.window.go(way),
        }
        self.go_on();
    }

    /// Who goes elsewhere does not want to be taken to the first row any more.
    fn stay(&mut self) {
        self.stuck = false;
        self.jump = self.jump.filter(|whence| *whence != Whence::First);
        if matches!(self.asked, Some((_, Some(Whence::First)))) {
            self.forget_asked();
        }
    }

    /// Selects the row of that number.
    pub fn select(&mut self, number: usize) {
        self.stay();
        self.window.select(number);
        self.go_on();
    }

    /// Moves what is seen, but not the selection.
    pub fn scroll(&mut self, rows: i16) {
        self.stay();
        self.window.scroll(rows);
        self.go_on();
    }

    /// Selects an attempt of the newest ones; whatever hides it is put away.
    pub fn reveal(&mut self, place: Place, now: Time) {
        if self.window.find(place).is_err() {
            self.set_filter(String::new(), now);
            self.begin_at_end(true);
        }
        if let Ok(at) = self.window.find(place) {
            self.window.select(at);
        }
    }

    /// Opens the filter line.
    pub const fn type_filter(&mut self) {
        self.sieve.typing = true;
    }

    /// Letters go elsewhere again; the filter stays.
    pub const fn keep_filter(&mut self) {
        self.sieve.typing = false;
    }

    /// Puts the filter away.
    pub fn clear_filter(&mut self, now: Time) {
        self.sieve.typing = false;
        self.set_filter(String::new(), now);
    }

    /// Filters by another text. What is in memory is shown at once, what the store has as soon as it comes.
    pub fn set_filter(&mut self, text: String, now: Time) {
        if !self.sieve.set(text, now) {
            return;
        }
        self.stuck = false;
        let filtered = !self.sieve.filter.is_empty();
        self.begin_at_end(true);
        if !self.stored {
            let meant = self.window.rows().len() as u64;
            self.sieve.counts = filtered.then_some((meant, self.tail.len() as u64));
        } else if filtered {
            self.jump = Some(Whence::Last);
        }
    }

    /// The selected attempt's detail is opened: it stays at hand.
    pub fn open_selected(&mut self) -> Option<AttemptId> {
        self.opened = self.window.selected_row().cloned();
        self.opened.as_ref().map(|row| row.id)
    }

    /// An attempt that is at hand.
    pub fn find(&self, id: AttemptId) -> Option<&Attempt> {
        let rows = self.opened.iter().chain(self.window.rows()).chain(&self.tail);
        rows.into_iter().find(|row| row.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::due::Due;
    use crate::app::fixture::{NOW, attempt, attempts};
    use crate::app::page::{Page, Wanted};
    use crate::domain::clock::Zone;
    use crate::domain::failure::Class;

    fn row(id: u64) -> Attempt {
        attempt(id, id, 1, "a/b", NOW, Outcome::Answered)
    }

    fn log(rows: u64) -> Log {
        let mut log = Log::default();
        log.resize(4);
        for id in 1..=rows {
            log.put(row(id));
        }
        log
    }

    /// The first row that is seen, the selected one, held rows below, new ones.
    fn state(log: &Log) -> (usize, Option<usize>, usize, u64) {
        let window = log.window();
        (window.top(), window.selected(), window.below(), window.new)
    }

    fn ids(log: &Log) -> Vec<u64> {
        log.window().seen().map(|(_, row)| row.id.0).collect()
    }

    /// A store of rows 1 to `last`, and a screen that was told the newest 500 of them.
    struct Store {
        last: u64,
        pages: u64,
    }

    impl Store {
        fn screen(last: u64) -> (Self, Log) {
            let mut log = Log::default();
            log.set_stored(true);
            log.resize(20);
            log.replace_all((last.saturating_sub(499).max(1)..=last).map(row).collect());
            (Self { last, pages: 0 }, log)
        }

        fn page(&self, wanted: &Wanted) -> Page {
            let meant = |id: &u64| wanted.filter.holds(&row(*id));
            let most = usize::try_from(wanted.most).unwrap();
            let ids: Vec<u64> = match wanted.whence {
                Whence::First => (1..=self.last).filter(meant).take(most).collect(),
                Whence::After(place) => (place.id.0 + 1..=self.last).filter(meant).take(most).collect(),
                Whence::Last => (1..=self.last).rev().filter(meant).take(most).collect(),
                Whence::Before(place) => (1..place.id.0).rev().filter(meant).take(most).collect(),
            };
            let counts = wanted.count.then(|| ((1..=self.last).filter(meant).count() as u64, self.last));
            let mut rows: Vec<Attempt> = ids.into_iter().map(row).collect();
            rows.sort_by_key(Attempt::place);
            Page { number: wanted.number, rows, counts }
        }

        fn serve(&mut self, log: &mut Log) {
            while let Some(wanted) = log.ask() {
                self.pages += 1;
                assert!(log.ask().is_none(), "one at a time");
                log.read(self.page(&wanted));
                assert!(log.window().rows().len() <= MOST);
                assert!(log.window().rows().is_sorted_by_key(Attempt::place));
            }
        }
    }

    #[test]
    fn the_newest_is_followed_until_one_goes_up() {
        let mut log = log(10);
        assert_eq!(state(&log), (6, Some(9), 0, 0));
        log.go(Move::Up);
        assert_eq!(state(&log), (6, Some(8), 0, 0));
        log.put(row(11));
        log.put(row(12));
        assert_eq!(state(&log), (6, Some(8), 2, 2), "what is read stays where it is");
        log.go(Move::First);
        assert_eq!(state(&log), (0, Some(0), 8, 2));
        log.go(Move::Last);
        log.put(row(13));
        assert_eq!(state(&log), (9, Some(12), 0, 0));
        log.scroll(-3);
        log.put(row(14));
        assert_eq!(state(&log), (6, Some(12), 4, 1));
        log.scroll(100);
        assert_eq!((log.window().below(), log.window().new), (0, 0));
    }

    #[test]
    fn tries_of_one_turn_stand_together_and_a_late_one_moves_nothing_under_the_eye() {
        let mut log = log(10);
        log.go(Move::Up);
        let selected = log.selected_attempt().unwrap().id;
        assert_eq!(ids(&log), [7, 8, 9, 10]);
        log.put(attempt(30, 8, 2, "c/d", NOW, Outcome::Running));
        log.put(attempt(30, 8, 2, "c/d", NOW, Outcome::Answered));
        assert_eq!(ids(&log), [8, 30, 9, 10]);
        assert_eq!(log.selected_attempt().unwrap().id, selected);
        assert_eq!(log.of_turn(TurnId(8)).len(), 2);
        assert_eq!(log.of_turn(TurnId(70)), []);
    }

    #[test]
    fn a_hundred_thousand_rows_are_a_few_pages_of_memory() {
        let (mut store, mut log) = Store::screen(100_000);
        store.serve(&mut log);
        assert_eq!((store.pages, ids(&log)[19]), (0, 100_000), "nobody reads what nobody looks at");
        log.go(Move::First);
        store.serve(&mut log);
        assert_eq!((ids(&log)[0], log.selected_attempt().unwrap().id.0), (1, 1));
        assert!(store.pages <= 2);
        // Down to the end, every row once and in order.
        let mut seen = 1;
        while !log.window().follows() {
            log.go(Move::Down);
            store.serve(&mut log);
            seen += 1;
            assert_eq!(log.selected_attempt().unwrap().id.0, seen);
        }
        assert_eq!(seen, 100_000);
        // And up again by pages.
        for _ in 0..1000 {
            let before = log.selected_attempt().unwrap().id.0;
            log.go(Move::PageUp);
            store.serve(&mut log);
            assert_eq!(log.selected_attempt().unwrap().id.0, before - 19);
        }
    }

    #[test]
    fn far_from_the_end_what_comes_is_counted_and_moves_nothing() {
        let (mut store, mut log) = Store::screen(10_000);
        log.go(Move::First);
        store.serve(&mut log);
        log.go(Move::PageDown);
        let before = (ids(&log), log.selected_attempt().unwrap().id);
        for id in 10_001..=10_042 {
            log.put(row(id));
            store.last = id;
        }
        store.serve(&mut log);
        assert_eq!((ids(&log), log.selected_attempt().unwrap().id), before);
        assert_eq!(log.window().new, 42);
        log.go(Move::Last);
        assert_eq!((ids(&log)[19], log.window().new), (10_042, 0));
        // A snapshot after a backlog does not pull anybody down, either.
        log.go(Move::First);
        store.serve(&mut log);
        log.replace_all((20_000..20_500).map(row).collect());
        assert_eq!((ids(&log)[0], log.window().after), (1, true));
    }

    #[test]
    fn who_leaves_is_not_pulled_back_by_a_late_page() {
        let (store, mut log) = Store::screen(10_000);
        log.go(Move::First);
        let wanted = log.ask().unwrap();
        log.go(Move::Up);
        let before = ids(&log);
        log.read(store.page(&wanted));
        assert_eq!(ids(&log), before);
        // A page that cannot be read is not asked for again and again.
        log.go(Move::First);
        let wanted = log.ask().unwrap();
        log.unread(wanted.number);
        assert_eq!(log.ask(), None);
        log.go(Move::First);
        assert!(log.ask().is_some());
    }

    #[test]
    fn a_filter_shows_what_memory_has_and_then_what_the_store_has() {
        let (mut store, mut log) = Store::screen(10_000);
        let set = |log: &mut Log, text: &str| log.set_filter(text.into(), NOW);
        set(&mut log, "nothing");
        let late = log.ask().unwrap();
        set(&mut log, "a/b");
        assert_eq!((ids(&log)[19], log.sieve().counts), (10_000, None));
        log.read(store.page(&late));
        assert_eq!(log.sieve().counts, None, "what belongs to another filter is dropped");
        store.serve(&mut log);
        assert_eq!((ids(&log)[19], log.sieve().counts), (10_000, Some((10_000, 10_000))));
        log.put(row(10_001));
        log.put(Attempt { lane: "c/d".into(), ..row(10_002) });
        assert_eq!((ids(&log)[19], log.sieve().counts), (10_001, Some((10_001, 10_002))));
        // A row that becomes such, and one that is such no longer.
        set(&mut log, "!running");
        store.serve(&mut log);
        log.put(Attempt { outcome: Outcome::Running, ..row(10_003) });
        assert_eq!(ids(&log)[19], 10_002);
        log.put(row(10_003));
        assert_eq!(ids(&log)[19], 10_003);
        // What is wrong filters nothing.
        set(&mut log, "status:odd");
        assert!(log.sieve().bad.is_some() && log.sieve().filter.is_empty());
        assert_eq!(ids(&log)[19], 10_003);
    }

    #[test]
    fn without_a_store_the_memory_is_all_there_is() {
        let mut log = log(3000);
        assert_eq!(log.window().rows().len(), MOST);
        log.go(Move::First);
        assert_eq!((log.ask(), ids(&log)), (None, vec![1001, 1002, 1003, 1004]));
        log.put(row(3001));
        assert_eq!((ids(&log), log.window().new), (vec![1001, 1002, 1003, 1004], 1));
        for _ in 0..2000 {
            log.go(Move::Down);
        }
        assert_eq!((ids(&log), log.window().follows()), (vec![2998, 2999, 3000, 3001], true));
        log.set_filter("nothing".into(), NOW);
        assert_eq!((log.sieve().counts, log.ask()), (Some((0, 2000)), None));
    }

    #[test]
    fn the_way_of_a_turn_is_told_if_it_was_passed_on() {
        let mut log = Log::default();
        log.replace_all(attempts());
        assert_eq!(log.hops(TurnId(1), false), "");
        assert_eq!(log.hops(TurnId(2), false), "silent/free 429 → steady/medium-14b");
        assert_eq!(log.hops(TurnId(2), true), "silent 429 → steady");
        let mut broken = attempt(7, 5, 1, "a/b", NOW, Outcome::Failed(Class::Server));
        broken.status = None;
        log.put(broken.clone());
        log.put(attempt(8, 5, 2, "c/d", NOW, Outcome::Running));
        assert_eq!(log.hops(TurnId(5), false), "a/b server error → c/d");
        assert_eq!(log.next_of(&broken), Some(&"c/d".into()));
        assert_eq!(log.next_of(&attempt(8, 5, 2, "c/d", NOW, Outcome::Running)), None);
    }

    #[test]
    fn rows_fit_every_width() {
        let mut log = Log::default();
        log.replace_all(attempts());
        for width in 0..160 {
            let columns = Columns::new(log.attempts(), width);
            assert!(width < 60 || columns.heading().width() <= width, "{width}");
            for attempt in log.attempts() {
                let row = columns.row(attempt, log.next_of(attempt), width, &mut Due::new(NOW, Zone::UTC));
                assert!(row.width() <= width, "{width}: {row:?}");
            }
        }
    }
}
