//! A look at what is kept, while another process may own it: reads, writes nothing, makes nothing, waits for nobody long.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::domain::standing::Rest;
use crate::store::load;

/// How long a writer is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The rests, past ones too; None: there is no database, or none that can be read.
pub(super) fn rests(database: &Path) -> Option<Vec<Rest>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags).ok()?;
    conn.busy_timeout(PATIENCE).ok()?;
    load::rests(&conn).ok()
}
