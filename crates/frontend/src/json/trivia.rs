//! What stands between tokens (blanks, comments), and typographic characters anywhere outside strings.

use super::{
    parser::{Parser, Step, count_chars},
    scan::ascii_twin,
};
use crate::{
    diagnostic::{Diagnostic, Fix, code},
    source::Span,
};

impl Parser<'_> {
    /// Skips blanks and comments.
    pub(super) fn blanks(&mut self) -> Step<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    self.at += 1;
                    self.uncounted += 1;
                }
                Some(b'/') => match self.bytes.get(self.at + 1) {
                    Some(b'/') => {
                        let end = self.rest().find('\n').map_or(self.bytes.len(), |n| self.at + n);
                        self.comment(end);
                    }
                    Some(b'*') => {
                        let body = self.text.get(self.at + 2..).unwrap_or("");
                        let Some(length) = body.find("*/") else {
                            let span = Span::new(self.at, self.at + 2);
                            let message = "the comment that begins here has no end";
                            return self.stop(
                                self.diagnostic(code::MALFORMED_JSON, span, message)
                                    .help("close it with `*/`"),
                            );
                        };
                        self.comment(self.at + 2 + length + 2);
                    }
                    _ => return Some(()),
                },
                Some(byte) if !byte.is_ascii() => match self.twin() {
                    Some((' ', _)) => self.wide_blanks()?,
                    _ => return Some(()),
                },
                _ => return Some(()),
            }
        }
    }

    fn comment(&mut self, end: usize) {
        let span = Span::new(self.at, end);
        let text = self.text.get(span.start..span.end).unwrap_or("");
        self.uncounted += count_chars(text);
        let found = self.diagnostic(code::COMMENT, span, "a comment stands between the tokens");
        // A space: two tokens must not grow together.
        self.tolerated.push(found.fix(Fix::machine(span, " ")));
        self.at = end;
    }

    /// A run of no-break or ideographic spaces is one finding.
    fn wide_blanks(&mut self) -> Step<()> {
        let start = self.at;
        let wide = |c: &char| ascii_twin(*c) == Some(' ');
        let length: usize = self.rest().chars().take_while(wide).map(char::len_utf8).sum();
        let count = self.rest().chars().take_while(wide).count();
        let span = Span::new(start, start + length);
        self.at = span.end;
        self.uncounted += count;
        let found = self.typographic_found(span).fix(Fix::machine(span, " ".repeat(count)));
        self.go_on(found)
    }

    /// A string in typographic quotes: ends at the first quote of any form on its line.
    pub(super) fn typographic_string(&mut self) -> Step<Box<str>> {
        let (_, open) = self.twin()?;
        let content = self.at + open;
        let rest = self.text.get(content..).unwrap_or("");
        let close = rest.char_indices().find(|(_, c)| *c == '"' || *c < ' ' || ascii_twin(*c) == Some('"'));
        let Some((length, quote)) = close.filter(|(_, c)| *c >= ' ') else {
            return self.typographic_stop();
        };
        let mut edits = vec![(Span::new(self.at, content), "\"".to_owned())];
        let (end, after) = (content + length, content + length + quote.len_utf8());
        if quote != '"' {
            edits.push((Span::new(end, after), "\"".to_owned()));
        }
        let found = self.typographic_found(Span::new(self.at, after)).fix(Fix::machine_edits(edits));
        self.at = after;
        self.go_on(found)?;
        Some(rest.get(..length).unwrap_or("").into())
    }

    /// Records the typographic character that is next, and goes on.
    pub(super) fn typographic(&mut self) -> Step<()> {
        let (ascii, length) = self.twin()?;
        let span = Span::new(self.at, self.at + length);
        let found = self.typographic_found(span).fix(Fix::machine(span, ascii.to_string()));
        self.go_on(found)
    }

    /// Records it where nothing can follow it.
    pub(super) fn typographic_stop<T>(&mut self) -> Step<T> {
        self.typographic()?;
        None
    }

    fn typographic_found(&self, span: Span) -> Diagnostic {
        let c = self.text.get(span.start..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        let shown = match c {
            '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
            '\u{3000}' => "an ideographic space (U+3000)".to_owned(),
            c => format!("`{c}` (U+{:04X})", u32::from(c)),
        };
        let ascii = ascii_twin(c).unwrap_or(' ');
        let help =
            if ascii == ' ' { "replace it by a plain space".to_owned() } else { format!("write `{ascii}`") };
        self.diagnostic(code::TYPOGRAPHIC, span, format!("{shown} is not punctuation of JSON")).help(help)
    }

    /// The ASCII twin of the next character, and the length of the character.
    pub(super) fn twin(&self) -> Option<(char, usize)> {
        let c = self.rest().chars().next()?;
        ascii_twin(c).map(|ascii| (ascii, c.len_utf8()))
    }
}
