//! Byte automata over many patterns, as flat tables.
//!
//! Either a deterministic automaton whose last state says which patterns match (built by regex-automata
//! under a state budget), or one that finds literals on the way (built by aho-corasick) and so selects
//! the patterns worth a linear match.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use aho_corasick::automaton::Automaton as _;
use camshaft_bundle::schema::automaton::{AT_END, ON_THE_WAY};
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

use crate::intern::number;

/// Bytes of memory that determinization may take; it fails fast beyond.
const DETERMINIZE_BYTES: usize = 1 << 20;

/// An automaton whose states carry pattern numbers.
#[derive(Debug)]
pub(crate) struct Automaton {
    pub(crate) classes: [u8; 256],
    /// Integers of a state: a transition for each class, and for literals a link behind them.
    pub(crate) width: usize,
    /// State × width; state 0 is the start.
    pub(crate) next: Vec<u32>,
    /// Patterns of each state; for literals those that the state spells, each at one state.
    pub(crate) accept: Vec<Vec<u32>>,
    pub(crate) mode: u32,
}

/// The automaton of patterns given as literals between stars, with a star at either end; `None` over
/// the budget.
pub(crate) fn patterns(patterns: &[Vec<&[u8]>], budget: usize) -> Option<Automaton> {
    let expressions: Vec<String> = patterns.iter().map(|literals| expression(literals)).collect();
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .match_kind(MatchKind::All)
        .determinize_size_limit(Some(DETERMINIZE_BYTES))
        .dfa_size_limit(Some(DETERMINIZE_BYTES));
    let dfa = dense::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_many(&expressions)
        .ok()?;
    let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    let (classes, samples) = byte_classes(patterns.iter().flatten().copied());
    let accepted = |state| {
        // Matches are reported one step late: at the end of the text.
        let end = dfa.next_eoi_state(state);
        let count = if dfa.is_match_state(end) { dfa.match_len(end) } else { 0 };
        (0..count).map(|at| number(dfa.match_pattern(end, at).as_usize())).collect()
    };
    explore(first, classes, &samples, AT_END, budget, |state, byte| dfa.next_state(state, byte), accepted)
}

/// The automaton that reports literals where they end; `None` over the budget.
///
/// A text may end in several literals at once. Each stands at the one state that spells it, and a state links to that
/// of the longest literal which its own text ends in, 0 where there is none: so a search that follows links up to a
/// state it has met selects every literal once, however many texts end in it.
pub(crate) fn literals(all: &[&[u8]], budget: usize) -> Option<Automaton> {
    let mut places: BTreeMap<&[u8], Vec<u32>> = BTreeMap::new();
    for (place, literal) in (0..).zip(all) {
        places.entry(literal).or_default().push(place);
    }
    // PERF: each once. 144,000 times the same literal took aho-corasick 70 s.
    let (distinct, places): (Vec<&[u8]>, Vec<Vec<u32>>) = places.into_iter().unzip();
    if distinct.first().is_some_and(|literal| literal.is_empty()) {
        return None;
    }
    let dfa = aho_corasick::dfa::DFA::builder()
        .match_kind(aho_corasick::MatchKind::Standard)
        .start_kind(aho_corasick::StartKind::Unanchored)
        .build(&distinct)
        .ok()?;
    let first = dfa.start_state(aho_corasick::Anchored::No).ok()?;
    let (classes, samples) = byte_classes(distinct.iter().copied());
    let accepted = |state| {
        let count = if dfa.is_match(state) { dfa.match_len(state) } else { 0 };
        (0..count).map(|at| number(dfa.match_pattern(state, at).as_usize())).collect()
    };
    let step = |state, byte| dfa.next_state(aho_corasick::Anchored::No, state, byte);
    let mut automaton = explore(first, classes, &samples, ON_THE_WAY, budget, step, accepted)?;
    automaton.link(&distinct);
    for accept in &mut automaton.accept {
        let all = accept.iter().filter_map(|literal| places.get(*literal as usize));
        *accept = all.flatten().copied().collect();
    }
    Some(automaton)
}

impl Automaton {
    /// Leaves each literal to the state that spells it, and links the other states to that.
    fn link(&mut self, literals: &[&[u8]]) {
        let step = |state: usize, byte: &u8| {
            let class = self.classes.get(usize::from(*byte)).map_or(0, |class| usize::from(*class));
            self.next.get(state * self.width + class).map_or(0, |next| *next as usize)
        };
        let spelled: Vec<usize> = literals.iter().map(|literal| literal.iter().fold(0, step)).collect();
        let length = |literal: &u32| literals.get(*literal as usize).map_or(0, |literal| literal.len());
        let spells = |state: usize, literal: &u32| spelled.get(*literal as usize) == Some(&state);
        let mut next = Vec::with_capacity(self.next.len() + self.accept.len());
        for (state, (transitions, accept)) in
            self.next.chunks_exact(self.width).zip(&mut self.accept).enumerate()
        {
            let others = accept.iter().filter(|literal| !spells(state, literal));
            let longest = others.max_by_key(|literal| length(literal));
            let link =
                longest.and_then(|literal| spelled.get(*literal as usize)).map_or(0, |link| number(*link));
            next.extend_from_slice(transitions);
            next.push(link);
            accept.retain(|literal| spells(state, literal));
        }
        self.next = next;
        self.width += 1;
    }
}

/// `.*a.*b.*` with every byte of a literal escaped.
fn expression(literals: &[&[u8]]) -> String {
    let mut expression = String::from("(?s-u:.*");
    for literal in literals {
        for byte in *literal {
            expression.push_str(&format!("\\x{byte:02x}"));
        }
        expression.push_str(".*");
    }
    expression.push(')');
    expression
}

/// A class for every byte that occurs, one for all others, and a byte of each class.
fn byte_classes<'l>(literals: impl Iterator<Item = &'l [u8]>) -> ([u8; 256], Vec<u8>) {
    let used: BTreeSet<u8> = literals.flatten().copied().collect();
    let mut classes = [0; 256];
    let mut samples: Vec<u8> = (0..=255).find(|byte| !used.contains(byte)).into_iter().collect();
    for byte in used {
        // With all 256 in use there is no class of others, and numbers still fit a byte.
        classes[byte as usize] = u8::try_from(samples.len()).unwrap_or(u8::MAX);
        samples.push(byte);
    }
    (classes, samples)
}

/// Copies the states that can be reached, breadth first.
fn explore<S: Copy + Eq + std::hash::Hash>(
    first: S,
    classes: [u8; 256],
    samples: &[u8],
    mode: u32,
    budget: usize,
    step: impl Fn(S, u8) -> S,
    accepted: impl Fn(S) -> Vec<u32>,
) -> Option<Automaton> {
    let mut numbers = HashMap::from([(first, 0u32)]);
    let mut queue = VecDeque::from([first]);
    let (mut next, mut accept) = (Vec::new(), Vec::new());
    while let Some(state) = queue.pop_front() {
        for byte in samples {
            let target = step(state, *byte);
            let fresh = number(numbers.len());
            let target_number = *numbers.entry(target).or_insert_with(|| {
                queue.push_back(target);
                fresh
            });
            next.push(target_number);
        }
        accept.push(accepted(state));
        if numbers.len() > budget {
            return None;
        }
    }
    Some(Automaton { classes, width: samples.len(), next, accept, mode })
}
