//! The canonical form (CITE CAN-1 to CAN-7): of documents, with their `${…}` kept, and of single accepted
//! statements, for the explain section of bundles.
//!
//! In: a [`Document`] that its reading accepts, or a [`Statement`]. Out: JSON text.

mod entry;
mod form;
mod pretty;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use pretty::pretty;
pub use statement::Writer;

use crate::{
    diagnostic::{Diagnostic, code},
    document::{Document, Reading},
    json::{self, Member, Node, Value},
    policy::{ActionEntry, Effect, Kind, PrincipalEntry, ResourceEntry, ResourcePattern, Statement, Term},
    setting::Setting,
    source::Source,
};
use form::{Entries, Form, Principal};

/// A canonical form, and where its statements come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// JSON without insignificant blanks.
    pub text: String,
    /// For every statement of the text the indices of the source statements it stands for (CITE CAN-5).
    pub sources: Vec<Vec<u32>>,
}

/// The canonical form of a document; the reading if the document is refused.
///
/// A parameter or action set without a value does not count as a refusal, since the form keeps their
/// names, and neither does the length of the document (CITE CAN-5).
pub fn canonical(document: &Document, source: &Source, setting: &Setting<'_>) -> Result<Canonical, Reading> {
    forms(document, source, setting).map(text)
}

/// The canonical form with statements merged that differ in one dimension (CITE CAN-4).
pub fn merged(document: &Document, source: &Source, setting: &Setting<'_>) -> Result<Canonical, Reading> {
    forms(document, source, setting).map(|forms| text(form::merge(forms)))
}

/// The canonical form, one member or entry a line.
pub fn canonical_pretty(
    document: &Document,
    source: &Source,
    setting: &Setting<'_>,
) -> Result<String, Reading> {
    canonical(document, source, setting).map(|canonical| pretty(&canonical.text))
}

/// The canonical form of one accepted statement, everything filled and without its label.
pub fn statement_text(statement: &Statement) -> String {
    let mut out = String::new();
    Writer::default().statement(&mut out, statement);
    out
}

/// The values of one term as a JSON array, as the canonical form writes them.
pub fn values_text(term: &Term) -> String {
    let mut out = String::new();
    Writer::default().values(&mut out, term);
    out
}

/// The six segments of a scope or resource, in the meaning of the canonical form.
pub fn resource_text(pattern: &ResourcePattern) -> String {
    let mut out = String::new();
    entry::write_segments(&mut out, pattern);
    out
}

/// An action of an accepted statement, as the canonical form writes it.
pub fn action_text(action: &ActionEntry) -> String {
    let mut out = String::new();
    entry::write_action(&mut out, action);
    out
}

/// A resource of an accepted statement, as the canonical form writes it.
pub fn entry_text(resource: &ResourceEntry) -> String {
    let mut out = String::new();
    entry::write_resource(&mut out, resource);
    out
}

/// Someone whom an accepted statement binds, as the canonical form writes it.
pub fn principal_text(entry: &PrincipalEntry) -> String {
    crate::principal::text(entry).1
}

type Sourced = (Form, Vec<u32>);

fn forms(document: &Document, source: &Source, setting: &Setting<'_>) -> Result<Vec<Sourced>, Reading> {
    let lenient = Setting { strict: false, ..*setting };
    let reading = document.read(source, &lenient);
    let free = [code::PARAMETER_MISSING, code::ACTION_SET_UNKNOWN, code::DOCUMENT_TOO_LONG];
    let refuses = |found: &Diagnostic| found.is_error() && !free.contains(&found.code);
    let Some(members) = document.value.as_ref().and_then(Value::as_object) else { return Err(reading) };
    if reading.diagnostics.iter().any(refuses) {
        return Err(reading);
    }
    let builder = Builder { source, setting, top: keyword(members, "principal") };
    let statement = keyword(members, "statement");
    let one = core::slice::from_ref;
    let elements = statement.map_or(&[][..], |value| value.as_array().unwrap_or_else(|| one(value)));
    let forms = (0u32..)
        .zip(elements)
        .filter_map(|(index, element)| Some((builder.statement(element.as_object()?), vec![index])));
    Ok(form::distinct(forms.collect()))
}

fn text(forms: Vec<Sourced>) -> Canonical {
    let mut text = String::from("{\"version\":\"2.0\",\"statement\":[");
    let mut sources = Vec::with_capacity(forms.len());
    for (index, (form, indices)) in forms.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        form.write(&mut text);
        sources.push(indices);
    }
    text.push_str("]}");
    Canonical { text, sources }
}

/// The value of a keyword in any accepted spelling.
fn keyword<'v>(members: &'v [Member], word: &str) -> Option<&'v Value> {
    members.iter().find(|member| member.name.eq_ignore_ascii_case(word)).map(|member| &member.value)
}

/// Builds the forms of the statements of one accepted document.
struct Builder<'a> {
    source: &'a Source,
    setting: &'a Setting<'a>,
    top: Option<&'a Value>,
}

impl Builder<'_> {
    fn statement(&self, members: &[Member]) -> Form {
        let deny = keyword(members, "effect")
            .and_then(Value::as_str)
            .is_some_and(|effect| effect.eq_ignore_ascii_case("deny"));
        let names_principals = matches!(self.setting.kind, Kind::Trust | Kind::Resource);
        let principal = keyword(members, "principal").or(self.top).filter(|_| names_principals);
        let label = keyword(members, "sid").filter(|_| self.setting.kind == Kind::Resource);
        let resource = match keyword(members, "resource") {
            Some(value) => strings(value).map(entry::resource).collect(),
            None => Entries::from(["*".to_owned()]),
        };
        Form {
            sid: label.and_then(Value::as_str).map(str::to_owned),
            effect: if deny { Effect::Deny } else { Effect::Allow },
            principal: principal.map(principal_form),
            action: keyword(members, "action").into_iter().flat_map(strings).map(entry::action).collect(),
            resource,
            condition: keyword(members, "condition").map(|value| self.condition(value)).unwrap_or_default(),
        }
    }

    fn condition(&self, value: &Value) -> BTreeMap<String, BTreeMap<String, Entries>> {
        let operators = value.as_object().unwrap_or(&[]);
        let keys = |operator: &Member| {
            let keys = operator.value.as_object().unwrap_or(&[]);
            keys.iter().map(|key| (key.name.to_string(), self.values(&operator.name, &key.value))).collect()
        };
        operators.iter().map(|operator| (operator.name.to_string(), keys(operator))).collect()
    }

    fn values(&self, operator: &str, value: &Value) -> Entries {
        let one = core::slice::from_ref;
        let values = value.as_array().unwrap_or_else(|| one(value)).iter().map(|value| match &value.node {
            Node::String(text) => &**text,
            _ => self.source.slice(value.span),
        });
        entry::values(operator, values)
    }
}

fn principal_form(value: &Value) -> Principal {
    let Some(members) = value.as_object() else { return Principal::Everyone };
    let lists = members.iter().map(|member| {
        let entries = strings(&member.value).map(str::to_owned).collect();
        (member.name.to_ascii_lowercase(), entries)
    });
    Principal::Listed(lists.collect())
}

/// The strings of a list, or the one that stands for it.
fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let one = core::slice::from_ref;
    value.as_array().unwrap_or_else(|| one(value)).iter().filter_map(json::Value::as_str)
}
