//! The language server: what an editor asks while policies and worlds are written.
//!
//! `server` speaks the protocol and keeps the `documents`; `checking` gives their findings, `hover`, `completion`,
//! `actions`, `format` and `symbols` answer one request each. Findings, fixes and canonical forms are those of the
//! frontend; where a text is too broken for it, `outline` still tells what stands where.

mod actions;
mod checking;
mod completion;
mod cursor;
mod diagnostics;
mod documents;
mod format;
mod hover;
mod known;
mod outline;
mod positions;
mod probe;
mod server;
mod settings;
mod symbols;
mod uri;

pub(crate) use server::serve;
pub(crate) use settings::Settings;
