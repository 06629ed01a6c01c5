//! Fixes of findings, one by one and all the sure ones at once.

use std::collections::HashMap;

use camshaft_frontend::diagnostic::{Applicability, Diagnostic as Finding, Edit, Fix};
use camshaft_frontend::fix;
use camshaft_frontend::source::Source;
use gen_lsp_types::{
    CodeAction, CodeActionContext, CodeActionKind, CodeActionResponse, Range, TextEdit, Uri, WorkspaceEdit,
};

use super::diagnostics;
use super::documents::Document;
use super::settings::Settings;

/// What can be done in a range.
pub(crate) fn at(
    document: &Document,
    range: Range,
    context: &CodeActionContext,
    settings: &Settings,
) -> Vec<CodeActionResponse> {
    let wanted = |kind: &CodeActionKind| {
        let kind = String::from(kind.clone());
        context.only.as_ref().is_none_or(|only| {
            only.iter().any(|only| {
                let only = String::from(only.clone());
                only.is_empty()
                    || kind == only
                    || kind.strip_prefix(&only).is_some_and(|rest| rest.starts_with('.'))
            })
        })
    };
    let start = document.lines.offset(&document.text, range.start);
    let end = document.lines.offset(&document.text, range.end);
    let touched = |found: &&Finding| found.span.start <= end && start <= found.span.end;
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QuickFix) {
        let found = document.findings.iter().filter(touched);
        actions.extend(found.filter_map(|found| quick_fix(document, found, settings)));
    }
    let sure = document.findings.iter().filter(|found| is_sure(found)).count();
    let here = document.findings.iter().filter(touched).any(is_sure);
    if let Some(text) = fix_all(document, settings).filter(|_| sure > 0) {
        let edit = |title: String, kind| CodeAction {
            title,
            kind: Some(kind),
            edit: Some(edits(document, vec![replacement(document, &text)])),
            ..CodeAction::default()
        };
        if wanted(&CodeActionKind::QuickFix) && here && sure > 1 {
            actions.push(edit(format!("Apply all {sure} sure fixes"), CodeActionKind::QuickFix));
        }
        if wanted(&FIX_ALL) && context.only.is_some() {
            actions.push(edit("Apply all sure fixes".into(), FIX_ALL));
        }
    }
    actions.into_iter().map(CodeActionResponse::CodeAction).collect()
}

/// What editors run on save if they are told to.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::SourceFixAll;

fn is_sure(found: &Finding) -> bool {
    found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Machine)
}

fn quick_fix(document: &Document, found: &Finding, settings: &Settings) -> Option<CodeAction> {
    let fix = found.fix.as_ref().filter(|fix| !fix.edits.is_empty())?;
    let sound = |edit: &Edit| document.text.get(edit.span.start..edit.span.end).is_some();
    if !fix.edits.iter().all(sound) {
        return None;
    }
    let changes = fix
        .edits
        .iter()
        .map(|edit| TextEdit { range: document.range(edit.span), new_text: edit.text.clone() })
        .collect();
    let diagnostic = diagnostics::one(&document.uri, found, settings, &|span| document.range(span));
    Some(CodeAction {
        title: title(document, found, fix),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic]),
        is_preferred: (fix.applicability == Applicability::Machine).then_some(true),
        edit: Some(edits(document, changes)),
        ..CodeAction::default()
    })
}

/// What the fix does: `Replace with `ap-guangzhou` (CAM0318)`.
fn title(document: &Document, found: &Finding, fix: &Fix) -> String {
    let short = |text: &str| {
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(60) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
            None => text,
        }
    };
    let what = match fix.edits.as_slice() {
        [edit] => {
            let old = document.text.get(edit.span.start..edit.span.end).unwrap_or("");
            match (old.is_empty(), edit.text.is_empty()) {
                (false, true) => format!("Remove `{}`", short(old.trim_start_matches(','))),
                (true, _) => format!("Insert `{}`", short(&edit.text)),
                _ => format!("Replace with `{}`", short(&edit.text)),
            }
        }
        edits if edits.iter().any(|edit| edit.text == "[") => "Put in brackets".into(),
        edits => format!("Fix {} in {} places", found.code.title(), edits.len()),
    };
    let perhaps = if fix.applicability == Applicability::Suggestion { "Perhaps: " } else { "" };
    format!("{perhaps}{what} ({})", found.code)
}

/// The text with every sure fix; of a world one round of them, since its policies have settings of their own.
fn fix_all(document: &Document, settings: &Settings) -> Option<String> {
    let source = Source::new("", document.text.as_str());
    if document.is_world() {
        return fix::apply(&source, &document.findings).map(|(text, _)| text);
    }
    // What was found may have fixes of lints, which only this round applies.
    let first = fix::apply(&source, &document.findings);
    let source = first.as_ref().map_or(source, |(text, _)| Source::new("", text.as_str()));
    let mended = fix::mend_all(&source, &settings.of_document(document));
    (first.is_some() || mended.applied > 0).then(|| mended.source.text().to_owned())
}

/// The edit that makes the document this text: all but what both begin and end with, so that cursors stay.
pub(crate) fn replacement(document: &Document, text: &str) -> TextEdit {
    let old = &document.text;
    let boundary = |at: &usize| old.is_char_boundary(*at) && text.is_char_boundary(*at);
    let same = old.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    let start = (0..=same).rev().find(boundary).unwrap_or(0);
    let most = old.len().min(text.len()) - start;
    let same = old.bytes().rev().zip(text.bytes().rev()).take(most).take_while(|(a, b)| a == b).count();
    let ends =
        |same: &usize| old.is_char_boundary(old.len() - same) && text.is_char_boundary(text.len() - same);
    let same = (0..=same).rev().find(ends).unwrap_or(0);
    let range = document.lines.range(old, start..old.len() - same);
    TextEdit { range, new_text: text.get(start..text.len() - same).unwrap_or(text).to_owned() }
}

fn edits(document: &Document, changes: Vec<TextEdit>) -> WorkspaceEdit {
    let uri = Uri::from(document.uri.as_str());
    WorkspaceEdit { changes: Some(HashMap::from([(uri, changes)])), ..WorkspaceEdit::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gen_lsp_types::Position;

    #[test]
    fn replacements_are_small() {
        let document = Document::new("untitled:a".into(), 1, "{\"密\":1, \"a\":2}".into());
        let edit = replacement(&document, "{\"寇\":1, \"ab\":2}");
        assert_eq!(edit.new_text, "寇\":1, \"ab");
        assert_eq!((edit.range.start, edit.range.end), (at(2), at(10)));
        let same = replacement(&document, "{\"密\":1, \"a\":2}");
        assert_eq!((same.new_text.as_str(), same.range.start), ("", same.range.end));
        let longer = replacement(&Document::new("untitled:a".into(), 1, "aa".into()), "aaa");
        assert_eq!((longer.new_text.as_str(), longer.range.start.character), ("a", 2));
    }

    fn at(character: u32) -> Position {
        Position { line: 0, character }
    }
}
