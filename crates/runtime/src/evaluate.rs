//! One request, layer by layer (`decide` and `decide_one` of semantics §9).

use core::cell::{Cell, OnceCell};

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, block, scalar};
use camshaft_bundle::{NONE, Range, Tables};
use camshaft_value::principal::Caller;
use camshaft_value::resource::{Requested, Resource, lacks_slash};
use camshaft_value::truth::Truth;

use crate::caller::Identity;
use crate::candidates::{self, Flow};
use crate::checked::{Checked, is_capable, target_role};
use crate::combine::{Hit, Hits, Layers, Outcome};
use crate::context::Context;
use crate::decision::Decision;
use crate::explain::{Part, Standing};
use crate::mode::Mode;
use crate::query::{OwnerIds, Query, Target};
use crate::request::{MAX_KEYS, Session};
use crate::row;
use crate::scratch::Scratch;
use crate::view::View;

/// One bundle's view of the request.
#[derive(Clone, Copy)]
pub(crate) struct Side<'e, 'r, 't, 's> {
    pub(crate) tables: &'e Tables<'t>,
    pub(crate) context: &'e Context<'r, 's>,
    pub(crate) view: View<'e, 'r>,
}

/// The policies of a block that count.
#[derive(Clone, Copy)]
struct Holding {
    part: Part,
    block: u32,
    /// `NONE` for all.
    filter: u32,
}

impl Holding {
    fn whole(part: Part, block: u32) -> Self {
        Self { part, block, filter: NONE }
    }
}

/// A side, and how much of its answer is wanted.
#[derive(Clone, Copy)]
struct Asked<'e, 'r, 't, 's, M> {
    side: Side<'e, 'r, 't, 's>,
    mode: M,
}

impl<'r, M: Mode> Asked<'_, 'r, '_, '_, M> {
    /// Runs the rows of a block over every spelling of the resource.
    #[inline]
    fn run(
        &self,
        holding: Holding,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<()> {
        if holding.block == NONE {
            return Some(());
        }
        for query in queries {
            if M::WITNESS && hits.denied() {
                break;
            }
            self.visit(holding, query, marks, |number| self.row(holding, number, query, hits))?;
        }
        Some(())
    }

    /// Tests one row and records its statement if it matches.
    ///
    /// PERF: most candidates fall to their action, before anything else is laid out for the test.
    #[inline]
    fn row(&self, holding: Holding, number: u32, query: &Query<'r, '_>, hits: &mut Hits) -> Option<Flow> {
        self.mode.candidate(holding.part, query);
        let row = self.side.tables.rows.record(number)?;
        if !M::TRACES && row::misses_action(self.side.tables, &row, query)? {
            return Some(Flow::On);
        }
        self.whole_row(holding, number, query, hits)
    }

    #[inline(never)]
    fn whole_row(
        &self,
        holding: Holding,
        number: u32,
        query: &Query<'r, '_>,
        hits: &mut Hits,
    ) -> Option<Flow> {
        let tables = self.side.tables;
        let row = tables.rows.record(number)?;
        let deny = row::denies(&row);
        // One allow is enough.
        if M::WITNESS && !deny && hits.allowed() {
            return Some(Flow::On);
        }
        let [.., statement, _] = row;
        if holding.filter != NONE {
            let [policy, _] = tables.statements.record::<2>(statement)?;
            if !tables.filter_holds(holding.filter, policy)? {
                return Some(Flow::On);
            }
        }
        if !self.mode.matches(holding.part, &row, query, &self.side)? {
            return Some(Flow::On);
        }
        hits.record(deny, statement);
        self.mode.collect(Hit { part: holding.part, deny, statement });
        Some(if deny && M::WITNESS { Flow::Stop } else { Flow::On })
    }

    /// The candidates of a block; when tracing, all rows of the policies that count.
    #[inline]
    fn visit(
        &self,
        holding: Holding,
        query: &Query<'r, '_>,
        marks: &mut [u64],
        mut visit: impl FnMut(u32) -> Option<Flow>,
    ) -> Option<()> {
        let tables = self.side.tables;
        if !M::TRACES {
            candidates::visit(tables, holding.block, query, self.side.context, marks, visit)?;
            return Some(());
        }
        let [_, _, _, _, _, first, policies, ..] = tables.blocks.record::<{ block::WORDS }>(holding.block)?;
        let policies = Range { start: first, end: first.checked_add(policies)? };
        for policy in tables.block_policies.slice(policies)?.iter() {
            let [first, rows, ..] = tables.policies.record::<8>(policy)?;
            for row in first..first.checked_add(rows)? {
                visit(row)?;
            }
        }
        Some(())
    }
}

/// Decides a checked request. `None` only for a bundle that contradicts itself.
#[inline]
pub(crate) fn evaluate<'r, M: Mode>(
    tables: &Tables<'_>,
    checked: &Checked<'_, 'r>,
    scratch: &mut Scratch,
    mode: M,
) -> Option<Decision> {
    let Scratch { path, keys: [world_keys, session_keys], marks } = scratch;
    let identity = checked.identity;
    let context = Context::new(checked.request.context, checked.time, Some(world_keys));
    let view = View { identity, world: tables };
    let evaluation = Evaluation {
        checked,
        world: Asked { side: Side { tables, context: &context, view }, mode },
        session_context: OnceCell::new(),
        session_keys: Cell::new(Some(session_keys)),
    };
    let (mut deny, mut grant, mut open) = (None, None, None);
    for (at, text) in checked.request.resources.iter().enumerate() {
        let other;
        let requested = if at == 0 {
            checked.first
        } else {
            other = Requested::parse(text)?;
            &other
        };
        mode.resource(*requested);
        let outcome = evaluation.one(requested, path, marks)?;
        mode.outcome(&outcome);
        if outcome.deny.is_some() {
            deny = deny.or(outcome.deny);
            if M::WITNESS {
                break;
            }
        }
        grant = grant.or(outcome.grant);
        if !outcome.ok {
            // CITE EVA-23: of several resources, the first in request order.
            open = open.or(Some(outcome.why));
        }
    }
    // CITE EVA-20
    Some(match (deny, open) {
        (Some(witness), _) => Decision::ExplicitDeny { witness },
        (None, Some(layer)) => Decision::ImplicitDeny { layer },
        (None, None) => Decision::Allow { witness: grant },
    })
}

/// The evaluation of one request.
struct Evaluation<'e, 'r, 't, 's, M> {
    checked: &'e Checked<'e, 'r>,
    world: Asked<'e, 'r, 't, 's, M>,
    /// The context against the session's bundle, and memory for its key ids.
    session_context: OnceCell<Context<'r, 's>>,
    session_keys: Cell<Option<&'s mut [u32; MAX_KEYS]>>,
}

impl<'r, M: Mode> Evaluation<'_, 'r, '_, '_, M> {
    /// `decide_one` of the semantics.
    #[inline]
    fn one(&self, requested: &Requested<'r>, buffer: &mut String, marks: &mut [u64]) -> Option<Outcome> {
        let (tables, action) = (self.world.side.tables, self.checked.action);
        let Requested::Resource(resource) = requested else {
            return self.layers(&[Query::star(tables, action)], None, marks);
        };
        let owner = OwnerIds::find(tables, self.checked.identity, resource.owner)?;
        if resource.service == "cam" {
            return self.named(Target { resource, owner, path: resource.path }, buffer, marks);
        }
        let mut path = resource.path;
        if lacks_slash(resource.service, path) {
            buffer.clear();
            buffer.push_str(path);
            buffer.push('/');
            path = buffer;
        }
        let target = Target { resource, owner, path };
        self.layers(&[target.query(tables, action)], Some(&target), marks)
    }

    /// An object of CAM, in all its spellings (CITE RES-21).
    #[cold]
    fn named(&self, target: Target<'r, '_>, buffer: &mut String, marks: &mut [u64]) -> Option<Outcome> {
        let tables = self.world.side.tables;
        buffer.clear();
        if let Some(uin) = target.owner.uin_text(tables) {
            buffer.push_str("uin/");
            buffer.push_str(uin);
        }
        let [first, second] = self.spellings(target.resource, buffer)?;
        let mut query = target.query(tables, self.checked.action);
        let Some(first) = first else { return self.layers(&[query], Some(&target), marks) };
        let spellings = [target.path, first, second.unwrap_or(first)];
        query.spellings = &spellings;
        let others = [query.spelled(first), query.spelled(second.unwrap_or(first))];
        let [first, other] = others;
        match second {
            None => self.layers(&[query, first], Some(&target), marks),
            Some(_) => self.layers(&[query, first, other], Some(&target), marks),
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
        let tables = self.world.side.tables;
        let role = target_role(tables, self.checked.identity, Requested::Resource(*resource))?;
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
        let mut all = Layers::NONE;
        self.each_layer(queries, target, marks, &mut all)?;
        if self.checked.identity.is_some_and(|identity| identity.is_unknown) {
            // CITE REQ-13: only denies and what is granted to everyone remain.
            all.identity.allow = NONE;
            all.resource.allow = NONE;
            all.trust.allow = NONE;
        }
        let own = target.is_none_or(|target| target.owner.own == Truth::True);
        if M::TRACES {
            self.world.mode.layers(&Standing {
                tables: self.world.side.tables,
                layers: &all,
                identity: self.checked.identity,
                assumes: self.checked.role.is_some(),
                own,
                query: queries.first().filter(|_| target.is_some()),
            });
        }
        Some(all.combine(self.checked.identity, self.checked.role.is_some(), own))
    }

    /// Asks the layers, for a witness until one denies.
    #[inline]
    fn each_layer(
        &self,
        queries: &[Query<'r, '_>],
        target: Option<&Target<'r, '_>>,
        marks: &mut [u64],
        all: &mut Layers,
    ) -> Option<()> {
        let decided = |hits: &Hits| M::WITNESS && hits.denied();
        if let Some(identity) = self.checked.identity {
            all.scp_ok = self.organization(identity, queries, marks, &mut all.scp)?;
            if decided(&all.scp) {
                return Some(());
            }
            self.identity(identity, queries, marks, &mut all.identity)?;
            if decided(&all.identity) {
                return Some(());
            }
            all.boundary_ok = self.boundary(identity, queries, marks, &mut all.boundary)?;
            if decided(&all.boundary) {
                return Some(());
            }
        }
        all.session_ok = self.session(queries, target, marks, &mut all.session)?;
        if decided(&all.session) {
            return Some(());
        }
        if target.is_some() {
            self.resource(queries, marks, &mut all.resource, &mut all.anyone)?;
            if decided(&all.resource) {
                return Some(());
            }
        }
        if let Some(role) = self.checked.role {
            let [_, _, _, trust, ..] = self.world.side.tables.roles.record::<ROLE_WORDS>(role)?;
            self.world.run(Holding::whole(Part::Trust, trust), queries, marks, &mut all.trust)?;
        }
        Some(())
    }

    /// CITE EVA-17: every level must allow.
    #[inline]
    fn organization(
        &self,
        identity: &Identity<'r>,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<bool> {
        let tables = self.world.side.tables;
        let [_, _, first, levels, _] = identity.account;
        // No organization, or none but its root.
        if !identity.account_known || levels <= 1 || !identity.is_bound_by_scp(tables)? {
            return Some(true);
        }
        let mut every = true;
        for at in first..first.checked_add(levels.saturating_sub(1))? {
            hits.allow = NONE;
            let level = Holding::whole(Part::Scp(at.checked_sub(first)?), tables.levels.get(at)?);
            self.world.run(level, queries, marks, hits)?;
            every &= hits.allowed();
        }
        Some(every)
    }

    /// CITE EVA-7, EVA-8
    #[inline]
    fn identity(
        &self,
        identity: &Identity<'r>,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<()> {
        let tables = self.world.side.tables;
        if identity.number != NONE {
            let [first, holdings, ..] = identity.record;
            for at in first..first.checked_add(holdings)? {
                let [block, filter] = tables.identity_blocks.record::<2>(at)?;
                let holding = Holding { part: Part::Identity, block, filter };
                self.world.run(holding, queries, marks, hits)?;
            }
            return Some(());
        }
        let is_user = matches!(identity.caller, Caller::SubAccount { .. } | Caller::Federated { .. });
        if identity.is_unknown && is_user && !identity.caller.is_root() {
            let [_, general, ..] = identity.account;
            let block = if identity.account_known { general } else { tables.scalar(scalar::GENERAL_UNKNOWN) };
            self.world.run(Holding::whole(Part::Identity, block), queries, marks, hits)?;
        }
        Some(())
    }

    /// CITE EVA-15
    #[inline]
    fn boundary(
        &self,
        identity: &Identity<'r>,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
    ) -> Option<bool> {
        let [_, _, boundary, ..] = identity.record;
        if boundary == NONE {
            return Some(true);
        }
        self.world.run(Holding::whole(Part::Boundary, boundary), queries, marks, hits)?;
        Some(hits.allowed())
    }

    /// CITE EVA-16
    #[inline]
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
        let world = self.world.side;
        let request = self.checked.request;
        let context = self
            .session_context
            .get_or_init(|| Context::new(request.context, self.checked.time, self.session_keys.take()));
        let side = Side { tables, context, ..world };
        let session = Asked { side, ..self.world };
        let holding = Holding::whole(Part::Session, tables.scalar(scalar::GENERAL_UNKNOWN));
        for query in queries {
            let query = match target {
                None => Query::star(tables, &action),
                Some(target) => {
                    Target { path: query.path, ..*target }.foreign_query(world.tables, tables, &action)
                }
            };
            session.run(holding, &[query], marks, hits)?;
        }
        Some(hits.allowed())
    }

    /// CITE EVA-9, EVA-13: the owner's resource policies for the caller, and for an unsigned caller.
    #[inline]
    fn resource(
        &self,
        queries: &[Query<'r, '_>],
        marks: &mut [u64],
        hits: &mut Hits,
        anyone: &mut Hits,
    ) -> Option<()> {
        let world = self.world.side;
        let tables = world.tables;
        let second = self.checked.identity.is_some_and(Identity::has_identity);
        let side = Side { view: View::unsigned(tables), ..world };
        let unsigned = Asked { side, ..self.world };
        for query in queries {
            // A scope is never met by halves: the owner must be known, and of the directory.
            let own = self.checked.identity.filter(|identity| identity.root_id == query.uin);
            let account = match own {
                Some(identity) => identity.account,
                None if query.uin >= tables.scalar(scalar::ACCOUNTS) => continue,
                None => tables.accounts.record::<ACCOUNT_WORDS>(query.uin)?,
            };
            let [.., block] = account;
            // Other services have no scopes.
            if block == NONE || !is_capable(tables, query.service) {
                continue;
            }
            let holding = Holding::whole(Part::Resource, block);
            let as_anyone = Holding::whole(Part::Anyone, block);
            self.world.visit(holding, query, marks, |number| {
                let flow = self.world.row(holding, number, query, hits)?;
                // PERF: few rows admit everyone, and only those are asked again.
                let again =
                    second && (M::TRACES || row::admits_anyone(tables, &tables.rows.record(number)?)?);
                if again {
                    // A deny that binds unsigned callers ends this grant only.
                    unsigned.row(as_anyone, number, query, anyone)?;
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
