//! Keys from files, and what the signature of a bundle says: for `sign`, `build --key`, and every command that opens
//! bundles.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use camshaft_bundle::{Bundle, Envelope, KeyError, OpenError, PublicKey, SecretKey, Trust};
use camshaft_runtime::Stamp;
use serde::Serialize;

use crate::args::Trusted;
use crate::exit::Failure;
use crate::input;
use crate::render::text;

/// A signature as reports show it.
#[derive(Serialize)]
pub(crate) struct Signature {
    /// The signer's public key.
    pub(crate) signer: String,
    pub(crate) revision: u64,
    pub(crate) created_s: u64,
    /// Whether it was made with a key that is trusted; if not, all of this is a claim.
    pub(crate) verified: bool,
}

impl Signature {
    /// What an envelope says.
    pub(crate) fn new(envelope: &Envelope, verified: bool) -> Self {
        let Envelope { revision, created_s, .. } = *envelope;
        Self { signer: envelope.signer_text(), revision, created_s, verified }
    }

    /// `revision 42 of 2026-01-01T00:00:00Z, signed by 19bf…`.
    pub(crate) fn text(&self) -> String {
        let created = text::instant(self.created_s);
        format!("revision {} of {created}, signed by {}", self.revision, self.signer)
    }
}

/// The keys that the command line trusts; `None` if bundles need no signature.
pub(crate) fn trust(trusted: &Trusted) -> Result<Option<Trust>, Failure> {
    if trusted.keys.is_empty() {
        return Ok(None);
    }
    let mut keys = Vec::new();
    for path in &trusted.keys {
        keys.extend(PublicKey::all_from_pem(&pem(path)?).map_err(|error| unusable(path, &error))?);
    }
    Ok(Some(Trust::new(keys).with_least_revision(trusted.least_revision.unwrap_or(0))))
}

/// The key that signs.
pub(crate) fn secret(path: &Path) -> Result<SecretKey, Failure> {
    SecretKey::from_pem(&pem(path)?).map_err(|error| unusable(path, &error))
}

/// A bundle in a signed envelope.
pub(crate) fn sign(
    file: &[u8],
    key: &SecretKey,
    revision: u64,
    created_s: u64,
) -> Result<(Vec<u8>, Signature), OpenError> {
    let signed = camshaft_bundle::sign(file, key, revision, created_s)?;
    Ok((signed, Signature { signer: key.public().to_string(), revision, created_s, verified: true }))
}

fn pem(path: &Path) -> Result<String, Failure> {
    // What is no text has no key in it either.
    Ok(String::from_utf8_lossy(&input::read(path)?).into_owned())
}

fn unusable(path: &Path, error: &KeyError) -> Failure {
    Failure::usage_with(
        format!("`--key {}` cannot be used: {error}", path.display()),
        "`camshaft help sign` shows how keys are made",
    )
}

/// The clock, in seconds since 1970 UTC.
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The age of a bundle whose signature was verified; that of another is not known.
pub(crate) fn age_s(bundle: &Bundle) -> Option<u64> {
    Stamp::from(bundle).age_s(now_s())
}
