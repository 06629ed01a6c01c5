//! `camshaft fmt`: policies in canonical form.

use std::path::{Path, PathBuf};

use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::format;
use camshaft_frontend::source::{Position, Source};
use serde::Serialize;

use crate::args::Fmt;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::load::{self, Bare, Given};
use crate::render::diagnostic::Findings;
use crate::render::text;
use crate::write;

/// Fixes of a policy that are told one by one.
const SHOWN: usize = 10;

/// What became of one policy.
#[derive(Debug, Serialize)]
struct Formatted {
    path: String,
    /// Whether its text differs from the canonical one.
    changed: bool,
    /// Fixes that were applied on the way.
    fixes: usize,
    /// What they were for; places are those of the text that each was found in, which others may have mended before.
    fixed: Vec<Fixed>,
    /// Comments that the canonical form does not have.
    comments_lost: usize,
    /// The text, unless it was written to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// An error that was mended.
#[derive(Debug, Serialize)]
struct Fixed {
    code: String,
    line: u32,
    column: u32,
    message: String,
}

impl Fixed {
    fn new(found: &Diagnostic, Position { line, column }: Position) -> Self {
        Self { code: found.code.to_string(), line, column, message: found.message.clone() }
    }
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
        announce(one, console);
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
    match format::format(&source, &setting) {
        Ok(form) => Ok(Formatted {
            path: source.name().to_owned(),
            changed: form.text != source.text(),
            fixes: form.fixed.len(),
            fixed: form.fixed.iter().map(|(found, position)| Fixed::new(found, *position)).collect(),
            comments_lost: form.comments,
            text: Some(form.text),
        }),
        Err(refused) => Err(Findings::of(refused.source, refused.diagnostics)),
    }
}

/// Says what was mended, and what the canonical form does not keep.
fn announce(one: &Formatted, console: &Console) {
    if console.is_json() {
        return;
    }
    for Fixed { code, line, column, message } in one.fixed.iter().take(SHOWN) {
        let place = format!("{}:{line}:{column}", one.path);
        let fixed = format!("{place}: {code}, {}", text::plain(message));
        console.message(&text::labelled(console.err_color, text::GOOD, "fixed", &fixed));
    }
    if one.fixed.len() > SHOWN {
        let more = format!("{}: {} more", one.path, text::figure((one.fixed.len() - SHOWN) as u64));
        console.message(&text::labelled(console.err_color, text::GOOD, "fixed", &more));
    }
    if one.comments_lost > 0 {
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
