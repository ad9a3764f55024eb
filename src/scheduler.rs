//! Floor 2: the ledger and the policy (pure), the actor (a tokio task), the link. The only writer of quota state and of
//! the store.

/// Commands and reports: the contract with all who use the scheduler.
pub mod link;
