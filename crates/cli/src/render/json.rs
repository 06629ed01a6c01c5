//! Findings for programs; docs/schema says the same.

use camshaft_frontend::diagnostic::{Applicability, Diagnostic, Severity};
use camshaft_frontend::source::{Position, Source, Span};
use serde::Serialize;

use super::diagnostic::Findings;
use super::text;

/// One finding.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    code: String,
    severity: &'static str,
    title: &'static str,
    message: String,
    #[serde(flatten)]
    place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Fix>,
}

/// The most rows that a decision on one resource may have to verify.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Certificate {
    rows: u32,
    /// For each value of the context besides.
    of_value: u32,
}

impl Certificate {
    /// In words.
    pub(crate) fn text(self) -> String {
        let rows = text::counted(self.rows as usize, "row");
        let more = match self.of_value {
            0 => String::new(),
            more => format!(", and {} more for each value of the context", text::figure(u64::from(more))),
        };
        format!("a decision on one resource verifies at most {rows}{more}")
    }
}

impl From<camshaft_bundle::Certificate> for Certificate {
    fn from(of: camshaft_bundle::Certificate) -> Self {
        Self { rows: of.rows, of_value: of.of_value }
    }
}

/// Where something stands.
#[derive(Debug, Serialize)]
struct Place {
    path: String,
    start: Point,
    end: Point,
}

/// Line and column in characters, from 1; bytes from the start of the source, which for a line of a stream or of a
/// case file is the line.
#[derive(Debug, Serialize)]
struct Point {
    line: u32,
    column: u32,
    byte: usize,
}

#[derive(Debug, Serialize)]
struct Related {
    message: String,
    #[serde(flatten)]
    place: Place,
}

#[derive(Debug, Serialize)]
struct Fix {
    applicability: &'static str,
    edits: Vec<Edit>,
}

#[derive(Debug, Serialize)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

/// Every finding.
pub(crate) fn findings(findings: &Findings) -> Vec<Finding> {
    findings.diagnostics.iter().map(|found| finding(found, findings.source(found))).collect()
}

fn finding(found: &Diagnostic, source: Option<&Source>) -> Finding {
    let related = found
        .related
        .iter()
        .map(|(span, message)| Related { message: message.clone(), place: place(source, *span) });
    Finding {
        code: found.code.to_string(),
        severity: severity(found.severity),
        title: found.code.title(),
        message: found.message.clone(),
        place: place(source, found.span),
        help: found.help.clone(),
        related: related.collect(),
        fix: found.fix.as_ref().map(|fix| Fix {
            applicability: match fix.applicability {
                Applicability::Machine => "machine",
                Applicability::Suggestion => "suggestion",
            },
            edits: fix
                .edits
                .iter()
                .map(|edit| Edit { start: edit.span.start, end: edit.span.end, text: edit.text.clone() })
                .collect(),
        }),
    }
}

fn place(source: Option<&Source>, span: Span) -> Place {
    let point = |byte: usize| {
        let Position { line, column } = source.map(|source| source.position(byte)).unwrap_or_default();
        Point { line, column, byte }
    };
    let path = source.map_or_else(String::new, |source| source.name().to_owned());
    Place { path, start: point(span.start), end: point(span.end) }
}

/// As JSON spells a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
