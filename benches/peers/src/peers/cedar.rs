//! cedar-policy: a policy a statement, groups and the wildcards of actions as entities, the resource's text and
//! the conditions' keys in the context. Either everything in one policy set, or one set a principal.

use std::collections::{BTreeSet, HashSet};
use std::hint::black_box;
use std::str::FromStr;

use camshaft_benches::subject::Subject;
use camshaft_benches::workload;
use camshaft_benches::world::{Statement, Term, World};
use camshaft_runtime::Request;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet,
    RestrictedExpression,
};

use crate::peer::{Load, Map, Peer, Verdict};
use crate::text::{self, Entry, Holder, quoted, value};

/// Names of the entity types.
struct Types {
    user: EntityTypeName,
    action: EntityTypeName,
    resource: EntityTypeName,
}

struct Cedar {
    authorizer: Authorizer,
    types: Types,
    entities: Entities,
    policies: Policies,
}

enum Policies {
    All(Box<PolicySet>),
    Sliced(Map<PolicySet>),
}

/// Everything in one set.
pub fn all(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let text: String = text::holders(world).map(|(holder, held)| policies(world, &holder, &held)).collect();
    Box::new(move |_| {
        let set = PolicySet::from_str(&text).map_err(|error| error.to_string())?;
        load(world, Policies::All(Box::new(set)))
    })
}

/// A set of the statements that can apply to it for each principal.
pub fn sliced(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let texts: Vec<(String, String)> = text::users(world)
        .map(|id| {
            let name = text::principal(world, id);
            let held: Vec<&Statement> = world.of_user(id).collect();
            let text = policies(world, &Holder::User(name.clone()), &held);
            (name, text)
        })
        .collect();
    Box::new(move |deadline| {
        let mut callers = Map::default();
        for (name, text) in &texts {
            if deadline.passed() {
                return Err("loading takes too long".into());
            }
            callers.insert(name.clone(), PolicySet::from_str(text).map_err(|error| error.to_string())?);
        }
        load(world, Policies::Sliced(callers))
    })
}

fn load<'w>(world: &World, policies: Policies) -> Result<Box<dyn Peer + 'w>, String> {
    let name = |text: &str| EntityTypeName::from_str(text).map_err(|error| error.to_string());
    let types = Types { user: name("User")?, action: name("Action")?, resource: name("Resource")? };
    let entities = entities(world, &types, &name("Group")?)?;
    Ok(Box::new(Cedar { authorizer: Authorizer::new(), types, entities, policies }))
}

/// Users in their groups, and every known operation in the wildcards that policies use.
fn entities(world: &World, types: &Types, group: &EntityTypeName) -> Result<Entities, String> {
    let statements = world.policies.iter().flat_map(|policy| &policy.statements);
    let actions = statements.flat_map(|statement| &statement.actions);
    let wildcards: BTreeSet<String> =
        actions.filter(|action| action.operation.contains('*')).map(text::action).collect();
    let mut entities: Vec<Entity> =
        wildcards.iter().map(|text| Entity::new_no_attrs(uid(&types.action, text), HashSet::new())).collect();
    for service in &workload::names().services {
        for operation in &service.operations {
            let name = format!("{}:{operation}", service.name);
            let above = wildcards.iter().filter(|text| name.starts_with(text.trim_end_matches('*')));
            let parents = above.map(|text| uid(&types.action, text)).collect();
            entities.push(Entity::new_no_attrs(uid(&types.action, &name), parents));
        }
    }
    for (number, account) in world.accounts.iter().enumerate() {
        for at in 0..account.groups.len() {
            let name = text::group(world, number, at);
            entities.push(Entity::new_no_attrs(uid(group, &name), HashSet::new()));
        }
    }
    for id in text::users(world) {
        let groups = &world.accounts[id.account].users[id.user].groups;
        let parents = groups.iter().map(|at| uid(group, &text::group(world, id.account, *at))).collect();
        entities.push(Entity::new_no_attrs(uid(&types.user, &text::principal(world, id)), parents));
    }
    Entities::from_entities(entities, None).map_err(|error| error.to_string())
}

fn uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

fn policies(world: &World, holder: &Holder, statements: &[&Statement]) -> String {
    let principal = match holder {
        Holder::User(name) => format!("principal == User::{}", quoted(name)),
        Holder::Group(name) => format!("principal in Group::{}", quoted(name)),
    };
    statements.iter().map(|statement| policy(world, &principal, statement)).collect()
}

fn policy(world: &World, principal: &str, statement: &Statement) -> String {
    let effect = if statement.deny { "forbid" } else { "permit" };
    let names: Vec<String> =
        statement.actions.iter().map(|entry| format!("Action::{}", quoted(&text::action(entry)))).collect();
    let action = match (names.as_slice(), statement.actions.as_slice()) {
        ([name], [entry]) if !entry.operation.contains('*') => format!("action == {name}"),
        ([name], _) => format!("action in {name}"),
        _ => format!("action in [{}]", names.join(", ")),
    };
    let mut resources: Vec<String> = text::entries(world, statement).iter().filter_map(resource).collect();
    if statement.deny {
        // A deny on any resource of a service holds for the request for all of them.
        resources.push(r#"context.resource == "*""#.into());
    }
    let mut conditions: Vec<String> = statement.terms.iter().map(term).collect();
    if !statement.resources.contains(&camshaft_benches::world::Resource::All) {
        conditions.insert(0, format!("({})", resources.join(" || ")));
    }
    let when = if conditions.is_empty() {
        String::new()
    } else {
        format!(" when {{ {} }}", conditions.join(" && "))
    };
    format!("{effect} ({principal}, {action}, resource){when};\n")
}

/// The test of a resource entry; `None` for one that covers everything.
fn resource(entry: &Entry<'_>) -> Option<String> {
    match entry {
        Entry::All => None,
        // A star for the region could run over the next segment; the decisions are compared.
        Entry::Segments { region, path, .. } if region.is_none() || path.contains('*') => {
            Some(format!("context.resource like {}", quoted(&entry.glob())))
        }
        Entry::Segments { .. } => Some(format!("context.resource == {}", quoted(&entry.glob()))),
    }
}

fn term(term: &Term) -> String {
    match term {
        Term::Networks(_) => {
            let networks = term.values();
            let tests =
                networks.iter().map(|network| format!("context.ip.isInRange(ip({}))", quoted(network)));
            format!("context has ip && ({})", tests.collect::<Vec<_>>().join(" || "))
        }
        Term::Tags(tags) => format!("context has tag && [{}].contains(context.tag)", text::list(tags)),
        Term::MaxKeys(most) => format!("context has max_keys && context.max_keys <= {most}"),
        Term::After(_) => {
            format!("context has time && context.time > {}", text::new_year(term))
        }
    }
}

impl Cedar {
    fn asked(&self, request: &Request<'_>) -> cedar_policy::Request {
        let resource = request.resources.first().copied().unwrap_or("");
        let mut pairs = vec![("resource".to_owned(), RestrictedExpression::new_string(resource.into()))];
        if let Some(address) = value(request, "qcs:ip") {
            pairs.push(("ip".into(), RestrictedExpression::new_ip(address)));
        }
        if let Some(tag) = value(request, "qcs:resource_tag") {
            pairs.push(("tag".into(), RestrictedExpression::new_string(tag.into())));
        }
        if let Some(most) = value(request, "cos:max-keys").and_then(|text| text.parse().ok()) {
            pairs.push(("max_keys".into(), RestrictedExpression::new_long(most)));
        }
        if let Some(time) = request.time.and_then(text::milliseconds) {
            pairs.push(("time".into(), RestrictedExpression::new_long(time)));
        }
        let asked = Context::from_pairs(pairs).map_err(|error| error.to_string()).and_then(|context| {
            let principal = uid(&self.types.user, request.principal);
            let action = uid(&self.types.action, request.action);
            let resource = uid(&self.types.resource, resource);
            cedar_policy::Request::new(principal, action, resource, context, None)
                .map_err(|error| error.to_string())
        });
        asked.unwrap_or_else(|error| panic!("cedar refuses {request:?}: {error}"))
    }
}

impl Peer for Cedar {
    fn translate(&mut self, request: &Request<'_>) -> bool {
        black_box(self.asked(request)).principal().is_some()
    }

    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let set = match &self.policies {
            Policies::All(set) => set.as_ref(),
            Policies::Sliced(callers) => match callers.get(request.principal) {
                Some(set) => set,
                None => return Verdict::Nothing,
            },
        };
        let asked = self.asked(request);
        let response = self.authorizer.is_authorized(&asked, set, &self.entities);
        assert!(response.diagnostics().errors().next().is_none(), "cedar errs on {request:?}: {response:?}");
        match response.decision() {
            Decision::Allow => Verdict::Allow,
            Decision::Deny if response.diagnostics().reason().next().is_some() => Verdict::Deny,
            Decision::Deny => Verdict::Nothing,
        }
    }
}
