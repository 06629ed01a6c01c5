//! Requests that a statement is about: guesses, for whoever asks an engine whether they are right.
//!
//! Used to find a request that two worlds decide differently when they differ in one statement. Callers who hold the
//! statement ask for what its entries name, in contexts that meet its condition and in contexts that do not.

use camshaft_frontend::normalize;
use camshaft_frontend::policy::{
    Account, AccountPattern, ActionEntry, Pattern, Piece, PolicyId, PolicySet, PrincipalEntry, ResourceEntry,
    ResourcePattern, Statement, Term, Values,
};
use camshaft_frontend::request::Request;

use crate::coverage::Place;

/// Most guesses of callers, of actions and resources, and of contexts.
const MOST: [usize; 3] = [8, 16, 6];
/// What stands for any text of an operation, and of anything else.
const FILLINGS: [&str; 2] = ["Something", "example"];

/// What a context asks of a request.
type Context = (Vec<(String, Vec<String>)>, Option<String>);

/// Requests that a statement, or its neighbours, may match; `seeds` are requests that somebody asked already.
pub fn requests(set: &PolicySet, place: Place, seeds: &[&Request]) -> Vec<Request> {
    let Some(policy) = set.policies.get(place.0) else { return Vec::new() };
    let Some(statement) = policy.statements.get(place.1) else { return Vec::new() };
    let id = PolicyId(u32::try_from(place.0).unwrap_or(u32::MAX));
    let mut callers = callers(set, id, statement);
    callers.extend(strangers(set));
    let scope = set.resource_policies.iter().find(|policy| policy.policy == id).map(|policy| &policy.scope);
    let mut resources = assumed(set, id);
    for resource in self::resources(statement, scope) {
        add(&mut resources, resource);
    }
    let mut actions = actions(statement, &resources);
    for seed in seeds {
        add(&mut actions, seed.action.clone());
        if let [resource] = seed.resources.as_slice() {
            add(&mut resources, resource.clone());
        }
        add(&mut callers, seed.principal.clone());
    }
    for other in set.policies.iter().flat_map(|policy| &policy.statements) {
        for action in self::actions(other, &resources).into_iter().take(2) {
            add(&mut actions, action);
        }
        for resource in self::resources(other, scope).into_iter().take(3) {
            add(&mut resources, resource);
        }
    }
    let mut contexts = contexts(statement);
    for seed in seeds {
        let context = (seed.context.clone(), seed.time.clone());
        if !contexts.contains(&context) && contexts.len() < MOST[2] {
            contexts.push(context);
        }
    }
    let mut requests = Vec::new();
    for (context, time) in &contexts {
        for resource in resources.iter().take(MOST[1]) {
            for action in actions.iter().take(MOST[1]) {
                for principal in callers.iter().take(MOST[0]) {
                    requests.push(Request {
                        id: None,
                        principal: principal.clone(),
                        action: action.clone(),
                        resources: vec![resource.clone()],
                        context: context.clone(),
                        time: time.clone(),
                        signed: None,
                        session_policy: None,
                        artifact_age_s: None,
                    });
                }
            }
        }
    }
    requests
}

fn add(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// Who is bound by a policy.
fn callers(set: &PolicySet, policy: PolicyId, statement: &Statement) -> Vec<String> {
    let mut callers = Vec::new();
    for account in &set.accounts {
        let holds = |policies: &[PolicyId]| policies.contains(&policy);
        for user in &account.users {
            let groups = user.groups.iter().filter_map(|group| account.groups.get(*group as usize));
            let bound = holds(&user.policies)
                || user.boundary == Some(policy)
                || holds(&account.general)
                || groups.into_iter().any(|group| holds(&group.policies));
            if bound && callers.len() < MOST[0] / 2 {
                add(&mut callers, format!("qcs::cam::uin/{}:uin/{}", account.uin, user.uin));
            }
        }
        for role in &account.roles {
            if (holds(&role.policies) || role.boundary == Some(policy)) && callers.len() < MOST[0] / 2 {
                add(&mut callers, format!("qcs::cam::uin/{}:roleName/{}", account.uin, role.name));
            }
        }
        if account.levels.iter().flatten().any(|level| holds(level)) {
            callers.extend(anyone_of(account));
        }
    }
    for principal in statement.principals.iter().flatten().take(MOST[0] / 2) {
        for caller in admitted(set, principal) {
            add(&mut callers, caller);
        }
    }
    callers
}

/// The roles whose trust policy it is.
fn assumed(set: &PolicySet, policy: PolicyId) -> Vec<String> {
    let roles = set.accounts.iter().flat_map(|account| account.roles.iter().map(move |role| (account, role)));
    let trusting = roles.filter(|(_, role)| role.trust == Some(policy));
    trusting.map(|(account, role)| format!("qcs::cam::uin/{}:roleName/{}", account.uin, role.name)).collect()
}

/// Callers that nothing may bind.
fn strangers(set: &PolicySet) -> Vec<String> {
    let mut strangers: Vec<String> = set.accounts.iter().take(2).flat_map(anyone_of).collect();
    strangers.push("qcs::cam::anonymous:anonymous".into());
    strangers
}

/// Some identity of an account, the root last.
fn anyone_of(account: &Account) -> Vec<String> {
    let user = account.users.first().map(|user| format!("qcs::cam::uin/{}:uin/{}", account.uin, user.uin));
    user.into_iter().chain([format!("qcs::cam::uin/{0}:uin/{0}", account.uin)]).collect()
}

/// Whom an entry admits, as requests spell it.
fn admitted(set: &PolicySet, entry: &PrincipalEntry) -> Vec<String> {
    match entry {
        PrincipalEntry::Everyone | PrincipalEntry::Anyone => strangers(set),
        PrincipalEntry::Root { root } => {
            let account = set.accounts.iter().find(|account| account.uin == *root);
            account.map_or_else(|| vec![format!("qcs::cam::uin/{root}:uin/{root}")], anyone_of)
        }
        PrincipalEntry::Group { root, id } => {
            let account = set.accounts.iter().find(|account| account.uin == *root);
            let group = account.and_then(|account| {
                let number = account.groups.iter().position(|group| group.id.as_deref() == Some(id))?;
                let number = u32::try_from(number).ok()?;
                account.users.iter().find(|user| user.groups.contains(&number))
            });
            group.map(|user| format!("qcs::cam::uin/{root}:uin/{}", user.uin)).into_iter().collect()
        }
        PrincipalEntry::Service { domain } => vec![format!("service/{domain}")],
        other => vec![normalize::principal_text(other)],
    }
}

/// What a pattern matches.
fn filled(pattern: &Pattern) -> String {
    filled_with(pattern, FILLINGS[1])
}

fn filled_with(pattern: &Pattern, filling: &str) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.to_string(),
        Piece::Star | Piece::Variable(_) => filling.into(),
    };
    pattern.0.iter().map(piece).collect()
}

fn resources(statement: &Statement, scope: Option<&ResourcePattern>) -> Vec<String> {
    let mut resources = Vec::new();
    for entry in &statement.resources {
        match (entry, scope) {
            (ResourceEntry::All, None) => add(&mut resources, "*".into()),
            (ResourceEntry::All, Some(scope)) => add(&mut resources, resource(scope, statement)),
            (ResourceEntry::Segments(pattern), _) => {
                let pattern = ResourcePattern {
                    account: match (&pattern.account, scope) {
                        (AccountPattern::Own | AccountPattern::Any, Some(scope)) => scope.account.clone(),
                        (account, _) => account.clone(),
                    },
                    region: pattern.region.clone().or_else(|| scope?.region.clone()),
                    ..pattern.clone()
                };
                add(&mut resources, resource(&pattern, statement));
                // Beside it: another object, and the same elsewhere.
                let path = if pattern.service.as_deref() == Some("cos") {
                    "other-1250000000/example"
                } else {
                    "other/example"
                };
                let path = Pattern(vec![Piece::Literal(path.into())]);
                add(&mut resources, resource(&ResourcePattern { path, ..pattern.clone() }, statement));
                if pattern.region.as_deref().is_some_and(|region| region != "ap-guangzhou") {
                    add(&mut resources, resource(&ResourcePattern { region: None, ..pattern }, statement));
                }
            }
        }
    }
    resources
}

fn resource(pattern: &ResourcePattern, statement: &Statement) -> String {
    let service = statement.actions.iter().find_map(|action| match action {
        ActionEntry::Operation { service, .. } => Some(&**service),
        ActionEntry::All => None,
    });
    let owner = match &pattern.account {
        AccountPattern::Uin(uin) => format!("uin/{uin}"),
        AccountPattern::AppId(appid) => format!("uid/{appid}"),
        AccountPattern::Own | AccountPattern::Any | AccountPattern::Unvalued => String::new(),
    };
    format!(
        "qcs::{}:{}:{owner}:{}",
        pattern.service.as_deref().or(service).unwrap_or("cvm"),
        pattern.region.as_deref().unwrap_or("ap-guangzhou"),
        filled(&pattern.path)
    )
}

fn actions(statement: &Statement, resources: &[String]) -> Vec<String> {
    let mut actions = Vec::new();
    for entry in &statement.actions {
        match entry {
            ActionEntry::Operation { service, operation } => {
                add(&mut actions, format!("{service}:{}", filled_with(operation, FILLINGS[0])));
            }
            ActionEntry::All => {
                let service = resources.iter().find_map(|resource| resource.split(':').nth(2));
                add(&mut actions, format!("{}:{}", service.unwrap_or("cvm"), FILLINGS[0]));
            }
        }
    }
    let first = actions.first().and_then(|action| action.split_once(':'));
    if let Some((service, _)) = first.map(|(service, rest)| (service.to_owned(), rest.to_owned())) {
        add(&mut actions, format!("{service}:OtherThings"));
    }
    actions
}

/// Contexts that meet the condition, and one that holds nothing.
fn contexts(statement: &Statement) -> Vec<Context> {
    let mut contexts: Vec<Context> = Vec::new();
    for attempt in 0..3 {
        let (mut context, mut time) = (Vec::<(String, Vec<String>)>::new(), None);
        for term in &statement.condition {
            let values = values(term);
            let Some(value) = values.get(attempt % values.len().max(1)) else { continue };
            match &*term.key {
                "qcs:current_time" => time = Some(value.clone()),
                "qcs:uin" | "qcs:owner_uin" => {}
                key if context.iter().all(|(known, _)| known != key) => {
                    context.push((key.to_owned(), vec![value.clone()]));
                }
                _ => {}
            }
        }
        if !contexts.contains(&(context.clone(), time.clone())) {
            contexts.push((context, time));
        }
    }
    if !contexts.contains(&Context::default()) {
        contexts.push(Context::default());
    }
    contexts
}

/// Values of a key that make a term true; none where the key is to be absent.
fn values(term: &Term) -> Vec<String> {
    let operator = term.operator.to_string();
    let base = operator.split_once(':').map_or(&*operator, |(_, base)| base);
    let base = base.strip_suffix("_if_exist").unwrap_or(base);
    let negated = base.contains("_not_");
    match &term.values {
        _ if base == "null_equal" && term.values == Values::Null(true) => Vec::new(),
        Values::Null(_) => vec![FILLINGS[1].into()],
        Values::Text(_) if negated => vec!["another".into()],
        Values::Text(patterns) => patterns.iter().map(filled).collect(),
        Values::Bool(values) => values.iter().map(ToString::to_string).collect(),
        Values::Network(_) if negated => vec!["203.0.113.77".into(), "2001:db8::77".into()],
        Values::Network(networks) => {
            let first = |text: String| text.split('/').next().unwrap_or_default().to_owned();
            networks.iter().map(|network| first(network.to_string())).collect()
        }
        Values::Number(_) if base.contains("less") => vec!["-1000000000".into()],
        Values::Number(_) if base.contains("greater") || negated => vec!["1000000000".into()],
        Values::Number(numbers) => numbers.iter().map(ToString::to_string).collect(),
        Values::Date(dates) => {
            let near = |seconds: i64| {
                dates.iter().map(move |date| {
                    let mut near = *date;
                    near.0 = near.0.saturating_add(1000 * seconds);
                    near.to_string()
                })
            };
            if base.contains("less") {
                near(-1).chain(near(-86_400)).collect()
            } else if base.contains("greater") || negated {
                near(1).chain(near(86_400)).collect()
            } else {
                near(0).collect()
            }
        }
    }
}
