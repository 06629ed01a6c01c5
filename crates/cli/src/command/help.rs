//! `camshaft help`: a command, a diagnostic, the exit codes.

use camshaft_frontend::diagnostic::Code;
use clap::CommandFactory;
use serde::Serialize;

use crate::args::{CommandLine, Help};
use crate::console::Console;
use crate::exit::{Exit, Failure};
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
}

/// Runs it.
pub(crate) fn run(args: &Help, console: &mut Console) -> Result<Exit, Failure> {
    let mut command = CommandLine::command();
    // Fills in what the subcommands have from above.
    command.build();
    let page = match args.topic.as_deref() {
        None => command.render_long_help(),
        Some("exit-codes") => return exit_codes(console),
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
        format!("topics are the commands ({}), the codes of diagnostics, and exit-codes", names.join(", ")),
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
        })?;
    } else {
        console.out().write_all(code.help_page().as_bytes())?;
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
