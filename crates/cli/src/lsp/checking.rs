//! Findings of open texts: those of `camshaft check`, with the texts of the editor in place of what is on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use camshaft_compiler::lint::{Found, Input};
use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::document;
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world::{FileError, Files, Loaded, Memory, NoFiles, Overrides, WorldInput};

use super::cursor::{self, Attachment, Step};
use super::documents::{Document, Documents, Surroundings};
use super::outline::{self, Item, Shape};
use super::settings::Settings;
use crate::exit::Failure;
use crate::input::{self, Content, Folder};

/// Folders above a policy in which a world is looked for.
const MOST_FOLDERS: usize = 8;

/// Bytes of a world on disk that is read because of a policy below it.
const MOST_WORLD_BYTES: u64 = 64 << 20;

/// The files of a world, as the editor has them.
struct Overlay<'d> {
    folder: Folder,
    root: PathBuf,
    documents: &'d Documents,
}

impl Files for Overlay<'_> {
    fn read(&self, path: &str) -> Result<String, FileError> {
        // Reading it first keeps the rules about links and kinds of files.
        let read = self.folder.read(path);
        let file = self.root.join(path).canonicalize().ok().filter(|file| file.starts_with(&self.root));
        match file.and_then(|file| self.documents.text(&file)) {
            Some(text) if matches!(read, Ok(_) | Err(FileError::NotUtf8)) => Ok(text.to_owned()),
            _ => read,
        }
    }
}

/// As what a world attaches a text; `None` for the world itself.
pub(crate) type Attachments = Option<Attachment>;

/// A world that was checked.
pub(crate) struct CheckedWorld {
    /// Findings in its own text, in places of the whole of it.
    pub(crate) own: Vec<Diagnostic>,
    /// Findings in its files, with the text that they stand in.
    pub(crate) files: BTreeMap<PathBuf, (Source, Vec<Diagnostic>)>,
    /// What it reads policies with.
    pub(crate) around: Rc<Surroundings>,
}

/// Loads a world from its text; `file` is where it stands, if it stands anywhere. With lints nothing is remembered: they
/// ask for outlines of every document.
pub(crate) fn world(
    file: Option<&Path>,
    text: &str,
    documents: &Documents,
    memory: Option<&mut Memory>,
    settings: &Settings,
) -> Result<CheckedWorld, Failure> {
    let name = file.and_then(Path::file_name).map_or("world.json".into(), |name| name.to_string_lossy());
    let lints = memory.is_none();
    let overrides = Overrides { outlines: lints, ..settings.overrides()? };
    let mut fresh = Memory::default();
    let memory = memory.unwrap_or(&mut fresh);
    let input = || WorldInput::text(&name, text.to_owned());
    let root = file.and_then(Path::parent).and_then(|parent| parent.canonicalize().ok());
    let mut loaded = match (file, &root) {
        (Some(file), Some(root)) => {
            let overlay = Overlay { folder: Folder::of(file)?, root: root.clone(), documents };
            memory.load(input(), &overlay, &overrides)
        }
        _ => memory.load(input(), &NoFiles, &overrides),
    };
    let own_place = file.map_or_else(|| name.to_string(), |file| shown(&file.with_file_name("")));
    let place = |source: &Source| Path::new(&own_place).join(source.name()).display().to_string();
    let linted = if lints { linted(&loaded, place, settings) } else { Vec::new() };
    if let Some(set) = loaded.set.take() {
        memory.keep(set);
    }
    let Loaded { diagnostics, sources, parameters, catalogue, .. } = loaded;
    let mut checked = CheckedWorld {
        own: Vec::new(),
        files: BTreeMap::new(),
        around: Rc::new(Surroundings { parameters, catalogue }),
    };
    let lines = LineStarts::of(text);
    for mut found in diagnostics.into_iter().chain(linted) {
        let Some(source) = sources.get(found.source as usize) else { continue };
        found.source = 0;
        if source.name() == name {
            // A line of a stream is a source of its own.
            shift(&mut found, lines.start(source.position(0).line));
            checked.own.push(found);
        } else if let Some(root) = &root {
            let path = root.join(source.name());
            let path = path.canonicalize().unwrap_or(path);
            checked.files.entry(path).or_insert_with(|| (source.clone(), Vec::new())).1.push(found);
        }
    }
    let files = checked.files.values_mut().map(|(_, findings)| findings);
    for findings in files.chain([&mut checked.own]) {
        findings.sort_by_key(|found| found.span.start);
    }
    Ok(checked)
}

/// What lints find in a world. `place` is what suppressions call a source.
fn linted(loaded: &Loaded, place: impl Fn(&Source) -> String, settings: &Settings) -> Vec<Diagnostic> {
    let mut lints = settings.lints.borrow_mut();
    let input = Input { set: loaded.set.as_ref(), outlines: &loaded.outlines, owned: true };
    let unattached = loaded.unattached.iter().cloned().map(Found::of);
    let found: Vec<Found> = unattached.chain(lints.lints.run(&input).found).collect();
    let mut placed: BTreeMap<u32, [Source; 1]> = BTreeMap::new();
    let mut counted = Vec::new();
    for mut found in found {
        let number = core::mem::take(&mut found.diagnostic.source);
        let Some(source) = loaded.sources.get(number as usize) else { continue };
        // Only the name matters for what is suppressed.
        let named = placed.entry(number).or_insert_with(|| [Source::new(place(source), "")]);
        if let Some(Ok(found)) = lints.judge(found, named) {
            counted.push(Diagnostic { source: number, ..found });
        }
    }
    counted
}

/// A path as suppressions name it: relative to the current folder where it is below.
fn shown(path: &Path) -> String {
    let folder = std::env::current_dir().and_then(|folder| folder.canonicalize()).unwrap_or_default();
    path.strip_prefix(&folder).unwrap_or(path).display().to_string()
}

/// Findings of a policy that stands alone.
pub(crate) fn policy(document: &Document, lints: bool, settings: &Settings) -> Vec<Diagnostic> {
    let name = document.path.as_deref().map_or_else(String::new, shown);
    let source = Source::new(name, document.text.as_str());
    let setting = settings.of_document(document);
    let parsed = document::parse_source(&source, 0);
    let mut diagnostics = parsed.read(&source, &setting).diagnostics;
    if lints && let Some(outline) = parsed.outline(&source, &setting) {
        let mut lints = settings.lints.borrow_mut();
        let input = Input { set: None, outlines: core::slice::from_ref(&outline), owned: false };
        let found = lints.lints.run(&input).found;
        let sources = core::slice::from_ref(&source);
        diagnostics.extend(found.into_iter().filter_map(|found| lints.judge(found, sources)?.ok()));
        diagnostics.sort_by_key(|found| found.span.start);
    }
    diagnostics
}

/// Whether a text is checked at all.
pub(crate) fn is_checked(document: &Document) -> bool {
    matches!(document.content, Content::Policy | Content::World | Content::Stream)
}

/// The world that attaches a policy, and as what: the nearest `world.json` above it that names it.
pub(crate) fn world_of(document: &Document, documents: &Documents) -> Option<(PathBuf, Attachment)> {
    let path = document.path.as_deref()?;
    let folders = path.ancestors().skip(1).take(MOST_FOLDERS);
    folders.into_iter().find_map(|folder| {
        let file = folder.join("world.json");
        let relative = path.strip_prefix(folder).ok()?.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
        let text = world_text(&file, documents)?;
        // Most worlds above a policy have nothing to do with it: that is told without reading them.
        let named = super::probe::quoted(&relative);
        if relative == "world.json" || !text.contains(&named) || !input::is_world(&text) {
            return None;
        }
        let stream = input::content(&text) == Content::Stream;
        let top = outline::read(&text, stream);
        attachment(&top, &relative, &mut Vec::new(), stream).map(|attachment| (file, attachment))
    })
}

/// The text of a world file, as the editor has it or from disk.
pub(crate) fn world_text(file: &Path, documents: &Documents) -> Option<String> {
    let file = file.canonicalize().ok()?;
    if let Some(text) = documents.text(&file) {
        return Some(text.to_owned());
    }
    let described = file.metadata().ok()?;
    if !described.is_file() || described.len() > MOST_WORLD_BYTES {
        return None;
    }
    std::fs::read_to_string(file).ok()
}

/// As what a world attaches the policy of a path.
fn attachment<'o>(item: &'o Item, path: &str, steps: &mut Vec<Step<'o>>, stream: bool) -> Option<Attachment> {
    match &item.shape {
        Shape::Object(members) => members.iter().find_map(|member| {
            steps.push(Step::Member(member.name()));
            let found = attachment(member.value.as_ref()?, path, steps, false);
            steps.pop();
            found
        }),
        Shape::Array(items) => items.iter().find_map(|inner| {
            // A stream is no array: its lines are the tops.
            steps.extend((!stream).then_some(Step::Index));
            let found = attachment(inner, path, steps, false);
            steps.truncate(steps.len() - usize::from(!stream));
            found
        }),
        Shape::String(text) if text == path => {
            let (at, attachment) = cursor::policy_in_world(steps)?;
            (at == steps.len()).then_some(attachment)
        }
        _ => None,
    }
}

fn shift(found: &mut Diagnostic, by: usize) {
    let moved = |span: &mut Span| *span = Span::new(span.start + by, span.end + by);
    moved(&mut found.span);
    found.related.iter_mut().for_each(|(span, _)| moved(span));
    if let Some(fix) = &mut found.fix {
        fix.edits.iter_mut().for_each(|edit| moved(&mut edit.span));
    }
}

/// Where lines begin that end at LF, as sources count them.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self(core::iter::once(0).chain(ends).collect())
    }

    /// Of a line, from 1.
    fn start(&self, line: u32) -> usize {
        self.0.get((line as usize).saturating_sub(1)).copied().unwrap_or(0)
    }
}
