//! Owners of scopes: the service of a resource policy takes such policies, and the owner is an account of the
//! world (CITE EVA-9, EVA-12; CAM0334, CAM0335). The text of the scope is read by [`crate::scope`].

use std::collections::HashMap;

use super::library::Library;
use super::raw;
use crate::diagnostic::{Diagnostic, code};
use crate::options::WorldOptions;
use crate::policy::{AccountPattern, ResourcePattern};
use crate::scope::read_scope;
use crate::setting::Parameters;
use crate::strict::list;

/// The accounts of a world by their ids.
pub(super) struct Owners<'w> {
    by_uin: HashMap<&'w str, u32>,
    by_appid: HashMap<&'w str, u32>,
}

impl<'w> Owners<'w> {
    /// Accounts are named by their index.
    pub(super) fn new(accounts: &[&'w raw::Account]) -> Self {
        let numbered = || (0u32..).zip(accounts);
        Self {
            by_uin: numbered().map(|(at, account)| (&*account.uin.text, at)).collect(),
            by_appid: numbered()
                .filter_map(|(at, account)| Some((&*account.appid.as_ref()?.text, at)))
                .collect(),
        }
    }

    fn find(&self, account: &AccountPattern) -> Option<u32> {
        match account {
            AccountPattern::Uin(uin) => self.by_uin.get(&**uin).copied(),
            AccountPattern::AppId(appid) => self.by_appid.get(&**appid).copied(),
            AccountPattern::Own | AccountPattern::Any | AccountPattern::Unvalued => None,
        }
    }
}

/// The scope and its owner; `None` when it is refused.
pub(super) fn read(
    scope: &raw::Name,
    owners: &Owners<'_>,
    parameters: &Parameters,
    options: &WorldOptions,
    library: &mut Library<'_>,
) -> Option<(ResourcePattern, u32)> {
    let raw::Place { source, span } = scope.at;
    let read = read_scope(&scope.text, source, span, parameters, options.legacy_project);
    library.diagnostics.extend(read.diagnostics);
    let pattern = read.pattern?;
    if let Some(service) =
        pattern.service.as_ref().filter(|own| !options.resource_policy_services.contains(own))
    {
        let message = format!("the service `{service}` takes no resource policies");
        let grant = "grant through identity policies, or list the service in `resource_policy_services`";
        let help = match options.resource_policy_services.as_slice() {
            [] => grant.into(),
            capable => format!("only {} do; {grant}", list(capable)),
        };
        library.diagnostics.push(Diagnostic::new(code::SCOPE_SERVICE, source, span, message).help(help));
        return None;
    }
    let owner = owners.find(&pattern.account);
    if owner.is_none() {
        let message = format!("the owner of the scope `{}` is no account of the world", scope.text);
        library.report(code::SCOPE_INVALID, scope.at, message);
    }
    Some((pattern, owner?))
}
