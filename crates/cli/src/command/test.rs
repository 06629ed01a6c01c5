//! `camshaft test`: case files through the engine, what they reach, and what they would miss.

mod coverage;
mod github;
mod human;
mod judge;
mod junit;
mod markdown;
mod mutation;
mod run;
mod suite;

use std::time::Instant;

use camshaft_frontend::parallel::Workers;
use serde::Serialize;

pub(crate) use judge::{Difference, Failed, Outcome, answered, differences, human};

use crate::args::{Format, Test};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use coverage::Coverage;
use mutation::Mutation;
use run::Ran;
use suite::{Given, Suite};

/// What a run came to, as JSON; the other formats show the same.
#[derive(Serialize)]
struct Report {
    passed: usize,
    failed: usize,
    seconds: f64,
    failures: Vec<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Coverage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutation: Option<Mutation>,
    /// Each case, in the order of the files.
    #[serde(skip)]
    cases: Vec<Line>,
}

/// A case in a list of all.
struct Line {
    path: String,
    line: u32,
    name: String,
    seconds: f64,
    /// Index into the failures.
    failure: Option<usize>,
}

impl Report {
    fn new(suite: &Suite, ran: Vec<Ran>, begin: Instant) -> Self {
        let (mut failures, mut cases) = (Vec::new(), Vec::new());
        for (given, ran) in suite.cases.iter().zip(ran) {
            let failed = !ran.differences.is_empty();
            let path = given.case.line().name().to_owned();
            cases.push(Line {
                path: path.clone(),
                line: given.line(),
                name: given.name(),
                seconds: ran.time.as_secs_f64(),
                failure: failed.then_some(failures.len()),
            });
            if failed {
                let (id, line) = (given.case.id.clone(), given.line());
                failures.push(Failed { path, line, id, differences: ran.differences });
            }
        }
        Self {
            passed: cases.len() - failures.len(),
            failed: failures.len(),
            seconds: begin.elapsed().as_secs_f64(),
            failures,
            coverage: None,
            mutation: None,
            cases,
        }
    }

    /// `N passed, N failed`.
    fn line(&self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// What is below what the command line asks for.
    fn shortfalls(&self, args: &Test) -> Vec<String> {
        let under = |what: &str, got: Option<f64>, least: Option<f64>| {
            let (got, least) = (got?, least?);
            (got < least).then(|| format!("{what} is {}, less than {}", shown(got), shown(least)))
        };
        let coverage = self.coverage.as_ref().map(Coverage::percent);
        let score = self.mutation.as_ref().map(Mutation::score);
        let all = [under("coverage", coverage, args.min_coverage), under("the score", score, args.min_score)];
        all.into_iter().flatten().collect()
    }
}

/// `66.7 %`; never rounded up to all of it.
fn shown(percent: f64) -> String {
    let tenths = (percent * 10.0).floor() / 10.0;
    if tenths == tenths.trunc() { format!("{tenths:.0} %") } else { format!("{tenths:.1} %") }
}

/// Runs it.
pub(crate) fn run(args: &Test, console: &mut Console) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let progress = Progress::begin(console, "running cases");
    let suite = Suite::read(args)?;
    let workers = Workers::new(args.threads.map_or(0, usize::from));
    let ran = run::run(&suite, &workers)?;
    let coverage = match args.coverage {
        true => {
            progress.next("measuring what they reach");
            Some(coverage::measure(&suite, &ran, &workers)?)
        }
        false => None,
    };
    let mutation = match args.mutate {
        true => {
            progress.next("changing the world");
            Some(mutation::run(&suite, &ran, &workers, args.mutate_s)?)
        }
        false => None,
    };
    drop(progress);
    let report = Report { coverage, mutation, ..Report::new(&suite, ran, begin) };
    let shortfalls = report.shortfalls(args);
    match console.format {
        Format::Json => console.json(&report)?,
        Format::Junit => junit::write(&report, console)?,
        Format::Github => github::write(&report, &shortfalls, console)?,
        Format::Markdown => markdown::write(&report, &shortfalls, console)?,
        _ => human::write(&report, &shortfalls, console)?,
    }
    // What is written for a machine does not tell whoever waits how it went.
    if matches!(console.format, Format::Junit | Format::Markdown) {
        for shortfall in &shortfalls {
            console.message(&format!("{shortfall}\n"));
        }
        console.message(&format!("{}\n", report.line()));
    }
    Ok(if report.failed > 0 || !shortfalls.is_empty() { Exit::Negative } else { Exit::Done })
}

/// The cases of one world, with what became of them.
fn of_subject<'s>(
    suite: &'s Suite,
    ran: &'s [Ran],
    subject: usize,
) -> impl Iterator<Item = (usize, &'s Given, &'s Ran)> {
    let all = suite.cases.iter().zip(ran).enumerate();
    all.filter(move |(_, (given, _))| given.subject == Some(subject))
        .map(|(at, (given, ran))| (at, given, ran))
}

#[cfg(test)]
mod tests {
    #[test]
    fn shares_are_never_flattered() {
        let shown = super::shown;
        assert_eq!(
            [shown(100.0), shown(99.99), shown(66.66), shown(0.0)].join(", "),
            "100 %, 99.9 %, 66.6 %, 0 %"
        );
    }
}
