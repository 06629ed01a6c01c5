//! Cases through the engine, on every core; results come in the order of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use camshaft::decider::Decider;
use camshaft_compiler::Config;
use camshaft_frontend::case::Case;
use camshaft_frontend::diagnostic::Code;
use camshaft_frontend::options::WorldOptions;
use camshaft_frontend::parallel::{Workers, chunks};
use camshaft_frontend::world::{self, Overrides};
use camshaft_runtime::Scratch;

use super::judge::{Difference, Outcome, answered, differences};
use super::suite::{Given, Suite};
use crate::exit::Failure;
use crate::input::Folder;
use crate::load;

/// Cases that one thread takes at a time.
const RUN: usize = 16;

/// A case that was run.
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) differences: Vec<Difference>,
    pub(super) time: Duration,
}

/// Runs every case.
pub(super) fn run(suite: &Suite, workers: &Workers) -> Result<Vec<Ran>, Failure> {
    let runs = workers.map(chunks(&suite.cases, RUN, |_| 1), |cases| {
        let mut scratches: BTreeMap<usize, Scratch> = BTreeMap::new();
        cases.iter().map(|given| one(suite, given, &mut scratches)).collect::<Result<Vec<Ran>, Failure>>()
    });
    let runs: Vec<Vec<Ran>> = runs.into_iter().collect::<Result<_, _>>()?;
    Ok(runs.into_iter().flatten().collect())
}

fn one(suite: &Suite, given: &Given, scratches: &mut BTreeMap<usize, Scratch>) -> Result<Ran, Failure> {
    let begin = Instant::now();
    let outcome = match given.subject.and_then(|at| Some((at, suite.subjects.get(at)?))) {
        None => own_world(given)?,
        Some((at, subject)) => {
            let scratch = scratches.entry(at).or_insert_with(|| subject.decider.engine().scratch());
            decided(&given.case, &subject.decider, &subject.options, subject.codes.clone(), scratch)
        }
    };
    let differences = differences(&given.case, &outcome);
    Ok(Ran { outcome, differences, time: begin.elapsed() })
}

fn own_world(given: &Given) -> Result<Outcome, Failure> {
    let Given { case, file, .. } = given;
    let Some(input) = case.world_input() else { return Ok(Outcome::default()) };
    let overrides = Overrides { threads: 1, ..Overrides::default() };
    let mut loaded = world::load(input, &Folder::of(file)?, &overrides);
    let codes: BTreeSet<Code> = loaded.diagnostics.iter().map(|found| found.code).collect();
    let options = loaded.options.clone();
    match load::accepted("", &mut loaded) {
        Ok((set, _)) => {
            let compiled = load::compile(&set, &Config::default().threads(1))?;
            let decider = load::decider(&compiled, &loaded)?;
            let mut scratch = decider.engine().scratch();
            Ok(decided(case, &decider, &options, codes, &mut scratch))
        }
        Err(Failure::Rejected { findings, .. }) => {
            let note = findings.diagnostics.iter().find(|found| found.is_error());
            let note = note.map_or_else(String::new, |found| format!("{}: {}", found.code, found.message));
            Ok(Outcome { decision: "reject", codes, note, ..Outcome::default() })
        }
        Err(failure) => Err(failure),
    }
}

/// What a case comes to in a world.
pub(super) fn decided(
    case: &Case,
    decider: &Decider,
    options: &WorldOptions,
    codes: BTreeSet<Code>,
    scratch: &mut Scratch,
) -> Outcome {
    match case.request(&options.resource_policy_services) {
        // Only `expect: reject` needs no request, and here nothing was rejected.
        None => Outcome { decision: "accept", codes, ..Outcome::default() },
        Some(request) => answered(&request, decider, codes, scratch),
    }
}
