//! Engine against reference at volume, resumable.
//!
//! `differential [--decisions N] [--seed S] [--per-world N] [--threads N] [--state FILE]`
//!
//! Worlds are taken seed by seed from `S` on (default 1), in rounds; after each the state is written, and a later run
//! with the same file goes on from there until `N` decisions are made in all (default 1,000,000). A divergence ends the
//! run with exit code 1 and is printed with seed, configuration, world and request.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use camshaft_tests::campaign::{Counts, Divergence, compare};
use serde_json::{Value, json};

const USAGE: &str =
    "usage: differential [--decisions N] [--seed S] [--per-world N] [--threads N] [--state FILE]";
/// Worlds of a round: a second or two of work.
const ROUND: u64 = 128;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(30);

struct Arguments {
    decisions: u64,
    seed: u64,
    per_world: usize,
    threads: usize,
    state: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Option<Self> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let mut read = Self { decisions: 1_000_000, seed: 1, per_world: 1_000, threads, state: None };
        let mut words = env::args().skip(1);
        while let Some(flag) = words.next() {
            let value = words.next()?;
            let number = value.replace('_', "").parse::<u64>().ok();
            match flag.as_str() {
                "--decisions" => read.decisions = number?,
                "--seed" => read.seed = number?,
                "--per-world" => read.per_world = usize::try_from(number?).ok().filter(|n| *n > 0)?,
                "--threads" => read.threads = usize::try_from(number?).ok().filter(|n| *n > 0)?,
                "--state" => read.state = Some(value.into()),
                _ => return None,
            }
        }
        Some(read)
    }
}

/// What is known after a round.
#[derive(Default)]
struct State {
    next_seed: u64,
    seconds: f64,
    counts: Counts,
}

impl State {
    fn read(path: &Path) -> Option<Self> {
        let value: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        Some(Self {
            next_seed: value["next_seed"].as_u64()?,
            seconds: value["seconds"].as_f64()?,
            counts: Counts::from_json(&value["counts"])?,
        })
    }

    /// Replaces the file at once, so that a run that is killed loses a round at most.
    fn write(&self, path: &Path) -> std::io::Result<()> {
        let value = json!({
            "next_seed": self.next_seed, "seconds": self.seconds, "counts": self.counts.to_json(),
        });
        let beside = path.with_extension("tmp");
        fs::write(&beside, format!("{value:#}\n"))?;
        fs::rename(beside, path)
    }
}

/// The worlds of seeds in a range, on so many threads.
fn round(first: u64, end: u64, arguments: &Arguments) -> Result<Counts, Box<Divergence>> {
    let (next, stopped) = (AtomicU64::new(first), AtomicBool::new(false));
    let (total, found) = (Mutex::new(Counts::default()), Mutex::new(None));
    let work = || {
        let mut own = Counts::default();
        while !stopped.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            match compare(seed, arguments.per_world) {
                Ok(counts) => own.merge(counts),
                Err(divergence) => {
                    stopped.store(true, Ordering::Relaxed);
                    found.lock().expect("no holder panics").get_or_insert(divergence);
                }
            }
        }
        total.lock().expect("no holder panics").merge(own);
    };
    thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(work);
        }
    });
    match found.into_inner().expect("no holder panics") {
        Some(divergence) => Err(divergence),
        None => Ok(total.into_inner().expect("no holder panics")),
    }
}

fn main() -> ExitCode {
    let Some(arguments) = Arguments::read() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let kept = arguments.state.as_deref().filter(|path| path.exists());
    let mut state = match kept.map(State::read) {
        Some(Some(state)) => state,
        Some(None) => {
            eprintln!("the state file is not one of this command");
            return ExitCode::from(2);
        }
        None => State { next_seed: arguments.seed, ..State::default() },
    };
    let rate = |state: &State| state.counts.requests as f64 / state.seconds.max(0.001) * 60.0 / 1e6;
    let mut last = Instant::now();
    while state.counts.requests < arguments.decisions {
        let begin = Instant::now();
        let left = (arguments.decisions - state.counts.requests).div_ceil(arguments.per_world as u64);
        let end = state.next_seed + left.min(ROUND);
        match round(state.next_seed, end, &arguments) {
            Ok(counts) => state.counts.merge(counts),
            Err(divergence) => {
                println!("{divergence}");
                eprintln!("DIVERGENCE after {} decisions, seed {}", state.counts.requests, divergence.seed);
                return ExitCode::FAILURE;
            }
        }
        state.next_seed = end;
        state.seconds += begin.elapsed().as_secs_f64();
        if let Some(path) = &arguments.state
            && let Err(error) = state.write(path)
        {
            eprintln!("{}: {error}", path.display());
            return ExitCode::from(2);
        }
        if last.elapsed() > PROGRESS {
            last = Instant::now();
            eprintln!(
                "{} decisions on {} worlds, {:.2} million a minute, no divergence",
                state.counts.requests,
                state.counts.worlds,
                rate(&state)
            );
        }
    }
    println!(
        "{} decisions on {} worlds (seeds before {}) in {:.0} s, {:.2} million a minute: no divergence",
        state.counts.requests,
        state.counts.worlds,
        state.next_seed,
        state.seconds,
        rate(&state)
    );
    println!("{}", state.counts.table());
    ExitCode::SUCCESS
}
