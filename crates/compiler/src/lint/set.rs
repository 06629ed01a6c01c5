//! Attachment sets: CAM0501, CAM0502, CAM0506, CAM0507, CAM0513, CAM0521, CAM0531, CAM0532.
//!
//! A policy is looked at in every set that holds it: with the other policies of an identity, its boundary and its
//! organization, or with the resource policies of an owner. What is said of a statement is so in all of them. A document
//! that stands alone is a set by itself; what depends on who will hold it is not claimed of it.

use std::collections::{BTreeMap, BTreeSet};

use camshaft_frontend::diagnostic::code;
use camshaft_frontend::outline::{Outline, Stated};
use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Kind, Options, Pattern, Piece, PolicyId, PolicySet, PrincipalEntry,
    ProjectPattern, ResourceEntry, ResourcePattern, Statement, Values,
};
use camshaft_frontend::source::Span;
use camshaft_frontend::world::{IMPLICIT_ACCOUNT, IMPLICIT_APPID};
use camshaft_value::truth::Truth;

use super::{Document, Input, Lints, Report};
use crate::analysis::{Answer, Asking, Budget, Caller, Contexts, Directory, Formula, Member, Set, Standing};

/// Sets in which one policy is looked at; one in more of them is not analysed.
const MOST_SETS: usize = 16;

/// What an identity holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holding {
    /// Its policies, those of its groups and the general ones.
    pub(super) identity: Vec<PolicyId>,
    pub(super) boundary: Option<PolicyId>,
    pub(super) levels: Vec<Vec<PolicyId>>,
    pub(super) account: u32,
    /// Whether it is a role.
    pub(super) role: bool,
}

impl Holding {
    fn holds(&self, policy: PolicyId) -> bool {
        self.identity.contains(&policy)
            || self.boundary == Some(policy)
            || self.levels.iter().any(|level| level.contains(&policy))
    }

    /// The policies of its layers, each layer by itself: identity, boundary, levels.
    fn layers(&self) -> impl Iterator<Item = &[PolicyId]> {
        core::iter::once(&*self.identity)
            .chain(self.boundary.as_slice().chunks(1))
            .chain(self.levels.iter().map(|level| &**level))
    }
}

/// The sets of a world: each holding with the first caller that has it, and how many have it.
#[derive(Debug, Default)]
pub(super) struct World<'a> {
    set: Option<&'a PolicySet>,
    holdings: BTreeMap<Holding, (Caller, usize)>,
}

impl<'a> World<'a> {
    pub(super) fn of(set: Option<&'a PolicySet>) -> Self {
        let mut world = Self { set, holdings: BTreeMap::new() };
        let Some(set) = set else { return world };
        for (number, account) in (0u32..).zip(&set.accounts) {
            let holding = |identity: Vec<PolicyId>, boundary, role, bound: bool| {
                let mut identity = identity;
                identity.sort_unstable();
                identity.dedup();
                let levels = if bound { account.levels.clone().unwrap_or_default() } else { Vec::new() };
                Holding { identity, boundary, levels, account: number, role }
            };
            let caller = |name: String, uin: Option<&str>| Caller {
                principal: format!("qcs::cam::uin/{}:{name}", account.uin),
                account: Some(account.uin.to_string()),
                appid: account.appid.as_deref().map(str::to_owned),
                uin: uin.map(str::to_owned),
            };
            for user in &account.users {
                let groups = user.groups.iter().filter_map(|group| account.groups.get(*group as usize));
                let policies =
                    groups.flat_map(|group| &group.policies).chain(&account.general).chain(&user.policies);
                let held = holding(policies.copied().collect(), user.boundary, false, true);
                let caller = || caller(format!("uin/{}", user.uin), Some(&user.uin));
                world.holdings.entry(held).or_insert_with(|| (caller(), 0)).1 += 1;
            }
            for role in &account.roles {
                let held = holding(role.policies.clone(), role.boundary, true, !role.service_linked);
                let caller = || caller(format!("roleName/{}", role.name), None);
                world.holdings.entry(held).or_insert_with(|| (caller(), 0)).1 += 1;
            }
        }
        world
    }

    fn is_general(&self, policy: PolicyId) -> bool {
        self.set.is_some_and(|set| {
            set.general_unknown.contains(&policy)
                || set.accounts.iter().any(|account| account.general.contains(&policy))
        })
    }

    fn statements(&self, policy: PolicyId) -> &'a [Statement] {
        let policies = self.set.map(|set| &set.policies);
        policies.and_then(|policies| policies.get(policy.0 as usize)).map_or(&[], |policy| &policy.statements)
    }

    fn directory(&self) -> Directory<'a> {
        self.set.map_or_else(Directory::implicit, Directory::of)
    }
}

/// Statements that stand together, and those that cap them.
struct Together<'a> {
    set: Set<'a>,
    /// The policy that is looked at; none for a document by itself.
    policy: Option<PolicyId>,
    /// Of the layer that grants.
    own: Vec<(Option<PolicyId>, &'a Statement, Member)>,
    /// Of each layer that caps.
    caps: Vec<Vec<(Option<PolicyId>, &'a Statement, Member)>>,
}

impl<'a> Together<'a> {
    /// The statements of a holding.
    fn of(world: &World<'a>, holding: &Holding, caller: &Caller, policy: Option<PolicyId>) -> Self {
        let mut set = Set::new(caller.clone(), world.directory());
        let mut layers = holding.layers().map(|policies| {
            let statements = policies.iter().flat_map(|policy| {
                world.statements(*policy).iter().map(|statement| (Some(*policy), statement))
            });
            let added: Vec<_> = statements
                .map(|(policy, statement)| (policy, statement, set.add(statement, Standing::Caller)))
                .collect();
            added
        });
        let own = layers.next().unwrap_or_default();
        let caps = layers.collect();
        Self { set, policy, own, caps }
    }

    /// A document by itself.
    fn alone(world: &World<'a>, outline: &'a Outline) -> Self {
        let mut caller = Caller::implicit();
        let mut standing = Standing::Caller;
        if let Some((uin, appid)) = &outline.account {
            caller.account = Some(uin.to_string());
            caller.appid = appid.as_deref().map(str::to_owned);
            if let Some(scope) = &outline.scope {
                standing = Standing::Scope(scope, uin, appid.as_deref());
            }
        }
        let directory = match world.set {
            Some(_) => world.directory(),
            None => assumed_directory(outline),
        };
        let mut set = Set::new(caller, directory);
        let own = outline
            .statements
            .iter()
            .map(|stated| (None, &stated.meaning, set.add(&stated.meaning, standing)))
            .collect();
        Self { set, policy: None, own, caps: Vec::new() }
    }

    fn member(&self, policy: Option<PolicyId>, index: u32) -> Option<Member> {
        let all = || core::iter::once(&self.own).chain(&self.caps).flatten();
        all().find(|(of, statement, _)| *of == policy && statement.index == index).map(|(.., member)| *member)
    }

    fn everything(&self) -> Vec<Member> {
        core::iter::once(&self.own).chain(&self.caps).flatten().map(|(.., member)| *member).collect()
    }

    /// Every cap has an allow that binds, and no deny binds anywhere.
    fn capped(&self, set: &mut Set<'_>) -> Formula {
        let all = self.everything();
        let mut formula = !set.denied(&all);
        for layer in &self.caps {
            let allows: Vec<Member> =
                layer.iter().map(|(.., member)| *member).filter(|member| !set.is_deny(*member)).collect();
            formula = formula & set.any(&allows);
        }
        formula
    }
}

/// Whether the match of a statement depends on more of the caller than its account.
fn depends_on_caller(statement: &Statement) -> bool {
    let variable = |piece: &Piece| matches!(piece, Piece::Variable(_));
    let in_path = |entry: &ResourceEntry| match entry {
        ResourceEntry::All => false,
        ResourceEntry::Segments(segments) => segments.path.0.iter().any(variable),
    };
    statement.resources.iter().any(in_path)
        || statement.condition.iter().any(|term| {
            let in_values = match &term.values {
                Values::Text(patterns) => patterns.iter().any(|pattern| pattern.0.iter().any(variable)),
                _ => false,
            };
            in_values || term.unvalued || matches!(&*term.key, "qcs:uin" | "qcs:owner_uin")
        })
}

/// What a question came to over all sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It holds in all of them.
    Holds,
    /// It does not hold in some.
    Fails,
    /// Nobody knows.
    Open,
}

impl Lints {
    fn asking(&self) -> Asking {
        Asking { contexts: Contexts::WellTyped, budget: Budget { steps: self.budget_steps } }
    }

    /// Looks at attachment sets.
    pub(super) fn sets<'a>(&'a self, input: &Input<'a>, report: &mut Report) {
        let world = World::of(input.set);
        let mut analyst = Analyst { lints: self, world: &world, left: self.most_questions };
        // One document may be attached in many ways; what is said of it is so in all of them.
        let mut places: BTreeMap<(u32, Span), Vec<&'a Outline>> = BTreeMap::new();
        for outline in input.outlines {
            places.entry((outline.source, outline.span)).or_default().push(outline);
        }
        for outlines in places.into_values() {
            let Some(outline) = outlines.first() else { continue };
            let mut document = Document { lints: self, outline, owned: input.owned, report };
            analyst.document(&mut document, &outlines);
        }
        if world.set.is_some() {
            let by_policy: BTreeMap<PolicyId, &Outline> =
                input.outlines.iter().filter_map(|outline| Some((outline.policy?, outline))).collect();
            for (holding, (caller, _)) in &world.holdings {
                analyst.reach(holding, caller, &by_policy, input, report);
            }
        }
    }
}

/// Asks the questions.
struct Analyst<'w, 'a> {
    lints: &'a Lints,
    world: &'w World<'a>,
    /// Questions that may still be asked.
    left: usize,
}

impl<'a> Analyst<'_, 'a> {
    /// Whether there is no request of which the formula holds; `None` if nobody knows.
    fn none(&mut self, set: &Set<'_>, formula: &Formula) -> Option<bool> {
        match self.ask(set, formula)? {
            Answer::Found(_) => Some(false),
            Answer::None => Some(true),
            Answer::Unknown { .. } => None,
        }
    }

    fn ask(&mut self, set: &Set<'_>, formula: &Formula) -> Option<Answer> {
        self.left = self.left.checked_sub(1)?;
        Some(set.ask(formula, self.lints.asking()))
    }

    fn document(&mut self, document: &mut Document<'_, 'a>, outlines: &[&'a Outline]) {
        let outline = document.outline;
        let mut sets = match self.sets_of(outlines) {
            Some(sets) => sets,
            None => {
                document.gave_up();
                return;
            }
        };
        let alone = !document.owned
            || outline.policy.is_none()
            || matches!(outline.kind, Kind::Trust | Kind::Resource);
        for stated in &outline.statements {
            if depends_on_caller(&stated.meaning) && alone {
                document.gave_up();
                continue;
            }
            self.constant(document, stated, &mut sets);
            if self.never(document, stated, &mut sets) {
                continue;
            }
            self.redundant(document, stated, &mut sets, alone);
            match stated.meaning.effect {
                Effect::Allow => self.shadowed(document, stated, &mut sets),
                Effect::Deny => self.idle(document, outlines, stated, &mut sets),
            }
        }
        match outline.kind {
            Kind::Resource => self.public(document),
            Kind::Identity if outline.policy.is_none() => {
                for together in &sets {
                    self.escalation(document, together, None);
                    self.policy_write(document, together, None);
                }
            }
            _ => {}
        }
    }

    /// The sets that hold a document; `None` for too many.
    fn sets_of(&self, outlines: &[&'a Outline]) -> Option<Vec<Together<'a>>> {
        let mut sets = Vec::new();
        for outline in outlines.iter().copied() {
            let named = matches!(outline.kind, Kind::Trust | Kind::Resource);
            let policy = outline.policy.filter(|_| !named);
            // General policies bind sub-accounts of accounts that nobody knows.
            if policy.is_some_and(|id| self.world.is_general(id)) {
                return None;
            }
            let holding: Vec<_> = self
                .world
                .holdings
                .iter()
                .filter(|(held, _)| policy.is_some_and(|id| held.holds(id)))
                .collect();
            // Callers of one holding differ in their names only.
            let depends = outline.statements.iter().any(|stated| depends_on_caller(&stated.meaning));
            let several = holding.iter().any(|(_, (_, callers))| *callers > 1);
            if sets.len() + holding.len() > MOST_SETS || depends && several {
                return None;
            }
            // Held by nobody, or by whoever it names.
            if holding.is_empty() {
                sets.push(Together::alone(self.world, outline));
            }
            sets.extend(
                holding.into_iter().map(|(held, (caller, _))| Together::of(self.world, held, caller, policy)),
            );
        }
        Some(sets)
    }

    /// Asks about a statement in every set.
    fn everywhere(
        &mut self,
        stated: &Stated,
        sets: &mut [Together<'a>],
        holds: impl Fn(&mut Self, &mut Together<'a>, Member) -> Option<bool>,
    ) -> Verdict {
        for together in sets {
            let found = together.member(together.policy, stated.meaning.index);
            let Some(member) = found else { return Verdict::Open };
            match holds(self, together, member) {
                Some(true) => {}
                Some(false) => return Verdict::Fails,
                None => return Verdict::Open,
            }
        }
        Verdict::Holds
    }

    /// CAM0521.
    fn constant(&mut self, document: &mut Document<'_, 'a>, stated: &'a Stated, sets: &mut [Together<'a>]) {
        let Some(first) = stated.terms.first() else { return };
        let allow = stated.meaning.effect == Effect::Allow;
        let least = if allow { Truth::True } else { Truth::Unknown };
        let mut ask = |wanted: bool| {
            let mut verdict = Verdict::Holds;
            for together in sets.iter() {
                let mut set = together.set.clone();
                let condition = set.add_condition(&stated.meaning);
                let met = set.at_least(condition, least);
                let formula = if wanted { !met } else { met };
                match self.none(&set, &formula) {
                    Some(true) => {}
                    Some(false) => return Verdict::Fails,
                    None => verdict = Verdict::Open,
                }
            }
            verdict
        };
        let (always, never) = (ask(true), ask(false));
        let (message, help) = match (always, never, allow) {
            (Verdict::Holds, _, true) => {
                ("the condition holds in every context", "it restricts nothing; mend its values or remove it")
            }
            (_, Verdict::Holds, true) => {
                ("the condition holds in no context", "the statement allows nothing; mend its values")
            }
            (Verdict::Holds, _, false) => (
                "the condition is false in no context",
                "it spares nobody from the deny; mend its values or remove it",
            ),
            (_, Verdict::Holds, false) => {
                ("the condition is false in every context", "the statement denies nothing; mend its values")
            }
            (Verdict::Open, ..) | (_, Verdict::Open, _) => {
                document.gave_up();
                return;
            }
            _ => return,
        };
        let others: Vec<_> = stated.terms.iter().skip(1).map(|term| term.operator_span).collect();
        let found = document.found(stated, code::CONSTANT_CONDITION, first.operator_span, message);
        found.related.extend(others.into_iter().map(|span| (span, "with this".to_owned())));
        found.help = Some(help.into());
    }

    /// CAM0501; whether it is so.
    fn never(
        &mut self,
        document: &mut Document<'_, 'a>,
        stated: &'a Stated,
        sets: &mut [Together<'a>],
    ) -> bool {
        let verdict = self.everywhere(stated, sets, |analyst, together, member| {
            let formula = together.set.binds(member);
            analyst.none(&together.set, &formula)
        });
        match verdict {
            Verdict::Holds => {
                let what = if stated.meaning.effect == Effect::Allow { "allows" } else { "denies" };
                let message = format!("there is no request that the statement {what}");
                let found = document.found(stated, code::NEVER_MATCHES, stated.effect_span, message);
                found.help = Some("mend its resources or its condition, or remove it".into());
                true
            }
            Verdict::Fails => false,
            Verdict::Open => {
                document.gave_up();
                true
            }
        }
    }

    /// CAM0502.
    fn redundant(
        &mut self,
        document: &mut Document<'_, 'a>,
        stated: &'a Stated,
        sets: &mut [Together<'a>],
        alone: bool,
    ) {
        let outline = document.outline;
        let own = &stated.meaning;
        for other in &outline.statements {
            let same = other.meaning.effect == own.effect
                && other.meaning.index != own.index
                && admits(&other.meaning, own)
                && may_meet(&other.meaning, own);
            if !same || alone && depends_on_caller(&other.meaning) {
                continue;
            }
            let mut covers = |inner: &'a Stated, outer: &'a Stated| {
                self.everywhere(inner, sets, |analyst, together, member| {
                    let by = together.member(together.policy, outer.meaning.index)?;
                    let formula = together.set.binds(member) & !together.set.binds(by);
                    analyst.none(&together.set, &formula)
                })
            };
            match covers(stated, other) {
                Verdict::Fails => continue,
                Verdict::Open => {
                    document.gave_up();
                    continue;
                }
                Verdict::Holds => {}
            }
            // Of statements that match the same requests the first stays.
            let mutual = admits(own, &other.meaning)
                && own.index < other.meaning.index
                && covers(other, stated) != Verdict::Fails;
            if mutual {
                continue;
            }
            let message = "another statement of the policy matches every request that this one matches";
            let found = document.found(stated, code::REDUNDANT_STATEMENT, stated.effect_span, message);
            found.related.push((other.effect_span, "this one".into()));
            found.help = Some("removing it changes no decision, only the reasons".into());
            found.fix =
                stated.removal.map(|removal| camshaft_frontend::diagnostic::Fix::machine(removal, ""));
            return;
        }
    }

    /// CAM0506.
    fn shadowed(&mut self, document: &mut Document<'_, 'a>, stated: &'a Stated, sets: &mut [Together<'a>]) {
        let outline = document.outline;
        let named = matches!(outline.kind, Kind::Trust | Kind::Resource);
        let own = &stated.meaning;
        let verdict = self.everywhere(stated, sets, |analyst, together, member| {
            let all = core::iter::once(&together.own).chain(&together.caps).flatten();
            let denies: Vec<Member> = all
                .filter(|(_, statement, _)| statement.effect == Effect::Deny)
                .filter(|(_, statement, _)| !named || admits(statement, own))
                .map(|(.., member)| *member)
                .collect();
            if denies.is_empty() {
                return Some(false);
            }
            let formula = together.set.binds(member) & !together.set.any(&denies);
            analyst.none(&together.set, &formula)
        });
        match verdict {
            Verdict::Fails => return,
            Verdict::Open => {
                document.gave_up();
                return;
            }
            Verdict::Holds => {}
        }
        let denies = outline
            .statements
            .iter()
            .filter(|other| other.meaning.effect == Effect::Deny && may_meet(&other.meaning, own));
        let places: Vec<_> = denies.map(|other| other.effect_span).take(4).collect();
        let message = "whatever the statement allows is denied";
        let found = document.found(stated, code::SHADOWED_ALLOW, stated.effect_span, message);
        found.related.extend(places.into_iter().map(|span| (span, "a deny of the policy".to_owned())));
        found.help = Some("remove it, or narrow the denies that bind the same identities".into());
    }

    /// CAM0507.
    fn idle(
        &mut self,
        document: &mut Document<'_, 'a>,
        outlines: &[&Outline],
        stated: &'a Stated,
        sets: &mut [Together<'a>],
    ) {
        let Some(world) = self.world.set else { return };
        // Organizations bind root accounts, which own.
        let bound = |outline: &&Outline| matches!(outline.kind, Kind::Identity | Kind::Boundary);
        if !outlines.iter().all(bound) || sets.iter().any(|together| together.policy.is_none()) {
            return;
        }
        let index = stated.meaning.index;
        let verdict = self.everywhere(stated, sets, |analyst, together, member| {
            let caps: Vec<Vec<Member>> = together
                .caps
                .iter()
                .map(|layer| {
                    let allows = layer.iter().filter(|(_, statement, _)| statement.effect == Effect::Allow);
                    allows.map(|(.., member)| *member).collect()
                })
                .collect();
            let all = core::iter::once(&together.own).chain(&together.caps).flatten();
            let (mut grants, mut denies) = (Vec::new(), Vec::new());
            for (of, statement, other) in all {
                match statement.effect {
                    Effect::Deny if *of == together.policy && statement.index == index => {}
                    Effect::Deny => denies.push(*other),
                    Effect::Allow => {}
                }
            }
            let own = together.own.iter().filter(|(_, statement, _)| statement.effect == Effect::Allow);
            grants.extend(own.map(|(.., member)| *member));
            // More than they may grant: whoever they name.
            for attached in &world.resource_policies {
                let Some(owner) = world.accounts.get(attached.account as usize) else { return None };
                let standing = Standing::Scope(&attached.scope, &owner.uin, owner.appid.as_deref());
                let statements = analyst.world.statements(attached.policy);
                for statement in statements.iter().filter(|statement| statement.effect == Effect::Allow) {
                    grants.push(together.set.add(statement, standing));
                    grants.push(together.set.add_unsigned(statement, standing));
                }
            }
            let mut formula = together.set.binds(member) & together.set.any(&grants);
            for allows in caps {
                formula = formula & together.set.any(&allows);
            }
            formula = formula & !together.set.any(&denies);
            analyst.none(&together.set, &formula)
        });
        match verdict {
            Verdict::Fails => {}
            Verdict::Open => document.gave_up(),
            Verdict::Holds => {
                let message = "nothing that the statement denies would be allowed without it";
                let found = document.found(stated, code::IDLE_DENY, stated.effect_span, message);
                found.help = Some("remove it, or keep it as a safeguard and set the lint off".into());
            }
        }
    }

    // ---------------------------------------------------------------------------------- what a set reaches

    /// CAM0531, CAM0532 of an identity.
    fn reach(
        &mut self,
        holding: &Holding,
        caller: &Caller,
        by_policy: &BTreeMap<PolicyId, &'a Outline>,
        input: &Input<'a>,
        report: &mut Report,
    ) {
        let together = Together::of(self.world, holding, caller, None);
        for policy in &holding.identity {
            let Some(outline) = by_policy.get(policy) else { continue };
            let mut document =
                Document { lints: self.lints, outline, owned: input.owned, report: &mut *report };
            self.escalation(&mut document, &together, Some(*policy));
            self.policy_write(&mut document, &together, Some(*policy));
        }
    }

    /// CAM0531.
    fn escalation(
        &mut self,
        document: &mut Document<'_, 'a>,
        together: &Together<'a>,
        policy: Option<PolicyId>,
    ) {
        let own = [own_resources()];
        let full = |statement: &Statement| {
            statement.effect == Effect::Allow
                && statement.condition.is_empty()
                && statement.actions.contains(&ActionEntry::All)
                && statement.resources.contains(&ResourceEntry::All)
        };
        if together.own.iter().any(|(_, statement, _)| full(statement)) {
            return;
        }
        for stated in &document.outline.statements {
            let Some(member) = together.member(policy, stated.meaning.index) else { continue };
            if stated.meaning.effect != Effect::Allow {
                continue;
            }
            for entry in &stated.actions {
                let mut reached: Vec<(&str, String)> = Vec::new();
                for action in ESCALATING {
                    let covers = entry.means.iter().any(|one| super::cover::action_glob(one).matches(action));
                    if !covers {
                        continue;
                    }
                    match self.allowed(together, &[member], &[exactly(action)], &own, &[]) {
                        Some(Answer::Found(witness)) => reached.push((action, witness.resource)),
                        Some(Answer::None) => {}
                        Some(Answer::Unknown { .. }) | None => document.gave_up(),
                    }
                }
                let Some((first, resource)) = reached.first() else { continue };
                let more = match reached.len() {
                    1 => String::new(),
                    some => format!(" and {} others", some - 1),
                };
                let message =
                    format!("`{}` lets whoever holds this widen permissions: `{first}`{more}", entry.text);
                let found = document.found(stated, code::ESCALATION, entry.span, message);
                found.help =
                    Some(format!("deny these actions or set a boundary; it reaches `{resource}`, for one"));
            }
        }
    }

    /// CAM0532.
    fn policy_write(
        &mut self,
        document: &mut Document<'_, 'a>,
        together: &Together<'a>,
        policy: Option<PolicyId>,
    ) {
        for stated in &document.outline.statements {
            let Some(member) = together.member(policy, stated.meaning.index) else { continue };
            if stated.meaning.effect != Effect::Allow {
                continue;
            }
            for entry in &stated.actions {
                let globs: Vec<_> = entry.means.iter().map(super::cover::action_glob).collect();
                let covered =
                    WRITING.into_iter().filter(|action| globs.iter().any(|glob| glob.matches(action)));
                let actions: Vec<ActionEntry> = covered.map(exactly).collect();
                if actions.is_empty() {
                    continue;
                }
                match self.unreadable(together, member, &actions) {
                    Some(Some(bucket)) => {
                        let message = format!(
                            "`{}` lets its holder open data that the set keeps from them",
                            entry.text
                        );
                        let found = document.found(stated, code::POLICY_WRITE, entry.span, message);
                        found.help = Some(format!(
                            "who writes the policy or the list of `{bucket}` can allow anything there; only `cos:GetObject` and `cos:PutObject` below it are not allowed now"
                        ));
                    }
                    Some(None) => {}
                    None => document.gave_up(),
                }
            }
        }
    }

    /// A bucket whose policy or list the set allows to be written by one of the actions, and below which it allows neither
    /// reading nor writing. `None` if nobody knows, or after too many buckets.
    fn unreadable(
        &mut self,
        together: &Together<'a>,
        member: Member,
        actions: &[ActionEntry],
    ) -> Option<Option<String>> {
        let objects = [exactly("cos:GetObject"), exactly("cos:PutObject")];
        let own: Vec<Member> = together.own.iter().map(|(.., member)| *member).collect();
        // Buckets whose objects some allow names are not looked for.
        let reads = |statement: &Statement| {
            let globs: Vec<_> = statement.actions.iter().map(super::cover::action_glob).collect();
            ["cos:GetObject", "cos:PutObject"]
                .iter()
                .any(|action| globs.iter().any(|glob| glob.matches(action)))
        };
        let mut except: Vec<ResourceEntry> = together
            .own
            .iter()
            .filter(|(_, statement, _)| statement.effect == Effect::Allow && reads(statement))
            .flat_map(|(_, statement, _)| statement.resources.iter().cloned())
            .collect();
        for round in 0..MOST_BUCKETS {
            // Any bucket at first, if there is nothing special about it.
            let within = match round {
                0 => of_cos(&[Piece::Literal(format!("{ANY_BUCKET}/").into()), Piece::Star]),
                _ => of_cos(&[
                    Piece::Star,
                    Piece::Literal("-".into()),
                    Piece::Star,
                    Piece::Literal("/".into()),
                    Piece::Star,
                ]),
            };
            let witness = match self.allowed(together, &[member], actions, &[within], &except)? {
                Answer::Found(witness) => witness,
                Answer::None if round == 0 => continue,
                Answer::None => return Some(None),
                Answer::Unknown { .. } => return None,
            };
            let path = witness.resource.splitn(6, ':').last().unwrap_or_default();
            let bucket = path.split('/').next().unwrap_or_default().to_owned();
            let below = of_cos(&[Piece::Literal(format!("{bucket}/").into()), Piece::Star]);
            match self.allowed(together, &own, &objects, core::slice::from_ref(&below), &[])? {
                Answer::None if is_bucket(&bucket) => return Some(Some(bucket)),
                Answer::None | Answer::Found(_) => except.push(below),
                Answer::Unknown { .. } => return None,
            }
        }
        None
    }

    /// A request for one of the actions on one of the resources that the set allows, by one of the statements; `None` when
    /// there are no questions left.
    fn allowed(
        &mut self,
        together: &Together<'a>,
        by: &[Member],
        actions: &[ActionEntry],
        resources: &[ResourceEntry],
        except: &[ResourceEntry],
    ) -> Option<Answer> {
        const EVERYTHING: &[ActionEntry] = &[ActionEntry::All];
        let mut set: Set<'_> = together.set.clone();
        let region = set.add_region(actions, resources);
        let by: Vec<Member> = by.iter().copied().filter(|member| !set.is_deny(*member)).collect();
        let mut formula = set.binds(region) & set.any(&by) & together.capped(&mut set);
        if !except.is_empty() {
            let except = set.add_region(EVERYTHING, except);
            formula = formula & !set.binds(except);
        }
        self.ask(&set, &formula)
    }

    // -------------------------------------------------------------------------------------- unsigned callers

    /// CAM0513.
    fn public(&mut self, document: &mut Document<'_, 'a>) {
        let outline = document.outline;
        let world = self.world;
        let anonymous = |statement: &Statement| {
            statement.principals.iter().flatten().any(|entry| {
                matches!(entry, PrincipalEntry::Everyone | PrincipalEntry::Anyone | PrincipalEntry::Anonymous)
            })
        };
        if !outline
            .statements
            .iter()
            .any(|stated| stated.meaning.effect == Effect::Allow && anonymous(&stated.meaning))
        {
            return;
        }
        // Without a scope it is that of the buckets that the document names, if they are all of one owner.
        let assumed;
        let (scope, uin, appid, directory) = match (&outline.scope, &outline.account) {
            (Some(scope), Some((uin, appid))) => (scope, &**uin, appid.as_deref(), world.directory()),
            _ => {
                let Some((scope, uin, appid)) = assumed_scope(outline) else { return };
                assumed = (scope, uin, appid);
                let (scope, uin, appid) = &assumed;
                let mut directory = Directory::with(&Options::default());
                directory.add(uin.clone().into(), appid.clone().map(Into::into), Vec::new());
                (scope, uin.as_str(), appid.as_deref(), directory)
            }
        };
        let mut set = Set::new(Caller::anonymous(), directory);
        let mut denies = Vec::new();
        let attached = world.set.map_or(&[][..], |set| &set.resource_policies);
        for other in attached.iter().filter(|other| Some(other.policy) != outline.policy) {
            let Some(owner) = world.set.and_then(|set| set.accounts.get(other.account as usize)) else {
                continue;
            };
            let standing = Standing::Scope(&other.scope, &owner.uin, owner.appid.as_deref());
            for statement in world.statements(other.policy) {
                if statement.effect == Effect::Deny && anonymous(statement) {
                    denies.push(set.add(statement, standing));
                }
            }
        }
        let standing = Standing::Scope(scope, uin, appid);
        let mut allows = Vec::new();
        for stated in outline.statements.iter().filter(|stated| anonymous(&stated.meaning)) {
            let member = set.add(&stated.meaning, standing);
            match stated.meaning.effect {
                Effect::Deny => denies.push(member),
                Effect::Allow => allows.push((stated, member)),
            }
        }
        for (stated, member) in allows {
            let formula = set.binds(member) & !set.any(&denies);
            match self.ask(&set, &formula) {
                Some(Answer::Found(witness)) => {
                    let open = |entry: &&camshaft_frontend::outline::Written<PrincipalEntry>| {
                        matches!(
                            entry.means,
                            PrincipalEntry::Everyone | PrincipalEntry::Anyone | PrincipalEntry::Anonymous
                        )
                    };
                    let span =
                        stated.principals.iter().find(open).map_or(stated.effect_span, |entry| entry.span);
                    let message = "callers without a signature are allowed in";
                    let found = document.found(stated, code::PUBLIC, span, message);
                    let when = match witness.context.is_empty() && witness.time.is_none() {
                        true => "",
                        false => ", in some contexts",
                    };
                    found.help = Some(format!(
                        "anybody may `{}` on `{}`{when}; name principals unless it is meant to be public",
                        witness.action, witness.resource
                    ));
                }
                Some(Answer::None) => {}
                Some(Answer::Unknown { .. }) | None => document.gave_up(),
            }
        }
    }
}

/// Buckets that are looked at before a question is given up.
const MOST_BUCKETS: usize = 6;

/// A bucket that documents do not name.
const ANY_BUCKET: &str = "some-bucket-1000000001";

/// What opens a bucket (CAM0532).
const WRITING: [&str; 3] = ["cos:PutBucketPolicy", "cos:PutBucketACL", "cos:PutObjectACL"];

/// What widens permissions (CAM0531).
const ESCALATING: [&str; 16] = [
    "cam:AttachUserPolicy",
    "cam:AttachGroupPolicy",
    "cam:AttachRolePolicy",
    "cam:CreatePolicyVersion",
    "cam:SetDefaultPolicyVersion",
    "cam:UpdatePolicy",
    "cam:AddUserToGroup",
    "cam:UpdateAssumeRolePolicy",
    "cam:DeleteUserPermissionsBoundary",
    "cam:DeleteRolePermissionsBoundary",
    "cam:PutUserPermissionsBoundary",
    "cam:PutRolePermissionsBoundary",
    "cam:DetachUserPolicy",
    "cam:DetachGroupPolicy",
    "cam:DetachRolePolicy",
    "cam:CreateAccessKey",
];

/// One action.
fn exactly(action: &str) -> ActionEntry {
    let (service, operation) = action.split_once(':').unwrap_or((action, ""));
    let operation = Pattern(vec![Piece::Literal(operation.into())]);
    ActionEntry::Operation { service: service.into(), operation }
}

fn segments(service: Option<&str>, account: AccountPattern, path: &[Piece]) -> ResourceEntry {
    ResourceEntry::Segments(ResourcePattern {
        project: ProjectPattern::Any,
        service: service.map(Into::into),
        region: None,
        account,
        path: Pattern(path.to_vec()),
    })
}

/// Whatever the caller's account owns.
fn own_resources() -> ResourceEntry {
    segments(None, AccountPattern::Own, &[Piece::Star])
}

fn of_cos(path: &[Piece]) -> ResourceEntry {
    segments(Some("cos"), AccountPattern::Any, path)
}

/// `<name>-<appid>`.
fn is_bucket(text: &str) -> bool {
    text.rsplit_once('-')
        .is_some_and(|(name, appid)| !name.is_empty() && camshaft_value::alphabet::is_number(appid))
}

/// The accounts that a document by itself names, with a role for every entry that can name one: which roles there are
/// is not known of it.
fn assumed_directory(outline: &Outline) -> Directory<'static> {
    let (own, appid) = match &outline.account {
        Some((uin, appid)) => (uin.to_string(), appid.as_deref().map(str::to_owned)),
        None => (IMPLICIT_ACCOUNT.to_owned(), Some(IMPLICIT_APPID.to_owned())),
    };
    let mut accounts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    accounts.entry(own.clone()).or_default().insert("roleName/a".to_owned());
    for entry in outline.statements.iter().flat_map(|stated| &stated.resources) {
        let ResourceEntry::Segments(segments) = &entry.means else { continue };
        let account = match &segments.account {
            AccountPattern::Uin(uin) => uin.to_string(),
            _ => own.clone(),
        };
        if let Some(role) = super::role::some(&segments.path) {
            accounts.entry(account).or_default().insert(role);
        }
    }
    let mut directory = Directory::with(&Options::default());
    for (uin, roles) in accounts {
        let appid = appid.clone().filter(|_| uin == own);
        let roles = roles.into_iter().map(|role| vec![role]).collect();
        directory.add(uin.into(), appid.map(Into::into), roles);
    }
    directory
}

/// The scope of everything of COS that the one owner whom a document names has; with the ids of the owner.
fn assumed_scope(outline: &Outline) -> Option<(ResourcePattern, String, Option<String>)> {
    let entries = outline.statements.iter().flat_map(|stated| &stated.resources);
    let mut owners = entries.filter_map(|entry| match &entry.means {
        ResourceEntry::Segments(segments) if segments.service.as_deref() == Some("cos") => {
            Some(&segments.account)
        }
        _ => None,
    });
    let account = owners.next()?.clone();
    if owners.any(|other| *other != account) {
        return None;
    }
    let (uin, appid) = match &account {
        AccountPattern::Uin(uin) => (uin.to_string(), None),
        AccountPattern::AppId(id) => (IMPLICIT_ACCOUNT.to_owned(), Some(id.to_string())),
        _ => return None,
    };
    let ResourceEntry::Segments(scope) = segments(Some("cos"), account, &[Piece::Star]) else { return None };
    Some((scope, uin, appid))
}

/// Whether a statement binds whomever another binds.
fn admits(outer: &Statement, inner: &Statement) -> bool {
    let (Some(outer), Some(inner)) = (&outer.principals, &inner.principals) else { return true };
    outer.contains(&PrincipalEntry::Everyone) || inner.iter().all(|entry| outer.contains(entry))
}

/// Whether some action of the one may be of the other too.
fn may_meet(outer: &Statement, inner: &Statement) -> bool {
    let service = |entry: &ActionEntry| match entry {
        ActionEntry::All => None,
        ActionEntry::Operation { service, .. } => Some(service.clone()),
    };
    let outers: BTreeSet<_> = outer.actions.iter().map(service).collect();
    outers.contains(&None)
        || inner.actions.iter().map(service).any(|service| service.is_none() || outers.contains(&service))
}
