//! The command line: one struct a command, with the examples that `camshaft help` shows.

mod diff;
mod explain;
mod lint;
mod signing;
mod test;
mod world;

mod import;

mod lsp;

mod report;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use camshaft_compiler::Budget;
use camshaft_frontend::limits::Limits;
use camshaft_frontend::policy::Kind;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use diff::Diff;
pub(crate) use explain::Explain;
pub(crate) use lint::Linting;
pub(crate) use signing::{Sign, Trusted, Watch};
pub(crate) use test::Test;
pub(crate) use world::{Attach, Change, Detach, List, Listing, Revoke, Show, World, WorldCommand};

pub(crate) use import::{From as ImportFrom, Import, Terraform as ImportTerraform};

pub(crate) use lsp::Lsp;

pub(crate) use report::Report;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER: &str = "\
Start with:
  camshaft check policies/                       what is wrong, and where
  camshaft build world.json -o out.cam           compile
  camshaft decide -b out.cam --requests in.jsonl decide

`camshaft help COMMAND` shows examples, `camshaft help CAM0319` explains a diagnostic,
`camshaft help exit-codes` lists the exit codes.";

/// Compile Tencent Cloud CAM policies into an indexed decision engine, and ask it.
#[derive(Debug, Parser)]
#[command(
    name = "camshaft",
    version,
    styles = STYLES,
    after_help = AFTER,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct CommandLine {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Common {
    /// How results are written
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) format: Format,
    /// Write results to a file instead of standard output
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) output: Option<PathBuf>,
    /// When to colour; NO_COLOR is heeded
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, global = true)]
    pub(crate) color: Color,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// Stable JSON, described by docs/schema.
    Json,
    /// SARIF 2.1.0, for code scanning; not every command
    Sarif,
    /// Workflow commands of GitHub Actions; not every command
    Github,
    /// XML as CI systems show test results; not every command
    Junit,
    /// A summary for the page of a workflow's job; not every command
    Markdown,
}

impl Format {
    /// As the command line spells it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build, ask and time the example world: the quick start in one command.
    #[command(after_long_help = "Example:\n  camshaft demo")]
    Demo,
    Check(Check),
    Fmt(Fmt),
    Build(Build),
    Decide(Decide),
    Explain(Explain),
    Diff(Diff),
    Test(Test),
    Inspect(Inspect),
    Verify(Verify),
    Sign(Sign),
    Watch(Watch),
    Bench(Bench),
    Import(Import),
    World(World),
    Report(Report),
    Lsp(Lsp),
    Completions(Completions),
    Help(Help),
}

impl Command {
    /// The formats that it can write its results in.
    pub(crate) fn formats(&self) -> &'static [Format] {
        match self {
            Self::Diff(_) => &[Format::Human, Format::Json, Format::Markdown, Format::Sarif],
            Self::Check(_) => &[Format::Human, Format::Json, Format::Sarif, Format::Github],
            Self::Test(_) => &[Format::Human, Format::Json, Format::Junit, Format::Github, Format::Markdown],
            _ => &[Format::Human, Format::Json],
        }
    }
}

/// The kinds of policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyKind {
    /// For users, groups and roles
    #[default]
    Identity,
    /// A permissions boundary
    Boundary,
    /// A session policy
    Session,
    /// A level of an organization
    Scp,
    /// Who may assume a role
    Trust,
    /// For a bucket or another resource
    Resource,
}

impl From<PolicyKind> for Kind {
    fn from(kind: PolicyKind) -> Self {
        match kind {
            PolicyKind::Identity => Self::Identity,
            PolicyKind::Boundary => Self::Boundary,
            PolicyKind::Session => Self::Session,
            PolicyKind::Scp => Self::Scp,
            PolicyKind::Trust => Self::Trust,
            PolicyKind::Resource => Self::Resource,
        }
    }
}

impl From<Kind> for PolicyKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Identity => Self::Identity,
            Kind::Boundary => Self::Boundary,
            Kind::Session => Self::Session,
            Kind::Scp => Self::Scp,
            Kind::Trust => Self::Trust,
            Kind::Resource => Self::Resource,
        }
    }
}

impl PolicyKind {
    /// As the command line spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scp => "scp",
            Self::Trust => "trust",
            Self::Resource => "resource",
        }
    }
}

/// With what policies and worlds are read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// Give a template parameter a value; repeat for more
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) params: Vec<(String, String)>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Set a limit, LIM-1 to LIM-11; repeat for more
    #[arg(long = "limit", value_name = "LIM-N=FIGURE", value_parser = limit)]
    pub(crate) limits: Vec<(String, u64)>,
}

impl Reading {
    /// Whether any of it is on the command line.
    pub(crate) fn is_given(&self) -> bool {
        self.strict || !self.params.is_empty() || !self.limits.is_empty()
    }
}

/// With what policies that stand alone are read.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Alone {
    /// What policies that stand alone are to be attached as
    #[arg(long, value_enum, default_value_t)]
    pub(crate) kind: PolicyKind,
    /// Read policies that stand alone as presets, which may name `uin/-1`
    #[arg(long)]
    pub(crate) preset: bool,
    /// A JSON object from action sets to actions, for policies that stand alone
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Find what is wrong with policies and worlds.
///
/// Files are policies or worlds; which of the two is told by their members. Folders are walked: one that holds
/// `world.json` is a world with its policies. The kind of a policy that stands alone is never guessed: say it with
/// `--kind`, or let a world attach it. Findings are results: they go to standard output.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft check policies/dev.json
  camshaft check --kind trust roles/*.json
  camshaft check --strict --format json world/ > findings.json
  camshaft check --lint full-access=error --lint CAM0529=off --actions actions.txt policies/
  camshaft check --format sarif policies/ > findings.sarif
  camshaft check --param region=ap-beijing --limit LIM-2=8192 template.json
  cat policy.json | camshaft check -")]
pub(crate) struct Check {
    /// Policies, worlds and folders; `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Apply the sure fixes of lints to policies that stand alone, as long as there are any
    #[arg(long)]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) linting: Linting,
    #[command(flatten)]
    pub(crate) alone: Alone,
}

/// Write policies in canonical form, with every sure fix applied.
///
/// Equal policies get equal texts: lists sorted, each entry once, single values in brackets, one entry a line. The
/// meaning is kept; comments are not, and it is said when they are lost. Nothing is written if a file is refused. Without `--write` or `--check` the
/// text goes to standard output.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft fmt policy.json
  camshaft fmt --write policies/
  camshaft fmt --check policies/ || echo 'run camshaft fmt --write'
  camshaft fmt --kind resource bucket.json")]
pub(crate) struct Fmt {
    /// Policies and folders of policies; `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Rewrite the files
    #[arg(long, conflicts_with = "check")]
    pub(crate) write: bool,
    /// Only say which files would change; exit 1 if any would
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) alone: Alone,
}

/// Compile a world, or policies alone, into a bundle.
///
/// A world is one JSON file, a folder that holds `world.json`, or a stream of JSON lines. Policies alone are attached to
/// the sub-account qcs::cam::uin/100000000001:uin/100000000011 of one account (APPID 1250000000). The bundle is
/// written to the side, synced and renamed, so that readers see the old one or the new one. With `--prove` it is only
/// written once it is proven that every block answers every request as its statements say, and that everyone holds what
/// the world attaches.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft build world/ -o out.cam
  camshaft build policies/*.json -o out.cam
  camshaft build world/ -o out.cam --prove
  zcat world.ndjson.gz | camshaft build - -o out.cam --threads 2
  camshaft build world.json -o out.cam --max-cost 64 --format json")]
pub(crate) struct Build {
    /// A world, or policies; `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The bundle to write (`--output` is for the summary)
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Record line and column of every statement, for reports; the bytes then depend on how sources are laid out
    #[arg(long, help_heading = "Compiling")]
    pub(crate) places: bool,
    /// Refuse a bundle in which a decision on one resource may have to verify more rows than this (exit 6)
    #[arg(long, value_name = "ROWS", help_heading = "Compiling")]
    pub(crate) max_cost: Option<u32>,
    /// Threads; one a core if left out
    #[arg(long, value_name = "N", help_heading = "Compiling", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Read and compile everything once more with another number of threads, and write nothing unless the bytes are the same
    #[arg(long, help_heading = "Compiling")]
    pub(crate) verify_reproducible: bool,
    /// Sign the bundle with this private key, as `camshaft sign` does
    #[arg(long, value_name = "FILE", help_heading = "Signing", requires = "revision")]
    pub(crate) key: Option<PathBuf>,
    /// The revision: greater than that of every bundle before
    #[arg(long, value_name = "N", help_heading = "Signing", requires = "key")]
    pub(crate) revision: Option<u64>,
    #[command(flatten)]
    pub(crate) proving: Proving,
}

/// What is asked, and of what.
#[derive(Args, Debug)]
pub(crate) struct Question {
    /// Ask this bundle
    #[arg(short = 'b', long = "bundle", value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    /// Ask these policies, attached to one sub-account
    #[arg(short = 'p', long = "policy", value_name = "FILE", num_args = 1.., conflicts_with = "bundle", id = "policies")]
    pub(crate) policies: Vec<PathBuf>,
    /// Ask this world, compiled on the spot
    #[arg(long, value_name = "PATH", conflicts_with_all = ["bundle", "policies"])]
    pub(crate) world: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Who asks; with `-p` the sub-account that holds the policies if left out
    #[arg(long, value_name = "QCS", help_heading = "Request")]
    pub(crate) principal: Option<String>,
    /// What is to be done: `service:Operation`
    #[arg(long, help_heading = "Request")]
    pub(crate) action: Option<String>,
    /// To what: six segments, or `*` for an API without resources
    #[arg(long = "resource", value_name = "QCS", num_args = 1.., help_heading = "Request")]
    pub(crate) resources: Vec<String>,
    /// A value of a context key; repeat for more values, leave `=VALUE` out for a key without values
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., help_heading = "Request", value_parser = context)]
    pub(crate) context: Vec<(String, Option<String>)>,
    /// The time of the request, `2026-01-01T00:00:00Z`
    #[arg(long, help_heading = "Request")]
    pub(crate) time: Option<String>,
    /// Whether the request is signed; only the anonymous caller's is not
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Request"
    )]
    pub(crate) signed: Option<bool>,
    /// The session policy of the request
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(crate) session: Option<PathBuf>,
    /// Age of the bundle in seconds, for worlds that bound it; with `--key` the signature tells
    #[arg(long, value_name = "SECONDS", help_heading = "Request")]
    pub(crate) artifact_age_s: Option<u64>,
}

/// Decide a request, or a stream of requests.
///
/// Prints the decision with every deciding statement. With `--requests` every line of the file is a request in JSON and
/// gets its answer on a line of its own, in order; a malformed one gets an error object, and the exit code is 5.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft decide -p dev.json --action cos:GetObject \\
      --resource qcs::cos:ap-beijing:uid/1250000000:examplebucket-1250000000/a.txt \\
      --context qcs:ip=10.121.2.77 --time 2026-01-01T00:00:00Z
  camshaft decide -b out.cam --principal qcs::cam::uin/100000000001:uin/100000000011 \\
      --action cvm:DescribeInstances --resource '*' --format json
  camshaft decide -b out.cam --requests requests.jsonl > decisions.jsonl
  tail -f requests.jsonl | camshaft decide -b out.cam --requests -")]
pub(crate) struct Decide {
    #[command(flatten)]
    pub(crate) question: Question,
    /// Decide every line of this file; `-` for standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "principal", "action", "resources", "context", "time", "signed", "session", "artifact_age_s"
        ]
    )]
    pub(crate) requests: Option<PathBuf>,
}

/// Show what is in a bundle: sections, tables, strategies, the largest blocks, provenance.
///
/// The signature of a signed bundle is shown as it stands there; `camshaft verify --key` verifies it.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft inspect out.cam
  camshaft inspect out.cam --format json")]
pub(crate) struct Inspect {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    /// How many blocks to list
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) blocks: usize,
}

/// Open a bundle with every check that the engine makes.
///
/// Header, length, digest, structure, and every index in every table. Exit 4 if anything is wrong. With `--key` also
/// its signature: a bundle that is not signed is refused. With `--prove` also that every block answers every request as
/// the statements in the bundle say: exit 4 if one does not, with a request that shows it where there is one, and exit 1
/// if a proof would take more than its budget.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft verify out.cam
  camshaft verify out.cam --key trusted.pem --least-revision 42
  camshaft verify --prove out.cam
  camshaft verify out.cam && mv out.cam /srv/gateway/")]
pub(crate) struct Verify {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
    #[command(flatten)]
    pub(crate) proving: Proving,
}

/// Whether to prove a bundle, and how long to try.
#[derive(Args, Debug)]
pub(crate) struct Proving {
    /// Prove that each block answers every request as its statements say
    #[arg(long, help_heading = "Proof")]
    pub(crate) prove: bool,
    /// States after which one walk of the proof gives up, and its block counts as not proven
    #[arg(long, value_name = "STATES", help_heading = "Proof", requires = "prove")]
    pub(crate) prove_budget: Option<NonZeroUsize>,
}

impl Proving {
    /// How much work a proof may take.
    pub(crate) fn budget(&self, threads: usize) -> Budget {
        let default = Budget::default();
        Budget { threads, states: self.prove_budget.map_or(default.states, NonZeroUsize::get), ..default }
    }
}

/// Measure how fast a bundle decides requests of your own.
///
/// The lines of `--requests` are requests as for `decide`, or cases as for `test` that ask the bundle. All are decided
/// once first and compared with the answer that a case expects, or with `--answers`; where one differs nothing is
/// measured and the exit code is 1. Then every round decides all of them over and over. Figures of a busy machine, or of
/// fewer than some ten thousand different requests, flatter or slander.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft bench -b out.cam --requests requests.jsonl
  camshaft decide -b out.cam --requests requests.jsonl > answers.jsonl
  camshaft bench -b new.cam --requests requests.jsonl --answers answers.jsonl
  camshaft bench -b out.cam --requests cases.jsonl --threads 2 --format json")]
pub(crate) struct Bench {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// What to decide: requests or cases, one a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) requests: PathBuf,
    /// The answer that every line must have, as `decide --requests` prints them; the digest of the bundle may differ
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// How often to measure; rates are the median of the rounds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) rounds: u16,
    /// Threads that decide at the same time, each all requests
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: u16,
    #[command(flatten)]
    pub(crate) trusted: Trusted,
}

/// Print completions for a shell.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft completions bash > /etc/bash_completion.d/camshaft
  camshaft completions zsh > ~/.zfunc/_camshaft
  camshaft completions fish > ~/.config/fish/completions/camshaft.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Explain a command, a diagnostic, the lints or the exit codes.
#[derive(Args, Debug)]
#[command(after_long_help = "\
Examples:
  camshaft help build
  camshaft help CAM0319
  camshaft help lints
  camshaft help exit-codes")]
pub(crate) struct Help {
    /// A command, a diagnostic such as `CAM0319`, `lints` or `exit-codes`
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

fn context(text: &str) -> Result<(String, Option<String>), String> {
    let (key, value) = text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)));
    if key.is_empty() {
        Err("it is written KEY=VALUE".into())
    } else {
        Ok((key.into(), value.map(Into::into)))
    }
}

fn limit(text: &str) -> Result<(String, u64), String> {
    let (name, figure) = text.split_once('=').ok_or("it is written LIM-2=8192")?;
    if Limits::default().by_name(name).is_none() {
        return Err(format!("`{name}` cannot be set; LIM-1 to LIM-11 can"));
    }
    let figure = figure.parse().ok().filter(|figure| *figure > 0);
    Ok((name.into(), figure.ok_or("the figure is a positive whole number")?))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::CommandLine::command().debug_assert();
    }
}
