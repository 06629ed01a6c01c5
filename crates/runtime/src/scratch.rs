//! Memory that a thread lends to its decisions, so that they allocate nothing.

use crate::request::{MAX_KEYS, MAX_TEXT};

/// Reusable memory; make one a thread with [`crate::Engine::scratch`].
#[derive(Debug)]
pub struct Scratch {
    /// A COS bucket with its slash (CITE RES-24), or a root account spelled by its uin (CITE RES-21).
    pub(crate) path: String,
    /// Key ids of the request's context in the world's bundle and in the session's.
    pub(crate) keys: [[u32; MAX_KEYS]; 2],
    /// One bit for every state of the largest literal filter.
    pub(crate) marks: Vec<u64>,
}

impl Scratch {
    pub(crate) fn new(states: usize) -> Self {
        Self {
            path: String::with_capacity(MAX_TEXT.saturating_add(8)),
            keys: [[0; MAX_KEYS]; 2],
            marks: vec![0; states.div_ceil(64)],
        }
    }
}
