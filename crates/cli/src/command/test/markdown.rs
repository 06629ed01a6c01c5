//! What a run came to, as Markdown for the page of a workflow's job.

use super::coverage::{Coverage, Share, Shares};
use super::mutation::Mutation;
use super::{Report, shown};
use crate::console::Console;
use crate::exit::Failure;

/// Statements and changes that are listed.
const MOST: usize = 50;

/// Writes it.
pub(super) fn write(report: &Report, shortfalls: &[String], console: &mut Console) -> Result<(), Failure> {
    let out = console.out();
    writeln!(out, "## Policy tests: {}\n", report.line())?;
    for shortfall in shortfalls {
        writeln!(out, "**{shortfall}**\n")?;
    }
    if !report.failures.is_empty() {
        writeln!(out, "| case | where | what differs |\n|---|---|---|")?;
        for failure in &report.failures {
            let lines: Vec<String> = failure.differences.iter().map(|one| cell(&one.line())).collect();
            let id = cell(failure.id.as_deref().unwrap_or("without an id"));
            writeln!(out, "| {id} | `{}:{}` | {} |", code(&failure.path), failure.line, lines.join("<br>"))?;
        }
        writeln!(out)?;
    }
    if let Some(found) = &report.coverage {
        coverage(found, console)?;
    }
    if let Some(found) = &report.mutation {
        mutation(found, console)?;
    }
    Ok(())
}

fn coverage(found: &Coverage, console: &mut Console) -> Result<(), Failure> {
    let out = console.out();
    writeln!(out, "### Coverage: {}\n", shown(found.percent()))?;
    writeln!(out, "| file | statements | entries | conditions | total |\n|---|--:|--:|--:|--:|")?;
    let of = |share: &Share| {
        if share.of == 0 { "-".to_owned() } else { format!("{}/{}", share.reached, share.of) }
    };
    let row = |name: &str, shares: &Shares| {
        let Shares { statements, entries, conditions, total } = shares;
        let total = shown(total.percent);
        format!("| {name} | {} | {} | {} | {total} |", of(statements), of(entries), of(conditions))
    };
    for (name, shares) in found.worlds.iter().flat_map(|world| &world.files) {
        writeln!(out, "{}", row(&format!("`{}`", code(name)), shares))?;
    }
    writeln!(out, "{}\n", row("all", &found.shares))?;
    let statements = found.worlds.iter().flat_map(|world| &world.statements);
    let mut with_gaps = statements.map(|one| (one, one.gaps())).filter(|(_, gaps)| !gaps.is_empty());
    let shown: Vec<_> = with_gaps.by_ref().take(MOST).collect();
    if !shown.is_empty() {
        writeln!(out, "<details><summary>What no case reaches</summary>\n")?;
        for (one, gaps) in shown {
            let gaps: Vec<String> = gaps.iter().map(|gap| cell(gap)).collect();
            let place = format!("{}:{}", one.path, one.line);
            writeln!(
                out,
                "- **{}** ({}) `{}`: {}",
                cell(&one.name),
                one.effect,
                code(&place),
                gaps.join("; ")
            )?;
        }
        let rest = with_gaps.count();
        if rest > 0 {
            writeln!(out, "- and {rest} more")?;
        }
        writeln!(out, "\n</details>\n")?;
    }
    Ok(())
}

fn mutation(found: &Mutation, console: &mut Console) -> Result<(), Failure> {
    let out = console.out();
    let tried = found.noticed + found.survived;
    writeln!(out, "### Mutation score: {}\n", shown(found.score()))?;
    let untried = match found.untried {
        0 => String::new(),
        some => format!(", {some} not tried for want of time"),
    };
    let equivalent = match found.equivalent {
        0 => String::new(),
        some => format!("; {some} others decide every request as before"),
    };
    writeln!(out, "{} of {tried} changes noticed{untried}{equivalent}.\n", found.noticed)?;
    if found.survived == 0 {
        return Ok(());
    }
    writeln!(out, "<details><summary>Changes that no case notices</summary>\n")?;
    for survivor in found.survivors.iter().filter(|survivor| !survivor.equivalent).take(MOST) {
        let place = format!("{}:{}", survivor.path, survivor.line);
        let name = cell(&survivor.name);
        writeln!(out, "- **{name}** ({}) {} `{}`", survivor.effect, survivor.describe, code(&place))?;
        if let Some(case) = &survivor.case {
            writeln!(out, "  ```json\n  {case}\n  ```")?;
        }
    }
    if found.survived > MOST {
        writeln!(out, "- and {} more", found.survived - MOST)?;
    }
    writeln!(out, "\n</details>\n")?;
    Ok(())
}

/// Text that stands in a table or a list: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => out.extend(['\\', c]),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text between backticks.
fn code(text: &str) -> String {
    text.chars().map(|c| if c == '`' || c == '|' || c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_input_is_markup() {
        assert_eq!(cell("a|`b`\n<i>*c*"), "a\\|\\`b\\` &lt;i&gt;\\*c\\*");
        assert_eq!(code("a`|b"), "a\u{fffd}\u{fffd}b");
    }
}
