//! Floor 3: the dashboard's state, pure.
