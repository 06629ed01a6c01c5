//! What the fuzz targets call, and the suite that replays their findings.

use std::sync::OnceLock;

use camshaft_bundle::Bundle;
use camshaft_compiler::Config;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::{document, json, normalize};
use camshaft_runtime::{Decision, Engine, ErrorCode, Request};

use crate::generate::{Features, Random, Requests, world};
use crate::product::{Answer, Product, load_text};
use crate::reference::Reference;

const KINDS: [Kind; 6] =
    [Kind::Identity, Kind::Boundary, Kind::Session, Kind::Scp, Kind::Trust, Kind::Resource];

/// A policy document in every kind: no panic, and every finding has a place in the source.
///
/// # Panics
///
/// If a span lies outside the source, or a refusal has no error.
pub fn parse(bytes: &[u8]) {
    let (source, None) = json::decode("fuzz", 0, bytes.to_vec()) else { return };
    each_reading(&source, |_, reading| {
        let length = source.text().len();
        for found in &reading.diagnostics {
            let spans = found.related.iter().map(|(span, _)| *span).chain([found.span]);
            let edits = found.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
            for Span { start, end } in spans.chain(edits) {
                assert!(start <= end && end <= length, "{found:?} in {length} bytes");
                assert!(
                    source.text().is_char_boundary(start) && source.text().is_char_boundary(end),
                    "{found:?}"
                );
            }
            let _ = source.position(found.span.start);
        }
        assert_eq!(reading.statements.is_none(), reading.diagnostics.iter().any(|found| found.is_error()));
    });
}

/// The canonical form of an accepted document is accepted, is its own canonical form and means the same.
///
/// # Panics
///
/// If it is not.
pub fn normalize(bytes: &[u8]) {
    let (source, None) = json::decode("fuzz", 0, bytes.to_vec()) else { return };
    each_reading(&source, |setting, reading| {
        let Some(statements) = &reading.statements else { return };
        let document = document::parse_source(&source, 0);
        let canonical =
            normalize::canonical(&document, &source, setting).expect("accepted, so it has a form");
        let again_source = Source::new("canonical", canonical.text.as_str());
        let whole = Span::new(0, canonical.text.len());
        let again = document::parse_within(&again_source, 0, whole, json::Bounds::CANONICAL);
        let limits =
            Limits { document_soft_chars: None, document_hard_chars: None, ..setting.limits.clone() };
        let lifted = Setting { limits: &limits, ..*setting };
        let second =
            normalize::canonical(&again, &again_source, &lifted).expect("a canonical form is accepted");
        assert_eq!(second.text, canonical.text);
        let reread = again.read(&again_source, &lifted).statements.expect("accepted");
        for (statement, sources) in reread.iter().zip(&canonical.sources) {
            for index in sources {
                let original = &statements[*index as usize];
                assert_eq!(normalize::statement_text(statement), normalize::statement_text(original));
            }
        }
    });
}

fn each_reading(source: &Source, mut check: impl FnMut(&Setting<'_>, document::Reading)) {
    let (parameters, catalogue, limits) = (Parameters::new(), Catalogue::new(), Limits::default());
    let document = document::parse_source(source, 0);
    for kind in KINDS {
        let setting = Setting {
            kind,
            preset: false,
            account: Some(Owner { uin: "100000000001", appid: Some("1250000000") }),
            parameters: &parameters,
            builtin_parameters: true,
            catalogue: &catalogue,
            legacy_project: false,
            strict: false,
            limits: &limits,
            scope: None,
            unknown_account: false,
        };
        check(&setting, document.read(source, &setting));
    }
}

/// Seed of the world whose bundle is edited: it uses every layer.
const EDITED_WORLD: u64 = 7;

fn small_bundle() -> &'static [u8] {
    static BUNDLE: OnceLock<Vec<u8>> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let loaded = load_text(&world(EDITED_WORLD, Features::all()).to_string());
        let set = loaded.set.expect("generated worlds are accepted");
        camshaft_compiler::compile(&set, &Config::default()).expect("compiles").bytes
    })
}

/// Edits of a bundle, three bytes each (two of position, one of value), with the digest made good again:
/// it is refused, or every decision is total.
///
/// # Panics
///
/// If a decision calls the opened bundle inconsistent.
pub fn open_bundle(bytes: &[u8]) {
    let _ = Bundle::open(bytes);
    let mut edited = small_bundle().to_vec();
    for edit in bytes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) * edited.len() / 65_536;
        edited[at] = edit[2];
    }
    reseal(&mut edited);
    let Ok(bundle) = Bundle::open(&edited) else { return };
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

/// A generated world and requests on it: engine and reference agree. Eight bytes of seed, then one byte a
/// request.
///
/// # Panics
///
/// If they do not.
pub fn differential(bytes: &[u8]) {
    let Some((seed, requests)) = bytes.split_first_chunk::<8>() else { return };
    let seed = u64::from_le_bytes(*seed);
    let value = world(seed, Features::all());
    let loaded = load_text(&value.to_string());
    let mut product = Product::new(&loaded, &Config::default());
    let reference = Reference::new(&value);
    let maker = Requests::new(&value, Features::all());
    for byte in requests.iter().take(64) {
        let request = maker.next(&mut Random::new(seed ^ u64::from(*byte)));
        let expected = Answer::from(reference.decide(&request));
        assert_eq!(product.answer(&request.to_string()), expected, "world {seed}\n{value}\n{request}");
    }
}
