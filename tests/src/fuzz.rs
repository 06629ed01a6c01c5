//! What the fuzz targets call, and the suite that replays their findings.

mod bundles;
mod decisions;

pub use bundles::{open_bundle, open_file, prove, reseal, sound_bundles};
pub use decisions::{WORLDS, build_world, decide, differential};

use camshaft_frontend::limits::Limits;
use camshaft_frontend::policy::Kind;
use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::{document, json, normalize};

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
