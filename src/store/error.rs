//! What can go wrong with the database, named after what to do next, in sentences that say so. Knows `SQLite`'s codes,
//! so that nobody else does.

use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode, ffi};

/// Why the database could not be opened. Each says what is wrong and a way on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Made by a later version, whose tables this one does not know: nothing was touched.
    #[error(
        "{} was made by a newer roundel (its tables have version {found}, this one knows up to {known}): update \
         roundel, or start with --data-dir <another folder>, or with --ephemeral to keep nothing",
        .path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The latest version known here.
        known: i64,
    },
    /// Not a database, or a damaged one: nothing in it was changed.
    #[error(
        "{} is damaged, or no database of roundel ({reason}): put it aside with `{}` and start again with an empty one, \
         or start with --ephemeral to keep nothing",
        .path.display(), aside(.path)
    )]
    Broken {
        /// The database.
        path: PathBuf,
        /// What `SQLite` says.
        reason: String,
    },
    /// Another program holds it.
    #[error(
        "{} is locked by another program: close what has it open (a database browser, a backup) and start again, or \
         start with --ephemeral to keep nothing",
        .path.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// No room.
    #[error(
        "there is no room for {}: free some space on its disk, or start with --data-dir <a folder on another disk>, or \
         with --ephemeral to keep nothing",
        .path.display()
    )]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Anything else: permissions, a disk that fails.
    #[error(
        "cannot use {}: {reason}. Put that right, or start with --data-dir <another folder>, or with --ephemeral to keep \
         nothing",
        .path.display()
    )]
    Other {
        /// The database.
        path: PathBuf,
        /// What the system or `SQLite` says.
        reason: String,
    },
}

/// What happened last did not reach the disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the last changes (up to {changes}) were not saved: {why}")]
pub struct NotSaved {
    /// How many at most.
    pub changes: u64,
    /// Why, in words.
    pub why: String,
}

impl StoreError {
    /// What `error` means for opening `path`.
    pub(super) fn of(path: &Path, error: &Error) -> Self {
        let path = path.to_owned();
        // The tables are not those that the version promises.
        let misfit = matches!(error, Error::SqlInputError { .. } | Error::InvalidColumnName(_));
        match code(error) {
            _ if misfit => Self::Broken { path, reason: words(error) },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) => {
                Self::Broken { path, reason: words(error) }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            _ => Self::Other { path, reason: words(error) },
        }
    }
}

/// Why nothing can be written now, in words that say what to do.
pub(super) fn why(error: &Error) -> String {
    match code(error) {
        Some(ErrorCode::DiskFull) => "the disk is full: free some space".into(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program has locked the database".into(),
        Some(ErrorCode::ReadOnly) => "the database has become read-only".into(),
        Some(ErrorCode::SystemIoFailure) => "the disk reports an error".into(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => "the database is damaged".into(),
        _ => words(error),
    }
}

/// Whether the row itself is at fault, so that trying again is in vain.
pub(super) fn blames_the_row(error: &Error) -> bool {
    matches!(error, Error::ToSqlConversionFailure(_))
        || matches!(code(error), Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig))
}

/// `SQLite`'s code; of a full disk also where it could not make room for the index of its log, an I/O error to it.
fn code(error: &Error) -> Option<ErrorCode> {
    match error.sqlite_extended_error_code() {
        Some(ffi::SQLITE_IOERR_SHMSIZE) => Some(ErrorCode::DiskFull),
        _ => error.sqlite_error_code(),
    }
}

/// `SQLite`'s own words, without the statement.
fn words(error: &Error) -> String {
    match error {
        Error::SqliteFailure(_, Some(text)) | Error::SqlInputError { msg: text, .. } => text.clone(),
        other => other.to_string(),
    }
}

/// The shell command that keeps the database and what belongs to it, and overwrites nothing.
fn aside(path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    let to = quoted(&folder.join("broken"));
    format!("mkdir {to} && mv {}* {to}", quoted(path))
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_a_way_on() {
        let path = || PathBuf::from("/home/o'neil/roundel/roundel.db");
        let errors = [
            StoreError::Newer { path: path(), found: 9, known: 1 },
            StoreError::Broken { path: path(), reason: "file is not a database".into() },
            StoreError::Locked { path: path() },
            StoreError::Full { path: path() },
            StoreError::Other { path: path(), reason: "unable to open database file".into() },
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.contains("/home/o'neil/roundel/roundel.db") || text.contains(r"o'\''neil"), "{text}");
            assert!(text.contains("--ephemeral") && !text.contains('\n') && !text.contains("  "), "{text}");
        }
    }

    #[test]
    fn a_full_disk_is_known_in_both_its_guises() {
        let path = Path::new("/data/roundel.db");
        for number in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_SHMSIZE] {
            let error = Error::SqliteFailure(ffi::Error::new(number), None);
            assert_eq!(StoreError::of(path, &error), StoreError::Full { path: path.to_owned() });
            assert_eq!(why(&error), "the disk is full: free some space");
        }
    }

    #[test]
    fn a_broken_file_is_kept_by_a_command_that_a_shell_reads() {
        assert_eq!(
            aside(Path::new("/a b/o'neil/roundel.db")),
            r"mkdir '/a b/o'\''neil/broken' && mv '/a b/o'\''neil/roundel.db'* '/a b/o'\''neil/broken'"
        );
    }
}
