//! Findings for programs; docs/schema says the same.

use camshaft_frontend::diagnostic::{Applicability, Diagnostic, Severity};
use camshaft_frontend::source::{Position, Source, Span};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate(pub(crate) camshaft_bundle::Certificate);

impl Certificate {
    /// In words.
    pub(crate) fn text(self) -> String {
        let camshaft_bundle::Certificate { rows, of_value, of_empty } = self.0;
        let mut words =
            format!("a decision on one resource verifies at most {}", text::counted(rows as usize, "row"));
        for (more, what) in [(of_value, "value of the context"), (of_empty, "key without values")] {
            if more > 0 {
                words += &format!(", {} more for each {what}", text::figure(u64::from(more)));
            }
        }
        words
    }
}

impl Serialize for Certificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut certificate = serializer.serialize_struct("Certificate", 3)?;
        certificate.serialize_field("rows", &self.0.rows)?;
        certificate.serialize_field("of_value", &self.0.of_value)?;
        certificate.serialize_field("of_empty", &self.0.of_empty)?;
        certificate.end()
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
