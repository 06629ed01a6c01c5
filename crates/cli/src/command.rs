//! The commands, one file each.

mod bench;
mod build;
mod check;
mod completions;
mod decide;
mod demo;
mod diff;
mod explain;
mod fmt;
mod help;
mod import;
mod inspect;
mod lsp;
mod report;
mod sign;
mod test;
mod verify;
mod watch;
mod world;

use crate::args::Command;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs a command.
pub(crate) fn run(command: &Command, console: &mut Console) -> Result<Exit, Failure> {
    let formats = command.formats();
    if !formats.contains(&console.format) {
        let names: Vec<String> = formats.iter().map(|format| format!("`{}`", format.name())).collect();
        let message = format!("this command has no format `{}`", console.format.name());
        return Err(Failure::usage_with(message, format!("it has {}", names.join(", "))));
    }
    match command {
        Command::Demo => demo::run(console),
        Command::Check(args) => check::run(args, console),
        Command::Fmt(args) => fmt::run(args, console),
        Command::Build(args) => build::run(args, console),
        Command::Decide(args) => decide::run(args, console),
        Command::Diff(args) => diff::run(args, console),
        Command::Explain(args) => explain::run(args, console),
        Command::Test(args) => test::run(args, console),
        Command::Inspect(args) => inspect::run(args, console),
        Command::Verify(args) => verify::run(args, console),
        Command::Sign(args) => sign::run(args, console),
        Command::Watch(args) => watch::run(args, console),
        Command::World(args) => world::run(args, console),
        Command::Bench(args) => bench::run(args, console),
        Command::Import(args) => import::run(args, console),
        Command::Report(args) => report::run(args, console),
        Command::Lsp(args) => lsp::run(args),
        Command::Completions(args) => completions::run(args, console),
        Command::Help(args) => help::run(args, console),
    }
}
