//! Decisions whose instructions `benches/instructions.sh` counts.
//!
//! `count list`: names. `count write FOLDER`: every counted workload, compiled, with its requests and
//! answers, after engine and baseline have agreed on them. `count decide FOLDER NAME`: opens what was
//! written and decides every request once, in one function that callgrind collects, and checks the answers.
//! The work of building stays outside of what runs under callgrind: that is fifty times as slow.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use camshaft_benches::baseline::{Answer, Baseline, Search};
use camshaft_benches::product;
use camshaft_benches::request::{Text, with_requests};
use camshaft_benches::subject::{Subject, Tally, compare};
use camshaft_benches::workload::{self, Counted};
use camshaft_runtime::{Engine, Request, Scratch};

/// Requests of one count.
const REQUESTS: usize = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["list"] => {
            workload::counted().iter().for_each(|counted| println!("{}", name(counted)));
            Ok(())
        }
        ["write", folder] => {
            workload::counted().iter().try_for_each(|counted| write(Path::new(folder), counted))
        }
        ["decide", folder, name] => decide(Path::new(folder), name),
        _ => {
            eprintln!("count list | write FOLDER | decide FOLDER NAME");
            return ExitCode::FAILURE;
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn name(counted: &Counted) -> String {
    format!("{}-{}", counted.workload, counted.size)
}

fn write(folder: &Path, counted: &Counted) -> std::io::Result<()> {
    let Some(workload) = workload::find(&counted.workload) else {
        return Err(std::io::Error::other(format!("no workload `{}`", counted.workload)));
    };
    let mut subject = Subject::new(&workload, counted.size);
    subject.texts.truncate(REQUESTS);
    let compiled = product::compiled(&product::policy_set(&subject.world), 0);
    let engine = Engine::new(product::open(&compiled.bytes));
    let baseline = Baseline::new(&subject.world);
    let tally =
        with_requests(&subject.texts, |requests| compare(&engine, &baseline, Search::Indexed, requests));
    let name = name(counted);
    std::fs::write(folder.join(format!("{name}.bundle")), &compiled.bytes)?;
    let mut lines = std::io::BufWriter::new(std::fs::File::create(folder.join(format!("{name}.requests")))?);
    writeln!(lines, "{}\t{}\t{}", tally.allowed, tally.denied, tally.nothing)?;
    for text in &subject.texts {
        write!(lines, "{}\t{}\t{}\t{}", text.principal, text.action, text.resource, text.time)?;
        for (key, value) in &text.context {
            write!(lines, "\t{key}\t{value}")?;
        }
        writeln!(lines)?;
    }
    lines.flush()
}

fn decide(folder: &Path, name: &str) -> std::io::Result<()> {
    let bytes = std::fs::read(folder.join(format!("{name}.bundle")))?;
    let lines = std::fs::read_to_string(folder.join(format!("{name}.requests")))?;
    let mut lines = lines.lines();
    let expected: Vec<u64> =
        lines.next().unwrap_or("").split('\t').filter_map(|number| number.parse().ok()).collect();
    let texts: Option<Vec<Text>> = lines.map(read).collect();
    let Some(texts) = texts else {
        return Err(std::io::Error::other(format!("{name}.requests is not what `count write` writes")));
    };
    let engine = Engine::new(product::open(&bytes));
    let mut scratch = engine.scratch();
    let tally = with_requests(&texts, |requests| decide_counted(&engine, &mut scratch, requests));
    if expected != [tally.allowed, tally.denied, tally.nothing] {
        return Err(std::io::Error::other(format!("{name}: {tally:?} instead of {expected:?}")));
    }
    println!("{}", texts.len());
    Ok(())
}

/// What callgrind collects.
#[inline(never)]
fn decide_counted(engine: &Engine, scratch: &mut Scratch, requests: &[Request<'_>]) -> Tally {
    let mut tally = Tally::default();
    for request in requests {
        tally.add(Answer::from(engine.decide(request, scratch)));
    }
    tally
}

fn read(line: &str) -> Option<Text> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [principal, action, resource, time, context @ ..] = fields.as_slice() else { return None };
    let (context, []) = context.as_chunks::<2>() else { return None };
    Some(Text {
        principal: (*principal).into(),
        action: (*action).into(),
        resource: (*resource).into(),
        context: context.iter().map(|[key, value]| ((*key).into(), (*value).into())).collect(),
        time: (*time).into(),
    })
}
