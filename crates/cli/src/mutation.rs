//! Small changes of a world, each of which a good set of cases should notice: a statement left out, turned round or
//! widened.

use std::collections::BTreeMap;

use camshaft_frontend::policy::{ActionEntry, Effect, PolicySet, PrincipalEntry, ResourceEntry, Statement};
use camshaft_frontend::source::Position;

use crate::coverage::Place;

/// What is changed about a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is left out.
    Drop,
    /// It denies what it allowed, or the other way round.
    Flip,
    /// It binds everyone.
    AnyPrincipal,
    /// It is about every action.
    AnyAction,
    /// It is about every resource.
    AnyResource,
    /// It has no condition.
    NoCondition,
}

impl Change {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Drop, Self::Flip, Self::AnyPrincipal, Self::AnyAction, Self::AnyResource, Self::NoCondition];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Flip => "flip",
            Self::AnyPrincipal => "any_principal",
            Self::AnyAction => "any_action",
            Self::AnyResource => "any_resource",
            Self::NoCondition => "no_condition",
        }
    }

    /// What it does, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Drop => "without the statement",
            Self::Flip => "with the other effect",
            Self::AnyPrincipal => "with the principal `*`",
            Self::AnyAction => "with the action `*`",
            Self::AnyResource => "with the resource `*`",
            Self::NoCondition => "without its condition",
        }
    }

    /// The statement changed, nothing where it is left out; none where the change changes nothing.
    pub fn of(self, statement: &Statement) -> Option<Option<Statement>> {
        let mut changed = statement.clone();
        match self {
            Self::Drop => return Some(None),
            Self::Flip => {
                changed.effect = if statement.effect == Effect::Allow { Effect::Deny } else { Effect::Allow };
            }
            Self::AnyPrincipal => {
                changed.principals = statement.principals.as_ref().map(|_| vec![PrincipalEntry::Everyone]);
            }
            Self::AnyAction => changed.actions = vec![ActionEntry::All],
            Self::AnyResource => changed.resources = vec![ResourceEntry::All],
            Self::NoCondition => changed.condition.clear(),
        }
        (changed != *statement).then_some(Some(changed))
    }
}

/// A world with one statement changed, wherever its document is attached.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The statement in every policy that it stands in.
    pub places: Vec<Place>,
    /// What is changed.
    pub change: Change,
}

/// Every change of every statement, in the order of the sources.
pub fn mutants(set: &PolicySet) -> Vec<Mutant> {
    let mut statements: BTreeMap<(&str, Position, &str, u32), Vec<Place>> = BTreeMap::new();
    for (policy, of) in set.policies.iter().enumerate() {
        for (number, statement) in of.statements.iter().enumerate() {
            let key = (&*of.source, statement.position, &*of.name, statement.index);
            statements.entry(key).or_default().push((policy, number));
        }
    }
    let changes = |places: &Vec<Place>| {
        let first = places.first().and_then(|place| statement(set, *place));
        let sensible =
            Change::ALL.into_iter().filter(|change| first.is_some_and(|first| change.of(first).is_some()));
        sensible.map(|change| Mutant { places: places.clone(), change }).collect::<Vec<_>>()
    };
    statements.values().flat_map(changes).collect()
}

/// A statement of a set.
pub fn statement(set: &PolicySet, (policy, number): Place) -> Option<&Statement> {
    set.policies.get(policy)?.statements.get(number)
}

impl Mutant {
    /// The changed world.
    pub fn apply(&self, set: &PolicySet) -> PolicySet {
        let mut set = set.clone();
        for (policy, number) in self.places.iter().rev() {
            let Some(policy) = set.policies.get_mut(*policy) else { continue };
            let Some(statement) = policy.statements.get(*number) else { continue };
            match self.change.of(statement) {
                Some(Some(changed)) => policy.statements[*number] = changed,
                Some(None) => drop(policy.statements.remove(*number)),
                None => {}
            }
        }
        set
    }
}
