//! Measures everything in one run and prints Markdown.
//!
//! `measure [--workloads org,hot] [--sizes 1000,10000] [--rounds 5] [--no-json]`. Without arguments: every
//! workload at the sizes of its file. Sizes that a workload's file does not name are measured as well when
//! they are asked for. From 1,000,000 statements on the build from JSON is left out unless `--json` is given.

use std::hint::black_box;
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Answer, Baseline, Search};
use camshaft_benches::request::with_requests;
use camshaft_benches::subject::{Subject, Tally, compare};
use camshaft_benches::timing::{BATCH, Contestant, Figures, median, race};
use camshaft_benches::workload::{self, Workload};
use camshaft_benches::{product, timing};
use camshaft_bundle::schema::Section;
use camshaft_compiler::Stats;
use camshaft_runtime::{Action, Decision, Engine, Layer, Principal, Request};

/// Most time of one round of one contestant.
const ROUND: Duration = Duration::from_millis(1_500);

/// What no request was answered with yet.
const NOTHING: Decision = Decision::ImplicitDeny { layer: Layer::Identity };

struct Arguments {
    workloads: Vec<String>,
    sizes: Option<Vec<usize>>,
    rounds: usize,
    json: Option<bool>,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut read = Self {
            workloads: workload::all().map(String::from).collect(),
            sizes: None,
            rounds: 5,
            json: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{name}` lacks a value"));
            let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is not a number"));
            match name.as_str() {
                "--workloads" => read.workloads = value()?.split(',').map(String::from).collect(),
                "--sizes" => read.sizes = Some(value()?.split(',').map(number).collect::<Result<_, _>>()?),
                "--rounds" => read.rounds = number(&value()?)?.max(1),
                "--json" => read.json = Some(true),
                "--no-json" => read.json = Some(false),
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
    let mut report = Report::default();
    for name in &arguments.workloads {
        let Some(workload) = workload::find(name) else {
            eprintln!("no workload `{name}`; there are {}", workload::all().collect::<Vec<_>>().join(", "));
            return std::process::ExitCode::FAILURE;
        };
        for &size in arguments.sizes.as_ref().unwrap_or(&workload.sizes) {
            let begin = Instant::now();
            measure(&workload, size, &arguments, &mut report);
            eprintln!("{name} {size}: {:.1} s", begin.elapsed().as_secs_f64());
        }
    }
    report.print();
    std::process::ExitCode::SUCCESS
}

/// Rows of the three tables.
#[derive(Default)]
struct Report {
    decisions: Vec<String>,
    builds: Vec<String>,
    shapes: Vec<String>,
}

impl Report {
    fn print(&self) {
        println!("### Decisions\n");
        println!(
            "Nanoseconds; p50, p99, p99.9 of single decisions, mean in batches of {}; prepared: caller and action looked up before; \
             many: batches by `decide_many`. Ratio: indexed mean / engine mean.\n",
            timing::BATCH
        );
        println!(
            "| workload | statements | engine p50 | p99 | p99.9 | mean | prepared p50 | mean | many | indexed p50 | p99 | mean | naive p50 | mean | ratio |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        self.decisions.iter().for_each(|row| println!("{row}"));
        println!("\n### Building and opening\n");
        println!("Bytes are a statement's; rates in 1,000 statements/s; peak: growth of the resident set.\n");
        println!(
            "| workload | statements | hot | file | baseline | compile, 1 thread | 2 threads | peak MB | from JSON, 2 threads | open ms | ms a 100 MB |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|");
        self.builds.iter().for_each(|row| println!("{row}"));
        println!("\n### What was asked\n");
        println!(
            "| workload | statements | requests | allowed | denied | nothing | rows | blocks | groups | automata | literal filters | max candidates |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
        self.shapes.iter().for_each(|row| println!("{row}"));
    }
}

fn measure(workload: &Workload, size: usize, arguments: &Arguments, report: &mut Report) {
    let subject = Subject::new(workload, size);
    let head = format!("| {} | {} ", workload.name, thousands(size));
    let (engine, stats) = build(&subject, size, arguments, &head, report);
    let baseline = Baseline::new(&subject.world);
    with_requests(&subject.texts, |requests| {
        let tally = compare(&engine, &baseline, Search::Indexed, requests);
        let naive = requests.len().min(50_000_000 / size).max(64);
        let _ = compare(&engine, &baseline, Search::Naive, &requests[..naive]);
        let [mut scratch, mut other, mut third] = [(); 3].map(|()| engine.scratch());
        let prepared: Vec<_> = requests.iter().map(|request| prepare(&engine, request)).collect();
        let mut decided = vec![NOTHING; BATCH];
        let mut contestants = [
            Contestant::new(|request| number(engine.decide(request, &mut scratch).into())),
            Contestant::of_many(|at, requests| {
                let decide = |(request, (principal, action)): (&_, &(Principal<'_>, Action<'_>))| {
                    number(engine.decide_prepared(principal, action, black_box(request), &mut other).into())
                };
                requests.iter().zip(&prepared[at..]).map(decide).fold(0, u64::wrapping_add)
            }),
            Contestant::of_many(|_, requests| {
                let decided = &mut decided[..requests.len()];
                engine.decide_many(black_box(requests), decided, &mut third);
                decided.iter().map(|decision| number((*decision).into())).fold(0, u64::wrapping_add)
            }),
            Contestant::new(|request| number(baseline.decide(request, Search::Indexed))),
            Contestant::new(|request| number(baseline.decide(request, Search::Naive))),
        ];
        race(&mut contestants, requests, arguments.rounds, ROUND);
        let figures = contestants.each_ref().map(Contestant::figures);
        report.decisions.push(decisions(&head, &figures));
        report.shapes.push(shape(&head, requests.len(), tally, &stats));
    });
}

/// Caller and action of a request, looked up.
fn prepare<'r>(engine: &Engine, request: &Request<'r>) -> (Principal<'r>, Action<'r>) {
    let prepared = engine
        .principal(request.principal)
        .and_then(|principal| engine.action(request.action).map(|action| (principal, action)));
    let Ok(prepared) = prepared else { panic!("{request:?} is malformed") };
    let decided = engine.decide_prepared(&prepared.0, &prepared.1, request, &mut engine.scratch());
    assert_eq!(decided, engine.decide(request, &mut engine.scratch()), "{request:?}");
    prepared
}

fn decisions(head: &str, [ours, prepared, many, indexed, naive]: &[Figures; 5]) -> String {
    let fields = [
        ours.p50,
        ours.p99,
        ours.p999,
        ours.mean,
        prepared.p50,
        prepared.mean,
        many.mean,
        indexed.p50,
        indexed.p99,
        indexed.mean,
        naive.p50,
        naive.mean,
    ];
    let fields = fields.map(|figure| thousands(figure.round() as usize)).join(" | ");
    format!("{head}| {fields} | {:.2} |", indexed.mean / ours.mean)
}

fn shape(head: &str, requests: usize, tally: Tally, stats: &Stats) -> String {
    let Tally { allowed, denied, nothing } = tally;
    format!(
        "{head}| {requests} | {allowed} | {denied} | {nothing} | {} | {} | {} | {} | {} | {} |",
        stats.rows,
        stats.blocks,
        stats.groups,
        stats.automata,
        stats.literal_filters,
        stats.certificate.usual()
    )
}

/// Builds in every way; the engine, and what the compiler did.
fn build(
    subject: &Subject,
    size: usize,
    arguments: &Arguments,
    head: &str,
    report: &mut Report,
) -> (Engine, Stats) {
    let runs = if size > 200_000 { 1 } else { 3 };
    let set = product::policy_set(&subject.world);
    let before = memory("VmRSS:");
    // Resets the high-water mark; where that is not allowed, the peak is that of the whole run.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (one, compiled) = median(runs, || product::compiled(&set, 1));
    let peak = memory("VmHWM:").saturating_sub(before);
    let (two, _) = median(runs, || product::compiled(&set, 2));
    drop(set);
    let json = if arguments.json.unwrap_or(size < 1_000_000) {
        let text = product::ndjson(&subject.world);
        let (time, _) = median(runs, || {
            let loaded = product::load_lines(text.clone());
            let Some(set) = loaded.set else { panic!("the world is refused: {:?}", loaded.diagnostics) };
            product::compiled(&set, 2)
        });
        rate(size, time)
    } else {
        "–".into()
    };
    let (open, bundle) = median(if size > 200_000 { 3 } else { 9 }, || product::open(&compiled.bytes));
    let file = bundle.length();
    let hot: usize = bundle
        .sizes()
        .iter()
        .filter(|(_, section, _)| *section == Section::Hot)
        .map(|(_, _, bytes)| bytes)
        .sum();
    let each = |bytes: usize| thousands(bytes / size);
    let milliseconds = open.as_secs_f64() * 1e3;
    report.builds.push(format!(
        "{head}| {} | {} | {} | {} | {} | {} | {json} | {milliseconds:.2} | {:.0} |",
        each(hot),
        each(file),
        each(Baseline::new(&subject.world).bytes()),
        rate(size, one),
        rate(size, two),
        peak / 1024,
        milliseconds * 1e8 / file as f64,
    ));
    (Engine::new(bundle), compiled.stats)
}

fn number(answer: Answer) -> u64 {
    match answer {
        Answer::Allow => 1,
        Answer::ExplicitDeny => 2,
        Answer::ImplicitDeny(_) => 3,
    }
}

/// In thousands a second.
fn rate(size: usize, time: Duration) -> String {
    thousands((size as f64 / time.as_secs_f64() / 1e3).round() as usize)
}

/// With commas.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A figure of this process in KiB; 0 where there is none.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
