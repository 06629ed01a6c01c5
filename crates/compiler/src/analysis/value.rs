//! The values of one key, as far as some requirements tell them apart.

use camshaft_frontend::policy::Term;
use camshaft_value::address::Address;
use camshaft_value::date::Instant;
use camshaft_value::decimal::{Decimal, MAX_DIGITS};
use camshaft_value::operator::{Qualifier, ValueType};
use camshaft_value::pattern::Variable;
use camshaft_value::truth::Truth;

use super::search::{Spent, Steps};
use super::text::{Letters, Patterns, walk};
use crate::prove::condition::{Meaning, Test, is_folded};
use crate::prove::glob::{Glob, Part};

/// A term with its variables filled.
pub(super) type Requirement<'a> = Meaning<'a>;

/// Values of requirements on one key that every list of values is made of.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// A value, and what the positive or negated comparison of every requirement says of it.
    pub(super) each: Vec<(String, Vec<Truth>)>,
    /// Whether no value says anything else.
    pub(super) exact: bool,
}

/// A glob with its variables filled; `None` where one has no value.
pub(super) fn filled<'a>(glob: &Glob<'a>, value: &impl Fn(Variable) -> Option<String>) -> Option<Glob<'a>> {
    if !glob.has_variable() {
        return Some(glob.clone());
    }
    let mut parts: Vec<Part<'a>> = Vec::with_capacity(glob.0.len());
    for part in &glob.0 {
        let part = match part {
            Part::Variable(variable) => Part::Text(value(*variable)?.into()),
            part => part.clone(),
        };
        match (parts.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.to_mut().push_str(&text),
            (_, part) => parts.push(part),
        }
    }
    Some(Glob(parts))
}

/// What a term requires of a caller with these variables.
pub(super) fn requirement<'a>(
    term: &'a Term,
    value: &impl Fn(Variable) -> Option<String>,
) -> Requirement<'a> {
    let mut meaning = Meaning::of(term);
    if let Test::Text(globs) = &mut meaning.test {
        let before = core::mem::take(globs);
        *globs = before.iter().filter_map(|glob| filled(glob, value)).collect();
        meaning.unvalued |= globs.len() < before.len();
    }
    meaning
}

/// What one value comes to. For `null_equal`, whether it is empty.
pub(super) fn of_value(requirement: &Requirement<'_>, value: &str) -> Truth {
    match requirement.test {
        Test::Null(_) => Truth::from(value.is_empty()),
        _ => requirement.of_value(value),
    }
}

/// What a list of values comes to, from the least and the greatest of its values (CITE CON-11 to CON-15).
pub(super) fn of_list(requirement: &Requirement<'_>, least: Truth, greatest: Truth) -> Truth {
    match (&requirement.test, requirement.operator.qualifier) {
        (Test::Null(empty), _) => Truth::from((least == Truth::True) == (*empty == 1)),
        (_, Qualifier::AnyValue) => greatest,
        (_, Qualifier::AllValues) => least,
        (_, Qualifier::None) if least == greatest => least,
        (_, Qualifier::None) => Truth::Unknown,
    }
}

/// Whether a value can be read as a type (CITE LIT-13).
pub(super) fn is_readable(value: &str, as_type: ValueType) -> bool {
    match as_type {
        ValueType::Number => Decimal::parse(value).is_some(),
        ValueType::Date => Instant::parse(value).is_some(),
        ValueType::Bool => matches!(value, "true" | "false"),
        ValueType::Address => Address::parse(value).is_some(),
        ValueType::String | ValueType::Null => true,
    }
}

/// Any text; what is behind the printable letters of ASCII stands in no witness unless a pattern asks for it.
const TEXTS: Letters =
    Letters { allowed: |_| true, fillers: "xyzabcdefghijklmnopqrstuvwABCXYZ0123456789", empty: true };

/// The classes of values that some requirements on one key tell apart. With `types`, only values that can be read as
/// all of them.
pub(super) fn classes(
    requirements: &[&Requirement<'_>],
    types: Option<&[ValueType]>,
    steps: &Steps,
) -> Result<Classes, Spent> {
    let mut candidates: Vec<String> = Vec::new();
    let (mut texts, mut typed, mut globs) = (Patterns::default(), false, false);
    let mut exact_texts: Vec<(Glob<'_>, bool)> = Vec::new();
    let mut known: Vec<(&Glob<'_>, bool)> = Vec::new();
    let (empty, yes, no) = (Glob::text(""), Glob::text("true"), Glob::text("false"));
    let add = |texts: &mut Patterns, glob: &Glob<'_>| texts.add(glob, false);
    for requirement in requirements {
        let folded = is_folded(requirement.operator.base);
        match &requirement.test {
            Test::Text(list) => {
                for glob in list {
                    if known.contains(&(glob, folded)) {
                        continue;
                    }
                    known.push((glob, folded));
                    globs |= glob.exact().is_none();
                    texts.add(glob, folded);
                    exact_texts.push((glob.clone(), folded));
                }
            }
            Test::Null(_) => add(&mut texts, &empty),
            Test::Bool(_) => {
                add(&mut texts, &yes);
                add(&mut texts, &no);
            }
            test => {
                typed = true;
                candidates.extend(samples(test));
            }
        }
    }
    // A type that no live requirement asks for still has to be readable.
    for as_type in types.into_iter().flatten() {
        match as_type {
            ValueType::Number => candidates.extend(["0", "1", "2", "7", "42"].map(str::to_owned)),
            ValueType::Date => candidates.push("2026-01-01T00:00:00Z".to_owned()),
            ValueType::Address => candidates.extend(["192.0.2.1", "2001:db8::1"].map(str::to_owned)),
            ValueType::Bool => {
                add(&mut texts, &yes);
                add(&mut texts, &no);
            }
            ValueType::String | ValueType::Null => {}
        }
        typed |= matches!(as_type, ValueType::Number | ValueType::Date | ValueType::Address);
    }
    let collected = walk(
        &texts,
        TEXTS,
        steps,
        |_| true,
        |_, text| {
            candidates.push(text.to_owned());
            std::ops::ControlFlow::<()>::Continue(())
        },
    )?;
    let std::ops::ControlFlow::Continue(()) = collected else { return Ok(Classes::default()) };
    let mut classes = Classes { each: Vec::new(), exact: true };
    let mut open: Vec<(Vec<Truth>, bool)> = Vec::new();
    for value in candidates {
        steps.take(requirements.len() + 1, "values")?;
        if types.into_iter().flatten().any(|as_type| !is_readable(&value, *as_type)) {
            continue;
        }
        let truths: Vec<Truth> =
            requirements.iter().map(|requirement| of_value(requirement, &value)).collect();
        if typed && !exact_texts.is_empty() {
            // Outside of the texts that are named, a typed value can be written in ways that no text is equal to.
            let of_types: Vec<Truth> = requirements
                .iter()
                .zip(&truths)
                .filter(|(requirement, _)| !matches!(requirement.test, Test::Text(_)))
                .map(|(_, truth)| *truth)
                .collect();
            let folds = |glob: &Glob<'_>, folded: bool| match folded {
                true => glob.matches(&value.to_ascii_lowercase()),
                false => glob.matches(&value),
            };
            let plain = !exact_texts.iter().any(|(glob, folded)| folds(glob, *folded));
            match open.iter_mut().find(|(known, _)| *known == of_types) {
                Some((_, met)) => *met |= plain,
                None => open.push((of_types, plain)),
            }
        }
        if !classes.each.iter().any(|(_, known)| *known == truths) {
            classes.each.push((value, truths));
        }
    }
    classes.exact = !typed || exact_texts.is_empty() || (!globs && open.iter().all(|(_, plain)| *plain));
    Ok(classes)
}

/// One value of each stretch that a test tells apart.
fn samples(test: &Test<'_>) -> Vec<String> {
    match test {
        Test::Number(numbers) => {
            let (mut near, mut just): (Vec<Decimal>, Vec<Decimal>) = (Vec::new(), Vec::new());
            for number in numbers {
                let (negative, integer, _) = number.parts();
                near.push(*number);
                for integer in [integer.checked_add(1), integer.checked_sub(1)].into_iter().flatten() {
                    near.push(Decimal::from_parts(negative, integer, 0));
                    near.push(Decimal::from_parts(negative, integer, WHOLE / 2));
                }
                near.push(Decimal::from_parts(negative, integer, WHOLE / 2));
                just.extend([above(*number), below(*number)].into_iter().flatten());
            }
            near.push(Decimal::from_parts(false, 0, 0));
            let all = near.into_iter().chain(just).map(|number| number.to_string());
            all.filter(|text| Decimal::parse(text).is_some()).collect()
        }
        Test::Date(dates) => {
            let at = |by: i64| dates.iter().map(move |Instant(at)| Instant(at.saturating_add(by)));
            let all = [0, 1_000, -1_000, 1, -1].into_iter().flat_map(at).map(|date| date.to_string());
            all.filter(|text| Instant::parse(text).is_some()).collect()
        }
        Test::Network([v4, v6]) => {
            let near = |runs: &[(u128, u128)]| -> Vec<u128> {
                let near = |(first, last): &(u128, u128)| [Some(*first), last.checked_add(1)];
                runs.iter().flat_map(near).flatten().collect()
            };
            let v4 = near(v4).into_iter().filter_map(|at| u32::try_from(at).ok()).chain([0xc000_0201, 0]);
            let v4 = v4.map(|at| core::net::Ipv4Addr::from_bits(at).to_string());
            let v6 = near(v6).into_iter().chain([0x2001_0db8 << 96 | 1, 0]);
            v4.chain(v6.map(|at| core::net::Ipv6Addr::from_bits(at).to_string())).collect()
        }
        Test::Text(_) | Test::Bool(_) | Test::Null(_) => Vec::new(),
    }
}

/// The unit of a fraction is 10⁻³⁸; one more of them than this is a whole.
const WHOLE: u128 = 10u128.pow(MAX_DIGITS as u32);

fn grown(integer: u128, fraction: u128) -> Option<(u128, u128)> {
    if fraction.checked_add(1)? < WHOLE {
        Some((integer, fraction + 1))
    } else {
        Some((integer.checked_add(1)?, 0))
    }
}

fn shrunk(integer: u128, fraction: u128) -> Option<(u128, u128)> {
    if fraction > 0 { Some((integer, fraction - 1)) } else { Some((integer.checked_sub(1)?, WHOLE - 1)) }
}

/// The next number.
fn above(number: Decimal) -> Option<Decimal> {
    let (negative, integer, fraction) = number.parts();
    let (integer, fraction) = if negative { shrunk(integer, fraction) } else { grown(integer, fraction) }?;
    Some(Decimal::from_parts(negative, integer, fraction))
}

/// The number before.
fn below(number: Decimal) -> Option<Decimal> {
    let (negative, integer, fraction) = number.parts();
    if (integer, fraction) == (0, 0) {
        return Some(Decimal::from_parts(true, 0, 1));
    }
    let (integer, fraction) = if negative { grown(integer, fraction) } else { shrunk(integer, fraction) }?;
    Some(Decimal::from_parts(negative, integer, fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_neighbours() {
        let number = |text: &str| Decimal::parse(text).unwrap();
        for text in ["0", "-1", "1", "-0.5", "9.99", "-10"] {
            let (above, below) = (above(number(text)).unwrap(), below(number(text)).unwrap());
            assert!(below < number(text) && number(text) < above, "{text}");
            assert_eq!(super::above(below), Some(number(text)));
            assert_eq!(super::below(above), Some(number(text)));
        }
    }
}
