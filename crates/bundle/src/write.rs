//! Tables to bytes.

use crate::schema::Root;
use crate::{OpenError, header, open};

/// Why a bundle could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// A table is larger than the format's 32-bit positions reach.
    TooLarge,
    /// The tables do not pass the reader's own checks: a fault of the compiler.
    Refused(OpenError),
}

impl core::fmt::Display for WriteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the bundle would exceed 2 GiB; split the world"),
            Self::Refused(error) => write!(f, "the compiled tables are inconsistent: {error}"),
        }
    }
}

impl core::error::Error for WriteError {}

/// The bytes of a bundle. They are opened once before they are given out, so that nothing is written
/// that could not be read.
pub fn write(root: &Root) -> Result<Vec<u8>, WriteError> {
    let total: usize = root.sizes().iter().map(|(_, _, bytes)| bytes).sum();
    if total > i32::MAX as usize {
        return Err(WriteError::TooLarge);
    }
    let archive = rkyv::to_bytes::<rkyv::rancor::BoxedError>(root).map_err(|_| WriteError::TooLarge)?;
    let file = header::seal(&archive);
    open::Bundle::open(&file).map_err(WriteError::Refused)?;
    Ok(file)
}
