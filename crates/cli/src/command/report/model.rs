//! What a bundle says of a world: accounts, identities, policies, statements, and who holds what.

use std::collections::BTreeMap;

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, block, identity, policy, scalar};
use camshaft_bundle::{NONE, Range, Tables};
use serde::Deserialize;

/// A root account.
#[derive(Debug)]
pub(super) struct Account<'t> {
    pub(super) uin: &'t str,
    pub(super) appid: Option<&'t str>,
    pub(super) users: usize,
    pub(super) roles: usize,
    /// Levels of the organization above it.
    pub(super) levels: u32,
    /// Policies on its resources.
    pub(super) resource_policies: u32,
}

/// A sub-account or role.
#[derive(Debug)]
pub(super) struct Identity {
    /// `ROOT/USER` or `ROOT/role/NAME`.
    pub(super) label: String,
    pub(super) account: u32,
    pub(super) is_role: bool,
    /// The policies that bound it.
    pub(super) boundary: Vec<u32>,
    /// How many policies it holds.
    pub(super) holds: usize,
}

/// A policy where it is attached.
#[derive(Debug)]
pub(super) struct Policy<'t> {
    pub(super) name: &'t str,
    pub(super) kind: Kind,
    pub(super) source: &'t str,
    /// The scope of a resource policy.
    pub(super) scope: Option<&'t str>,
    /// Identities that hold it, are bounded by it, or that it lets assume a role.
    pub(super) holders: Vec<u32>,
    /// Accounts that it binds as a level of an organization.
    pub(super) accounts: Vec<u32>,
}

/// What a policy is attached as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Identity,
    Boundary,
    Scp,
    Trust,
    Resource,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub(super) const ALL: [Self; 5] =
        [Self::Identity, Self::Resource, Self::Trust, Self::Boundary, Self::Scp];

    fn of(number: u32) -> Self {
        match number {
            policy::BOUNDARY => Self::Boundary,
            policy::SCP => Self::Scp,
            policy::TRUST => Self::Trust,
            policy::RESOURCE => Self::Resource,
            _ => Self::Identity,
        }
    }

    /// As reports call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Boundary => "boundary",
            Self::Scp => "scp",
            Self::Trust => "trust",
            Self::Resource => "resource",
        }
    }
}

/// A statement.
#[derive(Debug)]
pub(super) struct Statement {
    /// Its policy.
    pub(super) policy: u32,
    /// Its index in the source.
    pub(super) index: u32,
    pub(super) denies: bool,
    /// `qcs`, `service` or `federated`, and the entry; none where the kind has no principal.
    pub(super) principals: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// One text a term: `qcs:ip ip_equal 10.0.0.0/8`.
    pub(super) terms: Vec<String>,
}

/// Everything.
#[derive(Debug)]
pub(super) struct Model<'t> {
    pub(super) accounts: Vec<Account<'t>>,
    pub(super) identities: Vec<Identity>,
    pub(super) policies: Vec<Policy<'t>>,
    pub(super) statements: Vec<Statement>,
    /// Policies that bind every sub-account of accounts that are not known.
    pub(super) general_unknown: usize,
}

/// The canonical form of a statement (CITE CAN-1).
#[derive(Deserialize)]
struct Canonical {
    effect: String,
    principal: Option<Principal>,
    action: Vec<String>,
    resource: Vec<String>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Principal {
    /// `"*"`.
    Everyone(String),
    Listed(BTreeMap<String, Vec<String>>),
}

impl Principal {
    /// Its entries; those that are no `qcs` with their kind in front.
    fn entries(self) -> Vec<String> {
        match self {
            Self::Everyone(star) => vec![star],
            Self::Listed(kinds) => {
                let entries = kinds.into_iter().flat_map(|(kind, entries)| {
                    let named = move |entry| if kind == "qcs" { entry } else { format!("{kind} {entry}") };
                    entries.into_iter().map(named)
                });
                entries.collect()
            }
        }
    }
}

/// Reads a bundle. `None` for one that contradicts itself, which none does that was opened.
pub(super) fn read<'t>(tables: &Tables<'t>) -> Option<Model<'t>> {
    let mut model = Model {
        accounts: accounts(tables)?,
        identities: Vec::new(),
        policies: policies(tables)?,
        statements: Vec::new(),
        general_unknown: policies_of(tables, tables.scalar(scalar::GENERAL_UNKNOWN))?.len(),
    };
    identities(tables, &mut model)?;
    attachments(tables, &mut model)?;
    for policy in &mut model.policies {
        for list in [&mut policy.holders, &mut policy.accounts] {
            list.sort_unstable();
            list.dedup();
        }
    }
    model.statements = statements(tables)?;
    Some(model)
}

/// The policies of a block; none of no block.
fn policies_of(tables: &Tables<'_>, number: u32) -> Option<Vec<u32>> {
    if number == NONE {
        return Some(Vec::new());
    }
    let [_, _, _, _, _, first, count, ..] = tables.blocks.record::<{ block::WORDS }>(number)?;
    let range = Range { start: first, end: first.checked_add(count)? };
    Some(tables.block_policies.slice(range)?.iter().collect())
}

fn accounts<'t>(tables: &Tables<'t>) -> Option<Vec<Account<'t>>> {
    let mut accounts = Vec::new();
    for number in 0..tables.scalar(scalar::ACCOUNTS) {
        let [appid, _, _, levels, resource] = tables.accounts.record::<ACCOUNT_WORDS>(number)?;
        accounts.push(Account {
            uin: tables.uins().get(number)?,
            appid: tables.appids().get(appid),
            users: 0,
            roles: 0,
            levels: levels.saturating_sub(1),
            resource_policies: u32::try_from(policies_of(tables, resource)?.len()).ok()?,
        });
    }
    Some(accounts)
}

fn policies<'t>(tables: &Tables<'t>) -> Option<Vec<Policy<'t>>> {
    let mut policies = Vec::new();
    for number in 0..tables.policies.records::<{ policy::WORDS }>() {
        let [_, _, _, _, start, length, kind, source] =
            tables.policies.record::<{ policy::WORDS }>(number)?;
        let [source, source_length] = tables.sources.record::<2>(source)?;
        let [scope, scope_length] = tables.policy_scopes.record::<2>(number)?;
        policies.push(Policy {
            name: tables.policy_text.get(start, length)?,
            kind: Kind::of(kind),
            source: tables.source_text.get(source, source_length)?,
            scope: if scope_length > 0 { tables.scope_text.get(scope, scope_length) } else { None },
            holders: Vec::new(),
            accounts: Vec::new(),
        });
    }
    Some(policies)
}

/// The identities, with what they hold.
fn identities(tables: &Tables<'_>, model: &mut Model<'_>) -> Option<()> {
    let mut roles: BTreeMap<u32, &str> = BTreeMap::new();
    for [number, name, ..] in tables.roles.iter_records::<ROLE_WORDS>() {
        roles.insert(number, tables.names().get(name)?);
    }
    for number in 0..tables.identities.records::<{ identity::WORDS }>() {
        let [first, count, boundary, account, uin, ..] =
            tables.identities.record::<{ identity::WORDS }>(number)?;
        let root = model.accounts.get_mut(account as usize)?;
        let label = match roles.get(&number) {
            Some(name) => {
                root.roles += 1;
                format!("{}/role/{name}", root.uin)
            }
            None => {
                root.users += 1;
                format!("{}/{}", root.uin, tables.uins().get(uin)?)
            }
        };
        let mut held = 0;
        for at in first..first.checked_add(count)? {
            let [block, filter] = tables.identity_blocks.record::<2>(at)?;
            for policy in policies_of(tables, block)? {
                if tables.filter_holds(filter, policy)? {
                    model.policies.get_mut(policy as usize)?.holders.push(number);
                    held += 1;
                }
            }
        }
        let boundary = policies_of(tables, boundary)?;
        for policy in &boundary {
            model.policies.get_mut(*policy as usize)?.holders.push(number);
        }
        let is_role = roles.contains_key(&number);
        model.identities.push(Identity { label, account, is_role, boundary, holds: held });
    }
    Some(())
}

/// Trust policies to their roles, levels of organizations to their accounts.
fn attachments(tables: &Tables<'_>, model: &mut Model<'_>) -> Option<()> {
    for [number, _, _, trust, ..] in tables.roles.iter_records::<ROLE_WORDS>() {
        for policy in policies_of(tables, trust)? {
            model.policies.get_mut(policy as usize)?.holders.push(number);
        }
    }
    for number in 0..tables.scalar(scalar::ACCOUNTS) {
        let [_, _, first, levels, resource] = tables.accounts.record::<ACCOUNT_WORDS>(number)?;
        for at in first..first.checked_add(levels.saturating_sub(1))? {
            for policy in policies_of(tables, tables.levels.get(at)?)? {
                model.policies.get_mut(policy as usize)?.accounts.push(number);
            }
        }
        for policy in policies_of(tables, resource)? {
            model.policies.get_mut(policy as usize)?.accounts.push(number);
        }
    }
    Some(())
}

fn statements(tables: &Tables<'_>) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    for number in 0..tables.statements.records::<2>() {
        let [policy, index] = tables.statements.record::<2>(number)?;
        let [start, length, ..] = tables.statement_places.record::<4>(number)?;
        let canonical: Canonical = serde_json::from_str(tables.statement_text.get(start, length)?).ok()?;
        let terms = canonical.condition.into_iter().flat_map(|(operator, keys)| {
            keys.into_iter().map(move |(key, values)| format!("{key} {operator} {}", values.join(", ")))
        });
        statements.push(Statement {
            policy,
            index,
            denies: canonical.effect == "deny",
            principals: canonical.principal.map(Principal::entries).unwrap_or_default(),
            actions: canonical.action,
            resources: canonical.resource,
            terms: terms.collect(),
        });
    }
    Some(statements)
}

impl Statement {
    /// The services of its actions, each once; `*` for all.
    pub(super) fn services(&self) -> Vec<&str> {
        let mut services: Vec<&str> = self
            .actions
            .iter()
            .map(|action| action.split_once(':').map_or("*", |(service, _)| service))
            .collect();
        services.sort_unstable();
        services.dedup();
        services
    }
}
