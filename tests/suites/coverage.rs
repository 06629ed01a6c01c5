//! What `test --coverage` and `test --mutate` rest on: probes of a world agree with its decisions, and a change of it that
//! no statement takes part in changes no decision.

use std::collections::{BTreeMap, BTreeSet};

use camshaft::coverage::{Covered, Probes, Tally};
use camshaft::decider::Reading;
use camshaft::mutation::{Change, mutants};
use camshaft_compiler::Config;
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request::{self, Request};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};

/// Requests that have a decision, with what they come to.
fn asked(
    seed: u64,
    value: &serde_json::Value,
    product: &mut Product,
    count: usize,
) -> Vec<(Request, BTreeSet<String>)> {
    let maker = Requests::new(value, Features::all());
    let mut random = Random::new(seed);
    let requests = (0..count).filter_map(|_| request::parse(&maker.next(&mut random).to_string()).ok());
    requests
        .filter_map(|request| {
            let (answer, _) = product.answer_parsed(&request);
            (answer.decision != "error").then_some((request, answer.reasons))
        })
        .collect()
}

/// A statement matches by some entry of each of its lists, and not without one; what decides matches.
#[test]
fn probes_agree_with_decisions() {
    let (mut matched, mut terms) = (0, 0);
    for seed in 70_000..70_060 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let set: &PolicySet = loaded.set.as_ref().expect("a sound world");
        let mut product = Product::new(&loaded, &Config::default());
        let probes = Probes::new(set, Reading::from(&loaded), &Config::default()).expect("probes compile");
        let mut scratch = probes.scratch();
        for (request, reasons) in asked(seed, &value, &mut product, 60) {
            let mut tally = Tally::new(set);
            tally.ask(set, &probes, &request, &reasons, &mut scratch);
            let report = tally.report(set);
            let names: BTreeSet<String> = report
                .iter()
                .filter(|one| one.reach.matched > 0)
                .map(|one| format!("{}#{}", one.policy, one.index))
                .collect();
            let decided = reasons.iter().filter(|name| !name.starts_with("session#"));
            decided.for_each(|name| assert!(names.contains(name), "{name} of {value}\n{request:?}"));
            for one in &report {
                let mut by_list: BTreeMap<_, usize> = BTreeMap::new();
                for ((element, _), count) in one.entries.iter().zip(&one.reach.entries) {
                    *by_list.entry(*element).or_default() += count;
                }
                let Covered { reach, .. } = one;
                matched += reach.matched;
                terms += reach.terms.iter().filter(|(held, failed)| held + failed > 0).count();
                for (element, count) in by_list {
                    assert_eq!(count > 0, reach.matched > 0, "{element:?} {one:?}\n{value}\n{request:?}");
                }
                let certain = reach.matched > reach.unknown;
                assert!(
                    !certain || reach.terms.iter().all(|(held, failed)| *held > 0 && *failed == 0),
                    "{one:?}"
                );
            }
        }
    }
    assert!(matched > 1_000 && terms > 100, "{matched} {terms}");
}

/// To leave a statement out, or turn it round, changes nothing where it is false.
#[test]
fn only_statements_that_take_part_are_missed() {
    let (mut same, mut other) = (0, 0);
    for seed in 71_000..71_012 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let set: &PolicySet = loaded.set.as_ref().expect("a sound world");
        let mut product = Product::new(&loaded, &Config::default());
        let probes = Probes::new(set, Reading::from(&loaded), &Config::default()).expect("probes compile");
        let mut scratch = probes.scratch();
        let asked = asked(seed, &value, &mut product, 40);
        let truths: Vec<_> = asked.iter().map(|(request, _)| probes.truths(request, &mut scratch)).collect();
        for mutant in mutants(set) {
            let mut changed = load_text(&value.to_string());
            changed.set = Some(mutant.apply(set));
            let mut changed = Product::new(&changed, &Config::default());
            for ((request, _), truths) in asked.iter().zip(&truths) {
                let takes_part = mutant.places.iter().any(|place| truths.contains_key(place));
                let (now, then) = (product.answer_parsed(request).0, changed.answer_parsed(request).0);
                if takes_part || !matches!(mutant.change, Change::Drop | Change::Flip) {
                    other += usize::from(now != then);
                    continue;
                }
                same += 1;
                assert_eq!(now, then, "{mutant:?} {value}\n{request:?}");
            }
        }
    }
    assert!(same > 1_000 && other > 100, "{same} {other}");
}
