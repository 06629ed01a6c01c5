//! Why bytes are refused.

/// The reason a bundle could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    pub(crate) kind: OpenErrorKind,
}

/// What is wrong with the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// Shorter than a header.
    Truncated {
        /// Bytes given.
        length: usize,
    },
    /// The first bytes are not those of a bundle; a transfer in text mode also does this.
    NotABundle,
    /// A format version that this build does not read.
    Version {
        /// The version found.
        found: u32,
    },
    /// The header asks for features that this build does not know.
    Features {
        /// The unknown bits.
        unknown: u32,
    },
    /// The header's length is not that of the bytes.
    Length {
        /// Bytes the header announces.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
    /// The content does not have the header's digest: it was damaged.
    Digest,
    /// The archive is not well-formed.
    Archive {
        /// What the archive reader said.
        message: String,
    },
    /// A table holds something no compiler writes.
    Table {
        /// The table.
        table: &'static str,
        /// The record in it.
        record: u32,
        /// What is wrong.
        problem: &'static str,
    },
    /// It is signed, and was to be opened without verifying that.
    Signed,
    /// It is not signed, and only what trusted keys signed was to be opened.
    Unsigned,
    /// An envelope of a version that this build does not read.
    EnvelopeVersion {
        /// The version found.
        found: u32,
    },
    /// The signer is none that is trusted.
    Untrusted {
        /// The public key in the envelope, 64 hexadecimal digits.
        signer: String,
    },
    /// The signature is not one of the envelope: it was changed, or forged.
    Signature,
    /// The signed digest is that of another bundle than stands in the envelope.
    OtherBundle,
    /// The revision is before the least that is accepted: an old bundle was brought back.
    Revision {
        /// The revision found.
        found: u64,
        /// The least that is accepted.
        least: u64,
    },
}

impl OpenError {
    /// What is wrong with the bytes.
    pub fn kind(&self) -> &OpenErrorKind {
        &self.kind
    }
}

impl From<OpenErrorKind> for OpenError {
    fn from(kind: OpenErrorKind) -> Self {
        Self { kind }
    }
}

impl core::fmt::Display for OpenError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.kind {
            OpenErrorKind::Truncated { length } => {
                write!(f, "{length} bytes are too few for a bundle; the file is cut short or empty")
            }
            OpenErrorKind::NotABundle => {
                write!(
                    f,
                    "this is not a bundle, or it was transferred in text mode; build it with `camshaft build`"
                )
            }
            OpenErrorKind::Version { found } => write!(
                f,
                "format version {found} is not {}, the one this build reads; rebuild the bundle",
                crate::FORMAT_VERSION
            ),
            OpenErrorKind::Features { unknown } => {
                write!(f, "the bundle needs unknown features ({unknown:#x}); use a newer camshaft")
            }
            OpenErrorKind::Length { expected, found } => {
                write!(
                    f,
                    "the header announces {expected} bytes but there are {found}; the file is cut short or padded"
                )
            }
            OpenErrorKind::Digest => write!(f, "the content does not match its digest; the file is damaged"),
            OpenErrorKind::Archive { message } => write!(f, "the archive is malformed: {message}"),
            OpenErrorKind::Table { table, record, problem } => {
                write!(f, "table `{table}`, record {record}: {problem}")
            }
            OpenErrorKind::Signed => {
                write!(f, "it is signed, and without the public keys that are trusted nobody can verify that")
            }
            OpenErrorKind::Unsigned => {
                write!(f, "it is not signed; only bundles of trusted signers are opened")
            }
            OpenErrorKind::EnvelopeVersion { found } => write!(
                f,
                "version {found} of its envelope is not {}, the one this build reads; use another camshaft",
                crate::ENVELOPE_VERSION
            ),
            OpenErrorKind::Untrusted { signer } => {
                write!(f, "its signer {signer} is none of those that are trusted")
            }
            OpenErrorKind::Signature => {
                write!(f, "the signature does not match; the envelope was changed or forged")
            }
            OpenErrorKind::OtherBundle => {
                write!(f, "the signature is that of another bundle; the two were mixed up or swapped")
            }
            OpenErrorKind::Revision { found, least } => {
                write!(
                    f,
                    "its revision {found} is before {least}, the least that is accepted; it is out of date"
                )
            }
        }
    }
}

impl core::error::Error for OpenError {}
