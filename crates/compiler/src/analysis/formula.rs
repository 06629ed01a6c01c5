//! What a question asks of a request: statements that match it, joined by and, or and not.

use std::collections::BTreeSet;

/// Something that is so or not for a request: see [`super::Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Atom(pub(super) u32);

/// Atoms joined by and, or and not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// Always so, or never.
    Const(bool),
    /// So if the atom is.
    Atom(Atom),
    /// So if the part is not.
    Not(Box<Formula>),
    /// So if every part is.
    All(Vec<Formula>),
    /// So if some part is.
    Any(Vec<Formula>),
}

impl From<Atom> for Formula {
    fn from(atom: Atom) -> Self {
        Self::Atom(atom)
    }
}

impl core::ops::Not for Formula {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Const(value) => Self::Const(!value),
            Self::Not(part) => *part,
            part => Self::Not(Box::new(part)),
        }
    }
}

impl core::ops::BitAnd for Formula {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self::all([self, other])
    }
}

impl core::ops::BitOr for Formula {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self::any([self, other])
    }
}

impl Formula {
    /// Every part.
    pub fn all<F: Into<Self>>(parts: impl IntoIterator<Item = F>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part.into() {
                Self::Const(true) => {}
                Self::Const(false) => return Self::Const(false),
                Self::All(parts) => all.extend(parts),
                part => all.push(part),
            }
        }
        match all.len() {
            0 => Self::Const(true),
            1 => all.swap_remove(0),
            _ => Self::All(all),
        }
    }

    /// Some part.
    pub fn any<F: Into<Self>>(parts: impl IntoIterator<Item = F>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part.into() {
                Self::Const(false) => {}
                Self::Const(true) => return Self::Const(true),
                Self::Any(parts) => any.extend(parts),
                part => any.push(part),
            }
        }
        match any.len() {
            0 => Self::Const(false),
            1 => any.swap_remove(0),
            _ => Self::Any(any),
        }
    }

    /// One of the two and not the other.
    pub fn differ(a: Self, b: Self) -> Self {
        (a.clone() & !b.clone()) | (!a & b)
    }

    /// Its value as far as that of its atoms is known.
    pub(super) fn value(&self, known: &impl Fn(Atom) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Const(value) => Some(*value),
            Self::Atom(atom) => known(*atom),
            Self::Not(part) => part.value(known).map(|value| !value),
            Self::All(parts) => joined(parts, known, false),
            Self::Any(parts) => joined(parts, known, true),
        }
    }

    /// Whether it may hold where some atoms do not and of the others nothing is known.
    pub(super) fn may_hold(&self, is_dead: &impl Fn(Atom) -> bool) -> bool {
        match self {
            Self::Const(value) => *value,
            Self::Atom(atom) => !is_dead(*atom),
            Self::Not(part) => part.may_fail(is_dead),
            Self::All(parts) => parts.iter().all(|part| part.may_hold(is_dead)),
            Self::Any(parts) => parts.iter().any(|part| part.may_hold(is_dead)),
        }
    }

    /// Whether it may not hold there.
    fn may_fail(&self, is_dead: &impl Fn(Atom) -> bool) -> bool {
        match self {
            Self::Const(value) => !*value,
            Self::Atom(_) => true,
            Self::Not(part) => part.may_hold(is_dead),
            Self::All(parts) => parts.iter().any(|part| part.may_fail(is_dead)),
            Self::Any(parts) => parts.iter().all(|part| part.may_fail(is_dead)),
        }
    }

    /// The same where atoms that are known are their values.
    pub(super) fn reduced(&self, known: &impl Fn(Atom) -> Option<bool>) -> Self {
        match self {
            Self::Const(value) => Self::Const(*value),
            Self::Atom(atom) => known(*atom).map_or(Self::Atom(*atom), Self::Const),
            Self::Not(part) => !part.reduced(known),
            Self::All(parts) => Self::all(parts.iter().map(|part| part.reduced(known))),
            Self::Any(parts) => Self::any(parts.iter().map(|part| part.reduced(known))),
        }
    }

    pub(super) fn atoms(&self, into: &mut BTreeSet<Atom>) {
        match self {
            Self::Const(_) => {}
            Self::Atom(atom) => drop(into.insert(*atom)),
            Self::Not(part) => part.atoms(into),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.atoms(into)),
        }
    }

    /// Atoms that are so wherever the formula is.
    pub(super) fn required(&self) -> Vec<Atom> {
        match self {
            Self::Atom(atom) => vec![*atom],
            Self::All(parts) => parts.iter().flat_map(Self::required).collect(),
            _ => Vec::new(),
        }
    }
}

fn joined(parts: &[Formula], known: &impl Fn(Atom) -> Option<bool>, decides: bool) -> Option<bool> {
    let mut open = false;
    for part in parts {
        match part.value(known) {
            Some(value) if value == decides => return Some(decides),
            Some(_) => {}
            None => open = true,
        }
    }
    if open { None } else { Some(!decides) }
}
