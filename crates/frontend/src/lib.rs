//! Policy documents and worlds in, a checked [`policy::PolicySet`] and every finding out.
//!
//! No I/O (files are handed in), no automata, no bundle format. Nothing stops at the first finding: a
//! document that is refused still reports everything it can.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod diagnostic;
pub mod json;
pub mod policy;
pub mod source;
