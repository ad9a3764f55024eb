//! Floor 5: all terminal I/O.

/// The thread that writes to the terminal: newest frame only.
pub mod painter;

/// The terminal's modes: taken on entering, given back whatever happens.
pub mod terminal;

/// What the system asks of the program: end, or draw again.
pub mod signals;

/// Where things stand on this computer.
pub mod paths;

/// Keys, from files and commands.
pub mod keys;

/// The log file.
pub mod log;

/// What a session is made from: catalogue, config, keys.
pub mod sources;

/// Servers asked for their models.
pub mod finder;

/// The parts put together: folder, store, roster, scheduler.
pub mod engine;

/// One question, one answer.
pub mod ask;

/// What providers there are.
pub mod providers;

/// One small question to each lane.
pub mod check;

/// What recorded exchanges mean.
pub mod inspect;

/// Simulated days: what a policy makes of a world.
pub mod simulate;

/// The dashboard's event loop.
pub mod run;
