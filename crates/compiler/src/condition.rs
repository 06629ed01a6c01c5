//! Conditions to guards: lists of typed terms, each stored once.

use camshaft_bundle::NONE;
use camshaft_frontend::normalize::values_text;
use camshaft_frontend::policy::{Pattern, Piece, Term, Values};
use camshaft_value::{address::Network, decimal::Decimal, operator::Base};

use crate::intern::{Heap, Interner, Names, number};
use crate::network::Networks;
use crate::tail::{self, Patterns};

/// The conditions of a world.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// Term numbers of each guard.
    pub(crate) guards: Interner<Vec<u32>>,
    /// `[operator code, key, first value word, value words, flags]`.
    pub(crate) terms: Vec<[u32; 5]>,
    /// Values of terms.
    pub(crate) values: Vec<u32>,
    /// The values of each term as a JSON array, for explanations.
    pub(crate) texts: Vec<String>,
    ids: std::collections::HashMap<Term, u32>,
    /// Network sets.
    pub(crate) networks: Networks,
    /// Write networks out behind each term instead of looking addresses up in tries.
    pub(crate) list_networks: bool,
}

impl Conditions {
    /// The guard of a condition, 0 for none, else its number + 1.
    pub(crate) fn guard(
        &mut self,
        condition: &[Term],
        heap: &mut Heap,
        patterns: &mut Patterns,
        keys: &mut Names,
    ) -> u32 {
        if condition.is_empty() {
            return 0;
        }
        let mut terms: Vec<u32> =
            condition.iter().map(|term| self.term(term, heap, patterns, keys)).collect();
        terms.sort_unstable();
        terms.dedup();
        self.guards.id(terms) + 1
    }

    fn term(&mut self, term: &Term, heap: &mut Heap, patterns: &mut Patterns, keys: &mut Names) -> u32 {
        if let Some(id) = self.ids.get(term) {
            return *id;
        }
        let base = term.operator.base;
        let words = match &term.values {
            Values::Text(texts) => text_words(texts, base, heap, patterns),
            Values::Number(numbers) => number_words(extreme(numbers, base)),
            Values::Date(dates) => date_words(extreme(dates, base)),
            Values::Bool(values) => {
                vec![values.iter().fold(0, |mask, value| mask | if *value { 2 } else { 1 })]
            }
            Values::Network(networks) if self.list_networks => network_words(networks),
            Values::Network(networks) => vec![self.networks.set(networks)],
            Values::Null(empty) => vec![u32::from(*empty)],
        };
        let id = number(self.terms.len());
        let start = number(self.values.len());
        self.terms.push([
            term.operator.code(),
            keys.id(&term.key),
            start,
            number(words.len()),
            u32::from(term.unvalued),
        ]);
        self.values.extend(words);
        self.texts.push(values_text(term));
        self.ids.insert(term.clone(), id);
        id
    }
}

/// `[literals, patterns, (start, length) of each literal by bytes, pattern numbers]`.
fn text_words(texts: &[Pattern], base: Base, heap: &mut Heap, patterns: &mut Patterns) -> Vec<u32> {
    let fold = base.positive() == Base::StringEqualIgnoreCase;
    let (mut literals, mut others) = (Vec::new(), Vec::new());
    for pattern in texts {
        match pattern.0.as_slice() {
            [] => literals.push(String::new()),
            [Piece::Literal(text)] if fold => literals.push(text.to_ascii_lowercase()),
            [Piece::Literal(text)] => literals.push(text.to_string()),
            _ => others.push(tail::store(pattern, heap, patterns)),
        }
    }
    literals.sort_unstable();
    literals.dedup();
    let mut words = vec![number(literals.len()), number(others.len())];
    for literal in &literals {
        let (start, length) = heap.place(literal);
        words.extend([start, length]);
    }
    words.extend(others);
    words
}

/// Of several bounds only the weakest counts (CITE CON-9): any value above the least is above one.
fn extreme<T: Copy + Ord>(values: &[T], base: Base) -> Vec<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let one = match base {
        Base::NumericLessThan | Base::NumericLessThanEqual | Base::DateLessThan | Base::DateLessThanEqual => {
            sorted.last()
        }
        Base::NumericGreaterThan
        | Base::NumericGreaterThanEqual
        | Base::DateGreaterThan
        | Base::DateGreaterThanEqual => sorted.first(),
        _ => return sorted,
    };
    one.copied().into_iter().collect()
}

/// Nine words a number: sign, integer part, fraction.
fn number_words(numbers: Vec<Decimal>) -> Vec<u32> {
    let words = numbers.into_iter().flat_map(|number| {
        let (negative, integer, fraction) = number.parts();
        core::iter::once(u32::from(negative)).chain(quarters(integer)).chain(quarters(fraction))
    });
    words.collect()
}

/// Two words a date, low half first.
fn date_words(dates: Vec<camshaft_value::date::Instant>) -> Vec<u32> {
    dates.into_iter().flat_map(|date| [date.0 as u32, (date.0 >> 32) as u32]).collect()
}

/// `NONE`, then five words a network: length with 256 added for IPv6, and the address.
fn network_words(networks: &[Network]) -> Vec<u32> {
    let words = networks.iter().flat_map(|network| match *network {
        Network::V4(bits, length) => [u32::from(length), bits, 0, 0, 0],
        Network::V6(bits, length) => {
            let [a, b, c, d] = quarters(bits);
            [u32::from(length) + 256, a, b, c, d]
        }
    });
    core::iter::once(NONE).chain(words).collect()
}

/// Low word first.
fn quarters(bits: u128) -> [u32; 4] {
    [bits as u32, (bits >> 32) as u32, (bits >> 64) as u32, (bits >> 96) as u32]
}
