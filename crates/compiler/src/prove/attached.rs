//! Who holds what: the directory of a bundle against the world that it was built from.
//!
//! Policies are compared by their content (name, kind, source, statements, and where they stand), since the bundle
//! numbers them by itself and one name may stand for several fillings of a template.

use std::collections::HashMap;

use camshaft_bundle::schema::{ACCOUNT_WORDS, ROLE_WORDS, identity, option, policy, scalar};
use camshaft_bundle::{NONE, Range, Tables};
use camshaft_frontend::normalize::{Writer, resource_text};
use camshaft_frontend::policy::{Account, Policy, PolicyId, PolicySet, Role, User};

use super::entry::{self, Place};
use super::policy::{about, policies_of};
use super::{Asked, Found, read};

/// What makes a policy the one it is.
type Content = [u8; 32];

/// Where a policy of the world stands, as far as its rows depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Stands<'w> {
    Anywhere,
    Account(&'w str),
    Scope(u32),
}

struct Comparison<'t, 'a, 'w> {
    tables: &'t Tables<'a>,
    world: &'w PolicySet,
    /// By policy of the bundle: the number of its content.
    stored: Vec<u32>,
    contents: HashMap<Content, u32>,
    /// By policy of the world: the number of its content.
    known: HashMap<(PolicyId, Stands<'w>), u32>,
    found: Vec<Found>,
}

/// Every difference between the directory of the bundle and the world. `None` for a bundle that contradicts itself.
pub(super) fn compare(tables: &Tables<'_>, world: &PolicySet) -> Option<Vec<Found>> {
    let mut comparison = Comparison {
        tables,
        world,
        stored: Vec::new(),
        contents: HashMap::new(),
        known: HashMap::new(),
        found: Vec::new(),
    };
    comparison.store()?;
    comparison.world()?;
    Some(comparison.found)
}

fn hasher(name: &str, kind: u32, source: &str) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    for text in [name, source] {
        hasher.update(text.as_bytes()).update(&[0]);
    }
    hasher.update(&kind.to_le_bytes());
    hasher
}

fn add_statement(hasher: &mut blake3::Hasher, index: u32, text: &str) {
    hasher.update(&index.to_le_bytes()).update(text.as_bytes()).update(&[0]);
}

impl<'w> Comparison<'_, '_, 'w> {
    fn number(&mut self, content: Content) -> u32 {
        let fresh = u32::try_from(self.contents.len()).unwrap_or(NONE);
        *self.contents.entry(content).or_insert(fresh)
    }

    /// The contents of the bundle's policies.
    fn store(&mut self) -> Option<()> {
        let tables = self.tables;
        let mut places: HashMap<u32, &str> = HashMap::new();
        for [number, _, _, trust, ..] in tables.roles.iter_records::<ROLE_WORDS>() {
            let [_, _, _, account, ..] = tables.identities.record::<{ identity::WORDS }>(number)?;
            let uin = tables.uins().get(account)?;
            places.extend(policies_of(tables, trust)?.iter().map(|policy| (policy, uin)));
        }
        for number in 0..tables.policies.records::<{ policy::WORDS }>() {
            let [_, _, first, count, start, length, kind, source] =
                tables.policies.record::<{ policy::WORDS }>(number)?;
            let name = tables.policy_text.get(start, length)?;
            let [start, length] = tables.sources.record::<2>(source)?;
            let mut hasher = hasher(name, kind, tables.source_text.get(start, length)?);
            for statement in first..first.checked_add(count)? {
                let [_, index] = tables.statements.record::<2>(statement)?;
                add_statement(&mut hasher, index, read::text(tables, statement)?);
            }
            let [start, length] = tables.policy_scopes.record::<2>(number)?;
            hasher.update(tables.scope_text.get(start, length)?.as_bytes());
            hasher.update(places.get(&number).copied().unwrap_or("").as_bytes());
            let content = self.number(*hasher.finalize().as_bytes());
            self.stored.push(content);
        }
        Some(())
    }

    fn policy(&self, id: PolicyId) -> Option<&'w Policy> {
        self.world.policies.get(id.0 as usize)
    }

    /// The content of a policy of the world.
    fn content(&mut self, id: PolicyId, stands: Stands<'w>) -> u32 {
        if let Some(known) = self.known.get(&(id, stands)) {
            return *known;
        }
        let Some(policy) = self.policy(id) else { return NONE };
        let mut hasher = hasher(&policy.name, policy.kind as u32, &policy.source);
        let (mut writer, mut text) = (Writer::default(), String::new());
        for statement in &policy.statements {
            text.clear();
            writer.statement(&mut text, statement);
            add_statement(&mut hasher, statement.index, &text);
        }
        match stands {
            Stands::Anywhere => {}
            Stands::Account(uin) => drop(hasher.update(uin.as_bytes())),
            Stands::Scope(index) => {
                let scope = self.world.resource_policies.get(index as usize);
                hasher
                    .update(scope.map_or_else(String::new, |policy| resource_text(&policy.scope)).as_bytes());
            }
        }
        let number = self.number(*hasher.finalize().as_bytes());
        self.known.insert((id, stands), number);
        number
    }

    fn differs(&mut self, difference: String) {
        self.found.push(Found { difference, ..Found::default() });
    }

    /// Compares what holds with what should.
    fn set(
        &mut self,
        whose: impl Fn() -> String,
        principal: Option<&dyn Fn() -> String>,
        stored: &[u32],
        wanted: impl IntoIterator<Item = (PolicyId, Stands<'w>)>,
    ) {
        let content = |policy: &u32| self.stored.get(*policy as usize).copied().unwrap_or(NONE);
        let mut holds: Vec<(u32, u32)> = stored.iter().map(|policy| (content(policy), *policy)).collect();
        holds.sort_unstable();
        holds.dedup_by_key(|(content, _)| *content);
        let mut wants: Vec<(u32, PolicyId)> =
            wanted.into_iter().map(|(id, stands)| (self.content(id, stands), id)).collect();
        wants.sort_unstable();
        wants.dedup_by_key(|(content, _)| *content);
        if holds.iter().map(|(content, _)| content).eq(wants.iter().map(|(content, _)| content)) {
            return;
        }
        let missing =
            wants.iter().find(|(content, _)| holds.binary_search_by_key(content, |held| held.0).is_err());
        let (difference, asked) = match missing.and_then(|(_, id)| self.policy(*id)) {
            Some(policy) => {
                let asked = policy.statements.iter().find_map(ask);
                (
                    format!(
                        "{}: policy `{}` is attached in the world, not in the bundle",
                        whose(),
                        policy.name
                    ),
                    asked,
                )
            }
            None => {
                let extra = holds
                    .iter()
                    .find(|(content, _)| wants.binary_search_by_key(content, |want| want.0).is_err());
                let (name, asked) =
                    extra.map_or((String::new(), None), |(_, policy)| self.stored_policy(*policy));
                (format!("{}: policy `{name}` is attached in the bundle, not in the world", whose()), asked)
            }
        };
        let asked =
            asked.map(|asked| Asked { principal: principal.map(|of| of()).or(asked.principal), ..asked });
        self.found.push(Found { difference, asked, ..Found::default() });
    }

    /// The name of a policy of the bundle, and a request that it is about.
    fn stored_policy(&self, number: u32) -> (String, Option<Asked>) {
        let tables = self.tables;
        let Some([_, _, first, count, start, length, kind, _]) =
            tables.policies.record::<{ policy::WORDS }>(number)
        else {
            return (String::new(), None);
        };
        let name = tables.policy_text.get(start, length).unwrap_or("").to_owned();
        let statements = Range { start: first, end: first.saturating_add(count) };
        let read = read::statements(tables, statements, read::kind(kind)).unwrap_or_default();
        (name, read.iter().find_map(ask))
    }

    /// The policies of a block.
    fn block(&self, number: u32) -> Option<Vec<u32>> {
        Some(policies_of(self.tables, number)?.iter().collect())
    }

    /// The policies that an identity holds.
    fn holdings(&self, first: u32, count: u32) -> Option<Vec<u32>> {
        let mut held = Vec::new();
        for at in first..first.checked_add(count)? {
            let [block, filter] = self.tables.identity_blocks.record::<2>(at)?;
            for policy in policies_of(self.tables, block)?.iter() {
                if self.tables.filter_holds(filter, policy)? {
                    held.push(policy);
                }
            }
        }
        Some(held)
    }

    fn world(&mut self) -> Option<()> {
        let (tables, world) = (self.tables, self.world);
        self.options()?;
        let general = self.block(tables.scalar(scalar::GENERAL_UNKNOWN))?;
        let strangers = || "sub-accounts of accounts that are not known".to_owned();
        self.set(strangers, None, &general, anywhere(&world.general_unknown));
        if tables.scalar(scalar::ACCOUNTS) as usize != world.accounts.len() {
            self.differs("the bundle has other accounts than the world".to_owned());
            return Some(());
        }
        let identities: usize =
            world.accounts.iter().map(|account| account.users.len() + account.roles.len()).sum();
        if tables.identities.records::<{ identity::WORDS }>() as usize != identities {
            self.differs("the bundle has other identities than the world".to_owned());
        }
        let mut scoped: Vec<Vec<(PolicyId, Stands<'w>)>> = vec![Vec::new(); world.accounts.len()];
        for (index, policy) in (0u32..).zip(&world.resource_policies) {
            scoped.get_mut(policy.account as usize)?.push((policy.policy, Stands::Scope(index)));
        }
        for (account, scoped) in world.accounts.iter().zip(scoped) {
            self.account(account, scoped)?;
        }
        Some(())
    }

    fn options(&mut self) -> Option<()> {
        let (tables, options) = (self.tables, &self.world.options);
        let age = options.max_artifact_age_s;
        let wanted = [
            (options.list_deny_cam, option::LIST_DENY_CAM),
            (age.is_some(), option::MAX_AGE),
            (options.cos_anyone_deny_unsigned, option::ANYONE_DENY_UNSIGNED),
        ];
        let flags = wanted.into_iter().filter(|(set, _)| *set).fold(0, |flags, (_, flag)| flags | flag);
        let (low, high) = (tables.scalar(scalar::MAX_AGE_LOW), tables.scalar(scalar::MAX_AGE_HIGH));
        let services = tables.scalars.iter().skip(scalar::CAPABLE_SERVICES as usize);
        let mut services: Vec<&str> = services.filter_map(|service| tables.segments().get(service)).collect();
        services.sort_unstable();
        let mut wanted: Vec<&str> =
            options.resource_policy_services.iter().map(|service| &**service).collect();
        wanted.sort_unstable();
        if tables.scalar(scalar::OPTIONS) != flags
            || u64::from(high) << 32 | u64::from(low) != age.unwrap_or(0)
            || services != wanted
        {
            self.differs("the options of the bundle are not those of the world".to_owned());
        }
        Some(())
    }

    fn account(&mut self, account: &'w Account, scoped: Vec<(PolicyId, Stands<'w>)>) -> Option<()> {
        let tables = self.tables;
        let uin = &account.uin;
        let found = tables.uins().find(uin).filter(|number| *number < tables.scalar(scalar::ACCOUNTS));
        let Some(number) = found else {
            self.differs(format!("account {uin} of the world is not in the bundle"));
            return Some(());
        };
        let [appid, general, first, levels, resource] = tables.accounts.record::<ACCOUNT_WORDS>(number)?;
        let held = self.block(resource)?;
        self.set(|| format!("policies of the resources of account {uin}"), None, &held, scoped);
        if tables.appids().get(appid) != account.appid.as_deref() {
            self.differs(format!("account {uin} has another APPID"));
        }
        let general = self.block(general)?;
        let of_general = || format!("general policies of account {uin}");
        self.set(of_general, None, &general, anywhere(&account.general));
        let wanted = account.levels.as_ref().map_or(0, |levels| levels.len() + 1);
        if levels as usize != wanted {
            self.differs(format!("account {uin} has other levels of an organization"));
        } else {
            for (at, level) in (first..).zip(account.levels.iter().flatten()) {
                let held = self.block(tables.levels.get(at)?)?;
                let whose = || format!("level {} of the organization over account {uin}", at - first);
                self.set(whose, None, &held, anywhere(level));
            }
        }
        for user in &account.users {
            self.user(number, account, user)?;
        }
        for role in &account.roles {
            self.role(number, account, role)?;
        }
        Some(())
    }

    fn user(&mut self, number: u32, account: &'w Account, user: &'w User) -> Option<()> {
        let tables = self.tables;
        let (root, own) = (&account.uin, &user.uin);
        let principal = || format!("qcs::cam::uin/{root}:uin/{own}");
        let identity = tables.uins().find(own).and_then(|uin| tables.users().find(number, uin));
        let Some(identity) = identity else {
            self.differs(format!("{} of the world is not in the bundle", principal()));
            return Some(());
        };
        let [first, count, boundary, _, _, first_group, groups, _] =
            tables.identities.record::<{ identity::WORDS }>(identity)?;
        let member_of: Vec<_> =
            user.groups.iter().filter_map(|at| account.groups.get(*at as usize)).collect();
        let held = self.holdings(first, count)?;
        let of_groups = member_of.iter().flat_map(|group| &group.policies);
        let wanted: Vec<_> = user.policies.iter().chain(of_groups).chain(&account.general).copied().collect();
        self.set(principal, Some(&principal), &held, anywhere(&wanted));
        let held = self.block(boundary)?;
        let whose = || format!("boundary of {}", principal());
        self.set(whose, Some(&principal), &held, anywhere(user.boundary.as_slice()));
        let range = Range { start: first_group, end: first_group.checked_add(groups)? };
        let names = tables.identity_groups.slice(range)?.iter();
        let mut ids: Vec<&str> = names.filter_map(|name| tables.names().get(name)).collect();
        let mut wanted: Vec<&str> = member_of.iter().filter_map(|group| group.id.as_deref()).collect();
        for list in [&mut ids, &mut wanted] {
            list.sort_unstable();
            list.dedup();
        }
        if ids != wanted {
            self.differs(format!("{} is in other groups", principal()));
        }
        Some(())
    }

    fn role(&mut self, number: u32, account: &'w Account, role: &'w Role) -> Option<()> {
        let tables = self.tables;
        let (root, name) = (&account.uin, &role.name);
        let principal = || format!("qcs::cam::uin/{root}:roleName/{name}");
        let found = tables.names().find(name).and_then(|name| tables.roles_by_name().find(number, name));
        let Some(found) = found else {
            self.differs(format!("{} of the world is not in the bundle", principal()));
            return Some(());
        };
        let [identity, _, id, trust, ..] = tables.roles.record::<ROLE_WORDS>(found)?;
        let [first, count, boundary, .., flags] =
            tables.identities.record::<{ identity::WORDS }>(identity)?;
        let held = self.holdings(first, count)?;
        self.set(principal, Some(&principal), &held, anywhere(&role.policies));
        let held = self.block(boundary)?;
        let whose = || format!("boundary of {}", principal());
        self.set(whose, Some(&principal), &held, anywhere(role.boundary.as_slice()));
        let held = self.block(trust)?;
        let trusted: Vec<_> = role.trust.iter().map(|id| (*id, Stands::Account(&account.uin))).collect();
        self.set(|| format!("trust policy of {}", principal()), None, &held, trusted);
        let linked = flags & identity::SERVICE_LINKED != 0;
        if tables.names().get(id) != role.id.as_deref() || linked != role.service_linked {
            self.differs(format!("{} is another role in the bundle", principal()));
        }
        Some(())
    }
}

fn anywhere<'w>(policies: &[PolicyId]) -> Vec<(PolicyId, Stands<'w>)> {
    policies.iter().map(|id| (*id, Stands::Anywhere)).collect()
}

/// A request that a statement is about.
fn ask(statement: &camshaft_frontend::policy::Statement) -> Option<Asked> {
    let asked = about(statement);
    let service = asked.action.split(':').next().unwrap_or("").to_owned();
    let resource = entry::of_statement(statement, Place::Caller).first()?.probe(&service, "").text();
    Some(Asked { resource, ..asked })
}
