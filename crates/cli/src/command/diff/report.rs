//! A difference as reports show it; docs/schema says the same.

use std::collections::BTreeMap;

use camshaft_compiler::analysis::{self, Decided, Kind, Place, Presence, Side, Witness};
use camshaft_frontend::policy::Effect;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::Diff;
use crate::input;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) before: String,
    pub(super) after: String,
    /// Every request is certainly answered alike.
    pub(super) same: bool,
    /// Somebody may do something new.
    pub(super) new_access: bool,
    /// Differences by kind.
    pub(super) counts: BTreeMap<&'static str, usize>,
    /// Callers that were compared.
    pub(super) callers: usize,
    pub(super) settings: Vec<String>,
    pub(super) unknown: Vec<Unknown>,
    pub(super) changes: Vec<Change>,
}

/// A question without an answer.
#[derive(Debug, Serialize)]
pub(super) struct Unknown {
    pub(super) caller: String,
    pub(super) what: String,
    pub(super) budget: usize,
}

/// What changes alike for some callers.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) callers: Vec<String>,
    /// `both`, `added` or `removed`.
    pub(super) presence: &'static str,
    pub(super) differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
pub(super) struct Difference {
    #[serde(skip)]
    pub(super) of: Kind,
    pub(super) kind: &'static str,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) condition: Vec<String>,
    pub(super) statement: Option<Statement>,
    pub(super) exceptions: Vec<Statement>,
    pub(super) partly: bool,
    /// As `decide --requests` takes it.
    pub(super) request: Value,
    pub(super) before: Answer,
    pub(super) after: Answer,
}

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    pub(super) decision: &'static str,
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, Serialize)]
pub(super) struct Statement {
    /// `before` or `after`.
    pub(super) side: &'static str,
    pub(super) name: String,
    pub(super) effect: &'static str,
    pub(super) layer: &'static str,
    pub(super) source: String,
    /// 0 where it is not known.
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Report {
    pub(super) fn new(args: &Diff, diff: &analysis::Diff) -> Self {
        let all = || diff.changes.iter().flat_map(|change| &change.differences);
        let count = |kind: Kind| (kind.name(), all().filter(|found| found.kind == kind).count());
        Self {
            before: input::name(&args.before),
            after: input::name(&args.after),
            same: diff.is_same(),
            new_access: diff.has_new_access(),
            counts: Kind::ALL.map(count).into(),
            callers: diff.callers.0,
            settings: diff.settings.clone(),
            unknown: diff
                .unknown
                .iter()
                .map(|unknown| Unknown {
                    caller: unknown.caller.clone(),
                    what: unknown.what.clone(),
                    budget: unknown.budget,
                })
                .collect(),
            changes: diff.changes.iter().map(change).collect(),
        }
    }
}

fn change(change: &analysis::Change) -> Change {
    let presence = match change.presence {
        Presence::Both => "both",
        Presence::Added => "added",
        Presence::Removed => "removed",
    };
    let differences = change
        .differences
        .iter()
        .map(|found| Difference {
            of: found.kind,
            kind: found.kind.name(),
            actions: found.actions.clone(),
            resources: found.resources.clone(),
            condition: found.condition.clone(),
            statement: found.statement.as_ref().map(statement),
            exceptions: found.exceptions.iter().map(statement).collect(),
            partly: found.partly,
            request: request(&found.witness),
            before: answer(&found.before),
            after: answer(&found.after),
        })
        .collect();
    Change { callers: change.callers.clone(), presence, differences }
}

fn answer(decided: &Decided) -> Answer {
    Answer { decision: decided.decision, statements: decided.statements.iter().map(statement).collect() }
}

fn statement(place: &Place) -> Statement {
    Statement {
        side: if place.side == Side::Before { "before" } else { "after" },
        name: place.name.clone(),
        effect: if place.effect == Effect::Allow { "allow" } else { "deny" },
        layer: place.layer.name(),
        source: place.source.clone(),
        line: place.line,
        column: place.column,
    }
}

fn request(witness: &Witness) -> Value {
    let mut request = Map::new();
    request.insert("principal".into(), witness.principal.as_str().into());
    request.insert("action".into(), witness.action.as_str().into());
    request.insert("resource".into(), json!([witness.resource]));
    if !witness.context.is_empty() {
        request.insert("context".into(), json!(witness.context));
    }
    if let Some(time) = &witness.time {
        request.insert("time".into(), time.as_str().into());
    }
    request.into()
}

/// `new access`, in words.
pub(super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::NewAccess => "new access",
        Kind::LostAccess => "lost access",
        Kind::NewDeny => "new explicit deny",
        Kind::LostDeny => "lost explicit deny",
    }
}

/// `explicit deny`.
pub(super) fn decision_words(decision: &str) -> String {
    decision.replace('_', " ")
}

impl Unknown {
    /// What stays open, in words.
    pub(super) fn words(&self) -> String {
        match self.budget {
            0 => self.what.clone(),
            steps => {
                let steps = crate::render::text::counted(steps, "step");
                format!("the budget of {steps} is spent on {}", self.what)
            }
        }
    }
}

impl Statement {
    /// `policies/dev.json:3:5`, as far as it is known.
    pub(super) fn place(&self) -> String {
        match self.line {
            0 => self.source.clone(),
            line => format!("{}:{line}:{}", self.source, self.column),
        }
    }
}

impl Report {
    /// `2 differences: 1 new access, 1 lost access`.
    pub(super) fn summary(&self) -> String {
        let counts: Vec<String> = Kind::ALL
            .into_iter()
            .filter_map(|kind| {
                let count = self.counts.get(kind.name()).copied().filter(|count| *count > 0)?;
                Some(format!("{} {}", crate::render::text::figure(count as u64), kind_words(kind)))
            })
            .collect();
        let differences: usize = self.counts.values().sum();
        let mut parts: Vec<String> = Vec::new();
        if differences > 0 {
            let counted = crate::render::text::counted(differences, "difference");
            parts.push(format!("{counted}: {}", counts.join(", ")));
        }
        if !self.settings.is_empty() {
            parts.push(crate::render::text::count(self.settings.len(), "setting differs", "settings differ"));
        }
        if !self.unknown.is_empty() {
            let questions = crate::render::text::counted(self.unknown.len(), "question");
            parts.push(format!("{questions} without an answer"));
        }
        if parts.is_empty() {
            return "no difference: every request is answered alike".to_owned();
        }
        parts.join("; ")
    }
}
