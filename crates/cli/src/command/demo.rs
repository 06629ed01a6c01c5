//! `camshaft demo`: the example world, built, asked and timed, in one command.
//!
//! The world is the folder `examples/demo` of the repo, compiled into the program, so that the command
//! needs no file.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anstyle::Style;
use camshaft::decider::{Decider, PreparedSession, Reading, with_request};
use camshaft_compiler::Config;
use camshaft_frontend::request::{self, Request};
use camshaft_frontend::world::{FileError, Files, Overrides, WorldInput, load};
use camshaft_runtime::Decision;

use crate::command::{build, decide};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::load;
use crate::render::json;
use crate::render::table::{Align, Table};
use crate::render::text;

macro_rules! embedded {
    ($($path:literal,)*) => {
        /// The files of the example world.
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../../../examples/demo/", $path))),)*];
    };
}

embedded! {
    "world.json",
    "requests.ndjson",
    "buckets/exports.json",
    "buckets/two-buckets.json",
    "policies/account-settings.json",
    "policies/dmc-all-instances.json",
    "policies/dmc-one-instance.json",
    "policies/edge.json",
    "policies/partner-reads.json",
    "policies/pass-role-for-monitoring.json",
    "policies/project-bucket.json",
    "policies/tke-for-monitoring.json",
    "policies/tke-read.json",
    "presets/mfa-for-account-settings.json",
    "presets/synthetic-cam-read-only.json",
    "presets/synthetic-dmc-full.json",
    "presets/synthetic-dmc-read-only.json",
    "trust/cm-qcsrole.json",
}

/// Decisions that are timed.
const TIMED: usize = 1_000_000;
/// Decisions between two looks at the clock.
const BATCH: usize = 100;

struct Embedded;

impl Files for Embedded {
    fn read(&self, path: &str) -> Result<String, FileError> {
        text_of(path).map(String::from).ok_or(FileError::Missing)
    }
}

fn text_of(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}

/// Runs it.
pub(crate) fn run(console: &mut Console) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let world = text_of("world.json").unwrap_or_default();
    let mut loaded = load(WorldInput::text("world.json", world.into()), &Embedded, &Overrides::default());
    let counts = loaded.counts;
    let reading = Reading::from(&loaded);
    let (set, findings) = load::accepted("the example world", &mut loaded)?;
    let compiled = load::compile(&set, &Config::default())?;
    let built = begin.elapsed();
    let bundle = load::own_bundle(&compiled)?;

    section(console, "1. The example world becomes one bundle")?;
    let stats = &compiled.stats;
    let mut table = Table::new([(Align::Left, text::DIM), (Align::Left, Style::new())]);
    table.row([
        "world".to_string(),
        format!(
            "{}, {}, {}, {}",
            text::counted(counts.accounts, "account"),
            text::counted(counts.users, "user"),
            text::counted(counts.groups, "group"),
            text::counted(counts.roles, "role"),
        ),
    ]);
    table.row([
        "policies".to_string(),
        format!(
            "{}, {}; {}",
            text::count(stats.policies, "policy", "policies"),
            text::counted(stats.statements, "statement"),
            findings.counts().text(),
        ),
    ]);
    table.row([
        "index".to_string(),
        format!("{} in {}", text::counted(stats.rows, "row"), text::counted(stats.blocks, "block")),
    ]);
    let sections: Vec<String> = build::sections(&bundle)
        .into_iter()
        .map(|(section, bytes)| format!("{} {}", section.name(), text::figure(bytes as u64)))
        .collect();
    table.row([
        "bundle".to_string(),
        format!(
            "{} ({}), built in {}",
            text::counted(bundle.length(), "byte"),
            sections.join(", "),
            text::duration(built)
        ),
    ]);
    table.row(["certificate".to_string(), json::Certificate(stats.certificate).text()]);
    table.row(["digest".to_string(), bundle.digest_text()]);
    let table = table.render(console.out_color);
    write!(console.out(), "{table}")?;

    let decider = Decider::new(bundle, reading, Config::default());
    let requests = requests();
    section(console, "2. Requests and the statements that decide them")?;
    ask(&decider, &requests, console)?;
    section(console, &format!("3. {} decisions", text::figure(TIMED as u64)))?;
    time(&decider, &requests, console)?;
    section(console, "What to try next")?;
    for line in [
        "camshaft build examples/demo -o demo.cam          the same bundle, as a file",
        "camshaft explain -b demo.cam --help               why, and why not",
        "camshaft test examples/demo/cases.jsonl           policies have unit tests",
        "camshaft check examples/policies/broken.json      what a broken policy is told",
    ] {
        writeln!(console.out(), "  {line}")?;
    }
    Ok(Exit::Done)
}

fn section(console: &mut Console, title: &str) -> Result<(), Failure> {
    let title = text::paint(console.out_color, text::STRONG, title);
    Ok(writeln!(console.out(), "\n{title}\n")?)
}

/// The requests of the example, with their names; those that are not well-formed JSON are left to
/// `camshaft decide`, which shows how they are refused.
fn requests() -> Vec<(String, Request)> {
    let lines = text_of("requests.ndjson").unwrap_or_default().lines();
    let parsed = lines.filter_map(|line| request::parse(line).ok());
    parsed.map(|request| (request.id.clone().unwrap_or_default(), request)).collect()
}

fn ask(decider: &Decider, requests: &[(String, Request)], console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let mut scratch = decider.engine().scratch();
    let mut table =
        Table::new([(Align::Left, Style::new()), (Align::Left, Style::new()), (Align::Left, text::DIM)]);
    for (name, request) in requests {
        let (reasons, _) = decider.reasons(request, &mut scratch);
        let names: Vec<String> =
            reasons.statements.iter().map(|statement| decider.engine().statement_name(*statement)).collect();
        let (word, why) = match reasons.decision {
            Decision::Allow { witness: None } => {
                ("allow", "the caller's account owns the resource".to_string())
            }
            Decision::Allow { .. } => ("allow", names.join(", ")),
            Decision::ExplicitDeny { .. } => ("explicit deny", names.join(", ")),
            Decision::ImplicitDeny { layer } => ("implicit deny", decide::blocked(layer.name()).to_string()),
            Decision::Error { code } => ("error", format!("CAM{:04}", code.number())),
        };
        table.row([name.clone(), word.to_string(), why]);
    }
    Ok(write!(console.out(), "{}", table.render(color))?)
}

/// Decides the requests over and over and checks that every answer stays the same.
fn time(decider: &Decider, requests: &[(String, Request)], console: &mut Console) -> Result<(), Failure> {
    let engine = decider.engine();
    let mut scratch = engine.scratch();
    let sessions: Vec<PreparedSession> =
        requests.iter().map(|(_, request)| decider.session(request)).collect();
    let (mut slowest_batch, mut total, mut made) = (Duration::ZERO, Duration::ZERO, 0usize);
    let mut batches: Vec<Duration> = Vec::with_capacity(TIMED / BATCH + requests.len());
    let mut changed = 0usize;
    while made < TIMED {
        for ((_, request), session) in requests.iter().zip(&sessions) {
            with_request(request, session, |request| {
                let first = engine.decide(request, &mut scratch);
                let begin = Instant::now();
                for _ in 0..BATCH {
                    changed += usize::from(engine.decide(request, &mut scratch) != first);
                }
                let batch = begin.elapsed();
                slowest_batch = slowest_batch.max(batch);
                total += batch;
                batches.push(batch);
            });
            made += BATCH;
        }
    }
    batches.sort_unstable();
    let each = |batch: Duration| batch.as_nanos() / BATCH as u128;
    let median = batches.get(batches.len() / 2).copied().unwrap_or_default();
    let rate = made as f64 / total.as_secs_f64().max(1e-9);
    let mut line = String::new();
    let _ = write!(
        line,
        "  {} decisions in {}: {} a second on one thread, median {} ns, mean {} ns",
        text::figure(made as u64),
        text::duration(total),
        text::figure(rate as u64),
        each(median),
        total.as_nanos() / made.max(1) as u128,
    );
    writeln!(console.out(), "{line}")?;
    writeln!(
        console.out(),
        "  {changed} answers changed; nothing was allocated, locked or looked up outside the bundle"
    )?;
    writeln!(
        console.out(),
        "  the same few requests stay in the cache; benches/RESULTS.md has honest figures"
    )?;
    assert_eq!(changed, 0, "a decision changed between two runs");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_example_is_embedded() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo"));
        let mut open = vec![root.to_path_buf()];
        let mut found = Vec::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("the example is there") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path.strip_prefix(root).expect("below").to_string_lossy().replace('\\', "/"));
                }
            }
        }
        found.retain(|name| name != "cases.jsonl" && name != "README.md");
        found.sort();
        let mut embedded: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_string()).collect();
        embedded.sort();
        assert_eq!(embedded, found);
    }
}
