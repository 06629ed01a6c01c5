//! The file between compiler and runtime: its schema, its writer and its only reader.
//!
//! A bundle is a plain header and an rkyv archive of flat arrays of little-endian integers and UTF-8
//! text (FORMAT.md describes them byte by byte). [`Bundle::open`] trusts nothing: header, size, digest,
//! archive structure, then one linear pass that checks every index, range and order, so that whoever
//! reads an opened bundle can neither panic nor loop. Reads still go through checked accessors that
//! return `Option`: the pass is the contract, the accessors are the seat belt.
//!
//! A bundle may stand in an envelope that somebody signed: [`sign`] makes it, [`Bundle::open_signed`] verifies it.

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

mod certificate;
pub mod dictionary;
mod envelope;
mod error;
pub mod hash;
mod header;
mod key;
mod open;
pub mod schema;
pub mod slots;
mod verify;
mod words;
mod write;

pub use certificate::Certificate;
pub use envelope::{ENVELOPE_BYTES, ENVELOPE_VERSION, Envelope, Trust, sign};
pub use error::{OpenError, OpenErrorKind};
pub use header::FORMAT_VERSION;
pub use key::{KeyError, KeyErrorKind, PublicKey, SecretKey};
pub use open::Bundle;
pub use schema::{Root, Section, Tables};
pub use verify::{FullReport, verify_full};
pub use words::{NONE, Range, Text, Words};
pub use write::{WriteError, write};

/// Two digits a byte.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
