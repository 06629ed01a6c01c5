//! A shared engine under load: what a look at it costs, what swaps do to latencies, how threads scale.
//!
//! `swap [WORKLOAD [STATEMENTS [SWAPS]]]`, by default `swap org 10000 1000`. One thread a core decides all the time.
//! Latencies are of single decisions, each with its look for a new engine, in three turns of equal length: *still*;
//! *opening*, where one more thread opens and frees bundles, so that the cores are as crowded as with swaps; and
//! *swapping*, where it publishes them. The bundles are of one world, hence of one answer, but each is a copy of its own
//! in memory that the caches have yet to see. Every decision is compared with that of an engine by itself.

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Baseline, Search};
use camshaft_benches::product;
use camshaft_benches::request::{touch, with_requests};
use camshaft_benches::subject::{Subject, compare};
use camshaft_benches::workload;
use camshaft_runtime::{Decision, Engine, Request, SharedEngine, Stamp};

/// Rounds of everything, alternating.
const ROUNDS: usize = 5;
/// How long a round of the scaling takes.
const ROUND: Duration = Duration::from_millis(600);
/// Between two swaps.
const PAUSE: Duration = Duration::from_millis(1);
/// Most latencies that a thread keeps; reserved and touched beforehand.
const KEPT: usize = 8_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, or: usize| {
        arguments.get(at).map_or(Some(or), |text| text.parse().ok()).filter(|number| *number > 0)
    };
    let name = arguments.first().map_or("org", String::as_str);
    let (Some(workload), Some(size), Some(swaps)) =
        (workload::find(name), number(1, 10_000), number(2, 1_000))
    else {
        eprintln!("swap [WORKLOAD [STATEMENTS [SWAPS]]]");
        return ExitCode::FAILURE;
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let subject = Subject::new(&workload, size);
    let bytes = product::compiled(&product::policy_set(&subject.world), 0).bytes;
    println!("{name}, {size} statements, {} bytes of bundle, {threads} threads", bytes.len());
    with_requests(&subject.texts, |requests| {
        let alone = engine(&bytes);
        let _ = compare(&alone, &Baseline::new(&subject.world), Search::Indexed, requests);
        let mut scratch = alone.scratch();
        let expected = requests.iter().map(|request| alone.decide(request, &mut scratch)).collect();
        let load = Load { bytes: &bytes, requests, expected, threads };
        looks(&load);
        latencies(&load, swaps);
        scaling(&load);
    });
    ExitCode::SUCCESS
}

fn engine(bytes: &[u8]) -> Engine {
    Engine::new(product::open(bytes))
}

/// What is decided.
struct Load<'l> {
    bytes: &'l [u8],
    requests: &'l [Request<'l>],
    expected: Vec<Decision>,
    threads: usize,
}

impl Load<'_> {
    fn shared(&self) -> SharedEngine {
        SharedEngine::new(engine(self.bytes), Stamp::default())
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

/// What [`camshaft_runtime::EngineReader::load`] costs, beside a loop that only reads what it would give.
fn looks(load: &Load<'_>) {
    const LOOKS: u32 = 20_000_000;
    let shared = load.shared();
    let mut reader = shared.reader();
    let own = engine(load.bytes);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for _ in 0..LOOKS {
            black_box(black_box(&mut reader).load().engine);
        }
        with.push(begin.elapsed().as_nanos() as f64 / f64::from(LOOKS));
        let begin = Instant::now();
        for _ in 0..LOOKS {
            black_box(black_box(&own));
        }
        without.push(begin.elapsed().as_nanos() as f64 / f64::from(LOOKS));
    }
    println!("\na look for a new engine: {:.2} ns; an empty loop: {:.2} ns", median(with), median(without));
}

/// What the publisher does meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Still,
    Opening,
    Swapping,
}

fn latencies(load: &Load<'_>, swaps: usize) {
    println!("\n| turn | decisions | p50 | p99 | p99.9 | p99.99 | max |");
    println!("|---|---|---|---|---|---|---|");
    let mut length = Duration::from_secs(2);
    for turn in [Turn::Swapping, Turn::Still, Turn::Opening, Turn::Swapping] {
        let begin = Instant::now();
        let Times { all, first } = serve(load, turn, swaps, length);
        length = begin.elapsed();
        row(&format!("{turn:?}"), all);
        if !first.is_empty() {
            row("of these, the first with a new engine", first);
        }
    }
    println!("\nNanoseconds, the clock's own included. The first turn warms up.");
}

fn row(name: &str, mut times: Vec<u32>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() as f64 * share) as usize).min(times.len() - 1)];
    let [p50, p99, p999, p9999, max] = [0.5, 0.99, 0.999, 0.9999, 1.0].map(at);
    println!("| {name} | {} | {p50} | {p99} | {p999} | {p9999} | {max} |", times.len());
}

/// Latencies in nanoseconds.
#[derive(Default)]
struct Times {
    all: Vec<u32>,
    /// Those of decisions that took up a new engine.
    first: Vec<u32>,
}

/// Every thread decides while the publisher takes its turn.
fn serve(load: &Load<'_>, turn: Turn, swaps: usize, length: Duration) -> Times {
    let shared = load.shared();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (shared, stop) = (&shared, &stop);
        let threads: Vec<_> =
            (0..load.threads).map(|number| scope.spawn(move || decide(load, shared, stop, number))).collect();
        match turn {
            Turn::Still => std::thread::sleep(length),
            Turn::Opening | Turn::Swapping => {
                for _ in 0..swaps {
                    let next = engine(load.bytes);
                    if turn == Turn::Swapping {
                        shared.swap(next, Stamp::default());
                    }
                    std::thread::sleep(PAUSE);
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        let mut times = Times::default();
        for thread in threads {
            let Ok(of_thread) = thread.join() else { panic!("a decision was wrong") };
            times.all.extend(of_thread.all);
            times.first.extend(of_thread.first);
        }
        assert_eq!(shared.reap(), 0, "a replaced engine is kept");
        times
    })
}

fn decide(load: &Load<'_>, shared: &SharedEngine, stop: &AtomicBool, number: usize) -> Times {
    let mut reader = shared.reader();
    let mut times = vec![1u32; KEPT];
    let mut first = Vec::new();
    let (mut made, mut last) = (0, reader.load().publication());
    // Threads begin in different places: they would warm the cache for each other.
    let from = load.requests.len() / load.threads * number;
    let requests = load.requests.iter().zip(&load.expected).cycle().skip(from);
    for (request, expected) in requests {
        if stop.load(Ordering::Relaxed) || made == times.len() {
            break;
        }
        black_box(touch(request));
        let begin = Instant::now();
        let mut current = reader.load();
        let decision = current.decide(black_box(request));
        let time = begin.elapsed();
        assert_eq!(decision, *expected);
        let publication = current.publication();
        assert!(publication >= last, "an engine came back");
        times[made] = u32::try_from(time.as_nanos()).unwrap_or(u32::MAX);
        if publication > last {
            first.push(times[made]);
        }
        last = publication;
        made += 1;
    }
    times.truncate(made);
    Times { all: times, first }
}

/// Decisions a second with one thread and with all, sharing an engine and with one each.
fn scaling(load: &Load<'_>) {
    let rates = |threads: usize, sharing: bool| {
        let shared = load.shared();
        let own: Vec<SharedEngine> = (0..threads).map(|_| load.shared()).collect();
        let begin = Instant::now();
        let made: u64 = std::thread::scope(|scope| {
            let handles: Vec<_> = (own.iter().zip(0..))
                .map(|(own, number)| {
                    let engine = if sharing { &shared } else { own };
                    scope.spawn(move || rate(load, engine, number))
                })
                .collect();
            let made = |handle: std::thread::ScopedJoinHandle<'_, u64>| match handle.join() {
                Ok(made) => made,
                Err(_) => panic!("a decision was wrong"),
            };
            handles.into_iter().map(made).sum()
        });
        made as f64 / begin.elapsed().as_secs_f64()
    };
    let mut figures: [[Vec<f64>; 2]; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (sharing, figures) in [true, false].into_iter().zip(&mut figures) {
            let (one, all) = (rates(1, sharing), rates(load.threads, sharing));
            figures[0].push(one);
            figures[1].push(all / one);
        }
    }
    println!("\n| engine | decisions/s, 1 thread | {} threads, times that |", load.threads);
    println!("|---|---|---|");
    for (name, [one, ratio]) in ["shared", "one each"].into_iter().zip(figures) {
        println!("| {name} | {:.0} | {:.2} |", median(one), median(ratio));
    }
}

fn rate(load: &Load<'_>, shared: &SharedEngine, number: usize) -> u64 {
    let mut reader = shared.reader();
    let from = load.requests.len() / load.threads * number;
    let mut made = 0;
    let begin = Instant::now();
    let requests = load.requests.iter().zip(&load.expected).cycle().skip(from);
    for (request, expected) in requests {
        assert_eq!(reader.load().decide(black_box(request)), *expected);
        made += 1;
        // A look at the clock costs as much as a tenth of a decision.
        if made % 256 == 0 && begin.elapsed() > ROUND {
            break;
        }
    }
    made
}
