//! The command line of `camshaft import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Make a world of infrastructure that exists.
///
/// What cannot be mapped is listed, with what that does to the world: decisions of an incomplete world are not those of
/// the account.
#[derive(Args, Debug)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_long_help = "\
Examples:
  camshaft import terraform state.json -o world.json
  camshaft import terraform --help"
)]
pub(crate) struct Import {
    /// From what.
    #[command(subcommand)]
    pub(crate) from: From,
}

/// From what a world is made.
#[derive(Debug, Subcommand)]
pub(crate) enum From {
    Terraform(Terraform),
}

/// From a state or a plan of Terraform, as `terraform show -json` prints it.
///
/// Policies, users, groups, roles, memberships, attachments, boundaries and bucket policies of the tencentcloud provider
/// become a world that `camshaft build` takes. Everything else of CAM is listed with its address and the reason. Without
/// `-o` the world goes to standard output. Nothing is written unless the world loads.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  terraform show -json > state.json
  camshaft import terraform state.json -o world.json
  terraform show -json plan.bin | camshaft import terraform - -o planned.json --strict
  camshaft import terraform state.json --account 100000000001 --appid 1250000000 \\
      --preset ReadOnlyAccess=presets/read-only.json -o world.json")]
pub(crate) struct Terraform {
    /// What `terraform show -json` printed; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The world to write (`--output` is for the summary)
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Uin of the root account; else that of data.tencentcloud_user_info
    #[arg(long, value_name = "UIN", value_parser = digits)]
    pub(crate) account: Option<String>,
    /// APPID of the account; else that of data.tencentcloud_user_info
    #[arg(long, value_name = "APPID", value_parser = digits)]
    pub(crate) appid: Option<String>,
    /// Region of buckets for which the file tells none
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The document of a preset policy, by name or id; repeat for more
    #[arg(long = "preset", value_name = "NAME=FILE", value_parser = super::pair)]
    pub(crate) presets: Vec<(String, String)>,
    /// Write nothing, and exit with 3, if anything could not be mapped
    #[arg(long)]
    pub(crate) strict: bool,
}

fn digits(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.to_owned()).ok_or_else(|| "it is a number without leading zero".into())
}
