//! Requests before they are decided: every check of semantics §13.6, in its order.

use camshaft_bundle::schema::{key, option, scalar};
use camshaft_bundle::{NONE, Tables};
use camshaft_value::date::Instant;
use camshaft_value::principal::{Caller, RoleName};
use camshaft_value::resource::{Owner, Requested};

use crate::caller::{self, Identity};
use crate::decision::ErrorCode;
use crate::query::{ActionIds, OwnerIds};
use crate::request::{MAX_RESOURCES, Request, Session};

/// The actions by which a role is assumed (CITE EVA-18).
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// A well-formed request with its caller looked up.
pub(crate) struct Checked<'c, 'r> {
    pub(crate) request: &'c Request<'r>,
    pub(crate) action: ActionIds<'r>,
    pub(crate) first: Requested<'r>,
    pub(crate) time: Option<Instant>,
    /// `None` for an unsigned caller.
    pub(crate) identity: Option<Identity<'r>>,
    /// The role to assume, for the three actions of EVA-18.
    pub(crate) role: Option<u32>,
}

impl<'c, 'r> Checked<'c, 'r> {
    /// The checks in the order of semantics §13.6.
    pub(crate) fn new(tables: &Tables<'_>, request: &'c Request<'r>) -> Result<Self, ErrorCode> {
        if !request.is_sized() {
            return Err(ErrorCode::Size);
        }
        let caller = Caller::parse(request.principal).ok_or(ErrorCode::Principal)?;
        if request.signed.is_some_and(|signed| signed == (caller == Caller::Anonymous)) {
            return Err(ErrorCode::Signed);
        }
        let action = ActionIds::read(tables, request.action).ok_or(ErrorCode::Action)?;
        let [_, saml, web] = ASSUME;
        if matches!(caller, Caller::Provider { .. }) && action.text != saml && action.text != web {
            return Err(ErrorCode::Principal);
        }
        let first = resources(tables, request.resources)?;
        let derived = |key: &str| key::TEXTS.iter().skip(1).any(|derived| *derived == key);
        if request.context.iter().any(|(key, _)| derived(key)) {
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
        age(tables, request.artifact_age_s)?;
        let identity = Identity::find(tables, caller).ok_or(ErrorCode::Bundle)?;
        let role = if ASSUME.contains(&action.text) {
            let only = request.resources.len() == 1;
            let role = target_role(tables, identity.as_ref(), first).ok_or(ErrorCode::Bundle)?;
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

/// CITE REQ-5; returns the first.
fn resources<'r>(tables: &Tables<'_>, resources: &'r [&'r str]) -> Result<Requested<'r>, ErrorCode> {
    if resources.is_empty() || resources.len() > MAX_RESOURCES {
        return Err(ErrorCode::ResourceCount);
    }
    let mut first = None;
    for text in resources {
        let requested = Requested::parse(text).ok_or(ErrorCode::Resource)?;
        if let Requested::Resource(resource) = requested
            && (resource.region.is_empty() || resource.owner == Owner::Caller)
            && tables.segments().find(resource.service).is_some_and(|service| is_capable(tables, service))
        {
            return Err(ErrorCode::Resource);
        }
        first = first.or(Some(requested));
    }
    first.ok_or(ErrorCode::ResourceCount)
}

/// Whether the service (a segment id) takes resource policies (CITE EVA-12).
pub(crate) fn is_capable(tables: &Tables<'_>, service: u32) -> bool {
    tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize).any(|capable| capable == service)
}

/// CITE REQ-14
fn age(tables: &Tables<'_>, age: Option<u64>) -> Result<(), ErrorCode> {
    if tables.scalar(scalar::OPTIONS) & option::MAX_AGE == 0 {
        return Ok(());
    }
    let (low, high) = (tables.scalar(scalar::MAX_AGE_LOW), tables.scalar(scalar::MAX_AGE_HIGH));
    let greatest = u64::from(high) << 32 | u64::from(low);
    if age.is_some_and(|age| age <= greatest) { Ok(()) } else { Err(ErrorCode::Age) }
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
