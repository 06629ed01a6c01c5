//! Action entries to intervals of ranks.
//!
//! All exact actions and all prefixes of the world are sorted by bytes, a prefix before what it covers.
//! The position of each is its rank, so that a prefix is an interval of ranks: its own rank stands for
//! the actions under it that nothing longer names. An action set is a list of intervals, and one rank
//! answers for all sets. Patterns of another shape (`cos:*Bucket*`) are globs tried one by one.

use camshaft_bundle::NONE;
use camshaft_frontend::parallel::{self, Workers};
use camshaft_frontend::policy::{ActionEntry, Piece, Policy, PolicySet};
use hashbrown::HashMap;

use crate::draft::CHUNK;
use crate::intern::{Hashing, Heap, Interner, Names, number};

/// One action entry, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Shape {
    /// Actions that begin with the text.
    Prefix(Box<str>),
    /// One action.
    Exact(Box<str>),
    /// A glob over the whole action.
    Glob(Box<str>),
}

/// What an index needs to know of an action set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Reach {
    /// It covers every action of every service.
    pub(crate) all: bool,
    /// Segment ids of the services it touches, sorted.
    pub(crate) services: Vec<u32>,
    /// Segment ids of the services in which it has a prefix or glob, sorted.
    pub(crate) open: Vec<u32>,
    /// Its exact actions: segment id of the service, action id; sorted.
    pub(crate) exact: Vec<(u32, u32)>,
}

/// What one entry is among the ranks.
#[derive(Clone, Copy, Debug)]
struct Resolved {
    /// Segment id of the service, `None` for every service.
    service: Option<u32>,
    reach: Ranks,
}

#[derive(Clone, Copy, Debug)]
enum Ranks {
    /// A prefix: first rank and one past the last.
    Interval(u32, u32),
    /// An action: its rank and its id.
    Exact(u32, u32),
    /// A glob: its number.
    Glob(u32),
}

/// The actions of a world.
#[derive(Debug, Default)]
pub(crate) struct Actions<'w> {
    /// Exact actions; ids in sorted order.
    pub(crate) exact: Names,
    /// Ranks by action id.
    pub(crate) ranks: Vec<u32>,
    /// Segment ids of their services by action id.
    pub(crate) services: Vec<u32>,
    /// `[text start, length, parent, rank]`.
    pub(crate) prefixes: Vec<[u32; 4]>,
    /// Globs by text place.
    pub(crate) globs: Vec<(u32, u32)>,
    /// The words of every distinct set.
    pub(crate) sets: Interner<Vec<u32>>,
    /// By set.
    pub(crate) reaches: Vec<Reach>,
    /// PERF: worlds repeat entries, so each is turned into text once (716,000 entries of 22,000 kinds: 1.1 s less).
    entries: Interner<&'w ActionEntry>,
    /// By entry.
    resolved: Vec<Option<Resolved>>,
}

/// The sets of a draft.
#[derive(Debug)]
pub(crate) struct Sets {
    sets: Interner<Vec<u32>>,
    reaches: Vec<Reach>,
    /// PERF: statements repeat lists of entries, so each is made a set once.
    lists: Interner<Vec<u32>>,
    /// By list: its set.
    of_lists: Vec<u32>,
    list: Vec<u32>,
}

impl Sets {
    pub(crate) fn new(hashing: &Hashing) -> Self {
        let (sets, lists) = (Interner::new(hashing), Interner::new(hashing));
        Self { sets, reaches: Vec::new(), lists, of_lists: Vec::new(), list: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.reaches.len()
    }

    /// The number of the set of these entries.
    pub(crate) fn set(&mut self, actions: &Actions<'_>, entries: &[ActionEntry]) -> u32 {
        self.list.clear();
        self.list.extend(entries.iter().filter_map(|entry| actions.entries.find(&entry)));
        let list = self.lists.id_of(self.list.as_slice());
        if let Some(set) = self.of_lists.get(list as usize) {
            return *set;
        }
        let (words, reach) = actions.set(&self.list);
        let set = self.sets.id(words);
        if set as usize == self.reaches.len() {
            self.reaches.push(reach);
        }
        self.of_lists.push(set);
        set
    }
}

impl<'w> Actions<'w> {
    /// Ranks every action of the world.
    pub(crate) fn new(
        world: &'w PolicySet,
        heap: &mut Heap,
        segments: &mut Names,
        hashing: &Hashing,
        workers: &Workers,
    ) -> Self {
        let entries = distinct(world, hashing, workers);
        let mut shapes: Vec<(Shape, &ActionEntry, usize)> =
            entries.items().iter().enumerate().map(|(id, entry)| (shape(entry), *entry, id)).collect();
        shapes.sort_unstable();
        let mut universe = vec![("", false)];
        universe.extend(shapes.iter().filter_map(|(shape, ..)| match shape {
            Shape::Prefix(text) => Some((&**text, false)),
            Shape::Exact(text) => Some((&**text, true)),
            Shape::Glob(_) => None,
        }));
        universe.sort_unstable();
        universe.dedup();
        let mut actions =
            Self { exact: Names::new(hashing), sets: Interner::new(hashing), ..Self::default() };
        let intervals = actions.rank(&universe, heap);
        actions.services = vec![NONE; actions.ranks.len()];
        actions.resolved = vec![None; shapes.len()];
        for (shape, entry, id) in &shapes {
            let service = match entry {
                ActionEntry::All => None,
                ActionEntry::Operation { service, .. } => Some(segments.id(service)),
            };
            let reach = match shape {
                Shape::Prefix(text) => {
                    intervals.get(&**text).map(|(first, end)| Ranks::Interval(*first, *end))
                }
                Shape::Exact(text) => actions
                    .exact
                    .find(text)
                    .and_then(|id| actions.ranks.get(id as usize).map(|rank| Ranks::Exact(*rank, id))),
                Shape::Glob(text) => {
                    actions.globs.push(heap.place(text));
                    Some(Ranks::Glob(number(actions.globs.len()) - 1))
                }
            };
            if let (Some(Ranks::Exact(_, id)), Some(service)) = (reach, service) {
                actions.services[id as usize] = service;
            }
            if let (Some(reach), Some(place)) = (reach, actions.resolved.get_mut(*id)) {
                *place = Some(Resolved { service, reach });
            }
        }
        actions.entries = entries;
        actions
    }

    /// Numbers sorted texts depth first; the interval of every prefix.
    fn rank<'u>(&mut self, universe: &[(&'u str, bool)], heap: &mut Heap) -> HashMap<&'u str, (u32, u32)> {
        let mut intervals = HashMap::new();
        // Prefixes that cover the present position: number, text and rank.
        let mut open: Vec<(u32, &str, u32)> = Vec::new();
        for (rank, (text, exact)) in (0u32..).zip(universe) {
            while let Some((_, outer, first)) = open.last() {
                if text.starts_with(outer) {
                    break;
                }
                intervals.insert(*outer, (*first, rank));
                open.pop();
            }
            if *exact {
                self.exact.id(text);
                self.ranks.push(rank);
            } else {
                let (start, length) = heap.place(text);
                let parent = open.last().map_or(0, |(prefix, _, _)| *prefix);
                open.push((number(self.prefixes.len()), text, rank));
                self.prefixes.push([start, length, parent, rank]);
            }
        }
        for (_, text, first) in open {
            intervals.insert(text, (first, number(universe.len())));
        }
        intervals
    }

    /// The set of these entries.
    fn set(&self, entries: &[u32]) -> (Vec<u32>, Reach) {
        let (mut intervals, mut globs) = (Vec::new(), Vec::new());
        let mut reach = Reach::default();
        let resolved = entries.iter().filter_map(|entry| self.resolved.get(*entry as usize)?.as_ref());
        for Resolved { service, reach: ranks } in resolved {
            reach.all |= service.is_none();
            reach.services.extend(service);
            match *ranks {
                Ranks::Interval(first, end) => {
                    intervals.push((first, end));
                    reach.open.extend(service);
                }
                Ranks::Exact(rank, id) => {
                    intervals.push((rank, rank + 1));
                    reach.exact.extend(service.map(|service| (service, id)));
                }
                Ranks::Glob(glob) => {
                    globs.push(glob);
                    reach.open.extend(service);
                }
            }
        }
        for list in [&mut reach.services, &mut reach.open, &mut globs] {
            list.sort_unstable();
            list.dedup();
        }
        reach.exact.sort_unstable();
        reach.exact.dedup();
        let intervals = join(intervals);
        let mut words = vec![number(intervals.len())];
        words.extend(intervals.iter().flat_map(|(first, end)| [*first, *end]));
        words.extend(globs);
        (words, reach)
    }

    /// Makes room for so many more sets.
    pub(crate) fn reserve(&mut self, sets: usize) {
        self.sets.reserve(sets);
        self.reaches.reserve(sets);
    }

    /// The number of a set of a draft.
    pub(crate) fn take(&mut self, draft: &mut Sets, at: usize) -> u32 {
        let words = draft.sets.items().get(at).map_or(&[][..], |words| words);
        let set = self.sets.id_of_hashed(draft.sets.hash(at), words);
        if set as usize == self.reaches.len()
            && let Some(reach) = draft.reaches.get_mut(at)
        {
            self.reaches.push(core::mem::take(reach));
        }
        set
    }
}

/// Every action entry of the world once.
fn distinct<'w>(world: &'w PolicySet, hashing: &Hashing, workers: &Workers) -> Interner<&'w ActionEntry> {
    let of_chunk = |policies: &'w [Policy]| {
        let mut entries = Interner::new(hashing);
        let statements = policies.iter().flat_map(|policy| &policy.statements);
        for entry in statements.flat_map(|statement| &statement.actions) {
            entries.id(entry);
        }
        entries
    };
    let chunks = parallel::chunks(&world.policies, CHUNK, |policy| policy.statements.len());
    let mut all = Interner::new(hashing);
    for chunk in workers.map(chunks, of_chunk) {
        for (at, entry) in chunk.items().iter().enumerate() {
            all.id_of_hashed(chunk.hash(at), entry);
        }
    }
    all
}

/// Sorted, disjoint and not adjacent.
fn join(mut intervals: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    intervals.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::with_capacity(intervals.len());
    for (first, end) in intervals {
        match joined.last_mut() {
            Some((_, last)) if *last >= first => *last = (*last).max(end),
            _ => joined.push((first, end)),
        }
    }
    joined
}

/// The entry as text with its shape.
fn shape(entry: &ActionEntry) -> Shape {
    let ActionEntry::Operation { service, operation } = entry else { return Shape::Prefix("".into()) };
    match operation.0.as_slice() {
        [Piece::Literal(text)] => Shape::Exact(format!("{service}:{text}").into()),
        [Piece::Star] => Shape::Prefix(format!("{service}:").into()),
        [Piece::Literal(text), Piece::Star] => Shape::Prefix(format!("{service}:{text}").into()),
        pieces => {
            let mut glob = format!("{service}:");
            for piece in pieces {
                glob.push_str(match piece {
                    Piece::Literal(text) => text,
                    Piece::Star | Piece::Variable(_) => "*",
                });
            }
            Shape::Glob(glob.into())
        }
    }
}
