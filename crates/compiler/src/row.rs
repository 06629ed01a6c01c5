//! Rows before they are numbered into blocks.

use camshaft_bundle::schema::row;

use crate::tail::Tail;

/// One resource entry of one statement, with every test it needs.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The integers of the bundle's row.
    pub(crate) words: [u32; row::WORDS],
    /// The tail, for the index.
    pub(crate) tail: Tail,
    /// Whether a request for `*` can meet it (RES-18): denies of kinds other than resource policies.
    pub(crate) star: bool,
}

impl Row {
    pub(crate) fn flags(&self) -> u32 {
        self.words[row::FLAGS]
    }

    pub(crate) fn denies(&self) -> bool {
        self.flags() & row::flag::DENY != 0
    }

    pub(crate) fn is_all(&self) -> bool {
        self.flags() & row::flag::ALL != 0
    }

    pub(crate) fn account_kind(&self) -> u32 {
        self.flags() >> row::flag::ACCOUNT_SHIFT & 7
    }

    pub(crate) fn actions(&self) -> u32 {
        self.words[row::ACTIONS]
    }

    pub(crate) fn statement(&self) -> u32 {
        self.words[row::STATEMENT]
    }
}
