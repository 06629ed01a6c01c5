//! Bytes to tables: the only place that refuses a bundle.

use rkyv::util::AlignedVec;
use self_cell::self_cell;

use crate::envelope::Envelope;
use crate::error::{OpenError, OpenErrorKind};
use crate::schema::{ArchivedRoot, Section, Tables};
use crate::{header, verify};

struct Bytes {
    archive: AlignedVec,
    digest: [u8; 32],
    length: usize,
    envelope: Option<Envelope>,
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
    /// Takes time linear in the length and never panics. This proves no origin: who wants to know it calls
    /// [`Bundle::open_signed`]. A signed file is refused here, so that no signature is taken for verified.
    pub fn open(file: &[u8]) -> Result<Self, OpenError> {
        if Envelope::is_at(file) {
            return Err(OpenErrorKind::Signed.into());
        }
        Self::open_as(file, None)
    }

    /// Opens what stands behind a verified envelope.
    pub(crate) fn open_as(file: &[u8], envelope: Option<Envelope>) -> Result<Self, OpenError> {
        let digest = header::check(file)?;
        let mut archive = AlignedVec::with_capacity(file.len());
        archive.extend_from_slice(file.get(header::LENGTH..).unwrap_or(&[]));
        let owner = Bytes { archive, digest, length: file.len(), envelope };
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
        crate::hexadecimal(&self.digest())
    }

    /// Who signed it and when, if it was opened with [`Bundle::open_signed`].
    pub fn envelope(&self) -> Option<&Envelope> {
        self.0.borrow_owner().envelope.as_ref()
    }

    /// Length of the bundle in bytes, without its envelope.
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
