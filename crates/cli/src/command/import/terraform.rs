//! `camshaft import terraform`: a state or a plan to a world.

use std::path::Path;

use camshaft_frontend::diagnostic::Severity;
use camshaft_frontend::json;
use camshaft_frontend::world::{NoFiles, Overrides, WorldInput};

use super::draft::{self, Draft};
use super::map::{self, Mapped};
use super::report::{Holds, Report};
use super::show::Show;
use crate::args::ImportTerraform;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::diagnostic::Findings;
use crate::write;

/// Runs it.
pub(super) fn run(args: &ImportTerraform, console: &mut Console) -> Result<Exit, Failure> {
    let name = input::name(&args.file);
    if args.out.as_deref().is_some_and(|out| same_file(out, &args.file)) {
        return Err(Failure::usage(format!("the world would replace `{name}`, from which it is made")));
    }
    let (source, fault) = json::decode(&name, 0, input::read(&args.file)?);
    if let Some(fault) = fault {
        return Err(load::rejected(&name, Findings::of(source, vec![fault])));
    }
    let show = Show::read(source)?;
    let Mapped { draft, account, appid, counts, mut not_mapped, mut notes } = map::map(&show, args)?;
    not_mapped.sort();
    notes.sort();

    let shown = args.out.as_deref().map_or_else(|| "the world".to_owned(), input::name);
    let world = draft.json();
    let text = draft::pretty(&world);
    let findings = accepted(&draft, &shown, &text)?;
    let written = not_mapped.is_empty() || !args.strict;
    if let Some(out) = args.out.as_ref().filter(|_| written) {
        write::replace(out, text.as_bytes())?;
    }
    let report = Report {
        source: show.kind.name(),
        terraform_version: show.terraform,
        account,
        appid,
        out: args.out.as_deref().map(input::name),
        written,
        resources: counts,
        holds: holds(&draft),
        not_mapped,
        notes,
        findings: findings.counts(),
        diagnostics: crate::render::json::findings(&findings),
        world: (args.out.is_none() && written).then_some(world),
    };
    if console.is_json() {
        console.json(&report)?;
    } else {
        if args.out.is_none() && written {
            console.out().write_all(text.as_bytes())?;
        }
        report.human(console)?;
    }
    Ok(if written { Exit::Done } else { Exit::Rejected })
}

/// Whether two paths are one file.
fn same_file(a: &Path, b: &Path) -> bool {
    !input::is_stdin(b) && a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Loads the world; its findings, without notes. First with each document as a text of its own, so that findings name
/// its resource, then as it will stand in the file.
fn accepted(draft: &Draft, name: &str, text: &str) -> Result<Findings, Failure> {
    let mut loaded = draft.load(name);
    let (_, mut findings) = load::accepted(name, &mut loaded)?;
    let mut whole = camshaft_frontend::world::load(
        WorldInput::text(name, text.to_owned()),
        &NoFiles,
        &Overrides::default(),
    );
    load::accepted(name, &mut whole)?;
    findings.diagnostics.retain(|found| found.severity > Severity::Note);
    Ok(findings)
}

fn holds(draft: &Draft) -> Holds {
    Holds {
        users: draft.users.len(),
        groups: draft.groups.len(),
        roles: draft.roles.len(),
        policies: draft.policies.len(),
        presets: draft.presets.len(),
        resource_policies: draft.resource_policies.len(),
    }
}
