//! Findings as SARIF 2.1.0, for code scanning: one log of one run.
//!
//! The types hold the part of the standard that camshaft writes; `docs/schema/sarif.json` describes it, and a test holds logs to it.
//! A command makes a [`Run`], describes its rules, adds results and writes the [`Log`].

use std::collections::BTreeMap;

use camshaft_frontend::diagnostic::{Applicability, Code, Diagnostic, Severity};
use camshaft_frontend::source::{Position, Source, Span};
use serde::Serialize;

use super::diagnostic::Findings;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log of one run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

/// What one command found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    tool: Tool,
    /// Columns count characters, as in every report of camshaft.
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Outcome>,
    #[serde(skip)]
    indices: BTreeMap<String, usize>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Debug, Serialize)]
struct Notification {
    level: Level,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

/// What a rule looks for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// As results name it: `CAM0319`.
    pub(crate) id: String,
    /// A name for people.
    pub(crate) name: String,
    /// In a few words.
    pub(crate) short_description: Message,
    /// When it is raised.
    pub(crate) full_description: Message,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<Message>,
    /// How bad it is unless a result says otherwise.
    pub(crate) default_configuration: Configuration,
}

/// How bad results of a rule are.
#[derive(Debug, Serialize)]
pub(crate) struct Configuration {
    /// The level.
    pub(crate) level: Level,
}

/// How bad a result is.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Refused.
    Error,
    /// To be mended.
    Warning,
    /// Worth knowing.
    Note,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Note,
        }
    }
}

/// Plain text.
#[derive(Debug, Serialize)]
pub(crate) struct Message {
    text: String,
}

impl<T: Into<String>> From<T> for Message {
    fn from(text: T) -> Self {
        Self { text: text.into() }
    }
}

/// One result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    rule_id: String,
    rule_index: usize,
    level: Level,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
}

impl Outcome {
    /// The same, set aside by a person who says why.
    #[must_use]
    pub(crate) fn suppressed(mut self, reason: &str) -> Self {
        self.suppressions.push(Suppression { kind: "external", justification: reason.to_owned() });
        self
    }
}

#[derive(Debug, Serialize)]
struct Suppression {
    kind: &'static str,
    justification: String,
}

/// A place in a file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Debug, Serialize)]
struct Artifact {
    uri: String,
}

/// Lines and columns from 1; the end is one past the last character.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: [Change; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

impl Run {
    /// A run without rules and results.
    pub(crate) fn new() -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let driver = Driver { name: "camshaft", version, semantic_version: version, rules: Vec::new() };
        Self {
            tool: Tool { driver },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: Vec::new(),
            }],
            results: Vec::new(),
            indices: BTreeMap::new(),
        }
    }

    /// Describes a rule, unless it was described before.
    pub(crate) fn rule(&mut self, rule: Rule) {
        let rules = &mut self.tool.driver.rules;
        self.indices.entry(rule.id.clone()).or_insert_with(|| {
            rules.push(rule);
            rules.len() - 1
        });
    }

    /// A result of a rule that was described.
    pub(crate) fn outcome(
        &self,
        rule: &str,
        level: impl Into<Level>,
        message: &str,
        location: Option<Location>,
    ) -> Outcome {
        Outcome {
            rule_id: rule.to_owned(),
            rule_index: self.indices.get(rule).copied().unwrap_or_default(),
            level: level.into(),
            message: message.into(),
            locations: location.into_iter().collect(),
            related_locations: Vec::new(),
            fixes: Vec::new(),
            suppressions: Vec::new(),
        }
    }

    /// Takes a result.
    pub(crate) fn push(&mut self, outcome: Outcome) {
        self.results.push(outcome);
    }

    /// Something about the run itself.
    pub(crate) fn notify(&mut self, level: Level, message: &str) {
        let [invocation] = &mut self.invocations;
        let notification = Notification { level, message: message.into(), locations: Vec::new() };
        invocation.tool_execution_notifications.push(notification);
    }

    /// Takes every finding.
    pub(crate) fn findings(&mut self, findings: &Findings) {
        for found in &findings.diagnostics {
            let outcome = self.finding(found, findings.source(found));
            self.push(outcome);
        }
    }

    /// A finding as a result; its rule is described if need be.
    pub(crate) fn finding(&mut self, found: &Diagnostic, source: Option<&Source>) -> Outcome {
        self.rule(rule(found.code));
        let message = match &found.help {
            Some(help) => format!("{}\n{help}", found.message),
            None => found.message.clone(),
        };
        let place = source.map(|source| Location::of(source, found.span));
        let mut outcome = self.outcome(&found.code.to_string(), found.severity, &message, place);
        let Some(source) = source else { return outcome };
        outcome.related_locations = found
            .related
            .iter()
            .map(|(span, text)| Location {
                message: Some(text.as_str().into()),
                ..Location::of(source, *span)
            })
            .collect();
        if let Some(fix) = &found.fix {
            let replacement = |edit: &camshaft_frontend::diagnostic::Edit| Replacement {
                deleted_region: region(source, edit.span),
                inserted_content: edit.text.as_str().into(),
            };
            let description = match fix.applicability {
                Applicability::Machine => "keeps the meaning",
                Applicability::Suggestion => "needs a look",
            };
            outcome.fixes.push(Fix {
                description: description.into(),
                artifact_changes: [Change {
                    artifact_location: artifact(source.name()),
                    replacements: fix.edits.iter().map(replacement).collect(),
                }],
            });
        }
        outcome
    }

    /// The whole log.
    pub(crate) fn into_log(self) -> Log {
        Log { schema: SCHEMA, version: "2.1.0", runs: [self] }
    }
}

impl Location {
    /// A place of which only the beginning is known.
    pub(crate) fn at(name: &str, line: u32, column: u32) -> Self {
        let region = Region { start_line: line, start_column: column, end_line: line, end_column: column };
        Self {
            physical_location: PhysicalLocation { artifact_location: artifact(name), region },
            message: None,
        }
    }

    /// A place in a source.
    pub(crate) fn of(source: &Source, span: Span) -> Self {
        let physical_location =
            PhysicalLocation { artifact_location: artifact(source.name()), region: region(source, span) };
        Self { physical_location, message: None }
    }
}

/// A code of the catalogue as a rule.
fn rule(code: Code) -> Rule {
    let entry = code.entry();
    let text = |of: fn(&camshaft_frontend::diagnostic::Entry) -> &'static str| entry.map_or("", of);
    let help = text(|entry| entry.help);
    Rule {
        id: code.to_string(),
        name: text(|entry| entry.title).to_owned(),
        short_description: text(|entry| entry.title).into(),
        full_description: text(|entry| entry.cause).into(),
        help: (!help.is_empty()).then(|| help.into()),
        default_configuration: Configuration { level: code.severity().into() },
    }
}

fn region(source: &Source, span: Span) -> Region {
    let (start, end) = (source.position(span.start), source.position(span.end.max(span.start)));
    let Position { line: start_line, column: start_column } = start;
    let Position { line: end_line, column: end_column } = end;
    Region { start_line, start_column, end_line, end_column }
}

fn artifact(path: &str) -> Artifact {
    Artifact { uri: uri(path) }
}

/// A path as a relative or `file:` reference.
fn uri(path: &str) -> String {
    let path = path.replace(std::path::MAIN_SEPARATOR, "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./policies/a b.json"), "policies/a%20b.json");
        assert_eq!(uri("/srv/密.json"), "file:///srv/%E5%AF%86.json");
        assert_eq!(uri("c:d"), "c%3Ad");
    }

    #[test]
    fn rules_are_described_once() {
        let source = Source::new("p.json", "{\n  \"é\": 1}");
        let mut run = Run::new();
        for code in [319, 508, 319] {
            let found = Diagnostic::new(Code(code), 0, Span::new(4, 8), "m").severity(Severity::Error);
            let outcome = run.finding(&found, Some(&source)).suppressed("known");
            run.push(outcome);
        }
        run.notify(Level::Warning, "n");
        let log = serde_json::to_value(run.into_log()).unwrap();
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!((rules.len(), &rules[1]["id"]), (2, &"CAM0508".into()));
        assert_eq!(rules[1]["defaultConfiguration"]["level"], "warning");
        let result = &run["results"][2];
        assert_eq!((&result["ruleIndex"], &result["level"]), (&0.into(), &"error".into()));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let expected = serde_json::json!({"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6});
        assert_eq!(*region, expected);
        assert_eq!(result["suppressions"][0]["justification"], "known");
        assert_eq!(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"], "n");
    }
}
