//! Conditions to guards: lists of typed terms, each stored once.

use camshaft_bundle::NONE;
use camshaft_bundle::schema::{anchor, operator, row, term};
use camshaft_frontend::normalize::Writer;
use camshaft_frontend::policy::{Pattern, Piece, Term, Values};
use camshaft_value::{address::Network, decimal::Decimal, operator::Base};

use crate::draft::{Maps, Scraps};
use crate::intern::{Hashing, Heap, Interner, number};
use crate::network::Networks;
use crate::row::Row;
use crate::tail::{self, Patterns};

/// The conditions of a world, or of a draft.
#[derive(Debug)]
pub(crate) struct Conditions<'w> {
    /// Term numbers of each guard.
    pub(crate) guards: Interner<Vec<u32>>,
    /// `[operator code, key, first value word, value words, flags]`.
    pub(crate) terms: Vec<[u32; 5]>,
    /// Values of terms.
    pub(crate) values: Vec<u32>,
    /// The values of each term as a JSON array, for explanations.
    pub(crate) texts: Vec<String>,
    known: Interner<&'w Term>,
    /// Network sets.
    pub(crate) networks: Networks,
    /// Write networks out behind each term instead of looking addresses up in tries.
    pub(crate) list_networks: bool,
    writer: Writer,
}

/// What a term asks of the context, as parts of keys (see [`term::selects`]).
#[derive(Debug)]
pub(crate) struct Asked {
    /// One of these values.
    pub(crate) values: Vec<u64>,
    /// Or its key without values.
    pub(crate) none: Option<u64>,
}

impl<'w> Conditions<'w> {
    pub(crate) fn new(hashing: &Hashing, list_networks: bool) -> Self {
        Self {
            guards: Interner::new(hashing),
            terms: Vec::new(),
            values: Vec::new(),
            texts: Vec::new(),
            known: Interner::new(hashing),
            networks: Networks::new(hashing),
            list_networks,
            writer: Writer::default(),
        }
    }

    /// The guard of a condition, 0 for none, else its number + 1. `key` gives the number of a key.
    pub(crate) fn guard(
        &mut self,
        condition: &'w [Term],
        heap: &mut Scraps,
        patterns: &mut Patterns,
        mut key: impl FnMut(&str) -> u32,
    ) -> u32 {
        if condition.is_empty() {
            return 0;
        }
        let mut terms: Vec<u32> =
            condition.iter().map(|term| self.term(term, heap, patterns, &mut key)).collect();
        terms.sort_unstable();
        terms.dedup();
        self.guards.id(terms) + 1
    }

    fn term(
        &mut self,
        term: &'w Term,
        heap: &mut Scraps,
        patterns: &mut Patterns,
        key: &mut impl FnMut(&str) -> u32,
    ) -> u32 {
        let id = self.known.id(term);
        if (id as usize) < self.terms.len() {
            return id;
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
        let mut text = String::new();
        self.writer.values(&mut text, term);
        self.push(term, key(&term.key), words, text);
        id
    }

    fn push(&mut self, term: &Term, key: u32, words: Vec<u32>, text: String) {
        let start = number(self.values.len());
        let flags = u32::from(term.unvalued);
        self.terms.push([term.operator.code(), key, start, number(words.len()), flags]);
        self.values.extend(words);
        self.texts.push(text);
    }

    /// What each term asks for by which a row can be found.
    pub(crate) fn asked(&self, row: &Row, heap: &Heap, seed: u64) -> Vec<Asked> {
        let guard = row.words[row::GUARD].checked_sub(1);
        let terms = guard.and_then(|guard| self.guards.items().get(guard as usize));
        let asked = |term: &u32| {
            let &[code, key, start, length, flags] = self.terms.get(*term as usize)?;
            let words = self.values.get(start as usize..(start + length) as usize)?;
            let [literals, patterns, places @ ..] = words else { return None };
            let text = matches!(operator::values(code), Some(operator::Values::Text { .. }));
            if !text || *literals == 0 || !term::selects(code, key, flags, *patterns) {
                return None;
            }
            let places = places.get(..*literals as usize * 2)?.chunks_exact(2);
            let values = places.map(|at| anchor::value(seed, key, heap.get((at[0], at[1])))).collect();
            let none = term::takes_none(code, row.denies()).then(|| anchor::empty(seed, key));
            Some(Asked { values, none })
        };
        terms.into_iter().flatten().filter_map(asked).collect()
    }

    /// The number of a term of a draft, whose texts, patterns, keys and networks have theirs.
    pub(crate) fn take_term(&mut self, draft: &mut Self, at: usize, maps: &Maps) -> u32 {
        let (Some(term), Some(&[_, key, start, length, _])) =
            (draft.known.items().get(at).copied(), draft.terms.get(at))
        else {
            return 0;
        };
        let id = self.known.id_of_hashed(draft.known.hash(at), &term);
        if (id as usize) < self.terms.len() {
            return id;
        }
        let words = draft.values.get(start as usize..(start + length) as usize).unwrap_or(&[]);
        let mut words = words.to_vec();
        match (&term.values, words.as_mut_slice()) {
            (Values::Text(_), [literals, _, rest @ ..]) => {
                let (places, others) = rest.split_at_mut(*literals as usize * 2);
                places.chunks_exact_mut(2).for_each(|place| place[0] = maps.text(place[0]));
                others.iter_mut().for_each(|pattern| *pattern = maps.pattern(*pattern));
            }
            (Values::Network(_), [set]) if !self.list_networks => *set = maps.network_set(*set),
            _ => {}
        }
        let text = draft.texts.get_mut(at).map(core::mem::take).unwrap_or_default();
        self.push(term, maps.key(key), words, text);
        id
    }

    /// The number of a guard of a draft, whose terms have theirs.
    pub(crate) fn take_guard(&mut self, draft: &Self, at: usize, maps: &Maps) -> u32 {
        let terms = draft.guards.items().get(at).map_or(&[][..], |terms| terms);
        let mut terms: Vec<u32> = terms.iter().map(|term| maps.term(*term)).collect();
        terms.sort_unstable();
        self.guards.id(terms)
    }
}

/// `[literals, patterns, (start, length) of each literal by bytes, pattern numbers]`.
fn text_words(texts: &[Pattern], base: Base, heap: &mut Scraps, patterns: &mut Patterns) -> Vec<u32> {
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
