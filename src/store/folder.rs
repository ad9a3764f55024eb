//! The data folder and its lock: one process at a time owns what is in it. The system takes the lock back when the
//! process ends, however it ends. Knows nothing of what is kept in the folder.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::clock::{Time, Zone};
use crate::domain::text;

/// The file that is locked; in it stands who has locked it.
const LOCK: &str = "lock";

/// More than this is no holder's note.
const NOTE: u64 = 1024;

/// The data folder, held for as long as this (or a store opened in it) lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: Arc<File>,
    holder: Holder,
    left_behind: Option<PathBuf>,
}

/// Why the folder cannot be used. Each says what is wrong and a way on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Another process owns it.
    #[error("{}", held(.path, *.pid, .what, *.since))]
    Held {
        /// The folder.
        path: PathBuf,
        /// The process; None: it has not said.
        pid: Option<u32>,
        /// What it is: `dashboard`, `ask`. Empty: it has not said.
        what: String,
        /// Since when; None: it has not said.
        since: Option<Time>,
    },
    /// It cannot be made, or not be written to.
    #[error(
        "cannot use {} as the data folder: {reason}. Put that right, or start with --data-dir <another folder>, or with \
         --ephemeral to keep nothing",
        .path.display()
    )]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Its file system has no locks, without which two processes would write over each other.
    #[error(
        "the file system of {} has no locks ({reason}): start with --data-dir <a folder on a local disk>, or with \
         --ephemeral to keep nothing",
        .path.display()
    )]
    NoLocks {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// What the holder writes of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    what: String,
    since: Time,
    /// Where it listens, if not in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    socket: Option<PathBuf>,
}

impl Folder {
    /// Makes the folder where it is missing (it and its parents for this user alone, 0700; what is there is left as it
    /// is) and takes its lock. `what` says to others who has it: `dashboard`, `ask`.
    pub fn open(dir: &Path, what: &str, now: Time) -> Result<Self, FolderError> {
        let path = dir.to_owned();
        let lock = match private_folder(dir).and_then(|()| private_file(&dir.join(LOCK))) {
            Ok(lock) => lock,
            Err(error) => return Err(FolderError::Unusable { path, reason: reason(&error) }),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(holder(path, &lock)),
            Err(TryLockError::Error(error)) => return Err(FolderError::NoLocks { path, reason: reason(&error) }),
        }
        let left_behind = note(&lock).and_then(|note| note.socket);
        let holder = Holder { pid: std::process::id(), what: what.to_owned(), since: now, socket: None };
        if let Err(error) = sign(&lock, &holder) {
            return Err(FolderError::Unusable { path, reason: reason(&error) });
        }
        Ok(Self { path, lock: Arc::new(lock), holder, left_behind })
    }

    /// Says to others that this process listens at `socket`, which is not in the folder.
    pub fn listens_at(&mut self, socket: &Path) -> io::Result<()> {
        self.holder.socket = Some(socket.to_owned());
        sign(&self.lock, &self.holder)
    }

    /// Where the holder before this one listened outside of the folder. It may not have had the time to clear it away.
    pub fn left_behind(&self) -> Option<&Path> {
        self.left_behind.as_deref()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock, for whoever writes in the folder for longer than this lives.
    pub(super) fn lock(&self) -> Arc<File> {
        Arc::clone(&self.lock)
    }
}

/// Where the holder of `dir` says that it listens; None: nowhere else than in the folder, or nobody holds it.
pub fn socket_elsewhere(dir: &Path) -> Option<PathBuf> {
    note(&File::open(dir.join(LOCK)).ok()?)?.socket
}

/// Opens a file for reading and writing, or makes it for this user alone (0600).
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The system's error in the words that fit the data folder.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "a part of that path is a file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}

fn private_folder(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes who holds the lock into its file.
fn sign(mut lock: &File, holder: &Holder) -> io::Result<()> {
    let note = serde_json::to_vec(holder)?;
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(&note)
}

/// What stands in the lock's file.
fn note(lock: &File) -> Option<Holder> {
    let mut note = String::new();
    lock.take(NOTE).read_to_string(&mut note).ok()?;
    serde_json::from_str(&note).ok()
}

/// Who holds the lock, as far as its file tells.
fn holder(path: PathBuf, lock: &File) -> FolderError {
    match note(lock) {
        Some(Holder { pid, what, since, .. }) => {
            let what = text::shortened(&text::one_line(&what), 40).into_owned();
            FolderError::Held { path, pid: Some(pid), what, since: Some(since) }
        }
        None => FolderError::Held { path, pid: None, what: String::new(), since: None },
    }
}

fn held(path: &Path, pid: Option<u32>, what: &str, since: Option<Time>) -> String {
    let facts: Vec<String> = [
        Some(what.to_owned()).filter(|what| !what.is_empty()),
        pid.map(|pid| format!("process {pid}")),
        since.map(|since| format!("since {}", Zone::Local.wall(since).format("%Y-%m-%d %H:%M"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let who = if facts.is_empty() { String::new() } else { format!(" ({})", facts.join(", ")) };
    format!(
        "another roundel{who} uses {}: quit it first, or start this one with --data-dir <another folder>, or with \
         --ephemeral to keep nothing",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NOON: Time = Time::from_ms(1_795_348_800_000);

    #[test]
    fn the_second_is_told_who_has_it() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("deep/data");
        let first = Folder::open(&dir, "dashboard", NOON).unwrap();
        let error = Folder::open(&dir, "ask", NOON).unwrap_err();
        let pid = std::process::id();
        let expected =
            FolderError::Held { path: dir.clone(), pid: Some(pid), what: "dashboard".into(), since: Some(NOON) };
        assert_eq!(error, expected);
        let since = Zone::Local.wall(NOON).format("%Y-%m-%d %H:%M").to_string();
        assert_eq!(
            error.to_string(),
            format!(
                "another roundel (dashboard, process {pid}, since {since}) uses {}: quit it first, or start this one \
                 with --data-dir <another folder>, or with --ephemeral to keep nothing",
                dir.display()
            )
        );
        drop(first);
        let second = Folder::open(&dir, "ask", NOON).unwrap();
        let error = Folder::open(&dir, "dashboard", NOON).unwrap_err();
        assert!(matches!(error, FolderError::Held { what, .. } if what == "ask"));
        drop(second);
    }

    #[test]
    fn a_holder_that_says_nothing_useful_holds_all_the_same() {
        let temp = tempfile::tempdir().unwrap();
        for note in ["", "{", "{\"pid\":-1}", "\u{1b}[2J"] {
            let lock = private_file(&temp.path().join(LOCK)).unwrap();
            lock.try_lock().unwrap();
            fs::write(temp.path().join(LOCK), note).unwrap();
            let error = Folder::open(temp.path(), "ask", NOON).unwrap_err();
            let path = temp.path().to_owned();
            assert_eq!(error, FolderError::Held { path, pid: None, what: String::new(), since: None }, "{note:?}");
            assert!(error.to_string().starts_with("another roundel uses /"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_this_user_alone_and_what_was_there_is_left() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let temp = tempfile::tempdir().unwrap();
        let old = temp.path().join("old");
        fs::create_dir(&old).unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
        let new = old.join("new/data");
        let _folder = Folder::open(&new, "ask", NOON).unwrap();
        let modes = [&old, &old.join("new"), &new, &new.join(LOCK)].map(|path| mode(path));
        assert_eq!(modes, [0o755, 0o700, 0o700, 0o600]);
    }

    #[test]
    fn a_path_that_cannot_be_says_why_and_the_way_on() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            let error = Folder::open(&path, "ask", NOON).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "cannot use {} as the data folder: a part of that path is a file. Put that right, or start with \
                     --data-dir <another folder>, or with --ephemeral to keep nothing",
                    path.display()
                )
            );
        }
    }
}
