//! An engine that is replaced while threads decide: publishers swap it, readers notice.
//!
//! Callers: gateways that take up a new bundle without a pause. Each thread makes one [`EngineReader`] and asks
//! it for the present engine before a decision; a publisher opens the new bundle on a thread of its own and swaps.
//!
//! INVARIANT: an engine is freed by a publisher, in [`SharedEngine::swap`] or [`SharedEngine::reap`]. What is
//! replaced goes to a list that holds it until no reader does, so a reader that moves on never drops the last
//! reference. The list belongs to the state that readers hold as well: it outlives the last handle of the publisher.

use core::fmt;
use core::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use arc_swap::cache::Cache;
use camshaft_bundle::Bundle;

use crate::decision::Decision;
use crate::engine::Engine;
use crate::request::Request;
use crate::scratch::Scratch;

/// What the publisher knows of a bundle (CITE EVA-25); the bundle itself has neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The revision that the bundle's builder gave it.
    pub revision: u64,
    /// When the bundle was made, in seconds since the epoch of the caller's clock; `None` if unknown.
    pub created_s: Option<u64>,
}

impl Stamp {
    /// Seconds from the making of the bundle to `now_s` of the same clock, at least 0; `None` if it is not known when
    /// that was, which a world with `max_artifact_age_s` refuses (CITE REQ-14).
    pub fn age_s(&self, now_s: u64) -> Option<u64> {
        self.created_s.map(|created_s| now_s.saturating_sub(created_s))
    }
}

/// What the signed envelope of a bundle says; of a bundle that was opened without one nothing is known.
impl From<&Bundle> for Stamp {
    fn from(bundle: &Bundle) -> Self {
        bundle.envelope().map_or_else(Self::default, |envelope| Self {
            revision: envelope.revision,
            created_s: Some(envelope.created_s),
        })
    }
}

/// An engine as it was published.
#[derive(Debug)]
struct Published {
    engine: Engine,
    stamp: Stamp,
    publication: u64,
}

#[derive(Debug)]
struct State {
    current: ArcSwap<Published>,
    /// Replaced, and perhaps still read. Locked by publishers only.
    retired: Mutex<Vec<Arc<Published>>>,
}

impl State {
    fn retired(&self) -> MutexGuard<'_, Vec<Arc<Published>>> {
        // A list of engines is whole whatever panicked beside it.
        self.retired.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An engine that can be replaced while threads decide. Clones are handles to the same one.
///
/// Readers share no memory that anyone writes between two swaps: a decision costs them one read of a pointer more
/// than with an [`Engine`] of their own, whatever their number.
///
/// ```
/// use camshaft_bundle::{Bundle, OpenError};
/// use camshaft_runtime::{Decision, Engine, Request, SharedEngine, Stamp};
///
/// /// What publishes: opens off the hot path, swaps, frees what no reader uses any more.
/// fn publish(shared: &SharedEngine, file: &[u8], stamp: Stamp) -> Result<(), OpenError> {
///     let engine = Engine::new(Bundle::open(file)?);
///     shared.swap(engine, stamp);
///     Ok(())
/// }
///
/// /// One of many threads that decide.
/// fn serve(shared: &SharedEngine, requests: &[Request<'_>], now_s: u64) -> Vec<Decision> {
///     let mut reader = shared.reader(); // once a thread
///     let decide = |request: &Request<'_>| {
///         let mut current = reader.load(); // one engine for all of this request
///         current.decide(&Request { artifact_age_s: current.stamp().age_s(now_s), ..*request })
///     };
///     requests.iter().map(decide).collect()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SharedEngine(Arc<State>);

impl SharedEngine {
    /// Publishes the first engine.
    pub fn new(engine: Engine, stamp: Stamp) -> Self {
        let first = Arc::new(Published { engine, stamp, publication: 0 });
        Self(Arc::new(State { current: ArcSwap::new(first), retired: Mutex::default() }))
    }

    /// A reader; make one a thread.
    pub fn reader(&self) -> EngineReader {
        let mut current = Cache::new(Handle(Arc::clone(&self.0)));
        let published = current.load();
        let (scratch, publication) = (published.engine.scratch(), published.publication);
        EngineReader { current, scratch, publication }
    }

    /// Publishes another engine; its [publication](Self::publication) is returned. Every [`EngineReader::load`] that
    /// begins after this returns gives that engine or a later one; decisions in progress end with the engine that they
    /// began with.
    ///
    /// Frees the engines that no reader uses any more, here and not in a reader. Whether a revision may follow
    /// another is the caller's to judge: an older one is how a world is rolled back.
    pub fn swap(&self, engine: Engine, stamp: Stamp) -> u64 {
        // Held across the swap: publications follow each other in the order of their numbers.
        let mut retired = self.0.retired();
        let publication = self.0.current.load().publication.saturating_add(1);
        let old = self.0.current.swap(Arc::new(Published { engine, stamp, publication }));
        retired.push(old);
        free(retired);
        publication
    }

    /// Frees the replaced engines that no reader uses any more; how many are still in use. Each reader keeps at most
    /// one, until its next [`EngineReader::load`]: a publisher that wants the memory back calls this from time to time.
    pub fn reap(&self) -> usize {
        free(self.0.retired())
    }

    /// How many engines were published after the first.
    pub fn publication(&self) -> u64 {
        self.0.current.load().publication
    }

    /// The stamp of the present engine.
    pub fn stamp(&self) -> Stamp {
        self.0.current.load().stamp
    }
}

/// Drops what only the list holds; how many stay.
fn free(mut retired: MutexGuard<'_, Vec<Arc<Published>>>) -> usize {
    // Who holds one of them got it while it was current: a count of one can no longer rise.
    let unused: Vec<_> = retired.extract_if(.., |old| Arc::strong_count(old) == 1).collect();
    let kept = retired.len();
    // Another publisher need not wait until the memory is returned.
    drop(retired);
    drop(unused);
    kept
}

/// The state, as the cache wants it.
struct Handle(Arc<State>);

impl Deref for Handle {
    type Target = ArcSwap<Published>;

    fn deref(&self) -> &Self::Target {
        &self.0.current
    }
}

/// One thread's way to a [`SharedEngine`], with the memory for its decisions.
///
/// A reader that is not asked keeps the engine of its last [`load`](Self::load) in memory. The last of all
/// handles and readers frees what there is when it is dropped.
pub struct EngineReader {
    current: Cache<Handle, Arc<Published>>,
    scratch: Scratch,
    /// Which engine the scratch is for.
    publication: u64,
}

impl EngineReader {
    /// The present engine, to decide one request with from start to end.
    ///
    /// Takes no lock, writes nothing that other threads read and allocates nothing, but for the first call after a
    /// swap: it takes up the new engine (a reference count, no lock) and makes a scratch that fits it, which
    /// allocates. Who wants that outside of a request calls this between two requests.
    #[inline]
    pub fn load(&mut self) -> Current<'_> {
        let published: &Published = self.current.load();
        if published.publication != self.publication {
            (self.scratch, self.publication) = renewed(published);
        }
        Current { engine: &published.engine, scratch: &mut self.scratch, published }
    }
}

#[cold]
fn renewed(published: &Published) -> (Scratch, u64) {
    (published.engine.scratch(), published.publication)
}

impl fmt::Debug for EngineReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineReader").field("publication", &self.publication).finish_non_exhaustive()
    }
}

/// The engine that a reader found, with scratch that fits it. It stays the same as long as this lives, whatever is
/// published meanwhile.
///
/// What was prepared for a decision belongs to the engine that prepared it: a session policy that was compiled
/// with the account or the options of an earlier bundle is to be compiled anew when [`publication`](Self::publication)
/// has changed.
#[derive(Debug)]
pub struct Current<'r> {
    /// The engine.
    pub engine: &'r Engine,
    /// Memory for its decisions.
    pub scratch: &'r mut Scratch,
    published: &'r Published,
}

impl Current<'_> {
    /// [`Engine::decide`] with the scratch at hand.
    #[inline]
    pub fn decide(&mut self, request: &Request<'_>) -> Decision {
        self.engine.decide(request, self.scratch)
    }

    /// What the publisher said of the engine.
    pub fn stamp(&self) -> Stamp {
        self.published.stamp
    }

    /// How many engines were published before it: never less than what this reader saw before.
    pub fn publication(&self) -> u64 {
        self.published.publication
    }
}

// Swaps themselves are in tests/suites/shared.rs: they take bundles, which only the compiler makes.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_never_negative_and_may_be_unknown() {
        let stamp = Stamp { revision: 7, created_s: Some(1_000) };
        assert_eq!([1_060, 1_000, 900].map(|now_s| stamp.age_s(now_s)), [Some(60), Some(0), Some(0)]);
        assert_eq!(Stamp::default().age_s(1_000), None);
    }

    #[test]
    fn handles_are_shared_and_readers_move() {
        fn is_shared<T: Send + Sync + Clone>() {}
        fn moves<T: Send>() {}
        is_shared::<SharedEngine>();
        moves::<EngineReader>();
    }
}
