//! The parser. One pass, recursion bounded by [`Bounds::nesting_levels`].
//!
//! Recovery goes on after errors that leave no doubt about the structure (typographic punctuation, bad
//! characters in strings) and stops at any other.

use super::{
    Bounds, Member, Node, Parsed, Value,
    scan::{escape, is_number, is_word_byte},
};
use crate::{
    diagnostic::{Code, Diagnostic, Fix, code},
    source::Span,
};

/// INVARIANT: `None` only after an error was recorded.
pub(super) type Step<T> = Option<T>;

/// What a policy begins with; no object of a world beside policies has such a member.
const POLICY: [&str; 3] = ["version", "statement", "principal"];

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    index: u32,
    levels_left: usize,
    nesting_levels: usize,
    skim: bool,
    /// Inside an object that is read over: what is read is checked, and nothing is kept.
    skimming: bool,
    /// Characters that do not count for the length.
    pub(super) uncounted: usize,
    pub(super) tolerated: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
}

pub(super) fn parse(text: &str, index: u32, span: Span, bounds: Bounds) -> Parsed {
    let Some(text) = text.get(..span.end).filter(|text| text.is_char_boundary(span.start)) else {
        return Parsed::default();
    };
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: span.start,
        index,
        levels_left: bounds.nesting_levels,
        nesting_levels: bounds.nesting_levels,
        skim: bounds.skim,
        skimming: false,
        uncounted: 0,
        tolerated: Vec::new(),
        errors: Vec::new(),
    };
    let size = text.len() - span.start;
    if let Some(limit) = bounds.size_bytes.filter(|limit| size > *limit) {
        let message = format!("the source has {size} bytes; at most {limit} are read");
        parser.errors.push(parser.diagnostic(code::SOURCE_TOO_LARGE, parser.token(span.start), message));
        return Parsed { errors: parser.errors, ..Parsed::default() };
    }
    let value = parser.document();
    let counted = text.get(span.start..).unwrap_or("");
    let length_chars = count_chars(counted).saturating_sub(parser.uncounted);
    let value = value.filter(|_| parser.errors.is_empty());
    if let Some(first) = parser.errors.first().map(|found| found.span.start) {
        parser.tolerated.retain(|found| found.span.start < first);
    }
    Parsed { value, length_chars, tolerated: parser.tolerated, errors: parser.errors }
}

pub(super) fn count_chars(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

impl Parser<'_> {
    fn document(&mut self) -> Step<Value> {
        if self.rest().starts_with('\u{feff}') {
            let span = Span::new(self.at, self.at + 3);
            let found =
                self.diagnostic(code::BYTE_ORDER_MARK, span, "a byte-order mark stands before the document");
            self.tolerated.push(found.fix(Fix::machine(span, "")));
            self.uncounted += 1;
            self.at += 3;
        }
        self.blanks()?;
        let value = self.value()?;
        self.blanks()?;
        if self.at == self.bytes.len() {
            return Some(value);
        }
        if self.twin().is_some() {
            return self.typographic_stop();
        }
        let span = Span::new(self.at, self.bytes.len());
        let message = format!("{} follows the end of the document", self.shown(self.at));
        let found = self.diagnostic(code::TEXT_AFTER_DOCUMENT, span, message);
        // A member without its object, as excerpts have it.
        let bare = matches!(value.node, Node::String(_)) && self.peek() == Some(b':');
        self.stop(if bare {
            found.help("a policy is one JSON object: put its members into `{ }`")
        } else {
            found
        })
    }

    fn value(&mut self) -> Step<Value> {
        let start = self.at;
        let node = match self.peek() {
            Some(b'"') => Node::String(self.string()?),
            Some(b'{') => return self.object(1),
            Some(b'[') => return self.array(1),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(byte) if byte.is_ascii_alphabetic() => self.word()?,
            Some(byte) if !byte.is_ascii() => match self.twin() {
                Some(('"', _)) => Node::String(self.typographic_string()?),
                Some(('{', length)) => {
                    self.typographic()?;
                    return self.object(length);
                }
                Some(('[', length)) => {
                    self.typographic()?;
                    return self.array(length);
                }
                Some(_) => return self.typographic_stop(),
                None => return self.expected("a value", None),
            },
            Some(b'\'') => {
                let fix = Fix::suggestion(Span::new(self.at, self.at + 1), "\"");
                return self.expected("a value", Some(fix));
            }
            _ => return self.expected("a value", None),
        };
        Some(Value { span: Span::new(start, self.at), node })
    }

    /// The brace is `length` bytes long.
    fn object(&mut self, length: usize) -> Step<Value> {
        let start = self.open(length)?;
        let mut members = Vec::new();
        let within = self.skimming;
        self.blanks()?;
        if !self.close('}')? {
            let mut first = self.skim;
            loop {
                let member = self.member(core::mem::take(&mut first))?;
                if !self.skimming {
                    members.push(member);
                }
                if self.separator('}')? {
                    break;
                }
            }
        }
        self.levels_left += 1;
        let skimmed = core::mem::replace(&mut self.skimming, within);
        let node = if skimmed { Node::Skimmed } else { Node::Object(members) };
        Some(Value { span: Span::new(start, self.at), node })
    }

    /// With `telling`, its name tells whether the object is a policy to be read over.
    fn member(&mut self, telling: bool) -> Step<Member> {
        let start = self.at;
        let name = match self.peek() {
            Some(b'"') => self.string()?,
            Some(byte) if !byte.is_ascii() => match self.twin() {
                Some(('"', _)) => self.typographic_string()?,
                Some(_) => return self.typographic_stop(),
                None => return self.expected("a member name in quotes", None),
            },
            _ => return self.expected("a member name in quotes", self.quoted_word()),
        };
        let name_span = Span::new(start, self.at);
        self.skimming |= telling && POLICY.iter().any(|element| element.eq_ignore_ascii_case(&name));
        self.blanks()?;
        match self.peek() {
            Some(b':') => self.at += 1,
            _ => match self.twin() {
                Some((':', length)) => {
                    self.typographic()?;
                    self.at += length;
                }
                Some(_) => return self.typographic_stop(),
                None => {
                    // A list that lost its brackets, or has braces instead of them.
                    if matches!(self.peek(), Some(b',' | b'}')) {
                        let found = self.unexpected("`:`", None);
                        let help = "expected `:` and a value here; a list of values stands in `[ ]`";
                        return self.stop(found.help(help));
                    }
                    let fix = Fix::suggestion(Span::new(name_span.end, name_span.end), ":");
                    return self.expected("`:`", Some(fix));
                }
            },
        }
        self.blanks()?;
        let value = self.value()?;
        Some(Member { name, name_span, value })
    }

    fn array(&mut self, length: usize) -> Step<Value> {
        let start = self.open(length)?;
        let mut elements = Vec::new();
        self.blanks()?;
        if !self.close(']')? {
            loop {
                let element = self.value()?;
                if !self.skimming {
                    elements.push(element);
                }
                if self.separator(']')? {
                    break;
                }
            }
        }
        self.levels_left += 1;
        Some(Value { span: Span::new(start, self.at), node: Node::Array(elements) })
    }

    /// Takes an opening bracket.
    fn open(&mut self, length: usize) -> Step<usize> {
        let start = self.at;
        if self.levels_left == 0 {
            let message = format!("more than {} levels of nesting", self.nesting_levels);
            let span = Span::new(start, start + length);
            return self.stop(self.diagnostic(code::NESTED_TOO_DEEPLY, span, message));
        }
        self.levels_left -= 1;
        self.at += length;
        Some(start)
    }

    /// Takes the closing bracket if it is next.
    fn close(&mut self, bracket: char) -> Step<bool> {
        match self.peek() {
            Some(byte) if char::from(byte) == bracket => {
                self.at += 1;
                Some(true)
            }
            Some(byte) if !byte.is_ascii() => match self.twin() {
                Some((twin, length)) if twin == bracket => {
                    self.typographic()?;
                    self.at += length;
                    Some(true)
                }
                _ => Some(false),
            },
            _ => Some(false),
        }
    }

    /// Takes what follows an element: true at the closing bracket, false before the next element.
    fn separator(&mut self, bracket: char) -> Step<bool> {
        let before = self.at;
        self.blanks()?;
        let comma = self.at;
        if self.peek() == Some(b',') {
            self.at += 1;
        } else if self.close(bracket)? {
            return Some(true);
        } else {
            match self.twin() {
                Some((',', length)) => {
                    self.typographic()?;
                    self.at += length;
                }
                Some(_) => return self.typographic_stop(),
                None => return self.missing_comma(before, bracket),
            }
        }
        let after_comma = self.at;
        self.blanks()?;
        if self.close(bracket)? {
            let span = Span::new(comma, after_comma);
            let message = format!("a comma stands before `{bracket}`");
            let found = self.diagnostic(code::TRAILING_COMMA, span, message);
            self.tolerated.push(found.fix(Fix::machine(span, "")));
            return Some(true);
        }
        Some(false)
    }

    /// CAM0105 where a comma or bracket should be. At the end of a line it is the comma that was forgotten,
    /// and reading goes on.
    fn missing_comma(&mut self, before: usize, bracket: char) -> Step<bool> {
        let next = self.peek();
        let text = if next.is_none() { bracket.to_string() } else { ",".to_owned() };
        let fix = Fix::suggestion(Span::new(before, before), text);
        let mut found = self.unexpected(&format!("`,` or `{bracket}`"), Some(fix));
        let new_line = self.text.get(before..self.at).is_some_and(|blanks| blanks.contains('\n'));
        let element = matches!(next, Some(b'"')) || (bracket == ']' && matches!(next, Some(b'{' | b'[')));
        if new_line && element {
            found.message = format!("a comma is missing before this {}", self.shown(self.at));
            let last = self.text.get(..before).and_then(|text| text.char_indices().next_back());
            let behind = Span::new(last.map_or(before, |(at, _)| at), before);
            return self.go_on(found.related(behind, "it belongs behind this")).map(|()| false);
        }
        self.stop(found)
    }

    fn number(&mut self) -> Step<Node> {
        let start = self.at;
        let end = self.word_end();
        if is_number(self.text.get(start..end).unwrap_or("")) {
            self.at = end;
            return Some(Node::Number);
        }
        self.expected("a number in the form of JSON", None)
    }

    fn word(&mut self) -> Step<Node> {
        let end = self.word_end();
        let node = match self.text.get(self.at..end) {
            Some("true") => Node::Bool(true),
            Some("false") => Node::Bool(false),
            Some("null") => Node::Null,
            _ => {
                let found = self.unexpected("a value", self.quoted_value());
                return self.stop(found.help("expected a value here; strings stand in quotes"));
            }
        };
        self.at = end;
        Some(node)
    }

    fn word_end(&self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        self.at + rest.iter().take_while(|byte| is_word_byte(**byte)).count()
    }

    /// The fix that puts a bare word into quotes.
    fn quoted_word(&self) -> Option<Fix> {
        let end = self.word_end();
        let word = self.text.get(self.at..end)?;
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        Some(Fix::suggestion(Span::new(self.at, end), format!("\"{word}\"")))
    }

    /// The fix that puts the rest of a bare string into quotes, such as an action.
    fn quoted_value(&self) -> Option<Fix> {
        let rest = self.text.get(self.at..)?;
        let end = rest.find(|c: char| c.is_whitespace() || ",]}\"\\".contains(c)).unwrap_or(rest.len());
        let word = rest.get(..end).filter(|word| !word.is_empty())?;
        Some(Fix::suggestion(Span::new(self.at, self.at + end), format!("\"{word}\"")))
    }

    /// A string whose quote is next.
    fn string(&mut self) -> Step<Box<str>> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let plain = rest.iter().take_while(|b| **b != b'"' && **b != b'\\' && **b >= 0x20).count();
        self.at = start + plain;
        if self.peek() == Some(b'"') {
            self.at += 1;
            let text = if self.skimming { None } else { self.text.get(start..start + plain) };
            return Some(text.unwrap_or("").into());
        }
        let mut out = String::from(self.text.get(start..self.at).unwrap_or(""));
        loop {
            match self.peek() {
                None => return self.expected("the closing `\"` of a string", None),
                Some(b'"') => {
                    self.at += 1;
                    return Some(out.into());
                }
                Some(b'\\') => self.escape(&mut out)?,
                Some(byte) if byte < 0x20 => self.control(byte)?,
                Some(_) => {
                    let rest = self.bytes.get(self.at..).unwrap_or(&[]);
                    let plain = rest.iter().take_while(|b| **b != b'"' && **b != b'\\' && **b >= 0x20);
                    let end = self.at + plain.count();
                    out.push_str(self.text.get(self.at..end).unwrap_or(""));
                    self.at = end;
                }
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Step<()> {
        let start = self.at;
        match escape(self.bytes.get(start + 1..).unwrap_or(&[])) {
            Ok((c, length)) => {
                out.push(c);
                self.at = start + 1 + length;
                Some(())
            }
            Err(length) => {
                let span = Span::new(start, (start + 1 + length).min(self.bytes.len()));
                let message = match length {
                    5 => format!(
                        "`{}` is half of a surrogate pair",
                        self.text.get(span.start..span.end).unwrap_or("")
                    ),
                    _ => "`\\` does not begin an escape of JSON here".to_owned(),
                };
                let mut found = self.diagnostic(code::INVALID_STRING, span, message);
                if length == 0 {
                    found = found.fix(Fix::suggestion(Span::new(start, start), "\\"));
                }
                self.at = span.end;
                self.go_on(found)
            }
        }
    }

    fn control(&mut self, byte: u8) -> Step<()> {
        let span = Span::new(self.at, self.at + 1);
        if matches!(byte, b'\n' | b'\r') {
            // More likely the closing quote is missing: what follows would be read inside out.
            return self.stop(self.line_end(span));
        }
        let message = format!("control character U+{byte:04X} in a string");
        let fix = match byte {
            b'\t' => Fix::suggestion(span, "\\t"),
            _ => Fix::suggestion(span, format!("\\u{byte:04x}")),
        };
        let found = self.diagnostic(code::INVALID_STRING, span, message).fix(fix);
        self.at += 1;
        self.go_on(found)
    }

    /// CAM0111 where a line ends inside a string.
    fn line_end(&self, span: Span) -> Diagnostic {
        let before = self.text.get(..self.at).unwrap_or("");
        let line = before.get(before.rfind('\n').map_or(0, |at| at + 1)..).unwrap_or("");
        let found = self.diagnostic(code::INVALID_STRING, span, "the line ends inside a string");
        let opening = line.rfind('"').unwrap_or(0);
        match line.char_indices().rev().find(|(at, c)| *at > opening && matches!(c, '“' | '”' | '„' | '＂'))
        {
            Some((at, quote)) => {
                let start = before.len() - line.len() + at;
                let fix = Fix::suggestion(Span::new(start, start + quote.len_utf8()), "\"");
                found.help(format!("`{quote}` does not close a string; write `\"`")).fix(fix)
            }
            None => {
                let help = "write the closing `\"`; a line break inside a string is written `\\n`";
                found.help(help).fix(Fix::suggestion(Span::new(span.start, span.start), "\""))
            }
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn diagnostic(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.index, span, message)
    }

    /// Records CAM0105 at the next token, or at the end.
    fn expected<T>(&mut self, what: &str, fix: Option<Fix>) -> Step<T> {
        let found = self.unexpected(what, fix);
        self.stop(found)
    }

    fn unexpected(&self, what: &str, fix: Option<Fix>) -> Diagnostic {
        let span = self.token(self.at);
        let message = match self.peek() {
            Some(b'#') => "JSON has no comments that begin with `#`".to_owned(),
            Some(_) => format!("{} cannot stand here", self.shown(self.at)),
            None => "the text ends too early".to_owned(),
        };
        let found =
            self.diagnostic(code::MALFORMED_JSON, span, message).help(format!("expected {what} here"));
        found.maybe_fix(fix)
    }

    /// The extent of the token at an offset, for a span: a word, or one character.
    fn token(&self, at: usize) -> Span {
        let rest = self.text.get(at..).unwrap_or("");
        let word = rest.bytes().take_while(|byte| is_word_byte(*byte)).count();
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        Span::new(at, at + length)
    }

    /// The token at an offset, for a message.
    fn shown(&self, at: usize) -> String {
        let span = self.token(at);
        match self.text.get(span.start..span.end) {
            None | Some("") => "nothing".to_owned(),
            Some(word) if word.len() > 40 => format!("`{}…`", word.chars().take(40).collect::<String>()),
            Some(word) => match word.chars().next() {
                Some(c) if c.is_control() || (c.is_whitespace() && !c.is_ascii()) || c == '\u{feff}' => {
                    format!("U+{:04X}", u32::from(c))
                }
                _ => format!("`{word}`"),
            },
        }
    }

    /// Records an error after which the structure is still clear.
    pub(super) fn go_on(&mut self, found: Diagnostic) -> Step<()> {
        if self.errors.first().is_some_and(|first| first.code != found.code) {
            return None;
        }
        self.errors.push(found);
        Some(())
    }

    /// Records the last error.
    pub(super) fn stop<T>(&mut self, found: Diagnostic) -> Step<T> {
        self.go_on(found)?;
        None
    }
}
