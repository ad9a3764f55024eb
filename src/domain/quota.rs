//! Quota: limits, what is used of them, and how each number is known. Arithmetic over timestamps, never ticks: asking
//! twice at the same instant gives the same answer, and a clock that jumps does no harm.
//!
//! ```text
//!  Reading (a header, a body) ──observe──▶ ┌───────┐ ──used / remaining / fits──▶ the choice, the gauge
//!  Limit   (catalogue, config) ──────────▶ │ Meter │
//!  an attempt ──reserve─▶ count │ release ▶ └───────┘
//! ```

/// Units, windows, evidence: the words in which a limit is written.
pub mod limit;

/// What one response says of one limit.
pub mod told;

/// What has been counted in a window, by kind of window.
pub mod tally;

/// A cap that nobody told.
pub mod guess;

/// Our count beside the provider's.
pub mod drift;

/// How fast it is used from here.
pub mod rate;

/// A limit with its count: what is left, and when.
pub mod meter;

/// How much a limit wants to be used.
pub mod pressure;

/// What becomes of it.
pub mod forecast;
