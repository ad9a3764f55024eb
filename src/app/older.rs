//! The log beyond what is held: which page is wanted, and what becomes of it when it comes.

use crate::app::log::Log;
use crate::app::page::{PAGE, Page, Wanted};
use crate::domain::attempt::{Attempt, Whence};

/// So near to an edge of what is held the next page is asked for.
const NEAR: usize = 100;

impl Log {
    /// The page that is wanted now; None: none, or one is under way.
    pub fn ask(&mut self) -> Option<Wanted> {
        if self.asked.is_some() || self.stuck || !self.stored {
            return None;
        }
        let whence = self.jump.take().or_else(|| self.near())?;
        self.number += 1;
        self.asked = Some((self.number, Some(whence)));
        let filter = self.sieve.filter.clone();
        let count = !filter.is_empty() && self.sieve.counts.is_none();
        Some(Wanted { number: self.number, filter, whence, most: u32::try_from(PAGE).unwrap_or(u32::MAX), count })
    }

    /// The page behind the edge that what is seen is near to.
    fn near(&self) -> Option<Whence> {
        let (rows, window) = (self.window.rows(), &self.window);
        // While the end is followed, nobody reads what is far above it.
        let near = if window.follows() { 0 } else { NEAR };
        let short = rows.len() < window.height();
        if window.before && (window.top() < near || short) {
            return rows.first().map(|row| Whence::Before(row.place())).or(Some(Whence::Last));
        }
        if window.after && window.below() < near {
            return rows.last().map(|row| Whence::After(row.place()));
        }
        None
    }

    /// Takes in a page.
    pub fn read(&mut self, page: Page) {
        let Some((number, whence)) = self.asked.take() else { return };
        if number != page.number {
            self.asked = Some((number, whence));
            return;
        }
        let Some(whence) = whence else { return };
        if page.counts.is_some() {
            self.sieve.counts = page.counts;
        }
        let full = page.rows.len() >= PAGE;
        // What the memory has of a row is newer than what was on the disk.
        let rows: Vec<Attempt> = page.rows.into_iter().map(|row| self.newest(row)).collect();
        let rows: Vec<Attempt> = rows.into_iter().filter(|row| self.sieve.filter.holds(row)).collect();
        match whence {
            Whence::First => {
                self.window.begin_at_first(rows, true);
                self.join_tail(full);
            }
            Whence::Last => {
                let first = rows.first().map(Attempt::place);
                let tail = self.tail.iter().filter(|row| self.sieve.filter.holds(row));
                let newer = tail.filter(|row| !full || Some(row.place()) > first).cloned();
                let mut all: Vec<Attempt> = rows.into_iter().chain(newer).collect();
                all.sort_by_key(Attempt::place);
                all.dedup_by_key(|row| row.place());
                // Who has gone up meanwhile stays there.
                if self.window.follows() || self.window.after {
                    self.window.begin(all, full);
                } else {
                    self.window.prepend(all, full);
                }
            }
            Whence::Before(_) => self.window.prepend(rows, full),
            Whence::After(_) => {
                self.window.append(rows, true);
                self.join_tail(full);
            }
        }
    }

    /// The store could not be read.
    pub fn unread(&mut self, number: u64) {
        if self.asked.as_ref().is_some_and(|(asked, _)| *asked == number) {
            self.asked = None;
            self.stuck = true;
        }
    }

    /// Where what is held has come to what the memory has, or to the end of the store, the memory's rows go behind it.
    fn join_tail(&mut self, more: bool) {
        let last = self.window.rows().last().map(Attempt::place);
        let reached = !more || last >= self.tail.first().map(Attempt::place);
        if reached {
            let tail = self.tail.iter().filter(|row| self.sieve.filter.holds(row) && Some(row.place()) > last);
            let newer = tail.cloned().collect();
            self.window.append(newer, false);
        }
    }

    fn newest(&self, row: Attempt) -> Attempt {
        match self.tail.binary_search_by_key(&row.place(), Attempt::place) {
            Ok(at) => self.tail.get(at).cloned().unwrap_or(row),
            Err(_) => row,
        }
    }

    /// Without a store it is the memory that goes on behind what is held.
    pub(in crate::app) fn go_on(&mut self) {
        if !self.stored && self.window.after && self.window.below() < NEAR {
            self.join_tail(false);
        }
    }
}
