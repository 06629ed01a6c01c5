//! Allows that reach far: CAM0508 to CAM0512, CAM0514, CAM0536, CAM0537.

use camshaft_frontend::diagnostic::code;
use camshaft_frontend::outline::{Stated, Written};
use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Kind, Piece, PrincipalEntry, ProjectPattern, ResourceEntry,
};
use camshaft_value::operator::{Base, Operator, ValueType};

use super::role::{self, Found};
use super::{Document, cover};
use crate::prove::condition::satisfying;

impl Document<'_, '_> {
    pub(super) fn breadth(&mut self, stated: &Stated) {
        match stated.meaning.effect {
            Effect::Allow => {
                self.wide(stated);
                self.roles(stated);
                self.trusted(stated);
                self.foreign(stated);
            }
            Effect::Deny => self.anyone(stated),
        }
    }

    /// CAM0508 to CAM0510.
    fn wide(&mut self, stated: &Stated) {
        // A trust policy is only ever asked about its own role; `*` is what its absent resource means.
        if !stated.meaning.condition.is_empty() || self.outline.kind == Kind::Trust {
            return;
        }
        let every_action = stated.actions.iter().find(|entry| entry.means.contains(&ActionEntry::All));
        let every_resource = stated.resources.iter().find(|entry| entry.means == ResourceEntry::All);
        if let (Some(action), Some(resource)) = (every_action, every_resource) {
            let message = "the statement allows every action on every resource";
            let found = self.found(stated, code::FULL_ACCESS, action.span, message);
            found.help = Some("name the actions and resources that are needed, or a condition".into());
            found.related.push((resource.span, "on every resource".into()));
        } else if let Some(resource) = every_resource {
            // In an allow nothing but `*` covers the entry `*`: no other entry is T for an API without resources.
            let message = "the statement allows its actions on every resource, without a condition";
            let found = self.found(stated, code::EFFECTIVELY_EVERYTHING, resource.span, message);
            found.help = Some("name the resources; `*` is needed only for APIs that take none".into());
        }
        for action in &stated.actions {
            let services = action.means.iter().filter_map(whole_service);
            for service in services {
                let wide = |entry: &&Written<ResourceEntry>| covers_service(&entry.means, service);
                let Some(resource) = stated.resources.iter().find(wide) else { continue };
                let message =
                    format!("the statement allows every action of `{service}` on all that `{service}` has");
                let found = self.found(stated, code::SERVICE_WIDE, action.span, message);
                found.help = Some("name the actions or the resources that are needed".into());
                if resource.span != stated.span {
                    found.related.push((resource.span, "on all of the service".into()));
                }
            }
        }
    }

    /// CAM0511, CAM0512.
    fn roles(&mut self, stated: &Stated) {
        if matches!(self.outline.kind, Kind::Trust | Kind::Resource) {
            return;
        }
        for (code, action) in
            [(code::PASS_ROLE_STAR, "cam:PassRole"), (code::ASSUME_ROLE_STAR, "sts:AssumeRole")]
        {
            let covers = |entry: &&Written<Vec<ActionEntry>>| {
                entry.means.iter().any(|one| cover::action_glob(one).matches(action))
            };
            let Some(by) = stated.actions.iter().find(covers) else { continue };
            let (at, roles) = match role::two(&stated.resources, self.lints.budget_states) {
                Found::Two { at, roles } => (at, roles),
                Found::None => continue,
                Found::GaveUp => {
                    self.gave_up();
                    continue;
                }
            };
            // Some request must make the statement T.
            if satisfying(&stated.meaning.condition).is_none() {
                self.gave_up();
                continue;
            }
            let message = format!("the statement allows `{action}` on roles that it does not name");
            let found = self.found(stated, code, at, message);
            found.related.push((by.span, format!("this allows `{action}`")));
            found.help = Some(format!("name the roles; it covers {roles}"));
        }
    }

    /// CAM0514.
    fn trusted(&mut self, stated: &Stated) {
        if self.outline.kind != Kind::Trust {
            return;
        }
        // An operator that holds without its key guards nothing.
        let guarded = |keys: &[&str], good: fn(Base) -> bool| {
            stated.terms.iter().any(|term| {
                let Operator { base, if_exist, .. } = term.meaning.operator;
                keys.contains(&&*term.meaning.key) && !if_exist && good(base)
            })
        };
        let external = guarded(&["sts:external_id"], |base| base == Base::StringEqual);
        let audience = guarded(&["oidc:aud", "saml:aud"], |base| {
            base.value_type() == ValueType::String && base != Base::BinaryEqual && !base.is_negated()
        });
        for entry in &stated.principals {
            let (message, help) = match &entry.means {
                PrincipalEntry::Everyone | PrincipalEntry::Anyone => (
                    "the trust policy lets everyone assume the role".to_owned(),
                    "name the accounts, services or providers that may",
                ),
                PrincipalEntry::Root { root } if !external => {
                    if self.owner().is_none_or(|(own, _)| *own == **root) {
                        continue;
                    }
                    (
                        format!("every identity of account `{root}` may ask for the role"),
                        "demand an id that only the two of you know: `string_equal` on `sts:external_id`",
                    )
                }
                PrincipalEntry::Provider { name, .. } if !audience => (
                    format!("assertions of `{name}` for any audience are accepted"),
                    "demand the audience: `string_equal` on `oidc:aud` or `saml:aud`",
                ),
                _ => continue,
            };
            self.found(stated, code::OPEN_TRUST, entry.span, message).help = Some(help.into());
        }
    }

    /// CAM0536.
    fn foreign(&mut self, stated: &Stated) {
        let owner = self.owner();
        match self.outline.kind {
            Kind::Resource => {
                for entry in &stated.principals {
                    let (whom, help) = match identity_root(&entry.means) {
                        Some(Some(root)) if owner.is_some_and(|(own, _)| own != root) => {
                            (format!("identities of account `{root}`"), ROOTED)
                        }
                        Some(None) => ("identities of every account".to_owned(), OPEN),
                        _ => continue,
                    };
                    let message = format!("the policy admits {whom}");
                    let found = self.found(stated, code::CROSS_ACCOUNT, entry.span, message);
                    found.help = Some(help.into());
                }
            }
            Kind::Identity if !self.outline.preset => {
                let Some((own, appid)) = owner else { return };
                for entry in &stated.resources {
                    let ResourceEntry::Segments(segments) = &entry.means else { continue };
                    let named = match &segments.account {
                        AccountPattern::Uin(uin) if **uin != *own => uin,
                        AccountPattern::AppId(id) if appid.is_some_and(|appid| *appid != **id) => id,
                        _ => continue,
                    };
                    let message = format!("`{named}` is not the account of the policy, `{own}`");
                    let found = self.found(stated, code::CROSS_ACCOUNT, entry.span, message);
                    let help = "intended? the other account must allow it by a policy of its resource";
                    found.help = Some(help.into());
                }
            }
            _ => {}
        }
    }

    /// CAM0537.
    fn anyone(&mut self, stated: &Stated) {
        if self.outline.kind != Kind::Resource {
            return;
        }
        // Without a scope: it can only bind in one of `cos`.
        let of_cos = |entry: &Written<ResourceEntry>| match &entry.means {
            ResourceEntry::Segments(segments) => segments.service.as_deref() == Some("cos"),
            ResourceEntry::All => false,
        };
        let cos = match &self.outline.scope {
            Some(scope) => scope.service.as_deref() == Some("cos"),
            None => stated.resources.iter().all(of_cos),
        };
        for entry in stated.principals.iter().filter(|_| cos) {
            if entry.means == PrincipalEntry::Anyone {
                let message = "COS documents that a deny for `anyone` binds unsigned callers only";
                let found = self.found(stated, code::ANYONE_DENY, entry.span, message);
                found.help = Some("here it binds everyone; to say so in any reading write `*`".into());
            }
        }
    }
}

/// What CAM0536 says of an account.
const ROOTED: &str = "intended? its root may then do it, its sub-accounts and roles if it allows them to";
/// What CAM0536 says of everyone.
const OPEN: &str = "intended? no other account has to agree";

/// The service of which the entry is every action.
fn whole_service(action: &ActionEntry) -> Option<&str> {
    match action {
        ActionEntry::Operation { service, operation } if operation.0 == [Piece::Star] => Some(service),
        _ => None,
    }
}

/// Whether the entry is T for every resource of a service, whoever owns it.
fn covers_service(resource: &ResourceEntry, service: &str) -> bool {
    match resource {
        ResourceEntry::All => true,
        ResourceEntry::Segments(segments) => {
            segments.project == ProjectPattern::Any
                && segments.service.as_deref().is_none_or(|of| of == service)
                && segments.region.is_none()
                && segments.account == AccountPattern::Any
                && segments.path.0 == [Piece::Star]
        }
    }
}

/// The root account whose identities an entry admits; `Some(None)` for those of every account.
fn identity_root(entry: &PrincipalEntry) -> Option<Option<&str>> {
    match entry {
        PrincipalEntry::Everyone | PrincipalEntry::Anyone => Some(None),
        PrincipalEntry::Root { root }
        | PrincipalEntry::SubAccount { root, .. }
        | PrincipalEntry::Group { root, .. }
        | PrincipalEntry::RoleName { root, .. }
        | PrincipalEntry::RoleId { root, .. }
        | PrincipalEntry::ServiceRole { root, .. } => Some(Some(root)),
        PrincipalEntry::Anonymous
        | PrincipalEntry::AccountService { .. }
        | PrincipalEntry::Service { .. }
        | PrincipalEntry::Provider { .. } => None,
    }
}
