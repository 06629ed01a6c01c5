//! Engine against reference on generated worlds and near-miss requests.
//!
//! `CAMSHAFT_DIFFERENTIAL` sets how many decisions are made (default 200,000; CI makes 2 million) and
//! `CAMSHAFT_SEED` where the worlds begin.

use camshaft_bundle::Bundle;
use camshaft_compiler::{Config, compile};
use camshaft_tests::campaign::{self, Counts};
use camshaft_tests::environment::number;
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Answer, Product, load_text};
use camshaft_tests::reference::Reference;

/// Decides requests of one world both ways; the number of decisions.
fn compare(seed: u64, features: Features, requests: usize, configs: &[(&str, Config)]) -> usize {
    let value = world(seed, features);
    let text = value.to_string();
    let loaded = load_text(&text);
    assert!(loaded.set.is_some(), "world {seed} refused: {:#?}\n{text}", loaded.diagnostics);
    let reference = Reference::new(&value);
    let mut products: Vec<(&str, Product)> =
        configs.iter().map(|(name, config)| (*name, Product::new(&loaded, config))).collect();
    let maker = Requests::new(&value, features);
    let mut random = Random::new(seed ^ 0x5eed);
    for _ in 0..requests {
        let request = maker.next(&mut random);
        let expected = Answer::from(reference.decide(&request));
        for (name, product) in &mut products {
            let answer = product.answer(&request.to_string());
            assert_eq!(answer, expected, "world {seed}, {name}\n{text}\n{request}");
        }
    }
    requests * products.len()
}

fn run(features: Features, total: u64, configs: &[(&str, Config)]) {
    let first = number("CAMSHAFT_SEED", 1);
    let threads = 2;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let (mut seed, mut made) = (first + thread, 0);
                while made < total / threads {
                    made += compare(seed, features, 200, configs) as u64;
                    seed += threads;
                }
            });
        }
    });
}

#[test]
fn engine_agrees_with_reference() {
    let total = number("CAMSHAFT_DIFFERENTIAL", 200_000);
    run(Features::pipeline(), total / 2, &[("default", Config::default())]);
    run(Features::all(), total / 2, &[("default", Config::default())]);
}

#[test]
fn every_switch_agrees_with_reference() {
    let total = number("CAMSHAFT_DIFFERENTIAL", 200_000) / 2;
    run(Features::all(), total, &Config::variants());
}

/// A seed that needs more probes than allowed gives way to the next one, and none changes a decision.
#[test]
fn seeds_change_no_decision() {
    let (mut tried, mut met) = (0, 0);
    for seed in 900..940 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let set = loaded.set.as_ref().expect("accepted");
        let hash_tables = Config::default().listed_keys(0).dense_rows(1);
        let of = |config: &Config| {
            let bytes = compile(set, config).expect("compiles").bytes;
            assert_eq!(bytes, compile(set, config).expect("compiles").bytes);
            Bundle::open(&bytes).expect("opens").tables().seed()
        };
        let first = of(&hash_tables);
        // One slot in all for each slot of a table: now and then the first seed is not good enough.
        let mut last = first;
        for probes in [1, 0] {
            let next = of(&hash_tables.clone().probes(probes));
            tried += usize::from(next != last);
            met += usize::from(next == first);
            last = next;
        }
        let configs = [("first seed", hash_tables.clone()), ("another seed", hash_tables.probes(0))];
        compare(seed, Features::all(), 100, &configs);
    }
    assert!(tried > 0 && met > 0, "{tried} seeds gave way, {met} did not");
}

/// What the binary `differential` does at volume; its counts survive being written and read.
#[test]
fn campaigns_agree_with_reference() {
    let total = number("CAMSHAFT_DIFFERENTIAL", 200_000) / 8;
    let (mut counts, mut seed) = (Counts::default(), number("CAMSHAFT_SEED", 1));
    while counts.requests < total {
        counts.merge(campaign::compare(seed, 200).unwrap_or_else(|divergence| panic!("{divergence}")));
        seed += 1;
    }
    let read = Counts::from_json(&counts.to_json()).expect("written by us");
    assert_eq!(read.table(), counts.table());
    for met in ["| explicit deny |", "| deny met by `*` |", "| ip_not_equal |", "| for_any_value, if_exist |"]
    {
        assert!(read.table().contains(met), "{met} is not among\n{}", read.table());
    }
}
