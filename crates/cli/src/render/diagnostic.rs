//! Findings for people: the place in its source, what is wrong, what to do, and the fix as a diff.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use camshaft_frontend::diagnostic::{Applicability, Diagnostic, Edit, Severity};
use camshaft_frontend::source::{Position, Source, Span};

use super::excerpt::Excerpt;
use super::text::{count, counted, plain};
use crate::lint::is_lint;

/// Findings and the sources that they stand in.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// By source and place.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What they stand in.
    pub(crate) sources: Vec<Source>,
    /// Notes that were not kept.
    pub(crate) notes_left_off: usize,
}

/// How many findings of each severity there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Counts {
    /// Errors.
    pub(crate) errors: usize,
    /// Warnings.
    pub(crate) warnings: usize,
    /// Notes.
    pub(crate) notes: usize,
}

impl Counts {
    /// `2 errors, 1 warning, no notes` without those there are none of; `nothing found`.
    pub(crate) fn text(self) -> String {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| counted(*number, word))
            .collect();
        if parts.is_empty() { "nothing found".into() } else { parts.join(", ") }
    }
}

impl Findings {
    /// One source and what was found in it.
    pub(crate) fn of(source: Source, diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, sources: vec![source], notes_left_off: 0 }
    }

    /// Takes the findings of another.
    pub(crate) fn append(&mut self, other: Self) {
        let shift = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.extend(other.sources);
        self.notes_left_off += other.notes_left_off;
        let shifted =
            other.diagnostics.into_iter().map(|found| Diagnostic { source: found.source + shift, ..found });
        self.diagnostics.extend(shifted);
    }

    /// How many there are.
    pub(crate) fn counts(&self) -> Counts {
        let of = |severity| self.diagnostics.iter().filter(|found| found.severity == severity).count();
        Counts {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note) + self.notes_left_off,
        }
    }

    /// `2 errors, 1 warning`.
    pub(crate) fn count_text(&self) -> String {
        self.counts().text()
    }

    /// Whether anything is refused because of them.
    pub(crate) fn refuse(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The findings that are at least this severe, at most so many; the rest is counted.
    pub(crate) fn render(&self, least: Severity, most: usize, style: Style) -> String {
        let mut shown = self.diagnostics.iter().filter(|found| found.severity >= least);
        let mut out: String =
            shown.by_ref().take(most).map(|found| render(found, &self.sources, style)).collect();
        let rest = shown.count();
        if rest > 0 {
            let rest = count(rest, "more finding", "more findings");
            out.push_str(&format!("… {rest}; `camshaft check` shows all\n\n"));
        }
        out
    }

    /// The source of a finding.
    pub(crate) fn source(&self, found: &Diagnostic) -> Option<&Source> {
        self.sources.get(found.source as usize)
    }
}

/// How findings are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// In colours.
    pub(crate) color: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// One finding, with an empty line behind it.
pub(crate) fn render(found: &Diagnostic, sources: &[Source], style: Style) -> String {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width);
    let title = level.primary_title(plain(&found.message)).id(found.code.to_string());
    let Some(source) = sources.get(found.source as usize) else {
        return format!("{}\n\n", renderer.render(&[Group::with_title(title)]));
    };
    let related = found.related.iter().map(|(span, _)| *span);
    let places: Vec<Span> = core::iter::once(found.span).chain(related).collect();
    let excerpt = Excerpt::of(source, &places);
    let Position { line, column } = source.position(found.span.start);
    let mut snippet = Snippet::source(&excerpt.text)
        .path(source.name())
        .line_start(excerpt.first_line)
        .annotation(AnnotationKind::Primary.span(visible(&excerpt, found.span)));
    let mut elsewhere = Vec::new();
    for (span, text) in &found.related {
        match excerpt.place(*span) {
            Some(_) => snippet = snippet.annotation(context(visible(&excerpt, *span), text)),
            None => {
                let Position { line, column } = source.position(span.start);
                elsewhere.push(format!("{}: {}:{line}:{column}", plain(text), source.name()));
            }
        }
    }
    // A finding about something that has no text, such as a line that could not be read.
    let group = match excerpt.text.is_empty() {
        true => title.element(Origin::path(source.name()).line(line as usize).char_column(column as usize)),
        false => title.element(snippet),
    };
    let mut group = group.elements(elsewhere.into_iter().map(|text| Level::NOTE.message(text)));
    if let Some(help) = &found.help {
        group = group.element(Level::HELP.message(plain(help)));
    }
    let mut groups = vec![group];
    groups.extend(fix(found, source));
    let text = renderer.render(&groups);
    // The renderer counts columns in what it is given; of a line that was cut this is a part.
    let place = |column: usize| format!("{}:{line}:{column}", source.name());
    let text = match excerpt.column(found.span) {
        Some(cut) if cut != column as usize => text.replacen(&place(cut), &place(column as usize), 1),
        _ => text,
    };
    format!("{}\n\n", text.trim_end())
}

fn context(place: core::ops::Range<usize>, text: &str) -> Annotation<'static> {
    AnnotationKind::Context.span(place).label(plain(text))
}

/// A place that is drawn: at most to the end of its first line, at least one character.
fn visible(excerpt: &Excerpt, span: Span) -> core::ops::Range<usize> {
    let place = excerpt.place(span).unwrap_or(0..0);
    let text = excerpt.text.get(place.clone()).unwrap_or("");
    let first = text.split('\n').next().unwrap_or("").trim_end_matches('\r');
    place.start..place.start + first.len()
}

/// The fix as a diff; none where it would not fit.
fn fix<'a>(found: &Diagnostic, source: &Source) -> Option<Group<'a>> {
    let fix = found.fix.as_ref()?;
    let title = match fix.applicability {
        // `fmt` takes policies; what stands in a world is for its owner to write.
        Applicability::Machine if crate::input::is_world(source.text()) => "write this",
        Applicability::Machine if is_lint(found.code) => "`camshaft check --fix` writes this",
        Applicability::Machine => "`camshaft fmt` writes this",
        Applicability::Suggestion => "perhaps this was meant",
    };
    let places: Vec<Span> = fix.edits.iter().map(|edit| edit.span).collect();
    let excerpt = Excerpt::of(source, &places);
    if !places.iter().all(|place| excerpt.holds(*place)) {
        return None;
    }
    let patch = |edit: &Edit| Some(Patch::new(excerpt.place(edit.span)?, edit.text.clone()));
    let patches: Vec<Patch<'_>> = fix.edits.iter().filter_map(patch).collect();
    let snippet = Snippet::source(excerpt.text.clone()).line_start(excerpt.first_line).patches(patches);
    Some(Level::HELP.secondary_title(title).element(snippet))
}
