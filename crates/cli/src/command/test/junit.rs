//! What a run came to, as the XML of JUnit: a suite a file, a case a case.

use std::borrow::Cow;

use super::judge::Difference;
use super::{Line, Report, shown};
use crate::console::Console;
use crate::exit::Failure;

/// Writes it.
pub(super) fn write(report: &Report, console: &mut Console) -> Result<(), Failure> {
    let out = console.out();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"camshaft\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.6}\">",
        report.cases.len(),
        report.failed,
        report.seconds
    )?;
    for of_file in report.cases.chunk_by(|a, b| a.path == b.path) {
        let failed = of_file.iter().filter(|case| case.failure.is_some()).count();
        let seconds: f64 = of_file.iter().map(|case| case.seconds).sum();
        let path = of_file.first().map_or("", |case| &*case.path);
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.6}\">",
            escaped(path),
            of_file.len()
        )?;
        if let Some(properties) = properties(report) {
            writeln!(out, "    <properties>{properties}</properties>")?;
        }
        for case in of_file {
            let Line { path, line, name, seconds, failure } = case;
            let differences =
                failure.and_then(|at| report.failures.get(at)).map(|failure| &failure.differences);
            let (path, name) = (escaped(path), escaped(name));
            write!(
                out,
                "    <testcase classname=\"{path}\" name=\"{name}\" file=\"{path}\" line=\"{line}\" time=\"{seconds:.6}\""
            )?;
            match differences {
                None => writeln!(out, "/>")?,
                Some(differences) => {
                    let lines: Vec<String> = differences.iter().map(Difference::line).collect();
                    let message = escaped(lines.first().map_or("", String::as_str)).into_owned();
                    let all = lines.join("\n");
                    writeln!(out, ">")?;
                    writeln!(
                        out,
                        "      <failure type=\"difference\" message=\"{message}\">{}</failure>",
                        escaped(&all)
                    )?;
                    writeln!(out, "    </testcase>")?;
                }
            }
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(())
}

/// Coverage and score, which JUnit has no words for.
fn properties(report: &Report) -> Option<String> {
    let coverage = report.coverage.as_ref().map(|coverage| ("coverage", shown(coverage.percent())));
    let score = report.mutation.as_ref().map(|mutation| ("mutation-score", shown(mutation.score())));
    let all = [coverage, score].into_iter().flatten();
    let all = all.map(|(name, value)| format!("<property name=\"{name}\" value=\"{value}\"/>"));
    Some(all.collect::<String>()).filter(|all| !all.is_empty())
}

/// Text as attributes and content may hold it. Characters that XML 1.0 has no place for are replaced; line feeds and
/// tabs are written as references, which attributes would otherwise turn into blanks.
fn escaped(text: &str) -> Cow<'_, str> {
    let plain = |c: char| {
        c == ' ' || !(c.is_control() || matches!(c, '<' | '>' | '&' | '"' | '\'' | '\u{fffe}' | '\u{ffff}'))
    };
    if text.chars().all(plain) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if plain(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_gets_out_of_an_attribute() {
        assert_eq!(super::escaped("a `b`/é 密"), "a `b`/é 密");
        assert_eq!(
            super::escaped("<a b=\"c\" d='&'>\n\u{0}\u{1b}\u{ffff}\u{85}"),
            "&lt;a b=&quot;c&quot; d=&apos;&amp;&apos;&gt;&#10;\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
    }
}
