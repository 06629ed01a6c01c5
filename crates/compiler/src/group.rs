//! Crowded keys: tries and automata over the tails of their rows.
//!
//! They only select candidates; every row still tests its whole tail, so a filter that is too wide costs
//! time and nothing else (INVARIANT: none is too narrow).

use std::collections::BTreeMap;

use camshaft_bundle::schema::{piece, row::tail};

use crate::automaton::{self, Automaton};
use crate::block::Context;
use crate::tail::Place;
use crate::trie::Trie;

/// Longest literal by which the filter finds a pattern; more bytes make more states, not more selection.
const FILTER_BYTES: usize = 16;

/// The tails of one crowded key.
#[derive(Debug)]
pub(crate) struct Group {
    /// Rows that nothing selects: always candidates.
    pub(crate) always: Vec<u32>,
    pub(crate) forward: Option<Trie>,
    pub(crate) backward: Option<Trie>,
    /// The automaton, and the rows of each of its patterns.
    pub(crate) automaton: Option<(Automaton, Vec<Vec<u32>>)>,
}

/// Spreads the rows over the filters; `None` when all would be candidates anyway.
pub(crate) fn build(context: &Context<'_>, rows: &[u32]) -> Option<Group> {
    let mut group = Group { always: Vec::new(), forward: None, backward: None, automaton: None };
    let text = context.heap.text().as_bytes();
    // Rows by pattern: many statements share one.
    let mut inner: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &number in rows {
        let Some(row) = context.rows.get(number as usize) else { continue };
        let (kind, head, foot) = (row.tail.kind, row.tail.head, row.tail.foot);
        // A variable without a value makes any text a match of a deny (CITE VAR-4, EVA-2).
        let unsure = kind == tail::VARIABLE && row.denies();
        if unsure || kind == tail::ANY && head.1 == 0 {
            group.always.push(number);
        } else if context.config.get_tries() && kind == tail::EXACT {
            group.forward.get_or_insert_with(|| Trie::new(false)).insert(text, head).exact.push(number);
        } else if context.config.get_tries() && head.1 > 0 {
            group.forward.get_or_insert_with(|| Trie::new(false)).insert(text, head).prefix.push(number);
        } else if context.config.get_tries() && foot.1 > 0 {
            group.backward.get_or_insert_with(|| Trie::new(true)).insert(text, foot).prefix.push(number);
        } else if kind == tail::PATTERN && head.1 == 0 && foot.1 == 0 {
            inner.entry(row.tail.operand.0).or_default().push(number);
        } else {
            group.always.push(number);
        }
    }
    let (patterns, inner): (Vec<u32>, Vec<Vec<u32>>) = inner.into_iter().unzip();
    if !inner.is_empty() {
        match infix(context, &patterns) {
            Some(automaton) => group.automaton = Some((automaton, inner)),
            None => group.always.extend(inner.into_iter().flatten()),
        }
    }
    group.always.sort_unstable();
    let selects = group.forward.is_some() || group.backward.is_some() || group.automaton.is_some();
    selects.then_some(group)
}

/// One automaton for patterns with a star at either end, or a literal filter past its budget.
fn infix(context: &Context<'_>, patterns: &[u32]) -> Option<Automaton> {
    let literals: Vec<Vec<&[u8]>> = patterns.iter().map(|pattern| literals(context, *pattern)).collect();
    let budget = context.config.get_state_budget();
    // States tell which patterns have matched so far: with independent ones they double with every pattern.
    // PERF: trying with 1,000 took 3 s before the budget ended it.
    let hopeful = patterns.len() <= budget.max(1).ilog2() as usize;
    if context.config.get_automata()
        && hopeful
        && let Some(automaton) = automaton::patterns(&literals, budget)
    {
        return Some(automaton);
    }
    if !context.config.get_literal_filter() {
        return None;
    }
    let longest = |literals: &Vec<&'_ [u8]>| -> Vec<u8> {
        let longest = literals.iter().rev().max_by_key(|literal| literal.len());
        longest.map_or_else(Vec::new, |literal| literal.get(..FILTER_BYTES).unwrap_or(literal).to_vec())
    };
    let needles: Vec<Vec<u8>> = literals.iter().map(longest).collect();
    let needles: Vec<&[u8]> = needles.iter().map(Vec::as_slice).collect();
    automaton::literals(&needles, FILTER_BYTES * patterns.len() + 1)
}

fn literals<'a>(context: &Context<'a>, pattern: u32) -> Vec<&'a [u8]> {
    let pieces = context.patterns.items().get(pattern as usize).map_or(&[][..], Vec::as_slice);
    let literal = |piece: &&[u32; 3]| piece[0] == piece::LITERAL;
    let place = |piece: &[u32; 3]| -> Place { (piece[1], piece[2]) };
    pieces.iter().filter(literal).map(|piece| context.heap.get(place(piece)).as_bytes()).collect()
}
