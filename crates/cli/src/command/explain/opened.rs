//! What a proposed change of a world opens, for all requests: the world with it and the one without are compared exactly.

use camshaft::remedy::{self, Remedy};
use camshaft_compiler::analysis::{self, Asking, Budget, Kind};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request::Request;
use serde::Serialize;

/// Steps that one question may take: about a second.
const STEPS: usize = 10_000_000;
/// Callers that are named of those for whom the same changes.
const MOST: usize = 5;

/// Requests that are allowed with the change, and were not before.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Opened {
    /// For whom, the first few.
    pub(super) callers: Vec<String>,
    /// For how many.
    pub(super) caller_count: usize,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// All of it required.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) condition: Vec<String>,
}

/// Everything that is opened; `None` where that is not known.
pub(super) fn opened(remedy: &Remedy, set: &PolicySet, request: &Request) -> Option<Vec<Opened>> {
    let changed = remedy::applied(remedy, set, request)?;
    let asking = Asking { budget: Budget { steps: STEPS, ..Budget::default() }, ..Asking::default() };
    let diff = analysis::worlds(set, &changed, asking);
    if !diff.unknown.is_empty() || !diff.settings.is_empty() {
        return None;
    }
    let mut opened = Vec::new();
    for change in diff.changes {
        for difference in change.differences {
            if difference.kind == Kind::NewAccess {
                opened.push(Opened {
                    callers: change.callers.iter().take(MOST).cloned().collect(),
                    caller_count: change.callers.len(),
                    actions: difference.actions,
                    resources: difference.resources,
                    condition: difference.condition,
                });
            }
        }
    }
    Some(opened)
}
