//! Two worlds, or two documents: who may do what that was not so before.
//!
//! Policies are compared by content first; callers whose policies are all alike are not looked at. For the others the
//! statements that came or went say which requests are asked about, so the work follows the changes.

mod comparer;
mod shift;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use camshaft_frontend::policy::{Kind as Document, Policy, PolicySet, PrincipalEntry};
use camshaft_frontend::world::IMPLICIT_ACCOUNT;

use comparer::Comparer;
use shift::{Content, Shift, classes};

use super::difference::{self, Changes, Difference, Focus, Purse, Side};
use super::directory::Directory;
use super::layers::{Decision, Grant, Layer, World};
use super::set::{Caller, Set, Standing};
use super::who::{Class, Name, Person, admits};
use super::{Asking, Witness};

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
