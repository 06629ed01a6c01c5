//! Which small changes of a world the cases notice.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use camshaft::coverage::{Place, Probes};
use camshaft::decider::{Decider, Reading};
use camshaft::mutation::{Change, Mutant, mutants, statement};
use camshaft::witness;
use camshaft_bundle::Bundle;
use camshaft_compiler::Config;
use camshaft_compiler::analysis::{self, Asking, Budget, Witness};
use camshaft_frontend::parallel::{Workers, chunks};
use camshaft_frontend::policy::{Effect, PolicySet};
use camshaft_frontend::request::Request;
use camshaft_runtime::Scratch;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::judge::{Outcome, answered, differences};
use super::of_subject;
use super::run::{Ran, decided};
use super::suite::{Given, Subject, Suite};
use crate::exit::Failure;
use crate::load;

/// Requests of the cases that guesses of a telling one begin with.
const SEEDS: usize = 6;

/// Steps that one question of the exact comparison may take: well under a second.
const STEPS: usize = 3_000_000;

/// What became of the changes.
#[derive(Debug, Serialize)]
pub(super) struct Mutation {
    pub(super) noticed: usize,
    pub(super) survived: usize,
    /// Changes by which no request at all is decided otherwise: no case could notice them.
    pub(super) equivalent: usize,
    /// Changes that the time did not suffice for.
    pub(super) untried: usize,
    pub(super) seconds: f64,
    score: f64,
    pub(super) survivors: Vec<Survivor>,
}

impl Mutation {
    /// Of those that were tried the share that some case noticed.
    pub(super) fn score(&self) -> f64 {
        self.score
    }
}

/// A change that no case notices.
#[derive(Debug, Serialize)]
pub(super) struct Survivor {
    pub(super) name: String,
    pub(super) effect: &'static str,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) change: &'static str,
    #[serde(skip)]
    pub(super) describe: &'static str,
    /// Whether it is certain that no request is decided otherwise.
    pub(super) equivalent: bool,
    /// A case that would notice it, as case files write one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) case: Option<Value>,
    /// What the changed world says to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instead: Option<String>,
}

/// What became of one change.
enum Fate {
    Noticed,
    Survived(Box<Survivor>),
    Untried,
}

/// Tries every change of every world that cases share.
pub(super) fn run(suite: &Suite, ran: &[Ran], workers: &Workers, seconds: u64) -> Result<Mutation, Failure> {
    let begin = Instant::now();
    let deadline = begin + Duration::from_secs(seconds);
    let mut fates = Vec::new();
    let mut worlds = 0;
    for (number, subject) in suite.subjects.iter().enumerate() {
        let Some((set, reading)) = &subject.world else { continue };
        let trial = Trial::new(Tested { suite, ran, number }, (subject, set, reading), workers, deadline)?;
        worlds += 1;
        fates.extend(workers.map(mutants(set), |mutant| {
            if Instant::now() > deadline { Ok(Fate::Untried) } else { trial.fate(&mutant) }
        }));
    }
    if worlds == 0 {
        return Err(Failure::usage_with(
            "no case asks a world that could be changed",
            "`--mutate` changes the world of `--world`, or the one beside the case files",
        ));
    }
    let (mut noticed, mut untried, mut survivors) = (0, 0, Vec::new());
    for fate in fates {
        match fate? {
            Fate::Noticed => noticed += 1,
            Fate::Untried => untried += 1,
            Fate::Survived(survivor) => survivors.push(*survivor),
        }
    }
    let equivalent = survivors.iter().filter(|survivor| survivor.equivalent).count();
    let survived = survivors.len() - equivalent;
    let score = camshaft::coverage::percent((noticed, noticed + survived));
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Mutation { noticed, survived, equivalent, untried, seconds, score, survivors })
}

/// All cases with what became of them, and the number of the world in question.
struct Tested<'a> {
    suite: &'a Suite,
    ran: &'a [Ran],
    number: usize,
}

/// The cases that pass on a world, and what is known of them.
struct Trial<'a> {
    subject: &'a Subject,
    set: &'a PolicySet,
    /// The same, without the statements of policies that no case has to do with.
    asked: PolicySet,
    reading: &'a Reading,
    cases: Vec<&'a Given>,
    /// For every statement that is T or U in some case the cases, as indices into `cases`.
    bound: BTreeMap<Place, BTreeSet<usize>>,
    seeds: Vec<Request>,
    /// When no further work is begun.
    deadline: Instant,
}

impl<'a> Trial<'a> {
    fn new(
        tested: Tested<'a>,
        (subject, set, reading): (&'a Subject, &'a PolicySet, &'a Reading),
        workers: &Workers,
        deadline: Instant,
    ) -> Result<Self, Failure> {
        let Tested { suite, ran, number } = tested;
        let passed = of_subject(suite, ran, number).filter(|(_, _, ran)| ran.differences.is_empty());
        let cases: Vec<&Given> = passed.map(|(_, given, _)| given).collect();
        let request = |given: &Given| given.case.request(&subject.options.resource_policy_services)?.ok();
        let probes = Probes::new(set, reading.clone(), &Config::default()).map_err(Failure::Compile)?;
        let numbered: Vec<(usize, &Given)> = cases.iter().copied().enumerate().collect();
        let truths = workers.map(chunks(&numbered, 32, |_| 1), |cases| {
            let mut scratch = probes.scratch();
            let truths = cases
                .iter()
                .filter_map(|(at, given)| Some((*at, probes.truths(&request(given)?, &mut scratch))));
            truths.collect::<Vec<_>>()
        });
        let mut bound: BTreeMap<Place, BTreeSet<usize>> = BTreeMap::new();
        for (at, truths) in truths.into_iter().flatten() {
            for place in truths.into_keys() {
                bound.entry(place).or_default().insert(at);
            }
        }
        let requests: Vec<Request> = cases.iter().filter_map(|given| request(given)).collect();
        let asked = without_idle(set, &subject.decider, &requests);
        let step = requests.len().div_ceil(SEEDS).max(1);
        let seeds = requests.into_iter().step_by(step).collect();
        Ok(Self { subject, set, asked, reading, cases, bound, seeds, deadline })
    }

    fn fate(&self, mutant: &Mutant) -> Result<Fate, Failure> {
        let relevant: Vec<usize> = match mutant.change {
            // A case in which the statement is false does not miss it, and not its effect either.
            Change::Drop | Change::Flip => {
                let of = mutant.places.iter().filter_map(|place| self.bound.get(place));
                of.flatten().copied().collect::<BTreeSet<_>>().into_iter().collect()
            }
            _ => (0..self.cases.len()).collect(),
        };
        if !relevant.is_empty() && self.notices(mutant, &relevant)? {
            return Ok(Fate::Noticed);
        }
        self.survivor(mutant).map(|survivor| Fate::Survived(Box::new(survivor)))
    }

    fn notices(&self, mutant: &Mutant, cases: &[usize]) -> Result<bool, Failure> {
        let decider = self.decider(&mutant.apply(&self.asked))?;
        let mut scratch = decider.engine().scratch();
        let Subject { options, codes, .. } = self.subject;
        let mut cases = cases.iter().filter_map(|at| self.cases.get(*at));
        Ok(cases.any(|given| {
            let outcome = decided(&given.case, &decider, options, codes.clone(), &mut scratch);
            !differences(&given.case, &outcome).is_empty()
        }))
    }

    fn decider(&self, set: &PolicySet) -> Result<Decider, Failure> {
        let config = Config::default().threads(1);
        let compiled = load::compile(set, &config)?;
        let bundle: Bundle = load::own_bundle(&compiled)?;
        Ok(Decider::new(bundle, self.reading.clone(), config))
    }

    /// A change that no case noticed, with a request that the two worlds answer otherwise if one is found.
    fn survivor(&self, mutant: &Mutant) -> Result<Survivor, Failure> {
        let place = mutant.places.first().copied().unwrap_or_default();
        let policy = self.set.policies.get(place.0);
        let statement = statement(self.set, place);
        let told = self.telling(mutant, place)?;
        let equivalent = matches!(told, Told::Equivalent);
        let position = statement.map(|statement| statement.position).unwrap_or_default();
        let (name, path) = policy.map_or_else(Default::default, |policy| {
            let index = statement.map_or(0, |statement| statement.index);
            (format!("{}#{index}", policy.name), self.subject.shown(&policy.source))
        });
        let denies = statement.is_some_and(|one| one.effect == Effect::Deny);
        let describe = mutant.change.describe();
        let (case, instead) = match told {
            Told::By(told) => {
                let (request, now, then) = *told;
                (Some(case(&shows(&name, mutant.change, denies), &request, &now)), Some(said(&then)))
            }
            Told::Equivalent | Told::Unknown => (None, None),
        };
        Ok(Survivor {
            name,
            effect: if denies { "deny" } else { "allow" },
            path,
            line: position.line,
            column: position.column,
            change: mutant.change.name(),
            describe,
            equivalent,
            case,
            instead,
        })
    }

    /// A request that the world and the changed one decide otherwise: a likely one, else whatever an exact comparison
    /// of the two finds. Where it finds none, a request with other reasons does not count: both worlds do the same.
    fn telling(&self, mutant: &Mutant, place: Place) -> Result<Told, Failure> {
        let set = mutant.apply(self.set);
        let changed = self.decider(&set)?;
        let (mut here, mut there) = (self.subject.decider.engine().scratch(), changed.engine().scratch());
        let mut tells = |request: &Request| {
            let ask = |decider: &Decider, scratch: &mut Scratch| {
                answered(&Ok(request.clone()), decider, BTreeSet::new(), scratch)
            };
            let (now, then) = (ask(&self.subject.decider, &mut here), ask(&changed, &mut there));
            let sound = now.decision != "error" && then.decision != "error";
            let other = (now.decision, now.blocked_by) != (then.decision, then.blocked_by);
            (sound && other).then_some((now, then))
        };
        let seeds: Vec<&Request> = self.seeds.iter().collect();
        for request in witness::requests(self.set, place, &seeds) {
            if let Some((now, then)) = tells(&request) {
                return Ok(Told::By(Box::new((request, now, then))));
            }
        }
        if Instant::now() > self.deadline {
            return Ok(Told::Unknown);
        }
        let asking = Asking { budget: Budget { steps: STEPS, ..Budget::default() }, ..Asking::default() };
        let diff = analysis::worlds(self.set, &set, asking);
        for difference in diff.changes.iter().flat_map(|change| &change.differences) {
            let request = asked(&difference.witness);
            if let Some((now, then)) = tells(&request) {
                return Ok(Told::By(Box::new((request, now, then))));
            }
        }
        Ok(if diff.is_same() { Told::Equivalent } else { Told::Unknown })
    }
}

/// What tells a changed world from the one that it was.
enum Told {
    /// A request, what the world says to it, and what the changed one does.
    By(Box<(Request, Outcome, Outcome)>),
    /// Certainly nothing.
    Equivalent,
    /// Nobody knows.
    Unknown,
}

/// The request of an exact answer.
fn asked(witness: &Witness) -> Request {
    Request {
        id: None,
        principal: witness.principal.clone(),
        action: witness.action.clone(),
        resources: vec![witness.resource.clone()],
        context: witness.context.clone().into_iter().collect(),
        time: witness.time.clone(),
        signed: None,
        session_policy: None,
        artifact_age_s: None,
    }
}

/// What a case shows that notices a change.
fn shows(name: &str, change: Change, denies: bool) -> String {
    let what = match change {
        Change::Drop | Change::Flip if denies => "denies this",
        Change::Drop | Change::Flip => "allows this",
        Change::AnyPrincipal => "is not about other callers",
        Change::AnyAction => "is not about other actions",
        Change::AnyResource => "is not about other resources",
        Change::NoCondition => "needs its condition",
    };
    format!("{name} {what}")
}

/// `implicit_deny`, with the layer or the reasons.
fn said(outcome: &Outcome) -> String {
    match outcome.blocked_by {
        Some(layer) => format!("{} ({layer})", outcome.decision),
        None => {
            let reasons: Vec<&str> = outcome.reasons.iter().map(String::as_str).collect();
            format!("{} ({})", outcome.decision, reasons.join(", "))
        }
    }
}

/// The case of a request, as it is answered now.
fn case(id: &str, request: &Request, outcome: &Outcome) -> Value {
    let mut asked = Map::new();
    asked.insert("principal".into(), request.principal.clone().into());
    asked.insert("action".into(), request.action.clone().into());
    let resource = match request.resources.as_slice() {
        [one] => one.clone().into(),
        several => json!(several),
    };
    asked.insert("resource".into(), resource);
    if !request.context.is_empty() {
        let context: Map<String, Value> =
            request.context.iter().map(|(key, values)| (key.clone(), json!(values))).collect();
        asked.insert("context".into(), context.into());
    }
    if let Some(time) = &request.time {
        asked.insert("time".into(), time.clone().into());
    }
    let mut case = Map::new();
    case.insert("id".into(), id.into());
    case.insert("request".into(), asked.into());
    case.insert("expect".into(), outcome.decision.into());
    match outcome.blocked_by {
        Some(layer) => case.insert("blocked_by".into(), layer.into()),
        None => case.insert("reason".into(), json!(outcome.reasons)),
    };
    case.into()
}

/// The world without the statements of policies that bind nobody in any of the requests: changed worlds compile
/// faster, and answer them alike.
fn without_idle(set: &PolicySet, decider: &Decider, requests: &[Request]) -> PolicySet {
    let engine = decider.engine();
    let mut scratch = engine.scratch();
    let (mut asked, mut names) = (BTreeSet::new(), BTreeSet::new());
    for request in requests {
        // Who is bound depends on the caller, the resource, and whether a role is assumed.
        if !asked.insert((&request.principal, &request.resources, request.action.contains("sts:AssumeRole")))
        {
            continue;
        }
        let session = decider.session(request);
        let story = camshaft::decider::with_request(request, &session, |request| {
            engine.explain(request, &mut scratch)
        });
        let statements =
            story.resources.iter().flat_map(|resource| &resource.parts).flat_map(|part| &part.statements);
        names.extend(statements.filter_map(|one| Some(one.name.rsplit_once('#')?.0.to_owned())));
    }
    let mut set = set.clone();
    for policy in &mut set.policies {
        if !names.contains(&*policy.name) {
            policy.statements.clear();
        }
    }
    set
}
