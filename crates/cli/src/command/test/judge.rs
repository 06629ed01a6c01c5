//! What a case came to, and in what that is not what it expects.

use std::collections::BTreeSet;

use camshaft::decider::Decider;
use camshaft_frontend::case::{Case, Expect};
use camshaft_frontend::diagnostic::{Code, Diagnostic};
use camshaft_frontend::request::{Request, RequestError};
use camshaft_runtime::{Decision, Scratch};
use serde::Serialize;

use crate::command::decide;
use crate::console::Console;
use crate::exit::Failure;
use crate::render::text;

/// A case that did not come out as it should.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    pub(crate) path: String,
    pub(crate) line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    pub(crate) differences: Vec<Difference>,
}

/// What differed.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    /// `decision`, `reason`, `blocked_by`, `diagnostic` or `world`.
    pub(crate) what: &'static str,
    pub(crate) expected: Vec<String>,
    pub(crate) got: Vec<String>,
    /// What explains it, in a line.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
}

impl Difference {
    /// `decision: expected allow, got implicit_deny (why)`.
    pub(crate) fn line(&self) -> String {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        format!("{}: expected {}, got {}{note}", self.what, list(&self.expected), list(&self.got))
    }
}

/// What a case came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// In the words of `expect`.
    pub(crate) decision: &'static str,
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) blocked_by: Option<&'static str>,
    /// Everything that was reported.
    pub(crate) codes: BTreeSet<Code>,
    /// Why it was refused.
    pub(crate) note: String,
}

/// What a request came to, in addition to what was reported before.
pub(crate) fn answered(
    request: &Result<Request, RequestError>,
    decider: &Decider,
    mut codes: BTreeSet<Code>,
    scratch: &mut Scratch,
) -> Outcome {
    let refused = |code: Code, message: &str, mut codes: BTreeSet<Code>| {
        codes.insert(code);
        Outcome { decision: "error", codes, note: format!("{code}: {message}"), ..Outcome::default() }
    };
    let request = match request {
        Err(error) => return refused(error.code, &error.message, codes),
        Ok(request) => request,
    };
    let (reasons, findings) = decider.reasons(request, scratch);
    codes.extend(findings.iter().map(|found| found.code));
    if let Decision::Error { code } = reasons.decision {
        let why = findings.iter().find(|found| found.is_error());
        let message = why.map_or(code.message(), |found: &Diagnostic| &found.message);
        return refused(Code(code.number()), message, codes);
    }
    let (decision, blocked_by) = decide::decision(reasons.decision);
    let engine = decider.engine();
    let reasons = reasons.statements.iter().map(|statement| engine.statement_name(*statement)).collect();
    Outcome { decision, reasons, blocked_by, codes, note: String::new() }
}

/// In what an outcome is not what a case expects.
pub(crate) fn differences(case: &Case, outcome: &Outcome) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what, expected: Vec<String>, got: Vec<String>, note: String| {
        differences.push(Difference { what, expected, got, note });
    };
    let decision = match case.expect {
        Expect::Deny => matches!(outcome.decision, "explicit_deny" | "implicit_deny"),
        expect => outcome.decision == expect.name(),
    };
    if !decision {
        let note = match outcome.blocked_by {
            Some(layer) => decide::blocked(layer).to_owned(),
            None if outcome.note.is_empty() => outcome.reasons.iter().cloned().collect::<Vec<_>>().join(", "),
            None => outcome.note.clone(),
        };
        differ("decision", vec![case.expect.name().into()], vec![outcome.decision.into()], note);
    }
    if let Some(reason) = &case.reason
        && reason.iter().cloned().collect::<BTreeSet<_>>() != outcome.reasons
    {
        differ("reason", reason.clone(), outcome.reasons.iter().cloned().collect(), String::new());
    }
    if let Some(layer) = case.blocked_by
        && outcome.blocked_by != Some(layer.name())
    {
        let got = outcome.blocked_by.map(String::from).into_iter().collect();
        differ("blocked_by", vec![layer.name().into()], got, String::new());
    }
    if case.diagnostics.iter().any(|code| !outcome.codes.contains(code)) {
        let text = |codes: Vec<&Code>| codes.into_iter().map(Code::to_string).collect::<Vec<_>>();
        let (expected, got) = (text(case.diagnostics.iter().collect()), text(outcome.codes.iter().collect()));
        differ("diagnostic", expected, got, String::new());
    }
    differences
}

/// A failure for people.
pub(crate) fn human(failure: &Failed, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let id = failure.id.as_deref().unwrap_or("a case without an id");
    let failed = text::paint(color, text::BAD, "FAILED");
    let id = text::paint(color, text::STRONG, &text::plain(id));
    writeln!(console.out(), "{failed} {id}  {}:{}", failure.path, failure.line)?;
    for Difference { what, expected, got, note } in &failure.differences {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let note = if note.is_empty() { String::new() } else { format!(" ({})", text::plain(note)) };
        let (expected, got) = (text::plain(&list(expected)), text::plain(&list(got)));
        writeln!(console.out(), "  {what:<10}  expected {expected}\n  {:<10}       got {got}{note}", "")?;
    }
    writeln!(console.out())?;
    Ok(())
}
