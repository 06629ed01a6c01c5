//! Documents and the sources they stand in: opened once, read in every setting that needs them.

use std::collections::{HashMap, HashSet};

use super::assemble::Ground;
use super::memory::{self, Kept, Key, Memory, Origin};
use super::raw;
use super::{FileError, Files, Overrides};
use crate::diagnostic::{Code, Diagnostic, Severity, code};
use crate::document::{self, Document, Reading};
use crate::outline::Outline;
use crate::parallel::Workers;
use crate::policy::{Kind, Statement};
use crate::setting::Setting;
use crate::source::{Source, Span};

/// The sources of a world and what was found in them.
pub(crate) struct Library<'f> {
    files: &'f dyn Files,
    pub(crate) sources: Vec<Source>,
    /// Files by path; `None` for those that could not be read.
    by_path: HashMap<Box<str>, Option<u32>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Findings of documents that were read before: a further reading does not report them again.
    reported: HashSet<(u32, Code, Span)>,
    notes_left: usize,
    pub(crate) notes_left_off: usize,
    pub(crate) documents: usize,
    /// Whether outlines are kept.
    outlines: bool,
    threads: usize,
    workers: Option<Workers>,
    memory: Option<&'f mut Memory>,
    /// Documents in place that were read ahead, by source and first byte.
    ahead: HashMap<(u32, usize), (Option<Document>, Kind, Reading)>,
}

/// A document in place, and how it will be read.
pub(crate) struct Ahead<'s> {
    pub(crate) at: raw::Place,
    pub(crate) setting: Setting<'s>,
}

/// What a memory calls a document, and what it knows of it.
type Known = (Key, Option<Kept>);

/// Bytes below which starting threads takes longer than they save.
const FEW_BYTES: usize = 256 << 10;

impl<'f> Library<'f> {
    /// An empty library.
    pub(crate) fn new(files: &'f dyn Files, overrides: &Overrides, memory: Option<&'f mut Memory>) -> Self {
        Self {
            files,
            sources: Vec::new(),
            by_path: HashMap::new(),
            diagnostics: Vec::new(),
            reported: HashSet::new(),
            notes_left: overrides.most_notes,
            notes_left_off: 0,
            documents: 0,
            outlines: overrides.outlines,
            threads: overrides.threads,
            workers: None,
            memory,
            ahead: HashMap::new(),
        }
    }

    /// Threads for so many bytes of text.
    pub(crate) fn workers_for(&mut self, bytes: usize) -> &Workers {
        if bytes < FEW_BYTES {
            static NONE: Workers = Workers::none();
            return &NONE;
        }
        self.workers.get_or_insert_with(|| Workers::new(self.threads))
    }

    /// Reads documents on all threads before they are asked for. What is found in them is reported when they are.
    pub(crate) fn read_ahead(&mut self, ground: &Ground<'_>, documents: Vec<Ahead<'_>>) {
        let bytes = documents.iter().map(|ahead| ahead.at.span.end - ahead.at.span.start).sum();
        let sources = core::mem::take(&mut self.sources);
        self.ahead.clear();
        if self.workers_for(bytes).are_many() {
            let documents = self.remembered(ground, documents, &sources);
            let read = |(ahead, known): (Ahead<'_>, Option<Known>)| {
                let Ahead { at, setting } = ahead;
                let source = sources.get(usize::try_from(at.source).ok()?)?;
                let read = read_or_known(source, at, &setting, known);
                Some(((at.source, at.span.start), (Some(read.0), setting.kind, read.1)))
            };
            let read = self.workers_for(bytes).map(documents, read);
            self.ahead = read.into_iter().flatten().collect();
        }
        self.sources = sources;
    }

    /// The documents with what a memory knows of each.
    fn remembered<'s>(
        &mut self,
        ground: &Ground<'_>,
        documents: Vec<Ahead<'s>>,
        sources: &[Source],
    ) -> Vec<(Ahead<'s>, Option<Known>)> {
        let Some(memory) = self.memory.as_deref_mut() else {
            return documents.into_iter().map(|ahead| (ahead, None)).collect();
        };
        let ground = memory::ground_key(ground);
        let key = |ahead: Ahead<'s>| {
            let source = sources.get(usize::try_from(ahead.at.source).unwrap_or(usize::MAX));
            let text = source.map_or("", |source| source.slice(ahead.at.span));
            (memory::key(&ground, text, &ahead.setting), ahead)
        };
        let keyed = match &self.workers {
            Some(workers) => workers.map(documents, key),
            None => documents.into_iter().map(key).collect(),
        };
        keyed.into_iter().map(|(key, ahead)| (ahead, Some((key, memory.take(&key))))).collect()
    }

    /// Tells the memory where the policies of the set come from.
    pub(crate) fn set_origins(&mut self, origins: Vec<Option<Origin>>) {
        if let Some(memory) = self.memory.as_deref_mut() {
            memory.set_origins(origins);
        }
    }

    /// Reads files from elsewhere from now on.
    pub(crate) fn set_files(&mut self, files: &'f dyn Files) {
        self.files = files;
    }

    /// Index of the next source.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.sources.len()).unwrap_or(u32::MAX)
    }

    /// Takes a source.
    pub(crate) fn add(&mut self, source: Source) -> u32 {
        let index = self.next();
        self.sources.push(source);
        index
    }

    pub(crate) fn report(
        &mut self,
        code: Code,
        at: raw::Place,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::new(code, at.source, at.span, message));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    /// Opens a document; `None` when there is no text to open, which was reported.
    pub(crate) fn open(&mut self, document: &raw::Document) -> Option<Document> {
        let (index, span) = match document {
            raw::Document::Inline(at) => (at.source, Some(at.span)),
            raw::Document::Whole(index) => (*index, None),
            raw::Document::Text { name, text } => (self.add(Source::new(name.clone(), text.clone())), None),
            raw::Document::Path(path) => (self.file(path)?, None),
        };
        self.documents += 1;
        let ahead = span.and_then(|span| self.ahead.get_mut(&(index, span.start)));
        if let Some(document) = ahead.and_then(|(document, ..)| document.take()) {
            return Some(document);
        }
        let source = self.source(index)?;
        Some(match span {
            Some(span) => document::parse(source, index, span),
            None => document::parse_source(source, index),
        })
    }

    fn source(&self, index: u32) -> Option<&Source> {
        self.sources.get(usize::try_from(index).ok()?)
    }

    /// The text of a file whose path was found sound.
    pub(crate) fn read_file(&self, path: &str) -> Result<String, FileError> {
        self.files.read(path)
    }

    /// The source of a file of the world, read when it is first named (CAM0706).
    fn file(&mut self, path: &raw::Name) -> Option<u32> {
        if let Some(known) = self.by_path.get(&path.text) {
            return *known;
        }
        let read = match leaves_folder(&path.text) {
            Some(why) => Err((code::WORLD_FILE, format!("`{}` {why}", path.text))),
            None => self.files.read(&path.text).map_err(|error| {
                let code = if error == FileError::NotUtf8 { code::NOT_UTF8 } else { code::WORLD_FILE };
                (code, format!("`{}` {error}", path.text))
            }),
        };
        let index = match read {
            Ok(text) => Some(self.add(Source::new(path.text.clone(), text))),
            Err((code, message)) => {
                self.report(code, path.at, message);
                None
            }
        };
        self.by_path.insert(path.text.clone(), index);
        index
    }

    /// Reads a document in a setting; `None` when it is refused there.
    pub(crate) fn read(&mut self, document: &Document, setting: &Setting<'_>) -> Option<Vec<Statement>> {
        let reading = self.reading(document, setting)?;
        let key = |found: &Diagnostic| (found.source, found.code, found.span);
        let mut new = reading.diagnostics;
        new.retain(|found| !self.reported.contains(&key(found)));
        self.reported.extend(new.iter().map(key));
        for found in new {
            if found.severity > Severity::Note {
                self.diagnostics.push(found);
            } else if self.notes_left > 0 {
                self.notes_left -= 1;
                self.diagnostics.push(found);
            } else {
                self.notes_left_off += 1;
            }
        }
        reading.statements
    }

    fn reading(&mut self, document: &Document, setting: &Setting<'_>) -> Option<Reading> {
        let place = (document.index, document.span.start);
        if self.ahead.get(&place).is_some_and(|(_, kind, _)| *kind == setting.kind)
            && let Some((_, _, reading)) = self.ahead.remove(&place)
        {
            return Some(reading);
        }
        let source = self.source(document.index)?;
        if document.is_forgotten() {
            return Some(document::parse(source, document.index, document.span).read(source, setting));
        }
        Some(document.read(source, setting))
    }

    /// The outline of an accepted document, if they are kept.
    pub(crate) fn outline(&self, document: &Document, setting: &Setting<'_>) -> Option<Outline> {
        let source = self.source(document.index).filter(|_| self.outlines)?;
        if document.is_forgotten() {
            return document::parse(source, document.index, document.span).outline(source, setting);
        }
        document.outline(source, setting)
    }

    /// The name of the source that a document stands in.
    pub(crate) fn source_name(&self, document: &Document) -> Box<str> {
        self.source(document.index).map(Source::name).unwrap_or_default().into()
    }

    /// Sorts what was found by its place, and keeps only the sources that are needed to show it.
    pub(crate) fn finish(
        self,
        others: &mut [Diagnostic],
        outlines: &mut [Outline],
    ) -> (Vec<Diagnostic>, Vec<Source>) {
        let mut diagnostics = self.diagnostics;
        let found = diagnostics.iter().chain(others.iter()).map(|found| found.source);
        let needed: HashSet<u32> = found.chain(outlines.iter().map(|outline| outline.source)).collect();
        let mut index = HashMap::new();
        let mut sources = Vec::with_capacity(needed.len());
        for (old, source) in (0u32..).zip(self.sources) {
            if needed.contains(&old) {
                index.insert(old, u32::try_from(sources.len()).unwrap_or(u32::MAX));
                sources.push(source);
            }
        }
        for found in diagnostics.iter_mut().chain(others.iter_mut()) {
            found.source = index.get(&found.source).copied().unwrap_or(found.source);
        }
        for outline in outlines {
            outline.source = index.get(&outline.source).copied().unwrap_or(outline.source);
        }
        diagnostics.sort_by_key(|found| (found.source, found.span.start));
        others.sort_by_key(|found| (found.source, found.span.start));
        (diagnostics, sources)
    }
}

/// Reads a document in place, or takes the reading that is known.
fn read_or_known(
    source: &Source,
    at: raw::Place,
    setting: &Setting<'_>,
    known: Option<Known>,
) -> (Document, Reading) {
    let origin = |key, starts: Box<[usize]>, length_chars| Origin { key, starts, length_chars };
    if let Some((key, Some(kept))) = known {
        let origin = origin(key, kept.starts.clone(), kept.length_chars);
        let document = Document {
            index: at.source,
            span: at.span,
            value: None,
            tolerated: Vec::new(),
            errors: Vec::new(),
            length_chars: kept.length_chars,
            origin: Some((setting.kind, origin)),
        };
        let statements = Some(kept.at(source, at.span));
        return (document, Reading { statements, ..Reading::default() });
    }
    let mut document = document::parse(source, at.source, at.span);
    let mut reading = document.read(source, setting);
    document.forget();
    if let Some((key, None)) = known
        && reading.diagnostics.is_empty()
    {
        let starts = core::mem::take(&mut reading.starts).into();
        document.origin = Some((setting.kind, origin(key, starts, document.length_chars)));
    }
    (document, reading)
}

/// Why a path is not one inside the world's folder, as the end of a sentence (CAM0706).
pub(crate) fn leaves_folder(path: &str) -> Option<&'static str> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.is_empty() {
        Some("is no path")
    } else if path.contains('\\') {
        Some("has a backslash; write `/`")
    } else if path.contains('\0') {
        Some("has a zero byte")
    } else if path.starts_with('/') || drive {
        Some("is an absolute path; write it relative to the world")
    } else if path.split('/').any(|part| part == "..") {
        Some("leaves the folder of the world")
    } else {
        None
    }
}
