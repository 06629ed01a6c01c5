//! The world that a bundle was built from, as far as its decisions depend on it: read again from the canonical
//! statements and the directory.

use std::collections::HashMap;

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, identity, option, policy, scalar};
use camshaft_bundle::{Bundle, NONE, Range, Tables};
use camshaft_frontend::policy::{
    Account, Group, Options, Policy, PolicyId, PolicySet, ResourcePolicy, Role, User,
};
use camshaft_frontend::scope::read_scope;
use camshaft_frontend::setting::Parameters;
use camshaft_frontend::source::{Position, Span};

use crate::prove::policy::policies_of;
use crate::prove::read;

/// Reads a bundle as a world.
///
/// Users hold what they and their groups hold, and general policies once more: which of these a policy comes from
/// is not in a bundle. Neither are names of users and groups, template parameters and policies that nobody holds.
///
/// # Errors
///
/// What contradicts itself; `verify --prove` says more.
pub fn of_bundle(bundle: &Bundle) -> Result<PolicySet, String> {
    let tables = bundle.tables();
    let policies = policies(tables)?;
    let directory = directory(tables, policies);
    directory.ok_or_else(|| "the tables of the bundle contradict themselves".to_owned())
}

fn policies(tables: &Tables<'_>) -> Result<Vec<Policy>, String> {
    let broken = || "the tables of the bundle contradict themselves".to_owned();
    let mut policies = Vec::new();
    for [_, _, first, count, start, length, kind, source] in
        tables.policies.iter_records::<{ policy::WORDS }>()
    {
        let name = tables.policy_text.get(start, length).ok_or_else(broken)?;
        let of = Range { start: first, end: first.checked_add(count).ok_or_else(broken)? };
        let kind = read::kind(kind);
        let mut statements = read::statements(tables, of, kind).map_err(|(at, why)| {
            let index = tables.statements.record::<2>(at).map_or(0, |[_, index]| index);
            format!("statement `{name}#{index}`: {why}")
        })?;
        for (at, statement) in of.into_iter().zip(&mut statements) {
            let [_, index] = tables.statements.record::<2>(at).ok_or_else(broken)?;
            let [.., line, column] = tables.statement_places.record::<4>(at).ok_or_else(broken)?;
            (statement.index, statement.position) = (index, Position { line, column });
        }
        let [start, length] = tables.sources.record::<2>(source).ok_or_else(broken)?;
        let source = tables.source_text.get(start, length).ok_or_else(broken)?;
        policies.push(Policy { name: name.into(), kind, source: source.into(), statements });
    }
    Ok(policies)
}

fn directory(tables: &Tables<'_>, policies: Vec<Policy>) -> Option<PolicySet> {
    let block = |number: u32| -> Option<Vec<PolicyId>> {
        Some(policies_of(tables, number)?.iter().map(PolicyId).collect())
    };
    let count = tables.scalar(scalar::ACCOUNTS);
    let mut accounts: Vec<Account> = Vec::new();
    let mut resource_policies = Vec::new();
    for number in 0..count {
        let [appid, general, first, levels, resource] = tables.accounts.record::<ACCOUNT_WORDS>(number)?;
        let of_levels = match levels.checked_sub(1) {
            None => None,
            Some(levels) => {
                let each = (first..first.checked_add(levels)?).map(|at| block(tables.levels.get(at)?));
                Some(each.collect::<Option<Vec<_>>>()?)
            }
        };
        for id in block(resource)? {
            let [start, length] = tables.policy_scopes.record::<2>(id.0)?;
            let text = tables.scope_text.get(start, length)?;
            let scope = read_scope(text, 0, Span::default(), &Parameters::new(), true).pattern?;
            resource_policies.push(ResourcePolicy { scope, account: number, policy: id });
        }
        accounts.push(Account {
            uin: tables.uins().get(number)?.into(),
            appid: tables.appids().get(appid).map(Into::into),
            general: block(general)?,
            levels: of_levels,
            ..Account::default()
        });
    }
    let mut roles: HashMap<u32, [u32; ROLE_WORDS]> = HashMap::new();
    for role in tables.roles.iter_records::<ROLE_WORDS>() {
        let [identity, ..] = role;
        roles.insert(identity, role);
    }
    for (number, record) in (0u32..).zip(tables.identities.iter_records::<{ identity::WORDS }>()) {
        let [first, count, boundary, account, uin, first_group, groups, flags] = record;
        let account = accounts.get_mut(account as usize)?;
        let mut held = Vec::new();
        for at in first..first.checked_add(count)? {
            let [block, filter] = tables.identity_blocks.record::<2>(at)?;
            for policy in policies_of(tables, block)?.iter() {
                if tables.filter_holds(filter, policy)? {
                    held.push(PolicyId(policy));
                }
            }
        }
        held.sort_unstable();
        held.dedup();
        let boundary = if boundary == NONE { None } else { block(boundary)?.first().copied() };
        if uin == NONE {
            let [_, name, id, trust, ..] = *roles.get(&number)?;
            account.roles.push(Role {
                name: tables.names().get(name)?.into(),
                id: tables.names().get(id).map(Into::into),
                policies: held,
                boundary,
                trust: block(trust)?.first().copied(),
                service_linked: flags & identity::SERVICE_LINKED != 0,
            });
            continue;
        }
        let range = Range { start: first_group, end: first_group.checked_add(groups)? };
        let mut member_of = Vec::new();
        for name in tables.identity_groups.slice(range)?.iter() {
            let id = tables.names().get(name)?;
            let known = account.groups.iter().position(|group| &*group.name == id);
            let place = known.unwrap_or_else(|| {
                let (name, id) = (id.into(), Some(id.into()));
                account.groups.push(Group { name, id, policies: Vec::new() });
                account.groups.len() - 1
            });
            member_of.push(u32::try_from(place).ok()?);
        }
        let (uin, policies) = (tables.uins().get(uin)?.into(), held);
        account.users.push(User { uin, groups: member_of, policies, boundary, ..User::default() });
    }
    for account in &mut accounts {
        account.users.sort_by(|a, b| a.uin.cmp(&b.uin));
        account.roles.sort_by(|a, b| a.name.cmp(&b.name));
    }
    // Scopes name their owner by number: accounts are put in order, and the numbers with them.
    let mut order: Vec<usize> = (0..accounts.len()).collect();
    order.sort_by(|a, b| accounts.get(*a).map(|of| &of.uin).cmp(&accounts.get(*b).map(|of| &of.uin)));
    let places: HashMap<usize, usize> = order.into_iter().zip(0..).collect();
    for policy in &mut resource_policies {
        policy.account = u32::try_from(*places.get(&(policy.account as usize))?).ok()?;
    }
    accounts.sort_by(|a, b| a.uin.cmp(&b.uin));
    let flags = tables.scalar(scalar::OPTIONS);
    let age =
        u64::from(tables.scalar(scalar::MAX_AGE_HIGH)) << 32 | u64::from(tables.scalar(scalar::MAX_AGE_LOW));
    let services = tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize);
    let mut services: Vec<Box<str>> =
        services.filter_map(|service| tables.segments().get(service)).map(Into::into).collect();
    services.sort_unstable();
    Some(PolicySet {
        options: Options {
            list_deny_cam: flags & option::LIST_DENY_CAM != 0,
            cos_anyone_deny_unsigned: flags & option::ANYONE_DENY_UNSIGNED != 0,
            resource_policy_services: services,
            max_artifact_age_s: (flags & option::MAX_AGE != 0).then_some(age),
        },
        general_unknown: block(tables.scalar(scalar::GENERAL_UNKNOWN))?,
        policies,
        accounts,
        resource_policies,
        prerequisites: Vec::new(),
    })
}
