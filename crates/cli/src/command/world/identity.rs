//! Identities as the command line names them, and as the directory of a world has them.

use camshaft_frontend::named::{self, Fault, Named};
use camshaft_frontend::policy::PolicySet;
use serde::Serialize;

use super::did_you_mean;
use super::sheet::{Json, Sheet};
use crate::exit::Failure;

/// What an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Root,
    User,
    Group,
    Role,
}

/// An identity of a world.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Identity {
    /// As policies name it.
    pub(super) principal: String,
    pub(super) kind: Kind,
    /// Uin of its account.
    pub(super) account: String,
    /// The uin of a user or root account, the name of a group or role.
    pub(super) key: String,
}

impl Identity {
    /// `100000000001/role/Monitor`.
    pub(super) fn short(&self) -> String {
        let Self { account, key, .. } = self;
        match self.kind {
            Kind::Root => format!("{account}/root"),
            Kind::User => format!("{account}/{key}"),
            Kind::Group => format!("{account}/group/{key}"),
            Kind::Role => format!("{account}/role/{key}"),
        }
    }

    /// How documents in place that it holds are named (CITE EVA-27): without index.
    pub(super) fn inline(&self) -> String {
        match self.kind {
            Kind::Root | Kind::User => format!("inline:{}", self.key),
            Kind::Group => format!("inline:group/{}", self.key),
            Kind::Role => format!("inline:role/{}", self.key),
        }
    }
}

/// Who is in an account: names and ids.
#[derive(Debug, Default)]
struct Account<'w> {
    uin: &'w str,
    users: Vec<&'w str>,
    groups: Vec<(&'w str, Option<&'w str>)>,
    roles: Vec<Role<'w>>,
}

#[derive(Debug)]
struct Role<'w> {
    name: &'w str,
    id: Option<&'w str>,
    service_linked: bool,
}

/// Who is in a world.
#[derive(Debug)]
pub(super) struct Directory<'w>(Vec<Account<'w>>);

impl<'w> From<&'w PolicySet> for Directory<'w> {
    fn from(set: &'w PolicySet) -> Self {
        let account = |account: &'w camshaft_frontend::policy::Account| Account {
            uin: &account.uin,
            users: account.users.iter().map(|user| &*user.uin).collect(),
            groups: account.groups.iter().map(|group| (&*group.name, group.id.as_deref())).collect(),
            roles: account
                .roles
                .iter()
                .map(|role| Role {
                    name: &role.name,
                    id: role.id.as_deref(),
                    service_linked: role.service_linked,
                })
                .collect(),
        };
        Self(set.accounts.iter().map(account).collect())
    }
}

impl<'w> From<&'w Sheet> for Directory<'w> {
    fn from(sheet: &'w Sheet) -> Self {
        let account = |account: &'w Json| Account {
            uin: account.text("uin").unwrap_or_default(),
            users: account.list("users").iter().filter_map(|user| user.text("uin")).collect(),
            groups: account
                .list("groups")
                .iter()
                .filter_map(|group| Some((group.text("name")?, group.text("id"))))
                .collect(),
            roles: account
                .list("roles")
                .iter()
                .filter_map(|role| {
                    Some(Role {
                        name: role.text("name")?,
                        id: role.text("id"),
                        service_linked: role.get("service_linked") == Some(&Json::Raw("true".into())),
                    })
                })
                .collect(),
        };
        Self(sheet.accounts().into_iter().map(account).collect())
    }
}

impl Directory<'_> {
    /// Looks an identity up.
    pub(super) fn find(&self, text: &str) -> Result<Identity, Failure> {
        let (root, wanted) = parse(text)?;
        let Some(account) = self.0.iter().find(|account| account.uin == root) else {
            return Err(unknown("account", root, self.0.iter().map(|account| account.uin)));
        };
        let identity = |kind, key: &str, last: String| Identity {
            principal: format!("qcs::cam::uin/{root}:{last}"),
            kind,
            account: root.into(),
            key: key.into(),
        };
        Ok(match wanted {
            Named::Root => identity(Kind::Root, root, "root".into()),
            Named::User(uin) => {
                let users = || account.users.iter().copied();
                users().find(|own| *own == uin).ok_or_else(|| unknown("user", uin, users()))?;
                identity(Kind::User, uin, format!("uin/{uin}"))
            }
            Named::GroupName(name) | Named::GroupId(name) => {
                let by_id = matches!(wanted, Named::GroupId(_));
                let called =
                    |(own, id): &(&str, Option<&str>)| if by_id { *id == Some(name) } else { *own == name };
                let Some((name, id)) = account.groups.iter().find(|group| called(group)) else {
                    let groups = account.groups.iter();
                    let known = groups.filter_map(|(own, id)| if by_id { *id } else { Some(own) });
                    return Err(unknown("group", name, known));
                };
                // A group without an id cannot be named by policies.
                let last = id.map_or_else(|| format!("group/{name}"), |id| format!("groupid/{id}"));
                identity(Kind::Group, name, last)
            }
            Named::RoleName(text) | Named::RoleId(text) | Named::ServiceRole(text) => {
                let by_id = matches!(wanted, Named::RoleId(_));
                let linked = matches!(wanted, Named::ServiceRole(_));
                let called = |role: &&Role<'_>| {
                    let name = if by_id { role.id } else { Some(role.name) };
                    name == Some(text) && (role.service_linked || !linked)
                };
                let Some(role) = account.roles.iter().find(called) else {
                    let roles = account.roles.iter();
                    let known = roles.filter_map(|role| if by_id { role.id } else { Some(role.name) });
                    return Err(unknown("role", text, known));
                };
                identity(Kind::Role, role.name, format!("roleName/{}", role.name))
            }
        })
    }

    /// Looks an account up.
    pub(super) fn account(&self, uin: &str) -> Result<(), Failure> {
        let mut known = self.0.iter().map(|account| account.uin);
        if known.any(|own| own == uin) {
            return Ok(());
        }
        Err(unknown("account", uin, self.0.iter().map(|account| account.uin)))
    }
}

fn unknown<'c>(what: &str, name: &str, known: impl Iterator<Item = &'c str>) -> Failure {
    let help = did_you_mean(name, known);
    let help = help.unwrap_or_else(|| format!("`camshaft world list PATH {what}s` lists those there are"));
    Failure::usage_with(format!("there is no {what} `{name}` in the world"), help)
}

/// The account, and who of it.
fn parse(text: &str) -> Result<(&str, Named<'_>), Failure> {
    named::parse(text).map_err(|fault| match fault {
        Fault::Malformed => Failure::usage_with(
            format!("`{text}` is not an identity"),
            "write `ACCOUNT/USER`, `ACCOUNT/role/NAME`, `ACCOUNT/group/NAME`, `ACCOUNT/root`, \
             `qcs::cam::uin/ACCOUNT:uin/USER`, `…:roleName/NAME`, `…:groupid/ID` or `…:root`",
        ),
        Fault::HoldsNothing => Failure::usage_with(
            format!("`{text}` is no identity of a world"),
            "services, identity providers and anonymous callers hold no policies",
        ),
    })
}
