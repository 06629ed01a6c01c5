//! Formatting: what `camshaft fmt` writes.

use camshaft_frontend::diagnostic::code;
use camshaft_frontend::document;
use camshaft_frontend::fix;
use camshaft_frontend::json::Bounds;
use camshaft_frontend::normalize;
use camshaft_frontend::source::{Source, Span};

use super::documents::Document;
use super::settings::Settings;
use crate::input::Content;

/// A canonical text.
pub(crate) struct Formatted {
    /// The text.
    pub(crate) text: String,
    /// Comments that it does not have.
    pub(crate) comments_lost: usize,
}

/// The canonical form of a policy; `None` for a world, and for what is refused even after its sure fixes.
pub(crate) fn canonical(document: &Document, settings: &Settings) -> Option<Formatted> {
    if document.content != Content::Policy {
        return None;
    }
    let setting = settings.of_document(document);
    let source = Source::new("", document.text.as_str());
    let mended = fix::mend(&source, &setting).source;
    let whole = Span::new(0, mended.text().len());
    let parsed = document::parse_within(&mended, 0, whole, Bounds::CANONICAL);
    let text = normalize::canonical_pretty(&parsed, &mended, &setting).ok()?;
    let comments_lost = document.findings.iter().filter(|found| found.code == code::COMMENT).count();
    Some(Formatted { text, comments_lost })
}
