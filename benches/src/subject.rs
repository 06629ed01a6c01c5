//! A world with everything that answers for it, checked against each other before anything is measured.

use camshaft_runtime::{Engine, Request, Scratch};

use crate::baseline::{Answer, Baseline, Search};
use crate::product;
use crate::request::{self, Text};
use crate::workload::Workload;
use crate::world::World;

/// A workload at a size: its world and its requests.
#[derive(Debug)]
pub struct Subject {
    /// The world.
    pub world: World,
    /// Its requests.
    pub texts: Vec<Text>,
}

/// How often each answer was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Allowed.
    pub allowed: u64,
    /// A deny matched.
    pub denied: u64,
    /// Nothing granted.
    pub nothing: u64,
}

impl Tally {
    /// Counts an answer.
    pub fn add(&mut self, answer: Answer) {
        *match answer {
            Answer::Allow => &mut self.allowed,
            Answer::ExplicitDeny => &mut self.denied,
            Answer::ImplicitDeny(_) => &mut self.nothing,
        } += 1;
    }
}

impl Subject {
    /// Makes the world and its requests.
    pub fn new(workload: &Workload, size: usize) -> Self {
        let world = World::new(workload, size);
        let texts = request::make(workload, &world);
        Self { world, texts }
    }

    /// Compiles the world and opens its bundle.
    pub fn engine(&self) -> Engine {
        let compiled = product::compiled(&product::policy_set(&self.world), 0);
        Engine::new(product::open(&compiled.bytes))
    }
}

/// Compares the engine with a baseline on every request; how often each answer was given.
///
/// # Panics
///
/// If they differ, or the engine finds a request malformed: a benchmark must check its answers.
pub fn compare(engine: &Engine, baseline: &Baseline<'_>, search: Search, requests: &[Request<'_>]) -> Tally {
    let mut scratch: Scratch = engine.scratch();
    let mut tally = Tally::default();
    for request in requests {
        let decision = engine.decide(request, &mut scratch);
        let (answer, expected) = (Answer::from(decision), baseline.decide(request, search));
        assert!(
            answer == expected && answer != Answer::ImplicitDeny(None),
            "the engine says {decision:?}, the {search:?} baseline {expected:?} to {request:?}"
        );
        tally.add(answer);
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload;

    #[test]
    fn engine_and_baselines_agree() {
        for name in workload::all() {
            let workload = workload::find(name).unwrap();
            for size in [10, 300, 3_000] {
                let subject = Subject::new(&workload, size);
                let (engine, baseline) = (subject.engine(), Baseline::new(&subject.world));
                request::with_requests(&subject.texts[..4_000], |requests| {
                    for search in [Search::Naive, Search::Indexed] {
                        let tally = compare(&engine, &baseline, search, requests);
                        println!("{name} {size}: {tally:?}");
                        assert!(tally.allowed.min(tally.denied).min(tally.nothing) > 0 || size < 100);
                    }
                });
            }
        }
    }
}
