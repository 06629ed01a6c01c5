//! Layers over a world that take part in every decision and change none, so that the baseline, which knows
//! none of them, still checks every answer, and their cost is all that differs.
//!
//! A boundary, a level and a session policy allow everything and have five denies, which a condition keeps
//! out: one on every resource, four on paths that nobody asks for. What grants (general policies, groups) and
//! what stands on a bucket likewise misses by its path or its condition alone.

use camshaft_compiler::Config;
use camshaft_frontend::policy::{
    Account, AccountPattern, ActionEntry, Effect, Group, Kind, Policy, PolicyId, PolicySet, PrincipalEntry,
    ProjectPattern, ResourceEntry, ResourcePattern, ResourcePolicy, Statement, Term, User, Values,
};
use camshaft_frontend::source::Position;
use camshaft_runtime::{Request, Session, SessionPolicy};
use camshaft_value::operator::Operator;

use crate::product::pattern;
use crate::request::Text;
use crate::workload::Layers;

/// Uin and APPID of the account that has layers which concern nobody.
const ELSEWHERE: (&str, &str) = ("999999999999", "1259999999");
/// Buckets of that account.
const BUCKETS_ELSEWHERE: usize = 1_000;

/// Adds the layers to a world, in which these requests are asked.
pub fn add(set: &mut PolicySet, layers: &Layers, texts: &[Text]) {
    if layers.elsewhere {
        set.accounts.push(Account {
            uin: ELSEWHERE.0.into(),
            appid: Some(ELSEWHERE.1.into()),
            users: vec![User { uin: "299999999999".into(), ..User::default() }],
            ..Account::default()
        });
    }
    let concerned = |account: &Account| !layers.elsewhere || &*account.uin == ELSEWHERE.0;
    let boundary = layers.boundary.then(|| keep(set, "boundary", Kind::Boundary, guard()));
    let levels: Vec<Vec<PolicyId>> = (0..layers.levels)
        .map(|level| vec![keep(set, &format!("level{level}"), Kind::Scp, guard())])
        .collect();
    let general: Vec<PolicyId> = (0..layers.general)
        .map(|number| {
            keep(set, &format!("general{number}"), Kind::Identity, grant(&format!("general{number}")))
        })
        .collect();
    let groups: Vec<PolicyId> = (0..layers.groups)
        .map(|number| {
            keep(set, &format!("team{number:02}"), Kind::Identity, grant(&format!("team{number:02}")))
        })
        .collect();
    for account in set.accounts.iter_mut().filter(|account| concerned(account)) {
        if !levels.is_empty() {
            account.levels = Some(levels.clone());
        }
        account.general.clone_from(&general);
        let first = account.groups.len() as u32;
        account.groups.extend(groups.iter().enumerate().map(|(number, policy)| Group {
            name: format!("team{number:02}").into(),
            id: None,
            policies: vec![*policy],
        }));
        for user in &mut account.users {
            user.boundary = boundary;
            user.groups.extend((first..).take(groups.len()));
        }
    }
    if layers.buckets {
        let asked = if layers.elsewhere {
            let name = |number| format!("quiet{number}-{}", ELSEWHERE.1);
            (0..BUCKETS_ELSEWHERE).map(|number| (ELSEWHERE.1.to_owned(), name(number))).collect()
        } else {
            asked(texts)
        };
        asked.iter().for_each(|(appid, bucket)| on_bucket(set, appid, bucket));
    }
}

/// The bytes of a prepared session policy.
///
/// # Panics
///
/// If it does not compile.
pub fn session() -> Vec<u8> {
    let policy =
        Policy { name: "session".into(), kind: Kind::Session, source: "session".into(), statements: guard() };
    match camshaft_compiler::session(policy, &PolicySet::default().options, &Config::default()) {
        Ok(compiled) => compiled.bytes,
        Err(error) => panic!("the session policy does not compile: {error}"),
    }
}

/// Requests with a session policy.
pub fn in_session<'r>(requests: &[Request<'r>], session: Option<&'r SessionPolicy>) -> Vec<Request<'r>> {
    let session = session.map_or(Session::None, Session::Policy);
    requests.iter().map(|request| Request { session, ..*request }).collect()
}

fn keep(set: &mut PolicySet, name: &str, kind: Kind, statements: Vec<Statement>) -> PolicyId {
    let id = PolicyId(set.policies.len() as u32);
    set.policies.push(Policy { name: name.into(), kind, source: "layers".into(), statements });
    id
}

/// APPID and name of every bucket asked for.
fn asked(texts: &[Text]) -> Vec<(String, String)> {
    let mut buckets: Vec<(String, String)> = texts
        .iter()
        .filter_map(|text| {
            let (owner, path) =
                text.resource.strip_prefix("qcs::cos:")?.split_once(":uid/")?.1.split_once(':')?;
            Some((owner.to_owned(), path.split_once('/')?.0.to_owned()))
        })
        .collect();
    buckets.sort_unstable();
    buckets.dedup();
    buckets
}

fn on_bucket(set: &mut PolicySet, appid: &str, bucket: &str) {
    let Some(owner) = set.accounts.iter().position(|account| account.appid.as_deref() == Some(appid)) else {
        return;
    };
    let Some(account) = set.accounts.iter().find(|account| !account.users.is_empty()) else { return };
    let named = PrincipalEntry::SubAccount { root: account.uin.clone(), uin: account.users[0].uin.clone() };
    let at = |path: &str| segments("cos", AccountPattern::AppId(appid.into()), &format!("{bucket}/{path}"));
    let principals = |number: usize| if number == 0 { PrincipalEntry::Everyone } else { named.clone() };
    let mut statements = vec![
        statement(0, Effect::Deny, Some("cos:Delete*"), at("*"), Some("none&bucket")),
        statement(1, Effect::Allow, Some("cos:Get*"), at("frozen/*"), None),
        statement(2, Effect::Allow, Some("cos:*"), at("*/frozen.csv"), None),
    ];
    for (number, statement) in statements.iter_mut().enumerate() {
        statement.principals = Some(vec![principals(number)]);
    }
    let ResourceEntry::Segments(scope) = at("*") else { return };
    let policy = keep(set, &format!("on-{bucket}"), Kind::Resource, statements);
    set.resource_policies.push(ResourcePolicy { scope, account: owner as u32, policy });
}

/// Allows everything but what nobody asks for.
fn guard() -> Vec<Statement> {
    let mut statements = vec![
        statement(0, Effect::Allow, None, ResourceEntry::All, None),
        statement(1, Effect::Deny, Some("cos:Delete*"), ResourceEntry::All, Some("none&guard")),
    ];
    for service in ["cos", "cvm", "vpc", "kms"] {
        let path = segments(service, AccountPattern::Any, "frozen/*");
        let index = statements.len() as u32;
        // The request for `*` meets a narrow deny (CITE RES-18): the condition keeps it out.
        let action = format!("{service}:*");
        statements.push(statement(index, Effect::Deny, Some(&action), path, Some("none&guard")));
    }
    statements
}

/// Grants what nobody asks for.
fn grant(name: &str) -> Vec<Statement> {
    let own = |service: &str, path: &str| segments(service, AccountPattern::Own, path);
    vec![
        statement(0, Effect::Allow, Some("cos:Get*"), own("cos", &format!("frozen-{name}/*")), None),
        statement(1, Effect::Allow, Some("cos:*"), own("cos", &format!("*/frozen-{name}/*.csv")), None),
        statement(2, Effect::Deny, Some("cos:Delete*"), ResourceEntry::All, Some(&format!("none&{name}"))),
        statement(
            3,
            Effect::Allow,
            Some("cvm:Describe*"),
            own("cvm", &format!("instance/ins-{name}*")),
            None,
        ),
    ]
}

fn segments(service: &str, account: AccountPattern, path: &str) -> ResourceEntry {
    ResourceEntry::Segments(ResourcePattern {
        project: ProjectPattern::Any,
        service: Some(service.into()),
        region: None,
        account,
        path: pattern(path),
    })
}

fn statement(
    index: u32,
    effect: Effect,
    action: Option<&str>,
    resource: ResourceEntry,
    tag: Option<&str>,
) -> Statement {
    let action = match action.and_then(|action| action.split_once(':')) {
        None => ActionEntry::All,
        Some((service, operation)) => {
            ActionEntry::Operation { service: service.into(), operation: pattern(operation) }
        }
    };
    let term = |tag: &str| {
        let operator = Operator::parse("string_equal").ok()?;
        let values = Values::Text(vec![pattern(tag)]);
        Some(Term { operator, key: "qcs:resource_tag".into(), values, unvalued: false })
    };
    Statement {
        index,
        position: Position { line: 1, column: 1 },
        sid: None,
        effect,
        principals: None,
        actions: vec![action],
        resources: vec![resource],
        condition: tag.and_then(term).into_iter().collect(),
    }
}
