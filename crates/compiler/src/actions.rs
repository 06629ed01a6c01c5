//! Action entries to intervals of ranks.
//!
//! All exact actions and all prefixes of the world are sorted by bytes, a prefix before what it covers.
//! The position of each is its rank, so that a prefix is an interval of ranks: its own rank stands for
//! the actions under it that nothing longer names. An action set is a list of intervals, and one rank
//! answers for all sets. Patterns of another shape (`cos:*Bucket*`) are globs tried one by one.

use std::collections::{HashMap, HashSet};

use camshaft_bundle::NONE;
use camshaft_frontend::policy::{ActionEntry, Piece, PolicySet};

use crate::intern::{Heap, Interner, Names, number};

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    entries: HashMap<&'w ActionEntry, Resolved>,
}

impl<'w> Actions<'w> {
    /// Ranks every action of the world.
    pub(crate) fn new(world: &'w PolicySet, heap: &mut Heap, segments: &mut Names) -> Self {
        let statements = world.policies.iter().flat_map(|policy| &policy.statements);
        let distinct: HashSet<&ActionEntry> = statements.flat_map(|statement| &statement.actions).collect();
        let mut shapes: Vec<(Shape, &ActionEntry)> =
            distinct.into_iter().map(|entry| (shape(entry), entry)).collect();
        shapes.sort_unstable();
        let mut universe = vec![("", false)];
        universe.extend(shapes.iter().filter_map(|(shape, _)| match shape {
            Shape::Prefix(text) => Some((&**text, false)),
            Shape::Exact(text) => Some((&**text, true)),
            Shape::Glob(_) => None,
        }));
        universe.sort_unstable();
        universe.dedup();
        let mut actions = Self::default();
        let intervals = actions.rank(&universe, heap);
        actions.services = vec![NONE; actions.ranks.len()];
        for (shape, entry) in &shapes {
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
            if let Some(reach) = reach {
                actions.entries.insert(entry, Resolved { service, reach });
            }
        }
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

    /// The number of the set of these entries.
    pub(crate) fn set(&mut self, entries: &[ActionEntry]) -> u32 {
        let (mut intervals, mut globs) = (Vec::new(), Vec::new());
        let mut reach = Reach { all: false, services: Vec::new(), open: Vec::new(), exact: Vec::new() };
        for Resolved { service, reach: ranks } in entries.iter().filter_map(|entry| self.entries.get(entry)) {
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
        let before = self.sets.items().len();
        let set = self.sets.id(words);
        if self.sets.items().len() > before {
            self.reaches.push(reach);
        }
        set
    }
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
