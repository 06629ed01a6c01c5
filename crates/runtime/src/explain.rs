//! Why, and why not: every statement that could bind the caller, with the parts of it that missed.
//!
//! The slow twin of the hot path. It asks every row of every block instead of the index, and each part
//! of a row by itself instead of all at once; the layers above are the same code. The suites compare its
//! decision and reasons with those of the hot path on every case.

mod miss;
mod need;

use core::cell::RefCell;
use std::collections::BTreeMap;

use camshaft_value::resource::{Owner, Requested};

use crate::combine::Outcome;
use crate::decision::{Layer, Origin, Statement};
use crate::engine::{Engine, Reasons};
use crate::evaluate::Side;
use crate::mode::Matched;
use crate::query::Query;
use crate::request::{Request, Session};
use crate::row::Row;
use crate::scratch::Scratch;
use miss::{Tested, distance};

pub use miss::{Dimension, Lack, Miss};
pub(crate) use need::Standing;
pub use need::{Need, Obstacle};

/// The whole story of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision and its deciding statements, the same that [`Engine::reasons`] gives.
    pub reasons: Reasons,
    /// One for every resource, in request order.
    pub resources: Vec<ResourceReport>,
    /// What the action needs besides (CITE EVA-28); they change no decision.
    pub prerequisites: Vec<Prerequisite>,
}

/// What was said of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceReport {
    /// Whether no deny matched and every layer agreed.
    pub allowed: bool,
    /// The layer that failed, where it is not allowed and no deny matched.
    pub blocked_by: Option<Layer>,
    /// What would have to be granted, were there no deny; nothing where everything is.
    pub need: Need,
    /// The parts of the evaluation that had statements, in the order of semantics §9.
    pub parts: Vec<PartReport>,
}

/// A part of the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A level of the organization, from the root down.
    Scp(u32),
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// The identity's policies.
    Identity,
    /// The owner's resource policies, for the caller.
    Resource,
    /// The owner's resource policies, as for an unsigned caller (CITE EVA-13).
    Anyone,
    /// The trust policy of the role.
    Trust,
}

impl Part {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scp(_) => "scp",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Anyone => "resource, as for anyone",
            Self::Trust => "trust",
        }
    }
}

/// What the statements of one part said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartReport {
    /// Which part.
    pub part: Part,
    /// Matching statements first, then those that missed in the fewest dimensions.
    pub statements: Vec<StatementReport>,
}

/// A statement against the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementReport {
    /// The statement.
    pub statement: Statement,
    /// `policy#index`.
    pub name: String,
    /// Whether it denies.
    pub denies: bool,
    /// Where it stands: source, line and column from 1; 0 where the bundle does not record them.
    pub place: (String, u32, u32),
    /// Its canonical text.
    pub text: String,
    /// Where its nearest entry missed; empty when the statement matches.
    pub misses: Vec<Miss>,
    /// Of a deny that matches: the parts of it that are not known to hold, and hold against the caller (CITE EVA-2).
    pub doubts: Vec<Miss>,
}

/// A request that the action needs to be allowed to be of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Its own decision, for the same caller, context and session.
    pub reasons: Reasons,
}

impl Engine {
    /// Decides and tells the whole story. Allocates, and takes time linear in the caller's statements.
    pub fn explain(&self, request: &Request<'_>, scratch: &mut Scratch) -> Explanation {
        let trace = RefCell::new(Trace::default());
        let decision = self.run(request, scratch, crate::mode::Traced(&trace));
        let trace = trace.into_inner();
        let statements = trace.matched.deciding(decision);
        let resources = trace.resources.into_iter().map(|resource| self.report(resource, request)).collect();
        let prerequisites = self.prerequisites(request, scratch).unwrap_or_default();
        Explanation { reasons: Reasons { decision, statements }, resources, prerequisites }
    }

    fn report(&self, mut traced: Traced, request: &Request<'_>) -> ResourceReport {
        let mut parts: BTreeMap<Part, Vec<StatementReport>> = BTreeMap::new();
        for ((part, number), (denies, tested)) in core::mem::take(&mut traced.rows) {
            let origin = if part == Part::Session { Origin::Session } else { Origin::World };
            let report = self.statement_report(Statement(number, origin), denies, tested, request);
            parts.entry(part).or_default().extend(report);
        }
        let parts = parts.into_iter().map(|(part, mut statements)| {
            statements.sort_by_cached_key(|report| distance(&report.misses));
            PartReport { part, statements }
        });
        let Traced { allowed, blocked_by, need, .. } = traced;
        ResourceReport { allowed, blocked_by, need, parts: parts.collect() }
    }

    fn statement_report(
        &self,
        statement: Statement,
        denies: bool,
        tested: Tested,
        request: &Request<'_>,
    ) -> Option<StatementReport> {
        let tables = match (statement.1, request.session) {
            (Origin::World, _) => self.bundle().tables(),
            (Origin::Session, Session::Policy(policy)) => policy.bundle.tables(),
            (Origin::Session, _) => return None,
        };
        let [policy, _] = tables.statements.record::<2>(statement.0)?;
        let [.., source] = tables.policies.record::<8>(policy)?;
        let [start, length] = tables.sources.record::<2>(source)?;
        let source = tables.source_text.get(start, length)?;
        let [start, length, line, column] = tables.statement_places.record::<4>(statement.0)?;
        let text = tables.statement_text.get(start, length)?;
        let name = self.statement_name(statement);
        let place = (source.into(), line, column);
        let Tested { misses, doubts } = tested;
        Some(StatementReport { statement, name, denies, place, text: text.into(), misses, doubts })
    }

    /// CITE EVA-28
    fn prerequisites(&self, request: &Request<'_>, scratch: &mut Scratch) -> Option<Vec<Prerequisite>> {
        let tables = self.bundle().tables();
        let action = camshaft_value::action::strip_name(request.action);
        let mut list = Vec::new();
        for number in 0..tables.prerequisites.records::<6>() {
            let [a, b, c, d, e, f] = tables.prerequisites.record::<6>(number)?;
            let text = |start, length| tables.prerequisite_text.get(start, length);
            if text(a, b)? != action {
                continue;
            }
            let (action, resource) = (text(c, d)?, text(e, f)?);
            let needed = Request { action, resources: &[resource], ..*request };
            let reasons = self.reasons(&needed, scratch);
            list.push(Prerequisite { action: action.into(), resource: resource.into(), reasons });
        }
        Some(list)
    }
}

/// What a traced evaluation met.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) matched: Matched,
    resources: Vec<Traced>,
}

#[derive(Debug, Default)]
struct Traced {
    /// What the request says of the resource.
    service: String,
    region: String,
    owner: String,
    /// By part and statement: whether it denies, and where its nearest row missed.
    rows: BTreeMap<(Part, u32), (bool, Tested)>,
    allowed: bool,
    blocked_by: Option<Layer>,
    need: Need,
}

impl Trace {
    /// The next resource begins.
    pub(crate) fn resource(&mut self, requested: Requested<'_>) {
        let mut traced = Traced::default();
        if let Requested::Resource(resource) = requested {
            traced.service = resource.service.into();
            traced.region = resource.region.into();
            traced.owner = match resource.owner {
                Owner::Caller => "the caller's root account".into(),
                Owner::Uin(uin) => format!("uin/{uin}"),
                Owner::AppId(appid) => format!("uid/{appid}"),
            };
        }
        self.resources.push(traced);
    }

    /// Every layer has been asked about the present resource.
    pub(crate) fn layers(&mut self, standing: &Standing<'_, '_>) {
        if let Some(traced) = self.resources.last_mut() {
            let levels = traced.rows.iter().filter_map(|((part, _), (denies, tested))| match part {
                Part::Scp(level) => Some((*level, !denies && tested.misses.is_empty())),
                _ => None,
            });
            traced.need = need::need(standing, levels);
        }
    }

    /// The present resource is decided.
    pub(crate) fn outcome(&mut self, outcome: &Outcome) {
        self.matched.outcome(outcome);
        if let Some(traced) = self.resources.last_mut() {
            traced.allowed = outcome.ok && outcome.deny.is_none();
            traced.blocked_by = (!outcome.ok && outcome.deny.is_none()).then_some(outcome.why);
        }
    }

    /// Tests every part of a row; whether its statement matches.
    pub(crate) fn row<'r>(
        &mut self,
        part: Part,
        row: &Row,
        query: &Query<'r, '_>,
        side: &Side<'_, 'r, '_, '_>,
    ) -> Option<bool> {
        let asked = self.resources.last_mut()?;
        let tested = miss::tested(row, query, side, [&asked.service, &asked.region, &asked.owner])?;
        let matches = tested.misses.is_empty();
        let [.., statement, _] = *row;
        let denies = crate::row::denies(row);
        let known = asked.rows.entry((part, statement)).or_insert_with(|| (denies, tested.clone()));
        if tested.distance() < known.1.distance() {
            known.1 = tested;
        }
        Some(matches)
    }
}
