//! `camshaft completions`: for shells.

use clap::CommandFactory;

use crate::args::{CommandLine, Completions};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs it.
pub(crate) fn run(args: &Completions, console: &mut Console) -> Result<Exit, Failure> {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "camshaft", &mut script);
    console.out().write_all(&script)?;
    Ok(Exit::Done)
}
