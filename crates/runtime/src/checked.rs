//! Requests before they are decided: every check of semantics §13.6, in its order.

use camshaft_bundle::schema::{key, option, scalar};
use camshaft_bundle::{NONE, Tables};
use camshaft_value::date::Instant;
use camshaft_value::principal::{Caller, RoleName};
use camshaft_value::resource::{Likely, Owner, Requested};

use crate::caller::{self, Identity};
use crate::decision::ErrorCode;
use crate::query::{ActionIds, OwnerIds};
use crate::request::{MAX_RESOURCES, Request, Session};

/// The actions by which a role is assumed (CITE EVA-18).
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// A well-formed request with its caller looked up.
pub(crate) struct Checked<'c, 'r> {
    pub(crate) request: &'c Request<'r>,
    pub(crate) action: &'c ActionIds<'r>,
    /// The first resource.
    pub(crate) first: &'c Requested<'r>,
    pub(crate) time: Option<Instant>,
    /// `None` for an unsigned caller.
    pub(crate) identity: Option<&'c Identity<'r>>,
    /// The role to assume, for the three actions of EVA-18.
    pub(crate) role: Option<u32>,
}

impl<'c, 'r> Checked<'c, 'r> {
    /// What is left to check where the size is right and caller and action are known.
    #[inline]
    pub(crate) fn new(
        tables: &Tables<'_>,
        request: &'c Request<'r>,
        identity: Option<&'c Identity<'r>>,
        action: &'c ActionIds<'r>,
        first: &'c Requested<'r>,
        max_age_s: Option<u64>,
    ) -> Result<Self, ErrorCode> {
        let caller = identity.map_or(&Caller::Anonymous, |identity| &identity.caller);
        if request.context.iter().any(|(key, _)| is_derived(key)) {
            return Err(ErrorCode::DerivedKey);
        }
        let time = match request.time {
            Some(text) => Some(Instant::parse(text).ok_or(ErrorCode::Time)?),
            None => None,
        };
        // CITE REQ-11
        match (caller, request.session) {
            (_, Session::Invalid) => return Err(ErrorCode::Session),
            (Caller::Federated { .. }, Session::None) => return Err(ErrorCode::Session),
            (Caller::Anonymous, Session::Policy(_)) => return Err(ErrorCode::Session),
            _ => {}
        }
        // CITE REQ-14
        if max_age_s.is_some_and(|greatest| request.artifact_age_s.is_none_or(|age| age > greatest)) {
            return Err(ErrorCode::Age);
        }
        let role = if ASSUME.contains(&action.text) {
            let only = request.resources.len() == 1;
            let role = target_role(tables, identity, *first).ok_or(ErrorCode::Bundle)?;
            if !only || role == NONE {
                return Err(ErrorCode::Role);
            }
            Some(role)
        } else {
            None
        };
        Ok(Self { request, action, first, time, identity, role })
    }
}

/// CITE REQ-12
pub(crate) fn signed(request: &Request<'_>, identity: Option<&Identity<'_>>) -> Result<(), ErrorCode> {
    match request.signed {
        Some(signed) if signed != identity.is_some() => Err(ErrorCode::Signed),
        _ => Ok(()),
    }
}

/// Whether a request must not supply the key (CITE REQ-8).
fn is_derived(key: &str) -> bool {
    // PERF: lengths differ from those of other keys, so texts are seldom compared.
    let [_, derived @ ..] = key::TEXTS;
    derived.contains(&key)
}

/// Whether the caller may send requests for the action: identity providers only assert (CITE REQ-3).
#[inline]
pub(crate) fn may_ask(identity: Option<&Identity<'_>>, action: &ActionIds<'_>) -> Result<(), ErrorCode> {
    let [_, saml, web] = ASSUME;
    let asserts = identity.is_some_and(|identity| matches!(identity.caller, Caller::Provider { .. }));
    if asserts && action.text != saml && action.text != web {
        return Err(ErrorCode::Principal);
    }
    Ok(())
}

/// CITE REQ-5; returns the first.
#[inline]
pub(crate) fn resources<'r>(
    tables: &Tables<'_>,
    resources: &'r [&'r str],
    identity: Option<&Identity<'_>>,
    action: &ActionIds<'_>,
) -> Result<Requested<'r>, ErrorCode> {
    let uin = identity.and_then(|identity| identity.root).unwrap_or("");
    let appid = identity.and_then(|identity| identity.appid(tables)).unwrap_or("");
    let likely = Likely { service: action.service_text, uin, appid };
    let [first, others @ ..] = resources else { return Err(ErrorCode::ResourceCount) };
    if others.len() >= MAX_RESOURCES {
        return Err(ErrorCode::ResourceCount);
    }
    let first = Requested::parse_likely(first, likely).ok_or(ErrorCode::Resource)?;
    let mut sound = is_placed(tables, &first);
    for text in others {
        sound &= Requested::parse_likely(text, likely).is_some_and(|other| is_placed(tables, &other));
    }
    if sound { Ok(first) } else { Err(ErrorCode::Resource) }
}

/// Whether a resource of a service that takes resource policies has region and account.
#[inline]
fn is_placed(tables: &Tables<'_>, requested: &Requested<'_>) -> bool {
    let Requested::Resource(resource) = requested else { return true };
    if !resource.region.is_empty() && resource.owner != Owner::Caller {
        return true;
    }
    !tables.segments().find(resource.service).is_some_and(|service| is_capable(tables, service))
}

/// Whether the service (a segment id) takes resource policies (CITE EVA-12).
pub(crate) fn is_capable(tables: &Tables<'_>, service: u32) -> bool {
    tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize).any(|capable| capable == service)
}

/// The greatest age that the bundle's world accepts, in seconds (CITE REQ-14).
pub(crate) fn bundle_max_age_s(tables: &Tables<'_>) -> Option<u64> {
    let (low, high) = (tables.scalar(scalar::MAX_AGE_LOW), tables.scalar(scalar::MAX_AGE_HIGH));
    let bounded = tables.scalar(scalar::OPTIONS) & option::MAX_AGE != 0;
    bounded.then_some(u64::from(high) << 32 | u64::from(low))
}

/// The role that a resource is a spelling of, `NONE` for none that is known. The outer `None` is a
/// bundle that contradicts itself.
pub(crate) fn target_role(
    tables: &Tables<'_>,
    identity: Option<&Identity<'_>>,
    requested: Requested<'_>,
) -> Option<u32> {
    let Requested::Resource(resource) = requested else { return Some(NONE) };
    if resource.service != "cam" {
        return Some(NONE);
    }
    let (kind, name) = resource.path.split_once('/').unwrap_or((resource.path, ""));
    let written = match (kind, name.strip_prefix("tencentcloudServiceRoleName/")) {
        ("role", Some(name)) => RoleName::ServiceName(name),
        ("role", None) => RoleName::Id(name),
        ("roleName", _) => RoleName::Name(name),
        _ => return Some(NONE),
    };
    let (RoleName::ServiceName(name) | RoleName::Id(name) | RoleName::Name(name)) = written;
    let Some(name) = tables.names().find(name) else { return Some(NONE) };
    let owner = OwnerIds::find(tables, identity, resource.owner)?;
    caller::find_role(tables, owner.uin, name, written)
}
