//! Floor 2: the ledger and the policy (pure), the actor (a tokio task), the link. The only writer of quota state and of
//! the store.

/// Commands and reports: the contract with all who use the scheduler.
pub mod link;

/// What an earlier run kept.
pub mod kept;

/// Which lane takes the next attempt.
pub mod rotation;

/// For how long what failed rests, and what rests with it.
pub mod resting;

/// What a refusal teaches that names no limit.
pub mod learning;

/// How long a lane's answers are.
pub mod outputs;

/// All meters, and what is held and used of them.
pub mod books;

/// What the ledger keeps of a lane that no screen needs.
pub mod side;

/// Lanes, limits, rests, reservations.
pub mod ledger;

/// What the ledger tells beside the choice.
pub mod outlook;

/// How long a question may wait.
pub mod patience;

/// One attempt in the air.
pub mod flight;

/// The book of turns and attempts.
pub mod turns;

/// The book of conversations.
pub mod conversations;

/// The book of what the endpoint asks.
pub mod calls;

/// What was counted since the start.
pub mod counters;

/// One attempt in the air for an asker of the endpoint.
pub mod relay;

/// Text on its way to the screens.
pub mod unsaid;

/// What the desk wants done.
pub mod effect;

/// What the desk wants done, gathered.
pub mod outbox;

/// The way to the scheduler.
pub mod door;

/// Where questions come in, come back, and end.
pub mod desk;

/// How a question gets to a lane, or waits.
pub mod placing;

/// What the desk tells all at once.
pub mod picture;

/// The same for what the endpoint asks.
pub mod endpoint;

/// The user's hand on the rotation, and the pause.
pub mod control;

/// Who waits for an answer at the endpoint.
pub mod askers;

/// The task that carries out what the desk says.
pub mod actor;
