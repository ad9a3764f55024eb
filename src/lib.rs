//! Roundel: a terminal dashboard that gets the most out of free AI APIs.

/// Floor 0: ids, clock, quota arithmetic, header reading, conversation: pure values.
pub mod domain;

/// Floor 1: wire codecs, transport, catalogue: all that knows a provider's JSON.
pub mod providers;

/// Floor 1: SQLite on its own thread.
pub mod store;

/// Floor 1: a pure world of simulated providers, and its wrappers.
pub mod sim;

/// Floor 2: ledger and policy, the actor, the link.
pub mod scheduler;

/// Floor 3: the dashboard's state: `update(msg, now)` and geometry. Pure.
pub mod app;

/// Floor 3: the HTTP endpoint.
pub mod gateway;

/// Floor 4: paints what app has laid out.
pub mod view;

/// Floor 5: terminal guard, event loop, commands that print.
pub mod shell;

/// Floor 6: arguments, one command, an exit code.
pub mod cli;
