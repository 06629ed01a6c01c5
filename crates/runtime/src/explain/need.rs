//! What would have to be granted for a request to be allowed.

use camshaft_bundle::Tables;
use camshaft_bundle::schema::scalar;

use super::Part;
use crate::caller::Identity;
use crate::checked::is_capable;
use crate::combine::Layers;
use crate::query::Query;

/// What a resource lacks, were there no deny.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// The parts of the evaluation of which each must allow and does not, in the order of semantics §9. Of a resource of
    /// the caller's own account, where one of two is enough, the identity's policies.
    pub parts: Vec<Part>,
    /// Why no statement can help, if none can.
    pub obstacle: Option<Obstacle>,
}

/// Why no statement can allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// The directory does not hold the caller, and nobody may do it (CITE REQ-13).
    UnknownCaller,
    /// An unsigned caller assumes no role (CITE EVA-18).
    Unsigned,
    /// Only a resource policy could allow it, and the service takes none (CITE EVA-12).
    NoResourcePolicies,
    /// Only a resource policy could allow it, and there is no resource, or its owner is not in the directory (CITE EVA-9).
    UnknownOwner,
}

impl Obstacle {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownCaller => "unknown_caller",
            Self::Unsigned => "unsigned",
            Self::NoResourcePolicies => "no_resource_policies",
            Self::UnknownOwner => "unknown_owner",
        }
    }
}

/// What every layer said of a resource, and who asks.
pub(crate) struct Standing<'s, 'r> {
    pub(crate) tables: &'s Tables<'s>,
    pub(crate) layers: &'s Layers,
    pub(crate) identity: Option<&'s Identity<'r>>,
    /// Whether a role is to be assumed (CITE EVA-18).
    pub(crate) assumes: bool,
    /// Whether it is the caller's own, or `*`.
    pub(crate) own: bool,
    /// The resource in its first spelling.
    pub(crate) query: Option<&'s Query<'r, 's>>,
}

/// What is lacking; `levels` are the statements of the organization, with whether they allow.
pub(super) fn need(standing: &Standing<'_, '_>, levels: impl Iterator<Item = (u32, bool)>) -> Need {
    let Standing { layers, identity, assumes, own, .. } = *standing;
    let mut need = Need::default();
    if !layers.scp_ok {
        let (mut all, mut allowing): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for (level, allows) in levels {
            all.push(level);
            if allows {
                allowing.push(level);
            }
        }
        all.sort_unstable();
        all.dedup();
        need.parts.extend(all.into_iter().filter(|level| !allowing.contains(level)).map(Part::Scp));
    }
    need.parts.extend((!layers.boundary_ok).then_some(Part::Boundary));
    need.parts.extend((!layers.session_ok).then_some(Part::Session));
    let is_root = identity.is_some_and(|identity| identity.is_root);
    let has_identity = identity.is_some_and(Identity::has_identity);
    let by_policies = layers.identity.allowed();
    let by_owner = layers.resource.allowed();
    if assumes {
        let right = is_root || by_policies || identity.is_some() && !has_identity;
        need.parts.extend((!right).then_some(Part::Identity));
        need.parts.extend((!layers.trust.allowed()).then_some(Part::Trust));
    } else if has_identity && own {
        let granted = is_root || by_policies || by_owner || layers.anyone.allowed();
        need.parts.extend((!granted).then_some(Part::Identity));
    } else if !layers.anyone.allowed() || !has_identity {
        need.parts.extend((has_identity && !is_root && !by_policies).then_some(Part::Identity));
        need.parts.extend((!by_owner).then_some(Part::Resource));
    }
    need.obstacle = obstacle(standing, &need.parts);
    need
}

fn obstacle(standing: &Standing<'_, '_>, parts: &[Part]) -> Option<Obstacle> {
    let Standing { tables, identity, assumes, query, .. } = *standing;
    if assumes && identity.is_none() && !parts.is_empty() {
        return Some(Obstacle::Unsigned);
    }
    if identity.is_some_and(|identity| identity.is_unknown)
        && parts.iter().any(|part| matches!(part, Part::Identity | Part::Resource | Part::Trust))
    {
        return Some(Obstacle::UnknownCaller);
    }
    if !parts.contains(&Part::Resource) {
        return None;
    }
    match query {
        Some(query) if !is_capable(tables, query.service) => Some(Obstacle::NoResourcePolicies),
        Some(query) if query.uin < tables.scalar(scalar::ACCOUNTS) => None,
        _ => Some(Obstacle::UnknownOwner),
    }
}
