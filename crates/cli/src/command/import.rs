//! `camshaft import`: worlds from infrastructure that exists.
//!
//! `terraform` is the command; `show` reads what Terraform prints, `configuration` finds what a plan refers to before
//! it has values, `account` whose it is. `map` walks the resources by `class` and has `entity`, `attach` and `bucket`
//! turn them into a `draft`, which becomes the text of a world; `report` says what became of each.

mod account;
mod attach;
mod bucket;
mod class;
mod configuration;
mod draft;
mod entity;
mod map;
mod report;
mod show;
mod terraform;

use crate::args::{Import, ImportFrom};
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Runs it.
pub(crate) fn run(args: &Import, console: &mut Console) -> Result<Exit, Failure> {
    match &args.from {
        ImportFrom::Terraform(args) => terraform::run(args, console),
    }
}
