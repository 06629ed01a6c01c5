//! Globs as sets of positions: the proof's own reading of patterns, which shares nothing with the compiler's
//! tails, tries and automata.

use std::borrow::Cow;
use std::collections::HashMap;

use camshaft_bundle::Tables;
use camshaft_bundle::schema::{piece, row::tail};
use camshaft_frontend::policy::{Pattern, Piece};
use camshaft_value::pattern::Variable;

/// A part of a glob.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part<'a> {
    /// Text that stands for itself; never empty.
    Text(Cow<'a, str>),
    /// Any text.
    Any,
    /// The text of a variable: an atom.
    Variable(Variable),
}

/// A glob that covers the whole text; no parts match the empty text only.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Glob<'a>(pub(crate) Vec<Part<'a>>);

impl<'a> Glob<'a> {
    /// Any text.
    pub(crate) fn any() -> Self {
        Self(vec![Part::Any])
    }

    /// One text.
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] })
    }

    /// What a statement says.
    pub(crate) fn of(pattern: &'a Pattern) -> Self {
        let part = |piece: &'a Piece| match piece {
            Piece::Literal(text) => Part::Text(Cow::Borrowed(text)),
            Piece::Star => Part::Any,
            Piece::Variable(variable) => Part::Variable(*variable),
        };
        Self(pattern.0.iter().map(part).collect())
    }

    /// A pattern of a bundle.
    pub(crate) fn stored(tables: &Tables<'a>, number: u32) -> Option<Self> {
        let part = |at| {
            Some(match tables.pieces.record::<3>(at)? {
                [piece::LITERAL, start, length] => Part::Text(tables.text.get(start, length)?.into()),
                [piece::STAR, ..] => Part::Any,
                [piece::UIN, ..] => Part::Variable(Variable::Uin),
                [piece::OWNER_UIN, ..] => Part::Variable(Variable::OwnerUin),
                [piece::APP_ID, ..] => Part::Variable(Variable::AppId),
                _ => Part::Variable(Variable::Unvalued),
            })
        };
        let mut parts: Vec<Part<'a>> = Vec::new();
        for at in tables.pattern_ends.range(number)? {
            let part = part(at)?;
            let empty = matches!(&part, Part::Text(text) if text.is_empty());
            let again = part == Part::Any && parts.last() == Some(&Part::Any);
            if !empty && !again {
                parts.push(part);
            }
        }
        Some(Self(parts))
    }

    /// The sixth segment of a row. `None` also where its kind does not tell of its variables.
    pub(crate) fn of_tail(tables: &Tables<'a>, kind: u32, operand: u32, length: u32) -> Option<Self> {
        let text = || Some(Self::text(tables.text.get(operand, length)?));
        Some(match kind {
            tail::ANY => Self::any(),
            tail::EXACT => text()?,
            tail::PREFIX => {
                let mut glob = text()?;
                glob.0.push(Part::Any);
                glob
            }
            tail::SUFFIX => {
                let mut glob = text()?;
                glob.0.insert(0, Part::Any);
                glob
            }
            _ => {
                let glob = Self::stored(tables, operand)?;
                if glob.has_variable() != (kind == tail::VARIABLE) {
                    return None;
                }
                glob
            }
        })
    }

    pub(crate) fn is_any(&self) -> bool {
        self.0 == [Part::Any]
    }

    pub(crate) fn has_variable(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Variable(_)))
    }

    /// The only text it matches.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// What every match begins with.
    pub(crate) fn head(&self) -> &str {
        match self.0.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// What every match ends with.
    pub(crate) fn foot(&self) -> &str {
        match self.0.last() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// The texts that stand in every match.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(&**text),
            _ => None,
        })
    }

    /// A text that it matches, with something in the place of stars and variables.
    pub(crate) fn witness(&self, filling: &str) -> String {
        let part = |part: &Part<'a>| match part {
            Part::Text(text) => text.to_string(),
            Part::Any => filling.to_owned(),
            Part::Variable(variable) => value(*variable).to_owned(),
        };
        self.0.iter().map(part).collect()
    }

    /// The same with any text in the place of variables: matches whatever it can match.
    pub(crate) fn widened(&self) -> Self {
        let part = |part: &Part<'a>| match part {
            Part::Variable(_) => Part::Any,
            part => part.clone(),
        };
        Self(self.0.iter().map(part).collect())
    }

    /// Whether it matches a text, its variables standing for what witnesses have.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let tokens = Tokens::new(self);
        let mut set = tokens.start();
        for byte in text.bytes() {
            set = tokens.step(&set, byte);
        }
        tokens.accepts(&set)
    }
}

/// What variables stand for in witnesses.
fn value(variable: Variable) -> &'static str {
    match variable {
        Variable::Uin => "100000000011",
        Variable::OwnerUin | Variable::Unvalued => "100000000001",
        Variable::AppId => "1250000000",
    }
}

impl core::fmt::Display for Glob<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Any => f.write_str("*"),
            Part::Variable(Variable::Uin) => f.write_str("${uin}"),
            Part::Variable(Variable::OwnerUin) => f.write_str("${owner_uin}"),
            Part::Variable(Variable::AppId) => f.write_str("${app_id}"),
            Part::Variable(Variable::Unvalued) => f.write_str("${OwnerUin}"),
        })
    }
}

/// A glob byte by byte.
#[derive(Clone, Debug)]
pub(crate) struct Tokens(Vec<Option<u8>>);

impl Tokens {
    /// A star is `None`.
    pub(crate) fn new(glob: &Glob<'_>) -> Self {
        let mut tokens = Vec::new();
        for part in &glob.0 {
            match part {
                Part::Text(text) => tokens.extend(text.bytes().map(Some)),
                Part::Any => tokens.push(None),
                Part::Variable(variable) => tokens.extend(value(*variable).bytes().map(Some)),
            }
        }
        Self(tokens)
    }

    fn is_star(&self, at: u32) -> bool {
        self.0.get(at as usize) == Some(&None)
    }

    /// Adds a position, and those behind the stars that begin there.
    fn reach(&self, set: &mut Vec<u32>, mut at: u32) {
        loop {
            set.push(at);
            if !self.is_star(at) {
                return;
            }
            at += 1;
        }
    }

    /// Ascending, once each, and nothing in front of the last star: what matches from a position matches from a
    /// later star too.
    fn tidy(&self, mut set: Vec<u32>) -> Vec<u32> {
        set.sort_unstable();
        set.dedup();
        if let Some(star) = set.iter().rposition(|at| self.is_star(*at)) {
            set.drain(..star);
        }
        set
    }

    /// Where a match begins.
    pub(crate) fn start(&self) -> Vec<u32> {
        let mut set = Vec::new();
        self.reach(&mut set, 0);
        self.tidy(set)
    }

    /// Where a byte leads.
    pub(crate) fn step(&self, set: &[u32], byte: u8) -> Vec<u32> {
        let mut next = Vec::with_capacity(set.len() + 1);
        for at in set {
            match self.0.get(*at as usize) {
                Some(None) => self.reach(&mut next, *at),
                Some(Some(own)) if *own == byte => self.reach(&mut next, at + 1),
                _ => {}
            }
        }
        self.tidy(next)
    }

    pub(crate) fn accepts(&self, set: &[u32]) -> bool {
        set.last().is_some_and(|last| *last as usize == self.0.len())
    }

    pub(crate) fn bytes(&self) -> impl Iterator<Item = u8> {
        self.0.iter().filter_map(|token| *token)
    }
}

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walked {
    /// It holds for every text.
    Proven,
    /// It does not hold for this text.
    Fails(Vec<u8>),
    /// More states than the budget has.
    Exhausted,
}

/// States that a walk has met, with the way to each.
pub(crate) struct Seen<S> {
    numbers: HashMap<S, u32>,
    /// State, the number of the one before it, and the byte between.
    states: Vec<(S, u32, u8)>,
    next: usize,
    budget: usize,
}

impl<S: Clone + Eq + std::hash::Hash> Seen<S> {
    pub(crate) fn new(first: S, budget: usize) -> Self {
        let numbers = HashMap::from([(first.clone(), 0)]);
        Self { numbers, states: vec![(first, 0, 0)], next: 0, budget }
    }

    /// The next state that was not looked at, with its number.
    pub(crate) fn next(&mut self) -> Option<(u32, S)> {
        let (state, ..) = self.states.get(self.next)?;
        self.next += 1;
        Some((u32::try_from(self.next - 1).ok()?, state.clone()))
    }

    /// Takes a state that a byte leads to; false over the budget.
    #[must_use]
    pub(crate) fn add(&mut self, state: S, from: u32, byte: u8) -> bool {
        let Ok(fresh) = u32::try_from(self.states.len()) else { return false };
        if let std::collections::hash_map::Entry::Vacant(entry) = self.numbers.entry(state) {
            self.states.push((entry.key().clone(), from, byte));
            entry.insert(fresh);
        }
        self.states.len() <= self.budget
    }

    /// The bytes that lead to a state.
    pub(crate) fn way(&self, mut number: u32) -> Vec<u8> {
        let mut way = Vec::new();
        while let Some((_, before, byte)) = self.states.get(number as usize).filter(|_| number > 0) {
            way.push(*byte);
            number = *before;
        }
        way.reverse();
        way
    }
}

/// The bytes that some globs tell apart: those that occur, and one that stands for all others.
pub(crate) fn alphabet(used: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut is_used = [false; 256];
    used.for_each(|byte| is_used[usize::from(byte)] = true);
    let letters = (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9');
    let other = letters.chain(0..=255).find(|byte| !is_used[usize::from(*byte)]);
    (0..=255).filter(|byte| is_used[usize::from(*byte)]).chain(other).collect()
}

/// Whether the texts that all of `left` match are those that all of `right` match; no variables.
pub(crate) fn same(left: &[&Glob<'_>], right: &[&Glob<'_>], budget: usize) -> Walked {
    let globs: Vec<&Glob<'_>> = left.iter().chain(right).copied().collect();
    walk(&globs, budget, |matched| {
        let (left, right) = matched.split_at(left.len());
        left.iter().all(|matched| *matched) == right.iter().all(|matched| *matched)
    })
}

/// Whether no text is matched by all of the globs; no variables.
pub(crate) fn apart(globs: &[&Glob<'_>], budget: usize) -> Walked {
    walk(globs, budget, |matched| !matched.iter().all(|matched| *matched))
}

/// Whether every text that a glob matches is matched by one of the others; no variables.
pub(crate) fn within(inner: &Glob<'_>, outers: &[&Glob<'_>], budget: usize) -> Walked {
    let globs: Vec<&Glob<'_>> = core::iter::once(inner).chain(outers.iter().copied()).collect();
    let tokens: Vec<Tokens> = globs.iter().map(|glob| Tokens::new(glob)).collect();
    let alphabet = alphabet(tokens.iter().flat_map(Tokens::bytes));
    let first: Vec<Vec<u32>> = tokens.iter().map(Tokens::start).collect();
    let mut seen = Seen::new(first, budget);
    while let Some((number, sets)) = seen.next() {
        let mut accepted = tokens.iter().zip(&sets).map(|(tokens, set)| tokens.accepts(set));
        if accepted.next() == Some(true) && !accepted.any(|accepts| accepts) {
            return Walked::Fails(seen.way(number));
        }
        for byte in &alphabet {
            let next: Vec<Vec<u32>> =
                tokens.iter().zip(&sets).map(|(tokens, set)| tokens.step(set, *byte)).collect();
            // What the inner one does not match cannot count against the others.
            if next.first().is_some_and(Vec::is_empty) {
                continue;
            }
            if !seen.add(next, number, *byte) {
                return Walked::Exhausted;
            }
        }
    }
    Walked::Proven
}

/// Whether something holds of every text, told by which of the globs match it. It must hold where none does.
fn walk(globs: &[&Glob<'_>], budget: usize, holds: impl Fn(&[bool]) -> bool) -> Walked {
    let tokens: Vec<Tokens> = globs.iter().map(|glob| Tokens::new(glob)).collect();
    let alphabet = alphabet(tokens.iter().flat_map(Tokens::bytes));
    let first: Vec<Vec<u32>> = tokens.iter().map(Tokens::start).collect();
    let mut seen = Seen::new(first, budget);
    while let Some((number, sets)) = seen.next() {
        let matched: Vec<bool> = tokens.iter().zip(&sets).map(|(tokens, set)| tokens.accepts(set)).collect();
        if !holds(&matched) {
            return Walked::Fails(seen.way(number));
        }
        if sets.iter().all(Vec::is_empty) {
            continue;
        }
        for byte in &alphabet {
            let next = tokens.iter().zip(&sets).map(|(tokens, set)| tokens.step(set, *byte)).collect();
            if !seen.add(next, number, *byte) {
                return Walked::Exhausted;
            }
        }
    }
    Walked::Proven
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob<'_> {
        let mut parts = Vec::new();
        for (at, part) in text.split('*').enumerate() {
            if at > 0 {
                parts.push(Part::Any);
            }
            if !part.is_empty() {
                parts.push(Part::Text(part.into()));
            }
        }
        Glob(parts)
    }

    #[test]
    fn globs_are_the_same_or_differ_by_a_text() {
        let same = |a: &[&str], b: &[&str]| {
            let (a, b): (Vec<_>, Vec<_>) =
                (a.iter().map(|t| glob(t)).collect(), b.iter().map(|t| glob(t)).collect());
            super::same(&a.iter().collect::<Vec<_>>(), &b.iter().collect::<Vec<_>>(), 10_000)
        };
        assert_eq!(same(&["a*b"], &["a*b"]), Walked::Proven);
        assert_eq!(same(&["a*", "*b"], &["a*b"]), Walked::Proven);
        assert_eq!(same(&["aba*", "*ab"], &["aba*ab"]), Walked::Fails(b"abab".to_vec()));
        assert_eq!(same(&["a/*"], &["a*"]), Walked::Fails(b"a".to_vec()));
        assert_eq!(same(&["a/b", "a/*"], &["a/b"]), Walked::Proven);
        assert_eq!(same(&["*a*b*"], &["*b*a*"]), Walked::Fails(b"ab".to_vec()));
        assert_eq!(same(&["x*"], &["y*", "x*"]), Walked::Fails(b"x".to_vec()));
        assert_eq!(super::same(&[&glob("*aaaa*bbbb*")], &[&glob("*aaaa*bbbc*")], 4), Walked::Exhausted);
    }

    #[test]
    fn witnesses_match() {
        for text in ["", "*", "a", "a*", "*a", "a*b", "*a*bc*", "a*a*a"] {
            for filling in ["", "x", "ab"] {
                assert!(glob(text).matches(&glob(text).witness(filling)), "{text} {filling}");
            }
            assert_eq!(glob(text).to_string(), text);
        }
        assert!(!glob("a*b").matches("a") && !glob("*ab*").matches("ba") && glob("*ab*ab").matches("abab"));
    }
}
