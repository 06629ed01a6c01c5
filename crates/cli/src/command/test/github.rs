//! What a run came to, as annotations of a GitHub workflow; the last line is that for people.

use super::judge::Difference;
use super::{Report, shown};
use crate::console::Console;
use crate::exit::Failure;
use crate::render::github::{property, text as message};

/// Annotations of one kind that a run shows; GitHub shows no more than ten of a step.
const MOST: usize = 10;

/// Writes it.
pub(super) fn write(report: &Report, shortfalls: &[String], console: &mut Console) -> Result<(), Failure> {
    for failure in &report.failures {
        let name = failure.id.as_deref().unwrap_or("a case without an id");
        let lines: Vec<String> = failure.differences.iter().map(Difference::line).collect();
        let title = property(&format!("case failed: {name}"));
        let (file, line) = (property(&failure.path), failure.line);
        writeln!(
            console.out(),
            "::error file={file},line={line},title={title}::{}",
            message(&lines.join("\n"))
        )?;
    }
    let gaps =
        report.coverage.iter().flat_map(|coverage| &coverage.worlds).flat_map(|world| &world.statements);
    for statement in gaps.filter(|statement| statement.matched == 0).take(MOST) {
        let file = property(&statement.path);
        let title = property(&format!("{} is not tested", statement.name));
        let (line, column) = (statement.line, statement.column);
        writeln!(
            console.out(),
            "::warning file={file},line={line},col={column},title={title}::no case matches it"
        )?;
    }
    let survivors = report.mutation.iter().flat_map(|mutation| &mutation.survivors);
    for survivor in survivors.filter(|survivor| !survivor.equivalent).take(MOST) {
        let file = property(&survivor.path);
        let title = property(&format!("{} {}: no case fails", survivor.name, survivor.describe));
        let advice = match &survivor.case {
            Some(case) => format!("this case would notice:\n{case}"),
            None => "no request was found that tells the two apart".into(),
        };
        let (line, column) = (survivor.line, survivor.column);
        writeln!(
            console.out(),
            "::warning file={file},line={line},col={column},title={title}::{}",
            message(&advice)
        )?;
    }
    for shortfall in shortfalls {
        writeln!(console.out(), "::error::{}", message(shortfall))?;
    }
    if let Some(coverage) = &report.coverage {
        writeln!(console.out(), "coverage {}", shown(coverage.percent()))?;
    }
    if let Some(mutation) = &report.mutation {
        writeln!(console.out(), "mutation score {}", shown(mutation.score()))?;
    }
    writeln!(console.out(), "{}", report.line())?;
    Ok(())
}
