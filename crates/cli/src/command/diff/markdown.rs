//! Differences as a summary for a pull request.

use std::fmt::Write as _;

use super::human::who;
use super::report::{Answer, Report, decision_words, kind_words};

/// Differences that are listed; the rest is counted.
const MOST: usize = 50;

pub(super) fn text(report: &Report, callers: usize) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "### camshaft diff: {}\n", report.summary());
    for setting in &report.settings {
        let _ = writeln!(out, "- **setting**: {}", inline(setting));
    }
    for unknown in &report.unknown {
        let _ = writeln!(out, "- **unknown**: {}, for {}", inline(&unknown.words()), code(&unknown.caller));
    }
    if report.changes.is_empty() {
        return out;
    }
    if !report.settings.is_empty() || !report.unknown.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "| who | what | on | if | such as | before | after |");
    let _ = writeln!(out, "|---|---|---|---|---|---|---|");
    let all = report
        .changes
        .iter()
        .flat_map(|change| change.differences.iter().map(move |difference| (change, difference)));
    let count = all.clone().count();
    for (change, found) in all.take(MOST) {
        let list = |texts: &[String]| texts.iter().map(|text| code(text)).collect::<Vec<_>>().join("<br>");
        let mut terms: Vec<String> = found.condition.iter().map(|term| inline(term)).collect();
        terms.extend(found.exceptions.iter().map(|exception| {
            format!(
                "not where {} {}",
                code(&exception.name),
                if exception.effect == "deny" { "denies" } else { "allows" }
            )
        }));
        if found.partly {
            terms.push("not where other layers or grants decide".to_owned());
        }
        let resource = found.request["resource"][0].as_str().unwrap_or_default();
        let action = found.request["action"].as_str().unwrap_or_default();
        let mut example = format!("{} on {}", code(action), code(resource));
        if let Some(context) = found.request.get("context") {
            let _ = write!(example, " with {}", code(&context.to_string()));
        }
        let _ = writeln!(
            out,
            "| {} | **{}** {} | {} | {} | {example} | {} | {} |",
            code(&who(change, callers)),
            kind_words(found.of),
            list(&found.actions),
            list(&found.resources),
            terms.join("<br>"),
            answer(&found.before),
            answer(&found.after),
        );
    }
    if count > MOST {
        let _ = writeln!(out, "\n… and {} more", count - MOST);
    }
    out
}

fn answer(answer: &Answer) -> String {
    let names: Vec<String> = answer
        .statements
        .iter()
        .map(|statement| format!("{} ({})", code(&statement.name), inline(&statement.place())))
        .collect();
    let decision = decision_words(answer.decision);
    if names.is_empty() { decision } else { format!("{decision} by {}", names.join(", ")) }
}

/// Text of the input as code: it can end neither the code nor the cell.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    let pad = if text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", cell(text).replace("``", "` `"))
}

/// Text of the input in a line: no markup of it counts.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in cell(text).chars() {
        if matches!(c, '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '!') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn cell(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('|', "\\|")
}
