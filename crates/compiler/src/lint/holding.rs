//! Who holds what: the sets of statements that lints look at.

use std::collections::{BTreeMap, BTreeSet};

use camshaft_frontend::outline::Outline;
use camshaft_frontend::policy::{
    AccountPattern, Options, Piece, PolicyId, PolicySet, ResourceEntry, Statement, Values,
};
use camshaft_frontend::world::{IMPLICIT_ACCOUNT, IMPLICIT_APPID};

use crate::analysis::{Caller, Directory, Formula, Member, Set, Standing};

/// What an identity holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holding {
    /// Its policies, those of its groups and the general ones.
    pub(super) identity: Vec<PolicyId>,
    pub(super) boundary: Option<PolicyId>,
    pub(super) levels: Vec<Vec<PolicyId>>,
    pub(super) account: u32,
    /// Whether it is a role.
    pub(super) role: bool,
}

impl Holding {
    pub(super) fn holds(&self, policy: PolicyId) -> bool {
        self.identity.contains(&policy)
            || self.boundary == Some(policy)
            || self.levels.iter().any(|level| level.contains(&policy))
    }

    /// The policies of its layers, each layer by itself: identity, boundary, levels.
    fn layers(&self) -> impl Iterator<Item = &[PolicyId]> {
        core::iter::once(&*self.identity)
            .chain(self.boundary.as_slice().chunks(1))
            .chain(self.levels.iter().map(|level| &**level))
    }
}

/// The sets of a world: each holding with the first caller that has it, and how many have it.
#[derive(Debug, Default)]
pub(super) struct World<'a> {
    pub(super) set: Option<&'a PolicySet>,
    pub(super) holdings: BTreeMap<Holding, (Caller, usize)>,
}

impl<'a> World<'a> {
    pub(super) fn of(set: Option<&'a PolicySet>) -> Self {
        let mut world = Self { set, holdings: BTreeMap::new() };
        let Some(set) = set else { return world };
        for (number, account) in (0u32..).zip(&set.accounts) {
            let holding = |identity: Vec<PolicyId>, boundary, role, bound: bool| {
                let mut identity = identity;
                identity.sort_unstable();
                identity.dedup();
                let levels = if bound { account.levels.clone().unwrap_or_default() } else { Vec::new() };
                Holding { identity, boundary, levels, account: number, role }
            };
            let caller = |name: String, uin: Option<&str>| Caller {
                principal: format!("qcs::cam::uin/{}:{name}", account.uin),
                account: Some(account.uin.to_string()),
                appid: account.appid.as_deref().map(str::to_owned),
                uin: uin.map(str::to_owned),
            };
            for user in &account.users {
                let groups = user.groups.iter().filter_map(|group| account.groups.get(*group as usize));
                let policies =
                    groups.flat_map(|group| &group.policies).chain(&account.general).chain(&user.policies);
                let held = holding(policies.copied().collect(), user.boundary, false, true);
                let caller = || caller(format!("uin/{}", user.uin), Some(&user.uin));
                world.holdings.entry(held).or_insert_with(|| (caller(), 0)).1 += 1;
            }
            for role in &account.roles {
                let held = holding(role.policies.clone(), role.boundary, true, !role.service_linked);
                let caller = || caller(format!("roleName/{}", role.name), None);
                world.holdings.entry(held).or_insert_with(|| (caller(), 0)).1 += 1;
            }
        }
        world
    }

    pub(super) fn is_general(&self, policy: PolicyId) -> bool {
        self.set.is_some_and(|set| {
            set.general_unknown.contains(&policy)
                || set.accounts.iter().any(|account| account.general.contains(&policy))
        })
    }

    pub(super) fn statements(&self, policy: PolicyId) -> &'a [Statement] {
        let policies = self.set.map(|set| &set.policies);
        policies.and_then(|policies| policies.get(policy.0 as usize)).map_or(&[], |policy| &policy.statements)
    }

    pub(super) fn directory(&self) -> Directory<'a> {
        self.set.map_or_else(Directory::implicit, Directory::of)
    }
}

/// Statements that stand together, and those that cap them.
pub(super) struct Together<'a> {
    pub(super) set: Set<'a>,
    /// The policy that is looked at; none for a document by itself.
    pub(super) policy: Option<PolicyId>,
    /// Of the layer that grants.
    pub(super) own: Vec<(Option<PolicyId>, &'a Statement, Member)>,
    /// Of each layer that caps.
    pub(super) caps: Vec<Vec<(Option<PolicyId>, &'a Statement, Member)>>,
}

impl<'a> Together<'a> {
    /// The statements of a holding.
    pub(super) fn of(
        world: &World<'a>,
        holding: &Holding,
        caller: &Caller,
        policy: Option<PolicyId>,
    ) -> Self {
        let mut set = Set::new(caller.clone(), world.directory());
        let mut layers = holding.layers().map(|policies| {
            let statements = policies.iter().flat_map(|policy| {
                world.statements(*policy).iter().map(|statement| (Some(*policy), statement))
            });
            let added: Vec<_> = statements
                .map(|(policy, statement)| (policy, statement, set.add(statement, Standing::Caller)))
                .collect();
            added
        });
        let own = layers.next().unwrap_or_default();
        let caps = layers.collect();
        Self { set, policy, own, caps }
    }

    /// A document by itself.
    pub(super) fn alone(world: &World<'a>, outline: &'a Outline) -> Self {
        let mut caller = Caller::implicit();
        let mut standing = Standing::Caller;
        if let Some((uin, appid)) = &outline.account {
            caller.account = Some(uin.to_string());
            caller.appid = appid.as_deref().map(str::to_owned);
            if let Some(scope) = &outline.scope {
                standing = Standing::Scope(scope, uin, appid.as_deref());
            }
        }
        let directory = match world.set {
            Some(_) => world.directory(),
            None => assumed_directory(outline),
        };
        let mut set = Set::new(caller, directory);
        let own = outline
            .statements
            .iter()
            .map(|stated| (None, &stated.meaning, set.add(&stated.meaning, standing)))
            .collect();
        Self { set, policy: None, own, caps: Vec::new() }
    }

    pub(super) fn member(&self, policy: Option<PolicyId>, index: u32) -> Option<Member> {
        let all = || core::iter::once(&self.own).chain(&self.caps).flatten();
        all().find(|(of, statement, _)| *of == policy && statement.index == index).map(|(.., member)| *member)
    }

    fn everything(&self) -> Vec<Member> {
        core::iter::once(&self.own).chain(&self.caps).flatten().map(|(.., member)| *member).collect()
    }

    /// Every cap has an allow that binds, and no deny binds anywhere.
    pub(super) fn capped(&self, set: &mut Set<'_>) -> Formula {
        let all = self.everything();
        let mut formula = !set.denied(&all);
        for layer in &self.caps {
            let allows: Vec<Member> =
                layer.iter().map(|(.., member)| *member).filter(|member| !set.is_deny(*member)).collect();
            formula = formula & set.any(&allows);
        }
        formula
    }
}

/// Whether the match of a statement depends on more of the caller than its account.
pub(super) fn depends_on_caller(statement: &Statement) -> bool {
    let variable = |piece: &Piece| matches!(piece, Piece::Variable(_));
    let in_path = |entry: &ResourceEntry| match entry {
        ResourceEntry::All => false,
        ResourceEntry::Segments(segments) => segments.path.0.iter().any(variable),
    };
    statement.resources.iter().any(in_path)
        || statement.condition.iter().any(|term| {
            let in_values = match &term.values {
                Values::Text(patterns) => patterns.iter().any(|pattern| pattern.0.iter().any(variable)),
                _ => false,
            };
            in_values || term.unvalued || matches!(&*term.key, "qcs:uin" | "qcs:owner_uin")
        })
}

/// The accounts that a document by itself names, with a role for every entry that can name one: which roles there are
/// is not known of it.
fn assumed_directory(outline: &Outline) -> Directory<'static> {
    let (own, appid) = match &outline.account {
        Some((uin, appid)) => (uin.to_string(), appid.as_deref().map(str::to_owned)),
        None => (IMPLICIT_ACCOUNT.to_owned(), Some(IMPLICIT_APPID.to_owned())),
    };
    let mut accounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    accounts.entry(own.clone()).or_default().insert("roleName/a".to_owned());
    for entry in outline.statements.iter().flat_map(|stated| &stated.resources) {
        let ResourceEntry::Segments(segments) = &entry.means else { continue };
        let account = match &segments.account {
            AccountPattern::Uin(uin) => uin.to_string(),
            _ => own.clone(),
        };
        if let Some(role) = super::role::some(&segments.path) {
            accounts.entry(account).or_default().insert(role);
        }
    }
    let mut directory = Directory::with(&Options::default());
    for (uin, roles) in accounts {
        let appid = appid.clone().filter(|_| uin == own);
        let roles = roles.into_iter().map(|role| vec![role]).collect();
        directory.add(uin.into(), appid.map(Into::into), roles);
    }
    directory
}
