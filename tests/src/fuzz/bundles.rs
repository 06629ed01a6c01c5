//! Bytes as bundles: refused, or harmless; proven, or the same.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::OnceLock;

use camshaft::decider::{PreparedSession, with_request};
use camshaft_bundle::{Bundle, SecretKey, Trust, sign, verify_full};
use camshaft_compiler::{Budget, Config, compile};
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request::{self, Request as JsonRequest};
use camshaft_runtime::{Decision, Engine, ErrorCode, Request, Statement};

use crate::generate::{Features, Random, Requests, world};
use crate::product::{Product, load_text};

/// A sound bundle, its world, and requests on it.
struct Sample {
    set: PolicySet,
    bytes: Vec<u8>,
    requests: Vec<(JsonRequest, PreparedSession)>,
}

/// Requests by which a proven bundle is compared with the sound one.
const COMPARED: usize = 60;

/// Sound bundles: the first is of a world that uses every layer, the others are built by other strategies.
fn samples() -> &'static [Sample] {
    static SAMPLES: OnceLock<Vec<Sample>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let grouped = || Config::default().path_anchors(false).action_anchors(false).dense_rows(0);
        let made = [
            (7, Config::default()),
            (700, Config::default().dense_rows(2).listed_keys(0)),
            (701, grouped()),
            (702, grouped().state_budget(1)),
            (704, Config::default().merge_rows(0).light_rows(0).replication(0).fragments(0)),
        ];
        made.into_iter().map(|(seed, config)| Sample::new(seed, &config)).collect()
    })
}

impl Sample {
    fn new(seed: u64, config: &Config) -> Self {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let product = Product::new(&loaded, config);
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        let requests = (0..COMPARED).map(|_| maker.next(&mut random).to_string());
        let requests = requests.filter_map(|text| request::parse(&text).ok());
        let requests = requests.map(|request| {
            let session = product.decider().session(&request);
            (request, session)
        });
        let requests = requests.collect();
        let set = loaded.set.expect("generated worlds are accepted");
        let bytes = compile(&set, config).expect("compiles").bytes;
        Self { set, bytes, requests }
    }

    /// Whether another bundle gives the same decisions for the same statements.
    fn answers_alike(&self, other: Bundle) -> bool {
        let (sound, other) = (Engine::new(Bundle::open(&self.bytes).expect("opens")), Engine::new(other));
        let (mut a, mut b) = (sound.scratch(), other.scratch());
        let names = |engine: &Engine, all: &[Statement]| {
            all.iter().map(|statement| engine.statement_name(*statement)).collect::<BTreeSet<_>>()
        };
        self.requests.iter().all(|(request, session)| {
            with_request(request, session, |request| {
                let (wanted, found) = (sound.reasons(request, &mut a), other.reasons(request, &mut b));
                let hot = other.decide(request, &mut b);
                discriminant(&wanted.decision) == discriminant(&found.decision)
                    && discriminant(&wanted.decision) == discriminant(&hot)
                    && names(&sound, &wanted.statements) == names(&other, &found.statements)
            })
        })
    }
}

/// The bytes of the sound bundles, to begin with.
pub fn sound_bundles() -> impl Iterator<Item = &'static [u8]> {
    samples().iter().map(|sample| sample.bytes.as_slice())
}

/// Edits of a bundle, three bytes each (two of position, one of value), with the digest made good again:
/// it is refused, or every decision is total.
///
/// # Panics
///
/// If a decision calls the opened bundle inconsistent.
pub fn open_bundle(bytes: &[u8]) {
    let _ = Bundle::open(bytes);
    let mut edited = samples()[0].bytes.clone();
    for edit in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) * edited.len() / 65_536;
        edited[at] = edit[2];
    }
    reseal(&mut edited);
    if let Ok(bundle) = Bundle::open(&edited) {
        decides_totally(bundle);
    }
}

/// A whole file, as it is and with header and digest made good, unsigned and signed: it is refused, or every decision
/// is total, and full verification and proof come to an end.
///
/// # Panics
///
/// If signing changes whether it opens, or a decision calls the opened bundle inconsistent.
pub fn open_file(bytes: &[u8]) {
    let key = SecretKey::from_bytes(&[7; 32]);
    let trust = Trust::new([key.public()]);
    let _ = Bundle::open(bytes);
    assert!(Bundle::open_signed(bytes, &trust).is_err(), "nobody signed it");
    let mut file = bytes.to_vec();
    if let Some(header) = file.first_chunk_mut::<64>() {
        header[..8].copy_from_slice(b"\x89CAM\r\n\x1a\n");
        header[8..16].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        header[16..24].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        header[24..32].fill(0);
    }
    reseal(&mut file);
    let signed = sign(&file, &key, 1, 0).map(|signed| Bundle::open_signed(&signed, &trust).is_ok());
    match Bundle::open(&file) {
        Ok(bundle) => {
            assert_eq!(signed.ok(), Some(true), "it opens unsigned only");
            let _ = verify_full(&bundle);
            let _ = camshaft_compiler::prove(&bundle, None, &small_budget());
            decides_totally(bundle);
        }
        Err(_) => assert_ne!(signed.ok(), Some(true), "it opens signed only"),
    }
}

pub(super) fn small_budget() -> Budget {
    Budget { states: 1 << 14, memberships: 1 << 20, ..Budget::default() }
}

/// Edits of a sound bundle: one byte says of which, then four bytes an edit (two of position, one of what to do, one of
/// value), over the integers of the file. Where it opens, verifies and is proven, it answers as before.
///
/// # Panics
///
/// If it does not.
pub fn prove(bytes: &[u8]) {
    let Some((which, edits)) = bytes.split_first() else { return };
    let sample = &samples()[usize::from(*which) % samples().len()];
    let mut edited = sample.bytes.clone();
    let words = edited.len() / 4;
    for edit in edits.chunks_exact(4).take(8) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) * words / 65_536 * 4;
        let other = (at + (usize::from(edit[3]) + 1) * 4) % (words * 4);
        let byte = at + usize::from(edit[2] >> 4 & 3);
        match edit[2] & 7 {
            0 => edited[at] = edited[at].wrapping_add(1),
            1 => edited[at] = edited[at].wrapping_sub(1),
            2 => edited[byte] ^= 1 << (edit[3] & 7),
            3 => edited[at..at + 4].fill(edit[3]),
            4 => edited.copy_within(other..other + 4, at),
            5 => (0..4).for_each(|byte| edited.swap(at + byte, other + byte)),
            _ => edited[byte] = edit[3],
        }
    }
    if edited == sample.bytes {
        return;
    }
    reseal(&mut edited);
    let Ok(bundle) = Bundle::open(&edited) else { return };
    let proof = camshaft_compiler::prove(&bundle, Some(&sample.set), &Budget::default());
    if proof.is_complete() && verify_full(&bundle).is_ok() {
        assert!(sample.answers_alike(bundle), "proven, and answers otherwise");
    }
}

fn decides_totally(bundle: Bundle) {
    let engine = Engine::new(bundle);
    let mut scratch = engine.scratch();
    let actions = ["cos:GetObject", "cam:PassRole", "sts:AssumeRole", "x:y"];
    let resources =
        ["*", "qcs::cos:ap-beijing:uid/1250000000:b-1250000000/a", "qcs::cam::uin/100000000001:roleName/r0"];
    let callers = [
        "qcs::cam::uin/100000000001:uin/100000000011",
        "qcs::cam::uin/1:uin/2",
        "qcs::cam::anonymous:anonymous",
    ];
    for number in 0..actions.len() * resources.len() * callers.len() {
        let (action, rest) = (actions[number % actions.len()], number / actions.len());
        let (resource, principal) = (resources[rest % resources.len()], callers[rest / resources.len()]);
        let context: &[(&str, &[&str])] = &[("qcs:ip", &["10.0.0.1"]), ("ks", &["a", "b"]), ("kn", &["1"])];
        let request = Request { principal, action, resources: &[resource], context, ..Request::default() };
        let decision = engine.decide(&request, &mut scratch);
        assert_ne!(decision, Decision::Error { code: ErrorCode::Bundle }, "{request:?}");
        let _ = engine.explain(&request, &mut scratch);
    }
}

/// Writes the digest that the content has.
pub fn reseal(file: &mut [u8]) {
    if file.len() >= 64 {
        file[32..64].fill(0);
        let digest = blake3::hash(file);
        file[32..64].copy_from_slice(digest.as_bytes());
    }
}
