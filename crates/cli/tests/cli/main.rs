//! The command line, run as a program.

mod codes;
mod console;
mod folder;
mod json;
mod lsp;
mod refusals;
mod report;
mod signed;
mod tutorial;
mod watch;
mod world;
