//! The root account at the platform's quotas: what it takes to read, compile, open and ask.
//!
//! `quota [POLICIES]`: with fewer policies than the quota, everything else in proportion. Prints figures, one
//! a line.

use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Answer, Baseline, Search};
use camshaft_benches::product;
use camshaft_benches::request::{make_for, with_requests};
use camshaft_benches::subject::compare;
use camshaft_benches::timing::{Contestant, race};
use camshaft_benches::workload::{self, Callers};
use camshaft_benches::world::World;
use camshaft_runtime::Engine;

fn main() -> std::process::ExitCode {
    let Some(workload) = workload::find("quota") else { return std::process::ExitCode::FAILURE };
    let policies = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let size = policies.unwrap_or_else(|| workload.sizes.first().copied().unwrap_or(1));
    let world = World::new(&workload, size);
    let text = product::ndjson(&world);
    println!("policies {size}, statements {}, text {} MB", world.statements, text.len() / 1_000_000);
    let (time, loaded) = timed(|| product::load_within_quotas(text));
    let Some(set) = loaded.set else {
        for diagnostic in loaded.diagnostics.iter().take(5) {
            eprintln!("{diagnostic:?}");
        }
        return std::process::ExitCode::FAILURE;
    };
    println!("read {time:.2} s, resident set at most {} MB", peak());
    let (time, compiled) = timed(|| product::compiled(&set, 2));
    println!("compile {time:.2} s, 2 threads, resident set at most {} MB", peak());
    println!("{:?}", compiled.stats);
    drop(set);
    let (time, bundle) = timed(|| product::open(&compiled.bytes));
    println!("open {time:.3} s, {} MB", compiled.bytes.len() / 1_000_000);
    let mut sizes: Vec<_> = bundle.sizes();
    sizes.sort_by_key(|(_, _, bytes)| core::cmp::Reverse(*bytes));
    for (name, section, bytes) in sizes.iter().take(6) {
        println!("  {name} {section:?} {} MB", bytes / 1_000_000);
    }
    let engine = Engine::new(bundle);
    let baseline = Baseline::new(&world);
    for callers in [Callers::Fewest, Callers::Most, Callers::All] {
        let texts = make_for(&workload, &world, callers, None);
        with_requests(&texts, |requests| {
            let tally = compare(&engine, &baseline, Search::Indexed, requests);
            let mut scratch = engine.scratch();
            let mut contestants = [
                Contestant::new(|request| u64::from(engine.decide(request, &mut scratch) == NONE)),
                Contestant::new(|request| {
                    u64::from(baseline.decide(request, Search::Indexed) == Answer::ExplicitDeny)
                }),
            ];
            race(&mut contestants, requests, 5, Duration::from_secs(2));
            let [ours, indexed] = contestants.each_ref().map(Contestant::figures);
            println!("{callers:?}: {tally:?}\n  engine {ours:?}\n  indexed {indexed:?}");
        });
    }
    std::process::ExitCode::SUCCESS
}

const NONE: camshaft_runtime::Decision = camshaft_runtime::Decision::Allow { witness: None };

fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let made = run();
    (begin.elapsed().as_secs_f64(), made)
}

/// The high-water mark of the resident set in MB; 0 where there is none.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) / 1_000
}
