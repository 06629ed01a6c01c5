//! Strict reading of worlds, requests and cases (CITE REQ-15): every member known, written once and of its type.
//!
//! In: parsed JSON of one source. Out: the members asked for, and a finding for each departure. What a
//! finding is called differs between worlds and requests, hence [`Codes`]. Policies inside are skipped
//! here; the document layer reads them from their own text.

use crate::diagnostic::{self, Code, Diagnostic, code};
use crate::json::{self, Bounds, Member, Node, Parsed, Value};
use crate::source::{Source, Span};
use crate::spelling;

/// What findings are called in this kind of input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes {
    /// Not strict JSON, or a member missing, repeated or of the wrong type or form.
    pub(crate) malformed: Code,
    /// A member that does not exist.
    pub(crate) unknown: Code,
}

/// Those of worlds and cases.
pub(crate) const WORLD: Codes = Codes { malformed: code::WORLD_MALFORMED, unknown: code::WORLD_MEMBER };

/// Those of requests.
pub(crate) const REQUEST: Codes =
    Codes { malformed: code::REQUEST_MALFORMED, unknown: code::REQUEST_MALFORMED };

/// Reads the values of one source and collects what is wrong with them.
pub(crate) struct Strict<'s> {
    /// The text.
    pub(crate) source: &'s Source,
    /// Its index in the caller's list of sources.
    pub(crate) index: u32,
    /// What findings are called.
    pub(crate) codes: Codes,
    /// What was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Parses a source.
pub(crate) fn parse(source: &Source, index: u32, bounds: Bounds) -> Parsed {
    json::parse(source, index, Span::new(0, source.text().len()), bounds)
}

/// The members of an object in the order asked for; `None` for those that are absent.
pub(crate) type Members<'v, const N: usize> = [Option<&'v Member>; N];

impl<'s> Strict<'s> {
    pub(crate) fn new(source: &'s Source, index: u32, codes: Codes) -> Self {
        Self { source, index, codes, diagnostics: Vec::new() }
    }

    /// The value of the whole source. What policies may depart from JSON in is left in `tolerated`: where it
    /// is not inside a policy, [`Strict::refuse`] it.
    pub(crate) fn parse(&mut self, tolerated: &mut Vec<Diagnostic>) -> Option<Value> {
        let parsed = parse(self.source, self.index, Bounds::WORLD);
        self.accept(parsed, tolerated)
    }

    /// The same of a source that was parsed before.
    pub(crate) fn accept(&mut self, parsed: Parsed, tolerated: &mut Vec<Diagnostic>) -> Option<Value> {
        for found in parsed.errors {
            self.refuse(found);
        }
        *tolerated = parsed.tolerated;
        parsed.value
    }

    /// Reports a departure from JSON.
    pub(crate) fn refuse(&mut self, found: Diagnostic) {
        let Diagnostic { span, message, help, related, fix, .. } = found;
        let diagnostic = self.error(self.codes.malformed, span, message);
        (diagnostic.help, diagnostic.related, diagnostic.fix) = (help, related, fix);
    }

    /// Reports the departures that are outside the given spans, which do not overlap and are in order.
    pub(crate) fn refuse_outside(&mut self, tolerated: Vec<Diagnostic>, documents: &[Span]) {
        for found in tolerated {
            let after = documents.partition_point(|document| document.start <= found.span.start);
            let inside = |document: &Span| found.span.end <= document.end;
            if !after.checked_sub(1).and_then(|at| documents.get(at)).is_some_and(inside) {
                self.refuse(found.help("only policies may depart from JSON"));
            }
        }
    }

    /// Reports an error under the given code.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        diagnostic::keep(&mut self.diagnostics, 0, Diagnostic::new(code, self.index, span, message))
    }

    /// Reports an error as malformed input.
    pub(crate) fn malformed(&mut self, span: Span, message: impl Into<String>) {
        self.error(self.codes.malformed, span, message);
    }

    fn wrong_type(&mut self, value: &Value, what: &str, wanted: &str) {
        self.malformed(value.span, format!("{what} must be {wanted}, not {}", value.describe()));
    }

    /// The members of an object that has no others than the named ones.
    pub(crate) fn members<'v, const N: usize>(
        &mut self,
        value: &'v Value,
        what: &str,
        names: [&str; N],
    ) -> Option<Members<'v, N>> {
        let mut found = [None; N];
        for member in self.object(value, what)? {
            match names.iter().position(|name| *name == &*member.name) {
                Some(at) if found[at].is_none() => found[at] = Some(member),
                Some(_) => self.repeated(self.codes.malformed, member, what),
                None => self.unknown(member, what, &names),
            }
        }
        Some(found)
    }

    /// Reports a second member of one name.
    pub(crate) fn repeated(&mut self, code: Code, member: &Member, what: &str) {
        self.error(code, member.name_span, format!("`{}` is repeated in {what}", member.name)).help =
            Some("keep one of the two".into());
    }

    /// Reports a member that does not exist.
    pub(crate) fn unknown(&mut self, member: &Member, what: &str, names: &[&str]) {
        let message = format!("{what} has no member `{}`", member.name);
        if self.diagnostics.len() >= diagnostic::MOST_FINDINGS {
            // Nobody reads so far: nearest names are not worth their time.
            self.error(self.codes.unknown, member.name_span, message);
            return;
        }
        let help = match spelling::nearest(&member.name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its members are {}", list(names)),
        };
        self.error(self.codes.unknown, member.name_span, message).help = Some(help);
    }

    /// Reports a member that `value` lacks.
    pub(crate) fn missing(&mut self, value: &Value, what: &str, name: &str) {
        let start = Span::new(value.span.start, value.span.start.saturating_add(1).min(value.span.end));
        self.malformed(start, format!("{what} needs the member `{name}`"));
    }

    /// All members of an object, whatever their names.
    pub(crate) fn object<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Member]> {
        match &value.node {
            Node::Object(members) => Some(members),
            _ => {
                self.wrong_type(value, what, "an object");
                None
            }
        }
    }

    /// The entries of an array.
    pub(crate) fn array<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Value]> {
        match &value.node {
            Node::Array(entries) => Some(entries),
            _ => {
                self.wrong_type(value, what, "an array");
                None
            }
        }
    }

    /// The entries of a member that is an array; none when it is absent.
    pub(crate) fn entries<'v>(&mut self, member: Option<&'v Member>) -> &'v [Value] {
        member.and_then(|member| self.array(&member.value, &format!("`{}`", member.name))).unwrap_or_default()
    }

    /// A string.
    pub(crate) fn string<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v str> {
        match &value.node {
            Node::String(text) => Some(text),
            _ => {
                self.wrong_type(value, what, "a string");
                None
            }
        }
    }

    /// The string of a member.
    pub(crate) fn text<'v>(&mut self, member: Option<&'v Member>) -> Option<&'v str> {
        member.and_then(|member| self.string(&member.value, &format!("`{}`", member.name)))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, member: Option<&Member>) -> Option<bool> {
        let member = member?;
        match member.value.node {
            Node::Bool(flag) => Some(flag),
            _ => {
                self.wrong_type(&member.value, &format!("`{}`", member.name), "`true` or `false`");
                None
            }
        }
    }

    /// The text of a number written in digits only, without a leading zero.
    pub(crate) fn whole_number(&self, value: &Value) -> Option<u64> {
        let text = self.source.slice(value.span);
        let digits = matches!(value.node, Node::Number) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits)
    }
}

/// The text of `{"text":"…"}`, which stands for a document, a world or a request.
pub(crate) fn embedded_text(value: &Value) -> Option<&str> {
    match value.as_object() {
        Some([member]) if &*member.name == "text" => member.value.as_str(),
        _ => None,
    }
}

/// The names in backticks with commas.
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
