//! Callers, and whom principal entries admit.

use camshaft_frontend::policy::{Account, Effect, PolicySet, PrincipalEntry, Role, Statement, User};
use camshaft_value::principal::ProviderKind;

use super::set::{Caller, Standing};

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    Root,
    User,
    Role,
    /// A cloud service.
    Machine,
    /// An identity provider.
    Provider,
    Anonymous,
}

/// A name by which principal entries admit callers (CITE PRI-4 to PRI-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Name<'a> {
    Everyone,
    Anonymous,
    /// The root account itself.
    Root(&'a str),
    /// Every identity of an account.
    All(&'a str),
    SubAccount(&'a str, &'a str),
    Group(&'a str, &'a str),
    Role(&'a str, &'a str),
    RoleId(&'a str, &'a str),
    ServiceRole(&'a str, &'a str),
    AccountService(&'a str, &'a str),
    Service(&'a str),
    Provider(&'a str, ProviderKind, &'a str),
}

/// Someone who may ask, by the names that do not depend on a world.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Person<'a> {
    pub(super) class: Class,
    /// Uin of the root account.
    pub(super) account: Option<&'a str>,
    /// Uin of a sub-account, name of a role.
    pub(super) own: Option<&'a str>,
    /// A service, a provider, or a role by another name than its own.
    pub(super) spelled: Option<Name<'a>>,
    /// Other names that it is taken to have, where no directory says.
    pub(super) more: Vec<Name<'a>>,
}

impl<'a> Person<'a> {
    pub(super) const ANONYMOUS: Self =
        Self { class: Class::Anonymous, account: None, own: None, spelled: None, more: Vec::new() };

    pub(super) fn root(account: &'a str) -> Self {
        Self { class: Class::Root, account: Some(account), own: None, spelled: None, more: Vec::new() }
    }

    pub(super) fn user(account: &'a str, uin: &'a str) -> Self {
        Self { class: Class::User, account: Some(account), own: Some(uin), spelled: None, more: Vec::new() }
    }

    pub(super) fn role(account: &'a str, name: &'a str) -> Self {
        Self { class: Class::Role, account: Some(account), own: Some(name), spelled: None, more: Vec::new() }
    }

    /// A role by its id, or as that of a service.
    pub(super) fn role_as(account: &'a str, name: Name<'a>) -> Self {
        Self { class: Class::Role, account: Some(account), own: None, spelled: Some(name), more: Vec::new() }
    }

    /// Someone whom an entry names; `None` for everyone, groups and the unsigned.
    pub(super) fn named(entry: &'a PrincipalEntry) -> Option<Self> {
        let name = plain(entry);
        let machine =
            Self { class: Class::Machine, account: None, own: None, spelled: Some(name), more: Vec::new() };
        Some(match name {
            Name::Root(root) | Name::All(root) => Self::root(root),
            Name::SubAccount(root, uin) => Self::user(root, uin),
            Name::Role(root, name) => Self::role(root, name),
            Name::RoleId(root, _) | Name::ServiceRole(root, _) => Self::role_as(root, name),
            Name::AccountService(..) | Name::Service(_) => machine,
            Name::Provider(..) => Self { class: Class::Provider, ..machine },
            Name::Everyone | Name::Anonymous | Name::Group(..) => return None,
        })
    }

    /// As requests spell it.
    pub(super) fn principal(&self) -> String {
        let account = self.account.unwrap_or_default();
        match (self.class, self.own, self.spelled) {
            (Class::Anonymous, ..) => "qcs::cam::anonymous:anonymous".to_owned(),
            (Class::Root, ..) => format!("qcs::cam::uin/{account}:uin/{account}"),
            (Class::User, Some(uin), _) => format!("qcs::cam::uin/{account}:uin/{uin}"),
            (Class::Role, Some(name), _) => format!("qcs::cam::uin/{account}:roleName/{name}"),
            (_, _, Some(Name::RoleId(root, id))) => format!("qcs::sts:{root}:assumed-role/{id}"),
            (_, _, Some(Name::ServiceRole(root, name))) => {
                format!("qcs::cam::uin/{root}:role/tencentcloudServiceRoleName/{name}")
            }
            (_, _, Some(Name::AccountService(root, name))) => format!("qcs::cam::uin/{root}:service/{name}"),
            (_, _, Some(Name::Service(domain))) => format!("service/{domain}"),
            (_, _, Some(Name::Provider(root, kind, name))) => {
                let kind = if kind == ProviderKind::Saml { "saml" } else { "oidc" };
                format!("qcs::cam::uin/{root}:{kind}-provider/{name}")
            }
            _ => String::new(),
        }
    }

    /// The same as a set takes it.
    pub(super) fn caller(&self, set: &PolicySet) -> Caller {
        let account = account_of(set, self.account.unwrap_or_default());
        let uin = match self.class {
            Class::Root => self.account,
            Class::User => self.own,
            _ => None,
        };
        Caller {
            principal: self.principal(),
            account: self.account.map(str::to_owned),
            appid: account.and_then(|account| account.appid.as_deref()).map(str::to_owned),
            uin: uin.map(str::to_owned),
        }
    }

    pub(super) fn user_of<'s>(&self, set: &'s PolicySet) -> Option<&'s User> {
        let (Class::User, Some(uin)) = (self.class, self.own) else { return None };
        let users = &account_of(set, self.account?)?.users;
        users.binary_search_by(|user| (*user.uin).cmp(uin)).ok().and_then(|at| users.get(at))
    }

    pub(super) fn role_of<'s>(&self, set: &'s PolicySet) -> Option<&'s Role> {
        if self.class != Class::Role {
            return None;
        }
        let roles = &account_of(set, self.account?)?.roles;
        let found = |role: &&Role| match (self.own, self.spelled) {
            (Some(name), _) => &*role.name == name,
            (None, Some(Name::RoleId(_, id))) => role.id.as_deref() == Some(id),
            (None, Some(Name::ServiceRole(_, name))) => role.service_linked && &*role.name == name,
            _ => false,
        };
        roles.iter().find(found)
    }

    /// The names by which entries admit the caller in a world.
    pub(super) fn names<'s>(&self, set: &'s PolicySet) -> Vec<Name<'s>>
    where
        'a: 's,
    {
        let mut names = vec![Name::Everyone];
        let account = self.account.unwrap_or_default();
        match self.class {
            Class::Anonymous => names.push(Name::Anonymous),
            Class::Root => names.extend([Name::Root(account), Name::All(account)]),
            Class::User => {
                names.extend([Name::SubAccount(account, self.own.unwrap_or_default()), Name::All(account)]);
                let groups = account_of(set, account).map_or(&[][..], |account| &account.groups);
                let own = self.user_of(set).map_or(&[][..], |user| &user.groups);
                let ids = own.iter().filter_map(|group| groups.get(*group as usize)?.id.as_deref());
                names.extend(ids.map(|id| Name::Group(account, id)));
            }
            Class::Role => {
                names.push(Name::All(account));
                match (self.role_of(set), self.own, self.spelled) {
                    (Some(role), ..) => {
                        names.push(Name::Role(account, &role.name));
                        names.extend(role.id.as_deref().map(|id| Name::RoleId(account, id)));
                        names.extend(role.service_linked.then_some(Name::ServiceRole(account, &role.name)));
                    }
                    (None, Some(name), _) => names.push(Name::Role(account, name)),
                    (None, None, spelled) => names.extend(spelled),
                }
            }
            Class::Machine | Class::Provider => names.extend(self.spelled),
        }
        names.extend(&self.more);
        names
    }
}

/// An account by its uin.
pub(super) fn account_of<'s>(set: &'s PolicySet, uin: &str) -> Option<&'s Account> {
    set.accounts.binary_search_by(|account| (*account.uin).cmp(uin)).ok().and_then(|at| set.accounts.get(at))
}

fn plain(entry: &PrincipalEntry) -> Name<'_> {
    match entry {
        PrincipalEntry::Everyone | PrincipalEntry::Anyone => Name::Everyone,
        PrincipalEntry::Anonymous => Name::Anonymous,
        PrincipalEntry::Root { root } => Name::All(root),
        PrincipalEntry::SubAccount { root, uin } => Name::SubAccount(root, uin),
        PrincipalEntry::Group { root, id } => Name::Group(root, id),
        PrincipalEntry::RoleName { root, name } => Name::Role(root, name),
        PrincipalEntry::RoleId { root, id } => Name::RoleId(root, id),
        PrincipalEntry::ServiceRole { root, name } => Name::ServiceRole(root, name),
        PrincipalEntry::AccountService { root, name } => Name::AccountService(root, name),
        PrincipalEntry::Service { domain } => Name::Service(domain),
        PrincipalEntry::Provider { root, kind, name } => Name::Provider(root, *kind, name),
    }
}

/// Whether the principals of a statement admit a caller with these names. `lenient` is the option of EVA-14.
pub(super) fn admits(
    statement: &Statement,
    standing: Standing<'_>,
    lenient: bool,
    names: &[Name<'_>],
) -> bool {
    let Some(entries) = &statement.principals else { return true };
    entries.iter().any(|entry| {
        let name = match (entry, standing) {
            // CITE EVA-14
            (PrincipalEntry::Anyone, Standing::Scope(scope, ..))
                if lenient && statement.effect == Effect::Deny && scope.service.as_deref() == Some("cos") =>
            {
                Name::Anonymous
            }
            // CITE PRI-6: in its own resource policies a root account is only itself.
            (PrincipalEntry::Root { root }, Standing::Scope(_, owner, _)) if **root == *owner => {
                Name::Root(root)
            }
            (entry, _) => plain(entry),
        };
        names.contains(&name)
    })
}
