//! Findings: what is wrong, where, and what to do.

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

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// By what.
    pub text: String,
}
