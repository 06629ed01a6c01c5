//! Documents as a whole: CAM0530, CAM0534, CAM0535.

use camshaft_frontend::diagnostic::{Applicability, Edit, Fix, code};
use camshaft_frontend::json::write_string;
use camshaft_frontend::normalize::statement_text;
use camshaft_frontend::outline::{Stated, Written};
use camshaft_frontend::policy::{Effect, Statement};
use camshaft_frontend::source::Span;

use super::Document;

impl<'a> Document<'_, 'a> {
    pub(super) fn forms(&mut self) {
        self.mixed_prefix();
        self.contradictions();
        self.compactable();
    }

    /// CAM0530.
    fn mixed_prefix(&mut self) {
        let outline = self.outline;
        let of = |stated: &'a Stated| core::iter::repeat(stated).zip(&stated.actions);
        let entries = || outline.statements.iter().flat_map(of).filter(|(_, entry)| entry.text.contains(':'));
        let prefixed = || entries().filter(|(_, entry)| entry.text.starts_with("name/"));
        let Some((stated, first)) = prefixed().next() else { return };
        let Some((_, plain)) = entries().find(|(_, entry)| !entry.text.starts_with("name/")) else { return };
        let edit = |(_, entry): (_, &Written<_>)| {
            let mut text = String::new();
            write_string(&mut text, entry.text.strip_prefix("name/").unwrap_or(&entry.text));
            Edit { span: entry.span, text }
        };
        let fix = Fix { applicability: Applicability::Machine, edits: prefixed().map(edit).collect() };
        let message = "actions stand here with `name/`, and elsewhere in the document without";
        let found = self.found(stated, code::MIXED_PREFIX, first.span, message);
        found.related.push((plain.span, "this one stands without".into()));
        found.help = Some("write all of them without: the meaning is the same".into());
        found.fix = Some(fix);
    }

    /// CAM0534.
    fn contradictions(&mut self) {
        let outline = self.outline;
        let text = |meaning: &Statement| {
            statement_text(&Statement { effect: Effect::Allow, sid: None, ..meaning.clone() })
        };
        let of = |effect| outline.statements.iter().filter(move |stated| stated.meaning.effect == effect);
        let denies: Vec<_> = of(Effect::Deny).map(|stated| (text(&stated.meaning), stated)).collect();
        for allow in of(Effect::Allow).filter(|_| !denies.is_empty()) {
            let own = text(&allow.meaning);
            let Some((_, deny)) = denies.iter().find(|(other, _)| *other == own) else { continue };
            let message = "the statement allows exactly what another of the policy denies";
            let found = self.found(allow, code::SELF_CONTRADICTION, allow.effect_span, message);
            found.related.push((deny.effect_span, "denied here".into()));
            found.help = Some("the deny decides; remove the one of the two that is not meant".into());
            found.fix = allow.removal.map(|removal| Fix::suggestion(removal, ""));
        }
    }

    /// CAM0535.
    fn compactable(&mut self) {
        let outline = self.outline;
        let least = outline.canonical_chars.min(outline.merged_chars);
        // At least a tenth shorter.
        if least.saturating_mul(10) > outline.length_chars.saturating_mul(9) {
            return;
        }
        let canonical = outline.canonical_chars.saturating_mul(10) <= outline.length_chars.saturating_mul(9);
        let message = format!("the document has {} characters where {least} would do", outline.length_chars);
        let span = Span::new(outline.span.start, (outline.span.start + 1).min(outline.span.end));
        let found = self.push(None, code::COMPACTABLE, span, message);
        found.help = Some(if canonical {
            "`camshaft fmt` writes the shorter form".into()
        } else {
            let groups: Vec<String> = outline
                .merged
                .iter()
                .map(|group| group.iter().map(|index| format!("#{index}")).collect::<Vec<_>>().join(" and "))
                .collect();
            format!("statements differ in one list only and can be one: {}", groups.join(", "))
        });
    }
}
