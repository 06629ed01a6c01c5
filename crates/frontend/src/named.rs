//! Identities as people name them: `ACCOUNT/USER`, `ACCOUNT/role/NAME`, or the way policies and requests do.

use camshaft_value::alphabet::{is_name, is_number};
use camshaft_value::principal::{Caller, RoleName};

/// Whom a text names inside an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'t> {
    /// The root account itself.
    Root,
    /// A sub-account by its uin.
    User(&'t str),
    /// A group by its name.
    GroupName(&'t str),
    /// A group by its id.
    GroupId(&'t str),
    /// A role by its name.
    RoleName(&'t str),
    /// A role by its id.
    RoleId(&'t str),
    /// A service-linked role by its name.
    ServiceRole(&'t str),
}

/// Why a text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has none of the forms.
    Malformed,
    /// It names a caller that holds no policies: a service, a provider, an anonymous one.
    HoldsNothing,
}

/// The uin of the root account, and who of it.
///
/// # Errors
///
/// The text names nobody.
pub fn parse(text: &str) -> Result<(&str, Named<'_>), Fault> {
    if text.starts_with("qcs:") {
        let group = text.strip_prefix("qcs::cam::uin/").and_then(|rest| rest.split_once(":groupid/"));
        if let Some((root, id)) = group.filter(|(root, id)| is_number(root) && is_number(id)) {
            return Ok((root, Named::GroupId(id)));
        }
        return match Caller::parse(text).ok_or(Fault::Malformed)? {
            Caller::Root { uin } => Ok((uin, Named::Root)),
            Caller::Federated { root, uin } if root == uin => Ok((root, Named::Root)),
            Caller::SubAccount { root, uin } | Caller::Federated { root, uin } => {
                Ok((root, Named::User(uin)))
            }
            Caller::Role { root, role: RoleName::Id(id) } => Ok((root, Named::RoleId(id))),
            Caller::Role { root, role: RoleName::Name(name) } => Ok((root, Named::RoleName(name))),
            Caller::Role { root, role: RoleName::ServiceName(name) } => Ok((root, Named::ServiceRole(name))),
            _ => Err(Fault::HoldsNothing),
        };
    }
    let (root, rest) = text.split_once('/').filter(|(root, _)| is_number(root)).ok_or(Fault::Malformed)?;
    let named = match rest.split_once('/') {
        None if rest == "root" || rest == root => Named::Root,
        None if is_number(rest) => Named::User(rest),
        Some(("group", name)) if is_name(name) => Named::GroupName(name),
        Some(("role", name)) if is_name(name) => Named::RoleName(name),
        _ => return Err(Fault::Malformed),
    };
    Ok((root, named))
}
