//! What is compared, and when that fails a pipeline.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{Alone, Trusted};

/// Say what changes between two policies, worlds or bundles: who may do what that was not so before.
///
/// Each side is a policy, a world or a bundle. Two policies are compared by what they say; otherwise decisions are, for
/// everyone whom either side knows or names, with boundaries, organizations, trust and policies of resources. Every
/// difference has a shortest request, and the statements that decide it on either side. The answer is exact: what could
/// not be found out is said, and ends with code 6.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft diff old.json new.json
  camshaft diff --kind trust trust-before.json trust-after.json
  camshaft diff main/world.json world.json --no-new-access
  camshaft diff deployed.cam world/ --format markdown > summary.md
  camshaft diff before.cam after.cam --format json")]
pub(crate) struct Diff {
    /// The policy, world or bundle as it was; `-` for standard input
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,
    /// As it is to be; `-` for standard input
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,
    /// Fail only if somebody may do something new
    #[arg(long)]
    pub(crate) no_new_access: bool,
    /// How much work one question may take, in steps; some tens of millions take a second
    #[arg(long, value_name = "STEPS", default_value = "20000000")]
    pub(crate) budget: NonZeroUsize,
    /// How much work all of them may take together
    #[arg(long, value_name = "STEPS", default_value = "1000000000")]
    pub(crate) total_budget: NonZeroUsize,
    /// Callers that are listed for one change
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) callers: usize,
    #[command(flatten)]
    pub(crate) alone: Alone,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}
