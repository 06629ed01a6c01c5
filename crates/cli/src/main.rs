//! The `camshaft` command.
//!
//! `args` says what the command line may be, `command` has one file a command, `render` everything that people
//! and programs read, `exit` how it ends, `input` and `load` what comes in, `console` and `write` what goes out. `lsp` is
//! the language server.

mod args;
mod command;
mod console;
mod exit;
mod input;
mod lint;
mod load;
mod lsp;
mod progress;
mod render;
mod trust;
mod write;

use std::io::Write;
use std::process::ExitCode;

use camshaft_frontend::diagnostic::Severity;
use clap::{CommandFactory, FromArgMatches};

use args::CommandLine;
use console::Console;
use exit::{Exit, Failure};
use render::diagnostic::Style;
use render::{json, text};

fn main() -> ExitCode {
    exit::guarded(run).unwrap_or(Exit::Bug).into()
}

fn run() -> Exit {
    let command = CommandLine::command().color(asked_color());
    let parsed = command.try_get_matches().and_then(|matches| CommandLine::from_arg_matches(&matches));
    let line = match parsed {
        Ok(line) => line,
        Err(error) => return not_understood(&error),
    };
    let mut console = match Console::open(&line.common) {
        Ok(console) => console,
        Err(failure) => return report(&failure, &Console::messages(&line.common)),
    };
    let outcome = command::run(&line.command, &mut console);
    // What was written before a failure is still a result.
    let outcome = outcome.and_then(|exit| console.finish().map(|()| exit));
    match outcome {
        Ok(exit) => exit,
        Err(failure) => {
            let _ = console.finish();
            report(&failure, &console)
        }
    }
}

/// Help that was asked for, or what is wrong with the command line.
fn not_understood(error: &clap::Error) -> Exit {
    if error.use_stderr() && asked("--format").as_deref() == Some("json") {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
        let error = serde_json::json!({
            "error": { "exit": Exit::Usage.code(), "message": message, "diagnostics": [] }
        });
        let _ = writeln!(std::io::stderr(), "{error}");
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// The value of an option, before the command line is known to be sound.
fn asked(option: &str) -> Option<String> {
    let mut words = std::env::args();
    while let Some(word) = words.next() {
        match word.strip_prefix(option) {
            Some("") => return words.next(),
            Some(value) if value.starts_with('=') => return value.get(1..).map(str::to_owned),
            _ => {}
        }
    }
    None
}

/// The colours that the command line asks for, for clap's own messages.
fn asked_color() -> clap::ColorChoice {
    match asked("--color").as_deref() {
        Some("never") => clap::ColorChoice::Never,
        Some("always") => clap::ColorChoice::Always,
        _ => clap::ColorChoice::Auto,
    }
}

/// Says why there is no answer.
fn report(failure: &Failure, console: &Console) -> Exit {
    let exit = failure.exit();
    if matches!(failure, Failure::BrokenPipe) {
        return exit;
    }
    if console.is_json() {
        let findings = failure.findings().map(json::findings).unwrap_or_default();
        let mut error = serde_json::json!({
            "error": { "exit": exit.code(), "message": failure.message(), "diagnostics": findings }
        });
        if let Some(help) = failure.help() {
            error["error"]["help"] = help.into();
        }
        console.message(&format!("{error}\n"));
        return exit;
    }
    let color = console.err_color;
    if let Some(findings) = failure.findings() {
        let style = Style { color, width: console.width };
        console.message(&findings.render(Severity::Error, 100, style));
    }
    console.message(&text::labelled(color, text::BAD, "error", &text::plain(&failure.message())));
    if let Some(help) = failure.help() {
        console.message(&text::labelled(color, text::HELP, "help", &text::plain(&help)));
    }
    exit
}
