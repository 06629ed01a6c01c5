//! `camshaft lsp`: a language server for editors.

use crate::args::Lsp;
use crate::exit::{Exit, Failure};
use crate::lsp::{Settings, serve};

/// Runs it. Standard output belongs to the protocol.
pub(crate) fn run(args: &Lsp) -> Result<Exit, Failure> {
    serve(Settings::new(args.clone())?)
}
