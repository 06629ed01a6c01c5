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

/// The bytes of a bundle. The tables are checked as [`open`](open::Bundle::open) does before they are given out, so
/// that nothing is written that could not be read.
///
/// PERF: takes the tables and writes them behind the place of their header, in one buffer that is large enough. With a
/// copy for the header and one for the check they were the most memory that a build took (`building --sizes 100000`:
/// 1.9 kB a statement at the peak, 1.2 kB so).
pub fn write(root: Root) -> Result<Vec<u8>, WriteError> {
    let total: usize = root.sizes().iter().map(|(_, _, bytes)| bytes).sum();
    if total > i32::MAX as usize {
        return Err(WriteError::TooLarge);
    }
    let mut file = Vec::with_capacity(header::LENGTH.saturating_add(total).saturating_add(ROOT_BYTES));
    file.resize(header::LENGTH, 0);
    let file = rkyv::api::high::to_bytes_in::<_, rkyv::rancor::BoxedError>(&root, file);
    let mut file = file.map_err(|_| WriteError::TooLarge)?;
    drop(root);
    header::seal(&mut file);
    open::check(&file).map_err(WriteError::Refused)?;
    Ok(file)
}

/// Room for the list of tables and what alignment takes.
const ROOT_BYTES: usize = 4_096;
