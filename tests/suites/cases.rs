//! Every conformance case through every route: reference, engine, engine with each strategy switched
//! off, a written and reopened bundle (every engine here runs on one), the hot and the full path, explain.

use std::collections::BTreeSet;

use camshaft_compiler::Config;
use camshaft_frontend::case::{self as frontend_case, Expect};
use camshaft_frontend::world::{NoFiles, Overrides, load};
use camshaft_tests::case::read_cases;
use camshaft_tests::product::{Answer, Product};
use camshaft_tests::reference::Reference;

const CASES: &str = include_str!("../data/cases/cases.jsonl");
/// Divergences that were found later, frozen.
const FOUND: &str = include_str!("../data/cases/found.jsonl");

#[test]
fn cases_pass_every_route() {
    assert_eq!(run(CASES), (442, 135));
}

#[test]
fn what_was_found_stays_mended() {
    assert_eq!(run(FOUND), (FOUND.lines().count(), 0));
}

/// Runs every case of a file; how many were decided, and how many refused.
fn run(cases: &str) -> (usize, usize) {
    let (mut decided, mut refused, mut failures) = (0, 0, Vec::new());
    let mut routes: Vec<(&str, Config)> = vec![("default", Config::default())];
    routes.extend(Config::variants());
    let lines = cases.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for ((at, line), plain) in lines.zip(read_cases(cases)) {
        let case = frontend_case::parse_line("cases.jsonl", line, at + 1).expect("a case");
        let name = case.id.clone().unwrap_or_else(|| format!("line {}", at + 1));
        let input = case.world_input().expect("the case has a world");
        let loaded = load(input, &NoFiles, &Overrides::default());
        if case.expect == Expect::Reject {
            refused += 1;
            if loaded.set.is_some() {
                failures.push(format!("{name}: accepted"));
            }
            continue;
        }
        decided += 1;
        if loaded.set.is_none() {
            failures.push(format!("{name}: refused, {:?}", loaded.diagnostics));
            continue;
        }
        let services = loaded.options.resource_policy_services.clone();
        let request = case.request(&services).expect("a request");
        for (route, config) in &routes {
            let mut product = Product::new(&loaded, config);
            let (answer, mut codes) = match &request {
                Ok(request) => {
                    let (answer, findings) = product.answer_parsed(request);
                    explains(&name, &mut product, request, &answer);
                    (answer, findings.iter().map(|found| found.code.to_string()).collect::<Vec<_>>())
                }
                Err(error) => (Answer::error(error.code.to_string()), Vec::new()),
            };
            codes.extend(answer.code.clone());
            codes.extend(loaded.diagnostics.iter().map(|found| found.code.to_string()));
            failures.extend(judge(&case, &answer, &codes).map(|why| format!("{name}, {route}: {why}")));
        }
        if plain.readable {
            let answer = Answer::from(Reference::new(&plain.world).decide(&plain.request));
            let codes: Vec<String> = answer.code.iter().cloned().collect();
            // The reference has no diagnostics but the codes of requests.
            let wrong = judge(&case, &answer, &codes).filter(|why| !why.starts_with("diagnostic"));
            failures.extend(wrong.map(|why| format!("{name}, reference: {why}")));
        }
    }
    println!(
        "{decided} cases decided by {} configurations and the reference, {refused} refused, 0 deferred",
        routes.len()
    );
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    (decided, refused)
}

/// What differs from the case, if anything.
fn judge(case: &frontend_case::Case, answer: &Answer, codes: &[String]) -> Option<String> {
    let expected = case.expect.name();
    let denied = matches!(answer.decision, "explicit_deny" | "implicit_deny");
    if answer.decision != expected && !(expected == "deny" && denied) {
        return Some(format!("{answer:?}, expected {expected}"));
    }
    if let Some(missing) = case.diagnostics.iter().find(|code| !codes.contains(&code.to_string())) {
        return Some(format!("diagnostic {missing} missing among {codes:?}"));
    }
    if let Some(reason) = &case.reason {
        let expected: BTreeSet<String> = reason.iter().cloned().collect();
        if answer.reasons != expected {
            return Some(format!("reasons {:?}, expected {expected:?}", answer.reasons));
        }
    }
    match case.blocked_by {
        Some(layer) if answer.blocked_by != Some(layer.name()) => {
            Some(format!("blocked by {:?}", answer.blocked_by))
        }
        _ => None,
    }
}

/// The explanation, made without the index, comes to the same decision and reasons.
fn explains(
    name: &str,
    product: &mut Product,
    request: &camshaft_frontend::request::Request,
    answer: &Answer,
) {
    let explanation = product.explain(request);
    assert_eq!(&explanation.1, answer, "{name}: explanation");
    let matching =
        explanation.0.resources.iter().flat_map(|resource| &resource.parts).flat_map(|part| &part.statements);
    for report in matching {
        assert!(!report.name.is_empty() && report.text.starts_with('{'), "{name}: {report:?}");
    }
}

/// Every rule of the semantics has a case, or stands in a list that says why not.
#[test]
fn every_rule_has_a_case() {
    // Rules that no decision can show, and where they are tested instead.
    let elsewhere = [
        "GEN-4", "GEN-6", "EVA-24", "CON-18", "CAN-1", "CAN-2", "CAN-3", "CAN-4", "CAN-5", "CAN-6", "CAN-7",
        "LIM-12", "LIM-18",
    ];
    let rules: BTreeSet<String> = read_cases(CASES).into_iter().flat_map(|case| case.rules).collect();
    let semantics = include_str!("../../docs/semantics.md");
    let mut missing = Vec::new();
    for line in semantics.lines() {
        let Some(rule) = line.trim_start().strip_prefix("- **").and_then(|rest| rest.split("**").next())
        else {
            continue;
        };
        if !rules.contains(rule) && !elsewhere.contains(&rule) {
            missing.push(rule.to_string());
        }
    }
    assert!(missing.is_empty(), "rules without a case: {missing:?}");
}
