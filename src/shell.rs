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

/// Keys that were typed in.
pub mod keyring;

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

/// One owner of the data folder, and the others' line to it.
pub mod attach;

/// The endpoint beside the dashboard.
pub mod endpoint;

/// The parts put together: folder, store, roster, scheduler.
pub mod engine;

/// A program's time with a scheduler, its own or another's.
pub mod session;

/// What names on the command line mean.
pub mod names;

/// What is piped in.
pub mod piped;

/// What scripts read as JSON.
pub mod json;

/// One question, one answer.
pub mod ask;

/// The endpoint without a screen.
pub mod serve;

/// A session looked at from outside: who holds the folder, what is kept in it.
pub mod visit;

/// What is left, and who rests.
pub mod status;

/// The log, as rows.
pub mod rows;

/// Lanes taken out of the rotation, and back in.
pub mod switch;

/// What tells other programs where the endpoint is.
pub mod exports;

/// What providers there are.
pub mod providers;

/// The models of each provider, as it lists them.
pub mod models;

/// One small question to each lane.
pub mod check;

/// What recorded exchanges mean.
pub mod inspect;

/// Simulated days: what a policy makes of a world.
pub mod simulate;

/// Files that the user asks for on the screen.
pub mod saved;

/// Text to the clipboard.
pub mod clipboard;

/// Pages of the log for the dashboard.
pub mod pages;

/// A request as a command.
pub mod curl;

/// Files made of the log.
pub mod takeout;

/// What may block, off the event loop.
pub mod errands;

/// What the dashboard reads of what is kept.
pub mod reading;

/// What the dashboard's setup wants.
pub mod setup;

/// What the dashboard wants read.
pub mod chores;

/// What effects of the dashboard do to files and to the clipboard.
pub mod deeds;

/// What code is made of.
pub mod highlight;

/// Letters that come faster than anyone types.
pub mod burst;
/// The user's editor.
pub mod editor;

/// What the dashboard is told of its surroundings.
pub mod surroundings;

/// A pause.
pub mod pause;

/// How much is written to the terminal.
pub mod work;

/// The dashboard without a screen.
pub mod plain;

/// How the dashboard ends.
pub mod ended;

/// The dashboard's event loop.
pub mod run;

/// The terminal, lent.
mod lending;
