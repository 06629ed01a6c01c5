//! What the commands of `camshaft` share, for them and for the suites: from JSON requests to answers.

pub mod coverage;
pub mod decider;
pub mod mutation;
pub mod remedy;
pub mod watch;
pub mod witness;

/// The README, so that its Rust is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
