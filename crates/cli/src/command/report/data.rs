//! The statements as the page's script takes them: short, since a world may have a hundred thousand.
//!
//! Every text stands once in a list; everything else is numbers into it. Lists of holders are cut at a bound, their
//! counts never are.

use std::collections::HashMap;

use serde::Serialize;

use super::model::{Kind, Model};

/// Pairs of policy and holder that are listed. Beyond it policies show only how many hold them.
const MOST_HOLDINGS: usize = 1_000_000;

/// What is embedded.
#[derive(Serialize)]
pub(super) struct Data<'m> {
    /// Every text.
    texts: Vec<&'m str>,
    /// `[label, holds]`.
    identities: Vec<(u32, usize)>,
    policies: Vec<PolicyRow>,
    /// Uins of the accounts.
    accounts: Vec<u32>,
    statements: Vec<StatementRow>,
    /// Names of the kinds.
    kinds: Vec<&'static str>,
    /// How many statements there are, those that are left out included.
    total: usize,
    /// Whether lists of holders were cut.
    cut: bool,
}

/// `[name, kind, source, scope or -1, count of holders, holders, accounts]`.
#[derive(Serialize)]
struct PolicyRow(u32, usize, u32, i64, usize, Vec<u32>, Vec<u32>);

/// `[policy, index, 1 if it denies, actions, resources, terms, principals]`.
#[derive(Serialize)]
struct StatementRow(u32, u32, u8, Vec<u32>, Vec<u32>, Vec<u32>, Vec<u32>);

/// Texts by number, in the order of their first use.
#[derive(Default)]
struct Texts<'m> {
    list: Vec<&'m str>,
    numbers: HashMap<&'m str, u32>,
}

impl<'m> Texts<'m> {
    fn number(&mut self, text: &'m str) -> u32 {
        let fresh = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            fresh
        })
    }

    fn numbers(&mut self, texts: &'m [String]) -> Vec<u32> {
        texts.iter().map(|text| self.number(text)).collect()
    }
}

impl<'m> Data<'m> {
    /// The first `most` statements of a model, and everybody.
    pub(super) fn of(model: &'m Model<'_>, most: usize) -> Self {
        let mut texts = Texts::default();
        let identities =
            model.identities.iter().map(|identity| (texts.number(&identity.label), identity.holds)).collect();
        let accounts = model.accounts.iter().map(|account| texts.number(account.uin)).collect();
        let kind = |kind: Kind| Kind::ALL.iter().position(|other| *other == kind).unwrap_or(0);
        let (mut left, mut cut) = (MOST_HOLDINGS, false);
        let mut policies = Vec::with_capacity(model.policies.len());
        for policy in &model.policies {
            let count = policy.holders.len();
            let listed = if count <= left { count } else { 0 };
            cut |= listed < count;
            left -= listed;
            let scope = policy.scope.map_or(-1, |scope| i64::from(texts.number(scope)));
            let (name, source) = (texts.number(policy.name), texts.number(policy.source));
            let holders = policy.holders.iter().take(listed).copied().collect();
            policies.push(PolicyRow(
                name,
                kind(policy.kind),
                source,
                scope,
                count,
                holders,
                policy.accounts.clone(),
            ));
        }
        let statements = model
            .statements
            .iter()
            .take(most)
            .map(|statement| {
                let actions = texts.numbers(&statement.actions);
                let resources = texts.numbers(&statement.resources);
                let terms = texts.numbers(&statement.terms);
                let principals = texts.numbers(&statement.principals);
                let denies = u8::from(statement.denies);
                StatementRow(statement.policy, statement.index, denies, actions, resources, terms, principals)
            })
            .collect();
        let kinds = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let total = model.statements.len();
        Self { texts: texts.list, identities, policies, accounts, statements, kinds, total, cut }
    }
}
