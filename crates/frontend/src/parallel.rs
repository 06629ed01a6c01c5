//! Work on many threads, for the frontend and the compiler. Results come in the order of what they were made of,
//! so that nothing shows how many threads there were.

use rayon::prelude::*;

/// Threads, or none for work that one does as fast.
#[derive(Debug, Default)]
pub struct Workers(Option<rayon::ThreadPool>);

impl Workers {
    /// So many threads; 0 for one a core. None where they cannot be had.
    pub fn new(threads: usize) -> Self {
        if threads == 1 {
            return Self(None);
        }
        Self(rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok())
    }

    /// No threads.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Whether there is more than one thread.
    pub fn are_many(&self) -> bool {
        self.0.is_some()
    }

    /// Does two things, at the same time if there are threads.
    pub fn both<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        match &self.0 {
            None => (a(), b()),
            Some(pool) => pool.join(a, b),
        }
    }

    /// What each item becomes, in order.
    pub fn map<T: Send, R: Send>(&self, items: Vec<T>, each: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        match &self.0 {
            None => items.into_iter().map(each).collect(),
            Some(pool) => pool.install(|| items.into_par_iter().map(each).collect()),
        }
    }
}

/// Cuts items into runs of about so much weight.
pub fn chunks<T>(items: &[T], weight: usize, of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut chunks = Vec::new();
    let (mut start, mut held) = (0, 0usize);
    for (at, item) in items.iter().enumerate() {
        held = held.saturating_add(of(item));
        if held >= weight {
            chunks.extend(items.get(start..=at));
            (start, held) = (at + 1, 0);
        }
    }
    chunks.extend(items.get(start..).filter(|rest| !rest.is_empty()));
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order() {
        let items: Vec<usize> = (0..1_000).collect();
        for threads in [1, 3] {
            let workers = Workers::new(threads);
            assert_eq!(workers.map(items.clone(), |item| item + 1), (1..1_001).collect::<Vec<_>>());
        }
        let cut = chunks(&items, 300, |_| 7);
        assert!(cut.iter().rev().skip(1).all(|chunk| chunk.len() == 43));
        assert_eq!(cut.concat(), items);
    }
}
