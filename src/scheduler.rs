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

/// How long a question may wait.
pub mod patience;

/// One attempt in the air.
pub mod flight;

/// The book of turns and attempts.
pub mod turns;

/// Text on its way to the screens.
pub mod unsaid;

/// What the desk wants done.
pub mod effect;

/// What the desk wants done, gathered.
pub mod outbox;

/// Where questions come in, go to a lane, wait, come back.
pub mod desk;

/// The task that carries out what the desk says.
pub mod actor;
