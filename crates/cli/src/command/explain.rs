//! `camshaft explain`: a decision with every statement that could have made it.

use camshaft::decider::with_request;
use camshaft_runtime::{
    Decision, Explanation, Miss, Part, PartReport, Prerequisite, ResourceReport, StatementReport,
};
use serde::Serialize;

use super::decide;
use crate::args::Explain;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::render::text;

/// Statements that missed which are shown of a part without `--all`.
const NEAREST: usize = 5;

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    outcome: Outcome,
    bundle: String,
    resources: Vec<Resource>,
    /// What the action needs besides; they change no decision.
    prerequisites: Vec<Needed>,
}

#[derive(Serialize)]
struct Outcome {
    decision: &'static str,
    reason: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'static str>,
}

#[derive(Serialize)]
struct Resource {
    resource: String,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'static str>,
    parts: Vec<PartOf>,
}

#[derive(Serialize)]
struct PartOf {
    part: &'static str,
    /// Of an organization, from the root down.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u32>,
    statements: Vec<Statement>,
}

#[derive(Serialize)]
struct Statement {
    name: String,
    effect: &'static str,
    matches: bool,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    text: String,
    misses: Vec<Missed>,
}

#[derive(Serialize)]
struct Missed {
    dimension: &'static str,
    wanted: String,
    found: String,
    /// Byte of `found` at which it left what is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    diverges_at: Option<usize>,
}

#[derive(Serialize)]
struct Needed {
    action: String,
    resource: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Runs it.
pub(crate) fn run(args: &Explain, console: &mut Console) -> Result<Exit, Failure> {
    let request = decide::request(&args.question)?;
    let decider = decide::decider(&args.question, console)?;
    let request = decide::aged(request, &decider);
    let engine = decider.engine();
    let session = decider.session(&request);
    let mut scratch = engine.scratch();
    let explanation = with_request(&request, &session, |request| engine.explain(request, &mut scratch));
    if let Decision::Error { code } = explanation.reasons.decision {
        let (_, findings) = decider.reasons(&request, &mut scratch);
        return Err(decide::malformed(&args.question, &request, code, findings));
    }
    let allowed = matches!(explanation.reasons.decision, Decision::Allow { .. });
    let outcome = |reasons: &camshaft_runtime::Reasons| {
        let (decision, blocked_by) = decide::decision(reasons.decision);
        let reason = reasons.statements.iter().map(|statement| engine.statement_name(*statement)).collect();
        Outcome { decision, reason, blocked_by }
    };
    if console.is_json() {
        let needed = |needed: &Prerequisite| Needed {
            action: needed.action.clone(),
            resource: needed.resource.clone(),
            outcome: outcome(&needed.reasons),
        };
        let Explanation { reasons, resources, prerequisites } = &explanation;
        console.json(&Report {
            outcome: outcome(reasons),
            bundle: engine.bundle().digest_text(),
            resources: resources
                .iter()
                .zip(&request.resources)
                .map(|(of, name)| resource(of, name))
                .collect(),
            prerequisites: prerequisites.iter().map(needed).collect(),
        })?;
    } else {
        decide::headline(&explanation.reasons, console)?;
        let several = request.resources.len() > 1;
        for (report, name) in explanation.resources.iter().zip(&request.resources) {
            human(report, several.then_some(name), args.all, console)?;
        }
        for needed in &explanation.prerequisites {
            prerequisite(needed, &outcome(&needed.reasons), console)?;
        }
    }
    Ok(if allowed { Exit::Done } else { Exit::Negative })
}

fn resource(report: &ResourceReport, name: &str) -> Resource {
    Resource {
        resource: name.to_owned(),
        allowed: report.allowed,
        blocked_by: report.blocked_by.map(camshaft_runtime::Layer::name),
        parts: report.parts.iter().map(part).collect(),
    }
}

fn part(report: &PartReport) -> PartOf {
    let level = if let Part::Scp(level) = report.part { Some(level) } else { None };
    PartOf { part: report.part.name(), level, statements: report.statements.iter().map(statement).collect() }
}

fn statement(report: &StatementReport) -> Statement {
    let (source, line, column) = &report.place;
    let known = |number: u32| (number > 0).then_some(number);
    let missed = |miss: &Miss| Missed {
        dimension: miss.dimension.name(),
        wanted: miss.wanted.clone(),
        found: miss.found.clone(),
        diverges_at: miss.diverges_at,
    };
    Statement {
        name: report.name.clone(),
        effect: effect(report),
        matches: report.misses.is_empty(),
        source: source.clone(),
        line: known(*line),
        column: known(*column),
        text: report.text.clone(),
        misses: report.misses.iter().map(missed).collect(),
    }
}

fn effect(report: &StatementReport) -> &'static str {
    if report.denies { "deny" } else { "allow" }
}

fn human(
    report: &ResourceReport,
    name: Option<&String>,
    all: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let color = console.out_color;
    if let Some(name) = name {
        let why = match report.blocked_by {
            None if report.allowed => "allowed".to_owned(),
            None => "denied".to_owned(),
            Some(layer) => format!("not allowed, {}", decide::blocked(layer.name())),
        };
        writeln!(console.out(), "\n{}: {why}", text::paint(color, text::STRONG, &text::plain(name)))?;
    }
    if report.parts.is_empty() {
        writeln!(console.out(), "\n  no statement binds the caller")?;
    }
    for PartReport { part, statements } in &report.parts {
        let matching = statements.iter().filter(|statement| statement.misses.is_empty()).count();
        let missed = statements.len() - matching;
        let title = match part {
            Part::Scp(level) => format!("{}, level {level}", part.name()),
            _ => part.name().to_owned(),
        };
        let title = text::paint(color, text::STRONG, &title);
        writeln!(console.out(), "\n{title}: {}, {missed} missed", text::count(matching, "match", "matches"))?;
        let shown = if all { statements.len() } else { matching + missed.min(NEAREST) };
        for statement in statements.iter().take(shown) {
            one(statement, console)?;
        }
        if shown < statements.len() {
            let more = text::figure((statements.len() - shown) as u64);
            writeln!(console.out(), "  … {more} more that missed; `--all` shows them")?;
        }
    }
    Ok(())
}

fn one(report: &StatementReport, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let matches = report.misses.is_empty();
    let (word, style) = match (matches, report.denies) {
        (true, true) => ("denies", text::BAD),
        (true, false) => ("allows", text::GOOD),
        (false, _) => ("misses", text::DIM),
    };
    let (source, line, column) = &report.place;
    let place = text::paint(color, text::DIM, &decide::place(source, *line, *column));
    let name = text::paint(color, text::STRONG, &report.name);
    let effect = if matches { String::new() } else { format!(" ({})", effect(report)) };
    writeln!(console.out(), "  {} {name}{effect}  {place}", text::paint(color, style, word))?;
    if matches {
        writeln!(console.out(), "    {}", text::plain(&report.text))?;
    }
    for miss in &report.misses {
        let dimension = format!("{:<9}", miss.dimension.name());
        let dimension = text::paint(color, text::DOUBTFUL, &dimension);
        let found = if miss.found.is_empty() { "none" } else { &miss.found };
        let (wanted, found) = (text::plain(&miss.wanted), text::plain(found));
        writeln!(console.out(), "    {dimension}  wants {wanted}")?;
        writeln!(console.out(), "    {:<9}  has   {found}", "")?;
        // The caret stands under the first byte that is another one.
        if let Some(before) = miss.diverges_at.and_then(|at| miss.found.get(..at)) {
            let caret = text::paint(color, text::BAD, "^");
            writeln!(
                console.out(),
                "{}{caret} byte {}",
                " ".repeat(21 + before.chars().count()),
                before.len()
            )?;
        }
    }
    Ok(())
}

fn prerequisite(needed: &Prerequisite, outcome: &Outcome, console: &mut Console) -> Result<(), Failure> {
    let style = if outcome.decision == "allow" { text::GOOD } else { text::BAD };
    let decision = text::paint(console.out_color, style, &outcome.decision.replace('_', " "));
    writeln!(console.out(), "\nalso needed: `{}` on `{}`: {decision}", needed.action, needed.resource)?;
    Ok(())
}
