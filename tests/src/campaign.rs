//! Engine against reference at volume: one generated world after the other, many requests on each, and counts of what
//! was met. Callers: the binary `differential`.
//!
//! What a decision compares: the reference's outcome with all deciding statements, the engine's full answer
//! ([`Engine::reasons`]), its hot path, and its batch; of some, the explanation as well, which asks every row without
//! the index.

mod coverage;

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use camshaft::decider::{PreparedSession, with_requests};
use camshaft_compiler::Config;
use camshaft_frontend::request::{self, Request};
use camshaft_runtime::{Decision, Engine};
use serde_json::Value;

pub use coverage::Counts;

use crate::generate::{Features, Random, Requests, world};
use crate::product::{Answer, Product, load_text};
use crate::reference::Reference;

/// Session policies of a world.
const SESSIONS: usize = 12;
/// Of so many requests one is looked at closely, which takes as long as deciding some others.
const SAMPLED: usize = 32;
/// Requests of one batch.
const BATCH: usize = 100;

/// An answer of the engine that is not that of the reference, or a panic.
#[derive(Debug)]
pub struct Divergence {
    /// Seed of the world.
    pub seed: u64,
    /// What the compiler was told.
    pub config: &'static str,
    /// The world.
    pub world: String,
    /// The request.
    pub request: String,
    /// What differs.
    pub what: String,
}

impl core::fmt::Display for Divergence {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { seed, config, world, request, what } = self;
        write!(f, "seed {seed}, {config}\n{what}\nworld\n{world}\nrequest\n{request}")
    }
}

/// How the world of a seed is compiled: the default every second time, else one switch after the other.
pub fn config_of(seed: u64) -> (&'static str, Config) {
    let variants = Config::variants();
    match usize::try_from(seed / 2).map(|place| place % variants.len()) {
        Ok(place) if seed % 2 == 1 => variants[place].clone(),
        _ => ("default", Config::default()),
    }
}

/// Decides at most so many requests on the world of a seed both ways.
///
/// # Errors
///
/// The first request on which they differ, or on which the product panics.
pub fn compare(seed: u64, requests: usize) -> Result<Counts, Box<Divergence>> {
    let (features, requests) = match seed % 16 {
        9 => (Features::pipeline(), requests),
        // Every request is compared with more statements: fewer of them take as long.
        3 | 10 => (Features::crowded(), requests.div_ceil(4)),
        _ => (Features::all(), requests),
    };
    let value = world(seed, features);
    let (config, knobs) = config_of(seed);
    let asked = Cell::new(Value::Null);
    let found = catch_unwind(AssertUnwindSafe(|| run(seed, &value, features, &knobs, requests, &asked)));
    let what = match found {
        Ok(Ok(mut counts)) => {
            counts.add("compiled with", config, requests as u64);
            return Ok(counts);
        }
        Ok(Err(what)) => what,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into())).unwrap_or_default()
        }
    };
    let (world, request) = (value.to_string(), asked.take().to_string());
    Err(Box::new(Divergence { seed, config, world, request, what }))
}

fn run(
    seed: u64,
    value: &Value,
    features: Features,
    config: &Config,
    requests: usize,
    asked: &Cell<Value>,
) -> Result<Counts, String> {
    let mut random = Random::new(seed ^ 0x5eed);
    let maker = Requests::new(value, features).pooled_sessions(SESSIONS, &mut random);
    let loaded = load_text(&value.to_string());
    if loaded.set.is_none() {
        return Err(format!("the world is refused: {:#?}", loaded.diagnostics));
    }
    let mut product = Product::new(&loaded, config);
    let reference = Reference::new(value);
    let mut counts = Counts::default();
    let kinds = coverage::kinds(product.decider().engine(), &mut counts);
    coverage::world(value, &mut counts);

    let mut sessions = Sessions::default();
    let mut left = requests;
    while left > 0 {
        let count = left.min(BATCH);
        left -= count;
        let values: Vec<Value> = (0..count).map(|_| maker.next(&mut random)).collect();
        let mut parsed = Vec::with_capacity(count);
        for (at, value) in values.iter().enumerate() {
            asked.set(value.clone());
            let outcome = reference.decide(value);
            coverage::request(value, &outcome, &mut counts);
            let expected = Answer::from(outcome);
            match request::parse(&value.to_string()) {
                Ok(request) => {
                    let session = sessions.place(&product, &request);
                    parsed.push((request, session, expected, at));
                }
                Err(error) => {
                    let answer = Answer::error(error.code.to_string());
                    if answer != expected {
                        return Err(format!("engine {answer:?}\nreference {expected:?}"));
                    }
                }
            }
        }
        let engine = product.decider().engine();
        let mut scratch = engine.scratch();
        let pairs: Vec<(&Request, &PreparedSession)> =
            parsed.iter().map(|(request, session, ..)| (request, &sessions.prepared[*session])).collect();
        with_requests(&pairs, |requests| {
            let mut batch = vec![Decision::Allow { witness: None }; requests.len()];
            engine.decide_many(requests, &mut batch, &mut scratch);
            for ((request, decided), (_, _, expected, at)) in requests.iter().zip(batch).zip(&parsed) {
                asked.set(values[*at].clone());
                let full = engine.reasons(request, &mut scratch);
                let hot = engine.decide(request, &mut scratch);
                if hot != decided {
                    return Err(format!("in a batch {decided:?}\nalone {hot:?}"));
                }
                let answer = Answer::witnessed(engine, hot, &full)?;
                if answer != *expected {
                    return Err(format!("engine {answer:?}\nreference {expected:?}"));
                }
                coverage::reasons(&answer, &kinds, &mut counts);
            }
            Ok(())
        })?;
        for (request, _, expected, at) in parsed.iter().filter(|(.., at)| at % SAMPLED == 0) {
            asked.set(values[*at].clone());
            let (explanation, answer) = product.explain(request);
            if answer != *expected {
                return Err(format!("explanation {answer:?}\nreference {expected:?}"));
            }
            coverage::explained(&explanation, &mut counts);
            coverage::conditions(&reference.conditions(&values[*at]), &mut counts);
        }
    }
    counts.requests = requests as u64;
    counts.worlds = 1;
    Ok(counts)
}

/// Session policies, each prepared once for every account.
#[derive(Default)]
struct Sessions {
    places: HashMap<(String, Option<String>), usize>,
    prepared: Vec<PreparedSession>,
}

impl Sessions {
    fn place(&mut self, product: &Product, request: &Request) -> usize {
        let engine: &Engine = product.decider().engine();
        let account = match request.session_policy {
            Some(_) => engine.account_of(&request.principal).map_or("", |(uin, _)| uin),
            None => "",
        };
        let key = (account.to_owned(), request.session_policy.clone());
        *self.places.entry(key).or_insert_with(|| {
            self.prepared.push(product.decider().session(request));
            self.prepared.len() - 1
        })
    }
}
