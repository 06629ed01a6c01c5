//! Whether one entry covers another: its match is T wherever the other's is (semantics §13.5).
//!
//! Variables are letters of their own: what holds for all texts with such letters holds for all values of the
//! variables, because putting a value in the place of a letter leads from a match to a match.

use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Pattern, Piece, ProjectPattern, ResourceEntry, ResourcePattern,
    Values,
};
use camshaft_value::address::{Address, Network};
use camshaft_value::operator::Base;
use camshaft_value::pattern::Variable;
use camshaft_value::resource::lacks_slash;

use crate::prove::glob::{self, Glob, Part, Walked};

/// How far one entry covers another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// It does not.
    No,
    /// The walk gave up.
    Unknown,
    /// It is T wherever the other is.
    Matches,
    /// And not F where the other is U: without the other nothing changes.
    Whole,
}

impl Cover {
    /// Both parts of an entry.
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::No { Self::No } else { self.min(other()) }
    }

    fn whole(holds: bool) -> Self {
        if holds { Self::Whole } else { Self::No }
    }

    pub(super) fn holds(self) -> bool {
        self >= Self::Matches
    }
}

/// What the covering entry is read with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    /// Of the statement.
    pub(super) effect: Effect,
    /// Uin and APPID that an empty account stands for, where they are known.
    pub(super) own: Option<(&'a str, Option<&'a str>)>,
    /// States of one walk.
    pub(super) budget: usize,
}

/// The text of an action entry as a glob over whole actions.
pub(super) fn action_glob(action: &ActionEntry) -> Glob<'static> {
    let ActionEntry::Operation { service, operation } = action else { return Glob::any() };
    let mut parts = vec![Part::Text(format!("{service}:").into())];
    for piece in &operation.0 {
        match (piece, parts.last_mut()) {
            (Piece::Literal(text), Some(Part::Text(last))) => last.to_mut().push_str(text),
            (Piece::Literal(text), _) => parts.push(Part::Text(text.to_string().into())),
            (Piece::Star | Piece::Variable(_), _) => parts.push(Part::Any),
        }
    }
    Glob(parts)
}

/// Whether the actions of one entry, a set perhaps, are all among those of another.
pub(super) fn actions(outer: &[ActionEntry], inner: &[ActionEntry], budget: usize) -> Cover {
    if outer.contains(&ActionEntry::All) {
        return Cover::Whole;
    }
    let mut cover = Cover::Whole;
    for one in inner {
        let ActionEntry::Operation { service, .. } = one else { return Cover::No };
        let of_service = |outer: &&ActionEntry| matches!(outer, ActionEntry::Operation { service: other, .. } if other == service);
        // PERF: most entries of a long list are of other services, and need no glob.
        let outers: Vec<Glob<'_>> = outer.iter().filter(of_service).map(action_glob).collect();
        cover = cover.and(|| within(&action_glob(one), &outers.iter().collect::<Vec<_>>(), budget));
        if cover == Cover::No {
            return cover;
        }
    }
    cover
}

/// Whether every text of a glob is matched by one of the others.
pub(super) fn within(inner: &Glob<'_>, outers: &[&Glob<'_>], budget: usize) -> Cover {
    if outers.is_empty() {
        return Cover::No;
    }
    if outers.iter().any(|outer| outer.is_any()) {
        return Cover::Whole;
    }
    if let Some(text) = inner.exact() {
        return Cover::whole(outers.iter().any(|outer| outer.matches(text)));
    }
    // PERF: what a glob covers begins and ends as it does, as far as both are text.
    let may = |outer: &&&Glob<'_>| {
        outer.exact().is_none()
            && inner.head().starts_with(outer.head())
            && inner.foot().ends_with(outer.foot())
    };
    let outers: Vec<&Glob<'_>> = outers.iter().filter(may).copied().collect();
    if outers.is_empty() {
        return Cover::No;
    }
    match glob::within(inner, &outers, budget) {
        Walked::Proven => Cover::Whole,
        Walked::Fails(_) => Cover::No,
        Walked::Exhausted => Cover::Unknown,
    }
}

/// The pattern with a letter for each variable, and the variables.
fn lettered(pattern: &Pattern) -> (Glob<'static>, Vec<Variable>) {
    let (mut parts, mut variables): (Vec<Part<'static>>, Vec<Variable>) = (Vec::new(), Vec::new());
    for piece in &pattern.0 {
        let text = match piece {
            Piece::Star => {
                parts.push(Part::Any);
                continue;
            }
            Piece::Literal(text) => text.to_string(),
            Piece::Variable(variable) => {
                variables.push(*variable);
                format!("\u{1}{variable:?}\u{2}")
            }
        };
        match parts.last_mut() {
            Some(Part::Text(last)) => last.to_mut().push_str(&text),
            _ => parts.push(Part::Text(text.into())),
        }
    }
    (Glob(parts), variables)
}

/// Whether one pattern covers another. A variable without a value makes a pattern U: where only the inner one has it,
/// the outer one is F where the inner is U.
fn patterns(outer: &Pattern, inner: &Pattern, fold: bool, budget: usize) -> Cover {
    let ((outer, of_outer), (inner, of_inner)) = (lettered(outer), lettered(inner));
    let (outer, inner) = if fold { (lower(&outer), lower(&inner)) } else { (outer, inner) };
    let cover = within(&inner, &[&outer], budget);
    let all = outer.is_any() || of_inner.iter().all(|variable| of_outer.contains(variable));
    if cover == Cover::Whole && !all { Cover::Matches } else { cover }
}

fn lower(glob: &Glob<'static>) -> Glob<'static> {
    let part = |part: &Part<'static>| match part {
        Part::Text(text) => Part::Text(text.to_ascii_lowercase().into()),
        part => part.clone(),
    };
    Glob(glob.0.iter().map(part).collect())
}

/// Whether one resource covers another in a statement.
pub(super) fn resources(outer: &ResourceEntry, inner: &ResourceEntry, ground: Ground<'_>) -> Cover {
    let (outer, inner) = match (outer, inner) {
        (ResourceEntry::All, _) => return Cover::Whole,
        // In a request for `*` only the entry `*` of an allow is T (CITE RES-17), and a deny may be read as CAM does.
        (_, ResourceEntry::All) => return Cover::No,
        (ResourceEntry::Segments(outer), ResourceEntry::Segments(inner)) => (outer, inner),
    };
    if inner.path.0.contains(&Piece::Variable(Variable::Unvalued)) {
        return Cover::No;
    }
    let cover = Cover::whole(outer.project == ProjectPattern::Any || outer.project == inner.project)
        .and(|| Cover::whole(outer.service.is_none() || outer.service == inner.service))
        .and(|| Cover::whole(outer.region.is_none() || outer.region == inner.region))
        .and(|| accounts(&outer.account, &inner.account, ground.own))
        .and(|| patterns(&outer.path, &inner.path, false, ground.budget))
        .and(|| slashed(outer, inner, ground.budget));
    // An allow that is U grants nothing (CITE EVA-2).
    if cover == Cover::Matches && ground.effect == Effect::Allow { Cover::Whole } else { cover }
}

/// Against requests of `cos` an entry without a service is read with the slash of a bucket (CITE RES-24).
fn slashed(outer: &ResourcePattern, inner: &ResourcePattern, budget: usize) -> Cover {
    let read = |entry: &ResourcePattern| {
        let mut path = entry.path.clone();
        if let ([Piece::Literal(text)], None) = (path.0.as_slice(), entry.service.as_deref())
            && lacks_slash("cos", text)
        {
            path = Pattern(vec![Piece::Literal(format!("{text}/").into())]);
        }
        path
    };
    if matches!(inner.service.as_deref(), None | Some("cos")) {
        patterns(&read(outer), &read(inner), false, budget)
    } else {
        Cover::Whole
    }
}

fn accounts(outer: &AccountPattern, inner: &AccountPattern, own: Option<(&str, Option<&str>)>) -> Cover {
    use AccountPattern::{Any, AppId, Own, Uin, Unvalued};
    let (uin, appid) = own.map_or((None, None), |(uin, appid)| (Some(uin), appid));
    let is = |id: &str, own: Option<&str>| own == Some(id);
    match (outer, inner) {
        (_, Unvalued) => Cover::No,
        (Any, _) => Cover::Whole,
        (Unvalued, _) => Cover::No,
        (outer, inner) if outer == inner => Cover::Whole,
        (Own, Uin(id)) | (Uin(id), Own) => Cover::whole(is(id, uin)),
        // The owner of a request has both ids where one is known (CITE REQ-6), else one of the two is U.
        (Own, AppId(id)) | (AppId(id), Own) if is(id, appid) => Cover::Matches,
        (Uin(one), AppId(other)) | (AppId(other), Uin(one)) if is(one, uin) && is(other, appid) => {
            Cover::Matches
        }
        _ => Cover::No,
    }
}

/// Whether a value of a term implies another: whatever a context value is, if it meets the inner one it meets the outer
/// one. Both are the values of one written entry.
pub(super) fn values(base: Base, outer: &Values, inner: &Values, budget: usize) -> Cover {
    let base = base.positive();
    match (outer, inner) {
        (Values::Text(outer), Values::Text(inner)) => {
            let ([outer], [inner]) = (outer.as_slice(), inner.as_slice()) else { return Cover::No };
            patterns(outer, inner, base == Base::StringEqualIgnoreCase, budget)
        }
        (Values::Number(outer), Values::Number(inner)) => bounds(base, outer, inner),
        (Values::Date(outer), Values::Date(inner)) => bounds(base, outer, inner),
        (Values::Bool(outer), Values::Bool(inner)) => Cover::whole(outer == inner),
        (Values::Network(outer), Values::Network(inner)) => {
            Cover::whole(inner.iter().all(|inner| outer.iter().any(|outer| holds(*outer, *inner))))
        }
        _ => Cover::No,
    }
}

fn bounds<T: Ord>(base: Base, outer: &[T], inner: &[T]) -> Cover {
    let ([outer], [inner]) = (outer, inner) else { return Cover::No };
    Cover::whole(match base {
        Base::NumericLessThan | Base::NumericLessThanEqual | Base::DateLessThan | Base::DateLessThanEqual => {
            outer >= inner
        }
        Base::NumericGreaterThan
        | Base::NumericGreaterThanEqual
        | Base::DateGreaterThan
        | Base::DateGreaterThanEqual => outer <= inner,
        _ => outer == inner,
    })
}

/// Whether one network holds another. Both are of unions in their fewest networks, so that no two of the outer union
/// hold the inner one together.
pub(super) fn holds(outer: Network, inner: Network) -> bool {
    match (outer, inner) {
        (Network::V4(_, length), Network::V4(bits, longer)) => {
            length <= longer && outer.contains(Address::V4(bits))
        }
        (Network::V6(_, length), Network::V6(bits, longer)) => {
            length <= longer && outer.contains(Address::V6(bits))
        }
        _ => false,
    }
}
