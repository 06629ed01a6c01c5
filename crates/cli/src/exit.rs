//! How a command ends: the exit codes, and the failures that carry them.
//!
//! One table, stated in `camshaft help exit-codes` and tested code by code.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use camshaft_bundle::{OpenError, OpenErrorKind, WriteError};
use camshaft_compiler::{CompileError, CompileErrorKind};

use crate::render::diagnostic::Findings;
use crate::render::proof::Proof;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; an allow.
    Done,
    /// A negative answer: a deny, a finding at error level, a failed case, a file that would change.
    Negative,
    /// The command line was wrong.
    Usage,
    /// A policy, world or case file was rejected by a command that needed it.
    Rejected,
    /// A bundle was refused.
    Bundle,
    /// A request was malformed.
    Request,
    /// A requested bound was exceeded.
    Bound,
    /// A bug in camshaft.
    Bug,
    /// Input or output failed.
    Io,
}

impl Exit {
    /// Every code, in order.
    pub(crate) const ALL: [Self; 9] = [
        Self::Done,
        Self::Negative,
        Self::Usage,
        Self::Rejected,
        Self::Bundle,
        Self::Request,
        Self::Bound,
        Self::Bug,
        Self::Io,
    ];

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::Bundle => 4,
            Self::Request => 5,
            Self::Bound => 6,
            Self::Bug => 70,
            Self::Io => 74,
        }
    }

    /// What it means, for `camshaft help exit-codes`.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; `decide`, `explain`: allow; with `--requests`: every line was decided",
            Self::Negative => {
                "a negative answer: a deny, a finding at error level, a failed case, a file that `fmt --check` would change, sides of `diff` that differ, an answer that `bench` did not expect, a bundle that `watch --once` finds too old, a bundle that `--prove` does not prove within its budget"
            }
            Self::Usage => "the command line was wrong",
            Self::Rejected => {
                "a policy, world or case file was rejected by a command that needed it; the findings are printed"
            }
            Self::Bundle => "a bundle was refused",
            Self::Request => "a request was malformed",
            Self::Bound => "a requested bound was exceeded, or `diff` could not find out within its budget",
            Self::Bug => "a bug in camshaft; how to report it is printed",
            Self::Io => "input or output failed",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not give an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Options that parse but do not belong together, or a value that means nothing.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Input was rejected.
    Rejected {
        /// What was rejected.
        what: String,
        /// Why.
        findings: Box<Findings>,
    },
    /// A bundle was refused.
    Bundle {
        /// The file.
        path: String,
        /// Why.
        error: OpenError,
    },
    /// A request was malformed.
    Request {
        /// `CAM0601`.
        code: String,
        /// What is wrong.
        message: String,
        /// Those of a refused session policy.
        findings: Box<Findings>,
    },
    /// The world does not compile within its bounds.
    Compile(CompileError),
    /// Two builds of the same files gave different bytes.
    Irreproducible {
        /// The first byte that differs.
        byte: usize,
    },
    /// What was built is not proven, and not written.
    NotProven(Box<Proof>),
    /// Input or output failed.
    Io {
        /// What was done to which file: "cannot read `a.json`".
        action: String,
        /// Why.
        error: io::Error,
    },
    /// The reader of the output is gone: there is nobody left to tell.
    BrokenPipe,
}

impl Failure {
    /// The command line was wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: None }
    }

    /// The command line was wrong, and what to do.
    pub(crate) fn usage_with(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: Some(help.into()) }
    }

    /// A file could not be read.
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Io { action: format!("cannot read `{}`", path.display()), error }
    }

    /// A file could not be written.
    pub(crate) fn write(path: &Path, error: io::Error) -> Self {
        Self::Io { action: format!("cannot write `{}`", path.display()), error }
    }

    /// The code it ends with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } => Exit::Usage,
            Self::Rejected { .. } => Exit::Rejected,
            Self::Bundle { .. } => Exit::Bundle,
            Self::Request { .. } => Exit::Request,
            Self::Compile(error) => match error.kind() {
                CompileErrorKind::Cost { .. }
                | CompileErrorKind::Threads { .. }
                | CompileErrorKind::Write(WriteError::TooLarge) => Exit::Bound,
                _ => Exit::Bug,
            },
            Self::Irreproducible { .. } => Exit::Bug,
            // The compiler wrote what the statements do not say.
            Self::NotProven(proof) if proof.fault_count > 0 => Exit::Bug,
            Self::NotProven(_) => Exit::Negative,
            Self::Io { .. } => Exit::Io,
            Self::BrokenPipe => Exit::Done,
        }
    }

    /// What is wrong, and where.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Usage { message, .. } => message.clone(),
            Self::Rejected { what, findings } => {
                format!("{what} is rejected: {}", findings.count_text())
            }
            Self::Bundle { path, error } => format!("bundle `{path}` is refused: {error}"),
            Self::Request { code, message, .. } => format!("the request is malformed ({code}): {message}"),
            Self::Compile(error) => error.to_string(),
            Self::Irreproducible { byte } => {
                format!("two builds differ from byte {byte} on; nothing was written")
            }
            Self::NotProven(proof) => {
                let details = proof.details();
                let first = details.lines().next().unwrap_or_default();
                format!("the bundle is not proven and not written: {}; {first}", proof.line())
            }
            Self::Io { action, error } => format!("{action}: {}", describe(error)),
            Self::BrokenPipe => String::new(),
        }
    }

    /// What to do.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            Self::Usage { help, .. } => help.clone(),
            Self::Bundle { error, .. } if *error.kind() == OpenErrorKind::Signed => Some(
                "`--key FILE` names the public keys that are trusted; `camshaft inspect` shows a bundle whose signature is not verified".into(),
            ),
            Self::Request { code, .. } => Some(format!("`camshaft help {code}` explains the code")),
            Self::NotProven(proof) if proof.fault_count > 0 => Some(
                "this is a bug in camshaft, not in your input; please report it with the lines above and the command line"
                    .into(),
            ),
            Self::NotProven(_) => Some("raise `--prove-budget`, or split the policies that are named".into()),
            Self::Compile(error) => match error.kind() {
                CompileErrorKind::Cost { .. } => Some(
                    "narrow the policy's resources, split it among identities, or raise `--max-cost`".into(),
                ),
                CompileErrorKind::Write(WriteError::Refused(_)) => Some(
                    "this is a bug in camshaft, not in your input; please report it with the line above and the command line"
                        .into(),
                ),
                _ => None,
            },
            Self::Irreproducible { .. } => Some(
                "unless the input changed meanwhile this is a bug in camshaft; please report it with the line above and the command line"
                    .into(),
            ),
            _ => None,
        }
    }

    /// The findings that it carries.
    pub(crate) fn findings(&self) -> Option<&Findings> {
        match self {
            Self::Rejected { findings, .. } | Self::Request { findings, .. } => Some(findings),
            _ => None,
        }
    }
}

/// Output that fails.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Io { action: "cannot write the result".into(), error },
        }
    }
}

/// The reason in our words: lower case, without numbers of the system.
pub(crate) fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::NotADirectory => "a part of the path is not a folder".into(),
        io::ErrorKind::StorageFull => "no space left".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}

/// Runs a command so that a panic in it is told from every other outcome.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T + std::panic::UnwindSafe) -> Option<T> {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
        let message = info.payload();
        let message = message
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| message.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        let text = format!(
            "camshaft: internal error{place}: {message}\n\n\
             This is a bug in camshaft {}, not in your input. Please report it with the line above, the command line and,\n\
             if you may share it, the smallest input that shows it. Nothing was decided.\n",
            env!("CARGO_PKG_VERSION")
        );
        // Not `eprintln`: a standard error that is gone would be a panic within a panic.
        let _ = io::stderr().write_all(text.as_bytes());
    }));
    let outcome = std::panic::catch_unwind(run);
    let _ = std::panic::take_hook();
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_order() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 70, 74]);
    }

    /// What no input of a test can be large or odd enough for.
    #[test]
    fn bundles_that_cannot_be_written_are_a_bound_or_a_bug() {
        let failure = |error| Failure::Compile(CompileErrorKind::Write(error).into());
        let large = failure(WriteError::TooLarge);
        assert_eq!((large.exit(), large.help()), (Exit::Bound, None));
        assert_eq!(large.message(), "the bundle would exceed 2 GiB; split the world");
        let refused = camshaft_bundle::Bundle::open(b"").expect_err("no bundle");
        let refused = failure(WriteError::Refused(refused));
        assert_eq!(refused.exit(), Exit::Bug);
        assert!(refused.message().starts_with("the compiled tables are inconsistent: "));
        assert!(refused.help().is_some_and(|help| help.contains("report it")));
        let differs = Failure::Irreproducible { byte: 77 };
        assert_eq!(differs.exit(), Exit::Bug);
        assert_eq!(differs.message(), "two builds differ from byte 77 on; nothing was written");
        assert!(differs.help().is_some_and(|help| help.contains("report it")));
    }

    /// Reasons that tests cannot bring about where they run with every permission.
    #[test]
    fn reasons_are_in_our_words() {
        let said = |kind: io::ErrorKind| describe(&kind.into());
        assert_eq!(said(io::ErrorKind::PermissionDenied), "permission denied");
        assert_eq!(said(io::ErrorKind::NotADirectory), "a part of the path is not a folder");
        assert_eq!(describe(&io::Error::other("It broke (os error 7)")), "it broke");
    }

    #[test]
    fn a_panic_is_caught() {
        assert_eq!(guarded(|| 7), Some(7));
        assert_eq!(guarded(|| -> u8 { panic!("on purpose, the text above is expected") }), None);
    }
}
