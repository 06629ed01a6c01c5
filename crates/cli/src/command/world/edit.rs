//! `camshaft world attach`, `detach` and `revoke`: a preview of what changes, and the world written back.

use std::io;
use std::path::Path;

use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::world::{Loaded, Overrides};
use serde::Serialize;

use super::change::{self, Change, Changes};
use super::identity::{Directory, Identity};
use super::layers::{self, Layer};
use super::reach::Subject;
use super::{Opened, findings, open};
use crate::args::{self, Attach, Detach, Revoke};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::text;
use crate::write;

#[derive(Serialize)]
struct Report {
    world: String,
    identity: Identity,
    #[serde(flatten)]
    changes: Changes,
    /// Whether the file was in canonical form before.
    canonical: bool,
    written: bool,
    /// The policy that `revoke` was about.
    #[serde(skip)]
    policy: Option<String>,
    /// What bears on the identity afterwards, of `revoke`.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<Vec<Layer>>,
}

/// Runs `attach`.
pub(super) fn attach(args: &Attach, console: &mut Console) -> Result<Exit, Failure> {
    let change = match (args.boundary, args.policies.as_slice()) {
        (false, policies) => Change::Attach(policies),
        (true, [boundary]) => Change::SetBoundary(boundary),
        (true, _) => return Err(Failure::usage("there is one boundary: name one policy")),
    };
    edit(&args.change, &args.identity, &change, None, console)
}

/// Runs `detach`.
pub(super) fn detach(args: &Detach, console: &mut Console) -> Result<Exit, Failure> {
    let change = match (args.boundary, args.policies.as_slice()) {
        (false, policies) => Change::Detach(policies),
        (true, []) => Change::RemoveBoundary(None),
        (true, [boundary]) => Change::RemoveBoundary(Some(boundary)),
        (true, _) => return Err(Failure::usage("there is one boundary: name one policy, or none")),
    };
    edit(&args.change, &args.identity, &change, None, console)
}

/// Runs `revoke`.
pub(super) fn revoke(args: &Revoke, console: &mut Console) -> Result<Exit, Failure> {
    let change =
        args.policy.as_ref().map_or(Change::Revoke, |policy| Change::Detach(core::slice::from_ref(policy)));
    edit(&args.change, &args.identity, &change, Some(args.policy.as_deref()), console)
}

/// Changes a world. `revoked` is there for `revoke`, with its policy.
fn edit(
    args: &args::Change,
    identity: &str,
    change: &Change<'_>,
    revoked: Option<Option<&str>>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if args.write && input::is_stdin(&args.path) {
        return Err(Failure::usage("`--write` needs a file, standard input cannot be rewritten"));
    }
    let overrides = load::overrides(&args.reading)?;
    let Opened { file, text: before, mut sheet, .. } = open(&args.path, &overrides)?;
    let identity = Directory::from(&sheet).find(identity)?;
    let canonical = sheet.write() == before;
    let changes = change::apply(&mut sheet, &identity, change)?;
    let after = sheet.write();
    let set = accepted(&file, after.clone(), &overrides)?;
    let written = args.write && !changes.changes.is_empty();
    if written {
        if input::read(&file)? != before.as_bytes() {
            return Err(Failure::write(&file, io::Error::other("it was changed by somebody else just now")));
        }
        write::replace(&file, after.as_bytes())?;
    }
    let remaining = revoked.and_then(|policy| {
        let subject = Subject::find(&set, &identity)?;
        Some(layers::remaining(&set, &subject, policy))
    });
    let policy = revoked.flatten().map(str::to_owned);
    let report =
        Report { world: input::name(&file), identity, changes, canonical, written, policy, remaining };
    if console.is_json() {
        console.json(&report)?
    } else {
        human(&report, console)?
    }
    Ok(Exit::Done)
}

/// Loads the world as it would be; nothing else is written.
fn accepted(file: &Path, text: String, overrides: &Overrides) -> Result<PolicySet, Failure> {
    let mut loaded: Loaded = load::world_of(file, text, overrides)?.loaded;
    if let Some(set) = loaded.set.take() {
        return Ok(set);
    }
    let name = input::name(file);
    for source in loaded.sources.iter_mut().filter(|source| source.name() == name) {
        load::rename(source, format!("{name} (as changed)"));
    }
    let what = format!("`{name}` as changed");
    Err(Failure::Rejected { what, findings: Box::new(findings(loaded)) })
}

fn human(report: &Report, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let Changes { changes, unchanged, renamed } = &report.changes;
    let short = report.identity.short();
    for entry in changes {
        let (mark, style) = if entry.change == "add" { ("+", text::GOOD) } else { ("-", text::BAD) };
        let line = format!("{mark} {short} {}: {}", entry.member, entry.name);
        writeln!(console.out(), "{}", text::paint(color, style, &line))?;
    }
    for renamed in renamed {
        writeln!(console.out(), "~ {short} policies: {} becomes {}", renamed.from, renamed.to)?;
    }
    for name in unchanged {
        writeln!(console.out(), "= {short}: {name} is attached already")?;
    }
    if !report.canonical && !changes.is_empty() {
        writeln!(console.out(), "~ everything else: put in canonical form, with the same meaning")?;
    }
    if let Some(remaining) = &report.remaining {
        let what = match (&report.policy, remaining.is_empty()) {
            (None, true) => "no other policy bears on it".to_owned(),
            (None, false) => "what still bears on it, and is not edited here:".to_owned(),
            (Some(policy), true) => format!("{policy} reaches it in no other way"),
            (Some(policy), false) => format!("{policy} still reaches it:"),
        };
        writeln!(console.out(), "\n{what}")?;
        layers::human(remaining, console)?;
        writeln!(console.out())?;
    }
    let count = text::counted(changes.len(), "change");
    match (changes.is_empty(), report.written) {
        (true, _) => writeln!(console.out(), "nothing to change")?,
        (false, true) => writeln!(console.out(), "{count} written to {}", report.world)?,
        (false, false) => writeln!(console.out(), "{count}, nothing written; add --write")?,
    }
    Ok(())
}
