//! What was read before: the statements of documents that have not changed since the last load.
//!
//! A world that is built again and again mostly says what it said before. A [`Memory`] gives the statements of such
//! documents back instead of reading them anew, and takes them again when the set is not needed any more. What is
//! loaded is the same with it and without it: a document is known by the BLAKE3 of its text and of everything its
//! reading depends on, and only attached documents without any finding are kept.

use std::collections::HashMap;

use super::assemble::Ground;
use super::{Files, Loaded, Overrides, WorldInput};
use crate::policy::{PolicySet, Statement};
use crate::setting::Setting;
use crate::source::{Source, Span};

/// Documents of earlier loads. Their statements move into a set and back: a set that is not given back, such as that
/// of a world that is refused, leaves nothing to remember.
#[derive(Debug, Default)]
pub struct Memory {
    kept: HashMap<Key, Kept>,
    /// Where the policies of the set that was last loaded come from.
    origins: Vec<Option<Origin>>,
    /// Documents that were known in the last load, and that were not.
    counts: (usize, usize),
}

/// Text and setting of a document.
pub(crate) type Key = [u8; 32];

/// An accepted document, and where its statements begin in it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) key: Key,
    pub(crate) starts: Box<[usize]>,
    pub(crate) length_chars: usize,
}

/// A document of an earlier load.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) statements: Vec<Statement>,
    pub(crate) starts: Box<[usize]>,
    pub(crate) length_chars: usize,
}

impl Memory {
    /// Loads a world as [`super::load`] does. With one thread nothing is remembered.
    pub fn load(&mut self, input: WorldInput<'_>, files: &dyn Files, overrides: &Overrides) -> Loaded {
        super::load_with(input, files, overrides, Some(self))
    }

    /// Takes the set of the last load back, for the next one.
    pub fn keep(&mut self, set: PolicySet) {
        let origins = core::mem::take(&mut self.origins);
        if origins.len() != set.policies.len() {
            return;
        }
        // What the last load did not ask for is of documents that are gone.
        self.kept.clear();
        for (policy, origin) in set.policies.into_iter().zip(origins) {
            if let Some(Origin { key, starts, length_chars }) = origin
                && policy.statements.len() == starts.len()
            {
                self.kept.insert(key, Kept { statements: policy.statements, starts, length_chars });
            }
        }
    }

    /// How many documents of the last load were known, and how many were read.
    pub fn counts(&self) -> (usize, usize) {
        self.counts
    }

    pub(super) fn begin(&mut self) {
        (self.origins, self.counts) = (Vec::new(), (0, 0));
    }

    pub(super) fn take(&mut self, key: &Key) -> Option<Kept> {
        let kept = self.kept.remove(key);
        match kept {
            Some(_) => self.counts.0 += 1,
            None => self.counts.1 += 1,
        }
        kept
    }

    pub(super) fn set_origins(&mut self, origins: Vec<Option<Origin>>) {
        self.origins = origins;
    }
}

impl Kept {
    /// The statements where the document stands now.
    pub(crate) fn at(self, source: &Source, span: Span) -> Vec<Statement> {
        let mut statements = self.statements;
        for (statement, start) in statements.iter_mut().zip(&self.starts) {
            statement.position = source.position(span.start + start);
        }
        statements
    }
}

/// What every document of a world is read with.
pub(crate) fn ground_key(ground: &Ground<'_>) -> Key {
    let options = &ground.world.options;
    *blake3::hash(format!("{options:?}{:?}{:?}", ground.parameters, ground.catalogue).as_bytes()).as_bytes()
}

/// Text and setting of one document.
pub(crate) fn key(ground: &Key, text: &str, setting: &Setting<'_>) -> Key {
    let Setting { kind, preset, account, scope, unknown_account, .. } = setting;
    let mut hasher = blake3::Hasher::new();
    hasher.update(ground);
    // A text cannot be taken for a part of the setting, nor the other way round: the setting is in front, with its length.
    let setting = format!("{kind:?}{preset}{account:?}{scope:?}{unknown_account}");
    hasher.update(&(setting.len() as u64).to_le_bytes());
    hasher.update(setting.as_bytes());
    hasher.update(text.as_bytes());
    *hasher.finalize().as_bytes()
}
