//! JSON with byte spans (skeleton: types are fixed, the parser is to be written).

use crate::source::Span;

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
