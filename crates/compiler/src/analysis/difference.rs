//! What changes for one caller between two worlds: as patterns of actions and resources, each with a request.

use std::cell::Cell;
use std::collections::BTreeSet;

use camshaft_frontend::policy::{AccountPattern, ActionEntry, Effect, ResourceEntry, Statement};

use super::formula::Formula;
use super::layers::{Decision, Grant, Layer, World, all_resources, assumes, meet};
use super::set::{Set, Standing};
use super::{Answer, Asking, Budget, Witness, words};

/// How a decision changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Not allowed before, allowed after.
    NewAccess,
    /// Allowed before, not allowed after.
    LostAccess,
    /// An implicit deny before, an explicit one after: grants that come later will not help.
    NewDeny,
    /// An explicit deny before, an implicit one after.
    LostDeny,
}

impl Kind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 4] = [Self::NewAccess, Self::LostAccess, Self::NewDeny, Self::LostDeny];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewAccess => "new_access",
            Self::LostAccess => "lost_access",
            Self::NewDeny => "new_deny",
            Self::LostDeny => "lost_deny",
        }
    }
}

/// One of the two worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first.
    Before,
    /// The second.
    After,
}

/// A statement of one of the worlds, as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The world.
    pub side: Side,
    /// `policy#index`.
    pub name: String,
    /// The file, relative to the world.
    pub source: String,
    /// Line and column in characters, from 1.
    pub line: u32,
    /// See `line`.
    pub column: u32,
    /// Allow or deny.
    pub effect: Effect,
    /// Where it stands.
    pub layer: Layer,
}

/// What one world answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decided {
    /// `allow`, `explicit_deny` or `implicit_deny`.
    pub decision: &'static str,
    /// The statements that decide; none for an implicit deny.
    pub statements: Vec<Place>,
}

/// What no longer is as it was, for requests of one pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// How it changes.
    pub kind: Kind,
    /// Action patterns.
    pub actions: Vec<String>,
    /// Resource patterns.
    pub resources: Vec<String>,
    /// The condition in words, all of it required.
    pub condition: Vec<String>,
    /// The statement whose pattern this is, where a statement is; it came, or went, or counts now.
    pub statement: Option<Place>,
    /// Statements because of which some requests of the pattern do not change.
    pub exceptions: Vec<Place>,
    /// Whether some do not change for another reason: nothing else grants, or a cap allows nothing.
    pub partly: bool,
    /// A shortest request.
    pub witness: Witness,
    /// What the first world answers.
    pub before: Decided,
    /// What the second world answers.
    pub after: Decided,
}

/// What changes for one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) differences: Vec<Difference>,
    /// What nobody knows, and the budget.
    pub(super) unknown: Vec<(String, usize)>,
}

impl Changes {
    fn unknown(&mut self, what: String, budget: usize) {
        if !self.unknown.contains(&(what.clone(), budget)) {
            self.unknown.push((what, budget));
        }
    }
}

/// What is asked about.
pub(super) enum Focus<'a> {
    /// Requests that a statement binds.
    Statement(Side, Grant<'a>),
    /// Requests on resources of the caller's account, or all.
    Everything,
}

/// What is left of the budget of a whole comparison.
pub(super) struct Purse {
    total: usize,
    left: Cell<usize>,
}

impl Purse {
    pub(super) fn new(budget: Budget) -> Self {
        Self { total: budget.total, left: Cell::new(budget.total) }
    }

    fn is_empty(&self) -> bool {
        self.left.get() == 0
    }

    fn empty(&self) -> Answer {
        Answer::Unknown { what: WHOLE.to_owned(), budget: self.total }
    }

    /// Asks one question within what is left.
    fn ask(&self, set: &Set<'_>, formula: &Formula, asking: Asking) -> Answer {
        let left = self.left.get();
        if left == 0 {
            return self.empty();
        }
        let steps = asking.budget.steps.min(left);
        let answer = set.ask(formula, Asking { budget: Budget { steps, ..asking.budget }, ..asking });
        match answer {
            Answer::Unknown { budget, .. } if budget > 0 && left < asking.budget.steps => {
                self.left.set(0);
                self.empty()
            }
            answer => {
                self.left.set(left.saturating_sub(set.spent.get()));
                answer
            }
        }
    }
}

/// What the budget of a whole comparison is spent on.
const WHOLE: &str = "other questions of the comparison";

/// The most patterns of one statement that are asked about one by one.
const MOST_PATTERNS: usize = 64;
/// The most exceptions that are named.
const MOST_EXCEPTIONS: usize = 8;

fn statements<'f>(focuses: &'f [Focus<'_>]) -> impl Iterator<Item = &'f Statement> {
    focuses.iter().filter_map(|focus| match focus {
        Focus::Statement(_, grant) => Some(grant.statement),
        Focus::Everything => None,
    })
}

fn is_everything(focuses: &[Focus<'_>]) -> bool {
    focuses.iter().any(|focus| matches!(focus, Focus::Everything))
}

/// Whether a statement may bind a request that is asked about.
pub(super) fn relevant(focuses: &[Focus<'_>]) -> impl Fn(&Statement) -> bool {
    let everything = is_everything(focuses);
    move |statement| {
        everything
            || statements(focuses).any(|focus| {
                focus.actions.iter().any(|own| statement.actions.iter().any(|other| meet(own, other)))
            })
    }
}

/// The roles of both worlds that may be asked about: all, or none.
pub(super) fn roles(worlds: [&World<'_>; 2], focuses: &[Focus<'_>]) -> [Vec<usize>; 2] {
    let may_assume =
        is_everything(focuses) || statements(focuses).any(|statement| assumes(&statement.actions));
    worlds.map(|world| if may_assume { (0..world.roles.len()).collect() } else { Vec::new() })
}

/// Compares two decisions about one caller, as far as the focuses lead. `decide` makes a set of the statements that may
/// bind a request which is asked about, and the decisions on both sides.
pub(super) fn compare<'a>(
    focuses: &[Focus<'a>],
    asking: Asking,
    purse: &Purse,
    mut decide: impl FnMut(&dyn Fn(&Statement) -> bool) -> (Set<'a>, [Decision<'a>; 2]),
) -> Changes {
    let mut changes = Changes::default();
    for focus in focuses {
        if purse.is_empty() {
            // Sets take time to make, too.
            changes.unknown(WHOLE.to_owned(), purse.total);
            break;
        }
        let (set, decisions) = match focus {
            Focus::Statement(_, grant) => decide(&|other| may_meet(grant.statement, other)),
            Focus::Everything => decide(&|_| true),
        };
        let mut comparison = Comparison { set, decisions, asking, purse, changes };
        match focus {
            Focus::Statement(side, grant) => comparison.statement(*side, grant),
            Focus::Everything => comparison.everything(),
        }
        changes = comparison.changes;
    }
    changes.differences.sort();
    // A statement that changed its effect is two, with one pattern.
    changes.differences.dedup_by(|b, a| {
        (a.kind, &a.actions, &a.resources, &a.condition) == (b.kind, &b.actions, &b.resources, &b.condition)
    });
    changes
}

/// Whether some request may be bound by both.
fn may_meet(a: &Statement, b: &Statement) -> bool {
    let acts = a.actions.iter().any(|own| b.actions.iter().any(|other| meet(own, other)));
    // CITE RES-18, RES-5: denies may match the resource `*`, and what names no region.
    let denies = (a.effect == Effect::Deny, b.effect == Effect::Deny);
    acts && (denies == (true, true)
        || a.resources
            .iter()
            .any(|own| b.resources.iter().any(|other| entries_meet(own, other, denies == (false, false)))))
}

fn entries_meet(a: &ResourceEntry, b: &ResourceEntry, allows: bool) -> bool {
    let (ResourceEntry::Segments(a), ResourceEntry::Segments(b)) = (a, b) else { return true };
    let accounts = match (&a.account, &b.account) {
        (AccountPattern::Uin(a), AccountPattern::Uin(b)) => a == b,
        (AccountPattern::AppId(a), AccountPattern::AppId(b)) => a == b,
        _ => true,
    };
    let (Some(service), Some(other)) = (&a.service, &b.service) else { return accounts || !allows };
    let regions = !allows || a.region.is_none() || b.region.is_none() || a.region == b.region;
    // Objects of CAM have several names.
    service == other && regions && (accounts || !allows) && (&**service == "cam" || a.path.meets(&b.path))
}

struct Comparison<'a, 'p> {
    set: Set<'a>,
    decisions: [Decision<'a>; 2],
    asking: Asking,
    purse: &'p Purse,
    changes: Changes,
}

/// Entries of a statement, by number.
type Entries = Vec<usize>;

impl<'a> Comparison<'a, '_> {
    /// Of which requests a decision changes in a way.
    fn formula(&self, kind: Kind) -> Formula {
        let [a, b] = &self.decisions;
        let neither = || !a.allow.clone() & !b.allow.clone();
        match kind {
            Kind::NewAccess => !a.allow.clone() & b.allow.clone(),
            Kind::LostAccess => a.allow.clone() & !b.allow.clone(),
            Kind::NewDeny => neither() & !a.deny.clone() & b.deny.clone(),
            Kind::LostDeny => neither() & a.deny.clone() & !b.deny.clone(),
        }
    }

    fn question(&self, formula: &Formula) -> Answer {
        self.purse.ask(&self.set, formula, self.asking)
    }

    fn ask(&mut self, formula: &Formula) -> Option<Witness> {
        match self.question(formula) {
            Answer::None => None,
            Answer::Found(witness) if self.set.holds(formula, &witness) => Some(witness),
            Answer::Found(witness) => {
                let what = format!("the replay of {} on {} says otherwise", witness.action, witness.resource);
                self.changes.unknown(what, 0);
                None
            }
            Answer::Unknown { what, budget } => {
                self.changes.unknown(what, budget);
                None
            }
        }
    }

    fn binds(&self, side: Side, grant: &Grant<'a>) -> Option<Formula> {
        let [a, b] = &self.decisions;
        let of = if side == Side::Before { a } else { b };
        let place = of.members.iter().position(|(_, own)| own.is(grant))?;
        of.binds.get(place).cloned()
    }

    /// Requests that a statement binds.
    fn statement(&mut self, side: Side, grant: &Grant<'a>) {
        let Some(binds) = self.binds(side, grant) else { return };
        for kind in Kind::ALL {
            let changes = self.formula(kind);
            let Some(witness) = self.ask(&(binds.clone() & changes.clone())) else { continue };
            let number = usize::from(side == Side::After);
            for (actions, resources, witness) in self.patterns(number, grant, &binds, &changes, witness) {
                self.report(kind, Some((side, grant)), &binds, &changes, (&actions, &resources), witness);
            }
        }
    }

    /// The entries of a statement by which decisions change: sets of actions with the same resources.
    fn patterns(
        &mut self,
        side: usize,
        grant: &Grant<'a>,
        binds: &Formula,
        changes: &Formula,
        witness: Witness,
    ) -> Vec<(Entries, Entries, Witness)> {
        let (actions, resources) = (&grant.statement.actions, &grant.statement.resources);
        let whole = |witness| vec![((0..actions.len()).collect(), (0..resources.len()).collect(), witness)];
        if actions.len() == 1 && resources.len() == 1 || actions.len() + resources.len() > MOST_PATTERNS {
            return whole(witness);
        }
        let region = |set: &mut Set<'a>, actions: &'a [ActionEntry], resources: &'a [ResourceEntry]| {
            let member = set.add_region_of(grant.statement, actions, resources, grant.standing, side);
            set.binds(member)
        };
        let both = binds.clone() & changes.clone();
        let (mut of_actions, mut of_resources) = (Vec::new(), Vec::new());
        for (number, action) in actions.chunks(1).enumerate() {
            let formula = region(&mut self.set, action, resources) & both.clone();
            of_actions.extend(self.ask(&formula).map(|witness| (number, action, witness)));
        }
        for (number, resource) in resources.chunks(1).enumerate() {
            let formula = region(&mut self.set, actions, resource) & both.clone();
            of_resources.extend(self.ask(&formula).map(|_| (number, resource)));
        }
        if of_actions.is_empty() || of_resources.is_empty() {
            return whole(witness);
        }
        let mut patterns: Vec<(Entries, Entries, Witness)> = Vec::new();
        let each = of_actions.len() > 1
            && of_resources.len() > 1
            && of_actions.len() * of_resources.len() <= MOST_PATTERNS;
        for (number, action, mut witness) in of_actions {
            let mut met: Entries = of_resources.iter().map(|(number, _)| *number).collect();
            if each {
                met.clear();
                for (place, resource) in &of_resources {
                    let formula = region(&mut self.set, action, resource) & both.clone();
                    if let Some(found) = self.ask(&formula) {
                        if met.is_empty() {
                            witness = found;
                        }
                        met.push(*place);
                    }
                }
            }
            match patterns.iter_mut().find(|(_, known, _)| *known == met) {
                Some((actions, ..)) => actions.push(number),
                None => patterns.push((vec![number], met, witness)),
            }
        }
        patterns
    }

    /// Requests that no changed statement binds: a cap or the caller itself came or went.
    fn everything(&mut self) {
        for kind in Kind::ALL {
            let changes = self.formula(kind);
            let Some(witness) = self.ask(&changes) else { continue };
            // What is granted on the side that allows says it best.
            let granting = match kind {
                Kind::NewAccess => Some((Side::After, 1)),
                Kind::LostAccess => Some((Side::Before, 0)),
                Kind::NewDeny | Kind::LostDeny => None,
            };
            let mut told = false;
            if let Some((side, number)) = granting {
                let [a, b] = &self.decisions;
                let decision = if number == 0 { a } else { b };
                let grants: Vec<(Formula, Grant<'a>)> =
                    decision.grants().map(|(binds, grant)| (binds.clone(), *grant)).collect();
                for (binds, grant) in &grants {
                    let Some(witness) = self.ask(&(binds.clone() & changes.clone())) else { continue };
                    told = true;
                    for (actions, resources, witness) in
                        self.patterns(number, grant, binds, &changes, witness)
                    {
                        let of = Some((side, grant));
                        self.report(kind, of, binds, &changes, (&actions, &resources), witness);
                    }
                }
                let others = !Formula::any(grants.into_iter().map(|(binds, _)| binds).collect::<Vec<_>>());
                if told && self.ask(&(changes.clone() & others)).is_none() {
                    continue;
                }
            }
            let all = Formula::Const(true);
            self.report(kind, None, &all, &changes, (&Vec::new(), &Vec::new()), witness);
        }
    }

    fn report(
        &mut self,
        kind: Kind,
        of: Option<(Side, &Grant<'a>)>,
        binds: &Formula,
        changes: &Formula,
        (actions, resources): (&Entries, &Entries),
        witness: Witness,
    ) {
        let (exceptions, partly) = match of {
            Some((side, grant)) => {
                let number = usize::from(side == Side::After);
                let picked = self.picked(number, grant, actions, resources) & binds.clone();
                self.exceptions(side, grant, &picked, changes)
            }
            None => (Vec::new(), true),
        };
        let pick = |numbers: &Entries, texts: Vec<String>| -> Vec<String> {
            numbers.iter().filter_map(|number| texts.get(*number).cloned()).collect()
        };
        let (actions, resources, condition, statement) = match of {
            None => (vec!["*".to_owned()], vec!["*".to_owned()], Vec::new(), None),
            Some((side, grant)) => (
                pick(actions, grant.statement.actions.iter().map(words::action).collect()),
                pick(resources, words::resources(grant)),
                grant.statement.condition.iter().map(words::term).collect(),
                Some(place(side, grant)),
            ),
        };
        let (before, after) = (self.decided(Side::Before, &witness), self.decided(Side::After, &witness));
        self.changes.differences.push(Difference {
            kind,
            actions,
            resources,
            condition,
            statement,
            exceptions,
            partly,
            witness,
            before,
            after,
        });
    }

    /// The part of all requests that some entries of a statement cover.
    fn picked(&mut self, side: usize, grant: &Grant<'a>, actions: &Entries, resources: &Entries) -> Formula {
        let statement = grant.statement;
        if actions.len() == statement.actions.len() && resources.len() == statement.resources.len() {
            return Formula::Const(true);
        }
        let mut of_actions = Vec::new();
        for action in actions.iter().filter_map(|number| statement.actions.get(*number..=*number)) {
            let member = self.set.add_region_as(action, all_resources(), Standing::Caller, side);
            of_actions.push(self.set.binds(member));
        }
        let mut of_resources = Vec::new();
        for resource in resources.iter().filter_map(|number| statement.resources.get(*number..=*number)) {
            let member =
                self.set.add_region_of(statement, &statement.actions, resource, grant.standing, side);
            of_resources.push(self.set.binds(member));
        }
        Formula::any(of_actions) & Formula::any(of_resources)
    }

    /// Why some requests of a pattern do not change: statements that bind them, and whether something else does.
    fn exceptions(
        &mut self,
        side: Side,
        own: &Grant<'a>,
        pattern: &Formula,
        changes: &Formula,
    ) -> (Vec<Place>, bool) {
        let mut rest = pattern.clone() & !changes.clone();
        if self.question(&rest).is_none() {
            return (Vec::new(), false);
        }
        let (mut exceptions, mut known): (Vec<Place>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
        let [a, b] = &self.decisions;
        let of = [(Side::After, b), (Side::Before, a)];
        let mut others: Vec<(Side, Formula, Grant<'a>)> = Vec::new();
        for (of, decision) in of {
            let each = decision.binds.iter().zip(&decision.members);
            let each = each.filter(|(_, (_, grant))| of != side || !grant.is(own));
            others.extend(each.map(|(binds, (_, grant))| (of, binds.clone(), *grant)));
        }
        for (side, binds, grant) in others {
            if exceptions.len() == MOST_EXCEPTIONS {
                return (exceptions, true);
            }
            match self.question(&(rest.clone() & binds.clone())) {
                Answer::Found(_) => {}
                _ => continue,
            }
            rest = rest & !binds;
            let place = place(side, &grant);
            // One that stands on both sides is one.
            if known.insert(place.name.clone()) {
                exceptions.push(place);
            }
        }
        let partly = !self.question(&rest).is_none();
        (exceptions, partly)
    }

    /// What one side answers to a request.
    fn decided(&self, side: Side, witness: &Witness) -> Decided {
        let [a, b] = &self.decisions;
        let decision = if side == Side::Before { a } else { b };
        let (decision, grants) = decision.decide(&self.set, witness);
        let mut statements: Vec<Place> = grants.into_iter().map(|grant| place(side, grant)).collect();
        statements.sort();
        statements.dedup_by(|b, a| a.name == b.name);
        Decided { decision, statements }
    }
}

fn place(side: Side, grant: &Grant<'_>) -> Place {
    let Grant { policy, statement, layer, .. } = grant;
    Place {
        side,
        name: format!("{}#{}", policy.name, statement.index),
        source: policy.source.to_string(),
        line: statement.position.line,
        column: statement.position.column,
        effect: statement.effect,
        layer: *layer,
    }
}
