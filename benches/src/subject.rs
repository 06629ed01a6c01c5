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
    use camshaft_runtime::SessionPolicy;

    use super::*;
    use crate::layers;
    use crate::workload::{self, Callers};

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

    #[test]
    fn layers_change_no_answer() {
        for counted in workload::counted() {
            let Some(layers) = counted.layers else { continue };
            let workload = workload::find(&counted.workload).unwrap();
            let world = World::new(&workload, 300);
            let texts = request::make_for(&workload, &world, counted.callers, counted.service.as_deref());
            let texts = &texts[..2_000];
            let mut set = product::policy_set(&world);
            layers::add(&mut set, &layers, texts);
            let engine = Engine::new(product::open(&product::compiled(&set, 1).bytes));
            let session = layers.session.then(|| SessionPolicy::new(product::open(&layers::session())));
            request::with_requests(texts, |requests| {
                let requests = layers::in_session(requests, session.as_ref());
                let tally = compare(&engine, &Baseline::new(&world), Search::Naive, &requests);
                assert!(tally.allowed.min(tally.denied).min(tally.nothing) > 0, "{counted:?}: {tally:?}");
            });
        }
    }

    #[test]
    fn adversarial_worlds_keep_to_the_quotas_and_their_certificates() {
        for name in workload::adversarial() {
            let workload = workload::find(name).unwrap();
            let world = World::new(&workload, 8);
            let loaded = product::load_within_quotas(product::ndjson(&world));
            let set = loaded.set.unwrap_or_else(|| panic!("{name}: {:?}", loaded.diagnostics.first()));
            assert_eq!(set.accounts.len(), 1, "{name}");
            let compiled = product::compiled(&set, 1);
            let engine = Engine::new(product::open(&compiled.bytes));
            let texts = request::make(&workload, &world);
            request::with_requests(&texts, |requests| {
                let tally = compare(&engine, &Baseline::new(&world), Search::Naive, requests);
                assert!(tally.allowed.min(tally.denied).min(tally.nothing) > 0, "{name}: {tally:?}");
                let mut scratch = engine.scratch();
                for request in requests {
                    let [rows, _] = engine.candidates(request, &mut scratch);
                    let values = request.context.iter().map(|(_, values)| values.len() as u32).sum();
                    let bound = compiled.stats.certificate.with_context(values, 0);
                    assert!(rows <= bound, "{name}: {rows} rows for {request:?}");
                }
            });
        }
    }

    #[test]
    fn the_quota_world_keeps_to_the_quotas() {
        let workload = workload::find("quota").unwrap();
        let world = World::new(&workload, 40);
        let loaded = product::load_within_quotas(product::ndjson(&world));
        assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics.first());
        let (ours, theirs) = (product::policy_set(&world), loaded.set.unwrap());
        let theirs = product::compiled(&theirs, 1);
        assert_eq!(product::compiled(&ours, 1).stats, theirs.stats);
        let engine = Engine::new(product::open(&theirs.bytes));
        for callers in [Callers::Fewest, Callers::Most] {
            let texts = request::make_for(&workload, &world, callers, None);
            request::with_requests(&texts[..2_000], |requests| {
                let _ = compare(&engine, &Baseline::new(&world), Search::Naive, requests);
            });
        }
    }
}
