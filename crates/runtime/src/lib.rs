//! Decisions from an opened bundle.
//!
//! [`Engine::decide`] takes a request as text and says allow, explicit deny, implicit deny (with the
//! layer) or error (with the code). It allocates nothing, takes no lock, reads no clock and cannot
//! panic. [`Engine::reasons`] gives the same decision with every deciding statement;
//! [`Engine::explain`] shows each statement and where it missed, without the index.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod batch;
mod caller;
mod candidates;
mod checked;
mod combine;
mod context;
mod decision;
mod engine;
mod evaluate;
mod explain;
mod guard;
mod mode;
mod prepared;
mod query;
mod request;
mod row;
mod scratch;
mod shared;
mod view;

pub use decision::{Decision, ErrorCode, Layer, Statement};
pub use engine::{Engine, Matching, Reasons};
pub use explain::{
    Dimension, Explanation, Lack, Miss, Need, Obstacle, Part, PartReport, Prerequisite, ResourceReport,
    StatementReport,
};
pub use prepared::{Action, Principal};
pub use request::{Request, Session, SessionPolicy};
pub use scratch::Scratch;
pub use shared::{Current, EngineReader, SharedEngine, Stamp};
