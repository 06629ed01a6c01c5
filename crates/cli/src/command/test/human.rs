//! What a run came to, for people.

use super::coverage::{Coverage, Share};
use super::mutation::{Mutation, Survivor};
use super::{Report, judge, shown};
use crate::console::Console;
use crate::exit::Failure;
use crate::render::table::{Align, Table};
use crate::render::text;

/// Writes it; the last line is `N passed, N failed`.
pub(super) fn write(report: &Report, shortfalls: &[String], console: &mut Console) -> Result<(), Failure> {
    for failure in &report.failures {
        judge::human(failure, console)?;
    }
    if let Some(found) = &report.coverage {
        coverage(found, console)?;
    }
    if let Some(found) = &report.mutation {
        mutation(found, console)?;
    }
    for shortfall in shortfalls {
        let line = text::paint(console.out_color, text::BAD, shortfall);
        writeln!(console.out(), "{line}")?;
    }
    writeln!(console.out(), "{}", report.line())?;
    Ok(())
}

fn coverage(found: &Coverage, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    for world in &found.worlds {
        let title = text::paint(color, text::STRONG, &format!("coverage of {}", world.world));
        writeln!(console.out(), "{title} by {}", text::counted(world.cases, "case"))?;
        let right = (Align::Right, anstyle::Style::new());
        let mut table = Table::new([(Align::Left, anstyle::Style::new()), right, right, right, right]);
        table.row(["", "statements", "entries", "conditions", "total"]);
        let of = |share: &Share| {
            if share.of == 0 { "-".to_owned() } else { format!("{}/{}", share.reached, share.of) }
        };
        let all = [("all", &world.shares)].into_iter();
        for (name, shares) in world.files.iter().map(|(name, shares)| (&**name, shares)).chain(all) {
            let parts = [&shares.statements, &shares.entries, &shares.conditions].map(of);
            table.row([name.to_owned()].into_iter().chain(parts).chain([shown(shares.total.percent)]));
        }
        write!(console.out(), "{}", table.render(color))?;
        for statement in &world.statements {
            let gaps = statement.gaps();
            if gaps.is_empty() {
                continue;
            }
            let place = format!("{}:{}:{}", statement.path, statement.line, statement.column);
            let (name, place) =
                (text::paint(color, text::STRONG, &statement.name), text::paint(color, text::DIM, &place));
            writeln!(console.out(), "\n  {name} ({})  {place}", statement.effect)?;
            for gap in gaps {
                writeln!(console.out(), "    {}", text::plain(&gap))?;
            }
        }
        writeln!(console.out())?;
    }
    Ok(())
}

fn mutation(found: &Mutation, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let tried = found.noticed + found.survived;
    let line = format!(
        "mutation score {}: cases notice {} of {}",
        shown(found.score()),
        found.noticed,
        text::counted(tried, "change")
    );
    writeln!(console.out(), "{}", text::paint(color, text::STRONG, &line))?;
    if found.equivalent > 0 {
        let others = text::counted(found.equivalent, "other change");
        writeln!(console.out(), "  {others} no case could notice: every request is decided as before")?;
    }
    if found.untried > 0 {
        let left = text::count(found.untried, "more was", "more were");
        let line = format!("{left} not tried: the time was over; `--mutate-s` gives more");
        writeln!(console.out(), "  {}", text::paint(color, text::DOUBTFUL, &line))?;
    }
    for of_statement in found.survivors.chunk_by(|a, b| (&a.path, &a.name) == (&b.path, &b.name)) {
        if let Some(Survivor { name, effect, path, line, column, .. }) = of_statement.first() {
            let place = text::paint(color, text::DIM, &format!("{path}:{line}:{column}"));
            writeln!(console.out(), "\n  {} ({effect})  {place}", text::paint(color, text::STRONG, name))?;
        }
        // One case may notice several changes.
        for alike in of_statement.chunk_by(|a, b| (&a.case, a.equivalent) == (&b.case, b.equivalent)) {
            let changes: Vec<&str> = alike.iter().map(|one| one.describe).collect();
            let changes = changes.join(", ");
            match alike.first().and_then(|one| Some((one.case.as_ref()?, one.instead.as_ref()?))) {
                Some((case, instead)) => {
                    let or = if alike.len() > 1 { " or so" } else { "" };
                    writeln!(console.out(), "    {changes}: would be noticed, as {instead}{or}, by")?;
                    writeln!(console.out(), "      {}", text::plain(&case.to_string()))?;
                }
                None if alike.iter().all(|one| one.equivalent) => {
                    writeln!(console.out(), "    {changes}: equivalent, no request is decided otherwise")?;
                }
                None => writeln!(console.out(), "    {changes}: no request was found that tells")?,
            }
        }
    }
    writeln!(console.out())?;
    Ok(())
}
