//! Conditions (CITE CON-5 to CON-15, LIT-2 to LIT-15).

use core::cmp::Ordering;

use camshaft_bundle::schema::{NODE, piece, term};
use camshaft_bundle::{NONE, Range, Tables, Words};
use camshaft_value::address::{Address, Network};
use camshaft_value::date::Instant;
use camshaft_value::decimal::Decimal;
use camshaft_value::operator::{Base, Operator, Qualifier, ValueType};
use camshaft_value::pattern::{self, Piece};
use camshaft_value::search;
use camshaft_value::truth::Truth;

use crate::context::{Context, Values};
use crate::view::View;

/// Whether the condition lets the statement match: T for an allow, T or U for a deny (CITE EVA-2).
/// `None` only for a bundle that contradicts itself.
#[inline]
pub(crate) fn holds<'r>(
    tables: &Tables<'_>,
    guard: u32,
    deny: bool,
    context: &Context<'r, '_>,
    view: View<'_, 'r>,
) -> Option<bool> {
    let terms = tables.guard_terms.slice(tables.guard_ends.range(guard)?)?;
    for number in terms.iter() {
        let truth = evaluate(tables, number, context, view)?;
        if truth == Truth::False || truth == Truth::Unknown && !deny {
            return Some(false);
        }
    }
    Some(true)
}

/// One term: what the operator says of the values of its key.
pub(crate) fn evaluate<'r>(
    tables: &Tables<'_>,
    number: u32,
    context: &Context<'r, '_>,
    view: View<'_, 'r>,
) -> Option<Truth> {
    let [code, key, start, length, flags] = tables.terms.record::<{ term::WORDS }>(number)?;
    let operator = Operator::from_code(code)?;
    let words = tables.values.slice(Range { start, end: start.checked_add(length)? })?;
    let unvalued = flags & term::UNVALUED != 0;
    let term = Term { tables, operator, key, words, unvalued, context, view };
    let values = context.values(tables, key, view);
    if operator.base == Base::NullEqual {
        // CITE CON-15
        let empty = match values {
            Values::Absent => true,
            Values::Instant(_) => false,
            Values::One(value) => value.is_empty(),
            Values::Many(values) => values.iter().all(|value| value.is_empty()),
        };
        return Some(Truth::from(u32::from(empty) == words.get(0)?));
    }
    match values {
        Values::Absent if operator.if_exist => Some(Truth::True),
        // CITE CON-6
        Values::Absent => {
            use camshaft_bundle::schema::key;
            Some(if matches!(key, key::IP | key::CURRENT_TIME) { Truth::Unknown } else { Truth::False })
        }
        Values::Instant(instant) => Some(term.of_instant(instant)),
        Values::One(value) => term.of(value, false),
        Values::Many([value]) => term.of(value, true),
        Values::Many(values) => term.of_all(values),
    }
}

struct Term<'t, 'r, 's, 'c> {
    tables: &'t Tables<'t>,
    operator: Operator,
    key: u32,
    words: Words<'t>,
    unvalued: bool,
    context: &'c Context<'r, 's>,
    view: View<'c, 'r>,
}

impl<'r> Term<'_, 'r, '_, '_> {
    /// Several context values, or none.
    fn of_all(&self, values: &[&'r str]) -> Option<Truth> {
        if values.is_empty() {
            // CITE CON-14
            return Some(if self.operator.qualifier == Qualifier::AnyValue {
                Truth::False
            } else {
                Truth::Unknown
            });
        }
        let (mut any, mut all) = (Truth::False, Truth::True);
        for (at, value) in values.iter().enumerate() {
            let truth = self.of(value, at == 0)?;
            any = any.or(truth);
            all = all.and(truth);
        }
        Some(match self.operator.qualifier {
            Qualifier::AnyValue => any,
            Qualifier::AllValues => all,
            // CITE CON-13: all equal, else U.
            Qualifier::None if any == all => any,
            Qualifier::None => Truth::Unknown,
        })
    }

    /// One context value; `first` when it is the first of its key.
    fn of(&self, value: &str, first: bool) -> Option<Truth> {
        let base = self.operator.base;
        let found = match base.value_type() {
            ValueType::String => self.text(value)?,
            ValueType::Number => match Decimal::parse(value) {
                Some(number) => Truth::from(self.number(number)?),
                None => return Some(Truth::Unknown),
            },
            ValueType::Date => match Instant::parse(value) {
                Some(instant) => return Some(self.of_instant(instant)),
                None => return Some(Truth::Unknown),
            },
            ValueType::Bool => match value {
                "true" => Truth::from(self.words.get(0)? & 2 != 0),
                "false" => Truth::from(self.words.get(0)? & 1 != 0),
                _ => return Some(Truth::Unknown),
            },
            ValueType::Address => match self.context.address(self.key, value, first) {
                Some(address) => Truth::from(self.network(address)?),
                None => return Some(Truth::Unknown),
            },
            ValueType::Null => Truth::Unknown,
        };
        Some(self.negate(found))
    }

    fn of_instant(&self, instant: Instant) -> Truth {
        if self.operator.base.value_type() != ValueType::Date {
            // CITE CON-17: the frontend lets no other operator through.
            return Truth::Unknown;
        }
        let dates = Dates(self.words);
        self.negate(Truth::from(ordered(self.operator.base, dates.len(), |at| {
            dates.get(at).map(|date| instant.cmp(&date))
        })))
    }

    /// Adds what is never known, and applies the operator's NOT (CITE CON-10).
    fn negate(&self, found: Truth) -> Truth {
        let found = if self.unvalued { found.or(Truth::Unknown) } else { found };
        if self.operator.base.is_negated() { !found } else { found }
    }

    /// Equal to a literal, or matched by a pattern.
    fn text(&self, value: &str) -> Option<Truth> {
        let (literals, patterns) = (self.words.get(0)?, self.words.get(1)?);
        let fold = self.operator.base.positive() == Base::StringEqualIgnoreCase;
        if self.is_literal(value, literals, fold)? {
            return Some(Truth::True);
        }
        let first = literals.checked_mul(2)?.checked_add(2)?;
        let mut found = Truth::False;
        for at in first..first.checked_add(patterns)? {
            let truth = match_pattern(self.tables, self.words.get(at)?, value, self.view, fold)?;
            found = found.or(truth);
            if found == Truth::True {
                break;
            }
        }
        Some(found)
    }

    /// Binary search among the literals, which are sorted by bytes (and lower-case when folded).
    fn is_literal(&self, value: &str, literals: u32, fold: bool) -> Option<bool> {
        let (mut low, mut high) = (0u32, literals);
        while low < high {
            let middle = low.midpoint(high);
            let at = middle.checked_mul(2)?.checked_add(2)?;
            let literal = self.tables.text.get(self.words.get(at)?, self.words.get(at.checked_add(1)?)?)?;
            let order = if fold {
                let folded = value.bytes().map(|byte| byte.to_ascii_lowercase());
                literal.bytes().cmp(folded)
            } else {
                literal.cmp(value)
            };
            match order {
                Ordering::Equal => return Some(true),
                Ordering::Less => low = middle.checked_add(1)?,
                Ordering::Greater => high = middle,
            }
        }
        Some(false)
    }

    fn number(&self, number: Decimal) -> Option<bool> {
        let wide = |at: u32| -> Option<u128> {
            let words = self.words.record_at::<4>(at)?;
            Some(words.iter().rev().fold(0, |sum, word| sum << 32 | u128::from(*word)))
        };
        let get = |at: u32| -> Option<Decimal> {
            let start = at.checked_mul(9)?;
            let negative = self.words.get(start)? != 0;
            Some(Decimal::from_parts(negative, wide(start.checked_add(1)?)?, wide(start.checked_add(5)?)?))
        };
        let count = self.words.records::<9>();
        Some(ordered(self.operator.base, count, |at| get(at).map(|value| number.cmp(&value))))
    }

    fn network(&self, address: Address) -> Option<bool> {
        match self.words.get(0)? {
            NONE => self.listed(address),
            set => Some(classes(self.tables, address)?.is_some_and(|sets| sets.holds(set))),
        }
    }

    /// The networks written behind the term, one by one.
    fn listed(&self, address: Address) -> Option<bool> {
        let mut at = 1;
        while let Some([length, a, b, c, d]) = self.words.record_at::<5>(at) {
            let network = if length < 256 {
                Network::V4(a, length as u8)
            } else {
                let bits = [d, c, b, a].iter().fold(0u128, |sum, word| sum << 32 | u128::from(*word));
                Network::V6(bits, length as u8)
            };
            if network.contains(address) {
                return Some(true);
            }
            at = at.checked_add(5)?;
        }
        Some(false)
    }
}

struct Dates<'t>(Words<'t>);

impl Dates<'_> {
    fn len(&self) -> u32 {
        self.0.records::<2>()
    }

    fn get(&self, at: u32) -> Option<Instant> {
        let [low, high] = self.0.record::<2>(at)?;
        Some(Instant((u64::from(high) << 32 | u64::from(low)) as i64))
    }
}

/// Whether the value stands in the operator's relation to one of the sorted ones; `compare` orders the
/// value against the one at an index. Of inequalities the compiler keeps the weakest bound only.
fn ordered(base: Base, count: u32, compare: impl Fn(u32) -> Option<Ordering>) -> bool {
    let bound = |holds: fn(Ordering) -> bool| compare(0).is_some_and(holds);
    match base.positive() {
        Base::NumericLessThan | Base::DateLessThan => bound(Ordering::is_lt),
        Base::NumericLessThanEqual | Base::DateLessThanEqual => bound(Ordering::is_le),
        Base::NumericGreaterThan | Base::DateGreaterThan => bound(Ordering::is_gt),
        Base::NumericGreaterThanEqual | Base::DateGreaterThanEqual => bound(Ordering::is_ge),
        _ => {
            let (mut low, mut high) = (0u32, count);
            while low < high {
                let middle = low.midpoint(high);
                match compare(middle) {
                    Some(Ordering::Equal) => return true,
                    Some(Ordering::Greater) => low = middle.saturating_add(1),
                    Some(Ordering::Less) => high = middle,
                    None => return false,
                }
            }
            false
        }
    }
}

/// The network sets that hold an address: one step a byte through the family's trie.
fn classes<'t>(tables: &Tables<'t>, address: Address) -> Option<Option<Words<'t>>> {
    use camshaft_bundle::schema::scalar;
    let (root, bits, mut shift) = match address {
        Address::V4(bits) => (tables.scalar(scalar::V4_ROOT), u128::from(bits), 32u32),
        Address::V6(bits) => (tables.scalar(scalar::V6_ROOT), bits, 128),
    };
    if root == NONE {
        return Some(None);
    }
    let mut node = root;
    loop {
        shift = shift.checked_sub(8)?;
        let slot = (bits >> shift) as u32 & 0xff;
        let words = tables.network_nodes.record::<9>(node)?;
        let (word, bit) = (slot >> 5, slot & 31);
        // Every slot with its bit set begins a new entry; slot 0 always does.
        let below = words.iter().take(word as usize).map(|word| word.count_ones()).sum::<u32>();
        let mask = u32::MAX >> 31u32.checked_sub(bit)?;
        let rank = below.checked_add((words.get(word as usize)? & mask).count_ones())?.checked_sub(1)?;
        let entry = tables.network_entries.get(words.get(8)?.checked_add(rank)?)?;
        if entry & NODE == 0 {
            let range = tables.network_class_ends.range(entry)?;
            return Some(Some(tables.network_class_sets.slice(range)?));
        }
        node = entry & !NODE;
    }
}

/// A pattern of pieces against a text; U where a variable has no value (CITE VAR-3, VAR-4).
pub(crate) fn match_pattern(
    tables: &Tables<'_>,
    number: u32,
    text: &str,
    view: View<'_, '_>,
    fold: bool,
) -> Option<Truth> {
    let range = tables.pattern_ends.range(number)?;
    if !fold && let Some(plain) = match_plain(tables, range, text.as_bytes()) {
        return Some(Truth::from(plain));
    }
    for at in range {
        let [kind, _, _] = tables.pieces.record::<3>(at)?;
        let missing = match kind {
            piece::UIN => view.uin().is_none(),
            piece::OWNER_UIN => view.owner_uin().is_none(),
            piece::APP_ID => view.app_id().is_none(),
            kind => kind == piece::UNVALUED,
        };
        if missing {
            return Some(Truth::Unknown);
        }
    }
    let pieces = range.into_iter().map(|at| match tables.pieces.record::<3>(at) {
        Some([piece::STAR, _, _]) => Piece::Star,
        Some([piece::LITERAL, start, length]) => Piece::Literal(tables.text.get(start, length).unwrap_or("")),
        Some([piece::UIN, _, _]) => Piece::Literal(view.uin().unwrap_or("")),
        Some([piece::OWNER_UIN, _, _]) => Piece::Literal(view.owner_uin().unwrap_or("")),
        Some([piece::APP_ID, _, _]) => Piece::Literal(view.app_id().unwrap_or("")),
        _ => Piece::Literal(""),
    });
    if !fold {
        return Some(Truth::from(pattern::matches(pieces, text)));
    }
    // Case is folded for equality only, so there are no stars.
    let mut rest = text;
    for piece in pieces {
        let Piece::Literal(literal) = piece else { return Some(Truth::False) };
        match rest.split_at_checked(literal.len()) {
            Some((begin, tail)) if begin.eq_ignore_ascii_case(literal) => rest = tail,
            _ => return Some(Truth::False),
        }
    }
    Some(Truth::from(rest.is_empty()))
}

/// A pattern of literals that are all apart from each other by stars, the usual one; `None` for any other.
///
/// PERF: a third of the instructions of the matcher that knows variables.
fn match_plain(tables: &Tables<'_>, range: Range, text: &[u8]) -> Option<bool> {
    let (mut rest, mut star, mut literal) = (text, false, false);
    for at in range {
        let [kind, start, length] = tables.pieces.record::<3>(at)?;
        match kind {
            piece::STAR => (star, literal) = (true, false),
            piece::LITERAL if !literal => {
                let wanted = tables.text.bytes(start, length)?;
                if at.checked_add(1)? == range.end {
                    return Some(if star { rest.ends_with(wanted) } else { rest == wanted });
                }
                let found = if star {
                    search::find_text(rest, wanted)
                } else {
                    rest.starts_with(wanted).then_some(0)
                };
                let Some(found) = found else {
                    return if is_plain(tables, range)? { Some(false) } else { None };
                };
                rest = rest.get(found.checked_add(wanted.len())?..)?;
                (star, literal) = (false, true);
            }
            _ => return None,
        }
    }
    Some(star || rest.is_empty())
}

/// Whether literals and stars take turns.
fn is_plain(tables: &Tables<'_>, range: Range) -> Option<bool> {
    let mut last = piece::STAR;
    for at in range {
        let [kind, ..] = tables.pieces.record::<3>(at)?;
        if kind > piece::STAR || kind == piece::LITERAL && last == piece::LITERAL {
            return Some(false);
        }
        last = kind;
    }
    Some(true)
}
