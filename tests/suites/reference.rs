//! The reference evaluator against the conformance cases, and over generated worlds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camshaft_tests::case::{Case, read_cases};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::reference::{Decision, Outcome, Reference};

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What is wrong with an outcome, if anything.
fn disagreement(case: &Case, outcome: &Outcome) -> Option<String> {
    let accepted = match case.expect.as_str() {
        "allow" => outcome.decision == Decision::Allow,
        "explicit_deny" => outcome.decision == Decision::ExplicitDeny,
        "implicit_deny" => outcome.decision == Decision::ImplicitDeny,
        "deny" => matches!(outcome.decision, Decision::ExplicitDeny | Decision::ImplicitDeny),
        "error" => outcome.code.is_some_and(|code| case.diagnostics.iter().any(|expected| expected == code)),
        other => panic!("{}: unknown expectation `{other}`", case.id),
    };
    let reasons = case.reasons.as_ref().is_none_or(|reasons| *reasons == outcome.reasons);
    let layer = case.blocked_by.is_none() || case.blocked_by.as_deref() == outcome.blocked_by;
    (!(accepted && reasons && layer)).then(|| {
        let (expect, reasons, layer) = (&case.expect, &case.reasons, &case.blocked_by);
        format!("{}: expected {expect} {reasons:?} {layer:?}, got {outcome:?}", case.id)
    })
}

#[test]
fn conformance_cases() {
    let path = std::env::var_os("CAMSHAFT_CASES").map_or(source("data/cases/cases.jsonl"), PathBuf::from);
    let Ok(lines) = fs::read_to_string(&path) else { return };
    let (mut decided, mut rejected, mut skipped, mut failures) = (0, 0, Vec::new(), Vec::new());
    for case in read_cases(&lines) {
        if case.expect == "reject" {
            rejected += 1;
        } else if !case.readable {
            // Sources that only a policy or request parser can judge: they are errors by their text alone.
            assert_eq!(case.expect, "error", "{}: unreadable", case.id);
            skipped.push(case.id);
        } else {
            decided += 1;
            failures.extend(disagreement(&case, &Reference::new(&case.world).decide(&case.request)));
        }
    }
    println!("{decided} cases decided, {rejected} are rejected worlds, skipped: {skipped:?}");
    assert!(failures.is_empty(), "{} disagreements:\n{}", failures.len(), failures.join("\n"));
}

/// Worlds from consecutive seeds, with requests to each; prints how they come out.
fn statistics(name: &str, features: Features) {
    let (mut outcomes, mut codes, mut layers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut spent = Duration::ZERO;
    for seed in 0..WORLDS {
        let json = world(seed, features);
        let reference = Reference::new(&json);
        let requests = Requests::new(&json, features);
        let mut random = Random::new(seed);
        let requests: Vec<_> = (0..REQUESTS).map(|_| requests.next(&mut random)).collect();
        let start = Instant::now();
        for request in &requests {
            let outcome = reference.decide(request);
            *outcomes.entry(format!("{:?}", outcome.decision)).or_insert(0) += 1;
            outcome.code.into_iter().for_each(|code| *codes.entry(code).or_insert(0) += 1);
            outcome.blocked_by.into_iter().for_each(|layer| *layers.entry(layer).or_insert(0) += 1);
        }
        spent += start.elapsed();
    }
    let total = WORLDS as usize * REQUESTS;
    let share = |outcome: &str| outcomes.get(outcome).copied().unwrap_or(0) * 100 / total;
    println!("{name}: {outcomes:?} of {total}, errors {codes:?}, layers {layers:?}");
    println!("{name}: {:.0} decisions/s", total as f64 / spent.as_secs_f64());
    assert!(
        (25..=45).contains(&share("Allow")) && (15..=35).contains(&share("ExplicitDeny")),
        "{outcomes:?}"
    );
    assert!(share("Error") < 10, "{codes:?}");
}

const WORLDS: u64 = 2_000;
const REQUESTS: usize = 50;

#[test]
fn generated_worlds_pipeline() {
    statistics("pipeline", Features::pipeline());
}

#[test]
fn generated_worlds_all() {
    statistics("all", Features::all());
}

#[test]
fn generation_is_deterministic() {
    for seed in 0..20 {
        let make = || {
            let json = world(seed, Features::all());
            let request = Requests::new(&json, Features::all()).next(&mut Random::new(seed));
            (json, request)
        };
        assert_eq!(make(), make());
    }
}

/// Lines of a Rust file, or of all below a folder.
fn lines(path: &Path) -> usize {
    match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| lines(&entry.expect("an entry").path())).sum(),
        Err(_) => fs::read_to_string(path).expect("a source file").lines().count(),
    }
}

#[test]
fn reference_stays_small() {
    let lines = lines(&source("src/reference.rs")) + lines(&source("src/reference"));
    assert!(lines < 800, "{lines} lines");
}
