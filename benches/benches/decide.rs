//! Wall time of decisions, one by one, prepared and many at once, of the indexed baseline and the naive scan over the same
//! requests; and of compiling and opening.
//!
//! `cargo bench -p camshaft-benches --bench decide`. For percentiles, sizes and build times in one table, run `measure`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Baseline, Search};
use camshaft_benches::request::{touch, with_requests};
use camshaft_benches::subject::{Subject, compare};
use camshaft_benches::timing::BATCH;
use camshaft_benches::world::World;
use camshaft_benches::{product, workload};
use camshaft_runtime::{Action, Decision, Layer, Principal, Request};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [usize; 3] = [10, 1_000, 10_000];
/// Workloads that are built.
const BUILT: [&str; 2] = ["org", "hot"];

fn decide(criterion: &mut Criterion) {
    for name in workload::all() {
        let Some(workload) = workload::find(name) else { continue };
        let mut group = criterion.benchmark_group(name);
        group.measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
        for size in SIZES.into_iter().filter(|size| workload.sizes.contains(size)) {
            let subject = Subject::new(&workload, size);
            let (engine, baseline) = (subject.engine(), Baseline::new(&subject.world));
            let mut scratch = engine.scratch();
            with_requests(&subject.texts, |requests| {
                let _ = compare(&engine, &baseline, Search::Indexed, requests);
                group.bench_function(BenchmarkId::new("engine", size), |bencher| {
                    bencher.iter_custom(|count| {
                        run(requests, count, |request| {
                            let _ = black_box(engine.decide(request, &mut scratch));
                        })
                    });
                });
                let prepared: Vec<(Principal<'_>, Action<'_>)> = requests
                    .iter()
                    .filter_map(|request| {
                        Some((engine.principal(request.principal).ok()?, engine.action(request.action).ok()?))
                    })
                    .collect();
                assert_eq!(prepared.len(), requests.len(), "every caller and action is well-formed");
                group.bench_function(BenchmarkId::new("prepared", size), |bencher| {
                    bencher.iter_custom(|count| {
                        run_many(requests, count, |first, batch| {
                            for (request, (principal, action)) in batch.iter().zip(&prepared[first..]) {
                                let request = black_box(request);
                                let _ = black_box(engine.decide_prepared(
                                    principal,
                                    action,
                                    request,
                                    &mut scratch,
                                ));
                            }
                        })
                    });
                });
                let mut decisions = vec![Decision::ImplicitDeny { layer: Layer::Identity }; BATCH];
                group.bench_function(BenchmarkId::new("many", size), |bencher| {
                    bencher.iter_custom(|count| {
                        run_many(requests, count, |_, batch| {
                            let decisions = &mut decisions[..batch.len()];
                            engine.decide_many(black_box(batch), decisions, &mut scratch);
                            black_box(decisions);
                        })
                    });
                });
                for (label, search) in [("indexed", Search::Indexed), ("naive", Search::Naive)] {
                    group.bench_function(BenchmarkId::new(label, size), |bencher| {
                        bencher.iter_custom(|count| {
                            run(requests, count, |request| {
                                black_box(baseline.decide(request, search));
                            })
                        });
                    });
                }
            });
        }
        group.finish();
    }
}

/// Decides `count` requests one by one.
fn run(requests: &[Request<'_>], count: u64, mut decide: impl FnMut(&Request<'_>)) -> Duration {
    run_many(requests, count, |_, batch| batch.iter().for_each(|request| decide(black_box(request))))
}

/// Decides `count` requests, round and round, in batches whose bytes were read before; each is given with the place of
/// its first.
fn run_many(requests: &[Request<'_>], count: u64, mut decide: impl FnMut(usize, &[Request<'_>])) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = count as usize;
    for (number, batch) in requests.chunks(BATCH).enumerate().cycle() {
        let batch = &batch[..batch.len().min(left)];
        black_box(batch.iter().map(touch).fold(0, u64::wrapping_add));
        let begin = Instant::now();
        decide(number * BATCH, batch);
        total += begin.elapsed();
        left -= batch.len();
        if left == 0 {
            return total;
        }
    }
    total
}

/// Compiling with one thread and with two, opening, and reading lines of JSON besides.
fn build(criterion: &mut Criterion) {
    for name in BUILT {
        let Some(workload) = workload::find(name) else { continue };
        let mut group = criterion.benchmark_group(format!("{name}-build"));
        group
            .sample_size(10)
            .measurement_time(Duration::from_secs(3))
            .warm_up_time(Duration::from_millis(500));
        for size in SIZES {
            let world = World::new(&workload, size);
            let (set, text) = (product::policy_set(&world), product::ndjson(&world));
            let bytes = product::compiled(&set, 1).bytes;
            group.throughput(Throughput::Elements(size as u64));
            for (label, threads) in [("compile", 1), ("compile-2", 2)] {
                group.bench_function(BenchmarkId::new(label, size), |bencher| {
                    bencher.iter_with_large_drop(|| product::compiled(black_box(&set), threads));
                });
            }
            group.bench_function(BenchmarkId::new("read", size), |bencher| {
                bencher.iter_batched(|| text.clone(), product::load_lines, BatchSize::LargeInput);
            });
            group.throughput(Throughput::Bytes(bytes.len() as u64));
            group.bench_function(BenchmarkId::new("open", size), |bencher| {
                bencher.iter_with_large_drop(|| product::open(black_box(&bytes)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, decide, build);
criterion_main!(benches);
