//! What is under the cursor, in words.

mod condition;
mod entry;
mod key;
mod member;
mod pattern;

use camshaft_frontend::diagnostic::{Code, Diagnostic, Severity};
use camshaft_frontend::source::Span;
use gen_lsp_types::{Contents, Hover, MarkupContent, MarkupKind};

use super::cursor::{self, Element, Spot};
use super::documents::Document;
use super::outline::Item;
use super::settings::Settings;

pub(crate) use condition::operator as operator_words;
pub(crate) use key::words as key_words;

/// Markdown about a place, and the place that it is about.
pub(crate) fn at(document: &Document, byte: usize, settings: &Settings) -> Option<Hover> {
    let cursor = cursor::at(&document.outline, byte);
    let (item, is_name) = match cursor.spot {
        Spot::Name(member) => (Some(&member.name), true),
        Spot::Value(item) => (Some(item), false),
        _ => (None, false),
    };
    let meaning = item.and_then(|item| meaning(document, &cursor, item, is_name, settings));
    let found = findings(document, byte);
    let parts: Vec<String> = found.iter().map(|found| finding(found)).chain(meaning).collect();
    if parts.is_empty() {
        return None;
    }
    let span = item.map(|item| item.span).or_else(|| found.first().map(|found| found.span));
    let content = MarkupContent { kind: MarkupKind::Markdown, value: parts.join("\n\n---\n\n") };
    Some(Hover { contents: Contents::MarkupContent(content), range: span.map(|span| document.range(span)) })
}

/// The findings at a place; of an empty span those right behind it too, of one of several lines those on its first.
fn findings(document: &Document, byte: usize) -> Vec<&Diagnostic> {
    let touches = |span: Span| {
        let text = document.text.get(span.start..span.end).unwrap_or("");
        let line = text.find('\n').unwrap_or(text.len()).max(1);
        span.start <= byte && byte < span.start + line
    };
    let mut found: Vec<&Diagnostic> = document.findings.iter().filter(|found| touches(found.span)).collect();
    // Of a statement that misses something the span is the whole of it: the narrow ones first.
    found.sort_by_key(|found| found.span.end - found.span.start);
    found.truncate(3);
    found
}

fn finding(found: &Diagnostic) -> String {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let Code(_) = found.code;
    let mut text =
        format!("**{} {}** ({severity}): {}", found.code, found.code.title(), escaped(&found.message));
    if let Some(entry) = found.code.entry() {
        text.push_str(&format!("\n\n{}.", sentence(entry.cause)));
        let help = found.help.as_deref().unwrap_or(entry.help);
        if !help.is_empty() {
            text.push_str(&format!(" {}.", sentence(&escaped(help))));
        }
        text.push_str(&format!("\n\n*Rules: {}*", entry.rules));
    }
    text
}

/// With a capital, as sentences begin.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Text of the input inside Markdown: what stands in backticks stays as it is, the rest cannot become a link or a tag.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        if at % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for c in part.chars() {
            if matches!(c, '<' | '>' | '[' | ']' | '*' | '_' | '\\' | '&') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}

/// Text of the input as code.
pub(crate) fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    match (text.contains('`'), text.is_empty()) {
        (_, true) => "an empty text".into(),
        (true, _) => format!("`` {text} ``"),
        _ => format!("`{text}`"),
    }
}

/// What an element of a policy means.
fn meaning(
    document: &Document,
    cursor: &cursor::Cursor<'_>,
    item: &Item,
    is_name: bool,
    settings: &Settings,
) -> Option<String> {
    let text = item.as_str();
    let (steps, attachment) = match document.is_world() {
        true => match cursor::policy_in_world(&cursor.steps) {
            Some((at, attachment)) if at <= cursor.steps.len() => (cursor.steps.get(at..)?, Some(attachment)),
            _ => return text.filter(|_| is_name).and_then(member::of_world).map(str::to_owned),
        },
        false => (cursor.steps.as_slice(), None),
    };
    let setting = match attachment {
        Some(attachment) => {
            settings.setting(attachment, document.attached.as_ref().map(|(_, around)| &**around))
        }
        None => settings.of_document(document),
    };
    let element = cursor::element(steps);
    if is_name {
        let name = text?;
        return match element {
            Element::Condition => condition::operator(name),
            Element::Keys(operator) => Some(key::hover(name, operator)),
            Element::Principal => member::of_principal(name).map(str::to_owned),
            Element::Policy | Element::Statement => member::of_policy(name).map(str::to_owned),
            _ => None,
        };
    }
    match element {
        Element::Effect => member::effect(text?).map(str::to_owned),
        Element::Action => entry::action(text?, &setting, &settings.known),
        Element::Resource => entry::resource(text?, &setting),
        Element::Principal => entry::principal("qcs", text?, &setting),
        Element::PrincipalEntries(member) => entry::principal(member, text?, &setting),
        Element::Values(operator, key) => {
            let raw = document.text.get(item.span.start..item.span.end)?;
            let value = text.map_or_else(|| raw.to_owned(), super::probe::quoted);
            condition::value(operator, key, &value, &setting)
        }
        _ => None,
    }
}
