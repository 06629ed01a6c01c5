//! One row against one request: every test that the statement's entry needs.

use camshaft_bundle::schema::{principal, row, row::project};
use camshaft_bundle::{NONE, Tables};
use camshaft_value::truth::Truth;

use crate::caller::Identity;
use crate::context::Context;
use crate::guard;
use crate::query::Query;
use crate::view::View;

/// The integers of a row.
pub(crate) type Row = [u32; row::WORDS];

pub(crate) fn denies(row: &Row) -> bool {
    let [flags, ..] = row;
    flags & row::flag::DENY != 0
}

/// Whether the row's statement matches: T for an allow, T or U for a deny (CITE EVA-1, EVA-2).
/// `None` only for a bundle that contradicts itself.
#[inline]
pub(crate) fn matches<'r>(
    tables: &Tables<'_>,
    row: &Row,
    query: &Query<'r, '_>,
    view: View<'_, 'r>,
    context: &Context<'r, '_>,
) -> Option<bool> {
    let [_, _, _, _, actions, _, _, guard, _, extra] = *row;
    let met = query.action.is_in(tables, actions)?
        && resource(tables, row, query, view)?
        && (extra == 0 || special(tables, extra.checked_sub(1)?, query, view)?)
        && (guard == 0 || guard::holds(tables, guard.checked_sub(1)?, denies(row), context, view)?);
    Some(met)
}

/// Whether the action lies outside of all that the row's set holds.
#[inline]
pub(crate) fn misses_action(tables: &Tables<'_>, row: &Row, query: &Query<'_, '_>) -> Option<bool> {
    let [_, _, _, _, actions, ..] = *row;
    let [first, end, _] = tables.action_hulls.record::<3>(actions)?;
    Some(query.action.rank < first || query.action.rank >= end)
}

/// The resource entry, all segments.
fn resource(tables: &Tables<'_>, row: &Row, query: &Query<'_, '_>, view: View<'_, '_>) -> Option<bool> {
    let [flags, ..] = *row;
    if flags & row::flag::ALL != 0 {
        return Some(true);
    }
    if query.star {
        return Some(meets_star(tables, row, query));
    }
    Some(service(row, query) && region(row, query) && account(row, query) && path(tables, row, query, view)?)
}

/// A six-segment entry against the request resource `*` (CITE RES-17, RES-18).
pub(crate) fn meets_star(tables: &Tables<'_>, row: &Row, query: &Query<'_, '_>) -> bool {
    use camshaft_bundle::schema::{option, scalar};
    let [_, service, ..] = *row;
    let strict = tables.scalar(scalar::OPTIONS) & option::LIST_DENY_CAM == 0;
    denies(row) && strict && (service == NONE || service == query.action.service)
}

pub(crate) fn service(row: &Row, query: &Query<'_, '_>) -> bool {
    let [_, service, ..] = *row;
    service == NONE || service == query.service
}

/// CITE RES-5: an entry that names a region is U against a request without one (segment 0).
pub(crate) fn region(row: &Row, query: &Query<'_, '_>) -> bool {
    let [_, _, region, ..] = *row;
    region == NONE || region == query.region || query.region == 0 && denies(row)
}

/// CITE RES-9: U where the owner has no id of the kind.
pub(crate) fn account(row: &Row, query: &Query<'_, '_>) -> bool {
    use camshaft_bundle::schema::anchor::MISSING;
    let [flags, _, _, account, ..] = *row;
    let truth = match flags >> row::flag::ACCOUNT_SHIFT & 7 {
        row::account::ANY => Truth::True,
        row::account::OWN => query.own,
        row::account::UIN if query.uin == MISSING => Truth::Unknown,
        row::account::UIN => Truth::from(account == query.uin),
        row::account::APPID if query.appid == MISSING => Truth::Unknown,
        row::account::APPID => Truth::from(account == query.appid),
        _ => Truth::Unknown,
    };
    reaches(truth, row)
}

/// Whether the truth of a part lets the row match.
fn reaches(truth: Truth, row: &Row) -> bool {
    truth == Truth::True || truth == Truth::Unknown && denies(row)
}

/// The sixth segment.
pub(crate) fn path(
    tables: &Tables<'_>,
    row: &Row,
    query: &Query<'_, '_>,
    view: View<'_, '_>,
) -> Option<bool> {
    let [flags, _, _, _, _, operand, length, ..] = *row;
    let literal = || tables.text.get(operand, length);
    Some(match flags >> row::flag::TAIL_SHIFT & 7 {
        row::tail::ANY => true,
        row::tail::EXACT => query.path == literal()?,
        row::tail::PREFIX => query.path.starts_with(literal()?),
        row::tail::SUFFIX => query.path.ends_with(literal()?),
        _ => reaches(guard::match_pattern(tables, operand, query.path, view, false)?, row),
    })
}

/// What few rows have: principals, a scope beside the entry, a project.
fn special(tables: &Tables<'_>, extra: u32, query: &Query<'_, '_>, view: View<'_, '_>) -> Option<bool> {
    let [principals, scope, kind, start, length] = tables.extras.record::<5>(extra)?;
    Some(
        (principals == NONE || admits(tables, principals, view.identity)?)
            && (scope == NONE || query.star || in_scope(tables, scope, query)?)
            && (query.star
                || kind == project::ANY
                || in_project(kind, tables.text.get(start, length)?, query.project)),
    )
}

/// Whether some spelling of the sixth segment lies in the scope; it has no variables.
pub(crate) fn in_scope(tables: &Tables<'_>, scope: u32, query: &Query<'_, '_>) -> Option<bool> {
    for path in core::iter::once(query.path).chain(query.spellings.iter().copied()) {
        if guard::match_pattern(tables, scope, path, View::unsigned(tables), false)? == Truth::True {
            return Some(true);
        }
    }
    Some(false)
}

/// CITE RES-3
pub(crate) fn in_project(kind: u32, id: &str, asked: &str) -> bool {
    match kind {
        project::DEFAULT => asked.is_empty() || asked == "0",
        project::ID => asked == id,
        _ => true,
    }
}

/// Whether the row's principal element admits unsigned callers.
pub(crate) fn admits_anyone(tables: &Tables<'_>, row: &Row) -> Option<bool> {
    let [.., extra] = *row;
    let Some(extra) = extra.checked_sub(1) else { return Some(true) };
    let [principals, ..] = tables.extras.record::<5>(extra)?;
    Some(principals == NONE || admits(tables, principals, None)?)
}

/// Whether a principal element admits the caller (CITE PRI-4 to PRI-9).
pub(crate) fn admits(tables: &Tables<'_>, set: u32, identity: Option<&Identity<'_>>) -> Option<bool> {
    for at in tables.principal_set_ends.range(set)? {
        let [kind, root, id] = tables.principals.record::<3>(at)?;
        let admitted = match (kind, identity) {
            (principal::EVERYONE, _) | (principal::ANONYMOUS, None) => true,
            (_, None) => false,
            (kind, Some(identity)) => identity.is(tables, kind, root, id)?,
        };
        if admitted {
            return Some(true);
        }
    }
    Some(false)
}
