//! What a run of the suites is told by variables of the environment, and how their seeds are spread over threads.

use std::ops::Range;
use std::path::PathBuf;

/// The number in a variable.
///
/// # Panics
///
/// If it holds something else.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// The directory of real documents, `CAMSHAFT_CORPUS`; without it a suite says that it is skipped.
///
/// # Panics
///
/// Without it where `CI=true`.
pub fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("CAMSHAFT_CORPUS").map(PathBuf::from);
    if path.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CAMSHAFT_CORPUS is not set in CI");
        eprintln!("skipped: CAMSHAFT_CORPUS is not set");
    }
    path
}

/// Works through seeds on two threads, each of which counts on its own.
///
/// # Panics
///
/// If the work does.
pub fn counted<T: Default + Send>(seeds: Range<u64>, work: impl Fn(u64, &mut T) + Sync) -> Vec<T> {
    let (seeds, work) = (&seeds, &work);
    std::thread::scope(|scope| {
        let threads = [0, 1].map(|thread| {
            scope.spawn(move || {
                let mut counts = T::default();
                (seeds.start + thread..seeds.end).step_by(2).for_each(|seed| work(seed, &mut counts));
                counts
            })
        });
        threads.into_iter().map(|thread| thread.join().expect("a thread ends")).collect()
    })
}
