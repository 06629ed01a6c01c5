//! Work on many threads. Results come in the order of what they were made of, so that nothing shows how many
//! threads there were.

use rayon::prelude::*;

use crate::config::Config;
use crate::error::{CompileError, CompileErrorKind};

/// Statements below which starting threads takes longer than they save.
const FEW: usize = 2_000;

/// Threads, or none for work that one does as fast.
pub(crate) struct Workers(Option<rayon::ThreadPool>);

impl Workers {
    /// As many as the configuration says.
    pub(crate) fn new(config: &Config, statements: usize) -> Result<Self, CompileError> {
        if config.get_threads() == 1 || statements < FEW {
            return Ok(Self(None));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(config.get_threads()).build();
        pool.map(|pool| Self(Some(pool))).map_err(|_| CompileErrorKind::TooMany { what: "threads" }.into())
    }

    /// What each item becomes, in order.
    pub(crate) fn map<T: Send, R: Send>(&self, items: Vec<T>, each: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        match &self.0 {
            None => items.into_iter().map(each).collect(),
            Some(pool) => pool.install(|| items.into_par_iter().map(each).collect()),
        }
    }
}

/// Cuts items into runs of about so many statements.
pub(crate) fn chunks<T>(items: &[T], statements: usize, count: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut chunks = Vec::new();
    let (mut start, mut held) = (0, 0);
    for (at, item) in items.iter().enumerate() {
        held += count(item);
        if held >= statements {
            chunks.extend(items.get(start..=at));
            (start, held) = (at + 1, 0);
        }
    }
    chunks.extend(items.get(start..).filter(|rest| !rest.is_empty()));
    chunks
}
