//! `camshaft help`: a command, a diagnostic, the lints, the exit codes.

use camshaft_compiler::lint::example::{Example, Shape};
use camshaft_frontend::diagnostic::Code;
use camshaft_frontend::policy::Kind;
use clap::CommandFactory;
use serde::Serialize;

use crate::args::{CommandLine, Help, PolicyKind};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::lint::is_lint;
use crate::render::json;

#[derive(Serialize)]
struct Page {
    code: String,
    title: &'static str,
    severity: &'static str,
    rules: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    exception: &'static str,
    cause: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    help: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Shown>,
}

/// A document that raises a lint, and the mended one.
#[derive(Serialize)]
struct Shown {
    /// The kind of the policy, `world` or `configuration`.
    #[serde(rename = "as")]
    kind: &'static str,
    /// The list of known actions that both are checked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<&'static str>,
    raises: String,
    mended: String,
}

impl Shown {
    fn of(code: Code) -> Option<Self> {
        let example = Example::of(code)?;
        let kind = match example.shape {
            Shape::Policy(kind) => PolicyKind::from(kind).name(),
            Shape::World => "world",
            Shape::Configuration => "configuration",
        };
        let (raises, mended) = (example.document(example.raises), example.document(example.mended));
        Some(Self { kind, actions: example.actions, raises, mended })
    }
}

/// Runs it.
pub(crate) fn run(args: &Help, console: &mut Console) -> Result<Exit, Failure> {
    let mut command = CommandLine::command();
    // Fills in what the subcommands have from above.
    command.build();
    let page = match args.topic.as_deref() {
        None => command.render_long_help(),
        Some("exit-codes") => return exit_codes(console),
        Some("lints") => return lints(console),
        Some(topic) if looks_like_code(topic) => return diagnostic(topic, console),
        Some(topic) => match command.find_subcommand_mut(topic) {
            Some(command) => command.render_long_help(),
            None => return Err(unknown(topic, &command)),
        },
    };
    let page = if console.out_color { page.ansi().to_string() } else { page.to_string() };
    writeln!(console.out(), "{}", page.trim_end())?;
    Ok(Exit::Done)
}

fn unknown(topic: &str, command: &clap::Command) -> Failure {
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    Failure::usage_with(
        format!("there is no help on `{topic}`"),
        format!(
            "topics are the commands ({}), the codes of diagnostics, lints and exit-codes",
            names.join(", ")
        ),
    )
}

fn looks_like_code(topic: &str) -> bool {
    let prefix = topic.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("cam"));
    prefix && topic.bytes().skip(3).all(|byte| byte.is_ascii_digit()) && topic.len() > 3
}

fn diagnostic(topic: &str, console: &mut Console) -> Result<Exit, Failure> {
    let Some((code, entry)) = Code::parse(topic).and_then(|code| Some((code, code.entry()?))) else {
        return Err(Failure::usage_with(
            format!("there is no diagnostic `{topic}`"),
            "codes are written `CAM0319`; findings carry theirs in brackets",
        ));
    };
    if console.is_json() {
        console.json(&Page {
            code: code.to_string(),
            title: entry.title,
            severity: json::severity(entry.severity),
            rules: entry.rules,
            exception: entry.exception,
            cause: entry.cause,
            help: entry.help,
            example: Shown::of(code),
        })?;
    } else {
        console.out().write_all(code.help_page().as_bytes())?;
        if let Some(example) = Example::of(code) {
            show(example, console)?;
        }
    }
    Ok(Exit::Done)
}

/// The example of a lint.
fn show(example: &Example, console: &mut Console) -> Result<(), Failure> {
    let indented = |text: &str| text.replace('\n', "\n  ");
    if let Some(actions) = example.actions {
        let actions = indented(actions.trim_end());
        writeln!(console.out(), "\nKnown actions, as `--actions` reads them:\n\n  {actions}")?;
    }
    let what = match example.shape {
        Shape::Policy(Kind::Identity) => "",
        Shape::Policy(kind) => match kind {
            Kind::Trust => " in a trust policy",
            Kind::Resource => " in a resource policy",
            _ => " in such a policy",
        },
        Shape::World => " in a world",
        Shape::Configuration => " in `camshaft.toml`, when there is no such file",
    };
    writeln!(console.out(), "\nThis raises it{what}:\n\n  {}", indented(example.raises))?;
    writeln!(console.out(), "\nThis does not:\n\n  {}", indented(example.mended))?;
    Ok(())
}

/// Every lint with its level.
fn lints(console: &mut Console) -> Result<Exit, Failure> {
    let lints = || Code::all().filter(|code| is_lint(*code));
    if console.is_json() {
        let pages = lints().map(|code| {
            let severity = json::severity(code.severity());
            serde_json::json!({ "code": code.to_string(), "name": code.title(), "severity": severity })
        });
        console.json(&pages.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    for code in lints() {
        let severity = json::severity(code.severity());
        writeln!(console.out(), "{code}  {severity:<7}  {}", code.title())?;
    }
    Ok(Exit::Done)
}

fn exit_codes(console: &mut Console) -> Result<Exit, Failure> {
    if console.is_json() {
        let codes = Exit::ALL.iter().map(|exit| (exit.code().to_string(), exit.meaning().into()));
        console.json(&codes.collect::<serde_json::Map<_, _>>())?;
        return Ok(Exit::Done);
    }
    for exit in Exit::ALL {
        writeln!(console.out(), "{:>4}  {}", exit.code(), exit.meaning())?;
    }
    Ok(Exit::Done)
}
