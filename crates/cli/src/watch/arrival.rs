//! Files as they arrive: which there are, whether they changed, which comes first.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use camshaft_bundle::{ENVELOPE_BYTES, Envelope};

use super::Refused;

/// A bundle is less than 2 GiB, and may have an envelope.
const MOST_BYTES: u64 = (1 << 31) + ENVELOPE_BYTES as u64;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    bytes: u64,
    modified: Option<SystemTime>,
    /// Device and number of the file, where there are such: a rename brings another.
    file: (u64, u64),
}

/// Which of two files comes first, by what they claim: revision, creation time, then the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(u64, u64, PathBuf);

/// A file that is there.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) print: Print,
    pub(super) rank: Rank,
}

/// The bundles of a folder, sorted, or the file itself.
pub(super) fn list(path: &Path) -> Result<Vec<PathBuf>, Refused> {
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_hidden && Path::new(&name).extension().is_some_and(|extension| extension == "cam") {
            found.push(path.join(name));
        }
    }
    found.sort_unstable();
    if found.is_empty() { Err(Refused::Missing) } else { Ok(found) }
}

impl Arrival {
    /// Looks at a file, and reads no more of it than an envelope.
    pub(super) fn at(path: &Path) -> Result<Self, Refused> {
        let metadata = regular(path)?;
        let mut head = Vec::with_capacity(ENVELOPE_BYTES);
        let read = |file: File| file.take(ENVELOPE_BYTES as u64).read_to_end(&mut head);
        File::open(path).and_then(read).map_err(unreadable)?;
        let claims = Envelope::split(&head).ok().and_then(|(envelope, _)| envelope);
        let (revision, created_s) = claims.map_or((0, 0), |claims| (claims.revision, claims.created_s));
        Ok(Self { print: Print::of(&metadata), rank: Rank(revision, created_s, path.to_owned()) })
    }
}

/// All of a file.
pub(super) fn read(path: &Path, arrival: &Arrival) -> Result<Vec<u8>, Refused> {
    // Room for what was seen and a byte more: what grows meanwhile is read again anyway.
    let most = arrival.print.bytes.saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or(0));
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

fn regular(path: &Path) -> Result<Metadata, Refused> {
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // A pipe would be waited for, a device read for ever.
    if !metadata.is_file() {
        return Err(Refused::NotAFile);
    }
    if metadata.len() > MOST_BYTES {
        return Err(Refused::TooLarge { bytes: metadata.len() });
    }
    Ok(metadata)
}

fn unreadable(error: io::Error) -> Refused {
    match error.kind() {
        io::ErrorKind::NotFound => Refused::Missing,
        kind => Refused::Unreadable { kind },
    }
}

impl Print {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok(), file: number(metadata) }
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
