//! What the tests stand on.

pub(crate) mod house;
pub(crate) mod source;
