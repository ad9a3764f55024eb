//! Floor 1: simulated providers, for the demo, the tests and the benches.
