//! `camshaft fmt`: policies in canonical form.

use std::path::{Path, PathBuf};

use camshaft_frontend::diagnostic::{Applicability, Diagnostic, code};
use camshaft_frontend::document;
use camshaft_frontend::fix;
use camshaft_frontend::json::Bounds;
use camshaft_frontend::normalize;
use camshaft_frontend::source::{Source, Span};
use serde::Serialize;

use crate::args::Fmt;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::load::{self, Bare, Given};
use crate::render::diagnostic::Findings;
use crate::render::text;
use crate::write;

/// What became of one policy.
#[derive(Debug, Serialize)]
struct Formatted {
    path: String,
    /// Whether its text differs from the canonical one.
    changed: bool,
    /// Fixes that were applied on the way.
    fixes: usize,
    /// Comments that the canonical form does not have.
    comments_lost: usize,
    /// The text, unless it was written to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    changed: usize,
    unchanged: usize,
    files: &'a [Formatted],
}

/// Runs it.
pub(crate) fn run(args: &Fmt, console: &mut Console) -> Result<Exit, Failure> {
    let bare = Bare::new(&args.alone.reading, args.alone.catalogue.as_ref())?;
    let mut refused = Findings::default();
    let mut formatted = Vec::new();
    for path in files(args)? {
        let source = match open(&path, args)? {
            Ok(source) => source,
            Err(findings) => {
                refused.append(findings);
                continue;
            }
        };
        match format(source, args, &bare) {
            Ok(one) => formatted.push((path, one)),
            Err(findings) => refused.append(findings),
        }
    }
    // Nothing is written unless everything can be: half a folder in a new form helps nobody.
    if refused.refuse() {
        let names: Vec<&str> = refused.sources.iter().map(Source::name).collect();
        let names = names.join("`, `");
        return Err(load::rejected(&names, refused));
    }
    for (path, one) in &mut formatted {
        losses(one, console);
        let Some(text) = one.text.take_if(|_| args.write) else { continue };
        if one.changed {
            write::replace(path, text.as_bytes())?;
        }
    }
    let files: Vec<Formatted> = formatted.into_iter().map(|(_, one)| one).collect();
    report(args, &files, console)?;
    let changes = files.iter().any(|one| one.changed);
    Ok(if args.check && changes { Exit::Negative } else { Exit::Done })
}

/// The files to format. In folders these are the policies; worlds and others are left alone.
fn files(args: &Fmt) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in &args.paths {
        if args.write && input::is_stdin(path) {
            return Err(Failure::usage("`--write` needs files, standard input cannot be rewritten"));
        }
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        for found in input::walk(path, &["json"])? {
            let text = String::from_utf8_lossy(&input::read(&found.path)?).into_owned();
            if input::content(&text) == Content::Policy {
                files.push(found.path);
            }
        }
    }
    if files.is_empty() {
        return Err(Failure::usage_with(
            "there are no policies to format",
            "policies are files that end in `.json`; worlds are left alone",
        ));
    }
    Ok(files)
}

fn open(path: &Path, args: &Fmt) -> Result<Result<Source, Findings>, Failure> {
    match load::given(path, &load::overrides(&args.alone.reading)?)? {
        Given::World(_) => Err(Failure::usage_with(
            format!("`{}` is a world", input::name(path)),
            "`fmt` takes policies; name them, or the folder that holds them",
        )),
        Given::Text { content: Content::Cases, .. } => Err(load::cases(&input::name(path))),
        Given::Text { source, fault: Some(fault), .. } => Ok(Err(Findings::of(source, vec![fault]))),
        Given::Text { source, fault: None, .. } => Ok(Ok(source)),
    }
}

fn format(source: Source, args: &Fmt, bare: &Bare) -> Result<Formatted, Findings> {
    let setting = bare.setting(args.alone.kind.into(), args.alone.preset);
    let before = document::parse_source(&source, 0).read(&source, &setting).diagnostics;
    let mended = fix::mend(&source, &setting);
    let whole = Span::new(0, mended.source.text().len());
    let document = document::parse_within(&mended.source, 0, whole, Bounds::CANONICAL);
    match normalize::canonical_pretty(&document, &mended.source, &setting) {
        Ok(text) => Ok(Formatted {
            path: source.name().to_owned(),
            changed: text != source.text(),
            fixes: mended.applied,
            comments_lost: before.iter().filter(|found| found.code == code::COMMENT).count(),
            text: Some(text),
        }),
        Err(reading) => Err(refused(source, before, mended.source, reading.diagnostics)),
    }
}

/// What fixes cannot mend. It is shown in the text of the file; where it only came to light after the fixes, in theirs.
fn refused(source: Source, before: Vec<Diagnostic>, mended: Source, after: Vec<Diagnostic>) -> Findings {
    let sure = |found: &Diagnostic| {
        found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Machine)
    };
    let left: Vec<Diagnostic> = before.into_iter().filter(|found| found.is_error() && !sure(found)).collect();
    if left.is_empty() { Findings::of(mended, after) } else { Findings::of(source, left) }
}

/// Says what the canonical form does not keep.
fn losses(one: &Formatted, console: &Console) {
    if one.comments_lost > 0 && !console.is_json() {
        let lost = text::counted(one.comments_lost, "comment");
        let lost = format!("`{}` loses {lost}: the canonical form has none", one.path);
        console.message(&text::labelled(console.err_color, text::DOUBTFUL, "warning", &lost));
    }
}

fn report(args: &Fmt, files: &[Formatted], console: &mut Console) -> Result<(), Failure> {
    let changed = files.iter().filter(|one| one.changed).count();
    let unchanged = files.len() - changed;
    if console.is_json() {
        return console.json(&Report { changed, unchanged, files });
    }
    if !args.write && !args.check {
        for one in files {
            console.out().write_all(one.text.as_deref().unwrap_or_default().as_bytes())?;
        }
        return Ok(());
    }
    let (label, verb) = if args.write { ("rewrote", "rewritten") } else { ("would change", "to change") };
    for one in files.iter().filter(|one| one.changed) {
        writeln!(console.out(), "{label} {}", one.path)?;
    }
    let color = console.out_color;
    let tone = if changed > 0 && args.check { text::BAD } else { text::GOOD };
    let summary = format!("{} {verb}", text::count(changed, "policy", "policies"));
    let summary = text::paint(color, tone, &summary);
    writeln!(console.out(), "{summary}, {} unchanged", text::figure(unchanged as u64))?;
    Ok(())
}
