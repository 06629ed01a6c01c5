//! Policy documents and worlds in, a checked [`policy::PolicySet`] and every finding out.
//!
//! No I/O (files are handed in), no automata, no bundle format. Nothing stops at the first finding: a
//! document that is refused still reports everything it can.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod action;
pub mod case;
pub mod condition;
pub mod diagnostic;
pub mod document;
mod finding;
pub mod fix;
pub mod format;
pub mod json;
pub mod limits;
pub mod named;
mod network;
pub mod normalize;
pub mod options;
pub mod outline;
pub mod parallel;
mod pattern;
pub mod policy;
mod principal;
mod reader;
pub mod request;
mod resource;
pub mod scope;
pub mod setting;
pub mod source;
pub mod spelling;
mod statement;
mod strict;
pub mod template;
#[cfg(test)]
mod testing;
mod value;
pub mod world;

/// What editors and reports say of values: operators, networks, regions.
pub use camshaft_value::{address, operator, pattern::matches_glob, region};
