//! The rows of a block that a request can meet.

use camshaft_bundle::schema::{GROUP, SINGLE, anchor, automaton, block};
use camshaft_bundle::slots::Slots;
use camshaft_bundle::{NONE, Range, Tables, Words};

use crate::context::Context;
use crate::query::Query;

/// What the visitor of a candidate says next.
pub(crate) enum Flow {
    /// Go on.
    On,
    /// No more.
    Stop,
}

/// Calls `visit` with every row of the block that the request may match, some perhaps twice, until it
/// says stop. `None` only for a bundle that contradicts itself.
pub(crate) fn visit(
    tables: &Tables<'_>,
    number: u32,
    query: &Query<'_, '_>,
    context: &Context<'_, '_>,
    marks: &mut [u64],
    visit: impl FnMut(u32) -> Option<Flow>,
) -> Option<Flow> {
    let [first_kind, kinds, first_slot, slots, flags, ..] =
        tables.blocks.record::<{ block::WORDS }>(number)?;
    let slots = tables.slots_of(first_slot, slots, flags)?;
    let mut walk = Walk { tables, path: query.path, marks, visit };
    if kinds == 0 {
        // A block without keys: every row.
        return if slots.is_empty() { Some(Flow::On) } else { walk.posting(slots.posting(0)?) };
    }
    for (kind, of_kind) in tables.kinds_of(first_kind, kinds)? {
        let flow = match query.key(kind) {
            Some(key) => walk.slots(slots, (kind, of_kind), key)?,
            None if kind & anchor::CONTEXT != 0 => walk.context(slots, (kind, of_kind), query, context)?,
            None => continue,
        };
        if let Flow::Stop = flow {
            return Some(Flow::Stop);
        }
    }
    Some(Flow::On)
}

struct Walk<'w, 't, V> {
    tables: &'w Tables<'t>,
    path: &'w str,
    marks: &'w mut [u64],
    visit: V,
}

impl<V: FnMut(u32) -> Option<Flow>> Walk<'_, '_, V> {
    /// All slots that a key leads to.
    #[inline(always)]
    fn slots(&mut self, slots: Slots<'_>, kind: (u32, Range), key: u64) -> Option<Flow> {
        let stopped = slots.find(key, kind, |_, posting| {
            Some(match self.posting(posting)? {
                Flow::On => Ok(()),
                Flow::Stop => Err(()),
            })
        })?;
        Some(if stopped.is_err() { Flow::Stop } else { Flow::On })
    }

    /// The slots of every value of the context, or of every key without values.
    #[inline(never)]
    fn context(
        &mut self,
        slots: Slots<'_>,
        (kind, of_kind): (u32, Range),
        query: &Query<'_, '_>,
        context: &Context<'_, '_>,
    ) -> Option<Flow> {
        let Some(parts) = query.parts(kind & !anchor::CONTEXT) else { return Some(Flow::On) };
        let (tables, seed) = (self.tables, self.tables.seed());
        let mut slots = |part| self.slots(slots, (kind, of_kind), anchor::join(seed, kind, parts ^ part));
        for (id, values) in context.entries(tables).filter(|(id, _)| *id != NONE) {
            if kind & anchor::EMPTY != 0 {
                if values.is_empty()
                    && let Flow::Stop = slots(anchor::empty(seed, id))?
                {
                    return Some(Flow::Stop);
                }
                continue;
            }
            for value in values {
                if let Flow::Stop = slots(anchor::value(seed, id, value))? {
                    return Some(Flow::Stop);
                }
            }
        }
        Some(Flow::On)
    }

    fn posting(&mut self, posting: u32) -> Option<Flow> {
        if posting == NONE {
            return Some(Flow::On);
        }
        if posting & SINGLE != 0 {
            return (self.visit)(posting & !SINGLE);
        }
        if posting & GROUP != 0 {
            return self.group(posting & !GROUP);
        }
        self.rows(posting)
    }

    /// A list of rows.
    fn rows(&mut self, place: u32) -> Option<Flow> {
        let count = self.tables.postings.get(place)?;
        let start = place.checked_add(1)?;
        let rows: Words<'_> = self.tables.postings.slice(Range { start, end: start.checked_add(count)? })?;
        for row in rows.iter() {
            if let Flow::Stop = (self.visit)(row)? {
                return Some(Flow::Stop);
            }
        }
        Some(Flow::On)
    }

    /// The filters of a crowded key.
    fn group(&mut self, number: u32) -> Option<Flow> {
        let [always, forward, backward, automaton] = self.tables.groups.record::<4>(number)?;
        if let Flow::Stop = self.posting(always)? {
            return Some(Flow::Stop);
        }
        for (root, backwards) in [(forward, false), (backward, true)] {
            if root != NONE
                && let Flow::Stop = self.trie(root, backwards)?
            {
                return Some(Flow::Stop);
            }
        }
        if automaton == NONE { Some(Flow::On) } else { self.automaton(automaton) }
    }

    /// Down a trie along the path, read forwards or backwards.
    fn trie(&mut self, root: u32, backwards: bool) -> Option<Flow> {
        let mut rest = self.path.as_bytes();
        let mut node = root;
        loop {
            let [start, length, first_child, children, prefix, exact] =
                self.tables.trie_nodes.record::<6>(node)?;
            let label = self.tables.text.bytes(start, length)?;
            let tail = if backwards { rest.strip_suffix(label) } else { rest.strip_prefix(label) };
            let Some(tail) = tail else { return Some(Flow::On) };
            rest = tail;
            if let Flow::Stop = self.posting(prefix)? {
                return Some(Flow::Stop);
            }
            let next = if backwards { rest.last() } else { rest.first() };
            let Some(byte) = next else { return self.posting(exact) };
            match self.child(first_child, children, u32::from(*byte))? {
                // Children stand behind their parents, so the way down ends.
                Some(child) if child > node => node = child,
                Some(_) => return None,
                None => return Some(Flow::On),
            }
        }
    }

    fn child(&self, first: u32, count: u32, byte: u32) -> Option<Option<u32>> {
        let (mut low, mut high) = (first, first.checked_add(count)?);
        while low < high {
            let middle = low.midpoint(high);
            let [label, node] = self.tables.trie_children.record::<2>(middle)?;
            match label.cmp(&byte) {
                core::cmp::Ordering::Equal => return Some(Some(node)),
                core::cmp::Ordering::Less => low = middle.checked_add(1)?,
                core::cmp::Ordering::Greater => high = middle,
            }
        }
        Some(None)
    }

    /// Through an automaton along the path.
    fn automaton(&mut self, number: u32) -> Option<Flow> {
        let record = self.tables.automata.record::<{ automaton::WORDS }>(number)?;
        let [first_class, width, first_next, states, first_accept, mode] = record;
        let on_the_way = mode == automaton::ON_THE_WAY;
        if on_the_way {
            // The scratch is as large as the world's largest filter; a session's may be larger, and what lies
            // beyond goes unmarked.
            let words = self.marks.len().min(states.div_ceil(64) as usize);
            if let Some(marks) = self.marks.get_mut(..words) {
                marks.fill(0);
            }
        }
        let mut state = 0u32;
        for byte in self.path.bytes() {
            let classes =
                self.tables.automaton_classes.get(first_class.checked_add(u32::from(byte) >> 2)?)?;
            let class = classes >> (u32::from(byte) & 3).checked_mul(8)? & 0xff;
            let at = state.checked_mul(width)?.checked_add(class)?;
            state = self.tables.automaton_next.get(first_next.checked_add(at)?)?;
            let mut met = state;
            // Behind a state that was met before, all links were followed.
            while on_the_way && self.is_new(met) {
                let posting = self.tables.automaton_accept.get(first_accept.checked_add(met)?)?;
                if let Flow::Stop = self.posting(posting)? {
                    return Some(Flow::Stop);
                }
                let link = met.checked_add(1)?.checked_mul(width)?.checked_sub(1)?;
                let link = self.tables.automaton_next.get(first_next.checked_add(link)?)?;
                if link == 0 {
                    break;
                }
                met = link;
            }
        }
        if on_the_way {
            return Some(Flow::On);
        }
        let posting = self.tables.automaton_accept.get(first_accept.checked_add(state)?)?;
        self.posting(posting)
    }

    /// Whether a literal's state is met for the first time: a literal that occurs often selects once.
    fn is_new(&mut self, state: u32) -> bool {
        let Some(word) = self.marks.get_mut(state as usize >> 6) else { return true };
        let bit = 1u64 << (state & 63);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}
