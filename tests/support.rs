//! What the tests stand on.

pub(crate) mod house;
#[cfg(unix)]
pub(crate) mod pty;
pub(crate) mod source;
#[cfg(unix)]
pub(crate) mod stub;
pub(crate) mod upstream;
pub(crate) mod web;
