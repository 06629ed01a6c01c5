//! One request, layer by layer (`decide` and `decide_one` of semantics §9).

use core::cell::RefCell;

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, anchor, block, identity, scalar};
use camshaft_bundle::{NONE, Range, Tables};
use camshaft_value::principal::Caller;
use camshaft_value::resource::{Requested, Resource, lacks_slash};
use camshaft_value::truth::Truth;

use crate::caller::Identity;
use crate::candidates::{self, Flow};
use crate::checked::{Checked, is_capable, target_role};
use crate::combine::{Hit, Hits, Layers, Outcome};
use crate::context::{Context, Subject};
use crate::decision::{Decision, Statement};
use crate::explain::{Part, Trace};
use crate::query::{OwnerIds, Query, Target};
use crate::request::Session;
use crate::row::{self, View};
use crate::scratch::Scratch;

/// How much of the answer is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Mode<'m> {
    /// The decision and one statement: the hot path.
    Witness,
    /// Every matching statement.
    Full(&'m RefCell<Vec<Hit>>),
    /// Every statement with where it missed, found without the index.
    Trace(&'m RefCell<Trace>),
}

impl Mode<'_> {
    fn is_witness(self) -> bool {
        matches!(self, Self::Witness)
    }

    fn collect(self, hit: Hit) {
        match self {
            Self::Witness => {}
            Self::Full(hits) => hits.borrow_mut().push(hit),
            Self::Trace(trace) => trace.borrow_mut().hits.push(hit),
        }
    }

    /// The hits collected since the last call.
    fn take(self) -> Vec<Hit> {
        match self {
            Self::Witness => Vec::new(),
            Self::Full(hits) => hits.take(),
            Self::Trace(trace) => core::mem::take(&mut trace.borrow_mut().hits),
        }
    }
}

/// One bundle's view of the request.
#[derive(Clone, Copy)]
pub(crate) struct Side<'e, 'r, 't, 's> {
    pub(crate) tables: &'e Tables<'t>,
    pub(crate) context: &'e Context<'r, 's>,
    pub(crate) view: View<'e, 'r>,
    mode: Mode<'e>,
}

impl<'r> Side<'_, 'r, '_, '_> {
    /// Runs the rows of a block over every spelling of the resource.
    fn run(
        &self,
        part: Part,
        block: u32,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<()> {
        if block == NONE || hits.denied() && self.mode.is_witness() {
            return Some(());
        }
        for query in queries {
            self.visit(block, query, marks, &mut |number| self.row(part, number, query, hits))?;
        }
        Some(())
    }

    /// Tests one row and records its statement if it matches.
    fn row(&self, part: Part, number: u32, query: &Query<'r, '_>, hits: &mut Hits) -> Option<Flow> {
        let row = self.tables.rows.record(number)?;
        let deny = row::denies(&row);
        let matches = match self.mode {
            Mode::Trace(trace) => trace.borrow_mut().row(part, &row, query, self)?,
            // One allow is enough.
            Mode::Witness if !deny && hits.allowed() => false,
            _ => row::matches(self.tables, &row, query, self.view, self.context)?,
        };
        if !matches {
            return Some(Flow::On);
        }
        let [.., statement, _] = row;
        hits.record(deny, statement);
        self.mode.collect(Hit { part, deny, statement });
        Some(if deny && self.mode.is_witness() { Flow::Stop } else { Flow::On })
    }

    /// The candidates of a block; when tracing, all of its rows.
    fn visit(
        &self,
        number: u32,
        query: &Query<'r, '_>,
        marks: &mut [u64],
        visit: &mut dyn FnMut(u32) -> Option<Flow>,
    ) -> Option<()> {
        let Mode::Trace(_) = self.mode else {
            candidates::visit(self.tables, number, query, marks, visit)?;
            return Some(());
        };
        let [_, _, _, _, _, first, policies, _] = self.tables.blocks.record::<{ block::WORDS }>(number)?;
        let policies = Range { start: first, end: first.checked_add(policies)? };
        for policy in self.tables.block_policies.slice(policies)?.iter() {
            let [first, rows, ..] = self.tables.policies.record::<8>(policy)?;
            for row in first..first.checked_add(rows)? {
                visit(row)?;
            }
        }
        Some(())
    }
}

/// Decides a checked request. `None` only for a bundle that contradicts itself.
pub(crate) fn evaluate<'r>(
    tables: &Tables<'_>,
    checked: &Checked<'_, 'r>,
    scratch: &mut Scratch,
    mode: Mode<'_>,
) -> Option<(Decision, Vec<Statement>)> {
    let Scratch { path, keys: [world_keys, session_keys], marks } = scratch;
    let subject = match &checked.identity {
        Some(identity) => identity.subject(tables)?,
        None => Subject::default(),
    };
    let context = Context::new(checked.request.context, checked.time, world_keys);
    let session_context = Context::new(checked.request.context, checked.time, session_keys);
    let evaluation = Evaluation {
        checked,
        world: Side {
            tables,
            context: &context,
            view: View { identity: checked.identity.as_ref(), subject: &subject },
            mode,
        },
        session_context: &session_context,
    };
    let (mut deny, mut grant, mut open) = (None, None, None);
    let (mut denies, mut grants) = (Vec::new(), Vec::new());
    for (at, text) in checked.request.resources.iter().enumerate() {
        let requested = if at == 0 { checked.first } else { Requested::parse(text)? };
        if let Mode::Trace(trace) = mode {
            trace.borrow_mut().resource(requested);
        }
        let outcome = evaluation.one(requested, path, marks)?;
        if let Mode::Trace(trace) = mode {
            trace.borrow_mut().outcome(&outcome);
        }
        if outcome.deny.is_some() {
            deny = deny.or(outcome.deny);
            if mode.is_witness() {
                break;
            }
        }
        for hit in mode.take() {
            if hit.deny && hit.part != Part::Anyone {
                denies.push(hit.statement());
            } else if !hit.deny && outcome.granting.contains(&Some(hit.part)) {
                grants.push(hit.statement());
            }
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
    Some((decision, statements))
}

/// The evaluation of one request.
struct Evaluation<'e, 'r, 't, 's> {
    checked: &'e Checked<'e, 'r>,
    world: Side<'e, 'r, 't, 's>,
    session_context: &'e Context<'r, 's>,
}

impl<'r> Evaluation<'_, 'r, '_, '_> {
    /// `decide_one` of the semantics.
    fn one(&self, requested: Requested<'r>, buffer: &mut String, marks: &mut [u64]) -> Option<Outcome> {
        let tables = self.world.tables;
        let Requested::Resource(resource) = requested else {
            return self.layers(&[Query::star(self.checked.action)], None, marks);
        };
        let owner = OwnerIds::find(tables, self.checked.identity.as_ref(), resource.owner)?;
        let bucket = lacks_slash(resource.service, resource.path);
        let named = resource.service == "cam";
        if bucket || named {
            buffer.clear();
        }
        if bucket {
            buffer.push_str(resource.path);
            buffer.push('/');
        } else if let (true, Some(uin)) = (named, owner.uin_text(tables)) {
            buffer.push_str("uin/");
            buffer.push_str(uin);
        }
        let buffer: &str = buffer;
        let target = Target { resource, owner, path: if bucket { buffer } else { resource.path } };
        let mut query = target.query(tables, self.checked.action);
        let [first, second] = self.spellings(&resource, buffer)?;
        if first.is_none() && second.is_none() {
            return self.layers(&[query], Some(&target), marks);
        }
        query.spellings = [Some(target.path), first, second];
        let first = query.spelled(first.unwrap_or(target.path));
        match second {
            None => self.layers(&[query, first], Some(&target), marks),
            Some(second) => {
                let second = query.spelled(second);
                self.layers(&[query, first, second], Some(&target), marks)
            }
        }
    }

    /// The other spellings of a CAM object (CITE RES-21); `by_uin` is that of its owner.
    fn spellings<'q>(&'q self, resource: &Resource<'_>, by_uin: &'q str) -> Option<[Option<&'q str>; 2]> {
        if resource.service != "cam" {
            return Some([None; 2]);
        }
        if resource.path == "root" && !by_uin.is_empty() {
            return Some([Some(by_uin), None]);
        }
        if resource.path == by_uin {
            return Some([Some("root"), None]);
        }
        let tables = self.world.tables;
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
                && tables.text.get(start, length)? != resource.path
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
    ) -> Option<Outcome> {
        let identity = self.checked.identity.as_ref();
        let mut all = Layers::NONE;
        all.scp_ok = self.organization(queries, marks, &mut all.scp)?;
        self.identity(queries, marks, &mut all.identity)?;
        all.boundary_ok = self.boundary(queries, marks, &mut all.boundary)?;
        all.session_ok = self.session(queries, target, marks, &mut all.session)?;
        if target.is_some() {
            self.resource(queries, marks, &mut all.resource, &mut all.anyone)?;
        }
        if let Some(role) = self.checked.role {
            let [_, _, _, trust, ..] = self.world.tables.roles.record::<ROLE_WORDS>(role)?;
            self.world.run(Part::Trust, trust, queries, marks, &mut all.trust)?;
        }
        if identity.is_some_and(|identity| identity.is_unknown) {
            // CITE REQ-13: only denies and what is granted to everyone remain.
            all.identity.allow = NONE;
            all.resource.allow = NONE;
            all.trust.allow = NONE;
        }
        let own = target.is_none_or(|target| target.owner.own == Truth::True);
        Some(all.combine(identity, self.checked.role.is_some(), own))
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
            hits.allow = NONE;
            self.world.run(
                Part::Scp(at.checked_sub(first)?),
                tables.levels.get(at)?,
                queries,
                marks,
                hits,
            )?;
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
                self.world.run(Part::Identity, block, queries, marks, hits)?;
            }
            return Some(());
        }
        let is_user = matches!(identity.caller, Caller::SubAccount { .. } | Caller::Federated { .. });
        if identity.is_unknown && is_user && !identity.caller.is_root() {
            let block = if identity.account_known {
                let [_, general, ..] = tables.accounts.record::<ACCOUNT_WORDS>(identity.root_id)?;
                general
            } else {
                tables.scalar(scalar::GENERAL_UNKNOWN)
            };
            self.world.run(Part::Identity, block, queries, marks, hits)?;
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
        self.world.run(Part::Boundary, boundary, queries, marks, hits)?;
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
        let action = self.checked.action.again(tables)?;
        let side = Side { tables, context: self.session_context, ..self.world };
        let block = tables.scalar(scalar::GENERAL_UNKNOWN);
        for query in queries {
            let query = match target {
                None => Query::star(action),
                Some(target) => {
                    Target { path: query.path, ..*target }.foreign_query(self.world.tables, tables, action)
                }
            };
            side.run(Part::Session, block, &[query], marks, hits)?;
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
        if block == NONE || hits.denied() && self.world.mode.is_witness() {
            return Some(());
        }
        let second = self.checked.identity.as_ref().is_some_and(Identity::has_identity);
        let unsigned = Side { view: View { identity: None, subject: &Subject::default() }, ..self.world };
        for query in queries {
            // A scope is never met by halves: the owner must be known. Other services have no scopes.
            if query.uin == anchor::MISSING || !is_capable(tables, query.service) {
                continue;
            }
            self.world.visit(block, query, marks, &mut |number| {
                let flow = self.world.row(Part::Resource, number, query, hits)?;
                // PERF: few rows admit everyone, and only those are asked again.
                let again = second
                    && (matches!(self.world.mode, Mode::Trace(_))
                        || row::admits_anyone(tables, &tables.rows.record(number)?)?);
                if again {
                    // A deny that binds unsigned callers ends this grant only.
                    unsigned.row(Part::Anyone, number, query, anyone)?;
                }
                Some(flow)
            })?;
        }
        if anyone.denied() {
            anyone.allow = NONE;
        }
        Some(())
    }
}
