//! Every conformance case as far as the frontend decides it: what must be refused is refused, what must be reported is
//! reported, and everything else loads.

use std::collections::BTreeSet;

use camshaft_frontend::case::{self, Case, Expect};
use camshaft_frontend::diagnostic::{Code, Diagnostic, code};
use camshaft_frontend::document::{self, Reading};
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::Setting;
use camshaft_frontend::source::Source;
use camshaft_frontend::world::{self, Loaded, NoFiles, Overrides};

const CASES: &str = include_str!("../data/cases/cases.jsonl");

/// Codes of requests that are found in their JSON.
const IN_JSON: [Code; 3] = [code::REQUEST_MALFORMED, code::REQUEST_RESOURCES, code::REQUEST_CONTEXT];

fn cases() -> Vec<Case> {
    let read = |(number, line)| case::parse_line("cases.jsonl", line, number);
    (1..)
        .zip(CASES.lines())
        .map(|line| read(line).unwrap_or_else(|error| panic!("{:?}", error.diagnostics)))
        .collect()
}

fn load(case: &Case) -> Loaded {
    world::load(case.world_input().expect("every case has a world"), &NoFiles, &Overrides::default())
}

/// What a case finds wrong with the frontend; empty if nothing.
fn faults(case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    let loaded = load(case);
    let shown = || {
        let show = |found: &Diagnostic| format!("{} {:?} {}", found.code, found.severity, found.message);
        loaded.diagnostics.iter().map(show).collect::<Vec<_>>()
    };
    if loaded.set.is_none() != (case.expect == Expect::Reject) {
        faults.push(format!("refused: {}; found {:?}", loaded.set.is_none(), shown()));
    }
    let mut found: BTreeSet<Code> = loaded.diagnostics.iter().map(|found| found.code).collect();
    match case.request(&loaded.options.resource_policy_services) {
        Some(Ok(request)) => {
            let reading = request.session_policy.map(|text| session(&text, &loaded));
            let reading = reading.unwrap_or_default();
            found.extend(reading.diagnostics.iter().map(|found| found.code));
            if reading.diagnostics.iter().any(Diagnostic::is_error) {
                found.insert(code::REQUEST_SESSION_POLICY);
                if case.expect != Expect::Error {
                    faults.push(format!("the session policy is refused: {:?}", reading.diagnostics));
                }
            }
        }
        Some(Err(error)) if case.expect == Expect::Error => {
            found.insert(error.code);
        }
        Some(Err(error)) if case.expect != Expect::Reject => {
            faults.push(format!("the request is refused: {error}"))
        }
        _ => {}
    }
    for wanted in &case.diagnostics {
        let decided_here = case.expect != Expect::Error || IN_JSON.contains(wanted) || wanted.0 < 600;
        if decided_here && !found.contains(wanted) {
            faults.push(format!("{wanted} is not reported; found {:?}", shown()));
        }
    }
    faults
}

/// A session policy, read as the world was.
fn session(text: &str, loaded: &Loaded) -> Reading {
    let source = Source::new("session", text);
    let setting = Setting {
        kind: Kind::Session,
        preset: false,
        account: None,
        parameters: &loaded.parameters,
        builtin_parameters: loaded.options.builtin_parameters,
        catalogue: &loaded.catalogue,
        legacy_project: loaded.options.legacy_project,
        strict: loaded.options.strict,
        limits: &loaded.options.limits,
        scope: None,
        unknown_account: false,
    };
    document::parse_source(&source, 0).read(&source, &setting)
}

#[test]
fn frontend_agrees_with_every_case() {
    let cases = cases();
    assert!(cases.len() >= 577, "{} cases", cases.len());
    let failed: Vec<String> = cases
        .iter()
        .flat_map(|case| {
            faults(case).into_iter().map(|fault| format!("{}: {fault}", case.id.as_deref().unwrap_or("?")))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} cases differ\n{}", failed.len(), cases.len(), failed.join("\n"));
}

#[test]
fn ids_are_unique_and_every_finding_has_its_place() {
    let mut ids = BTreeSet::new();
    for case in cases() {
        assert!(ids.insert(case.id.clone()), "{:?}", case.id);
        let loaded = load(&case);
        for found in &loaded.diagnostics {
            let source = loaded.sources.get(found.source as usize).expect("a source");
            assert!(found.span.start <= found.span.end && found.span.end <= source.text().len(), "{found:?}");
            assert!(source.text().get(found.span.start..found.span.end).is_some(), "{found:?}");
        }
    }
}

/// Damaged cases, their worlds and their requests are refused or accepted, but nothing panics and every finding has
/// a place.
#[test]
fn damage_is_no_reason_to_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).expect("small")
    };
    let splinters = [
        "", "\"", "{", "}", "[", "]", ",", ":", "\\", "*", "${", "null", "7", "\u{feff}", "密", "//", "\u{0}",
    ];
    let mut accepted = 0;
    for (number, line) in CASES.lines().enumerate() {
        for _ in 0..12 {
            let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            let (from, length) = (random(ends.len()), random(4));
            let to = ends.get(from + length).copied().unwrap_or(line.len());
            let damaged =
                format!("{}{}{}", &line[..ends[from]], splinters[random(splinters.len())], &line[to..]);
            let Ok(case) = case::parse_line("damaged", &damaged, number) else { continue };
            accepted += 1;
            let Some(input) = case.world_input() else { continue };
            let loaded = world::load(input, &NoFiles, &Overrides::default());
            for found in loaded.diagnostics.iter().chain(&loaded.unattached) {
                let source = &loaded.sources[found.source as usize];
                assert!(
                    source.text().get(found.span.start..found.span.end).is_some(),
                    "{found:?} in {damaged}"
                );
            }
            drop(case.request(&loaded.options.resource_policy_services));
        }
    }
    assert!(accepted > 1000, "{accepted} damaged cases were read");
}
