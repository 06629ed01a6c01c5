//! Findings as workflow commands of GitHub Actions: lines that become annotations of a pull request.

use camshaft_frontend::diagnostic::{Diagnostic, Severity};
use camshaft_frontend::source::Source;

use super::diagnostic::Findings;

/// One line for each finding.
pub(crate) fn commands(findings: &Findings) -> String {
    findings.diagnostics.iter().map(|found| command(found, findings.source(found))).collect()
}

/// A line about something that stands nowhere.
pub(crate) fn remark(severity: Severity, title: &str, message: &str) -> String {
    format!("::{} title={}::{}\n", word(severity), property(title), text(message))
}

fn command(found: &Diagnostic, source: Option<&Source>) -> String {
    let message = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let title = format!("{} {}", found.code, found.code.title());
    let Some(source) = source else { return remark(found.severity, &title, &message) };
    let (start, end) = (source.position(found.span.start), source.position(found.span.end));
    format!(
        "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
        word(found.severity),
        property(source.name()),
        start.line,
        start.column,
        end.line,
        end.column,
        property(&title),
        text(&message),
    )
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// The text of a command: what ends a line is escaped.
pub(crate) fn text(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: what separates properties is escaped too.
pub(crate) fn property(value: &str) -> String {
    text(value).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use camshaft_frontend::diagnostic::Code;
    use camshaft_frontend::source::Span;

    use super::*;

    #[test]
    fn what_separates_is_escaped() {
        let source = Source::new("a,b:c.json", "{\n x");
        let mut found = Diagnostic::new(Code(319), 0, Span::new(3, 4), "100%: bad");
        found.help = Some("do, this".into());
        let findings = Findings::of(source, vec![found]);
        let expected = "::error file=a%2Cb%3Ac.json,line=2,col=2,endLine=2,endColumn=3,\
                        title=CAM0319 invalid account::100%25: bad%0Ahelp: do, this\n";
        assert_eq!(commands(&findings), expected);
        assert_eq!(remark(Severity::Note, "t", "a\r\nb"), "::notice title=t::a%0D%0Ab\n");
    }
}
