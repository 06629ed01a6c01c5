//! `camshaft inspect`: what is in a bundle.

use std::collections::BTreeSet;

use anstyle::Style;
use camshaft_bundle::schema::{automaton, block, identity, option, piece, row, scalar};
use camshaft_bundle::{Bundle, Certificate, Envelope, FORMAT_VERSION, Tables};
use camshaft_compiler::Strategy;
use serde::Serialize;
use serde_json::{Map, Value};

use super::build;
use crate::args::Inspect;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::json;
use crate::render::table::{Align, Table};
use crate::render::text::{self, figure};
use crate::trust::Signature;

#[derive(Serialize)]
struct Report {
    bundle: String,
    format: u32,
    digest: String,
    bytes: usize,
    /// What its envelope claims.
    signature: Option<Signature>,
    provenance: Map<String, Value>,
    inputs: Vec<Input>,
    options: Options,
    accounts: u32,
    identities: u32,
    roles: u32,
    policies: u32,
    statements: u32,
    rows: u32,
    blocks: u32,
    sections: Map<String, Value>,
    tables: Vec<Sized>,
    strategies: Map<String, Value>,
    index: Index,
    /// Most rows that a decision on one resource may have to verify.
    certificate: json::Certificate,
    largest_blocks: Vec<Block>,
}

/// A source that the bundle was made of.
#[derive(Serialize)]
struct Input {
    source: String,
    /// BLAKE3 of what its policies mean.
    digest: String,
}

#[derive(Serialize)]
struct Options {
    list_deny: &'static str,
    resource_policy_services: Vec<Box<str>>,
    max_artifact_age_s: Option<u64>,
}

#[derive(Serialize)]
struct Sized {
    name: &'static str,
    section: &'static str,
    bytes: usize,
}

#[derive(Serialize)]
struct Index {
    groups: usize,
    trie_nodes: usize,
    automata: usize,
    literal_filters: usize,
    conditions: usize,
    condition_terms: usize,
}

#[derive(Serialize)]
pub(super) struct Block {
    pub(super) number: u32,
    /// Most rows that a request may have to verify in it.
    pub(super) candidates: json::Certificate,
    pub(super) rows: u32,
    /// Whether it is scanned, because it is small, rather than looked up.
    scanned: bool,
    pub(super) policies: usize,
    /// The first few of them.
    pub(super) names: Vec<String>,
}

/// In front of the number of a source.
const INPUT: &str = "input.";

/// Sources that are listed for people.
const MOST_INPUTS: usize = 20;

/// Names of policies that are listed for a block.
const MOST_NAMES: usize = 4;

/// Runs it.
pub(crate) fn run(args: &Inspect, console: &mut Console) -> Result<Exit, Failure> {
    let (bundle, envelope) = load::unverified(&args.bundle, &input::read(&args.bundle)?)?;
    let report = report(&bundle, envelope.as_ref(), args);
    if console.is_json() {
        console.json(&report)?;
    } else {
        human(&report, console)?;
    }
    Ok(Exit::Done)
}

fn report(bundle: &Bundle, envelope: Option<&Envelope>, args: &Inspect) -> Report {
    let tables = bundle.tables();
    let lines = || tables.provenance.all().lines().filter_map(|line| line.split_once('='));
    let provenance = lines().filter(|(name, _)| !name.starts_with(INPUT));
    let sections =
        build::sections(bundle).into_iter().map(|(section, bytes)| (section.name().into(), bytes.into()));
    let sizes = bundle.sizes().into_iter();
    Report {
        bundle: input::name(&args.bundle),
        format: FORMAT_VERSION,
        digest: bundle.digest_text(),
        bytes: bundle.length(),
        signature: envelope.map(|envelope| Signature::new(envelope, false)),
        provenance: provenance.map(|(name, value)| (name.into(), value.into())).collect(),
        inputs: lines().filter_map(|(name, digest)| input(tables, name, digest)).collect(),
        options: options(bundle),
        accounts: tables.scalar(scalar::ACCOUNTS),
        identities: tables.identities.records::<{ identity::WORDS }>(),
        roles: tables.roles.records::<{ camshaft_bundle::schema::ROLE_WORDS }>(),
        policies: tables.policies.records::<8>(),
        statements: tables.statements.records::<2>(),
        rows: tables.rows.records::<{ row::WORDS }>(),
        blocks: tables.blocks.records::<{ block::WORDS }>(),
        sections: sections.collect(),
        tables: sizes.map(|(name, section, bytes)| Sized { name, section: section.name(), bytes }).collect(),
        strategies: strategies(tables),
        index: index(tables),
        certificate: json::Certificate(tables.certificate()),
        largest_blocks: largest(tables, args.blocks),
    }
}

/// The source of a line of the provenance.
fn input(tables: &Tables<'_>, name: &str, digest: &str) -> Option<Input> {
    let [start, length] = tables.sources.record::<2>(name.strip_prefix(INPUT)?.parse().ok()?)?;
    Some(Input { source: tables.source_text.get(start, length)?.into(), digest: digest.into() })
}

fn options(bundle: &Bundle) -> Options {
    let tables = bundle.tables();
    let bits = tables.scalar(scalar::OPTIONS);
    let (low, high) = (tables.scalar(scalar::MAX_AGE_LOW), tables.scalar(scalar::MAX_AGE_HIGH));
    Options {
        list_deny: if bits & option::LIST_DENY_CAM == 0 { "strict" } else { "cam" },
        resource_policy_services: load::resource_policy_services(bundle),
        max_artifact_age_s: (bits & option::MAX_AGE != 0).then_some(u64::from(high) << 32 | u64::from(low)),
    }
}

/// Rows by the shape of their sixth segment.
pub(super) fn strategies(tables: &Tables<'_>) -> Map<String, Value> {
    let mut counts = [0u64; Strategy::ALL.len()];
    for number in 0..tables.rows.records::<{ row::WORDS }>() {
        let Some(words) = tables.rows.record::<{ row::WORDS }>(number) else { continue };
        let strategy = match words[row::FLAGS] >> row::flag::TAIL_SHIFT & 7 {
            row::tail::ANY => Strategy::Any,
            row::tail::EXACT => Strategy::Exact,
            row::tail::PREFIX => Strategy::Prefix,
            row::tail::SUFFIX => Strategy::Suffix,
            row::tail::PATTERN if is_infix(tables, words[row::TAIL]) => Strategy::Infix,
            row::tail::PATTERN => Strategy::MultiStar,
            _ => Strategy::Variable,
        };
        if let Some(at) = Strategy::ALL.iter().position(|known| *known == strategy) {
            counts[at] += 1;
        }
    }
    Strategy::ALL.iter().zip(counts).map(|(strategy, rows)| (strategy.name().into(), rows.into())).collect()
}

/// Whether a pattern has one literal inside, or one star: the compiler counts both as infix.
fn is_infix(tables: &Tables<'_>, pattern: u32) -> bool {
    let pieces = tables.pattern_ends.range(pattern).into_iter().flatten();
    let stars: Vec<bool> =
        pieces.filter_map(|at| tables.pieces.record::<3>(at)).map(|[kind, ..]| kind == piece::STAR).collect();
    match stars.iter().filter(|star| **star).count() {
        1 => true,
        2 => stars.first() == Some(&true) && stars.last() == Some(&true),
        _ => false,
    }
}

fn index(tables: &Tables<'_>) -> Index {
    let automata = 0..tables.automata.records::<{ automaton::WORDS }>();
    let modes = automata.filter_map(|number| tables.automata.record::<{ automaton::WORDS }>(number));
    let (full, filters): (Vec<_>, Vec<_>) = modes.partition(|words| words[5] == automaton::AT_END);
    Index {
        groups: tables.groups.len() / 4,
        trie_nodes: tables.trie_nodes.len() / 6,
        automata: full.len(),
        literal_filters: filters.len(),
        conditions: tables.guard_ends.len(),
        condition_terms: tables.terms.len() / camshaft_bundle::schema::term::WORDS,
    }
}

pub(super) fn largest(tables: &Tables<'_>, most: usize) -> Vec<Block> {
    let numbers = 0..tables.blocks.records::<{ block::WORDS }>();
    let mut blocks: Vec<Block> = numbers.filter_map(|number| one_block(tables, number)).collect();
    blocks.sort_by_key(|block| (core::cmp::Reverse((block.candidates.0.usual(), block.rows)), block.number));
    blocks.truncate(most);
    blocks
}

fn one_block(tables: &Tables<'_>, number: u32) -> Option<Block> {
    let [_, _, _, _, flags, first, policies, rows, of_value, of_empty] =
        tables.blocks.record::<{ block::WORDS }>(number)?;
    let policies = (first..first + policies).filter_map(|at| tables.block_policies.get(at));
    let records: Vec<[u32; 8]> = policies.filter_map(|policy| tables.policies.record::<8>(policy)).collect();
    let names: BTreeSet<&str> =
        records.iter().filter_map(|policy| tables.policy_text.get(policy[4], policy[5])).collect();
    Some(Block {
        number,
        candidates: json::Certificate(Certificate { rows, of_value, of_empty }),
        rows: records.iter().map(|policy| policy[1]).sum(),
        scanned: flags & block::LIST != 0,
        policies: records.len(),
        names: names.into_iter().take(MOST_NAMES).map(String::from).collect(),
    })
}

fn human(report: &Report, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let heading = |text: &str| text::paint(color, text::STRONG, text);
    writeln!(
        console.out(),
        "{}: {}, format {}\ndigest {}",
        heading(&report.bundle),
        text::counted(report.bytes, "byte"),
        report.format,
        report.digest
    )?;
    if let Some(signature) = &report.signature {
        writeln!(console.out(), "{}, not verified", signature.text())?;
    }
    writeln!(console.out())?;

    let mut table = Table::new([(Align::Left, text::DIM), (Align::Left, Style::new())]);
    for (name, value) in &report.provenance {
        table.row([name.as_str(), value.as_str().unwrap_or_default()]);
    }
    let Options { list_deny, resource_policy_services, max_artifact_age_s } = &report.options;
    table.row(["list_deny", list_deny]);
    table.row(["resource policies of", &resource_policy_services.join(", ")]);
    if let Some(age) = max_artifact_age_s {
        table.row(["greatest age", &text::counted(usize::try_from(*age).unwrap_or(usize::MAX), "second")]);
    }
    write!(console.out(), "{}\n{}\n", heading("provenance and options"), table.render(color))?;
    inputs(&report.inputs, console)?;

    let counts = [
        ("accounts", report.accounts),
        ("identities", report.identities),
        ("roles among them", report.roles),
        ("policies", report.policies),
        ("statements", report.statements),
        ("rows", report.rows),
        ("blocks", report.blocks),
    ];
    section("contents", counts.map(|(name, number)| (name, u64::from(number))), console)?;
    let named = |map: &Map<String, Value>| -> Vec<(String, u64)> {
        map.iter().map(|(name, number)| (name.clone(), number.as_u64().unwrap_or(0))).collect()
    };
    section("rows by strategy", named(&report.strategies), console)?;
    let Index { groups, trie_nodes, automata, literal_filters, conditions, condition_terms } = report.index;
    let index = [
        ("groups", groups),
        ("trie nodes", trie_nodes),
        ("automata", automata),
        ("literal filters", literal_filters),
        ("conditions", conditions),
        ("condition terms", condition_terms),
    ];
    section("index", index.map(|(name, number)| (name, number as u64)), console)?;
    section("bytes by section", named(&report.sections), console)?;
    let mut tables: Vec<&Sized> = report.tables.iter().filter(|table| table.bytes > 0).collect();
    tables.sort_by_key(|table| core::cmp::Reverse(table.bytes));
    section("bytes by table", tables.iter().map(|table| (table.name, table.bytes as u64)), console)?;
    blocks(report, console)?;
    writeln!(console.out(), "{}: {}", heading("certificate"), report.certificate.text())?;
    Ok(())
}

/// What it was made of.
fn inputs(inputs: &[Input], console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let mut table = Table::new([(Align::Left, text::DIM), (Align::Left, Style::new())]);
    for Input { source, digest } in inputs.iter().take(MOST_INPUTS) {
        table.row([text::plain(source).as_str(), digest]);
    }
    write!(console.out(), "{}\n{}", text::paint(color, text::STRONG, "inputs"), table.render(color))?;
    if let Some(more) = inputs.len().checked_sub(MOST_INPUTS).filter(|more| *more > 0) {
        writeln!(console.out(), "  and {} more: `--format json` lists them", figure(more as u64))?;
    }
    writeln!(console.out())?;
    Ok(())
}

/// A heading and figures.
fn section<T: Into<String>>(
    title: &str,
    figures: impl IntoIterator<Item = (T, u64)>,
    console: &mut Console,
) -> Result<(), Failure> {
    let color = console.out_color;
    let mut table = Table::new([(Align::Left, text::DIM), (Align::Right, Style::new())]);
    for (name, number) in figures {
        table.row([name.into(), figure(number)]);
    }
    write!(console.out(), "{}\n{}\n", text::paint(color, text::STRONG, title), table.render(color))?;
    Ok(())
}

fn blocks(report: &Report, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let plain = Style::new();
    let right = (Align::Right, plain);
    let columns = [(Align::Right, text::DIM), right, right, right, (Align::Left, plain)];
    let mut table = Table::new(columns);
    table.row(["block", "candidates", "a value", "rows", "policies"]);
    for block in &report.largest_blocks {
        let more = block.policies.saturating_sub(block.names.len());
        let more = if more > 0 { format!(" and {} more", figure(more as u64)) } else { String::new() };
        let policies = format!("{}{more}", text::plain(&block.names.join(", ")));
        let [number, candidates, of_value, rows] =
            [block.number, block.candidates.0.rows, block.candidates.0.of_value, block.rows].map(figure);
        table.row([number, candidates, of_value, rows, policies]);
    }
    write!(
        console.out(),
        "{}\n{}\n",
        text::paint(color, text::STRONG, "largest blocks"),
        table.render(color)
    )?;
    Ok(())
}
