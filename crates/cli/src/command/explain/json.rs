//! The story as JSON; docs/schema/explain.json says the same.

use camshaft::remedy::{self, Remedy};
use camshaft_frontend::request::Request;
use camshaft_runtime::{
    Engine, Explanation, Lack, Miss, Part, PartReport, Prerequisite, Reasons, ResourceReport, StatementReport,
};
use serde::Serialize;
use serde_json::Value;

use super::opened::Opened;
use crate::command::decide;

#[derive(Serialize)]
pub(super) struct Report<'r> {
    #[serde(flatten)]
    outcome: Outcome,
    bundle: String,
    resources: Vec<Resource>,
    /// What would have to change for the request to be allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<Change<'r>>,
    /// What the action needs besides; they change no decision.
    prerequisites: Vec<Needed>,
}

/// A decision with its reasons.
#[derive(Serialize)]
pub(super) struct Outcome {
    pub(super) decision: &'static str,
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
    /// Parts of which each must allow and does not, were there no deny.
    lacking: Vec<PartName>,
    parts: Vec<PartOf>,
}

/// A part of the evaluation.
#[derive(Serialize)]
pub(super) struct PartName {
    part: &'static str,
    /// Of an organization, from the root down.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<u32>,
}

impl From<Part> for PartName {
    fn from(part: Part) -> Self {
        let level = if let Part::Scp(level) = part { Some(level) } else { None };
        Self { part: part.name(), level }
    }
}

#[derive(Serialize)]
struct PartOf {
    #[serde(flatten)]
    part: PartName,
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
    /// Of a deny that matches: what of it is not known to hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<Missed>,
}

#[derive(Serialize)]
struct Missed {
    dimension: &'static str,
    wanted: String,
    found: String,
    /// Byte of `found` from which on nothing fits what is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    diverges_at: Option<usize>,
    /// Text that is not found from there on.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<String>,
    /// Text that it does not end in.
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks_at_end: Option<String>,
    /// Whether it is not known, rather than false.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    unknown: bool,
}

#[derive(Serialize)]
struct Needed {
    action: String,
    resource: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// What would have to change for the request to be allowed.
#[derive(Serialize)]
struct Change<'r> {
    denies: Vec<String>,
    grants: Vec<Grant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obstacle: Option<&'static str>,
    contexts: Vec<Context>,
    /// What all grants together allow that was not allowed before, for all requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened: Option<&'r [Opened]>,
}

#[derive(Serialize)]
struct Grant {
    #[serde(flatten)]
    part: PartName,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<Value>,
    opens: Vec<String>,
}

#[derive(Serialize)]
struct Context {
    statement: String,
    wants: Vec<String>,
}

fn change<'r>(remedy: &Remedy, opened: Option<&'r [Opened]>) -> Change<'r> {
    let grant = |grant: &remedy::Grant| Grant {
        part: grant.part.into(),
        to: grant.to.clone(),
        statement: grant.statement.clone(),
        opens: grant.opens.clone(),
    };
    let context = |other: &remedy::Otherwise| Context {
        statement: other.statement.clone(),
        wants: other.wants.clone(),
    };
    Change {
        denies: remedy.denies.clone(),
        grants: remedy.grants.iter().map(grant).collect(),
        obstacle: remedy.obstacle.map(camshaft_runtime::Obstacle::name),
        contexts: remedy.contexts.iter().map(context).collect(),
        opened,
    }
}

/// The whole report.
pub(super) fn report<'r>(
    engine: &Engine,
    explanation: &Explanation,
    request: &Request,
    remedy: Option<&Remedy>,
    opened: Option<&'r [Opened]>,
) -> Report<'r> {
    let Explanation { reasons, resources, prerequisites } = explanation;
    let needed = |needed: &Prerequisite| Needed {
        action: needed.action.clone(),
        resource: needed.resource.clone(),
        outcome: outcome(engine, &needed.reasons),
    };
    Report {
        outcome: outcome(engine, reasons),
        bundle: engine.bundle().digest_text(),
        resources: resources.iter().zip(&request.resources).map(|(of, name)| resource(of, name)).collect(),
        remedy: remedy.map(|remedy| change(remedy, opened)),
        prerequisites: prerequisites.iter().map(needed).collect(),
    }
}

/// A decision in the words of reports.
pub(super) fn outcome(engine: &Engine, reasons: &Reasons) -> Outcome {
    let (decision, blocked_by) = decide::decision(reasons.decision);
    let reason = reasons.statements.iter().map(|statement| engine.statement_name(*statement)).collect();
    Outcome { decision, reason, blocked_by }
}

fn resource(report: &ResourceReport, name: &str) -> Resource {
    Resource {
        resource: name.to_owned(),
        allowed: report.allowed,
        blocked_by: report.blocked_by.map(camshaft_runtime::Layer::name),
        lacking: report.need.parts.iter().copied().map(PartName::from).collect(),
        parts: report.parts.iter().map(part).collect(),
    }
}

fn part(report: &PartReport) -> PartOf {
    PartOf { part: report.part.into(), statements: report.statements.iter().map(statement).collect() }
}

fn statement(report: &StatementReport) -> Statement {
    let (source, line, column) = &report.place;
    let known = |number: u32| (number > 0).then_some(number);
    Statement {
        name: report.name.clone(),
        effect: effect(report),
        matches: report.misses.is_empty(),
        source: source.clone(),
        line: known(*line),
        column: known(*column),
        text: report.text.clone(),
        misses: report.misses.iter().map(missed).collect(),
        doubts: report.doubts.iter().map(missed).collect(),
    }
}

fn missed(miss: &Miss) -> Missed {
    let (lacks, lacks_at_end) = match &miss.lacks {
        Some(Lack::Within(text)) => (Some(text.clone()), None),
        Some(Lack::AtEnd(text)) => (None, Some(text.clone())),
        None => (None, None),
    };
    Missed {
        dimension: miss.dimension.name(),
        wanted: miss.wanted.clone(),
        found: miss.found.clone(),
        diverges_at: miss.diverges_at,
        lacks,
        lacks_at_end,
        unknown: miss.unknown,
    }
}

/// As policies spell it.
pub(super) fn effect(report: &StatementReport) -> &'static str {
    if report.denies { "deny" } else { "allow" }
}
