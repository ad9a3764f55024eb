//! Floor 1: SQLite on a thread of its own. What happens is handed over without waiting and reaches the disk within
//! about half a second; where it does not, that is said, and kept in memory until it does. Knows the domain's values
//! and nothing of those who make them.
//!
//! ```text
//!              write            1,024 places            one transaction each 250 ms at most
//!  the actor ────────▶ backlog ──────────────▶ thread: pending ──────────────▶ roundel.db
//!      ▲               (only when the queue    merged by key      │ fails: kept, tried again each second
//!      │                is full; by key)                          ▼
//!      └────────────────── saving(): Yes, No { since, why }, Never ── check(): the disk does not answer
//! ```
//!
//! | queue | from -> to | bound | when full | when closed |
//! |---|---|---|---|---|
//! | writes | actor -> thread | 1,024 | kept by the sender, merged by key, sent on at the next write or check | the thread saves what it has, and ends |
//! | bell | actor -> thread | 1 | it rings already | the thread tries once more, and ends |

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::attempt::Retention;
use crate::domain::clock::{Clock, Time};
use crate::domain::saving::Saving;
use crate::domain::standing::Rest;
use crate::store::error::{NotSaved, StoreError};
use crate::store::folder::Folder;
use crate::store::load::Loaded;
use crate::store::peek::{Peek, Unreadable};
use crate::store::pending::Pending;
use crate::store::thread::Ends;
use crate::store::write::Write;

/// Values for the tests.
#[cfg(test)]
mod samples;

/// What can go wrong, and the way on.
pub mod error;

/// The data folder and its lock.
pub mod folder;

/// How values stand in columns.
mod column;

/// The tables.
mod schema;

/// What can be written, and what waits to be.
pub mod write;

/// What waits to be written.
mod pending;

/// What is read at the start.
pub mod load;

/// A filter in the words of SQL.
mod clauses;
/// The last day of a lane.
mod recall;

/// A look at what is kept.
pub mod peek;

/// The log page by page.
mod pages;
/// A look at conversations.
pub mod shelf;

/// What becomes of old log rows.
mod prune;

/// The thread that owns the connection.
mod thread;

/// The database's name in the data folder.
pub const DATABASE: &str = "roundel.db";

/// A write that is not on the disk after this long, without an error: the disk does not answer.
const HUNG: Duration = Duration::from_secs(3);

/// The actor's end of the store. Dropped without [`Store::close`], the thread tries once to save what it was given.
#[derive(Debug)]
pub struct Store {
    saving: watch::Sender<Saving>,
    /// None: nothing is kept.
    line: Option<Line>,
}

/// The way to the thread, and what is known of its progress.
#[derive(Debug)]
struct Line {
    ends: Ends,
    /// Writes put into the queue so far.
    sent: u64,
    /// Writes for which the queue had no room.
    backlog: Pending,
    /// A number of writes that were not all on the disk at this time.
    mark: Option<(u64, Time)>,
    /// What [`Store::check`] published, to be taken back.
    alarm: Option<Saving>,
}

impl Store {
    /// Opens the database of `folder`, or makes it, reads what is needed at the start, and marks as interrupted what was
    /// in flight when roundel ended. Blocks: the disk is read, and a database that another program has locked is waited
    /// for (two seconds). The folder stays locked for as long as the store writes.
    pub fn open(folder: &Folder, clock: Clock) -> Result<(Self, Loaded), StoreError> {
        Self::open_keeping(folder, clock, None)
    }

    /// [`Store::open`], for who stays: rows of the log beyond these bounds are deleted; None: no row is.
    pub fn open_keeping(
        folder: &Folder,
        clock: Clock,
        retention: Option<Retention>,
    ) -> Result<(Self, Loaded), StoreError> {
        let (ends, loaded) = thread::open(folder, &folder.path().join(DATABASE), clock, retention)?;
        Ok((Self::over(ends), loaded))
    }

    /// The rests that are kept in `folder`, past ones too, without owning it; none where nothing is kept or can be read.
    pub fn rests(folder: &Path) -> Vec<Rest> {
        peek::rests(&folder.join(DATABASE)).unwrap_or_default()
    }

    /// A look at what is kept in `folder`, without owning it. None: nothing is.
    pub fn peek(folder: &Path) -> Result<Option<Peek>, Unreadable> {
        Peek::open(&folder.join(DATABASE))
    }

    /// A store that keeps nothing, as the user asked.
    pub fn ephemeral() -> Self {
        Self { saving: watch::Sender::new(Saving::Never), line: None }
    }

    fn over(ends: Ends) -> Self {
        let saving = ends.saving.clone();
        let backlog = Pending::default();
        Self { saving, line: Some(Line { ends, sent: 0, backlog, mark: None, alarm: None }) }
    }

    /// Whether anything is kept at all.
    pub const fn keeps(&self) -> bool {
        self.line.is_some()
    }

    /// Hands over what is to be kept; never waits. False: the queue is full, and it waits here, in memory, for the next
    /// [`Store::write`] or [`Store::check`]; nothing is lost by that.
    pub fn write(&mut self, write: Write) -> bool {
        self.line.as_mut().is_none_or(|line| {
            line.backlog.put(write);
            line.push()
        })
    }

    /// Whether what was handed over is not all on the disk yet. While it is so, [`Store::check`] wants to be called
    /// about once a second.
    pub fn is_behind(&self) -> bool {
        self.line.as_ref().is_some_and(Line::is_behind)
    }

    /// Whether it reaches the disk; changes as it does, and with [`Store::check`].
    pub fn saving(&self) -> watch::Receiver<Saving> {
        self.saving.subscribe()
    }

    /// Looks after the thread: a disk that hangs keeps it from telling so itself. Publishes and returns what is found.
    pub fn check(&mut self, now: Time) -> Saving {
        if let Some(line) = &mut self.line {
            line.push();
            line.look(now, &self.saving);
        }
        self.saving.borrow().clone()
    }

    /// Saves at once what was handed over, and waits for it, at most for `patience`.
    pub async fn flush(&mut self, patience: Duration) -> Result<(), NotSaved> {
        let Some(line) = &mut self.line else { return Ok(()) };
        match tokio::time::timeout(patience, line.settle()).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(line.not_saved(&self.saving)),
        }
    }

    /// Saves what was handed over and ends the thread; gives up after `patience`.
    pub async fn close(self, patience: Duration) -> Result<(), NotSaved> {
        let Some(mut line) = self.line else { return Ok(()) };
        let mut saved = false;
        let ended = async {
            saved = line.settle().await;
            if saved {
                line.ends.hang_up();
                // The thread's last deed is to let go of this; its connection is closed by then.
                while line.ends.committed.changed().await.is_ok() {}
            }
        };
        let in_time = tokio::time::timeout(patience, ended).await.is_ok();
        if !in_time && saved {
            tracing::warn!("the database was saved, but not closed in time");
        }
        if saved { Ok(()) } else { Err(line.not_saved(&self.saving)) }
    }
}

impl Line {
    /// Moves the backlog into the queue; false where it did not all fit.
    fn push(&mut self) -> bool {
        while let Some(write) = self.backlog.pop() {
            match self.ends.send(write) {
                Ok(()) => self.sent += 1,
                Err(write) => {
                    self.backlog.put(*write);
                    // A burst is not kept waiting for the next batch; a disk that fails is not asked more often.
                    if *self.ends.saving.borrow() == Saving::Yes {
                        self.ends.ring();
                    }
                    return false;
                }
            }
        }
        if self.backlog.lost() > 0 {
            tracing::warn!(rows = self.backlog.lost(), "the queue has room again; rows were lost");
        }
        self.backlog.clear();
        true
    }

    /// An alarm that stands has to be taken back by the next look, even if the thread was quicker.
    fn is_behind(&self) -> bool {
        self.alarm.is_some() || self.is_unsaved()
    }

    fn is_unsaved(&self) -> bool {
        !self.backlog.is_empty() || *self.ends.committed.borrow() < self.sent
    }

    fn look(&mut self, now: Time, saving: &watch::Sender<Saving>) {
        let committed = *self.ends.committed.borrow();
        let over = self.ends.is_over();
        // A clock set back begins the wait anew.
        if self.mark.is_none_or(|(sent, since)| committed >= sent && !over || now < since) {
            self.mark = self.is_unsaved().then_some((self.sent, now));
        }
        let late = self.mark.filter(|(_, since)| over || now.since(*since) > HUNG);
        if let Some((_, since)) = late {
            let why =
                if over { "saving has ended by a fault: start roundel again" } else { "the disk does not answer" };
            let alarm = Saving::No { since, why: self.backlog.with_losses(why) };
            // What the thread itself says is more exact.
            saving.send_if_modified(|said| {
                let ours = *said == Saving::Yes || self.alarm.as_ref() == Some(said);
                let news = ours && *said != alarm;
                if news {
                    *said = alarm.clone();
                }
                news
            });
            self.alarm = Some(alarm);
        } else if let Some(alarm) = self.alarm.take() {
            saving.send_if_modified(|said| {
                let ours = *said == alarm;
                if ours {
                    *said = Saving::Yes;
                }
                ours
            });
        }
    }

    /// Waits until all is on the disk; false: the thread is gone.
    async fn settle(&mut self) -> bool {
        loop {
            self.push();
            if !self.is_unsaved() {
                return true;
            }
            self.ends.ring();
            if self.ends.committed.changed().await.is_err() {
                return false;
            }
        }
    }

    fn not_saved(&self, saving: &watch::Sender<Saving>) -> NotSaved {
        let unsaved = self.sent.saturating_sub(*self.ends.committed.borrow());
        let changes = unsaved.saturating_add(self.backlog.len() as u64);
        let why = match &*saving.borrow() {
            Saving::No { why, .. } => why.clone(),
            Saving::Yes | Saving::Never => "the disk does not answer".into(),
        };
        NotSaved { changes, why }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::attempt::Outcome;
    use crate::domain::conversation::TurnState;
    use crate::domain::ids::AttemptId;
    use crate::store::folder::FolderError;
    use crate::store::load::tests::{everything, writes};
    use crate::store::samples::{NOON, attempt, turn};

    /// Far longer than anything here takes; only a test that fails waits for it.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A clock that stands still.
    fn noon() -> Clock {
        Clock::Virtual { origin: NOON, start: tokio::time::Instant::now() + Duration::from_hours(24) }
    }

    fn open(path: &Path) -> (Folder, Store, Loaded) {
        let folder = Folder::open(path, "dashboard", NOON).unwrap();
        let (store, loaded) = Store::open(&folder, noon()).unwrap();
        (folder, store, loaded)
    }

    /// A store that waits for as long as `busy` where the database is locked.
    fn patient(path: &Path, busy: Duration) -> Store {
        Store::over(thread::spawn(schema::open(&path.join(DATABASE), busy).unwrap(), None, noon(), None).unwrap())
    }

    fn log(id: u64) -> Write {
        Write::Attempt(Box::new(attempt(id, Outcome::Answered)))
    }

    async fn until(saving: &mut watch::Receiver<Saving>, what: &Saving) {
        let found = tokio::time::timeout(PATIENCE, saving.wait_for(|saving| saving == what)).await.is_ok();
        assert!(found, "{:?} instead of {what:?}", saving.borrow());
    }

    async fn ended(mut committed: watch::Receiver<u64>) {
        let ended = async { while committed.changed().await.is_ok() {} };
        tokio::time::timeout(PATIENCE, ended).await.unwrap();
    }

    fn no(why: &str) -> Saving {
        Saving::No { since: NOON, why: why.into() }
    }

    #[tokio::test]
    async fn old_rows_go_while_nothing_waits_to_be_written() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, mut store, _) = open(temp.path());
        for id in 1..=900 {
            store.write(log(id));
        }
        store.close(PATIENCE).await.unwrap();
        drop(folder);
        let folder = Folder::open(temp.path(), "dashboard", NOON).unwrap();
        let retention = Retention { most: 30, ..Retention::default() };
        let (mut store, _) = Store::open_keeping(&folder, noon(), Some(retention)).unwrap();
        let peek = Store::peek(temp.path()).unwrap().unwrap();
        let rows = || peek.count(&crate::domain::filter::Filter::default()).unwrap().1;
        while rows() > 30 {
            tokio::task::yield_now().await;
        }
        // And it still writes.
        store.write(log(901));
        store.flush(PATIENCE).await.unwrap();
        assert_eq!(rows(), 31);
        store.close(PATIENCE).await.unwrap();
    }

    #[tokio::test]
    async fn everything_is_there_at_the_next_start() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, mut store, loaded) = open(temp.path());
        assert_eq!((loaded, store.is_behind()), (Loaded::default(), false));
        let expected = everything();
        for write in writes(&expected) {
            assert!(store.write(write));
        }
        assert!(store.is_behind());
        store.close(PATIENCE).await.unwrap();
        drop(folder);
        let (_folder, store, loaded) = open(temp.path());
        assert_eq!(loaded, expected);
        store.close(PATIENCE).await.unwrap();
    }

    #[tokio::test]
    async fn it_is_saved_without_being_asked() {
        let temp = tempfile::tempdir().unwrap();
        let (_folder, mut store, _) = open(temp.path());
        let mut committed = store.line.as_ref().unwrap().ends.committed.clone();
        assert!(store.write(log(1)));
        tokio::time::timeout(PATIENCE, committed.wait_for(|committed| *committed == 1)).await.unwrap().unwrap();
        assert!(!store.is_behind());
        assert_eq!((store.check(NOON), store.saving().borrow().clone()), (Saving::Yes, Saving::Yes));
    }

    /// The files as a kill leaves them: the log not merged, its last bytes missing or not.
    #[tokio::test]
    async fn after_a_kill_all_commits_are_there_as_a_whole() {
        let temp = tempfile::tempdir().unwrap();
        let (_folder, mut store, _) = open(temp.path());
        assert!(store.write(Write::Turn(Box::new(turn(1, TurnState::Running)))));
        store.flush(PATIENCE).await.unwrap();
        let wal = format!("{DATABASE}-wal");
        let first = std::fs::metadata(temp.path().join(&wal)).unwrap().len();
        assert!(store.write(log(2)));
        store.flush(PATIENCE).await.unwrap();
        let whole = std::fs::read(temp.path().join(&wal)).unwrap();
        for (bytes, attempts) in [(whole.len(), 1), (whole.len() - 1, 0), (usize::try_from(first).unwrap(), 0)] {
            let killed = tempfile::tempdir().unwrap();
            std::fs::copy(temp.path().join(DATABASE), killed.path().join(DATABASE)).unwrap();
            std::fs::write(killed.path().join(&wal), &whole[..bytes]).unwrap();
            let (folder, again, loaded) = open(killed.path());
            assert_eq!(loaded.turns, [turn(1, TurnState::Interrupted)]);
            assert_eq!((loaded.attempts.len(), loaded.skipped), (attempts, 0), "{bytes} bytes");
            again.close(PATIENCE).await.unwrap();
            drop(folder);
            assert_eq!(open(killed.path()).2, loaded);
        }
    }

    #[tokio::test]
    async fn dropped_without_a_word_it_saves_what_it_was_given() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, mut store, _) = open(temp.path());
        assert!(store.write(log(1)));
        let committed = store.line.as_ref().unwrap().ends.committed.clone();
        drop(store);
        ended(committed).await;
        drop(folder);
        assert_eq!(open(temp.path()).2.last_attempt, Some(AttemptId(1)));
    }

    #[tokio::test]
    async fn a_full_disk_is_said_and_nothing_is_lost() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join(DATABASE);
        let conn = schema::open(&path, PATIENCE).unwrap();
        conn.execute_batch("CREATE TABLE filler (a); INSERT INTO filler VALUES (zeroblob(1000000))").unwrap();
        let pages: u32 = conn.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let mut store = Store::over(thread::spawn(conn, None, noon(), None).unwrap());
        let mut saving = store.saving();
        let mut long = turn(1, TurnState::Done);
        long.answer = "long ".repeat(50_000);
        assert!(store.write(Write::Turn(Box::new(long.clone()))));
        until(&mut saving, &no("the disk is full: free some space")).await;
        assert!(store.write(log(1)));
        assert!(store.is_behind());
        // The thread knows better than the one who waits.
        assert_eq!(store.check(NOON), no("the disk is full: free some space"));
        assert_eq!(store.check(NOON.plus(PATIENCE)), no("the disk is full: free some space"));
        schema::open(&path, PATIENCE).unwrap().execute_batch("DROP TABLE filler").unwrap();
        until(&mut saving, &Saving::Yes).await;
        store.close(PATIENCE).await.unwrap();
        let (_folder, _store, loaded) = open(temp.path());
        assert_eq!((loaded.turns, loaded.last_attempt), (vec![long], Some(AttemptId(1))));
    }

    #[tokio::test]
    async fn a_locked_database_is_said_and_tried_again() {
        let temp = tempfile::tempdir().unwrap();
        let mut store = patient(temp.path(), Duration::from_millis(10));
        let other = schema::open(&temp.path().join(DATABASE), PATIENCE).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(store.write(Write::Draft("hel".into())));
        let mut saving = store.saving();
        until(&mut saving, &no("another program has locked the database")).await;
        let error = store.flush(Duration::ZERO).await.unwrap_err();
        assert_eq!(error, NotSaved { changes: 1, why: "another program has locked the database".into() });
        other.execute_batch("ROLLBACK").unwrap();
        until(&mut saving, &Saving::Yes).await;
        let draft: String = other.query_row("SELECT value FROM notes", [], |row| row.get(0)).unwrap();
        assert_eq!(draft, "hel");
    }

    #[tokio::test]
    async fn a_disk_that_hangs_is_noticed_and_its_return_too() {
        let temp = tempfile::tempdir().unwrap();
        let mut store = patient(temp.path(), PATIENCE);
        let other = schema::open(&temp.path().join(DATABASE), PATIENCE).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let all = 5000;
        let placed = (1..=all).filter(|id| store.write(log(*id))).count();
        assert!((1024..3000).contains(&placed), "{placed} in the queue");
        assert_eq!(store.check(NOON), Saving::Yes);
        assert_eq!(store.check(NOON.plus(HUNG)), Saving::Yes);
        let mut saving = store.saving();
        let late = NOON.plus(HUNG + Duration::from_millis(1));
        assert_eq!(store.check(late), no("the disk does not answer"));
        assert!(saving.has_changed().unwrap());
        let error = store.flush(Duration::ZERO).await.unwrap_err();
        assert_eq!(error, NotSaved { changes: all, why: "the disk does not answer".into() });
        other.execute_batch("ROLLBACK").unwrap();
        store.flush(PATIENCE).await.unwrap();
        until(&mut saving, &Saving::Yes).await;
        assert_eq!(store.check(late), Saving::Yes);
        let kept: u32 = other.query_row("SELECT count(*) FROM attempts", [], |row| row.get(0)).unwrap();
        assert_eq!(u64::from(kept), all);
    }

    #[tokio::test]
    async fn an_alarm_that_came_too_late_is_taken_back() {
        let temp = tempfile::tempdir().unwrap();
        let (_folder, mut store, _) = open(temp.path());
        let alarm = no("the disk does not answer");
        store.saving.send_replace(alarm.clone());
        store.line.as_mut().unwrap().alarm = Some(alarm);
        assert!(store.is_behind());
        assert_eq!(store.check(NOON), Saving::Yes);
        assert!(!store.is_behind());
    }

    #[tokio::test]
    async fn a_thread_that_has_ended_is_noticed() {
        let temp = tempfile::tempdir().unwrap();
        let (_folder, mut store, _) = open(temp.path());
        let ends = &mut store.line.as_mut().unwrap().ends;
        ends.hang_up();
        ended(ends.committed.clone()).await;
        assert!(!store.write(log(1)));
        let why = "saving has ended by a fault: start roundel again";
        assert_eq!(store.check(NOON), no(why));
        assert_eq!(store.check(NOON.plus(PATIENCE)), no(why));
        assert_eq!(store.close(PATIENCE).await, Err(NotSaved { changes: 1, why: why.into() }));
    }

    #[tokio::test]
    async fn a_clock_set_back_begins_the_wait_anew() {
        let temp = tempfile::tempdir().unwrap();
        let mut store = patient(temp.path(), PATIENCE);
        let other = schema::open(&temp.path().join(DATABASE), PATIENCE).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(store.write(log(1)));
        assert_eq!(store.check(NOON.plus(PATIENCE)), Saving::Yes);
        assert_eq!(store.check(NOON), Saving::Yes);
        assert_eq!(store.check(NOON.plus(HUNG * 2)), no("the disk does not answer"));
    }

    #[tokio::test]
    async fn closing_gives_up_and_the_folder_stays_locked_while_the_thread_may_write() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path(), "dashboard", NOON).unwrap();
        let path = temp.path().join(DATABASE);
        let conn = schema::open(&path, PATIENCE).unwrap();
        let mut store = Store::over(thread::spawn(conn, Some(folder.lock()), noon(), None).unwrap());
        let committed = store.line.as_ref().unwrap().ends.committed.clone();
        let other = schema::open(&path, PATIENCE).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(store.write(log(1)));
        let error = store.close(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(error.to_string(), "the last changes (up to 1) were not saved: the disk does not answer");
        drop(folder);
        assert!(matches!(Folder::open(temp.path(), "ask", NOON), Err(FolderError::Held { .. })));
        other.execute_batch("ROLLBACK").unwrap();
        ended(committed).await;
        drop(other);
        assert_eq!(open(temp.path()).2.last_attempt, Some(AttemptId(1)));
    }

    #[tokio::test]
    async fn a_damaged_page_is_found_at_the_start() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, mut store, _) = open(temp.path());
        for write in writes(&everything()) {
            assert!(store.write(write));
        }
        store.close(PATIENCE).await.unwrap();
        let path = temp.path().join(DATABASE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4096..].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
        let error = Store::open(&folder, noon()).unwrap_err();
        assert!(matches!(error, StoreError::Broken { .. }), "{error}");
    }

    #[tokio::test]
    async fn nothing_is_kept_where_nothing_shall_be() {
        let mut store = Store::ephemeral();
        assert!(store.write(log(1)));
        assert_eq!((store.check(NOON), store.saving().borrow().clone()), (Saving::Never, Saving::Never));
        assert!(!store.is_behind());
        store.flush(PATIENCE).await.unwrap();
        store.close(PATIENCE).await.unwrap();
    }
}
