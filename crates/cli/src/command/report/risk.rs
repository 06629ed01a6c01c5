//! The riskiest grants, by the shape of single statements.
//!
//! A shape is no decision: a deny, a boundary or a level of an organization may forbid what a statement grants. The page
//! says so, and `camshaft explain` tells for one request.

use camshaft_frontend::matches_glob;

use super::model::{Kind, Model, Statement};

/// Why a grant is risky; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Risk {
    /// Everything on everything, without condition.
    FullAccess,
    /// Anybody, signed or not.
    Public,
    /// Rights that can be turned into others.
    Escalation,
    /// Somebody of another root account, or resources of one.
    CrossAccount,
    /// All of a service on all of its resources, without condition.
    ServiceWide,
}

impl Risk {
    /// Every risk, the worst first.
    pub(super) const ALL: [Self; 5] =
        [Self::FullAccess, Self::Public, Self::Escalation, Self::CrossAccount, Self::ServiceWide];

    /// A heading, and what it means.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::FullAccess => ("Full access", "every action on every resource, without condition"),
            Self::Public => ("Public", "open to everybody, signed or not, as far as its conditions let them"),
            Self::Escalation => {
                ("Escalation", "can change who may do what: attach policies, edit trust, make keys")
            }
            Self::CrossAccount => {
                ("Across accounts", "admits another root account, or names resources of one")
            }
            Self::ServiceWide => {
                ("Whole services", "every action of a service on all of its resources, without condition")
            }
        }
    }

    /// As programs call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::FullAccess => "full_access",
            Self::Public => "public",
            Self::Escalation => "escalation",
            Self::CrossAccount => "cross_account",
            Self::ServiceWide => "service_wide",
        }
    }
}

/// Actions of CAM that give their caller, or somebody else, more than was granted (semantics CAM0531).
const ESCALATING: [&str; 16] = [
    "AttachUserPolicy",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "CreatePolicyVersion",
    "SetDefaultPolicyVersion",
    "UpdatePolicy",
    "AddUserToGroup",
    "UpdateAssumeRolePolicy",
    "DeleteUserPermissionsBoundary",
    "DeleteRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
    "PutRolePermissionsBoundary",
    "DetachUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "CreateAccessKey",
];

/// A risky statement.
#[derive(Debug)]
pub(super) struct Risky {
    pub(super) risk: Risk,
    /// The statement.
    pub(super) statement: usize,
    /// What makes it one.
    pub(super) because: String,
}

/// Every risky statement: by risk, then by how many hold it.
pub(super) fn find(model: &Model<'_>) -> Vec<Risky> {
    let mut found = Vec::new();
    for (number, statement) in model.statements.iter().enumerate() {
        let mut add = |risk, because| found.push(Risky { risk, statement: number, because });
        let Some(policy) = model.policies.get(statement.policy as usize).filter(|_| !statement.denies) else {
            continue;
        };
        match policy.kind {
            Kind::Identity if is_full(statement) => add(Risk::FullAccess, "* on *".into()),
            Kind::Identity => {
                if let Some(actions) = escalation(statement) {
                    add(Risk::Escalation, actions);
                }
                if let Some(service) = service_wide(statement) {
                    add(Risk::ServiceWide, format!("all of {service}"));
                }
                if let Some(owner) = foreign_resource(model, statement) {
                    add(Risk::CrossAccount, format!("resources of {owner}"));
                }
            }
            Kind::Trust | Kind::Resource => {
                if let Some(who) = statement.principals.iter().find(|who| is_everybody(who)) {
                    add(Risk::Public, format!("admits {who}"));
                } else if let Some(who) = foreign_principal(model, statement) {
                    add(Risk::CrossAccount, format!("admits {who}"));
                }
            }
            Kind::Boundary | Kind::Scp => {}
        }
    }
    let holders = |risky: &Risky| {
        let policy = model.statements.get(risky.statement).map_or(0, |statement| statement.policy);
        model.policies.get(policy as usize).map_or(0, |policy| policy.holders.len())
    };
    found.sort_by_key(|risky| (risky.risk, core::cmp::Reverse(holders(risky)), risky.statement));
    found
}

fn is_full(statement: &Statement) -> bool {
    let has = |list: &[String]| list.iter().any(|entry| entry == "*");
    statement.terms.is_empty() && has(&statement.actions) && has(&statement.resources)
}

/// Whether a resource entry covers all of a service, for the own account.
fn covers_service(entry: &str, service: &str) -> bool {
    if entry == "*" {
        return true;
    }
    match entry.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["qcs", "", of, "", "" | "*", "*"] => of.is_empty() || *of == service,
        _ => false,
    }
}

fn service_wide(statement: &Statement) -> Option<&str> {
    if !statement.terms.is_empty() {
        return None;
    }
    statement.actions.iter().find_map(|action| {
        let service = match action.split_once(':') {
            Some((service, "*")) => service,
            _ if action == "*" => {
                // Everything on all of one service.
                return statement.resources.iter().find_map(|entry| {
                    let service = entry.split(':').nth(2).filter(|service| !service.is_empty())?;
                    covers_service(entry, service).then_some(service)
                });
            }
            _ => return None,
        };
        statement.resources.iter().any(|entry| covers_service(entry, service)).then_some(service)
    })
}

/// The actions that escalate, the first few by name.
fn escalation(statement: &Statement) -> Option<String> {
    let on_cam = statement.resources.iter().any(|entry| {
        let service = entry.split(':').nth(2);
        entry == "*" || matches!(service, Some("" | "cam"))
    });
    let granted = |name: &&&str| {
        statement.actions.iter().any(|action| match action.split_once(':') {
            Some((service, operation)) => service == "cam" && matches_glob(operation, name),
            None => action == "*",
        })
    };
    let names: Vec<&str> = ESCALATING.iter().filter(granted).copied().collect();
    if !on_cam || names.is_empty() {
        return None;
    }
    let shown = names.iter().take(3).map(|name| format!("cam:{name}")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(3);
    Some(if more > 0 { format!("{shown} and {more} more") } else { shown })
}

fn is_everybody(who: &str) -> bool {
    matches!(who, "*" | "qcs::cam::anyone:anyone" | "qcs::cam::anonymous:anonymous")
}

/// The owner that an entry names, if no holder of the statement belongs to it.
fn foreign_resource<'s>(model: &Model<'_>, statement: &'s Statement) -> Option<&'s str> {
    let holders = &model.policies.get(statement.policy as usize)?.holders;
    let own = |owner: &str| {
        holders.iter().any(|holder| {
            let account = model.identities.get(*holder as usize).map(|identity| identity.account);
            let account = account.and_then(|account| model.accounts.get(account as usize));
            account.is_some_and(|account| match owner.split_once('/') {
                Some(("uin", uin)) => account.uin == uin,
                Some((_, appid)) => account.appid == Some(appid),
                None => false,
            })
        })
    };
    if holders.is_empty() {
        return None;
    }
    let owners = statement.resources.iter().filter_map(|entry| entry.split(':').nth(4));
    owners.into_iter().find(|owner| owner.contains('/') && !own(owner))
}

/// A principal of another root account than the one that the policy stands in.
fn foreign_principal<'s>(model: &Model<'_>, statement: &'s Statement) -> Option<&'s str> {
    let policy = model.policies.get(statement.policy as usize)?;
    let of_roles =
        policy.holders.iter().filter_map(|holder| Some(model.identities.get(*holder as usize)?.account));
    let owners: Vec<&str> = policy
        .accounts
        .iter()
        .copied()
        .chain(of_roles)
        .filter_map(|account| Some(model.accounts.get(account as usize)?.uin))
        .collect();
    fn root(who: &str) -> Option<&str> {
        who.strip_prefix("qcs::cam::uin/")?.split(':').next()
    }
    let foreign = |who: &&String| root(who).is_some_and(|root| !owners.contains(&root));
    statement.principals.iter().find(foreign).map(String::as_str)
}
