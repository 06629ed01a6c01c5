//! Action entries to intervals of ranks.
//!
//! All exact actions and all prefixes of the world are sorted by bytes, a prefix before what it covers.
//! The position of each is its rank, so that a prefix is an interval of ranks: its own rank stands for
//! the actions under it that nothing longer names. An action set is a list of intervals, and one rank
//! answers for all sets. Patterns of another shape (`cos:*Bucket*`) are globs tried one by one.

use std::collections::{BTreeSet, HashMap};

use camshaft_frontend::policy::{ActionEntry, Piece, PolicySet};

use crate::intern::{Heap, Interner, Names, number};

/// One action entry, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shape {
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

/// The actions of a world.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    /// Exact actions; ids in sorted order.
    pub(crate) exact: Names,
    /// Ranks by action id.
    pub(crate) ranks: Vec<u32>,
    /// `[text start, length, parent, rank]`.
    pub(crate) prefixes: Vec<[u32; 4]>,
    /// Globs by text place.
    pub(crate) globs: Interner<(u32, u32)>,
    /// Ranks of prefixes: first and one past the last.
    intervals: HashMap<Box<str>, (u32, u32)>,
    /// The words of every distinct set.
    pub(crate) sets: Interner<Vec<u32>>,
    /// By set.
    pub(crate) reaches: Vec<Reach>,
}

impl Actions {
    /// Ranks every action of the world.
    pub(crate) fn new(world: &PolicySet, heap: &mut Heap) -> Self {
        let mut universe = BTreeSet::from([("".into(), false)]);
        let statements = world.policies.iter().flat_map(|policy| &policy.statements);
        for entry in statements.flat_map(|statement| &statement.actions) {
            match shape(entry) {
                Shape::Prefix(text) => universe.insert((text, false)),
                Shape::Exact(text) => universe.insert((text, true)),
                Shape::Glob(_) => false,
            };
        }
        let universe: Vec<(Box<str>, bool)> = universe.into_iter().collect();
        let mut actions = Self::default();
        // Prefixes that cover the present position: number and text.
        let mut open: Vec<(u32, &str, u32)> = Vec::new();
        for (rank, (text, exact)) in (0u32..).zip(&universe) {
            while let Some((_, outer, first)) = open.last() {
                if text.starts_with(outer) {
                    break;
                }
                actions.intervals.insert((*outer).into(), (*first, rank));
                open.pop();
            }
            if *exact {
                actions.exact.id(text);
                actions.ranks.push(rank);
            } else {
                let (start, length) = heap.place(text);
                let parent = open.last().map_or(0, |(prefix, _, _)| *prefix);
                open.push((number(actions.prefixes.len()), text, rank));
                actions.prefixes.push([start, length, parent, rank]);
            }
        }
        for (_, text, first) in open {
            actions.intervals.insert(text.into(), (first, number(universe.len())));
        }
        actions
    }

    /// The number of the set of these entries.
    pub(crate) fn set(&mut self, entries: &[ActionEntry], heap: &mut Heap, segments: &mut Names) -> u32 {
        let (mut intervals, mut globs) = (Vec::new(), Vec::new());
        let mut reach = Reach { all: false, services: Vec::new(), open: Vec::new(), exact: Vec::new() };
        for entry in entries {
            let service = match entry {
                ActionEntry::All => None,
                ActionEntry::Operation { service, .. } => Some(segments.id(service)),
            };
            reach.all |= service.is_none();
            reach.services.extend(service);
            match shape(entry) {
                Shape::Prefix(text) => {
                    intervals.extend(self.intervals.get(&text));
                    reach.open.extend(service);
                }
                Shape::Exact(text) => {
                    if let Some(id) = self.exact.find(&text) {
                        let rank = self.ranks.get(id as usize).copied().unwrap_or(0);
                        intervals.push((rank, rank + 1));
                        reach.exact.extend(service.map(|service| (service, id)));
                    }
                }
                Shape::Glob(text) => {
                    globs.push(self.globs.id(heap.place(&text)));
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
pub(crate) fn shape(entry: &ActionEntry) -> Shape {
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
