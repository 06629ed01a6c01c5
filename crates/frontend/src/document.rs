//! Policy documents: parsed once, then read in the setting of each place where they are attached.
//!
//! In: a span of a source. Out: a [`Reading`], the statements as the compiler takes them and every
//! finding. The world loader calls it for every policy, and so do `check` and `fmt` for bare documents.

use crate::{
    diagnostic::{Diagnostic, Severity},
    json::{self, Bounds, Node, Value},
    policy::{Kind, Statement},
    reader::Reader,
    setting::{Builtin, Setting},
    source::{Source, Span},
    template,
    world::memory::Origin,
};

/// A parsed document. It knows places in its source, not the source itself.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) index: u32,
    pub(crate) span: Span,
    pub(crate) value: Option<Value>,
    pub(crate) tolerated: Vec<Diagnostic>,
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) length_chars: usize,
    /// What a memory knows it by, if it was accepted without findings as this kind.
    pub(crate) origin: Option<(Kind, Origin)>,
}

/// A document in one setting.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its statements; none if there is an error.
    pub statements: Option<Vec<Statement>>,
    /// Every finding, in order of place.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the statements begin, from the beginning of the document.
    pub(crate) starts: Vec<usize>,
}

/// Parses the document in a span of a source; `index` is what findings call the source.
pub fn parse(source: &Source, index: u32, span: Span) -> Document {
    parse_within(source, index, span, Bounds::POLICY)
}

/// Parses a document within other bounds, such as a canonical form, whose size is free (CITE CAN-5).
pub fn parse_within(source: &Source, index: u32, span: Span, bounds: Bounds) -> Document {
    let parsed = json::parse(source, index, span, bounds);
    Document {
        index,
        span,
        value: parsed.value,
        tolerated: parsed.tolerated,
        errors: parsed.errors,
        length_chars: parsed.length_chars,
        origin: None,
    }
}

/// Parses a source that is one document.
pub fn parse_source(source: &Source, index: u32) -> Document {
    parse(source, index, Span::new(0, source.text().len()))
}

/// Takes the bytes of a file that is one document; text that is not UTF-8 is one of its errors (CAM0101).
pub fn load(name: &str, index: u32, bytes: Vec<u8>) -> (Source, Document) {
    let (source, fault) = json::decode(name, index, bytes);
    let Some(fault) = fault else {
        let document = parse_source(&source, index);
        return (source, document);
    };
    let span = Span::new(0, source.text().len());
    let (value, tolerated, length_chars) = (None, Vec::new(), 0);
    (source, Document { index, span, value, tolerated, errors: vec![fault], length_chars, origin: None })
}

impl Document {
    /// Reads the document in a setting. `source` is the one it was parsed from.
    pub fn read(&self, source: &Source, setting: &Setting<'_>) -> Reading {
        let mut reader = Reader::new(source, self.index, setting);
        reader.findings.extend(self.tolerated.iter().chain(&self.errors).cloned());
        let statements = match &self.value {
            Some(value) => reader.document(value, self.span.start, self.length_chars),
            None => Vec::new(),
        };
        let starts = reader.starts.iter().map(|start| start.saturating_sub(self.span.start)).collect();
        let mut diagnostics = reader.findings;
        if setting.strict {
            for found in diagnostics.iter_mut().filter(|found| found.severity == Severity::Warning) {
                found.severity = Severity::Error;
            }
        }
        // Stable: findings at one place stay in the order in which they were made.
        diagnostics.sort_by_key(|found| found.span.start);
        let refused = self.value.is_none() || diagnostics.iter().any(Diagnostic::is_error);
        Reading { statements: (!refused).then_some(statements), diagnostics, starts }
    }

    /// Drops its tree; to read it once more it is to be parsed again.
    pub(crate) fn forget(&mut self) {
        self.value = None;
    }

    /// Whether it is sound and its tree is gone.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.value.is_none() && self.errors.is_empty()
    }

    /// Whether its reading depends on the account it is attached in (CITE VAR-7).
    pub fn uses_template(&self) -> bool {
        self.value.as_ref().is_some_and(uses_builtin)
    }

    /// Whether it is JSON at all; if not, no setting gives it statements.
    pub fn is_sound(&self) -> bool {
        self.value.is_some()
    }

    /// The syntax errors.
    pub fn syntax_errors(&self) -> &[Diagnostic] {
        &self.errors
    }

    /// Where it stands in its source.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Characters that count for the limits (CITE DOC-19).
    pub fn length_chars(&self) -> usize {
        self.length_chars
    }
}

fn uses_builtin(value: &Value) -> bool {
    match &value.node {
        Node::String(text) => {
            template::is_template(text) && template::names(text).any(|name| Builtin::by_name(name).is_some())
        }
        Node::Array(elements) => elements.iter().any(uses_builtin),
        Node::Object(members) => members.iter().any(|member| uses_builtin(&member.value)),
        Node::Null | Node::Bool(_) | Node::Number | Node::Skimmed => false,
    }
}

#[cfg(test)]
mod tests;
