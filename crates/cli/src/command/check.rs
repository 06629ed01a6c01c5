//! `camshaft check`: every finding of policies and worlds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camshaft_compiler::lint::{Found, Input};
use camshaft_frontend::diagnostic::{Diagnostic, Severity};
use camshaft_frontend::document::{self, Reading};
use camshaft_frontend::fix;
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Overrides;
use clap::ValueEnum;
use serde::Serialize;

use crate::args::{Alone, Check, Format, PolicyKind};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::lint::{Settings, Suppressed};
use crate::load::{self, Bare, Given, World};
use crate::render::diagnostic::{Counts, Findings, Style};
use crate::render::{github, json, sarif, text};
use crate::write;

/// Most rounds of fixes: each may make room for others.
const ROUNDS: usize = 32;

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
    /// What lints found and a suppression sets aside.
    #[serde(skip)]
    suppressed: Vec<Suppressed>,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    counts: Counts,
    notes_left_off: usize,
    /// Findings that the configuration sets aside.
    suppressed: usize,
    /// Questions of lints that would take more than their budget; nothing is claimed of them.
    not_analysed: usize,
    /// Fixes that were applied.
    fixed: usize,
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
        settings: Settings::load(&args.linting)?,
        checked: Vec::new(),
        totals: Totals::default(),
    };
    checker.overrides.outlines = checker.settings.is_on();
    for path in &args.paths {
        if path.is_dir() {
            checker.folder(path)?;
        } else {
            let given = load::given(path, &checker.overrides)?;
            checker.given(given, &input::name(path))?;
        }
    }
    let looked_at: Vec<PathBuf> = checker.looked_at();
    let unused = checker.settings.unused(&looked_at).unwrap_or_default();
    let Checker { checked, totals, .. } = checker;
    let mut counts = Counts::default();
    for findings in checked.iter().map(|one| &one.findings).chain([&unused]) {
        let Counts { errors, warnings, notes } = findings.counts();
        counts.errors += errors;
        counts.warnings += warnings;
        counts.notes += notes;
    }
    match console.format {
        Format::Human | Format::Junit | Format::Markdown => {
            human(&checked, &unused, counts, totals, console)?
        }
        Format::Json => {
            let all = checked.iter().map(|one| &one.findings).chain([&unused]);
            let report = Report {
                counts,
                notes_left_off: checked.iter().map(|one| one.findings.notes_left_off).sum(),
                suppressed: checked.iter().map(|one| one.suppressed.len()).sum(),
                not_analysed: totals.not_analysed,
                fixed: totals.fixed,
                skipped: totals.skipped,
                files: &checked,
                diagnostics: all.flat_map(json::findings).collect(),
            };
            console.json(&report)?;
        }
        Format::Sarif => console.json(&log(&checked, &unused, totals))?,
        Format::Github => {
            for findings in checked.iter().map(|one| &one.findings).chain([&unused]) {
                console.out().write_all(github::commands(findings).as_bytes())?;
            }
        }
    }
    Ok(if counts.errors > 0 { Exit::Negative } else { Exit::Done })
}

/// Everything as SARIF, what is suppressed included.
fn log(checked: &[Checked], unused: &Findings, totals: Totals) -> sarif::Log {
    let mut run = sarif::Run::new();
    for one in checked {
        run.findings(&one.findings);
        for Suppressed { diagnostic, reason } in &one.suppressed {
            let outcome = run.finding(diagnostic, one.findings.source(diagnostic)).suppressed(reason);
            run.push(outcome);
        }
    }
    run.findings(unused);
    if totals.not_analysed > 0 {
        let questions = text::counted(totals.not_analysed, "question");
        run.notify(sarif::Level::Note, &format!("lints left {questions} open: nothing is claimed of them"));
    }
    run.into_log()
}

fn human(
    checked: &[Checked],
    unused: &Findings,
    counts: Counts,
    totals: Totals,
    console: &mut Console,
) -> Result<(), Failure> {
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
    let findings = unused.render(Severity::Note, usize::MAX, style);
    console.out().write_all(findings.as_bytes())?;
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
    let mut aside = Vec::new();
    if totals.fixed > 0 {
        aside.push(format!("{} fixed", text::figure(totals.fixed as u64)));
    }
    match checked.iter().map(|one| one.suppressed.len()).sum::<usize>() {
        0 => {}
        some => aside.push(format!("{} suppressed", text::figure(some as u64))),
    }
    if totals.not_analysed > 0 {
        aside.push(format!("{} not analysed", text::counted(totals.not_analysed, "question")));
    }
    if totals.skipped > 0 {
        aside.push(format!("{} skipped: neither policy nor world", text::counted(totals.skipped, "file")));
    }
    let aside = if aside.is_empty() { String::new() } else { format!(" ({})", aside.join(", ")) };
    writeln!(console.out(), "{} checked: {found}{aside}", parts.join(" and "))?;
    Ok(())
}

/// What is counted beside the findings.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    skipped: usize,
    not_analysed: usize,
    fixed: usize,
}

struct Checker<'a> {
    args: &'a Check,
    bare: Bare,
    overrides: Overrides,
    settings: Settings,
    checked: Vec<Checked>,
    totals: Totals,
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
                    self.totals.skipped += 1
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
            Given::Text { source, fault, .. } => self.policy(source, fault)?,
        }
        Ok(())
    }

    fn world(&mut self, world: World, path: String) {
        let World { mut loaded, .. } = world;
        let mut diagnostics = core::mem::take(&mut loaded.diagnostics);
        let mut suppressed = Vec::new();
        let unattached = loaded.unattached.into_iter().map(Found::of);
        let report = self.settings.lints.run(&Input {
            set: loaded.set.as_ref(),
            outlines: &loaded.outlines,
            owned: true,
        });
        self.totals.not_analysed += report.not_analysed;
        for found in unattached.chain(report.found) {
            match self.settings.judge(found, &loaded.sources) {
                Some(Ok(found)) => diagnostics.push(found),
                Some(Err(aside)) => suppressed.push(aside),
                None => {}
            }
        }
        diagnostics.sort_by_key(|found| (found.source, found.span.start));
        let accepted = loaded.set.is_some();
        let findings =
            Findings { diagnostics, sources: loaded.sources, notes_left_off: loaded.notes_left_off };
        self.checked.push(Checked { path, kind: "world", accepted, fits: Vec::new(), findings, suppressed });
    }

    fn policy(&mut self, mut source: Source, fault: Option<Diagnostic>) -> Result<(), Failure> {
        let Alone { kind, preset, .. } = self.args.alone;
        let document = document::parse_source(&source, 0);
        let read = |kind: PolicyKind, preset| document.read(&source, &self.bare.setting(kind.into(), preset));
        let accepts = |reading: &Reading| !reading.diagnostics.iter().any(Diagnostic::is_error);
        let (mut diagnostics, accepted, fits) = match fault {
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
        let mut suppressed = Vec::new();
        if accepted && self.settings.is_on() {
            let (mut found, mut aside) = self.lint(&source);
            if self.args.fix && source.name() != input::name(Path::new("-")) {
                let before = source.clone();
                for _ in 0..ROUNDS {
                    let Some((text, applied)) = fix::apply(&source, &found) else { break };
                    self.totals.fixed += applied;
                    source = Source::new(source.name(), text);
                    (found, aside) = self.lint(&source);
                }
                if source.text() != before.text() {
                    write::replace(Path::new(source.name()), source.text().as_bytes())?;
                    let setting = self.bare.setting(kind.into(), preset);
                    diagnostics = document::parse_source(&source, 0).read(&source, &setting).diagnostics;
                }
            }
            diagnostics.extend(found);
            diagnostics.sort_by_key(|found| found.span.start);
            suppressed = aside;
        }
        let path = source.name().to_owned();
        let findings = Findings::of(source, diagnostics);
        self.checked.push(Checked { path, kind: kind.name(), accepted, fits, findings, suppressed });
        Ok(())
    }

    /// What lints find in a policy that stands alone, and what of it is set aside.
    fn lint(&mut self, source: &Source) -> (Vec<Diagnostic>, Vec<Suppressed>) {
        let setting = self.bare.setting(self.args.alone.kind.into(), self.args.alone.preset);
        let outline = document::parse_source(source, 0).outline(source, &setting);
        let outlines = outline.as_slice();
        let report = self.settings.lints.run(&Input { set: None, outlines, owned: false });
        self.totals.not_analysed += report.not_analysed;
        let sources = core::slice::from_ref(source);
        let (mut diagnostics, mut suppressed) = (Vec::new(), Vec::new());
        for found in report.found {
            match self.settings.judge(found, sources) {
                Some(Ok(found)) => diagnostics.push(found),
                Some(Err(aside)) => suppressed.push(aside),
                None => {}
            }
        }
        (diagnostics, suppressed)
    }

    /// Every file that findings can stand in.
    fn looked_at(&self) -> Vec<PathBuf> {
        let sources = self.checked.iter().flat_map(|one| &one.findings.sources).map(|source| source.name());
        sources.chain(self.checked.iter().map(|one| one.path.as_str())).map(PathBuf::from).collect()
    }
}
