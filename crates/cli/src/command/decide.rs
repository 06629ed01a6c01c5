//! `camshaft decide`: one request, or a stream of them.

use std::path::{Path, PathBuf};

use camshaft::decider::{self, Decider};
use camshaft_compiler::Config;
use camshaft_frontend::diagnostic::{Diagnostic, Severity, code};
use camshaft_frontend::json;
use camshaft_frontend::limits;
use camshaft_frontend::policy::PolicySet;
use camshaft_frontend::request::{self, Defaults, Request, RequestError};
use camshaft_frontend::source::Source;
use camshaft_frontend::world::IMPLICIT_PRINCIPAL;
use camshaft_runtime::{Decision, Reasons};
use serde::Serialize;

use crate::args::{Decide, Question};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Line};
use crate::load;
use crate::render::diagnostic::{self, Findings};
use crate::render::json::{self as render, Finding};
use crate::render::text;
use crate::trust;

/// The answer to a request.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    decision: &'static str,
    reason: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'static str>,
    bundle: &'a str,
}

/// Why a request has none.
#[derive(Debug, Serialize)]
struct Refusal<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    error: Error,
}

#[derive(Debug, Serialize)]
struct Error {
    code: String,
    message: String,
    /// Where in the request, if a place is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// Those of a refused session policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<Finding>,
}

/// Runs it.
pub(crate) fn run(args: &Decide, console: &mut Console) -> Result<Exit, Failure> {
    if let Some(requests) = &args.requests {
        let decider = decider(&args.question, console)?;
        return stream(&decider, requests, console);
    }
    let request = request(&args.question)?;
    let decider = decider(&args.question, console)?;
    let request = aged(request, &decider);
    let (reasons, findings) = decider.reasons(&request, &mut decider.engine().scratch());
    if let Decision::Error { code } = reasons.decision {
        return Err(malformed(&args.question, &request, code, findings));
    }
    let names =
        reasons.statements.iter().map(|statement| decider.engine().statement_name(*statement)).collect();
    let (decision, blocked_by) = decision(reasons.decision);
    if console.is_json() {
        let bundle = &decider.engine().bundle().digest_text();
        console.json_line(&Answer { id: None, decision, reason: names, blocked_by, bundle })?;
    } else {
        human(&decider, &reasons, &names, &folder(&args.question), console)?;
    }
    Ok(if decision == "allow" { Exit::Done } else { Exit::Negative })
}

/// The engine that the command line names.
pub(crate) fn decider(question: &Question, console: &Console) -> Result<Decider, Failure> {
    asked(question, console).map(|(decider, _)| decider)
}

/// The engine that the command line names, and what it was compiled from, unless that is a bundle.
pub(crate) fn asked(question: &Question, console: &Console) -> Result<(Decider, Option<PolicySet>), Failure> {
    if let Some(path) = &question.bundle {
        if question.reading.is_given() {
            return Err(Failure::usage_with(
                "`--param`, `--strict` and `--limit` belong to `-p` and `--world`",
                "a bundle was built with its own; give them to `camshaft build`",
            ));
        }
        let bundle = load::bundle(path, &question.trusted)?;
        let reading = decider::Reading::from(&bundle);
        return Ok((Decider::new(bundle, reading, Config::default().threads(1)), None));
    }
    let overrides = load::overrides(&question.reading)?;
    let (mut loaded, what) = match &question.world {
        Some(path) => (load::world(path, &overrides)?.loaded, input::name(path)),
        None if question.policies.is_empty() => {
            return Err(Failure::usage_with(
                "there is nothing to ask",
                "name a bundle with `-b FILE`, policies with `-p FILE…`, or a world with `--world PATH`",
            ));
        }
        None => {
            let names: Vec<String> = question.policies.iter().map(|path| input::name(path)).collect();
            (load::policies(&question.policies, &overrides)?, names.join("`, `"))
        }
    };
    let (set, findings) = load::accepted(&what, &mut loaded)?;
    if !console.is_json() {
        let style = diagnostic::Style { color: console.err_color, width: console.width };
        console.message(&findings.render(Severity::Warning, 20, style));
    }
    let compiled = load::compile(&set, &Config::default().places(true).threads(1))?;
    Ok((load::decider(&compiled, &loaded)?, Some(set)))
}

/// The request that the command line spells.
pub(crate) fn request(question: &Question) -> Result<Request, Failure> {
    let missing = |what: &str, help: &str| Failure::usage_with(format!("the request needs `{what}`"), help);
    let action = question.action.clone().ok_or_else(|| {
        missing("--action", "`--action service:Operation`, or `--requests FILE` for a stream")
    })?;
    if question.resources.is_empty() {
        return Err(missing("--resource", "six segments, `*` for an API without resources"));
    }
    let principal = match &question.principal {
        Some(principal) => principal.clone(),
        None if question.bundle.is_none() && question.world.is_none() => IMPLICIT_PRINCIPAL.to_owned(),
        None => {
            return Err(missing("--principal", "`--principal qcs::cam::uin/<account>:uin/<user>`"));
        }
    };
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in &question.context {
        let at = context.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
            context.push((key.clone(), Vec::new()));
            context.len() - 1
        });
        context[at].1.extend(value.clone());
    }
    let session_policy = match &question.session {
        Some(path) => Some(session(path)?),
        None => None,
    };
    Ok(Request {
        id: None,
        principal,
        action,
        resources: question.resources.clone(),
        context,
        time: question.time.clone(),
        signed: question.signed,
        session_policy,
        artifact_age_s: question.artifact_age_s,
    })
}

fn session(path: &Path) -> Result<String, Failure> {
    let (source, fault) = json::decode(&input::name(path), 0, input::read(path)?);
    match fault {
        None => Ok(source.text().to_owned()),
        Some(fault) => {
            let name = source.name().to_owned();
            Err(load::rejected(&name, Findings::of(source, vec![fault])))
        }
    }
}

/// A request without an answer.
pub(crate) fn malformed(
    question: &Question,
    request: &Request,
    error: camshaft_runtime::ErrorCode,
    findings: Vec<Diagnostic>,
) -> Failure {
    let name = question.session.as_deref().map_or_else(|| "session".into(), input::name);
    let source = Source::new(name, request.session_policy.clone().unwrap_or_default());
    Failure::Request {
        code: format!("CAM{:04}", error.number()),
        message: error.message().into(),
        findings: Box::new(Findings::of(source, findings)),
    }
}

/// As answers spell a decision, and the layer that blocks.
pub(crate) fn decision(decision: Decision) -> (&'static str, Option<&'static str>) {
    match decision {
        Decision::Allow { .. } => ("allow", None),
        Decision::ExplicitDeny { .. } => ("explicit_deny", None),
        Decision::ImplicitDeny { layer } => ("implicit_deny", Some(layer.name())),
        Decision::Error { .. } => ("error", None),
    }
}

/// Why nothing grants, by the layer that failed.
pub(crate) fn blocked(layer: &str) -> &'static str {
    match layer {
        "scp" => "a level of the organization does not allow it",
        "boundary" => "the permissions boundary does not allow it",
        "session" => "the session policy does not allow it",
        "trust" => "the trust policy of the role does not admit the caller",
        "resource" => "no policy of the resource's owner admits the caller",
        _ => "no policy of the caller allows it",
    }
}

/// The decision in a line.
pub(crate) fn headline(reasons: &Reasons, console: &mut Console) -> Result<(), Failure> {
    let color = console.out_color;
    let (word, style, why) = match reasons.decision {
        Decision::Allow { witness: None } => ("allow", text::GOOD, "the caller's account owns the resource"),
        Decision::Allow { .. } => ("allow", text::GOOD, ""),
        Decision::ExplicitDeny { .. } => ("explicit deny", text::BAD, ""),
        Decision::ImplicitDeny { layer } => ("implicit deny", text::BAD, blocked(layer.name())),
        Decision::Error { .. } => ("error", text::BAD, ""),
    };
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    writeln!(console.out(), "{}{why}", text::paint(color, style, word))?;
    Ok(())
}

fn human(
    decider: &Decider,
    reasons: &Reasons,
    names: &[String],
    folder: &Path,
    console: &mut Console,
) -> Result<(), Failure> {
    let color = console.out_color;
    headline(reasons, console)?;
    for name in names {
        let (source, statement) = statement(decider, name, folder).unwrap_or_default();
        let (name, source) = (text::paint(color, text::STRONG, name), text::paint(color, text::DIM, &source));
        writeln!(console.out(), "{}", format!("  {name}  {source}").trim_end())?;
        if !statement.is_empty() {
            writeln!(console.out(), "    {}", text::plain(&statement))?;
        }
    }
    Ok(())
}

/// The place and the canonical text of a statement, by its name in reasons.
fn statement(decider: &Decider, name: &str, folder: &Path) -> Option<(String, String)> {
    let tables = decider.engine().bundle().tables();
    let (policy, index) = name.rsplit_once('#')?;
    let index: u32 = index.parse().ok()?;
    let numbers = 0..tables.statements.records::<2>();
    let (number, source) = numbers.into_iter().find_map(|number| {
        let [of, at] = tables.statements.record::<2>(number)?;
        let [_, _, _, _, start, length, _, source] = tables.policies.record::<8>(of)?;
        (at == index && tables.policy_text.get(start, length)? == policy).then_some((number, source))
    })?;
    let [start, length, line, column] = tables.statement_places.record::<4>(number)?;
    let text = tables.statement_text.get(start, length)?.to_owned();
    let [start, length] = tables.sources.record::<2>(source)?;
    let source = load::shown(folder, tables.source_text.get(start, length)?);
    Some((place(&source, line, column), text))
}

/// The folder that sources are named relative to; that of a bundle is not known.
pub(crate) fn folder(question: &Question) -> PathBuf {
    let world = question.world.as_deref().map(load::world_file).unwrap_or_default();
    world.parent().map(Path::to_owned).unwrap_or_default()
}

/// `file:line:column`, or the file alone where the bundle does not record places.
pub(crate) fn place(source: &str, line: u32, column: u32) -> String {
    if line == 0 { source.to_owned() } else { format!("{source}:{line}:{column}") }
}

/// Decides every line.
fn stream(decider: &Decider, path: &Path, console: &mut Console) -> Result<Exit, Failure> {
    let mut reader = input::open(path, None)?;
    let services = load::resource_policy_services(decider.engine().bundle());
    let defaults = Defaults { principal: None, resource_policy_services: &services };
    let bundle = decider.engine().bundle().digest_text();
    let mut scratch = decider.engine().scratch();
    let mut exit = Exit::Done;
    let mut number = 0;
    loop {
        // A consumer at the other end of a pipe gets its answers before we wait for more requests.
        if !reader.buffer().contains(&b'\n') {
            console.finish()?;
        }
        let line =
            input::line(&mut reader, limits::REQUEST_BYTES).map_err(|error| Failure::read(path, error))?;
        let Some(line) = line else { break };
        number += 1;
        let request = match parse(line, defaults) {
            Some(Ok(request)) => aged(request, decider),
            Some(Err(error)) => {
                exit = Exit::Request;
                let column = Some(error.position.column);
                let refused = (error.code.to_string(), error.message, column, Vec::new());
                refuse(error.id.as_deref(), number, refused, console)?;
                continue;
            }
            None => continue,
        };
        let (reasons, findings) = decider.reasons(&request, &mut scratch);
        let id = request.id.as_deref();
        if let Decision::Error { code } = reasons.decision {
            exit = Exit::Request;
            let source = Source::new("session_policy", request.session_policy.clone().unwrap_or_default());
            let diagnostics = render::findings(&Findings::of(source, findings));
            let code_text = format!("CAM{:04}", code.number());
            refuse(id, number, (code_text, code.message().into(), None, diagnostics), console)?;
            continue;
        }
        let (decision, blocked_by) = decision(reasons.decision);
        let name = |statement: &_| decider.engine().statement_name(*statement);
        let reason = reasons.statements.iter().map(name).collect();
        console.json_line(&Answer { id, decision, reason, blocked_by, bundle: &bundle })?;
    }
    Ok(exit)
}

/// The request with the age of the bundle, where a signature tells it and the request does not.
pub(crate) fn aged(mut request: Request, decider: &Decider) -> Request {
    request.artifact_age_s = request.artifact_age_s.or_else(|| trust::age_s(decider.engine().bundle()));
    request
}

/// The request of a line; none for a blank one.
pub(crate) fn parse(line: Line, defaults: Defaults<'_>) -> Option<Result<Request, RequestError>> {
    let at_start = |code, message: String| {
        let position = camshaft_frontend::source::Position { line: 1, column: 1 };
        Some(Err(RequestError { code, message, position, id: None }))
    };
    match line {
        Line::TooLong => at_start(
            code::REQUEST_CONTEXT,
            format!("the request has more than {} bytes", limits::REQUEST_BYTES),
        ),
        Line::Bytes(bytes) => match String::from_utf8(bytes) {
            Err(_) => at_start(code::REQUEST_MALFORMED, "the request is not UTF-8".into()),
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(request::parse_with(&text, defaults)),
        },
    }
}

type Refused = (String, String, Option<u32>, Vec<Finding>);

fn refuse(id: Option<&str>, line: usize, refused: Refused, console: &mut Console) -> Result<(), Failure> {
    let (code, message, column, diagnostics) = refused;
    console.json_line(&Refusal { id, error: Error { code, message, line: Some(line), column, diagnostics } })
}
