//! Whether a statement of a trust or resource policy names an identity, and through what (CITE PRI-4, PRI-6, PRI-9).

use camshaft_frontend::policy::{Account, Effect, Group, PolicySet, PrincipalEntry, Role, Statement, User};

use super::identity::{Identity, Kind};

/// An identity with its place in the set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'s> {
    pub(super) account: &'s Account,
    pub(super) who: Who<'s>,
}

/// What it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'s> {
    Root,
    User(&'s User),
    Group(&'s Group),
    Role(&'s Role),
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum At<'s> {
    /// In the trust policy of a role.
    Trust,
    /// In a resource policy of an account.
    Resource(&'s Account),
}

impl<'s> Subject<'s> {
    /// An identity that was found in the world.
    pub(super) fn find(set: &'s PolicySet, identity: &Identity) -> Option<Self> {
        let account = set.accounts.iter().find(|account| *account.uin == identity.account)?;
        let who = match identity.kind {
            Kind::Root => Who::Root,
            Kind::User => Who::User(account.users.iter().find(|user| *user.uin == identity.key)?),
            Kind::Group => Who::Group(account.groups.iter().find(|group| *group.name == identity.key)?),
            Kind::Role => Who::Role(account.roles.iter().find(|role| *role.name == identity.key)?),
        };
        Some(Self { account, who })
    }

    /// The groups of a user.
    pub(super) fn groups(&self) -> impl Iterator<Item = &'s Group> + use<'s> {
        let account = self.account;
        let of: &'s [u32] = if let Who::User(user) = self.who { &user.groups } else { &[] };
        of.iter().filter_map(move |at| account.groups.get(*at as usize))
    }

    /// Through what a statement names it: `itself`, `account`, `everyone`, `unsigned`, `group/developers`.
    pub(super) fn named_by(&self, statement: &Statement, at: At<'_>) -> Vec<String> {
        let entries = statement.principals.as_deref().unwrap_or_default();
        let mut through: Vec<String> =
            entries.iter().filter_map(|entry| self.through(entry, statement.effect, at)).collect();
        through.sort_unstable();
        through.dedup();
        through
    }

    fn through(&self, entry: &PrincipalEntry, effect: Effect, at: At<'_>) -> Option<String> {
        use PrincipalEntry as Entry;
        let here = |root: &str| root == &*self.account.uin;
        let is_group = matches!(self.who, Who::Group(_));
        let (named, how) = match entry {
            // A group is not who calls.
            Entry::Everyone | Entry::Anyone => (!is_group, "everyone"),
            // What is allowed without a signature is allowed with one (CITE EVA-13).
            Entry::Anonymous => {
                (!is_group && effect == Effect::Allow && matches!(at, At::Resource(_)), "unsigned")
            }
            Entry::Root { root } if matches!(self.who, Who::Root) => (here(root), "itself"),
            Entry::Root { root } => {
                let own = matches!(at, At::Resource(owner) if owner.uin == *root);
                (!is_group && here(root) && !own, "account")
            }
            Entry::SubAccount { root, uin } => {
                (here(root) && matches!(self.who, Who::User(user) if user.uin == *uin), "itself")
            }
            Entry::Group { root, id } => {
                let is = |group: &Group| group.id.as_ref() == Some(id);
                if let (true, Some(group)) = (here(root), self.groups().find(|group| is(group))) {
                    return Some(format!("group/{}", group.name));
                }
                (here(root) && matches!(self.who, Who::Group(group) if is(group)), "itself")
            }
            Entry::RoleName { root, name } => {
                (here(root) && matches!(self.who, Who::Role(role) if role.name == *name), "itself")
            }
            Entry::RoleId { root, id } => {
                (here(root) && matches!(self.who, Who::Role(role) if role.id.as_ref() == Some(id)), "itself")
            }
            Entry::ServiceRole { root, name } => {
                let is = |role: &Role| role.service_linked && role.name == *name;
                (here(root) && matches!(self.who, Who::Role(role) if is(role)), "itself")
            }
            Entry::AccountService { .. } | Entry::Service { .. } | Entry::Provider { .. } => (false, ""),
        };
        named.then(|| how.to_owned())
    }
}
