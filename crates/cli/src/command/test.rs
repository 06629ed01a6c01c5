//! `camshaft test`: case files through the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use camshaft::decider::{self, Decider};
use camshaft_compiler::Config;
use camshaft_frontend::case::{self, Case, Expect};
use camshaft_frontend::diagnostic::{Code, Diagnostic, code};
use camshaft_frontend::json;
use camshaft_frontend::options::WorldOptions;
use camshaft_frontend::request::{Request, RequestError};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::{self, Overrides};
use camshaft_runtime::{Decision, Scratch};
use serde::Serialize;

use super::decide;
use crate::args::Test;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Folder};
use crate::load;
use crate::progress::Progress;
use crate::render::diagnostic::Findings;
use crate::render::text;

/// A case that did not come out as it should.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    pub(crate) path: String,
    pub(crate) line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) differences: Vec<Difference>,
}

/// What differed.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    /// `decision`, `reason`, `blocked_by`, `diagnostic` or `world`.
    pub(crate) what: &'static str,
    pub(crate) expected: Vec<String>,
    pub(crate) got: Vec<String>,
    /// What explains it, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

#[derive(Serialize)]
struct Report<'a> {
    passed: usize,
    failed: usize,
    seconds: f64,
    failures: &'a [Failed],
}

/// Runs it.
pub(crate) fn run(args: &Test, console: &mut Console) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let progress = Progress::begin(console, "running cases");
    let cases = cases(args)?;
    let given = given(args)?;
    check_worlds(&cases, given.is_some())?;
    let failures = run_all(&cases, given.as_ref())?;
    drop(progress);
    let (failed, passed) = (failures.len(), cases.len() - failures.len());
    if console.is_json() {
        let seconds = begin.elapsed().as_secs_f64();
        console.json(&Report { passed, failed, seconds, failures: &failures })?;
    } else {
        for failure in &failures {
            human(failure, console)?;
        }
        writeln!(console.out(), "{passed} passed, {failed} failed")?;
    }
    Ok(if failed > 0 { Exit::Negative } else { Exit::Done })
}

/// A case and the folder that its paths are relative to.
struct Given {
    case: Case,
    file: PathBuf,
}

/// The engine for cases without a world.
struct Engine {
    decider: Decider,
    options: WorldOptions,
    codes: BTreeSet<Code>,
}

/// Reads every case file, so that all that is malformed is reported at once.
fn cases(args: &Test) -> Result<Vec<Given>, Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        if path.is_dir() {
            files.extend(input::walk(path, &["jsonl"])?.into_iter().map(|found| found.path));
        } else {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        return Err(Failure::usage_with("there are no case files", "case files end in `.jsonl`"));
    }
    let (mut cases, mut malformed) = (Vec::new(), Findings::default());
    for file in files {
        read(&file, &mut cases, &mut malformed)?;
    }
    if malformed.refuse() {
        let names: BTreeSet<&str> = malformed.sources.iter().map(Source::name).collect();
        let names = names.into_iter().collect::<Vec<_>>().join("`, `");
        return Err(load::rejected(&names, malformed));
    }
    Ok(cases)
}

fn read(file: &Path, cases: &mut Vec<Given>, malformed: &mut Findings) -> Result<(), Failure> {
    let name = input::name(file);
    let (source, fault) = json::decode(&name, 0, input::read(file)?);
    if let Some(fault) = fault {
        malformed.append(Findings::of(source, vec![fault]));
        return Ok(());
    }
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (number, line) in (1..).zip(source.text().lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match case::parse_line(&name, line, number) {
            Ok(case) => {
                if let Some(id) = &case.id
                    && let Some(first) = ids.insert(id.clone(), number)
                {
                    let message = format!("the id `{id}` is that of the case in line {first}");
                    let source = case.line().clone();
                    malformed.append(load::about(
                        source,
                        code::WORLD_REPEATED,
                        message,
                        "ids are unique in a file",
                    ));
                }
                cases.push(Given { case, file: file.to_owned() });
            }
            Err(error) => {
                let mut found = Findings::of(error.source, error.diagnostics);
                found.notes_left_off = 0;
                malformed.append(found);
            }
        }
    }
    Ok(())
}

/// The engine of `--world` or `-b`.
fn given(args: &Test) -> Result<Option<Engine>, Failure> {
    if let Some(path) = &args.bundle {
        let bundle = load::bundle(path, &args.trusted)?;
        let options = WorldOptions {
            resource_policy_services: load::resource_policy_services(&bundle),
            ..WorldOptions::default()
        };
        let reading = decider::Reading::from(&bundle);
        let decider = Decider::new(bundle, reading, Config::default().threads(1));
        return Ok(Some(Engine { decider, options, codes: BTreeSet::new() }));
    }
    let Some(path) = &args.world else { return Ok(None) };
    let mut loaded = load::world(path, &Overrides::default())?.loaded;
    let (set, findings) = load::accepted(&input::name(path), &mut loaded)?;
    let decider = load::decider(&load::compile(&set, &Config::default())?, &loaded)?;
    let codes = findings.diagnostics.iter().map(|found| found.code).collect();
    Ok(Some(Engine { decider, options: loaded.options, codes }))
}

/// A case without a world, where none is given, is malformed.
fn check_worlds(cases: &[Given], given: bool) -> Result<(), Failure> {
    let mut malformed = Findings::default();
    for Given { case, .. } in cases.iter().filter(|one| !given && one.case.world_input().is_none()) {
        let message = "the case has neither `policies` nor `world`".into();
        let help = "give it one, or name the world of all such cases with `--world` or `-b`";
        malformed.append(load::about(case.line().clone(), code::WORLD_MALFORMED, message, help));
    }
    match malformed.sources.first() {
        None => Ok(()),
        Some(first) => {
            let name = first.name().to_owned();
            Err(load::rejected(&name, malformed))
        }
    }
}

/// Runs the cases on every core; the failures are in the order of the files.
fn run_all(cases: &[Given], given: Option<&Engine>) -> Result<Vec<Failed>, Failure> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(cases.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut scratch = given.map(|engine| engine.decider.engine().scratch());
        let mut failed = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = cases.get(at) else { return Ok(failed) };
            if let Some(failure) = run_one(one, given.zip(scratch.as_mut()))? {
                failed.push((at, failure));
            }
        }
    };
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect::<Result<Vec<Vec<(usize, Failed)>>, Failure>>()
    })?;
    let mut failed: Vec<(usize, Failed)> = parts.into_iter().flatten().collect();
    failed.sort_by_key(|(at, _)| *at);
    Ok(failed.into_iter().map(|(_, failure)| failure).collect())
}

/// What a case came to.
#[derive(Default)]
pub(crate) struct Outcome {
    /// In the words of `expect`.
    pub(crate) decision: &'static str,
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) blocked_by: Option<&'static str>,
    /// Everything that was reported.
    pub(crate) codes: BTreeSet<Code>,
    /// Why it was refused.
    pub(crate) note: String,
}

fn run_one(one: &Given, given: Option<(&Engine, &mut Scratch)>) -> Result<Option<Failed>, Failure> {
    let Given { case, file } = one;
    let outcome = match (case.world_input(), given) {
        (Some(input), _) => own_world(case, input, file)?,
        (None, Some((engine, scratch))) => {
            let Engine { decider, options, codes } = engine;
            decided(case, decider, options, codes.clone(), scratch)
        }
        (None, None) => Outcome::default(),
    };
    let differences = differences(case, &outcome);
    let line = case.line().position(0).line;
    let path = case.line().name().to_owned();
    Ok((!differences.is_empty()).then(|| Failed { path, line, id: case.id.clone(), differences }))
}

fn own_world(case: &Case, input: world::WorldInput<'_>, file: &Path) -> Result<Outcome, Failure> {
    let mut loaded = world::load(input, &Folder::of(file)?, &Overrides::default());
    let codes: BTreeSet<Code> = loaded.diagnostics.iter().map(|found| found.code).collect();
    let options = loaded.options.clone();
    match load::accepted("", &mut loaded) {
        Ok((set, _)) => {
            let compiled = load::compile(&set, &Config::default().threads(1))?;
            let decider = load::decider(&compiled, &loaded)?;
            let mut scratch = decider.engine().scratch();
            Ok(decided(case, &decider, &options, codes, &mut scratch))
        }
        Err(Failure::Rejected { findings, .. }) => {
            let note = findings.diagnostics.iter().find(|found| found.is_error());
            let note = note.map_or_else(String::new, |found| format!("{}: {}", found.code, found.message));
            Ok(Outcome { decision: "reject", codes, note, ..Outcome::default() })
        }
        Err(failure) => Err(failure),
    }
}

fn decided(
    case: &Case,
    decider: &Decider,
    options: &WorldOptions,
    codes: BTreeSet<Code>,
    scratch: &mut Scratch,
) -> Outcome {
    match case.request(&options.resource_policy_services) {
        // Only `expect: reject` needs no request, and here nothing was rejected.
        None => Outcome { decision: "accept", codes, ..Outcome::default() },
        Some(request) => answered(&request, decider, codes, scratch),
    }
}

/// What a request came to, in addition to what was reported before.
pub(crate) fn answered(
    request: &Result<Request, RequestError>,
    decider: &Decider,
    mut codes: BTreeSet<Code>,
    scratch: &mut Scratch,
) -> Outcome {
    let refused = |code: Code, message: &str, mut codes: BTreeSet<Code>| {
        codes.insert(code);
        Outcome { decision: "error", codes, note: format!("{code}: {message}"), ..Outcome::default() }
    };
    let request = match request {
        Err(error) => return refused(error.code, &error.message, codes),
        Ok(request) => request,
    };
    let (reasons, findings) = decider.reasons(request, scratch);
    codes.extend(findings.iter().map(|found| found.code));
    if let Decision::Error { code } = reasons.decision {
        let why = findings.iter().find(|found| found.is_error());
        let message = why.map_or(code.message(), |found: &Diagnostic| &found.message);
        return refused(Code(code.number()), message, codes);
    }
    let (decision, blocked_by) = decide::decision(reasons.decision);
    let engine = decider.engine();
    let reasons = reasons.statements.iter().map(|statement| engine.statement_name(*statement)).collect();
    Outcome { decision, reasons, blocked_by, codes, note: String::new() }
}

/// In what an outcome is not what a case expects.
pub(crate) fn differences(case: &Case, outcome: &Outcome) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what, expected: Vec<String>, got: Vec<String>, note: String| {
        differences.push(Difference { what, expected, got, note });
    };
    let decision = match case.expect {
        Expect::Deny => matches!(outcome.decision, "explicit_deny" | "implicit_deny"),
        expect => outcome.decision == expect.name(),
    };
    if !decision {
        let note = match outcome.blocked_by {
            Some(layer) => decide::blocked(layer).to_owned(),
            None if outcome.note.is_empty() => outcome.reasons.iter().cloned().collect::<Vec<_>>().join(", "),
            None => outcome.note.clone(),
        };
        differ("decision", vec![case.expect.name().into()], vec![outcome.decision.into()], note);
    }
    if let Some(reason) = &case.reason
        && reason.iter().cloned().collect::<BTreeSet<_>>() != outcome.reasons
    {
        differ("reason", reason.clone(), outcome.reasons.iter().cloned().collect(), String::new());
    }
    if let Some(layer) = case.blocked_by
        && outcome.blocked_by != Some(layer.name())
    {
        let got = outcome.blocked_by.map(String::from).into_iter().collect();
        differ("blocked_by", vec![layer.name().into()], got, String::new());
    }
    if case.diagnostics.iter().any(|code| !outcome.codes.contains(code)) {
        let text = |codes: Vec<&Code>| codes.into_iter().map(Code::to_string).collect::<Vec<_>>();
        let (expected, got) = (text(case.diagnostics.iter().collect()), text(outcome.codes.iter().collect()));
        differ("diagnostic", expected, got, String::new());
    }
    differences
}

/// A failure for people.
pub(crate) fn human(failure: &Failed, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let id = failure.id.as_deref().unwrap_or("a case without an id");
    let failed = text::paint(color, text::BAD, "FAILED");
    let id = text::paint(color, text::STRONG, &text::plain(id));
    writeln!(console.out(), "{failed} {id}  {}:{}", failure.path, failure.line)?;
    for Difference { what, expected, got, note } in &failure.differences {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let note = if note.is_empty() { String::new() } else { format!(" ({})", text::plain(note)) };
        let (expected, got) = (text::plain(&list(expected)), text::plain(&list(got)));
        writeln!(console.out(), "  {what:<10}  expected {expected}\n  {:<10}       got {got}{note}", "")?;
    }
    writeln!(console.out())?;
    Ok(())
}
