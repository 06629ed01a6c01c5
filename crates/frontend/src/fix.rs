//! Machine-applicable fixes applied to a text, for `camshaft fmt` and editors.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Applicability, Diagnostic, Edit},
    document,
    setting::Setting,
    source::{Position, Source},
};

/// Most rounds of reading and mending. Every round mends all findings that do not overlap; one
/// entry seldom has more than three.
const ROUNDS: usize = 32;

/// A text after its fixes.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The text, under the name of the source; the source itself if there was nothing to mend.
    pub source: Source,
    /// How many fixes were applied.
    pub applied: usize,
    /// The findings that they were for, and where each stood in the text that it was found in: the source, or the
    /// source after other fixes.
    pub fixed: Vec<(Diagnostic, Position)>,
}

/// Applies the machine-applicable fixes of findings about one source. Of fixes that overlap the
/// first is applied; `None` if there are none at all.
pub fn apply(source: &Source, diagnostics: &[Diagnostic]) -> Option<(String, usize)> {
    applied(source, diagnostics).map(|(text, fixed)| (text, fixed.len()))
}

/// The text, and the findings whose fixes were applied.
fn applied<'d>(source: &Source, diagnostics: &'d [Diagnostic]) -> Option<(String, Vec<&'d Diagnostic>)> {
    let text = source.text();
    let mut fixes: Vec<(&Diagnostic, &[Edit])> = diagnostics
        .iter()
        .filter_map(|found| Some((found, found.fix.as_ref()?)))
        .filter(|(_, fix)| fix.applicability == Applicability::Machine)
        .map(|(found, fix)| (found, fix.edits.as_slice()))
        .filter(|(_, edits)| !edits.is_empty() && edits.iter().all(|edit| fits(text, edit)))
        .collect();
    fixes.sort_by_key(|(_, edits)| edits.first().map(|edit| (edit.span.start, edit.span.end)));
    let mut taken: BTreeMap<(usize, usize), &str> = BTreeMap::new();
    let mut fixed = Vec::new();
    for (found, edits) in fixes {
        if edits.iter().any(|edit| overlaps(&taken, edit)) {
            continue;
        }
        taken.extend(edits.iter().map(|edit| ((edit.span.start, edit.span.end), &*edit.text)));
        fixed.push(found);
    }
    if fixed.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for ((start, end), new) in taken {
        out.push_str(text.get(at..start).unwrap_or(""));
        out.push_str(new);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Some((out, fixed))
}

fn fits(text: &str, edit: &Edit) -> bool {
    text.get(edit.span.start..edit.span.end).is_some()
}

/// Whether an edit overlaps one of those taken, or inserts at the same place.
fn overlaps(taken: &BTreeMap<(usize, usize), &str>, edit: &Edit) -> bool {
    let key = (edit.span.start, edit.span.end);
    let before = taken.range(..key).next_back().is_some_and(|((_, end), _)| *end > key.0);
    let after = taken.range(key..).next().is_some_and(|(other, _)| other.0 < key.1 || *other == key);
    before || after
}

/// Applies the sure fixes of errors, again and again, until the document is accepted or none is left.
///
/// What is accepted is not touched: its canonical form says the same without the findings, while a fix
/// of a warning may say what was meant instead (CAM0326). The text may still be refused at the end.
pub fn mend(source: &Source, setting: &Setting<'_>) -> Mended {
    mend_where(source, &Setting { strict: false, ..*setting }, Diagnostic::is_error)
}

/// Applies every sure fix, those of warnings and notes included, until none is left.
pub fn mend_all(source: &Source, setting: &Setting<'_>) -> Mended {
    mend_where(source, setting, |_| true)
}

fn mend_where(source: &Source, setting: &Setting<'_>, wanted: impl Fn(&Diagnostic) -> bool) -> Mended {
    let mut mended = Mended { source: source.clone(), applied: 0, fixed: Vec::new() };
    for _ in 0..ROUNDS {
        let mut found = document::parse_source(&mended.source, 0).read(&mended.source, setting).diagnostics;
        found.retain(&wanted);
        let Some((text, fixed)) = applied(&mended.source, &found) else { break };
        if text == mended.source.text() {
            break;
        }
        mended.applied += fixed.len();
        let placed = |found: &Diagnostic| (found.clone(), mended.source.position(found.span.start));
        mended.fixed.extend(fixed.into_iter().map(placed));
        mended.source = Source::new(mended.source.name(), text);
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        normalize,
        policy::Kind,
        testing::{self, Dice, Fixture},
    };

    fn mended(text: &str, kind: Kind) -> (String, bool) {
        let fixture = Fixture::new();
        let setting = fixture.setting(kind);
        let mended = mend_all(&Source::new("test.json", text), &setting);
        let document = document::parse_source(&mended.source, 0);
        let sound = normalize::canonical_pretty(&document, &mended.source, &setting).is_ok();
        (mended.source.text().to_owned(), sound)
    }

    #[test]
    fn mends_typography() {
        let text = "｛“version”：“2.0”，“statement”：［｛\u{a0}“effect”：\"allow\"、‘action’：“a:B\"，\"resource\"：\"*\"｝］｝";
        let expected = "{\"version\":\"2.0\",\"statement\":[{ \"effect\":\"allow\",\"action\":[\"a:B\"],\"resource\":[\"*\"]}]}";
        assert_eq!(mended(text, Kind::Identity), (expected.to_owned(), true));
    }

    #[test]
    fn mends_shape_and_entries() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":["name/A: b","name/A: b"],"Resource":"qcs::cos:bj::b-1",},}"#;
        let expected = r#"{"version": "2.0", "statement":[{"effect":"allow","action":["name/a:b"],"resource":["qcs::cos:ap-beijing::b-1/"]}]}"#;
        assert_eq!(mended(text, Kind::Identity), (expected.to_owned(), true));
        let top = r#"{"version":"2.0","principal":"*","statement":[{"effect":"allow","action":["a:B"]},{"effect":"deny","action":["a:B"]}]}"#;
        let expected = r#"{"version":"2.0","statement":[{"principal": "*", "effect":"allow","action":["a:B"]},{"principal": "*", "effect":"deny","action":["a:B"]}]}"#;
        assert_eq!(mended(top, Kind::Trust), (expected.to_owned(), true));
    }

    #[test]
    fn mends_errors_only_where_fmt_asks() {
        let fixture = Fixture::new();
        let setting = fixture.setting(Kind::Identity);
        let resource = "qcs::cos::uid/1:prefix//1/b/k";
        let text = |effect: &str, resource: &str| {
            testing::with(&format!(r#""effect":"{effect}","action":["a:B"],"resource":["{resource}"]"#))
        };
        let mended = |effect| mend(&Source::new("test.json", text(effect, resource)), &setting).source;
        assert_eq!(mended("allow").text(), text("allow", resource));
        assert_eq!(mended("deny").text(), text("deny", "qcs::cos::uid/1:b-1/k"));
        assert_eq!(mended("Allow").text(), text("allow", resource));
    }

    #[test]
    fn leaves_the_rest_alone() {
        for text in ["{\"version\":\"2.0\" \"statement\":[]}", "{\"a\":1}x", "", "[\"\\x\"]"] {
            assert_eq!(mended(text, Kind::Identity), (text.to_owned(), false));
        }
    }

    #[test]
    fn generated_documents_end_without_warnings() {
        let fixture = Fixture::new();
        let setting = fixture.setting(Kind::Resource);
        let mut dice = Dice(5);
        for _ in 0..500 {
            let text = dice.document();
            let mended = mend_all(&Source::new("test.json", text.clone()), &setting);
            let reading = document::parse_source(&mended.source, 0).read(&mended.source, &setting);
            let sure = |found: &Diagnostic| {
                found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Machine)
            };
            assert!(reading.statements.is_some(), "{text}\n{}", mended.source.text());
            assert!(!reading.diagnostics.iter().any(sure), "{text}\n{}", mended.source.text());
        }
    }
}
