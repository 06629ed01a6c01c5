//! The texts that an editor has open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::setting::{Catalogue, Parameters};
use camshaft_frontend::source::Span;
use gen_lsp_types::TextDocumentContentChangeEvent as Change;

use super::cursor::Attachment;
use super::outline::{self, Item};
use super::positions::Lines;
use super::uri;
use crate::input::{self, Content};

/// A text, what it looks like, and what was found in it.
#[derive(Debug)]
pub(crate) struct Document {
    /// As the editor names it.
    pub(crate) uri: String,
    /// Its file, links resolved, if there is one.
    pub(crate) path: Option<PathBuf>,
    /// The editor's count of changes.
    pub(crate) version: i32,
    /// The text.
    pub(crate) text: String,
    /// Its lines.
    pub(crate) lines: Lines,
    /// Policy, world, or something else.
    pub(crate) content: Content,
    /// Its structure.
    pub(crate) outline: Item,
    /// Whether it changed since it was checked.
    pub(crate) dirty: bool,
    /// What was found, in places of this text.
    pub(crate) findings: Vec<Diagnostic>,
    /// As what a world attaches it, and what that world reads policies with.
    pub(crate) attached: Option<(Attachment, Rc<Surroundings>)>,
}

/// What a world reads its policies with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// Template parameters.
    pub(crate) parameters: Parameters,
    /// Action sets.
    pub(crate) catalogue: Catalogue,
}

impl Document {
    /// A text that was just opened.
    pub(crate) fn new(uri: String, version: i32, text: String) -> Self {
        let path = uri::to_path(&uri).map(|path| path.canonicalize().unwrap_or(path));
        let mut document = Self {
            uri,
            path,
            version,
            lines: Lines::of(""),
            content: Content::Other,
            outline: outline::read("", false),
            text: String::new(),
            dirty: true,
            findings: Vec::new(),
            attached: None,
        };
        document.replace(text);
        document
    }

    /// Another text.
    fn replace(&mut self, text: String) {
        self.content = input::content(&text);
        self.outline = outline::read(&text, self.content == Content::Stream);
        self.lines = Lines::of(&text);
        self.text = text;
        self.dirty = true;
    }

    /// Applies changes in their order.
    pub(crate) fn change(&mut self, version: i32, changes: Vec<Change>) {
        let mut text = core::mem::take(&mut self.text);
        for change in changes {
            match change {
                Change::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
                Change::TextDocumentContentChangePartial(part) => {
                    let lines = Lines::of(&text);
                    let start = lines.offset(&text, part.range.start);
                    let end = lines.offset(&text, part.range.end).max(start);
                    text.replace_range(start..end, &part.text);
                }
            }
        }
        self.version = version;
        self.replace(text);
    }

    /// Whether this is a world.
    pub(crate) fn is_world(&self) -> bool {
        matches!(self.content, Content::World | Content::Stream)
    }

    /// The range of bytes of a span, for the editor.
    pub(crate) fn range(&self, span: Span) -> gen_lsp_types::Range {
        self.lines.range(&self.text, span.start..span.end)
    }
}

/// Open texts by their URI.
#[derive(Debug, Default)]
pub(crate) struct Documents(pub(crate) BTreeMap<String, Document>);

impl Documents {
    /// The text of a file, if it is open.
    pub(crate) fn text(&self, path: &Path) -> Option<&str> {
        self.by_path(path).map(|document| document.text.as_str())
    }

    /// The open document of a file.
    pub(crate) fn by_path(&self, path: &Path) -> Option<&Document> {
        self.0.values().find(|document| document.path.as_deref() == Some(path))
    }
}
