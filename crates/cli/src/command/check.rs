//! `camshaft check`: every finding of policies and worlds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camshaft_frontend::diagnostic::{Diagnostic, Severity};
use camshaft_frontend::document::{self, Reading};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Overrides;
use clap::ValueEnum;
use serde::Serialize;

use crate::args::{Alone, Check, Format, PolicyKind};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::load::{self, Bare, Given, World};
use crate::render::diagnostic::{Counts, Findings, Style};
use crate::render::{github, json, sarif, text};

/// What was checked.
#[derive(Debug, Serialize)]
struct Checked {
    path: String,
    /// `world`, or the kind of a policy.
    #[serde(rename = "as")]
    kind: &'static str,
    accepted: bool,
    /// Options with which a refused policy would be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fits: Vec<String>,
    #[serde(skip)]
    findings: Findings,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    counts: Counts,
    notes_left_off: usize,
    /// Files of a folder that are neither policy nor world.
    skipped: usize,
    files: &'a [Checked],
    diagnostics: Vec<json::Finding>,
}

/// Runs it.
pub(crate) fn run(args: &Check, console: &mut Console) -> Result<Exit, Failure> {
    let mut checker = Checker {
        args,
        bare: Bare::new(&args.alone.reading, args.alone.catalogue.as_ref())?,
        overrides: load::overrides(&args.alone.reading)?,
        checked: Vec::new(),
        skipped: 0,
    };
    for path in &args.paths {
        if path.is_dir() {
            checker.folder(path)?;
        } else {
            let given = load::given(path, &checker.overrides)?;
            checker.given(given, &input::name(path))?;
        }
    }
    let Checker { checked, skipped, .. } = checker;
    let mut counts = Counts::default();
    for one in &checked {
        let Counts { errors, warnings, notes } = one.findings.counts();
        counts.errors += errors;
        counts.warnings += warnings;
        counts.notes += notes;
    }
    match console.format {
        Format::Human => human(&checked, counts, skipped, console)?,
        Format::Json => {
            let report = Report {
                counts,
                notes_left_off: checked.iter().map(|one| one.findings.notes_left_off).sum(),
                skipped,
                files: &checked,
                diagnostics: checked.iter().flat_map(|one| json::findings(&one.findings)).collect(),
            };
            console.json(&report)?;
        }
        Format::Sarif => {
            let mut run = sarif::Run::new();
            checked.iter().for_each(|one| run.findings(&one.findings));
            console.json(&run.into_log())?;
        }
        Format::Github => {
            for one in &checked {
                console.out().write_all(github::commands(&one.findings).as_bytes())?;
            }
        }
    }
    Ok(if counts.errors > 0 { Exit::Negative } else { Exit::Done })
}

fn human(checked: &[Checked], counts: Counts, skipped: usize, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let style = Style { color, width: console.width };
    for one in checked {
        let findings = one.findings.render(Severity::Note, usize::MAX, style);
        console.out().write_all(findings.as_bytes())?;
        if !one.fits.is_empty() {
            let options: Vec<String> = one.fits.iter().map(|option| format!("`{option}`")).collect();
            let help = format!("`{}` would be accepted with {}", one.path, options.join(" or "));
            let help = text::labelled(color, text::HELP, "help", &help);
            writeln!(console.out(), "{help}")?;
        }
        if one.findings.notes_left_off > 0 {
            writeln!(console.out(), "… {} more notes\n", text::figure(one.findings.notes_left_off as u64))?;
        }
    }
    let worlds = checked.iter().filter(|one| one.kind == "world").count();
    let mut parts = Vec::new();
    if worlds > 0 {
        parts.push(text::counted(worlds, "world"));
    }
    if checked.len() > worlds {
        parts.push(text::count(checked.len() - worlds, "policy", "policies"));
    }
    let tone = match counts {
        Counts { errors: 1.., .. } => text::BAD,
        Counts { warnings: 1.., .. } => text::DOUBTFUL,
        _ => text::GOOD,
    };
    let found = text::paint(color, tone, &counts.text());
    let skipped = match skipped {
        0 => String::new(),
        some => format!(" ({} skipped: neither policy nor world)", text::counted(some, "file")),
    };
    writeln!(console.out(), "{} checked: {found}{skipped}", parts.join(" and "))?;
    Ok(())
}

struct Checker<'a> {
    args: &'a Check,
    bare: Bare,
    overrides: Overrides,
    checked: Vec<Checked>,
    skipped: usize,
}

impl Checker<'_> {
    /// Everything below a folder. Files that a world in it attaches are checked with the world.
    fn folder(&mut self, folder: &Path) -> Result<(), Failure> {
        let before = self.checked.len();
        let (worlds, others): (Vec<_>, Vec<_>) =
            input::walk(folder, &["json", "jsonl", "ndjson"])?.into_iter().partition(|found| found.world);
        let mut attached: BTreeSet<PathBuf> = BTreeSet::new();
        for found in worlds {
            let world = load::world(&found.path, &self.overrides)?;
            attached.extend(world.files.iter().cloned());
            self.world(world, input::name(&found.path));
        }
        for found in others {
            if found.path.canonicalize().is_ok_and(|path| attached.contains(&path)) {
                continue;
            }
            match load::given(&found.path, &self.overrides)? {
                Given::Text { content: Content::Cases | Content::Other, fault: None, .. } => {
                    self.skipped += 1
                }
                given => self.given(given, &input::name(&found.path))?,
            }
        }
        if self.checked.len() == before {
            return Err(Failure::usage_with(
                format!("`{}` holds neither policies nor worlds", folder.display()),
                "policies are files that end in `.json`",
            ));
        }
        Ok(())
    }

    fn given(&mut self, given: Given, name: &str) -> Result<(), Failure> {
        match given {
            Given::World(world) => self.world(*world, name.to_owned()),
            Given::Text { content: Content::Cases, .. } => return Err(load::cases(name)),
            Given::Text { source, fault, .. } => self.policy(source, fault),
        }
        Ok(())
    }

    fn world(&mut self, world: World, path: String) {
        let World { loaded, .. } = world;
        let mut diagnostics = loaded.diagnostics;
        diagnostics.extend(loaded.unattached);
        diagnostics.sort_by_key(|found| (found.source, found.span.start));
        let findings =
            Findings { diagnostics, sources: loaded.sources, notes_left_off: loaded.notes_left_off };
        let accepted = !findings.refuse();
        self.checked.push(Checked { path, kind: "world", accepted, fits: Vec::new(), findings });
    }

    fn policy(&mut self, source: Source, fault: Option<Diagnostic>) {
        let Alone { kind, preset, .. } = self.args.alone;
        let document = document::parse_source(&source, 0);
        let read = |kind: PolicyKind, preset| document.read(&source, &self.bare.setting(kind.into(), preset));
        let accepts = |reading: &Reading| !reading.diagnostics.iter().any(Diagnostic::is_error);
        let (diagnostics, accepted, fits) = match fault {
            Some(fault) => (vec![fault], false, Vec::new()),
            None => {
                let reading = read(kind, preset);
                let accepted = accepts(&reading);
                let mut fits = Vec::new();
                if !accepted && document.is_sound() {
                    let others = PolicyKind::value_variants().iter().filter(|other| **other != kind);
                    let others = others.filter(|other| accepts(&read(**other, preset)));
                    fits.extend(others.map(|other| format!("--kind {}", other.name())));
                    if !preset && accepts(&read(kind, true)) {
                        fits.push("--preset".into());
                    }
                }
                (reading.diagnostics, accepted, fits)
            }
        };
        let path = source.name().to_owned();
        let findings = Findings::of(source, diagnostics);
        self.checked.push(Checked { path, kind: kind.name(), accepted, fits, findings });
    }
}
