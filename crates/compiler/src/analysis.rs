//! Questions about all requests, answered exactly from the statements: with a request that shows it, or with the
//! certainty that there is none.
//!
//! A [`Set`] holds statements as they bind one caller; a [`Formula`] joins those that must match and those that must
//! not; [`Set::find`] looks for a request of which it holds. The search goes over actions, then resources, then
//! contexts, the shortest first:
//!
//! 1. `text` walks all texts of one part of a request by the positions that patterns can be in, so that texts which
//!    the same statements match are one;
//! 2. `value` cuts the values of a context key into classes, one for each stretch between the bounds, networks and
//!    patterns that terms name; lists of values are told apart by the least and the greatest truth among them;
//! 3. `search` takes actions, `resource` resources and `context` keys with their values; each leaves out what cannot
//!    matter to the formula any more.
//!
//! Statements are taken apart by the machinery of [`crate::prove()`], which is independent of the compiler's.
//!
//! # What is exact
//!
//! An answer is [`Answer::Found`] with a request, [`Answer::None`] for certain, or [`Answer::Unknown`] where the budget
//! is spent, or where one key is compared with patterns of text and with numbers, dates or networks at once and no
//! request was found. Requests name one resource: a request for several is denied, allowed or neither by the decisions
//! on each (EVA-20), so sets that decide each resource alike decide all of them alike.

mod bits;
mod bundle;
mod context;
mod diff;
mod difference;
mod directory;
mod formula;
mod layers;
mod question;
mod replay;
mod resource;
mod search;
mod set;
mod text;
mod value;
mod who;
mod words;

use std::collections::BTreeMap;

pub use bundle::of_bundle;
pub use diff::{Change, Diff, Presence, Unknown, documents, mean_the_same, worlds};
pub use difference::{Decided, Difference, Kind, Place, Side};
pub use directory::Directory;
pub use formula::{Atom, Formula};
pub use layers::Layer;
pub use question::Asking;
pub use set::{Caller, Member, Set, Standing};

/// How much work questions may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Positions, entries and truths that one question looks at; some tens of millions take a second.
    pub steps: usize,
    /// Those of all questions of a comparison together.
    pub total: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 20_000_000, total: 1_000_000_000 }
    }
}

/// The contexts that a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// Every context.
    All,
    /// Every value can be read as the type of each operator on its key in the set (semantics §13.5).
    WellTyped,
}

/// What a question came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is such a request.
    Found(Witness),
    /// There is none.
    None,
    /// Nobody knows.
    Unknown {
        /// What was over the budget, or could not be told apart.
        what: String,
        /// The budget; 0 where more would not help.
        budget: usize,
    },
}

impl Answer {
    /// The request, if there is one.
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::Found(witness) => Some(witness),
            _ => None,
        }
    }

    /// Whether there is certainly none.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A request for one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// The caller.
    pub principal: String,
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Values by key.
    pub context: BTreeMap<String, Vec<String>>,
    /// The time, where a condition looks at it.
    pub time: Option<String>,
}
