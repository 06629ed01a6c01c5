//! `camshaft build`: a world, or policies alone, to a bundle.

use std::time::Instant;

use anstyle::Style;
use camshaft_bundle::{Bundle, SecretKey, Section, WriteError};
use camshaft_compiler::{CompileErrorKind, Compiled, Config, Stats, Strategy};
use camshaft_frontend::diagnostic::Severity;
use camshaft_frontend::world::{Counts, Overrides};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::Build;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::load;
use crate::progress::Progress;
use crate::render::diagnostic::{self, Findings};
use crate::render::proof::{Proof, prove_bundle};
use crate::render::table::{Align, Table};
use crate::render::{json, text};
use crate::trust::{self, Signature};
use crate::write;

/// Findings that are shown of a build that succeeds.
const MOST_SHOWN: usize = 20;

/// What was built.
#[derive(Serialize)]
struct Summary {
    bundle: String,
    digest: String,
    bytes: usize,
    signature: Option<Signature>,
    /// Whether it was built twice, with the same bytes.
    reproduced: bool,
    accounts: usize,
    users: usize,
    groups: usize,
    roles: usize,
    /// Users and roles.
    identities: usize,
    presets: usize,
    resource_policies: usize,
    /// Attached policies, once for each account that fills a template differently.
    policies: usize,
    statements: usize,
    rows: usize,
    blocks: usize,
    sections: Map<String, Value>,
    strategies: Map<String, Value>,
    index: Index,
    /// Most rows that a decision on one resource may have to verify.
    certificate: json::Certificate,
    seconds: Seconds,
    /// The most memory that the build held, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bytes: Option<u64>,
    findings: diagnostic::Counts,
    diagnostics: Vec<json::Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

#[derive(Serialize)]
struct Index {
    groups: usize,
    automata: usize,
    literal_filters: usize,
    conditions: usize,
    condition_terms: usize,
    network_sets: usize,
}

/// The most memory that the process held so far, where the system tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[derive(Serialize)]
struct Seconds {
    read: f64,
    compile: f64,
    write: f64,
}

/// Runs it.
pub(crate) fn run(args: &Build, console: &mut Console) -> Result<Exit, Failure> {
    let mut overrides = load::overrides(&args.reading)?;
    overrides.threads = args.threads.map_or(0, usize::from);
    if args.verify_reproducible && args.paths.iter().any(|path| crate::input::is_stdin(path)) {
        return Err(Failure::usage_with(
            "standard input cannot be read twice",
            "`--verify-reproducible` takes files",
        ));
    }
    let key = args.key.as_deref().map(trust::secret).transpose()?;
    let progress = Progress::begin(console, "reading");
    let begin = Instant::now();
    let mut loaded = load::world_or_policies(&args.paths, &overrides, Some(&progress))?;
    let counts = loaded.counts;
    let what = crate::input::name(&args.paths[0]);
    let (set, findings) = load::accepted(&what, &mut loaded)?;
    drop(loaded);
    let read = begin.elapsed();

    let statements = set.policies.iter().map(|policy| policy.statements.len()).sum();
    progress.next(&format!("compiling {}", text::counted(statements, "statement")));
    let begin = Instant::now();
    let compiled = load::compile(&set, &config(args))?;
    let compile = begin.elapsed();
    let mut bundle = None;
    let mut proof = None;
    if args.proving.prove {
        progress.next("proving");
        let compiled = load::own_bundle(&compiled)?;
        let found = prove_bundle(&compiled, Some(&set), &args.proving, args.threads.map_or(0, usize::from));
        if !found.complete {
            drop(progress);
            if !console.is_json() {
                console.message(&found.details());
            }
            return Err(Failure::NotProven(Box::new(found)));
        }
        (bundle, proof) = (Some(compiled), Some(found));
    }
    // PERF: the process ends soon; to free ten million pieces of text one by one takes longer than to write the bundle.
    core::mem::forget(set);

    if args.verify_reproducible {
        progress.next("building once more");
        reproduce(args, overrides, &compiled.bytes)?;
    }

    progress.next("writing");
    let begin = Instant::now();
    let signed = match (&key, args.revision) {
        (Some(key), Some(revision)) => Some(signed(&compiled, key, revision)?),
        _ => None,
    };
    write::replace(&args.out, signed.as_ref().map_or(&compiled.bytes, |(file, _)| file))?;
    let write = begin.elapsed();
    drop(progress);

    let bundle = match bundle {
        Some(bundle) => bundle,
        None => load::own_bundle(&compiled)?,
    };
    let seconds =
        Seconds { read: read.as_secs_f64(), compile: compile.as_secs_f64(), write: write.as_secs_f64() };
    let signature = signed.map(|(_, signature)| signature);
    let mut summary = summary(args, &bundle, counts, &compiled.stats, seconds, &findings, signature);
    summary.proof = proof;
    if console.is_json() {
        console.json(&summary)?;
    } else {
        let style = diagnostic::Style { color: console.err_color, width: console.width };
        console.message(&findings.render(Severity::Warning, MOST_SHOWN, style));
        let time = text::duration(read + compile + write);
        human(&summary, &time, console)?;
    }
    Ok(Exit::Done)
}

/// Builds once more, from the files on and with another number of threads, and compares.
fn reproduce(args: &Build, mut overrides: Overrides, first: &[u8]) -> Result<(), Failure> {
    let threads = if args.threads.is_some_and(|threads| threads != 1) { 1 } else { 3 };
    overrides.threads = threads;
    let mut loaded = load::world_or_policies(&args.paths, &overrides, None)?;
    let (set, _) = load::accepted(&crate::input::name(&args.paths[0]), &mut loaded)?;
    let second = load::compile(&set, &config(args).threads(threads))?.bytes;
    // PERF: as above.
    core::mem::forget(set);
    match difference(first, &second) {
        None => Ok(()),
        Some(byte) => Err(Failure::Irreproducible { byte }),
    }
}

/// The first byte in which two bundles differ. Length and digest in their headers always do, and say nothing.
fn difference(first: &[u8], second: &[u8]) -> Option<usize> {
    const HEADER: usize = 64;
    if first == second {
        return None;
    }
    let differs = |at: &usize| first.get(*at) != second.get(*at);
    Some((HEADER..first.len().max(second.len())).find(differs).unwrap_or(0))
}

/// The bundle in an envelope. It is of our own making: one that cannot be opened is our fault.
fn signed(compiled: &Compiled, key: &SecretKey, revision: u64) -> Result<(Vec<u8>, Signature), Failure> {
    trust::sign(&compiled.bytes, key, revision, trust::now_s())
        .map_err(|error| Failure::Compile(CompileErrorKind::Write(WriteError::Refused(error)).into()))
}

fn config(args: &Build) -> Config {
    let mut config = Config::default().places(args.places);
    if let Some(rows) = args.max_cost {
        config = config.max_candidates(rows);
    }
    if let Some(threads) = args.threads {
        config = config.threads(threads.into());
    }
    config
}

/// Bytes of every section.
pub(crate) fn sections(bundle: &Bundle) -> Vec<(Section, usize)> {
    let sizes = bundle.sizes();
    let of = |section| sizes.iter().filter(|(_, of, _)| *of == section).map(|(_, _, bytes)| bytes).sum();
    Section::ALL.iter().map(|section| (*section, of(*section))).collect()
}

fn summary(
    args: &Build,
    bundle: &Bundle,
    counts: Counts,
    stats: &Stats,
    seconds: Seconds,
    findings: &Findings,
    signature: Option<Signature>,
) -> Summary {
    let sections = sections(bundle).into_iter().map(|(section, bytes)| (section.name().into(), bytes.into()));
    let strategies =
        Strategy::ALL.iter().zip(stats.tails).map(|(strategy, rows)| (strategy.name().into(), rows.into()));
    Summary {
        bundle: args.out.display().to_string(),
        digest: bundle.digest_text(),
        bytes: bundle.length(),
        signature,
        reproduced: args.verify_reproducible,
        accounts: counts.accounts,
        users: counts.users,
        groups: counts.groups,
        roles: counts.roles,
        identities: stats.identities,
        presets: counts.presets,
        resource_policies: counts.resource_policies,
        policies: stats.policies,
        statements: stats.statements,
        rows: stats.rows,
        blocks: stats.blocks,
        sections: sections.collect(),
        strategies: strategies.collect(),
        index: Index {
            groups: stats.groups,
            automata: stats.automata,
            literal_filters: stats.literal_filters,
            conditions: stats.guards,
            condition_terms: stats.terms,
            network_sets: stats.network_sets,
        },
        certificate: json::Certificate(stats.certificate),
        seconds,
        peak_bytes: peak_bytes(),
        findings: findings.counts(),
        diagnostics: json::findings(findings),
        proof: None,
    }
}

fn human(summary: &Summary, time: &str, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let bytes = text::count(summary.bytes, "byte", "bytes");
    let built = text::paint(color, text::GOOD, "built");
    writeln!(console.out(), "{built} {}: {bytes} in {time}\n", summary.bundle)?;
    let list = |parts: Vec<(usize, &str, &str)>| {
        let parts = parts.into_iter().filter(|(number, ..)| *number > 0);
        parts.map(|(number, one, more)| text::count(number, one, more)).collect::<Vec<_>>().join(", ")
    };
    let mut table = Table::new([(Align::Left, text::DIM), (Align::Left, Style::new())]);
    let world = [
        (summary.accounts, "account", "accounts"),
        (summary.users, "user", "users"),
        (summary.groups, "group", "groups"),
        (summary.roles, "role", "roles"),
    ];
    table.row(["world", &list(world.into())]);
    let policies = [
        (summary.policies, "attached policy", "attached policies"),
        (summary.statements, "statement", "statements"),
        (summary.identities, "identity", "identities"),
    ];
    table.row(["policies", &list(policies.into())]);
    let index = [
        (summary.rows, "row", "rows"),
        (summary.blocks, "block", "blocks"),
        (summary.index.groups, "group", "groups"),
        (summary.index.automata, "automaton", "automata"),
        (summary.index.literal_filters, "literal filter", "literal filters"),
    ];
    table.row(["index", &list(index.into())]);
    if summary.index.conditions > 0 {
        let conditions = [
            (summary.index.conditions, "condition", "conditions"),
            (summary.index.condition_terms, "term", "terms"),
            (summary.index.network_sets, "network set", "network sets"),
        ];
        table.row(["conditions", &list(conditions.into())]);
    }
    table.row(["strategies", &named(&summary.strategies)]);
    table.row(["bytes", &named(&summary.sections)]);
    table.row(["certificate", &summary.certificate.text()]);
    if let Some(proof) = &summary.proof {
        table.row(["proof", &proof.line()]);
    }
    let twice = if summary.reproduced { ", built twice with the same bytes" } else { "" };
    table.row(["digest", &format!("{}{twice}", summary.digest)]);
    if let Some(signature) = &summary.signature {
        table.row(["signature", &signature.text()]);
    }
    write!(console.out(), "{}", table.render(color))?;
    if summary.findings != diagnostic::Counts::default() {
        writeln!(console.out(), "\n{}: `camshaft check` shows them", summary.findings.text())?;
    }
    Ok(())
}

/// `any 3, prefix 5`, without those there are none of.
fn named(counts: &Map<String, Value>) -> String {
    let some = counts
        .iter()
        .filter_map(|(name, number)| Some((name, number.as_u64().filter(|number| *number > 0)?)));
    let parts: Vec<String> = some.map(|(name, number)| format!("{name} {}", text::figure(number))).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::difference;

    /// No input that a test could give shows it: that would be a fault of the compiler.
    #[test]
    fn the_first_different_byte_is_found() {
        let (one, mut other) = (vec![7; 100], vec![7; 100]);
        assert_eq!(difference(&one, &other), None);
        (other[40], other[80]) = (8, 8);
        assert_eq!(difference(&one, &other), Some(80));
        assert_eq!(difference(&one, &one[..90]), Some(90));
        assert_eq!(difference(&one, &[]), Some(64));
        other[80] = 7;
        assert_eq!(difference(&one, &other), Some(0));
    }
}
