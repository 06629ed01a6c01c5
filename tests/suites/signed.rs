//! Signed bundles: only what a trusted key signed is opened, nothing of it can be changed, and nothing older than what
//! the reader accepts comes back.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use camshaft_bundle::{Bundle, ENVELOPE_BYTES, Envelope, OpenErrorKind, PublicKey, SecretKey, Trust, sign};
use camshaft_compiler::{Config, compile};
use camshaft_runtime::{Decision, Engine, ErrorCode, Request, Stamp};
use camshaft_tests::product::load_text;

/// 2026-01-01T00:00:00Z.
const CREATED_S: u64 = 1_767_225_600;
const REVISION: u64 = 7;

/// A small bundle; `action` tells one from another. It may be a minute old.
fn bundle(action: &str) -> Vec<u8> {
    let loaded = load_text(&format!(
        r#"{{"options":{{"max_artifact_age_s":60}},"accounts":[{{"uin":"100000000001","appid":"1250000000",
            "users":[{{"uin":"100000000011","policies":["p"]}}],
            "policies":{{"p":{{"version":"2.0","statement":[{{"effect":"allow","action":["{action}"],"resource":["*"]}}]}}}}}}]}}"#
    ));
    compile(loaded.set.as_ref().expect("accepted"), &Config::default()).expect("compiles").bytes
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn trust(numbers: &[u8]) -> Trust {
    Trust::new(numbers.iter().map(|number| key(*number).public()))
}

fn signed(bundle: &[u8]) -> Vec<u8> {
    sign(bundle, &key(1), REVISION, CREATED_S).expect("signs")
}

fn refusal(file: &[u8], trust: &Trust) -> OpenErrorKind {
    Bundle::open_signed(file, trust).expect_err("it is to be refused").kind().clone()
}

#[test]
fn what_was_signed_opens_and_says_by_whom() {
    let plain = bundle("cos:GetObject");
    let file = signed(&plain);
    assert_eq!((file.len(), &file[ENVELOPE_BYTES..]), (plain.len() + ENVELOPE_BYTES, plain.as_slice()));
    let opened = Bundle::open_signed(&file, &trust(&[1])).expect("opens");
    let envelope = opened.envelope().expect("it was verified");
    assert_eq!((envelope.revision, envelope.created_s), (REVISION, CREATED_S));
    assert_eq!((envelope.signer, envelope.digest), (key(1).public().bytes(), opened.digest()));
    assert_eq!(envelope.signer_text(), key(1).public().to_string());
    assert_eq!(
        (opened.length(), opened.digest()),
        (plain.len(), Bundle::open(&plain).expect("opens").digest())
    );
    assert_eq!(Stamp::from(&opened), Stamp { revision: REVISION, created_s: Some(CREATED_S) });
    // Unverified, nothing of it counts.
    assert_eq!(Envelope::split(&file).expect("an envelope").0.as_ref(), Some(envelope));
    assert_eq!(Stamp::from(&Bundle::open(&plain).expect("opens")), Stamp::default());
    // Signing is deterministic, and the signature of a signed file takes the place of the old one.
    assert_eq!(signed(&file), file);
    let renewed = sign(&file, &key(2), REVISION, CREATED_S + 60).expect("signs");
    assert_eq!(renewed.len(), file.len());
    assert!(Bundle::open_signed(&renewed, &trust(&[2])).is_ok());
}

#[test]
fn several_keys_are_trusted_while_one_takes_over_from_another() {
    let plain = bundle("cos:GetObject");
    let (old, new) = (signed(&plain), sign(&plain, &key(2), REVISION, CREATED_S).expect("signs"));
    for (keys, good) in [(&[1u8][..], [true, false]), (&[1, 2], [true, true]), (&[2], [false, true])] {
        let opens = |file: &[u8]| Bundle::open_signed(file, &trust(keys)).is_ok();
        assert_eq!([opens(&old), opens(&new)], good, "{keys:?}");
    }
    let signer = key(1).public().to_string();
    assert_eq!(refusal(&old, &trust(&[2, 3])), OpenErrorKind::Untrusted { signer: signer.clone() });
    // A list of keys that came out empty lets nobody in.
    assert_eq!(refusal(&old, &trust(&[])), OpenErrorKind::Untrusted { signer });
}

#[test]
fn an_earlier_revision_does_not_come_back() {
    let file = signed(&bundle("cos:GetObject"));
    let from = |least| trust(&[1]).with_least_revision(least);
    assert!(Bundle::open_signed(&file, &from(REVISION)).is_ok());
    assert_eq!(refusal(&file, &from(8)), OpenErrorKind::Revision { found: REVISION, least: 8 });
    // The greatest there is can be signed and asked for.
    let last = sign(&file, &key(1), u64::MAX, u64::MAX).expect("signs");
    assert!(Bundle::open_signed(&last, &from(u64::MAX)).is_ok());
}

#[test]
fn nothing_of_a_signed_file_can_be_changed() {
    let file = signed(&bundle("cos:GetObject"));
    let trust = trust(&[1]);
    for at in 0..file.len() {
        // Of the envelope every bit, of the bundle one in each byte: the suite `corruption` has more of those.
        for bit in 0..if at < ENVELOPE_BYTES { 8 } else { 1 } {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            let kind = refusal(&changed, &trust);
            let expected = match at {
                0..8 => kind == OpenErrorKind::Unsigned,
                8..16 => matches!(kind, OpenErrorKind::EnvelopeVersion { .. }),
                64..96 => matches!(kind, OpenErrorKind::Untrusted { .. }),
                16..64 | 96..ENVELOPE_BYTES => kind == OpenErrorKind::Signature,
                // The bundle: what its header says is refused as in an unsigned one, the rest by the digest.
                _ => !matches!(kind, OpenErrorKind::Signature | OpenErrorKind::OtherBundle),
            };
            assert!(expected, "bit {bit} of byte {at}: {kind:?}");
        }
    }
    for length in 0..file.len() {
        let kind = refusal(&file[..length], &trust);
        let expected = match length {
            0..8 => kind == OpenErrorKind::Unsigned,
            8..ENVELOPE_BYTES => kind == OpenErrorKind::Truncated { length },
            _ => matches!(kind, OpenErrorKind::Truncated { .. } | OpenErrorKind::Length { .. }),
        };
        assert!(expected, "{length} bytes: {kind:?}");
    }
    assert!(matches!(refusal(&[&file[..], b"\0"].concat(), &trust), OpenErrorKind::Length { .. }));
}

#[test]
fn an_envelope_belongs_to_one_bundle_and_one_signer() {
    let (one, other) = (bundle("cos:GetObject"), bundle("cos:PutObject"));
    let (file, elsewhere) = (signed(&one), signed(&other));
    let trust = trust(&[1]);
    let swapped = [&file[..ENVELOPE_BYTES], &other[..]].concat();
    assert_eq!(refusal(&swapped, &trust), OpenErrorKind::OtherBundle);
    // With the digest of the signed bundle in its header it is a damaged bundle.
    let mut posed = swapped.clone();
    posed.splice(ENVELOPE_BYTES + 32..ENVELOPE_BYTES + 64, one[32..64].iter().copied());
    assert_eq!(refusal(&posed, &trust), OpenErrorKind::Digest);
    // The signature of another envelope of the same signer; another's signature under the trusted key.
    let mixed = [&file[..96], &elsewhere[96..160], &one[..]].concat();
    assert_eq!(refusal(&mixed, &trust), OpenErrorKind::Signature);
    let foreign = sign(&one, &key(2), REVISION, CREATED_S).expect("signs");
    let posing = [&file[..96], &foreign[96..]].concat();
    assert_eq!(refusal(&posing, &trust), OpenErrorKind::Signature);
    // Envelopes do not nest, and nothing else is in them.
    let nested = [&file[..ENVELOPE_BYTES], &file[..]].concat();
    assert_eq!(refusal(&nested, &trust), OpenErrorKind::NotABundle);
    let text = [&file[..ENVELOPE_BYTES], &b"{\"statement\":[]}"[..]].concat();
    assert_eq!(refusal(&text, &trust), OpenErrorKind::NotABundle);
    // What cannot be opened is not signed.
    assert!(sign(&posed[ENVELOPE_BYTES..], &key(1), 1, 1).is_err());
    assert!(sign(b"", &key(1), 1, 1).is_err());
}

/// Points of small order verify signatures of many messages, and a signature has one spelling only.
#[test]
fn signatures_that_prove_nothing_are_refused() {
    let file = signed(&bundle("cos:GetObject"));
    // The neutral element as the nonce and s = 0: it verifies under a key of small order, which nobody can trust.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(PublicKey::from_bytes(&neutral).is_err());
    let mut forged = file.clone();
    forged[96..128].copy_from_slice(&neutral);
    forged[128..160].fill(0);
    assert_eq!(refusal(&forged, &trust(&[1])), OpenErrorKind::Signature);
    // s + L, the same number in another spelling.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut respelt = file.clone();
    let mut carry = 0;
    for (byte, more) in respelt[128..160].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    assert_ne!(respelt, file);
    assert_eq!(refusal(&respelt, &trust(&[1])), OpenErrorKind::Signature);
}

#[test]
fn unsigned_bundles_and_unverified_signatures_are_refused() {
    let plain = bundle("cos:GetObject");
    let file = signed(&plain);
    assert_eq!(refusal(&plain, &trust(&[1])), OpenErrorKind::Unsigned);
    assert_eq!(refusal(b"", &trust(&[1])), OpenErrorKind::Unsigned);
    assert_eq!(Bundle::open(&file).expect_err("signed").kind(), &OpenErrorKind::Signed);
    // Every reason that has to do with signatures says what it is.
    let said: BTreeSet<String> = [
        refusal(&plain, &trust(&[1])),
        OpenErrorKind::Signed,
        refusal(&file, &trust(&[2])),
        refusal(&file, &trust(&[1]).with_least_revision(9)),
        refusal(&[&file[..ENVELOPE_BYTES], &bundle("cos:PutObject")[..]].concat(), &trust(&[1])),
        OpenErrorKind::Signature,
        OpenErrorKind::EnvelopeVersion { found: 2 },
    ]
    .map(|kind| camshaft_bundle::OpenError::from(kind).to_string())
    .into();
    assert_eq!(said.len(), 7);
    assert!(said.iter().all(|text| text.starts_with(|c: char| c.is_lowercase()) && !text.ends_with('.')));
}

/// The age is the caller's now less the signed time; an unsigned bundle has none (CITE REQ-14).
#[test]
fn an_engine_refuses_a_stale_bundle_and_one_of_unknown_age() {
    let plain = bundle("cos:GetObject");
    let request = |age| Request {
        principal: "qcs::cam::uin/100000000001:uin/100000000011",
        action: "cos:GetObject",
        resources: &["qcs::cos:ap-beijing:uid/1250000000:data-1250000000/a"],
        artifact_age_s: age,
        ..Request::default()
    };
    let ask = |bundle: Bundle, now_s: u64, greatest: Option<u64>| {
        let age = Stamp::from(&bundle).age_s(now_s);
        let engine = Engine::new(bundle);
        let engine = match greatest {
            Some(seconds) => engine.max_artifact_age_s(seconds),
            None => engine,
        };
        let decision = engine.decide(&request(age), &mut engine.scratch());
        match decision {
            Decision::Allow { .. } => true,
            Decision::Error { code: ErrorCode::Age } => false,
            other => panic!("{other:?}"),
        }
    };
    let young = || Bundle::open_signed(&signed(&plain), &trust(&[1])).expect("opens");
    assert!(ask(young(), CREATED_S + 60, None));
    assert!(!ask(young(), CREATED_S + 61, None));
    // A clock that is behind the signer's.
    assert!(ask(young(), CREATED_S - 1_000, None));
    assert!(!ask(Bundle::open(&plain).expect("opens"), CREATED_S, None));
    // Whoever runs the engine may ask for less, not for more.
    assert!(ask(young(), CREATED_S + 10, Some(10)));
    assert!(!ask(young(), CREATED_S + 11, Some(10)));
    assert!(!ask(young(), CREATED_S + 61, Some(1_000)));
}

/// A verifier that was written from the document alone agrees, and disagrees when a byte is changed.
#[test]
fn another_implementation_verifies_the_envelope() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/read_envelope.py");
    let mut file = signed(&bundle("cos:GetObject"));
    let path = std::env::temp_dir().join(format!("camshaft-signed-{}", std::process::id()));
    for good in [true, false] {
        std::fs::write(&path, &file).expect("the temporary directory takes a file");
        let output = Command::new("python3").arg(&script).arg(&path).output();
        std::fs::remove_file(&path).expect("the file is still there");
        let Ok(output) = output else {
            eprintln!("there is no python3 here");
            return;
        };
        assert_eq!(output.status.success(), good, "{}", String::from_utf8_lossy(&output.stderr));
        let expected = format!("{} {REVISION} {CREATED_S}\n", key(1).public());
        assert!(!good || output.stdout == expected.as_bytes(), "{}", String::from_utf8_lossy(&output.stdout));
        file[16] ^= 1;
    }
}
