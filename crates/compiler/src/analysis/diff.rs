//! Two worlds, or two documents: who may do what that was not so before.
//!
//! Policies are compared by content first; callers whose policies are all alike are not looked at. For the others the
//! statements that came or went say which requests are asked about, so the work follows the changes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Kind as Document, Piece, Policy, PolicyId, PolicySet,
    PrincipalEntry, ResourceEntry, Statement, Term, Values,
};
use camshaft_frontend::world::IMPLICIT_ACCOUNT;

use super::difference::{self, Changes, Difference, Focus, Purse, Side};
use super::directory::Directory;
use super::layers::{Decision, Grant, Layer, Layers, Scoped, World};
use super::set::{Caller, Set, Standing};
use super::who::{Class, Name, Person, admits};
use super::{Asking, Witness};
use crate::prove::glob::Glob;

/// Everything that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// By what changes: those whom it changes for.
    pub changes: Vec<Change>,
    /// Options that differ and that decide what a request is, in words.
    pub settings: Vec<String>,
    /// What nobody knows.
    pub unknown: Vec<Unknown>,
    /// Callers that were compared, and those whose policies differ.
    pub callers: (usize, usize),
}

impl Diff {
    /// Whether both certainly answer every request alike.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.settings.is_empty() && self.unknown.is_empty()
    }

    /// Whether somebody may do something new.
    pub fn has_new_access(&self) -> bool {
        let mut all = self.changes.iter().flat_map(|change| &change.differences);
        all.any(|difference| difference.kind == difference::Kind::NewAccess)
    }
}

/// Whether the directories hold a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// Both, or callers of whom directories know nothing.
    Both,
    /// The second alone.
    Added,
    /// The first alone.
    Removed,
}

/// What changes alike for some callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The callers, as requests spell them, sorted. Witnesses name the first.
    pub callers: Vec<String>,
    /// Whether they are new, or gone.
    pub presence: Presence,
    /// What changes; never empty.
    pub differences: Vec<Difference>,
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The caller.
    pub caller: String,
    /// What was over the budget, or could not be told apart.
    pub what: String,
    /// The budget; 0 where more would not help.
    pub budget: usize,
}

/// Uins that no directory holds.
const STRANGER: (&str, &str) = ("999999999999", "999999999998");
const STRANGE_ROLE: &str = "camshaft.no-such-role";

/// Compares two worlds.
pub fn worlds(before: &PolicySet, after: &PolicySet, asking: Asking) -> Diff {
    let (a, b) = (World::new(before), World::new(after));
    let shift = Shift::new(&a, &b);
    let classes = classes([before, after], &shift);
    let mut comparer = Comparer::new([&a, &b], &shift, classes, asking);
    let persons = comparer.persons();
    let mut diff = Diff { settings: settings(before, after), ..Diff::default() };
    let mut gathered = Gathered::default();
    diff.callers.0 = persons.len();
    for person in &persons {
        let Some((presence, changes)) = comparer.person(person) else { continue };
        diff.callers.1 += 1;
        gathered.add(person.principal(), presence, changes, &mut diff.unknown);
    }
    diff.changes = gathered.finish();
    diff.unknown.sort();
    diff
}

/// Compares two documents of one kind by what they say alone, whoever holds them and whoever owns the resource: an
/// allow binds and no deny. In documents with principals, for everyone whom either names.
pub fn documents(before: &Policy, after: &Policy, asking: Asking) -> Diff {
    let mut persons: BTreeSet<Person<'_>> = BTreeSet::new();
    let named = matches!(before.kind, Document::Trust | Document::Resource);
    let mut complete = true;
    if named {
        let statements = before.statements.iter().chain(&after.statements);
        let entries = statements.flat_map(|statement| statement.principals.iter().flatten());
        let entries: Vec<&PrincipalEntry> = entries.collect();
        persons.extend(entries.iter().filter_map(|entry| Person::named(entry)));
        persons.extend([Person::ANONYMOUS, Person::root(STRANGER.0)]);
        complete = with_other_names(&mut persons, &entries);
    } else {
        persons.insert(Person::user(IMPLICIT_ACCOUNT, camshaft_frontend::world::IMPLICIT_USER));
    }
    let mut diff = Diff { callers: (persons.len(), 0), ..Diff::default() };
    if before.statements.len() == after.statements.len()
        && before.statements.iter().zip(&after.statements).all(|(a, b)| Content::of(a) == Content::of(b))
    {
        return diff;
    }
    if !complete {
        let what = "members of many groups at once, whom the documents name".to_owned();
        diff.unknown.push(Unknown { caller: "qcs::cam::anyone:anyone".to_owned(), what, budget: 0 });
    }
    let directory = Arc::new(Directory::implicit());
    let empty = PolicySet::default();
    let purse = Purse::new(asking.budget);
    let mut gathered = Gathered::default();
    for person in &persons {
        let grants = [before, after].map(|policy| {
            let standing = if named { Standing::Account(IMPLICIT_ACCOUNT) } else { Standing::Caller };
            let names = person.names(&empty);
            let bind =
                policy.statements.iter().filter(|statement| admits(statement, standing, false, &names));
            let layer = layer_of(policy.kind);
            let grant = |statement| Grant { policy, statement, standing, layer, unsigned: false, role: None };
            bind.map(grant).collect::<Vec<_>>()
        });
        let contents = grants
            .each_ref()
            .map(|grants| grants.iter().map(|grant| Content::of(grant.statement)).collect::<HashSet<_>>());
        let mut focuses = Vec::new();
        for (side, own, other) in [(Side::Before, 0, 1), (Side::After, 1, 0)] {
            let (Some(grants), Some(others)) = (grants.get(own), contents.get(other)) else { continue };
            let changed = grants.iter().filter(|grant| !others.contains(&Content::of(grant.statement)));
            focuses.extend(changed.map(|grant| Focus::Statement(side, *grant)));
        }
        if focuses.is_empty() {
            continue;
        }
        diff.callers.1 += 1;
        let caller = if named { person.caller(&empty) } else { Caller::implicit() };
        let changes = difference::compare(&focuses, asking, &purse, |may_meet| {
            let sides = [(caller.clone(), Arc::clone(&directory)), (caller.clone(), Arc::clone(&directory))];
            let mut set = Set::of_sides(sides.into());
            let [a, b] = grants.each_ref().map(|grants| {
                grants.iter().filter(|grant| may_meet(grant.statement)).copied().collect::<Vec<_>>()
            });
            let decisions = [Decision::alone(&mut set, 0, a), Decision::alone(&mut set, 1, b)];
            (set, decisions)
        });
        gathered.add(person.principal(), Presence::Both, changes, &mut diff.unknown);
    }
    diff.changes = gathered.finish();
    diff.unknown.sort();
    diff
}

/// Groups of one account whose every combination is looked at.
const MOST_GROUPS: usize = 4;

/// Names by root account.
type NamesOf<'a> = BTreeMap<&'a str, BTreeSet<Name<'a>>>;

/// Adds those whom entries admit by several names: members of groups, and roles by name and id. False where not every
/// combination is there.
fn with_other_names<'a>(persons: &mut BTreeSet<Person<'a>>, entries: &[&'a PrincipalEntry]) -> bool {
    let (mut groups, mut ids) = (NamesOf::new(), NamesOf::new());
    for entry in entries {
        match entry {
            PrincipalEntry::Group { root, id } => {
                groups.entry(root).or_default().insert(Name::Group(root, id));
            }
            PrincipalEntry::RoleId { root, id } => {
                ids.entry(root).or_default().insert(Name::RoleId(root, id));
            }
            PrincipalEntry::ServiceRole { root, name } => {
                ids.entry(root).or_default().insert(Name::ServiceRole(root, name));
            }
            _ => {}
        }
    }
    persons.extend(groups.keys().map(|root| Person::user(root, STRANGER.1)));
    let mut more: Vec<Person<'a>> = Vec::new();
    let mut complete = true;
    for person in persons.iter() {
        let of = |names: &NamesOf<'a>| -> Vec<Name<'a>> {
            person.account.and_then(|account| names.get(account)).into_iter().flatten().copied().collect()
        };
        let mut add = |names: Vec<Name<'a>>| more.push(Person { more: names, ..person.clone() });
        match person.class {
            Class::User => {
                let names = of(&groups);
                complete &= names.len() <= MOST_GROUPS;
                for chosen in 1usize..1 << names.len().min(MOST_GROUPS) {
                    let picked = names.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1);
                    add(picked.map(|(_, name)| *name).collect());
                }
            }
            // A role has one id, and one name as that of a service.
            Class::Role => {
                let names = of(&ids);
                names.iter().for_each(|name| add(vec![*name]));
                let (ids, linked): (Vec<Name<'a>>, Vec<Name<'a>>) =
                    names.into_iter().partition(|name| matches!(name, Name::RoleId(..)));
                ids.iter().for_each(|id| linked.iter().for_each(|name| add(vec![*id, *name])));
            }
            _ => {}
        }
    }
    persons.extend(more);
    complete
}

/// Whether two documents of one kind certainly say the same; see [`documents`].
pub fn mean_the_same(before: &Policy, after: &Policy) -> bool {
    documents(before, after, Asking::default()).is_same()
}

fn layer_of(kind: Document) -> Layer {
    match kind {
        Document::Identity | Document::Session => Layer::Identity,
        Document::Boundary => Layer::Boundary,
        Document::Scp => Layer::Organization(0),
        Document::Trust => Layer::Trust,
        Document::Resource => Layer::Resource,
    }
}

/// What a statement says, wherever it stands.
#[derive(PartialEq, Eq, Hash)]
struct Content<'a> {
    effect: Effect,
    principals: Option<&'a [PrincipalEntry]>,
    actions: &'a [ActionEntry],
    resources: &'a [ResourceEntry],
    condition: &'a [Term],
}

impl<'a> Content<'a> {
    fn of(statement: &'a Statement) -> Self {
        Self {
            effect: statement.effect,
            principals: statement.principals.as_deref(),
            actions: &statement.actions,
            resources: &statement.resources,
            condition: &statement.condition,
        }
    }
}

/// Options that decide what a request is; those that decide which statements match are a matter of these.
fn settings(a: &PolicySet, b: &PolicySet) -> Vec<String> {
    let mut found = Vec::new();
    let (own, other) = (&a.options.resource_policy_services, &b.options.resource_policy_services);
    if own != other {
        found.push(format!("`resource_policy_services` was {own:?} and is {other:?}"));
    }
    let (own, other) = (a.options.max_artifact_age_s, b.options.max_artifact_age_s);
    if own != other {
        let text = |age: Option<u64>| age.map_or("none".to_owned(), |age| format!("{age} s"));
        found.push(format!("`max_artifact_age_s` was {} and is {}", text(own), text(other)));
    }
    found
}

/// What differs beside the statements, and which of them mean something else by it.
struct Shift<'a> {
    list_deny: bool,
    lenient: bool,
    /// Uins and APPIDs that stand for something else.
    ids: HashSet<&'a str>,
    /// The same, as requests write owners.
    owners: Vec<String>,
    /// Roles with other spellings: owner, and the spellings of both sides by one of them.
    roles: Vec<(&'a str, [Vec<String>; 2])>,
}

impl<'a> Shift<'a> {
    fn new(a: &World<'a>, b: &World<'a>) -> Self {
        let (mut ids, mut owners) = (HashSet::new(), BTreeSet::new());
        let pairs = |world: &World<'a>| -> BTreeSet<(&'a str, Option<&'a str>)> {
            world.set.accounts.iter().map(|account| (&*account.uin, account.appid.as_deref())).collect()
        };
        let (own, other) = (pairs(a), pairs(b));
        for (uin, appid) in own.symmetric_difference(&other) {
            ids.insert(*uin);
            ids.extend(*appid);
            owners.insert(format!("uin/{uin}"));
            owners.extend(appid.map(|appid| format!("uid/{appid}")));
        }
        let mut roles = Vec::new();
        let of = |world: &World<'a>| -> BTreeSet<(&'a str, &'a str)> {
            world.roles.iter().map(|role| (role.account, role.name)).collect()
        };
        for (account, name) in of(a).union(&of(b)) {
            let owner = format!("uin/{account}");
            let text = format!("roleName/{name}");
            let spelled = [a, b].map(|world| world.directory.spellings(&owner, &text));
            if spelled[0] != spelled[1] {
                let texts: BTreeSet<String> = spelled.iter().flatten().cloned().collect();
                for text in texts {
                    let spelled = [a, b].map(|world| {
                        let spelled = world.directory.spellings(&owner, &text);
                        if spelled.is_empty() { vec![text.clone()] } else { spelled }
                    });
                    roles.push((*account, spelled));
                }
            }
        }
        let options = |world: &World<'a>| &world.set.options;
        Self {
            list_deny: options(a).list_deny_cam != options(b).list_deny_cam,
            lenient: options(a).cos_anyone_deny_unsigned != options(b).cos_anyone_deny_unsigned,
            ids,
            owners: owners.into_iter().collect(),
            roles,
        }
    }

    fn is_none(&self) -> bool {
        !self.list_deny && !self.lenient && self.ids.is_empty() && self.roles.is_empty()
    }

    /// Whether a statement may match other requests for it.
    fn shifts(&self, statement: &Statement) -> bool {
        if self.is_none() {
            return false;
        }
        let deny = statement.effect == Effect::Deny;
        let anyone = || statement.principals.iter().flatten().any(|entry| *entry == PrincipalEntry::Anyone);
        if self.lenient && deny && anyone() {
            return true;
        }
        statement.resources.iter().any(|entry| {
            let ResourceEntry::Segments(pattern) = entry else { return false };
            let account = match &pattern.account {
                AccountPattern::Any => false,
                // An owner who becomes known is no longer unknown to a deny.
                _ if deny => !self.ids.is_empty(),
                AccountPattern::Uin(id) | AccountPattern::AppId(id) => self.ids.contains(&**id),
                AccountPattern::Own | AccountPattern::Unvalued => false,
            };
            let cam = pattern.service.as_deref().is_none_or(|service| service == "cam");
            let path = Glob::of(&pattern.path);
            let respelled = || {
                self.roles.iter().any(|(owner, spelled)| {
                    let of_owner = !matches!(&pattern.account, AccountPattern::Uin(uin) if **uin != **owner);
                    let [a, b] = spelled.each_ref().map(|texts| texts.iter().any(|text| path.matches(text)));
                    of_owner && (path.has_variable() || a != b)
                })
            };
            deny && self.list_deny || account || cam && respelled()
        })
    }
}

/// By side and policy: equal numbers for policies that say the same and mean the same by it.
fn classes(sets: [&PolicySet; 2], shift: &Shift<'_>) -> [Vec<u32>; 2] {
    let [before, after] = sets;
    let mut known: HashMap<(&str, Document), Vec<(u32, &Policy)>> = HashMap::new();
    for (number, policy) in (0u32..).zip(&before.policies) {
        known.entry((&policy.name, policy.kind)).or_default().push((number, policy));
    }
    let own: Vec<u32> = (0u32..).zip(&before.policies).map(|(number, _)| number).collect();
    let mut fresh = u32::try_from(own.len()).unwrap_or(u32::MAX);
    let other = after.policies.iter().map(|policy| {
        let candidates = known.get(&(&*policy.name, policy.kind)).map_or(&[][..], Vec::as_slice);
        let same = |other: &Policy| {
            other.statements.len() == policy.statements.len()
                && other
                    .statements
                    .iter()
                    .zip(&policy.statements)
                    .all(|(a, b)| Content::of(a) == Content::of(b) && !shift.shifts(a))
        };
        match candidates.iter().find(|(_, other)| same(other)) {
            Some((number, _)) => *number,
            None => {
                fresh = fresh.saturating_add(1);
                fresh
            }
        }
    });
    let other = other.collect();
    [own, other]
}

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

struct Comparer<'a, 'w> {
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
    fn new(worlds: [&'a World<'a>; 2], shift: &'w Shift<'a>, classes: [Vec<u32>; 2], asking: Asking) -> Self {
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
    fn persons(&self) -> BTreeSet<Person<'a>> {
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
    fn person(&mut self, person: &Person<'a>) -> Option<(Presence, Changes)> {
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

/// Changes by what they are.
#[derive(Default)]
struct Gathered(BTreeMap<(Presence, Vec<Difference>), Vec<String>>);

impl Gathered {
    fn add(&mut self, caller: String, presence: Presence, mut changes: Changes, unknown: &mut Vec<Unknown>) {
        unknown.extend(changes.unknown.into_iter().map(|(what, budget)| Unknown {
            caller: caller.clone(),
            what,
            budget,
        }));
        if changes.differences.is_empty() {
            return;
        }
        for difference in &mut changes.differences {
            difference.witness.principal.clear();
        }
        self.0.entry((presence, changes.differences)).or_default().push(caller);
    }

    fn finish(self) -> Vec<Change> {
        let mut changes: Vec<Change> = self
            .0
            .into_iter()
            .map(|((presence, mut differences), mut callers)| {
                callers.sort();
                callers.dedup();
                for Difference { witness: Witness { principal, .. }, .. } in &mut differences {
                    principal.clone_from(callers.first().unwrap_or(&String::new()));
                }
                Change { callers, presence, differences }
            })
            .collect();
        changes.sort_by(|a, b| a.callers.cmp(&b.callers));
        changes
    }
}

#[cfg(test)]
mod tests {
    use camshaft_frontend::document;
    use camshaft_frontend::limits::Limits;
    use camshaft_frontend::setting::{Catalogue, Owner, Parameters, Setting};
    use camshaft_frontend::source::Source;
    use camshaft_frontend::world::IMPLICIT_APPID;

    use super::super::Kind;
    use super::*;

    fn policy(kind: Document, statements: &str) -> Policy {
        let text = format!(r#"{{"version":"2.0","statement":[{statements}]}}"#);
        let source = Source::new("p.json", text);
        let setting = Setting {
            kind,
            preset: false,
            account: Some(Owner { uin: IMPLICIT_ACCOUNT, appid: Some(IMPLICIT_APPID) }),
            parameters: &Parameters::new(),
            builtin_parameters: true,
            catalogue: &Catalogue::new(),
            legacy_project: false,
            strict: false,
            limits: &Limits::default(),
            scope: None,
            unknown_account: false,
        };
        let reading = document::parse_source(&source, 0).read(&source, &setting);
        let statements = reading.statements.unwrap_or_else(|| panic!("{:?}", reading.diagnostics));
        Policy { name: "p".into(), kind, source: "p.json".into(), statements }
    }

    fn kinds(kind: Document, before: &str, after: &str) -> Vec<Kind> {
        let diff = documents(&policy(kind, before), &policy(kind, after), Asking::default());
        assert!(diff.unknown.is_empty(), "{:?}", diff.unknown);
        let all = diff.changes.iter().flat_map(|change| &change.differences);
        let kinds: BTreeSet<Kind> = all.map(|difference| difference.kind).collect();
        kinds.into_iter().collect()
    }

    const ALLOW: &str =
        r#"{"effect":"allow","principal":{"qcs":["qcs::cam::uin/1:uin/2"]},"action":"cos:*","resource":"*"}"#;
    const DENY: &str = r#"{"effect":"deny","principal":{"qcs":["qcs::cam::uin/1:groupid/3"]},"action":"cos:Get*","resource":"*"}"#;

    #[test]
    fn a_member_of_a_group_may_be_named_besides() {
        let both = format!("{ALLOW},{DENY}");
        assert_eq!(kinds(Document::Resource, &both, ALLOW), [Kind::NewAccess, Kind::LostDeny]);
        assert_eq!(kinds(Document::Resource, ALLOW, &both), [Kind::LostAccess, Kind::NewDeny]);
    }

    #[test]
    fn what_is_written_otherwise_is_the_same() {
        let whole = r#"{"effect":"allow","action":["cos:Get*","cos:GetObject"],"resource":"*"}"#;
        let parts = r#"{"effect":"allow","action":"cos:Get*","resource":"*","condition":{"null_equal":{"k":"true"}}},
            {"effect":"allow","action":"cos:Get*","resource":"*","condition":{"null_equal":{"k":"false"}}}"#;
        assert!(mean_the_same(&policy(Document::Identity, whole), &policy(Document::Identity, parts)));
        let less = parts.replacen("Get*", "GetO*", 1);
        assert_eq!(kinds(Document::Identity, whole, &less), [Kind::LostAccess]);
        assert_eq!(kinds(Document::Identity, &less, whole), [Kind::NewAccess]);
    }
}
