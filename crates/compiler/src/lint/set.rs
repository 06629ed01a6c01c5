//! Attachment sets: CAM0501, CAM0502, CAM0506, CAM0507, CAM0521.
//!
//! A policy is looked at in every set that holds it: with the other policies of an identity, its boundary and its
//! organization, or with the resource policies of an owner. What is said of a statement is so in all of them. A document
//! that stands alone is a set by itself; what depends on who will hold it is not claimed of it.

use std::collections::{BTreeMap, BTreeSet};

use camshaft_frontend::diagnostic::{Fix, code};
use camshaft_frontend::outline::{Outline, Stated};
use camshaft_frontend::policy::{ActionEntry, Effect, Kind, PolicyId, PrincipalEntry, Statement};
use camshaft_frontend::source::Span;
use camshaft_value::truth::Truth;

use super::holding::{Together, World, depends_on_caller};
use super::{Document, Input, Lints, Report};
use crate::analysis::{Answer, Asking, Budget, Contexts, Formula, Member, Set, Standing};

/// Sets in which one policy is looked at; one in more of them is not analysed.
const MOST_SETS: usize = 16;

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
        Asking {
            contexts: Contexts::WellTyped,
            budget: Budget { steps: self.budget_steps, ..Budget::default() },
        }
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
pub(super) struct Analyst<'w, 'a> {
    pub(super) lints: &'a Lints,
    pub(super) world: &'w World<'a>,
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

    pub(super) fn ask(&mut self, set: &Set<'_>, formula: &Formula) -> Option<Answer> {
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
            found.fix = stated.removal.map(|removal| Fix::machine(removal, ""));
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
                let owner = world.accounts.get(attached.account as usize)?;
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
