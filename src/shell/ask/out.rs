//! Where words go: the answer to stdout, all else to stderr.

use std::io::{self, Write};

use crate::domain::text::harmless;

/// A sentence on stderr, over several lines if it has them. Nobody there to read it is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "roundel: {}", harmless(line));
}

/// A piece of text on stdout, at once.
pub fn put(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
