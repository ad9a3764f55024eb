//! The log file: what goes wrong inside, for a report of a fault. No prompt, no answer, no key is ever written to it.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;

/// A log file larger than this is put aside as `roundel.log.1` at the start.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Where the log file of a data folder stands.
pub fn path(folder: &Path) -> PathBuf {
    folder.join("roundel.log")
}

/// Puts a log file aside that has grown large. For the one who holds the folder, before anyone writes.
pub fn turn_over(folder: &Path) -> io::Result<()> {
    let path = path(folder);
    if path.metadata().is_ok_and(|meta| meta.len() > LARGEST) {
        std::fs::rename(&path, folder.join("roundel.log.1"))?;
    }
    Ok(())
}

/// Opens the log file and writes all further messages to it. `ROUNDEL_LOG` sets the level (default `warn`).
pub fn start(folder: &Path) -> io::Result<File> {
    let path = path(folder);
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path)?;
    let filter = EnvFilter::try_from_env("ROUNDEL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let to = file.try_clone()?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(to);
    // A full disk must not turn a warning into a panic: the fallback would be stderr, which is this very file.
    let written = log.log_internal_errors(false).try_init();
    // A second start in one process (tests, a folder taken over) keeps the first log.
    drop(written);
    Ok(file)
}
