//! Measures builds alone: rates, processor time, memory, and a digest of what was built.
//!
//! `building [--workloads org,hot] [--sizes 100000] [--runs 3] [--parts set,json]`. Prints one line of
//! tab-separated figures for every workload, size, part and number of threads: the best rate of the runs in
//! statements/s, processor microseconds and growth of the resident set in bytes for one statement, and the
//! digest of the bundle. What the first thread does alone is told apart, because wall time on a shared machine
//! does not show how much of the work others can share. `set` compiles parsed statements, `json` reads lines of JSON and compiles them,
//! `again` does so after every thousandth statement changed, with what the load before left.

use std::time::Instant;

use camshaft_benches::product;
use camshaft_benches::workload;
use camshaft_benches::world::World;
use camshaft_compiler::Compiled;
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::world::{Loaded, Memory};

struct Arguments {
    workloads: Vec<String>,
    sizes: Vec<usize>,
    runs: usize,
    parts: Vec<String>,
    threads: Vec<usize>,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let texts = |text: &str| text.split(',').map(String::from).collect::<Vec<_>>();
        let mut read = Self {
            workloads: texts("org,hot"),
            sizes: vec![100_000],
            runs: 3,
            parts: texts("set,json"),
            threads: vec![1, 2],
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("`{name}` lacks a value"))?;
            let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is not a number"));
            let numbers = || value.split(',').map(number).collect::<Result<_, _>>();
            match name.as_str() {
                "--workloads" => read.workloads = texts(&value),
                "--sizes" => read.sizes = numbers()?,
                "--runs" => read.runs = number(&value)?.max(1),
                "--parts" => read.parts = texts(&value),
                "--threads" => read.threads = numbers()?,
                _ => return Err(format!("unknown argument `{name}`")),
            }
        }
        Ok(read)
    }
}

fn main() -> std::process::ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            return std::process::ExitCode::FAILURE;
        }
    };
    println!(
        "workload\tstatements\tpart\tthreads\tper second\tcpu µs\tfirst thread µs\tpeak bytes\tbundle bytes\tdigest"
    );
    for name in &arguments.workloads {
        let Some(workload) = workload::find(name) else {
            eprintln!("no workload `{name}`; there are {}", workload::all().collect::<Vec<_>>().join(", "));
            return std::process::ExitCode::FAILURE;
        };
        for &size in &arguments.sizes {
            let world = World::new(&workload, size);
            for part in &arguments.parts {
                measure(&arguments, name, size, part, &world);
            }
        }
    }
    std::process::ExitCode::SUCCESS
}

fn measure(arguments: &Arguments, name: &str, size: usize, part: &str, world: &World) {
    let json = (part != "set").then(|| product::ndjson(world));
    let edited = json.as_deref().filter(|_| part == "again").map(edited);
    let set = (part == "set").then(|| product::policy_set(world));
    for &threads in &arguments.threads {
        let (mut best, mut processor, mut serial, mut peak) = (f64::MAX, f64::MAX, f64::MAX, 0);
        let mut built = None;
        for _ in 0..arguments.runs {
            drop(built.take());
            let mut memory = Memory::default();
            if edited.is_some() {
                let first = product::load_lines_again(&mut memory, json.clone().unwrap_or_default(), threads);
                memory.keep(first.set.unwrap_or_default());
            }
            let text = edited.as_ref().or(json.as_ref()).cloned().unwrap_or_default();
            // Resets the high-water mark; where that is not allowed, the peak is that of the whole run.
            let _ = std::fs::write("/proc/self/clear_refs", "5");
            let (before, busy, alone) = (memory_of("VmRSS:"), processor_seconds(), thread_seconds());
            let begin = Instant::now();
            let compiled = match &set {
                Some(set) => (product::compiled(set, threads), None),
                None if edited.is_some() => {
                    compiled(product::load_lines_again(&mut memory, text, threads), threads)
                }
                None => compiled(product::load_lines_with(text, threads), threads),
            };
            best = best.min(begin.elapsed().as_secs_f64());
            processor = processor.min(processor_seconds() - busy);
            serial = serial.min(thread_seconds() - alone);
            peak = peak.max(memory_of("VmHWM:").saturating_sub(before));
            if edited.is_some() {
                let (known, read) = memory.counts();
                eprintln!("{name} {size}: {known} documents known, {read} read");
            }
            built = Some(compiled);
        }
        let Some((built, _)) = built else { continue };
        let digest = product::open(&built.bytes).digest_text();
        if let Some(edited) = &edited {
            let (full, _) = compiled(product::load_lines_with(edited.clone(), threads), threads);
            assert!(full.bytes == built.bytes, "{name}: a build with a memory is another");
        }
        let each = |seconds: f64| seconds * 1e6 / size as f64;
        let (rate, processor, serial) = (size as f64 / best, each(processor), each(serial));
        println!(
            "{name}\t{size}\t{part}\t{threads}\t{rate:.0}\t{processor:.2}\t{serial:.2}\t{}\t{}\t{}",
            peak * 1024 / size,
            built.bytes.len() / size,
            digest.get(..16).unwrap_or(&digest)
        );
    }
}

/// The world with every thousandth statement changed.
fn edited(text: &str) -> String {
    let mut edited = String::with_capacity(text.len());
    for (number, piece) in text.split_inclusive(ALLOW).enumerate() {
        match piece.strip_suffix(ALLOW).filter(|_| number % 1_000 == 7) {
            Some(head) => edited.extend([head, DENY]),
            None => edited.push_str(piece),
        }
    }
    edited
}

const ALLOW: &str = r#"{"effect":"allow""#;
const DENY: &str = r#"{"effect":"deny""#;

/// The bundle, and the set that it was made of: `camshaft build` never frees it either.
fn compiled(loaded: Loaded, threads: usize) -> (Compiled, Option<PolicySet>) {
    let Some(set) = loaded.set else { panic!("the world is refused: {:?}", loaded.diagnostics) };
    (product::compiled(&set, threads), Some(set))
}

/// Processor time of this process so far, in ticks of a hundredth of a second; 0 where it is not told.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = behind.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Processor time of this thread so far: what no other thread could help with, while others work for it.
fn thread_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// A figure of this process in KiB; 0 where there is none.
fn memory_of(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
