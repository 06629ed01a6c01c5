//! The world as it would be with what a remedy proposes, so that it can be compared with the one that is.

use camshaft_frontend::policy::{
    AccountPattern, Policy, PolicyId, PolicySet, ResourceEntry, ResourcePolicy, Role, Statement,
};
use camshaft_frontend::request::Request;
use camshaft_runtime::Part;

use super::{Grant, Remedy, kind, read};

/// What proposed statements are called.
pub const PROPOSED: &str = "proposed";

/// The world with everything added that a remedy proposes, where it belongs; `None` where that cannot be said: without
/// a statement for each part, for a session policy, or for a caller or an owner that the directory does not hold.
pub fn applied(remedy: &Remedy, set: &PolicySet, request: &Request) -> Option<PolicySet> {
    if !remedy.denies.is_empty() || remedy.obstacle.is_some() || remedy.grants.is_empty() {
        return None;
    }
    let mut set = set.clone();
    for grant in &remedy.grants {
        add(&mut set, grant, request)?;
    }
    Some(set)
}

fn add(set: &mut PolicySet, grant: &Grant, request: &Request) -> Option<()> {
    let kind = kind(grant.part);
    let mut statements = read(grant.statement.as_ref()?, kind)?;
    let id = PolicyId(u32::try_from(set.policies.len()).ok()?);
    let holder = |set: &PolicySet| holder(set, &request.principal);
    match grant.part {
        Part::Session | Part::Anyone => return None,
        Part::Boundary => {
            let (account, holder) = holder(set)?;
            let account = set.accounts.get(account)?;
            let boundary = match holder {
                Holder::User(user) => account.users.get(user)?.boundary?,
                Holder::Role(role) => account.roles.get(role)?.boundary?,
            };
            extend(set, boundary, statements)?;
            return Some(());
        }
        Part::Trust => {
            let (account, role) = assumed(set, request)?;
            if let Some(trust) = set.accounts.get(account)?.roles.get(role)?.trust {
                extend(set, trust, statements)?;
                return Some(());
            }
            set.accounts.get_mut(account)?.roles.get_mut(role)?.trust = Some(id);
        }
        Part::Scp(level) => {
            let root = root(&request.principal)?;
            let account = set.accounts.iter_mut().find(|account| *account.uin == *root)?;
            account.levels.as_mut()?.get_mut(level as usize)?.push(id);
        }
        Part::Identity => {
            let (account, holder) = holder(set)?;
            let account = set.accounts.get_mut(account)?;
            match holder {
                Holder::User(user) => account.users.get_mut(user)?.policies.push(id),
                Holder::Role(role) => account.roles.get_mut(role)?.policies.push(id),
            }
        }
        Part::Resource => {
            let Some(ResourceEntry::Segments(scope)) = statements.first()?.resources.first() else {
                return None;
            };
            let (scope, owner) = (scope.clone(), owner(set, &scope.account)?);
            set.resource_policies.push(ResourcePolicy { scope, account: owner, policy: id });
        }
    }
    for (index, statement) in (0..).zip(&mut statements) {
        statement.index = index;
    }
    set.policies.push(Policy { name: PROPOSED.into(), kind, source: PROPOSED.into(), statements });
    Some(())
}

enum Holder {
    User(usize),
    Role(usize),
}

/// Uin of the root account of a caller.
fn root(principal: &str) -> Option<&str> {
    let rest = principal.strip_prefix("qcs::sts:").or_else(|| principal.strip_prefix("qcs::cam:"))?;
    let (root, _) = rest.trim_start_matches(':').split_once(':')?;
    Some(root.trim_start_matches("uin/"))
}

/// The user or role that a caller is.
fn holder(set: &PolicySet, principal: &str) -> Option<(usize, Holder)> {
    let root = root(principal)?;
    let number = set.accounts.iter().position(|account| *account.uin == *root)?;
    let account = set.accounts.get(number)?;
    let (kind, name) = principal.rsplit_once(':')?.1.split_once('/')?;
    let holder = match kind {
        "uin" | "federated-user" => Holder::User(account.users.iter().position(|user| *user.uin == *name)?),
        "roleName" | "role" | "assumed-role" => {
            let name = name.strip_prefix("tencentcloudServiceRoleName/").unwrap_or(name);
            let name = name.split('/').next()?;
            Holder::Role(account.roles.iter().position(|role| is_named(role, name))?)
        }
        _ => return None,
    };
    Some((number, holder))
}

fn is_named(role: &Role, name: &str) -> bool {
    *role.name == *name || role.id.as_deref() == Some(name)
}

/// The role that a request is to assume.
fn assumed(set: &PolicySet, request: &Request) -> Option<(usize, usize)> {
    let segments: Vec<&str> = request.resources.first()?.splitn(6, ':').collect();
    let (account, path) = (segments.get(4)?, segments.get(5)?);
    let number = set.accounts.iter().position(|of| {
        match (account.strip_prefix("uin/"), account.strip_prefix("uid/")) {
            (Some(uin), _) => *of.uin == *uin,
            (None, Some(appid)) => of.appid.as_deref() == Some(appid),
            (None, None) => root(&request.principal) == Some(&*of.uin),
        }
    })?;
    let name = path.rsplit('/').next()?;
    let role = set.accounts.get(number)?.roles.iter().position(|role| is_named(role, name))?;
    Some((number, role))
}

fn owner(set: &PolicySet, account: &AccountPattern) -> Option<u32> {
    let number = set.accounts.iter().position(|of| match account {
        AccountPattern::Uin(uin) => of.uin == *uin,
        AccountPattern::AppId(appid) => of.appid.as_ref() == Some(appid),
        _ => false,
    })?;
    u32::try_from(number).ok()
}

/// Adds statements to a policy that stands already, for everyone whom it binds.
fn extend(set: &mut PolicySet, policy: PolicyId, statements: Vec<Statement>) -> Option<()> {
    let policy = set.policies.get_mut(policy.0 as usize)?;
    let next = policy.statements.iter().map(|statement| statement.index + 1).max().unwrap_or(0);
    let numbered = (next..).zip(statements).map(|(index, statement)| Statement { index, ..statement });
    policy.statements.extend(numbered);
    Some(())
}
