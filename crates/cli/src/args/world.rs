//! `camshaft world` and its subcommands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Reading;

/// See who holds what in a world, and change it.
///
/// A world is one JSON file, a folder that holds `world.json`, or JSON lines. An identity is written as a principal
/// (`qcs::cam::uin/100000000001:uin/100000000011`, `…:roleName/NAME`, `…:groupid/ID`, `…:root`) or in short:
/// `ACCOUNT/USER`, `ACCOUNT/role/NAME`, `ACCOUNT/group/NAME`, `ACCOUNT/root`. The commands that change a world show
/// what would change, and write only with `--write`.
#[derive(Args, Debug)]
#[command(
    disable_help_subcommand = true,
    after_long_help = "\
Examples:
  camshaft world list world/ users --account 100000000001
  camshaft world show world/ 100000000001/100000000011
  camshaft world attach world/ --to 100000000001/group/developers ReadAll
  camshaft world detach world/ --from 100000000001/100000000011 Dev --write
  camshaft world revoke world/ --principal qcs::cam::uin/100000000001:uin/100000000011 --write

`camshaft world COMMAND --help` shows what each takes."
)]
pub(crate) struct World {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: WorldCommand,
}

/// What `camshaft world` does.
#[derive(Debug, Subcommand)]
pub(crate) enum WorldCommand {
    List(List),
    Show(Show),
    Attach(Attach),
    Detach(Detach),
    Revoke(Revoke),
}

/// What a world is listed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    /// Root accounts
    Accounts,
    /// Sub-users and collaborators
    Users,
    /// User groups
    Groups,
    /// Roles
    Roles,
    /// Policies of accounts, and how often each is attached
    Policies,
    /// Presets, and how often each is attached
    Presets,
    /// Policies on resources
    ResourcePolicies,
    /// Levels of organizations
    Organization,
}

/// List who and what is in a world, with how many policies are attached to each.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft world list world/
  camshaft world list world.ndjson users --account 100000000001
  camshaft world list world/ policies --format json")]
pub(crate) struct List {
    /// A world; `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// What to list; everything if left out
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Option<Listing>,
    /// Only what belongs to this account
    #[arg(long, value_name = "UIN")]
    pub(crate) account: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Show every policy that can bear on an identity, layer by layer.
///
/// Its own policies and those of its groups, general ones, the boundary, the levels of the organization, the resource
/// policies that name it, its groups, its account or everyone, and the roles whose trust policies admit it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft world show world/ 100000000001/100000000011
  camshaft world show world/ 100000000001/role/Monitor --format json
  camshaft world show world/ qcs::cam::uin/100000000001:root")]
pub(crate) struct Show {
    /// A world; `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Whose policies
    #[arg(value_name = "IDENTITY")]
    pub(crate) identity: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// What the commands that change a world share.
#[derive(Args, Debug)]
pub(crate) struct Change {
    /// A world
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Write the world back, in canonical form
    #[arg(long)]
    pub(crate) write: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Attach policies to a user, group or role.
///
/// Prints what would change; `--write` writes the world back in canonical form, provided that it still is a sound one.
/// Files of policies are never touched.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft world attach world/ --to 100000000001/100000000011 Dev ReadAll
  camshaft world attach world/ --to 100000000001/role/Monitor --boundary Edge --write")]
pub(crate) struct Attach {
    #[command(flatten)]
    pub(crate) change: Change,
    /// To whom
    #[arg(long = "to", value_name = "IDENTITY")]
    pub(crate) identity: String,
    /// Set the permissions boundary instead
    #[arg(long)]
    pub(crate) boundary: bool,
    /// Policies of the account, or presets
    #[arg(required = true, value_name = "POLICY")]
    pub(crate) policies: Vec<String>,
}

/// Detach policies from a user, group or role.
///
/// A document in place is named as reasons name it: `inline:100000000011.0`. Prints what would change; `--write`
/// writes the world back in canonical form. The policies themselves stay.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft world detach world/ --from 100000000001/100000000011 Dev
  camshaft world detach world/ --from 100000000001/100000000011 --boundary --write")]
pub(crate) struct Detach {
    #[command(flatten)]
    pub(crate) change: Change,
    /// From whom
    #[arg(long = "from", value_name = "IDENTITY")]
    pub(crate) identity: String,
    /// Remove the permissions boundary instead
    #[arg(long)]
    pub(crate) boundary: bool,
    /// Policies that it holds itself
    #[arg(required_unless_present = "boundary", value_name = "POLICY")]
    pub(crate) policies: Vec<String>,
}

/// Take from an identity every policy that it holds, and its memberships.
///
/// Its boundary stays, for a boundary grants nothing. Resource policies and trust policies may name many others and
/// are not edited: those that still reach the identity are listed.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft world revoke world/ --principal 100000000001/100000000011
  camshaft world revoke world/ --principal 100000000001/100000000011 --policy Dev --write")]
pub(crate) struct Revoke {
    #[command(flatten)]
    pub(crate) change: Change,
    /// From whom
    #[arg(long = "principal", value_name = "IDENTITY")]
    pub(crate) identity: String,
    /// Only this policy; memberships then stay
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
}
