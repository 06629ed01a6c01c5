//! The command line of `camshaft test`.

use std::path::PathBuf;

use clap::Args;

use super::{Reading, Trusted};

/// Run case files: a question each, and the answer it must have.
///
/// A case without a world of its own is decided in the one of `--world` or `-b`; else in what stands beside its file: the
/// policy of the same name (`dev.jsonl` beside `dev.json`), the `world.json` in its folder or in one above, or all
/// policies of its folder. Every failure is listed with what differed; the last line is `N passed, N failed`.
///
/// `--coverage` tells which statements, entries and condition terms some case reached. `--mutate` changes the world a
/// statement at a time and tells which changes no case notices, with a request that would. Both look at worlds, not at bundles.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft test policies/
  camshaft test cases.jsonl --world world/ --filter 'bucket*'
  camshaft test cases.jsonl -b out.cam --format json
  camshaft test policies/ --coverage --min-coverage 90
  camshaft test policies/ --mutate --min-score 80
  camshaft test policies/ --format junit --output report.xml
  camshaft test policies/ --coverage --format markdown >> \"$GITHUB_STEP_SUMMARY\"")]
pub(crate) struct Test {
    /// Case files (`*.jsonl`) and folders of them; `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The world of cases that have none; a world or a policy
    #[arg(long, value_name = "PATH")]
    pub(crate) world: Option<PathBuf>,
    /// The bundle for cases that have no world
    #[arg(short = 'b', long = "bundle", value_name = "FILE", conflicts_with = "world")]
    pub(crate) bundle: Option<PathBuf>,
    /// Run only cases whose id, or whose file and line, hold this text; with `*` it is a pattern for all of it. Repeat for more
    #[arg(long = "filter", value_name = "TEXT")]
    pub(crate) filters: Vec<String>,
    /// Threads; one a core if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Tell which statements, entries and condition terms the cases reach
    #[arg(long, help_heading = "Coverage")]
    pub(crate) coverage: bool,
    /// Exit with 1 unless so much is reached
    #[arg(long, value_name = "PERCENT", help_heading = "Coverage", requires = "coverage", value_parser = percent)]
    pub(crate) min_coverage: Option<f64>,
    /// Change one statement at a time and tell which changes no case notices
    #[arg(long, help_heading = "Mutation")]
    pub(crate) mutate: bool,
    /// Exit with 1 unless so many of the changes are noticed
    #[arg(long, value_name = "PERCENT", help_heading = "Mutation", requires = "mutate", value_parser = percent)]
    pub(crate) min_score: Option<f64>,
    /// Try no further changes after this long; those left are counted
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        help_heading = "Mutation",
        requires = "mutate",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    pub(crate) mutate_s: u64,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.trim_end_matches('%').parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.ok_or_else(|| "it is a number from 0 to 100".into())
}
