//! Lints as a user sets them: levels, suppressions, and what the lints are told.
//!
//! What a lint finds is the compiler's (`camshaft_compiler::lint`); here it is said which findings count, and how much.

mod config;

use std::path::{Path, PathBuf};

use camshaft_compiler::lint::{Found, KnownActions, Lints};
use camshaft_frontend::diagnostic::{Code, Diagnostic, Severity, code};
use camshaft_frontend::source::Source;

use crate::args::Linting;
use crate::exit::Failure;
use crate::input;
use crate::render::diagnostic::Findings;

use config::Suppression;

/// The codes of lints.
const CODES: core::ops::RangeInclusive<u16> = 501..=599;

/// Whether findings of a code are those of a lint.
pub(crate) fn is_lint(code: Code) -> bool {
    CODES.contains(&code.0)
}

/// How much findings of a lint count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Not at all.
    Off,
    /// As findings of a severity.
    At(Severity),
}

impl Level {
    /// Reads a level.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "off" => Self::Off,
            "note" => Self::At(Severity::Note),
            "warning" => Self::At(Severity::Warning),
            "error" => Self::At(Severity::Error),
            _ => {
                return Err(format!("`{text}` is no level; levels are `off`, `note`, `warning` and `error`"));
            }
        })
    }
}

/// One lint, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Every lint.
    All,
    /// One.
    One(Code),
}

impl Choice {
    /// Reads a code, a name or `all`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(code) = Code::parse(text) {
            let message = || format!("`{text}` is not a lint; its level is fixed");
            return is_lint(code).then_some(Self::One(code)).ok_or_else(message);
        }
        let lints = || Code::all().filter(|code| is_lint(*code));
        if let Some(code) = lints().find(|code| code.title() == text) {
            return Ok(Self::One(code));
        }
        let near = camshaft_frontend::spelling::nearest(text, lints().map(Code::title));
        Err(match near {
            Some(near) => format!("there is no lint `{text}`; did you mean `{near}`?"),
            None => format!("there is no lint `{text}`; `camshaft help lints` lists them"),
        })
    }

    fn holds(self, code: Code) -> bool {
        match self {
            Self::All => true,
            Self::One(one) => one == code,
        }
    }
}

/// The settings of a run.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// What the lints are told.
    pub(crate) lints: Lints,
    /// The last that speaks of a lint counts.
    levels: Vec<(Choice, Level)>,
    suppressions: Vec<Suppression>,
    /// The file of the suppressions.
    source: Option<Source>,
}

/// A finding that somebody set aside.
#[derive(Debug)]
pub(crate) struct Suppressed {
    /// The finding.
    pub(crate) diagnostic: Diagnostic,
    /// Why it does not count.
    pub(crate) reason: String,
}

impl Settings {
    /// Reads what the command line names.
    pub(crate) fn load(args: &Linting) -> Result<Self, Failure> {
        let mut settings = Self::default();
        if let Some(config) = config::load(args.config.as_deref())? {
            (settings.levels, settings.suppressions) = (config.levels, config.suppressions);
            settings.source = Some(config.source);
        }
        settings.levels.extend(&args.levels);
        settings.lints.known = args.actions.as_deref().map(known).transpose()?;
        settings.lints.build_date = args.build_date;
        Ok(settings)
    }

    /// Whether any lint is wanted at all.
    pub(crate) fn is_on(&self) -> bool {
        Code::all().any(|code| is_lint(code) && self.level(code) != Level::Off)
    }

    fn level(&self, code: Code) -> Level {
        let of = |(choice, level): &(Choice, Level)| choice.holds(code).then_some(*level);
        self.levels.iter().rev().find_map(of).unwrap_or(Level::At(code.severity()))
    }

    /// A finding as it counts, or why it does not; `None` where its lint is off.
    pub(crate) fn judge(
        &mut self,
        found: Found,
        sources: &[Source],
    ) -> Option<Result<Diagnostic, Suppressed>> {
        let Found { diagnostic, policy, statement, sid } = found;
        let Level::At(severity) = self.level(diagnostic.code) else { return None };
        let diagnostic = diagnostic.severity(severity);
        let path = sources.get(diagnostic.source as usize).map(Source::name).unwrap_or_default();
        let place = config::Place { path, policy: &policy, statement, sid: sid.as_deref() };
        for suppression in &mut self.suppressions {
            if suppression.lint == diagnostic.code && suppression.holds(&place) {
                suppression.used = true;
                let reason = suppression.reason.clone();
                return Some(Err(Suppressed { diagnostic, reason }));
            }
        }
        Some(Ok(diagnostic))
    }

    /// CAM0541 for suppressions that hit nothing in what was looked at.
    pub(crate) fn unused(&self, looked_at: &[PathBuf]) -> Option<Findings> {
        let source = self.source.clone()?;
        let Level::At(severity) = self.level(code::UNUSED_SUPPRESSION) else { return None };
        let idle = self.suppressions.iter().filter(|suppression| {
            !suppression.used && self.level(suppression.lint) != Level::Off && suppression.concerns(looked_at)
        });
        let finding = |suppression: &Suppression| {
            let message = format!("nothing of `{}` is suppressed here", suppression.lint.title());
            Diagnostic::new(code::UNUSED_SUPPRESSION, 0, suppression.span, message).severity(severity)
        };
        let diagnostics: Vec<Diagnostic> = idle.map(finding).collect();
        (!diagnostics.is_empty()).then(|| Findings::of(source, diagnostics))
    }
}

fn known(path: &Path) -> Result<KnownActions, Failure> {
    let malformed = |why: String| {
        Failure::usage_with(
            format!("`--actions {}` cannot be used: {why}", path.display()),
            "it has an action such as `cos:GetObject` on each line, with a `*` behind it if it takes no resource",
        )
    };
    let text = String::from_utf8(input::read(path)?).map_err(|_| malformed("it is not UTF-8".into()))?;
    KnownActions::parse(&text).map_err(|fault| malformed(format!("{} (line {})", fault.message, fault.line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_called_by_code_or_name() {
        assert_eq!(Choice::parse("CAM0508"), Ok(Choice::One(code::FULL_ACCESS)));
        assert_eq!(Choice::parse("full-access"), Ok(Choice::One(code::FULL_ACCESS)));
        assert_eq!(Choice::parse("all"), Ok(Choice::All));
        assert!(Choice::parse("CAM0319").unwrap_err().contains("not a lint"));
        assert!(Choice::parse("full-acess").unwrap_err().contains("did you mean `full-access`?"));
        assert!(Level::parse("warn").unwrap_err().contains("`warning`"));
    }

    #[test]
    fn the_last_level_counts() {
        let mut settings = Settings::default();
        assert_eq!(settings.level(code::FULL_ACCESS), Level::At(Severity::Warning));
        settings.levels = vec![(Choice::One(code::FULL_ACCESS), Level::At(Severity::Error))];
        assert_eq!(settings.level(code::FULL_ACCESS), Level::At(Severity::Error));
        settings.levels.push((Choice::All, Level::Off));
        assert_eq!((settings.level(code::FULL_ACCESS), settings.is_on()), (Level::Off, false));
    }
}
