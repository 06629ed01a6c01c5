//! How much of the answer is wanted.

use core::cell::RefCell;
use std::collections::BTreeMap;

use camshaft_value::resource::Requested;

use crate::combine::{Hit, Outcome};
use crate::decision::{Decision, Statement};
use crate::engine::Matching;
use crate::evaluate::Side;
use crate::explain::{Part, Standing, Trace};
use crate::query::Query;
use crate::row::{self, Row};

/// What an evaluation tells besides its decision.
pub(crate) trait Mode: Copy {
    /// One statement is enough: the rest of the work is left undone.
    const WITNESS: bool = false;
    /// Every statement is wanted, found without the index.
    const TRACES: bool = false;

    /// Whether the row's statement matches.
    #[inline]
    fn matches<'r>(
        self,
        _part: Part,
        row: &Row,
        query: &Query<'r, '_>,
        side: &Side<'_, 'r, '_, '_>,
    ) -> Option<bool> {
        row::matches(side.tables, row, query, side.view, side.context)
    }

    /// A statement matched.
    fn collect(self, _hit: Hit) {}

    /// A row is tested, selected for the query by the index.
    #[inline]
    fn candidate(self, _part: Part, _query: &Query<'_, '_>) {}

    /// The next resource begins.
    fn resource(self, _requested: Requested<'_>) {}

    /// Every layer has been asked about the present resource.
    #[inline]
    fn layers(self, _standing: &Standing<'_, '_>) {}

    /// The present resource is decided.
    fn outcome(self, _outcome: &Outcome) {}
}

/// The decision and one statement: the hot path.
#[derive(Clone, Copy)]
pub(crate) struct Witness;

impl Mode for Witness {
    const WITNESS: bool = true;
}

/// Every matching statement.
#[derive(Clone, Copy)]
pub(crate) struct Full<'m>(pub(crate) &'m RefCell<Matched>);

impl Mode for Full<'_> {
    fn collect(self, hit: Hit) {
        self.0.borrow_mut().hits.push(hit);
    }

    fn outcome(self, outcome: &Outcome) {
        self.0.borrow_mut().outcome(outcome);
    }
}

/// Every matching statement, whatever it comes to.
#[derive(Clone, Copy)]
pub(crate) struct All<'m>(pub(crate) &'m RefCell<Vec<Matching>>);

impl Mode for All<'_> {
    fn collect(self, hit: Hit) {
        let matching = Matching { part: hit.part, denies: hit.deny, statement: hit.statement() };
        self.0.borrow_mut().push(matching);
    }
}

/// How many rows are tested, were none of them to end the search.
#[derive(Clone, Copy)]
pub(crate) struct Counted<'m>(pub(crate) &'m RefCell<Counts>);

impl Mode for Counted<'_> {
    fn candidate(self, part: Part, query: &Query<'_, '_>) {
        self.0.borrow_mut().candidate(part, query.path);
    }

    fn resource(self, _requested: Requested<'_>) {
        self.0.borrow_mut().spelled.clear();
    }
}

/// Rows tested for one spelling of one resource.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Of the present resource, by spelling: those of the world, those of the session policy.
    spelled: BTreeMap<String, [u32; 2]>,
    /// The most of each, of any spelling of any resource.
    pub(crate) most: [u32; 2],
}

impl Counts {
    fn candidate(&mut self, part: Part, path: &str) {
        let [world, session] = self.spelled.entry(path.to_owned()).or_default();
        let [most_of_world, most_of_session] = &mut self.most;
        let (count, most) =
            if part == Part::Session { (session, most_of_session) } else { (world, most_of_world) };
        *count = count.saturating_add(1);
        *most = (*most).max(*count);
    }
}

/// Every statement with where it missed.
#[derive(Clone, Copy)]
pub(crate) struct Traced<'m>(pub(crate) &'m RefCell<Trace>);

impl Mode for Traced<'_> {
    const TRACES: bool = true;

    fn matches<'r>(
        self,
        part: Part,
        row: &Row,
        query: &Query<'r, '_>,
        side: &Side<'_, 'r, '_, '_>,
    ) -> Option<bool> {
        self.0.borrow_mut().row(part, row, query, side)
    }

    fn collect(self, hit: Hit) {
        self.0.borrow_mut().matched.hits.push(hit);
    }

    fn resource(self, requested: Requested<'_>) {
        self.0.borrow_mut().resource(requested);
    }

    fn layers(self, standing: &Standing<'_, '_>) {
        self.0.borrow_mut().layers(standing);
    }

    fn outcome(self, outcome: &Outcome) {
        self.0.borrow_mut().outcome(outcome);
    }
}

/// The statements that matched, sorted out resource by resource.
#[derive(Debug, Default)]
pub(crate) struct Matched {
    /// Those on the present resource.
    hits: Vec<Hit>,
    denies: Vec<Statement>,
    grants: Vec<Statement>,
}

impl Matched {
    /// The present resource is decided: which of its allows granted.
    pub(crate) fn outcome(&mut self, outcome: &Outcome) {
        for hit in self.hits.drain(..) {
            if hit.deny && hit.part != Part::Anyone {
                self.denies.push(hit.statement());
            } else if !hit.deny && outcome.grants.has(hit.part) {
                self.grants.push(hit.statement());
            }
        }
    }

    /// The deciding statements, sorted (CITE EVA-23).
    pub(crate) fn deciding(self, decision: Decision) -> Vec<Statement> {
        let mut statements = match decision {
            Decision::ExplicitDeny { .. } => self.denies,
            Decision::Allow { .. } => self.grants,
            Decision::ImplicitDeny { .. } | Decision::Error { .. } => Vec::new(),
        };
        statements.sort_unstable();
        statements.dedup();
        statements
    }
}
