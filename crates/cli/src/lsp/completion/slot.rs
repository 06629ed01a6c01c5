//! What a completion replaces, and what has to stand around it so that the text becomes JSON.

use camshaft_frontend::json::write_string;
use camshaft_frontend::source::Span;

use super::super::cursor::{Cursor, Spot};
use super::super::documents::Document;
use super::super::outline::Item;

/// A place for text.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The bytes that are replaced.
    pub(crate) span: Span,
    /// What was typed of it: from the beginning to the cursor.
    pub(crate) typed: String,
    /// Whether an opening quote stands in front of it.
    quoted: bool,
    /// Whether a closing quote stands behind it.
    closed: bool,
    /// Whether this is a name that has no colon yet.
    wants_value: bool,
    is_name: bool,
}

impl Slot {
    /// The slot at a cursor, if anything may be completed there.
    pub(crate) fn of(document: &Document, cursor: &Cursor<'_>, byte: usize) -> Option<Self> {
        match cursor.spot {
            Spot::Name(member) => Self::string(document, &member.name, byte, true, !member.colon),
            Spot::Value(item) if item.as_str().is_some() => Self::string(document, item, byte, false, false),
            Spot::Value(item) => Some(Self::bare(document, item.span.start, byte, false)),
            Spot::NameGap => Some(Self::bare(document, word_start(&document.text, byte), byte, true)),
            Spot::ValueGap => Some(Self::bare(document, word_start(&document.text, byte), byte, false)),
            Spot::Nothing => None,
        }
    }

    fn string(
        document: &Document,
        item: &Item,
        byte: usize,
        is_name: bool,
        wants_value: bool,
    ) -> Option<Self> {
        let (start, end) = (item.span.start + 1, item.span.end - usize::from(item.closed));
        if byte < start || byte > end {
            return None;
        }
        let typed = document.text.get(start..byte)?.to_owned();
        let span = Span::new(start, end);
        Some(Self { span, typed, quoted: true, closed: item.closed, wants_value, is_name })
    }

    fn bare(document: &Document, start: usize, byte: usize, is_name: bool) -> Self {
        let typed = document.text.get(start..byte).unwrap_or("").to_owned();
        let span = Span::new(start, byte);
        Self { span, typed, quoted: false, closed: false, wants_value: is_name, is_name }
    }

    /// The part between two colons of a string of segments, and which one it is.
    pub(crate) fn segment(&self, document: &Document) -> (usize, Self) {
        let whole = document.text.get(self.span.start..self.span.end).unwrap_or("");
        let (index, start) = match self.typed.rfind(':') {
            Some(at) => (self.typed.matches(':').count(), at + 1),
            None => (0, 0),
        };
        let end = whole.get(self.typed.len()..).and_then(|rest| rest.find(':'));
        let end = end.map_or(self.span.end, |end| self.span.start + self.typed.len() + end);
        let closed = self.closed || end < self.span.end;
        let span = Span::new(self.span.start + start, end);
        let typed = self.typed.get(start..).unwrap_or("").to_owned();
        (index, Self { span, typed, closed, ..*self })
    }

    /// Whether an opening quote stands in front of it.
    pub(crate) fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// What typed text is compared with: what the replaced bytes would begin with.
    pub(crate) fn filter(&self, label: &str) -> String {
        if self.typed.starts_with('"') { format!("\"{label}") } else { label.to_owned() }
    }

    /// The snippet with the quotes that are missing. Of a name `body` may have a value behind a NUL.
    pub(crate) fn wrap(&self, body: &str) -> String {
        let (body, value) = body.split_once('\0').unwrap_or((body, ""));
        let open = if self.quoted { "" } else { "\"" };
        let close = if self.closed { "" } else { "\"" };
        match (self.is_name && self.wants_value && !value.is_empty(), self.closed) {
            (true, false) => format!("{open}{body}{close}: {value}"),
            // The quote that is there already stays where it is; the value cannot be put behind it.
            _ => format!("{open}{body}{close}"),
        }
    }
}

fn word_start(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or("");
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '*');
    before.trim_end_matches(word).len()
}

/// Text that stands for itself in a snippet inside a JSON string.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::new();
    write_string(&mut quoted, text);
    let inside = quoted.get(1..quoted.len() - 1).unwrap_or("");
    inside.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

/// A snippet as plain text: places are empty or have their first choice.
pub(crate) fn without_places(snippet: &str) -> String {
    let (mut out, mut rest) = (String::new(), snippet);
    while let Some(at) = rest.find(['$', '\\']) {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at..).unwrap_or("");
        if let Some(after) = rest.strip_prefix('\\') {
            let length = after.chars().next().map_or(0, char::len_utf8);
            out.push_str(after.get(..length).unwrap_or(""));
            rest = after.get(length..).unwrap_or("");
            continue;
        }
        let after = rest.get(1..).unwrap_or("");
        if let Some(place) = after.strip_prefix('{') {
            let end = place.find('}').unwrap_or(place.len());
            let inside = place.get(..end).unwrap_or("").trim_start_matches(|c: char| c.is_ascii_digit());
            let first = match inside.strip_prefix('|') {
                Some(choices) => choices.split([',', '|']).next().unwrap_or(""),
                None => inside.strip_prefix(':').unwrap_or(""),
            };
            out.push_str(first);
            rest = place.get(end + 1..).unwrap_or("");
        } else {
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_become_plain() {
        assert_eq!(without_places("effect\": \"${1|allow,deny|}\"$0"), "effect\": \"allow\"");
        assert_eq!(without_places("qcs::${1:service}:$2::x"), "qcs::service:::x");
        assert_eq!(without_places(&literal("${uin}\\\"")), "${uin}\\\\\\\"");
        assert_eq!(without_places("${1"), "");
    }
}
