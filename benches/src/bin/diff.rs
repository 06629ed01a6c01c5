//! Measures differences: of two policies, and of two worlds of which every thousandth statement differs.
//!
//! `diff [--workloads org,hot] [--size 100000] [--runs 5]`. Prints one line of tab-separated figures for every
//! workload: microseconds of the comparison of two policies (the median of all, and the greatest), milliseconds to
//! read both worlds and to compare them (the best of the runs), and what was found.

use std::time::Instant;

use camshaft_benches::world::World;
use camshaft_benches::{product, workload};
use camshaft_compiler::analysis::{Asking, documents, worlds};
use camshaft_frontend::policy::{Effect, PolicySet};

/// Of so many statements one differs.
const EVERY: usize = 1_000;

fn main() -> std::process::ExitCode {
    let (mut names, mut size, mut runs) = ("org,hot".to_owned(), 100_000, 5);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match (name.as_str(), value.parse::<usize>()) {
            ("--workloads", _) => names = value,
            ("--size", Ok(number)) => size = number,
            ("--runs", Ok(number)) => runs = number.max(1),
            _ => {
                eprintln!("unknown argument `{name} {value}`");
                return std::process::ExitCode::FAILURE;
            }
        }
    }
    println!(
        "workload\tstatements\tpolicy median µs\tpolicy greatest µs\tread both ms\tcompare ms\tcallers that differ\tgroups\tunknown"
    );
    for name in names.split(',') {
        let Some(workload) = workload::find(name) else {
            eprintln!("no workload `{name}`");
            return std::process::ExitCode::FAILURE;
        };
        measure(name, size, runs, &World::new(&workload, size));
    }
    std::process::ExitCode::SUCCESS
}

fn measure(name: &str, size: usize, runs: usize, world: &World) {
    let text = product::ndjson(world);
    let read = || {
        let loaded = product::load_lines_with(text.clone(), 2);
        loaded.set.unwrap_or_else(|| panic!("the world is refused: {:?}", loaded.diagnostics))
    };
    let begin = Instant::now();
    let (before, mut after) = (read(), read());
    let reading = begin.elapsed();
    let changed = edit(&mut after);
    let mut best = f64::MAX;
    let mut found = None;
    for _ in 0..runs {
        let begin = Instant::now();
        let diff = worlds(&before, &after, Asking::default());
        best = best.min(begin.elapsed().as_secs_f64());
        found = Some(diff);
    }
    let mut each: Vec<f64> = Vec::new();
    for number in changed {
        let (Some(a), Some(b)) = (before.policies.get(number), after.policies.get(number)) else { continue };
        let begin = Instant::now();
        let diff = documents(a, b, Asking::default());
        each.push(begin.elapsed().as_secs_f64() * 1e6);
        assert!(diff.unknown.is_empty(), "{:?}", diff.unknown);
    }
    each.sort_by(f64::total_cmp);
    let median = each.get(each.len() / 2).copied().unwrap_or(0.0);
    let greatest = each.last().copied().unwrap_or(0.0);
    let diff = found.unwrap_or_default();
    println!(
        "{name}\t{size}\t{median:.0}\t{greatest:.0}\t{:.0}\t{:.0}\t{}\t{}\t{}",
        reading.as_secs_f64() * 1e3,
        best * 1e3,
        diff.callers.1,
        diff.changes.len(),
        diff.unknown.len()
    );
}

/// Changes every thousandth statement: its effect, its resources, or its condition; the policies that are changed.
fn edit(set: &mut PolicySet) -> Vec<usize> {
    let mut changed = Vec::new();
    let mut number = 0;
    for (place, policy) in set.policies.iter_mut().enumerate() {
        for statement in &mut policy.statements {
            number += 1;
            if number % EVERY != 7 {
                continue;
            }
            changed.push(place);
            match number / EVERY % 3 {
                0 => {
                    statement.effect =
                        if statement.effect == Effect::Allow { Effect::Deny } else { Effect::Allow };
                }
                1 => statement.condition.clear(),
                _ => statement.actions.push(camshaft_frontend::policy::ActionEntry::All),
            }
        }
    }
    changed
}
