//! A folder in which bundles arrive, to an engine that is replaced while it serves: for gateways, and for
//! `camshaft watch`.
//!
//! [`Watch::look`] is one pass: what changed is read, verified in full and swapped in. A bundle that is refused changes
//! nothing: the last good one stays, and [`Status`] says why. [`Watch::spawn`] looks whenever the folder changes, and from
//! time to time in case nobody tells.
//!
//! ```no_run
//! use std::time::Duration;
//! use camshaft::watch::{Source, Watch};
//! use camshaft_bundle::{PublicKey, Trust};
//!
//! let keys = PublicKey::all_from_pem(&std::fs::read_to_string("trusted.pem")?)?;
//! let source = Source::new("/srv/bundles").trust(Trust::new(keys)).max_age_s(3_600);
//! let watching = Watch::new(source).spawn(Duration::from_secs(10), |event| eprintln!("{event}"))?;
//! let Some(engine) = watching.engine() else { return Err(watching.status().to_string().into()) };
//! let mut reader = engine.reader(); // one a thread; every request with `current.stamp().age_s(now_s)` as its age
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whoever publishes writes beside, syncs and renames, as `camshaft build` does. What is seen half written is refused
//! by its length or digest and read again when it changes.

mod arrival;
mod event;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camshaft_bundle::{Bundle, Trust, verify_full};
use camshaft_compiler::{Budget, prove};
use camshaft_runtime::{Engine, SharedEngine, Stamp};

use arrival::{Arrival, Print, Rank};
pub use event::{Event, Refusal, Refused, Serving, Stale, Status};
pub use run::Watching;

/// Seconds after which a file that has not changed is read once more: within them it can change and look the same.
const SETTLES_S: u64 = 3;

/// Where bundles arrive, and which of them are served.
///
/// Of a folder, the files `*.cam` count, and of those the one with the greatest revision; of bundles without a signature
/// the last by name. A link counts as what it leads to.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    trust: Option<Trust>,
    max_age_s: Option<u64>,
    proof: Option<Budget>,
}

impl Source {
    /// A file, or a folder of bundles. Unsigned bundles only, unless keys are trusted.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), trust: None, max_age_s: None, proof: None }
    }

    /// Serves only what these keys signed, and no earlier revision than was served before.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = Some(trust);
        self
    }

    /// Lets the engine refuse every request when the bundle is older than this, or its age is not known. A world that
    /// asks for less is heeded.
    pub fn max_age_s(mut self, seconds: u64) -> Self {
        self.max_age_s = Some(seconds);
        self
    }

    /// Serves only what is proven: that every block answers every request as its statements say. What is not proven
    /// within the budget is refused like what differs.
    pub fn prove(mut self, budget: Budget) -> Self {
        self.proof = Some(budget);
        self
    }

    /// The folder to be told of changes in.
    fn folder(&self) -> &Path {
        if self.path.is_dir() {
            return &self.path;
        }
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

/// What is known of a file.
#[derive(Debug)]
struct Seen {
    print: Print,
    verdict: Verdict,
    first_s: u64,
    read_s: u64,
}

#[derive(Debug)]
enum Verdict {
    Good,
    /// Something better is served.
    PassedOver,
    Refused(Refused),
}

impl Seen {
    /// Whether it must be read, as it may have changed unseen since.
    fn is_due(&self, now_s: u64) -> bool {
        !self.is_settled() && now_s >= self.first_s.saturating_add(SETTLES_S)
    }

    fn is_settled(&self) -> bool {
        matches!(self.verdict, Verdict::PassedOver) || self.read_s >= self.first_s.saturating_add(SETTLES_S)
    }
}

/// What other threads see.
#[derive(Debug, Default)]
struct Shown {
    status: Status,
    engine: Option<SharedEngine>,
}

/// Serves the best bundle of a [`Source`].
#[derive(Debug)]
pub struct Watch {
    source: Source,
    seen: BTreeMap<PathBuf, Seen>,
    /// The rank of what is served.
    rank: Option<Rank>,
    greatest_age_s: Option<u64>,
    shown: Arc<Mutex<Shown>>,
}

impl Watch {
    /// Nothing is read before the first look.
    pub fn new(source: Source) -> Self {
        Self { source, seen: BTreeMap::new(), rank: None, greatest_age_s: None, shown: Arc::default() }
    }

    /// The engine, from the first good bundle on. It stays the same and is swapped from within.
    pub fn engine(&self) -> Option<SharedEngine> {
        shown(&self.shown).engine.clone()
    }

    /// What is served, what was refused and why.
    pub fn status(&self) -> Status {
        shown(&self.shown).status.clone()
    }

    /// Reads what changed and swaps in what is good; says what happened. `now_s` is the time in seconds since 1970 UTC.
    pub fn look(&mut self, now_s: u64) -> Vec<Event> {
        let mut events = Vec::new();
        match arrival::list(&self.source.path) {
            Ok(paths) => self.judge(paths, now_s, &mut events),
            Err(refused) => {
                self.seen.clear();
                let refusal = Refusal { file: self.source.path.clone(), reason: refused };
                self.report(vec![refusal], &[], &mut events);
            }
        }
        self.age(now_s, &mut events);
        shown(&self.shown).status.looked_s = now_s;
        events
    }

    /// Whether a file was changed so lately that it is to be looked at again soon.
    fn is_unsettled(&self) -> bool {
        !self.seen.values().all(Seen::is_settled)
    }

    fn judge(&mut self, paths: Vec<PathBuf>, now_s: u64, events: &mut Vec<Event>) {
        self.seen.retain(|path, _| paths.binary_search(path).is_ok());
        let mut changed = Vec::new();
        let mut refused = Vec::new();
        for path in paths {
            match Arrival::at(&path) {
                Ok(arrival) => {
                    let known = self.seen.get(&path).filter(|seen| seen.print == arrival.print);
                    if known.is_none_or(|seen| seen.is_due(now_s)) {
                        changed.push((path, arrival));
                    }
                }
                Err(reason) => {
                    self.seen.remove(&path);
                    refused.push(Refusal { file: path, reason });
                }
            }
        }
        // The best first: what it is better than need not be read.
        changed.sort_by(|(_, a), (_, b)| b.rank.cmp(&a.rank));
        let (before, mut news) = (self.served(), Vec::new());
        for (path, arrival) in changed {
            let verdict = if self.is_passed_over(&path, &arrival.rank, before.as_ref()) {
                Verdict::PassedOver
            } else {
                match self.load(&path, &arrival, now_s, events) {
                    // It changed while it was read: the next look sees it anew.
                    Err(None) => continue,
                    Err(Some(reason)) => Verdict::Refused(reason),
                    Ok(()) => Verdict::Good,
                }
            };
            let known = self.seen.get(&path).filter(|seen| seen.print == arrival.print);
            if known.is_none() {
                news.push(path.clone());
            }
            let first_s = known.map_or(now_s, |seen| seen.first_s);
            self.seen.insert(path, Seen { print: arrival.print, verdict, first_s, read_s: now_s });
        }
        for (file, seen) in &self.seen {
            if let Verdict::Refused(reason) = &seen.verdict {
                refused.push(Refusal { file: file.clone(), reason: reason.clone() });
            }
        }
        refused.sort_by(|a, b| a.file.cmp(&b.file));
        self.report(refused, &news, events);
    }

    /// The file that is served, and its rank.
    fn served(&self) -> Option<(PathBuf, Rank)> {
        let file = shown(&self.shown).status.serving.as_ref().map(|serving| serving.file.clone());
        file.zip(self.rank.clone())
    }

    /// Whether a file need not be read because what is served is better, by what the file says itself.
    ///
    /// A signed one that arrives when a later revision was served before is read all the same: that somebody brings back an
    /// old bundle is to be seen. So is the file that is served, whatever it says by now.
    fn is_passed_over(&self, path: &Path, rank: &Rank, before: Option<&(PathBuf, Rank)>) -> bool {
        let is_served = before.is_some_and(|(served, _)| served == path);
        let comes_back = self.source.trust.is_some() && before.is_some_and(|(_, before)| rank < before);
        !is_served && !comes_back && self.rank.as_ref().is_some_and(|served| rank < served)
    }

    /// Reads, verifies and swaps. No reason: the file changed meanwhile.
    fn load(
        &mut self,
        path: &Path,
        arrival: &Arrival,
        now_s: u64,
        events: &mut Vec<Event>,
    ) -> Result<(), Option<Refused>> {
        let file = arrival::read(path, arrival).map_err(Some)?;
        if Arrival::at(path).ok().is_none_or(|after| after.print != arrival.print) {
            return Err(None);
        }
        let bundle = self.open(&file).map_err(Some)?;
        drop(file);
        let (stamp, digest) = (Stamp::from(&bundle), bundle.digest_text());
        let serving = shown(&self.shown).status.serving.clone();
        if let Some(serving) = serving {
            let same = (&digest, stamp.created_s) == (&serving.digest, serving.stamp.created_s);
            if same && stamp.revision == serving.stamp.revision {
                // A copy of it.
                if self.rank.as_ref().is_none_or(|served| *served < arrival.rank) {
                    self.rank = Some(arrival.rank.clone());
                    shown(&self.shown).status.serving = Some(Serving { file: path.to_owned(), ..serving });
                }
                return Ok(());
            }
            let renewed = digest == serving.digest && stamp.created_s >= serving.stamp.created_s;
            let signed = bundle.envelope().is_some();
            if signed && stamp.revision == serving.stamp.revision && !renewed {
                return Err(Some(Refused::SameRevision { revision: stamp.revision }));
            }
        }
        self.serve(path, bundle, stamp, digest, now_s, events);
        self.rank = Some(arrival.rank.clone());
        Ok(())
    }

    /// Opens with every check there is; signed bundles not of an earlier revision than is served.
    fn open(&self, file: &[u8]) -> Result<Bundle, Refused> {
        let bundle = match &self.source.trust {
            None => Bundle::open(file),
            Some(trust) => {
                let served = shown(&self.shown).status.serving.as_ref().map_or(0, |now| now.stamp.revision);
                let least = trust.least_revision().max(served);
                Bundle::open_signed(file, &trust.clone().with_least_revision(least))
            }
        };
        let bundle = bundle.map_err(Refused::Bundle)?;
        verify_full(&bundle).map_err(Refused::Bundle)?;
        if let Some(budget) = &self.source.proof {
            let proof = prove(&bundle, None, budget);
            if !proof.is_complete() {
                return Err(Refused::not_proven(&proof));
            }
        }
        Ok(bundle)
    }

    fn serve(
        &mut self,
        path: &Path,
        bundle: Bundle,
        stamp: Stamp,
        digest: String,
        now_s: u64,
        events: &mut Vec<Event>,
    ) {
        let mut engine = Engine::new(bundle);
        if let Some(seconds) = self.source.max_age_s {
            engine = engine.max_artifact_age_s(seconds);
        }
        self.greatest_age_s = engine.greatest_age_s();
        // Apart from the lock: a swap frees the engine before.
        let publication = match self.engine() {
            Some(shared) => shared.swap(engine, stamp),
            None => {
                shown(&self.shown).engine = Some(SharedEngine::new(engine, stamp));
                0
            }
        };
        let mut shown = shown(&self.shown);
        let serving = Serving { file: path.to_owned(), digest, stamp, publication, loaded_s: now_s };
        shown.status.serving = Some(serving.clone());
        shown.status.stale = None;
        events.push(Event::Loaded(serving));
    }

    /// What is refused by now; an event for each reason that is new, or that a file has which is new.
    fn report(&self, refused: Vec<Refusal>, news: &[PathBuf], events: &mut Vec<Event>) {
        let mut shown = shown(&self.shown);
        let is_new =
            |refusal: &&Refusal| news.contains(&refusal.file) || !shown.status.refused.contains(refusal);
        let new = refused.iter().filter(is_new);
        events.extend(new.cloned().map(Event::Refused));
        shown.status.refused = refused;
    }

    /// Whether what is served is too old by now.
    fn age(&self, now_s: u64, events: &mut Vec<Event>) {
        if let Some(engine) = self.engine() {
            // Engines that nobody reads any more.
            engine.reap();
        }
        let mut shown = shown(&self.shown);
        let Status { serving: Some(serving), stale, .. } = &mut shown.status else { return };
        let age_s = serving.stamp.age_s(now_s);
        let over = self.greatest_age_s.filter(|greatest| age_s.is_none_or(|age_s| age_s > *greatest));
        let now = over.map(|greatest_s| Stale { age_s, greatest_s });
        if let (Some(now), None) = (now, *stale) {
            events.push(Event::Stale(now));
        }
        *stale = now;
    }
}

fn shown(shown: &Mutex<Shown>) -> MutexGuard<'_, Shown> {
    // Every change to it is a single assignment: it is whole whatever panicked.
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
