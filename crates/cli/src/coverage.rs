//! What a set of requests reaches in a world: which statements match, through which of their entries, and which terms
//! of their conditions come out either way.
//!
//! The engine itself answers: every statement is compiled again as *probes*, statements that hold one entry or one term
//! of it, and a probe that matches says that its entry does. Nothing here compares text.

use std::collections::{BTreeMap, BTreeSet};

use camshaft_bundle::Bundle;
use camshaft_compiler::{CompileError, Config};
use camshaft_frontend::normalize;
use camshaft_frontend::policy::{Effect, PolicySet, Statement};
use camshaft_frontend::request::Request;
use camshaft_frontend::source::Position;
use camshaft_runtime::Scratch;

use crate::decider::{Decider, Reading, with_request};

/// What a probe asks of its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Probe {
    /// It is T.
    True,
    /// It is T or U.
    NotFalse,
    /// All but the condition is T.
    Reached,
    /// It matches through one entry.
    Entry(usize),
    /// All but the condition is T, and so is one term.
    Term(usize),
}

/// A world compiled as probes.
pub struct Probes {
    decider: Decider,
    /// Of each policy the statement and the question of each of its probes.
    probes: Vec<Vec<(usize, Probe)>>,
}

/// A statement by the numbers of its policy in the set and of itself in the policy.
pub type Place = (usize, usize);

/// How often a statement is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Requests that it matches: an allow on T, a deny on T and on U.
    pub matched: usize,
    /// Those of them that it matches on U only.
    pub unknown: usize,
    /// Requests that it decides.
    pub decided: usize,
    /// For each entry the requests that it matches through this one: principals, then actions, then resources.
    pub entries: Vec<usize>,
    /// For each term how often it was T, and how often not, while all but the condition was T.
    pub terms: Vec<(usize, usize)>,
}

impl Probes {
    /// Compiles a world as probes.
    ///
    /// # Errors
    ///
    /// What the compiler refuses; the probes are more than the statements of the world.
    pub fn new(set: &PolicySet, reading: Reading, config: &Config) -> Result<Self, CompileError> {
        let mut set = set.clone();
        let mut probes = Vec::with_capacity(set.policies.len());
        for (number, policy) in set.policies.iter_mut().enumerate() {
            // Names tell policies apart that share theirs.
            policy.name = format!("{number:08}").into();
            let (statements, kinds) = split(&policy.statements);
            policy.statements = statements;
            probes.push(kinds);
        }
        let compiled = camshaft_compiler::compile(&set, config)?;
        let bundle = Bundle::open(&compiled.bytes).map_err(|error| {
            CompileError::from(camshaft_compiler::CompileErrorKind::Write(
                camshaft_bundle::WriteError::Refused(error),
            ))
        })?;
        Ok(Self { decider: Decider::new(bundle, reading, config.clone()), probes })
    }

    /// Memory for the questions of one thread.
    pub fn scratch(&self) -> Scratch {
        self.decider.engine().scratch()
    }

    /// Which probes match a request; nothing for one that has no decision.
    fn matching(&self, request: &Request, scratch: &mut Scratch) -> BTreeMap<Place, BTreeSet<Probe>> {
        let session = self.decider.session(request);
        let engine = self.decider.engine();
        let matching = with_request(request, &session, |request| engine.matching(request, scratch));
        let mut found: BTreeMap<Place, BTreeSet<Probe>> = BTreeMap::new();
        for one in matching.unwrap_or_default() {
            let name = engine.statement_name(one.statement);
            let numbers = name.split_once('#').and_then(|(policy, probe)| {
                Some((policy.parse::<usize>().ok()?, probe.parse::<usize>().ok()?))
            });
            let probe =
                numbers.and_then(|(policy, probe)| Some((policy, *self.probes.get(policy)?.get(probe)?)));
            if let Some((policy, (statement, probe))) = probe {
                found.entry((policy, statement)).or_default().insert(probe);
            }
        }
        found
    }

    /// The statements that are T, and those that are U, whatever their effect.
    pub fn truths(&self, request: &Request, scratch: &mut Scratch) -> BTreeMap<Place, bool> {
        let matching = self.matching(request, scratch).into_iter();
        matching
            .filter(|(_, probes)| probes.contains(&Probe::True) || probes.contains(&Probe::NotFalse))
            .map(|(place, probes)| (place, probes.contains(&Probe::True)))
            .collect()
    }
}

/// The probes of some statements.
fn split(statements: &[Statement]) -> (Vec<Statement>, Vec<(usize, Probe)>) {
    let (mut all, mut kinds) = (Vec::new(), Vec::new());
    let mut add = |number: usize, probe: Probe, effect: Effect, statement: Statement| {
        let index = u32::try_from(all.len()).unwrap_or(u32::MAX);
        all.push(Statement { index, effect, ..statement });
        kinds.push((number, probe));
    };
    for (number, statement) in statements.iter().enumerate() {
        let effect = statement.effect;
        add(number, Probe::True, Effect::Allow, statement.clone());
        add(number, Probe::NotFalse, Effect::Deny, statement.clone());
        if !statement.condition.is_empty() {
            let bare = Statement { condition: Vec::new(), ..statement.clone() };
            add(number, Probe::Reached, Effect::Allow, bare);
        }
        for (at, term) in statement.condition.iter().enumerate() {
            let one = Statement { condition: vec![term.clone()], ..statement.clone() };
            add(number, Probe::Term(at), Effect::Allow, one);
        }
        let mut entry = 0;
        let mut alone = |one: Option<Statement>| {
            if let Some(one) = one {
                add(number, Probe::Entry(entry), effect, one);
            }
            entry += 1;
        };
        // An entry that stands alone matches whenever the statement does.
        let principals = statement.principals.as_deref().unwrap_or_default();
        for principal in principals {
            let one = || Statement { principals: Some(vec![principal.clone()]), ..statement.clone() };
            alone((principals.len() > 1).then(one));
        }
        for action in &statement.actions {
            let one = || Statement { actions: vec![action.clone()], ..statement.clone() };
            alone((statement.actions.len() > 1).then(one));
        }
        for resource in &statement.resources {
            let one = || Statement { resources: vec![resource.clone()], ..statement.clone() };
            alone((statement.resources.len() > 1).then(one));
        }
    }
    (all, kinds)
}

/// How many entries a statement has, and in which of its lists each stands.
fn entries(statement: &Statement) -> Vec<(Element, usize, usize)> {
    let principals = statement.principals.as_deref().unwrap_or_default().len();
    let lists = [
        (Element::Principal, principals),
        (Element::Action, statement.actions.len()),
        (Element::Resource, statement.resources.len()),
    ];
    lists.into_iter().flat_map(|(element, length)| (0..length).map(move |at| (element, at, length))).collect()
}

/// The lists of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// Whom it binds.
    Principal,
    /// Its actions.
    Action,
    /// Its resources.
    Resource,
}

impl Element {
    /// Its name in policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Resource => "resource",
        }
    }
}

/// What requests reached of a world.
#[derive(Clone, Debug, Default)]
pub struct Tally(BTreeMap<Place, Reach>);

impl Tally {
    /// Nothing was asked yet.
    pub fn new(set: &PolicySet) -> Self {
        let statements = set.policies.iter().enumerate().flat_map(|(policy, of)| {
            of.statements.iter().enumerate().map(move |(number, statement)| {
                let reach = Reach {
                    entries: vec![0; entries(statement).len()],
                    terms: vec![(0, 0); statement.condition.len()],
                    ..Reach::default()
                };
                ((policy, number), reach)
            })
        });
        Self(statements.collect())
    }

    /// Counts one request, and the statements (`policy#index`) that decided it.
    pub fn ask(
        &mut self,
        set: &PolicySet,
        probes: &Probes,
        request: &Request,
        decided: &BTreeSet<String>,
        scratch: &mut Scratch,
    ) {
        for (place, found) in probes.matching(request, scratch) {
            let statement =
                set.policies.get(place.0).and_then(|policy| Some((policy, policy.statements.get(place.1)?)));
            let (Some((policy, statement)), Some(reach)) = (statement, self.0.get_mut(&place)) else {
                continue;
            };
            let (is_true, not_false) = (found.contains(&Probe::True), found.contains(&Probe::NotFalse));
            let matched = is_true || not_false && statement.effect == Effect::Deny;
            reach.matched += usize::from(matched);
            reach.unknown += usize::from(matched && !is_true);
            reach.decided += usize::from(decided.contains(&format!("{}#{}", policy.name, statement.index)));
            for (at, (_, _, length)) in entries(statement).into_iter().enumerate() {
                let through = found.contains(&Probe::Entry(at)) || matched && length == 1;
                if let Some(count) = reach.entries.get_mut(at).filter(|_| through) {
                    *count += 1;
                }
            }
            for (at, (held, failed)) in reach.terms.iter_mut().enumerate() {
                if found.contains(&Probe::Term(at)) {
                    *held += 1;
                } else if found.contains(&Probe::Reached) {
                    *failed += 1;
                }
            }
        }
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (place, theirs) in &other.0 {
            let Some(mine) = self.0.get_mut(place) else { continue };
            mine.add(theirs);
        }
    }

    /// What was reached, statement by statement of the sources: a document that is attached in several accounts or as
    /// several kinds counts once.
    pub fn report(&self, set: &PolicySet) -> Vec<Covered> {
        let mut places: BTreeMap<(&str, Position, &str, u32), usize> = BTreeMap::new();
        let mut report: Vec<Covered> = Vec::new();
        for ((policy, number), reach) in &self.0 {
            let Some(policy) = set.policies.get(*policy) else { continue };
            let Some(statement) = policy.statements.get(*number) else { continue };
            let key = (&*policy.source, statement.position, &*policy.name, statement.index);
            let covered = Covered::new(policy, statement, reach);
            match places.get(&key).and_then(|at| report.get_mut(*at)) {
                Some(known) => known.add(&covered),
                None => {
                    places.insert(key, report.len());
                    report.push(covered);
                }
            }
        }
        report.sort_by(|a, b| (&a.source, a.position, a.index).cmp(&(&b.source, b.position, b.index)));
        report
    }
}

impl Reach {
    fn add(&mut self, other: &Self) {
        self.matched += other.matched;
        self.unknown += other.unknown;
        self.decided += other.decided;
        self.entries.iter_mut().zip(&other.entries).for_each(|(mine, theirs)| *mine += theirs);
        for (mine, theirs) in self.terms.iter_mut().zip(&other.terms) {
            *mine = (mine.0 + theirs.0, mine.1 + theirs.1);
        }
    }
}

/// A statement of a source, and how often it is reached.
#[derive(Clone, Debug)]
pub struct Covered {
    /// Name of its policy in reasons.
    pub policy: Box<str>,
    /// Its source, relative to the world.
    pub source: Box<str>,
    /// Where it begins there.
    pub position: Position,
    /// Its index in the policy.
    pub index: u32,
    /// Whether it denies.
    pub denies: bool,
    /// What each entry is, in the order of [`Reach::entries`].
    pub entries: Vec<(Element, String)>,
    /// Operator, key and values of each term, in the order of [`Reach::terms`].
    pub terms: Vec<[String; 3]>,
    /// How often it is reached.
    pub reach: Reach,
}

impl Covered {
    fn new(policy: &camshaft_frontend::policy::Policy, statement: &Statement, reach: &Reach) -> Self {
        let principals = statement.principals.as_deref().unwrap_or_default().iter();
        let principals = principals.map(|entry| (Element::Principal, normalize::principal_text(entry)));
        let actions = statement.actions.iter().map(|entry| (Element::Action, normalize::action_text(entry)));
        let resources =
            statement.resources.iter().map(|entry| (Element::Resource, normalize::entry_text(entry)));
        let terms = statement
            .condition
            .iter()
            .map(|term| [term.operator.to_string(), term.key.to_string(), normalize::values_text(term)]);
        Self {
            policy: policy.name.clone(),
            source: policy.source.clone(),
            position: statement.position,
            index: statement.index,
            denies: statement.effect == Effect::Deny,
            entries: principals.chain(actions).chain(resources).collect(),
            terms: terms.collect(),
            reach: reach.clone(),
        }
    }

    /// Adds another copy of the statement, whose parameters may be filled otherwise.
    fn add(&mut self, other: &Self) {
        let same = self.entries.len() == other.entries.len() && self.terms.len() == other.terms.len();
        if same {
            self.reach.add(&other.reach);
        } else {
            self.reach.matched += other.reach.matched;
            self.reach.unknown += other.reach.unknown;
            self.reach.decided += other.reach.decided;
        }
    }

    /// How much of it is reached, of how much: one for itself, one for each entry, two for each term.
    pub fn points(&self) -> Points {
        let reach = &self.reach;
        let both = |(held, failed): &(usize, usize)| usize::from(*held > 0) + usize::from(*failed > 0);
        Points {
            statements: (usize::from(reach.matched > 0), 1),
            entries: (reach.entries.iter().filter(|count| **count > 0).count(), reach.entries.len()),
            terms: (reach.terms.iter().map(both).sum(), 2 * reach.terms.len()),
        }
    }
}

/// What is reached, of how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// Statements that match some request.
    pub statements: (usize, usize),
    /// Entries through which their statement matches some request.
    pub entries: (usize, usize),
    /// Outcomes of terms: true once, and not true once.
    pub terms: (usize, usize),
}

impl Points {
    /// All of them together.
    pub fn total(self) -> (usize, usize) {
        let parts = [self.statements, self.entries, self.terms];
        parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }

    /// Two together.
    pub fn plus(self, other: Self) -> Self {
        let sum = |a: (usize, usize), b: (usize, usize)| (a.0 + b.0, a.1 + b.1);
        Self {
            statements: sum(self.statements, other.statements),
            entries: sum(self.entries, other.entries),
            terms: sum(self.terms, other.terms),
        }
    }
}

/// A share in percent; all of nothing is all.
pub fn percent((reached, of): (usize, usize)) -> f64 {
    if of == 0 { 100.0 } else { 100.0 * reached as f64 / of as f64 }
}
