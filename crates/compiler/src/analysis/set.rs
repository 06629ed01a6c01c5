//! The statements that a question is about, as they bind one caller.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use camshaft_frontend::policy::{ActionEntry, Effect, Pattern, ResourceEntry, ResourcePattern, Statement};
use camshaft_frontend::world;
use camshaft_value::operator::ValueType;
use camshaft_value::pattern::Variable;
use camshaft_value::truth::Truth;

use super::directory::Directory;
use super::formula::Atom;
use super::search;
use super::value::{self, Requirement};
use super::{Answer, Budget, Contexts, Formula};
use crate::prove::entry::{self, Entry, Scope};
use crate::prove::glob::Glob;

/// Who asks: what variables, empty accounts and derived keys depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// As requests spell it.
    pub principal: String,
    /// Uin of the root account; `None` for services, providers and unsigned callers.
    pub account: Option<String>,
    /// APPID of the root account.
    pub appid: Option<String>,
    /// Its own uin; `None` for roles too.
    pub uin: Option<String>,
}

impl Caller {
    /// The sub-account that documents without a world are attached to.
    pub fn implicit() -> Self {
        Self {
            principal: world::IMPLICIT_PRINCIPAL.to_owned(),
            account: Some(world::IMPLICIT_ACCOUNT.to_owned()),
            appid: Some(world::IMPLICIT_APPID.to_owned()),
            uin: Some(world::IMPLICIT_USER.to_owned()),
        }
    }

    /// An unsigned caller.
    pub fn anonymous() -> Self {
        Self { principal: "qcs::cam::anonymous:anonymous".to_owned(), ..Self::default() }
    }

    fn value(&self, variable: Variable) -> Option<String> {
        match variable {
            Variable::Uin => self.uin.clone(),
            Variable::OwnerUin => self.account.clone(),
            Variable::AppId => self.appid.clone(),
            Variable::Unvalued => None,
        }
    }

    /// The values of a key that no request supplies (CITE REQ-8); `None` for a key that requests do supply.
    fn derived(&self, key: &str) -> Option<Option<Vec<String>>> {
        match key {
            "qcs:uin" => Some(self.uin.clone().map(|uin| vec![uin])),
            "qcs:owner_uin" => Some(self.account.clone().map(|uin| vec![uin])),
            _ => None,
        }
    }
}

/// Where a statement stands, as far as it depends on it.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// In a policy of identities, a boundary, a session policy or an organization: the empty account is the caller's.
    Caller,
    /// In a trust policy of this account.
    Account(&'a str),
    /// In a resource policy of this scope; its owner, and the owner's APPID.
    Scope(&'a ResourcePattern, &'a str, Option<&'a str>),
}

impl<'a> Standing<'a> {
    fn place(self) -> entry::Place<'a> {
        match self {
            Self::Caller => entry::Place::Caller,
            Self::Account(uin) => entry::Place::Account(uin),
            Self::Scope(pattern, uin, appid) => entry::Place::Scope(Scope { pattern, uin, appid }),
        }
    }
}

/// A resource entry with its variables filled.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) path: Glob<'a>,
    /// A variable of the path has no value (CITE VAR-4).
    pub(super) unvalued: bool,
}

/// Everything that a statement tests of a request.
#[derive(Clone, Debug)]
pub(super) struct Matcher<'a> {
    /// An entry is `*`.
    pub(super) everything: bool,
    /// Services and operations.
    pub(super) actions: Vec<(Option<&'a str>, &'a Pattern)>,
    pub(super) items: Vec<Item<'a>>,
    pub(super) terms: Vec<Requirement<'a>>,
    /// The most that it can come to: derived keys are known.
    pub(super) cap: Truth,
    pub(super) deny: bool,
    /// Its entries match the resource `*` where their service does (CITE RES-18).
    pub(super) star: bool,
    /// Number of its directory.
    pub(super) side: usize,
}

/// Statements, as they bind one caller.
///
/// One that stands in several layers is added once for each. Whether its principals admit the caller is for the one
/// who adds it to say.
#[derive(Clone, Debug)]
pub struct Set<'a> {
    /// By side.
    callers: Vec<Caller>,
    pub(super) directories: Vec<Arc<Directory<'a>>>,
    /// Owners that are to be asked about beside those that statements name, as requests write them.
    pub(super) owners: Vec<String>,
    pub(super) matchers: Vec<Matcher<'a>>,
    atoms: Vec<(usize, Truth)>,
    /// Places in `atoms`.
    numbers: HashMap<(usize, Truth), usize>,
    /// By key: the types of all operators on it.
    pub(super) types: BTreeMap<&'a str, Vec<ValueType>>,
    /// Steps that the last question took.
    pub(super) spent: Cell<usize>,
}

/// A statement of a [`Set`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    pub(super) number: usize,
    pub(super) least: Truth,
}

impl<'a> Set<'a> {
    /// No statements yet, for a caller in a world.
    pub fn new(caller: Caller, directory: impl Into<Arc<Directory<'a>>>) -> Self {
        Self::of_sides(vec![(caller, directory.into())])
    }

    /// No statements yet, for one caller in several worlds at once.
    pub(super) fn of_sides(sides: Vec<(Caller, Arc<Directory<'a>>)>) -> Self {
        let (callers, directories) = sides.into_iter().unzip();
        let (owners, matchers, atoms, types) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        let (numbers, spent) = (HashMap::new(), Cell::new(0));
        Self { callers, directories, owners, matchers, atoms, numbers, types, spent }
    }

    /// The caller.
    pub fn caller(&self) -> &Caller {
        self.caller_of(0)
    }

    fn caller_of(&self, side: usize) -> &Caller {
        static NOBODY: OnceLock<Caller> = OnceLock::new();
        self.callers.get(side).unwrap_or_else(|| NOBODY.get_or_init(Caller::default))
    }

    pub(super) fn directory(&self, side: usize) -> &Directory<'a> {
        static NONE: OnceLock<Directory<'static>> = OnceLock::new();
        self.directories.get(side).map_or_else(|| NONE.get_or_init(Directory::default), Arc::as_ref)
    }

    pub(super) fn atom(&self, atom: Atom) -> (usize, Truth) {
        self.atoms.get(atom.0 as usize).copied().unwrap_or((usize::MAX, Truth::True))
    }

    /// Adds a statement; it binds as its effect says: an allow on T, a deny on T and on U (CITE EVA-2).
    pub fn add(&mut self, statement: &'a Statement, standing: Standing<'a>) -> Member {
        self.add_as(statement, standing, 0, false)
    }

    /// Adds a statement as it meets the same request without a signature (CITE EVA-13).
    pub fn add_unsigned(&mut self, statement: &'a Statement, standing: Standing<'a>) -> Member {
        self.add_as(statement, standing, 0, true)
    }

    pub(super) fn add_as(
        &mut self,
        statement: &'a Statement,
        standing: Standing<'a>,
        side: usize,
        unsigned: bool,
    ) -> Member {
        let deny = statement.effect == Effect::Deny;
        let entries = entry::of_statement(statement, standing.place());
        let stranger = Caller::anonymous();
        let caller = if unsigned { stranger } else { self.caller_of(side).clone() };
        let (mut terms, mut cap) = (Vec::new(), Truth::True);
        for term in &statement.condition {
            let requirement = value::requirement(term, &|variable| caller.value(variable));
            match caller.derived(requirement.key) {
                Some(values) => cap = cap.and(requirement.truth(values.as_deref())),
                None => {
                    let types = self.types.entry(requirement.key).or_default();
                    let own = requirement.operator.base.value_type();
                    if !types.contains(&own) {
                        types.push(own);
                    }
                    terms.push(requirement);
                }
            }
        }
        let items = entries.into_iter().map(|entry| self.item(entry, side, unsigned)).collect();
        let least = if deny { Truth::Unknown } else { Truth::True };
        let star = deny && !self.directory(side).list_deny_cam;
        self.push(Matcher { deny, star, side, cap, terms, items, ..actions_of(&statement.actions) }, least)
    }

    /// Adds a part of all requests: those for some of these actions on some of these resources. Empty accounts are
    /// the caller's.
    pub fn add_region(&mut self, actions: &'a [ActionEntry], resources: &'a [ResourceEntry]) -> Member {
        self.add_region_as(actions, resources, Standing::Caller, 0)
    }

    pub(super) fn add_region_as(
        &mut self,
        actions: &'a [ActionEntry],
        resources: &'a [ResourceEntry],
        standing: Standing<'a>,
        side: usize,
    ) -> Member {
        let entries = entry::of_resources(resources, standing.place(), false);
        let items = entries.into_iter().map(|entry| self.item(entry, side, false)).collect();
        let cap = Truth::True;
        self.push(Matcher { deny: false, side, cap, items, ..actions_of(actions) }, Truth::True)
    }

    /// Adds a condition alone: it is met or not by any action on any resource.
    pub fn add_condition(&mut self, statement: &'a Statement) -> Member {
        static ALL: [ResourceEntry; 1] = [ResourceEntry::All];
        let member = self.add(statement, Standing::Caller);
        let entries = entry::of_resources(&ALL, entry::Place::Caller, false);
        let items = entries.into_iter().map(|entry| self.item(entry, 0, false)).collect();
        if let Some(matcher) = self.matchers.get_mut(member.number) {
            (matcher.everything, matcher.items) = (true, items);
        }
        member
    }

    /// Whether a statement is a deny.
    pub fn is_deny(&self, member: Member) -> bool {
        self.matchers.get(member.number).is_some_and(|matcher| matcher.deny)
    }

    /// Adds what some entries of a statement cover, as its effect reads them.
    pub(super) fn add_region_of(
        &mut self,
        statement: &Statement,
        actions: &'a [ActionEntry],
        resources: &'a [ResourceEntry],
        standing: Standing<'a>,
        side: usize,
    ) -> Member {
        let deny = statement.effect == Effect::Deny;
        let entries = entry::of_resources(resources, standing.place(), deny);
        let items = entries.into_iter().map(|entry| self.item(entry, side, false)).collect();
        let star = deny && !self.directory(side).list_deny_cam;
        let least = if deny { Truth::Unknown } else { Truth::True };
        self.push(Matcher { deny, star, side, items, ..actions_of(actions) }, least)
    }

    /// Adds the requests on what the caller's own account owns, and those for `*`: these are on its own, too.
    pub(super) fn add_own(
        &mut self,
        actions: &'a [ActionEntry],
        resources: &'a [ResourceEntry],
        side: usize,
    ) -> Member {
        let member = self.add_region_as(actions, resources, Standing::Caller, side);
        if let Some(matcher) = self.matchers.get_mut(member.number) {
            matcher.star = true;
        }
        member
    }

    fn push(&mut self, matcher: Matcher<'a>, least: Truth) -> Member {
        self.matchers.push(matcher);
        Member { number: self.matchers.len() - 1, least }
    }

    fn item(&self, entry: Entry<'a>, side: usize, unsigned: bool) -> Item<'a> {
        let stranger = Caller::anonymous();
        let caller = if unsigned { &stranger } else { self.caller_of(side) };
        match value::filled(&entry.path, &|variable| caller.value(variable)) {
            Some(path) => Item { path, entry, unvalued: false },
            None => Item { path: Glob::any(), entry, unvalued: true },
        }
    }

    /// That a statement binds a request: an allow is T, a deny T or U.
    pub fn binds(&mut self, member: Member) -> Formula {
        self.at_least(member, member.least)
    }

    /// That a statement comes to a truth or to more.
    pub fn at_least(&mut self, member: Member, truth: Truth) -> Formula {
        let atoms = &mut self.atoms;
        let number = *self.numbers.entry((member.number, truth)).or_insert_with(|| {
            atoms.push((member.number, truth));
            atoms.len() - 1
        });
        Formula::Atom(Atom(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// Looks for a request of which a formula holds.
    pub fn find(&self, formula: &Formula, contexts: Contexts, budget: Budget) -> Answer {
        search::find(self, formula, contexts, budget)
    }
}

fn actions_of<'a>(entries: &'a [ActionEntry]) -> Matcher<'a> {
    let operation = |entry: &'a ActionEntry| match entry {
        ActionEntry::All => None,
        ActionEntry::Operation { service, operation } => Some((Some(&**service), operation)),
    };
    Matcher {
        everything: entries.contains(&ActionEntry::All),
        actions: entries.iter().filter_map(operation).collect(),
        items: Vec::new(),
        terms: Vec::new(),
        cap: Truth::True,
        deny: false,
        star: false,
        side: 0,
    }
}
