//! What happened to whom, for people and programs.

use std::fmt;
use std::io;
use std::path::PathBuf;

use camshaft_bundle::{OpenError, OpenErrorKind};
use camshaft_compiler::Proof;
use camshaft_runtime::Stamp;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A bundle is served from now on.
    Loaded(Serving),
    /// A file is not served, and what was served before still is.
    Refused(Refusal),
    /// What is served has become too old: the engine refuses every request.
    Stale(Stale),
}

/// The bundle that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// The file that it was read from.
    pub file: PathBuf,
    /// Its digest, 64 hexadecimal digits.
    pub digest: String,
    /// Revision and creation time, if it is signed.
    pub stamp: Stamp,
    /// How many were served before it.
    pub publication: u64,
    /// When it was loaded, in seconds since 1970 UTC.
    pub loaded_s: u64,
}

/// A file that is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub reason: Refused,
}

/// Why a file is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// There is no bundle.
    Missing,
    /// The system does not let it be read.
    Unreadable {
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// It is a pipe, a device or a folder.
    NotAFile,
    /// It is larger than any bundle.
    TooLarge {
        /// Its bytes.
        bytes: u64,
    },
    /// It did not open, or the full verification refused it.
    Bundle(OpenError),
    /// Only proven bundles are served, and this one is not.
    NotProven {
        /// Its blocks.
        blocks: u32,
        /// Those that are proven.
        proven: u32,
        /// How many differences from its statements were found; with none the budget was too small.
        differences: usize,
        /// What the first difference is, or what was over the budget.
        first: Box<str>,
    },
    /// The revision is served already, with other content or with a later signature.
    SameRevision {
        /// The revision.
        revision: u64,
    },
}

/// How old what is served is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Its age in seconds; `None` if it is not signed, so that nobody knows.
    pub age_s: Option<u64>,
    /// The greatest age that world and configuration allow.
    pub greatest_s: u64,
}

/// What is served, what is not, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The bundle that is served; `None` until the first good one.
    pub serving: Option<Serving>,
    /// The files that are there and refused.
    pub refused: Vec<Refusal>,
    /// Whether the bundle is too old, so that the engine refuses every request.
    pub stale: Option<Stale>,
    /// When was looked last, in seconds since 1970 UTC.
    pub looked_s: u64,
}

impl Refused {
    pub(super) fn not_proven(proof: &Proof) -> Self {
        let fault = proof.faults.first().map(|fault| fault.difference.as_str());
        let over = proof.not_proven.first().map(|one| one.what.as_str());
        Self::NotProven {
            blocks: proof.blocks,
            proven: proof.proven,
            differences: proof.fault_count,
            first: fault.or(over).unwrap_or("").into(),
        }
    }

    /// A word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable { .. } => "unreadable",
            Self::NotAFile => "not_a_file",
            Self::TooLarge { .. } => "too_large",
            Self::SameRevision { .. } => "same_revision",
            Self::NotProven { .. } => "not_proven",
            Self::Bundle(error) => match error.kind() {
                OpenErrorKind::Signed => "signed",
                OpenErrorKind::Unsigned => "unsigned",
                OpenErrorKind::Untrusted { .. } => "untrusted",
                OpenErrorKind::Signature | OpenErrorKind::OtherBundle => "signature",
                OpenErrorKind::Revision { .. } => "revision",
                OpenErrorKind::Version { .. }
                | OpenErrorKind::Features { .. }
                | OpenErrorKind::EnvelopeVersion { .. } => "version",
                _ => "damaged",
            },
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no bundle"),
            Self::Unreadable { kind } => write!(f, "it cannot be read: {kind}"),
            Self::NotAFile => f.write_str("it is not a regular file"),
            Self::TooLarge { bytes } => write!(f, "{bytes} bytes are more than a bundle can have"),
            Self::Bundle(error) => error.fmt(f),
            Self::NotProven { blocks, proven, differences, first } => {
                write!(f, "{proven} of {blocks} blocks are proven")?;
                match differences {
                    0 => write!(f, ", the others are over the budget: {first}"),
                    _ => write!(f, ", it does not answer as its statements say: {first}"),
                }
            }
            Self::SameRevision { revision } => {
                write!(f, "revision {revision} is served already, with other content or a later signature")
            }
        }
    }
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, digest, stamp, .. } = self;
        write!(f, "{}: digest {digest}", file.display())?;
        match stamp.created_s {
            Some(created_s) => write!(f, ", revision {}, created at second {created_s}", stamp.revision),
            None => f.write_str(", not signed"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.reason)
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.age_s {
            Some(age_s) => write!(f, "{age_s} seconds old, {} are allowed", self.greatest_s),
            None => write!(f, "of unknown age, {} seconds are allowed", self.greatest_s),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded(serving) => write!(f, "loaded {serving}"),
            Self::Refused(refusal) => write!(f, "refused {refusal}"),
            Self::Stale(stale) => write!(f, "stale: the bundle is {stale}; every request is refused"),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.serving {
            Some(serving) => write!(f, "serving {serving}")?,
            None => f.write_str("serving nothing")?,
        }
        for refusal in &self.refused {
            write!(f, "; refused {refusal}")?;
        }
        if let Some(stale) = &self.stale {
            write!(f, "; stale: {stale}")?;
        }
        Ok(())
    }
}
