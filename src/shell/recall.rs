//! Reads the last day of a lane from the disk, on a thread where it may wait. One look at a time; of what is asked
//! meanwhile the last is done next.

use std::path::{Path, PathBuf};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::domain::clock::Time;
use crate::domain::history::History;
use crate::domain::standing::Target;
use crate::store::Store;

/// What was read of whom, or why it could not be.
pub type Found = (Target, Result<History, String>);

/// The one who reads.
#[derive(Debug, Default)]
pub struct Reader {
    running: Option<JoinHandle<Found>>,
    wanted: Option<(PathBuf, Target, Time)>,
}

impl Reader {
    /// Reads the last day of `target` up to `now` from the data in `folder`.
    pub fn read(&mut self, folder: &Path, target: Target, now: Time) {
        self.wanted = Some((folder.to_owned(), target, now));
        self.begin();
    }

    fn begin(&mut self) {
        if self.running.is_none()
            && let Some((folder, target, now)) = self.wanted.take()
        {
            self.running = Some(spawn_blocking(move || {
                let found = look(&folder, &target, now);
                (target, found)
            }));
        }
    }

    /// What was read next; waits for ever while nothing is wanted. Can be dropped and asked again.
    pub async fn next(&mut self) -> Found {
        loop {
            let Some(running) = &mut self.running else { return std::future::pending().await };
            let found = running.await;
            self.running = None;
            self.begin();
            // A look that broke has been told by its panic; the next one may go well.
            if let Ok(found) = found {
                return found;
            }
        }
    }
}

fn look(folder: &Path, target: &Target, now: Time) -> Result<History, String> {
    match Store::peek(folder).map_err(|error| error.to_string())? {
        Some(peek) => peek.history(target, now).map_err(|error| error.to_string()),
        None => Ok(History::new(now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_that_was_asked_meanwhile_is_done_next() {
        let temp = tempfile::tempdir().unwrap();
        let now = Time::from_ms(1_795_348_800_000);
        let mut reader = Reader::default();
        for lane in ["a/x", "a/y", "a/z"] {
            reader.read(temp.path(), Target::Lane(lane.into()), now);
        }
        let empty = |lane: &str| (Target::Lane(lane.into()), Ok(History::new(now)));
        assert_eq!([reader.next().await, reader.next().await], [empty("a/x"), empty("a/z")]);
        std::fs::write(temp.path().join("roundel.db"), "no database at all".repeat(100)).unwrap();
        reader.read(temp.path(), Target::Account("a".into()), now);
        let (_, found) = reader.next().await;
        assert!(found.is_err_and(|why| why.ends_with("the database is damaged")));
    }
}
