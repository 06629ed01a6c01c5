//! Differences as SARIF, at the statements that make them.

use camshaft_compiler::analysis::Kind;

use super::report::{Difference, Report, decision_words, kind_words};
use crate::render::sarif::{Configuration, Level, Location, Log, Rule, Run};

pub(super) fn log(report: &Report, no_new_access: bool) -> Log {
    let mut run = Run::new();
    for kind in Kind::ALL {
        let (short, full) = match kind {
            Kind::NewAccess => ("New access", "A request that was not allowed is allowed now."),
            Kind::LostAccess => ("Lost access", "A request that was allowed is not allowed any more."),
            Kind::NewDeny => {
                ("New explicit deny", "A request that nothing allowed is denied explicitly now.")
            }
            Kind::LostDeny => (
                "Lost explicit deny",
                "A request that was denied explicitly is denied because nothing allows it.",
            ),
        };
        run.rule(Rule {
            id: rule(kind),
            name: kind.name().to_owned(),
            short_description: short.into(),
            full_description: full.into(),
            help: None,
            default_configuration: Configuration { level: level(kind, no_new_access) },
        });
    }
    for change in &report.changes {
        for difference in &change.differences {
            let message = message(difference, change.callers.len());
            // Code scanning shows the tree as it is now: what went is shown where it decides now, if anywhere.
            let of_after =
                [difference.statement.as_ref()].into_iter().flatten().chain(&difference.after.statements);
            let place =
                of_after.into_iter().find(|statement| statement.side == "after" && statement.line > 0);
            let location =
                place.map(|statement| Location::at(&statement.source, statement.line, statement.column));
            let outcome =
                run.outcome(&rule(difference.of), level(difference.of, no_new_access), &message, location);
            run.push(outcome);
        }
    }
    for setting in &report.settings {
        run.notify(Level::Warning, setting);
    }
    for unknown in &report.unknown {
        run.notify(Level::Warning, &format!("unknown: {}, for {}", unknown.words(), unknown.caller));
    }
    run.into_log()
}

fn rule(kind: Kind) -> String {
    kind.name().replace('_', "-")
}

fn level(kind: Kind, no_new_access: bool) -> Level {
    match kind {
        Kind::NewAccess if no_new_access => Level::Error,
        Kind::NewAccess => Level::Warning,
        Kind::LostAccess | Kind::NewDeny | Kind::LostDeny => Level::Note,
    }
}

fn message(difference: &Difference, callers: usize) -> String {
    let request = &difference.request;
    let of = |name: &str| request.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let mut text = format!(
        "{} for {}: {} on {}",
        kind_words(difference.of),
        crate::render::text::counted(callers, "caller"),
        difference.actions.join(", "),
        difference.resources.join(", "),
    );
    for term in &difference.condition {
        text.push_str(&format!(" if {term}"));
    }
    text.push_str(&format!(
        "\n{} may ask for {} on {}: {} before, {} after",
        of("principal"),
        of("action"),
        request["resource"][0].as_str().unwrap_or_default(),
        decision_words(difference.before.decision),
        decision_words(difference.after.decision),
    ));
    text
}
