//! A peer on a world: loaded, compared, and only then timed, in alternation with camshaft and the thirty lines.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use camshaft_benches::request::{self, with_requests};
use camshaft_benches::subject::Subject;
use camshaft_benches::timing::{Contestant, Figures};
use camshaft_benches::workload::Workload;
use camshaft_benches::world::World;
use camshaft_runtime::Request;

use crate::memory::{live, uncounted};
use crate::peer::{CAMSHAFT, Deadline, INDEXED, Kind, Owned, Peer, Verdict};

/// Loading may take this long.
pub const LOADING: Duration = Duration::from_secs(60);
/// A decision may take this long.
pub const DECISION: Duration = Duration::from_secs(2);
/// Comparing ends after this long, but not before [`FEWEST`] requests.
const COMPARING: Duration = Duration::from_secs(2);
/// A round takes about this long, and as long again for batches.
const ROUND: Duration = Duration::from_millis(300);
/// Fewest requests of a comparison and of a round.
const FEWEST: usize = 12;

/// What came of a peer at a size.
#[derive(Clone, Debug)]
pub struct Row {
    /// Workload.
    pub workload: String,
    /// Statements.
    pub size: usize,
    /// Peer.
    pub kind: Kind,
    /// Figures, or why there are none.
    pub result: Result<Measured, String>,
}

/// Figures of a peer.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// From its text to ready.
    pub load: Duration,
    /// Bytes that it holds after it was compared, with the world's own text where it borrows that.
    pub bytes: usize,
    /// Requests on which its decision was compared.
    pub compared: usize,
    /// Distinct requests that were timed.
    pub requests: usize,
    /// Its times.
    pub own: Figures,
    /// The median time that making its own objects of a request takes of a decision, if it makes any.
    pub translation: Option<f64>,
    /// Those of camshaft in the same rounds.
    pub camshaft: Figures,
    /// Those of the thirty lines in the same rounds.
    pub indexed: Figures,
}

/// A peer that decided otherwise.
#[derive(Debug)]
pub struct Disagreement(pub String);

/// A loaded peer.
struct Loaded<'w> {
    peer: Box<dyn Peer + 'w>,
    kind: Kind,
    load: Duration,
    /// What the allocator's count would be without it.
    without: isize,
}

impl Loaded<'_> {
    /// What it holds now.
    fn bytes(&self) -> usize {
        (live() - self.without).max(0) as usize
    }
}

/// All runs of a workload, smallest size first.
pub struct Runs<'a> {
    workload: &'a Workload,
    compare_only: bool,
    /// Peers that are not run any more, by name, and why.
    stopped: HashMap<&'static str, String>,
}

impl<'a> Runs<'a> {
    /// Begins.
    pub fn new(workload: &'a Workload, compare_only: bool) -> Self {
        Self { workload, compare_only, stopped: HashMap::new() }
    }

    /// Runs every peer at a size; `next` is the size after it.
    pub fn at(&mut self, size: usize, next: Option<usize>, kinds: &[Kind]) -> Result<Vec<Row>, Disagreement> {
        let before = live();
        let world = World::new(self.workload, size);
        let text_bytes = (live() - before).max(0) as usize;
        let subject = Subject { texts: request::make(self.workload, &world), world };
        with_requests(&subject.texts, |requests| {
            let mut round = Round::new(&subject, requests, text_bytes, self.compare_only)?;
            let mut rows = Vec::new();
            for kind in kinds {
                let begin = Instant::now();
                let result = match self.stopped.get(kind.name) {
                    Some(reason) => Err(reason.clone()),
                    None => round.run(*kind)?,
                };
                match &result {
                    Err(reason) => {
                        self.stopped.entry(kind.name).or_insert_with(|| reason.clone());
                    }
                    Ok(measured) => {
                        if let Some(reason) = next.and_then(|next| too_slow(measured, size, next)) {
                            self.stopped.insert(kind.name, reason);
                        }
                    }
                }
                eprintln!(
                    "{} {size} {}: {:.1} s",
                    self.workload.name,
                    kind.name,
                    begin.elapsed().as_secs_f64()
                );
                rows.push(Row { workload: self.workload.name.into(), size, kind: *kind, result });
            }
            Ok(rows)
        })
    }
}

/// Whether the next size would go past twice a limit, if times grow as the statements do.
fn too_slow(measured: &Measured, size: usize, next: usize) -> Option<String> {
    let growth = next as f64 / size as f64;
    let load = measured.load.as_secs_f64() * growth;
    let decision = measured.own.p50 * 1e-9 * growth;
    if load > 2.0 * LOADING.as_secs_f64() {
        return Some(format!("not tried: loading would take about {load:.0} s"));
    }
    (decision > 2.0 * DECISION.as_secs_f64())
        .then(|| format!("not tried: a decision would take about {decision:.0} s"))
}

/// One world with its requests, and the two that all are measured beside.
struct Round<'w, 'r> {
    subject: &'w Subject,
    requests: &'r [Request<'r>],
    expected: Vec<Verdict>,
    text_bytes: usize,
    camshaft: Companion<'w>,
    indexed: Companion<'w>,
    compare_only: bool,
}

struct Companion<'w> {
    peer: Box<dyn Peer + 'w>,
    /// How many requests a round takes.
    count: usize,
    load: Duration,
    bytes: usize,
    compared: usize,
}

impl<'w> Companion<'w> {
    fn new(loaded: Loaded<'w>, compared: usize, time: Duration, borrowed: usize) -> Self {
        let bytes = loaded.bytes() + borrowed;
        let Loaded { peer, load, .. } = loaded;
        Self { peer, count: affordable(time, compared), load, bytes, compared }
    }
}

impl<'w, 'r> Round<'w, 'r> {
    fn new(
        subject: &'w Subject,
        requests: &'r [Request<'r>],
        text_bytes: usize,
        compare_only: bool,
    ) -> Result<Self, Disagreement> {
        let mut expected = Vec::with_capacity(requests.len());
        let mut indexed = load(INDEXED, subject).map_err(Disagreement)?;
        let begin = Instant::now();
        expected.extend(requests.iter().map(|request| indexed.peer.decide(request)));
        let time = begin.elapsed() / requests.len().max(1) as u32;
        let indexed = Companion::new(indexed, requests.len(), time, text_bytes);
        let mut camshaft = load(CAMSHAFT, subject).map_err(Disagreement)?;
        let (compared, time) = compare(&mut camshaft, requests, &expected, Duration::MAX)?;
        let camshaft = Companion::new(camshaft, compared, time, 0);
        Ok(Self { subject, requests, expected, text_bytes, camshaft, indexed, compare_only })
    }

    fn run(&mut self, kind: Kind) -> Result<Result<Measured, String>, Disagreement> {
        if kind.name == CAMSHAFT.name || kind.name == INDEXED.name {
            return Ok(Ok(self.companion(kind.name == CAMSHAFT.name)));
        }
        let mut loaded = match load(kind, self.subject) {
            Ok(loaded) => loaded,
            Err(reason) => return Ok(Err(reason)),
        };
        if loaded.load > LOADING {
            return Ok(Err(format!("loading takes {:.0} s", loaded.load.as_secs_f64())));
        }
        let (compared, time) = compare(&mut loaded, self.requests, &self.expected, COMPARING)?;
        let borrowed = if kind.borrows { self.text_bytes } else { 0 };
        let bytes = loaded.bytes() + borrowed;
        if time > DECISION {
            return Ok(Err(format!("a decision takes {:.1} s", time.as_secs_f64())));
        }
        let requests = affordable(time, self.requests.len()).min(compared);
        let Loaded { mut peer, load, .. } = loaded;
        let [own, camshaft, indexed] = self.race(Some((&mut *peer, requests, time)));
        let translation = self.translation(&mut *peer, requests);
        Ok(Ok(Measured { load, bytes, compared, requests, own, translation, camshaft, indexed }))
    }

    fn companion(&mut self, camshaft: bool) -> Measured {
        let [_, of_camshaft, of_indexed] = self.race(None);
        let (this, own) = if camshaft { (&self.camshaft, of_camshaft) } else { (&self.indexed, of_indexed) };
        Measured {
            load: this.load,
            bytes: this.bytes,
            compared: this.compared,
            requests: this.count,
            own,
            translation: None,
            camshaft: of_camshaft,
            indexed: of_indexed,
        }
    }

    fn translation(&self, peer: &mut dyn Peer, count: usize) -> Option<f64> {
        let requests = &self.requests[..count];
        if self.compare_only || !peer.translate(requests.first()?) {
            return None;
        }
        let mut contestant = Contestant::new(|request| u64::from(peer.translate(request)));
        uncounted(|| contestant.round(requests, Duration::MAX));
        Some(contestant.figures().p50)
    }

    /// Alternating rounds of a peer, camshaft and the thirty lines.
    fn race(&mut self, peer: Option<(&mut dyn Peer, usize, Duration)>) -> [Figures; 3] {
        if self.compare_only {
            return [Figures::default(); 3];
        }
        let time = peer.as_ref().map_or(Duration::ZERO, |(_, _, time)| *time);
        let rounds = match time.as_micros() {
            0..20 => 5,
            20..5_000 => 3,
            _ => 1,
        };
        let mut none = Nobody;
        let (peer, count, _) = peer.unwrap_or((&mut none, 0, time));
        let peers: [&mut dyn Peer; 3] = [peer, &mut *self.camshaft.peer, &mut *self.indexed.peer];
        let counts = [count, self.camshaft.count, self.indexed.count];
        uncounted(|| {
            let mut contestants = peers.map(|peer| Contestant::new(|request| peer.decide(request) as u64));
            for _ in 0..rounds {
                for (contestant, count) in contestants.iter_mut().zip(counts) {
                    if count > 0 {
                        contestant.round(&self.requests[..count], Duration::MAX);
                    }
                }
            }
            contestants.each_ref().map(Contestant::figures)
        })
    }
}

/// Stands where no peer is measured beside the two.
struct Nobody;

impl Peer for Nobody {
    fn decide(&mut self, _: &Request<'_>) -> Verdict {
        Verdict::Nothing
    }
}

/// Loads a peer, several times where that is quick; the median time.
fn load(kind: Kind, subject: &Subject) -> Result<Loaded<'_>, String> {
    let source = (kind.source)(subject);
    let mut times = Vec::new();
    loop {
        let before = live();
        let begin = Instant::now();
        let mut peer = source(Deadline::after(LOADING))?;
        times.push(begin.elapsed());
        let total: Duration = times.iter().sum();
        if times.len() < 5 && total < Duration::from_millis(300) {
            continue;
        }
        times.sort_unstable();
        let load = times[times.len() / 2];
        let held = live() - before;
        // Neither its text nor host code that is the same for all is a peer's memory.
        drop(source);
        if !kind.knows_owners {
            peer = Box::new(Owned::new(peer, &subject.world));
        }
        return Ok(Loaded { peer, kind, load, without: live() - held });
    }
}

/// Compares decisions for a while; on how many requests, and the mean time of a decision.
fn compare(
    loaded: &mut Loaded<'_>,
    requests: &[Request<'_>],
    expected: &[Verdict],
    most: Duration,
) -> Result<(usize, Duration), Disagreement> {
    let begin = Instant::now();
    let mut count = 0;
    for (request, expected) in requests.iter().zip(expected) {
        let verdict = loaded.peer.decide(request);
        let same = if loaded.kind.tells_deny {
            verdict == *expected
        } else {
            (verdict == Verdict::Allow) == (*expected == Verdict::Allow)
        };
        if !same {
            let name = loaded.kind.name;
            return Err(Disagreement(format!(
                "{name} says {verdict:?}, the thirty lines {expected:?} to {request:#?}"
            )));
        }
        count += 1;
        if count >= FEWEST && begin.elapsed() > most {
            break;
        }
    }
    Ok((count, begin.elapsed() / count.max(1) as u32))
}

/// How many requests a round takes.
fn affordable(time: Duration, all: usize) -> usize {
    let count = ROUND.as_secs_f64() / time.as_secs_f64().max(1e-9);
    (count as usize).clamp(FEWEST, 20_000).min(all)
}
