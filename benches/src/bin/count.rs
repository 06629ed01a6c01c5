//! Decisions whose instructions `benches/instructions.sh` counts.
//!
//! `count list light`: names. `count write light FOLDER`: every counted workload, compiled, with its requests and
//! answers, after engine and baseline have agreed on them. `count decide FOLDER NAME`: opens what was
//! written and decides every request once, in one function that callgrind collects, and checks the answers.
//! The work of building stays outside of what runs under callgrind: that is fifty times as slow.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use camshaft_benches::baseline::{Answer, Baseline, Search};
use camshaft_benches::request::{self, Text, with_requests};
use camshaft_benches::subject::{Tally, compare};
use camshaft_benches::workload::{self, Counted};
use camshaft_benches::world::World;
use camshaft_benches::{layers, product};
use camshaft_runtime::{Engine, Request, Scratch, SessionPolicy};

/// Requests of one count.
const REQUESTS: usize = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["list", weight @ ("light" | "heavy")] => {
            counted(weight).for_each(|counted| println!("{}", name(&counted)));
            Ok(())
        }
        ["write", weight @ ("light" | "heavy"), folder] => {
            let mut last = None;
            counted(weight).try_for_each(|counted| write(Path::new(folder), &counted, &mut last))
        }
        ["decide", folder, name] => decide(Path::new(folder), name),
        _ => {
            eprintln!("count list light|heavy | write light|heavy FOLDER | decide FOLDER NAME");
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

fn counted(weight: &str) -> impl Iterator<Item = Counted> {
    let heavy = weight == "heavy";
    workload::counted().into_iter().filter(move |counted| counted.heavy == heavy)
}

fn name(counted: &Counted) -> String {
    match &counted.label {
        Some(label) => format!("{}-{label}", counted.workload),
        None => format!("{}-{}", counted.workload, counted.size),
    }
}

/// `last`: the bundle written last with its workload and size, if that has no layers.
fn write(
    folder: &Path,
    counted: &Counted,
    last: &mut Option<((String, usize), Vec<u8>)>,
) -> std::io::Result<()> {
    let Some(workload) = workload::find(&counted.workload) else {
        return Err(std::io::Error::other(format!("no workload `{}`", counted.workload)));
    };
    let world = World::new(&workload, counted.size);
    let mut texts = request::make_for(&workload, &world, counted.callers, counted.service.as_deref());
    texts.truncate(REQUESTS);
    let layers = counted.layers.unwrap_or_default();
    let session = layers.session.then(layers::session);
    let plain = counted.layers.is_none().then(|| (counted.workload.clone(), counted.size));
    let kept = last.take().filter(|(world, _)| plain.as_ref() == Some(world));
    let bytes = match kept {
        Some((_, bytes)) => bytes,
        None => {
            let mut set = product::policy_set(&world);
            layers::add(&mut set, &layers, &texts);
            product::compiled(&set, 0).bytes
        }
    };
    let engine = Engine::new(product::open(&bytes));
    let baseline = Baseline::new(&world);
    let prepared = session.as_deref().map(|bytes| SessionPolicy::new(product::open(bytes)));
    let tally = with_requests(&texts, |requests| {
        compare(&engine, &baseline, Search::Indexed, &layers::in_session(requests, prepared.as_ref()))
    });
    let name = name(counted);
    if let Some(session) = session {
        std::fs::write(folder.join(format!("{name}.session")), session)?;
    }
    std::fs::write(folder.join(format!("{name}.bundle")), &bytes)?;
    *last = plain.map(|world| (world, bytes));
    let mut lines = std::io::BufWriter::new(std::fs::File::create(folder.join(format!("{name}.requests")))?);
    writeln!(lines, "{}\t{}\t{}", tally.allowed, tally.denied, tally.nothing)?;
    for text in &texts {
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
    let session = std::fs::read(folder.join(format!("{name}.session"))).ok();
    let session = session.map(|bytes| SessionPolicy::new(product::open(&bytes)));
    let tally = with_requests(&texts, |requests| {
        decide_counted(&engine, &mut scratch, &layers::in_session(requests, session.as_ref()))
    });
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
