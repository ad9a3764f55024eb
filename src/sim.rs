//! Floor 1: simulated providers, for the demo, the tests and the benches. A pure world, and two ways to speak to it:
//! over loopback HTTP and without sockets. Knows the domain's plain values; counts its limits by itself, so that
//! agreeing with roundel's own arithmetic proves something.

/// A response with the times at which its pieces come.
pub mod exchange;

/// The body of an exchange, played at its own speed.
pub mod body;

/// What simulated models say.
pub mod tour;

/// The providers: (request, now) -> exchange.
pub mod world;

/// The task that owns a world, or a script.
mod keeper;

/// The world without sockets.
pub mod transport;

/// The world over loopback HTTP.
pub mod server;
