//! The story for people, in 80 columns.

use camshaft::remedy::{Remedy, denying};
use camshaft_frontend::request::Request;
use camshaft_runtime::{
    Decision, Engine, Explanation, Lack, Miss, Obstacle, Part, PartReport, ResourceReport, StatementReport,
};
use serde_json::Value;

use super::json::{effect, outcome};
use super::opened::Opened;
use crate::command::decide;
use crate::console::Console;
use crate::exit::Failure;
use crate::render::{layout, text};

/// Columns, if the terminal has them.
const COLUMNS: usize = 80;
/// Statements that missed which are shown of a part without `--all`.
const NEAREST: usize = 3;

/// Writes it.
pub(super) fn write(
    engine: &Engine,
    explanation: &Explanation,
    request: &Request,
    remedy: Option<(&Remedy, Option<&[Opened]>)>,
    all: bool,
    console: &mut Console,
) -> Result<(), Failure> {
    let mut page = Page { columns: COLUMNS.min(console.width), color: console.out_color, console };
    page.headline(engine, explanation)?;
    page.decided_by(engine, explanation)?;
    let several = request.resources.len() > 1;
    for (report, name) in explanation.resources.iter().zip(&request.resources) {
        page.resource(report, several.then_some(name), all)?;
    }
    if let Some((remedy, opened)) = remedy {
        page.remedy(remedy, explanation, opened)?;
        if let Some(opened) = opened {
            page.opened(opened, request)?;
        }
    }
    for needed in &explanation.prerequisites {
        let decision = outcome(engine, &needed.reasons).decision;
        let style = if decision == "allow" { text::GOOD } else { text::BAD };
        let decision = page.paint(style, &decision.replace('_', " "));
        page.line(0, "")?;
        page.line(0, &format!("also needed: `{}`: {decision}", needed.action))?;
        page.line(4, &format!("on `{}`", text::plain(&needed.resource)))?;
    }
    Ok(())
}

/// What is written, and where.
struct Page<'c> {
    columns: usize,
    color: bool,
    console: &'c mut Console,
}

impl Page<'_> {
    fn line(&mut self, indent: usize, line: &str) -> Result<(), Failure> {
        let line = format!("{}{line}", " ".repeat(indent));
        Ok(writeln!(self.console.out(), "{}", line.trim_end())?)
    }

    fn paint(&self, style: anstyle::Style, words: &str) -> String {
        text::paint(self.color, style, words)
    }

    fn title(&mut self, title: &str) -> Result<(), Failure> {
        let title = self.paint(text::STRONG, title);
        self.line(0, "")?;
        self.line(0, &title)
    }

    /// Words, wrapped.
    fn words(&mut self, indent: usize, words: &str) -> Result<(), Failure> {
        let lines = layout::wrapped(&text::plain(words), self.columns.saturating_sub(indent));
        lines.iter().try_for_each(|line| self.line(indent, line))
    }

    fn headline(&mut self, engine: &Engine, explanation: &Explanation) -> Result<(), Failure> {
        let reasons = &explanation.reasons;
        let names: Vec<String> = reasons.statements.iter().map(|one| engine.statement_name(*one)).collect();
        let by = match names.as_slice() {
            [one] => one.clone(),
            [one, another] => format!("{one} and {another}"),
            [one, others @ ..] => format!("{one} and {} others", others.len()),
            [] => String::new(),
        };
        let (word, style, why) = match reasons.decision {
            Decision::Allow { .. } if names.is_empty() => {
                ("allow", text::GOOD, "the caller's account owns the resource".to_owned())
            }
            Decision::Allow { .. } => ("allow", text::GOOD, format!("by {by}")),
            Decision::ExplicitDeny { .. } => ("explicit deny", text::BAD, format!("by {by}")),
            Decision::ImplicitDeny { layer } => {
                ("implicit deny", text::BAD, decide::blocked(layer.name()).into())
            }
            Decision::Error { .. } => ("error", text::BAD, String::new()),
        };
        let word = self.paint(style, word);
        self.line(0, &format!("{word}: {why}"))
    }

    /// The deciding statements, whole.
    fn decided_by(&mut self, engine: &Engine, explanation: &Explanation) -> Result<(), Failure> {
        let mut shown: Vec<&str> = Vec::new();
        let parts = explanation.resources.iter().flat_map(|resource| &resource.parts);
        for report in parts.flat_map(|part| &part.statements) {
            let decides =
                explanation.reasons.statements.contains(&report.statement) && report.misses.is_empty();
            if !decides || shown.contains(&&*report.name) {
                continue;
            }
            shown.push(&report.name);
            debug_assert_eq!(engine.statement_name(report.statement), report.name);
            let (name, place) = (self.paint(text::STRONG, &report.name), self.place(report));
            self.line(0, "")?;
            self.line(2, &format!("{name}  {place}"))?;
            self.statement(4, &report.text)?;
            for doubt in &report.doubts {
                self.doubt(doubt)?;
            }
        }
        Ok(())
    }

    fn place(&self, report: &StatementReport) -> String {
        let (source, line, column) = &report.place;
        self.paint(text::DIM, &decide::place(&text::plain(source), *line, *column))
    }

    fn statement(&mut self, indent: usize, statement: &str) -> Result<(), Failure> {
        match serde_json::from_str::<Value>(statement) {
            Ok(value) => self.json(indent, &value),
            Err(_) => self.line(indent, &text::plain(statement)),
        }
    }

    fn json(&mut self, indent: usize, value: &Value) -> Result<(), Failure> {
        let laid = layout::json(value, indent, self.columns);
        let mut lines = laid.lines();
        self.line(indent, &text::plain(lines.next().unwrap_or_default()))?;
        lines.try_for_each(|line| self.line(0, &text::plain(line)))
    }

    /// What a deny does not know, and holds against the caller.
    fn doubt(&mut self, doubt: &Miss) -> Result<(), Failure> {
        let found = if doubt.found.is_empty() { "none" } else { &doubt.found };
        let words = format!(
            "not known, and a deny holds then: {} {} (the request has {found})",
            doubt.dimension.name(),
            doubt.wanted
        );
        self.words(4, &words)
    }

    fn resource(&mut self, report: &ResourceReport, name: Option<&String>, all: bool) -> Result<(), Failure> {
        if let Some(name) = name {
            let why = match report.blocked_by {
                None if report.allowed => "allowed".to_owned(),
                None => "denied".to_owned(),
                Some(layer) => format!("not allowed: {}", decide::blocked(layer.name())),
            };
            self.title(&text::plain(name))?;
            self.line(2, &why)?;
        }
        self.title("what each layer says")?;
        let blocks = |part: Part| report.need.parts.contains(&part);
        let shown: Vec<Part> = report.parts.iter().map(|part| part.part).collect();
        for part in report.need.parts.iter().filter(|part| !shown.contains(part)) {
            let nothing = self.paint(text::BAD, "no statement binds the caller");
            self.line(2, &format!("{:<12}{nothing}", label(*part)))?;
        }
        for of_part in &report.parts {
            self.layer(of_part, blocks(of_part.part))?;
        }
        if report.parts.is_empty() && report.need.parts.is_empty() {
            self.line(2, "no statement binds the caller")?;
        }
        let denied = denying(report).next().is_some();
        for of_part in &report.parts {
            if all || blocks(of_part.part) && !denied {
                self.misses(of_part, all)?;
            }
        }
        let hidden = report
            .parts
            .iter()
            .flat_map(|part| &part.statements)
            .filter(|one| !one.misses.is_empty())
            .count();
        if report.allowed && !all && hidden > 0 {
            let hidden = text::count(hidden, "statement misses", "statements miss");
            self.line(0, "")?;
            self.line(2, &format!("{hidden}; `--all` shows where"))?;
        }
        Ok(())
    }

    /// What a part came to.
    fn layer(&mut self, report: &PartReport, blocks: bool) -> Result<(), Failure> {
        let PartReport { part, statements } = report;
        let matching: Vec<&StatementReport> = statements.iter().filter(|one| one.misses.is_empty()).collect();
        let mut label = format!("{:<12}", label(*part));
        for one in &matching {
            let (word, style) = if one.denies { ("denies", text::BAD) } else { ("allows", text::GOOD) };
            let (word, place) = (self.paint(style, word), self.place(one));
            self.line(2, &format!("{label}{word}  {}  {place}", one.name))?;
            label = " ".repeat(12);
        }
        let missed = statements.len() - matching.len();
        if blocks {
            let counted = text::counted(missed, "statement");
            let none = if matching.is_empty() { "no match" } else { "no allow" };
            let words = self.paint(text::BAD, &format!("{none} among {counted}"));
            self.line(2, &format!("{label}{words}"))?;
        } else if matching.is_empty() {
            self.line(2, &format!("{label}no match among {}", text::counted(missed, "statement")))?;
        }
        Ok(())
    }

    /// The statements of a part that missed; without `all` the nearest that allow.
    fn misses(&mut self, report: &PartReport, all: bool) -> Result<(), Failure> {
        let missed = || report.statements.iter().filter(|one| !one.misses.is_empty());
        let allows = missed().filter(|one| !one.denies).count();
        if if all { missed().next().is_none() } else { allows == 0 } {
            return Ok(());
        }
        let title = if all { "what misses in" } else { "nearest in" };
        self.title(&format!("{title} {}", label(report.part)))?;
        let mut number = 0;
        for one in missed().filter(|one| all || !one.denies).take(if all { usize::MAX } else { NEAREST }) {
            number += 1;
            let (name, place) = (self.paint(text::STRONG, &one.name), self.place(one));
            self.line(2, &format!("{number}. {name} ({})  {place}", effect(one)))?;
            for miss in &one.misses {
                self.miss(miss)?;
            }
        }
        if !all && allows > number {
            let more = text::figure((allows - number) as u64);
            self.line(2, &format!("… {more} more that allow; `--all` shows every statement"))?;
        }
        Ok(())
    }

    fn miss(&mut self, miss: &Miss) -> Result<(), Failure> {
        const INDENT: usize = 5;
        const LABEL: usize = 17;
        let room = self.columns.saturating_sub(INDENT + LABEL);
        let dimension = self.paint(text::DOUBTFUL, &format!("{:<11}", miss.dimension.name()));
        let found = if miss.found.is_empty() { "none" } else { &miss.found };
        let (wanted, found) = (text::plain(&miss.wanted), text::plain(found));
        let Some(at) = miss.diverges_at else {
            let doubt = if miss.unknown { " (not known)" } else { "" };
            for (word, dimension, said) in
                [("wants", dimension, wanted), ("has", " ".repeat(11), format!("{found}{doubt}"))]
            {
                let mut head = format!("{dimension}{word:<6}");
                for line in layout::wrapped(&said, room) {
                    self.line(INDENT, &format!("{head}{line}"))?;
                    head = " ".repeat(LABEL);
                }
            }
            return Ok(());
        };
        // Both texts are cut at the same place, so that they stand one above the other.
        let (found, column) = layout::window(&found, at, room);
        let wanted = match &miss.lacks {
            None => layout::window(&wanted, at, room).0,
            Some(_) => layout::window(&wanted, 0, room).0,
        };
        self.line(INDENT, &format!("{dimension}wants {wanted}"))?;
        self.line(INDENT, &format!("{}has   {found}", " ".repeat(11)))?;
        let caret = self.paint(text::BAD, "^");
        let words = match &miss.lacks {
            None => format!("byte {at}"),
            Some(Lack::Within(lack)) => format!("no `{}` from here on", text::plain(lack)),
            Some(Lack::AtEnd(lack)) => format!("does not end in `{}`", text::plain(lack)),
        };
        let left = LABEL + column;
        if INDENT + left + 2 + words.chars().count() <= self.columns || words.chars().count() + 1 > left {
            return self.line(INDENT + left, &format!("{caret} {words}"));
        }
        self.line(INDENT + left - words.chars().count() - 1, &format!("{words} {caret}"))
    }

    /// What the proposed statements open, for all requests.
    fn opened(&mut self, opened: &[Opened], request: &Request) -> Result<(), Failure> {
        let action = request.action.strip_prefix("name/").unwrap_or(&request.action);
        let only = match opened {
            [one] => {
                one.caller_count == 1
                    && one.actions == [action]
                    && one.resources.len() <= request.resources.len()
                    && !one.resources.iter().any(|resource| resource.contains('*'))
            }
            _ => false,
        };
        if only {
            let condition = opened.iter().flat_map(|one| &one.condition).cloned().collect::<Vec<_>>();
            let context = match condition.as_slice() {
                [] => "in any context".to_owned(),
                _ => format!("where {}", condition.join(" and ")),
            };
            let that = if request.resources.len() > 1 { "these resources" } else { "this resource" };
            return self.words(
                2,
                &format!(
                    "of all requests this opens none but this action on {that}, for this caller, {context}"
                ),
            );
        }
        if opened.is_empty() {
            return Ok(());
        }
        self.line(2, "of all requests this opens")?;
        for Opened { callers, caller_count, actions, resources, condition } in opened {
            self.words(4, &format!("{} on {}", some(actions), some(resources)))?;
            if !condition.is_empty() {
                self.words(6, &format!("where {}", condition.join(" and ")))?;
            }
            let first = callers.first().map_or("", String::as_str);
            match caller_count {
                1 if *first == *request.principal => self.words(6, "for the caller")?,
                1 => self.words(6, &format!("for {first}"))?,
                _ => self
                    .words(6, &format!("for {first} and {} more", text::figure((caller_count - 1) as u64)))?,
            }
        }
        Ok(())
    }

    fn remedy(
        &mut self,
        remedy: &Remedy,
        explanation: &Explanation,
        opened: Option<&[Opened]>,
    ) -> Result<(), Failure> {
        self.title("to allow it")?;
        let reports: Vec<&StatementReport> = explanation.resources.iter().flat_map(denying).collect();
        for name in &remedy.denies {
            let place = reports.iter().find(|report| report.name == *name).map(|report| self.place(report));
            let place = place.unwrap_or_default();
            self.line(2, &format!("{name} must go, or spare this request  {place}"))?;
        }
        if let Some(obstacle) = remedy.obstacle {
            self.words(2, &format!("no statement can: {}", why(obstacle)))?;
        }
        for other in &remedy.contexts {
            let wants = other.wants.join(" and ");
            self.words(2, &format!("ask from elsewhere: {} allows it where {wants}", other.statement))?;
        }
        let mut or = if remedy.contexts.is_empty() { "" } else { "or " };
        for grant in &remedy.grants {
            self.words(2, &format!("{or}add to {}:", grant.to))?;
            or = "";
            let Some(statement) = &grant.statement else {
                self.words(4, "(no policy can name exactly this resource)")?;
                continue;
            };
            self.json(4, statement)?;
            if opened.is_some() {
                continue;
            }
            match grant.opens.as_slice() {
                [] => {}
                [only] => self.words(4, &format!("opens nothing but {only}"))?,
                [first, others @ ..] => {
                    self.words(4, &format!("opens {first}; besides"))?;
                    others.iter().try_for_each(|other| self.words(6, other))?;
                }
            }
        }
        Ok(())
    }
}

/// Three of a list, and how many more.
fn some(list: &[String]) -> String {
    let shown: Vec<String> = list.iter().take(3).map(|one| format!("`{one}`")).collect();
    let more = list.len().saturating_sub(3);
    let rest = if more > 0 { format!(" and {} more", text::figure(more as u64)) } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// Why nothing helps.
fn why(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::UnknownCaller => {
            "the directory does not hold the caller, and only what everyone is granted counts"
        }
        Obstacle::Unsigned => "an unsigned caller assumes no role",
        Obstacle::NoResourcePolicies => {
            "only a resource policy of the owner could allow it, and the service takes none"
        }
        Obstacle::UnknownOwner => {
            "only a resource policy of the owner could allow it, and the directory does not hold the owner"
        }
    }
}

/// What a part is called.
fn label(part: Part) -> String {
    match part {
        Part::Scp(level) => format!("scp {level}"),
        Part::Anyone => "anyone".into(),
        _ => part.name().to_owned(),
    }
}
