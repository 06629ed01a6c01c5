//! Why a checked world could not become a bundle.

use camshaft_bundle::Certificate;

/// The reason.
#[derive(Clone, Debug)]
pub struct CompileError {
    pub(crate) kind: CompileErrorKind,
}

/// What went wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CompileErrorKind {
    /// The threads that were asked for could not be started.
    Threads {
        /// Why, in the words of the system.
        why: Box<str>,
    },
    /// A decision could have to verify more rows than allowed.
    Cost {
        /// Rows that a decision may have to verify.
        certificate: Certificate,
        /// The bound asked for.
        bound: u32,
        /// The policy with the most rows under the crowded key.
        policy: Box<str>,
    },
    /// The bundle could not be written.
    Write(camshaft_bundle::WriteError),
}

impl CompileError {
    /// What went wrong.
    pub fn kind(&self) -> &CompileErrorKind {
        &self.kind
    }
}

impl From<CompileErrorKind> for CompileError {
    fn from(kind: CompileErrorKind) -> Self {
        Self { kind }
    }
}

impl core::fmt::Display for CompileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.kind {
            CompileErrorKind::Threads { why } => {
                write!(f, "the threads of the compiler cannot be started ({why}); ask for fewer")
            }
            CompileErrorKind::Cost { certificate, bound, policy } => {
                write!(f, "a decision may have to verify {certificate}, ")?;
                if certificate.usual() > certificate.rows {
                    let (usual, values) = (certificate.usual(), Certificate::USUAL_VALUES);
                    write!(f, "{usual} for {values} values and a key without, ")?;
                }
                write!(f, "more than the bound of {bound}; most come from policy `{policy}`")
            }
            CompileErrorKind::Write(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CompileError {}
