//! What differs between two worlds beside the statements, and which policies then say the same.

use std::collections::{BTreeSet, HashMap, HashSet};

use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Kind as Document, Policy, PolicySet, PrincipalEntry, ResourceEntry,
    Statement, Term,
};

use super::super::layers::World;
use crate::prove::glob::Glob;

/// What a statement says, wherever it stands.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Content<'a> {
    pub(super) effect: Effect,
    pub(super) principals: Option<&'a [PrincipalEntry]>,
    pub(super) actions: &'a [ActionEntry],
    pub(super) resources: &'a [ResourceEntry],
    pub(super) condition: &'a [Term],
}

impl<'a> Content<'a> {
    pub(super) fn of(statement: &'a Statement) -> Self {
        Self {
            effect: statement.effect,
            principals: statement.principals.as_deref(),
            actions: &statement.actions,
            resources: &statement.resources,
            condition: &statement.condition,
        }
    }
}

/// What differs beside the statements, and which of them mean something else by it.
pub(super) struct Shift<'a> {
    pub(super) list_deny: bool,
    pub(super) lenient: bool,
    /// Uins and APPIDs that stand for something else.
    pub(super) ids: HashSet<&'a str>,
    /// The same, as requests write owners.
    pub(super) owners: Vec<String>,
    /// Roles with other spellings: owner, and the spellings of both sides by one of them.
    pub(super) roles: Vec<(&'a str, [Vec<String>; 2])>,
}

impl<'a> Shift<'a> {
    pub(super) fn new(a: &World<'a>, b: &World<'a>) -> Self {
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

    pub(super) fn is_none(&self) -> bool {
        !self.list_deny && !self.lenient && self.ids.is_empty() && self.roles.is_empty()
    }

    /// Whether a statement may match other requests for it.
    pub(super) fn shifts(&self, statement: &Statement) -> bool {
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
pub(super) fn classes(sets: [&PolicySet; 2], shift: &Shift<'_>) -> [Vec<u32>; 2] {
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
