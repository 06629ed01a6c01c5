//! Bytes to tables: the only place that refuses a bundle.

use rkyv::util::AlignedVec;
use self_cell::self_cell;

use crate::error::{OpenError, OpenErrorKind};
use crate::schema::{ArchivedRoot, Section, Tables};
use crate::{header, verify};

struct Bytes {
    archive: AlignedVec,
    digest: [u8; 32],
    length: usize,
}

struct View<'a> {
    tables: Tables<'a>,
    root: &'a ArchivedRoot,
}

self_cell!(
    struct Cell {
        owner: Bytes,
        #[covariant]
        dependent: View,
    }
);

/// The checked tables of an archive.
fn view(archive: &[u8]) -> Result<View<'_>, OpenError> {
    let root = rkyv::access::<ArchivedRoot, rkyv::rancor::BoxedError>(archive)
        .map_err(|error| OpenErrorKind::Archive { message: error.to_string() })?;
    let tables = Tables::new(root).map_err(|table| OpenErrorKind::Table {
        table,
        record: 0,
        problem: "the text is not UTF-8",
    })?;
    verify::check(&tables)?;
    Ok(View { tables, root })
}

/// Checks a file whose header was just written, without a copy of it where its bytes lie well enough.
pub(crate) fn check(file: &[u8]) -> Result<(), OpenError> {
    let archive = file.get(header::LENGTH..).unwrap_or(&[]);
    if archive.as_ptr().align_offset(AlignedVec::<16>::ALIGNMENT) == 0 {
        return view(archive).map(drop);
    }
    Bundle::open(file).map(drop)
}

/// An opened bundle: owns its bytes, and every index in them has been checked.
pub struct Bundle(Cell);

impl Bundle {
    /// Checks the bytes (header, length, digest, archive, tables) and takes a copy of them.
    ///
    /// Takes time linear in the length and never panics.
    pub fn open(file: &[u8]) -> Result<Self, OpenError> {
        let digest = header::check(file)?;
        let mut archive = AlignedVec::with_capacity(file.len());
        archive.extend_from_slice(file.get(header::LENGTH..).unwrap_or(&[]));
        let owner = Bytes { archive, digest, length: file.len() };
        Cell::try_new(owner, |bytes| view(&bytes.archive)).map(Self)
    }

    /// The tables.
    #[inline]
    pub fn tables(&self) -> &Tables<'_> {
        &self.0.borrow_dependent().tables
    }

    /// BLAKE3 of the file with the digest field zero.
    pub fn digest(&self) -> [u8; 32] {
        self.0.borrow_owner().digest
    }

    /// The digest as 64 hexadecimal digits.
    pub fn digest_text(&self) -> String {
        self.digest().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Length of the file in bytes.
    pub fn length(&self) -> usize {
        self.0.borrow_owner().length
    }

    /// Name, section and bytes of every table.
    pub fn sizes(&self) -> Vec<(&'static str, Section, usize)> {
        self.0.borrow_dependent().root.sizes()
    }
}

impl core::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Bundle").field("digest", &self.digest_text()).field("length", &self.length()).finish()
    }
}
