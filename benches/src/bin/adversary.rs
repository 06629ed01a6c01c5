//! The hardest policies that the quotas of the platform allow: what they take to read, compile and open, how many rows
//! a decision may test by their certificate and how many it did, and the slowest single request found.
//!
//! `adversary [NAME[,NAME]] [POLICIES]`: without arguments all of them with 1,500 policies. Prints Markdown.

use std::hint::black_box;
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Answer, Baseline, Search};
use camshaft_benches::product;
use camshaft_benches::request::{make, touch, with_requests};
use camshaft_benches::subject::compare;
use camshaft_benches::timing::{Contestant, race};
use camshaft_benches::workload::{self, Workload};
use camshaft_benches::world::World;
use camshaft_runtime::{Engine, Request};

/// Requests, those with most rows and those that took longest, of which the slowest is looked for.
const SUSPECTS: usize = 32;
/// Decisions of a suspect; the median counts.
const REPEATS: usize = 51;

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let names = arguments.next().unwrap_or_else(|| workload::adversarial().collect::<Vec<_>>().join(","));
    let policies = arguments.next().and_then(|text| text.parse().ok());
    println!(
        "| workload | policies | statements | rows | read s | compile s | peak MB | open ms | bundle MB | certificate | most rows | p50 | p99 | worst | indexed p50 | worst of it |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for name in names.split(',') {
        let Some(workload) = workload::find(name).filter(|workload| workload.hostile.is_some()) else {
            eprintln!("no adversarial workload `{name}`");
            return std::process::ExitCode::FAILURE;
        };
        let size = policies.unwrap_or_else(|| workload.sizes.first().copied().unwrap_or(1));
        if let Err(error) = measure(&workload, size) {
            eprintln!("{name}: {error}");
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}

fn measure(workload: &Workload, size: usize) -> Result<(), String> {
    let world = World::new(workload, size);
    let text = product::ndjson(&world);
    let (read, loaded) = timed(|| product::load_within_quotas(text));
    let Some(set) = loaded.set else { return Err(format!("{:?}", loaded.diagnostics.first())) };
    let before = memory("VmRSS:");
    // Resets the high-water mark; where that is not allowed, the peak is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (compile, compiled) = timed(|| product::compiled(&set, 2));
    let peak = memory("VmHWM:").saturating_sub(before) / 1024;
    drop(set);
    let (open, bundle) = timed(|| product::open(&compiled.bytes));
    let engine = Engine::new(bundle);
    let baseline = Baseline::new(&world);
    let texts = make(workload, &world);
    with_requests(&texts, |requests| {
        // A scan of everything takes milliseconds.
        let few = requests.len().min(20_000_000 / world.statements.max(1)).max(64);
        let _ = compare(&engine, &baseline, Search::Indexed, &requests[..few.min(requests.len())]);
        let mut scratch = engine.scratch();
        let mut suspects: Vec<(u32, usize)> = (0..)
            .zip(requests)
            .map(|(at, request)| (engine.candidates(request, &mut scratch)[0], at))
            .collect();
        suspects.sort_unstable();
        suspects.reverse();
        let most = suspects.first().map_or(0, |(rows, _)| *rows);
        let values =
            |request: &Request<'_>| request.context.iter().map(|(_, values)| values.len() as u32).sum();
        let bound =
            requests.iter().map(|request| compiled.stats.certificate.with_context(values(request), 0)).max();
        let bound = bound.unwrap_or(0);
        assert!(most <= bound, "{most} rows were tested where the certificate says {bound}");
        suspects.truncate(SUSPECTS);
        let mut slow: Vec<(Duration, usize)> = (0..)
            .zip(requests)
            .map(|(at, request)| {
                let begin = Instant::now();
                let _ = black_box(engine.decide(request, &mut scratch));
                (begin.elapsed(), at)
            })
            .collect();
        slow.sort_unstable();
        suspects.extend(slow.iter().rev().take(SUSPECTS).map(|(_, at)| (0, *at)));
        let slowest = |decide: &mut dyn FnMut(&Request<'_>)| {
            let times = suspects.iter().map(|(_, at)| (slowness(&requests[*at], decide), *at));
            times.max().unwrap_or_default()
        };
        let (worst, at) = slowest(&mut |request| {
            let _ = black_box(engine.decide(request, &mut scratch));
        });
        let (worst_of_baseline, _) = slowest(&mut |request| {
            black_box(baseline.decide(request, Search::Indexed));
        });
        let mut contestants = [
            Contestant::new(|request| {
                u64::from(matches!(
                    engine.decide(request, &mut scratch),
                    camshaft_runtime::Decision::Allow { .. }
                ))
            }),
            Contestant::new(|request| u64::from(baseline.decide(request, Search::Indexed) == Answer::Allow)),
        ];
        race(&mut contestants, requests, 3, Duration::from_secs(2));
        let [ours, indexed] = contestants.each_ref().map(Contestant::figures);
        let name = workload.name;
        println!(
            "| {name} | {size} | {} | {} | {read:.2} | {compile:.2} | {peak} | {:.1} | {:.1} | {bound} | {most} | {:.0} | {:.0} | {} | {:.0} | {} |",
            world.statements,
            compiled.stats.rows,
            open * 1e3,
            compiled.bytes.len() as f64 / 1e6,
            ours.p50,
            ours.p99,
            worst.as_nanos(),
            indexed.p50,
            worst_of_baseline.as_nanos(),
        );
        eprintln!("{name}: {:?}", compiled.stats);
        eprintln!(
            "worst, {} rows: {:?}",
            engine.candidates(&requests[at], &mut engine.scratch())[0],
            requests[at]
        );
    });
    Ok(())
}

/// The median time of one request, asked again and again.
fn slowness(request: &Request<'_>, decide: &mut dyn FnMut(&Request<'_>)) -> Duration {
    black_box(touch(request));
    let mut times = Vec::with_capacity(REPEATS);
    let begin = Instant::now();
    while times.len() < REPEATS && begin.elapsed() < Duration::from_secs(1) {
        let begin = Instant::now();
        decide(black_box(request));
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let made = run();
    (begin.elapsed().as_secs_f64(), made)
}

/// A figure of this process in KiB; 0 where there is none.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
