//! The command line of `camshaft report`.

use std::path::PathBuf;

use clap::Args;

use super::Trusted;

/// Write what is in a bundle as one page for people: who can do what, the riskiest grants, sizes.
///
/// The page is one HTML file that loads nothing from elsewhere; it can be searched, printed, and read on a phone. The same
/// bundle gives the same bytes. The signature of a signed bundle is shown as it stands there unless `--key` verifies it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft report -b out.cam -o report.html
  camshaft bench -b out.cam --requests requests.jsonl --format json > bench.json
  camshaft report -b out.cam -o report.html --bench bench.json")]
pub(crate) struct Report {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// The page to write (`--output` is for the summary)
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Measurements to show: what `camshaft bench --format json` printed
    #[arg(long, value_name = "FILE")]
    pub(crate) bench: Option<PathBuf>,
    /// Statements that can be searched in the page; of more the first are kept, and the page says so
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) statements: usize,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}
