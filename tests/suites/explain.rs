//! What `explain` says would allow a request does: with the statements that it proposes added to the world the request is
//! allowed, and no other request with another action or another resource is decided otherwise.

use camshaft::remedy::Remedy;
use camshaft_compiler::Config;
use camshaft_frontend::document;
use camshaft_frontend::policy::{
    Account, Kind, Policy, PolicyId, PolicySet, ResourceEntry, ResourcePolicy, Role, Statement, User,
};
use camshaft_frontend::request::{self, Request};
use camshaft_frontend::setting::Setting;
use camshaft_frontend::source::Source;
use camshaft_frontend::world::Loaded;
use camshaft_runtime::{Obstacle, Part};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use camshaft_tests::reference::{self, Reference};
use serde_json::{Value, json};

/// Reads a proposed statement as a policy of some kind.
fn read(statement: &Value, kind: Kind, loaded: &Loaded) -> Vec<Statement> {
    let source = Source::new("remedy", json!({ "version": "2.0", "statement": [statement] }).to_string());
    let setting = Setting {
        kind,
        preset: false,
        account: None,
        parameters: &loaded.parameters,
        builtin_parameters: true,
        catalogue: &loaded.catalogue,
        legacy_project: false,
        strict: false,
        limits: &loaded.options.limits,
        scope: None,
        unknown_account: false,
    };
    let reading = document::parse_source(&source, 0).read(&source, &setting);
    reading.statements.unwrap_or_else(|| panic!("{statement}: {:?}", reading.diagnostics))
}

enum Holder<'s> {
    User(&'s mut User),
    Role(&'s mut Role),
}

/// Uin of the root account of a caller, and what follows it.
fn caller(principal: &str) -> (String, String) {
    let rest =
        principal.strip_prefix("qcs::sts:").or(principal.strip_prefix("qcs::cam:")).expect("an identity");
    let (root, who) = rest.trim_start_matches(':').split_once(':').expect("two parts");
    let who = who.strip_prefix("assumed-role/").map(|id| format!("role/{}", id.split('/').next().unwrap()));
    let last = rest.rsplit_once(':').unwrap().1.replace("federated-user/", "uin/");
    (root.trim_start_matches("uin/").to_owned(), who.unwrap_or(last))
}

fn account<'s>(set: &'s mut PolicySet, root: &str) -> &'s mut Account {
    set.accounts.iter_mut().find(|account| *account.uin == *root).expect("a known account")
}

fn holder<'s>(set: &'s mut PolicySet, principal: &str) -> Holder<'s> {
    let (root, who) = caller(principal);
    let account = account(set, &root);
    if let Some(uin) = who.strip_prefix("uin/") {
        return Holder::User(account.users.iter_mut().find(|user| *user.uin == *uin).expect("a known user"));
    }
    let (_, name) = who.split_once('/').expect("a role");
    let name = name.strip_prefix("tencentcloudServiceRoleName/").unwrap_or(name);
    let is = |role: &&mut Role| *role.name == *name || role.id.as_deref() == Some(name);
    Holder::Role(account.roles.iter_mut().find(is).expect("a known role"))
}

/// Adds a proposed statement where it belongs.
fn grant(set: &mut PolicySet, part: Part, statement: &Value, request: &Request, loaded: &Loaded) {
    let kind = match part {
        Part::Scp(_) => Kind::Scp,
        Part::Boundary => Kind::Boundary,
        Part::Identity => Kind::Identity,
        Part::Resource => Kind::Resource,
        Part::Trust => Kind::Trust,
        Part::Session | Part::Anyone => panic!("{part:?} is not asked here"),
    };
    let statements = read(statement, kind, loaded);
    let id = PolicyId(set.policies.len() as u32);
    let name = format!("remedy{}", id.0).into();
    let mut policy = Policy { name, kind, source: "remedy".into(), statements: statements.clone() };
    match part {
        Part::Scp(level) => {
            let (root, _) = caller(&request.principal);
            account(set, &root).levels.as_mut().expect("levels")[level as usize].push(id);
        }
        Part::Boundary => {
            let slot = match holder(set, &request.principal) {
                Holder::User(user) => &mut user.boundary,
                Holder::Role(role) => &mut role.boundary,
            };
            let before = slot.replace(id).expect("a boundary");
            let old = set.policies[before.0 as usize].statements.clone();
            policy.statements.splice(0..0, old);
        }
        Part::Identity => match holder(set, &request.principal) {
            Holder::User(user) => user.policies.push(id),
            Holder::Role(role) => role.policies.push(id),
        },
        Part::Trust => {
            let resource = request.resources[0].clone();
            let path = resource.splitn(6, ':').nth(5).unwrap().to_owned();
            let owner = resource.split(':').nth(4).unwrap();
            let root = match (owner.strip_prefix("uin/"), owner.strip_prefix("uid/")) {
                (Some(uin), _) => uin.to_owned(),
                (None, Some(appid)) => {
                    let is = |account: &&Account| account.appid.as_deref() == Some(appid);
                    set.accounts.iter().find(is).expect("a known account").uin.to_string()
                }
                (None, None) => caller(&request.principal).0,
            };
            let name = path.rsplit('/').next().unwrap();
            let is = |role: &&mut Role| *role.name == *name || role.id.as_deref() == Some(name);
            let role = account(set, &root).roles.iter_mut().find(is).expect("a known role");
            if let Some(before) = role.trust.replace(id) {
                let old = set.policies[before.0 as usize].statements.clone();
                policy.statements.splice(0..0, old);
            }
        }
        _ => {
            let ResourceEntry::Segments(mut scope) = statements[0].resources[0].clone() else {
                panic!("a resource")
            };
            let owner = statement["resource"][0].as_str().unwrap().split(':').nth(4).unwrap().to_owned();
            let is = |account: &Account| {
                owner.strip_prefix("uin/") == Some(&account.uin)
                    || owner.strip_prefix("uid/").is_some_and(|appid| account.appid.as_deref() == Some(appid))
            };
            let account = set.accounts.iter().position(is).expect("a known owner") as u32;
            scope.service = scope.service.clone();
            set.resource_policies.push(ResourcePolicy { scope, account, policy: id });
        }
    }
    for (index, statement) in (0..).zip(&mut policy.statements) {
        statement.index = index;
    }
    set.policies.push(policy);
}

#[test]
fn what_is_proposed_allows_the_request_and_little_else() {
    let (mut helped, mut parts, mut hopeless) = (0, [0; 5], 0);
    for seed in 80_000..80_150 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let mut product = Product::new(&loaded, &Config::default());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        let mut requests = || request::parse(&maker.next(&mut random).to_string()).ok();
        let requests: Vec<Request> = (0..40).filter_map(|_| requests()).collect();
        for request in &requests {
            let (explanation, answer) = product.explain(request);
            let needs: Vec<&Part> = explanation.resources.iter().flat_map(|one| &one.need.parts).collect();
            let denied = answer.decision == "explicit_deny";
            match answer.decision {
                "allow" => assert!(needs.is_empty(), "{needs:?} {value}\n{request:?}"),
                "implicit_deny" => assert!(!needs.is_empty(), "{value}\n{request:?}"),
                _ => {}
            }
            if answer.decision != "implicit_deny" || needs.contains(&&Part::Session) || denied {
                continue;
            }
            let remedy = Remedy::new(&explanation, request);
            assert!(remedy.denies.is_empty());
            if remedy.obstacle.is_some() || remedy.grants.iter().any(|grant| grant.statement.is_none()) {
                hopeless += 1;
                continue;
            }
            let mut set = loaded.set.clone().unwrap();
            for grant in &remedy.grants {
                let number = match grant.part {
                    Part::Scp(_) => 0,
                    Part::Boundary => 1,
                    Part::Identity => 2,
                    Part::Trust => 3,
                    _ => 4,
                };
                parts[number] += 1;
                self::grant(&mut set, grant.part, grant.statement.as_ref().unwrap(), request, &loaded);
            }
            let mut changed = load_text(&value.to_string());
            changed.set = Some(set);
            let mut changed = Product::new(&changed, &Config::default());
            let (after, _) = changed.answer_parsed(request);
            assert_eq!(after.decision, "allow", "{:?}\n{value}\n{request:?}", remedy.grants);
            helped += 1;
            for other in &requests {
                // An object of CAM has several spellings, a bucket two.
                let elsewhere = other.resources.iter().all(|one| {
                    let path = |resource: &str| {
                        resource.rsplit(':').next().unwrap_or("").trim_end_matches('/').to_owned()
                    };
                    let cam = |resource: &str| resource.split(':').nth(2) == Some("cam");
                    let apart = |two: &String| {
                        path(one) != path(two) && !two.contains('*') && !(cam(one) && cam(two))
                    };
                    request.resources.iter().all(apart)
                });
                let action = |request: &Request| request.action.trim_start_matches("name/").to_owned();
                if action(other) != action(request) || elsewhere {
                    let (now, then) = (product.answer_parsed(other).0, changed.answer_parsed(other).0);
                    let layer = now.blocked_by != then.blocked_by;
                    assert!(
                        now.decision == then.decision && (elsewhere || !layer),
                        "{:?}\n{value}\n{request:?}\n{other:?}",
                        remedy.grants
                    );
                }
            }
        }
    }
    println!("{helped} requests helped, grants by part {parts:?}, {hopeless} hopeless");
    assert!(helped > 500 && parts.iter().all(|count| *count > 5), "{helped} {parts:?}");
}

/// What nothing can help is denied by the reference too, whatever the caller's policies say.
#[test]
fn obstacles_are_real() {
    let mut met = [0; 4];
    for seed in 81_000..81_100 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let mut product = Product::new(&loaded, &Config::default());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        for _ in 0..60 {
            let asked = maker.next(&mut random);
            let Ok(request) = request::parse(&asked.to_string()) else { continue };
            let (explanation, answer) = product.explain(&request);
            let Some(obstacle) = explanation.resources.iter().find_map(|one| one.need.obstacle) else {
                continue;
            };
            if answer.decision == "error" {
                continue;
            }
            met[match obstacle {
                Obstacle::UnknownCaller => 0,
                Obstacle::NoResourcePolicies => 1,
                Obstacle::UnknownOwner => 2,
                Obstacle::Unsigned => 3,
            }] += 1;
            // An identity policy that allows everything to everyone of every account does not help.
            let mut generous = value.clone();
            let all =
                json!({"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]});
            let general = generous["general_policies"].as_array().cloned().unwrap_or_default();
            generous["general_policies"] = general.into_iter().chain([all]).collect();
            let decision = Reference::new(&generous).decide(&asked).decision;
            assert!(decision != reference::Decision::Allow, "{obstacle:?} {value}\n{asked}");
        }
    }
    assert!(met.iter().all(|count| *count > 5), "{met:?}");
}
