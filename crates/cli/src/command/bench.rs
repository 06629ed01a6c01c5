//! `camshaft bench`: how fast a bundle decides, measured with the user's own requests.

mod ask;
mod measure;

use std::time::{Duration, Instant};

use anstyle::Style;
use camshaft::decider::{self, Decider, PreparedSession};
use camshaft_bundle::Bundle;
use camshaft_compiler::Config;
use camshaft_frontend::request::Request;
use serde::Serialize;

use crate::args::Bench;
use crate::command::test::{self, Failed};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::load;
use crate::progress::Progress;
use crate::render::json;
use crate::render::table::{Align, Table};
use crate::render::text;
use crate::trust;
use ask::{Checked, Question};
use measure::{KINDS, Latency, Measured, measure};

/// Differences that are shown to people.
const SHOWN: usize = 10;
/// Fewer different requests than this and the processor knows them by heart.
const MANY: usize = 10_000;

#[derive(Serialize)]
struct Report<'r> {
    bundle: String,
    digest: String,
    bytes: usize,
    open_ms: f64,
    certificate: json::Certificate,
    /// Lines that ask something.
    requests: usize,
    /// Those that were refused before the engine saw them.
    unreadable: usize,
    /// Those that had an answer to compare with.
    compared: usize,
    differences: &'r [Failed],
    measured: Option<Figures>,
}

#[derive(Serialize)]
struct Figures {
    rounds: u16,
    threads: u16,
    decisions: u64,
    decisions_per_second: f64,
    /// A thread's nanoseconds between two decisions.
    mean_ns: f64,
    /// What was subtracted from every single decision.
    clock_ns: u32,
    latency_ns: Option<Latency>,
    outcomes: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct OfKind {
    requests: usize,
    latency_ns: Option<Latency>,
}

/// Runs it.
pub(crate) fn run(args: &Bench, console: &mut Console) -> Result<Exit, Failure> {
    let (bundle, time) = open(args)?;
    let reading = decider::Reading::from(&bundle);
    let decider = Decider::new(bundle, reading, Config::default().threads(1));
    let questions = ask::questions(&args.requests, &decider)?;
    let answers = match &args.answers {
        Some(path) => Some(ask::answers(path, questions.len())?),
        None => None,
    };
    let progress = Progress::begin(console, "comparing the answers");
    let checked = ask::check(&args.requests, &decider, &questions, answers.as_deref());
    progress.next("deciding");
    let readable: Vec<&Request> =
        questions.iter().filter_map(|Question { request, .. }| request.as_ref().ok()).collect();
    let measured =
        (checked.differences.is_empty() && !readable.is_empty()).then(|| decide(&decider, &readable, args));
    drop(progress);
    let unreadable = questions.len() - readable.len();
    if console.is_json() {
        console.json(&report(args, &decider, time, unreadable, &questions, &checked, measured.as_ref()))?;
    } else {
        human(args, &decider, time, &checked, console)?;
        if let Some(measured) = &measured {
            figures(args, measured, console)?;
        }
        writeln!(console.out(), "{}", closing(questions.len(), unreadable, &checked))?;
    }
    Ok(match &checked {
        Checked { differences, .. } if !differences.is_empty() => Exit::Negative,
        Checked { malformed: 1.., .. } => Exit::Request,
        Checked { .. } => Exit::Done,
    })
}

/// The bundle, and the time it takes to open it once its bytes are at hand.
fn open(args: &Bench) -> Result<(Bundle, Duration), Failure> {
    let trust = trust::trust(&args.trusted)?;
    let bytes = input::read(&args.bundle)?;
    let begin = Instant::now();
    let bundle = load::opened(&args.bundle, &bytes, trust.as_ref())?;
    Ok((bundle, begin.elapsed()))
}

fn decide(decider: &Decider, requests: &[&Request], args: &Bench) -> Measured {
    // Gateways keep compiled session policies, so compiling them is no part of a decision.
    let sessions: Vec<PreparedSession> = requests.iter().map(|request| decider.session(request)).collect();
    let requests: Vec<(&Request, &PreparedSession)> = requests.iter().copied().zip(&sessions).collect();
    decider::with_requests(&requests, |requests| {
        measure(decider.engine(), requests, args.rounds, args.threads)
    })
}

fn report<'r>(
    args: &Bench,
    decider: &Decider,
    time: Duration,
    unreadable: usize,
    questions: &[Question],
    checked: &'r Checked,
    measured: Option<&Measured>,
) -> Report<'r> {
    let bundle = decider.engine().bundle();
    let measured = measured.map(|measured| {
        let outcome = |(name, (requests, latency_ns)): (&str, &(usize, Option<Latency>))| {
            let of_kind = OfKind { requests: *requests, latency_ns: *latency_ns };
            (name.to_owned(), serde_json::json!(of_kind))
        };
        Figures {
            rounds: args.rounds,
            threads: args.threads,
            decisions: measured.decisions,
            decisions_per_second: measured.per_second,
            mean_ns: mean(args, measured),
            clock_ns: measured.clock,
            latency_ns: measured.latency,
            outcomes: KINDS.into_iter().zip(&measured.kinds).map(outcome).collect(),
        }
    });
    Report {
        bundle: input::name(&args.bundle),
        digest: bundle.digest_text(),
        bytes: bundle.length(),
        open_ms: time.as_secs_f64() * 1e3,
        certificate: json::Certificate(bundle.tables().certificate()),
        requests: questions.len(),
        unreadable,
        compared: checked.compared,
        differences: &checked.differences,
        measured,
    }
}

fn mean(args: &Bench, measured: &Measured) -> f64 {
    f64::from(args.threads) * 1e9 / measured.per_second.max(1.0)
}

/// What is asked, and the answers that are wrong.
fn human(
    args: &Bench,
    decider: &Decider,
    time: Duration,
    checked: &Checked,
    console: &mut Console,
) -> Result<(), Failure> {
    let bundle = decider.engine().bundle();
    let bytes = text::counted(bundle.length(), "byte");
    let time = match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        _ => text::duration(time),
    };
    let certificate = json::Certificate(bundle.tables().certificate()).text();
    writeln!(console.out(), "{}: {bytes}, opened in {time}; {certificate}\n", input::name(&args.bundle))?;
    checked.differences.iter().take(SHOWN).try_for_each(|failed| test::human(failed, console))?;
    match checked.differences.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => Ok(writeln!(console.out(), "… and {}\n", text::figure(more as u64))?),
    }
}

fn figures(args: &Bench, measured: &Measured, console: &mut Console) -> Result<(), Failure> {
    let rate = text::figure(measured.per_second as u64);
    let rate = text::paint(console.out_color, text::STRONG, &rate);
    writeln!(
        console.out(),
        "{rate} decisions a second on {}, a decision in {:.0} ns; median of {}, {} decisions\n",
        text::counted(usize::from(args.threads), "thread"),
        mean(args, measured),
        text::counted(usize::from(args.rounds), "round"),
        text::figure(measured.decisions),
    )?;
    let right = (Align::Right, Style::new());
    let mut table = Table::new([(Align::Left, text::DIM), right, right, right, right, right, right]);
    table.row(["", "requests", "p50", "p90", "p99", "p99.9", "max"]);
    let all = (measured.kinds.iter().map(|(requests, _)| requests).sum(), measured.latency);
    for (name, (requests, latency)) in
        ["all"].into_iter().chain(KINDS).zip([all].iter().chain(&measured.kinds))
    {
        let cells = latency.map_or([const { String::new() }; 5], |latency| {
            let Latency { p50, p90, p99, p99_9, max } = latency;
            [p50, p90, p99, p99_9, max].map(text::figure)
        });
        let head = [name.replace('_', " "), text::figure(*requests as u64)];
        table.row(head.into_iter().chain(cells));
    }
    let table = table.render(console.out_color);
    write!(console.out(), "{table}")?;
    writeln!(
        console.out(),
        "\nnanoseconds of single decisions, less {} for the look at the clock",
        measured.clock
    )?;
    if measured.kinds.iter().map(|(requests, _)| requests).sum::<usize>() < MANY {
        writeln!(console.out(), "so few requests stay in the caches: more of them give honest figures")?;
    }
    Ok(())
}

/// What was compared, and what was not measured.
fn closing(questions: usize, unreadable: usize, checked: &Checked) -> String {
    let wrong = checked.differences.len();
    let mut closing = match checked.compared {
        0 => "no answer was expected: none was compared".to_owned(),
        compared if wrong == 0 => format!("{} as expected", text::counted(compared, "answer")),
        compared => {
            let compared = text::counted(compared, "answer");
            format!("{} of {compared} not as expected; nothing was measured", text::figure(wrong as u64))
        }
    };
    if unreadable > 0 {
        let requests = text::counted(questions, "request");
        let unreadable = text::figure(unreadable as u64);
        closing.push_str(&format!("; {unreadable} of {requests} malformed and not measured"));
    }
    closing
}
