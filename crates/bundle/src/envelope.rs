//! Who made a bundle, and when: 160 signed bytes in front of it (FORMAT.md, *The signed envelope*).
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | magic: `89 43 53 47 0D 0A 1A 0A` |
//! | 8–11 | version of the envelope |
//! | 12–15 | zero |
//! | 16–23 | revision |
//! | 24–31 | creation time, seconds since 1970 UTC |
//! | 32–63 | digest of the bundle |
//! | 64–95 | public key of the signer |
//! | 96–159 | ed25519 signature of [`CONTEXT`] and bytes 0–95 |

use crate::error::{OpenError, OpenErrorKind};
use crate::key::{PublicKey, SecretKey};
use crate::{Bundle, header};

/// The envelope that this build writes and reads.
pub const ENVELOPE_VERSION: u32 = 1;

/// Bytes of an envelope.
pub const ENVELOPE_BYTES: usize = 160;

const SIGNED_BYTES: usize = 96;
const MAGIC: [u8; 8] = *b"\x89CSG\r\n\x1a\n";

/// In front of what is signed, so that no signature means something elsewhere that the same key is used for.
const CONTEXT: [u8; 32] = *b"camshaft bundle signature v1\0\0\0\0";

/// What an envelope says. From [`Bundle::envelope`] its signature was verified; from [`Envelope::split`] it is a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The revision that the signer gave the bundle: a later bundle has a greater one.
    pub revision: u64,
    /// When the signer made it, in seconds since 1970 UTC.
    pub created_s: u64,
    /// Digest of the bundle.
    pub digest: [u8; 32],
    /// The signer's public key.
    pub signer: [u8; 32],
}

/// Whose bundles a reader opens.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    keys: Vec<PublicKey>,
    least_revision: u64,
}

impl Trust {
    /// Bundles that one of these keys signed; none if there are no keys.
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().collect(), least_revision: 0 }
    }

    /// Refuses bundles of an earlier revision than this one, so that nobody can bring back an old one. The reader
    /// remembers the revision that it had last.
    pub fn with_least_revision(mut self, revision: u64) -> Self {
        self.least_revision = revision;
        self
    }

    /// The revision before which bundles are refused.
    pub fn least_revision(&self) -> u64 {
        self.least_revision
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The envelope of a file and the bundle in it, which is not looked at; the signature is that of a trusted key.
    fn verify<'f>(&self, file: &'f [u8]) -> Result<(Envelope, &'f [u8]), OpenError> {
        let (Some(envelope), bundle) = Envelope::split(file)? else {
            return Err(OpenErrorKind::Unsigned.into());
        };
        let Some(key) = self.keys.iter().find(|key| key.bytes() == envelope.signer) else {
            return Err(OpenErrorKind::Untrusted { signer: envelope.signer_text() }.into());
        };
        let signature = file.get(SIGNED_BYTES..).and_then(|rest| rest.first_chunk()).copied();
        if !signature.is_some_and(|signature| key.verifies(&envelope.message(), &signature)) {
            return Err(OpenErrorKind::Signature.into());
        }
        let (found, least) = (envelope.revision, self.least_revision);
        if found < least {
            return Err(OpenErrorKind::Revision { found, least }.into());
        }
        Ok((envelope, bundle))
    }
}

impl Envelope {
    /// Whether a file begins as an envelope does.
    pub fn is_at(file: &[u8]) -> bool {
        file.starts_with(&MAGIC)
    }

    /// The envelope of a file, if it has one, and the bundle behind it. Nothing is verified: the envelope is what the
    /// file claims. A file without one is the bundle.
    pub fn split(file: &[u8]) -> Result<(Option<Self>, &[u8]), OpenError> {
        if !Self::is_at(file) {
            return Ok((None, file));
        }
        let Some((envelope, bundle)) = file.split_first_chunk::<ENVELOPE_BYTES>() else {
            return Err(OpenErrorKind::Truncated { length: file.len() }.into());
        };
        let version = u32::from_le_bytes(bytes(envelope, 8));
        if version != ENVELOPE_VERSION || bytes::<4>(envelope, 12) != [0; 4] {
            return Err(OpenErrorKind::EnvelopeVersion { found: version }.into());
        }
        let claims = Self {
            revision: u64::from_le_bytes(bytes(envelope, 16)),
            created_s: u64::from_le_bytes(bytes(envelope, 24)),
            digest: bytes(envelope, 32),
            signer: bytes(envelope, 64),
        };
        Ok((Some(claims), bundle))
    }

    /// The signer's public key as 64 hexadecimal digits.
    pub fn signer_text(&self) -> String {
        crate::hexadecimal(&self.signer)
    }

    /// The digest as 64 hexadecimal digits.
    pub fn digest_text(&self) -> String {
        crate::hexadecimal(&self.digest)
    }

    /// Bytes 0–95.
    fn head(&self) -> [u8; SIGNED_BYTES] {
        let mut head = [0; SIGNED_BYTES];
        for (at, part) in [
            (0, &MAGIC[..]),
            (8, &ENVELOPE_VERSION.to_le_bytes()),
            (16, &self.revision.to_le_bytes()),
            (24, &self.created_s.to_le_bytes()),
            (32, &self.digest),
            (64, &self.signer),
        ] {
            header::put(&mut head, at, part);
        }
        head
    }

    /// All bytes.
    fn sealed(&self, key: &SecretKey) -> Vec<u8> {
        [&self.head()[..], &key.sign(&self.message())].concat()
    }

    /// What is signed.
    fn message(&self) -> Vec<u8> {
        [&CONTEXT[..], &self.head()].concat()
    }
}

/// Signs a bundle: the file of an envelope with the bundle behind it. A file that is signed already gets another
/// envelope, whatever its own says.
///
/// The bundle is opened with every check first: nothing is signed that could not be read.
pub fn sign(file: &[u8], key: &SecretKey, revision: u64, created_s: u64) -> Result<Vec<u8>, OpenError> {
    let (_, bundle) = Envelope::split(file)?;
    let digest = Bundle::open(bundle)?.digest();
    let envelope = Envelope { revision, created_s, digest, signer: key.public().bytes() };
    Ok([&envelope.sealed(key)[..], bundle].concat())
}

impl Bundle {
    /// Opens a bundle that somebody signed who is trusted. The signature is verified before the bundle is looked at,
    /// then the bundle is opened as [`Bundle::open`] does and must be the one that was signed.
    ///
    /// A bundle without envelope is refused: whoever calls this rather than [`Bundle::open`] wants to know its origin.
    pub fn open_signed(file: &[u8], trust: &Trust) -> Result<Self, OpenError> {
        let (envelope, bundle) = trust.verify(file)?;
        // The digest that the header states; that it is the bundle's, opening sees to.
        if bundle.get(32..64) != Some(&envelope.digest) {
            // Says what is wrong with what is no bundle at all.
            return Err(header::check(bundle).err().unwrap_or(OpenErrorKind::OtherBundle.into()));
        }
        Self::open_as(bundle, Some(envelope))
    }
}

fn bytes<const N: usize>(envelope: &[u8; ENVELOPE_BYTES], at: usize) -> [u8; N] {
    envelope.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

// Envelopes of bundles are in tests/suites/signed.rs: they take bundles, which only the compiler makes.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_shows_an_envelope() {
        let key = SecretKey::from_bytes(&core::array::from_fn(|at| at as u8));
        let digest = core::array::from_fn(|at| 0x20 + at as u8);
        let signer = key.public().bytes();
        let envelope = Envelope { revision: 7, created_s: 1_767_225_600, digest, signer };
        let bytes = envelope.sealed(&key);
        let lines: Vec<String> = bytes.chunks(32).map(crate::hexadecimal).collect();
        let shown = format!("```text\n{}\n```", lines.join("\n"));
        assert!(include_str!("../FORMAT.md").contains(&shown), "{shown}");
        assert_eq!(Envelope::split(&bytes).map(|(found, _)| found), Ok(Some(envelope)));
    }
}
