//! Who signs bundles, and whose signatures are trusted.

use std::path::PathBuf;

use clap::Args;

/// Whose bundles are opened.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Trust")]
pub(crate) struct Trusted {
    /// Open only bundles that are signed with one of the public keys in this file; repeat for more files
    #[arg(
        id = "trusted_keys",
        long = "key",
        value_name = "FILE",
        env = "CAMSHAFT_TRUSTED_KEYS",
        hide_env_values = true
    )]
    pub(crate) keys: Vec<PathBuf>,
    /// Refuse bundles of an earlier revision than this
    #[arg(long, value_name = "N", requires = "trusted_keys")]
    pub(crate) least_revision: Option<u64>,
}

/// Sign a bundle, so that whoever opens it knows whose it is, which revision, and how old.
///
/// The signature (ed25519) stands in an envelope in front of the bundle, whose own bytes stay as they are; an envelope that
/// is there already is replaced. The bundle is verified in full before. Without `-o` the file itself is replaced, in one
/// step.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  openssl genpkey -algorithm ed25519 -out signing.pem
  openssl pkey -in signing.pem -pubout -out trusted.pem
  camshaft sign out.cam --key signing.pem --revision 42
  camshaft verify out.cam --key trusted.pem")]
pub(crate) struct Sign {
    /// The bundle; `-` for standard input
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    /// The private key: a PKCS#8 file in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The revision: greater than that of every bundle before
    #[arg(long, value_name = "N")]
    pub(crate) revision: u64,
    /// When the bundle was made, in seconds since 1970 UTC; now if left out
    #[arg(long, value_name = "SECONDS")]
    pub(crate) created_s: Option<u64>,
    /// The file to write
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
