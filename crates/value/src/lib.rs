//! What policy text and request text share: the grammar of callers, actions and resources, region
//! codes, addresses, dates, decimals, operators, patterns and three-valued truth.
//!
//! This is the only implementation of these in camshaft. The frontend reads policies with it and the
//! runtime reads requests with it: a second copy could drift, and here drift means that a deny no longer
//! meets its target. Nothing in this crate allocates, and it depends on nothing.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod action;
pub mod address;
pub mod alphabet;
pub mod date;
pub mod decimal;
pub mod operator;
pub mod pattern;
pub mod principal;
pub mod region;
pub mod resource;
pub mod search;
pub mod truth;
