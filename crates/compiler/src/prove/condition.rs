//! Guards against the conditions of statements: the same operators on the same keys with the same values.

use core::cmp::Ordering;

use camshaft_bundle::schema::key::{CURRENT_TIME, TEXTS};
use camshaft_bundle::schema::{NODE, scalar, term};
use camshaft_bundle::{NONE, Range, Tables, Words};
use camshaft_frontend::normalize::Writer;
use camshaft_frontend::policy::{Term, Values};
use camshaft_value::address::{Address, Network};
use camshaft_value::date::Instant;
use camshaft_value::decimal::Decimal;
use camshaft_value::operator::{Base, Operator, Qualifier, ValueType};
use camshaft_value::truth::Truth;

use super::glob::Glob;

/// Addresses from the first to the last.
pub(crate) type Run = (u128, u128);

/// The addresses of every network set, as the tries lead to them.
#[derive(Debug, Default)]
pub(super) struct Networks {
    /// By set: IPv4 and IPv6, ascending and apart.
    sets: Vec<[Vec<Run>; 2]>,
    /// There were more memberships than the budget has.
    exhausted: bool,
}

/// How a guard compares with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    Differs {
        /// How.
        how: String,
        /// A key, and values of it (`None` for leaving it out) of which the two say different things.
        shows: Option<(String, Option<Vec<String>>)>,
    },
    /// The network tries are over the budget.
    Exhausted,
}

/// What a term says: of a statement, or of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning<'a> {
    pub(crate) operator: Operator,
    pub(crate) key: &'a str,
    pub(crate) test: Test<'a>,
    pub(crate) unvalued: bool,
}

/// What one value must meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test<'a> {
    /// Sorted; without regard to the case of ASCII letters, literals are in lower case.
    Text(Vec<Glob<'a>>),
    /// Those that decide, ascending.
    Number(Vec<Decimal>),
    Date(Vec<Instant>),
    /// 1 for `false`, 2 for `true`.
    Bool(u32),
    Network([Vec<Run>; 2]),
    /// 1 when the key must be empty.
    Null(u32),
}

impl Networks {
    /// Walks both tries, as far as the budget allows. `None` for a bundle that contradicts itself.
    pub(super) fn new(tables: &Tables<'_>, budget: usize) -> Option<Self> {
        let mut networks = Self::default();
        let mut left = budget;
        for (family, (root, bits)) in [(scalar::V4_ROOT, 32), (scalar::V6_ROOT, 128)].into_iter().enumerate()
        {
            let root = tables.scalar(root);
            if root == NONE {
                continue;
            }
            // A class or node, its addresses, and how many bits they do not share; the least stand last.
            let mut waiting = vec![(root | NODE, (0, ones(bits)), bits)];
            while let Some((entry, run, bits)) = waiting.pop() {
                if entry & NODE != 0 {
                    children(tables, entry & !NODE, run.0, bits, &mut waiting)?;
                    continue;
                }
                let class = tables.network_class_sets.slice(tables.network_class_ends.range(entry)?)?;
                let Some(rest) = left.checked_sub(class.len()) else {
                    networks.exhausted = true;
                    return Some(networks);
                };
                left = rest;
                for set in class.iter() {
                    networks.add(set, family, run);
                }
            }
        }
        Some(networks)
    }

    fn add(&mut self, set: u32, family: usize, (first, last): Run) {
        let set = set as usize;
        if self.sets.len() <= set {
            self.sets.resize_with(set + 1, Default::default);
        }
        let Some(runs) = self.sets.get_mut(set).and_then(|families| families.get_mut(family)) else { return };
        match runs.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(first) => *end = last,
            _ => runs.push((first, last)),
        }
    }

    fn of(&self, set: u32) -> [Vec<Run>; 2] {
        self.sets.get(set as usize).cloned().unwrap_or_default()
    }
}

/// The lowest bits set.
fn ones(bits: u32) -> u128 {
    u128::MAX.checked_shr(128 - bits).unwrap_or(0)
}

/// The entries of a node, the highest addresses first.
fn children(
    tables: &Tables<'_>,
    node: u32,
    base: u128,
    bits: u32,
    out: &mut Vec<(u32, Run, u32)>,
) -> Option<()> {
    let [bitmap @ .., first] = tables.network_nodes.record::<9>(node)?;
    let below = bits.checked_sub(8)?;
    let start = out.len();
    let mut at = first;
    let mut entry = None;
    for slot in 0..256u32 {
        let begins = bitmap.get(slot as usize / 32)? >> (slot % 32) & 1 == 1;
        if begins {
            entry = Some(tables.network_entries.get(at)?);
            at += 1;
        }
        let first = base | u128::from(slot) << below;
        let run = (first, first | ones(below));
        match out.last_mut() {
            Some((last, (_, end), _)) if !begins && *last & NODE == 0 => *end = run.1,
            _ => out.push((entry?, run, below)),
        }
    }
    out.get_mut(start..)?.reverse();
    Some(())
}

/// The addresses of some networks.
fn runs(networks: impl Iterator<Item = Network>) -> [Vec<Run>; 2] {
    let mut families: [Vec<Run>; 2] = Default::default();
    let [v4, v6] = &mut families;
    for network in networks {
        match network {
            Network::V4(bits, length) => {
                let first = u128::from(bits);
                v4.push((first, first | ones(32 - u32::from(length.min(32)))));
            }
            Network::V6(bits, length) => v6.push((bits, bits | ones(128 - u32::from(length.min(128))))),
        }
    }
    families.map(|mut runs| {
        runs.sort_unstable();
        let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
        for (first, last) in runs {
            match joined.last_mut() {
                Some((_, end)) if end.checked_add(1).is_none_or(|next| first <= next) => {
                    *end = last.max(*end)
                }
                _ => joined.push((first, last)),
            }
        }
        joined
    })
}

/// Compares a guard (its number + 1, or 0 for none) with a condition.
pub(super) fn compare(
    tables: &Tables<'_>,
    networks: &Networks,
    guard: u32,
    (condition, deny): (&[Term], bool),
    writer: &mut Writer,
) -> Compared {
    let differs = |how: &str, shows| Compared::Differs { how: how.to_owned(), shows };
    let terms = match guard.checked_sub(1) {
        None => Some(None),
        Some(guard) => {
            tables.guard_ends.range(guard).and_then(|range| tables.guard_terms.slice(range)).map(Some)
        }
    };
    let Some(terms) = terms else { return differs("it cannot be read", None) };
    let mut numbers: Vec<u32> = terms.map(|terms| terms.iter().collect()).unwrap_or_default();
    for said in condition {
        let meaning = Meaning::of(said);
        let is_it = |number: &u32| {
            let [code, key, ..] = tables.terms.record::<{ term::WORDS }>(*number)?;
            Some(code == said.operator.code() && tables.keys().get(key) == Some(&*said.key))
        };
        let place = numbers.iter().position(|number| is_it(number).unwrap_or(false));
        let Some(number) = place.map(|place| numbers.swap_remove(place)) else {
            // The one in its place, if there is one.
            let on_key = numbers.iter().filter_map(|number| Meaning::stored(tables, networks, *number));
            let other = on_key.into_iter().find(|other| other.key == &*said.key);
            let shows = meaning.shows(other.as_ref(), deny);
            return differs(&format!("no term is `{}` of `{}`", said.operator, said.key), shows);
        };
        let stored = Meaning::stored(tables, networks, number);
        if networks.exhausted && matches!(said.values, Values::Network(_)) {
            return Compared::Exhausted;
        }
        if stored.as_ref() != Some(&meaning) {
            let shows = meaning.shows(stored.as_ref(), deny);
            return differs(&format!("`{}` of `{}` has other values", said.operator, said.key), shows);
        }
        let mut shown = String::new();
        writer.values(&mut shown, said);
        let place = tables.term_places.record::<2>(number);
        if place.and_then(|[start, length]| tables.term_text.get(start, length)) != Some(&shown) {
            return differs(&format!("`{}` of `{}` is shown otherwise", said.operator, said.key), None);
        }
    }
    match numbers.first() {
        None => Compared::Same,
        Some(more) => {
            let shows = Meaning::stored(tables, networks, *more).and_then(|more| more.shows(None, deny));
            differs("it has a term more than the statement", shows)
        }
    }
}

impl<'a> Meaning<'a> {
    /// What a statement says.
    pub(crate) fn of(said: &'a Term) -> Self {
        let base = said.operator.base;
        let test = match &said.values {
            Values::Text(texts) => Test::Text(sorted(texts.iter().map(Glob::of), is_folded(base))),
            Values::Number(numbers) => Test::Number(deciding(numbers, base)),
            Values::Date(dates) => Test::Date(deciding(dates, base)),
            Values::Bool(values) => {
                Test::Bool(u32::from(values.contains(&false)) | u32::from(values.contains(&true)) << 1)
            }
            Values::Network(list) => Test::Network(runs(list.iter().copied())),
            Values::Null(empty) => Test::Null(u32::from(*empty)),
        };
        Self { operator: said.operator, key: &said.key, test, unvalued: said.unvalued }
    }

    /// What a bundle says. `None` for a term that contradicts itself.
    fn stored(tables: &Tables<'a>, networks: &Networks, number: u32) -> Option<Self> {
        let [code, key, start, length, flags] = tables.terms.record::<{ term::WORDS }>(number)?;
        let words = tables.values.slice(Range { start, end: start.checked_add(length)? })?;
        let operator = Operator::from_code(code)?;
        let base = operator.base;
        let test = match base.value_type() {
            ValueType::String => {
                let (literals, patterns) = (words.get(0)?, words.get(1)?);
                let literal = |at: u32| {
                    let [start, length] = words.record_at::<2>(at.checked_mul(2)?.checked_add(2)?)?;
                    Some(Glob::text(tables.text.get(start, length)?))
                };
                let first = literals.checked_mul(2)?.checked_add(2)?;
                let pattern = |at| Glob::stored(tables, words.get(at)?);
                let globs =
                    (0..literals).map(literal).chain((first..first.checked_add(patterns)?).map(pattern));
                Test::Text(sorted(globs.collect::<Option<Vec<_>>>()?.into_iter(), is_folded(base)))
            }
            ValueType::Number => {
                Test::Number(words.iter_records::<9>().map(number_of).collect::<Option<_>>()?)
            }
            ValueType::Date => {
                let instant =
                    |[low, high]: [u32; 2]| Instant((u64::from(high) << 32 | u64::from(low)) as i64);
                Test::Date(words.iter_records::<2>().map(instant).collect())
            }
            ValueType::Bool => Test::Bool(words.get(0)?),
            ValueType::Address => Test::Network(match words.get(0)? {
                NONE => runs(listed(words).into_iter()),
                set => networks.of(set),
            }),
            ValueType::Null => Test::Null(words.get(0)?),
        };
        Some(Self { operator, key: tables.keys().get(key)?, test, unvalued: flags & term::UNVALUED != 0 })
    }

    /// Values of the key with which the term lets the statement match and another does not, or the reverse; without
    /// the other every value does.
    fn shows(&self, other: Option<&Self>, deny: bool) -> Option<(String, Option<Vec<String>>)> {
        let one = |truth: Truth| truth == Truth::True || truth == Truth::Unknown && deny;
        let values: Vec<String> =
            [Some(self), other].into_iter().flatten().flat_map(|meaning| meaning.test.samples()).collect();
        let single = values.iter().map(|value| Some(vec![value.clone()]));
        let pairs = values.windows(2).map(|pair| Some(pair.to_vec()));
        let mut candidates = [None, Some(Vec::new())].into_iter().chain(single).chain(pairs);
        let shows = |values: &Option<Vec<String>>| {
            let own = one(self.truth(values.as_deref()));
            own != other.is_none_or(|other| one(other.truth(values.as_deref())))
        };
        // A time is one, and stands apart from the context.
        let time = self.key == TEXTS[CURRENT_TIME as usize];
        candidates
            .find(|values| {
                !(time && values.as_ref().is_some_and(|values| values.len() != 1)) && shows(values)
            })
            .map(|values| (self.key.to_owned(), values))
    }

    /// CITE CON-5 to CON-15
    pub(crate) fn truth(&self, values: Option<&[String]>) -> Truth {
        if let Test::Null(empty) = self.test {
            let is_empty = values.is_none_or(|values| values.iter().all(String::is_empty));
            return Truth::from(is_empty == (empty == 1));
        }
        let Some(values) = values else {
            let known = TEXTS[..=CURRENT_TIME as usize].contains(&self.key);
            return match (self.operator.if_exist, known) {
                (true, _) => Truth::True,
                (false, true) => Truth::Unknown,
                (false, false) => Truth::False,
            };
        };
        let each = values.iter().map(|value| self.of_value(value));
        let any = each.clone().fold(Truth::False, Truth::or);
        let all = each.fold(Truth::True, Truth::and);
        match self.operator.qualifier {
            Qualifier::AnyValue => any,
            _ if values.is_empty() => Truth::Unknown,
            Qualifier::AllValues => all,
            Qualifier::None if any == all => any,
            Qualifier::None => Truth::Unknown,
        }
    }

    pub(crate) fn of_value(&self, value: &str) -> Truth {
        let base = self.operator.base;
        let name = base.name();
        let Some(met) = self.test.meets(value, is_folded(base), &|order: Ordering| {
            if name.contains("_less_than") {
                order.is_lt() || name.ends_with("_equal") && order.is_eq()
            } else if name.contains("_greater_than") {
                order.is_gt() || name.ends_with("_equal") && order.is_eq()
            } else {
                order.is_eq()
            }
        }) else {
            return Truth::Unknown;
        };
        let met = if self.unvalued { Truth::from(met).or(Truth::Unknown) } else { Truth::from(met) };
        if base.is_negated() { !met } else { met }
    }
}

impl Test<'_> {
    /// Whether a value meets it; `None` for a value of another type.
    fn meets(&self, value: &str, fold: bool, relation: &dyn Fn(Ordering) -> bool) -> Option<bool> {
        let folded = if fold { value.to_ascii_lowercase() } else { value.to_owned() };
        Some(match self {
            Self::Text(globs) => globs.iter().any(|glob| glob.matches(&folded)),
            Self::Number(numbers) => {
                let value = Decimal::parse(value)?;
                numbers.iter().any(|number| relation(value.cmp(number)))
            }
            Self::Date(dates) => {
                let value = Instant::parse(value)?;
                dates.iter().any(|date| relation(value.cmp(date)))
            }
            Self::Bool(mask) => match value {
                "true" => mask & 2 != 0,
                "false" => mask & 1 != 0,
                _ => return None,
            },
            Self::Network([v4, v6]) => {
                let (runs, at) = match Address::parse(value)? {
                    Address::V4(bits) => (v4, u128::from(bits)),
                    Address::V6(bits) => (v6, bits),
                };
                runs.iter().any(|(first, last)| (first..=last).contains(&&at))
            }
            Self::Null(_) => return None,
        })
    }

    /// Values at which it changes its mind, and one that is like none of them.
    fn samples(&self) -> Vec<String> {
        match self {
            Self::Text(globs) => {
                let of = globs
                    .iter()
                    .flat_map(|glob| [glob.witness(""), glob.witness("x"), glob.witness("") + "x"]);
                of.chain(["other".to_owned(), String::new()]).collect()
            }
            Self::Number(numbers) => {
                let around = |number: &Decimal| {
                    let (negative, integer, fraction) = number.parts();
                    let near = [integer, integer.saturating_add(1), integer.saturating_sub(1)];
                    near.map(|integer| Decimal::from_parts(negative, integer, fraction).to_string())
                };
                numbers.iter().flat_map(around).chain(["0".to_owned()]).collect()
            }
            Self::Date(dates) => {
                let around =
                    |Instant(at): &Instant| [-1, 0, 1].map(|by| Instant(at.saturating_add(by)).to_string());
                dates.iter().flat_map(around).chain(["2026-01-01T00:00:00Z".to_owned()]).collect()
            }
            Self::Bool(_) => ["true", "false"].map(str::to_owned).into(),
            Self::Network([v4, v6]) => {
                let near = |runs: &[Run]| -> Vec<u128> {
                    let near =
                        |(first, last): &Run| [*first, *last, first.wrapping_sub(1), last.wrapping_add(1)];
                    runs.iter().flat_map(near).collect()
                };
                let v4 = near(v4).into_iter().filter_map(|at| u32::try_from(at).ok());
                let v4 = v4.map(|at| core::net::Ipv4Addr::from_bits(at).to_string());
                let v6 = near(v6).into_iter().map(|at| core::net::Ipv6Addr::from_bits(at).to_string());
                v4.chain(v6).chain(["192.0.2.1".to_owned(), "2001:db8::1".to_owned()]).collect()
            }
            Self::Null(_) => vec![String::new(), "x".to_owned()],
        }
    }
}

/// Whether the case of ASCII letters does not count.
pub(crate) fn is_folded(base: Base) -> bool {
    base.name().contains("ignore_case")
}

/// Globs in one order, literals in lower case where case does not count.
fn sorted<'a>(globs: impl Iterator<Item = Glob<'a>>, fold: bool) -> Vec<Glob<'a>> {
    let lower = |glob: Glob<'a>| match glob.exact().filter(|_| fold) {
        Some(text) => Glob::text(text.to_ascii_lowercase()),
        None => glob,
    };
    let mut globs: Vec<Glob<'a>> = globs.map(lower).collect();
    globs.sort_unstable();
    globs.dedup();
    globs
}

/// The bound that the others imply, or every value, ascending (CITE CON-9).
fn deciding<T: Copy + Ord>(values: &[T], base: Base) -> Vec<T> {
    let name = base.name();
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    if name.contains("_less_than") {
        values.drain(..values.len().saturating_sub(1));
    } else if name.contains("_greater_than") {
        values.truncate(1);
    }
    values
}

/// Sign, integer part and fraction.
fn number_of(words: [u32; 9]) -> Option<Decimal> {
    let [negative, rest @ ..] = words;
    let (integer, fraction) = rest.split_at_checked(4)?;
    let wide = |words: &[u32]| words.iter().rev().fold(0u128, |sum, word| sum << 32 | u128::from(*word));
    Some(Decimal::from_parts(negative != 0, wide(integer), wide(fraction)))
}

/// Networks written behind a term.
fn listed(words: Words<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    let mut at = 1;
    while let Some([length, rest @ ..]) = words.record_at::<5>(at) {
        let bits = rest.iter().rev().fold(0u128, |sum, word| sum << 32 | u128::from(*word));
        networks.push(match length.checked_sub(256) {
            None => Network::V4(bits as u32, length as u8),
            Some(length) => Network::V6(bits, length as u8),
        });
        at += 5;
    }
    networks
}

/// A context in which every term of a condition holds: by key its values, `None` for leaving it out.
///
/// `None` where none is found, which does not mean that there is none, and where a term asks for what the caller alone
/// decides. Variables have the values of witnesses.
pub(crate) fn satisfying(condition: &[Term]) -> Option<Vec<(String, Option<Vec<String>>)>> {
    let mut keys: Vec<&str> = condition.iter().map(|term| &*term.key).collect();
    keys.sort_unstable();
    keys.dedup();
    let of_key = |key: &str| {
        let time = key == TEXTS[CURRENT_TIME as usize];
        let derived = matches!(key, "qcs:uin" | "qcs:owner_uin");
        let terms: Vec<Meaning<'_>> =
            condition.iter().filter(|term| &*term.key == key && !derived).map(Meaning::of).collect();
        let values: Vec<String> = terms.iter().flat_map(|meaning| meaning.test.samples()).collect();
        let pairs = values.iter().flat_map(|a| values.iter().map(|b| Some(vec![a.clone(), b.clone()])));
        let single = values.iter().map(|value| Some(vec![value.clone()]));
        let mut candidates =
            single.chain([None, Some(Vec::new())]).chain(pairs).filter(|values: &Option<Vec<String>>| {
                !time || values.as_ref().is_none_or(|values| values.len() == 1)
            });
        let holds = |values: &Option<Vec<String>>| {
            terms.iter().all(|meaning| meaning.truth(values.as_deref()) == Truth::True)
        };
        let values = candidates.find(holds).filter(|_| !derived)?;
        Some((key.to_owned(), values))
    };
    keys.into_iter().map(of_key).collect()
}

/// A value with which a term holds; `None` for leaving its key out, or where none is found.
pub(super) fn witness(term: &Term) -> Option<String> {
    let meaning = Meaning::of(term);
    let holds = |value: &String| meaning.truth(Some(core::slice::from_ref(value))) == Truth::True;
    meaning.test.samples().into_iter().find(holds)
}
