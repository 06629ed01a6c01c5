//! The 64 bytes in front of the archive.
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | magic: `89 43 41 4D 0D 0A 1A 0A`; line-end conversion or 7-bit transfer damages it |
//! | 8–11 | format version |
//! | 12–15 | feature bits; unknown ones are refused |
//! | 16–23 | length of the whole file |
//! | 24–31 | zero |
//! | 32–63 | BLAKE3 of the whole file with these 32 bytes zero |

use crate::error::{OpenError, OpenErrorKind};

/// The format that this build writes and reads.
pub const FORMAT_VERSION: u32 = 1;

pub(crate) const LENGTH: usize = 64;
const MAGIC: [u8; 8] = *b"\x89CAM\r\n\x1a\n";

/// Writes the header into the first bytes of a file, which are its place.
pub(crate) fn seal(file: &mut [u8]) {
    let length = file.len() as u64;
    let mut header = [0; LENGTH];
    let words = [(0, MAGIC), (16, length.to_le_bytes())];
    for (at, word) in words {
        put(&mut header, at, &word);
    }
    put(&mut header, 8, &FORMAT_VERSION.to_le_bytes());
    put(file, 0, &header);
    let digest = digest(file);
    put(file, 32, &digest);
}

pub(crate) fn put(bytes: &mut [u8], at: usize, word: &[u8]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..word.len())) {
        place.copy_from_slice(word);
    }
}

/// Checks a header and returns the digest.
pub(crate) fn check(file: &[u8]) -> Result<[u8; 32], OpenError> {
    let Some(header) = file.first_chunk::<LENGTH>() else {
        let magic = file.get(..8.min(file.len())) == MAGIC.get(..8.min(file.len()));
        return Err(if magic || file.is_empty() {
            OpenErrorKind::Truncated { length: file.len() }.into()
        } else {
            OpenErrorKind::NotABundle.into()
        });
    };
    let word = |at: usize| u32::from_le_bytes(bytes(header, at));
    if bytes::<8>(header, 0) != MAGIC {
        return Err(OpenErrorKind::NotABundle.into());
    }
    if word(8) != FORMAT_VERSION {
        return Err(OpenErrorKind::Version { found: word(8) }.into());
    }
    if word(12) != 0 {
        return Err(OpenErrorKind::Features { unknown: word(12) }.into());
    }
    let expected = u64::from_le_bytes(bytes(header, 16));
    if expected != file.len() as u64 {
        return Err(OpenErrorKind::Length { expected, found: file.len() as u64 }.into());
    }
    let written: [u8; 32] = bytes(header, 32);
    // Bytes 24–31 are covered by the digest; a value there is refused for what it may come to mean.
    if bytes::<8>(header, 24) != [0; 8] {
        return Err(OpenErrorKind::Features { unknown: word(24) | word(28) }.into());
    }
    if digest(file) != written {
        return Err(OpenErrorKind::Digest.into());
    }
    Ok(written)
}

fn bytes<const N: usize>(header: &[u8; LENGTH], at: usize) -> [u8; N] {
    header.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// BLAKE3 of the file with the digest's own bytes zero.
fn digest(file: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(file.get(..32).unwrap_or(file));
    hasher.update(&[0; 32]);
    hasher.update(file.get(LENGTH..).unwrap_or(&[]));
    *hasher.finalize().as_bytes()
}
