//! casbin: a rule for each pair of an action and a resource of a statement, tied to users or groups; globs of
//! resources and conditions in functions of the host. Everything is loaded, and every rule is tried.

use std::collections::HashSet;
use std::hint::black_box;

use camshaft_benches::glob::Glob;
use camshaft_benches::subject::Subject;
use camshaft_benches::world::{Statement, Term, World};
use camshaft_runtime::Request;
use casbin::function_map::{OperatorFunction, dynamic_to_str};
use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MgmtApi, NullAdapter};

use crate::peer::{Load, Map, Peer, Verdict};
use crate::text::{self, Holder, value};

const MODEL: &str = "
[request_definition]
r = sub, group, act, obj, ctx
[policy_definition]
p = sub, act, obj, cond, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (p.sub == r.sub || p.sub == r.group) && keyMatch(r.act, p.act) && covers(r.obj, p.obj) && (p.cond == \"\" || holds(r.ctx, p.cond))
";

struct Rules {
    enforcer: Enforcer,
    /// The group of each user that is in one: casbin's `g` gives the same, and takes longer.
    groups: Map<String>,
}

/// Adds every rule to one enforcer.
pub fn source(subject: &Subject) -> Load<'_> {
    let world = &subject.world;
    let mut rules: HashSet<Vec<String>> = HashSet::new();
    let mut ordered: Vec<Vec<String>> = Vec::new();
    for (holder, statements) in text::holders(world) {
        let (Holder::User(name) | Holder::Group(name)) = holder;
        for statement in statements {
            let fresh = of(world, &name, statement).into_iter().filter(|rule| rules.insert(rule.clone()));
            ordered.extend(fresh);
        }
    }
    let one_group = text::users(world).all(|id| world.accounts[id.account].users[id.user].groups.len() < 2);
    Box::new(move |_| {
        if !one_group {
            return Err("a user has several groups".into());
        }
        let enforcer = pollster::block_on(enforcer(ordered.clone())).map_err(|error| error.to_string())?;
        let mut groups = Map::default();
        for id in text::users(world) {
            if let Some(group) = world.accounts[id.account].users[id.user].groups.first() {
                groups.insert(text::principal(world, id), text::group(world, id.account, *group));
            }
        }
        Ok(Box::new(Rules { enforcer, groups }))
    })
}

async fn enforcer(rules: Vec<Vec<String>>) -> casbin::Result<Enforcer> {
    let model = DefaultModel::from_str(MODEL).await?;
    let mut enforcer = Enforcer::new(model, NullAdapter).await?;
    enforcer.enable_auto_save(false);
    enforcer.add_function("covers", OperatorFunction::Arg2(covers));
    enforcer.add_function("holds", OperatorFunction::Arg2(holds));
    enforcer.add_policies(rules).await?;
    Ok(enforcer)
}

fn of(world: &World, name: &str, statement: &Statement) -> Vec<Vec<String>> {
    let mut resources: Vec<String> =
        text::entries(world, statement).iter().map(|entry| entry.glob()).collect();
    if statement.deny {
        // A deny on any resource of a service holds for the request for all of them.
        resources.push(ALL.into());
    }
    let condition = statement.terms.iter().map(term).collect::<Vec<_>>().join(";");
    let effect = if statement.deny { "deny" } else { "allow" };
    let pair = |action: &String, resource: &String| {
        [name, action, resource, &condition, effect].map(str::to_owned).to_vec()
    };
    let actions: Vec<String> = statement.actions.iter().map(text::action).collect();
    actions.iter().flat_map(|action| resources.iter().map(move |resource| pair(action, resource))).collect()
}

/// What the resource `*` of a request is called: the pattern `*` covers it, and it covers only itself.
const ALL: &str = "all";

fn term(term: &Term) -> String {
    let kind = match term {
        Term::Networks(_) => "ip",
        Term::Tags(_) => "tag",
        Term::MaxKeys(_) => "keys",
        Term::After(_) => "after",
    };
    format!("{kind}={}", term.values().join(","))
}

fn covers(resource: Dynamic, pattern: Dynamic) -> Dynamic {
    Glob::new(&dynamic_to_str(&pattern)).matches(&dynamic_to_str(&resource)).into()
}

/// Whether a context, as `ip|tag|keys|time`, meets the terms of a condition.
fn holds(context: Dynamic, condition: Dynamic) -> Dynamic {
    let (context, condition) = (dynamic_to_str(&context), dynamic_to_str(&condition));
    let mut values = context.split('|');
    let mut next = || values.next().unwrap_or("");
    let (address, tag, keys, time) = (next(), next(), next(), next());
    let holds = |term: &str| {
        let (kind, wanted) = term.split_once('=').unwrap_or((term, ""));
        match kind {
            "ip" => wanted.split(',').any(|network| within(address, network)),
            "tag" => wanted.split(',').any(|wanted| wanted == tag),
            "keys" => {
                let most = wanted.parse::<u32>().ok();
                keys.parse::<u32>().ok().zip(most).is_some_and(|(keys, most)| keys <= most)
            }
            // Both are UTC in the same form, which sorts as text.
            "after" => time > wanted,
            _ => false,
        }
    };
    condition.split(';').all(holds).into()
}

fn within(address: &str, network: &str) -> bool {
    let read = |text: &str| text.parse::<core::net::Ipv4Addr>().map(|address| address.to_bits() >> 8).ok();
    let base = network.strip_suffix("/24").and_then(read);
    base.is_some() && read(address) == base
}

impl Rules {
    fn asked(&self, request: &Request<'_>) -> Vec<Dynamic> {
        let context = [
            value(request, "qcs:ip").unwrap_or(""),
            value(request, "qcs:resource_tag").unwrap_or(""),
            value(request, "cos:max-keys").unwrap_or(""),
            request.time.unwrap_or(""),
        ];
        let group = self.groups.get(request.principal).map_or("", String::as_str);
        let resource = request.resources.first().copied().unwrap_or("");
        let resource = if resource == "*" { ALL } else { resource };
        let context = context.join("|");
        let asked = [request.principal, group, request.action, resource, &context];
        asked.iter().map(|text| Dynamic::from((*text).to_owned())).collect()
    }
}

impl Peer for Rules {
    fn translate(&mut self, request: &Request<'_>) -> bool {
        !black_box(self.asked(request)).is_empty()
    }

    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let asked = self.asked(request);
        match self.enforcer.enforce(asked) {
            Ok(true) => Verdict::Allow,
            Ok(false) => Verdict::Nothing,
            Err(error) => panic!("casbin refuses {request:?}: {error}"),
        }
    }
}
