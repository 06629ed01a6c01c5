//! The accounts of a world: their users, groups and roles, and the policies these hold.

use std::collections::{BTreeSet, HashMap};

use super::assemble::{Assembly, Attachment};
use super::names::FULL_ACCESS;
use super::raw;
use crate::document::Document;
use crate::policy::{self, Kind, PolicyId, ResourcePattern};

/// The documents in place of an account, and what they most likely are: policies with a name may be referred to as
/// another kind too, and are then read again.
pub(super) fn in_place(
    account: &raw::Account,
) -> impl Iterator<Item = (raw::Place, Attachment<'_>, Option<&ResourcePattern>)> {
    let place = |document: &raw::Document| match document {
        raw::Document::Inline(at) => Some(*at),
        _ => None,
    };
    let referred = move |reference: &raw::Reference| match reference {
        raw::Reference::Document(_, document) => place(document),
        raw::Reference::Name(_) => None,
    };
    let of = |kind| move |at| (at, Attachment::own(kind, account), None);
    let named = account.policies.iter().filter_map(move |policy| place(&policy.document));
    let users = account.users.iter().flat_map(|user| &user.policies);
    let groups = account.groups.iter().flat_map(|group| &group.policies);
    let roles = account.roles.iter().flat_map(|role| &role.policies);
    let identity = named.chain(users.chain(groups).chain(roles).filter_map(referred));
    let user_boundaries = account.users.iter().filter_map(|user| user.boundary.as_ref());
    let role_boundaries = account.roles.iter().filter_map(|role| role.boundary.as_ref());
    let boundaries = user_boundaries.chain(role_boundaries).filter_map(referred);
    let trust = account.roles.iter().filter_map(move |role| place(role.trust.as_ref()?));
    identity
        .map(of(Kind::Identity))
        .chain(boundaries.map(of(Kind::Boundary)))
        .chain(trust.map(of(Kind::Trust)))
}

/// The work on one account.
struct Desk<'w> {
    account: &'w raw::Account,
    by_name: HashMap<&'w str, usize>,
    policies: Vec<Own>,
    groups: HashMap<&'w str, u32>,
}

/// A policy of the account and what has become of it.
#[derive(Default)]
struct Own {
    /// `None` before it is opened; then `None` if it could not be.
    document: Option<Option<Document>>,
    /// By kind; `None` where it was refused.
    ids: Vec<(Kind, Option<PolicyId>)>,
}

impl<'w> Assembly<'w, '_> {
    /// A reference of an account: one of its policies, else a preset, or a document in place.
    fn reference(
        &mut self,
        desk: &mut Desk<'w>,
        reference: &'w raw::Reference,
        kind: Kind,
        inline: impl Fn(usize) -> String,
    ) -> Option<PolicyId> {
        let name = match reference {
            raw::Reference::Document(index, document) => {
                return self.bench.inline(inline(*index), document, Attachment::own(kind, desk.account));
            }
            raw::Reference::Name(name) => name,
        };
        if let Some(at) = desk.by_name.get(&*name.text) {
            return self.own_policy(desk, *at, kind);
        }
        if let Some(at) = self.preset_by_name.get(&*name.text) {
            return self.presets[*at].attach(&mut self.bench, kind, Some(desk.account));
        }
        let account = desk.account;
        let own = account.policies.iter().map(|policy| &*policy.name.text);
        let presets = self.bench.ground.world.presets.iter().map(|preset| &*preset.name.text);
        self.unknown("policy or preset", name, own.chain(presets).chain([FULL_ACCESS]));
        None
    }

    /// A list of references, resolved.
    fn references(
        &mut self,
        desk: &mut Desk<'w>,
        list: &'w [raw::Reference],
        kind: Kind,
        inline: impl Fn(usize) -> String,
    ) -> Vec<PolicyId> {
        list.iter().filter_map(|reference| self.reference(desk, reference, kind, &inline)).collect()
    }

    fn own_policy(&mut self, desk: &mut Desk<'w>, at: usize, kind: Kind) -> Option<PolicyId> {
        let (own, account) = (&mut desk.policies[at], desk.account);
        if let Some((_, id)) = own.ids.iter().find(|(known, _)| *known == kind) {
            return *id;
        }
        let policy = &account.policies[at];
        let document = own.document.get_or_insert_with(|| self.bench.library.open(&policy.document)).as_ref();
        let id = document.and_then(|document| {
            let statements = self.bench.read(document, Attachment::own(kind, account), None)?;
            let name = self.qualified.name(&account.uin.text, &policy.name.text);
            Some(self.bench.keep(name, kind, document, statements, &account.uin.text))
        });
        own.ids.push((kind, id));
        id
    }

    /// Reads an account and everything that hangs on it.
    pub(super) fn account(&mut self, account: &'w raw::Account) -> policy::Account {
        let mut groups: Vec<&raw::Group> = account.groups.iter().collect();
        groups.sort_by_key(|group| &group.name.text);
        let mut desk = Desk {
            account,
            by_name: account.policies.iter().enumerate().map(|(at, own)| (&*own.name.text, at)).collect(),
            policies: account.policies.iter().map(|_| Own::default()).collect(),
            groups: (0u32..).zip(&groups).map(|(at, group)| (&*group.name.text, at)).collect(),
        };
        let mut read = policy::Account {
            uin: account.uin.text.clone(),
            appid: account.appid.as_ref().map(|appid| appid.text.clone()),
            general: self.general_policies(Some(account)),
            ..policy::Account::default()
        };
        for group in groups {
            let inline = |index| format!("inline:group/{}.{index}", group.name.text);
            read.groups.push(policy::Group {
                name: group.name.text.clone(),
                id: group.id.as_ref().map(|id| id.text.clone()),
                policies: self.references(&mut desk, &group.policies, Kind::Identity, inline),
            });
        }
        read.users = account.users.iter().map(|user| self.user(&mut desk, user)).collect();
        read.users.sort_by(|a, b| a.uin.cmp(&b.uin));
        read.roles = account.roles.iter().map(|role| self.role(&mut desk, role)).collect();
        read.roles.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(levels) = self.levels.get(&*account.uin.text).copied() {
            let level = |(level, list): (usize, &'w Vec<raw::Reference>)| {
                self.references(&mut desk, list, Kind::Scp, |index| format!("scp{level}.{index}"))
            };
            let levels: Vec<_> = levels.iter().enumerate().map(level).collect();
            read.levels = (!levels.is_empty()).then_some(levels);
        }
        self.leftover_policies(desk);
        read
    }

    fn user(&mut self, desk: &mut Desk<'w>, user: &'w raw::User) -> policy::User {
        let mut groups = BTreeSet::new();
        for group in &user.groups {
            match desk.groups.get(&*group.text) {
                Some(at) => drop(groups.insert(*at)),
                None => {
                    let known = desk.account.groups.iter().map(|group| &*group.name.text);
                    self.unknown("group", group, known);
                }
            }
        }
        let holder = &user.uin.text;
        let inline = |index| format!("inline:{holder}.{index}");
        let boundary = |_| format!("inline:{holder}.boundary");
        policy::User {
            uin: holder.clone(),
            name: user.name.clone(),
            collaborator: user.collaborator,
            groups: groups.into_iter().collect(),
            policies: self.references(desk, &user.policies, Kind::Identity, inline),
            boundary: user
                .boundary
                .as_ref()
                .and_then(|own| self.reference(desk, own, Kind::Boundary, boundary)),
        }
    }

    fn role(&mut self, desk: &mut Desk<'w>, role: &'w raw::Role) -> policy::Role {
        let name = &role.name.text;
        let inline = |index| format!("inline:role/{name}.{index}");
        let boundary = |_| format!("inline:role/{name}.boundary");
        let trust = Attachment::own(Kind::Trust, desk.account);
        policy::Role {
            name: name.clone(),
            id: role.id.as_ref().map(|id| id.text.clone()),
            policies: self.references(desk, &role.policies, Kind::Identity, inline),
            boundary: role
                .boundary
                .as_ref()
                .and_then(|own| self.reference(desk, own, Kind::Boundary, boundary)),
            trust: role
                .trust
                .as_ref()
                .and_then(|document| self.bench.inline(format!("trust:{name}"), document, trust)),
            service_linked: role.service_linked,
        }
    }

    /// Policies of an account that nothing refers to are read as what they most likely are.
    fn leftover_policies(&mut self, desk: Desk<'w>) {
        for (policy, own) in desk.account.policies.iter().zip(desk.policies) {
            if own.document.is_some() {
                continue;
            }
            self.unattached(&policy.name, "policy");
            if let Some(document) = self.bench.library.open(&policy.document) {
                self.bench.read(&document, Attachment::own(Kind::Identity, desk.account), None);
            }
        }
    }
}
