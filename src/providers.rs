//! Floor 1: all that knows a provider's wire format.
