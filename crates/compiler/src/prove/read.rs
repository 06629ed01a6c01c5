//! The canonical statements of a bundle, read again by the reader of documents.

use camshaft_bundle::schema::policy;
use camshaft_bundle::{Range, Tables};
use camshaft_frontend::document;
use camshaft_frontend::json::Bounds;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::normalize::Writer;
use camshaft_frontend::policy::{Kind, Statement};
use camshaft_frontend::setting::{Catalogue, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};

/// The kind of a policy by its number.
pub(crate) fn kind(number: u32) -> Kind {
    match number {
        policy::BOUNDARY => Kind::Boundary,
        policy::SESSION => Kind::Session,
        policy::SCP => Kind::Scp,
        policy::TRUST => Kind::Trust,
        policy::RESOURCE => Kind::Resource,
        _ => Kind::Identity,
    }
}

/// The text of a statement.
pub(crate) fn text<'a>(tables: &Tables<'a>, statement: u32) -> Option<&'a str> {
    let [start, length, ..] = tables.statement_places.record::<4>(statement)?;
    tables.statement_text.get(start, length)
}

/// Reads the statements of one policy; why they cannot be read, and which, otherwise.
pub(crate) fn statements(
    tables: &Tables<'_>,
    of: Range,
    kind: Kind,
) -> Result<Vec<Statement>, (u32, String)> {
    let mut whole = String::from("{\"version\":\"2.0\",\"statement\":[");
    let mut starts = Vec::with_capacity(of.len() as usize);
    for number in of {
        if number > of.start {
            whole.push(',');
        }
        starts.push(whole.len());
        whole.push_str(text(tables, number).unwrap_or(""));
    }
    whole.push_str("]}");
    let (parameters, catalogue) = (Parameters::new(), Catalogue::new());
    let limits = Limits {
        document_soft_chars: None,
        document_hard_chars: None,
        networks_of_value: u64::MAX,
        ..Limits::default()
    };
    // The text is filled: what is left are built-in parameters without a value, and projects of any form.
    let setting = Setting {
        kind,
        preset: false,
        account: None,
        parameters: &parameters,
        builtin_parameters: true,
        catalogue: &catalogue,
        legacy_project: true,
        strict: false,
        limits: &limits,
        scope: None,
        unknown_account: true,
    };
    let source = Source::new("explain", whole);
    let span = Span::new(0, source.text().len());
    let document = document::parse_within(&source, 0, span, Bounds::CANONICAL);
    let reading = document.read(&source, &setting);
    let place = |offset: usize| {
        let before = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        of.start.saturating_add(u32::try_from(before).unwrap_or(0))
    };
    let Some(statements) = reading.statements else {
        let found = reading.diagnostics.iter().find(|found| found.is_error());
        let why = found.map_or_else(String::new, |found| format!(": {}", found.message));
        let at = found.map_or(of.start, |found| place(found.span.start));
        return Err((at, format!("its canonical form cannot be read{why}")));
    };
    let mut writer = Writer::default();
    let mut again = String::new();
    for (number, statement) in of.into_iter().zip(&statements) {
        again.clear();
        writer.statement(&mut again, statement);
        if text(tables, number) != Some(&again) {
            return Err((number, "its text is not in canonical form".to_owned()));
        }
    }
    if statements.len() != of.len() as usize {
        return Err((of.start, "its text is not one statement".to_owned()));
    }
    Ok(statements)
}
