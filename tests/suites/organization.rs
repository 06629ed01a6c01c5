//! A whole organization: 200 accounts of 100 identities each with groups, roles and boundaries, two levels of
//! organization policies, 5,000 bucket policies and cross-account grants, asked by every kind of caller.
//!
//! `CAMSHAFT_ORGANIZATION` sets how many requests are decided both ways (default 20,000).

use std::collections::BTreeMap;
use std::time::Instant;

use camshaft_compiler::Config;
use camshaft_tests::generate::{Organization, Random, Size};
use camshaft_tests::product::{Answer, Product, load_text};
use camshaft_tests::reference::Reference;

#[test]
fn an_organization_is_decided_as_the_reference_says() {
    let total: u64 =
        std::env::var("CAMSHAFT_ORGANIZATION").ok().map_or(20_000, |text| text.parse().expect("a number"));
    let size = Size { accounts: 200, identities: 100, resource_policies: 5_000 };
    let organization = Organization::new(1, size);
    let text = organization.world.to_string();
    let begin = Instant::now();
    let loaded = load_text(&text);
    let read = begin.elapsed();
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|found| found.is_error()).take(3).collect();
    assert!(loaded.set.is_some(), "{errors:?}");
    assert!(
        loaded.counts.accounts >= size.accounts && loaded.counts.resource_policies >= size.resource_policies
    );
    let begin = Instant::now();
    let compiled = camshaft_compiler::compile(loaded.set.as_ref().expect("accepted"), &Config::default())
        .expect("compiles");
    println!(
        "{:?}\n{} bytes of text read in {read:?}, compiled in {:?} to {} bytes: {:?}",
        loaded.counts,
        text.len(),
        begin.elapsed(),
        compiled.bytes.len(),
        compiled.stats,
    );
    let reference = Reference::new(&organization.world);
    let threads = 2;
    let mut outcomes: BTreeMap<(String, &str), u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let (organization, reference, loaded) = (&organization, &reference, &loaded);
                scope.spawn(move || {
                    let mut product = Product::new(loaded, &Config::default());
                    let mut random = Random::new(77 + thread);
                    let mut outcomes: BTreeMap<(String, &str), u64> = BTreeMap::new();
                    for _ in 0..total / threads {
                        let request = organization.next(&mut random);
                        let expected = Answer::from(reference.decide(&request));
                        let answer = product.answer(&request.to_string());
                        assert_eq!(answer, expected, "{request}");
                        *outcomes
                            .entry((caller(request["principal"].as_str().unwrap_or("")), answer.decision))
                            .or_default() += 1;
                    }
                    outcomes
                })
            })
            .collect();
        for worker in workers {
            for (kind, count) in worker.join().expect("no divergence") {
                *outcomes.entry(kind).or_default() += count;
            }
        }
    });
    for ((caller, decision), count) in &outcomes {
        println!("{caller:>16} {decision:<14} {count}");
    }
    let kinds: std::collections::BTreeSet<&String> = outcomes.keys().map(|(caller, _)| caller).collect();
    assert!(kinds.len() >= 7, "{kinds:?}");
}

/// The kind of a caller, by its spelling.
fn caller(principal: &str) -> String {
    let last = principal.rsplit(':').next().unwrap_or("");
    let kind = match last.split('/').next().unwrap_or("") {
        "uin" if principal.ends_with("0001") => "root",
        "uin" => "user",
        "roleName" | "role" | "assumed-role" => "role",
        "" => "malformed",
        kind => kind,
    };
    kind.to_string()
}
