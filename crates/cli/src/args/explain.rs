//! The command line of `camshaft explain`.

use clap::Args;

use super::Question;

/// Decide a request and say why, and why not.
///
/// What decided, and where it stands; what each layer said; of a denial the statements that came nearest with every part
/// in which they miss, which denies would have to go, and the smallest statement that would allow the request. Places
/// are known of policies and worlds, and of bundles built with `--places`. Decisions, reasons and exit codes are those
/// of `decide`.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft explain -p dev.json --action cos:GetObject \\
      --resource qcs::cos:ap-beijing:uid/1250000000:examplebucket-1250000000/a.txt
  camshaft explain --world world/ --principal qcs::cam::uin/100000000001:uin/100000000011 \\
      --action cvm:DescribeInstances --resource '*'
  camshaft explain -b out.cam --principal qcs::cam::uin/100000000001:uin/100000000011 \\
      --action cvm:DescribeInstances --resource '*' --all")]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) question: Question,
    /// Show every statement that missed, in every layer, not only the nearest of those that block
    #[arg(long)]
    pub(crate) all: bool,
}
