//! Floor 5: all terminal I/O.

/// The thread that writes to the terminal: newest frame only.
pub mod painter;

/// The terminal's modes: taken on entering, given back whatever happens.
pub mod terminal;

/// What the system asks of the program: end, or draw again.
pub mod signals;
