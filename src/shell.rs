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

/// A provider asked for what costs nothing.
pub mod asking;

/// Lists of models on the disk.
pub mod lists;

/// Servers asked for their models.
pub mod finder;

/// Accounts asked now and then for what is left.
pub mod watcher;

/// The parts put together: folder, store, roster, scheduler.
pub mod engine;

/// One question, one answer.
pub mod ask;

/// What providers there are.
pub mod providers;

/// The models of each provider, as it lists them.
pub mod models;

/// One small question to each lane.
pub mod check;

/// What recorded exchanges mean.
pub mod inspect;

/// What code is made of.
pub mod highlight;

/// The dashboard's event loop.
pub mod run;
