//! The command line, run as a program.

mod console;
mod folder;
mod json;
mod refusals;
mod signed;
mod watch;
mod world;
