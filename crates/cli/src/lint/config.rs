//! `camshaft.toml`: levels of lints, and findings that are set aside with a reason.
//!
//! ```toml
//! [lints]
//! full-access = "error"
//! CAM0529 = "off"
//!
//! [[suppress]]
//! lint = "full-access"
//! path = "policies/admin.json"
//! statement = 0
//! reason = "break-glass role, reviewed every quarter"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camshaft_frontend::diagnostic::Code;
use camshaft_frontend::source::{Source, Span};
use serde::Deserialize;
use toml::Spanned;

use super::{Choice, Level};
use crate::exit::Failure;
use crate::input;

/// The file that is read without being named.
const NAME: &str = "camshaft.toml";

/// What a file says.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) levels: Vec<(Choice, Level)>,
    pub(super) suppressions: Vec<Suppression>,
    pub(super) source: Source,
}

/// Findings that do not count.
#[derive(Debug)]
pub(super) struct Suppression {
    pub(super) lint: Code,
    /// With links resolved; a file or a folder.
    path: Option<PathBuf>,
    policy: Option<String>,
    statement: Option<Statement>,
    pub(super) reason: String,
    /// Where it stands in its file.
    pub(super) span: Span,
    /// Whether it hit a finding.
    pub(super) used: bool,
}

/// Where a finding is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) policy: &'a str,
    pub(super) statement: Option<u32>,
    pub(super) sid: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    lints: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    suppress: Vec<Spanned<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    lint: Spanned<String>,
    path: Option<PathBuf>,
    policy: Option<String>,
    statement: Option<Statement>,
    reason: Option<String>,
}

/// A statement by its index or its label.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Statement {
    Index(u32),
    Label(String),
}

/// Reads the file that is named, or the one of the current folder if there is one.
pub(super) fn load(named: Option<&Path>) -> Result<Option<Config>, Failure> {
    let path = match named {
        Some(path) => path,
        None if Path::new(NAME).is_file() => Path::new(NAME),
        None => return Ok(None),
    };
    let name = input::name(path);
    let unusable = |line: Option<u32>, why: &str| {
        let at = line.map_or_else(String::new, |line| format!(" (line {line})"));
        Failure::usage_with(
            format!("`{name}` cannot be used: {why}{at}"),
            "docs/lints.md shows what it may hold",
        )
    };
    let text = String::from_utf8(input::read(path)?).map_err(|_| unusable(None, "it is not UTF-8"))?;
    let source = Source::new(name.clone(), text);
    let line = |at: usize| Some(source.position(at).line);
    let file: File = toml::from_str(source.text()).map_err(|error| {
        let at = error.span().and_then(|span| line(span.start));
        unusable(at, error.message().lines().next().unwrap_or_default())
    })?;
    let mut levels = Vec::new();
    for (lint, level) in &file.lints {
        let choice = Choice::parse(lint.get_ref()).map_err(|why| unusable(line(lint.span().start), &why))?;
        let read = Level::parse(level.get_ref()).map_err(|why| unusable(line(level.span().start), &why))?;
        levels.push((choice, read));
    }
    // What is said of one lint counts more than what is said of all.
    levels.sort_by_key(|(choice, _)| *choice != Choice::All);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut suppressions = Vec::new();
    for entry in file.suppress {
        let span = entry.span();
        let Entry { lint, path, policy, statement, reason } = entry.into_inner();
        let here = line(span.start);
        let choice = Choice::parse(lint.get_ref()).map_err(|why| unusable(line(lint.span().start), &why))?;
        let Choice::One(lint) = choice else {
            return Err(unusable(here, "a suppression names one lint"));
        };
        if path.is_none() && policy.is_none() {
            return Err(unusable(here, "a suppression names a path or a policy"));
        }
        let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) else {
            return Err(unusable(here, "a suppression says its reason"));
        };
        let path = path.map(|path| resolved(&folder.join(path)));
        let span = Span::new(span.start, span.end);
        suppressions.push(Suppression { lint, path, policy, statement, reason, span, used: false });
    }
    Ok(Some(Config { levels, suppressions, source }))
}

/// A path with links resolved, if there is such a file.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

impl Suppression {
    /// Whether it speaks of a finding there.
    pub(super) fn holds(&self, place: &Place<'_>) -> bool {
        let in_path = |path: &PathBuf| resolved(Path::new(place.path)).starts_with(path);
        let statement = match &self.statement {
            None => true,
            Some(Statement::Index(index)) => place.statement == Some(*index),
            Some(Statement::Label(label)) => place.sid == Some(label.as_str()),
        };
        statement
            && self.policy.as_ref().is_none_or(|policy| policy == place.policy)
            && self.path.as_ref().is_none_or(in_path)
    }

    /// Whether it speaks of one of the files, or of one that does not exist.
    pub(super) fn concerns(&self, looked_at: &[PathBuf]) -> bool {
        match &self.path {
            Some(path) => !path.exists() || looked_at.iter().any(|seen| resolved(seen).starts_with(path)),
            None => true,
        }
    }
}
