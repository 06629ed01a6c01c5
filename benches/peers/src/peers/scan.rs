//! The baselines of the benches: what one writes instead of taking a library.

use camshaft_benches::baseline::{Baseline, Search};
use camshaft_benches::subject::Subject;
use camshaft_runtime::Request;

use crate::peer::{Load, Peer, Verdict};

struct Scan<'w> {
    baseline: Baseline<'w>,
    search: Search,
}

/// All statements of the caller.
pub fn naive(subject: &Subject) -> Load<'_> {
    source(subject, Search::Naive)
}

/// Those on the service of the action.
pub fn indexed(subject: &Subject) -> Load<'_> {
    source(subject, Search::Indexed)
}

fn source(subject: &Subject, search: Search) -> Load<'_> {
    Box::new(move |_| Ok(Box::new(Scan { baseline: Baseline::new(&subject.world), search })))
}

impl Peer for Scan<'_> {
    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        self.baseline.decide(request, self.search).into()
    }
}
