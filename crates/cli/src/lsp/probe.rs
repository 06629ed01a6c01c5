//! One entry or value, read as the compiler would read it: it is put into a statement of its own.
//!
//! A second reading of entries here would drift from the first.

use camshaft_frontend::diagnostic::Diagnostic;
use camshaft_frontend::document;
use camshaft_frontend::json::write_string;
use camshaft_frontend::policy::{ActionEntry, Kind, PrincipalEntry, ResourceEntry, Statement, Term};
use camshaft_frontend::setting::Setting;
use camshaft_frontend::source::Source;

/// What an action entry stands for; a set is several.
pub(crate) fn action(text: &str, setting: &Setting<'_>) -> Option<Vec<ActionEntry>> {
    let members = format!("\"effect\":\"allow\",\"action\":[{}],\"resource\":[\"*\"]", quoted(text));
    Some(statement(&members, Kind::Identity, setting)?.actions)
}

/// What a resource entry stands for.
pub(crate) fn resource(text: &str, setting: &Setting<'_>) -> Option<ResourceEntry> {
    let members = format!("\"effect\":\"allow\",\"action\":[\"*\"],\"resource\":[{}]", quoted(text));
    statement(&members, Kind::Identity, setting)?.resources.pop()
}

/// What an entry of a principal's member stands for.
pub(crate) fn principal(member: &str, text: &str, setting: &Setting<'_>) -> Option<PrincipalEntry> {
    let (member, text) = (quoted(&member.to_ascii_lowercase()), quoted(text));
    let members = format!("\"effect\":\"allow\",\"principal\":{{{member}:[{text}]}},\"action\":[\"*\"]");
    statement(&members, Kind::Trust, setting)?.principals?.pop()
}

/// A term with one value, which is JSON text.
pub(crate) fn term(operator: &str, key: &str, value: &str, setting: &Setting<'_>) -> Option<Term> {
    let condition = format!("{{{}:{{{}:[{value}]}}}}", quoted(operator), quoted(key));
    let members =
        format!("\"effect\":\"allow\",\"action\":[\"*\"],\"resource\":[\"*\"],\"condition\":{condition}");
    statement(&members, Kind::Identity, setting)?.condition.pop()
}

fn statement(members: &str, kind: Kind, setting: &Setting<'_>) -> Option<Statement> {
    let text = format!("{{\"version\":\"2.0\",\"statement\":[{{{members}}}]}}");
    let source = Source::new("", text);
    let setting = Setting { kind, strict: false, scope: None, ..*setting };
    let reading = document::parse_source(&source, 0).read(&source, &setting);
    debug_assert!(reading.statements.is_some() || reading.diagnostics.iter().any(Diagnostic::is_error));
    reading.statements?.pop()
}

/// The text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(&mut out, text);
    out
}
