//! What a decision about one caller depends on in one world, and the decision as a formula (semantics §9).

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Pattern, Piece, Policy, PolicyId, PolicySet, ProjectPattern,
    ResourceEntry, ResourcePattern, Statement,
};

use super::Witness;
use super::directory::Directory;
use super::formula::Formula;
use super::set::{Member, Set, Standing};
use super::who::{Class, Person, account_of, admits};

/// A layer of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// What the caller holds: its own policies, those of its groups, and general ones.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// A level of the organization, from the root down.
    Organization(usize),
    /// Policies of resources.
    Resource,
    /// Who may assume a role.
    Trust,
}

impl Layer {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Organization(_) => "scp",
            Self::Resource => "resource",
            Self::Trust => "trust",
        }
    }
}

/// A statement where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant<'a> {
    pub(super) policy: &'a Policy,
    pub(super) statement: &'a Statement,
    pub(super) standing: Standing<'a>,
    pub(super) layer: Layer,
    /// Binds as if the request had no signature (CITE EVA-13).
    pub(super) unsigned: bool,
    /// Of the role that it trusts by: index into [`World::roles`].
    pub(super) role: Option<usize>,
}

impl Grant<'_> {
    /// Whether it is the same statement in the same place.
    pub(super) fn is(&self, other: &Self) -> bool {
        let scopes = match (self.standing, other.standing) {
            (Standing::Scope(a, ..), Standing::Scope(b, ..)) => core::ptr::eq(a, b),
            _ => true,
        };
        scopes
            && core::ptr::eq(self.statement, other.statement)
            && (self.layer, self.unsigned, self.role) == (other.layer, other.unsigned, other.role)
    }
}

/// A role of a world as a resource.
#[derive(Debug)]
pub(super) struct RoleObject<'a> {
    pub(super) account: &'a str,
    pub(super) name: &'a str,
    pub(super) trust: Option<PolicyId>,
    pub(super) entry: Vec<ResourceEntry>,
}

/// A policy of resources where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scoped<'a> {
    pub(super) policy: PolicyId,
    pub(super) pattern: &'a ResourcePattern,
    pub(super) uin: &'a str,
    pub(super) appid: Option<&'a str>,
}

impl<'a> Scoped<'a> {
    pub(super) fn standing(&self) -> Standing<'a> {
        Standing::Scope(self.pattern, self.uin, self.appid)
    }
}

/// A world, ready for questions.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) set: &'a PolicySet,
    pub(super) directory: Arc<Directory<'a>>,
    pub(super) scoped: Vec<Scoped<'a>>,
    pub(super) roles: Vec<RoleObject<'a>>,
}

/// What one caller is bound by.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    /// The directory holds the caller, or need not (CITE REQ-13).
    pub(super) known: bool,
    pub(super) root: bool,
    pub(super) identity: Vec<PolicyId>,
    pub(super) boundary: Option<PolicyId>,
    pub(super) levels: Vec<Vec<PolicyId>>,
}

impl<'a> World<'a> {
    pub(super) fn new(set: &'a PolicySet) -> Self {
        let scoped = set.resource_policies.iter().filter_map(|policy| {
            let account = set.accounts.get(policy.account as usize)?;
            Some(Scoped {
                policy: policy.policy,
                pattern: &policy.scope,
                uin: &account.uin,
                appid: account.appid.as_deref(),
            })
        });
        let roles = set.accounts.iter().flat_map(|account| {
            account.roles.iter().map(|role| RoleObject {
                account: &account.uin,
                name: &role.name,
                trust: role.trust,
                entry: vec![ResourceEntry::Segments(ResourcePattern {
                    project: ProjectPattern::Any,
                    service: Some("cam".into()),
                    region: None,
                    account: AccountPattern::Uin(account.uin.clone()),
                    path: Pattern(vec![Piece::Literal(format!("roleName/{}", role.name).into())]),
                })],
            })
        });
        Self {
            set,
            directory: Arc::new(Directory::of(set)),
            scoped: scoped.collect(),
            roles: roles.collect(),
        }
    }

    pub(super) fn policy(&self, id: PolicyId) -> Option<&'a Policy> {
        self.set.policies.get(id.0 as usize)
    }

    /// What a caller is bound by, but for policies of resources and trust.
    pub(super) fn layers(&self, person: &Person<'_>) -> Layers {
        let account = person.account.and_then(|uin| account_of(self.set, uin));
        let mut layers = Layers::default();
        let levels = || account.and_then(|account| account.levels.clone()).unwrap_or_default();
        match person.class {
            Class::Machine | Class::Provider | Class::Anonymous => layers.known = true,
            Class::Root => {
                (layers.known, layers.root) = (account.is_some(), account.is_some());
                layers.levels = levels();
            }
            Class::User => {
                let user = person.user_of(self.set);
                layers.known = user.is_some();
                layers.levels = levels();
                if let (Some(user), Some(account)) = (user, account) {
                    let groups = user.groups.iter().filter_map(|group| account.groups.get(*group as usize));
                    layers.identity = user.policies.clone();
                    layers.identity.extend(groups.flat_map(|group| group.policies.iter().copied()));
                    layers.boundary = user.boundary;
                }
                let general = account.map_or(&self.set.general_unknown, |account| &account.general);
                layers.identity.extend(general);
            }
            Class::Role => {
                let role = person.role_of(self.set);
                layers.known = role.is_some();
                if !role.is_some_and(|role| role.service_linked) {
                    layers.levels = levels();
                }
                if let Some(role) = role {
                    layers.identity = role.policies.clone();
                    layers.boundary = role.boundary;
                }
            }
        }
        layers.identity.sort_unstable();
        layers.identity.dedup();
        layers
    }

    /// Every statement that a decision about a caller depends on. Those of trust policies only with `roles`.
    pub(super) fn grants(
        &self,
        person: &Person<'a>,
        layers: &Layers,
        roles: &[usize],
        relevant: &impl Fn(&Statement) -> bool,
    ) -> Vec<Grant<'a>> {
        let mut grants = Vec::new();
        let names = person.names(self.set);
        let stranger = Person::ANONYMOUS.names(self.set);
        let lenient = self.set.options.cos_anyone_deny_unsigned;
        let mut add = |id: PolicyId,
                       standing: Standing<'a>,
                       layer: Layer,
                       unsigned: bool,
                       role: Option<usize>| {
            let Some(policy) = self.policy(id) else { return };
            let names = if unsigned { &stranger } else { &names };
            let bind = policy.statements.iter().filter(|statement| relevant(statement));
            let bind = bind.filter(|statement| admits(statement, standing, lenient, names));
            grants.extend(bind.map(|statement| Grant { policy, statement, standing, layer, unsigned, role }));
        };
        layers.identity.iter().for_each(|id| add(*id, Standing::Caller, Layer::Identity, false, None));
        layers.boundary.iter().for_each(|id| add(*id, Standing::Caller, Layer::Boundary, false, None));
        for (number, level) in layers.levels.iter().enumerate() {
            level.iter().for_each(|id| add(*id, Standing::Caller, Layer::Organization(number), false, None));
        }
        let signed = matches!(person.class, Class::Root | Class::User | Class::Role);
        for scoped in &self.scoped {
            add(scoped.policy, scoped.standing(), Layer::Resource, false, None);
            if signed {
                add(scoped.policy, scoped.standing(), Layer::Resource, true, None);
            }
        }
        for number in roles {
            if let Some(RoleObject { account, trust: Some(trust), .. }) = self.roles.get(*number) {
                add(*trust, Standing::Account(account), Layer::Trust, false, Some(*number));
            }
        }
        grants
    }
}

/// A decision as two formulas, and the statements in them.
#[derive(Clone, Debug)]
pub(super) struct Decision<'a> {
    pub(super) allow: Formula,
    pub(super) deny: Formula,
    pub(super) members: Vec<(Member, Grant<'a>)>,
    /// Of which requests each of these is a part: a trust policy is asked for its role only.
    pub(super) binds: Vec<Formula>,
    /// The three actions of EVA-18.
    assume: Formula,
    /// The caller's own account, or `*`; `None` for callers without an account.
    own: Option<Formula>,
    known: bool,
    root: bool,
    /// Only what the statements say counts.
    alone: bool,
}

fn all_actions() -> &'static [ActionEntry] {
    &[ActionEntry::All]
}

/// The three actions of EVA-18.
fn assume_actions() -> &'static [ActionEntry] {
    static ASSUME: OnceLock<Vec<ActionEntry>> = OnceLock::new();
    ASSUME.get_or_init(|| {
        ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"].map(operation).to_vec()
    })
}

/// What an identity provider can ask for (CITE REQ-2).
fn provider_actions() -> &'static [ActionEntry] {
    assume_actions().get(1..).unwrap_or_default()
}

fn operation(name: &str) -> ActionEntry {
    let operation = Pattern(vec![Piece::Literal(name.into())]);
    ActionEntry::Operation { service: "sts".into(), operation }
}

/// Whether entries may cover one of the three actions of EVA-18.
pub(super) fn assumes(actions: &[ActionEntry]) -> bool {
    actions.iter().any(|own| assume_actions().iter().any(|other| meet(own, other)))
}

/// Whether some action is covered by both.
pub(super) fn meet(a: &ActionEntry, b: &ActionEntry) -> bool {
    match (a, b) {
        (
            ActionEntry::Operation { service: a, operation: own },
            ActionEntry::Operation { service: b, operation: other },
        ) => a == b && own.meets(other),
        _ => true,
    }
}

/// Six segments of the caller's own account.
pub(super) fn own_resources() -> &'static [ResourceEntry] {
    static OWN: OnceLock<Vec<ResourceEntry>> = OnceLock::new();
    OWN.get_or_init(|| {
        vec![ResourceEntry::Segments(ResourcePattern {
            project: ProjectPattern::Any,
            service: None,
            region: None,
            account: AccountPattern::Own,
            path: Pattern(vec![Piece::Star]),
        })]
    })
}

pub(super) fn all_resources() -> &'static [ResourceEntry] {
    &[ResourceEntry::All]
}

impl<'a> Decision<'a> {
    /// Adds the statements of one side to a set, and says what they come to. `roles` are those that the three actions
    /// of EVA-18 are decided for; requests with these actions for other roles are left out.
    pub(super) fn new(
        set: &mut Set<'a>,
        side: usize,
        world: &'a World<'a>,
        person: &Person<'a>,
        layers: &Layers,
        roles: &[usize],
        grants: Vec<Grant<'a>>,
    ) -> Self {
        let members: Vec<(Member, Grant<'a>)> = grants
            .into_iter()
            .map(|grant| (set.add_as(grant.statement, grant.standing, side, grant.unsigned), grant))
            .collect();
        let binds = |set: &mut Set<'a>, is_of: &dyn Fn(&Grant<'a>) -> bool, effect: Effect| {
            let of = members.iter().filter(|(_, grant)| grant.statement.effect == effect && is_of(grant));
            Formula::any(of.map(|(member, _)| set.binds(*member)).collect::<Vec<_>>())
        };
        let of = |layer: Layer| move |grant: &Grant<'a>| grant.layer == layer && !grant.unsigned;
        // The three actions, and the role that each trust policy is of.
        let assume = set.add_region_as(assume_actions(), all_resources(), Standing::Caller, side);
        let assume = set.binds(assume);
        let role_of: HashMap<usize, Formula> = roles
            .iter()
            .filter_map(|number| {
                let entry = &world.roles.get(*number)?.entry;
                let role = set.add_region_as(assume_actions(), entry, Standing::Caller, side);
                Some((*number, set.binds(role)))
            })
            .collect();
        let mut each: Vec<Formula> = Vec::with_capacity(members.len());
        for (member, grant) in &members {
            let binds = set.binds(*member);
            each.push(match grant.role {
                Some(role) => binds & role_of.get(&role).cloned().unwrap_or(Formula::Const(false)),
                None => binds,
            });
        }
        let denies = members.iter().zip(&each);
        let denies =
            denies.filter(|((_, grant), _)| grant.statement.effect == Effect::Deny && !grant.unsigned);
        let denies: Vec<Formula> = denies.map(|(_, binds)| binds.clone()).collect();
        let identity = if layers.known {
            binds(set, &of(Layer::Identity), Effect::Allow)
        } else {
            Formula::Const(false)
        };
        let by_owner = if layers.known {
            binds(set, &of(Layer::Resource), Effect::Allow)
        } else {
            Formula::Const(false)
        };
        let unsigned = |grant: &Grant<'a>| grant.unsigned;
        let anonymous = binds(set, &unsigned, Effect::Allow) & !binds(set, &unsigned, Effect::Deny);
        let root = Formula::Const(layers.root);
        let right = root.clone() | identity.clone();
        let mut own_account = None;
        let normal = match person.class {
            Class::Machine | Class::Provider | Class::Anonymous => by_owner.clone(),
            Class::Root | Class::User | Class::Role => {
                let own = set.add_own(all_actions(), own_resources(), side);
                let own = set.binds(own);
                own_account = Some(own.clone());
                let at_home = right.clone() | by_owner.clone() | anonymous.clone();
                let abroad = anonymous | (by_owner & right.clone());
                (own.clone() & at_home) | (!own & abroad)
            }
        };
        let machine = matches!(person.class, Class::Machine | Class::Provider);
        let right = if machine { Formula::Const(true) } else { right };
        let mut assumed: Vec<Formula> = Vec::new();
        for number in roles {
            let trust = binds(set, &|grant| grant.role == Some(*number), Effect::Allow);
            let is_role = role_of.get(number).cloned().unwrap_or(Formula::Const(false));
            assumed.push(is_role & trust & if layers.known { right.clone() } else { Formula::Const(false) });
        }
        let main = (assume.clone() & Formula::any(assumed)) | (!assume.clone() & normal);
        let mut caps: Vec<Formula> = Vec::new();
        for number in 0..layers.levels.len() {
            caps.push(binds(set, &of(Layer::Organization(number)), Effect::Allow));
        }
        if layers.boundary.is_some() {
            caps.push(binds(set, &of(Layer::Boundary), Effect::Allow));
        }
        let mut valid = Formula::Const(true);
        if person.class == Class::Provider {
            let may = set.add_region_as(provider_actions(), all_resources(), Standing::Caller, side);
            valid = set.binds(may);
        }
        let deny = Formula::any(denies) & valid.clone();
        let allow = Formula::all([!deny.clone(), Formula::all(caps), main, valid]);
        let (known, root) = (layers.known, layers.root);
        Self { allow, deny, members, binds: each, assume, own: own_account, known, root, alone: false }
    }

    /// What statements say alone: an allow binds and no deny.
    pub(super) fn alone(set: &mut Set<'a>, side: usize, grants: Vec<Grant<'a>>) -> Self {
        let members: Vec<(Member, Grant<'a>)> = grants
            .into_iter()
            .map(|grant| (set.add_as(grant.statement, grant.standing, side, grant.unsigned), grant))
            .collect();
        let binds: Vec<Formula> = members.iter().map(|(member, _)| set.binds(*member)).collect();
        let of = |effect: Effect| {
            let each = members.iter().zip(&binds);
            let of = each.filter(|((_, grant), _)| grant.statement.effect == effect);
            Formula::any(of.map(|(_, binds)| binds.clone()).collect::<Vec<_>>())
        };
        let (assume, own) = (Formula::Const(false), None);
        let deny = of(Effect::Deny);
        let allow = of(Effect::Allow) & !deny.clone();
        Self { allow, deny, members, binds, assume, own, known: true, root: false, alone: true }
    }

    /// The statements that may grant: allows of the caller, of resources, of trust.
    pub(super) fn grants(&self) -> impl Iterator<Item = (&Formula, &Grant<'a>)> {
        let each = self.binds.iter().zip(&self.members).map(|(binds, (_, grant))| (binds, grant));
        each.filter(|(_, grant)| {
            let grants = matches!(grant.layer, Layer::Identity | Layer::Resource | Layer::Trust);
            (grants || self.alone) && grant.statement.effect == Effect::Allow
        })
    }

    /// The statements that decide a request, as the engine names them (CITE EVA-23); and the decision.
    pub(super) fn decide(&self, set: &Set<'a>, witness: &Witness) -> (&'static str, Vec<&Grant<'a>>) {
        let bound = |layer: Layer, effect: Effect, unsigned: bool| -> Vec<&Grant<'a>> {
            let each = self.binds.iter().zip(&self.members);
            let of = each.filter(|(_, (_, grant))| {
                (grant.layer, grant.statement.effect, grant.unsigned) == (layer, effect, unsigned)
            });
            of.filter(|(binds, _)| set.holds(binds, witness)).map(|(_, (_, grant))| grant).collect()
        };
        if !set.holds(&self.allow, witness) {
            if !set.holds(&self.deny, witness) {
                return ("implicit_deny", Vec::new());
            }
            let each = self.binds.iter().zip(&self.members);
            let denies =
                each.filter(|(_, (_, grant))| grant.statement.effect == Effect::Deny && !grant.unsigned);
            let bound = denies.filter(|(binds, _)| set.holds(binds, witness));
            return ("explicit_deny", bound.map(|(_, (_, grant))| grant).collect());
        }
        if self.alone {
            let bound = self.grants().filter(|(binds, _)| set.holds(binds, witness));
            return ("allow", bound.map(|(_, grant)| grant).collect());
        }
        let allows = |layer| if self.known { bound(layer, Effect::Allow, false) } else { Vec::new() };
        let (identity, by_owner) = (allows(Layer::Identity), allows(Layer::Resource));
        let denied = !bound(Layer::Resource, Effect::Deny, true).is_empty();
        let anonymous = if denied { Vec::new() } else { bound(Layer::Resource, Effect::Allow, true) };
        let of = match &self.own {
            _ if set.holds(&self.assume, witness) => vec![allows(Layer::Trust), identity],
            None => vec![by_owner],
            Some(own) if set.holds(own, witness) => vec![identity, by_owner, anonymous],
            Some(_) if !by_owner.is_empty() && (self.root || !identity.is_empty()) => {
                vec![identity, by_owner, anonymous]
            }
            Some(_) => vec![anonymous],
        };
        ("allow", of.into_iter().flatten().collect())
    }
}
