//! `camshaft report`: a bundle as one page for people.

mod bench;
mod data;
mod html;
mod model;
mod page;
mod risk;

use camshaft_bundle::Bundle;
use serde::Serialize;

use crate::args::Report;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::render::text;
use crate::trust::{self, Signature};
use crate::write;
use page::Page;
use risk::Risk;

#[derive(Serialize)]
struct Summary {
    page: String,
    bundle: String,
    digest: String,
    bytes: usize,
    accounts: usize,
    identities: usize,
    policies: usize,
    statements: usize,
    /// Statements that can be searched in the page.
    searchable: usize,
    risks: serde_json::Map<String, serde_json::Value>,
}

/// Runs it.
pub(crate) fn run(args: &Report, console: &mut Console) -> Result<Exit, Failure> {
    let bench = args.bench.as_deref().map(bench::read).transpose()?;
    let (bundle, signature) = open(args)?;
    let tables = bundle.tables();
    let Some(model) = model::read(tables) else {
        return Err(Failure::usage_with(
            format!("`{}` holds no statements that can be shown", input::name(&args.bundle)),
            "the bundle of a session policy has no page",
        ));
    };
    let risks = risk::find(&model);
    let page = Page {
        bundle: &bundle,
        signature,
        model: &model,
        risks: &risks,
        bench: bench.as_ref(),
        most: args.statements,
    };
    let html = page.html();
    write::replace(&args.out, html.as_bytes())?;
    let of = |risk: Risk| risks.iter().filter(|risky| risky.risk == risk).count();
    let summary = Summary {
        page: input::name(&args.out),
        bundle: input::name(&args.bundle),
        digest: bundle.digest_text(),
        bytes: html.len(),
        accounts: model.accounts.len(),
        identities: model.identities.len(),
        policies: model.policies.len(),
        statements: model.statements.len(),
        searchable: model.statements.len().min(args.statements),
        risks: Risk::ALL.iter().map(|risk| (risk.name().into(), of(*risk).into())).collect(),
    };
    if console.is_json() {
        console.json(&summary)?;
    } else {
        human(&summary, console)?;
    }
    Ok(Exit::Done)
}

/// The bundle, and its signature: verified where there are keys, else as it stands there.
fn open(args: &Report) -> Result<(Bundle, Option<Signature>), Failure> {
    let bytes = input::read(&args.bundle)?;
    if let Some(trust) = trust::trust(&args.trusted)? {
        let bundle = load::opened(&args.bundle, &bytes, Some(&trust))?;
        let signature = bundle.envelope().map(|envelope| Signature::new(envelope, true));
        return Ok((bundle, signature));
    }
    let (bundle, envelope) = load::unverified(&args.bundle, &bytes)?;
    Ok((bundle, envelope.map(|envelope| Signature::new(&envelope, false))))
}

fn human(summary: &Summary, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let Summary { page, bytes, statements, searchable, risks, .. } = summary;
    let all = text::counted(*statements, "statement");
    let which = if searchable < statements {
        format!("the first {} of {all}", text::figure(*searchable as u64))
    } else {
        all
    };
    writeln!(
        console.out(),
        "{}: {}, {which}",
        text::paint(color, text::STRONG, page),
        text::counted(*bytes, "byte")
    )?;
    let risks: Vec<String> = risks
        .iter()
        .filter_map(|(name, count)| Some((name.replace('_', " "), count.as_u64()?)))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {}", text::figure(count)))
        .collect();
    let tone = if risks.is_empty() { text::GOOD } else { text::DOUBTFUL };
    let found = if risks.is_empty() { "none".to_owned() } else { risks.join(", ") };
    writeln!(console.out(), "risky grants: {}", text::paint(color, tone, &found))?;
    Ok(())
}
