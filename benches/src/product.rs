//! A [`World`] as the product takes it: a [`PolicySet`], which the compiler takes, and lines of JSON, which
//! the frontend takes. Both come to the same canonical statements.

use std::fmt::Write;

use camshaft_bundle::Bundle;
use camshaft_compiler::{Compiled, Config, compile};
use camshaft_frontend::policy::{
    self, AccountPattern, ActionEntry, Effect, Kind, Pattern, Piece, PolicyId, PolicySet, PrincipalEntry,
    ProjectPattern, ResourceEntry, ResourcePattern, ResourcePolicy, Values,
};
use camshaft_frontend::source::Position;
use camshaft_frontend::world::{Loaded, Memory, NoFiles, Overrides, WorldInput, load};
use camshaft_value::address::Network;
use camshaft_value::date::Instant;
use camshaft_value::decimal::Decimal;
use camshaft_value::operator::Operator;

use crate::world::{Action, Bucket, Resource, Statement, Term, UserId, World};

/// What the lines are called.
const SOURCE: &str = "world.ndjson";

/// The world as the frontend would hand it to the compiler.
///
/// # Panics
///
/// If a workload names an operator or a value that there is none of.
pub fn policy_set(world: &World) -> PolicySet {
    let converting = Converting { world };
    let mut set = PolicySet::default();
    for (number, held) in world.policies.iter().enumerate() {
        let statements = converting.statements(&held.statements);
        set.policies.push(converting.policy(policy_name(number), Kind::Identity, statements));
    }
    for account in &world.accounts {
        let ids = |policies: &[usize]| policies.iter().map(|policy| PolicyId(*policy as u32)).collect();
        let users = account.users.iter().map(|user| policy::User {
            uin: user.uin.as_str().into(),
            groups: user.groups.iter().map(|group| *group as u32).collect(),
            policies: ids(&user.policies),
            ..policy::User::default()
        });
        let groups = account.groups.iter().map(|group| policy::Group {
            name: group.name.as_str().into(),
            id: None,
            policies: ids(&group.policies),
        });
        let roles = account.roles.iter().map(|role| policy::Role {
            name: role.name.as_str().into(),
            policies: ids(&role.policies),
            ..policy::Role::default()
        });
        set.accounts.push(policy::Account {
            uin: account.uin.as_str().into(),
            appid: Some(account.appid.as_str().into()),
            users: users.collect(),
            groups: groups.collect(),
            roles: roles.collect(),
            ..policy::Account::default()
        });
    }
    for (number, bucket) in world.buckets.iter().enumerate() {
        let policy = PolicyId(set.policies.len() as u32);
        let statements = converting.statements(&bucket.statements);
        set.policies.push(converting.policy(bucket_name(number), Kind::Resource, statements));
        set.resource_policies.push(ResourcePolicy {
            scope: ResourcePattern {
                project: ProjectPattern::Any,
                service: Some("cos".into()),
                region: None,
                account: converting.account("cos", bucket.account),
                path: pattern(&format!("{}/*", bucket.name)),
            },
            account: bucket.account as u32,
            policy,
        });
    }
    set
}

fn policy_name(number: usize) -> String {
    format!("policy{number:07}")
}

fn bucket_name(number: usize) -> String {
    format!("bucket{number:07}")
}

pub(crate) fn pattern(text: &str) -> Pattern {
    let pieces = camshaft_value::pattern::split_stars(text).map(|piece| match piece {
        camshaft_value::pattern::Piece::Literal(literal) => Piece::Literal(literal.into()),
        camshaft_value::pattern::Piece::Star => Piece::Star,
    });
    Pattern(pieces.collect())
}

struct Converting<'w> {
    world: &'w World,
}

impl Converting<'_> {
    fn policy(&self, name: String, kind: Kind, statements: Vec<policy::Statement>) -> policy::Policy {
        policy::Policy { name: name.into(), kind, source: SOURCE.into(), statements }
    }

    fn statements(&self, statements: &[Statement]) -> Vec<policy::Statement> {
        (0..).zip(statements).map(|(index, statement)| self.statement(index, statement)).collect()
    }

    fn statement(&self, index: u32, statement: &Statement) -> policy::Statement {
        let principals = statement.principals.as_ref().map(|principals| {
            if principals.is_empty() {
                return vec![PrincipalEntry::Everyone];
            }
            let entry = |id: &UserId| {
                let account = &self.world.accounts[id.account];
                let uin = account.users[id.user].uin.as_str().into();
                PrincipalEntry::SubAccount { root: account.uin.as_str().into(), uin }
            };
            principals.iter().map(entry).collect()
        });
        let action = |action: &Action| ActionEntry::Operation {
            service: action.service.name.as_str().into(),
            operation: pattern(&action.operation),
        };
        let mut condition: Vec<policy::Term> = statement.terms.iter().map(term).collect();
        condition.sort_by(|a, b| (a.operator, &a.key).cmp(&(b.operator, &b.key)));
        policy::Statement {
            index,
            position: Position { line: 1, column: 1 },
            sid: None,
            effect: if statement.deny { Effect::Deny } else { Effect::Allow },
            principals,
            actions: statement.actions.iter().map(action).collect(),
            resources: statement.resources.iter().map(|resource| self.resource(resource)).collect(),
            condition,
        }
    }

    fn resource(&self, resource: &Resource) -> ResourceEntry {
        match resource {
            Resource::All => ResourceEntry::All,
            Resource::Segments { service, region, account, path } => {
                ResourceEntry::Segments(ResourcePattern {
                    project: ProjectPattern::Any,
                    service: Some(service.name.as_str().into()),
                    region: region.map(Into::into),
                    account: self.account(&service.name, *account),
                    path: pattern(path),
                })
            }
        }
    }

    fn account(&self, service: &str, account: usize) -> AccountPattern {
        let account = &self.world.accounts[account];
        if service == "cos" {
            AccountPattern::AppId(account.appid.as_str().into())
        } else {
            AccountPattern::Uin(account.uin.as_str().into())
        }
    }
}

fn term(term: &Term) -> policy::Term {
    let (operator, key) = term.head();
    let values = match term {
        Term::Networks(networks) => {
            Values::Network(networks.iter().map(|bits| Network::v4(*bits, 24)).collect())
        }
        Term::Tags(tags) => Values::Text(tags.iter().map(|tag| pattern(tag)).collect()),
        Term::MaxKeys(most) => Values::Number(Decimal::parse(&most.to_string()).into_iter().collect()),
        Term::After(_) => {
            Values::Date(term.values().iter().filter_map(|date| Instant::parse(date)).collect())
        }
    };
    let Ok(operator) = Operator::parse(operator) else { panic!("no operator {operator}") };
    policy::Term { operator, key: key.into(), values, unvalued: false }
}

/// The world as lines of JSON.
pub fn ndjson(world: &World) -> String {
    let mut text = String::with_capacity(world.statements * 320);
    let mut of_account: Vec<Vec<usize>> = vec![Vec::new(); world.accounts.len()];
    for (number, policy) in world.policies.iter().enumerate() {
        of_account[policy.account].push(number);
    }
    for (account, policies) in world.accounts.iter().zip(&of_account) {
        put(&mut text, format_args!(r#"{{"account":{{"uin":"{}","appid":"{}","#, account.uin, account.appid));
        list(&mut text, r#""users":["#, &account.users, |text, user| {
            put(text, format_args!(r#"{{"uin":"{}","#, user.uin));
            let groups = user.groups.iter().map(|group| &account.groups[*group].name);
            list(text, r#""groups":["#, groups, |text, name| put(text, format_args!("\"{name}\"")));
            names(text, &user.policies);
        });
        for (head, holders) in [(r#","groups":["#, &account.groups), (r#","roles":["#, &account.roles)] {
            list(&mut text, head, holders, |text, holder| {
                put(text, format_args!(r#"{{"name":"{}""#, holder.name));
                names(text, &holder.policies);
            });
        }
        text.push_str(r#","policies":{"#);
        for (at, policy) in policies.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            put(&mut text, format_args!("{comma}\"{}\":", policy_name(*policy)));
            document(world, &mut text, &world.policies[*policy].statements);
        }
        text.push_str("}}}\n");
    }
    for (number, bucket) in world.buckets.iter().enumerate() {
        resource_policy(world, &mut text, number, bucket);
    }
    text
}

fn put(text: &mut String, arguments: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(arguments);
}

/// `head`, the items divided by commas, `]`.
fn list<X>(
    text: &mut String,
    head: &str,
    items: impl IntoIterator<Item = X>,
    mut item: impl FnMut(&mut String, X),
) {
    text.push_str(head);
    for (at, each) in items.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        item(text, each);
    }
    text.push(']');
}

/// The policies of a holder, and the end of it.
fn names(text: &mut String, policies: &[usize]) {
    list(text, r#","policies":["#, policies, |text, policy| {
        put(text, format_args!("\"{}\"", policy_name(*policy)));
    });
    text.push('}');
}

fn resource_policy(world: &World, text: &mut String, number: usize, bucket: &Bucket) {
    let owner = world.account_segment("cos", bucket.account);
    put(text, format_args!(r#"{{"resource_policy":{{"name":"{}","#, bucket_name(number)));
    put(text, format_args!(r#""resource":"qcs::cos::{owner}:{}/*","policy":"#, bucket.name));
    document(world, text, &bucket.statements);
    text.push_str("}}\n");
}

fn document(world: &World, text: &mut String, statements: &[Statement]) {
    list(text, r#"{"version":"2.0","statement":["#, statements, |text, statement| {
        let effect = if statement.deny { "deny" } else { "allow" };
        put(text, format_args!(r#"{{"effect":"{effect}","#));
        match statement.principals.as_deref() {
            None => {}
            Some([]) => text.push_str(r#""principal":"*","#),
            Some(principals) => {
                list(text, r#""principal":{"qcs":["#, principals, |text, id| {
                    let account = &world.accounts[id.account];
                    let uin = &account.users[id.user].uin;
                    put(text, format_args!("\"qcs::cam::uin/{}:uin/{uin}\"", account.uin));
                });
                text.push_str("},");
            }
        }
        list(text, r#""action":["#, &statement.actions, |text, action| {
            put(text, format_args!("\"{}:{}\"", action.service.name, action.operation));
        });
        list(text, r#","resource":["#, &statement.resources, |text, resource| match resource {
            Resource::All => text.push_str("\"*\""),
            Resource::Segments { service, region, account, path } => {
                let account = world.account_segment(&service.name, *account);
                let region = region.unwrap_or("");
                put(text, format_args!("\"qcs::{}:{region}:{account}:{path}\"", service.name));
            }
        });
        if !statement.terms.is_empty() {
            text.push_str(r#","condition":{"#);
            for (at, term) in statement.terms.iter().enumerate() {
                let (operator, key) = term.head();
                let comma = if at == 0 { "" } else { "," };
                put(text, format_args!(r#"{comma}"{operator}":{{"{key}":"#));
                list(text, "[", term.values(), |text, value| put(text, format_args!("\"{value}\"")));
                text.push('}');
            }
            text.push('}');
        }
        text.push('}');
    });
    text.push('}');
}

/// Characters that statements take in a document, with a comma; none of them is a blank.
pub(crate) fn characters(world: &World, statements: &[Statement]) -> usize {
    let mut text = String::new();
    document(world, &mut text, statements);
    text.len() - r#"{"version":"2.0","statement":[]}"#.len() + 1
}

/// Loads lines of JSON under the quotas of the platform.
pub fn load_within_quotas(text: String) -> Loaded {
    load(WorldInput::text(SOURCE, text), &NoFiles, &Overrides::default())
}

/// Loads lines of JSON. The quotas of the platform are lifted: one sub-account may hold everything.
pub fn load_lines(text: String) -> Loaded {
    load_lines_with(text, 0)
}

/// The same with this many threads; 0 for one a core.
pub fn load_lines_with(text: String, threads: usize) -> Loaded {
    load(WorldInput::text(SOURCE, text), &NoFiles, &without_quotas(threads))
}

/// The same with what an earlier load left.
pub fn load_lines_again(memory: &mut Memory, text: String, threads: usize) -> Loaded {
    memory.load(WorldInput::text(SOURCE, text), &NoFiles, &without_quotas(threads))
}

fn without_quotas(threads: usize) -> Overrides {
    let limits = (3..=9).map(|limit| (format!("LIM-{limit}"), 1_000_000_000));
    Overrides { limits: limits.collect(), most_notes: 0, threads, ..Overrides::default() }
}

/// Compiles with this many threads.
///
/// # Panics
///
/// If the compiler refuses the world.
pub fn compiled(set: &PolicySet, threads: usize) -> Compiled {
    match compile(set, &Config::default().threads(threads)) {
        Ok(compiled) => compiled,
        Err(error) => panic!("the world does not compile: {error}"),
    }
}

/// Opens a bundle.
///
/// # Panics
///
/// If it is refused.
pub fn open(bytes: &[u8]) -> Bundle {
    match Bundle::open(bytes) {
        Ok(bundle) => bundle,
        Err(error) => panic!("the bundle does not open: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload;

    /// Entries of one statement may stand in another order; all else is equal.
    #[test]
    fn both_ways_make_one_world() {
        for name in workload::all() {
            let workload = workload::find(name).unwrap();
            let world = World::new(&workload, 1_000);
            let loaded = load_lines(ndjson(&world));
            let Some(set) = loaded.set else { panic!("{name}: {:#?}", loaded.diagnostics) };
            let ours = policy_set(&world);
            let (ours, theirs) = (compiled(&ours, 1), compiled(&set, 2));
            assert_eq!(ours.stats, theirs.stats, "{name}");
            let (ours, theirs) = (open(&ours.bytes), open(&theirs.bytes));
            assert_eq!(ours.sizes(), theirs.sizes(), "{name}");
            let text = |bundle: &Bundle| bundle.tables().statement_text.all().to_owned();
            assert!(text(&ours) == text(&theirs), "{name}: the statements differ");
        }
    }
}
