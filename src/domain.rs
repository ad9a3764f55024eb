//! Floor 0: pure values. No task, no I/O, no provider's JSON; only the clock reads the time.

/// Instants, clocks, zones.
pub mod clock;

/// Names of lanes, accounts, pools, turns, attempts.
pub mod ids;

/// Text from strangers, made harmless.
pub mod text;

/// Blocks of code in an answer.
pub mod code;

/// Limits and what is left of them.
pub mod quota;

/// Spans as one writes them.
pub mod span;

/// What a request asks of a lane beyond text.
pub mod ability;

/// Providers, accounts and lanes as they are described.
pub mod roster;

/// A plain HTTP exchange: what goes out, what comes in.
pub mod exchange;

/// Rate-limit headers, by dialect.
pub mod headers;

/// What went wrong, and what to do next.
pub mod failure;

/// Files that go along with a question.
pub mod attachment;

/// Requests, answers, turns.
pub mod conversation;

/// Conversations: their names, and how they are asked.
pub mod chat;

/// How a lane stands: ready, or not, and why.
pub mod standing;

/// What of a lane may be taken, and what is kept back.
pub mod allowance;

/// What the user's hand has set.
pub mod hand;

/// How much can still be asked.
pub mod runway;

/// One try of a turn on one lane, as the log shows it.
pub mod attempt;

/// The last day of a lane, as its attempts tell it.
pub mod history;

/// Which rows of the log are meant.
pub mod filter;
/// What clients of the endpoint may have of a day.
pub mod share;

/// What the screen is like.
pub mod look;

/// Whether what happens reaches the disk.
pub mod saving;
