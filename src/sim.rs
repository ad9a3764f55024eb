//! Floor 1: simulated providers, for the demo, the tests and the benches. A pure world, and two ways to speak to it:
//! over loopback HTTP and without sockets. Knows the domain's plain values; counts its limits by itself, so that
//! agreeing with roundel's own arithmetic proves something.

/// A response with the times at which its pieces come.
pub mod exchange;

/// What simulated models say.
pub mod tour;

/// The providers: (request, now) -> exchange.
pub mod world;
