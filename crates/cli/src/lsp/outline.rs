//! The structure of a text that may be broken: where a member, a list, a string stands, as far as anyone can tell.
//!
//! It judges nothing, that is for the frontend. An editor asks in the middle of a word, when the text is hardly ever
//! JSON: what cannot be read is skipped, and what is not closed reaches to where its parent ends.

use camshaft_frontend::source::Span;

/// Levels below which nothing is looked at.
const MOST_LEVELS: usize = 64;

/// A value.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// From its first byte to one past its last.
    pub(crate) span: Span,
    /// Whether its closing bracket or quote is there.
    pub(crate) closed: bool,
    /// What it is.
    pub(crate) shape: Shape,
}

/// The kinds of values.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// An object.
    Object(Vec<Member>),
    /// An array.
    Array(Vec<Item>),
    /// A string, escapes resolved where that can be done.
    String(String),
    /// Anything else.
    Word,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Its name; a string.
    pub(crate) name: Item,
    /// Whether its colon is there.
    pub(crate) colon: bool,
    /// Its value, if there is one yet.
    pub(crate) value: Option<Item>,
}

impl Member {
    /// The name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str().unwrap_or("")
    }

    /// From the name to the end of the value.
    pub(crate) fn span(&self) -> Span {
        Span::new(
            self.name.span.start,
            self.value.as_ref().map_or(self.name.span.end, |value| value.span.end),
        )
    }
}

impl Item {
    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.shape {
            Shape::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.shape {
            Shape::Object(members) => members,
            _ => &[],
        }
    }

    /// The value of the first member of a name, whatever its case.
    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name().eq_ignore_ascii_case(name))
    }

    /// The elements of an array, or this alone.
    pub(crate) fn entries(&self) -> &[Self] {
        match &self.shape {
            Shape::Array(items) => items,
            _ => core::slice::from_ref(self),
        }
    }

    /// Whether a place is inside: not before the opening and not behind the closing.
    pub(crate) fn holds(&self, at: usize) -> bool {
        self.span.start < at && (at < self.span.end || !self.closed && at <= self.span.end)
    }
}

/// Reads a text. Of a stream of lines every line is an element.
pub(crate) fn read(text: &str, stream: bool) -> Item {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    let end = text.len();
    if !stream {
        reader.skip();
        let nothing = Item { span: Span::new(end, end), closed: true, shape: Shape::Word };
        return reader.value(0).unwrap_or(nothing);
    }
    let mut items = Vec::new();
    while reader.at < end {
        reader.skip();
        let before = reader.at;
        items.extend(reader.value(0));
        reader.at += usize::from(reader.at == before);
    }
    Item { span: Span::new(0, end), closed: true, shape: Shape::Array(items) }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let length = match rest {
                [b' ' | b'\t' | b'\n' | b'\r', ..] => 1,
                [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => {
                    let end = rest.get(2..).unwrap_or(&[]).windows(2).position(|two| two == b"*/");
                    end.map_or(rest.len(), |end| end + 4)
                }
                _ => return,
            };
            self.at += length;
        }
    }

    /// A value, unless a comma, a colon, a closing bracket or the end is next.
    fn value(&mut self, level: usize) -> Option<Item> {
        match self.peek()? {
            b'"' => Some(self.string()),
            b'{' if level < MOST_LEVELS => Some(self.object(level + 1)),
            b'[' if level < MOST_LEVELS => Some(self.array(level + 1)),
            b',' | b':' | b'}' | b']' => None,
            _ => Some(self.word()),
        }
    }

    fn object(&mut self, level: usize) -> Item {
        let start = self.at;
        self.at += 1;
        let mut members = Vec::new();
        let closed = loop {
            self.skip();
            match self.peek() {
                None | Some(b']') => break false,
                Some(b'}') => {
                    self.at += 1;
                    break true;
                }
                Some(b'"') => members.push(self.member(level)),
                Some(b',' | b':') => self.at += 1,
                // A value without a name: what it holds is skipped with it.
                Some(_) => drop(self.value(level)),
            }
        };
        Item { span: Span::new(start, self.at), closed, shape: Shape::Object(members) }
    }

    fn member(&mut self, level: usize) -> Member {
        let name = self.string();
        let after = self.at;
        self.skip();
        if self.peek() != Some(b':') {
            self.at = after;
            return Member { name, colon: false, value: None };
        }
        self.at += 1;
        self.skip();
        let start = self.at;
        let value = self.value(level);
        let end = self.at;
        self.skip();
        // A string with a colon behind it is the name of the next member, and the value is still to be written.
        let is_name =
            self.peek() == Some(b':') && value.as_ref().is_some_and(|value| value.as_str().is_some());
        self.at = if is_name { start } else { end };
        Member { name, colon: true, value: value.filter(|_| !is_name) }
    }

    fn array(&mut self, level: usize) -> Item {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let closed = loop {
            self.skip();
            match self.peek() {
                None | Some(b'}') => break false,
                Some(b']') => {
                    self.at += 1;
                    break true;
                }
                Some(b',' | b':') => self.at += 1,
                Some(_) => items.extend(self.value(level)),
            }
        };
        Item { span: Span::new(start, self.at), closed, shape: Shape::Array(items) }
    }

    /// A string; one that is not closed ends with its line.
    fn string(&mut self) -> Item {
        let start = self.at;
        self.at += 1;
        let closed = loop {
            match self.peek() {
                None | Some(b'\n' | b'\r') => break false,
                Some(b'"') => {
                    self.at += 1;
                    break true;
                }
                Some(b'\\') if !matches!(self.bytes.get(self.at + 1), None | Some(b'\n' | b'\r')) => {
                    self.at += 2
                }
                Some(_) => self.at += 1,
            }
        };
        let span = Span::new(start, self.at);
        let raw = self.text.get(start..self.at).unwrap_or("");
        let inside = raw.get(1..raw.len() - usize::from(closed)).unwrap_or("");
        let bare = || inside.to_owned();
        let text = if closed { serde_json::from_str(raw).unwrap_or_else(|_| bare()) } else { bare() };
        Item { span, closed, shape: Shape::String(text) }
    }

    /// Anything up to what has a meaning; at least one byte.
    fn word(&mut self) -> Item {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|byte| !b" \t\r\n\"{}[],:".contains(&byte)) {
            self.at += 1;
        }
        Item { span: Span::new(start, self.at), closed: true, shape: Shape::Word }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(item: &Item) -> String {
        let list = |texts: Vec<String>| texts.join(" ");
        match &item.shape {
            Shape::Object(members) => {
                let member = |member: &Member| {
                    format!("{}={}", member.name(), member.value.as_ref().map_or("?".into(), show))
                };
                format!(
                    "{{{}{}",
                    list(members.iter().map(member).collect()),
                    if item.closed { "}" } else { "" }
                )
            }
            Shape::Array(items) => {
                format!("[{}{}", list(items.iter().map(show).collect()), if item.closed { "]" } else { "" })
            }
            Shape::String(text) => text.clone(),
            Shape::Word => "_".into(),
        }
    }

    #[test]
    fn broken_texts_keep_their_structure() {
        let read = |text: &str| show(&read(text, false));
        assert_eq!(read(r#"{"a":1,"b":["x","y",],}"#), "{a=_ b=[x y]}");
        assert_eq!(read("{\"a\":{\"b\":\n\"c\":[\"d"), "{a={b=? c=[d");
        assert_eq!(read("{\"a\": \"un\n\"b\": // no\n {}}"), "{a=un b={}}");
        assert_eq!(read(r#"{"a":[{"b":1],"c":"\u00e9\q"}"#), "{a=[{b=_] c=\\u00e9\\q}");
        assert_eq!(read("{“a”: 1, \"\"}"), "{=?}");
        assert_eq!((read(""), read("]]"), read("\"\\")), ("_".into(), "_".into(), "\\".into()));
        assert!(super::read(&"[{\"a\":".repeat(50_000), false).span.end > 0);
        let stream = super::read("{\"a\":1}\n}\n{\"b\":[]}\n", true);
        assert_eq!(show(&stream), "[{a=_} {b=[]}]");
    }
}
