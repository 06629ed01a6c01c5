//! Why, and why not: every statement that could bind the caller, with the parts of it that missed.
//!
//! The slow twin of the hot path. It asks every row of every block instead of the index, and each part
//! of a row by itself instead of all at once; the layers above are the same code. The suites compare its
//! decision and reasons with those of the hot path on every case.

use core::cell::RefCell;
use std::collections::BTreeMap;

use camshaft_bundle::schema::{option, row, scalar, term};
use camshaft_bundle::{NONE, Tables};
use camshaft_value::operator::Operator;
use camshaft_value::resource::{Owner, Requested};
use camshaft_value::truth::Truth;

use crate::combine::Outcome;
use crate::context::{Context, Values};
use crate::decision::{Layer, Origin, Statement};
use crate::engine::{Engine, Reasons};
use crate::evaluate::Side;
use crate::guard;
use crate::mode::Matched;
use crate::query::Query;
use crate::request::{Request, Session};
use crate::row::Row;
use crate::scratch::Scratch;
use crate::view::View;

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
}

/// A dimension in which a statement missed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Miss {
    /// Which.
    pub dimension: Dimension,
    /// What the statement asks for.
    pub wanted: String,
    /// What the request has.
    pub found: String,
    /// Byte of `found` at which it left `wanted`, for sixth segments that have a literal beginning.
    pub diverges_at: Option<usize>,
}

/// The dimensions of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The principal element.
    Principal,
    /// The actions.
    Action,
    /// The service segment.
    Service,
    /// The region segment.
    Region,
    /// The account segment.
    Account,
    /// The project segment.
    Project,
    /// The sixth segment.
    Resource,
    /// The scope of the resource policy.
    Scope,
    /// A term of the condition.
    Condition,
}

impl Dimension {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Service => "service",
            Self::Region => "region",
            Self::Account => "account",
            Self::Project => "project",
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Condition => "condition",
        }
    }
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

    fn report(&self, traced: Traced, request: &Request<'_>) -> ResourceReport {
        let mut parts: BTreeMap<Part, Vec<StatementReport>> = BTreeMap::new();
        for ((part, number), (denies, misses)) in traced.rows {
            let origin = if part == Part::Session { Origin::Session } else { Origin::World };
            let report = self.statement_report(Statement(number, origin), denies, misses, request);
            parts.entry(part).or_default().extend(report);
        }
        let parts = parts.into_iter().map(|(part, mut statements)| {
            statements.sort_by_key(|report| report.misses.len());
            PartReport { part, statements }
        });
        ResourceReport { allowed: traced.allowed, blocked_by: traced.blocked_by, parts: parts.collect() }
    }

    fn statement_report(
        &self,
        statement: Statement,
        denies: bool,
        misses: Vec<Miss>,
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
        Some(StatementReport { statement, name, denies, place, text: text.into(), misses })
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
    rows: BTreeMap<(Part, u32), (bool, Vec<Miss>)>,
    allowed: bool,
    blocked_by: Option<Layer>,
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
        let misses = match self.resources.last() {
            Some(asked) => misses(row, query, side, asked)?,
            None => return None,
        };
        let matches = misses.is_empty();
        let [.., statement, _] = *row;
        if let Some(traced) = self.resources.last_mut() {
            let denies = crate::row::denies(row);
            let known = traced.rows.entry((part, statement)).or_insert_with(|| (denies, misses.clone()));
            if misses.len() < known.1.len() {
                known.1 = misses;
            }
        }
        Some(matches)
    }
}

/// Every part of the row that misses.
fn misses<'r>(
    row: &Row,
    query: &Query<'r, '_>,
    side: &Side<'_, 'r, '_, '_>,
    asked: &Traced,
) -> Option<Vec<Miss>> {
    let tables = side.tables;
    let [flags, service, region, account, actions, operand, length, guard, _, extra] = *row;
    let mut misses = Vec::new();
    let mut miss = |dimension, wanted: String, found: &str| {
        misses.push(Miss { dimension, wanted, found: found.into(), diverges_at: None });
    };
    let (principals, scope, project) = match extra.checked_sub(1) {
        None => (NONE, NONE, (row::project::ANY, "")),
        Some(extra) => {
            let [principals, scope, kind, start, length] = tables.extras.record::<5>(extra)?;
            (principals, scope, (kind, tables.text.get(start, length)?))
        }
    };
    if principals != NONE && !crate::row::admits(tables, principals, side.view.identity)? {
        miss(Dimension::Principal, "the principal element".into(), "the caller is not among them");
    }
    if !query.action.is_in(tables, actions)? {
        miss(Dimension::Action, action_set(tables, actions)?, query.action.text);
    }
    let segment = |id: u32| tables.segments().get(id).unwrap_or("");
    if flags & row::flag::ALL != 0 {
        // `*` meets everything.
    } else if query.star {
        if !crate::row::meets_star(tables, row, query) {
            let narrow = tables.scalar(scalar::OPTIONS) & option::LIST_DENY_CAM != 0;
            let wanted = match (crate::row::denies(row), narrow) {
                (true, false) => format!("an action of service `{}`", segment(service)),
                (true, true) => "a resource (list_deny=cam)".into(),
                (false, _) => "a resource; only the entry `*` allows an API without one".into(),
            };
            miss(Dimension::Resource, wanted, "*");
        }
    } else {
        if !crate::row::service(row, query) {
            miss(Dimension::Service, segment(service).into(), &asked.service);
        }
        if !crate::row::region(row, query) {
            miss(Dimension::Region, segment(region).into(), &asked.region);
        }
        if !crate::row::account(row, query) {
            let wanted = match flags >> row::flag::ACCOUNT_SHIFT & 7 {
                row::account::OWN => "the caller's root account".into(),
                row::account::APPID => format!("uid/{}", tables.appids().get(account)?),
                _ => format!("uin/{}", tables.uins().get(account).unwrap_or("?")),
            };
            miss(Dimension::Account, wanted, &asked.owner);
        }
        if !crate::row::in_project(project.0, project.1, query.project) {
            let wanted = if project.0 == row::project::ID { project.1 } else { "0" };
            miss(Dimension::Project, format!("id/{wanted}"), query.project);
        }
        if !crate::row::path(tables, row, query, side.view)? {
            let kind = flags >> row::flag::TAIL_SHIFT & 7;
            let (wanted, head) = tail(tables, kind, operand, length)?;
            let diverges_at = head.map(|head| shared(head, query.path));
            misses.push(Miss {
                dimension: Dimension::Resource,
                wanted,
                found: query.path.into(),
                diverges_at,
            });
        }
        if scope != NONE && !crate::row::in_scope(tables, scope, query)? {
            let wanted = pattern_text(tables, scope)?.0;
            misses.push(Miss {
                dimension: Dimension::Scope,
                wanted,
                found: query.path.into(),
                diverges_at: None,
            });
        }
    }
    if let Some(guard) = guard.checked_sub(1) {
        let deny = crate::row::denies(row);
        for number in tables.guard_terms.slice(tables.guard_ends.range(guard)?)?.iter() {
            let truth = guard::evaluate(tables, number, side.context, side.view)?;
            if truth == Truth::False || truth == Truth::Unknown && !deny {
                misses.push(term_miss(tables, number, truth, side.context, side.view)?);
            }
        }
    }
    Some(misses)
}

/// The literal or pattern of a tail, and its literal beginning.
fn tail<'t>(tables: &Tables<'t>, kind: u32, operand: u32, length: u32) -> Option<(String, Option<&'t str>)> {
    let literal = tables.text.get(operand, length);
    Some(match kind {
        row::tail::EXACT => (literal?.into(), literal),
        row::tail::PREFIX => (format!("{}*", literal?), literal),
        row::tail::SUFFIX => (format!("*{}", literal?), None),
        row::tail::ANY => ("*".into(), None),
        _ => pattern_text(tables, operand)?,
    })
}

fn pattern_text<'t>(tables: &Tables<'t>, number: u32) -> Option<(String, Option<&'t str>)> {
    use camshaft_bundle::schema::piece;
    let (mut text, mut head) = (String::new(), None);
    for (at, number) in tables.pattern_ends.range(number)?.into_iter().enumerate() {
        let [kind, start, length] = tables.pieces.record::<3>(number)?;
        match kind {
            piece::LITERAL => {
                let literal = tables.text.get(start, length)?;
                if at == 0 {
                    head = Some(literal);
                }
                text.push_str(literal);
            }
            piece::STAR => text.push('*'),
            piece::UIN => text.push_str("${uin}"),
            piece::OWNER_UIN => text.push_str("${owner_uin}"),
            piece::APP_ID => text.push_str("${app_id}"),
            _ => text.push_str("${?}"),
        }
    }
    Some((text, head))
}

/// The length of the common beginning, in bytes.
fn shared(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// A few of the actions of a set.
fn action_set(tables: &Tables<'_>, set: u32) -> Option<String> {
    const SHOWN: usize = 5;
    let words = tables.action_set_words.slice(tables.action_set_ends.range(set)?)?;
    let intervals = words.get(0)?;
    let mut shown: Vec<String> = Vec::new();
    let mut more = false;
    let mut add = |text: String| if shown.len() < SHOWN { shown.push(text) } else { more = true };
    for at in 0..intervals {
        let first = words.get(at.checked_mul(2)?.checked_add(1)?)?;
        let end = words.get(at.checked_mul(2)?.checked_add(2)?)?;
        let prefix = (0..tables.action_prefixes.records::<4>())
            .filter_map(|number| tables.action_prefixes.record::<4>(number))
            .find(|[_, _, _, rank]| *rank == first);
        match prefix {
            Some([start, length, _, _]) => add(format!("{}*", tables.text.get(start, length)?)),
            None => {
                for (id, rank) in (0u32..).zip(tables.action_ranks.iter()) {
                    if (first..end).contains(&rank) {
                        add(tables.actions().get(id)?.into());
                    }
                }
            }
        }
    }
    for glob in words.iter().skip(intervals.checked_mul(2)?.checked_add(1)? as usize) {
        let [start, length] = tables.action_globs.record::<2>(glob)?;
        add(tables.text.get(start, length)?.into());
    }
    if more {
        shown.push("…".into());
    }
    Some(shown.join(", "))
}

fn term_miss<'r>(
    tables: &Tables<'_>,
    number: u32,
    truth: Truth,
    context: &Context<'r, '_>,
    view: View<'_, 'r>,
) -> Option<Miss> {
    let [code, key, ..] = tables.terms.record::<{ term::WORDS }>(number)?;
    let operator = Operator::from_code(code)?;
    let [start, length] = tables.term_places.record::<2>(number)?;
    let values = tables.term_text.get(start, length)?;
    let mut found = match context.values(tables, key, view) {
        Values::Absent => "absent".into(),
        Values::Instant(instant) => instant.to_string(),
        Values::One(value) => format!("`{value}`"),
        Values::Many([]) => "an empty list".into(),
        Values::Many(values) => {
            values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        }
    };
    if truth == Truth::Unknown {
        found.push_str(", which decides nothing (U)");
    }
    let wanted = format!("{operator} `{}` {values}", tables.keys().get(key)?);
    Some(Miss { dimension: Dimension::Condition, wanted, found, diverges_at: None })
}
