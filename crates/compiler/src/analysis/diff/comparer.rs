//! Two worlds, caller by caller: what a changed statement, trust or directory can change for whom.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use camshaft_frontend::policy::{
    Kind as Document, Piece, Policy, PolicyId, ResourceEntry, Statement, Term, Values,
};

use super::super::Asking;
use super::super::difference::{self, Changes, Focus, Purse, Side};
use super::super::layers::{Decision, Grant, Layer, Layers, Scoped, World};
use super::super::set::{Set, Standing};
use super::super::who::{Class, Name, Person, admits};
use super::shift::{Content, Shift};
use super::{Presence, STRANGE_ROLE, STRANGER};

/// Addresses of the statement and of its scope, and where it stands.
type GrantKey = (usize, usize, Layer, bool, Option<usize>);

/// What two callers with one result have in common: everything that a comparison reads.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    class: Class,
    account: Option<String>,
    /// Where a statement looks at it.
    own: Option<String>,
    flags: [(bool, bool, usize, bool); 2],
    everything: bool,
    grants: [Vec<GrantKey>; 2],
    focuses: Vec<usize>,
}

pub(super) struct Comparer<'a, 'w> {
    worlds: [&'a World<'a>; 2],
    shift: &'w Shift<'a>,
    classes: [Vec<u32>; 2],
    asking: Asking,
    purse: Purse,
    /// Statements of policies of resources that came or went.
    scoped: Vec<(Side, Grant<'a>)>,
    trusts: Vec<(Side, Grant<'a>)>,
    known: HashMap<Key, Changes>,
}

impl<'a, 'w> Comparer<'a, 'w> {
    pub(super) fn new(
        worlds: [&'a World<'a>; 2],
        shift: &'w Shift<'a>,
        classes: [Vec<u32>; 2],
        asking: Asking,
    ) -> Self {
        let (scoped, trusts) = (Vec::new(), Vec::new());
        let (purse, known) = (Purse::new(asking.budget), HashMap::new());
        let mut comparer = Self { worlds, shift, classes, asking, purse, scoped, trusts, known };
        comparer.scoped = comparer.changed_scopes();
        comparer.trusts = comparer.changed_trusts();
        comparer
    }

    fn class(&self, side: usize, id: PolicyId) -> u32 {
        self.classes.get(side).and_then(|classes| classes.get(id.0 as usize)).copied().unwrap_or(u32::MAX)
    }

    /// What is in one list of policies of resources and not in the other, statement by statement.
    fn changed_scopes(&self) -> Vec<(Side, Grant<'a>)> {
        type Where<'s> = (&'s camshaft_frontend::policy::ResourcePattern, &'s str, Option<&'s str>);
        let stands = |scoped: &Scoped<'a>| -> Where<'a> { (scoped.pattern, scoped.uin, scoped.appid) };
        let [a, b] = self.worlds;
        let whole = [(0, a), (1, b)].map(|(side, world)| {
            let each = world.scoped.iter();
            each.map(|scoped| (self.class(side, scoped.policy), stands(scoped))).collect::<HashSet<_>>()
        });
        let mut differing: [Vec<Grant<'a>>; 2] = [Vec::new(), Vec::new()];
        for (side, (world, other)) in [(a, 1), (b, 0)].into_iter().enumerate() {
            let (Some(out), Some(others)) = (differing.get_mut(side), whole.get(other)) else { continue };
            for scoped in &world.scoped {
                if others.contains(&(self.class(side, scoped.policy), stands(scoped))) {
                    continue;
                }
                let Some(policy) = world.policy(scoped.policy) else { continue };
                out.extend(policy.statements.iter().map(|statement| Grant {
                    policy,
                    statement,
                    standing: scoped.standing(),
                    layer: Layer::Resource,
                    unsigned: false,
                    role: None,
                }));
            }
        }
        let contents = differing.each_ref().map(|grants| {
            let stands = |grant: &Grant<'a>| match grant.standing {
                Standing::Scope(pattern, uin, appid) => Some((pattern, uin, appid)),
                _ => None,
            };
            let content = |grant: &Grant<'a>| (Content::of(grant.statement), stands(grant));
            grants.iter().map(content).collect::<Vec<_>>()
        });
        let [own, other] = contents;
        let sets = [own, other].map(|contents| contents.into_iter().collect::<HashSet<_>>());
        let mut changed = Vec::new();
        for (side, own, other) in [(Side::Before, 0, 1), (Side::After, 1, 0)] {
            let (Some(grants), Some(others)) = (differing.get(own), sets.get(other)) else { continue };
            for grant in grants {
                let stands = match grant.standing {
                    Standing::Scope(pattern, uin, appid) => Some((pattern, uin, appid)),
                    _ => None,
                };
                if !others.contains(&(Content::of(grant.statement), stands))
                    || self.shift.shifts(grant.statement)
                {
                    changed.push((side, *grant));
                }
            }
        }
        changed
    }

    fn changed_trusts(&self) -> Vec<(Side, Grant<'a>)> {
        let [a, b] = self.worlds;
        let mut changed = Vec::new();
        let index = |world: &World<'a>| -> HashMap<(&'a str, &'a str), usize> {
            world.roles.iter().zip(0..).map(|(role, number)| ((role.account, role.name), number)).collect()
        };
        let numbers = [index(a), index(b)];
        for (side, own, other) in [(Side::Before, 0, 1), (Side::After, 1, 0)] {
            let (Some(world), Some(opposite)) = (self.worlds.get(own), self.worlds.get(other)) else {
                continue;
            };
            for (number, role) in world.roles.iter().enumerate() {
                let twin = numbers.get(other).and_then(|of| of.get(&(role.account, role.name)));
                let twin = twin.and_then(|number| opposite.roles.get(*number));
                let trust = twin.and_then(|role| role.trust);
                let class = |side, id: Option<PolicyId>| id.map(|id| self.class(side, id));
                let (owner, text) = (format!("uin/{}", role.account), format!("roleName/{}", role.name));
                let spelled = |world: &World<'a>| world.directory.spellings(&owner, &text);
                // Under a name that it no longer has nobody can assume it.
                let respelled = spelled(world) != spelled(opposite);
                if twin.is_some() && !respelled && class(own, role.trust) == class(other, trust) {
                    continue;
                }
                let others: HashSet<Content<'_>> = trust
                    .and_then(|id| opposite.policy(id))
                    .into_iter()
                    .flat_map(|policy| policy.statements.iter().map(Content::of))
                    .collect();
                let Some(policy) = role.trust.and_then(|id| world.policy(id)) else { continue };
                let fresh = policy.statements.iter().filter(|statement| {
                    respelled || !others.contains(&Content::of(statement)) || self.shift.shifts(statement)
                });
                changed.extend(fresh.map(|statement| {
                    let standing = Standing::Account(role.account);
                    let grant = Grant {
                        policy,
                        statement,
                        standing,
                        layer: Layer::Trust,
                        unsigned: false,
                        role: Some(number),
                    };
                    (side, grant)
                }));
            }
        }
        changed
    }

    /// Everyone whom a world knows or names, and strangers.
    pub(super) fn persons(&self) -> BTreeSet<Person<'a>> {
        let mut persons = BTreeSet::new();
        for world in self.worlds {
            for account in &world.set.accounts {
                let uin = &*account.uin;
                persons.extend([
                    Person::root(uin),
                    Person::user(uin, STRANGER.1),
                    Person::role(uin, STRANGE_ROLE),
                ]);
                persons.extend(account.users.iter().map(|user| Person::user(uin, &user.uin)));
                persons.extend(account.roles.iter().map(|role| Person::role(uin, &role.name)));
            }
        }
        // A role that has another id, or is another kind of role, is someone else by that name.
        for (world, other) in [(self.worlds[0], self.worlds[1]), (self.worlds[1], self.worlds[0])] {
            for account in &world.set.accounts {
                let uin = &*account.uin;
                for role in &account.roles {
                    let twin = Person::role(uin, &role.name).role_of(other.set);
                    let Some(twin) = twin else { continue };
                    if role.id != twin.id {
                        let id = role.id.as_deref().map(|id| Name::RoleId(uin, id));
                        persons.extend(id.map(|id| Person::role_as(uin, id)));
                    }
                    if role.service_linked && !twin.service_linked {
                        persons.insert(Person::role_as(uin, Name::ServiceRole(uin, &role.name)));
                    }
                }
            }
        }
        persons.extend([Person::ANONYMOUS, Person::user(STRANGER.0, STRANGER.1), Person::root(STRANGER.0)]);
        for world in self.worlds {
            let of = |policy: &&Policy| matches!(policy.kind, Document::Trust | Document::Resource);
            for policy in world.set.policies.iter().filter(of) {
                let entries =
                    policy.statements.iter().flat_map(|statement| statement.principals.iter().flatten());
                persons.extend(entries.filter_map(Person::named).filter(|person| {
                    // A known role has a name of its own.
                    person.own.is_some()
                        || person.class != Class::Role
                        || self.worlds.iter().all(|world| person.role_of(world.set).is_none())
                }));
            }
        }
        persons
    }

    /// What changes for one caller; `None` where all that binds it is alike.
    pub(super) fn person(&mut self, person: &Person<'a>) -> Option<(Presence, Changes)> {
        let [a, b] = self.worlds;
        let layers = [a.layers(person), b.layers(person)];
        let [own, other] = &layers;
        let mut everything = (own.known, own.root, own.boundary.is_some(), own.levels.len())
            != (other.known, other.root, other.boundary.is_some(), other.levels.len());
        let moved = person.account.is_some_and(|account| self.shift.ids.contains(account));
        everything |= moved;
        let mut focuses: Vec<Focus<'a>> = Vec::new();
        self.differing(&own.identity, &other.identity, Layer::Identity, &mut focuses);
        self.differing(own.boundary.as_slice(), other.boundary.as_slice(), Layer::Boundary, &mut focuses);
        for (number, (own, other)) in own.levels.iter().zip(&other.levels).enumerate() {
            self.differing(own, other, Layer::Organization(number), &mut focuses);
        }
        let names = [a, b].map(|world| person.names(world.set));
        if names[0] != names[1] {
            // Another group or name: policies of resources and of trust may admit the caller, or no longer.
            everything |= a.scoped.len() + b.scoped.len() > 0 || a.roles.len() + b.roles.len() > 0;
        }
        self.admitted(person, &names, &mut focuses);
        if focuses.is_empty() && !everything {
            return None;
        }
        if everything {
            focuses.push(Focus::Everything);
        }
        let presence = match (own.known, other.known) {
            (false, true) => Presence::Added,
            (true, false) => Presence::Removed,
            _ => Presence::Both,
        };
        let changes = self.compare(person, &layers, &focuses, everything);
        Some((presence, changes))
    }

    /// The statements of two lists of policies that are not in the other.
    fn differing(&self, own: &[PolicyId], other: &[PolicyId], layer: Layer, focuses: &mut Vec<Focus<'a>>) {
        let classes = |side: usize, ids: &[PolicyId]| -> Vec<u32> {
            let mut classes: Vec<u32> = ids.iter().map(|id| self.class(side, *id)).collect();
            classes.sort_unstable();
            classes
        };
        let [before, after] = [classes(0, own), classes(1, other)];
        if before == after {
            return;
        }
        let [a, b] = self.worlds;
        let statements = |world: &World<'a>, side: usize, ids: &[PolicyId], others: &[u32]| {
            let fresh = ids.iter().filter(|id| others.binary_search(&self.class(side, **id)).is_err());
            let policies: Vec<&'a Policy> = fresh.filter_map(|id| world.policy(*id)).collect();
            policies
        };
        let policies = [statements(a, 0, own, &after), statements(b, 1, other, &before)];
        let contents = policies.each_ref().map(|policies| {
            let statements = policies.iter().flat_map(|policy| &policy.statements);
            statements.map(Content::of).collect::<HashSet<_>>()
        });
        for (side, own, other) in [(Side::Before, 0, 1), (Side::After, 1, 0)] {
            let (Some(policies), Some(others)) = (policies.get(own), contents.get(other)) else { continue };
            for policy in policies {
                let fresh = policy.statements.iter().filter(|statement| {
                    !others.contains(&Content::of(statement)) || self.shift.shifts(statement)
                });
                focuses.extend(fresh.map(|statement| {
                    let standing = Standing::Caller;
                    Focus::Statement(
                        side,
                        Grant { policy, statement, standing, layer, unsigned: false, role: None },
                    )
                }));
            }
        }
    }

    /// Changed statements of resources and roles that admit a caller.
    fn admitted(&self, person: &Person<'a>, names: &[Vec<Name<'a>>; 2], focuses: &mut Vec<Focus<'a>>) {
        if self.scoped.is_empty() && self.trusts.is_empty() {
            return;
        }
        let signed = matches!(person.class, Class::Root | Class::User | Class::Role);
        let [a, b] = self.worlds;
        let sides = [(a, &names[0]), (b, &names[1])];
        let stranger = [Name::Everyone, Name::Anonymous];
        for (side, grant) in self.scoped.iter().chain(&self.trusts) {
            let Some((world, names)) = sides.get(usize::from(*side == Side::After)) else { continue };
            let lenient = world.set.options.cos_anyone_deny_unsigned;
            if admits(grant.statement, grant.standing, lenient, names) {
                focuses.push(Focus::Statement(*side, *grant));
            }
            if signed && grant.role.is_none() && admits(grant.statement, grant.standing, lenient, &stranger) {
                focuses.push(Focus::Statement(*side, Grant { unsigned: true, ..*grant }));
            }
        }
    }

    fn compare(
        &mut self,
        person: &Person<'a>,
        layers: &[Layers; 2],
        focuses: &[Focus<'a>],
        everything: bool,
    ) -> Changes {
        let [a, b] = self.worlds;
        let relevant = difference::relevant(focuses);
        let roles = difference::roles([a, b], focuses);
        let grants = [
            a.grants(person, &layers[0], &roles[0], &relevant),
            b.grants(person, &layers[1], &roles[1], &relevant),
        ];
        let looks = grants.iter().flatten().any(|grant| looks_at_caller(grant.statement));
        let key = Key {
            class: person.class,
            account: person.account.map(str::to_owned),
            own: person.own.filter(|_| looks).map(str::to_owned),
            flags: layers
                .each_ref()
                .map(|layers| (layers.known, layers.root, layers.levels.len(), layers.boundary.is_some())),
            everything,
            grants: grants.each_ref().map(|grants| grants.iter().map(|grant| of_grant(grant)).collect()),
            focuses: focuses
                .iter()
                .filter_map(|focus| match focus {
                    Focus::Statement(_, grant) => Some(core::ptr::from_ref(grant.statement).addr()),
                    Focus::Everything => None,
                })
                .collect(),
        };
        if let Some(known) = self.known.get(&key) {
            return known.of(person.principal());
        }
        let sides = [a, b].map(|world| (person.caller(world.set), Arc::clone(&world.directory)));
        let changes = difference::compare(focuses, self.asking, &self.purse, |may_meet| {
            let mut set = Set::of_sides(sides.clone().into());
            set.owners.clone_from(&self.shift.owners);
            let of = |grants: &[Grant<'a>]| -> Vec<Grant<'a>> {
                grants.iter().filter(|grant| may_meet(grant.statement)).copied().collect()
            };
            let [own, other] = grants.each_ref().map(|grants| of(grants));
            let decisions = [
                Decision::new(&mut set, 0, a, person, &layers[0], &roles[0], own),
                Decision::new(&mut set, 1, b, person, &layers[1], &roles[1], other),
            ];
            (set, decisions)
        });
        self.known.insert(key, changes.clone());
        changes
    }
}

fn of_grant(grant: &Grant<'_>) -> GrantKey {
    let scope = match grant.standing {
        Standing::Scope(pattern, ..) => core::ptr::from_ref(pattern).addr(),
        Standing::Caller | Standing::Account(_) => 0,
    };
    (core::ptr::from_ref(grant.statement).addr(), scope, grant.layer, grant.unsigned, grant.role)
}

/// Whether a statement depends on who asks beside the account.
fn looks_at_caller(statement: &Statement) -> bool {
    let variable = |piece: &Piece| matches!(piece, Piece::Variable(_));
    let resource = |entry: &ResourceEntry| match entry {
        ResourceEntry::All => false,
        ResourceEntry::Segments(pattern) => pattern.path.0.iter().any(variable),
    };
    let term = |term: &Term| {
        matches!(&*term.key, "qcs:uin" | "qcs:owner_uin")
            || matches!(&term.values, Values::Text(all) if all.iter().any(|text| text.0.iter().any(variable)))
    };
    statement.resources.iter().any(resource) || statement.condition.iter().any(term)
}

impl Changes {
    /// The same for another caller.
    fn of(&self, principal: String) -> Self {
        let mut changes = self.clone();
        for difference in &mut changes.differences {
            difference.witness.principal.clone_from(&principal);
        }
        changes
    }
}
