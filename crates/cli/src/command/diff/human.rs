//! Differences for people.

use std::fmt::Write as _;

use camshaft_compiler::analysis::Kind;

use super::report::{Answer, Change, Difference, Report, Statement, decision_words, kind_words};
use crate::render::text::{BAD, DIM, DOUBTFUL, GOOD, STRONG, counted, figure, paint, plain};

pub(super) fn text(report: &Report, callers: usize, color: bool) -> String {
    let mut out = String::new();
    for change in &report.changes {
        let _ = writeln!(out, "{}", paint(color, STRONG, &plain(&who(change, callers))));
        for difference in &change.differences {
            one(&mut out, difference, color);
        }
        out.push('\n');
    }
    for setting in &report.settings {
        let _ = writeln!(out, "{}: {}", paint(color, DOUBTFUL, "setting"), plain(setting));
    }
    for unknown in &report.unknown {
        let label = paint(color, BAD, "unknown");
        let (what, caller) = (plain(&unknown.words()), plain(&unknown.caller));
        let _ = writeln!(out, "{label}: {what}, for {caller}");
    }
    let tone = match report {
        Report { same: true, .. } => GOOD,
        Report { new_access: true, .. } => BAD,
        _ => DOUBTFUL,
    };
    let compared = counted(report.callers, "caller");
    let _ = writeln!(out, "{} ({compared} compared)", paint(color, tone, &report.summary()));
    out
}

/// The callers of a change in one line.
pub(super) fn who(change: &Change, most: usize) -> String {
    let shown = change.callers.len().min(most.max(1));
    let mut who = change.callers.get(..shown).unwrap_or_default().join(", ");
    if change.callers.len() > shown {
        let _ = write!(who, " and {} more", figure((change.callers.len() - shown) as u64));
    }
    match change.presence {
        "added" => format!("{who} (added)"),
        "removed" => format!("{who} (removed)"),
        _ => who,
    }
}

fn one(out: &mut String, difference: &Difference, color: bool) {
    let (sign, tone) = match difference.of {
        Kind::NewAccess => ("+", BAD),
        Kind::LostAccess => ("-", DOUBTFUL),
        Kind::NewDeny | Kind::LostDeny => ("~", DIM),
    };
    let kind = paint(color, tone, &format!("{sign} {}", kind_words(difference.of)));
    let _ = writeln!(out, "  {kind}: {}", plain(&difference.actions.join(", ")));
    for resource in &difference.resources {
        let _ = writeln!(out, "      on {}", plain(resource));
    }
    for term in &difference.condition {
        let _ = writeln!(out, "      if {}", plain(term));
    }
    for exception in &difference.exceptions {
        let _ = writeln!(out, "      except where {}", plain(&named(exception)));
    }
    if difference.partly {
        let _ = writeln!(out, "      except where other layers or grants decide");
    }
    let request = &difference.request;
    let of = |name: &str| request.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let resource = request["resource"][0].as_str().unwrap_or_default();
    let mut example = format!("{} on {resource}", of("action"));
    if let Some(context) = request.get("context") {
        let _ = write!(example, " with {context}");
    }
    if let Some(time) = request.get("time") {
        let _ = write!(example, " at {time}");
    }
    let _ = writeln!(out, "      such as {}", plain(&example));
    let (before, after) = (answer(&difference.before), answer(&difference.after));
    let _ = writeln!(out, "        before: {}", plain(&before));
    let _ = writeln!(out, "        after:  {}", plain(&after));
}

fn answer(answer: &Answer) -> String {
    let decision = decision_words(answer.decision);
    let statements: Vec<String> = answer.statements.iter().map(place).collect();
    if statements.is_empty() { decision } else { format!("{decision} by {}", statements.join(", ")) }
}

fn place(statement: &Statement) -> String {
    format!("`{}` ({})", statement.name, statement.place())
}

fn named(statement: &Statement) -> String {
    format!("`{}` {}s ({} {})", statement.name, verb(statement), statement.side, statement.place())
}

fn verb(statement: &Statement) -> &'static str {
    if statement.effect == "deny" { "denie" } else { "allow" }
}
