//! The keys of those who sign bundles and of those whom readers trust: ed25519, in the PEM files that
//! `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write.

use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// A key that signs. Its bytes are wiped when it is dropped, and no formatter shows them.
pub struct SecretKey(SigningKey);

/// A key that signatures are verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why a file holds no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    kind: KeyErrorKind,
}

/// What is wrong with a key's file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyErrorKind {
    /// There is no key of the wanted kind in it.
    Missing {
        /// `PRIVATE` or `PUBLIC`.
        wanted: &'static str,
        /// Whether there is one of the other kind.
        other: bool,
    },
    /// More than one private key.
    Several,
    /// What stands there is no ed25519 key.
    Malformed,
    /// A public key under which signatures prove nothing.
    Weak,
}

const PUBLIC: &str = "PUBLIC";
const PRIVATE: &str = "PRIVATE";

impl SecretKey {
    /// The one key of a PKCS#8 file: `-----BEGIN PRIVATE KEY-----`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let mut blocks = blocks(text, PRIVATE)?.into_iter();
        match (blocks.next(), blocks.next()) {
            (Some(pem), None) => {
                SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyErrorKind::Malformed.into())
            }
            _ => Err(KeyErrorKind::Several.into()),
        }
    }

    /// From the 32 bytes of RFC 8032's private key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The key that verifies its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl PublicKey {
    /// Every key of a file, at least one: `-----BEGIN PUBLIC KEY-----`, as often as there are keys. What stands
    /// between them is a remark.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, KeyError> {
        blocks(text, PUBLIC)?
            .into_iter()
            .map(|pem| {
                let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyErrorKind::Malformed)?;
                Self::from_bytes(key.as_bytes())
            })
            .collect()
    }

    /// From the 32 bytes of RFC 8032's public key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyErrorKind::Malformed)?;
        if key.is_weak() { Err(KeyErrorKind::Weak.into()) } else { Ok(Self(key)) }
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Whether the key made the signature of the message. Of several readings of RFC 8032 the strictest.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

/// 64 hexadecimal digits.
impl core::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&crate::hexadecimal(self.0.as_bytes()))
    }
}

impl core::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// The PEM texts of a kind, at least one.
fn blocks<'t>(text: &'t str, wanted: &'static str) -> Result<Vec<&'t str>, KeyError> {
    let (begin, end) = (format!("-----BEGIN {wanted} KEY-----"), format!("-----END {wanted} KEY-----"));
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(from) = rest.find(&begin).and_then(|at| rest.get(at..)) {
        let (block, behind) = from
            .find(&end)
            .and_then(|at| from.split_at_checked(at.saturating_add(end.len())))
            .ok_or(KeyErrorKind::Malformed)?;
        blocks.push(block);
        rest = behind;
    }
    if blocks.is_empty() {
        let other = if wanted == PUBLIC { PRIVATE } else { PUBLIC };
        let other = text.contains(&format!("-----BEGIN {other} KEY-----"));
        return Err(KeyErrorKind::Missing { wanted, other }.into());
    }
    Ok(blocks)
}

impl KeyError {
    /// What is wrong with the file.
    pub fn kind(&self) -> &KeyErrorKind {
        &self.kind
    }
}

impl From<KeyErrorKind> for KeyError {
    fn from(kind: KeyErrorKind) -> Self {
        Self { kind }
    }
}

impl core::fmt::Display for KeyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.kind {
            KeyErrorKind::Missing { wanted, other: true } if wanted == PUBLIC => f.write_str(
                "it holds a private key where a public one is expected; `openssl pkey -pubout` gives that",
            ),
            KeyErrorKind::Missing { other: true, .. } => {
                f.write_str("it holds a public key where the private one that signs is expected")
            }
            KeyErrorKind::Missing { wanted, .. } => {
                write!(f, "it holds no `-----BEGIN {wanted} KEY-----`")
            }
            KeyErrorKind::Several => f.write_str("it holds several private keys; one signs"),
            KeyErrorKind::Malformed => f.write_str("it is not an ed25519 key"),
            KeyErrorKind::Weak => f.write_str("signatures under this key prove nothing; make another"),
        }
    }
}

impl core::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3 and 10.1.
    const SECRET: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";
    const OPEN: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
";

    fn kind<T: core::fmt::Debug>(result: Result<T, KeyError>) -> KeyErrorKind {
        result.expect_err("no key").kind().clone()
    }

    #[test]
    fn keys_are_read_from_pem() {
        let secret = SecretKey::from_pem(SECRET).expect("a key");
        let keys = PublicKey::all_from_pem(OPEN).expect("a key");
        assert_eq!(keys, [secret.public()]);
        assert_eq!(keys[0].to_string(), "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        assert!(!format!("{secret:?}").contains("212, 238"), "{secret:?}");
        // Several, with remarks, and with the line ends of other systems.
        let other = SecretKey::from_bytes(&[7; 32]).public();
        let many = format!("the old one\n{OPEN}the new one\r\n{}", OPEN.replace('\n', "\r\n"));
        assert_eq!(PublicKey::all_from_pem(&many).expect("keys").len(), 2);
        assert_eq!(PublicKey::from_bytes(&other.bytes()).expect("a key"), other);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let missing = |wanted, other| KeyErrorKind::Missing { wanted, other };
        assert_eq!(kind(PublicKey::all_from_pem("")), missing(PUBLIC, false));
        assert_eq!(kind(PublicKey::all_from_pem(SECRET)), missing(PUBLIC, true));
        assert_eq!(kind(SecretKey::from_pem(OPEN)), missing(PRIVATE, true));
        assert_eq!(kind(SecretKey::from_pem(&SECRET.repeat(2))), KeyErrorKind::Several);
        assert_eq!(kind(SecretKey::from_pem(&SECRET.replace("MC4C", "MC5C"))), KeyErrorKind::Malformed);
        // One key that is cut short spoils the file: whoever wrote it trusts a key that would be missing.
        let cut = format!("{OPEN}{}", &OPEN[..60]);
        assert_eq!(kind(PublicKey::all_from_pem(&cut)), KeyErrorKind::Malformed);
        assert_eq!(
            kind(PublicKey::all_from_pem(&format!("{OPEN}{}", OPEN.replace("MCow", "MCox")))),
            KeyErrorKind::Malformed
        );
        // The neutral element, under which there are signatures of everything.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(kind(PublicKey::from_bytes(&neutral)), KeyErrorKind::Weak);
        for problem in
            [missing(PUBLIC, true), missing(PRIVATE, true), missing(PUBLIC, false), KeyErrorKind::Several]
        {
            assert!(KeyError::from(problem).to_string().starts_with("it holds "));
        }
    }
}
