//! The search for a request: actions first, then resources, then contexts, each the shortest first.
//!
//! Of each part only classes are looked at: texts that match the same statements are one. What cannot matter to the
//! question any more is left out as soon as that is known, so the work follows the question.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use camshaft_frontend::policy::Pattern;
use camshaft_value::alphabet;

use super::bits::Bits;
use super::formula::{Atom, Formula};
use super::resource::Resources;
use super::set::{Item, Matcher, Set};
use super::text::{Letters, Patterns, walk};
use super::{Answer, Budget, Contexts, Witness};
use crate::prove::entry::Owner;
use crate::prove::glob::Glob;

/// The budget is spent; on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spent(pub(super) &'static str);

/// What is left of a budget.
#[derive(Debug)]
pub(super) struct Steps {
    left: Cell<usize>,
}

impl Steps {
    pub(super) fn new(steps: usize) -> Self {
        Self { left: Cell::new(steps) }
    }

    pub(super) fn take(&self, steps: usize, what: &'static str) -> Result<(), Spent> {
        let left = self.left.get().checked_sub(steps).ok_or(Spent(what))?;
        self.left.set(left);
        Ok(())
    }
}

/// Why a search ends early.
pub(super) enum Stop {
    Found(Box<Witness>),
    Spent(Spent),
}

pub(super) type Flow = ControlFlow<Stop>;

impl From<Spent> for Stop {
    fn from(spent: Spent) -> Self {
        Self::Spent(spent)
    }
}

/// Goes on, unless the budget is spent.
pub(super) fn within<T>(result: Result<T, Spent>) -> ControlFlow<Stop, T> {
    match result {
        Ok(value) => ControlFlow::Continue(value),
        Err(spent) => ControlFlow::Break(Stop::Spent(spent)),
    }
}

/// The operations of requests.
const OPERATIONS: Letters = Letters {
    allowed: |letter| letter != '*' && u8::try_from(letter).is_ok_and(alphabet::is_operation_byte),
    fillers: "XAGDPxyzabcdefghijklmnopqrstuvwBCEFHIJKLMNOQRSTUVWYZ0123456789",
    empty: false,
};

/// Actions that name one known role (CITE EVA-18).
const ASSUME: [&str; 3] = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"];

/// Services that nobody names.
pub(super) const SERVICES: [&str; 4] = ["cvm", "cdb", "vpc", "tke"];

pub(super) struct Search<'s, 'a> {
    pub(super) set: &'s Set<'a>,
    pub(super) contexts: Contexts,
    pub(super) steps: Steps,
    /// A key whose values could not be told apart exactly.
    pub(super) vague: RefCell<Option<String>>,
}

/// Place of a matcher in the set, and the entries of it that matter.
type Live<'s, 'a> = (usize, Vec<(Option<&'s str>, &'s Pattern)>, Vec<&'s Item<'a>>);

/// The part of a set that a question looks at.
struct Asked<'s, 'a> {
    matchers: Vec<Live<'s, 'a>>,
    /// Whether a matcher has the action `*`.
    everything: Vec<bool>,
}

/// Looks for a request of which a formula holds.
pub(super) fn find(set: &Set<'_>, formula: &Formula, contexts: Contexts, budget: Budget) -> Answer {
    let search = Search { set, contexts, steps: Steps::new(budget.steps), vague: RefCell::new(None) };
    let found = search.actions(formula);
    set.spent.set(budget.steps.saturating_sub(search.steps.left.get()));
    match found {
        ControlFlow::Break(Stop::Found(witness)) => Answer::Found(*witness),
        ControlFlow::Break(Stop::Spent(Spent(what))) => {
            Answer::Unknown { what: what.to_owned(), budget: budget.steps }
        }
        ControlFlow::Continue(()) => match search.vague.into_inner() {
            Some(key) => Answer::Unknown {
                what: format!("texts and typed values of the key `{key}` are not told apart"),
                budget: 0,
            },
            None => Answer::None,
        },
    }
}

impl<'s, 'a> Search<'s, 'a> {
    /// The matchers of a formula, and of each what can meet those that must match.
    fn part(&self, formula: &Formula) -> Result<Option<(Asked<'s, 'a>, Formula)>, Spent> {
        let mut atoms = BTreeSet::new();
        formula.atoms(&mut atoms);
        let matcher = |atom: &Atom| self.set.atom(*atom).0;
        let required: BTreeSet<usize> = formula.required().iter().map(matcher).collect();
        let required: Vec<&Matcher<'a>> =
            required.iter().filter_map(|at| self.set.matchers.get(*at)).collect();
        let mut part = Asked { matchers: Vec::new(), everything: Vec::new() };
        let mut lost = HashSet::new();
        let matchers: BTreeSet<usize> = atoms.iter().map(matcher).collect();
        for at in matchers {
            let Some(matcher) = self.set.matchers.get(at) else { continue };
            self.steps.take(1 + matcher.items.len() + matcher.actions.len(), "statements")?;
            let meets_action = |own: &(Option<&str>, &Pattern)| {
                required.iter().all(|other| {
                    other.everything || other.actions.iter().any(|entry| actions_meet(*own, *entry))
                })
            };
            let actions: Vec<_> =
                matcher.actions.iter().copied().filter(|entry| meets_action(entry)).collect();
            let meets_item = |own: &&Item<'a>| {
                required
                    .iter()
                    .all(|other| other.items.iter().any(|item| self.items_meet(own, matcher, item, other)))
            };
            let items: Vec<&Item<'a>> = matcher.items.iter().filter(meets_item).collect();
            if (actions.is_empty() && !matcher.everything) || items.is_empty() {
                lost.insert(at);
                continue;
            }
            part.everything.push(matcher.everything);
            part.matchers.push((at, actions, items));
        }
        let formula = formula.reduced(&|atom| lost.contains(&self.set.atom(atom).0).then_some(false));
        Ok((formula != Formula::Const(false)).then_some((part, formula)))
    }

    /// Whether some resource may be covered by both.
    fn items_meet(&self, a: &Item<'_>, of_a: &Matcher<'_>, b: &Item<'_>, of_b: &Matcher<'_>) -> bool {
        let (one, other) = (&a.entry, &b.entry);
        if one.all || other.all {
            return true;
        }
        // CITE RES-18: both may match the resource `*`.
        if of_a.star && of_b.star && one.scope.is_none() && other.scope.is_none() {
            return true;
        }
        let same = |a: Option<&str>, b: Option<&str>| a.zip(b).is_none_or(|(a, b)| a == b);
        let own = self.set.caller().account.as_deref();
        let known = |owner| match (owner, own) {
            (Owner::Caller, Some(own)) => Owner::Uin(own),
            (owner, _) => owner,
        };
        let owners = match (known(one.owner), known(other.owner)) {
            (Owner::Uin(a), Owner::Uin(b)) | (Owner::AppId(a), Owner::AppId(b)) => a == b,
            _ => true,
        };
        let paths = || {
            let cam = |service: Option<&str>| service.is_none_or(|service| service == "cam");
            if cam(one.service) && cam(other.service) {
                return true;
            }
            may_meet(a, b)
        };
        // A region that is left out is unknown to a deny.
        let regions = of_a.deny || of_b.deny || same(one.region, other.region);
        same(one.service, other.service) && regions && owners && paths()
    }

    fn actions(&self, formula: &Formula) -> Flow {
        let Some((part, formula)) = within(self.part(formula))? else { return Flow::Continue(()) };
        let mut services: BTreeSet<&str> = BTreeSet::new();
        for (_, actions, _) in &part.matchers {
            services.extend(actions.iter().filter_map(|(service, _)| *service));
        }
        let fresh = SERVICES.into_iter().map(str::to_owned).chain((0..).map(|n| format!("zz{n}")));
        let fresh: Option<String> = { fresh }.find(|service| !services.contains(service.as_str()));
        for service in services.iter().copied().chain(fresh.as_deref()) {
            self.operations(&part, &formula, service)?;
        }
        Flow::Continue(())
    }

    /// The operations of one service.
    fn operations(&self, part: &Asked<'s, 'a>, formula: &Formula, service: &str) -> Flow {
        let mut patterns = Patterns::default();
        let mut known: BTreeMap<&Pattern, usize> = BTreeMap::new();
        // By matcher of the part: its patterns.
        let mut own: Vec<Vec<usize>> = Vec::with_capacity(part.matchers.len());
        for (_, actions, _) in &part.matchers {
            let of_service = actions.iter().filter(|(named, _)| *named == Some(service));
            let numbers = of_service.map(|(_, pattern)| {
                *known.entry(pattern).or_insert_with(|| {
                    patterns.add(&Glob::of(pattern), false);
                    patterns.len() - 1
                })
            });
            own.push(numbers.collect());
        }
        let acts = |place: usize, of: &Bits| {
            part.everything.get(place) == Some(&true)
                || own.get(place).is_some_and(|own| own.iter().any(|pattern| of.has(*pattern)))
        };
        let places: BTreeMap<usize, usize> = part.matchers.iter().map(|(at, ..)| *at).zip(0..).collect();
        let dead = |atom: Atom, of: &Bits| {
            let at = self.set.atom(atom).0;
            places.get(&at).is_none_or(|place| !acts(*place, of)).then_some(false)
        };
        // Malformed but for a role: the others are to be told from them.
        let own_patterns = patterns.len();
        if service == "sts" && !self.set.directories.iter().any(|directory| directory.any_role) {
            ASSUME.iter().for_each(|operation| patterns.add(&Glob::text(*operation), false));
        }
        let mut told: HashSet<(Bits, bool)> = HashSet::new();
        let flow = walk(
            &patterns,
            OPERATIONS,
            &self.steps,
            |live| formula.may_hold(&|atom| dead(atom, live).is_some()),
            |matched, operation| {
                let mut acting = Bits::new(part.matchers.len());
                (0..part.matchers.len())
                    .filter(|place| acts(*place, matched))
                    .for_each(|place| acting.set(place));
                let assumes = (own_patterns..patterns.len()).any(|pattern| matched.has(pattern));
                if !told.insert((acting.clone(), assumes)) {
                    return Flow::Continue(());
                }
                within(self.steps.take(part.matchers.len(), "actions"))?;
                let formula = formula.reduced(&|atom| dead(atom, matched));
                if formula == Formula::Const(false) {
                    return Flow::Continue(());
                }
                let live: Vec<(usize, &[&Item<'a>])> = (0..)
                    .zip(&part.matchers)
                    .filter(|(place, _)| acting.has(*place))
                    .map(|(_, (at, _, items))| (*at, items.as_slice()))
                    .collect();
                let action = format!("{service}:{operation}");
                let of = Resources {
                    search: self,
                    live: &live,
                    formula: &formula,
                    action: &action,
                    assumes,
                    told: RefCell::default(),
                };
                of.star(service)?;
                of.segments(service)
            },
        );
        within(flow)?
    }
}

fn actions_meet(a: (Option<&str>, &Pattern), b: (Option<&str>, &Pattern)) -> bool {
    a.0 == b.0 && a.1.meets(b.1)
}

/// Whether the paths of two entries may have a text in common, by their ends.
fn may_meet(a: &Item<'_>, b: &Item<'_>) -> bool {
    let (one, other) = (&a.path, &b.path);
    if let (Some(a), Some(b)) = (one.exact(), other.exact()) {
        return a == b;
    }
    let heads = one.head().starts_with(other.head()) || other.head().starts_with(one.head());
    let feet = one.foot().ends_with(other.foot()) || other.foot().ends_with(one.foot());
    heads && feet
}
