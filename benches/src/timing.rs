//! The clock: how long decisions take.
//!
//! The bytes of a request are read before its time begins, as by a gateway that just received it. Latency is
//! taken of single decisions, from which the median cost of two looks at the clock is subtracted; the mean is
//! taken of batches of [`BATCH`], where neighbouring decisions overlap in the processor; the slowest 2 % of
//! the batches are left out, because that is where the scheduler took the core away. Rounds of the contestants
//! alternate, so that noise meets all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use camshaft_runtime::Request;

use crate::request::touch;

/// Decisions between two looks at the clock for the mean.
pub const BATCH: usize = 32;

/// Times of a decision in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Half of the decisions take less.
    pub p50: f64,
    /// All but one of a hundred.
    pub p99: f64,
    /// All but one of a thousand.
    pub p999: f64,
    /// In batches.
    pub mean: f64,
}

/// Answers requests, given the place of the first among all; the number only keeps the compiler from leaving the
/// work out.
type Decide<'c> = Box<dyn FnMut(usize, &[Request<'_>]) -> u64 + 'c>;

/// Something that answers requests.
pub struct Contestant<'c> {
    decide: Decide<'c>,
    rounds: Vec<Figures>,
}

impl<'c> Contestant<'c> {
    /// Takes what decides one request.
    pub fn new(mut decide: impl FnMut(&Request<'_>) -> u64 + 'c) -> Self {
        Self::of_many(move |_, requests| {
            requests.iter().map(|request| decide(black_box(request))).fold(0, u64::wrapping_add)
        })
    }

    /// Takes what decides some requests, given the place of the first among all.
    pub fn of_many(decide: impl FnMut(usize, &[Request<'_>]) -> u64 + 'c) -> Self {
        Self { decide: Box::new(decide), rounds: Vec::new() }
    }

    /// One round over the requests, or over as many of the first ones as `most` allows.
    pub fn round(&mut self, requests: &[Request<'_>], most: Duration) {
        let clock = overhead(&mut *self.decide);
        let begin = Instant::now();
        let mut times = Vec::with_capacity(requests.len());
        for (at, request) in requests.iter().enumerate() {
            times.push(time(&mut *self.decide, at, core::slice::from_ref(request)).saturating_sub(clock));
            if begin.elapsed() > most {
                break;
            }
        }
        let count = times.len();
        let size = BATCH.min(count);
        let mut batches: Vec<u64> = requests[..count]
            .chunks_exact(size)
            .enumerate()
            .map(|(at, requests)| time(&mut *self.decide, at * size, requests).saturating_sub(clock))
            .collect();
        batches.sort_unstable();
        batches.truncate((batches.len() * 98).div_ceil(100));
        times.sort_unstable();
        let at = |share: usize| times[(count * share / 1000).min(count - 1)] as f64;
        let mean = batches.iter().sum::<u64>() as f64 / (batches.len() * size) as f64;
        self.rounds.push(Figures { p50: at(500), p99: at(990), p999: at(999), mean });
    }

    /// The median of every figure over the rounds.
    pub fn figures(&self) -> Figures {
        let median = |figure: fn(&Figures) -> f64| {
            let mut all: Vec<f64> = self.rounds.iter().map(figure).collect();
            all.sort_unstable_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(0.0)
        };
        Figures {
            p50: median(|round| round.p50),
            p99: median(|round| round.p99),
            p999: median(|round| round.p999),
            mean: median(|round| round.mean),
        }
    }
}

/// Nanoseconds of one call.
fn time(decide: &mut dyn FnMut(usize, &[Request<'_>]) -> u64, at: usize, requests: &[Request<'_>]) -> u64 {
    black_box(requests.iter().map(touch).fold(0, u64::wrapping_add));
    let begin = Instant::now();
    black_box(decide(at, requests));
    begin.elapsed().as_nanos() as u64
}

/// The median time of a call that decides nothing.
fn overhead(decide: &mut dyn FnMut(usize, &[Request<'_>]) -> u64) -> u64 {
    let mut times: Vec<u64> = (0..1_001).map(|_| time(&mut *decide, 0, &[])).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs every contestant over the requests, in alternating rounds.
pub fn race(contestants: &mut [Contestant<'_>], requests: &[Request<'_>], rounds: usize, most: Duration) {
    for _ in 0..rounds {
        for contestant in &mut *contestants {
            contestant.round(requests, most);
        }
    }
}

/// The median duration of some runs; no more begin once four seconds are over.
pub fn median<T>(runs: usize, mut run: impl FnMut() -> T) -> (Duration, T) {
    let mut times = Vec::with_capacity(runs);
    let mut last = None;
    for _ in 0..runs.max(1) {
        // Dropped before the clock starts: freeing a large world takes time of its own.
        drop(last.take());
        let begin = Instant::now();
        last = Some(run());
        times.push(begin.elapsed());
        if times.iter().sum::<Duration>() > Duration::from_secs(4) {
            break;
        }
    }
    times.sort_unstable();
    let Some(last) = last else { unreachable!("at least one run") };
    (times[times.len() / 2], last)
}
