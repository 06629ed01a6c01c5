//! Who signs bundles, and whose signatures are trusted.

use std::path::PathBuf;

use clap::Args;

use crate::args::Proving;

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

/// Watch a file or a folder in which bundles arrive, and tell what a gateway would serve.
///
/// A bundle that arrives is verified in full and served from then on; one that is refused changes nothing, and the reason
/// is told. Of a folder the files `*.cam` count, and of those the one with the greatest revision, without signatures the last
/// by name. Runs until it is stopped. With `--once` the exit code says how one look ended: 0 if all is well, 1 if what is
/// served is too old, 4 if a bundle was refused, 74 if there is none. With `--prove` a bundle is served only if every block is
/// proven to answer every request as its statements say.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft watch -b /srv/bundles --key trusted.pem
  camshaft watch -b /srv/bundles/policies.cam --key trusted.pem --max-age-s 3600 --format json
  camshaft watch -b /srv/bundles --key trusted.pem --least-revision 42 --once
  camshaft watch -b /srv/bundles --key trusted.pem --prove")]
pub(crate) struct Watch {
    /// The bundle, or the folder of bundles
    #[arg(short = 'b', long = "bundle", value_name = "PATH")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    /// Refuse every request when the bundle is older than this; a world that asks for less is heeded
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_age_s: Option<u64>,
    #[command(flatten)]
    pub(crate) proving: Proving,
    /// Look this often even when nobody tells of a change
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) poll_s: u64,
    /// Look once and end
    #[arg(long)]
    pub(crate) once: bool,
}
