//! A checked [`PolicySet`] to the bytes of a bundle.
//!
//! Deterministic (no clock, no hash order, any number of threads gives the same bytes), bounded by
//! budgets, and free of panics. The steps:
//!
//! 1. `actions`: every action entry of the world becomes an interval of ranks;
//! 2. `draft`: every resource entry of every statement becomes a *row* that holds all of its tests,
//!    conditions (`condition`) and networks (`network`) included; many threads make drafts of some thousand
//!    statements each, and `lower` puts them together in the order of the directory;
//! 3. `directory`: who holds what; equal attachment sets share one *block*;
//! 4. `block`: rows are indexed under anchor keys; where a key stays crowded, `group` puts tries and
//!    automata over their tails;
//! 5. `emit`: flat tables, and the bundle.
//!
//! [`analysis`] answers questions about all requests from the statements alone, and [`prove()`] compares a bundle with
//! its statements.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod actions;
pub mod analysis;
mod automaton;
mod block;
mod condition;
mod config;
mod directory;
mod draft;
mod emit;
mod error;
mod group;
mod holdings;
mod intern;
pub mod lint;
mod lower;
mod network;
mod prove;
mod provenance;
mod row;
mod stats;
mod tail;
mod trie;

pub use config::Config;
pub use emit::{Compiled, compile, session};
pub use error::{CompileError, CompileErrorKind};
pub use prove::{Budget, Counterexample, Fault, NotProven, Proof, prove};
pub use stats::{Stats, Strategy};

use camshaft_frontend::policy::PolicySet;
