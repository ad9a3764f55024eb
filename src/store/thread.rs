//! The thread that owns the connection: it gathers, merges, commits, and tells how that went. Nobody waits for it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use crate::domain::attempt::Retention;
use crate::domain::clock::{Clock, Time};
use crate::domain::saving::Saving;
use crate::store::error::{StoreError, blames_the_row, why};
use crate::store::folder::Folder;
use crate::store::load::{self, Loaded};
use crate::store::pending::Pending;
use crate::store::prune;
use crate::store::schema;
use crate::store::write::{self, Write};

/// Places in the queue of writes.
const QUEUE: usize = 1024;

/// How long another program may have the database locked before a commit fails.
const BUSY: Duration = Duration::from_secs(2);

/// From the first write of a batch to its commit; also the least time between two commits.
const BATCH: Duration = Duration::from_millis(250);

/// From a commit that failed to the next try.
const RETRY: Duration = Duration::from_secs(1);

/// Old rows are looked for after so many writes, or so long, at the next write.
const LOOK_AFTER: u64 = 500;
const LOOK_EACH: Duration = Duration::from_hours(1);

/// The sender's side.
#[derive(Debug)]
pub(super) struct Ends {
    /// None: hung up. The thread saves what it has and ends.
    queue: Option<SyncSender<Write>>,
    /// Closed: the thread gives up after one more try.
    bell: SyncSender<()>,
    /// How many writes of the queue are on the disk.
    pub(super) committed: watch::Receiver<u64>,
    /// What the thread publishes.
    pub(super) saving: watch::Sender<Saving>,
}

impl Ends {
    /// Puts a write into the queue; never waits. Gives it back where there is no room, or nobody who reads.
    pub(super) fn send(&self, write: Write) -> Result<(), Box<Write>> {
        let Some(queue) = &self.queue else { return Err(Box::new(write)) };
        queue.try_send(write).map_err(|error| match error {
            TrySendError::Full(write) | TrySendError::Disconnected(write) => Box::new(write),
        })
    }

    /// Whether the thread has ended.
    pub(super) fn is_over(&self) -> bool {
        self.committed.has_changed().is_err()
    }

    /// Asks for a commit now.
    pub(super) fn ring(&self) {
        match self.bell.try_send(()) {
            Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
        }
    }

    /// No more writes will come.
    pub(super) fn hang_up(&mut self) {
        self.queue = None;
        self.ring();
    }
}

/// Opens the database, reads what was kept, and starts the thread.
pub(super) fn open(
    folder: &Folder,
    path: &Path,
    clock: Clock,
    retention: Option<Retention>,
) -> Result<(Ends, Loaded), StoreError> {
    let mut conn = schema::open(path, BUSY)?;
    let loaded = load::load(&mut conn, clock.now()).map_err(|error| StoreError::of(path, &error))?;
    let ends = spawn(conn, Some(folder.lock()), clock, retention)
        .map_err(|error| StoreError::Other { path: path.to_owned(), reason: error.to_string() })?;
    Ok((ends, loaded))
}

/// Starts the thread. `lock` is let go of when it ends.
pub(super) fn spawn(
    conn: Connection,
    lock: Option<Arc<File>>,
    clock: Clock,
    retention: Option<Retention>,
) -> io::Result<Ends> {
    let (queue, writes) = sync_channel(QUEUE);
    let (bell, rings) = sync_channel(1);
    let saving = watch::Sender::new(Saving::Yes);
    let (done, committed) = watch::channel(0);
    let saver = Saver {
        conn,
        _lock: lock,
        pending: Pending::default(),
        taken: 0,
        since: None,
        clock,
        retention,
        prune: retention.is_some(),
        pruned: (0, clock.now()),
        saving: saving.clone(),
        committed: done,
    };
    std::thread::Builder::new().name("store".into()).spawn(move || saver.run(&writes, &rings))?;
    Ok(Ends { queue: Some(queue), bell, committed, saving })
}

/// The thread's state. What is declared first is let go of first: when `committed` closes, the database is closed and
/// the folder is free.
struct Saver {
    conn: Connection,
    _lock: Option<Arc<File>>,
    pending: Pending,
    /// Writes taken from the queue.
    taken: u64,
    /// The first of the commits that failed in a row.
    since: Option<Time>,
    clock: Clock,
    retention: Option<Retention>,
    /// There may be rows that are too old, or too many.
    prune: bool,
    /// How much was taken, and when it was, when that was looked at last.
    pruned: (u64, Time),
    saving: watch::Sender<Saving>,
    committed: watch::Sender<u64>,
}

impl Saver {
    /// ```text
    ///  wait for a write ──▶ wait 250 ms, or 1 s after a failure, or for the bell ──▶ take all ──▶ commit
    ///       ▲   nothing waits                ▲                     something waits still              │
    ///       └────────────────────────────────┴────────────────────────────────────────────────────────┘
    /// ```
    fn run(mut self, writes: &Receiver<Write>, rings: &Receiver<()>) {
        loop {
            if self.pending.is_empty() {
                // What is old goes while nothing else is to be done, a little at a time.
                while self.prune
                    && let Err(TryRecvError::Empty) = writes.try_recv().map(|write| self.take(write))
                {
                    self.prune_some();
                }
            }
            if self.pending.is_empty() {
                match writes.recv() {
                    Ok(write) => self.take(write),
                    Err(_) => return,
                }
            }
            let wait = if self.since.is_some() { RETRY } else { BATCH };
            let given_up = rings.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected);
            // A sender that is quicker than this must not keep the batch open.
            for write in writes.try_iter().take(QUEUE) {
                self.take(write);
            }
            self.commit();
            if given_up {
                return;
            }
        }
    }

    fn take(&mut self, write: Write) {
        self.taken += 1;
        self.pending.put(write);
    }

    fn prune_some(&mut self) {
        let (now, Some(retention)) = (self.clock.now(), self.retention) else { return self.prune = false };
        self.prune = prune::step(&mut self.conn, retention, now).unwrap_or_else(|error| {
            tracing::warn!(%error, "old rows of the log could not be deleted");
            false
        });
        self.pruned = (self.taken, now);
    }

    fn commit(&mut self) {
        let said = match write_all(&mut self.conn, &self.pending) {
            Ok(()) => {
                if self.pending.lost() > 0 {
                    tracing::warn!(rows = self.pending.lost(), "saving again; rows were lost");
                }
                self.pending.clear();
                self.since = None;
                Saving::Yes
            }
            Err(error) => {
                tracing::warn!(%error, rows = self.pending.len(), "not saved");
                let since = *self.since.get_or_insert_with(|| self.clock.now());
                Saving::No { since, why: self.pending.with_losses(&why(&error)) }
            }
        };
        let saved = said == Saving::Yes;
        self.saving.send_if_modified(|old| {
            let news = *old != said;
            *old = said;
            news
        });
        if saved {
            let (taken, at) = self.pruned;
            self.prune |= self.taken >= taken + LOOK_AFTER || self.clock.now().since(at) >= LOOK_EACH;
            self.committed.send_replace(self.taken);
        }
    }
}

/// All or nothing, except rows that can never be written.
fn write_all(conn: &mut Connection, pending: &Pending) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for row in pending.rows() {
        match write::apply(&tx, row) {
            Err(error) if blames_the_row(&error) => tracing::error!(%error, key = ?row.key(), "a row was left out"),
            result => result?,
        }
    }
    tx.commit()
}
