//! Findings: what is wrong, where, and what to do.

mod catalogue;
#[cfg(test)]
mod tests;

pub use catalogue::{Entry, code};

use crate::source::Span;

/// How bad a finding is (CITE GEN-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Legal; worth knowing.
    Note,
    /// Accepted with its meaning unchanged; should be mended.
    Warning,
    /// Refused: nothing is built.
    Error,
}

/// The number of a diagnostic: `CAM0105` is `Code(105)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl core::fmt::Display for Code {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "CAM{:04}", self.0)
    }
}

impl Code {
    /// Reads `CAM0319`; `None` unless there is such a code.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("CAM").or_else(|| text.strip_prefix("cam"))?;
        let sound = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let code = Self(digits.parse().ok().filter(|_| sound)?);
        code.entry().map(|_| code)
    }

    /// Every code, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        catalogue::ENTRIES.iter().map(|entry| entry.code)
    }

    /// What is known about the code.
    pub fn entry(self) -> Option<&'static Entry> {
        let at = catalogue::ENTRIES.binary_search_by_key(&self, |entry| entry.code).ok()?;
        catalogue::ENTRIES.get(at)
    }

    /// The name of the finding: `invalid account`.
    pub fn title(self) -> &'static str {
        self.entry().map_or("", |entry| entry.title)
    }

    /// How bad it is unless the place or an option says otherwise.
    pub fn severity(self) -> Severity {
        self.entry().map_or(Severity::Error, |entry| entry.severity)
    }

    /// The page that `camshaft help CAM0319` prints.
    pub fn help_page(self) -> String {
        let Some(entry) = self.entry() else { return format!("{self}: there is no such diagnostic\n") };
        let severity = match entry.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let mut page = format!("{self}: {}\n\nSeverity: {severity}", entry.title);
        if !entry.exception.is_empty() {
            page.push_str(&format!(" ({})", entry.exception));
        }
        page.push_str(&format!("\nRules:    {}\n\n{}\n", entry.rules, entry.cause));
        if !entry.help.is_empty() {
            page.push_str(&format!("\nWhat to do: {}\n", entry.help));
        }
        page
    }
}

/// One finding. Messages are lower case, without a full stop, with backticks round input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which finding.
    pub code: Code,
    /// How bad it is here (`strict` turns warnings into errors, CITE GEN-2).
    pub severity: Severity,
    /// Index of the source it is in (the caller's list of sources).
    pub source: u32,
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that belong to it, in the same source.
    pub related: Vec<(Span, String)>,
    /// An edit that mends it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding with the severity and, where it names nothing of the input, the help of its code.
    pub fn new(code: Code, source: u32, span: Span, message: impl Into<String>) -> Self {
        let entry = code.entry();
        let help = entry.map(|entry| entry.help).filter(|help| !help.is_empty() && !help.contains('…'));
        Self {
            code,
            severity: code.severity(),
            source,
            span,
            message: shortened(message.into()),
            help: help.map(str::to_owned),
            related: Vec::new(),
            fix: None,
        }
    }

    /// The same with another severity.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    /// The same with another help.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(shortened(help.into())), ..self }
    }

    /// The same with a fix.
    #[must_use]
    pub fn fix(self, fix: Fix) -> Self {
        Self { fix: Some(fix), ..self }
    }

    /// The same with a fix, if there is one.
    #[must_use]
    pub fn maybe_fix(self, fix: Option<Fix>) -> Self {
        Self { fix, ..self }
    }

    /// The same with one more place.
    #[must_use]
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push((span, shortened(message.into())));
        self
    }

    /// Whether nothing is built because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Findings of a source outside its policies, or of the names of a world, that are kept; the last stands for all that
/// follow.
pub(crate) const MOST_FINDINGS: usize = 10_000;

/// Adds a finding to those that are kept from a place on.
pub(crate) fn keep(findings: &mut Vec<Diagnostic>, first: usize, found: Diagnostic) -> &mut Diagnostic {
    findings.truncate(first + MOST_FINDINGS - 1);
    findings.push(found);
    let last = findings.len() - 1;
    &mut findings[last]
}

/// Bytes of a message: what it quotes of the input is as long as whoever wrote that likes.
const MESSAGE_BYTES: usize = 1_024;

/// Beginning and end of a text that is too long to be read.
fn shortened(text: String) -> String {
    if text.len() <= MESSAGE_BYTES {
        return text;
    }
    let head = (0..=MESSAGE_BYTES / 2).rev().find_map(|end| text.get(..end));
    let tail = (text.len() - MESSAGE_BYTES / 4..=text.len()).find_map(|start| text.get(start..));
    format!("{} […] {}", head.unwrap_or(""), tail.unwrap_or(""))
}

/// How sure a fix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// Keeps the meaning; `fmt` applies it.
    Machine,
    /// Needs a look.
    Suggestion,
}

/// An edit of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// How sure it is.
    pub applicability: Applicability,
    /// Replacements, in order and without overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A sure replacement.
    pub fn machine(span: Span, text: impl Into<String>) -> Self {
        Self { applicability: Applicability::Machine, edits: vec![Edit { span, text: text.into() }] }
    }

    /// Sure replacements, in order and without overlap.
    pub fn machine_edits(edits: impl IntoIterator<Item = (Span, String)>) -> Self {
        let edits = edits.into_iter().map(|(span, text)| Edit { span, text }).collect();
        Self { applicability: Applicability::Machine, edits }
    }

    /// A replacement that needs a look.
    pub fn suggestion(span: Span, text: impl Into<String>) -> Self {
        Self { applicability: Applicability::Suggestion, edits: vec![Edit { span, text: text.into() }] }
    }
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// By what.
    pub text: String,
}
