//! One row against one request, part by part: what misses, and what is not known.

use camshaft_bundle::schema::{option, piece, row, scalar, term};
use camshaft_bundle::{NONE, Tables};
use camshaft_value::operator::Operator;
use camshaft_value::truth::Truth;

use crate::context::{Context, Values};
use crate::evaluate::Side;
use crate::guard;
use crate::query::Query;
use crate::row::Row;
use crate::view::View;

/// A dimension in which a statement missed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Miss {
    /// Which.
    pub dimension: Dimension,
    /// What the statement asks for.
    pub wanted: String,
    /// What the request has.
    pub found: String,
    /// Byte of `found` from which on nothing of it fits `wanted`, for sixth segments.
    pub diverges_at: Option<usize>,
    /// Literal text of `wanted` that `found` does not hold from that byte on, or not at its end.
    pub lacks: Option<Lack>,
    /// Whether it is not known (U) rather than false.
    pub unknown: bool,
}

/// Text that a sixth segment does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// Anywhere behind the byte.
    Within(String),
    /// At its end.
    AtEnd(String),
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

impl Dimension {
    /// How much a miss counts when near statements are told from far ones: what a request may easily have another way
    /// counts little, what makes it another request counts much.
    fn weight(self) -> usize {
        match self {
            Self::Condition => 1,
            Self::Resource | Self::Scope | Self::Project => 2,
            Self::Region => 3,
            Self::Account => 4,
            Self::Principal => 5,
            Self::Action => 6,
            Self::Service => 8,
        }
    }
}

/// How far a statement is: dimensions, their weights, and what of the resource does not fit.
pub(super) fn distance(misses: &[Miss]) -> (usize, usize, usize) {
    let weights = misses.iter().fold(0usize, |sum, miss| sum.saturating_add(miss.dimension.weight()));
    let unfit = misses.iter().map(|miss| {
        let fits = miss.diverges_at.unwrap_or(0);
        if miss.dimension == Dimension::Resource { miss.found.len().saturating_sub(fits) } else { 0 }
    });
    (misses.len(), weights, unfit.fold(0, usize::saturating_add))
}

/// What of a row missed, and what of a matching deny is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Tested {
    pub(super) misses: Vec<Miss>,
    pub(super) doubts: Vec<Miss>,
}

impl Tested {
    /// How far the row is from a match without doubt.
    pub(super) fn distance(&self) -> ((usize, usize, usize), usize) {
        (distance(&self.misses), self.doubts.len())
    }
}

/// Every part of the row that misses; `asked` is what the request says of service, region and owner.
pub(super) fn tested<'r>(
    row: &Row,
    query: &Query<'r, '_>,
    side: &Side<'_, 'r, '_, '_>,
    asked: [&str; 3],
) -> Option<Tested> {
    let tables = side.tables;
    let [flags, service, region, account, actions, operand, length, guard, _, extra] = *row;
    let [asked_service, asked_region, asked_owner] = asked;
    let deny = crate::row::denies(row);
    let (mut misses, mut doubts) = (Vec::new(), Vec::new());
    let mut miss = |dimension, wanted: String, found: &str| misses.push(Miss::new(dimension, wanted, found));
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
            let wanted = match (deny, narrow) {
                (true, false) => format!("an action of service `{}`", segment(service)),
                (true, true) => "a resource (list_deny=cam)".into(),
                (false, _) => "a resource; only the entry `*` allows an API without one".into(),
            };
            miss(Dimension::Resource, wanted, "*");
        }
    } else {
        if !crate::row::service(row, query) {
            miss(Dimension::Service, segment(service).into(), asked_service);
        }
        if !crate::row::region(row, query) {
            miss(Dimension::Region, segment(region).into(), asked_region);
        } else if region != NONE && region != query.region {
            doubts.push(Miss::new(Dimension::Region, segment(region).into(), "").unknown());
        }
        if !crate::row::account(row, query) {
            let wanted = match flags >> row::flag::ACCOUNT_SHIFT & 7 {
                row::account::OWN => "the caller's root account".into(),
                row::account::APPID => format!("uid/{}", tables.appids().get(account)?),
                _ => format!("uin/{}", tables.uins().get(account).unwrap_or("?")),
            };
            miss(Dimension::Account, wanted, asked_owner);
        }
        if !crate::row::in_project(project.0, project.1, query.project) {
            let wanted = if project.0 == row::project::ID { project.1 } else { "0" };
            miss(Dimension::Project, format!("id/{wanted}"), query.project);
        }
        if !crate::row::path(tables, row, query, side.view)? {
            let kind = flags >> row::flag::TAIL_SHIFT & 7;
            let (wanted, pieces) = tail(tables, kind, operand, length)?;
            let mut missed = Miss::new(Dimension::Resource, wanted, query.path);
            match valued(pieces, side.view) {
                Some(pieces) => (missed.diverges_at, missed.lacks) = diverges(&pieces, query.path),
                None => missed.unknown = true,
            }
            misses.push(missed);
        }
        if scope != NONE && !crate::row::in_scope(tables, scope, query)? {
            let wanted = pattern_text(tables, scope)?.0;
            misses.push(Miss::new(Dimension::Scope, wanted, query.path));
        }
    }
    if let Some(guard) = guard.checked_sub(1) {
        for number in tables.guard_terms.slice(tables.guard_ends.range(guard)?)?.iter() {
            let missed = match guard::evaluate(tables, number, side.context, side.view)? {
                Truth::True => continue,
                truth => term_miss(tables, number, truth, side.context, side.view)?,
            };
            if missed.unknown && deny { doubts.push(missed) } else { misses.push(missed) }
        }
    }
    if !misses.is_empty() {
        doubts.clear();
    }
    Some(Tested { misses, doubts })
}

impl Miss {
    fn new(dimension: Dimension, wanted: String, found: &str) -> Self {
        Self { dimension, wanted, found: found.into(), diverges_at: None, lacks: None, unknown: false }
    }

    fn unknown(self) -> Self {
        Self { unknown: true, ..self }
    }
}

/// A part of a pattern: literal text, any text, or a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'t> {
    Literal(&'t str),
    Star,
    Variable(u32),
}

/// The text of a tail, and its parts.
fn tail<'t>(tables: &Tables<'t>, kind: u32, operand: u32, length: u32) -> Option<(String, Vec<Part<'t>>)> {
    let literal = || tables.text.get(operand, length);
    Some(match kind {
        row::tail::EXACT => (literal()?.into(), vec![Part::Literal(literal()?)]),
        row::tail::PREFIX => (format!("{}*", literal()?), vec![Part::Literal(literal()?), Part::Star]),
        row::tail::SUFFIX => (format!("*{}", literal()?), vec![Part::Star, Part::Literal(literal()?)]),
        row::tail::ANY => ("*".into(), vec![Part::Star]),
        _ => pattern_text(tables, operand)?,
    })
}

fn pattern_text<'t>(tables: &Tables<'t>, number: u32) -> Option<(String, Vec<Part<'t>>)> {
    let (mut text, mut parts) = (String::new(), Vec::new());
    for number in tables.pattern_ends.range(number)? {
        let [kind, start, length] = tables.pieces.record::<3>(number)?;
        parts.push(match kind {
            piece::LITERAL => Part::Literal(tables.text.get(start, length)?),
            piece::STAR => Part::Star,
            kind => Part::Variable(kind),
        });
        text.push_str(match parts.last()? {
            Part::Literal(literal) => literal,
            Part::Star => "*",
            Part::Variable(piece::UIN) => "${uin}",
            Part::Variable(piece::OWNER_UIN) => "${owner_uin}",
            Part::Variable(piece::APP_ID) => "${app_id}",
            Part::Variable(_) => "${?}",
        });
    }
    Some((text, parts))
}

/// The literals between the stars, variables with their values; `None` where one has none.
fn valued(parts: Vec<Part<'_>>, view: View<'_, '_>) -> Option<Vec<String>> {
    let mut literals = vec![String::new()];
    for part in parts {
        let text = match part {
            Part::Star => {
                literals.push(String::new());
                continue;
            }
            Part::Literal(text) => text,
            Part::Variable(piece::UIN) => view.uin()?,
            Part::Variable(piece::OWNER_UIN) => view.owner_uin()?,
            Part::Variable(piece::APP_ID) => view.app_id()?,
            Part::Variable(_) => return None,
        };
        literals.last_mut()?.push_str(text);
    }
    Some(literals)
}

/// From which byte on a text does not fit, and what it lacks there; `literals` are those between stars.
fn diverges(literals: &[String], text: &str) -> (Option<usize>, Option<Lack>) {
    let Some((head, others)) = literals.split_first() else { return (None, None) };
    let fits = head.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
    // Inside of a character both have the byte but not the character.
    let fits = (0..=fits).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    if fits < head.len() || others.is_empty() {
        return (Some(fits), None);
    }
    let mut at = fits;
    let Some((last, between)) = others.split_last() else { return (Some(at), None) };
    for literal in between {
        let rest = text.get(at..).unwrap_or("");
        match rest.find(literal.as_str()) {
            Some(found) => at = at.saturating_add(found).saturating_add(literal.len()),
            None => return (Some(at), Some(Lack::Within(literal.clone()))),
        }
    }
    let rest = text.get(at..).unwrap_or("");
    let same = last.bytes().rev().zip(rest.bytes().rev()).take_while(|(a, b)| a == b).count();
    let end = text.len().saturating_sub(same);
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at));
    (end, Some(Lack::AtEnd(last.clone())))
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
    let found: String = match context.values(tables, key, view) {
        Values::Absent => "absent".into(),
        Values::Instant(instant) => instant.to_string(),
        Values::One(value) => format!("`{value}`"),
        Values::Many([]) => "an empty list".into(),
        Values::Many(values) => {
            values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
        }
    };
    let wanted = format!("{operator} `{}` {values}", tables.keys().get(key)?);
    let miss = Miss::new(Dimension::Condition, wanted, &found);
    Some(if truth == Truth::Unknown { miss.unknown() } else { miss })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_leave_patterns_where_they_do() {
        let diverges = |pattern: &str, text: &str| {
            let literals: Vec<String> = pattern.split('*').map(String::from).collect();
            super::diverges(&literals, text)
        };
        let within = |text: &str| Some(Lack::Within(text.into()));
        let end = |text: &str| Some(Lack::AtEnd(text.into()));
        assert_eq!(diverges("team/*", "teams/a"), (Some(4), None));
        assert_eq!(diverges("a/b", "a/bc"), (Some(3), None));
        assert_eq!(diverges("ins-*-test", "ins-1"), (Some(5), end("-test")));
        assert_eq!(diverges("*.txt", "a.tat"), (Some(4), end(".txt")));
        assert_eq!(diverges("a/*/b/*", "a/x/c"), (Some(2), within("/b/")));
        assert_eq!(diverges("a/*/b/*c", "a/x/b/d"), (Some(7), end("c")));
        // é and è share their first byte.
        assert_eq!(diverges("aé", "aè"), (Some(1), None));
        assert_eq!(diverges("*é", "a\u{129}"), (Some(3), end("é")));
        // The end may not overlap what stood before it.
        assert_eq!(diverges("aa*a", "aa"), (Some(2), end("a")));
    }

    #[test]
    fn near_is_what_differs_least() {
        let miss = |dimension| vec![Miss::new(dimension, String::new(), "abc")];
        let resource =
            |at| vec![Miss { diverges_at: Some(at), ..Miss::new(Dimension::Resource, String::new(), "abc") }];
        assert!(distance(&[]) < distance(&miss(Dimension::Condition)));
        assert!(distance(&miss(Dimension::Condition)) < distance(&resource(2)));
        assert!(distance(&resource(2)) < distance(&resource(1)));
        assert!(distance(&resource(0)) < distance(&miss(Dimension::Action)));
    }
}
