//! Findings as editors take them.

use camshaft_frontend::diagnostic::{Code, Diagnostic as Finding, Severity, code};
use camshaft_frontend::source::Span;
use gen_lsp_types::{
    Code as DiagnosticCode, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Location, Message, Range, Uri,
};

use super::settings::Settings;

/// Findings of one text. `range` gives the place of a span.
pub(crate) fn of(
    uri: &str,
    findings: &[Finding],
    settings: &Settings,
    range: impl Fn(Span) -> Range,
) -> Vec<Diagnostic> {
    findings.iter().map(|found| one(uri, found, settings, &range)).collect()
}

/// One finding.
pub(crate) fn one(
    uri: &str,
    found: &Finding,
    settings: &Settings,
    range: &impl Fn(Span) -> Range,
) -> Diagnostic {
    let related = found.related.iter().map(|(span, message)| DiagnosticRelatedInformation {
        location: Location { uri: Uri::from(uri), range: range(*span) },
        message: message.clone(),
    });
    let related: Vec<_> = related.collect();
    let message = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let number = found.code.to_string();
    Diagnostic {
        range: range(found.span),
        severity: Some(match found.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
            Severity::Note => DiagnosticSeverity::Information,
        }),
        code_description: settings.page(&number).map(|page| CodeDescription { href: page.into() }),
        code: Some(DiagnosticCode::String(number)),
        source: Some("camshaft".into()),
        message: Message::String(message),
        tags: tag(found.code).map(|tag| vec![tag]),
        related_information: (!related.is_empty()).then_some(related),
        data: None,
    }
}

/// How the text is drawn: what may go is faded, what is of yesterday is struck through.
fn tag(found: Code) -> Option<DiagnosticTag> {
    match found {
        code::ENTRY_REPEATED | code::CONDITION_EMPTY => Some(DiagnosticTag::Unnecessary),
        code::REGION_OLD | code::PATH_RETIRED => Some(DiagnosticTag::Deprecated),
        // Redundant statements, actions and resources (CAM0502 to CAM0504), and forms of earlier days (CAM0529).
        Code(502..=504) => Some(DiagnosticTag::Unnecessary),
        Code(529) => Some(DiagnosticTag::Deprecated),
        _ => None,
    }
}
