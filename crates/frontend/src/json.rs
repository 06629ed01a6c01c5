//! JSON with byte spans, for policies (tolerant) and for worlds and requests (strict).
//!
//! In: a span of a [`Source`]. Out: a [`Parsed`] tree whose spans are places in the whole source, what was
//! tolerated (CAM0102 to CAM0104, CITE DOC-2) and what was not (CITE DOC-3, DOC-5). A caller that wants
//! strict JSON refuses whatever is in `tolerated`. Time is linear in the text and nothing panics.

mod parser;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod trivia;

use crate::{
    diagnostic::Diagnostic,
    limits,
    source::{Source, Span},
};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// From its first byte to one past its last.
    pub span: Span,
    /// What it is.
    pub node: Node,
}

/// The kinds of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; its text is that of the span.
    Number,
    /// A string, escapes resolved.
    String(Box<str>),
    /// An array.
    Array(Vec<Value>),
    /// An object, repeated members included.
    Object(Vec<Member>),
    /// An object that was read over: sound JSON, and by its first member a policy. See [`Bounds::skim`].
    Skimmed,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name, escapes resolved.
    pub name: Box<str>,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// The value.
    pub value: Value,
}

impl Value {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.node {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match &self.node {
            Node::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&[Member]> {
        match &self.node {
            Node::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The first member of this name, if this is an object that has one.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.as_object()?.iter().find(|member| &*member.name == name)
    }

    /// What this is, for messages: `an array`.
    pub fn describe(&self) -> &'static str {
        match self.node {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Number => "a number",
            Node::String(_) => "a string",
            Node::Array(_) => "an array",
            Node::Object(_) | Node::Skimmed => "an object",
        }
    }
}

/// The bounds within which a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most levels of arrays and objects (CAM0109).
    pub nesting_levels: usize,
    /// Most bytes of the text (CAM0110).
    pub size_bytes: Option<usize>,
    /// Check objects that begin with an element of a policy, and keep no tree of them.
    pub skim: bool,
}

impl Bounds {
    /// A policy document (CITE LIM-12, LIM-13).
    pub const POLICY: Self =
        Self { nesting_levels: limits::NESTING_LEVELS, size_bytes: Some(limits::SOURCE_BYTES), skim: false };
    /// A policy document of any size, as canonical forms may be (CITE CAN-5).
    pub const CANONICAL: Self =
        Self { nesting_levels: limits::NESTING_LEVELS, size_bytes: None, skim: false };
    /// A world, a case or a request: deep enough for every policy inside.
    pub const WORLD: Self =
        Self { nesting_levels: limits::WORLD_NESTING_LEVELS, size_bytes: None, skim: false };
    /// A world whose policies are read from their own text later.
    pub const WORLD_ALONE: Self = Self { skim: true, ..Self::WORLD };
}

/// The result of reading a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The tree; none when there is an error.
    pub value: Option<Value>,
    /// Departures from JSON that policies may have: warnings with fixes. Emptied by a syntax error.
    pub tolerated: Vec<Diagnostic>,
    /// Syntax errors, in order of their place. All have the code of the first: what follows a syntax
    /// error of another kind is guesswork.
    pub errors: Vec<Diagnostic>,
    /// Characters without byte-order mark, comments and blanks outside strings (CITE DOC-19).
    pub length_chars: usize,
}

/// Reads a span of a source. `index` is what the findings call the source.
pub fn parse(source: &Source, index: u32, span: Span, bounds: Bounds) -> Parsed {
    parser::parse(source.text(), index, span, bounds)
}

/// Takes the bytes of a file. When they are not UTF-8 there is a finding (CAM0101), and every bad sequence
/// is replaced in the source, which is then good for showing the place only.
pub fn decode(name: &str, index: u32, bytes: Vec<u8>) -> (Source, Option<Diagnostic>) {
    text::decode(name, index, bytes)
}

pub use text::write_string;
