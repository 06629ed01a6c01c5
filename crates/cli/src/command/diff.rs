//! `camshaft diff`: who may do what that was not so before.

mod human;
mod markdown;
mod report;
mod sarif;

use std::io::Read;
use std::path::Path;

use camshaft_compiler::analysis::{self, Asking, Budget, Contexts};
use camshaft_frontend::document;
use camshaft_frontend::policy::{Policy, PolicySet};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Overrides;

use crate::args::{Diff, Format};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::load::{self, Bare, Given};
use crate::render::diagnostic::Findings;
use crate::trust;
use report::Report;

/// One side.
enum Subject {
    /// A world, or what a bundle was built from.
    World(Box<PolicySet>),
    /// A policy that stands alone: its text, for a comparison with a world.
    Policy(Policy, Source),
}

/// Runs it.
pub(crate) fn run(args: &Diff, console: &mut Console) -> Result<Exit, Failure> {
    let overrides = load::overrides(&args.alone.reading)?;
    let sides = (read(args, &args.before, &overrides)?, read(args, &args.after, &overrides)?);
    let budget = Budget { steps: args.budget.get(), total: args.total_budget.get() };
    let asking = Asking { contexts: Contexts::All, budget };
    let diff = match sides {
        (Subject::Policy(before, _), Subject::Policy(after, _)) => {
            analysis::documents(&before, &after, asking)
        }
        (before, after) => {
            let (before, after) = (world(args, before)?, world(args, after)?);
            analysis::worlds(&before, &after, asking)
        }
    };
    let report = Report::new(args, &diff);
    match console.format {
        Format::Json => console.json(&report)?,
        Format::Markdown => console.out().write_all(markdown::text(&report, args.callers).as_bytes())?,
        Format::Sarif => console.json(&sarif::log(&report, args.no_new_access))?,
        _ => {
            let text = human::text(&report, args.callers, console.out_color);
            console.out().write_all(text.as_bytes())?;
        }
    }
    Ok(exit(&diff, args.no_new_access))
}

/// What could not be found out must not pass for an answer.
fn exit(diff: &analysis::Diff, no_new_access: bool) -> Exit {
    let open = !diff.unknown.is_empty() || no_new_access && !diff.settings.is_empty();
    let negative = if no_new_access {
        diff.has_new_access()
    } else {
        !diff.changes.is_empty() || !diff.settings.is_empty()
    };
    match (negative, open) {
        (true, _) => Exit::Negative,
        (false, true) => Exit::Bound,
        (false, false) => Exit::Done,
    }
}

fn read(args: &Diff, path: &Path, overrides: &Overrides) -> Result<Subject, Failure> {
    if is_bundle(path)? {
        return bundle(args, path).map(|set| Subject::World(Box::new(set)));
    }
    match load::given(path, overrides)? {
        Given::World(world) => {
            let mut loaded = world.loaded;
            let (set, _) = load::accepted(&input::name(path), &mut loaded)?;
            Ok(Subject::World(Box::new(set)))
        }
        Given::Text { source, fault: Some(fault), .. } => {
            Err(load::rejected(&input::name(path), Findings::of(source, vec![fault])))
        }
        Given::Text { content: Content::Cases, .. } => Err(load::cases(&input::name(path))),
        Given::Text { source, .. } => policy(args, path, source),
    }
}

/// Whether a file begins as bundles and their envelopes do. Standard input is text.
fn is_bundle(path: &Path) -> Result<bool, Failure> {
    if input::is_stdin(path) || path.is_dir() {
        return Ok(false);
    }
    let mut first = [0; 2];
    let mut file = std::fs::File::open(path).map_err(|error| Failure::read(path, error))?;
    let read = file.read(&mut first).map_err(|error| Failure::read(path, error))?;
    Ok(first.get(..read) == Some(b"\x89C"))
}

fn bundle(args: &Diff, path: &Path) -> Result<PolicySet, Failure> {
    let bytes = input::read(path)?;
    let bundle = match trust::trust(&args.trusted)? {
        Some(trust) => load::opened(path, &bytes, Some(&trust))?,
        None => load::unverified(path, &bytes)?.0,
    };
    analysis::of_bundle(&bundle).map_err(|why| {
        Failure::usage_with(
            format!("`{}` cannot be read again: {why}", input::name(path)),
            "`camshaft verify --prove` says what is wrong with it",
        )
    })
}

/// A policy that stands alone, as `--kind` reads it.
fn policy(args: &Diff, path: &Path, source: Source) -> Result<Subject, Failure> {
    let bare = Bare::new(&args.alone.reading, args.alone.catalogue.as_ref())?;
    let document = document::parse_source(&source, 0);
    let reading = document.read(&source, &bare.setting(args.alone.kind.into(), args.alone.preset));
    let name = input::name(path);
    let Some(statements) = reading.statements else {
        return Err(load::rejected(&name, Findings::of(source, reading.diagnostics)));
    };
    let stem = if input::is_stdin(path) { None } else { path.file_stem() };
    let stem = stem.map_or_else(|| "stdin".into(), |stem| stem.to_string_lossy().into_owned());
    let policy = Policy { name: stem.into(), kind: args.alone.kind.into(), source: name.into(), statements };
    Ok(Subject::Policy(policy, source))
}

/// A side as a world. A policy beside a world is attached to the implicit sub-account, as with `-p`.
fn world(args: &Diff, subject: Subject) -> Result<PolicySet, Failure> {
    let (policy, source) = match subject {
        Subject::World(set) => return Ok(*set),
        Subject::Policy(policy, source) => (policy, source),
    };
    let kind = args.alone.kind;
    if kind != crate::args::PolicyKind::Identity {
        return Err(Failure::usage_with(
            format!("a policy of the kind `{}` cannot be compared with a world or bundle", kind.name()),
            "attach it in a world, and compare the worlds",
        ));
    }
    let bare = camshaft_frontend::world::BarePolicy {
        name: policy.name.to_string(),
        path: policy.source.to_string(),
        text: source.text().to_owned(),
    };
    let overrides = load::overrides(&args.alone.reading)?;
    let input = camshaft_frontend::world::WorldInput::policies(vec![bare]);
    let mut loaded = camshaft_frontend::world::load(input, &camshaft_frontend::world::NoFiles, &overrides);
    Ok(load::accepted(&policy.source, &mut loaded)?.0)
}
