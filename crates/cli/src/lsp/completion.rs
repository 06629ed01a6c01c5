//! What may stand at the cursor: members, operators, keys, actions, resources.

mod names;
mod slot;
mod values;

use camshaft_frontend::source::Span;
use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTextEdit, CompletionList, Documentation,
    InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};

use super::cursor::{self, Cursor, Spot, Step};
use super::documents::Document;
use super::settings::Settings;
use slot::Slot;

/// Items of one answer. The rest comes when more is typed: the list says that it is not complete.
const MOST_ITEMS: usize = 400;

/// Something that may be inserted.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// What it is called, and what typed text is compared with.
    label: String,
    /// What is inserted, as a snippet; the label if there is none.
    snippet: Option<String>,
    /// A few words beside it.
    detail: Option<String>,
    /// Markdown about it.
    about: Option<String>,
    kind: Option<CompletionItemKind>,
}

impl Choice {
    fn new(label: impl Into<String>, kind: CompletionItemKind) -> Self {
        Self { label: label.into(), kind: Some(kind), ..Self::default() }
    }

    fn snippet(self, snippet: impl Into<String>) -> Self {
        Self { snippet: Some(snippet.into()), ..self }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    fn about(self, about: Option<impl Into<String>>) -> Self {
        Self { about: about.map(Into::into), ..self }
    }
}

/// What may stand at a byte.
pub(crate) fn at(document: &Document, byte: usize, settings: &Settings) -> CompletionList {
    let cursor = cursor::at(&document.outline, byte);
    let slot = Slot::of(document, &cursor, byte);
    let choices = slot.as_ref().map(|slot| choices(document, &cursor, slot, settings)).unwrap_or_default();
    let is_incomplete = choices.len() > MOST_ITEMS;
    let items = slot
        .iter()
        .flat_map(|slot| {
            let choices = choices.iter().take(MOST_ITEMS).enumerate();
            choices.map(|(rank, choice)| item(document, slot, rank, choice, settings.snippets))
        })
        .collect();
    CompletionList { is_incomplete, items, ..CompletionList::default() }
}

fn choices(document: &Document, cursor: &Cursor<'_>, slot: &Slot, settings: &Settings) -> Vec<Choice> {
    let is_name = matches!(cursor.spot, Spot::Name(_) | Spot::NameGap);
    let world = document.is_world();
    // A stream of lines is a list of them.
    let steps = match cursor.steps.split_first() {
        Some((Step::Index, rest)) if document.content == crate::input::Content::Stream => rest,
        _ => cursor.steps.as_slice(),
    };
    let inside = if world { cursor::policy_in_world(steps) } else { Some((0, settings.attachment())) };
    let attachment = document.attached.as_ref().map(|(attachment, _)| *attachment);
    let found = match inside {
        Some((at, to)) if at < steps.len() || is_name && at == steps.len() => {
            let element = cursor::element(steps.get(at..).unwrap_or(&[]));
            let kind = attachment.filter(|_| !world).unwrap_or(to).kind;
            match is_name {
                true => names::of_policy(element, kind),
                false => values::of_policy(element, document, cursor, slot, settings),
            }
        }
        _ if !world => Vec::new(),
        _ if is_name => names::of_world(steps, document.content == crate::input::Content::Stream),
        _ => values::of_world(steps, document, cursor),
    };
    let typed = slot.typed.to_ascii_lowercase();
    let taken = |choice: &Choice| {
        let object = cursor.objects.last().filter(|_| is_name);
        let own = slot.span.start;
        object.is_some_and(|object| {
            object.members().iter().any(|member| {
                member.name().eq_ignore_ascii_case(&choice.label)
                    && !(member.name.span.start <= own && own <= member.name.span.end)
            })
        })
    };
    let fits = |choice: &Choice| typed.is_empty() || subsequence(&typed, &choice.label.to_ascii_lowercase());
    found.into_iter().filter(|choice| fits(choice) && !taken(choice)).collect()
}

/// Whether the letters of a text stand in another in their order: what editors filter by.
fn subsequence(typed: &str, label: &str) -> bool {
    let mut letters = label.chars();
    typed.chars().all(|c| letters.any(|other| other == c))
}

fn item(document: &Document, slot: &Slot, rank: usize, choice: &Choice, snippets: bool) -> CompletionItem {
    let body = choice.snippet.clone().unwrap_or_else(|| slot::literal(&choice.label));
    let whole = slot.wrap(&body);
    let (new_text, format) = match snippets {
        true => (whole, InsertTextFormat::Snippet),
        false => (slot::without_places(&whole), InsertTextFormat::PlainText),
    };
    let range = document.range(Span::new(slot.span.start, slot.span.end));
    let about = choice.about.clone();
    CompletionItem {
        label: choice.label.clone(),
        kind: choice.kind,
        detail: choice.detail.clone(),
        documentation: about
            .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })),
        sort_text: Some(format!("{rank:05}")),
        filter_text: Some(slot.filter(&choice.label)),
        insert_text_format: Some(format),
        text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit { range, new_text })),
        ..CompletionItem::default()
    }
}
