//! Guards and terms, and the values behind each term by the type of its operator.

use crate::schema::{Tables, operator, term};
use crate::verify::{Checked, Layout, fault, records, rows};
use crate::words::{NONE, Words};

/// Numbers have at most 38 digits on either side of the point.
const DIGITS: u128 = 10u128.pow(38);

/// Every guard and every term.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "terms";
    let keys = tables.keys().len();
    let mut layout = Layout::new("values", tables.values.len());
    for (number, [code, key, first, count, flags]) in records::<{ term::WORDS }>(TABLE, tables.terms)? {
        layout.take(number, first, count)?;
        if key >= keys {
            return Err(fault(TABLE, number, "the key does not exist"));
        }
        if flags & !term::UNVALUED != 0 {
            return Err(fault(TABLE, number, "a flag is unknown"));
        }
        let Some(kind) = operator::values(code) else {
            return Err(fault(TABLE, number, "the operator is unknown"));
        };
        let range = crate::words::Range { start: first, end: layout.next };
        let sound = tables.values.slice(range).is_some_and(|words| are_values(tables, kind, words));
        if !sound {
            return Err(fault("values", number, "the values do not fit the term's operator"));
        }
    }
    layout.end(tables.terms.records::<{ term::WORDS }>())?;
    rows::guards(tables)
}

fn are_values(tables: &Tables<'_>, kind: operator::Values, words: Words<'_>) -> bool {
    let sets = tables.terms.records::<{ term::WORDS }>();
    match kind {
        operator::Values::Text { fold } => is_text(tables, words, fold).unwrap_or(false),
        operator::Values::Number { bound } => is_sorted(words, bound, number),
        operator::Values::Date { bound } => is_sorted(words, bound, date),
        operator::Values::Bool => words.len() == 1 && words.get(0).is_some_and(|mask| mask <= 3),
        operator::Values::Null => words.len() == 1 && words.get(0).is_some_and(|empty| empty <= 1),
        operator::Values::Network => match words.0.split_first() {
            Some((first, networks)) if first.to_native() == NONE => {
                let (networks, rest) = networks.as_chunks::<5>();
                rest.is_empty()
                    && networks.iter().all(|network| is_network(network.map(|word| word.to_native())))
            }
            // A set. Each belongs to a term, so there are no more sets than terms.
            Some((set, rest)) => rest.is_empty() && set.to_native() < sets,
            None => false,
        },
    }
}

/// `[literals, patterns, start and length of each literal, patterns]`, literals sorted by bytes.
fn is_text(tables: &Tables<'_>, words: Words<'_>, fold: bool) -> Option<bool> {
    let mut rest = words.iter();
    let (literals, patterns) = (rest.next()?, rest.next()?);
    let expected = (literals as usize).checked_mul(2)?.checked_add(patterns as usize)?;
    if rest.len() != expected {
        return Some(false);
    }
    let mut last: Option<&str> = None;
    for _ in 0..literals {
        let literal = tables.text.get(rest.next()?, rest.next()?)?;
        if last.is_some_and(|last| literal <= last)
            || fold && literal.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            return Some(false);
        }
        last = Some(literal);
    }
    let known = tables.pattern_ends.records::<1>();
    Some(rest.all(|pattern| pattern < known))
}

/// Whole records in ascending order; of bounds there is one at most.
fn is_sorted<const N: usize, T: Ord>(words: Words<'_>, bound: bool, read: fn([u32; N]) -> Option<T>) -> bool {
    let (values, rest) = words.0.as_chunks::<N>();
    let mut last = None;
    for value in values {
        let value = read(value.map(|word| word.to_native()));
        if value.is_none() || last >= value {
            return false;
        }
        last = value;
    }
    rest.is_empty() && !(bound && values.len() > 1)
}

/// Sign, integer part and fraction in units of 10⁻³⁸, as something that sorts like the number.
fn number(words: [u32; 9]) -> Option<(bool, u128, u128)> {
    let [sign, a, b, c, d, e, f, g, h] = words;
    let (integer, fraction) = (wide([a, b, c, d]), wide([e, f, g, h]));
    if integer >= DIGITS || fraction >= DIGITS {
        return None;
    }
    match sign {
        0 => Some((true, integer, fraction)),
        1 if (integer, fraction) != (0, 0) => Some((false, !integer, !fraction)),
        _ => None,
    }
}

/// Milliseconds since 1970, low half first.
fn date([low, high]: [u32; 2]) -> Option<i64> {
    Some((u64::from(high) << 32 | u64::from(low)) as i64)
}

/// `[length, address]`, the length of IPv6 plus 256, the address low word first and masked.
fn is_network([length, a, b, c, d]: [u32; 5]) -> bool {
    let address = wide([a, b, c, d]);
    let (bits, width) = match length.checked_sub(256) {
        None if length <= 32 && (b, c, d) == (0, 0, 0) => (address << 96, length),
        Some(length) if length <= 128 => (address, length),
        _ => return false,
    };
    bits.checked_shl(width).unwrap_or(0) == 0
}

/// Low word first.
fn wide(words: [u32; 4]) -> u128 {
    words.iter().rev().fold(0, |sum, word| sum << 32 | u128::from(*word))
}
