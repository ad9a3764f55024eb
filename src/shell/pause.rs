//! A pause of an event loop.

use std::time::Duration;

/// Waits so long; None: for ever. Safe to be dropped half-way.
pub async fn after(span: Option<Duration>) {
    match span {
        Some(span) => tokio::time::sleep(span).await,
        None => std::future::pending().await,
    }
}
