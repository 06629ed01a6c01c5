//! Automata of crowded keys against the globs of their rows, for every text.
//!
//! A product walk: a state of the automaton with the positions that the globs can be in. Where an automaton decides
//! at the end of the text, each glob that has matched must be selected there. Where it selects on the way, it finds
//! literals: each row has one that stands in all of its matches, and wherever that literal ends the row must be
//! selected.

use std::collections::{HashMap, HashSet};

use camshaft_bundle::Tables;
use camshaft_bundle::schema::automaton;

use super::glob::{Glob, Seen, Tokens, alphabet};
use super::index::rows_of;

/// What the walk found.
#[derive(Debug)]
pub(super) enum Selected {
    /// Every row is selected by every text that it matches.
    All,
    /// A row is not selected by this text, which it matches.
    Misses { row: u32, path: String },
    /// There are more states than the budget has.
    Exhausted(String),
}

/// An automaton of a bundle.
struct Machine<'t, 'a> {
    tables: &'t Tables<'a>,
    record: [u32; automaton::WORDS],
}

impl Machine<'_, '_> {
    fn class(&self, byte: u8) -> Option<u32> {
        let [first, ..] = self.record;
        let word = self.tables.automaton_classes.get(first.checked_add(u32::from(byte >> 2))?)?;
        word.to_le_bytes().get(usize::from(byte & 3)).map(|class| u32::from(*class))
    }

    fn step(&self, state: u32, class: u32) -> Option<u32> {
        let [_, width, first, ..] = self.record;
        self.tables.automaton_next.get(first.checked_add(state.checked_mul(width)?.checked_add(class)?)?)
    }

    fn posting(&self, state: u32) -> Option<u32> {
        let [_, _, _, _, first, _] = self.record;
        self.tables.automaton_accept.get(first.checked_add(state)?)
    }

    /// The rows that a state selects: its own, and on the way those of all states that links lead to.
    fn selected(&self, state: u32) -> Option<Vec<u32>> {
        let [_, width, first_next, .., mode] = self.record;
        let mut rows = rows_of(self.tables, self.posting(state)?)?;
        if mode == automaton::AT_END {
            return Some(rows);
        }
        let mut met = state;
        loop {
            let place = met.checked_add(1)?.checked_mul(width)?.checked_sub(1)?;
            let link = self.tables.automaton_next.get(first_next.checked_add(place)?)?;
            // Opening has seen that links lead back.
            if link == 0 || link >= met {
                return Some(rows);
            }
            met = link;
            rows.extend(rows_of(self.tables, self.posting(met)?)?);
        }
    }

    /// Whether a row is selected on the way along a text.
    fn meets(&self, row: u32, text: &str) -> Option<bool> {
        let mut state = 0;
        for byte in text.bytes() {
            state = self.step(state, self.class(byte)?)?;
            if self.selected(state)?.contains(&row) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Bytes that the machine or the given bytes tell apart, with their classes.
    fn alphabet(&self, used: impl Iterator<Item = u8>) -> Option<Vec<(u8, u32)>> {
        let used: HashSet<u8> = used.collect();
        let (mut bytes, mut classes) = (Vec::new(), HashSet::new());
        for byte in alphabet(used.iter().copied()).into_iter().chain(0..=255) {
            let class = self.class(byte)?;
            let other = !used.contains(&byte);
            if used.contains(&byte) && !bytes.contains(&(byte, class)) || other && classes.insert(class) {
                bytes.push((byte, class));
            }
        }
        Some(bytes)
    }
}

/// Every row that some state of an automaton selects.
pub(super) fn rows(tables: &Tables<'_>, number: u32) -> Option<Vec<u32>> {
    let [_, _, _, states, first, _] = tables.automata.record::<{ automaton::WORDS }>(number)?;
    let mut rows = Vec::new();
    for state in first..first.checked_add(states)? {
        rows.extend(rows_of(tables, tables.automaton_accept.get(state)?)?);
    }
    Some(rows)
}

/// Whether the automaton selects the rows of each glob by every text that the glob matches.
pub(super) fn selects(
    tables: &Tables<'_>,
    number: u32,
    globs: &[Glob<'_>],
    rows: &[Vec<u32>],
    states: usize,
) -> Option<Selected> {
    let machine = Machine { tables, record: tables.automata.record::<{ automaton::WORDS }>(number)? };
    let [.., mode] = machine.record;
    if mode == automaton::AT_END {
        at_end(&machine, globs, rows, states)
    } else {
        on_the_way(&machine, globs, rows, states)
    }
}

/// Remembers which lists of rows were found in which states.
#[derive(Default)]
struct Held(HashMap<(usize, u32), Option<u32>>);

impl Held {
    /// The first of some rows, known by a number, that a state does not select.
    fn lacks(
        &mut self,
        machine: &Machine<'_, '_>,
        list: usize,
        rows: &[u32],
        state: u32,
    ) -> Option<Option<u32>> {
        if let Some(known) = self.0.get(&(list, state)) {
            return Some(*known);
        }
        let held: HashSet<u32> = machine.selected(state)?.into_iter().collect();
        let lacks = rows.iter().copied().find(|row| !held.contains(row));
        self.0.insert((list, state), lacks);
        Some(lacks)
    }
}

fn at_end(
    machine: &Machine<'_, '_>,
    globs: &[Glob<'_>],
    rows: &[Vec<u32>],
    states: usize,
) -> Option<Selected> {
    let tokens: Vec<Tokens> = globs.iter().map(Tokens::new).collect();
    let alphabet = machine.alphabet(tokens.iter().flat_map(Tokens::bytes))?;
    let first: Vec<Vec<u32>> = tokens.iter().map(Tokens::start).collect();
    let mut seen = Seen::new((0u32, first), states);
    let mut held = Held::default();
    while let Some((number, (state, sets))) = seen.next() {
        for (list, ((tokens, set), rows)) in tokens.iter().zip(&sets).zip(rows).enumerate() {
            if tokens.accepts(set)
                && let Some(row) = held.lacks(machine, list, rows, state)?
            {
                let path = String::from_utf8_lossy(&seen.way(number)).into_owned();
                return Some(Selected::Misses { row, path });
            }
        }
        for (byte, class) in &alphabet {
            let next = machine.step(state, *class)?;
            let sets = tokens.iter().zip(&sets).map(|(tokens, set)| tokens.step(set, *byte)).collect();
            if !seen.add((next, sets), number, *byte) {
                return Some(Selected::Exhausted(format!("the automaton of {} patterns", globs.len())));
            }
        }
    }
    Some(Selected::All)
}

/// A literal that stands in every match of the glob and that the automaton finds from its start.
fn needle<'g>(
    machine: &Machine<'_, '_>,
    glob: &'g Glob<'_>,
    rows: &[u32],
    held: &mut Held,
    list: usize,
) -> Option<Option<&'g [u8]>> {
    for text in glob.texts() {
        let mut state = 0;
        for (at, byte) in text.bytes().enumerate() {
            state = machine.step(state, machine.class(byte)?)?;
            if held.lacks(machine, list, rows, state)?.is_none() {
                return Some(text.as_bytes().get(..=at));
            }
        }
    }
    Some(None)
}

/// Nodes of the literals' prefixes; node 0 is the empty one.
#[derive(Default)]
struct Prefixes {
    children: HashMap<(u32, u8), u32>,
    /// By node: the globs whose literal ends there.
    ends: Vec<Vec<usize>>,
}

impl Prefixes {
    fn add(&mut self, literal: &[u8], glob: usize) -> Option<()> {
        let mut node = 0;
        for byte in literal {
            let fresh = u32::try_from(self.ends.len()).ok()?;
            node = *self.children.entry((node, *byte)).or_insert(fresh);
            if node == fresh {
                self.ends.push(Vec::new());
            }
        }
        self.ends.get_mut(node as usize)?.push(glob);
        Some(())
    }

    /// The positions after a byte: each goes on, and a literal may begin anywhere.
    fn step(&self, set: &[u32], byte: u8) -> Vec<u32> {
        let next = set.iter().chain(&[0]).filter_map(|node| self.children.get(&(*node, byte)));
        let mut next: Vec<u32> = next.copied().collect();
        next.sort_unstable();
        next.dedup();
        next
    }
}

fn on_the_way(
    machine: &Machine<'_, '_>,
    globs: &[Glob<'_>],
    rows: &[Vec<u32>],
    states: usize,
) -> Option<Selected> {
    let mut held = Held::default();
    let mut prefixes = Prefixes { ends: vec![Vec::new()], ..Prefixes::default() };
    let mut used = HashSet::new();
    for (list, (glob, rows)) in globs.iter().zip(rows).enumerate() {
        let Some(literal) = needle(machine, glob, rows, &mut held, list)? else {
            let row = *rows.first()?;
            return Some(Selected::Misses { row, path: glob.witness("") });
        };
        used.extend(literal.iter().copied());
        prefixes.add(literal, list)?;
    }
    let alphabet = machine.alphabet(used.into_iter())?;
    let mut seen = Seen::new((0u32, Vec::new()), states);
    while let Some((number, (state, set))) = seen.next() {
        for list in set.iter().filter_map(|node| prefixes.ends.get(*node as usize)).flatten() {
            if let Some(row) = held.lacks(machine, *list, rows.get(*list)?, state)? {
                let (glob, read) =
                    (globs.get(*list)?, String::from_utf8_lossy(&seen.way(number)).into_owned());
                let whole = glob.witness("");
                let mut paths =
                    [read.clone(), format!("{whole}{read}"), format!("{read}{whole}")].into_iter();
                let misses = |path: &String| glob.matches(path) && machine.meets(row, path) == Some(false);
                return Some(Selected::Misses { row, path: paths.find(misses).unwrap_or(read) });
            }
        }
        for (byte, class) in &alphabet {
            let next = machine.step(state, *class)?;
            if !seen.add((next, prefixes.step(&set, *byte)), number, *byte) {
                return Some(Selected::Exhausted(format!("the literal filter of {} patterns", globs.len())));
            }
        }
    }
    Some(Selected::All)
}
