//! The decision: checks the request, evaluates each resource layer by layer, combines (semantics §9).

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, anchor, identity, key, option, scalar};
use camshaft_bundle::{Bundle, NONE, Range, Tables};
use camshaft_value::action::Action;
use camshaft_value::date::Instant;
use camshaft_value::principal::{Caller, RoleName};
use camshaft_value::resource::{Owner, Requested, Resource, lacks_slash};
use camshaft_value::truth::Truth;

use crate::caller::{self, Identity};
use crate::candidates::{self, Flow};
use crate::context::{Context, Subject};
use crate::decision::{Decision, ErrorCode, Layer, Origin, Statement};
use crate::query::{ActionIds, Query, Target};
use crate::request::{MAX_RESOURCES, Request, Session};
use crate::row::{self, View};
use crate::scratch::Scratch;

/// Decides requests over one opened bundle. Share it between threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Engine {
    bundle: Bundle,
}

/// A decision with all deciding statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// The same decision that [`Engine::decide`] gives.
    pub decision: Decision,
    /// Every matching deny of an explicit deny, every granting allow of an allow (CITE EVA-23); sorted.
    pub statements: Vec<Statement>,
}

/// The actions by which a role is assumed (CITE EVA-18).
const ASSUME: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

impl Engine {
    /// Takes an opened bundle.
    pub fn new(bundle: Bundle) -> Self {
        Self { bundle }
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Memory for the decisions of one thread.
    pub fn scratch(&self) -> Scratch {
        use camshaft_bundle::schema::automaton;
        let automata = self.bundle.tables().automata;
        let states = (0..automata.records::<{ automaton::WORDS }>())
            .filter_map(|number| automata.record::<{ automaton::WORDS }>(number))
            .map(|[_, _, _, states, _, _]| states);
        Scratch::new(states.max().unwrap_or(0) as usize)
    }

    /// Decides. Allocates nothing, takes no lock, never panics; the time is bounded by the length of the
    /// request and by what the bundle was compiled to.
    pub fn decide(&self, request: &Request<'_>, scratch: &mut Scratch) -> Decision {
        self.run(request, scratch, None)
    }

    /// Decides, and lists every deciding statement. Allocates.
    pub fn reasons(&self, request: &Request<'_>, scratch: &mut Scratch) -> Reasons {
        let mut statements = Vec::new();
        let decision = self.run(request, scratch, Some(&mut statements));
        statements.sort_unstable();
        statements.dedup();
        Reasons { decision, statements }
    }

    /// `policy#index`, the name of a statement in reasons (CITE EVA-23, EVA-27).
    pub fn statement_name(&self, statement: Statement) -> String {
        let Statement(number, origin) = statement;
        if origin == Origin::Session {
            return format!("session#{number}");
        }
        let tables = self.bundle.tables();
        let name = || {
            let [policy, index] = tables.statements.record::<2>(number)?;
            let [_, _, _, _, start, length, ..] = tables.policies.record::<8>(policy)?;
            Some(format!("{}#{index}", tables.policy_text.get(start, length)?))
        };
        name().unwrap_or_default()
    }

    fn run(
        &self,
        request: &Request<'_>,
        scratch: &mut Scratch,
        full: Option<&mut Vec<Statement>>,
    ) -> Decision {
        let tables = self.bundle.tables();
        let checked = match Checked::new(tables, request) {
            Ok(checked) => checked,
            Err(code) => return Decision::Error { code },
        };
        evaluate(tables, &checked, scratch, full).unwrap_or(Decision::Error { code: ErrorCode::Bundle })
    }
}

/// A well-formed request with its caller looked up.
pub(crate) struct Checked<'r> {
    pub(crate) request: Request<'r>,
    pub(crate) action: Action<'r>,
    pub(crate) first: Requested<'r>,
    pub(crate) time: Option<Instant>,
    /// `None` for an unsigned caller.
    pub(crate) identity: Option<Identity<'r>>,
    /// The role to assume, for the three actions of EVA-18.
    pub(crate) role: Option<u32>,
}

impl<'r> Checked<'r> {
    /// The checks in the order of semantics §13.6.
    pub(crate) fn new(tables: &Tables<'_>, request: &Request<'r>) -> Result<Self, ErrorCode> {
        if !request.is_sized() {
            return Err(ErrorCode::Size);
        }
        let caller = Caller::parse(request.principal).ok_or(ErrorCode::Principal)?;
        if request.signed.is_some_and(|signed| signed == (caller == Caller::Anonymous)) {
            return Err(ErrorCode::Signed);
        }
        let action = Action::parse(request.action).ok_or(ErrorCode::Action)?;
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
        Ok(Self { request: *request, action, first, time, identity, role })
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
            && is_capable(tables, resource.service)
        {
            return Err(ErrorCode::Resource);
        }
        first = first.or(Some(requested));
    }
    first.ok_or(ErrorCode::ResourceCount)
}

/// Whether the service takes resource policies (CITE EVA-12).
fn is_capable(tables: &Tables<'_>, service: &str) -> bool {
    let capable = tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize);
    tables
        .segments()
        .find(service)
        .is_some_and(|service| capable.into_iter().any(|capable| capable == service))
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
fn target_role(
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
    let (uin, _) = owner(tables, identity, resource.owner)?;
    let Some(account) = uin.and_then(|uin| tables.uins().find(uin)) else { return Some(NONE) };
    caller::find_role(tables, account, name, written)
}

/// The owner's uin and APPID as far as the request or the account table gives them (CITE REQ-6).
fn owner<'r, 't: 'r>(
    tables: &Tables<'t>,
    identity: Option<&Identity<'r>>,
    owner: Owner<'r>,
) -> Option<(Option<&'r str>, Option<&'r str>)> {
    let appid_of = |uin: &str| {
        let account = tables.uins().find(uin).filter(|id| *id < tables.scalar(scalar::ACCOUNTS));
        let appid = account.and_then(|account| tables.accounts.record::<ACCOUNT_WORDS>(account));
        appid.and_then(|[appid, ..]| tables.appids().get(appid))
    };
    Some(match owner {
        Owner::Uin(uin) => (Some(uin), appid_of(uin)),
        Owner::Caller => match identity.and_then(|identity| identity.root) {
            Some(uin) => (Some(uin), appid_of(uin)),
            None => (None, None),
        },
        Owner::AppId(appid) => {
            let account = match tables.appids().find(appid) {
                Some(id) => tables.appid_accounts.get(id)?,
                None => NONE,
            };
            (tables.uins().get(account), Some(appid))
        }
    })
}

/// What a list of blocks said.
#[derive(Debug)]
struct Hits {
    /// A matching deny and allow, `NONE` for none.
    deny: u32,
    allow: u32,
    /// Collect all; else one of each is enough.
    full: bool,
    denies: Vec<u32>,
    allows: Vec<u32>,
}

impl Hits {
    fn new(full: bool) -> Self {
        Self { deny: NONE, allow: NONE, full, denies: Vec::new(), allows: Vec::new() }
    }

    fn allowed(&self) -> bool {
        self.allow != NONE
    }

    /// Whether an allow could still change anything.
    fn wants_allow(&self) -> bool {
        self.full || self.allow == NONE
    }

    fn record(&mut self, deny: bool, statement: u32) -> Flow {
        let (one, all) =
            if deny { (&mut self.deny, &mut self.denies) } else { (&mut self.allow, &mut self.allows) };
        *one = statement;
        if self.full {
            all.push(statement);
        }
        if deny && !self.full { Flow::Stop } else { Flow::On }
    }

    fn clear_allows(&mut self) {
        self.allow = NONE;
        self.allows.clear();
    }
}

/// One bundle's view of the request.
struct Side<'e, 'r, 't, 's> {
    tables: &'e Tables<'t>,
    context: &'e Context<'r, 's>,
    view: View<'e, 'r>,
}

impl<'r> Side<'_, 'r, '_, '_> {
    /// Runs the rows of a block over every spelling of the resource.
    fn run(&self, block: u32, queries: &[Query<'r, '_>], marks: &mut [u64], hits: &mut Hits) -> Option<()> {
        if block == NONE || hits.deny != NONE && !hits.full {
            return Some(());
        }
        for query in queries {
            candidates::visit(self.tables, block, query, marks, &mut |number| {
                let row = self.tables.rows.record(number)?;
                let deny = row::denies(&row);
                if (deny || hits.wants_allow())
                    && row::matches(self.tables, &row, query, self.view, self.context)?
                {
                    let [.., statement, _] = row;
                    return Some(hits.record(deny, statement));
                }
                Some(Flow::On)
            })?;
        }
        Some(())
    }
}

/// What one resource came to.
struct Outcome {
    deny: Option<Statement>,
    grant: Option<Statement>,
    ok: bool,
    why: Layer,
}

fn evaluate<'r>(
    tables: &Tables<'_>,
    checked: &Checked<'r>,
    scratch: &mut Scratch,
    mut full: Option<&mut Vec<Statement>>,
) -> Option<Decision> {
    let Scratch { path, keys: [world_keys, session_keys], marks } = scratch;
    let subject = match &checked.identity {
        Some(identity) => identity.subject(tables)?,
        None => Subject::default(),
    };
    let context = Context::new(checked.request.context, checked.time, world_keys);
    let session_context = Context::new(checked.request.context, checked.time, session_keys);
    let evaluation = Evaluation {
        checked,
        action: ActionIds::find(tables, checked.action)?,
        world: Side {
            tables,
            context: &context,
            view: View { identity: checked.identity.as_ref(), subject: &subject },
        },
        session_context: &session_context,
        full: full.is_some(),
    };
    let (mut deny, mut grant, mut open) = (None, None, None);
    let (mut denies, mut grants) = (Vec::new(), Vec::new());
    for (at, text) in checked.request.resources.iter().enumerate() {
        let requested = if at == 0 { checked.first } else { Requested::parse(text)? };
        let outcome = evaluation.one(requested, path, marks, &mut denies, &mut grants)?;
        deny = deny.or(outcome.deny);
        if deny.is_some() && full.is_none() {
            break;
        }
        grant = grant.or(outcome.grant);
        if !outcome.ok {
            // CITE EVA-23: of several resources, the first in request order.
            open = open.or(Some(outcome.why));
        }
    }
    // CITE EVA-20
    let (decision, statements) = match (deny, open) {
        (Some(witness), _) => (Decision::ExplicitDeny { witness }, denies),
        (None, Some(layer)) => (Decision::ImplicitDeny { layer }, Vec::new()),
        (None, None) => (Decision::Allow { witness: grant }, grants),
    };
    if let Some(full) = &mut full {
        **full = statements;
    }
    Some(decision)
}

struct Evaluation<'e, 'r, 't, 's> {
    checked: &'e Checked<'r>,
    action: ActionIds<'r>,
    world: Side<'e, 'r, 't, 's>,
    session_context: &'e Context<'r, 's>,
    full: bool,
}

impl<'r> Evaluation<'_, 'r, '_, '_> {
    /// `decide_one` of the semantics.
    fn one(
        &self,
        requested: Requested<'r>,
        path: &mut String,
        marks: &mut [u64],
        denies: &mut Vec<Statement>,
        grants: &mut Vec<Statement>,
    ) -> Option<Outcome> {
        let tables = self.world.tables;
        let Requested::Resource(resource) = requested else {
            return self.layers(&[Query::star(self.action)], None, marks, denies, grants);
        };
        let spelled = if lacks_slash(resource.service, resource.path) {
            path.clear();
            path.push_str(resource.path);
            path.push('/');
            path.as_str()
        } else {
            resource.path
        };
        let (uin, appid) = owner(tables, self.checked.identity.as_ref(), resource.owner)?;
        let root = self.checked.identity.as_ref().and_then(|identity| identity.root);
        let own = match (uin, root) {
            (Some(uin), Some(root)) => Truth::from(uin == root),
            _ => Truth::Unknown,
        };
        let target = Target {
            project: resource.project,
            service: resource.service,
            region: resource.region,
            uin,
            appid,
            own,
            path: spelled,
        };
        let query = target.query(tables, self.action);
        match self.spellings(&resource, &query)? {
            [None, None] => self.layers(&[query], Some(&target), marks, denies, grants),
            [first, second] => {
                let first = query.spelled(first.unwrap_or(target.path));
                match second {
                    None => self.layers(&[query, first], Some(&target), marks, denies, grants),
                    Some(second) => {
                        let second = query.spelled(second);
                        self.layers(&[query, first, second], Some(&target), marks, denies, grants)
                    }
                }
            }
        }
    }

    /// The other spellings of a CAM object (CITE RES-21).
    fn spellings<'q>(
        &'q self,
        resource: &Resource<'_>,
        query: &Query<'r, 'q>,
    ) -> Option<[Option<&'q str>; 2]> {
        if resource.service != "cam" {
            return Some([None; 2]);
        }
        let tables = self.world.tables;
        if query.uin < tables.scalar(scalar::ACCOUNTS) {
            let [.., start, length] = tables.accounts.record::<ACCOUNT_WORDS>(query.uin)?;
            let by_uin = tables.text.get(start, length)?;
            if query.path == "root" {
                return Some([Some(by_uin), None]);
            }
            if query.path == by_uin {
                return Some([Some("root"), None]);
            }
        }
        let role = target_role(tables, self.checked.identity.as_ref(), Requested::Resource(*resource))?;
        if role == NONE {
            return Some([None; 2]);
        }
        let [_, _, _, _, spellings @ ..] = tables.roles.record::<ROLE_WORDS>(role)?;
        let mut others = [None; 2];
        let mut free = others.iter_mut();
        for at in spellings.chunks_exact(2) {
            let [start, length] = *at.first_chunk::<2>()?;
            if length > 0
                && tables.text.get(start, length)? != query.path
                && let Some(slot) = free.next()
            {
                *slot = tables.text.get(start, length);
            }
        }
        Some(others)
    }

    /// Every layer over one resource in all its spellings; `target` is `None` for the resource `*`.
    fn layers(
        &self,
        queries: &[Query<'r, '_>],
        target: Option<&Target<'r, '_>>,
        marks: &mut [u64],
        denies: &mut Vec<Statement>,
        grants: &mut Vec<Statement>,
    ) -> Option<Outcome> {
        let identity = self.checked.identity.as_ref();
        let mut all = Layers::new(self.full);
        all.scp_ok = self.organization(queries, marks, &mut all.scp)?;
        self.identity(queries, marks, &mut all.identity)?;
        all.boundary_ok = self.boundary(queries, marks, &mut all.boundary)?;
        all.session_ok = self.session(queries, target, marks, &mut all.session)?;
        if target.is_some() {
            self.resource(queries, marks, &mut all.resource, &mut all.anyone)?;
        }
        if let Some(role) = self.checked.role {
            let [_, _, _, trust, ..] = self.world.tables.roles.record::<ROLE_WORDS>(role)?;
            self.world.run(trust, queries, marks, &mut all.trust)?;
        }
        if identity.is_some_and(|identity| identity.is_unknown) {
            // CITE REQ-13: only denies and what is granted to everyone remain.
            all.identity.clear_allows();
            all.resource.clear_allows();
            all.trust.clear_allows();
        }
        let own = target.is_none_or(|target| target.own == Truth::True);
        Some(all.combine(identity, self.checked.role.is_some(), own, denies, grants))
    }

    /// CITE EVA-17: every level must allow.
    fn organization(&self, queries: &[Query<'r, '_>], marks: &mut [u64], hits: &mut Hits) -> Option<bool> {
        let tables = self.world.tables;
        let Some(identity) = self.checked.identity.as_ref() else { return Some(true) };
        if !identity.is_bound_by_scp(tables)? {
            return Some(true);
        }
        let [_, _, first, levels, ..] = tables.accounts.record::<ACCOUNT_WORDS>(identity.root_id)?;
        let mut every = true;
        for at in first..first.checked_add(levels.saturating_sub(1))? {
            hits.clear_allows();
            self.world.run(tables.levels.get(at)?, queries, marks, hits)?;
            every &= hits.allowed();
        }
        Some(every)
    }

    /// CITE EVA-7, EVA-8
    fn identity(&self, queries: &[Query<'r, '_>], marks: &mut [u64], hits: &mut Hits) -> Option<()> {
        let tables = self.world.tables;
        let Some(identity) = self.checked.identity.as_ref() else { return Some(()) };
        if identity.number != NONE {
            let [first, blocks, ..] = identity.record(tables)?;
            let blocks =
                tables.identity_blocks.slice(Range { start: first, end: first.checked_add(blocks)? })?;
            for block in blocks.iter() {
                self.world.run(block, queries, marks, hits)?;
            }
            return Some(());
        }
        let is_user = matches!(identity.caller, Caller::SubAccount { .. } | Caller::Federated { .. });
        if identity.is_unknown && is_user && !is_root(identity.caller) {
            let block = if identity.account_known {
                let [_, general, ..] = tables.accounts.record::<ACCOUNT_WORDS>(identity.root_id)?;
                general
            } else {
                tables.scalar(scalar::GENERAL_UNKNOWN)
            };
            self.world.run(block, queries, marks, hits)?;
        }
        Some(())
    }

    /// CITE EVA-15
    fn boundary(&self, queries: &[Query<'r, '_>], marks: &mut [u64], hits: &mut Hits) -> Option<bool> {
        let tables = self.world.tables;
        let Some(identity) = self.checked.identity.as_ref().filter(|identity| identity.number != NONE) else {
            return Some(true);
        };
        let [_, _, boundary, ..]: [u32; identity::WORDS] = identity.record(tables)?;
        if boundary == NONE {
            return Some(true);
        }
        self.world.run(boundary, queries, marks, hits)?;
        Some(hits.allowed())
    }

    /// CITE EVA-16
    fn session(
        &self,
        queries: &[Query<'r, '_>],
        target: Option<&Target<'r, '_>>,
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<bool> {
        let Session::Policy(policy) = self.checked.request.session else { return Some(true) };
        let tables = policy.bundle.tables();
        let action = ActionIds::find(tables, self.checked.action)?;
        let side = Side { tables, context: self.session_context, view: self.world.view };
        let block = tables.scalar(scalar::GENERAL_UNKNOWN);
        for query in queries {
            let query = match target {
                None => Query::star(action),
                Some(target) => Target { path: query.path, ..*target }.query(tables, action),
            };
            side.run(block, &[query], marks, hits)?;
        }
        Some(hits.allowed())
    }

    /// CITE EVA-9, EVA-13: the owner's resource policies for the caller, and for an unsigned caller.
    fn resource(
        &self,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
        anyone: &mut Hits,
    ) -> Option<()> {
        let tables = self.world.tables;
        let block = tables.scalar(scalar::RESOURCE_BLOCK);
        if block == NONE || hits.deny != NONE && !hits.full {
            return Some(());
        }
        let second = self.checked.identity.as_ref().is_some_and(Identity::has_identity);
        let unsigned = Side {
            tables,
            context: self.world.context,
            view: View { identity: None, subject: &Subject::default() },
        };
        for query in queries {
            // The owner must be an account of the directory; an unknown one has no policies, and a scope
            // is never met by halves.
            if query.uin == anchor::MISSING {
                continue;
            }
            candidates::visit(tables, block, query, marks, &mut |number| {
                let row = tables.rows.record(number)?;
                let deny = row::denies(&row);
                let [.., statement, _] = row;
                let mut flow = Flow::On;
                if (deny || hits.wants_allow())
                    && row::matches(tables, &row, query, self.world.view, self.world.context)?
                {
                    flow = hits.record(deny, statement);
                }
                if second
                    && (deny || anyone.wants_allow())
                    && row::matches(tables, &row, query, unsigned.view, unsigned.context)?
                {
                    // A deny that binds unsigned callers ends this grant only.
                    anyone.record(deny, statement);
                }
                Some(flow)
            })?;
        }
        if anyone.deny != NONE {
            anyone.clear_allows();
        }
        Some(())
    }
}

fn is_root(caller: Caller<'_>) -> bool {
    match caller {
        Caller::Root { .. } => true,
        Caller::Federated { root, uin } => root == uin,
        _ => false,
    }
}

/// What every layer said of one resource.
struct Layers {
    scp: Hits,
    boundary: Hits,
    session: Hits,
    identity: Hits,
    resource: Hits,
    /// Resource policies for an unsigned caller; its denies only end its own grant.
    anyone: Hits,
    trust: Hits,
    scp_ok: bool,
    boundary_ok: bool,
    session_ok: bool,
}

impl Layers {
    fn new(full: bool) -> Self {
        let hits = || Hits::new(full);
        Self {
            scp: hits(),
            boundary: hits(),
            session: hits(),
            identity: hits(),
            resource: hits(),
            anyone: hits(),
            trust: hits(),
            scp_ok: true,
            boundary_ok: true,
            session_ok: true,
        }
    }

    /// The last part of `decide_one`.
    fn combine(
        &self,
        caller: Option<&Identity<'_>>,
        assumes: bool,
        own: bool,
        denies: &mut Vec<Statement>,
        grants: &mut Vec<Statement>,
    ) -> Outcome {
        let is_root = caller.is_some_and(|caller| caller.is_root);
        let acts_alone = caller.is_none_or(|caller| !caller.has_identity());
        let (identity, resource) = (self.identity.allowed(), self.resource.allowed());
        let (anyone, trust) = (self.anyone.allowed(), self.trust.allowed());
        let foreign = [&self.anyone, &self.resource, &self.identity];
        let (grant, ok, layer): (&[&Hits], bool, Layer) = if assumes {
            // CITE EVA-18
            let right = is_root || caller.is_some_and(|caller| !caller.has_identity()) || identity;
            (
                &[&self.trust, &self.identity],
                trust && right,
                if trust { Layer::Identity } else { Layer::Trust },
            )
        } else if acts_alone {
            // CITE EVA-13, EVA-22
            (&[&self.resource], resource, Layer::Resource)
        } else if own {
            // CITE EVA-6, EVA-10
            let any = identity || resource || anyone;
            (&[&self.identity, &self.resource, &self.anyone], is_root || any, Layer::Identity)
        } else {
            // CITE EVA-11, EVA-12
            let both = resource && (is_root || identity);
            let granted = foreign.get(..if both { 3 } else { 1 }).unwrap_or(&[]);
            (granted, anyone || both, if resource || anyone { Layer::Identity } else { Layer::Resource })
        };
        let why = match () {
            () if !self.scp_ok => Layer::Scp,
            () if !self.boundary_ok => Layer::Boundary,
            () if !self.session_ok => Layer::Session,
            () => layer,
        };
        let world = |number: u32| Statement(number, Origin::World);
        let mut deny = None;
        for hits in [&self.scp, &self.boundary, &self.identity, &self.resource, &self.trust] {
            deny = deny.or((hits.deny != NONE).then(|| world(hits.deny)));
            denies.extend(hits.denies.iter().map(|number| world(*number)));
        }
        if self.session.deny != NONE {
            deny = deny.or(Some(Statement(self.session.deny, Origin::Session)));
            denies.extend(self.session.denies.iter().map(|number| Statement(*number, Origin::Session)));
        }
        grants.extend(grant.iter().flat_map(|hits| &hits.allows).map(|number| world(*number)));
        let grant = grant.iter().map(|hits| hits.allow).find(|number| *number != NONE).map(world);
        Outcome { deny, grant, ok: ok && self.scp_ok && self.boundary_ok && self.session_ok, why }
    }
}
