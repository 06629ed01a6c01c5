//! The clock.
//!
//! Rates are of whole batches, so that the clock costs nothing. Latencies are of single decisions, from which the
//! median cost of a look at the clock is subtracted: in a batch the slow ones would hide behind the others. The bytes of
//! a request are read before its time begins, as by a gateway that just received it. Every decision is compared with the
//! first, after the time has ended.

use std::hint::black_box;
use std::time::Instant;

use camshaft_runtime::{Decision, Engine, Request};
use serde::Serialize;

/// Decisions between two looks at the clock, for rates.
const BATCH: usize = 64;
/// Decisions that a round makes at least: few requests are decided over and over.
const ROUND: usize = 100_000;

/// The kinds of outcomes, in the order of reports.
pub(super) const KINDS: [&str; 4] = ["allow", "explicit_deny", "implicit_deny", "error"];

fn kind(decision: &Decision) -> usize {
    match decision {
        Decision::Allow { .. } => 0,
        Decision::ExplicitDeny { .. } => 1,
        Decision::ImplicitDeny { .. } => 2,
        Decision::Error { .. } => 3,
    }
}

/// Nanoseconds of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Latency {
    pub(super) p50: u32,
    pub(super) p90: u32,
    pub(super) p99: u32,
    pub(super) p99_9: u32,
    pub(super) max: u32,
}

impl Latency {
    /// Of none there is none.
    fn of(mut times: Vec<u32>) -> Option<Self> {
        times.sort_unstable();
        // The smallest time that so many of a thousand do not exceed.
        let at = |share: usize| times.get((times.len() * share).div_ceil(1000).saturating_sub(1)).copied();
        Some(Self { p50: at(500)?, p90: at(900)?, p99: at(990)?, p99_9: at(999)?, max: at(1000)? })
    }
}

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// Decisions of all rounds.
    pub(super) decisions: u64,
    /// Of all threads together, the median of the rounds.
    pub(super) per_second: f64,
    /// What was subtracted from single decisions, in nanoseconds.
    pub(super) clock: u32,
    /// Of all decisions.
    pub(super) latency: Option<Latency>,
    /// By kind: requests, and their latency.
    pub(super) kinds: [(usize, Option<Latency>); KINDS.len()],
}

/// Measures the requests, of which there are some.
pub(super) fn measure(engine: &Engine, requests: &[Request<'_>], rounds: u16, threads: u16) -> Measured {
    let mut counts = [0; KINDS.len()];
    let mut scratch = engine.scratch();
    for request in requests {
        counts[kind(&engine.decide(request, &mut scratch))] += 1;
    }
    // Few requests are repeated until they fill a batch.
    let whole = requests.len() * BATCH.div_ceil(requests.len());
    let requests: Vec<Request<'_>> = requests.iter().copied().cycle().take(whole).collect();
    let expected: Vec<Decision> =
        requests.iter().map(|request| engine.decide(request, &mut scratch)).collect();
    let passes = ROUND.div_ceil(requests.len());
    let work = Work { engine, requests: &requests, expected: &expected, passes };
    let clock = clock();
    let mut rates = Vec::new();
    let mut times: [Vec<u32>; KINDS.len()] = Default::default();
    let mut decisions = 0;
    for _ in 0..rounds {
        rates.push(on_threads(threads, |number| work.rate(number)).into_iter().sum::<f64>());
        for of_thread in on_threads(threads, |number| work.latencies(number, clock)) {
            for (times, more) in times.iter_mut().zip(of_thread) {
                times.extend(more);
            }
        }
        decisions += 2 * u64::from(threads) * (work.passes * requests.len()) as u64;
    }
    rates.sort_unstable_by(f64::total_cmp);
    let latency = Latency::of(times.concat());
    let mut kinds = [(0, None); KINDS.len()];
    for (kind, (count, times)) in kinds.iter_mut().zip(counts.into_iter().zip(times)) {
        *kind = (count, Latency::of(times));
    }
    let per_second = rates.get(rates.len() / 2).copied().unwrap_or(0.0);
    Measured { decisions, per_second, clock, latency, kinds }
}

/// Runs on so many threads at a time.
fn on_threads<T: Send>(threads: u16, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let run = &run;
    std::thread::scope(|scope| {
        let handles: Vec<_> =
            (0..usize::from(threads)).map(|number| scope.spawn(move || run(number))).collect();
        let joined = handles.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

struct Work<'w> {
    engine: &'w Engine,
    requests: &'w [Request<'w>],
    expected: &'w [Decision],
    /// Times that a round goes over the requests.
    passes: usize,
}

impl<'w> Work<'w> {
    /// The requests of a round in batches, with what each is decided to; every thread begins elsewhere.
    fn batches(&self, thread: usize) -> impl Iterator<Item = (&'w [Request<'w>], &'w [Decision])> {
        let batches = self.requests.chunks(BATCH).zip(self.expected.chunks(BATCH));
        let count = batches.len();
        batches.cycle().skip(thread * 7 % count).take(count * self.passes)
    }

    /// Decisions a second of one thread.
    fn rate(&self, thread: usize) -> f64 {
        let mut scratch = self.engine.scratch();
        let mut decisions = Vec::with_capacity(BATCH);
        let (mut time, mut made) = (0, 0);
        for (requests, expected) in self.batches(thread) {
            decisions.clear();
            black_box(requests.iter().map(touch).fold(0, u64::wrapping_add));
            let begin = Instant::now();
            decisions
                .extend(requests.iter().map(|request| self.engine.decide(black_box(request), &mut scratch)));
            time += begin.elapsed().as_nanos();
            made += decisions.len();
            assert_eq!(decisions, expected, "a decision changed between two runs");
        }
        made as f64 * 1e9 / time.max(1) as f64
    }

    /// The times of one thread's decisions in nanoseconds, by kind.
    fn latencies(&self, thread: usize, clock: u32) -> [Vec<u32>; KINDS.len()] {
        let mut scratch = self.engine.scratch();
        let mut times: [Vec<u32>; KINDS.len()] = Default::default();
        for (requests, expected) in self.batches(thread) {
            for (request, expected) in requests.iter().zip(expected) {
                black_box(touch(request));
                let begin = Instant::now();
                let decision = self.engine.decide(black_box(request), &mut scratch);
                let time = begin.elapsed().as_nanos();
                assert_eq!(decision, *expected, "a decision changed between two runs");
                let time = u32::try_from(time).unwrap_or(u32::MAX).saturating_sub(clock);
                times[kind(&decision)].push(time);
            }
        }
        times
    }
}

/// The median time between two looks at the clock, in nanoseconds.
fn clock() -> u32 {
    let look = || {
        let begin = Instant::now();
        u32::try_from(begin.elapsed().as_nanos()).unwrap_or(u32::MAX)
    };
    let mut looks: Vec<u32> = (0..10_001).map(|_| look()).collect();
    looks.sort_unstable();
    looks[looks.len() / 2]
}

/// Reads every byte of a request.
fn touch(request: &Request<'_>) -> u64 {
    let sum = |text: &str| text.bytes().map(u64::from).sum::<u64>();
    let sums = |texts: &[&str]| texts.iter().map(|text| sum(text)).sum::<u64>();
    let context = request.context.iter().map(|(key, values)| sum(key) + sums(values)).sum::<u64>();
    let head = sum(request.principal) + sum(request.action) + sum(request.time.unwrap_or(""));
    head + sums(request.resources) + context
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_ranks() {
        let of = |times: std::ops::RangeInclusive<u32>| Latency::of(times.rev().collect());
        let latency = |p50, p90, p99, p99_9, max| Some(Latency { p50, p90, p99, p99_9, max });
        assert_eq!(of(1..=1000), latency(500, 900, 990, 999, 1000));
        assert_eq!(of(7..=7), latency(7, 7, 7, 7, 7));
        assert_eq!(Latency::of(Vec::new()), None);
    }
}
