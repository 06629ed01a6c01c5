//! Wall time of decisions: engine, indexed baseline and naive scan over the same requests.
//!
//! `cargo bench -p camshaft-benches`. For percentiles, sizes and build times in one table, run `measure`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use camshaft_benches::baseline::{Baseline, Search};
use camshaft_benches::request::{touch, with_requests};
use camshaft_benches::subject::{Subject, compare};
use camshaft_benches::timing::BATCH;
use camshaft_benches::workload;
use camshaft_runtime::Request;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const SIZES: [usize; 3] = [10, 1_000, 10_000];

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

/// Decides `count` requests, round and round, in batches whose bytes were read before.
fn run(requests: &[Request<'_>], count: u64, mut decide: impl FnMut(&Request<'_>)) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = count as usize;
    for batch in requests.chunks(BATCH).cycle() {
        let batch = &batch[..batch.len().min(left)];
        black_box(batch.iter().map(touch).fold(0, u64::wrapping_add));
        let begin = Instant::now();
        batch.iter().for_each(|request| decide(black_box(request)));
        total += begin.elapsed();
        left -= batch.len();
        if left == 0 {
            return total;
        }
    }
    total
}

criterion_group!(benches, decide);
criterion_main!(benches);
