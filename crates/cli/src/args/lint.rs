//! Which lints count how much, and what they are told.

use std::path::PathBuf;

use camshaft_compiler::lint::Instant;
use clap::Args;

use crate::lint::{Choice, Level};

/// How lints are set.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Lints")]
pub(crate) struct Linting {
    /// Set the level of a lint, by code or name, or of `all`: off, note, warning, error; repeat for more
    #[arg(long = "lint", value_name = "LINT=LEVEL", value_parser = level)]
    pub(crate) levels: Vec<(Choice, Level)>,
    /// Levels and suppressions; `camshaft.toml` of the current folder if left out
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Actions that exist, one a line; a `*` behind those that take no resource
    #[arg(long, value_name = "FILE")]
    pub(crate) actions: Option<PathBuf>,
    /// Time windows that end before this date are past, `2026-01-01T00:00:00Z`
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) build_date: Option<Instant>,
}

fn level(text: &str) -> Result<(Choice, Level), String> {
    let (lint, level) = text.split_once('=').ok_or("it is written LINT=LEVEL")?;
    Ok((Choice::parse(lint)?, Level::parse(level)?))
}

fn date(text: &str) -> Result<Instant, String> {
    Instant::parse(text).ok_or_else(|| "it is written like 2026-01-01T00:00:00Z".to_owned())
}
