//! The state of one reading, and what every list of entries has in common.

use std::collections::HashMap;

use crate::{
    diagnostic::{Code, Diagnostic, Fix, code},
    json::{Member, Node, Value},
    setting::Setting,
    source::{Source, Span},
    template::short,
};

/// One reading of one document.
pub(crate) struct Reader<'a> {
    pub(crate) source: &'a Source,
    pub(crate) index: u32,
    pub(crate) setting: &'a Setting<'a>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Where the statements begin.
    pub(crate) starts: Vec<usize>,
    /// Networks from octet wildcards so far (CITE LIM-17).
    pub(crate) wildcard_networks: u64,
}

/// Up to this many entries are compared one with another instead of hashed.
const FEW: usize = 8;

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Source, index: u32, setting: &'a Setting<'a>) -> Self {
        Self { source, index, setting, findings: Vec::new(), starts: Vec::new(), wildcard_networks: 0 }
    }

    pub(crate) fn diagnostic(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.index, span, message)
    }

    pub(crate) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        let found = self.diagnostic(code, span, message);
        self.findings.push(found);
    }

    /// CAM0210.
    pub(crate) fn wrong_type(&mut self, value: &Value, name: &str, wanted: &str) {
        let message = format!("`{}` is {}", short(name), value.describe());
        let found = self.diagnostic(code::WRONG_TYPE, value.span, message);
        self.findings.push(found.help(format!("`{}` must be {wanted}", short(name))));
    }

    /// CAM0216.
    pub(crate) fn single_value(&mut self, value: &Value) {
        let (start, end) = (value.span.start, value.span.end);
        let edits = [(Span::new(start, start), "[".to_owned()), (Span::new(end, end), "]".to_owned())];
        let found = self.diagnostic(code::SINGLE_VALUE, value.span, "a single value stands for a list");
        self.findings.push(found.fix(Fix::machine_edits(edits)));
    }

    /// The entries of a list of strings, each once (CITE DOC-13 to DOC-15).
    pub(crate) fn entries<'v>(&mut self, value: &'v Value, name: &str) -> Vec<(&'v str, Span)> {
        let values = match &value.node {
            Node::String(_) => {
                self.single_value(value);
                vec![value]
            }
            Node::Array(values) if values.is_empty() => {
                self.report(code::LIST_EMPTY, value.span, format!("the list of `{name}` is empty"));
                return Vec::new();
            }
            Node::Array(values) => self.distinct(values),
            _ => {
                self.wrong_type(value, name, "a list of strings");
                return Vec::new();
            }
        };
        let mut entries = Vec::with_capacity(values.len());
        for value in values {
            match &value.node {
                Node::String(text) if text.is_empty() => {
                    self.report(code::STRING_EMPTY, value.span, format!("an entry of `{name}` is empty"));
                }
                Node::String(text) => entries.push((&**text, value.span)),
                _ => {
                    let message = format!("an entry of `{name}` is {}", value.describe());
                    let found = self.diagnostic(code::WRONG_TYPE, value.span, message);
                    self.findings.push(found.help(format!("an entry of `{name}` must be a string")));
                }
            }
        }
        entries
    }

    /// The elements of an array without repetitions of strings, numbers and booleans (CAM0224).
    pub(crate) fn distinct<'v>(&mut self, values: &'v [Value]) -> Vec<&'v Value> {
        let source = self.source;
        let text = |value: &'v Value| match &value.node {
            Node::String(text) => Some((true, &**text)),
            Node::Number | Node::Bool(_) => Some((false, source.slice(value.span))),
            _ => None,
        };
        let mut kept: Vec<&Value> = Vec::with_capacity(values.len());
        let mut seen = HashMap::new();
        for (index, value) in values.iter().enumerate() {
            let Some(key) = text(value) else {
                kept.push(value);
                continue;
            };
            // PERF: most lists are short, and hashing every entry of every policy is a third of the time.
            let first = if values.len() <= FEW {
                kept.iter().find(|other| text(other) == Some(key)).map(|first| first.span)
            } else {
                let span = *seen.entry(key).or_insert(value.span);
                (span != value.span).then_some(span)
            };
            let Some(first) = first else {
                kept.push(value);
                continue;
            };
            let before = values.get(index.wrapping_sub(1)).map_or(value.span.start, |value| value.span.end);
            let shown = short(key.1);
            let found = self
                .diagnostic(
                    code::ENTRY_REPEATED,
                    value.span,
                    format!("`{shown}` stands here for the second time"),
                )
                .help(format!("remove the second `{shown}`"))
                .related(first, "the first stands here")
                .fix(Fix::machine(Span::new(before, value.span.end), ""));
            self.findings.push(found);
        }
        kept
    }

    /// CAM0108 in every object of a value (CITE DOC-4). Names that are one only after folding are found
    /// where keywords are read.
    pub(crate) fn repeated_members(&mut self, value: &Value) {
        match &value.node {
            Node::Array(elements) => {
                for element in elements {
                    if matches!(element.node, Node::Array(_) | Node::Object(_)) {
                        self.repeated_members(element);
                    }
                }
            }
            Node::Object(members) => {
                let mut seen = HashMap::new();
                for (index, member) in members.iter().enumerate() {
                    let first = if members.len() <= FEW {
                        members
                            .iter()
                            .take(index)
                            .find(|other| other.name == member.name)
                            .map(|m| m.name_span)
                    } else {
                        let span = *seen.entry(&member.name).or_insert(member.name_span);
                        (span != member.name_span).then_some(span)
                    };
                    if let Some(first) = first {
                        self.repeated(member, first);
                    }
                    self.repeated_members(&member.value);
                }
            }
            Node::Null | Node::Bool(_) | Node::Number | Node::String(_) | Node::Skimmed => {}
        }
    }

    pub(crate) fn repeated(&mut self, member: &Member, first: Span) {
        let name = short(&member.name);
        let place = self.source.position(first.start);
        let help = format!("keep one `{name}`; the other is at {}:{}", place.line, place.column);
        let found = self
            .diagnostic(
                code::REPEATED_MEMBER,
                member.name_span,
                format!("`{name}` stands twice in one object"),
            )
            .help(help)
            .related(first, "the first stands here");
        self.findings.push(found);
    }
}

/// What to cut so that a member disappears with its comma.
pub(crate) fn removal(members: &[Member], index: usize) -> Span {
    let end = |index: usize| members.get(index).map_or(0, |member| member.value.span.end);
    let start = |index: usize| members.get(index).map(|member| member.name_span.start);
    match (index.checked_sub(1), start(index + 1)) {
        (Some(before), _) => Span::new(end(before), end(index)),
        (None, Some(next)) => Span::new(start(index).unwrap_or(next), next),
        (None, None) => Span::new(start(index).unwrap_or(0), end(index)),
    }
}
