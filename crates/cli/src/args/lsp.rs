//! The command line of `camshaft lsp`.

use clap::Args;

use super::{Alone, Linting};

/// Speak the Language Server Protocol over standard input and output, for editors.
///
/// Policies and worlds are checked while they are written, as `check` does; the server explains actions, resources,
/// conditions and findings, completes, offers fixes and formats as `fmt` does. A policy that a `world.json` in a folder
/// above attaches is read as it is attached there. The editor may give the same options as `initializationOptions`;
/// docs/editors.md shows how to set up editors.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft lsp
  camshaft lsp --actions actions.txt --kind resource")]
pub(crate) struct Lsp {
    #[command(flatten)]
    pub(crate) alone: Alone,
    /// Where the pages of diagnostics are: `{code}` stands for the code, else it is added behind `#`
    #[arg(long, value_name = "URL")]
    pub(crate) docs: Option<String>,
    #[command(flatten)]
    pub(crate) linting: Linting,
}
