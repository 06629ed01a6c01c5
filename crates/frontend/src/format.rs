//! Policies as `camshaft fmt` and editors write them: sure fixes applied, in canonical form, one member or entry a line.
//!
//! In: a source. Out: its text, and what it took to get there. The text is its own form, and means what the source means.

use crate::{
    diagnostic::{Applicability, Diagnostic, code},
    document, fix,
    json::Bounds,
    normalize,
    setting::Setting,
    source::{Position, Source, Span},
};

/// A policy in its one form.
#[derive(Clone, Debug)]
pub struct Formatted {
    /// The text, with a line feed at its end.
    pub text: String,
    /// Errors that had a sure fix, and where each stood in the text that it was found in.
    pub fixed: Vec<(Diagnostic, Position)>,
    /// Comments of the source, which the form has no place for.
    pub comments: usize,
}

/// Why a policy has no form.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What the findings stand in: the source, or the source after its fixes.
    pub source: Source,
    /// What fixes cannot mend, at least one error.
    pub diagnostics: Vec<Diagnostic>,
}

/// Brings a policy into its form.
///
/// # Errors
///
/// What no fix can mend. It is shown in the text of the source; where it only came to light after the fixes, in theirs.
pub fn format(source: &Source, setting: &Setting<'_>) -> Result<Formatted, Refused> {
    let before = document::parse_source(source, 0).read(source, setting).diagnostics;
    let mended = fix::mend(source, setting);
    let whole = Span::new(0, mended.source.text().len());
    let document = document::parse_within(&mended.source, 0, whole, Bounds::CANONICAL);
    match normalize::canonical_pretty(&document, &mended.source, setting) {
        Ok(text) => {
            let comments = before.iter().filter(|found| found.code == code::COMMENT).count();
            Ok(Formatted { text, fixed: mended.fixed, comments })
        }
        Err(reading) => Err(refused(source, before, mended.source, reading.diagnostics)),
    }
}

fn refused(source: &Source, before: Vec<Diagnostic>, mended: Source, after: Vec<Diagnostic>) -> Refused {
    let sure = |found: &Diagnostic| {
        found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Machine)
    };
    let left: Vec<Diagnostic> = before.into_iter().filter(|found| found.is_error() && !sure(found)).collect();
    if left.is_empty() {
        Refused { source: mended, diagnostics: after }
    } else {
        Refused { source: source.clone(), diagnostics: left }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::Kind,
        testing::{Dice, Fixture},
    };

    fn formatted(text: &str, kind: Kind) -> Result<Formatted, Refused> {
        let fixture = Fixture::new();
        format(&Source::new("test.json", text), &fixture.setting(kind))
    }

    #[test]
    fn a_form_is_its_own() {
        let mut dice = Dice(11);
        for _ in 0..500 {
            let text = dice.document();
            let once =
                formatted(&text, Kind::Resource).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
            let twice = formatted(&once.text, Kind::Resource).expect("a form is accepted");
            assert_eq!(twice.text, once.text, "{text}");
            assert!(twice.fixed.is_empty() && twice.comments == 0, "{}", once.text);
        }
    }

    #[test]
    fn says_what_it_takes() {
        let text = "{ // one\n\"version\":\"2.0\", /* two */ \"statement\":[{\"effect\":\"Allow\",\"action\":[\"cdb: X\",],\"resource\":\"*\"}]}";
        let done = formatted(text, Kind::Identity).expect("it can be mended");
        let codes: Vec<String> = done.fixed.iter().map(|(found, _)| found.code.to_string()).collect();
        assert_eq!((codes.join(" "), done.comments), ("CAM0212 CAM0303".into(), 2));
        let refused = formatted(&text.replace("\"*\"", "7"), Kind::Identity).expect_err("7 is no resource");
        let codes: Vec<String> = refused.diagnostics.iter().map(|found| found.code.to_string()).collect();
        assert_eq!((codes.join(" "), refused.source.text().contains("// one")), ("CAM0210".into(), true));
    }
}
