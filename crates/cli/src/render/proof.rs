//! Proofs in reports: what is proven, what is not, and requests that show what differs.

use std::fmt::Write as _;
use std::time::Duration;

use camshaft_bundle::Bundle;
use camshaft_compiler::prove;
use camshaft_frontend::policy::PolicySet;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::Proving;
use crate::exit::Exit;
use crate::render::text;

/// A proof as reports show it.
#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    /// Whether every block is proven, and nothing differs.
    pub(crate) complete: bool,
    pub(crate) blocks: u32,
    pub(crate) proven: u32,
    pub(crate) statements: u32,
    pub(crate) not_proven: Vec<NotProven>,
    /// How many differences there are; the first hundred follow.
    pub(crate) fault_count: usize,
    pub(crate) faults: Vec<Fault>,
    pub(crate) seconds: f64,
}

/// A block over the budget.
#[derive(Debug, Serialize)]
pub(crate) struct NotProven {
    block: u32,
    policies: Vec<String>,
    what: String,
    budget: usize,
}

/// A difference.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<String>,
    difference: String,
    /// As `decide --requests` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Value>,
}

/// Proves a bundle, with the world that it was built from where there is one.
pub(crate) fn prove_bundle(
    bundle: &Bundle,
    world: Option<&PolicySet>,
    args: &Proving,
    threads: usize,
) -> Proof {
    let begin = std::time::Instant::now();
    let proof = prove(bundle, world, &args.budget(threads));
    Proof {
        complete: proof.is_complete(),
        blocks: proof.blocks,
        proven: proof.proven,
        statements: proof.statements,
        fault_count: proof.fault_count,
        not_proven: proof
            .not_proven
            .into_iter()
            .map(|one| NotProven {
                block: one.block,
                policies: one.policies,
                what: one.what,
                budget: one.budget,
            })
            .collect(),
        faults: proof
            .faults
            .into_iter()
            .map(|fault| Fault {
                block: fault.block,
                policy: fault.policy,
                statement: fault.statement,
                difference: fault.difference,
                request: fault.request.map(|asked| {
                    let mut request = Map::new();
                    request.insert("principal".into(), asked.principal.into());
                    request.insert("action".into(), asked.action.into());
                    request.insert("resource".into(), json!([asked.resource]));
                    if !asked.context.is_empty() {
                        request.insert("context".into(), json!(asked.context));
                    }
                    if let Some(time) = asked.time {
                        request.insert("time".into(), time.into());
                    }
                    Value::Object(request)
                }),
            })
            .collect(),
        seconds: begin.elapsed().as_secs_f64(),
    }
}

impl Proof {
    /// How a command that shows it ends: a bundle that differs from its statements is refused.
    pub(crate) fn exit(&self) -> Exit {
        match self.fault_count {
            0 if self.complete => Exit::Done,
            0 => Exit::Negative,
            _ => Exit::Bundle,
        }
    }

    /// One line.
    pub(crate) fn line(&self) -> String {
        let blocks = text::counted(self.blocks as usize, "block");
        let statements = text::counted(self.statements as usize, "statement");
        if self.complete {
            let time = text::duration(Duration::from_secs_f64(self.seconds));
            return format!(
                "{blocks}, {statements}: every request is answered as the statements say, in {time}"
            );
        }
        let mut line = format!("{} of {blocks} are proven", text::figure(self.proven));
        if self.fault_count > 0 {
            let _ = write!(line, ", {} found", text::counted(self.fault_count, "difference"));
        }
        line
    }

    /// What is not proven and what differs, a few lines each.
    pub(crate) fn details(&self) -> String {
        let mut out = String::new();
        for one in &self.not_proven {
            let NotProven { block, policies, what, budget } = one;
            let policies = policies.join(", ");
            let budget = text::figure(*budget as u64);
            let _ = writeln!(
                out,
                "block {block} ({policies}) is not proven: {what} would take more than {budget} states"
            );
        }
        for fault in &self.faults {
            let whose = fault.statement.as_ref().or(fault.policy.as_ref());
            let whose = whose.map_or_else(String::new, |whose| format!("`{whose}`"));
            let block = fault.block.map_or_else(String::new, |block| format!("block {block}"));
            let place =
                [block, whose].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            let place = if place.is_empty() { "the bundle".to_owned() } else { place };
            let _ = writeln!(out, "{place} differs: {}", fault.difference);
            if let Some(request) = &fault.request {
                let _ = writeln!(out, "  such as {request}");
            }
        }
        let more = self.fault_count - self.faults.len();
        if more > 0 {
            let _ = writeln!(out, "and {} more", text::figure(more as u64));
        }
        out
    }
}
